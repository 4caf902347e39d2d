/*
 * alterations/statement_kind.c: what one statement means to a runner.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "alterations/statement_kind.h"

#include <stddef.h>

#include "alterations/lexer.h"
#include "alterations/words.h"
#include "base/compiler.h"

/* A statement that is being classified, and how far it has been read. */
struct classifier {
    struct pga_words words;
    struct pga_statement *statement;
    enum pga_strings_effect effect;
};

/* Whether the rest of the statement switches an option off, as in (create_slot = false). */
static bool
has_option_off(struct pga_words words, const char *name)
{
    for (; words.more; pga_words_advance(&words)) {
        if (!pga_words_is(&words, name))
            continue;
        pga_words_advance(&words);
        if (pga_words_is_symbol(&words, "="))
            pga_words_advance(&words);
        if (pga_words_boolean(&words) == 0)
            return true;
    }
    return false;
}

static void
set_kind(struct classifier *c, enum pga_statement_kind kind)
{
    c->statement->kind = kind;
}

static void
set_concurrently(struct classifier *c)
{
    c->statement->concurrently = true;
    set_kind(c, PGA_STATEMENT_OUTSIDE);
}

static struct pga_str
read_level(struct classifier *c)
{
    if (pga_words_take(&c->words, "serializable"))
        return PGA_STR("SERIALIZABLE");
    if (pga_words_take(&c->words, "repeatable"))
        return pga_words_take(&c->words, "read") ? PGA_STR("REPEATABLE READ") : PGA_STR("");
    if (!pga_words_take(&c->words, "read"))
        return PGA_STR("");
    if (pga_words_take(&c->words, "committed"))
        return PGA_STR("READ COMMITTED");
    return pga_words_take(&c->words, "uncommitted") ? PGA_STR("READ UNCOMMITTED") : PGA_STR("");
}

/* One transaction mode; false when it is none. */
static bool
read_mode(struct classifier *c, struct pga_modes *modes)
{
    if (pga_words_take(&c->words, "isolation")) {
        modes->isolation = pga_words_take(&c->words, "level") ? read_level(c) : PGA_STR("");
        return modes->isolation.len > 0;
    }
    if (pga_words_take(&c->words, "read")) {
        if (pga_words_take(&c->words, "write"))
            return true;
        modes->read_only = true;
        return pga_words_take(&c->words, "only");
    }
    if (pga_words_take(&c->words, "not")) {
        modes->deferrable = false;
        return pga_words_take(&c->words, "deferrable");
    }
    modes->deferrable = true;
    return pga_words_take(&c->words, "deferrable");
}

static void
read_modes(struct classifier *c)
{
    struct pga_modes *modes = &c->statement->modes;

    if (pga_words_take(&c->words, "snapshot")) {
        modes->snapshot = true;
        return;
    }
    while (!pga_words_at_end(&c->words)) {
        if (!read_mode(c, modes)) {
            modes->malformed = true;
            return;
        }
        if (pga_words_is_symbol(&c->words, ","))
            pga_words_advance(&c->words);
    }
}

static void
take_transaction_word(struct classifier *c)
{
    if (!pga_words_take(&c->words, "work"))
        (void)pga_words_take(&c->words, "transaction");
}

static void
classify_begin(struct classifier *c)
{
    set_kind(c, PGA_STATEMENT_BEGIN);
    take_transaction_word(c);
    read_modes(c);
}

static void
classify_start(struct classifier *c)
{
    if (!pga_words_take(&c->words, "transaction"))
        return;
    set_kind(c, PGA_STATEMENT_BEGIN);
    read_modes(c);
}

/* The end of COMMIT and ROLLBACK. */
static void
classify_chain(struct classifier *c, enum pga_statement_kind plain)
{
    set_kind(c, plain);
    if (pga_words_take(&c->words, "and") && !pga_words_take(&c->words, "no"))
        set_kind(c, PGA_STATEMENT_COMMIT_CHAIN);
    (void)pga_words_take(&c->words, "chain");
    c->statement->modes.malformed = !pga_words_at_end(&c->words);
}

static void
classify_commit(struct classifier *c)
{
    if (pga_words_is(&c->words, "prepared")) {
        set_kind(c, PGA_STATEMENT_END_PREPARED);
        return;
    }
    take_transaction_word(c);
    classify_chain(c, PGA_STATEMENT_COMMIT);
}

static void
classify_rollback(struct classifier *c)
{
    if (pga_words_is(&c->words, "prepared")) {
        set_kind(c, PGA_STATEMENT_END_PREPARED);
        return;
    }
    take_transaction_word(c);
    if (pga_words_is(&c->words, "to")) {
        set_kind(c, PGA_STATEMENT_SAVEPOINT);
        return;
    }
    classify_chain(c, PGA_STATEMENT_ROLLBACK);
}

/* PREPARE transaction AS ... is an ordinary prepared statement with an unhappy name. */
static void
classify_prepare(struct classifier *c)
{
    bool transaction = pga_words_take(&c->words, "transaction") && !pga_words_is(&c->words, "as") &&
                       !pga_words_is_kind(&c->words, PGA_TOKEN_OPEN);

    set_kind(c, transaction ? PGA_STATEMENT_PREPARE_TRANSACTION : PGA_STATEMENT_SESSION_STATE);
}

/* Behind the name of standard_conforming_strings in SET. */
static enum pga_strings_effect
read_strings_value(struct classifier *c)
{
    if (pga_words_is_symbol(&c->words, "="))
        pga_words_advance(&c->words);
    else if (!pga_words_take(&c->words, "to"))
        return PGA_STRINGS_UNKNOWN;
    if (pga_words_is(&c->words, "default"))
        return PGA_STRINGS_INITIAL;
    switch (pga_words_boolean(&c->words)) {
    case 1:
        return PGA_STRINGS_ON;
    case 0:
        return PGA_STRINGS_OFF;
    default:
        return PGA_STRINGS_UNKNOWN;
    }
}

static void
classify_set(struct classifier *c)
{
    bool local = false;

    if (pga_words_is(&c->words, "constraints"))
        return;
    if (pga_words_take(&c->words, "local"))
        local = !pga_words_is_symbol(&c->words, "."); /* local.x is a setting of somebody's own */
    else
        (void)pga_words_take(
            &c->words,
            "session"); /* also that of SESSION AUTHORIZATION and SESSION CHARACTERISTICS */
    if (pga_words_take(&c->words, "transaction")) {
        set_kind(c, PGA_STATEMENT_SET_TRANSACTION);
        c->statement->modes.malformed = pga_words_at_end(&c->words);
        read_modes(c);
    } else if (pga_words_is_name(&c->words, "standard_conforming_strings")) {
        bool certain = !local && !pga_words_is_escaped_name(&c->words);

        set_kind(c, PGA_STATEMENT_SET_LEXICAL);
        pga_words_advance(&c->words);
        c->effect = certain ? read_strings_value(c) : PGA_STRINGS_UNKNOWN;
    } else if (pga_words_is_name(&c->words, "client_encoding") ||
               pga_words_is(&c->words, "names")) {
        set_kind(c, PGA_STATEMENT_SET_LEXICAL);
    } else if (!local || pga_words_is(&c->words, "session")) {
        set_kind(c, PGA_STATEMENT_SESSION_STATE);
    }
}

static void
classify_reset(struct classifier *c)
{
    set_kind(c, PGA_STATEMENT_SESSION_STATE);
    if (pga_words_is_name(&c->words, "standard_conforming_strings") ||
        pga_words_is(&c->words, "all"))
        c->effect = PGA_STRINGS_INITIAL;
    if (pga_words_is_name(&c->words, "standard_conforming_strings") ||
        pga_words_is_name(&c->words, "client_encoding"))
        set_kind(c, PGA_STATEMENT_SET_LEXICAL);
}

static void
classify_discard(struct classifier *c)
{
    set_kind(c, PGA_STATEMENT_SESSION_STATE);
    if (pga_words_is(&c->words, "all")) {
        set_kind(c, PGA_STATEMENT_OUTSIDE);
        c->effect = PGA_STRINGS_INITIAL;
    }
}

/* The grammar takes STDIN and STDOUT for each other: only the direction counts. */
static void
classify_copy(struct classifier *c)
{
    while (c->words.more && !(c->words.depth == 0 &&
                              (pga_words_is(&c->words, "from") || pga_words_is(&c->words, "to"))))
        pga_words_advance(&c->words);
    if (c->words.more) {
        bool in = pga_words_is(&c->words, "from");

        pga_words_advance(&c->words);
        if (pga_words_is(&c->words, "stdin") || pga_words_is(&c->words, "stdout"))
            set_kind(c, in ? PGA_STATEMENT_COPY_IN : PGA_STATEMENT_COPY_OUT);
    }
}

/* Behind CREATE TEMP: gone at the end of the transaction, or of the session. */
static void
classify_temporary(struct classifier *c)
{
    while (pga_words_seek(&c->words, "on")) {
        pga_words_advance(&c->words);
        if (pga_words_take(&c->words, "commit") && pga_words_is(&c->words, "drop"))
            return;
    }
    set_kind(c, PGA_STATEMENT_SESSION_STATE);
}

static void
classify_create(struct classifier *c)
{
    if (pga_words_take(&c->words, "or"))
        (void)pga_words_take(&c->words, "replace");
    if (!pga_words_take(&c->words, "global"))
        (void)pga_words_take(&c->words, "local");
    if (pga_words_is(&c->words, "temp") || pga_words_is(&c->words, "temporary")) {
        classify_temporary(c);
        return;
    }
    (void)pga_words_take(&c->words, "unique");
    if (pga_words_take(&c->words, "index")) {
        if (pga_words_is(&c->words, "concurrently"))
            set_concurrently(c);
    } else if (pga_words_is(&c->words, "database") || pga_words_is(&c->words, "tablespace")) {
        set_kind(c, PGA_STATEMENT_OUTSIDE);
    } else if (pga_words_is(&c->words, "subscription") &&
               !has_option_off(c->words, "create_slot") && !has_option_off(c->words, "connect")) {
        set_kind(c, PGA_STATEMENT_OUTSIDE);
    }
}

static void
classify_drop(struct classifier *c)
{
    if (pga_words_take(&c->words, "index")) {
        if (pga_words_is(&c->words, "concurrently"))
            set_concurrently(c);
    } else if (pga_words_is(&c->words, "database") || pga_words_is(&c->words, "tablespace")) {
        set_kind(c, PGA_STATEMENT_OUTSIDE);
    } else if (pga_words_is(&c->words, "subscription")) {
        set_kind(c, PGA_STATEMENT_EITHER); /* unless its slot was taken from it */
    }
}

/* Behind ALTER DATABASE. */
static void
classify_alter_database(struct classifier *c)
{
    bool settings;

    pga_words_advance(&c->words); /* its name */
    (void)pga_words_take(&c->words, "with");
    settings = pga_words_is(&c->words, "reset");
    if (pga_words_take(&c->words, "set"))
        settings = true;
    if (pga_words_is(&c->words, "tablespace"))
        set_kind(c, PGA_STATEMENT_OUTSIDE);
    else if (settings)
        set_kind(c, PGA_STATEMENT_ALTER_SETTINGS);
}

/* Behind ALTER ROLE and ALTER USER. */
static void
classify_alter_role(struct classifier *c)
{
    if (pga_words_take(&c->words, "mapping")) {
        if (pga_words_is(&c->words, "for"))
            return;
    } else {
        pga_words_advance(&c->words); /* its name */
    }
    for (; c->words.more; pga_words_advance(&c->words))
        if (c->words.depth == 0 &&
            (pga_words_is(&c->words, "set") || pga_words_is(&c->words, "reset")))
            set_kind(c, PGA_STATEMENT_ALTER_SETTINGS);
}

/* Behind ALTER SUBSCRIPTION. */
static void
classify_alter_subscription(struct classifier *c)
{
    pga_words_advance(&c->words); /* its name */
    if (pga_words_is(&c->words, "refresh")) {
        set_kind(c, PGA_STATEMENT_OUTSIDE);
    } else if (pga_words_take(&c->words, "set") || pga_words_take(&c->words, "add") ||
               pga_words_take(&c->words, "drop")) {
        if (pga_words_is_kind(&c->words, PGA_TOKEN_OPEN))
            set_kind(c, PGA_STATEMENT_EITHER); /* failover and two_phase alter the slot */
        else if (pga_words_is(&c->words, "publication") && !has_option_off(c->words, "refresh"))
            set_kind(c, PGA_STATEMENT_OUTSIDE);
    }
}

static void
classify_alter(struct classifier *c)
{
    if (pga_words_is(&c->words, "system")) {
        set_kind(c, PGA_STATEMENT_OUTSIDE);
    } else if (pga_words_take(&c->words, "database")) {
        classify_alter_database(c);
    } else if (pga_words_take(&c->words, "role") || pga_words_take(&c->words, "user")) {
        classify_alter_role(c);
    } else if (pga_words_take(&c->words, "subscription")) {
        classify_alter_subscription(c);
    } else if (pga_words_take(&c->words, "table")) {
        if (pga_words_seek(&c->words, "concurrently")) /* DETACH PARTITION p CONCURRENTLY */
            set_concurrently(c);
    }
}

/* At a parenthesis: whether CONCURRENTLY is among the options.  Advances behind them. */
static bool
read_concurrently_option(struct classifier *c)
{
    struct pga_words options = c->words;
    bool found = false;

    pga_words_skip_parentheses(&c->words);
    while (options.more && (!c->words.more || options.token.offset < c->words.token.offset)) {
        if (pga_words_take(&options, "concurrently"))
            found = pga_words_boolean(&options) != 0;
        else
            pga_words_advance(&options);
    }
    return found;
}

static void
classify_reindex(struct classifier *c)
{
    bool concurrently = pga_words_is_kind(&c->words, PGA_TOKEN_OPEN) && read_concurrently_option(c);

    set_kind(c, PGA_STATEMENT_EITHER); /* a partitioned table's or index's can't */
    if (pga_words_is(&c->words, "schema") || pga_words_is(&c->words, "database") ||
        pga_words_is(&c->words, "system"))
        set_kind(c, PGA_STATEMENT_OUTSIDE);
    pga_words_advance(&c->words);
    if (concurrently || pga_words_is(&c->words, "concurrently"))
        set_concurrently(c);
}

static void
classify_cluster(struct classifier *c)
{
    if (pga_words_is_kind(&c->words, PGA_TOKEN_OPEN)) {
        if (read_concurrently_option(c))
            set_concurrently(c);
    } else {
        (void)pga_words_take(&c->words, "verbose");
    }
    if (!c->statement->concurrently)
        set_kind(c, pga_words_at_end(&c->words) ? PGA_STATEMENT_OUTSIDE : PGA_STATEMENT_EITHER);
}

static void
classify_declare(struct classifier *c)
{
    while (pga_words_seek(&c->words, "with")) {
        pga_words_advance(&c->words);
        if (pga_words_is(&c->words, "hold")) {
            set_kind(c, PGA_STATEMENT_SESSION_STATE);
            return;
        }
    }
}

static const struct {
    const char *word;
    void (*classify)(struct classifier *c); /* NULL: the kind is certain */
    enum pga_statement_kind kind;
} first_words[] = {
    {"abort", classify_rollback, PGA_STATEMENT_ORDINARY},
    {"alter", classify_alter, PGA_STATEMENT_ORDINARY},
    {"begin", classify_begin, PGA_STATEMENT_ORDINARY},
    {"call", NULL, PGA_STATEMENT_CALL},
    {"cluster", classify_cluster, PGA_STATEMENT_ORDINARY},
    {"commit", classify_commit, PGA_STATEMENT_ORDINARY},
    {"copy", classify_copy, PGA_STATEMENT_ORDINARY},
    {"create", classify_create, PGA_STATEMENT_ORDINARY},
    {"declare", classify_declare, PGA_STATEMENT_ORDINARY},
    {"discard", classify_discard, PGA_STATEMENT_ORDINARY},
    {"do", NULL, PGA_STATEMENT_CALL},
    {"drop", classify_drop, PGA_STATEMENT_ORDINARY},
    {"end", classify_commit, PGA_STATEMENT_ORDINARY},
    {"listen", NULL, PGA_STATEMENT_SESSION_STATE},
    {"load", NULL, PGA_STATEMENT_SESSION_STATE},
    {"prepare", classify_prepare, PGA_STATEMENT_ORDINARY},
    {"reindex", classify_reindex, PGA_STATEMENT_ORDINARY},
    {"release", NULL, PGA_STATEMENT_SAVEPOINT},
    {"repack", classify_cluster, PGA_STATEMENT_ORDINARY}, /* CLUSTER's successor */
    {"reset", classify_reset, PGA_STATEMENT_ORDINARY},
    {"rollback", classify_rollback, PGA_STATEMENT_ORDINARY},
    {"savepoint", NULL, PGA_STATEMENT_SAVEPOINT},
    {"set", classify_set, PGA_STATEMENT_ORDINARY},
    {"start", classify_start, PGA_STATEMENT_ORDINARY},
    {"vacuum", NULL, PGA_STATEMENT_OUTSIDE},
};

static void
mark_session_state(struct classifier *c)
{
    if (c->statement->kind == PGA_STATEMENT_ORDINARY)
        set_kind(c, PGA_STATEMENT_SESSION_STATE);
}

static void
mark_lexical(struct classifier *c, enum pga_strings_effect effect)
{
    if (effect != PGA_STRINGS_KEPT)
        c->effect = effect;
    if (c->statement->kind == PGA_STATEMENT_ORDINARY ||
        c->statement->kind == PGA_STATEMENT_SESSION_STATE)
        set_kind(c, PGA_STATEMENT_SET_LEXICAL);
}

/* Behind the name of set_config: its first argument says what is set, its last one for how long. */
static void
read_set_config(struct classifier *c)
{
    int depth = c->words.depth + 1;
    struct pga_str setting = {0};
    bool certain, local = false;

    if (!pga_words_is_kind(&c->words, PGA_TOKEN_OPEN))
        return;
    pga_words_advance(&c->words);
    certain = pga_words_literal(&c->words, &setting);
    pga_words_advance(&c->words);
    certain =
        certain && (pga_words_is_symbol(&c->words, ",") || pga_words_is_symbol(&c->words, ":"));
    for (; c->words.more && c->words.depth >= depth; pga_words_advance(&c->words))
        local =
            pga_words_is(&c->words, "true") ||
            (pga_words_is_kind(&c->words, PGA_TOKEN_STRING) && pga_words_boolean(&c->words) == 1);
    if (!certain || pga_str_equal_nocase(setting, "standard_conforming_strings"))
        mark_lexical(c, PGA_STRINGS_UNKNOWN);
    else if (pga_str_equal_nocase(setting, "client_encoding"))
        mark_lexical(c, PGA_STRINGS_KEPT);
    else if (!local)
        mark_session_state(c);
}

static bool
is_session_lock(const struct classifier *c)
{
    return pga_words_is_name(&c->words, "pg_advisory_lock") ||
           pga_words_is_name(&c->words, "pg_advisory_lock_shared") ||
           pga_words_is_name(&c->words, "pg_try_advisory_lock") ||
           pga_words_is_name(&c->words, "pg_try_advisory_lock_shared");
}

/* What any statement can do by an expression, or by SELECT INTO. */
static void
scan_expressions(struct classifier *c)
{
    bool update = false;

    while (c->words.more) {
        update = update || pga_words_is(&c->words, "update");
        if (pga_words_is_name(&c->words, "set_config")) {
            pga_words_advance(&c->words);
            read_set_config(c);
            continue;
        }
        if (update &&
            pga_words_is_name(&c->words, "pg_settings")) /* a view whose UPDATE calls set_config */
            mark_lexical(c, PGA_STRINGS_UNKNOWN);
        if (is_session_lock(c) || pga_words_is_name(&c->words, "pg_temp"))
            mark_session_state(c);
        if (pga_words_take(&c->words, "insert") || pga_words_take(&c->words, "merge")) {
            (void)pga_words_take(&c->words, "into"); /* here "temp" would be a table's name */
            continue;
        }
        if (pga_words_take(&c->words, "into")) {
            if (!pga_words_take(&c->words, "global"))
                (void)pga_words_take(&c->words, "local");
            if (pga_words_is(&c->words, "temp") || pga_words_is(&c->words, "temporary"))
                mark_session_state(c);
            continue;
        }
        pga_words_advance(&c->words);
    }
}

enum pga_strings_effect
pga_statement_classify(struct pga_str text, bool standard_strings, struct pga_statement *statement)
{
    struct classifier c = {pga_words_on(text, standard_strings), statement, PGA_STRINGS_KEPT};
    struct pga_words start = c.words;

    if (pga_words_is_kind(&c.words, PGA_TOKEN_WORD)) {
        statement->first = pga_words_text(&c.words);
        pga_words_advance(&c.words);
        if (pga_words_is_kind(&c.words, PGA_TOKEN_WORD))
            statement->second = pga_words_text(&c.words);
    }
    for (size_t i = 0; i < PGA_COUNT_OF(first_words); i++) {
        if (!pga_str_equal_nocase(statement->first, first_words[i].word))
            continue;
        statement->kind = first_words[i].kind;
        if (first_words[i].classify != NULL)
            first_words[i].classify(&c);
    }
    c.words = start;
    scan_expressions(&c);
    return c.effect;
}
