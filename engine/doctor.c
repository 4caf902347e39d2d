/*
 * engine/doctor.c: from facts to findings.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor_check.h"

#include <stdarg.h>
#include <string.h>

#include "base/mask.h"

enum need { NEEDS_NOTHING, NEEDS_CONNECTION, NEEDS_ANSWER, NEEDS_JOURNAL };

struct check {
    const char *group, *name;
    enum need need;
    enum pga_probe probe; /* for NEEDS_ANSWER */
    void (*look)(const struct pga_doctor *doctor, struct pga_finding *out);
};

#define ALWAYS       NEEDS_NOTHING, PGA_PROBE_COUNT
#define CONNECTED    NEEDS_CONNECTION, PGA_PROBE_COUNT
#define JOURNAL      NEEDS_JOURNAL, PGA_PROBE_COUNT
#define PROBE(which) NEEDS_ANSWER, PGA_PROBE_##which

static const struct check checks[] = {
#define PGA_CHECK(group, name, needs, function, meaning) {group, name, needs, function},
#include "engine/doctor_checks.def"
#undef PGA_CHECK
};

const char *
pga_verdict_name(enum pga_verdict verdict)
{
    static const char *const names[] = {"ok", "attention", "failed", "not checked"};

    return names[verdict];
}

void
pga_finding_say(const struct pga_doctor *doctor, struct pga_finding *out, enum pga_verdict verdict,
                const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    out->text = pga_vformat(doctor->mem, fmt, args);
    va_end(args);
    out->verdict = verdict;
}

static void
add_detail(const struct pga_doctor *doctor, struct pga_finding *out, const char *text)
{
    out->details = pga_grow(doctor->mem, out->details, out->detail_count, &out->detail_capacity,
                            sizeof(*out->details));
    out->details[out->detail_count++] = text;
}

void
pga_finding_detail(const struct pga_doctor *doctor, struct pga_finding *out, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    add_detail(doctor, out, pga_vformat(doctor->mem, fmt, args));
    va_end(args);
}

static void
add_next(const struct pga_doctor *doctor, struct pga_finding *out, const struct pga_next *next)
{
    out->next =
        pga_grow(doctor->mem, out->next, out->next_count, &out->next_capacity, sizeof(*out->next));
    out->next[out->next_count++] = *next;
}

void
pga_finding_next(const struct pga_doctor *doctor, struct pga_finding *out, enum pga_next_kind kind,
                 const char *fmt, ...)
{
    struct pga_next next = {.kind = kind};
    va_list args;

    va_start(args, fmt);
    next.text = pga_vformat(doctor->mem, fmt, args);
    va_end(args);
    add_next(doctor, out, &next);
}

void
pga_finding_sql(const struct pga_doctor *doctor, struct pga_finding *out, const char *role,
                const char *database, const char *statement)
{
    add_next(doctor, out,
             &(struct pga_next){.kind = PGA_NEXT_SQL,
                                .text = statement,
                                .role = role == NULL || role[0] == '\0' ? NULL : role,
                                .database = database});
}

void
pga_finding_say_error(const struct pga_doctor *doctor, struct pga_finding *out,
                      enum pga_verdict verdict, const struct pga_error *error)
{
    const char *line = pga_mask_text(doctor->mem, error->detail);
    const char *place = pga_place_format(doctor->mem, &error->place);

    pga_finding_say(doctor, out, verdict, "%s%s%s%s", pga_mask_text(doctor->mem, place),
                    place[0] == '\0' ? "" : ": ", pga_mask_text(doctor->mem, error->message),
                    error->sqlstate[0] == '\0'
                        ? ""
                        : pga_format(doctor->mem, " (SQLSTATE %s)", error->sqlstate));
    while (*line != '\0') {
        size_t len = strcspn(line, "\n");

        add_detail(doctor, out, pga_strndup(doctor->mem, line, len));
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    if (error->hint[0] != '\0')
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE, "%s",
                         pga_mask_text(doctor->mem, error->hint));
    pga_finding_next(doctor, out, PGA_NEXT_COMMAND, "pgalter help %s", pga_error_topic(error));
}

/* NULL where the server's answer has no such row or column: it is looked at, not believed. */
static const char *
value_of(const struct pga_doctor *doctor, enum pga_probe probe, size_t row, const char *column)
{
    const struct pga_result *table = &doctor->answers[probe].table;

    for (size_t i = 0; row < table->row_count && i < table->column_count; i++)
        if (pga_same(table->names[i], column))
            return pga_result_value(table, row, i);
    return NULL;
}

const char *
pga_answer_text(const struct pga_doctor *doctor, enum pga_probe probe, size_t row,
                const char *column)
{
    const char *text = value_of(doctor, probe, row, column);

    return text == NULL ? "" : text;
}

int64_t
pga_answer_int(const struct pga_doctor *doctor, enum pga_probe probe, size_t row,
               const char *column)
{
    int64_t number = 0;

    if (!pga_parse_int(pga_str_of(value_of(doctor, probe, row, column)), INT64_MIN, INT64_MAX,
                       &number))
        return 0;
    return number;
}

bool
pga_answer_is_true(const struct pga_doctor *doctor, enum pga_probe probe, size_t row,
                   const char *column)
{
    return pga_same(value_of(doctor, probe, row, column), "t");
}

size_t
pga_answer_rows(const struct pga_doctor *doctor, enum pga_probe probe)
{
    return doctor->answers[probe].table.row_count;
}

const char *
pga_doctor_count(const struct pga_doctor *doctor, size_t count, const char *one, const char *more)
{
    return pga_format(doctor->mem, "%zu %s", count, count == 1 ? one : more);
}

const char *
pga_doctor_age(const struct pga_doctor *doctor, int64_t seconds)
{
    return pga_format_duration_ms(doctor->mem,
                                  seconds < INT64_MAX / 1000 ? seconds * 1000 : INT64_MAX);
}

/* Why a check can't be made, or NULL when it can. */
static const char *
obstacle(const struct pga_doctor *doctor, const struct check *check)
{
    const struct pga_doctor_answer *answer;

    if (check->need == NEEDS_NOTHING)
        return NULL;
    if (doctor->journal == NULL)
        return "there is no connection";
    if (check->need == NEEDS_ANSWER) {
        answer = &doctor->answers[check->probe];
        if (answer->is_there)
            return NULL;
        return answer->error.code == PGA_OK
                   ? "the connection was lost before"
                   : pga_format(doctor->mem, "the server did not answer: %s",
                                pga_mask_text(doctor->mem, answer->error.message));
    }
    if (check->need == NEEDS_CONNECTION)
        return NULL;
    if (doctor->open_error.code != PGA_OK)
        return "the journal can't be read";
    return doctor->journal->presence == PGA_JOURNAL_PRESENT ? NULL : "there is no journal yet";
}

void
pga_doctor_examine(const struct pga_doctor *doctor, struct pga_findings *out)
{
    *out = (struct pga_findings){.count = PGA_COUNT_OF(checks)};
    out->items = pga_new_array(doctor->mem, struct pga_finding, out->count);
    for (size_t i = 0; i < out->count; i++) {
        struct pga_finding *finding = &out->items[i];
        const char *why = obstacle(doctor, &checks[i]);

        finding->group = checks[i].group;
        finding->check = checks[i].name;
        if (why != NULL)
            pga_finding_say(doctor, finding, PGA_VERDICT_NOT_CHECKED, "%s", why);
        else
            checks[i].look(doctor, finding);
        out->by_verdict[finding->verdict]++;
    }
}
