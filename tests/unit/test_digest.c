/*
 * tests/unit/test_digest.c: base/digest.h.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/digest.h"

#include <stdlib.h>
#include <string.h>

#include <check.h>

static struct pga_digest
digest(const char *hex)
{
    struct pga_digest d;

    ck_assert(pga_digest_parse(pga_str_of(hex), &d));
    return d;
}

/* The vectors of FIPS 180-2 and of the empty text. */
static const struct {
    const char *text, *hex;
} vectors[] = {
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

START_TEST(known_vectors)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_digest d = pga_digest_of(pga_str_of(NULL));

    ck_assert_str_eq(pga_digest_format(&mem, &d), vectors[0].hex);
    for (size_t i = 0; i < PGA_COUNT_OF(vectors); i++) {
        d = pga_digest_of(pga_str_of(vectors[i].text));
        ck_assert_str_eq(pga_digest_format(&mem, &d), vectors[i].hex);
    }
}
END_TEST

START_TEST(a_million_letters_in_pieces)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_digester digester;
    struct pga_digest d;
    char piece[997];
    size_t left = 1000000;

    memset(piece, 'a', sizeof(piece));
    pga_digester_init(&digester);
    while (left > 0) {
        size_t n = left < sizeof(piece) ? left : sizeof(piece);

        pga_digester_update(&digester, piece, n);
        pga_digester_update(&digester, NULL, 0);
        left -= n;
    }
    d = pga_digester_final(&digester);
    ck_assert_str_eq(pga_digest_format(&mem, &d),
                     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

/* What the fields of one record hash to must never change: journals depend on it. */
START_TEST(fields_have_one_byte_sequence)
{
    struct pga_digester digester;
    struct pga_digest by_fields, by_bytes;

    pga_digester_init(&digester);
    pga_digester_field(&digester, "abc", 3);
    pga_digester_field(&digester, NULL, 0);
    pga_digester_field(&digester, "", 0);
    by_fields = pga_digester_final(&digester);
    by_bytes = pga_digest_of(PGA_STR("\1\0\0\0\0\0\0\0\3abc"
                                     "\0"
                                     "\1\0\0\0\0\0\0\0\0"));
    ck_assert(pga_digest_equal(&by_fields, &by_bytes));
}
END_TEST

static struct pga_digest
digest_of_fields(const char *a, const char *b)
{
    struct pga_digester digester;

    pga_digester_init(&digester);
    pga_digester_field(&digester, a, a == NULL ? 0 : strlen(a));
    pga_digester_field(&digester, b, b == NULL ? 0 : strlen(b));
    return pga_digester_final(&digester);
}

START_TEST(fields_do_not_run_together)
{
    static const char *const pairs[][2] = {
        {"ab", "c"}, {"a", "bc"}, {"abc", ""}, {"", "abc"}, {"abc", NULL}, {NULL, "abc"},
    };

    for (size_t i = 0; i < PGA_COUNT_OF(pairs); i++)
        for (size_t j = 0; j < i; j++) {
            struct pga_digest a = digest_of_fields(pairs[i][0], pairs[i][1]);
            struct pga_digest b = digest_of_fields(pairs[j][0], pairs[j][1]);

            ck_assert(!pga_digest_equal(&a, &b));
        }
}
END_TEST

START_TEST(adding_carries)
{
    struct pga_digest a = digest("00000000000000000000000000000000"
                                 "000000000000000000000000000000ff");
    struct pga_digest one = digest("00000000000000000000000000000000"
                                   "00000000000000000000000000000001");
    struct pga_digest ones = digest("ffffffffffffffffffffffffffffffff"
                                    "ffffffffffffffffffffffffffffffff");
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    pga_digest_add(&a, &one);
    ck_assert_str_eq(pga_digest_format(&mem, &a) + 60, "0100");
    pga_digest_subtract(&a, &one);
    ck_assert_str_eq(pga_digest_format(&mem, &a) + 60, "00ff");
    pga_digest_add(&ones, &one);
    ck_assert(pga_digest_is_zero(&ones));
    pga_digest_subtract(&ones, &one);
    ck_assert_str_eq(pga_digest_format(&mem, &ones),
                     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
}
END_TEST

/* The digest of a set: the order of coming and going leaves no trace. */
START_TEST(adding_and_subtracting_go_round)
{
    struct pga_digest sum = {{0}}, before, first;
    struct pga_digest members[100];

    for (size_t i = 0; i < PGA_COUNT_OF(members); i++) {
        members[i] = pga_digest_of((struct pga_str){(const char *)&i, sizeof(i)});
        before = sum;
        pga_digest_add(&sum, &members[i]);
        first = sum;
        pga_digest_subtract(&sum, &members[i]);
        ck_assert(pga_digest_equal(&sum, &before));
        sum = first;
        ck_assert(!pga_digest_is_zero(&sum));
    }
    for (size_t i = 0; i < PGA_COUNT_OF(members); i++) /* another order than they came in */
        pga_digest_subtract(&sum, &members[(i * 37) % PGA_COUNT_OF(members)]);
    ck_assert(pga_digest_is_zero(&sum));
    first = members[0];
    pga_digest_subtract(&first, &first); /* with itself */
    ck_assert(pga_digest_is_zero(&first));
}
END_TEST

START_TEST(hexadecimal)
{
    static const char *const wrong[] = {
        "",
        "00",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8555",
        "g3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b85 ",
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_digest a =
        digest("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855");
    struct pga_digest untouched = a;

    ck_assert_str_eq(pga_digest_format(&mem, &a), vectors[0].hex);
    for (size_t i = 0; i < PGA_COUNT_OF(wrong); i++)
        ck_assert(!pga_digest_parse(pga_str_of(wrong[i]), &untouched));
    ck_assert(pga_digest_equal(&a, &untouched));
}
END_TEST

START_TEST(uuids_are_random_and_version_4)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const char *before = "";

    for (int i = 0; i < 200; i++) {
        const char *uuid = pga_uuid_new(&mem);

        ck_assert_uint_eq(strlen(uuid), 36);
        for (size_t at = 0; at < 36; at++) {
            bool is_dash = at == 8 || at == 13 || at == 18 || at == 23;

            ck_assert_msg(strchr(is_dash ? "-" : "0123456789abcdef", uuid[at]) != NULL, "%s", uuid);
        }
        ck_assert_int_eq(uuid[14], '4');
        ck_assert_ptr_nonnull(strchr("89ab", uuid[19]));
        ck_assert_str_ne(uuid, before);
        before = uuid;
    }
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("digest");
    TCase *tcase = tcase_create("core");
    SRunner *runner;
    int failed;

    tcase_add_test(tcase, known_vectors);
    tcase_add_test(tcase, a_million_letters_in_pieces);
    tcase_add_test(tcase, fields_have_one_byte_sequence);
    tcase_add_test(tcase, fields_do_not_run_together);
    tcase_add_test(tcase, adding_carries);
    tcase_add_test(tcase, adding_and_subtracting_go_round);
    tcase_add_test(tcase, hexadecimal);
    tcase_add_test(tcase, uuids_are_random_and_version_4);
    suite_add_tcase(suite, tcase);
    runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
