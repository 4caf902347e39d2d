/*
 * engine/place.c: where in a file stands what a server speaks of.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/place.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alterations/lexer.h"
#include "alterations/secret.h"
#include "base/compiler.h"
#include "base/mask.h"
#include "engine/place_within.h"

#define CHARACTERS_MAX 16 /* bytes that an error about an encoding names */

void
pga_span_add(struct pga_arena *mem, struct pga_span_map *map, const struct pga_span *span)
{
    map->items = pga_grow(mem, map->items, map->count, &map->capacity, sizeof(*map->items));
    map->items[map->count++] = *span;
}

bool
pga_span_find(const struct pga_span_map *map, struct pga_str message, int64_t position,
              bool in_bytes, size_t *out_offset)
{
    size_t at;

    if (position <= 0)
        return false;
    at = in_bytes ? (size_t)position - 1 : pga_utf8_offset(message, (size_t)position - 1);
    for (size_t i = 0; i < map->count; i++) {
        const struct pga_span *span = &map->items[i];

        if (at < span->message_offset || at > span->message_offset + span->len)
            continue;
        *out_offset = span->script_offset + (span->is_end ? 0 : at - span->message_offset);
        return true;
    }
    return false;
}

size_t
pga_results_tagged(const struct pga_results *results)
{
    size_t count = 0;

    for (size_t i = 0; i < results->count; i++)
        count += results->items[i].tag[0] != '\0';
    return count;
}

/* The statement behind so many results; NULL when that is one of pgalter's own. */
static const struct pga_statement *
statement_behind(const struct pga_sent *sent, size_t done)
{
    if (done < sent->head || done - sent->head >= sent->end - sent->first)
        return NULL;
    return &sent->statements->items[sent->first + done - sent->head];
}

/* Whether a statement may send rows before it is over. */
static bool
sends_rows(const struct pga_statement *statement)
{
    static const char *const verbs[] = {"select",  "with",    "values", "table",  "fetch",
                                        "execute", "show",    "insert", "update", "delete",
                                        "merge",   "explain", "call",   ""};

    for (size_t i = 0; i < PGA_COUNT_OF(verbs); i++)
        if (pga_str_equal_nocase(statement->first, verbs[i]))
            return true;
    return false;
}

/* The statement that the server speaks of; NULL when it is one of pgalter's own. */
static const struct pga_statement *
current_statement(const struct pga_sent *sent, const struct pga_server_message *said)
{
    size_t done = pga_results_tagged(sent->results);
    const struct pga_statement *here = statement_behind(sent, done);
    const struct pga_statement *next = statement_behind(sent, done + 1);

    if (!said->is_ahead || next == NULL)
        return here;
    /* Amid the rows of this one, by a function, or behind its end. */
    return here != NULL && sends_rows(here) && said->context[0] != '\0' &&
                   !pga_names_block(said, next)
               ? here
               : next;
}

/* The statement that a byte of the script belongs to; NULL when to none. */
static const struct pga_statement *
statement_at(const struct pga_statements *statements, size_t offset)
{
    const struct pga_statement *last = NULL;

    assert(statements->count == 0 || statements->items != NULL);
    for (size_t i = 0; i < statements->count && statements->items[i].offset <= offset; i++)
        last = &statements->items[i];
    return last;
}

bool
pga_place_characters(const char *message, struct pga_str text, size_t *out_offset)
{
    char bytes[CHARACTERS_MAX];
    size_t count = 0;
    const char *at = strstr(message, "0x");

    /* As "0xe2 0x82 0xac". */
    while (at != NULL && strncmp(at, "0x", 2) == 0 && count < sizeof(bytes)) {
        char *end;
        unsigned long value = strtoul(at + 2, &end, 16);

        if (end != at + 4 || value > 0xFF)
            break;
        bytes[count++] = (char)value;
        at = *end == ' ' ? end + 1 : end;
    }
    for (size_t i = 0; count > 0 && i + count <= text.len; i++) {
        if (memcmp(text.data + i, bytes, count) != 0)
            continue;
        *out_offset = i;
        return true;
    }
    return false;
}

bool
pga_place_is_about_characters(const struct pga_server_message *said)
{
    return strcmp(said->sqlstate, "22P05") == 0 || strcmp(said->sqlstate, "22021") == 0;
}

static bool
is_about_encoding(struct pga_str text)
{
    for (size_t at = 0; at < text.len; at++)
        if (pga_str_equal_nocase(pga_str_slice(text, at, strlen("encoding")), "encoding") ||
            pga_str_equal_nocase(pga_str_slice(text, at, strlen("names")), "names"))
            return true;
    return false;
}

/*
 * Whether the server read the message in an encoding that the script chose before, and the message shows it.  In most of
 * them each byte is a character then, but not in all: where in its line something stands is anyone's guess.
 */
static bool
is_recoded(const struct pga_sent *sent)
{
    bool is_ascii = true;

    for (size_t i = 0; i < sent->message.len && is_ascii; i++)
        is_ascii = (unsigned char)sent->message.data[i] < 0x80;
    for (size_t i = 0; !is_ascii && i < sent->first; i++) {
        const struct pga_statement *statement = &sent->statements->items[i];

        if (statement->kind == PGA_STATEMENT_SET_LEXICAL &&
            is_about_encoding(pga_str_slice(sent->script->text, statement->offset, statement->len)))
            return true;
    }
    return false;
}

bool
pga_spot_find(struct pga_arena *mem, const struct pga_sent *sent,
              const struct pga_server_message *said, struct pga_spot *out)
{
    struct pga_str text = sent->script->text;
    const struct pga_statement *statement = current_statement(sent, said);
    bool recoded = said->position > 0 && is_recoded(sent);

    out->is_exact = !recoded;
    if (pga_span_find(&sent->map, sent->message, said->position, sent->in_bytes || recoded,
                      &out->offset))
        return true;
    out->is_exact = true;
    if (sent->results->count == 0 && pga_place_is_about_characters(said))
        return pga_place_characters(said->message, text, &out->offset);
    if (statement == NULL)
        return false;
    if (statement->kind == PGA_STATEMENT_COPY_IN ? pga_row_spot(text, statement, said, out)
                                                 : pga_body_spot(mem, sent, statement, said, out))
        return true;
    *out = (struct pga_spot){.offset = statement->offset};
    return true;
}

size_t
pga_internal_offset(const struct pga_sent *sent, const struct pga_server_message *said)
{
    size_t position = said->internal_position > 0 ? (size_t)said->internal_position - 1 : 0;

    return sent->in_bytes ? position : pga_utf8_offset(pga_str_of(said->internal_query), position);
}

/* What is masked in what a server says. */
struct masking {
    struct pga_secrets secrets;
    const char *about;  /* as pga_secrets_scrub() takes it */
    const char *detail; /* the same for the detail, which has the values of rows in parentheses */
    const char *line;   /* the same for the script's line */
    bool is_row;        /* that line is a row */
};

/* Whether what a server says is about something that is called a password. */
static bool
names_secret(const struct pga_server_message *said, bool is_copy)
{
    return pga_secret_is_named(pga_str_of(said->column)) ||
           pga_secret_is_named(pga_str_of(said->constraint)) ||
           pga_secret_is_named(pga_str_of(said->detail)) ||
           (is_copy && (pga_secret_is_named(pga_str_of(said->message)) ||
                        pga_secret_is_named(pga_str_of(said->context))));
}

/* Whether the detail holds a row, in any language: a NOT NULL or CHECK says no, and not of a partition. */
static bool
quotes_row(const struct pga_server_message *said)
{
    static const char *const states[] = {"23502", "23514", "44000"};

    for (size_t i = 0; i < PGA_COUNT_OF(states); i++)
        if (strcmp(said->sqlstate, states[i]) == 0)
            return strstr(said->detail, ") = (") == NULL;
    return false;
}

static void
choose_masking(struct pga_arena *mem, const struct pga_sent *sent,
               const struct pga_statement *statement, const struct pga_server_message *said,
               struct masking *out)
{
    bool is_copy = statement != NULL && statement->kind == PGA_STATEMENT_COPY_IN;
    bool is_named = names_secret(said, is_copy), has_secret = false;
    struct pga_str text = {0};

    *out = (struct masking){.about = "", .detail = "", .line = is_named ? "''$$" : ""};
    pga_secrets_find(mem, sent->script->text, &out->secrets);
    if (statement != NULL) {
        text = pga_str_slice(sent->script->text, statement->offset, statement->len);
        has_secret = pga_secrets_lie_in(&out->secrets, statement->offset,
                                        statement->end - statement->offset, &out->is_row);
    }
    out->is_row = out->is_row || (is_copy && is_named);
    if (out->is_row)
        out->about = "''\"\"$$", out->detail = "''\"\"$$()";
    else if (strncmp(said->sqlstate, "22", 2) == 0 && pga_secret_is_named(text))
        out->about = "''\"\"$$", out->detail = "''\"\"$$()"; /* a value that can't be read */
    else if (has_secret)
        out->about = "''$$", out->detail = "''$$()";
    else if (quotes_row(said))
        out->detail = "()";
}

/* Make *err of the server's words again, without the script's secrets. */
static void
scrub(struct pga_arena *mem, const struct masking *masking, const struct pga_server_message *said,
      struct pga_error *err)
{
    const struct pga_secrets *secrets = &masking->secrets;
    struct pga_server_message clean = *said;

    clean.message = pga_secrets_scrub(mem, secrets, masking->about, said->message);
    clean.detail = pga_secrets_scrub(mem, secrets, masking->detail, said->detail);
    clean.hint = pga_secrets_scrub(mem, secrets, masking->about, said->hint);
    clean.context = pga_secrets_scrub(mem, secrets, masking->about, said->context);
    memset(err, 0, sizeof(*err));
    (void)pga_driver_fail(&clean, err);
}

/* The query that the script built, where its place in the file says nothing about what is wrong in it. */
static void
place_inner(struct pga_arena *mem, const struct masking *masking, const struct pga_sent *sent,
            const struct pga_server_message *said, struct pga_error *err)
{
    struct pga_str query = pga_str_of(said->internal_query), ignored;
    size_t offset = pga_internal_offset(sent, said);
    struct pga_error at = {0};
    struct pga_place *inner = &at.place;
    const char *clean;
    int line, column;

    if (query.len == 0 || said->internal_position <= 0)
        return;
    pga_text_locate(query, offset, &line, &column, &ignored);
    (void)pga_secret_place(&at, NULL, line, query, offset);
    clean = pga_secrets_scrub(mem, &masking->secrets, masking->about, inner->text);
    if (strcmp(clean, inner->text) != 0) {
        (void)pga_error_place(&at, NULL, line, column, clean, strlen(clean));
        inner->caret = -1; /* what it pointed to has moved */
    }
    err->inner = *inner;
}

/* The script says nothing of a password, but the server does. */
static void
scrub_line(struct pga_arena *mem, const struct masking *masking, struct pga_place *place)
{
    struct pga_secrets none = {0};
    const char *clean =
        masking->is_row ? PGA_MASK : pga_secrets_scrub(mem, &none, masking->line, place->text);

    if (masking->line[0] == '\0' || pga_same(clean, place->text))
        return;
    (void)snprintf(place->text, sizeof(place->text), "%s", clean);
    place->caret = -1; /* what it pointed to has moved */
}

bool
pga_place_failure(struct pga_arena *mem, const struct pga_sent *sent, struct pga_error *err)
{
    const struct pga_server_message *said = sent->results->error;
    const struct pga_statement *statement;
    struct masking masking;
    struct pga_spot spot;
    bool found;

    (void)pga_error_place(err, sent->script->file, 0, 0, NULL, 0);
    if (said == NULL)
        return false;
    statement = current_statement(sent, said);
    found = pga_spot_find(mem, sent, said, &spot);
    if (found && statement == NULL)
        statement = statement_at(sent->statements, spot.offset);
    choose_masking(mem, sent, statement, said, &masking);
    scrub(mem, &masking, said, err);
    if (!found)
        return pga_error_place(err, sent->script->file, 0, 0, NULL, 0);
    (void)pga_script_place(err, sent->script, spot.offset);
    scrub_line(mem, &masking, &err->place);
    if (spot.is_exact)
        return true;
    err->place.column = 0;
    place_inner(mem, &masking, sent, said, err);
    return true;
}

void
pga_place_notice(struct pga_arena *mem, const struct pga_sent *sent,
                 const struct pga_server_message *notice, struct pga_place *out)
{
    struct pga_error at = {0};
    struct pga_spot spot;

    if (pga_spot_find(mem, sent, notice, &spot))
        (void)pga_script_place(&at, sent->script, spot.offset);
    else
        (void)pga_error_place(&at, sent->script->file, 0, 0, NULL, 0);
    *out = at.place;
}
