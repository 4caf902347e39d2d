/*
 * tests/fuzz/fuzz_conninfo.c: connection strings, and keeping their passwords out of sight.
 *
 * The first byte chooses a frame.  Into most of them the other bytes go as a password with MARK in it, written as it must be or as
 * people write it; 0 and 1 are any text at all.  Whatever becomes of it: no MARK in what a person sees, masking twice is
 * masking once, and pgalter takes a string only if libpq does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "drivers/pq/pq_private.h"
#include "tests/fuzz/fuzz.h"

#define MARK "Q9xZ"

enum writing { RAW, PERCENT, TWICE, QUOTED, WORD };

/* What stands before and behind the password. */
static const struct {
    const char *before, *behind;
    enum writing writing;
    bool cut;  /* it may end anywhere behind MARK */
    bool text; /* a sentence that quotes it must not have MARK in it either */
} frames[] = {
    {"postgresql://ab:", "@h:1,i:2/z", RAW, false, false},
    {"postgresql://ab:", "@h:1,i:2/z?sslmode=require", PERCENT, true, true},
    {"postgres://:", "@[::1]/", RAW, false, false},
    {"postgres://h/d?password=", "&port=5", PERCENT, true, true},
    {"postgres://h/d?port=5&p%61ssword=", "", PERCENT, true, true},
    {"postgres://h/d?sslpassword=", "", PERCENT, true, true},
    {"postgres://h:1/d?dbname=postgres%3A%2F%2Fu%3A", "%40h", TWICE, false, false},
    {"host=h password='", "' port=3", QUOTED, true, true},
    {"password = '", "'", QUOTED, true, true},
    {"user=u password=", " host=a,b", WORD, true, true},
    {"host=h dbname='postgres://u:", "@h/d'", PERCENT, false, true},
    {"host=h pasword=", "", WORD, true, false},
    {"jdbc:postgresql://u:", "@h/d", PERCENT, true, true},
    {"", "", PERCENT, false, false},
};

static const char *
write_password(struct pga_arena *mem, const char *raw, enum writing writing)
{
    struct pga_buf out = pga_buf_on(mem);

    for (const char *c = raw; *c != '\0'; c++) {
        bool plain = strchr("%@/:?&#=[], \t\r\n\v\f'\"\\", *c) == NULL;

        if ((writing == PERCENT || writing == TWICE) && !plain)
            pga_buf_appendf(&out, "%%%s%02X", writing == TWICE ? "25" : "", (unsigned char)*c);
        else if (writing == QUOTED && (*c == '\'' || *c == '\\'))
            pga_buf_appendf(&out, "\\%c", *c);
        else if (writing != WORD || plain)
            pga_buf_append_char(&out, *c);
    }
    return out.data;
}

/* Whether libpq takes a string, or would without blanks around it. */
static bool
is_taken(const char *text)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PQconninfoOption *options = PQconninfoParse(text, NULL);
    bool taken;

    if (options == NULL)
        options = PQconninfoParse(pga_str_dup(&mem, pga_str_trim(pga_str_of(text))), NULL);
    taken = options != NULL;
    PQconninfoFree(options);
    return taken;
}

/* What must hold for any string; `mark` must not be seen, NULL: none. */
static void
check_string(const char *text, const char *mark)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq pq = {.settings = {.conninfo = text}};
    struct pga_error err = {0};
    const char *masked = pga_pq_mask(&mem, text);
    PGA_FUZZ_CHECK(strlen(masked) <= 2 * strlen(text) + 8);
    PGA_FUZZ_CHECK(pga_same(pga_pq_mask(&mem, masked), masked));
    PGA_FUZZ_CHECK(mark == NULL || strstr(masked, mark) == NULL);
    if (pga_pq_read_conninfo(&pq, &err)) {
        PGA_FUZZ_CHECK(err.code == PGA_OK && (text[0] == '\0' || is_taken(text)));
    } else {
        PGA_FUZZ_CHECK(err.code == PGA_ERR_USAGE && err.id == PGA_ID_CONNECTION_STRING);
        PGA_FUZZ_CHECK(err.message[0] != '\0' && err.hint[0] != '\0');
        PGA_FUZZ_CHECK(mark == NULL ||
                       (strstr(err.message, mark) == NULL && strstr(err.hint, mark) == NULL &&
                        strstr(err.detail, mark) == NULL));
    }
    pga_arena_release(&pq.mem);
}

/* What must hold for any text that a person sees. */
static void
check_text(const char *text, const char *mark)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *masked = pga_mask_text(&mem, text);

    PGA_FUZZ_CHECK(strlen(masked) <= 2 * strlen(text));
    PGA_FUZZ_CHECK(pga_same(pga_mask_text(&mem, masked), masked));
    PGA_FUZZ_CHECK(mark == NULL || strstr(masked, mark) == NULL);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    size_t chosen = size == 0 ? 0 : data[0] % (PGA_COUNT_OF(frames) + 2), end;
    struct pga_str rest = pga_str_slice((struct pga_str){(const char *)data, size}, 2, size);
    const char *bytes = pga_str_dup(&mem, rest);
    char *text;

    (void)setenv("PGSYSCONFDIR", "/nonexistent", 1);
    (void)setenv("HOME", "/nonexistent", 1);
    if (chosen < 2) {
        check_string(bytes, NULL);
        check_text(bytes, NULL);
        return 0;
    }
    if (strstr(bytes, MARK) != NULL)
        return 0;
    bytes = pga_format(&mem, "%.*s" MARK "%s", (int)(strlen(bytes) / 2), bytes,
                       bytes + strlen(bytes) / 2);
    chosen -= 2;
    bytes = write_password(&mem, bytes, frames[chosen].writing);
    text = pga_format(&mem, "%s%s%s", frames[chosen].before, bytes, frames[chosen].behind);
    end = strlen(text);
    if (frames[chosen].cut && size > 1)
        end -= data[1] % (end - (size_t)(strstr(text, MARK) - text) - strlen(MARK) + 1);
    text[end] = '\0';
    check_string(text, MARK);
    if (frames[chosen].text)
        check_text(pga_format(&mem, "the string \"%s\" is wrong", text), MARK);
    return 0;
}
