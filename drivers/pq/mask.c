/*
 * drivers/pq/mask.c: keeping passwords out of everything that people see.
 *
 * A URI keeps its look, with **** where a password stood; key=value pairs are written anew.  What
 * does not parse, or parses in a way that a password with unescaped characters would, is masked
 * whole.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <string.h>

#include "base/mask.h"

#define SECRET_MIN 4 /* bytes; anything shorter is part of ordinary words */

static void
free_options(PQconninfoOption **options)
{
    PQconninfoFree(*options);
}

bool
pga_pq_is_secret(const char *keyword)
{
    static const char *const secrets[] = {"password", "sslpassword", "scram_client_key",
                                          "scram_server_key", "oauth_client_secret"};

    for (size_t i = 0; i < PGA_COUNT_OF(secrets); i++)
        if (pga_same(keyword, secrets[i]))
            return true;
    return false;
}

const char *
pga_pq_uri_rest(const char *conninfo)
{
    static const char *const schemes[] = {"postgresql://", "postgres://"};

    for (size_t i = 0; i < PGA_COUNT_OF(schemes); i++)
        if (pga_str_starts(pga_str_of(conninfo), schemes[i]))
            return conninfo + strlen(schemes[i]);
    return NULL;
}

/*
 * Length of the userinfo of a URI as libpq finds it: up to an @ before the first /.  0 when there
 * is none.
 */
static size_t
userinfo_length(const char *rest)
{
    size_t len = strcspn(rest, "@/");

    return rest[len] == '@' ? len : 0;
}

static const char *
behind_userinfo(const char *rest)
{
    size_t len = strcspn(rest, "@/");

    return rest[len] == '@' ? rest + len + 1 : rest;
}

/* An @ inside a host; at its beginning it marks an abstract socket. */
static bool
has_at_inside(const char *hosts)
{
    const char *at = hosts;

    while (at != NULL && (at = strchr(at, '@')) != NULL) {
        if (at > hosts && at[-1] != ',')
            return true;
        at++;
    }
    return false;
}

/* A bracket around more than an IPv6 address: libpq looks for its end in all of the URI. */
static bool
has_wide_bracket(const char *hosts)
{
    for (;;) {
        if (*hosts == '[' && strcspn(hosts, "/?&=,@") < strcspn(hosts, "]"))
            return true;
        hosts += strcspn(hosts, ",/?");
        if (*hosts != ',')
            return false;
        hosts++;
    }
}

bool
pga_pq_is_suspicious(const char *conninfo, const struct pga_pq_pairs *pairs)
{
    const char *host = pga_pq_find(pairs, "host"), *port = pga_pq_find(pairs, "port");
    const char *rest = pga_pq_uri_rest(conninfo);

    /* A ? or & in a host stood between unclosed brackets: where its parameters begin is anybody's guess. */
    if (has_at_inside(host) || (host != NULL && strpbrk(host, "?&") != NULL))
        return true;
    if (port != NULL && port[strspn(port, "0123456789, ")] != '\0')
        return true;
    if (rest == NULL)
        return false;
    rest = behind_userinfo(rest);
    return has_wide_bracket(rest) || memchr(rest, '@', strcspn(rest, "?")) != NULL;
}

static int
hex_digit(char c)
{
    const char *digits = "0123456789abcdef0123456789ABCDEF";
    const char *at = c == '\0' ? NULL : strchr(digits, c);

    return at == NULL ? -1 : (int)((at - digits) % 16);
}

char *
pga_pq_decode(struct pga_arena *mem, struct pga_str text)
{
    char *decoded = pga_new_array(mem, char, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len && text.data[i] == '%' ? hex_digit(text.data[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.data[i + 2]) : -1;

        decoded[len++] = low >= 0 ? (char)(high * 16 + low) : text.data[i];
        i += low >= 0 ? 2 : 0;
    }
    return decoded;
}

static char *
mask_uri(struct pga_arena *mem, const char *conninfo, const char *rest)
{
    struct pga_buf out = pga_buf_on(mem);
    const char *behind = behind_userinfo(rest);
    size_t user = strcspn(rest, ":");

    pga_buf_append(&out, (struct pga_str){conninfo, (size_t)(rest - conninfo)});
    if (behind != rest && user < userinfo_length(rest))
        pga_buf_appendf(&out, "%.*s:" PGA_MASK "@", (int)user, rest);
    else
        pga_buf_append(&out, (struct pga_str){rest, (size_t)(behind - rest)});
    pga_buf_append(&out, (struct pga_str){behind, strcspn(behind, "?")});
    behind += strcspn(behind, "?");
    while (*behind != '\0') { /* at the ? or & before a parameter */
        struct pga_str keyword = {behind + 1, strcspn(behind + 1, "=&")};
        size_t len = 1 + strcspn(behind + 1, "&");

        if (pga_pq_is_secret(pga_pq_decode(mem, keyword)))
            pga_buf_appendf(&out, "%.*s=" PGA_MASK, (int)keyword.len + 1, behind);
        else
            pga_buf_append(&out, (struct pga_str){behind, len});
        behind += len;
    }
    return out.data;
}

static void
append_quoted(struct pga_buf *out, const char *value)
{
    if (value[0] != '\0' && value[strcspn(value, " \t\r\n\v\f'\\")] == '\0') {
        pga_buf_append_c(out, value);
        return;
    }
    pga_buf_append_char(out, '\'');
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\')
            pga_buf_append_char(out, '\\');
        pga_buf_append_char(out, *value);
    }
    pga_buf_append_char(out, '\'');
}

/* Whether a value, if it isn't a password itself, has one in it: a URL as dbname, a password as an option. */
static bool
is_revealing(struct pga_arena *mem, const struct pga_pq_pair *pair)
{
    return pga_pq_is_secret(pair->keyword) ||
           !pga_same(pga_mask_text(mem, pair->value), pair->value);
}

static char *
mask_pairs(struct pga_arena *mem, const struct pga_pq_pairs *pairs)
{
    struct pga_buf out = pga_buf_on(mem);

    for (size_t i = 0; i < pairs->count; i++) {
        const struct pga_pq_pair *pair = &pairs->items[i];

        pga_buf_appendf(&out, "%s%s=", i == 0 ? "" : " ", pair->keyword);
        append_quoted(&out, is_revealing(mem, pair) ? PGA_MASK : pair->value);
    }
    return out.data;
}

/* Whether a value that mask_uri() shows reveals a password. */
static bool
has_hidden_secret(struct pga_arena *mem, const struct pga_pq_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (!pga_pq_is_secret(pairs->items[i].keyword) && is_revealing(mem, &pairs->items[i]))
            return true;
    return false;
}

char *
pga_pq_mask(struct pga_arena *mem, const char *conninfo)
{
    PGA_AUTO(free_options)
    PQconninfoOption *options = NULL;
    struct pga_pq_pairs pairs = {0};
    const char *rest;

    if (conninfo == NULL || conninfo[0] == '\0')
        return pga_strdup(mem, "");
    options = strlen(conninfo) > PGA_PQ_CONNINFO_MAX ? NULL : PQconninfoParse(conninfo, NULL);
    if (options == NULL)
        return pga_strdup(mem, PGA_MASK);
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (o->val != NULL)
            pga_pq_add(&pairs, mem, o->keyword, o->val);
    rest = pga_pq_uri_rest(conninfo);
    if (pga_pq_is_suspicious(conninfo, &pairs) ||
        (rest != NULL &&
         (strchr(behind_userinfo(rest), '@') != NULL || has_hidden_secret(mem, &pairs))))
        return pga_strdup(mem, PGA_MASK);
    return rest != NULL ? mask_uri(mem, conninfo, rest) : mask_pairs(mem, &pairs);
}

/*
 * Whether printing the secret as a word of its own gives nothing away that is not printed anyway.
 */
static bool
is_public(const struct pga_pq *pq, const char *secret)
{
    return pga_same(secret, pga_pq_find(&pq->effective, "user")) ||
           pga_same(secret, pga_pq_find(&pq->effective, "dbname")) ||
           pga_same(secret, pga_pq_find(&pq->effective, "host"));
}

static char *
replace(struct pga_arena *mem, const char *text, const char *secret)
{
    struct pga_buf out = pga_buf_on(mem);
    const char *at;

    while ((at = strstr(text, secret)) != NULL) {
        pga_buf_append(&out, (struct pga_str){text, (size_t)(at - text)});
        pga_buf_append_c(&out, PGA_MASK);
        text = at + strlen(secret);
    }
    pga_buf_append_c(&out, text);
    return out.data;
}

static const char *
scrub_pairs(const struct pga_pq *pq, const struct pga_pq_pairs *pairs, struct pga_arena *mem,
            const char *text)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const struct pga_pq_pair *pair = &pairs->items[i];

        if (pga_pq_is_secret(pair->keyword) && strlen(pair->value) >= SECRET_MIN &&
            !is_public(pq, pair->value))
            text = replace(mem, text, pair->value);
    }
    return text;
}

const char *
pga_pq_scrub(const struct pga_pq *pq, struct pga_arena *mem, const char *text)
{
    const char *clean = pga_str_dup(mem, pga_str_trim(pga_str_of(text)));

    /* Before all has been merged only what was given is known. */
    clean = scrub_pairs(pq, &pq->given, mem, clean);
    return scrub_pairs(pq, &pq->effective, mem, clean);
}
