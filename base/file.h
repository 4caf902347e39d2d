/*
 * base/file.h: reading and writing whole files.
 *
 * Every read has a limit; nothing here follows more than the path that it was given.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_BASE_FILE_H
#define PGA_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/error.h"
#include "base/str.h"

#define PGA_FILE_SCRIPT_MAX (16u << 20) /* the largest script, bytes */
#define PGA_FILE_CONFIG_MAX (1u << 20)  /* the largest YAML or secret file, bytes */
#define PGA_FILE_NAMES_MAX  100000      /* entries of a directory */

/*
 * Read a regular file (or what a symbolic link to one leads to) of at most max_bytes onto `mem`.
 * The text is NUL-terminated, len excludes that.  A file that changes its size while it is read is
 * an error.  Errors: PGA_ERR_USAGE, naming the path and the system's reason.
 */
bool pga_file_read(struct pga_arena *mem, const char *path, size_t max_bytes, struct pga_str *out,
                   struct pga_error *err) PGA_MUST_CHECK;

/*
 * Create a file that must not exist yet, with mode 0644 less the umask, and write it whole.  What
 * could be written only in part is removed again.  Errors: PGA_ERR_USAGE.
 */
bool pga_file_write_new(const char *path, struct pga_str text, struct pga_error *err)
    PGA_MUST_CHECK;

/* Rename; the new name must not exist.  Errors: PGA_ERR_USAGE. */
bool pga_file_rename(const char *from, const char *to, struct pga_error *err) PGA_MUST_CHECK;

/* Both follow symbolic links; what can't be looked at does not exist. */
bool pga_file_exists(const char *path);
bool pga_file_is_directory(const char *path);

/* Whether the path itself is a symbolic link, wherever it leads. */
bool pga_file_is_link(const char *path);

/*
 * The names in a directory, but for those that begin with a dot, sorted by bytes; at most
 * PGA_FILE_NAMES_MAX.  Without any, *out_names is NULL.  Errors: PGA_ERR_USAGE.
 */
bool pga_file_list(struct pga_arena *mem, const char *dir, const char *const **out_names,
                   size_t *out_count, struct pga_error *err) PGA_MUST_CHECK;

/* "dir/name", without doubling a slash. */
char *pga_path_join(struct pga_arena *mem, const char *dir, const char *name);

/*
 * Make a directory and its missing parents, mode 0755; one that exists is no error.  Errors:
 * PGA_ERR_USAGE.
 */
bool pga_file_make_directory(const char *path, struct pga_error *err) PGA_MUST_CHECK;

#endif
