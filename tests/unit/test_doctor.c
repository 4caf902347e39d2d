/*
 * tests/unit/test_doctor.c: engine/doctor.h, facts in, findings out.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "engine/doctor_check.h"
#include "tests/helpers/patient.h"

static struct pga_patient p;

static void
setup(void)
{
    pga_patient_init(&p);
}

static void
teardown(void)
{
    pga_patient_release(&p);
}

START_TEST(all_is_well)
{
    pga_doctor_examine(&p.doctor, &p.findings);
    ck_assert_uint_eq(p.findings.by_verdict[PGA_VERDICT_ATTENTION], 0);
    ck_assert_uint_eq(p.findings.by_verdict[PGA_VERDICT_FAILED], 0);
    for (size_t i = 0; i < p.findings.count; i++)
        ck_assert_ptr_nonnull(p.findings.items[i].text);
}
END_TEST

START_TEST(versions)
{
    p.doctor.libpq_major = 13;
    pga_patient_expect(&p, "versions", "pgalter", PGA_VERDICT_ATTENTION, "libpq 1.0");
    p.doctor.server_version = 190000;
    pga_patient_set(&p, "version", "19beta1");
    pga_patient_expect(&p, "versions", "server", PGA_VERDICT_ATTENTION,
                       "PostgreSQL 19beta1 is newer");
    p.doctor.server_version = 130000;
    pga_patient_expect(&p, "versions", "server", PGA_VERDICT_OK, "");
    p.doctor.answers[PGA_PROBE_SERVER].is_there = false;
    pga_patient_expect(&p, "versions", "server", PGA_VERDICT_OK, "PostgreSQL 13.0");
}
END_TEST

START_TEST(tls)
{
    static const struct {
        const char *sslmode, *root;
        bool is_socket, is_loopback, tls;
        enum pga_verdict verdict;
        const char *part;
    } rows[] = {
        {"prefer", "", true, false, false, PGA_VERDICT_OK, "socket"},
        {"prefer", "", false, true, false, PGA_VERDICT_OK, "on this machine"},
        {"require", "", false, true, true, PGA_VERDICT_OK, "not verified (sslmode=require)"},
        {"disable", "", false, false, false, PGA_VERDICT_ATTENTION, "not in use"},
        {"allow", "", false, false, true, PGA_VERDICT_ATTENTION, "not verified"},
        {"prefer", "r.crt", false, false, true, PGA_VERDICT_ATTENTION, "not verified"},
        {"require", "", false, false, true, PGA_VERDICT_ATTENTION, "not verified"},
        {"require", "r.crt", false, false, true, PGA_VERDICT_OK, "is verified"},
        {"verify-ca", "r.crt", false, false, true, PGA_VERDICT_OK, "is verified"},
        {"verify-full", "", false, false, true, PGA_VERDICT_OK, "is verified"},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        p.doctor.connection.sslmode = rows[i].sslmode;
        p.doctor.connection.sslrootcert = rows[i].root;
        p.doctor.connection.is_socket = rows[i].is_socket;
        p.doctor.connection.is_loopback = rows[i].is_loopback;
        p.doctor.connection.tls = rows[i].tls;
        pga_patient_expect(&p, "connection", "tls", rows[i].verdict, rows[i].part);
    }
    p.doctor.connection.tls = false;
    p.doctor.connection.gss = true;
    pga_patient_expect(&p, "connection", "tls", PGA_VERDICT_OK, "GSSAPI");
    p.doctor.connection.tls = true;
    p.doctor.connection.gss = false;
    p.doctor.connection.channel_binding = "require";
    ck_assert_str_eq(pga_patient_finding(&p, "connection", "tls")->details[0],
                     "channel_binding=require");
}
END_TEST

START_TEST(who_answers)
{
    p.doctor.connection.target_session_attrs = "read-write";
    pga_patient_expect(&p, "connection", "connecting", PGA_VERDICT_OK,
                       "database \"d\" on db.example (192.0.2.1) port 5432 as user \"u\", in ");
    ck_assert_str_eq(pga_patient_finding(&p, "connection", "connecting")->details[0],
                     "target_session_attrs=read-write");
    p.doctor.connection.address = "db.example";
    pga_patient_expect(&p, "connection", "connecting", PGA_VERDICT_OK, "on db.example port");
    p.doctor.backend_pid = 8;
    pga_patient_expect(&p, "connection", "pooler", PGA_VERDICT_ATTENTION, "");
    p.doctor.backend_pid = 7;
    p.doctor.connection.takes_options = false;
    pga_patient_expect(&p, "connection", "pooler", PGA_VERDICT_ATTENTION, "");
    p.journal.settings.is_shared = true;
    pga_patient_expect(&p, "connection", "pooler", PGA_VERDICT_OK, "nothing is left");
    p.journal.settings.is_shared = false;
    pga_patient_set(&p, "is_standby", "t");
    pga_patient_expect(&p, "connection", "writable", PGA_VERDICT_ATTENTION, "a standby");
    p.doctor.was_tried = false;
    p.doctor.journal = NULL;
    pga_patient_expect(&p, "connection", "connecting", PGA_VERDICT_NOT_CHECKED, "configuration");
    pga_patient_expect(&p, "connection", "tls", PGA_VERDICT_NOT_CHECKED, "no connection");
}
END_TEST

START_TEST(lost_clients)
{
    pga_patient_expect(&p, "connection", "lost clients", PGA_VERDICT_OK,
                       "within 2s, keepalives are on");
    pga_patient_set(&p, "check_interval", "0");
    pga_patient_expect(&p, "connection", "lost clients", PGA_VERDICT_ATTENTION, "took no");
    p.doctor.server_version = 130023;
    pga_patient_set(&p, "check_interval", NULL);
    pga_patient_expect(&p, "connection", "lost clients", PGA_VERDICT_OK,
                       "PostgreSQL 14 can sooner");
    p.doctor.connection.keepalives = "0";
    pga_patient_expect(&p, "connection", "lost clients", PGA_VERDICT_ATTENTION,
                       "keepalives are off");
    p.doctor.connection.is_socket = true;
    pga_patient_expect(&p, "connection", "lost clients", PGA_VERDICT_OK, "");
}
END_TEST

START_TEST(clocks)
{
    static const struct {
        int64_t before, after, server, ahead;
    } rows[] = {
        {100, 100, 100, 0}, {100, 110, 105, 0},     {100, 110, 110, 0},       {100, 110, 111, 1},
        {100, 110, 99, -1}, {100, 100, 3700, 3600}, {3700, 3700, 100, -3600},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_int_eq(pga_doctor_clock_ahead_s(rows[i].before, rows[i].after, rows[i].server),
                         rows[i].ahead);
    pga_patient_set(&p, "clock_s", "1000000005");
    pga_patient_expect(&p, "connection", "clock", PGA_VERDICT_OK, "agrees");
    pga_patient_set(&p, "clock_s", "1000000006");
    pga_patient_expect(&p, "connection", "clock", PGA_VERDICT_ATTENTION, "6.0 s ahead of");
    pga_patient_set(&p, "clock_s", "999996400");
    pga_patient_expect(&p, "connection", "clock", PGA_VERDICT_ATTENTION, "behind");
}
END_TEST

START_TEST(timestamps)
{
    static const struct {
        const char *timestamp;
        int64_t seconds;
    } rows[] = {
        {"1735725600", 1735725600},
        {"1735725600123", 1735725600},
        {"1735725600.5", 1735725600},
        {"19700101000000", 0},
        {"20250101100000", 1735725600},
        {"20240229235959", 1709251199},
        {"20000301000000", 951868800},
        {"20251801000000", -1}, /* month 18 occurs in practice */
        {"20250100000000", -1},
        {"20250101240000", -1},
        {"20250101006000", -1},
        {"20250101000099", -1},
        {"7", -1},
        {"00123", -1},
        {"20250101", -1},
        {"12345678901234567890", -1},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_msg(pga_doctor_timestamp_s(rows[i].timestamp) == rows[i].seconds, "%s is %lld",
                      rows[i].timestamp, (long long)pga_doctor_timestamp_s(rows[i].timestamp));
}
END_TEST

START_TEST(connections)
{
    pga_patient_expect(&p, "activity", "free connections", PGA_VERDICT_OK, "3 of 97");
    pga_patient_set(&p, "connections_used", "92");
    pga_patient_expect(&p, "activity", "free connections", PGA_VERDICT_OK, "92 of 97");
    pga_patient_set(&p, "connections_used", "93");
    pga_patient_expect(&p, "activity", "free connections", PGA_VERDICT_ATTENTION, "93 of 97");
    pga_patient_set(&p, "connections_used", "many");
    pga_patient_expect(&p, "activity", "free connections", PGA_VERDICT_OK, "0 of 97");
}
END_TEST

START_TEST(nothing_to_look_at)
{
    p.doctor.has_dir = false;
    pga_patient_expect(&p, "directory", "alterations", PGA_VERDICT_ATTENTION, "no directory");
    pga_patient_expect(&p, "directory", "scripts", PGA_VERDICT_NOT_CHECKED, "");
    pga_patient_expect(&p, "directory", "dates", PGA_VERDICT_NOT_CHECKED, "");
    p.doctor.alterations = NULL;
    pga_patient_expect(&p, "directory", "alterations", PGA_VERDICT_NOT_CHECKED, "");
    p.doctor.server_programs = "/opt/bin";
    pga_patient_expect(&p, "configuration", "private cluster", PGA_VERDICT_OK, "/opt/bin");
}
END_TEST

START_TEST(errors_become_findings)
{
    const struct pga_finding *found;

    (void)pga_fail(&p.doctor.dir_error, PGA_ERR_USAGE, "postgres://u:hidden@h is no directory");
    (void)pga_error_detail(&p.doctor.dir_error, "One.\nTwo, with postgres://u:hidden@h.");
    (void)pga_error_hint(&p.doctor.dir_error, "Not postgres://u:hidden@h.");
    (void)pga_error_place(&p.doctor.dir_error, "a.sql", 3, 4, NULL, 0);
    found = pga_patient_finding(&p, "directory", "alterations");
    ck_assert_int_eq(found->verdict, PGA_VERDICT_FAILED);
    ck_assert_str_eq(found->text, "a.sql:3:4: postgres://u:****@h is no directory");
    ck_assert_uint_eq(found->detail_count, 2);
    ck_assert_str_eq(found->details[1], "Two, with postgres://u:****@h.");
    ck_assert_uint_eq(found->next_count, 2);
    ck_assert_str_eq(found->next[0].text, "Not postgres://u:****@h.");
    ck_assert_str_eq(found->next[1].text, "pgalter help 64");
    (void)pga_error_place(&p.doctor.dir_error, "a.sql", 3, 0, NULL, 0);
    ck_assert(pga_str_starts(pga_str_of(pga_patient_finding(&p, "directory", "alterations")->text),
                             "a.sql:3: p"));
    (void)pga_error_place(&p.doctor.dir_error, "a.sql", 0, 0, NULL, 0);
    ck_assert(pga_str_starts(pga_str_of(pga_patient_finding(&p, "directory", "alterations")->text),
                             "a.sql: p"));
}
END_TEST

START_TEST(the_lock)
{
    const struct pga_finding *found;

    p.doctor.lock_wait_ms = 60000;
    p.doctor.holder = (struct pga_lock_holder){.pid = 42,
                                               .application = "psql",
                                               .user = "eve",
                                               .address = "local socket",
                                               .since = "then",
                                               .query = "SELECT ..."};
    pga_patient_expect(&p, "journal", "runner lock", PGA_VERDICT_ATTENTION, "process 42 holds it");
    found = pga_patient_finding(&p, "journal", "runner lock");
    ck_assert_str_eq(found->details[2], "it does not call itself pgalter");
    ck_assert_str_eq(found->next[1].text, "SELECT pg_catalog.pg_terminate_backend(42)");
    (void)pga_fail(&p.doctor.lock_error, PGA_ERR_UNEXPECTED, "no idea");
    pga_patient_expect(&p, "journal", "runner lock", PGA_VERDICT_NOT_CHECKED, "no idea");
}
END_TEST

START_TEST(the_journal)
{
    pga_patient_expect(&p, "journal", "trust", PGA_VERDICT_OK, "none yet");
    p.journal.presence = PGA_JOURNAL_EMPTY;
    pga_patient_expect(&p, "journal", "trust", PGA_VERDICT_OK, "is empty");
    p.journal.presence = PGA_JOURNAL_PRESENT;
    (void)pga_fail(&p.doctor.load_error, PGA_ERR_JOURNAL, "it was tampered with");
    pga_patient_expect(&p, "journal", "history", PGA_VERDICT_FAILED, "tampered");
    (void)pga_fail(&p.doctor.examine_error, PGA_ERR_DENIED, "no");
    pga_patient_expect(&p, "journal", "scripts", PGA_VERDICT_NOT_CHECKED, "may not read");
    p.doctor.examine_error.code = PGA_ERR_UNEXPECTED;
    pga_patient_expect(&p, "journal", "scripts", PGA_VERDICT_FAILED, "no");
    memset(&p.doctor.examine_error, 0, sizeof(p.doctor.examine_error));
    p.doctor.examination = (struct pga_journal_examination){.script_count = 3, .damaged_count = 2};
    pga_patient_expect(&p, "journal", "scripts", PGA_VERDICT_FAILED, "2 of 3");
    (void)pga_fail(&p.doctor.unfinished_error, PGA_ERR_UNEXPECTED, "cut off");
    pga_patient_expect(&p, "journal", "unfinished", PGA_VERDICT_FAILED, "cut off");
    (void)pga_fail(&p.doctor.open_error, PGA_ERR_JOURNAL, "can't be trusted");
    pga_patient_expect(&p, "journal", "trust", PGA_VERDICT_FAILED, "can't be trusted");
    pga_patient_expect(&p, "journal", "history", PGA_VERDICT_NOT_CHECKED, "can't be read");
}
END_TEST

START_TEST(unfinished_steps)
{
    struct pga_unfinished rows[] = {
        {.id = "1-it's",
         .run = "r",
         .who = "w",
         .started_at = "t",
         .progress = PGA_PROGRESS_STARTED},
        {.id = "2-b", .run = "r", .who = "w", .started_at = "t", .is_down = true}};
    bool lives[] = {true, true};
    const struct pga_finding *found;

    p.journal.presence = PGA_JOURNAL_PRESENT;
    p.doctor.unfinished = rows;
    p.doctor.unfinished_lives = lives;
    p.doctor.unfinished_count = 2;
    pga_patient_expect(&p, "journal", "unfinished", PGA_VERDICT_OK, "2 steps are in progress");
    lives[0] = false;
    pga_patient_expect(&p, "journal", "unfinished", PGA_VERDICT_ATTENTION, "1 step stopped");
    found = pga_patient_finding(&p, "journal", "unfinished");
    ck_assert_uint_eq(found->next_count, 4);
    ck_assert_str_eq(found->next[2].text, "pgalter mark '1-it'\\''s' --because \"what you found\"");
    lives[0] = true;
    lives[1] = false; /* its statement comes next: nothing is in doubt */
    found = pga_patient_finding(&p, "journal", "unfinished");
    ck_assert_uint_eq(found->next_count, 1);
    ck_assert_str_eq(found->next[0].text, "pgalter rollback --steps 1");
}
END_TEST

/* A role that the server refuses to show others' sessions. */
START_TEST(hidden_sessions)
{
    pga_patient_set(&p, "sees_sessions", "f");
    pga_patient_set(&p, "current_user_name", "a\"b");
    pga_patient_expect(&p, "activity", "long transactions", PGA_VERDICT_NOT_CHECKED, "only");
    ck_assert_str_eq(pga_patient_finding(&p, "activity", "long transactions")->next[1].text,
                     "GRANT pg_read_all_stats TO \"a\"\"b\"");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("doctor");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, all_is_well);
    tcase_add_test(tcase, versions);
    tcase_add_test(tcase, tls);
    tcase_add_test(tcase, who_answers);
    tcase_add_test(tcase, lost_clients);
    tcase_add_test(tcase, clocks);
    tcase_add_test(tcase, timestamps);
    tcase_add_test(tcase, connections);
    tcase_add_test(tcase, nothing_to_look_at);
    tcase_add_test(tcase, errors_become_findings);
    tcase_add_test(tcase, the_lock);
    tcase_add_test(tcase, the_journal);
    tcase_add_test(tcase, unfinished_steps);
    tcase_add_test(tcase, hidden_sessions);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
