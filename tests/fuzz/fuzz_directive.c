/*
 * tests/fuzz/fuzz_directive.c: directives.  The first byte chooses the part, the rest is the script.
 *
 * The canonical form says what the file said; an error has its place.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "alterations/directive.h"
#include "tests/fuzz/fuzz.h"

/* The canonical form as the head of a script: "-- pgalter:" before each line. */
static struct pga_str
as_script(struct pga_arena *mem, const char *canonical)
{
    struct pga_buf text = pga_buf_on(mem);

    while (*canonical != '\0') {
        size_t len = strcspn(canonical, "\n");

        pga_buf_append_c(&text, "-- pgalter:");
        pga_buf_append(&text, (struct pga_str){canonical, len + 1});
        canonical += len + 1;
    }
    return pga_buf_str(&text);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    enum pga_part part = size == 0 ? PGA_PART_UP : (enum pga_part)(data[0] % PGA_PART_COUNT);
    struct pga_str text = pga_str_slice((struct pga_str){(const char *)data, size}, 1, size);
    struct pga_directives read, again;
    struct pga_error err = {0};

    (void)pga_directive_is_allow(text);
    if (!pga_directives_parse(&mem, "x.sql", part, text, &read, &err)) {
        PGA_FUZZ_CHECK(err.code == PGA_ERR_USAGE);
        PGA_FUZZ_CHECK(err.message[0] != '\0' && err.place.line > 0 && err.place.column > 0);
        PGA_FUZZ_CHECK(pga_same(err.place.file, "x.sql"));
        return 0;
    }
    PGA_FUZZ_CHECK(err.code == PGA_OK);
    PGA_FUZZ_CHECK(
        pga_directives_parse(&mem, "y.sql", part, as_script(&mem, read.canonical), &again, &err));
    PGA_FUZZ_CHECK(pga_same(again.canonical, read.canonical));
    PGA_FUZZ_CHECK(again.no_transaction == read.no_transaction);
    PGA_FUZZ_CHECK(again.lock_timeout_ms == read.lock_timeout_ms);
    PGA_FUZZ_CHECK(again.phase == read.phase && again.need_count == read.need_count);
    return 0;
}
