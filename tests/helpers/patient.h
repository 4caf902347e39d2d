/*
 * tests/helpers/patient.h: facts for doctor, of a database in which all is well, to be changed one by one.
 *
 *     static struct pga_patient p;
 *
 *     pga_patient_init(&p);
 *     p.doctor.connection.tls = false;
 *     pga_patient_expect(&p, "connection", "tls", PGA_VERDICT_ATTENTION, "not in use");
 *     pga_patient_release(&p);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_TESTS_PATIENT_H
#define PGA_TESTS_PATIENT_H

#include "drivers/script/script.h"
#include "engine/doctor.h"

#define PGA_PATIENT_SERVER 15 /* columns of the answer about the server */

struct pga_patient {
    struct pga_arena mem;
    struct pga_script_settings script; /* of a server that answers what a test wrote down */
    struct pga_driver *driver;
    struct pga_journal journal;
    struct pga_alterations alterations;
    const char *server_values[PGA_PATIENT_SERVER];
    struct pga_doctor doctor;
    struct pga_findings findings;
};

void pga_patient_init(struct pga_patient *p);
void pga_patient_release(struct pga_patient *p);

/* Make the server's answers healthy again, whatever was read. */
void pga_patient_heal(struct pga_patient *p);

/* A column of the answer about the server; NULL is SQL's NULL. */
void pga_patient_set(struct pga_patient *p, const char *name, const char *value);

/* Examine, and look at that finding, which must be there. */
const struct pga_finding *pga_patient_finding(struct pga_patient *p, const char *group,
                                              const char *check);

/*
 * That finding must have that verdict and `part` in its text.  Whatever needs attention or failed must say what to do
 * next.
 */
void pga_patient_expect(struct pga_patient *p, const char *group, const char *check,
                        enum pga_verdict verdict, const char *part);

#endif
