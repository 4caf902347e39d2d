/*
 * base/yaml.h: reading a YAML document into a tree.  The only file that knows libyaml is yaml.c.
 *
 * One document of scalars, sequences and mappings with scalar keys.  Anchors, aliases, tags,
 * duplicate keys, more than one document, more than PGA_YAML_DEPTH_MAX levels or
 * PGA_FILE_CONFIG_MAX bytes are refused with line and column: nothing that a configuration needs,
 * and each a way to surprise its reader.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_YAML_H
#define PGA_BASE_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_YAML_DEPTH_MAX 32
#define PGA_YAML_NODES_MAX 100000

enum pga_yaml_kind { PGA_YAML_SCALAR, PGA_YAML_SEQUENCE, PGA_YAML_MAPPING };

struct pga_yaml {
    enum pga_yaml_kind kind;
    int line, column; /* 1-based */
    const char *key;  /* for a member of a mapping; otherwise NULL */
    int key_line, key_column;
    const char *scalar;     /* UTF-8, NUL-terminated; NULL unless a scalar */
    bool quoted;            /* a quoted or block scalar: "null" and ~ are then text */
    struct pga_yaml *first; /* first child, in the order of the document */
    struct pga_yaml *next;  /* next sibling */
};

/*
 * Parse `text`; `file` is only for messages.  An empty document gives an empty mapping.
 * Errors: PGA_ERR_USAGE with place.
 */
struct pga_yaml *pga_yaml_parse(struct pga_arena *mem, const char *file, struct pga_str text,
                                struct pga_error *err) PGA_MUST_CHECK;

/* The version of the libyaml that is loaded, e.g. "0.2.5". */
const char *pga_yaml_library(void);

/* The member with that key, or NULL. */
const struct pga_yaml *pga_yaml_find(const struct pga_yaml *mapping, const char *key);

#endif
