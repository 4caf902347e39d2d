/*
 * engine/doctor_program.c: checks of what needs no server: program, configuration, directory.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor_check.h"

#include <string.h>

#include "engine/source.h"
#include "journal/session.h"

#define LIBPQ_OLDEST  14
#define FUTURE_S      300    /* clocks of laptops may differ by so much */
#define DAYS_1970     719468 /* days from 0000-03-01 to 1970-01-01 */
#define SECONDS_A_DAY 86400

void
pga_check_pgalter(const struct pga_doctor *doctor, struct pga_finding *out)
{
    bool is_old = doctor->libpq_major > 0 && doctor->libpq_major < LIBPQ_OLDEST;

    pga_finding_say(doctor, out, is_old ? PGA_VERDICT_ATTENTION : PGA_VERDICT_OK,
                    "pgalter %s with libpq %s, %s, libyaml %s, jansson %s", doctor->pgalter,
                    doctor->libpq, doctor->libcrypto, doctor->libyaml, doctor->libjansson);
    if (is_old)
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE, "Install libpq %d or newer.", LIBPQ_OLDEST);
}

void
pga_check_system(const struct pga_doctor *doctor, struct pga_finding *out)
{
    pga_finding_say(doctor, out, PGA_VERDICT_OK, "%s", doctor->platform);
}

void
pga_check_config(const struct pga_doctor *doctor, struct pga_finding *out)
{
    if (doctor->config_error.code != PGA_OK) {
        pga_finding_say_error(doctor, out, PGA_VERDICT_FAILED, &doctor->config_error);
        return;
    }
    if (doctor->config_file == NULL) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "none, and none is needed");
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_OK, "\"%s\"%s", doctor->config_file,
                    doctor->environment == NULL
                        ? ""
                        : pga_format(doctor->mem, ", environment \"%s\"", doctor->environment));
}

void
pga_check_values(const struct pga_doctor *doctor, struct pga_finding *out)
{
    pga_finding_say(doctor, out, PGA_VERDICT_OK,
                    doctor->value_count == 0 ? "all as pgalter has them by itself" : "%s set",
                    pga_doctor_count(doctor, doctor->value_count, "value is", "values are"));
    for (size_t i = 0; i < doctor->value_count; i++)
        pga_finding_detail(doctor, out, "%s = %s (%s)", doctor->values[i].name,
                           doctor->values[i].text, doctor->values[i].origin);
    if (doctor->stray_count == 0)
        return;
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "%s nothing to pgalter",
                    pga_doctor_count(doctor, doctor->stray_count, "environment variable means",
                                     "environment variables mean"));
    for (size_t i = 0; i < doctor->stray_count; i++)
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE, "%s", doctor->strays[i]);
}

void
pga_check_programs(const struct pga_doctor *doctor, struct pga_finding *out)
{
    if (doctor->server_programs == NULL)
        pga_finding_say(doctor, out, PGA_VERDICT_OK,
                        "no PostgreSQL server is installed: only \"local:\" would need one");
    else
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "\"local:\" would use the server in \"%s\"",
                        doctor->server_programs);
}

static bool
has_directory(const struct pga_doctor *doctor, struct pga_finding *out)
{
    if (doctor->alterations != NULL && doctor->dir_error.code == PGA_OK && doctor->has_dir)
        return true;
    pga_finding_say(doctor, out, PGA_VERDICT_NOT_CHECKED, "there are no alterations to look at");
    return false;
}

void
pga_check_directory(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t irreversible = 0, outside = 0;

    if (doctor->alterations == NULL) {
        pga_finding_say(doctor, out, PGA_VERDICT_NOT_CHECKED,
                        "the configuration does not say where they are");
        return;
    }
    if (doctor->dir_error.code != PGA_OK) {
        pga_finding_say_error(doctor, out, PGA_VERDICT_FAILED, &doctor->dir_error);
        return;
    }
    if (!doctor->has_dir) {
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "there is no directory \"%s\" here",
                        doctor->alterations->dir);
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                         "Name it with --dir or PGALTER_DIR, or begin one: pgalter new first_step");
        return;
    }
    for (size_t i = 0; i < doctor->alterations->count; i++) {
        const struct pga_alteration *alteration = &doctor->alterations->items[i];

        irreversible += pga_alteration_is_reversible(alteration) ? 0 : 1;
        outside += pga_script_is_outside(alteration->parts[PGA_PART_UP]) ? 1 : 0;
    }
    pga_finding_say(
        doctor, out, PGA_VERDICT_OK, "%s in \"%s\"",
        pga_doctor_count(doctor, doctor->alterations->count, "alteration", "alterations"),
        doctor->alterations->dir);
    if (irreversible + outside > 0)
        pga_finding_detail(doctor, out, "%zu irreversible, %zu outside a transaction", irreversible,
                           outside);
}

/* Read one script as a run would before it begins. */
static bool
prepare(const struct pga_doctor *doctor, const struct pga_script_text *script,
        struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena scratch = {0};
    struct pga_prepared prepared;
    struct pga_units units;
    bool standard = doctor->journal == NULL || doctor->journal->standard_strings;

    if (pga_script_is_outside(script))
        return pga_script_units(&scratch, script, standard, &units, err);
    return pga_script_prepare(&scratch, script, standard, &prepared, err);
}

void
pga_check_scripts(const struct pga_doctor *doctor, struct pga_finding *out)
{
    size_t count = 0;

    if (!has_directory(doctor, out))
        return;
    for (size_t i = 0; i < doctor->alterations->count; i++) {
        for (size_t part = 0; part < PGA_PART_COUNT; part++) {
            const struct pga_script_text *script = doctor->alterations->items[i].parts[part];
            struct pga_error err = {0};

            if (script == NULL)
                continue;
            count++;
            if (!prepare(doctor, script, &err)) {
                pga_finding_say_error(doctor, out, PGA_VERDICT_FAILED, &err);
                return;
            }
        }
    }
    pga_finding_say(doctor, out, PGA_VERDICT_OK, "%s can be run",
                    pga_doctor_count(doctor, count, "script", "scripts"));
}

/* Days since 1970 of a date of the proleptic Gregorian calendar; years begin in March, so that leap days end them. */
static int64_t
days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t from_march = (month + 9) % 12, in_year = (153 * from_march + 2) / 5 + day - 1;

    year -= month <= 2 ? 1 : 0;
    return year * 365 + year / 4 - year / 100 + year / 400 + in_year - DAYS_1970;
}

/* The digits from `at` on as a number. */
static int64_t
digits(const char *text, size_t at, size_t len)
{
    int64_t number = 0;

    for (size_t i = at; i < at + len; i++)
        number = number * 10 + (text[i] - '0');
    return number;
}

int64_t
pga_doctor_timestamp_s(const char *timestamp)
{
    size_t len = strspn(timestamp, "0123456789");
    int64_t month, day, hour, minute, second;

    if (len == 10 || len == 13)
        return digits(timestamp, 0, 10);
    if (len != 14)
        return -1;
    month = digits(timestamp, 4, 2);
    day = digits(timestamp, 6, 2);
    hour = digits(timestamp, 8, 2);
    minute = digits(timestamp, 10, 2);
    second = digits(timestamp, 12, 2);
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return -1;
    return days_of(digits(timestamp, 0, 4), month, day) * SECONDS_A_DAY + hour * 3600 +
           minute * 60 + second;
}

void
pga_check_dates(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const struct pga_alteration *youngest;
    int64_t ahead;

    if (!has_directory(doctor, out))
        return;
    if (doctor->alterations->count == 0) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "there is no alteration yet");
        return;
    }
    youngest = &doctor->alterations->items[doctor->alterations->count - 1];
    ahead = pga_doctor_timestamp_s(youngest->timestamp) - doctor->now_s;
    pga_finding_say(doctor, out, PGA_VERDICT_OK, "the youngest is \"%s\"", youngest->id);
    if (ahead <= FUTURE_S)
        return;
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                    "the youngest, \"%s\", is dated %s in the future", youngest->id,
                    pga_doctor_age(doctor, ahead));
    pga_finding_next(
        doctor, out, PGA_NEXT_ADVICE,
        "What is made until then comes before it. If it is applied nowhere, rename its "
        "files; if this machine's clock is slow, set it.");
}
