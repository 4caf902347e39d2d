/*
 * tests/unit/test_advice.c: engine/advice.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/advice.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static const struct {
    const char *sqlstate, *server_hint;
    enum pga_step_kind kind;
    const char *hint;
} hints[] = {
    {"42601", "", PGA_STEP_APPLY, "next: 1-a"},
    {"42883", "Add casts.", PGA_STEP_APPLY, "Add casts.\nnext: 1-a"},
    {"42501", "", PGA_STEP_REVERT,
     "Grant the role what it lacks, or name the owner's role with --role.\nnext: 1-a"},
    {"42501", "Ask.", PGA_STEP_APPLY,
     "Ask.\nGrant the role what it lacks, or name the owner's role with --role.\nnext: 1-a"},
    {"42P07", "", PGA_STEP_APPLY,
     "If all of the script has been done by other means: pgalter mark 1-a --because TEXT.\n"
     "next: 1-a"},
    {"42P07", "", PGA_STEP_REVERT, "next: 1-a"},
    {"53100", "", PGA_STEP_REVERT, "Make room on the server's disk first.\nnext: 1-a"},
};

START_TEST(a_hint)
{
    struct pga_step step = {.id = "1-a", .kind = hints[_i].kind};
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_SQL, "no");
    memcpy(err.sqlstate, hints[_i].sqlstate, sizeof(err.sqlstate));
    (void)pga_error_hint(&err, "%s", hints[_i].server_hint);
    ck_assert(!pga_advise(&step, &err, "next: %s", step.id));
    ck_assert_str_eq(err.hint, hints[_i].hint);
    ck_assert_int_eq(err.id, PGA_ID_SQL);
}
END_TEST

/* However much the server says, what to type next is not cut off. */
START_TEST(a_long_hint_of_the_server)
{
    struct pga_step step = {.id = "1-a", .kind = PGA_STEP_APPLY};
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_SQL, "no");
    memset(err.hint, 'x', sizeof(err.hint) - 1);
    memcpy(err.hint + 299, "\xE2\x82\xAC", 3);
    (void)pga_advise(&step, &err, "next: %s", step.id);
    ck_assert_uint_eq(strspn(err.hint, "x"), 299);
    ck_assert_str_eq(err.hint + 299, "...\nnext: 1-a");
}
END_TEST

static const struct {
    enum pga_code code;
    enum pga_error_id before, after;
} ids[] = {
    {PGA_ERR_SQL, PGA_ID_NONE, PGA_ID_SQL},
    {PGA_ERR_CONTENTION, PGA_ID_NONE, PGA_ID_LOCK_TIMEOUT},
    {PGA_ERR_LOST, PGA_ID_NONE, PGA_ID_CONNECTION_LOST},
    {PGA_ERR_HALF_DONE, PGA_ID_NONE, PGA_ID_HALF_DONE},
    {PGA_ERR_LOCKED, PGA_ID_NONE, PGA_ID_LOCKED},
    {PGA_ERR_JOURNAL, PGA_ID_JOURNAL_MOVED, PGA_ID_JOURNAL_MOVED},
    {PGA_ERR_SQL, PGA_ID_ENCODING, PGA_ID_ENCODING},
    {PGA_ERR_INTERRUPTED, PGA_ID_NONE, PGA_ID_NONE},
};

START_TEST(an_id)
{
    struct pga_error err = {0};

    (void)pga_fail(&err, ids[_i].code, "no");
    (void)pga_error_identify(&err, ids[_i].before);
    ck_assert(!pga_advise_id(&err));
    ck_assert_int_eq(err.id, ids[_i].after);
}
END_TEST

START_TEST(what_the_server_lacks_is_no_mistake_of_the_script)
{
    struct pga_step step = {.id = "1-a", .kind = PGA_STEP_APPLY};
    struct pga_error err = {0};

    (void)pga_fail(&err, PGA_ERR_SQL, "could not extend file");
    memcpy(err.sqlstate, "53100", sizeof(err.sqlstate));
    ck_assert(pga_advise_scarce(&step, &err));
    ck_assert_int_eq(err.code, PGA_ERR_UNEXPECTED);
    ck_assert_int_eq(err.id, PGA_ID_NONE);
    ck_assert_str_eq(err.message, "alteration \"1-a\" failed: could not extend file");
    ck_assert_ptr_nonnull(strstr(err.hint, "Make room on the server's disk first.\n"));
    ck_assert(!pga_advise_scarce(&step, &err)); /* it is one already */
    memset(&err, 0, sizeof(err));
    (void)pga_fail(&err, PGA_ERR_SQL, "no such column");
    memcpy(err.sqlstate, "42703", sizeof(err.sqlstate));
    ck_assert(!pga_advise_scarce(&step, &err));
    ck_assert_int_eq(err.code, PGA_ERR_SQL);
    ck_assert_str_eq(err.hint, "");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("advice");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_loop_test(tcase, a_hint, 0, (int)PGA_COUNT_OF(hints));
    tcase_add_test(tcase, a_long_hint_of_the_server);
    tcase_add_loop_test(tcase, an_id, 0, (int)PGA_COUNT_OF(ids));
    tcase_add_test(tcase, what_the_server_lacks_is_no_mistake_of_the_script);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
