/*
 * engine/doctor_check.h: what the checks of doctor_checks.def are written with.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_ENGINE_DOCTOR_CHECK_H
#define PGA_ENGINE_DOCTOR_CHECK_H

#include "engine/doctor.h"

#define PGA_CHECK(group, name, needs, function, meaning)                                           \
    void function(const struct pga_doctor *doctor, struct pga_finding *out);
#include "engine/doctor_checks.def"
#undef PGA_CHECK

/* Say what was found, and how bad it is. */
void pga_finding_say(const struct pga_doctor *doctor, struct pga_finding *out,
                     enum pga_verdict verdict, const char *fmt, ...) PGA_PRINTF(4, 5);

/* The same with the words of an error: its message and place, its detail's lines, its hint as what to do next. */
void pga_finding_say_error(const struct pga_doctor *doctor, struct pga_finding *out,
                           enum pga_verdict verdict, const struct pga_error *error);

/* One more line of what was found. */
void pga_finding_detail(const struct pga_doctor *doctor, struct pga_finding *out, const char *fmt,
                        ...) PGA_PRINTF(3, 4);

/* One more thing to do: a command, a sentence, or a statement that `role` (NULL: any) runs in `database` (NULL: this one). */
void pga_finding_next(const struct pga_doctor *doctor, struct pga_finding *out,
                      enum pga_next_kind kind, const char *fmt, ...) PGA_PRINTF(4, 5);
void pga_finding_sql(const struct pga_doctor *doctor, struct pga_finding *out, const char *role,
                     const char *database, const char *statement);

/* An answer's value by the name of its column; "" for NULL. */
const char *pga_answer_text(const struct pga_doctor *doctor, enum pga_probe probe, size_t row,
                            const char *column);
int64_t pga_answer_int(const struct pga_doctor *doctor, enum pga_probe probe, size_t row,
                       const char *column); /* 0 for what is no number */
bool pga_answer_is_true(const struct pga_doctor *doctor, enum pga_probe probe, size_t row,
                        const char *column);
size_t pga_answer_rows(const struct pga_doctor *doctor, enum pga_probe probe);

/* "1 index", "2 indexes": a number with its word. */
const char *pga_doctor_count(const struct pga_doctor *doctor, size_t count, const char *one,
                             const char *more);

/* "3 min 5 s" of whole seconds. */
const char *pga_doctor_age(const struct pga_doctor *doctor, int64_t seconds);

#endif
