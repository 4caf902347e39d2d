/*
 * tests/fuzz/fuzz_secret.c: scripts with a password in them, and what a server could say about them.
 *
 * The first byte chooses a statement, the second where in the script something is wrong.  Up to a zero byte follows what
 * stands around the statement, each 0xFE of it being the statement; then what the server says, each 0xFF of it being what
 * holds the password.  However that comes, the password is neither in the line that is shown nor in what is left of the server's words.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "alterations/secret.h"
#include "base/compiler.h"
#include "tests/fuzz/fuzz.h"

#define PASSWORD "Q9xZw7"

static const struct {
    const char *text, *secret;
} statements[] = {
    {"CREATE ROLE r PASSWORD '" PASSWORD "';", PASSWORD},
    {"ALTER USER r WITH ENCRYPTED PASSWORD $$" PASSWORD "$$ VALID UNTIL '2030-01-01';", PASSWORD},
    {"ALTER ROLE r PASSWORD " PASSWORD ";", PASSWORD},
    {"ALTER ROLE r PASSWORD \"" PASSWORD "\";", PASSWORD},
    {"CREATE SUBSCRIPTION s CONNECTION 'host=h password=" PASSWORD "' PUBLICATION p;",
     "host=h password=" PASSWORD},
    {"CREATE USER MAPPING FOR r SERVER s OPTIONS (user 'u', password '" PASSWORD "');", PASSWORD},
    {"DO $x$ BEGIN EXECUTE 'ALTER ROLE r PASSWORD ''" PASSWORD "'''; END $x$;",
     "ALTER ROLE r PASSWORD '" PASSWORD "'"},
    {"SELECT dblink_connect('postgresql://u:" PASSWORD "@h/d');",
     "postgresql://u:" PASSWORD "@h/d"},
    {"INSERT INTO users (name, password) VALUES ('u', E'" PASSWORD "');", PASSWORD},
};

/* The bytes, with the word in place of each `mark`. */
static const char *
write_text(struct pga_arena *mem, struct pga_str bytes, unsigned char mark, const char *word)
{
    struct pga_buf out = pga_buf_on(mem);

    for (size_t i = 0; i < bytes.len && bytes.data[i] != '\0'; i++) {
        if ((unsigned char)bytes.data[i] == mark)
            pga_buf_append_c(&out, word);
        else
            pga_buf_append_char(&out, bytes.data[i]);
    }
    return out.data;
}

/*
 * Once it is whole.  Behind a quote that isn't closed only a word such as PASSWORD right before it tells a password: not so in
 * an INSERT.
 */
static const char *
write_script(struct pga_arena *mem, struct pga_str around, const char *statement)
{
    struct pga_buf out = pga_buf_on(mem);

    pga_buf_append_c(&out, statement);
    pga_buf_append_c(&out, write_text(mem, around, 0xFE, statement[0] == 'I' ? " " : statement));
    return out.data;
}

/* Somebody who knows the password may say anything of it. */
static bool
holds_password(struct pga_str bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        if (pga_str_starts(pga_str_slice(bytes, i, bytes.len), PASSWORD))
            return true;
    return false;
}

static void
check_said(struct pga_arena *mem, const struct pga_secrets *secrets, const char *said)
{
    static const char *const about[] = {"", "''$$", "''$$()", "''\"\"$$()"};

    for (size_t i = 0; i < PGA_COUNT_OF(about); i++) {
        const char *clean = pga_secrets_scrub(mem, secrets, about[i], said);

        PGA_FUZZ_CHECK(strstr(clean, PASSWORD) == NULL);
        PGA_FUZZ_CHECK(strlen(clean) <= 4 * strlen(said));
    }
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_str bytes = {(const char *)data, size}, around, said;
    const char *statement, *secret, *script, *zero;
    struct pga_secrets secrets;
    struct pga_error err = {0};
    size_t offset;

    if (size < 3)
        return 0;
    if (holds_password(bytes))
        return 0;
    statement = statements[data[0] % PGA_COUNT_OF(statements)].text;
    secret = statements[data[0] % PGA_COUNT_OF(statements)].secret;
    around = pga_str_slice(bytes, 2, size);
    zero = memchr(around.data, '\0', around.len);
    around.len = zero == NULL ? around.len : (size_t)(zero - around.data);
    said = pga_str_slice(bytes, 2 + around.len + 1, size);
    script = write_script(&mem, around, statement);
    offset = data[1] * strlen(script) / 255;
    pga_secrets_find(&mem, pga_str_of(script), &secrets);
    PGA_FUZZ_CHECK(secrets.count > 0);
    check_said(&mem, &secrets, write_text(&mem, said, 0xFF, secret));
    (void)pga_fail(&err, PGA_ERR_SQL, "no");
    (void)pga_secret_place(&err, "f.sql", 1, pga_str_of(script), offset);
    PGA_FUZZ_CHECK(strstr(err.place.text, PASSWORD) == NULL);
    return 0;
}
