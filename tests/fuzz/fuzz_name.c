/*
 * tests/fuzz/fuzz_name.c: file names, ids and versions.
 *
 * A name that parses can be written and read again; a suggested name parses; order is an order.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "alterations/name.h"
#include "tests/fuzz/fuzz.h"

static void
check_right(struct pga_arena *mem, const struct pga_name *name)
{
    struct pga_name again;
    struct pga_error err = {0};
    const char *timestamp, *slug;
    char *text = pga_name_format(mem, &name->version, name->timestamp, name->slug, name->part);

    PGA_FUZZ_CHECK(pga_name_parse(mem, text, &again, &err));
    PGA_FUZZ_CHECK(pga_same(again.version.text, name->version.text));
    PGA_FUZZ_CHECK(pga_same(again.id, name->id));
    PGA_FUZZ_CHECK(again.part == name->part);
    PGA_FUZZ_CHECK(pga_id_parse(mem, pga_str_of(name->id), &timestamp, &slug));
    PGA_FUZZ_CHECK(pga_same(timestamp, name->timestamp) && pga_same(slug, name->slug));
    PGA_FUZZ_CHECK(pga_timestamp_compare(name->id, timestamp) == 0);
}

static void
check_refused(struct pga_arena *mem, const struct pga_error *err)
{
    const char *start = strstr(err->hint, "Rename it to \"");
    struct pga_str message = pga_str_of(err->message), suggested;
    struct pga_name name;
    struct pga_error none = {0};

    PGA_FUZZ_CHECK(err->code == PGA_ERR_USAGE);
    PGA_FUZZ_CHECK(message.len > 0 && err->hint[0] != '\0');
    PGA_FUZZ_CHECK(pga_utf8_valid_prefix(message) == message.len);
    if (start == NULL)
        return;
    suggested = pga_str_of(start + strlen("Rename it to \""));
    if (suggested.len <= 2 || !pga_str_ends(suggested, "\".")) /* cut: the hint has its end */
        return;
    suggested.len -= 2;
    if (suggested.len <= PGA_NAME_MAX)
        PGA_FUZZ_CHECK(pga_name_parse(mem, pga_str_dup(mem, suggested), &name, &none));
}

static int
sign(int order)
{
    return (order > 0) - (order < 0);
}

/* Two versions or timestamps, divided by a line end. */
static void
check_order(struct pga_arena *mem, struct pga_str text)
{
    const char *end = text.len == 0 ? NULL : memchr(text.data, '\n', text.len);
    size_t len = end == NULL ? text.len : (size_t)(end - text.data);
    struct pga_str left = pga_str_slice(text, 0, len),
                   right = pga_str_slice(text, len + 1, text.len);
    const char *a = pga_str_dup(mem, left), *b = pga_str_dup(mem, right);
    struct pga_version v, w, again;

    PGA_FUZZ_CHECK(sign(pga_timestamp_compare(a, b)) == -sign(pga_timestamp_compare(b, a)));
    PGA_FUZZ_CHECK(pga_timestamp_compare(a, a) == 0);
    (void)pga_version_constraint_check(left);
    if (!pga_version_parse(mem, left, &v) || !pga_version_parse(mem, right, &w))
        return;
    PGA_FUZZ_CHECK(sign(pga_version_compare(&v, &w)) == -sign(pga_version_compare(&w, &v)));
    PGA_FUZZ_CHECK(pga_version_compare(&v, &v) == 0);
    PGA_FUZZ_CHECK(
        pga_version_parse_name(mem, pga_str_of(pga_version_format_name(mem, &v)), &again));
    PGA_FUZZ_CHECK(pga_same(again.text, v.text));
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_str text = {(const char *)data, size};
    struct pga_name name;
    struct pga_error err = {0};

    if (pga_name_parse(&mem, pga_str_dup(&mem, text), &name, &err)) {
        PGA_FUZZ_CHECK(err.code == PGA_OK);
        check_right(&mem, &name);
    } else if (err.code != PGA_OK) {
        check_refused(&mem, &err);
    }
    check_order(&mem, text);
    (void)pga_slug_check(pga_str_dup(&mem, text));
    return 0;
}
