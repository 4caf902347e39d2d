/*
 * engine/watch.c: who blocks the statement that waits for a lock.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/watch.h"

#include <string.h>

#include "alterations/slug.h"
#include "base/interrupt.h"
#include "base/mask.h"
#include "engine/runner.h"
#include "engine/watch.sql.h"
#include "journal/sql.h"

#define FIRST_LOOK_MS  500   /* after so long, or half of the lock timeout if that is sooner */
#define NEXT_LOOK_MS   1000  /* between two looks */
#define AFTER_FAULT_MS 30000 /* before the next look after one that failed */
#define ANSWER_MS      1000  /* for the server to answer */
#define REPORT_EACH_MS 15000
#define COLUMNS        14
#define QUERY_MAX      200 /* bytes of a query that are shown */
#define NAME_MAX_BYTES 100 /* bytes of a name; the server's own have 63 */

/* One line without control characters and secrets; what is longer than `max` bytes ends in "...". */
static const char *
one_line(struct pga_arena *mem, const char *text, size_t max)
{
    char *line = pga_mask_text(mem, text == NULL ? "" : text);
    size_t len = 0;

    for (const char *from = line; *from != '\0'; from++) {
        bool is_blank = *from == ' ' || *from == '\n' || *from == '\r' || *from == '\t';

        if (!is_blank)
            line[len++] = *from;
        else if (len > 0 && line[len - 1] != ' ')
            line[len++] = ' ';
    }
    while (len > 0 && line[len - 1] == ' ')
        len--;
    if (len <= max)
        return pga_printable(mem, (struct pga_str){line, len});
    len = pga_utf8_valid_prefix((struct pga_str){line, max});
    return pga_format(mem, "%s...", pga_printable(mem, (struct pga_str){line, len}));
}

static const char *
column(struct pga_arena *mem, const struct pga_result *result, size_t row, size_t at)
{
    return one_line(mem, pga_result_value(result, row, at), NAME_MAX_BYTES);
}

static const char *
name_object(struct pga_arena *mem, const struct pga_result *result)
{
    const char *mode = column(mem, result, 0, 0), *type = column(mem, result, 0, 1);
    const char *relation = pga_result_value(result, 0, 2);

    if (strcmp(type, "transactionid") == 0 || strcmp(type, "virtualxid") == 0)
        return "the end of another transaction";
    if (relation == NULL)
        return pga_format(mem, "%s on a %s", mode, type);
    return pga_format(mem, "%s on \"%s\"%s%s", mode, one_line(mem, relation, NAME_MAX_BYTES),
                      strcmp(type, "relation") == 0 ? "" : ", ",
                      strcmp(type, "relation") == 0 ? "" : type);
}

static void
read_blocker(struct pga_arena *mem, const struct pga_result *result, size_t row,
             struct pga_blocker *out)
{
    *out = (struct pga_blocker){
        .application = column(mem, result, row, 4),
        .user = column(mem, result, row, 5),
        .address = column(mem, result, row, 6),
        .since = column(mem, result, row, 7),
        .state = column(mem, result, row, 9),
        .query = one_line(mem, pga_result_value(result, row, 10), QUERY_MAX),
        .kind = column(mem, result, row, 11),
        .remedy = column(mem, result, row, 12),
    };
    (void)!pga_parse_int(pga_str_of(pga_result_value(result, row, 3)), 0, INT32_MAX, &out->pid);
    (void)!pga_parse_int(pga_str_of(pga_result_value(result, row, 8)), 0, INT64_MAX, &out->age_ms);
    out->is_idle = out->pid == 0 || pga_str_starts(pga_str_of(out->state), "idle in transaction");
}

/* Take what was found over, on an arena of its own. */
static void
keep(struct pga_watch *watch, const struct pga_result *result)
{
    int64_t total = 0;

    watch->is_waiting = result->row_count > 0;
    if (result->row_count == 0)
        return;
    pga_arena_release(&watch->mem);
    watch->found = (struct pga_blockers){.waits_for = name_object(&watch->mem, result)};
    for (size_t i = 0; i < result->row_count && i < PGA_BLOCKERS_MAX; i++)
        read_blocker(&watch->mem, result, i, &watch->found.items[watch->found.count++]);
    (void)!pga_parse_int(pga_str_of(pga_result_value(result, 0, COLUMNS - 1)), 0, INT32_MAX,
                         &total);
    watch->found.total = (size_t)total > watch->found.count ? (size_t)total : watch->found.count;
}

static bool
ask(struct pga_runner *runner, struct pga_arena *mem, struct pga_result *out)
{
    struct pga_watch *watch = &runner->watch;
    struct pga_sql_values values = {.mem = mem};
    struct pga_buf sql = pga_buf_on(mem);
    struct pga_message message = {
        .keep_rows = true, .timeout_ms = ANSWER_MS, .is_dispensable = true};
    struct pga_results results = {0};
    struct pga_error ignored = {0};

    if (watch->driver == NULL)
        watch->driver = watch->open(runner->driver, &ignored);
    if (watch->driver == NULL)
        return false;
    pga_sql_int(&values, "pid", pga_driver_backend_pid(runner->driver));
    pga_sql_expand(&sql, pga_text_watch_sql, &values);
    message.sql = pga_buf_str(&sql);
    if (!pga_driver_query(watch->driver, &message, mem, &results, &ignored) || results.count != 1 ||
        results.items[0].column_count != COLUMNS)
        return false;
    *out = results.items[0];
    return true;
}

static void
look(struct pga_runner *runner)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_watch *watch = &runner->watch;
    struct pga_result result;
    int64_t pause = NEXT_LOOK_MS;

    watch->is_looking = true;
    if (ask(runner, &mem, &result)) {
        keep(watch, &result);
    } else {
        pga_driver_close(&watch->driver);
        watch->is_waiting = false;
        pause = AFTER_FAULT_MS;
    }
    watch->next_ms = pga_clock_now_ms(runner->clock) + pause;
    watch->is_looking = false;
}

/* A pooler's process is not the one that waits (FACTS 4); whoever is told to stop looks no more. */
static bool
can_look(const struct pga_runner *runner)
{
    return runner->watch.open != NULL && !runner->watch.is_looking && runner->sent != NULL &&
           !runner->journal->is_pooled && pga_interrupt_signal() == 0;
}

/* Which blockers these are: who, and in which transaction. */
static uint64_t
mark_of(const struct pga_blockers *found)
{
    uint64_t mark = 14695981039346656037u;

    for (size_t i = 0; i < found->count; i++) {
        const char *texts[] = {found->items[i].since, found->items[i].state,
                               found->items[i].application};

        mark = (mark ^ (uint64_t)found->items[i].pid) * 1099511628211u;
        for (size_t k = 0; k < PGA_COUNT_OF(texts); k++)
            for (const char *c = texts[k]; *c != '\0'; c++)
                mark = (mark ^ (unsigned char)*c) * 1099511628211u;
    }
    return mark;
}

static int64_t
first_look_ms(const struct pga_runner *runner)
{
    int64_t lock_timeout = runner->sent->script->directives.lock_timeout_ms;

    if (lock_timeout < 0)
        lock_timeout = runner->settings.lock_timeout_ms;
    return lock_timeout > 0 && lock_timeout / 2 < FIRST_LOOK_MS ? lock_timeout / 2 : FIRST_LOOK_MS;
}

void
pga_watch_tick(struct pga_runner *runner)
{
    struct pga_watch *watch = &runner->watch;
    int64_t now;
    uint64_t mark;

    if (!can_look(runner))
        return;
    now = pga_clock_now_ms(runner->clock);
    if (now < runner->sent_ms + first_look_ms(runner) || now < watch->next_ms)
        return;
    look(runner);
    mark = mark_of(&watch->found);
    now = pga_clock_now_ms(runner->clock);
    if (!watch->is_waiting || (mark == watch->reported && now < watch->report_ms))
        return;
    watch->reported = mark;
    watch->report_ms = now + REPORT_EACH_MS;
    pga_runner_report(runner, &(struct pga_event_report){.happening = PGA_HAPPENING_BLOCKED,
                                                         .step = runner->current,
                                                         .blockers = &watch->found,
                                                         .duration_ms = now - runner->sent_ms});
}

void
pga_watch_look(struct pga_runner *runner)
{
    if (can_look(runner))
        look(runner);
}

void
pga_watch_end(struct pga_runner *runner)
{
    struct pga_watch *watch = &runner->watch;

    pga_driver_close(&watch->driver);
    pga_arena_release(&watch->mem);
    *watch = (struct pga_watch){.open = watch->open};
}

/* ---- for people ---- */

static const char *
format_run(struct pga_arena *mem, const struct pga_blocker *blocker)
{
    if (blocker->query[0] == '\0')
        return "";
    return pga_format(mem, "; it %s: %s", strcmp(blocker->state, "active") == 0 ? "runs" : "ran",
                      blocker->query);
}

const char *
pga_blocker_format(struct pga_arena *mem, const struct pga_blocker *blocker)
{
    const char *age = pga_format_duration_ms(mem, blocker->age_ms);
    bool is_client = blocker->kind[0] == '\0' || strcmp(blocker->kind, "client backend") == 0;
    const char *state = blocker->state[0] != '\0' ? blocker->state : "in a transaction";

    if (blocker->pid == 0)
        return pga_format(mem, "the prepared transaction \"%s\" of user \"%s\", since %s (%s)",
                          blocker->application, blocker->user, blocker->since, age);
    if (!is_client)
        return pga_format(mem, "process %lld (%s), %s since %s (%s)%s", (long long)blocker->pid,
                          blocker->kind, state, blocker->since, age, format_run(mem, blocker));
    return pga_format(
        mem, "process %lld (application \"%s\", user \"%s\", from %s), %s%s%s%s%s",
        (long long)blocker->pid, blocker->application, blocker->user, blocker->address, state,
        blocker->since[0] == '\0' ? "" : ", in its transaction since ", blocker->since,
        blocker->since[0] == '\0' ? "" : pga_format(mem, " (%s)", age), format_run(mem, blocker));
}

/* "a; b; and 3 more" */
static const char *
format_all(struct pga_arena *mem, const struct pga_blockers *found)
{
    struct pga_buf buf = pga_buf_on(mem);

    for (size_t i = 0; i < found->count; i++)
        pga_buf_appendf(&buf, "%s%s", i == 0 ? "" : "; ",
                        pga_blocker_format(mem, &found->items[i]));
    if (found->total > found->count)
        pga_buf_appendf(&buf, "; and %zu more", found->total - found->count);
    return buf.data;
}

const char *
pga_blockers_format(struct pga_arena *mem, const struct pga_blockers *blockers)
{
    return pga_format(mem, "%s; in its way: %s", blockers->waits_for, format_all(mem, blockers));
}

const char *
pga_blockers_remedy(struct pga_arena *mem, const struct pga_blockers *blockers)
{
    struct pga_buf buf = pga_buf_on(mem);
    size_t count = 0;

    for (size_t i = 0; i < blockers->count; i++)
        if (blockers->items[i].is_idle)
            pga_buf_appendf(&buf, "%s%s", count++ == 0 ? "" : "; ", blockers->items[i].remedy);
    if (count == 0)
        return NULL;
    return pga_format(
        mem, "What is idle may never end by itself. To end it, which rolls it back: %s", buf.data);
}

void
pga_watch_explain(const struct pga_runner *runner, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    const struct pga_blockers *found = &runner->watch.found;
    const char *remedy = pga_blockers_remedy(&mem, found);

    if (found->count == 0)
        return;
    (void)pga_error_detail(err, "%s%sIt last waited for %s. In its way: %s", err->detail,
                           err->detail[0] == '\0' ? "" : "\n", found->waits_for,
                           format_all(&mem, found));
    if (remedy != NULL)
        (void)pga_error_hint(err, "%s %s", err->hint, remedy);
}
