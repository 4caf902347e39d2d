/*
 * alterations/script.c: normalising a script, and finding a place of it in its file.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/script.h"

#include <string.h>

#include "alterations/lexer.h"
#include "alterations/secret.h"
#include "base/file.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

/* Say where in a file's bytes, after pga_fail(); the line is shown up to there.  Returns false. */
static bool
place_bytes(struct pga_error *err, const char *file, struct pga_str bytes, size_t offset)
{
    int line, column;
    struct pga_str text;

    pga_text_locate(pga_str_slice(bytes, 0, offset), offset, &line, &column, &text);
    return pga_error_place(err, file, line, column, text.data, text.len);
}

/* Say of an error that was just set what to do about a text that seems to be in another encoding. */
static void
save_as_utf8(struct pga_error *err, const char *file, const char *encoding)
{
    (void)pga_error_identify(err, PGA_ID_ENCODING);
    (void)pga_error_hint(err,
                         "Save the file as UTF-8 without a byte order mark. If it is in %s: iconv "
                         "-f %s -t UTF-8 '%s' >copy, look at the copy, and put it in its place.",
                         encoding, encoding, file);
}

/* UTF-16 and UTF-32 by their marks, UTF-16 without one by its first character, which is ASCII. */
static const char *
foreign_encoding(struct pga_str bytes)
{
    static const struct {
        struct pga_str mark;
        const char *name;
    } encodings[] = {
        {{"\xFF\xFE\0\0", 4}, "UTF-32"}, /* before UTF-16, whose mark is its beginning */
        {{"\0\0\xFE\xFF", 4}, "UTF-32"},
        {{"\xFF\xFE", 2}, "UTF-16"},
        {{"\xFE\xFF", 2}, "UTF-16"},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(encodings); i++)
        if (pga_str_equal(pga_str_slice(bytes, 0, encodings[i].mark.len), encodings[i].mark))
            return encodings[i].name;
    if (bytes.len < 2 || (bytes.data[0] == '\0') == (bytes.data[1] == '\0'))
        return NULL;
    return bytes.data[0] == '\0' ? "UTF-16BE" : "UTF-16LE"; /* no SQL begins with a NUL byte */
}

/* Refuse what can't be sent as it stands. */
static bool
check_bytes(const char *file, struct pga_str bytes, struct pga_error *err)
{
    const char *encoding = foreign_encoding(bytes);
    const char *nul = bytes.len == 0 ? NULL : memchr(bytes.data, '\0', bytes.len);
    size_t valid;

    if (bytes.len > PGA_FILE_SCRIPT_MAX) {
        (void)pga_fail(err, PGA_ERR_USAGE, "script of %zu bytes, allowed are %u", bytes.len,
                       PGA_FILE_SCRIPT_MAX);
        (void)pga_error_identify(err, PGA_ID_TOO_LARGE);
        return place_bytes(err, file, bytes, 0);
    }
    if (encoding != NULL) {
        (void)pga_fail(err, PGA_ERR_USAGE, "script in %s", encoding);
        save_as_utf8(err, file, encoding);
        return place_bytes(err, file, bytes, 0);
    }
    if (nul != NULL) {
        (void)pga_fail(err, PGA_ERR_USAGE, "NUL byte in a script");
        (void)pga_error_identify(err, PGA_ID_ENCODING);
        (void)pga_error_hint(err, "Remove it: \"tr -d '\\000' <'%s'\" prints the text without.",
                             file);
        return place_bytes(err, file, bytes, (size_t)(nul - bytes.data));
    }
    valid = pga_utf8_valid_prefix(bytes);
    if (valid < bytes.len) {
        (void)pga_fail(err, PGA_ERR_USAGE, "byte 0x%02x is not UTF-8",
                       (unsigned)(unsigned char)bytes.data[valid]);
        save_as_utf8(err, file, "LATIN1");
        return place_bytes(err, file, bytes, valid);
    }
    return true;
}

/*
 * A copy with room for one byte more and a NUL, in which any number of CRs before a LF is gone: a text that has
 * been normalised once must not change a second time.
 */
static struct pga_buf
copy_lines(struct pga_arena *mem, struct pga_str bytes)
{
    struct pga_buf text = {.mem = mem, .data = pga_alloc(mem, bytes.len + 2, 1)};
    size_t at = 0;

    text.capacity = bytes.len + 2;
    while (at < bytes.len) {
        const char *cr = memchr(bytes.data + at, '\r', bytes.len - at);
        size_t run = cr == NULL ? bytes.len : (size_t)(cr - bytes.data), behind = run;

        pga_buf_append(&text, pga_str_slice(bytes, at, run - at));
        while (behind < bytes.len && bytes.data[behind] == '\r')
            behind++;
        if (behind < bytes.len && bytes.data[behind] != '\n')
            pga_buf_append(&text, pga_str_slice(bytes, run, behind - run));
        at = behind;
    }
    return text;
}

/*
 * Refuse a mark before the first statement, where two files were put together: it is no SQL, and a text that has
 * been normalised must not begin with one.
 */
static bool
check_mark(struct pga_error *err, const char *file, struct pga_str text)
{
    struct pga_lexer lexer;
    struct pga_token token;

    pga_lexer_init(&lexer, text, true);
    if (!pga_lexer_next_significant(&lexer, &token) ||
        !pga_str_starts(pga_str_slice(text, token.offset, token.len), BYTE_ORDER_MARK))
        return true;
    (void)pga_fail(err, PGA_ERR_USAGE, "byte order mark in the middle of a script");
    (void)pga_error_identify(err, PGA_ID_ENCODING);
    (void)pga_error_hint(err, "Remove it: only the first bytes of a file may be one.");
    return place_bytes(err, file, text, token.offset);
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\v';
}

/* Take `allow` lines out of the comments before the first statement. */
static void
remove_allow_lines(struct pga_arena *mem, struct pga_script_text *script, struct pga_buf *buf)
{
    struct pga_str text = pga_buf_str(buf);
    struct pga_lexer lexer;
    struct pga_token token;
    int *lines = NULL;
    size_t capacity = 0, kept = 0, from = 0; /* what is before `kept` is done, `from` comes next */

    pga_lexer_init(&lexer, text, true);
    while (pga_lexer_next(&lexer, &token) && !pga_token_is_significant(&token)) {
        size_t start = token.offset, end = token.offset + token.len;

        if (token.kind != PGA_TOKEN_LINE_COMMENT)
            continue;
        while (start > from && is_blank(text.data[start - 1]))
            start--;
        if (start > from && text.data[start - 1] != '\n') /* behind a block comment's end */
            continue;
        if ((end < text.len && text.data[end] != '\n') || /* a lone CR: statements may follow */
            !pga_directive_is_allow(pga_str_slice(text, start, end - start)))
            continue;
        memmove(buf->data + kept, buf->data + from, start - from);
        kept += start - from;
        from = end < text.len ? end + 1 : end;
        lines = pga_grow(mem, lines, script->removed_line_count, &capacity, sizeof(*lines));
        lines[script->removed_line_count++] = token.line;
    }
    memmove(buf->data + kept, buf->data + from, buf->len - from);
    buf->len = kept + buf->len - from;
    script->removed_lines = lines;
}

static bool
is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* Take the blank lines at the end away; the last line ends in one LF. */
static void
trim_end(struct pga_buf *text)
{
    size_t len = text->len;

    while (len > 0 && (is_blank(text->data[len - 1]) || is_line_end(text->data[len - 1])))
        len--;
    if (len > 0) {
        while (len < text->len && is_blank(text->data[len]))
            len++;
        text->data[len++] = '\n';
    }
    text->data[len] = '\0';
    text->len = len;
}

/* Whether a text has no statement.  An open comment may hide one: preparing refuses it. */
static bool
is_empty(struct pga_str text)
{
    struct pga_lexer lexer;
    struct pga_token token;

    pga_lexer_init(&lexer, text, true);
    while (pga_lexer_next(&lexer, &token))
        if (token.unterminated ||
            (pga_token_is_significant(&token) && token.kind != PGA_TOKEN_SEMICOLON))
            return false;
    return true;
}

bool
pga_script_parse(struct pga_arena *mem, const char *file, enum pga_part part, struct pga_str bytes,
                 struct pga_script_text *out, struct pga_error *err)
{
    struct pga_buf text;

    *out = (struct pga_script_text){.file = file, .part = part};
    if (!check_bytes(file, bytes, err))
        return false;
    if (pga_str_starts(bytes, BYTE_ORDER_MARK))
        bytes = pga_str_slice(bytes, strlen(BYTE_ORDER_MARK), bytes.len);
    text = copy_lines(mem, bytes);
    if (!check_mark(err, file, pga_buf_str(&text)) ||
        !pga_directives_parse(mem, file, part, pga_buf_str(&text), &out->directives, err))
        return false;
    remove_allow_lines(mem, out, &text);
    trim_end(&text);
    out->text = pga_buf_str(&text);
    out->digest = pga_digest_of(out->text);
    out->empty = is_empty(out->text);
    return true;
}

int
pga_script_file_line(const struct pga_script_text *script, int line)
{
    for (size_t i = 0; i < script->removed_line_count && script->removed_lines[i] <= line; i++)
        line++;
    return line;
}

bool
pga_script_place(struct pga_error *err, const struct pga_script_text *script, size_t offset)
{
    int line, column;
    struct pga_str text;

    pga_text_locate(script->text, offset, &line, &column, &text);
    return pga_secret_place(err, script->file, pga_script_file_line(script, line), script->text,
                            offset);
}
