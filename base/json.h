/*
 * base/json.h: building, printing and reading JSON.  The only file that knows jansson is json.c.
 *
 * A value belongs to the document that it was put into; only the root is released.  All text must
 * be UTF-8; bytes that aren't are replaced by U+FFFD, so that a report is never lost to a strange
 * file name.
 *
 *     PGA_AUTO(pga_json_release) struct pga_json *doc = pga_json_object();
 *     pga_json_set_int(doc, "format", 1);
 *     pga_json_set(doc, "pending", pga_json_array());
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_JSON_H
#define PGA_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

struct pga_json;

#define PGA_JSON_DEPTH_MAX 64

/* The version of the jansson that is loaded, e.g. "2.14". */
const char *pga_json_library(void);

struct pga_json *pga_json_object(void);
struct pga_json *pga_json_array(void);
void pga_json_release(struct pga_json **root);

/*
 * Put a member into an object.  pga_json_set() takes the value over and returns it; NULL text is
 * null.
 */
struct pga_json *pga_json_set(struct pga_json *object, const char *key, struct pga_json *value);
void pga_json_set_text(struct pga_json *object, const char *key, const char *text);
void pga_json_set_int(struct pga_json *object, const char *key, int64_t number);
void pga_json_set_bool(struct pga_json *object, const char *key, bool truth);
void pga_json_set_null(struct pga_json *object, const char *key);

/* Put the members of `from` into `into`, which then has them too; those of the same key are replaced. */
void pga_json_merge(struct pga_json *into, struct pga_json *from);

/* Put an element at the end of an array.  pga_json_add() takes the value over and returns it. */
struct pga_json *pga_json_add(struct pga_json *array, struct pga_json *value);
void pga_json_add_text(struct pga_json *array, const char *text);

/*
 * The document as text, members in the order in which they were set; indented by two when `pretty`.
 * All control characters are escaped, those above U+007E too, so that the text can't drive a
 * terminal.
 */
char *pga_json_format(struct pga_arena *mem, const struct pga_json *root, bool pretty);

/*
 * Read one document, an object or an array, nested at most PGA_JSON_DEPTH_MAX deep.  A member that
 * stands twice and text with NUL are refused.  Errors: PGA_ERR_USAGE with line and column; the
 * file's name is the caller's to add.
 */
struct pga_json *pga_json_parse(struct pga_str text, struct pga_error *err);

/*
 * Reading.  `find` may miss: NULL, and the other forms then return NULL, 0 or the fallback, as for
 * a wrong type.
 */
struct pga_json *pga_json_find(const struct pga_json *object, const char *key);
const char *pga_json_text(const struct pga_json *value);
int64_t pga_json_int(const struct pga_json *value, int64_t fallback);
bool pga_json_bool(const struct pga_json *value, bool fallback);
size_t pga_json_count(const struct pga_json *array);
struct pga_json *pga_json_at(const struct pga_json *array, size_t index);

#endif
