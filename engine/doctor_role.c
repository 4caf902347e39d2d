/*
 * engine/doctor_role.c: checks of what the role may do.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor_check.h"

void
pga_check_identity(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const char *login = pga_answer_text(doctor, PGA_PROBE_SERVER, 0, "session_user_name");
    const char *acting = pga_answer_text(doctor, PGA_PROBE_SERVER, 0, "current_user_name");

    pga_finding_say(
        doctor, out, PGA_VERDICT_OK, "\"%s\"%s%s, database owned by \"%s\"", acting,
        pga_same(login, acting) ? "" : pga_format(doctor->mem, ", logged in as \"%s\"", login),
        pga_answer_is_true(doctor, PGA_PROBE_SERVER, 0, "is_superuser") ? ", a superuser" : "",
        pga_answer_text(doctor, PGA_PROBE_SERVER, 0, "database_owner"));
}

/* Add the statements of one purpose; returns how many there are. */
static size_t
add_missing(const struct pga_doctor *doctor, struct pga_finding *out, const char *purpose)
{
    size_t count = 0;

    for (size_t i = 0; i < pga_answer_rows(doctor, PGA_PROBE_RIGHTS); i++) {
        if (!pga_same(pga_answer_text(doctor, PGA_PROBE_RIGHTS, i, "purpose"), purpose))
            continue;
        pga_finding_sql(doctor, out, pga_answer_text(doctor, PGA_PROBE_RIGHTS, i, "owner"), NULL,
                        pga_answer_text(doctor, PGA_PROBE_RIGHTS, i, "statement"));
        count++;
    }
    return count;
}

/* Texts of scripts are not for every reader (STEP 2), so that their right is no fault when it is missing. */
static bool
advise_texts(const struct pga_doctor *doctor, struct pga_finding *out)
{
    for (size_t i = 0; i < pga_answer_rows(doctor, PGA_PROBE_RIGHTS); i++) {
        if (!pga_same(pga_answer_text(doctor, PGA_PROBE_RIGHTS, i, "purpose"), "texts"))
            continue;
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                         "Only if this role is to read the scripts' texts, for show, plan rollback "
                         "and changed files; as \"%s\" run: %s;",
                         pga_answer_text(doctor, PGA_PROBE_RIGHTS, i, "owner"),
                         pga_answer_text(doctor, PGA_PROBE_RIGHTS, i, "statement"));
        return true;
    }
    return false;
}

void
pga_check_reading(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t count = add_missing(doctor, out, "read");
    bool lacks_texts = advise_texts(doctor, out);

    if (count == 0)
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "%s",
                        lacks_texts ? "the role may run status, list, history, and plan where it "
                                      "needs no stored script"
                                    : "the role may run status, list, history and plan");
    else
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                        "%s missing to run status, list, history and plan",
                        pga_doctor_count(doctor, count, "grant is", "grants are"));
}

void
pga_check_deploying(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t create = add_missing(doctor, out, "create");
    size_t write = add_missing(doctor, out, "write");

    if (create > 0)
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                        "the role may not make the journal, which the first deploy does");
    else if (write > 0)
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "%s missing to run deploy and rollback",
                        pga_doctor_count(doctor, write, "grant is", "grants are"));
    else
        pga_finding_say(doctor, out, PGA_VERDICT_OK,
                        "the role may run deploy and rollback, as far as the journal goes");
}

void
pga_check_new_tables(const struct pga_doctor *doctor, struct pga_finding *out)
{
    if (add_missing(doctor, out, "path") > 0)
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                        "tables that scripts don't qualify would go nowhere, or into the journal's "
                        "schema");
    else if (add_missing(doctor, out, "tables") > 0)
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                        "the role may not make tables in the first schema of its search_path");
    else
        pga_finding_say(doctor, out, PGA_VERDICT_OK,
                        "the role may make them in the first schema of its search_path");
}
