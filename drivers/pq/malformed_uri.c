/*
 * drivers/pq/malformed_uri.c: what is wrong with a connection URI, by its parts.
 *
 * The parts are those that libpq sees (manual 34.1.1.2): a user ends at the first "@", if no "/" comes before it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <string.h>

#define ENCODED                                                                                    \
    "In a URL write the special characters of user and password percent-encoded: @ is %%40, / is " \
    "%%2F, : is %%3A, ? is %%3F, # is %%23, %% is %%25."

enum part { PART_USER, PART_PASSWORD, PART_HOSTS, PART_DATABASE, PART_PARAMETERS, PARTS };

static const char *const part_names[] = {"user", "password", "host", "database", "parameters"};

struct uri {
    struct pga_str parts[PARTS]; /* data NULL: it has none */
};

/* Where the hosts end; a bracket takes everything up to its end. */
static const char *
hosts_end(const char *hosts)
{
    for (;; hosts++) {
        if (*hosts == '[')
            hosts += strcspn(hosts, "]");
        hosts += strcspn(hosts, "/?,");
        if (*hosts != ',')
            return hosts;
    }
}

static struct uri
split(const char *rest)
{
    struct uri uri = {0};
    size_t len = strcspn(rest, "@/");

    if (rest[len] == '@') {
        size_t user = strcspn(rest, ":@");

        uri.parts[PART_USER] = (struct pga_str){rest, user};
        if (user < len)
            uri.parts[PART_PASSWORD] = (struct pga_str){rest + user + 1, len - user - 1};
        rest += len + 1;
    }
    uri.parts[PART_HOSTS] = (struct pga_str){rest, (size_t)(hosts_end(rest) - rest)};
    rest = hosts_end(rest);
    if (*rest == '/') {
        uri.parts[PART_DATABASE] = (struct pga_str){rest + 1, strcspn(rest + 1, "?")};
        rest += 1 + strcspn(rest + 1, "?");
    }
    if (*rest == '?')
        uri.parts[PART_PARAMETERS] = pga_str_of(rest + 1);
    return uri;
}

const char *
pga_pq_uri_part(const char *text, const char *at)
{
    struct uri uri = split(pga_pq_uri_rest(text));

    for (size_t i = 0; i < PARTS; i++)
        if (uri.parts[i].data != NULL && at >= uri.parts[i].data &&
            at < uri.parts[i].data + uri.parts[i].len)
            return part_names[i];
    return part_names[PART_HOSTS];
}

static bool
is_hex(char c)
{
    return c != '\0' && strchr("0123456789abcdefABCDEF", c) != NULL;
}

/* Percent signs that begin no encoded byte, or a NUL; `where` names the part. */
static bool
check_escapes(struct pga_str part, const char *where, struct pga_error *err)
{
    for (size_t i = 0; i < part.len; i++) {
        struct pga_str escape = pga_str_slice(part, i, 3);

        if (part.data[i] != '%')
            continue;
        if (escape.len < 3 || !is_hex(escape.data[1]) || !is_hex(escape.data[2])) {
            (void)pga_pq_malformed(
                err, "a \"%%\" in its %s is not followed by two hexadecimal digits", where);
            return pga_error_hint(err, "Write the %% itself as %%25. " ENCODED);
        }
        if (pga_str_equal_c(escape, "%00")) {
            (void)pga_pq_malformed(err, "there is a %%00 in its %s", where);
            return pga_error_hint(err, "Take it out: no text of PostgreSQL holds a NUL.");
        }
    }
    return true;
}

static bool
check_brackets(struct pga_str hosts, struct pga_error *err)
{
    const char *at = hosts.data, *end = at + hosts.len;

    for (; at < end; at += strcspn(at, ",") + 1) {
        size_t len = strcspn(at, "]");

        if (*at != '[')
            continue;
        if (strcspn(at, "/?&=,@") < len && at[len] != '\0')
            (void)pga_pq_malformed(err, "more than an IPv6 address stands between its brackets");
        else if (at[len] == '\0')
            (void)pga_pq_malformed(err, "the \"[\" of its IPv6 address is never closed");
        else if (len == 1)
            (void)pga_pq_malformed(err, "there is no IPv6 address between its brackets");
        else if (at + len + 1 < end && strchr(":,", at[len + 1]) == NULL)
            (void)pga_pq_malformed(err, "something else than a port follows its IPv6 address");
        else
            continue;
        return pga_error_hint(err, "An IPv6 address stands between brackets, the port behind them: "
                                   "postgresql://user@[::1]:5432/database");
    }
    return true;
}

static bool
fail_parameter(const char *keyword, const char *behind, const char *what, struct pga_error *err)
{
    if (keyword != NULL && pga_pq_is_parameter(keyword))
        (void)pga_pq_malformed(err, "its parameter \"%s\" %s", keyword, what);
    else if (behind != NULL)
        (void)pga_pq_malformed(err, "its parameter behind \"%s\" %s", behind, what);
    else
        (void)pga_pq_malformed(err, "its first parameter %s", what);
    return pga_error_hint(err, "Parameters are keyword=value with & between them; in a value & is "
                               "%%26, = is %%3D, %% is %%25.");
}

/* One parameter, as libpq reads it; `behind` is the keyword before it.  Its own goes to *out. */
static bool
check_parameter(struct pga_arena *mem, struct pga_str text, const char *behind, bool is_hidden,
                const char **out, struct pga_error *err)
{
    const char *equals = text.len == 0 ? NULL : memchr(text.data, '=', text.len);
    struct pga_str keyword = text, value = {0};

    if (equals == NULL)
        return fail_parameter(NULL, behind, "has no \"=\"", err);
    keyword.len = (size_t)(equals - text.data);
    value = pga_str_slice(text, keyword.len + 1, text.len);
    *out = pga_pq_decode(mem, keyword);
    if (memchr(value.data, '=', value.len) != NULL)
        return fail_parameter(*out, behind, "has an \"=\" in its value", err);
    if (!check_escapes(keyword, "parameters", err) || !check_escapes(value, "parameters", err))
        return false;
    if (pga_same(*out, "ssl") && pga_str_equal_c(value, "true"))
        return true; /* libpq knows it from Java */
    return pga_pq_is_parameter(*out) || pga_pq_fail_keyword(*out, behind, is_hidden, err);
}

static bool
check_parameters(struct pga_str all, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    bool is_hidden = all.len > 0 && memchr(all.data, '@', all.len) != NULL;
    const char *behind = NULL;

    while (all.len > 0) {
        const char *end = memchr(all.data, '&', all.len);
        size_t len = end == NULL ? all.len : (size_t)(end - all.data);

        if (!check_parameter(&scratch, pga_str_slice(all, 0, len), behind, is_hidden, &behind, err))
            return false;
        is_hidden = is_hidden || pga_pq_is_secret(behind);
        all = pga_str_slice(all, len + 1, all.len);
    }
    return true;
}

bool
pga_pq_check_uri(const char *rest, struct pga_error *err)
{
    struct uri uri = split(rest);
    const struct pga_str *hosts = &uri.parts[PART_HOSTS], *database = &uri.parts[PART_DATABASE];
    const char *owner = uri.parts[PART_PASSWORD].data != NULL ? "password" : "user";

    if (uri.parts[PART_USER].data == NULL && memchr(hosts->data, ':', hosts->len) != NULL)
        owner = "password";
    if (!check_brackets(*hosts, err))
        return false;
    if (uri.parts[PART_USER].data == NULL && database->len > 0 &&
        memchr(database->data, '@', database->len) != NULL)
        (void)pga_pq_malformed(err, "its %s seems to have a \"/\" that is not percent-encoded",
                               owner);
    else if (memchr(hosts->data, '@', hosts->len) != NULL ||
             (database->len > 0 && memchr(database->data, '@', database->len) != NULL))
        (void)pga_pq_malformed(err, "its %s seems to have an \"@\" that is not percent-encoded",
                               owner);
    else
        return true;
    return pga_error_hint(err, ENCODED);
}

bool
pga_pq_explain_uri(const char *rest, struct pga_error *err)
{
    struct uri uri = split(rest);

    if (!pga_pq_check_uri(rest, err))
        return false;
    for (size_t i = 0; i < PART_PARAMETERS; i++)
        if (!check_escapes(uri.parts[i], part_names[i], err))
            return false;
    return check_parameters(uri.parts[PART_PARAMETERS], err);
}
