/*
 * journal/upgrade.c: bringing the journal's format up to date.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "journal/upgrade.h"

#include <string.h>

#include "base/fault.h"
#include "journal/read.h"

/* Its ALTER must not queue in front of status queries for long (STEP 6). */
#define UPGRADE_LOCK_TIMEOUT_MS 1000

const struct pga_journal_upgrade *
pga_journal_upgrades(size_t *out_count)
{
    *out_count = 0; /* 1.0 is the first format */
    return NULL;
}

bool
pga_journal_is_outdated(const struct pga_journal *journal)
{
    size_t count;
    const struct pga_journal_upgrade *upgrades = pga_journal_upgrades(&count);

    if (journal->presence != PGA_JOURNAL_PRESENT || count == 0)
        return false;
    /* GCOVR_EXCL_START: the first format has no upgrade yet */
    return journal->format_minor < upgrades[count - 1].minor;
    /* GCOVR_EXCL_STOP */
}

static bool
upgrade_one(struct pga_journal *journal, const struct pga_journal_upgrade *upgrade,
            struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_session_head head = {.lock_timeout_ms = UPGRADE_LOCK_TIMEOUT_MS};
    const char *format = pga_format(&mem, "%d.%d", PGA_JOURNAL_FORMAT_MAJOR, upgrade->minor);
    struct pga_change change = {.event = PGA_EVENT_UPGRADED};
    struct pga_sql_values values = {.mem = &mem};
    struct pga_buf sql = pga_buf_on(&mem);
    struct pga_history_row row;

    pga_history_build(journal, &journal->head, &change, &row);
    row.subject.version = format;
    row.hash = pga_history_hash(&row);
    (void)pga_session_head_sql(&sql, journal, &head);
    pga_append_sql(&sql, journal, &row, true);
    pga_sql_raw(&values, "journal", journal->schema_sql);
    pga_sql_expand(&sql, upgrade->sql, &values);
    pga_buf_append_c(&sql, "\nCOMMIT;");
    if (!pga_driver_run_own(journal->driver, pga_buf_str(&sql), err)) {
        (void)pga_append_failure(journal, err);
        return pga_session_fail(journal->driver, err,
                                pga_format(&mem, "upgrading the journal to format %s", format));
    }
    (void)PGA_FAULT(journal_upgraded);
    journal->head = pga_history_head(&row);
    journal->format_minor = upgrade->minor;
    return true;
}

bool
pga_journal_upgrade(struct pga_journal *journal, const struct pga_journal_upgrade *upgrades,
                    size_t count, struct pga_error *err)
{
    if (upgrades == NULL)
        upgrades = pga_journal_upgrades(&count);
    for (size_t i = 0; i < count; i++)
        if (upgrades[i].minor > journal->format_minor && !upgrade_one(journal, &upgrades[i], err))
            return false;
    return true;
}
