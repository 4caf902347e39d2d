/*
 * tests/contract/pq_secrets.c: no password is ever printed.  Needs no server.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "tests/contract/pq_world.h"

START_TEST(masks)
{
    static const struct {
        const char *text, *masked;
    } rows[] = {
        {"", ""},
        {"postgresql://u:secret@h:5432/db", "postgresql://u:****@h:5432/db"},
        {"postgres://u:secret@h/db?sslmode=require", "postgres://u:****@h/db?sslmode=require"},
        {"postgresql://u@h/db", "postgresql://u@h/db"},
        {"postgresql://u:@h/db", "postgresql://u:****@h/db"},
        {"postgresql://:secret@h/db", "postgresql://:****@h/db"},
        {"postgresql://h/db", "postgresql://h/db"},
        {"postgresql:///db?host=/run&user=u", "postgresql:///db?host=/run&user=u"},
        {"postgresql://u:se%40cr%2Fet@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:se:cret@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:se?cret@h/db", "postgresql://u:****@h/db"},
        {"postgresql://u:secret@h1:1,h2:2,h3/db", "postgresql://u:****@h1:1,h2:2,h3/db"},
        {"postgresql://u@h/db?password=secret&port=1", "postgresql://u@h/db?password=****&port=1"},
        {"postgresql://u@h/db?port=1&p%61ssword=secret",
         "postgresql://u@h/db?port=1&p%61ssword=****"},
        {"postgresql://u@h/db?sslpassword=secret", "postgresql://u@h/db?sslpassword=****"},
        {"postgresql://u:a@h/db?password=b", "postgresql://u:****@h/db?password=****"},
        {"postgresql://[::1]:5432/db?user=u", "postgresql://[::1]:5432/db?user=u"},
        {"host=h password=secret", "password=**** host=h"},
        {"password = 'se cr\\'et' host=h", "password=**** host=h"},
        {"host=h password=''", "password=**** host=h"},
        {"host='a b' dbname='c\\'d\\\\'", "dbname='c\\'d\\\\' host='a b'"},
        {"host=h", "host=h"},
        /* malformed, or a password with characters that it must not have */
        {"secret", "****"},
        {"host=h password=se cret", "****"},
        {"host=h password='secret", "****"},
        {"host=h pwd=secret", "****"},
        {"postgresql://u:secr%et@h/db", "****"},
        {"postgresql://u:se/cret@h/db", "****"},
        {"postgresql://u:1234/cret@h/db", "****"},
        {"postgresql://u:se@cret@h/db", "****"},
        {"postgresql://u:12/se?host=cret@h/db", "****"},
        {"postgresql://u:p@ss?user=cret@h/db", "****"},
        {"postgresql://u:secret@h/db?pwd=x", "****"},
        {"postgresql://u:secret@[::1/db", "****"},
        {"host=ss@h user=u", "****"},
        {"postgres://[::1,h:2/d?port=1&sslpassword&x]:5/e", "****"},
        /* a password inside another value */
        {"host=h dbname=postgres://u:secret@h2/db", "dbname=**** host=h"},
        {"host=h options='-c my.password=secret'", "host=h options=****"},
        {"postgres://h/d?dbname=postgres%3A%2F%2Fu%3Asecret%40h", "****"},
    };
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};

    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++)
        ck_assert_str_eq(pga_pq_mask(&mem, rows[i].text), rows[i].masked);
    ck_assert_str_eq(pga_pq_mask(&mem, NULL), "");
}
END_TEST

static uint32_t
next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/*
 * A random password of printable ASCII, and the same as it must stand in a URI and in key=value
 * pairs.
 */
static void
make_password(uint32_t *state, char *raw, struct pga_buf *uri, struct pga_buf *pair)
{
    size_t len = 6 + next_random(state) % 10;

    for (size_t i = 0; i < len; i++) {
        raw[i] = (char)(' ' + next_random(state) % 95);
        pga_buf_appendf(
            uri,
            next_random(state) % 2 == 0 || strchr("%@/:?&#=[] ", raw[i]) != NULL ? "%%%02X" : "%c",
            (unsigned)raw[i]);
        pga_buf_appendf(pair, raw[i] == '\'' || raw[i] == '\\' ? "\\%c" : "%c", raw[i]);
    }
    raw[len] = '\0';
}

START_TEST(no_password_survives_masking)
{
    uint32_t state = 20240517;

    for (int i = 0; i < 20000; i++) {
        PGA_AUTO(pga_arena_release)
        struct pga_arena mem = {0};
        struct pga_buf uri = pga_buf_on(&mem), pair = pga_buf_on(&mem);
        char raw[32];
        const char *masked;

        make_password(&state, raw, &uri, &pair);
        /* well written: the result doesn't depend on the password at all */
        masked = pga_pq_mask(
            &mem, pga_format(&mem, "postgresql://ab:%s@h:1,i:2/z?password=%s", uri.data, uri.data));
        ck_assert_str_eq(masked, "postgresql://ab:****@h:1,i:2/z?password=****");
        masked = pga_pq_mask(&mem, pga_format(&mem, "host=h password='%s' user=u", pair.data));
        ck_assert_str_eq(masked, "user=u password=**** host=h");
        /* badly written: it isn't in the result, nor is half of it */
        masked = pga_pq_mask(&mem, pga_format(&mem, "postgresql://0:%s@1/2", raw));
        ck_assert_msg(strstr(masked, raw) == NULL, "%s in %s", raw, masked);
        ck_assert_msg(strstr(masked, raw + strlen(raw) / 2) == NULL, "%s in %s", raw, masked);
    }
}
END_TEST

START_TEST(no_error_holds_a_password)
{
    static const char *const rows[] = {
        "postgresql://u:Xsecret@/nowhere/db",
        "postgresql://u:Xsecret@127.0.0.1:1/db",
        "postgresql://u:se/Xsecret@127.0.0.1:1/db",
        "postgresql://u:12/Xsecret@127.0.0.1:1/db",
        "postgresql://u:se?Xsecret@h/db?x",
        "postgresql://u:%Xsecret@127.0.0.1:1/db",
        "postgresql://u:@Xsecret@127.0.0.1:1/db",
        "postgresql://u:p@127.0.0.1:1/db?Xsecret",
        "postgresql://u:p@127.0.0.1:1/db?password=Xsecret=",
        "postgresql://u:p@x?Xsecret=1@127.0.0.1:1/db",
        "postgresql://127.0.0.1:Xsecret@h/db",
        "host=127.0.0.1 port=1 password=Xsecret",
        "host=127.0.0.1 port=1 password=Xsecret oops",
        "host=127.0.0.1 port=1 password=a Xsecret=1",
        "host=127.0.0.1 port=1 password='Xsecret",
        "host=127.0.0.1 port=1 password=a Xsecret",
        "Xsecret",
    };
    struct pga_error err = pga_test_refusal_of(rows[_i]);

    ck_assert_uint_eq(PGA_COUNT_OF(rows), 17);
    ck_assert_msg(err.code == PGA_ERR_USAGE || err.code == PGA_ERR_NO_SERVER, "%s", err.message);
    ck_assert_msg(strstr(err.message, "Xsecret") == NULL, "%s", err.message);
    ck_assert_msg(strstr(err.detail, "Xsecret") == NULL, "%s", err.detail);
    ck_assert_msg(strstr(err.hint, "Xsecret") == NULL, "%s", err.hint);
}
END_TEST

START_TEST(libpqs_text_is_scrubbed)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_pq pq = {0};

    pga_pq_add(&pq.effective, &mem, "user", "postgres");
    pga_pq_add(&pq.effective, &mem, "password", "hunter22");
    pga_pq_add(&pq.effective, &mem, "sslpassword", "postgres");
    pga_pq_add(&pq.given, &mem, "sslpassword", "opensesame");
    ck_assert_str_eq(pga_pq_scrub(&pq, &mem, "a hunter22b, opensesame for user \"postgres\"\n"),
                     "a ****b, **** for user \"postgres\"");
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("secrets");
    TCase *tcase = tcase_create("core");

    tcase_add_test(tcase, masks);
    tcase_add_test(tcase, no_password_survives_masking);
    tcase_add_loop_test(tcase, no_error_holds_a_password, 0, 17);
    tcase_add_test(tcase, libpqs_text_is_scrubbed);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return pga_test_run_suite(suite);
}
