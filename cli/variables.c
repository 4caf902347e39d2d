/*
 * cli/variables.c: variables of the environment that look like pgalter's and are not.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/variables.h"

#include <string.h>

#include "base/str.h"
#include "cli/options.h"

#define PREFIX   "PGALTER_"
#define NAME_MAX 63 /* bytes of a name that is told; what is longer is nobody's mistake in typing */

extern char **environ;

/* Known, and no options. */
static const char *const others[] = {"PGALTER_PG_BINDIR", "PGALTER_REGRESS_DIR"};

/* What Kubernetes sets in every container beside a service that is called pgalter. */
static const char *const services[] = {"PGALTER_SERVICE_", "PGALTER_PORT"};

static size_t
list_known(const char **out)
{
    size_t count = 0;

    for (size_t i = 0; i < PGA_OPTION_COUNT; i++)
        if (pga_option_table[i].env != NULL)
            out[count++] = pga_option_table[i].env;
    for (size_t i = 0; i < PGA_COUNT_OF(others); i++)
        out[count++] = others[i];
    return count;
}

static bool
is_known(const char *name, const char *const *known, size_t count)
{
    for (size_t i = 0; i < PGA_COUNT_OF(services); i++)
        if (pga_str_starts(pga_str_of(name), services[i]))
            return true;
    for (size_t i = 0; i < count; i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return false;
}

size_t
pga_variables_unknown(struct pga_arena *mem, struct pga_unknown_variable *out)
{
    const char *known[PGA_OPTION_COUNT + PGA_COUNT_OF(others)];
    size_t known_count = list_known(known), count = 0;

    for (char **item = environ; *item != NULL && count < PGA_UNKNOWN_VARIABLES_MAX; item++) {
        size_t len = strcspn(*item, "=");
        const char *name;

        if (!pga_str_starts(pga_str_of(*item), PREFIX) || len > NAME_MAX || (*item)[len] != '=')
            continue;
        name = pga_strndup(mem, *item, len);
        if (!is_known(name, known, known_count))
            out[count++] = (struct pga_unknown_variable){
                .name = name, .nearest = pga_nearest(name, known, known_count)};
    }
    return count;
}
