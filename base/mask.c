/*
 * base/mask.c: keeping passwords out of text that people see.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/mask.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

#define BLANKS  " \t\r\n\v\f"
#define CLOSING "\"'),.;:" /* at the end of a word: most likely of the sentence around it */

static int
hex_digit(char c)
{
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)((at - digits) % 16);
}

/* Take one character, which a URL may have percent-encoded, off the text. */
static char
next_character(const char **text)
{
    const char *at = *text;
    int high = at[0] == '%' ? hex_digit(at[1]) : -1;
    int low = high >= 0 ? hex_digit(at[2]) : -1;
    char c = low >= 0 ? (char)(high * 16 + low) : at[0];

    *text += low >= 0 ? 3 : 1;
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Length of the word at `text` that announces a secret, or 0. */
static size_t
keyword_length(const char *text)
{
    static const char *const keywords[] = {"password", "passwd",           "pwd",
                                           "secret",   "scram_client_key", "scram_server_key"};

    for (size_t i = 0; i < PGA_COUNT_OF(keywords); i++) {
        const char *at = text, *wanted = keywords[i];

        while (*wanted != '\0' && *at != '\0' && next_character(&at) == *wanted)
            wanted++;
        if (*wanted == '\0')
            return (size_t)(at - text);
    }
    return 0;
}

/* Where the word that begins at `text` ends, without the punctuation of a sentence; a backslash takes the next blank in. */
static const char *
word_end(const char *text)
{
    const char *end = text;

    while (*end != '\0' && strchr(BLANKS, *end) == NULL)
        end += end[0] == '\\' && end[1] != '\0' ? 2 : 1;
    while (end > text && strchr(CLOSING, end[-1]) != NULL)
        end--;
    return end;
}

/* Where the value that begins at `text`, quoted or not, ends; a quote without end goes on to the end of the text. */
static const char *
value_end(const char *text)
{
    char quote = *text;

    if (quote != '\'' && quote != '"')
        return word_end(text);
    for (text++; *text != '\0'; text++) {
        if (text[0] == '\\' && text[1] != '\0')
            text++;
        else if (text[0] == quote && text[1] != quote)
            return word_end(text + 1);
        else if (text[0] == quote)
            text++;
    }
    return text;
}

/* Where the value behind a keyword begins: behind "=", behind ":", or as SQL has it, PASSWORD '...'.  NULL: there is none. */
static const char *
value_start(const char *behind)
{
    if (*behind == '"' || *behind == '\'')
        behind++; /* of a key in JSON */
    behind += strspn(behind, BLANKS);
    if (*behind == '=')
        return behind + 1 + strspn(behind + 1, BLANKS);
    if (*behind == ':')
        return behind + 1 + strspn(behind + 1, " \t");
    return *behind == '\'' && strchr(BLANKS, behind[-1]) != NULL ? behind : NULL;
}

/* Up to five digits, and behind them what may follow the port of a URL: more of it, or the end of the word. */
static bool
is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    const char *behind = text + digits;

    if (digits > 5)
        return false;
    if (*behind != '\0' && strchr("/?,", *behind) != NULL)
        return true;
    behind += strspn(behind, CLOSING);
    return *behind == '\0' || strchr(BLANKS, *behind) != NULL;
}

/* Append what stands between `from` and `to`, and the mask for what stands between `to` and `end`.  Returns `end`. */
static const char *
append_masked(struct pga_buf *out, const char *from, const char *to, const char *end)
{
    pga_buf_append(out, (struct pga_str){from, (size_t)(to - from)});
    if (end > to)
        pga_buf_append_c(out, PGA_MASK);
    return end;
}

/* Where something begins that stands in the place of a port in a list of hosts, and is none; NULL: there is no such thing. */
static const char *
find_bad_port(const char *hosts)
{
    for (;;) {
        size_t address = *hosts == '[' ? strspn(hosts + 1, "0123456789abcdefABCDEF:.") + 1 : 0;

        hosts += hosts[address] == ']' ? address : 0; /* the colons of an IPv6 address */
        hosts += strcspn(hosts, ":,/?" BLANKS);
        if (*hosts == ':' && !is_port(hosts + 1))
            return hosts + 1;
        if (*hosts != ':' && *hosts != ',')
            return NULL;
        hosts++;
    }
}

/*
 * Append the part of a URL that may hold a password; `text` begins behind its "://".  Returns what is left.  The password
 * ends at the last @ of the word: one that isn't percent-encoded may hold others.  What stands in the place of a port and
 * is none may be the beginning of a password, too.
 */
static const char *
mask_url(struct pga_buf *out, const char *text)
{
    const char *hosts = text + strcspn(text, BLANKS), *colon, *bad;

    while (hosts > text && hosts[-1] != '@')
        hosts--;
    colon = memchr(text, ':', (size_t)(hosts - text));
    if (colon != NULL)
        text = append_masked(out, text, colon + 1, hosts - 1);
    bad = find_bad_port(hosts);
    return bad == NULL ? text : append_masked(out, text, bad, word_end(bad));
}

char *
pga_mask_text(struct pga_arena *mem, const char *text)
{
    struct pga_buf out = pga_buf_on(mem);

    while (*text != '\0') {
        size_t len = keyword_length(text);
        const char *value = len == 0 ? NULL : value_start(text + len);

        if (value != NULL) {
            text = append_masked(&out, text, value, value_end(value));
        } else if (strncmp(text, "://", 3) == 0) {
            pga_buf_append_c(&out, "://");
            text = mask_url(&out, text + 3);
        } else {
            pga_buf_append_char(&out, *text++);
        }
    }
    return out.data;
}
