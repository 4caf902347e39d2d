/*
 * journal/journal.c: the journal's settings and small queries of what is loaded.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/journal.h"

#include <string.h>

#include "journal/session.h"

static const char *const event_names[] = {
#define PGA_EVENT_KIND(constant, name, meaning) name,
#include "journal/events.def"
#undef PGA_EVENT_KIND
};

static const char *const script_columns[PGA_SCRIPT_COUNT] = {"up", "down", "before_up",
                                                             "before_down"};

const char *
pga_script_column(size_t script)
{
    return script_columns[script];
}

const char *
pga_event_name(enum pga_event event)
{
    return event_names[event];
}

bool
pga_event_parse(const char *name, enum pga_event *out)
{
    for (size_t i = 0; i < PGA_EVENT_COUNT; i++) {
        if (!pga_same(name, event_names[i]))
            continue;
        *out = (enum pga_event)i;
        return true;
    }
    return false;
}

/* The lock's key: the first 8 bytes of a digest over the schema's name, so that two journals don't share one. */
static int64_t
lock_key_of(struct pga_arena *mem, const char *schema)
{
    struct pga_digest digest =
        pga_digest_of(pga_str_of(pga_format(mem, "pgalter runner lock %s", schema)));
    uint64_t key = 0;

    for (int i = 0; i < 8; i++)
        key = key << 8 | digest.bytes[i];
    return (int64_t)(key >> 1); /* not negative, so that it reads the same everywhere */
}

void
pga_journal_init(struct pga_journal *journal, struct pga_driver *driver, struct pga_arena *mem,
                 const struct pga_journal_settings *settings)
{
    struct pga_buf literal = pga_buf_on(mem);

    memset(journal, 0, sizeof(*journal));
    journal->driver = driver;
    journal->mem = mem;
    journal->settings = *settings;
    if (journal->settings.schema == NULL)
        journal->settings.schema = PGA_JOURNAL_SCHEMA;
    journal->schema_sql = pga_driver_quote_identifier(driver, mem, journal->settings.schema);
    pga_buf_append_literal(&literal, pga_str_of(journal->settings.schema));
    journal->schema_literal = literal.data;
    if (settings->role != NULL)
        journal->role_sql = pga_driver_quote_identifier(driver, mem, settings->role);
    journal->lock_key = lock_key_of(mem, journal->settings.schema);
    journal->by_id = pga_map_on(mem);
    pga_journal_begin_session(journal);
}

void
pga_journal_begin_session(struct pga_journal *journal)
{
    journal->standard_strings = pga_session_standard_strings(journal->driver);
    journal->synchronous_commit = NULL;
    journal->backend = (struct pga_backend){0};
}

struct pga_applied *
pga_journal_find(const struct pga_journal *journal, const char *id)
{
    return pga_map_find(&journal->by_id, id);
}
