/*
 * engine/shared.c: what can't run in a session that a pooler shares among clients.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/shared.h"

#include "alterations/statement_kind.h"
#include "alterations/words.h"

#define NAMED_MAX 20 /* alterations that are named */
#define STARTS_MAX                                                                                 \
    16 /* where a statement may begin before one semicolon: BEGIN, THEN, ELSE, LOOP */

struct findings {
    const struct pga_runner *runner;
    struct pga_arena mem;
    struct pga_buf text; /* one a line */
    size_t count;
    const struct pga_script_text *script; /* of the first that has a place; NULL: none has */
    size_t offset;
};

static void
release(struct findings *findings)
{
    pga_arena_release(&findings->mem);
}

static void
add(struct findings *findings, const char *id, const char *why)
{
    if (findings->count++ < NAMED_MAX)
        pga_buf_appendf(&findings->text, "%s%s: %s", findings->count == 1 ? "" : "\n", id, why);
}

/* Whether a statement leaves something in the session. */
static bool
leaves_state(enum pga_statement_kind kind)
{
    return kind == PGA_STATEMENT_SESSION_STATE || kind == PGA_STATEMENT_SET_LEXICAL;
}

static bool
piece_leaves_state(struct pga_str text, bool standard_strings)
{
    struct pga_statement statement = {0};

    (void)pga_statement_classify(text, standard_strings, &statement);
    return leaves_state(statement.kind);
}

/* Whether a statement within the body of a DO block does. */
static bool
body_leaves_state(struct pga_str body, bool standard_strings)
{
    struct pga_words words = pga_words_on(body, standard_strings);
    size_t starts[STARTS_MAX], count = 0;
    bool at_start = true;

    for (; words.more; pga_words_advance(&words)) {
        if (at_start && count < STARTS_MAX)
            starts[count++] = words.token.offset;
        at_start = pga_words_is(&words, "begin") || pga_words_is(&words, "then") ||
                   pga_words_is(&words, "else") || pga_words_is(&words, "loop");
        if (!pga_words_is_kind(&words, PGA_TOKEN_SEMICOLON))
            continue;
        for (size_t i = 0; i < count; i++)
            if (piece_leaves_state(pga_str_slice(body, starts[i], words.token.offset - starts[i]),
                                   standard_strings))
                return true;
        count = 0;
        at_start = true;
    }
    return false;
}

static bool
block_leaves_state(struct pga_str text, bool standard_strings)
{
    struct pga_words words = pga_words_on(text, standard_strings);
    struct pga_str body;

    for (; words.more; pga_words_advance(&words))
        if (pga_words_literal(&words, &body) && body_leaves_state(body, standard_strings))
            return true;
    return false;
}

/* Whether a statement ends what other clients may have in the session, or uses it. */
static bool
touches_others(const struct pga_statement *statement, struct pga_str text)
{
    static const char *const firsts[] = {"deallocate", "execute", "unlisten"};
    static const char *const names[] = {"pg_advisory_unlock", "pg_advisory_unlock_all",
                                        "pg_advisory_unlock_shared"};
    struct pga_words words = pga_words_on(text, statement->standard_strings);

    for (size_t i = 0; i < PGA_COUNT_OF(firsts); i++)
        if (pga_str_equal_nocase(statement->first, firsts[i]))
            return true;
    if (pga_str_equal_nocase(statement->first, "close") &&
        pga_str_equal_nocase(statement->second, "all"))
        return true;
    for (; words.more; pga_words_advance(&words))
        for (size_t i = 0; i < PGA_COUNT_OF(names); i++)
            if (pga_words_is_name(&words, names[i]))
                return true;
    return false;
}

/* Why a statement can't run in a shared session; NULL: it can. */
static const char *
refuse_statement(const struct pga_statement *statement, struct pga_str text)
{
    if (leaves_state(statement->kind))
        return "lasts beyond the transaction";
    if (statement->kind == PGA_STATEMENT_ALTER_SETTINGS)
        return "changes what sessions begin with, and a pooler's have begun";
    if (touches_others(statement, text))
        return "reaches for what other clients have in the session";
    if (statement->kind == PGA_STATEMENT_CALL &&
        block_leaves_state(text, statement->standard_strings))
        return "sets something in its body that lasts beyond the transaction";
    return NULL;
}

/* "SET search_path": of other statements the second word says less. */
static const char *
label(struct findings *findings, const struct pga_statement *statement)
{
    bool has_name = pga_str_equal_nocase(statement->first, "set") ||
                    pga_str_equal_nocase(statement->first, "reset") ||
                    statement->kind == PGA_STATEMENT_ALTER_SETTINGS;

    return pga_format(&findings->mem, "%.*s%s%.*s", PGA_STR_ARG(statement->first),
                      has_name && statement->second.len > 0 ? " " : "",
                      has_name ? (int)statement->second.len : 0, statement->second.data);
}

/* The first statement of a script that can't, if there is one. */
static bool
check_statements(struct findings *findings, const char *id, const struct pga_script_text *script,
                 struct pga_error *err)
{
    struct pga_prepared prepared;

    if (!pga_script_prepare(&findings->mem, script, findings->runner->journal->standard_strings,
                            &prepared, err))
        return false;
    for (size_t i = prepared.first; i < prepared.end; i++) {
        const struct pga_statement *statement = &prepared.statements.items[i];
        const char *why = refuse_statement(
            statement, pga_str_slice(script->text, statement->offset, statement->len));

        if (why == NULL)
            continue;
        add(findings, id,
            pga_format(&findings->mem, "%s:%d: \"%s\" %s", script->file,
                       pga_script_file_line(script, statement->line), label(findings, statement),
                       why));
        if (findings->script == NULL) {
            findings->script = script;
            findings->offset = statement->offset;
        }
        break;
    }
    return true;
}

static bool
check_source(struct findings *findings, const char *id, const struct pga_source *source,
             struct pga_error *err)
{
    if (source->before != NULL)
        add(findings, id, "has a script that runs before its transaction");
    else if (source->main != NULL && pga_script_is_outside(source->main))
        add(findings, id, "runs outside a transaction (transaction none)");
    else if (source->main != NULL)
        return check_statements(findings, id, source->main, err);
    return true;
}

static bool
fail_findings(struct findings *findings, struct pga_error *err)
{
    if (findings->count == 0)
        return true;
    if (findings->count > NAMED_MAX)
        pga_buf_appendf(&findings->text, "\nand %zu more", findings->count - NAMED_MAX);
    (void)pga_fail(err, PGA_ERR_USAGE, "%zu %s, which a pooler doesn't give; nothing was changed",
                   findings->count,
                   findings->count == 1 ? "alteration needs a session of its own"
                                        : "alterations need a session of their own");
    (void)pga_error_identify(err, PGA_ID_POOLER);
    (void)pga_error_detail(err, "%s", findings->text.data);
    (void)pga_error_hint(
        err, "Run the same command without --pooler, with the address and port of the server "
             "itself. Within a transaction, SET LOCAL and ON COMMIT DROP need no session.");
    return findings->script == NULL ? false
                                    : pga_script_place(err, findings->script, findings->offset);
}

bool
pga_shared_check(const struct pga_runner *runner, const struct pga_plan *plan,
                 const struct pga_source *sources, struct pga_error *err)
{
    PGA_AUTO(release)
    struct findings findings = {.runner = runner};

    findings.text = pga_buf_on(&findings.mem);
    if (!runner->journal->settings.is_shared)
        return true;
    for (size_t i = 0; i < plan->count; i++)
        if (!check_source(&findings, plan->steps[i].id, &sources[i], err))
            return false;
    return fail_findings(&findings, err);
}

bool
pga_shared_check_unfinished(const struct pga_runner *runner, const struct pga_plan *plan,
                            const struct pga_unfinished *rows, size_t count, struct pga_error *err)
{
    PGA_AUTO(release)
    struct findings findings = {.runner = runner};

    findings.text = pga_buf_on(&findings.mem);
    if (!runner->journal->settings.is_shared)
        return true;
    for (size_t i = 0; i < plan->count; i++)
        for (size_t k = 0; k < count; k++)
            if (pga_same(plan->steps[i].id, rows[k].id))
                add(&findings, rows[k].id, "was interrupted outside a transaction");
    return fail_findings(&findings, err);
}
