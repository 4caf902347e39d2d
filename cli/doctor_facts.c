/*
 * cli/doctor_facts.c: what doctor looks at.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "cli/doctor_facts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/mask.h"
#include "base/yaml.h"
#include "cli/config.h"
#include "cli/session.h"
#include "cli/variables.h"
#include "cli/version.h"

#define OS_RELEASE "/etc/os-release"

/* The value of PRETTY_NAME in os-release(5), or "". */
static const char *
distribution(struct pga_arena *mem)
{
    struct pga_error ignored = {0};
    struct pga_str text;

    if (!pga_file_read(mem, OS_RELEASE, PGA_FILE_CONFIG_MAX, &text, &ignored))
        return "";
    for (const char *line = text.data; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        struct pga_str value = {line, len};

        if (pga_str_starts(value, "PRETTY_NAME=")) {
            value = pga_str_slice(value, strlen("PRETTY_NAME="), len);
            if (pga_str_starts(value, "\"") && pga_str_ends(value, "\"") && value.len > 1)
                value = pga_str_slice(value, 1, value.len - 2);
            return pga_str_dup(mem, value);
        }
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    return "";
}

static const char *
describe_platform(struct pga_arena *mem)
{
    const char *name = distribution(mem);
    struct utsname kernel;

    if (uname(&kernel) < 0)
        return name[0] == '\0' ? "unknown" : name;
    return pga_format(mem, "%s%s%s %s, %s", name, name[0] == '\0' ? "" : ", ", kernel.sysname,
                      kernel.release, kernel.machine);
}

/* The number before the first dot; 0 where there is none. */
static int
major_of(const char *version)
{
    int64_t major = 0;

    if (!pga_parse_int((struct pga_str){version, strcspn(version, ".")}, 0, 1000, &major))
        return 0;
    return (int)major;
}

static void
describe_program(struct pga_context *ctx, struct pga_doctor *doctor)
{
    doctor->pgalter = PGA_VERSION;
    doctor->libpq = pga_session_libpq(ctx);
    doctor->libpq_major = major_of(doctor->libpq);
    doctor->libcrypto = pga_digest_library();
    doctor->libyaml = pga_yaml_library();
    doctor->libjansson = pga_json_library();
    doctor->platform = describe_platform(ctx->mem);
    doctor->now_s = pga_clock_system()->unix_s(NULL);
}

/* The values that count, masked, each with where it was set. */
static void
list_values(struct pga_context *ctx, struct pga_doctor *doctor)
{
    /* What libpq reads by itself, where the connection string leaves something open. */
    static const char *const variables[] = {
        "PGHOST",     "PGHOSTADDR",    "PGPORT",    "PGDATABASE",           "PGUSER",
        "PGPASSWORD", "PGPASSFILE",    "PGSERVICE", "PGSERVICEFILE",        "PGOPTIONS",
        "PGSSLMODE",  "PGSSLROOTCERT", "PGSSLCERT", "PGTARGETSESSIONATTRS", "PGCONNECT_TIMEOUT"};
    struct pga_doctor_value *values = pga_new_array(ctx->mem, struct pga_doctor_value,
                                                    PGA_OPTION_COUNT + PGA_COUNT_OF(variables));

    doctor->values = values;
    for (int i = 0; i < PGA_OPTION_COUNT; i++) {
        const struct pga_option *option = &pga_option_table[i];
        const char *text = ctx->options.values[i].text;

        if (text == NULL || (option->env == NULL && option->key == NULL))
            continue;
        values[doctor->value_count++] = (struct pga_doctor_value){
            .name = option->name,
            .text = option->value.kind == PGA_VALUE_SECRET ? pga_session_mask(ctx, text)
                                                           : pga_mask_text(ctx->mem, text),
            .origin = pga_option_origin(ctx->mem, &ctx->options, (enum pga_option_id)i),
        };
    }
    for (size_t i = 0; i < PGA_COUNT_OF(variables); i++) {
        const char *text = getenv(variables[i]);

        if (text == NULL || text[0] == '\0')
            continue;
        values[doctor->value_count++] = (struct pga_doctor_value){
            .name = variables[i],
            .text =
                strcmp(variables[i], "PGPASSWORD") == 0 ? PGA_MASK : pga_mask_text(ctx->mem, text),
            .origin = "environment variable that libpq reads",
        };
    }
}

static void
list_strays(struct pga_context *ctx, struct pga_doctor *doctor)
{
    struct pga_unknown_variable unknown[PGA_UNKNOWN_VARIABLES_MAX];
    const char **strays = pga_new_array(ctx->mem, const char *, PGA_UNKNOWN_VARIABLES_MAX);

    doctor->stray_count = pga_variables_unknown(ctx->mem, unknown);
    for (size_t i = 0; i < doctor->stray_count; i++)
        strays[i] = unknown[i].nearest == NULL ? pga_format(ctx->mem, "unset %s", unknown[i].name)
                                               : pga_format(ctx->mem, "unset %s; did you mean %s?",
                                                            unknown[i].name, unknown[i].nearest);
    doctor->strays = strays;
}

static void
read_directory(struct pga_context *ctx, struct pga_doctor *doctor)
{
    (void)!pga_session_alterations(ctx, &doctor->dir_error);
    doctor->alterations = &ctx->alterations;
    doctor->has_dir = pga_file_exists(ctx->dir);
}

static bool
connect_and_ask(struct pga_context *ctx, struct pga_doctor *doctor, struct pga_error *err)
{
    const struct pga_clock *clock = pga_clock_system();
    int64_t started = pga_clock_now_ms(clock);

    doctor->was_tried = true;
    if (!pga_session_connect(ctx, &doctor->connect_error))
        return pga_interrupt_check(err);
    doctor->connect_ms = pga_clock_now_ms(clock) - started;
    doctor->lock_wait_ms = ctx->runner.settings.lock_wait_ms;
    pga_session_connection(ctx, &doctor->connection);
    return pga_doctor_read(doctor, &ctx->journal, clock, err);
}

bool
pga_doctor_gather(struct pga_context *ctx, struct pga_doctor *doctor, struct pga_error *err)
{
    bool is_configured = pga_config_load(ctx, &doctor->config_error);

    describe_program(ctx, doctor);
    list_values(ctx, doctor);
    list_strays(ctx, doctor);
    doctor->config_file = ctx->options.file;
    doctor->environment = ctx->options.environment;
    doctor->server_programs = pga_session_server_programs(ctx);
    if (!is_configured)
        return pga_interrupt_check(err);
    read_directory(ctx, doctor);
    return connect_and_ask(ctx, doctor, err);
}
