/*
 * engine/trace.c: what a statement that runs outside a transaction left in the catalogs.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/trace.h"

#include <string.h>

#include "alterations/effect.h"
#include "drivers/sqlstate.h"
#include "engine/retry.h"
#include "engine/trace_builders.sql.h"
#include "engine/trace_built.sql.h"
#include "engine/trace_database.sql.h"
#include "engine/trace_detached.sql.h"
#include "engine/trace_dropped.sql.h"
#include "engine/trace_rebuilt.sql.h"
#include "engine/trace_relation.sql.h"
#include "engine/trace_schema.sql.h"
#include "engine/trace_subscription.sql.h"
#include "engine/trace_tablespace.sql.h"
#include "journal/session.h"
#include "journal/sql.h"

/* What a statement is about: OIDs, 0 for what is not there, -1 when the server could not tell. */
struct objects {
    int64_t object, other;
};

static struct pga_effect
effect_of(const struct pga_unit_run *p, size_t index)
{
    const struct pga_statement *statement = &p->units.statements.items[index];

    return pga_effect_read(p->mem,
                           pga_str_slice(p->script->text, statement->offset, statement->len),
                           statement->standard_strings);
}

bool
pga_trace_has_rule(struct pga_unit_run *p, size_t index)
{
    return effect_of(p, index).kind != PGA_EFFECT_UNKNOWN;
}

static bool
is_noted(enum pga_effect_kind kind)
{
    return kind != PGA_EFFECT_UNKNOWN && kind != PGA_EFFECT_REPEATABLE;
}

/* ---- which objects are meant ---- */

static int64_t
oid_at(const struct pga_result *result, size_t row, size_t column)
{
    const char *text = pga_result_value(result, row, column);
    int64_t oid = 0;

    (void)!pga_parse_int(pga_str_of(text), 0, UINT32_MAX, &oid);
    return oid;
}

/* In the session as it is: the script's search_path decides what its names mean. */
static bool
find_objects(struct pga_unit_run *p, const struct pga_effect *effect, struct objects *out,
             struct pga_error *err)
{
    static const char *const queries[] = {
        [PGA_EFFECT_ON_RELATION] = pga_text_trace_relation_sql,
        [PGA_EFFECT_ON_INDEX] = pga_text_trace_relation_sql,
        [PGA_EFFECT_ON_SCHEMA] = pga_text_trace_schema_sql,
        [PGA_EFFECT_ON_DATABASE] = pga_text_trace_database_sql,
        [PGA_EFFECT_ON_TABLESPACE] = pga_text_trace_tablespace_sql,
        [PGA_EFFECT_ON_SUBSCRIPTION] = pga_text_trace_subscription_sql,
    };
    bool has_other = effect->kind == PGA_EFFECT_PARTITION_DETACHED;
    struct pga_sql_values values = {.mem = p->mem};
    struct pga_buf sql = pga_buf_on(p->mem);
    struct pga_result found;

    *out = (struct objects){0};
    if (effect->name == NULL)
        return true;
    pga_sql_text(&values, "name", effect->name);
    pga_sql_text(&values, "other", has_other ? effect->other : NULL);
    pga_sql_expand(&sql, queries[effect->on], &values);
    if (!pga_driver_rows(p->runner->driver, pga_buf_str(&sql), p->mem, &found, err)) {
        if (err->code != PGA_ERR_SQL)
            return false;
        memset(err, 0, sizeof(*err)); /* the statement itself will say what is wrong with it */
        out->object = -1;
        return true;
    }
    if (!pga_session_check_answer(&found, 3, err))
        return false;
    if (found.row_count != 1) {
        out->object = -1;
        return true;
    }
    out->object = oid_at(&found, 0, effect->on == PGA_EFFECT_ON_INDEX ? 1 : 0);
    out->other = oid_at(&found, 0, 2);
    return true;
}

/* ---- what the record keeps ---- */

static bool
read_word(const char **at, const char *prefix, int64_t *out)
{
    size_t len = strcspn(*at, " ");
    struct pga_str word = {*at, len};

    *at += len + ((*at)[len] == ' ' ? 1 : 0);
    return pga_str_starts(word, prefix) &&
           pga_parse_int(pga_str_slice(word, strlen(prefix), word.len), 0, UINT32_MAX, out);
}

/* False when the record says nothing. */
static bool
read_noted(const char *text, struct objects *out)
{
    return read_word(&text, "@", &out->object) && read_word(&text, "@", &out->other);
}

static bool
was_there(const char *text, int64_t oid)
{
    int64_t noted;

    while (*text != '\0')
        if (read_word(&text, "", &noted) && noted == oid)
            return true;
    return false;
}

/* ---- looking at the catalogs ---- */

static bool
look(struct pga_unit_run *p, const char *template, const struct pga_sql_values *values,
     size_t columns, struct pga_result *out, struct pga_error *err)
{
    struct pga_buf sql = pga_buf_on(p->mem);

    pga_sql_expand(&sql, template, values);
    if (!pga_journal_select(p->runner->journal, pga_buf_str(&sql), p->mem, out, err))
        return pga_session_fail(p->runner->driver, err, "looking what became of a statement");
    return pga_session_check_answer(out, columns, err);
}

static struct pga_sql_values
values_of(const struct pga_unit_run *p, const struct pga_effect *effect,
          const struct objects *about)
{
    struct pga_sql_values values = {.mem = p->mem};

    pga_sql_int(&values, "object", about->object);
    pga_sql_int(&values, "other", about->other);
    pga_sql_text(&values, "index", effect->other);
    pga_sql_text(&values, "columns", effect->columns);
    pga_sql_raw(&values, "unique", effect->is_unique ? "TRUE" : "FALSE");
    pga_sql_text(&values, "on",
                 effect->on == PGA_EFFECT_ON_DATABASE ? "database"
                 : effect->on == PGA_EFFECT_ON_SCHEMA ? "schema"
                                                      : "relation");
    return values;
}

static bool
look_built(struct pga_unit_run *p, const struct pga_effect *effect, const struct objects *about,
           struct pga_result *out, struct pga_error *err)
{
    struct pga_sql_values values = values_of(p, effect, about);

    return look(p, pga_text_trace_built_sql, &values, 6, out, err);
}

static bool
look_rebuilt(struct pga_unit_run *p, const struct pga_effect *effect, const struct objects *about,
             struct pga_result *out, struct pga_error *err)
{
    struct pga_sql_values values = values_of(p, effect, about);

    return look(p, pga_text_trace_rebuilt_sql, &values, 3, out, err);
}

bool
pga_trace_note(struct pga_unit_run *p, size_t index, const char **out, struct pga_error *err)
{
    struct pga_effect effect = effect_of(p, index);
    struct pga_buf list = pga_buf_on(p->mem);
    struct objects about;
    struct pga_result found = {0};

    *out = "";
    if (!is_noted(effect.kind))
        return true;
    if (!find_objects(p, &effect, &about, err))
        return false;
    if (about.object < 0)
        return true;
    if (effect.kind == PGA_EFFECT_INDEX_BUILT && !look_built(p, &effect, &about, &found, err))
        return false;
    if (effect.kind == PGA_EFFECT_INDEXES_REBUILT && !look_rebuilt(p, &effect, &about, &found, err))
        return false;
    pga_buf_appendf(&list, "@%lld @%lld", (long long)about.object, (long long)about.other);
    for (size_t i = 0; i < found.row_count; i++)
        pga_buf_appendf(&list, " %s", pga_result_value(&found, i, 0));
    *out = list.data;
    return true;
}

/* ---- what became of it ---- */

static bool
is_true(const struct pga_result *found, size_t row, size_t column)
{
    return pga_same(pga_result_value(found, row, column), "t");
}

static void
add_carcass(struct pga_unit_run *p, struct pga_trace *out, const struct pga_result *found,
            size_t row, bool is_toast)
{
    if (out->carcasses == NULL)
        out->carcasses = pga_new_array(p->mem, struct pga_carcass, found->row_count);
    out->carcasses[out->carcass_count++] =
        (struct pga_carcass){.name = pga_result_value(found, row, 1), .is_toast = is_toast};
}

/* The process that builds one of the new indexes, or one that can't be seen yet; NULL: nobody. */
static bool
find_builder(struct pga_unit_run *p, const struct pga_result *ours, const struct objects *about,
             const char **out, struct pga_error *err)
{
    struct pga_sql_values values = {.mem = p->mem};
    struct pga_result builders;

    *out = NULL;
    pga_sql_int(&values, "object", about->object);
    if (!look(p, pga_text_trace_builders_sql, &values, 2, &builders, err))
        return false;
    for (size_t b = 0; b < builders.row_count; b++) {
        bool is_it = oid_at(&builders, b, 1) == 0;

        for (size_t i = 0; i < ours->row_count && !is_it; i++)
            is_it = oid_at(ours, i, 0) == oid_at(&builders, b, 1) &&
                    !was_there(p->row.indexes, oid_at(ours, i, 0));
        if (is_it)
            *out = pga_result_value(&builders, b, 0);
    }
    return true;
}

static bool
read_built(struct pga_unit_run *p, const struct pga_effect *effect, const struct objects *about,
           struct pga_trace *out, struct pga_error *err)
{
    struct pga_result found;
    size_t fitting = 0, certain = 0;
    const char *name = NULL;

    if (about->object == 0)
        return true;
    if (!look_built(p, effect, about, &found, err) ||
        !find_builder(p, &found, about, &out->builder, err))
        return false;
    if (out->builder != NULL) {
        out->verdict = PGA_VERDICT_WAIT;
        return true;
    }
    for (size_t i = 0; i < found.row_count; i++) {
        if (was_there(p->row.indexes, oid_at(&found, i, 0)) || !is_true(&found, i, 3) ||
            !is_true(&found, i, 4))
            continue;
        fitting++;
        name = pga_result_value(&found, i, 1);
        if (!is_true(&found, i, 2))
            add_carcass(p, out, &found, i, false);
        else if (is_true(&found, i, 5))
            certain++;
    }
    if (fitting == 0) {
        out->verdict = PGA_VERDICT_AGAIN;
        out->note = "no index was made; the statement runs again";
    } else if (fitting == 1 && certain == 1) {
        out->verdict = PGA_VERDICT_DONE;
        out->note = pga_format(p->mem, "the index %s is there and valid", name);
    } else if (fitting == out->carcass_count) {
        out->verdict = PGA_VERDICT_AGAIN;
        out->note =
            pga_format(p->mem, "the index %s is INVALID; it is dropped and built again", name);
    }
    return true;
}

static bool
read_rebuilt(struct pga_unit_run *p, const struct pga_effect *effect, const struct objects *about,
             struct pga_trace *out, struct pga_error *err)
{
    struct pga_result found;

    if (!look_rebuilt(p, effect, about, &found, err))
        return false;
    for (size_t i = 0; i < found.row_count; i++)
        if (!was_there(p->row.indexes, oid_at(&found, i, 0)))
            add_carcass(p, out, &found, i, is_true(&found, i, 2));
    out->verdict = PGA_VERDICT_AGAIN;
    out->note =
        out->carcass_count == 0
            ? "the statement runs again"
            : pga_format(p->mem,
                         "the INVALID %s and what else it left is dropped, and it runs again",
                         out->carcasses[0].name);
    return true;
}

static bool
read_detached(struct pga_unit_run *p, const struct pga_effect *effect, const struct objects *about,
              struct pga_trace *out, struct pga_error *err)
{
    struct pga_sql_values values = values_of(p, effect, about);
    struct pga_result found;

    if (about->object == 0 || about->other == 0)
        return true;
    if (!look(p, pga_text_trace_detached_sql, &values, 3, &found, err))
        return false;
    if (found.row_count == 0) {
        out->verdict = PGA_VERDICT_DONE;
        out->note = "the partition is detached";
    } else if (is_true(&found, 0, 1)) {
        out->verdict = PGA_VERDICT_DONE;
        out->finalize = pga_result_value(&found, 0, 2);
        out->note = pga_format(p->mem, "detaching the partition %s is finished with FINALIZE",
                               pga_result_value(&found, 0, 0));
    } else {
        out->verdict = PGA_VERDICT_AGAIN;
        out->note = "the partition is still attached; the statement runs again";
    }
    return true;
}

/* What the names of the statement mean now, with the script's settings. */
static bool
find_now(struct pga_unit_run *p, size_t index, const struct pga_effect *effect, struct objects *now,
         struct pga_error *err)
{
    return pga_unit_run_session(p, index, 0, err) && find_objects(p, effect, now, err);
}

/* CREATE and DROP of what is one row of a catalog. */
static void
decide_row(const struct pga_effect *effect, const struct objects *then, const struct objects *now,
           struct pga_trace *out)
{
    bool is_drop = effect->kind != PGA_EFFECT_CREATED;

    if (now->object < 0)
        return;
    if (then->object == now->object) {
        out->verdict = PGA_VERDICT_AGAIN;
        out->note = is_drop ? "it was not dropped; the statement runs again"
                            : "it was not created; the statement runs again";
    } else if (is_drop ? now->object == 0 : then->object == 0) {
        out->verdict = PGA_VERDICT_DONE;
        out->note = is_drop ? "it is dropped" : "it is created";
    }
}

static bool
read_dropped(struct pga_unit_run *p, size_t index, const struct pga_effect *effect,
             const struct objects *about, struct pga_trace *out, struct pga_error *err)
{
    struct pga_sql_values values = values_of(p, effect, about);
    struct objects now;
    struct pga_result found;

    if (!look(p, pga_text_trace_dropped_sql, &values, 2, &found, err))
        return false;
    if (found.row_count == 1) {
        out->verdict = PGA_VERDICT_AGAIN;
        out->note =
            pga_format(p->mem, "the index %s is still there%s; it is dropped again",
                       pga_result_value(&found, 0, 0), is_true(&found, 0, 1) ? "" : ", INVALID");
        return true;
    }
    if (!find_now(p, index, effect, &now, err))
        return false;
    decide_row(effect, about, &now, out);
    return true;
}

bool
pga_trace_read(struct pga_unit_run *p, size_t index, struct pga_trace *out, struct pga_error *err)
{
    struct pga_effect effect = effect_of(p, index);
    struct objects then, now;

    *out = (struct pga_trace){.verdict = PGA_VERDICT_DOUBT, .note = ""};
    if (effect.kind == PGA_EFFECT_REPEATABLE) {
        out->verdict = PGA_VERDICT_AGAIN;
        out->note = "the statement runs again, which does no harm";
    }
    if (!is_noted(effect.kind) || !read_noted(p->row.indexes, &then))
        return true;
    switch (effect.kind) {
    case PGA_EFFECT_INDEX_BUILT:
        return read_built(p, &effect, &then, out, err);
    case PGA_EFFECT_INDEXES_REBUILT:
        return read_rebuilt(p, &effect, &then, out, err);
    case PGA_EFFECT_PARTITION_DETACHED:
        return read_detached(p, &effect, &then, out, err);
    case PGA_EFFECT_INDEX_DROPPED:
        return read_dropped(p, index, &effect, &then, out, err);
    default:
        if (!find_now(p, index, &effect, &now, err))
            return false;
        decide_row(&effect, &then, &now, out);
        return true;
    }
}

/* ---- clearing away ---- */

/* One statement of pgalter's own, in the script's role. */
static bool
clear_away(struct pga_unit_run *p, size_t index, const char *sql, int64_t lock_timeout_ms,
           int64_t timeout_ms, struct pga_error *err)
{
    struct pga_results results = {0};
    struct pga_message message = {
        .sql = pga_str_of(sql),
        .timeout_ms = timeout_ms,
    };
    const char *set = pga_format(p->mem, "SET lock_timeout = %lld; SET statement_timeout = 0;",
                                 (long long)lock_timeout_ms);

    return pga_unit_run_session(p, index, lock_timeout_ms, err) &&
           pga_session_restore(p->runner->journal, err) &&
           pga_driver_run(p->runner->driver, pga_str_of(set), err) &&
           pga_driver_query(p->runner->driver, &message, p->mem, &results, err);
}

static bool
is_denied(const struct pga_error *err)
{
    return err->code == PGA_ERR_SQL && pga_sqlstate_class(err->sqlstate) == PGA_SQLSTATE_DENIED;
}

/* DROP waits for those who use the table, as the build did: without a lock_timeout, since nobody queues behind it. */
static bool
drop_carcass(struct pga_unit_run *p, size_t index, const struct pga_carcass *carcass,
             int64_t timeout_ms, struct pga_error *err)
{
    const char *drop = pga_format(p->mem, "DROP INDEX CONCURRENTLY %s", carcass->name);

    if (clear_away(p, index, drop, 0, timeout_ms, err))
        return true;
    if (carcass->is_toast && is_denied(err)) {
        memset(err, 0, sizeof(*err));
        return true;
    }
    return pga_session_fail(p->runner->driver, err,
                            pga_format(p->mem, "dropping the INVALID index %s", carcass->name));
}

/* FINALIZE locks the partition against everybody: like a step's own statements, for a short time and again. */
static bool
finalize(struct pga_unit_run *p, size_t index, const struct pga_trace *trace, int64_t timeout_ms,
         struct pga_error *err)
{
    struct pga_session_head head = pga_step_session(p->runner, p->script, NULL);
    struct pga_retry retry;

    pga_retry_init(&retry, p->runner, p->script->directives.retries);
    while (!clear_away(p, index, trace->finalize, head.lock_timeout_ms, timeout_ms, err)) {
        if (pga_retry_wait(&retry, err))
            continue;
        return err->code == PGA_ERR_SQL
                   ? pga_session_fail(p->runner->driver, err, "finishing DETACH PARTITION")
                   : false;
    }
    return true;
}

bool
pga_trace_mend(struct pga_unit_run *p, size_t index, const struct pga_trace *trace,
               int64_t timeout_ms, struct pga_error *err)
{
    for (size_t i = 0; i < trace->carcass_count; i++)
        if (!drop_carcass(p, index, &trace->carcasses[i], timeout_ms, err))
            return false;
    return trace->finalize == NULL || finalize(p, index, trace, timeout_ms, err);
}

/* ---- IF NOT EXISTS ---- */

bool
pga_trace_check_built(struct pga_unit_run *p, size_t index, struct pga_error *err)
{
    struct pga_effect effect = effect_of(p, index);
    struct objects about;
    struct pga_result found;

    if (effect.kind != PGA_EFFECT_INDEX_BUILT || !effect.if_not_exists ||
        !read_noted(p->row.indexes, &about))
        return true;
    if (!look_built(p, &effect, &about, &found, err))
        return false;
    for (size_t i = 0; i < found.row_count; i++) {
        const char *name = pga_result_value(&found, i, 1);

        if (!is_true(&found, i, 4) || is_true(&found, i, 2))
            continue;
        (void)pga_fail(err, PGA_ERR_SQL, "the index %s exists and is INVALID", name);
        (void)pga_error_identify(err, PGA_ID_INVALID_INDEX);
        (void)pga_script_place(err, p->script, p->units.statements.items[index].offset);
        (void)pga_error_detail(err, "An earlier build of it failed or still runs, so IF NOT EXISTS "
                                    "made nothing, and no query uses it.");
        return pga_error_hint(err, "If nobody builds it: DROP INDEX CONCURRENTLY %s", name);
    }
    return true;
}
