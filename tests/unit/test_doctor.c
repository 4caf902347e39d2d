/*
 * tests/unit/test_doctor.c: engine/doctor.h, facts in, findings out; what a server says comes from a script.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/interrupt.h"
#include "drivers/script/script.h"
#include "engine/doctor_check.h"
#include "tests/helpers/world.h"

static struct pga_arena mem;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_alterations alterations;
static struct pga_doctor doctor;
static struct pga_findings findings;
static struct pga_error err;
static struct pga_script_settings script;

/* The answer about a healthy server, by which the others are varied. */
static const char *const server_names[] = {"version",           "pid",
                                           "session_user_name", "current_user_name",
                                           "is_superuser",      "database",
                                           "encoding",          "collation_name",
                                           "is_standby",        "check_interval",
                                           "connections_most",  "connections_used",
                                           "sees_sessions",     "clock_s",
                                           "database_owner"};
static const char *server_values[PGA_COUNT_OF(server_names)];

static void
set_server(const char *name, const char *value)
{
    for (size_t i = 0; i < PGA_COUNT_OF(server_names); i++)
        if (strcmp(server_names[i], name) == 0)
            server_values[i] = value;
}

static void
make_healthy(void)
{
    static const char *const values[] = {"18.1", "7",  "u",  "u", "f", "d",          "UTF8", "C",
                                         "f",    "2s", "97", "3", "t", "1000000000", "o"};

    memcpy(server_values, values, sizeof(values));
    for (int i = 0; i < PGA_PROBE_COUNT; i++)
        doctor.answers[i] = (struct pga_doctor_answer){.is_there = true};
    doctor.answers[PGA_PROBE_SERVER].table =
        (struct pga_result){.row_count = 1,
                            .column_count = PGA_COUNT_OF(server_names),
                            .names = server_names,
                            .values = server_values};
    doctor.before_s = doctor.after_s = 1000000000;
    doctor.now_s = 1000000000;
}

static void
setup(void)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "0.1.0"};

    mem = (struct pga_arena){0};
    memset(&err, 0, sizeof(err));
    memset(&doctor, 0, sizeof(doctor));
    memset(&alterations, 0, sizeof(alterations));
    script = (struct pga_script_settings){.repeat = true};
    driver = pga_script_open(&script);
    pga_journal_init(&journal, driver, &mem, &settings);
    alterations.dir = "alterations";
    doctor.mem = &mem;
    doctor.pgalter = doctor.libpq = doctor.libcrypto = doctor.libyaml = doctor.libjansson = "1.0";
    doctor.libpq_major = 15;
    doctor.platform = "a computer";
    doctor.alterations = &alterations;
    doctor.has_dir = true;
    doctor.was_tried = true;
    doctor.journal = &journal;
    doctor.server_version = 180001;
    doctor.backend_pid = 7;
    doctor.connection = (struct pga_connection){.host = "db.example",
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
    doctor.holder.application = doctor.holder.user = doctor.holder.address = doctor.holder.since =
        doctor.holder.query = "";
    make_healthy();
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_arena_release(&mem);
    pga_interrupt_clear();
}

static const struct pga_finding *
finding(const char *group, const char *check)
{
    pga_doctor_examine(&doctor, &findings);
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i].group, group) == 0 &&
            strcmp(findings.items[i].check, check) == 0)
            return &findings.items[i];
    ck_abort_msg("there is no check \"%s/%s\"", group, check);
}

/* The finding must have that verdict and `part` in its text; whatever is not well must say what to do next. */
static void
expect_finding(const char *group, const char *check, enum pga_verdict verdict, const char *part)
{
    const struct pga_finding *found = finding(group, check);

    ck_assert_msg(found->verdict == verdict && strstr(found->text, part) != NULL, "%s/%s is %s: %s",
                  group, check, pga_verdict_name(found->verdict), found->text);
    if (verdict == PGA_VERDICT_ATTENTION || verdict == PGA_VERDICT_FAILED)
        ck_assert_msg(found->next_count > 0, "%s/%s says nothing to do next", group, check);
}

START_TEST(all_is_well)
{
    pga_doctor_examine(&doctor, &findings);
    ck_assert_uint_eq(findings.by_verdict[PGA_VERDICT_ATTENTION], 0);
    ck_assert_uint_eq(findings.by_verdict[PGA_VERDICT_FAILED], 0);
    for (size_t i = 0; i < findings.count; i++)
        ck_assert_ptr_nonnull(findings.items[i].text);
}
END_TEST

START_TEST(versions)
{
    doctor.libpq_major = 13;
    expect_finding("versions", "pgalter", PGA_VERDICT_ATTENTION, "libpq 1.0");
    doctor.server_version = 120022;
    set_server("version", "12.22");
    expect_finding("versions", "server", PGA_VERDICT_FAILED, "PostgreSQL 12.22 is older");
    doctor.server_version = 190000;
    set_server("version", "19beta1");
    expect_finding("versions", "server", PGA_VERDICT_ATTENTION, "PostgreSQL 19beta1 is newer");
    doctor.server_version = 130000;
    expect_finding("versions", "server", PGA_VERDICT_OK, "");
    doctor.answers[PGA_PROBE_SERVER].is_there = false;
    expect_finding("versions", "server", PGA_VERDICT_OK, "PostgreSQL 13.0");
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
        doctor.connection.sslmode = rows[i].sslmode;
        doctor.connection.sslrootcert = rows[i].root;
        doctor.connection.is_socket = rows[i].is_socket;
        doctor.connection.is_loopback = rows[i].is_loopback;
        doctor.connection.tls = rows[i].tls;
        expect_finding("connection", "tls", rows[i].verdict, rows[i].part);
    }
    doctor.connection.tls = false;
    doctor.connection.gss = true;
    expect_finding("connection", "tls", PGA_VERDICT_OK, "GSSAPI");
    doctor.connection.tls = true;
    doctor.connection.gss = false;
    doctor.connection.channel_binding = "require";
    ck_assert_str_eq(finding("connection", "tls")->details[0], "channel_binding=require");
}
END_TEST

START_TEST(who_answers)
{
    doctor.connection.target_session_attrs = "read-write";
    expect_finding("connection", "connecting", PGA_VERDICT_OK,
                   "database \"d\" on db.example (192.0.2.1) port 5432 as user \"u\", in ");
    ck_assert_str_eq(finding("connection", "connecting")->details[0],
                     "target_session_attrs=read-write");
    doctor.connection.address = "db.example";
    expect_finding("connection", "connecting", PGA_VERDICT_OK, "on db.example port");
    doctor.backend_pid = 8;
    expect_finding("connection", "pooler", PGA_VERDICT_ATTENTION, "");
    doctor.backend_pid = 7;
    doctor.connection.takes_options = false;
    expect_finding("connection", "pooler", PGA_VERDICT_ATTENTION, "");
    set_server("is_standby", "t");
    expect_finding("connection", "writable", PGA_VERDICT_ATTENTION, "a standby");
    doctor.was_tried = false;
    doctor.journal = NULL;
    expect_finding("connection", "connecting", PGA_VERDICT_NOT_CHECKED, "configuration");
    expect_finding("connection", "tls", PGA_VERDICT_NOT_CHECKED, "no connection");
}
END_TEST

START_TEST(lost_clients)
{
    expect_finding("connection", "lost clients", PGA_VERDICT_OK, "within 2s, keepalives are on");
    set_server("check_interval", "0");
    expect_finding("connection", "lost clients", PGA_VERDICT_ATTENTION, "took no");
    doctor.server_version = 130023;
    set_server("check_interval", NULL);
    expect_finding("connection", "lost clients", PGA_VERDICT_OK, "PostgreSQL 14 can sooner");
    doctor.connection.keepalives = "0";
    expect_finding("connection", "lost clients", PGA_VERDICT_ATTENTION, "keepalives are off");
    doctor.connection.is_socket = true;
    expect_finding("connection", "lost clients", PGA_VERDICT_OK, "");
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
    set_server("clock_s", "1000000005");
    expect_finding("connection", "clock", PGA_VERDICT_OK, "agrees");
    set_server("clock_s", "1000000006");
    expect_finding("connection", "clock", PGA_VERDICT_ATTENTION, "6.0 s ahead of");
    set_server("clock_s", "999996400");
    expect_finding("connection", "clock", PGA_VERDICT_ATTENTION, "behind");
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
    expect_finding("activity", "free connections", PGA_VERDICT_OK, "3 of 97");
    set_server("connections_used", "92");
    expect_finding("activity", "free connections", PGA_VERDICT_OK, "92 of 97");
    set_server("connections_used", "93");
    expect_finding("activity", "free connections", PGA_VERDICT_ATTENTION, "93 of 97");
    set_server("connections_used", "many");
    expect_finding("activity", "free connections", PGA_VERDICT_OK, "0 of 97");
}
END_TEST

START_TEST(nothing_to_look_at)
{
    doctor.has_dir = false;
    expect_finding("directory", "alterations", PGA_VERDICT_ATTENTION, "no directory");
    expect_finding("directory", "scripts", PGA_VERDICT_NOT_CHECKED, "");
    expect_finding("directory", "dates", PGA_VERDICT_NOT_CHECKED, "");
    doctor.alterations = NULL;
    expect_finding("directory", "alterations", PGA_VERDICT_NOT_CHECKED, "");
    doctor.server_programs = "/opt/bin";
    expect_finding("configuration", "private cluster", PGA_VERDICT_OK, "/opt/bin");
}
END_TEST

START_TEST(errors_become_findings)
{
    const struct pga_finding *found;

    (void)pga_fail(&doctor.dir_error, PGA_ERR_USAGE, "postgres://u:hidden@h is no directory");
    (void)pga_error_detail(&doctor.dir_error, "One.\nTwo, with postgres://u:hidden@h.");
    (void)pga_error_hint(&doctor.dir_error, "Not postgres://u:hidden@h.");
    (void)pga_error_place(&doctor.dir_error, "a.sql", 3, 4, NULL, 0);
    found = finding("directory", "alterations");
    ck_assert_int_eq(found->verdict, PGA_VERDICT_FAILED);
    ck_assert_str_eq(found->text, "a.sql:3:4: postgres://u:****@h is no directory");
    ck_assert_uint_eq(found->detail_count, 2);
    ck_assert_str_eq(found->details[1], "Two, with postgres://u:****@h.");
    ck_assert_uint_eq(found->next_count, 2);
    ck_assert_str_eq(found->next[0].text, "Not postgres://u:****@h.");
    ck_assert_str_eq(found->next[1].text, "pgalter help 64");
    (void)pga_error_place(&doctor.dir_error, "a.sql", 3, 0, NULL, 0);
    ck_assert(pga_str_starts(pga_str_of(finding("directory", "alterations")->text), "a.sql:3: p"));
    (void)pga_error_place(&doctor.dir_error, "a.sql", 0, 0, NULL, 0);
    ck_assert(pga_str_starts(pga_str_of(finding("directory", "alterations")->text), "a.sql: p"));
}
END_TEST

START_TEST(the_lock)
{
    const struct pga_finding *found;

    doctor.lock_wait_ms = 60000;
    doctor.holder = (struct pga_lock_holder){.pid = 42,
                                             .application = "psql",
                                             .user = "eve",
                                             .address = "local socket",
                                             .since = "then",
                                             .query = "SELECT ..."};
    expect_finding("journal", "runner lock", PGA_VERDICT_ATTENTION, "process 42 holds it");
    found = finding("journal", "runner lock");
    ck_assert_str_eq(found->details[2], "it does not call itself pgalter");
    ck_assert_str_eq(found->next[1].text, "SELECT pg_catalog.pg_terminate_backend(42)");
    (void)pga_fail(&doctor.lock_error, PGA_ERR_UNEXPECTED, "no idea");
    expect_finding("journal", "runner lock", PGA_VERDICT_NOT_CHECKED, "no idea");
}
END_TEST

START_TEST(the_journal)
{
    expect_finding("journal", "trust", PGA_VERDICT_OK, "none yet");
    journal.presence = PGA_JOURNAL_EMPTY;
    expect_finding("journal", "trust", PGA_VERDICT_OK, "is empty");
    journal.presence = PGA_JOURNAL_PRESENT;
    (void)pga_fail(&doctor.load_error, PGA_ERR_JOURNAL, "it was tampered with");
    expect_finding("journal", "history", PGA_VERDICT_FAILED, "tampered");
    (void)pga_fail(&doctor.examine_error, PGA_ERR_DENIED, "no");
    expect_finding("journal", "scripts", PGA_VERDICT_NOT_CHECKED, "may not read");
    doctor.examine_error.code = PGA_ERR_UNEXPECTED;
    expect_finding("journal", "scripts", PGA_VERDICT_FAILED, "no");
    memset(&doctor.examine_error, 0, sizeof(doctor.examine_error));
    doctor.examination = (struct pga_journal_examination){.script_count = 3, .damaged_count = 2};
    expect_finding("journal", "scripts", PGA_VERDICT_FAILED, "2 of 3");
    (void)pga_fail(&doctor.unfinished_error, PGA_ERR_UNEXPECTED, "cut off");
    expect_finding("journal", "unfinished", PGA_VERDICT_FAILED, "cut off");
    (void)pga_fail(&doctor.open_error, PGA_ERR_JOURNAL, "can't be trusted");
    expect_finding("journal", "trust", PGA_VERDICT_FAILED, "can't be trusted");
    expect_finding("journal", "history", PGA_VERDICT_NOT_CHECKED, "can't be read");
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

    journal.presence = PGA_JOURNAL_PRESENT;
    doctor.unfinished = rows;
    doctor.unfinished_lives = lives;
    doctor.unfinished_count = 2;
    expect_finding("journal", "unfinished", PGA_VERDICT_OK, "2 steps are in progress");
    lives[0] = false;
    expect_finding("journal", "unfinished", PGA_VERDICT_ATTENTION, "1 step stopped");
    found = finding("journal", "unfinished");
    ck_assert_uint_eq(found->next_count, 4);
    ck_assert_str_eq(found->next[2].text, "pgalter mark '1-it'\\''s' --because \"what you found\"");
    lives[0] = true;
    lives[1] = false; /* its statement comes next: nothing is in doubt */
    found = finding("journal", "unfinished");
    ck_assert_uint_eq(found->next_count, 1);
    ck_assert_str_eq(found->next[0].text, "pgalter rollback --steps 1");
}
END_TEST

START_TEST(words_for_a_shell)
{
    ck_assert_str_eq(pga_doctor_shell(&doctor, "1714984800-add_invites"), "1714984800-add_invites");
    ck_assert_str_eq(pga_doctor_shell(&doctor, ""), "''");
    ck_assert_str_eq(pga_doctor_shell(&doctor, "$(x)"), "'$(x)'");
    ck_assert_str_eq(pga_doctor_shell(&doctor, "a'b"), "'a'\\''b'");
}
END_TEST

/* A role that the server refuses to show others' sessions. */
START_TEST(hidden_sessions)
{
    set_server("sees_sessions", "f");
    set_server("current_user_name", "a\"b");
    expect_finding("activity", "long transactions", PGA_VERDICT_NOT_CHECKED, "only");
    ck_assert_str_eq(finding("activity", "long transactions")->next[1].text,
                     "GRANT pg_read_all_stats TO \"a\"\"b\"");
}
END_TEST

/* ---- reading ---- */

#define BEGUN                                                                                      \
    {.tag = "BEGIN"}, {.tag = "RESET"}, {.tag = "RESET"}, {.tag = "RESET"}, {.tag = "SET"},        \
    {                                                                                              \
        .tag = "SET"                                                                               \
    }

static const struct pga_script_answer nothing_found[] = {
    BEGUN, {.tag = "SELECT 0"}, {.tag = "COMMIT"}, {0}};
static const struct pga_script_answer too_few[] = {BEGUN, {.tag = "COMMIT"}, {0}};

static bool
read_from(const struct pga_script_line *lines, size_t count)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "0.1.0"};
    bool fine;

    pga_driver_close(&driver);
    memset(&err, 0, sizeof(err));
    memset(doctor.answers, 0, sizeof(doctor.answers));
    memset(&doctor.connect_error, 0, sizeof(doctor.connect_error));
    memset(&doctor.lock_error, 0, sizeof(doctor.lock_error));
    memset(&doctor.open_error, 0, sizeof(doctor.open_error));
    memset(&doctor.load_error, 0, sizeof(doctor.load_error));
    memset(&doctor.unfinished_error, 0, sizeof(doctor.unfinished_error));
    memset(&doctor.examine_error, 0, sizeof(doctor.examine_error));
    script.lines = lines;
    script.line_count = count;
    driver = pga_script_open(&script);
    pga_journal_init(&journal, driver, &mem, &settings);
    fine = pga_doctor_read(&doctor, &journal, pga_clock_system(), &err);
    pga_doctor_examine(&doctor, &findings); /* must bear whatever was read */
    return fine;
}

#define NOTHING                                                                                    \
    {                                                                                              \
        .tag = "SELECT 0"                                                                          \
    }

START_TEST(one_message_asks_all)
{
    static const struct pga_script_answer all[] = {BEGUN,   NOTHING,           NOTHING, NOTHING,
                                                   NOTHING, NOTHING,           NOTHING, NOTHING,
                                                   NOTHING, {.tag = "COMMIT"}, {0}};
    static const struct pga_script_line lines[] = {
        {.expect = "SET LOCAL lock_timeout = 1000;\nSET LOCAL statement_timeout = 5000;",
         .answers = all},
        {.expect = "", .error = {.sqlstate = "42501", .message = "permission denied"}},
    };
    const char *asked;

    ck_assert(read_from(lines, PGA_COUNT_OF(lines)));
    for (size_t i = 0; i < PGA_PROBE_COUNT; i++)
        ck_assert(doctor.answers[i].is_there);
    asked = strstr(pga_script_log(driver), "pg_prepared_xacts");
    ck_assert_ptr_nonnull(asked);
    ck_assert_ptr_null(strstr(asked + 1, "pg_prepared_xacts"));
}
END_TEST

START_TEST(a_question_that_fails_costs_no_other)
{
    static const struct pga_script_line lines[] = {
        {.expect = "pg_prepared_xacts",
         .error = {.sqlstate = "57014", .message = "canceling statement due to timeout"}},
        {.expect = "pg_event_trigger", .answers = too_few},
        {.expect = "SET LOCAL lock_timeout = 1000;\nSET LOCAL statement_timeout = 5000;",
         .answers = nothing_found},
        {.expect = "ROLLBACK", .answers = NULL},
        {.expect = "", .error = {.sqlstate = "42501", .message = "permission denied"}},
    };

    ck_assert(read_from(lines, PGA_COUNT_OF(lines)));
    ck_assert(doctor.answers[PGA_PROBE_JOURNAL].is_there);
    ck_assert(!doctor.answers[PGA_PROBE_PREPARED].is_there);
    expect_finding("activity", "prepared transactions", PGA_VERDICT_NOT_CHECKED,
                   "did not answer: canceling statement");
    expect_finding("database", "event triggers", PGA_VERDICT_NOT_CHECKED, "7 answers");
    expect_finding("journal", "trust", PGA_VERDICT_ATTENTION, "may not read");
    expect_finding("database", "encoding", PGA_VERDICT_ATTENTION, "instead of UTF8");
}
END_TEST

/* Wherever the connection ends, what had been answered is there, and the rest is not checked. */
START_TEST(the_connection_ends_in_the_middle)
{
    static const struct pga_script_line lines[] = {
        {.expect = "SET LOCAL lock_timeout = 1000;", .answers = nothing_found},
        {.expect = "ROLLBACK", .answers = NULL},
        {.expect = "", .error = {.sqlstate = "42501", .message = "permission denied"}},
    };

    /* The first message asks everything, and then each question is asked by itself. */
    for (script.fail_at = 1; script.fail_at <= PGA_PROBE_COUNT + 3; script.fail_at++) {
        ck_assert(read_from(lines, PGA_COUNT_OF(lines)));
        for (size_t i = 0; i < PGA_PROBE_COUNT; i++)
            ck_assert_int_eq(doctor.answers[i].is_there, i + 2 < script.fail_at);
        expect_finding("connection", "connecting", PGA_VERDICT_FAILED, "lost");
        expect_finding("journal", "trust", PGA_VERDICT_NOT_CHECKED, "lost");
        if (script.fail_at < PGA_PROBE_COUNT + 3)
            expect_finding("journal", "runner lock", PGA_VERDICT_NOT_CHECKED, "lost");
    }
    script.fail_at = 4;
    ck_assert(read_from(lines, PGA_COUNT_OF(lines)));
    expect_finding("activity", "long transactions", PGA_VERDICT_NOT_CHECKED, "lost before");
}
END_TEST

static void
begin_again(void)
{
    teardown();
    setup();
}

/* The same over a journal: nothing that was not asked looks well. */
START_TEST(the_connection_ends_in_the_journal)
{
    static struct pga_world w;
    static struct pga_process p;
    static const char *const checks[] = {"runner lock", "trust", "history", "unfinished"};
    size_t asked = 0, unasked;

    pga_world_init(&w);
    pga_world_three(&w);
    pga_process_must(pga_process_deploy(&w, &p, "next"), &p);
    for (size_t n = 1; asked < PGA_COUNT_OF(checks); n++) {
        begin_again();
        ck_assert(pga_process_begin(&w, &p));
        w.server.lose_at = w.server.calls + n;
        ck_assert(pga_doctor_read(&doctor, &p.journal, pga_clock_system(), &err));
        w.server.lose_at = 0;
        make_healthy(); /* that server's answers about itself have no names */
        set_server("clock_s", "1800000000");
        ck_assert_int_eq(doctor.connect_error.code, PGA_ERR_LOST);
        asked = unasked = 0;
        for (size_t i = 0; i < PGA_COUNT_OF(checks); i++) {
            enum pga_verdict verdict = finding("journal", checks[i])->verdict;

            asked += verdict == PGA_VERDICT_OK ? 1 : 0;
            unasked += verdict == PGA_VERDICT_NOT_CHECKED ? 1 : 0;
            ck_assert(verdict != PGA_VERDICT_OK || unasked == 0);
        }
        ck_assert_uint_eq(asked + unasked, PGA_COUNT_OF(checks));
        expect_finding("journal", "scripts", PGA_VERDICT_NOT_CHECKED, "");
        expect_finding("connection", "connecting", PGA_VERDICT_FAILED, "");
        pga_process_end(&p);
        ck_assert_uint_lt(n, 30);
    }
    begin_again();
    ck_assert(pga_process_begin(&w, &p));
    ck_assert(pga_doctor_read(&doctor, &p.journal, pga_clock_system(), &err));
    make_healthy();
    set_server("clock_s", "1800000000");
    expect_finding("journal", "history", PGA_VERDICT_OK, "4 rows hold together");
    expect_finding("journal", "scripts", PGA_VERDICT_FAILED,
                   ""); /* that server can't compare them */
    pga_process_end(&p);
    pga_world_release(&w);
}
END_TEST

START_TEST(a_signal_ends_it)
{
    static const struct pga_script_line lines[] = {
        {.expect = "", .error = {.sqlstate = "42501", .message = "permission denied"}},
    };

    pga_interrupt_raise(SIGTERM);
    ck_assert(!read_from(lines, PGA_COUNT_OF(lines)));
    ck_assert_int_eq(err.code, PGA_ERR_INTERRUPTED);
}
END_TEST

static void
add_checks(TCase *tcase)
{
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
    tcase_add_test(tcase, words_for_a_shell);
    tcase_add_test(tcase, hidden_sessions);
}

int
main(void)
{
    Suite *suite = suite_create("doctor");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    add_checks(tcase);
    tcase_add_test(tcase, one_message_asks_all);
    tcase_add_test(tcase, a_question_that_fails_costs_no_other);
    tcase_add_test(tcase, the_connection_ends_in_the_middle);
    tcase_add_test(tcase, the_connection_ends_in_the_journal);
    tcase_add_test(tcase, a_signal_ends_it);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
