/*
 * tests/fuzz/fuzz_version.c: versions and constraints, one a line: three versions, then a constraint.
 *
 * The order is total and transitive, what is written can be read again, and a constraint holds exactly when each of
 * its comparisons does.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <string.h>

#include "alterations/version.h"
#include "tests/fuzz/fuzz.h"

/* Take a line off the text. */
static struct pga_str
next_line(struct pga_str *text)
{
    const char *end = text->len == 0 ? NULL : memchr(text->data, '\n', text->len);
    size_t len = end == NULL ? text->len : (size_t)(end - text->data);
    struct pga_str line = pga_str_slice(*text, 0, len);

    *text = pga_str_slice(*text, len + 1, text->len);
    return line;
}

static int
sign(int order)
{
    return (order > 0) - (order < 0);
}

static int
compare(const struct pga_version *a, const struct pga_version *b)
{
    int order = sign(pga_version_compare(a, b));

    PGA_FUZZ_CHECK(order == -sign(pga_version_compare(b, a)));
    return order;
}

/* Written in a file name and read again it is the same. */
static void
check_round_trip(struct pga_arena *mem, struct pga_str text, const struct pga_version *v)
{
    struct pga_version again;
    char *name = pga_version_format_name(mem, v);

    PGA_FUZZ_CHECK(text.len <= PGA_VERSION_MAX && pga_str_equal_c(text, v->text));
    PGA_FUZZ_CHECK((v->kind == PGA_VERSION_NONE) == (text.len == 0));
    PGA_FUZZ_CHECK((v->kind == PGA_VERSION_NEXT) == pga_str_equal_c(text, "next"));
    PGA_FUZZ_CHECK(strchr(name, '-') == NULL);
    PGA_FUZZ_CHECK(pga_version_parse_name(mem, pga_str_of(name), &again));
    PGA_FUZZ_CHECK(again.kind == v->kind && pga_same(again.text, v->text));
    PGA_FUZZ_CHECK(compare(v, v) == 0 && compare(v, &again) == 0);
}

static void
check_order(const struct pga_version v[3])
{
    static const unsigned char turns[][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                             {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};

    for (size_t i = 0; i < PGA_COUNT_OF(turns); i++) {
        const struct pga_version *a = &v[turns[i][0]], *b = &v[turns[i][1]], *c = &v[turns[i][2]];

        if (compare(a, b) <= 0 && compare(b, c) <= 0)
            PGA_FUZZ_CHECK(compare(a, c) <= 0);
        if (compare(a, b) == 0)
            PGA_FUZZ_CHECK(compare(a, c) == compare(b, c));
    }
}

/* A comparison with a release agrees with the order; two are both. */
static void
check_comparisons(struct pga_arena *mem, const struct pga_version *v, const struct pga_version *w)
{
    static const struct {
        const char *relation;
        bool below, equal, above;
    } rows[] = {{"<", true, false, false},
                {"<=", true, true, false},
                {">", false, false, true},
                {">=", false, true, true},
                {"=", false, true, false}};
    int order = compare(v, w);

    if (v->kind == PGA_VERSION_NONE || w->kind != PGA_VERSION_RELEASE)
        return;
    for (size_t i = 0; i < PGA_COUNT_OF(rows); i++) {
        bool holds = order < 0 ? rows[i].below : order == 0 ? rows[i].equal : rows[i].above;
        struct pga_str text = pga_str_of(pga_format(mem, "%s %s", rows[i].relation, w->text));

        PGA_FUZZ_CHECK(pga_version_constraint_check(text));
        PGA_FUZZ_CHECK(pga_version_satisfies(v, text) == holds);
    }
}

/* With a comparison that always holds behind it, and with one that never does, it says the same or no. */
static void
check_constraint(struct pga_arena *mem, const struct pga_version *v, struct pga_str constraint)
{
    const char *text = pga_str_dup(mem, constraint);
    bool good = pga_version_constraint_check(constraint);
    bool holds = pga_version_satisfies(v, constraint);

    PGA_FUZZ_CHECK(good || !holds);
    if (!good || text[strcspn(text, "\r\n")] != '\0')
        return;
    PGA_FUZZ_CHECK(pga_version_satisfies(v, pga_str_of(pga_format(mem, "%s >=0.0.0-0", text))) ==
                   holds);
    PGA_FUZZ_CHECK(
        !pga_version_satisfies(v, pga_str_of(pga_format(mem, ">1.0.0 %s <=1.0.0", text))));
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_str rest = {(const char *)data, size};
    struct pga_version v[3];

    for (size_t i = 0; i < PGA_COUNT_OF(v); i++) {
        struct pga_str line = next_line(&rest);

        if (!pga_version_parse(&mem, line, &v[i]))
            v[i] = (struct pga_version){.kind = PGA_VERSION_NONE, .text = ""};
        else
            check_round_trip(&mem, line, &v[i]);
    }
    check_order(v);
    for (size_t i = 0; i < PGA_COUNT_OF(v); i++) {
        check_comparisons(&mem, &v[i], &v[(i + 1) % 3]);
        check_constraint(&mem, &v[i], rest);
    }
    return 0;
}
