/*
 * tests/helpers/patient.c: facts for doctor.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "tests/helpers/patient.h"

#include <string.h>

#include <check.h>

/* The answer about a healthy server, by which the others are varied. */
static const char *const server_names[] = {"version",           "pid",
                                           "session_user_name", "current_user_name",
                                           "is_superuser",      "database",
                                           "encoding",          "collation_name",
                                           "is_standby",        "check_interval",
                                           "connections_most",  "connections_used",
                                           "sees_sessions",     "clock_s",
                                           "database_owner"};
_Static_assert(PGA_COUNT_OF(server_names) == PGA_PATIENT_SERVER, "one value for each name");

void
pga_patient_set(struct pga_patient *p, const char *name, const char *value)
{
    for (size_t i = 0; i < PGA_COUNT_OF(server_names); i++)
        if (strcmp(server_names[i], name) == 0)
            p->server_values[i] = value;
}

void
pga_patient_heal(struct pga_patient *p)
{
    static const char *const values[] = {"18.1", "7",  "u",  "u", "f", "d",          "UTF8", "C",
                                         "f",    "2s", "97", "3", "t", "1000000000", "o"};

    memcpy(p->server_values, values, sizeof(values));
    for (int i = 0; i < PGA_PROBE_COUNT; i++)
        p->doctor.answers[i] = (struct pga_doctor_answer){.is_there = true};
    p->doctor.answers[PGA_PROBE_SERVER].table =
        (struct pga_result){.row_count = 1,
                            .column_count = PGA_COUNT_OF(server_names),
                            .names = server_names,
                            .values = p->server_values};
    p->doctor.before_s = p->doctor.after_s = 1000000000;
    p->doctor.now_s = 1000000000;
}

void
pga_patient_init(struct pga_patient *p)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "0.1.0"};

    memset(p, 0, sizeof(*p));
    p->script = (struct pga_script_settings){.repeat = true};
    p->driver = pga_script_open(&p->script);
    pga_journal_init(&p->journal, p->driver, &p->mem, &settings);
    p->alterations.dir = "alterations";
    p->doctor.mem = &p->mem;
    p->doctor.pgalter = p->doctor.libpq = p->doctor.libcrypto = p->doctor.libyaml =
        p->doctor.libjansson = "1.0";
    p->doctor.libpq_major = 15;
    p->doctor.platform = "a computer";
    p->doctor.alterations = &p->alterations;
    p->doctor.has_dir = true;
    p->doctor.was_tried = true;
    p->doctor.journal = &p->journal;
    p->doctor.server_version = 180001;
    p->doctor.backend_pid = 7;
    p->doctor.connection = (struct pga_connection){.host = "db.example",
                                                   .address = "192.0.2.1",
                                                   .port = "5432",
                                                   .database = "d",
                                                   .user = "u",
                                                   .tls = true,
                                                   .tls_version = "TLSv1.3",
                                                   .tls_cipher = "AES",
                                                   .sslmode = "verify-full",
                                                   .sslrootcert = "",
                                                   .channel_binding = "",
                                                   .target_session_attrs = "any",
                                                   .keepalives = "1",
                                                   .keepalives_idle = "5",
                                                   .takes_options = true};
    p->doctor.holder.application = p->doctor.holder.user = p->doctor.holder.address =
        p->doctor.holder.since = p->doctor.holder.query = "";
    pga_patient_heal(p);
}

void
pga_patient_release(struct pga_patient *p)
{
    pga_driver_close(&p->driver);
    pga_arena_release(&p->mem);
}

const struct pga_finding *
pga_patient_finding(struct pga_patient *p, const char *group, const char *check)
{
    pga_doctor_examine(&p->doctor, &p->findings);
    for (size_t i = 0; i < p->findings.count; i++)
        if (strcmp(p->findings.items[i].group, group) == 0 &&
            strcmp(p->findings.items[i].check, check) == 0)
            return &p->findings.items[i];
    ck_abort_msg("there is no check \"%s/%s\"", group, check);
}

void
pga_patient_expect(struct pga_patient *p, const char *group, const char *check,
                   enum pga_verdict verdict, const char *part)
{
    const struct pga_finding *found = pga_patient_finding(p, group, check);

    ck_assert_msg(found->verdict == verdict && strstr(found->text, part) != NULL, "%s/%s is %s: %s",
                  group, check, pga_verdict_name(found->verdict), found->text);
    if (verdict == PGA_VERDICT_ATTENTION || verdict == PGA_VERDICT_FAILED)
        ck_assert_msg(found->next_count > 0, "%s/%s says nothing to do next", group, check);
}
