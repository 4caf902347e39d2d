/*
 * base/fault.c: deliberate failures for tests.
 *
 * PGA_FAULT=<name>:<kill|stop|skip|bug>[:<n>] in the environment, where n is the hit that counts (from
 * 1).  Without n, skip acts on every hit and the others on the first one.  Anything else aborts
 * when the program starts, whether or not it comes to a fault point: a test must not pass because
 * of a typing error.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "base/fault.h"

#ifdef PGA_FAULTS
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"
#endif

static const char *const names[] = {
#define PGA_FAULT_POINT(name, where) #name,
#include "base/fault.def"
#undef PGA_FAULT_POINT
};

const char *
pga_fault_name(enum pga_fault_point point)
{
    return names[point];
}

#ifdef PGA_FAULTS

enum fault_action { FAULT_NONE, FAULT_KILL, FAULT_STOP, FAULT_SKIP, FAULT_BUG };

struct fault_plan {
    enum fault_action action;
    enum pga_fault_point point;
    int64_t hit; /* 0: every one */
};

/* Cut off and return what stands before the first colon. */
static struct pga_str
next_word(struct pga_str *rest)
{
    size_t len = 0;
    struct pga_str word;

    while (len < rest->len && rest->data[len] != ':')
        len++;
    word = pga_str_slice(*rest, 0, len);
    *rest = pga_str_slice(*rest, len + 1, rest->len);
    return word;
}

static enum fault_action
parse_action(struct pga_str word)
{
    if (pga_str_equal_c(word, "kill"))
        return FAULT_KILL;
    if (pga_str_equal_c(word, "stop"))
        return FAULT_STOP;
    if (pga_str_equal_c(word, "bug"))
        return FAULT_BUG;
    return pga_str_equal_c(word, "skip") ? FAULT_SKIP : FAULT_NONE;
}

static bool
parse_plan(struct pga_str text, struct fault_plan *out)
{
    bool has_hit;
    struct pga_str name = next_word(&text);
    struct pga_str action = next_word(&text);
    int point = 0;

    while (point < PGA_FAULT_POINT_COUNT && !pga_str_equal_c(name, names[point]))
        point++;
    out->point = (enum pga_fault_point)point;
    out->action = parse_action(action);
    out->hit = out->action == FAULT_SKIP ? 0 : 1;
    has_hit = action.data + action.len < text.data;
    return point < PGA_FAULT_POINT_COUNT && out->action != FAULT_NONE &&
           (!has_hit || pga_parse_int(text, 1, INT32_MAX, &out->hit));
}

static struct fault_plan
read_plan(void)
{
    const char *text = getenv("PGA_FAULT");
    struct fault_plan plan = {.action = FAULT_NONE};

    if (text == NULL || parse_plan(pga_str_of(text), &plan))
        return plan;
    /* GCOVR_EXCL_START: abort() writes no counters; tests/unit/test_fault.c sees it happen. */
    (void)fprintf(
        stderr, "pgalter: PGA_FAULT=%s is not <name>:<kill|stop|skip|bug>[:<n>] with a name of:\n",
        text);
    for (int i = 0; i < PGA_FAULT_POINT_COUNT; i++)
        (void)fprintf(stderr, "    %s\n", names[i]);
    abort();
    /* GCOVR_EXCL_STOP */
}

PGA_AT_START static void
check_environment(void)
{
    (void)read_plan();
}

bool
pga_fault_hit(enum pga_fault_point point)
{
    static int64_t hits;
    struct fault_plan plan =
        read_plan(); /* each time: a test in C sets it when all else is ready */

    if (plan.action == FAULT_NONE || plan.point != point)
        return false;
    hits++;
    if (plan.hit != 0 && plan.hit != hits)
        return false;
    if (plan.action == FAULT_SKIP)
        return true;
    /* GCOVR_EXCL_START: the dead write no counters; tests/unit/test_fault.c sees them die. */
    if (plan.action == FAULT_BUG)
        pga_bug("the fault point \"%s\" was reached", names[point]);
    (void)kill(getpid(), plan.action == FAULT_KILL ? SIGKILL : SIGSTOP);
    return false; /* after a stop, once somebody says SIGCONT */
    /* GCOVR_EXCL_STOP */
}

#endif
