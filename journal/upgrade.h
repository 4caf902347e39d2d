/*
 * journal/upgrade.h: the formats of the journal.
 *
 * A format is major.minor.  A minor version only adds tables, or columns that the hash of a history row does not
 * cover, so an older pgalter of the same major version goes on reading, writing and verifying.  Such a column may
 * be null and has no default: older ones don't fill it, and a default is code that trust.c finds.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_JOURNAL_UPGRADE_H
#define PGA_JOURNAL_UPGRADE_H

#include "journal/journal.h"

/* The upgrades that this pgalter knows, by minor version from 1 on; *out_count may be 0. */
const struct pga_journal_upgrade *pga_journal_upgrades(size_t *out_count);

#endif
