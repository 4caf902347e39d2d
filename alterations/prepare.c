/*
 * alterations/prepare.c: what a runner must know about a script before it sends it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/script.h"

#include <stddef.h>

/* A script that is being prepared. */
struct preparation {
    struct pga_arena *mem;
    const struct pga_script_text *script;
    const struct pga_statements *statements;
    struct pga_error *err;
};

/* Say what and where, after pga_fail().  Returns false. */
static bool
place(const struct preparation *p, enum pga_error_id id, const struct pga_statement *statement)
{
    (void)pga_error_identify(p->err, id);
    return pga_script_place(p->err, p->script, statement->offset);
}

/* "CREATE INDEX ... CONCURRENTLY": the words that say what a statement is. */
static const char *
label(const struct preparation *p, const struct pga_statement *statement)
{
    static const char *const seconds[] = {
        "all",    "database", "index",      "prepared", "schema",      "subscription",
        "system", "table",    "tablespace", "to",       "transaction",
    };
    struct pga_buf text = pga_buf_on(p->mem);

    pga_buf_append(&text, statement->first);
    for (size_t i = 0; i < PGA_COUNT_OF(seconds); i++)
        if (pga_str_equal_nocase(statement->second, seconds[i]))
            pga_buf_appendf(&text, " %.*s", PGA_STR_ARG(statement->second));
    if (statement->concurrently)
        pga_buf_append_c(&text, " ... CONCURRENTLY");
    if (statement->kind == PGA_STATEMENT_COMMIT_CHAIN)
        pga_buf_append_c(&text, " AND CHAIN");
    return text.data;
}

#define RUN_ONE_BY_ONE                                                                             \
    "put a line \"-- pgalter:transaction none\" before the first statement, so that the "          \
    "statements run one by one"

static bool
refuse_outside(const struct preparation *p, const struct pga_statement *statement)
{
    bool down = p->script->part == PGA_PART_DOWN || p->script->part == PGA_PART_BEFORE_DOWN;

    (void)pga_fail(p->err, PGA_ERR_USAGE, "\"%s\" can't run in a transaction", label(p, statement));
    (void)pga_error_hint(p->err, "Move it into the alteration's %s script, or " RUN_ONE_BY_ONE ".",
                         pga_part_name(down ? PGA_PART_BEFORE_DOWN : PGA_PART_BEFORE_UP));
    return place(p, PGA_ID_NEEDS_NO_TRANSACTION, statement);
}

/* What runs neither in a transaction of pgalter's nor among statements that run one by one. */
static bool
refuse(const struct preparation *p, const struct pga_statement *statement)
{
    const char *what = "would end the transaction before the alteration is recorded";
    enum pga_error_id id = PGA_ID_TRANSACTION_CONTROL;
    const char *hint = "Remove it and its BEGIN (only a pair around the whole script may stay), "
                       "or " RUN_ONE_BY_ONE ".";

    switch (statement->kind) {
    case PGA_STATEMENT_BEGIN:
        what = "inside the transaction in which the script runs";
        hint = "Remove it and its COMMIT (only a pair around the whole script may stay), "
               "or " RUN_ONE_BY_ONE ".";
        break;
    case PGA_STATEMENT_COMMIT_CHAIN:
        what = "would begin another transaction, in which nothing is recorded";
        hint = "Remove AND CHAIN, or make two alterations of the script.";
        break;
    case PGA_STATEMENT_ROLLBACK:
        what = "would undo what is then recorded as applied";
        hint = "Remove it: a script that fails is rolled back as a whole. To undo a part of it, "
               "use SAVEPOINT and ROLLBACK TO.";
        break;
    case PGA_STATEMENT_PREPARE_TRANSACTION:
        what = "would leave the alteration in doubt and block all others";
        hint = "Remove it: pgalter commits the script together with its record.";
        break;
    case PGA_STATEMENT_COPY_OUT:
        id = PGA_ID_COPY_OUT;
        what = "has nobody to send its rows to";
        hint = "Remove it, or copy to a table or a file on the server.";
        break;
    case PGA_STATEMENT_SET_TRANSACTION:
        what = "must stand before every other statement of its transaction";
        hint = "Move it to the top: its modes then become those of the transaction.";
        break;
    default:
        break;
    }
    (void)pga_fail(p->err, PGA_ERR_USAGE, "\"%s\" %s", label(p, statement), what);
    (void)pga_error_hint(p->err, "%s", hint);
    return place(p, id, statement);
}

/* Refuse what can't stand in a transaction of pgalter's. */
static bool
check_inside(const struct preparation *p, const struct pga_statement *statement)
{
    switch (statement->kind) {
    case PGA_STATEMENT_OUTSIDE:
    case PGA_STATEMENT_END_PREPARED:
        return refuse_outside(p, statement);
    case PGA_STATEMENT_BEGIN:
    case PGA_STATEMENT_COMMIT:
    case PGA_STATEMENT_COMMIT_CHAIN:
    case PGA_STATEMENT_ROLLBACK:
    case PGA_STATEMENT_PREPARE_TRANSACTION:
    case PGA_STATEMENT_SET_TRANSACTION:
    case PGA_STATEMENT_COPY_OUT:
        return refuse(p, statement);
    default:
        return true;
    }
}

/* Refuse what can't be left out or moved into another BEGIN without a change of meaning. */
static bool
check_modes(const struct preparation *p, const struct pga_statement *statement)
{
    const char *what, *hint;

    if (statement->modes.malformed) {
        what = "with words that are no transaction modes";
        hint = "PostgreSQL knows ISOLATION LEVEL ..., READ WRITE, READ ONLY and [NOT] DEFERRABLE.";
    } else if (statement->modes.read_only) {
        what = "READ ONLY leaves no room for the alteration's record";
        hint = "Remove READ ONLY.";
    } else if (statement->modes.snapshot) {
        what = "SNAPSHOT would hide the journal's newest rows from the alteration's record";
        hint = "Remove it.";
    } else {
        return true;
    }
    (void)pga_fail(p->err, PGA_ERR_USAGE, "\"%s\" %s", label(p, statement), what);
    (void)pga_error_hint(p->err, "%s", hint);
    return place(p, PGA_ID_TRANSACTION_CONTROL, statement);
}

static bool
add_modes(const struct preparation *p, const struct pga_statement *statement,
          struct pga_modes *modes)
{
    if (!check_modes(p, statement))
        return false;
    if (statement->modes.isolation.len > 0)
        modes->isolation = statement->modes.isolation;
    modes->deferrable = modes->deferrable || statement->modes.deferrable;
    return true;
}

/* Whether a statement ends a transaction, in whatever way, or begins another. */
static bool
is_border(enum pga_statement_kind kind)
{
    return kind == PGA_STATEMENT_BEGIN || kind == PGA_STATEMENT_COMMIT ||
           kind == PGA_STATEMENT_COMMIT_CHAIN || kind == PGA_STATEMENT_ROLLBACK ||
           kind == PGA_STATEMENT_PREPARE_TRANSACTION;
}

/* Move the SET TRANSACTION statements from *first on into *modes. */
static bool
hoist(const struct preparation *p, size_t *first, size_t end, struct pga_modes *modes)
{
    for (; *first < end; (*first)++) {
        const struct pga_statement *statement = &p->statements->items[*first];

        if (statement->kind != PGA_STATEMENT_SET_TRANSACTION)
            break;
        if (!add_modes(p, statement, modes))
            return false;
    }
    return true;
}

/* Split the script; lines become those of the file. */
static bool
split(const struct preparation *p, bool standard_strings, struct pga_statements *out)
{
    if (!pga_statements_parse(p->mem, p->script->file, p->script->text, standard_strings, out,
                              p->err)) {
        p->err->place.line = pga_script_file_line(p->script, p->err->place.line);
        return false;
    }
    if (out->deepest_comment <= PGA_COMMENT_DEPTH_MAX)
        return true;
    (void)pga_fail(p->err, PGA_ERR_USAGE, "comments nest %d deep, allowed are %d",
                   out->deepest_comment, PGA_COMMENT_DEPTH_MAX);
    (void)pga_error_hint(p->err, "Remove \"/*\" and \"*/\" from the inside of the comment.");
    (void)pga_error_identify(p->err, PGA_ID_TOO_LARGE);
    return pga_script_place(p->err, p->script, out->deepest_offset);
}

static void
add_piece(const struct preparation *p, struct pga_prepared *out, size_t from, size_t to)
{
    if (from >= to)
        return;
    out->pieces =
        pga_grow(p->mem, out->pieces, out->piece_count, &out->piece_capacity, sizeof(*out->pieces));
    out->pieces[out->piece_count++] = (struct pga_piece){from, to - from};
}

static void
add_copy(const struct preparation *p, struct pga_prepared *out,
         const struct pga_statement *statement)
{
    out->copies =
        pga_grow(p->mem, out->copies, out->copy_count, &out->copy_capacity, sizeof(*out->copies));
    out->copies[out->copy_count++] =
        pga_str_slice(p->script->text, statement->data_offset, statement->data_len);
}

/* Cut the text into what is sent: without the statements outside [first, end), and without rows. */
static void
cut_pieces(const struct preparation *p, struct pga_prepared *out)
{
    size_t at = 0;

    for (size_t i = 0; i < out->statements.count; i++) {
        const struct pga_statement *statement = &out->statements.items[i];

        if (i < out->first || i >= out->end) {
            add_piece(p, out, at, statement->offset);
            at = statement->offset + statement->len;
        } else if (statement->kind == PGA_STATEMENT_COPY_IN) {
            add_copy(p, out, statement);
            add_piece(p, out, at, statement->data_offset);
            at = statement->end;
        }
    }
    add_piece(p, out, at, p->script->text.len);
}

bool
pga_script_prepare(struct pga_arena *mem, const struct pga_script_text *script,
                   bool standard_strings, struct pga_prepared *out, struct pga_error *err)
{
    struct preparation p = {mem, script, &out->statements, err};
    const struct pga_statement *items;
    size_t last;

    *out = (struct pga_prepared){0};
    if (!split(&p, standard_strings, &out->statements))
        return false;
    items = out->statements.items;
    out->end = out->statements.count;
    last = out->end - 1;
    if (out->end >= 2 && items[0].kind == PGA_STATEMENT_BEGIN && is_border(items[last].kind)) {
        if (items[last].kind != PGA_STATEMENT_COMMIT)
            return refuse(&p, &items[last]);
        if (!add_modes(&p, &items[0], &out->modes) || !check_modes(&p, &items[last]))
            return false;
        out->first = 1;
        out->end = last;
    }
    if (!hoist(&p, &out->first, out->end, &out->modes))
        return false;
    for (size_t i = out->first; i < out->end; i++) {
        enum pga_statement_kind kind = items[i].kind;

        if (!check_inside(&p, &items[i]))
            return false;
        out->alone = out->alone || kind == PGA_STATEMENT_SET_LEXICAL;
        out->session_state = out->session_state || kind == PGA_STATEMENT_SET_LEXICAL ||
                             kind == PGA_STATEMENT_SESSION_STATE;
        out->alters_settings = out->alters_settings || kind == PGA_STATEMENT_ALTER_SETTINGS;
    }
    out->deepest_comment = out->statements.deepest_comment;
    cut_pieces(&p, out);
    return true;
}

static void
add_unit(const struct preparation *p, struct pga_units *out, struct pga_unit unit)
{
    if (unit.count == 0)
        return;
    out->items = pga_grow(p->mem, out->items, out->count, &out->capacity, sizeof(*out->items));
    out->items[out->count++] = unit;
}

/* The unit between the BEGIN at *at and its COMMIT, behind which *at then stands. */
static bool
add_wrapped(const struct preparation *p, struct pga_units *out, size_t *at)
{
    const struct pga_statement *items = p->statements->items;
    struct pga_unit unit = {.transactional = true, .wrapped = true};
    size_t begin = *at, first = begin + 1, end = first;

    while (end < p->statements->count && !is_border(items[end].kind))
        end++;
    if (end == p->statements->count || items[end].kind == PGA_STATEMENT_BEGIN) {
        (void)pga_fail(p->err, PGA_ERR_USAGE, "\"%s\" without its COMMIT", label(p, &items[begin]));
        (void)pga_error_hint(p->err, "Put \"COMMIT;\" behind the last statement that belongs to "
                                     "the transaction.");
        return place(p, PGA_ID_TRANSACTION_CONTROL, &items[begin]);
    }
    if (items[end].kind != PGA_STATEMENT_COMMIT)
        return refuse(p, &items[end]);
    if (!add_modes(p, &items[begin], &unit.modes) || !check_modes(p, &items[end]) ||
        !hoist(p, &first, end, &unit.modes))
        return false;
    for (size_t i = first; i < end; i++)
        if (!check_inside(p, &items[i]))
            return false;
    unit.first = first;
    unit.count = end - first;
    add_unit(p, out, unit);
    *at = end + 1;
    return true;
}

/* Refuse what makes no sense between statements that run one by one. */
static bool
check_outside(const struct preparation *p, const struct pga_statement *statement)
{
    switch (statement->kind) {
    case PGA_STATEMENT_COMMIT:
        (void)pga_fail(p->err, PGA_ERR_USAGE, "\"%s\" without its BEGIN", label(p, statement));
        (void)pga_error_hint(p->err, "Put \"BEGIN;\" before the first statement that belongs to "
                                     "the transaction, or remove the line.");
        return place(p, PGA_ID_TRANSACTION_CONTROL, statement);
    case PGA_STATEMENT_SAVEPOINT:
    case PGA_STATEMENT_SET_TRANSACTION:
        (void)pga_fail(p->err, PGA_ERR_USAGE, "\"%s\" has no effect outside a transaction",
                       label(p, statement));
        (void)pga_error_hint(p->err, "Put \"BEGIN;\" before it and \"COMMIT;\" behind the "
                                     "statements that it concerns.");
        return place(p, PGA_ID_TRANSACTION_CONTROL, statement);
    case PGA_STATEMENT_COMMIT_CHAIN:
    case PGA_STATEMENT_ROLLBACK:
    case PGA_STATEMENT_PREPARE_TRANSACTION:
    case PGA_STATEMENT_COPY_OUT:
        return refuse(p, statement);
    default:
        return true;
    }
}

/* Whether a statement can run in one transaction with the record of its progress. */
static bool
is_transactional(enum pga_statement_kind kind)
{
    return kind != PGA_STATEMENT_OUTSIDE && kind != PGA_STATEMENT_EITHER &&
           kind != PGA_STATEMENT_CALL && kind != PGA_STATEMENT_END_PREPARED;
}

/*
 * Between the statements of such a script the session is reset, and only SET and RESET are repeated: other state that
 * a statement leaves would be gone for the next one.
 */
static bool
check_state(const struct preparation *p, const struct pga_statement *statement)
{
    bool leaves_state = statement->kind == PGA_STATEMENT_SESSION_STATE ||
                        statement->kind == PGA_STATEMENT_SET_LEXICAL;

    if (!leaves_state || pga_str_equal_nocase(statement->first, "set") ||
        pga_str_equal_nocase(statement->first, "reset") ||
        pga_str_equal_nocase(statement->first, "discard"))
        return true;
    (void)pga_fail(
        p->err, PGA_ERR_USAGE,
        "what \"%.*s\" leaves in the session does not last where statements run one by one",
        PGA_STR_ARG(statement->first));
    (void)pga_error_hint(
        p->err, "Put it and the statements that need it between BEGIN; and COMMIT; or, for a "
                "setting, write it as SET name = value.");
    return place(p, PGA_ID_SESSION_STATE, statement);
}

bool
pga_script_units(struct pga_arena *mem, const struct pga_script_text *script, bool standard_strings,
                 struct pga_units *out, struct pga_error *err)
{
    struct preparation p = {mem, script, &out->statements, err};
    size_t at = 0;

    *out = (struct pga_units){0};
    if (!split(&p, standard_strings, &out->statements))
        return false;
    while (at < out->statements.count) {
        const struct pga_statement *statement = &out->statements.items[at];

        if (statement->kind == PGA_STATEMENT_BEGIN) {
            if (!add_wrapped(&p, out, &at))
                return false;
            continue;
        }
        if (!check_outside(&p, statement) || !check_state(&p, statement))
            return false;
        add_unit(&p, out,
                 (struct pga_unit){
                     .first = at, .count = 1, .transactional = is_transactional(statement->kind)});
        at++;
    }
    return true;
}
