/*
 * alterations/mistakes.c: collecting mistakes.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/mistakes.h"

struct pga_mistakes
pga_mistakes_on(struct pga_arena *mem)
{
    return (struct pga_mistakes){.others = pga_buf_on(mem)};
}

static void
append(struct pga_buf *buf, const struct pga_error *err)
{
    const char *place = pga_place_format(buf->mem, &err->place);

    pga_buf_appendf(buf, "\n- %s%s%s", place, place[0] == '\0' ? "" : ": ", err->message);
    if (err->hint[0] != '\0')
        pga_buf_appendf(buf, ". %s", err->hint);
}

void
pga_mistakes_add(struct pga_mistakes *mistakes, struct pga_error *err)
{
    if (mistakes->count == 0)
        mistakes->first = *err;
    else if (mistakes->count <= PGA_MISTAKES_SHOWN)
        append(&mistakes->others, err);
    mistakes->count++;
    *err = (struct pga_error){0};
}

bool
pga_mistakes_check(const struct pga_mistakes *mistakes, struct pga_error *err)
{
    const char *own = mistakes->first.detail;
    size_t more = mistakes->count - 1;

    if (mistakes->count == 0)
        return true;
    *err = mistakes->first;
    if (more > 0)
        (void)pga_error_detail(err, "%s%s%zu more %s:%s%s", own, own[0] == '\0' ? "" : "\n", more,
                               more == 1 ? "mistake" : "mistakes", mistakes->others.data,
                               more > PGA_MISTAKES_SHOWN ? "\n- ..." : "");
    return false;
}
