/*
 * tests/fuzz/fuzz_refusal.c: what a server, a pooler or libpq could say about a connection that it refuses.
 *
 * Each 0xFF becomes the password, as a message could quote it.  Whatever is said, there is a message and a hint, and none
 * of them holds the password.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <stdlib.h>
#include <string.h>

#include "drivers/pq/pq_private.h"
#include "tests/fuzz/fuzz.h"

#define PASSWORD "Q9xZ'w @"

static const char *const strings[] = {
    "",
    "postgresql://u:Q9xZ%27w%20%40@h:5433/d?options=-ca%3Db",
    "host=a,b,c port=1,2,3 user='o\"x' password='Q9xZ\\'w @' dbname='my shop' sslmode=require",
    "host=/run/x password='Q9xZ\\'w @' service=none target_session_attrs=standby",
};

static const char *
write_text(struct pga_arena *mem, struct pga_str bytes)
{
    struct pga_buf out = pga_buf_on(mem);

    for (size_t i = 0; i < bytes.len && bytes.data[i] != '\0'; i++) {
        if ((unsigned char)bytes.data[i] == 0xFF)
            pga_buf_append_c(&out, PASSWORD);
        else
            pga_buf_append_char(&out, bytes.data[i]);
    }
    return out.data;
}

static bool
has_password(const char *text)
{
    return strstr(text, PASSWORD) != NULL;
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    unsigned choice = size == 0 ? 0 : data[0];
    struct pga_str rest = pga_str_slice((struct pga_str){(const char *)data, size}, 1, size);
    const char *text = write_text(&mem, rest);
    struct pga_pq pq = {.settings = {.conninfo = strings[choice % PGA_COUNT_OF(strings)],
                                     .role = (choice & 0x10) != 0 ? "owner" : NULL}};
    struct pga_error err = {0}, ignored = {0};

    (void)setenv("PGSYSCONFDIR", "/nonexistent", 1);
    (void)setenv("HOME", "/nonexistent", 1);
    (void)setenv("PGPASSWORD", PASSWORD, 1);
    (void)!pga_pq_read_conninfo(&pq, &ignored);
    PGA_FUZZ_CHECK(!pga_pq_fail_connect(&pq, text, (choice & 0x20) != 0, &err));
    PGA_FUZZ_CHECK(err.code != PGA_OK);
    PGA_FUZZ_CHECK(err.message[0] != '\0' && err.hint[0] != '\0');
    PGA_FUZZ_CHECK(!has_password(err.message) && !has_password(err.detail) &&
                   !has_password(err.hint));
    PGA_FUZZ_CHECK((choice & 0x20) == 0 || err.code == PGA_ERR_DENIED);
    pga_arena_release(&pq.mem);
    return 0;
}
