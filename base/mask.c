/*
 * base/mask.c: keeping passwords out of text that people see.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/mask.h"

#include <string.h>
#include <strings.h>

#include "base/compiler.h"
#include "base/str.h"

#define BLANKS " \t\r\n\v\f"
#define URL_MAX                                                                                    \
    8192 /* bytes in which a password ends: words of data can have megabytes and many URLs */
#define ROUNDS_MAX 16         /* of masking one text; none needs more than a few */
#define CLOSING    "\"'),.;:" /* at the end of a word: most likely of the sentence around it */

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
    static const char *const keywords[] = {
        "password", "passwd", "passphrase",       "pass",
        "pwd",      "secret", "scram_client_key", "scram_server_key"};

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

/* Where the dollar quote that begins at `text` ends; NULL: none begins there. */
static const char *
dollar_end(const char *text)
{
    size_t len = *text == '$' ? 1 + strcspn(text + 1, "$" BLANKS CLOSING) : 0;

    if (len == 0 || text[len] != '$')
        return NULL;
    for (const char *at = text + len + 1; *at != '\0'; at++)
        if (strncmp(at, text, len + 1) == 0)
            return at + len + 1;
    return text + strlen(text);
}

/* Length of what stands before the quote of a string in SQL: E'...', U&'...'. */
static size_t
prefix_length(const char *text)
{
    if (*text == '\0' || strchr("eEbBnNxXuU", *text) == NULL)
        return 0;
    return text[1] == '\'' ? 1 : text[1] == '&' && text[2] == '\'' ? 2 : 0;
}

/* Where the value that begins at `text`, quoted or not, ends; a quote without end goes on to the end of the text. */
static const char *
value_end(const char *text)
{
    const char *dollar = dollar_end(text);
    char quote;

    if (dollar != NULL)
        return word_end(dollar); /* in a connection string it is no quote, and the value goes on */
    text += prefix_length(text);
    quote = *text;
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

static bool
is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool
is_word_of(const char *text, size_t len, const char *const *words)
{
    for (; *words != NULL; words++)
        if (strlen(*words) == len && strncasecmp(*words, text, len) == 0)
            return true;
    return false;
}

/* Whether a word of that length has a digit, a capital behind its first letter and small ones, or a sign. */
static bool
is_mixed(const char *text, size_t len)
{
    static const char small[] = "abcdefghijklmnopqrstuvwxyz",
                      capital[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *other = len > 1 ? "0123456789!#$%&*+@^~" : "0123456789";

    return len > 0 && (strcspn(text, other) < len ||
                       (strcspn(text, small) < len && strcspn(text + 1, capital) < len - 1));
}

/*
 * Whether a word looks chosen and not like one of a sentence or a statement: it has quotes, a digit, a capital behind a
 * small letter, or a sign.  Not so what is masked already, a type, or a call.
 */
static bool
is_chosen(const char *text)
{
    static const char *const types[] = {"int2", "int4", "int8", "float4", "float8", NULL};
    size_t len = (size_t)(word_end(text) - text), name = 0;
    size_t shown = 0; /* of the word, before what is masked in it already */

    if (*text == '\'' || *text == '"' || dollar_end(text) != NULL || prefix_length(text) > 0)
        return true;
    while (is_letter(text[name]) || text[name] == '_')
        name++;
    if (text[name] == '(' || is_word_of(text, len, types))
        return false;
    while (shown < len && strncmp(text + shown, PGA_MASK, strlen(PGA_MASK)) != 0)
        shown++;
    return is_mixed(text, shown);
}

/* Where a value begins with only blanks between, as in PASSWORD '...' or "the password is Xy1"; NULL: there is none. */
static const char *
value_behind_blank(const char *text)
{
    static const char *const fillers[] = {"is", "was", "to", "->", "-", NULL};
    size_t len = strcspn(text, BLANKS);

    if (is_word_of(text, len, fillers))
        text += len + strspn(text + len, BLANKS);
    return is_chosen(text) ? text : NULL;
}

/* Where the value behind the keyword of that length begins: behind "=", ":", "=>", ":=" or a blank.  NULL: there is none. */
static const char *
value_start(const char *word, size_t len)
{
    const char *behind = word + len, *sign;

    if (*behind == '"' || *behind == '\'')
        behind++; /* of a key in JSON */
    sign = behind + strspn(behind, BLANKS);
    if (*sign == '=' || *sign == ':') {
        const char *end = sign + strspn(sign, "=:>");
        const char *value = end + strspn(end, end[-1] == ':' ? " \t" : BLANKS);
        bool is_sentence = behind > word + len && end == sign + 1 && *sign == ':' && value > end;

        return is_sentence ? value_behind_blank(value) : value; /* cannot read "/etc/passwd": no */
    }
    /* "pass" is a word of sentences: "pass 2 of 3". */
    return sign == behind || len == strlen("pass") ? NULL : value_behind_blank(sign);
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

/* A text, and of each of its bytes whether it is hidden. */
struct marking {
    const char *text;
    bool *hidden;
};

static const char *
hide(const struct marking *m, const char *from, const char *end)
{
    if (end > from)
        memset(m->hidden + (from - m->text), true, (size_t)(end - from));
    return end > from ? end : from;
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
 * Mark the part of a URL that may hold a password; `text` begins behind its "://".  Returns what is left.  The password
 * ends at the last @ of the word: one that isn't percent-encoded may hold others.  What stands in the place of a port and
 * is none may be the beginning of a password, too.
 */
static const char *
mark_url(const struct marking *m, const char *text)
{
    const char *hosts = text, *colon, *bad;

    while (*hosts != '\0' && hosts < text + URL_MAX && strchr(BLANKS, *hosts) == NULL)
        hosts++;
    while (hosts > text && hosts[-1] != '@')
        hosts--;
    colon = memchr(text, ':', (size_t)(hosts - text));
    if (colon != NULL)
        text = hide(m, colon + 1, hosts - 1);
    bad = find_bad_port(hosts);
    return bad == NULL ? text : hide(m, bad, word_end(bad));
}

/* Length of what introduces values of rows in what a server says, at `text`: "Key (a)=(...)", "Failing row contains (...)". */
static size_t
row_start_length(const char *text, bool has_keyword)
{
    static const char *const keys[] = {")=(", ") = ("};
    static const char row[] = "ailing row contains (";
    const char *close;

    for (size_t i = 0; has_keyword && i < PGA_COUNT_OF(keys); i++)
        if (strncmp(text, keys[i], strlen(keys[i])) == 0)
            return strlen(keys[i]);
    if (strncmp(text, row, strlen(row)) != 0)
        return 0;
    /* With names before the values it is a partition key; one of them may be masked already. */
    close = text + strlen(row);
    close += strspn(close,
                    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_, \"" PGA_MASK);
    return strncmp(close, ") = (", 5) == 0 ? 0 : strlen(row);
}

void
pga_mask_mark(const char *text, bool *hidden)
{
    struct marking m = {text, hidden};
    bool has_keyword = false;

    while (*text != '\0') {
        size_t len = keyword_length(text);
        /* "bypass" and "compass" are no such words. */
        bool is_part = len == strlen("pass") && text > m.text && is_letter(text[-1]);
        const char *value = len == 0 || is_part ? NULL : value_start(text, len), *close;
        size_t row = row_start_length(text, has_keyword);

        has_keyword = has_keyword || (len > 0 && !is_part);
        if (value != NULL) {
            text = hide(&m, value, value_end(value));
        } else if (strncmp(text, "://", 3) == 0) {
            text = mark_url(&m, text + 3);
        } else if (row > 0) {
            close = strrchr(text + row, ')');
            text = hide(&m, text + row, close == NULL ? text + strlen(text) : close);
        } else {
            text++;
        }
    }
}

char *
pga_mask_marked(struct pga_arena *mem, const char *text, const bool *hidden)
{
    struct pga_buf out = pga_buf_on(mem);

    for (size_t i = 0; text[i] != '\0'; i++) {
        if (!hidden[i])
            pga_buf_append_char(&out, text[i]);
        else if (i == 0 || !hidden[i - 1])
            pga_buf_append_c(&out, PGA_MASK);
    }
    return out.data;
}

static char *
mask_once(struct pga_arena *mem, const char *text)
{
    bool *hidden = pga_new_array(mem, bool, strlen(text) + 1);

    pga_mask_mark(text, hidden);
    return pga_mask_marked(mem, text, hidden);
}

/* What one round hides can make another secret visible as such, a port that is none behind a row that was masked. */
char *
pga_mask_text(struct pga_arena *mem, const char *text)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    const char *masked = mask_once(&scratch, text), *before = text;

    for (int i = 1; i < ROUNDS_MAX && !pga_same(before, masked); i++) {
        before = masked;
        masked = mask_once(&scratch, before);
    }
    return pga_strdup(mem, masked);
}
