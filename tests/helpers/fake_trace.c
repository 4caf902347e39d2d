/*
 * tests/helpers/fake_trace.c: a server that knows the journal's tables: answers that tests write down, and catalogs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/compiler.h"
#include "tests/helpers/fake_private.h"

/* What a test wrote down. */
bool
pga_fake_select_given(struct pga_fake_work *w)
{
    for (size_t i = 0; i < w->server->answer_count; i++) {
        const struct pga_fake_answer *given = &w->server->answers[i];

        if (!pga_fake_contains(w, given->contains))
            continue;
        pga_fake_answer(w, NULL, given->columns);
        for (size_t row = 0; row < given->rows; row++)
            pga_fake_answer(w, given->values + row * given->columns, given->columns);
        return true;
    }
    return false;
}

/* What statements left in the catalogs: relation 16384 and its index, if there is one. */
void
pga_fake_select_trace(struct pga_fake_work *w)
{
    static const struct {
        const char *name;
        size_t width;
    } shapes[] = {{"trace_built", 6}, {"trace_builders", 2}, {"trace_dropped", 2}};
    size_t width = 3;

    for (size_t i = 0; i < PGA_COUNT_OF(shapes); i++)
        if (pga_fake_contains(w, shapes[i].name))
            width = shapes[i].width;
    pga_fake_answer(w, NULL, width);
    if (pga_fake_contains(w, "trace_relation"))
        pga_fake_answer(w, (const char *const[]){"16384", "16384", "0"}, 3);
    if (!pga_fake_contains(w, "trace_built"))
        return;
    for (size_t i = 0; i < pga_fake_effects(w->server, "CREATE INDEX CONCURRENTLY"); i++)
        pga_fake_answer(w,
                        (const char *const[]){pga_format(w->mem, "%zu", 20000 + i), "a.built", "t",
                                              "t", "t", "t"},
                        6);
    if (w->server->invalid_index != NULL)
        pga_fake_answer(
            w, (const char *const[]){w->server->invalid_index, "public.i", "f", "t", "t", "t"}, 6);
}
