/*
 * alterations/effect.h: what a statement that runs outside a transaction is to bring about.
 *
 * As far as its words say it, so that after an interruption the catalogs can be asked whether it did (STEP 7).  Names are
 * kept as they are written: which object they mean, the server knows.  A statement that is not understood whole is
 * UNKNOWN, which costs a question to a person and harms nothing.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ALTERATIONS_EFFECT_H
#define PGA_ALTERATIONS_EFFECT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

enum pga_effect_kind {
    PGA_EFFECT_UNKNOWN,     /* no catalog tells */
    PGA_EFFECT_REPEATABLE,  /* running it once more does no harm: VACUUM, REINDEX, CLUSTER ... */
    PGA_EFFECT_INDEX_BUILT, /* CREATE INDEX CONCURRENTLY: `name` is the table */
    PGA_EFFECT_INDEXES_REBUILT,    /* REINDEX CONCURRENTLY */
    PGA_EFFECT_INDEX_DROPPED,      /* DROP INDEX CONCURRENTLY */
    PGA_EFFECT_PARTITION_DETACHED, /* DETACH PARTITION CONCURRENTLY: `name` is the parent */
    PGA_EFFECT_CREATED,            /* one row of a catalog is there, or it is not */
    PGA_EFFECT_DROPPED,            /* likewise */
};

/* What `name` names. */
enum pga_effect_on {
    PGA_EFFECT_ON_RELATION,
    PGA_EFFECT_ON_INDEX, /* meant is its table */
    PGA_EFFECT_ON_SCHEMA,
    PGA_EFFECT_ON_DATABASE,
    PGA_EFFECT_ON_TABLESPACE,
    PGA_EFFECT_ON_SUBSCRIPTION,
};

struct pga_effect {
    enum pga_effect_kind kind;
    enum pga_effect_on on;
    const char *name; /* as written, dots included; NULL: it has none (REINDEX DATABASE) */
    const char
        *other; /* the index that is built, NULL when the server chooses its name; the partition */
    const char *
        columns; /* of an index without a name, with dots between; NULL: expressions, or only some rows */
    bool is_unique; /* the index that is built */
    bool if_not_exists;
};

/* Read a statement.  Texts are on `mem`.  Source: PostgreSQL manual, part VI (reference), versions 13 to 18. */
struct pga_effect pga_effect_read(struct pga_arena *mem, struct pga_str text,
                                  bool standard_strings);

#endif
