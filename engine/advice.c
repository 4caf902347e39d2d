/*
 * engine/advice.c: what to do about a step that failed.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/advice.h"

#include <stdarg.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "drivers/sqlstate.h"

#define SERVER_HINT_MAX 300 /* bytes of it: what to type next must have room behind it */

static const struct {
    enum pga_code code;
    enum pga_error_id id;
} ids[] = {
    {PGA_ERR_SQL, PGA_ID_SQL},
    {PGA_ERR_CONTENTION, PGA_ID_LOCK_TIMEOUT},
    {PGA_ERR_LOST, PGA_ID_CONNECTION_LOST},
    {PGA_ERR_HALF_DONE, PGA_ID_HALF_DONE},
    {PGA_ERR_LOCKED, PGA_ID_LOCKED},
    {PGA_ERR_READ_ONLY, PGA_ID_READ_ONLY},
};

#define THERE_ALREADY                                                                              \
    "If all of the script has been done by other means: pgalter mark %s --because TEXT."

/* %s stands for the alteration's id. */
static const struct {
    const char *sqlstate;
    bool only_up; /* says nothing about a script that takes back */
    const char *advice;
} advices[] = {
    {"25001", false,
     "It can't run in a transaction: put a line \"-- pgalter:transaction none\" before the first "
     "statement. DISCARD ALL is not needed: each script begins with a new session's state."},
    {"42501", false, "Grant the role what it lacks, or name the owner's role with --role."},
    {"57014", false,
     "If it takes longer than statement_timeout allows: --statement-timeout 10min, or a line "
     "\"-- pgalter:statement_timeout 10min\" in the script."},
    {"53100", false, "Make room on the server's disk first."},
    {"42P07", true, THERE_ALREADY},
    {"42710", true, THERE_ALREADY},
    {"42701", true, THERE_ALREADY},
    {"42723", true, THERE_ALREADY},
    {"42P06", true, THERE_ALREADY},
};

bool
pga_advise_id(struct pga_error *err)
{
    for (size_t i = 0; err->id == PGA_ID_NONE && i < PGA_COUNT_OF(ids); i++)
        if (ids[i].code == err->code)
            (void)pga_error_identify(err, ids[i].id);
    return false;
}

bool
pga_advise_scarce(const struct pga_step *step, struct pga_error *err)
{
    if (err->code != PGA_ERR_SQL || pga_sqlstate_class(err->sqlstate) != PGA_SQLSTATE_SCARCE)
        return false;
    err->code = PGA_ERR_UNEXPECTED;
    (void)pga_error_while(err, "alteration \"%s\" failed", step->id);
    (void)pga_advise(step, err,
                     "The server lacks something; the script may be right. What it had not "
                     "finished was rolled back, what was done before stays. Run the same command "
                     "again once the server has what it needs.");
    return true;
}

bool
pga_advise_standby(struct pga_error *err)
{
    err->code = PGA_ERR_READ_ONLY;
    (void)pga_error_identify(err, PGA_ID_READ_ONLY);
    return pga_error_hint(err,
                          "Name the primary, or all hosts and target_session_attrs=read-write in "
                          "--db or PGALTER_DATABASE_URL. Reading commands work here.");
}

static void
append_advice(struct pga_buf *hint, const struct pga_step *step, const char *sqlstate)
{
    for (size_t i = 0; i < PGA_COUNT_OF(advices); i++) {
        struct pga_str text = pga_str_of(advices[i].advice);
        const char *id = strstr(advices[i].advice, "%s");
        size_t before = id == NULL ? text.len : (size_t)(id - text.data);

        if (strcmp(advices[i].sqlstate, sqlstate) != 0 ||
            (advices[i].only_up && step->kind == PGA_STEP_REVERT))
            continue;
        pga_buf_append(hint, pga_str_slice(text, 0, before));
        if (id != NULL) {
            pga_buf_append_c(hint, step->id);
            pga_buf_append_c(hint, id + strlen("%s"));
        }
        pga_buf_append_char(hint, '\n');
    }
}

bool
pga_advise(const struct pga_step *step, struct pga_error *err, const char *fmt, ...)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_buf hint = pga_buf_on(&mem);
    struct pga_str server = pga_str_of(err->hint);
    va_list args;

    server.len = pga_utf8_valid_prefix(pga_str_slice(server, 0, SERVER_HINT_MAX));
    if (server.len > 0) {
        pga_buf_append(&hint, server);
        pga_buf_append_c(&hint, server.len < strlen(err->hint) ? "...\n" : "\n");
    }
    append_advice(&hint, step, err->sqlstate);
    va_start(args, fmt);
    pga_buf_append_c(&hint, pga_vformat(&mem, fmt, args));
    va_end(args);
    (void)pga_error_hint(err, "%s", hint.data);
    return pga_advise_id(err);
}
