/*
 * tests/unit/test_chain.c: journal/chain.c, the hash chain and what replaying it gives.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/journal.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/helpers/build.h"

static struct pga_build b;

/* Make a change of the journal that no plan makes. */
static void
record(enum pga_event event, const char *id, const char *version, const char *because)
{
    const struct pga_alteration *alteration = pga_alterations_find(&b.alterations, id);
    struct pga_applied *after = pga_new(&b.mem, struct pga_applied);
    struct pga_change change = {.event = event, .after = after, .because = because};

    change.before = pga_journal_find(&b.journal, id);
    pga_applied_of(alteration, after);
    if (version != NULL)
        after->version = version;
    if (event == PGA_EVENT_FORGOTTEN)
        change.after = NULL;
    pga_build_change(&b, &change);
}

/* Every event, and rows in which every column has a value. */
static void
setup(void)
{
    pga_build_init(&b);
    pga_build_file(&b, "1.0.0-1-users.up.sql", "-- pgalter:breaks <1.0.0\nCREATE TABLE users ();");
    pga_build_file(&b, "1.0.0-1-users.down.sql", "DROP TABLE users;");
    pga_build_file(&b, "1.0.0-1-users.before-up.sql", "SELECT 1;");
    pga_build_file(&b, "1.0.0-1-users.before-down.sql", "SELECT 2;");
    pga_build_file(&b, "next-2-roles.up.sql", "-- pgalter:phase contract\nCREATE TABLE roles ();");
    pga_build_file(&b, "3-bare.up.sql", "CREATE TABLE bare ();");
    pga_build_file(&b, "1.0.0-4-late.up.sql", "CREATE TABLE late ();");
    pga_build_file(&b, "1.0.0-4-late.down.sql", "");
    pga_build_apply(&b, "1-users");
    pga_build_apply(&b, "2-roles");
    record(PGA_EVENT_MARKED, "3-bare", NULL, "it was there");
    pga_build_apply(&b, "4-late");
    pga_build_revert(&b, "4-late");
    record(PGA_EVENT_RENAMED, "2-roles", "1.1.0", NULL);
    pga_build_file(&b, "1.0.0-1-users.down.sql", "DROP TABLE users CASCADE;");
    record(PGA_EVENT_ACCEPTED, "1-users", NULL, "the down script was wrong");
    record(PGA_EVENT_FORGOTTEN, "3-bare", NULL, "it is gone");
    pga_build_apply(&b, "4-late");
    record(PGA_EVENT_ADOPTED, "3-bare", NULL, NULL);
}

static void
teardown(void)
{
    pga_build_release(&b);
}

static void
verify_well(struct pga_journal *journal)
{
    struct pga_error err = {0};
    struct pga_applied *rows = pga_build_copy(&b, journal);

    ck_assert_msg(pga_chain_verify(journal, rows, b.table_count, &err), "%s", err.message);
    ck_assert_int_eq(err.code, PGA_OK);
}

START_TEST(what_was_written_verifies)
{
    struct pga_journal journal;

    verify_well(&journal);
    ck_assert_uint_eq(journal.row_count, 11);
    ck_assert_uint_eq(journal.applied_count, 4);
    ck_assert_str_eq(journal.applied[0]->id, "1-users");
    ck_assert_str_eq(journal.applied[1]->id, "2-roles");
    ck_assert_str_eq(journal.applied[2]->id, "4-late");
    ck_assert_str_eq(journal.applied[3]->id, "3-bare");
    ck_assert_str_eq(journal.applied[1]->version, "1.1.0");
    ck_assert_str_eq(journal.applied[1]->phase, "contract");
    ck_assert_str_eq(journal.applied[0]->directives, "breaks <1.0.0\n");
    ck_assert_str_eq(journal.applied[0]->timestamp, "1");
    ck_assert_str_eq(journal.applied[0]->slug, "users");
    ck_assert_int_eq(journal.applied[0]->seq,
                     1); /* accepted, renamed: the place in the order stays */
    ck_assert_int_eq(journal.applied[1]->seq, 2);
    ck_assert_int_eq(journal.applied[2]->seq, 9);
    ck_assert_str_eq(journal.applied[0]->applied_at, "2026-01-02T03:04:05.678Z");
    ck_assert_int_eq(journal.applied[0]->duration_ms, 7);
    ck_assert_ptr_eq(pga_journal_find(&journal, "4-late"), journal.applied[2]);
    ck_assert_ptr_null(pga_journal_find(&journal, "5-none"));
}
END_TEST

/* A run that made the changes knows what a run that reads them knows. */
START_TEST(advancing_equals_reading)
{
    struct pga_journal journal;

    verify_well(&journal);
    ck_assert_uint_eq(b.journal.applied_count, journal.applied_count);
    for (size_t i = 0; i < journal.applied_count; i++) {
        const struct pga_applied *mine = b.journal.applied[i], *read = journal.applied[i];
        struct pga_digest my_digest = pga_applied_digest(mine), digest = pga_applied_digest(read);

        ck_assert_str_eq(mine->id, read->id);
        ck_assert_str_eq(mine->version, read->version);
        ck_assert_str_eq(mine->timestamp, read->timestamp);
        ck_assert_str_eq(mine->slug, read->slug);
        ck_assert_str_eq(mine->phase, read->phase);
        ck_assert_str_eq(mine->directives, read->directives);
        ck_assert_str_eq(mine->run, read->run);
        ck_assert_int_eq(mine->seq, read->seq);
        ck_assert(pga_digest_equal(&my_digest, &digest));
        ck_assert_ptr_eq(pga_journal_find(&b.journal, mine->id), mine);
    }
    ck_assert_int_eq(b.journal.head.seq, 10);
    ck_assert(pga_digest_equal(&b.journal.head.hash, &b.history[10].hash));
    ck_assert(pga_digest_equal(&b.journal.head.state, &b.history[10].state));
}
END_TEST

/* ---- the hash ---- */

static const char **
texts_of(struct pga_history_row *row, size_t column)
{
    const char **texts[] = {&row->subject.id,    &row->subject.version,
                            &row->subject.phase, &row->subject.directives,
                            &row->run,           &row->who,
                            &row->engine,        &row->because};

    return texts[column];
}

#define TEXTS 8

/* Change one column of a row a little; false when there are no more columns. */
static bool
flip(struct pga_history_row *row, int column)
{
    if (column < TEXTS) {
        const char **text = texts_of(row, (size_t)column);

        *text = *text == NULL ? "" : pga_format(&b.mem, "%s.", *text);
    } else if (column < 2 * TEXTS) {
        const char **text = texts_of(row, (size_t)column - TEXTS);

        *text = *text == NULL ? "x" : NULL;
    } else if (column < 2 * TEXTS + PGA_SCRIPT_COUNT) {
        row->subject.digests[column - 2 * TEXTS].bytes[31] ^= 1;
        row->subject.has_part[column - 2 * TEXTS] = true;
    } else if (column < 2 * TEXTS + 2 * PGA_SCRIPT_COUNT) {
        bool *has = &row->subject.has_part[column - 2 * TEXTS - PGA_SCRIPT_COUNT];

        *has = !*has;
    } else {
        switch (column - 2 * TEXTS - 2 * PGA_SCRIPT_COUNT) {
        case 0:
            row->seq += 1;
            break;
        case 1:
            row->prev.bytes[0] ^= 0x80;
            break;
        case 2:
            row->hash.bytes[0] ^= 0x80;
            break;
        case 3:
            row->state.bytes[0] ^= 0x80;
            break;
        case 4:
            row->event = row->event == PGA_EVENT_APPLIED ? PGA_EVENT_MARKED : PGA_EVENT_APPLIED;
            break;
        default:
            return false;
        }
    }
    return true;
}

/* Every column but `at`, in every row: verifying fails and names that row. */
START_TEST(a_changed_column_is_found)
{
    size_t at = (size_t)_i;
    int column = 0;

    for (;; column++) {
        struct pga_journal journal;
        struct pga_error err = {0};
        struct pga_applied *rows = pga_build_copy(&b, &journal);

        if (!flip(&journal.rows[at], column))
            break;
        ck_assert_msg(!pga_chain_verify(&journal, rows, b.table_count, &err),
                      "row %zu, column %d: not found", at, column);
        ck_assert_int_eq(err.code, PGA_ERR_JOURNAL);
        ck_assert_int_eq(pga_error_exit_status(&err), 66);
        ck_assert_msg(strstr(err.message, pga_format(&b.mem, "row %lld of its history",
                                                     (long long)journal.rows[at].seq)) != NULL,
                      "row %zu, column %d: %s", at, column, err.message);
        ck_assert_str_ne(err.hint, "");
    }
    ck_assert_int_eq(column, 2 * TEXTS + 2 * PGA_SCRIPT_COUNT + 5);
}
END_TEST

/* NULL is not '', and no border between columns can be moved. */
START_TEST(the_hash_keeps_columns_apart)
{
    struct pga_history_row one = {.subject = {.id = "ab", .version = "c"}};
    struct pga_history_row two = {.subject = {.id = "a", .version = "bc"}};
    struct pga_history_row three = {.subject = {.id = "ab", .version = "c", .phase = ""}};
    struct pga_digest digests[3];

    digests[0] = pga_history_hash(&one);
    digests[1] = pga_history_hash(&two);
    digests[2] = pga_history_hash(&three);
    ck_assert(!pga_digest_equal(&digests[0], &digests[1]));
    ck_assert(!pga_digest_equal(&digests[0], &digests[2]));
}
END_TEST

/* Journals in the field depend on it: this must never change within format 1. */
START_TEST(the_hash_is_frozen)
{
    struct pga_history_row row = {
        .seq = 7,
        .event = PGA_EVENT_APPLIED,
        .subject = {.id = "1-users", .version = "1.0.0", .phase = "expand", .directives = ""},
        .run = "r",
        .who = "w",
        .engine = "0.1.0",
    };
    struct pga_digest hash;

    row.subject.has_part[0] = true;
    row.prev.bytes[0] = 1;
    row.state.bytes[0] = 2;
    hash = pga_history_hash(&row);
    ck_assert_str_eq(pga_digest_format(&b.mem, &hash),
                     "65b69e6be893d6b70e455f9ee327b882f02a6bd6ff2a3ef3a40e9e66415aa99b");
    hash = pga_applied_digest(&row.subject);
    ck_assert_str_eq(pga_digest_format(&b.mem, &hash),
                     "06c4262246b77dbfd60d4a0a5c0894e08cec1b460a73a8c447e870a8c95aa365");
}
END_TEST

/* What is not covered by the hash, because it says nothing that anybody acts on. */
START_TEST(the_time_is_not_hashed)
{
    struct pga_journal journal;
    struct pga_error err = {0};
    struct pga_applied *rows = pga_build_copy(&b, &journal);

    journal.rows[3].at = "1970-01-01T00:00:00Z";
    rows[0].applied_at = "1970-01-01T00:00:00Z";
    rows[0].duration_ms = -1;
    ck_assert(pga_chain_verify(&journal, rows, b.table_count, &err));
}
END_TEST

/* ---- whole rows ---- */

static struct pga_journal changed;
static struct pga_applied *changed_rows;
static size_t changed_count;
static struct pga_error changed_err;

static void
begin_change(void)
{
    memset(&changed_err, 0, sizeof(changed_err));
    changed_rows = pga_build_copy(&b, &changed);
    changed_count = b.table_count;
}

static void
must_fail(const char *message)
{
    ck_assert_msg(!pga_chain_verify(&changed, changed_rows, changed_count, &changed_err),
                  "not found: %s", message);
    ck_assert_int_eq(changed_err.code, PGA_ERR_JOURNAL);
    ck_assert_str_eq(changed_err.message, message);
    ck_assert_str_ne(changed_err.hint, "");
}

/* Take rows [at, at + count) out of the history. */
static void
cut(size_t at, size_t count)
{
    changed.row_count -= count;
    memmove(&changed.rows[at], &changed.rows[at + count],
            (changed.row_count - at) * sizeof(*changed.rows));
}

/* Make hashes and links right again, as the owner of the tables could. */
static void
forge(size_t from)
{
    for (size_t i = from; i < changed.row_count; i++) {
        if (i > 0)
            changed.rows[i].prev = changed.rows[i - 1].hash;
        changed.rows[i].hash = pga_history_hash(&changed.rows[i]);
    }
}

#define TAMPERED "the journal was tampered with: "

START_TEST(a_missing_row_is_found)
{
    begin_change();
    cut(0, 1);
    must_fail(TAMPERED "row 1 of its history is out of place");
    begin_change();
    cut(4, 1);
    must_fail(TAMPERED "row 5 of its history is out of place");
    begin_change();
    cut(4, 2);
    changed.rows[4].seq = 4;
    must_fail(TAMPERED "row 4 of its history does not name the hash of the row before it");
    begin_change();
    changed.row_count--;
    must_fail(TAMPERED "the row of \"3-bare\" is not what its history says");
    begin_change();
    cut(1, 10);
    must_fail(TAMPERED "the row of \"1-users\" is not what its history says");
}
END_TEST

START_TEST(a_second_beginning_is_found)
{
    begin_change();
    changed.rows[0].prev.bytes[0] = 1;
    forge(0);
    changed.rows[0].prev.bytes[0] = 1;
    must_fail(TAMPERED "row 0 of its history is out of place");
    begin_change();
    changed.rows[0].event = PGA_EVENT_UPGRADED;
    forge(0);
    must_fail(TAMPERED "row 0 of its history is out of place");
    begin_change();
    changed.rows[4].event = PGA_EVENT_CREATED;
    forge(4);
    must_fail(TAMPERED "row 4 of its history is out of place");
}
END_TEST

/* Rows whose hashes are right and which still can't have been written. */
START_TEST(impossible_rows_are_found)
{
    begin_change();
    changed.rows[3].subject.id = NULL;
    forge(3);
    must_fail(TAMPERED "row 3 of its history names no alteration");
    begin_change();
    changed.rows[2].subject.id = "1-users"; /* applied twice */
    forge(2);
    must_fail(TAMPERED "row 2 of its history does not follow from the rows before it");
    begin_change();
    changed.rows[5].subject.id = "9-never"; /* reverted, never applied */
    forge(5);
    must_fail(TAMPERED "row 5 of its history does not follow from the rows before it");
    begin_change();
    changed.rows[6].subject.id = "9-never"; /* renamed, never applied */
    forge(6);
    must_fail(TAMPERED "row 6 of its history does not follow from the rows before it");
    begin_change();
    changed.rows[7].subject.digests[0].bytes[0] ^= 1; /* another state than its row says */
    forge(7);
    must_fail(TAMPERED "row 7 of its history has a state that its rows don't give");
    begin_change();
    changed.rows[10].state.bytes[5] ^= 1;
    forge(10);
    must_fail(TAMPERED "row 10 of its history has a state that its rows don't give");
}
END_TEST

START_TEST(an_upgrade_changes_no_state)
{
    struct pga_change change = {.event = PGA_EVENT_UPGRADED};
    struct pga_journal journal;

    pga_build_change(&b, &change);
    b.history[b.history_count - 1].subject.version = "1.1";
    b.history[b.history_count - 1].hash = pga_history_hash(&b.history[b.history_count - 1]);
    verify_well(&journal);
    ck_assert(pga_digest_equal(&b.history[11].state, &b.history[10].state));
}
END_TEST

/* ---- the table of what is applied ---- */

/* Change one column of a row; false when there are no more. */
static bool
change(struct pga_applied *row, int column)
{
    const char **const texts[] = {&row->version, &row->slug, &row->phase, &row->directives,
                                  &row->run};

    if (column < 5) {
        *texts[column] = "x";
    } else if (column < 5 + PGA_SCRIPT_COUNT) {
        row->digests[column - 5].bytes[0] ^= 1;
    } else if (column < 5 + 2 * PGA_SCRIPT_COUNT) {
        row->has_part[column - 5 - PGA_SCRIPT_COUNT] = false;
    } else if (column == 5 + 2 * PGA_SCRIPT_COUNT) {
        row->timestamp = "0";
    } else if (column == 6 + 2 * PGA_SCRIPT_COUNT) {
        row->timestamp = "12"; /* which begins like the right one */
    } else if (column == 7 + 2 * PGA_SCRIPT_COUNT) {
        row->seq = 3;
    } else {
        return false;
    }
    return true;
}

START_TEST(a_row_that_disagrees_is_found)
{
    int column = 0;

    for (begin_change(); change(&changed_rows[0], column); begin_change(), column++)
        must_fail(TAMPERED "the row of \"1-users\" is not what its history says");
    ck_assert_int_eq(column, 8 + 2 * PGA_SCRIPT_COUNT);
}
END_TEST

/* The id is the same, and another alteration is older. */
START_TEST(an_id_is_cut_at_its_first_hyphen)
{
    pga_build_file(&b, "1.0.0-5-more-users.up.sql", "SELECT 5;");
    pga_build_apply(&b, "5-more-users");
    begin_change();
    changed_rows[4].timestamp = "5-more";
    changed_rows[4].slug = "users";
    must_fail(TAMPERED "the row of \"5-more-users\" is not what its history says");
}
END_TEST

START_TEST(rows_too_many_or_too_few_are_found)
{
    begin_change();
    changed_rows[1].id = "8-foreign";
    must_fail(TAMPERED "the row of \"8-foreign\" is not what its history says");
    begin_change();
    changed_count--;
    must_fail(TAMPERED "its history leaves 4 alterations applied, its table has 3");
    /* Without its primary key the table could hold one alteration twice in another's place. */
    begin_change();
    changed_rows[1] = changed_rows[0];
    must_fail(TAMPERED "the row of \"1-users\" is not what its history says");
}
END_TEST

/* ---- the state ---- */

START_TEST(the_state_does_not_depend_on_the_order)
{
    struct pga_digest state = b.journal.head.state, sum = {{0}}, zero = {{0}};
    const char *const order[] = {"3-bare", "1-users", "4-late", "2-roles"};

    for (size_t i = 0; i < 4; i++) {
        struct pga_digest entry = pga_applied_digest(pga_journal_find(&b.journal, order[i]));

        pga_digest_add(&sum, &entry);
    }
    ck_assert(pga_digest_equal(&state, &sum));
    for (size_t i = 0; i < 4; i++)
        pga_build_revert(&b, order[3 - i]);
    ck_assert(pga_digest_equal(&b.journal.head.state, &zero));
    ck_assert_uint_eq(b.journal.applied_count, 0);
    for (size_t i = 0; i < 4; i++)
        record(PGA_EVENT_MARKED, order[i], i == 3 ? "1.1.0" : NULL, NULL);
    ck_assert(pga_digest_equal(&b.journal.head.state, &state));
}
END_TEST

START_TEST(the_state_knows_ids_versions_and_texts)
{
    struct pga_applied one = *pga_journal_find(&b.journal, "1-users"), other = one;
    struct pga_digest digest = pga_applied_digest(&one), changed_digest;

    other.version = "1.0.1";
    changed_digest = pga_applied_digest(&other);
    ck_assert(!pga_digest_equal(&digest, &changed_digest));
    for (size_t i = 0; i < PGA_SCRIPT_COUNT; i++) {
        other = one;
        other.has_part[i] = false;
        changed_digest = pga_applied_digest(&other);
        ck_assert(!pga_digest_equal(&digest, &changed_digest));
    }
    other = one;
    other.seq = 99;
    other.run = "another";
    changed_digest = pga_applied_digest(&other);
    ck_assert(pga_digest_equal(&digest, &changed_digest));
}
END_TEST

/* ---- the names of events ---- */

START_TEST(events_have_names)
{
    enum pga_event event;

    for (int i = 0; i < PGA_EVENT_COUNT; i++) {
        ck_assert(pga_event_parse(pga_event_name((enum pga_event)i), &event));
        ck_assert_int_eq(event, i);
    }
    ck_assert(!pga_event_parse("Applied", &event));
    ck_assert(!pga_event_parse("", &event));
    ck_assert(!pga_event_parse(NULL, &event));
    ck_assert_str_eq(pga_script_column(0), "up");
    ck_assert_str_eq(pga_script_column(3), "before_down");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("chain");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, what_was_written_verifies);
    tcase_add_test(tcase, advancing_equals_reading);
    tcase_add_loop_test(tcase, a_changed_column_is_found, 0, 11);
    tcase_add_test(tcase, the_hash_keeps_columns_apart);
    tcase_add_test(tcase, the_hash_is_frozen);
    tcase_add_test(tcase, the_time_is_not_hashed);
    tcase_add_test(tcase, a_missing_row_is_found);
    tcase_add_test(tcase, a_second_beginning_is_found);
    tcase_add_test(tcase, impossible_rows_are_found);
    tcase_add_test(tcase, an_upgrade_changes_no_state);
    tcase_add_test(tcase, a_row_that_disagrees_is_found);
    tcase_add_test(tcase, an_id_is_cut_at_its_first_hyphen);
    tcase_add_test(tcase, rows_too_many_or_too_few_are_found);
    tcase_add_test(tcase, the_state_does_not_depend_on_the_order);
    tcase_add_test(tcase, the_state_knows_ids_versions_and_texts);
    tcase_add_test(tcase, events_have_names);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
