/*
 * drivers/pq/failure.c: why a connection could not be made.
 *
 * libpq has no fields for such errors, only text.  What a server refused carries its SQLSTATE in
 * the verbose form ("FATAL:  28P01: ..."), whatever language the server speaks; the words are
 * looked at only where libpq or a pooler speaks.  Of several hosts' answers the one counts that the
 * user can do something about.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <stdio.h>
#include <string.h>

struct verdict {
    const struct pga_pq_cause *cause;
    char sqlstate[6];
    const char *line;    /* the one that decided */
    struct pga_buf text; /* all that was said, without the ornaments of the verbose form */
};

/* Where ":  28P01: " stands in a line, or NULL. */
static const char *
find_sqlstate(const char *line)
{
    const char *at = line;

    while ((at = strstr(at, ":  ")) != NULL) {
        at += 3;
        if (strspn(at, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 && at[5] == ':' && at[6] == ' ')
            return at;
    }
    return NULL;
}

static int
rank(enum pga_code code)
{
    switch (code) {
    case PGA_ERR_DENIED:
        return 4;
    case PGA_ERR_USAGE:
        return 3;
    case PGA_ERR_READ_ONLY:
        return 2;
    default:
        return 1;
    }
}

/* Whether it was said before: each try of libpq ends with what it said about the ones before. */
static bool
has_line(const struct verdict *v, const char *line)
{
    size_t len = strlen(line);

    for (const char *at = v->text.data; (at = strstr(at, line)) != NULL; at += len)
        if ((at == v->text.data || at[-1] == '\n') && (at[len] == '\0' || at[len] == '\n'))
            return true;
    return false;
}

/* Add a line, given without its line feed, and let it decide if it says more than those before. */
static void
weigh_line(struct verdict *v, const struct pga_pq *pq, struct pga_arena *mem, const char *line)
{
    const char *sqlstate = find_sqlstate(line);
    char state[6] = "";
    const struct pga_pq_cause *cause;

    /* Where it stands in the server's source, and libpq's guesses, which the hint replaces. */
    if (pga_str_starts(pga_str_of(line), "LOCATION:") || line[0] == '\t' ||
        line[strspn(line, PGA_PQ_BLANKS)] == '\0')
        return;
    if (sqlstate != NULL) {
        (void)snprintf(state, sizeof(state), "%.5s", sqlstate);
        line = pga_format(mem, "%.*s%s", (int)(sqlstate - line), line, sqlstate + 7);
    }
    cause = pga_pq_cause_find(pq, state, line);
    if (v->line == NULL || rank(cause->code) > rank(v->cause->code) ||
        (rank(cause->code) == rank(v->cause->code) && v->sqlstate[0] == '\0' && state[0] != '\0')) {
        v->cause = cause;
        v->line = line;
        memcpy(v->sqlstate, state, sizeof(state));
    }
    if (!has_line(v, line))
        pga_buf_appendf(&v->text, "%s%s", v->text.len > 0 ? "\n" : "", line);
}

bool
pga_pq_fail_connect(const struct pga_pq *pq, const char *text, bool needs_password,
                    struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct verdict v = {.text = pga_buf_on(&scratch)};
    const char *clean = pga_pq_scrub(pq, &scratch, text);

    while (*clean != '\0') {
        size_t len = strcspn(clean, "\n");

        weigh_line(&v, pq, &scratch, pga_strndup(&scratch, clean, len));
        clean += len + (clean[len] == '\n' ? 1 : 0);
    }
    if (v.line == NULL) {
        v.line = pga_format(&scratch, "cannot connect to %s", pga_pq_where(pq, &scratch));
        v.cause = pga_pq_cause_find(pq, "", v.line);
    }
    if (needs_password)
        v.cause = pga_pq_cause_find(pq, "", "no password supplied");
    (void)pga_fail(err, v.cause->code, "%s", v.line);
    memcpy(err->sqlstate, v.sqlstate, sizeof(err->sqlstate));
    (void)pga_error_identify(err, v.cause->id);
    if (strchr(v.text.data, '\n') != NULL)
        (void)pga_error_detail(err, "%s", v.text.data);
    return v.cause->hint(pq, err);
}
