/*
 * tests/unit/test_source.c: engine/source.h, which scripts a plan runs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/source.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/build.h"
#include "tests/helpers/fake_server.h"

static struct pga_build b;
static struct pga_fake_server server;
static struct pga_driver *driver;
static struct pga_journal journal;
static struct pga_runner runner;
static struct pga_error err;

static void
setup(void)
{
    struct pga_journal_settings settings = {.run = "r", .who = "w", .engine = "e"};

    memset(&err, 0, sizeof(err));
    pga_build_init(&b);
    pga_fake_server_init(&server);
    driver = pga_fake_session_open(&server);
    pga_journal_init(&journal, driver, &b.mem, &settings);
    runner =
        (struct pga_runner){.driver = driver, .journal = &journal, .alterations = &b.alterations};
    pga_build_file(&b, "1-a.up.sql", "SELECT 'up';");
    pga_build_file(&b, "1-a.down.sql", "SELECT 'down';");
    pga_build_file(&b, "1-a.before-up.sql", "VACUUM;");
    pga_build_file(&b, "1-a.before-down.sql", "VACUUM (FULL);");
}

static void
teardown(void)
{
    pga_driver_close(&driver);
    pga_fake_server_release(&server);
    pga_build_release(&b);
}

/* What the file has is stored, as the only alteration. */
static void
store(void)
{
    const struct pga_alteration *alteration = &b.alterations.items[0];
    struct pga_applied *after = pga_new(&b.mem, struct pga_applied);
    struct pga_change change = {.event = PGA_EVENT_MARKED, .after = after};
    struct pga_texts texts = {0};

    for (size_t i = 0; i < PGA_PART_COUNT; i++)
        if (alteration->parts[i] != NULL)
            texts.part[i] = alteration->parts[i]->text;
    pga_applied_of(alteration, after);
    ck_assert(pga_journal_create(&journal, &err));
    ck_assert(pga_journal_commit(&journal, &change, &texts, &err));
}

static struct pga_source *
load(enum pga_step_kind kind)
{
    struct pga_step *step = pga_new(&b.mem, struct pga_step);
    struct pga_plan plan = {.steps = step, .count = 1};
    struct pga_source *sources = NULL;

    memset(&err, 0, sizeof(err));
    *step = (struct pga_step){.kind = kind,
                              .id = "1-a",
                              .alteration = pga_alterations_find(&b.alterations, "1-a"),
                              .applied = pga_journal_find(&journal, "1-a")};
    return pga_sources_load(&runner, &b.mem, &plan, &sources, &err) ? sources : NULL;
}

/* A text of the journal's is read like a file's, and may be of a pgalter that knew more directives. */
START_TEST(a_stored_script_that_can_not_be_read)
{
    const struct pga_str bad = PGA_STR("-- pgalter:nonsense\nSELECT 1;\n");
    struct pga_applied *after = pga_new(&b.mem, struct pga_applied);
    struct pga_change change = {.event = PGA_EVENT_MARKED, .after = after};
    struct pga_texts texts = {.part[PGA_PART_UP] = b.alterations.items[0].parts[PGA_PART_UP]->text,
                              .part[PGA_PART_DOWN] = bad};

    pga_applied_of(&b.alterations.items[0], after);
    after->has_part[PGA_PART_BEFORE_UP] = after->has_part[PGA_PART_BEFORE_DOWN] = false;
    after->digests[PGA_PART_DOWN] = pga_digest_of(bad);
    ck_assert(pga_journal_create(&journal, &err));
    ck_assert(pga_journal_commit(&journal, &change, &texts, &err));
    ck_assert_ptr_null(load(PGA_STEP_REVERT));
    ck_assert_int_eq(err.id, PGA_ID_DIRECTIVE);
    ck_assert_str_eq(err.place.file, "journal:1-a.down.sql");
}
END_TEST

START_TEST(an_up_script_is_the_files)
{
    struct pga_source *source = load(PGA_STEP_APPLY);

    ck_assert_ptr_nonnull(source);
    ck_assert_str_eq(source->main->file, "1-a.up.sql");
    ck_assert_str_eq(source->before->file, "1-a.before-up.sql");
    ck_assert_uint_eq(server.calls, 0);
}
END_TEST

START_TEST(a_down_script_is_the_journals)
{
    struct pga_source *source;
    size_t calls;

    store();
    pga_build_file(&b, "1-a.down.sql", "SELECT 'other';");
    calls = server.calls;
    source = load(PGA_STEP_REVERT);
    ck_assert_ptr_nonnull(source);
    ck_assert_uint_eq(server.calls, calls + 1); /* both in one round trip */
    ck_assert_str_eq(source->main->file, "journal:1-a.down.sql");
    ck_assert_int_eq(source->main->part, PGA_PART_DOWN);
    ck_assert(pga_str_equal_c(source->main->text, "SELECT 'down';\n"));
    ck_assert_str_eq(source->before->file, "journal:1-a.before-down.sql");
    pga_build_no_files(&b);
    ck_assert_ptr_nonnull(load(PGA_STEP_REVERT));
}
END_TEST

START_TEST(or_the_files_if_the_user_says_so)
{
    struct pga_source *source;

    store();
    pga_build_no_files(&b);
    pga_build_file(&b, "1-a.up.sql", "SELECT 'up';");
    pga_build_file(&b, "1-a.down.sql", "SELECT 'other';");
    runner.settings.plan.down_from = PGA_DOWN_FROM_FILES;
    source = load(PGA_STEP_REVERT);
    ck_assert_ptr_nonnull(source);
    ck_assert_str_eq(source->main->file, "1-a.down.sql");
    ck_assert_ptr_null(source->before);
    pga_build_no_files(&b); /* there is none: the journal's */
    source = load(PGA_STEP_REVERT);
    ck_assert_ptr_nonnull(source);
    ck_assert_str_eq(source->main->file, "journal:1-a.down.sql");
}
END_TEST

START_TEST(a_rename_runs_none)
{
    struct pga_source *source;

    store();
    source = load(PGA_STEP_RENAME);
    ck_assert_ptr_nonnull(source);
    ck_assert_ptr_null(source->main);
    ck_assert_ptr_null(source->before);
}
END_TEST

/* Each is checked before the first one runs. */
START_TEST(what_cannot_run_is_refused)
{
    static const char *const rows[][2] = {
        {"1-a.up.sql", "SELECT 1; COMMIT;"},
        {"1-a.up.sql", "CREATE INDEX CONCURRENTLY i ON t (x);"},
        {"1-a.up.sql", "SELECT 'open;"},
        {"1-a.before-up.sql", "COMMIT;"},
        {"1-a.up.sql", "-- pgalter:transaction none\nSELECT 1; COMMIT;"},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        teardown();
        setup();
        pga_build_file(&b, rows[i][0], rows[i][1]);
        ck_assert_msg(load(PGA_STEP_APPLY) == NULL, "%s", rows[i][1]);
        ck_assert_int_eq(err.code, PGA_ERR_USAGE);
        ck_assert_str_eq(err.place.file, rows[i][0]);
        ck_assert_int_gt(err.place.line, 0);
    }
}
END_TEST

/* A stored text passes through the same checks as a file's. */
START_TEST(a_stored_script_is_checked_too)
{
    pga_build_file(&b, "1-a.down.sql", "SELECT 1; ROLLBACK;");
    store();
    ck_assert_ptr_null(load(PGA_STEP_REVERT));
    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_str_eq(err.place.file, "journal:1-a.down.sql");
    teardown();
    setup();
    pga_build_file(&b, "1-a.down.sql", "SELECT 1;");
    store();
    server.state.tables[PGA_FAKE_SCRIPTS].count = 0;
    ck_assert_ptr_null(load(PGA_STEP_REVERT));
    ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
}
END_TEST

START_TEST(what_runs_outside_a_transaction)
{
    const struct pga_script_text *const *parts = b.alterations.items[0].parts;

    ck_assert(!pga_script_is_outside(parts[PGA_PART_UP]));
    ck_assert(!pga_script_is_outside(parts[PGA_PART_DOWN]));
    ck_assert(pga_script_is_outside(parts[PGA_PART_BEFORE_UP]));
    ck_assert(pga_script_is_outside(parts[PGA_PART_BEFORE_DOWN]));
    pga_build_file(&b, "1-a.up.sql", "-- pgalter:transaction none\nVACUUM;");
    ck_assert(pga_script_is_outside(b.alterations.items[0].parts[PGA_PART_UP]));
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("source");
    TCase *tcase = tcase_create("core");
    SRunner *sr;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_stored_script_that_can_not_be_read);
    tcase_add_test(tcase, an_up_script_is_the_files);
    tcase_add_test(tcase, a_down_script_is_the_journals);
    tcase_add_test(tcase, or_the_files_if_the_user_says_so);
    tcase_add_test(tcase, a_rename_runs_none);
    tcase_add_test(tcase, what_cannot_run_is_refused);
    tcase_add_test(tcase, a_stored_script_is_checked_too);
    tcase_add_test(tcase, what_runs_outside_a_transaction);
    suite_add_tcase(suite, tcase);
    sr = srunner_create(suite);
    srunner_run_all(sr, CK_NORMAL);
    failed = srunner_ntests_failed(sr);
    srunner_free(sr);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
