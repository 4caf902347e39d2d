/*
 * drivers/sqlstate.h: what a SQLSTATE means for what pgalter does next.
 *
 * Source: PostgreSQL manual, appendix A.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_SQLSTATE_H
#define PGA_DRIVERS_SQLSTATE_H

#include "base/error.h"

enum pga_sqlstate_class {
    PGA_SQLSTATE_OTHER,
    PGA_SQLSTATE_CONTENTION, /* 55P03 40P01 40001: roll back, wait, try again */
    PGA_SQLSTATE_DUPLICATE,  /* 23505 */
    PGA_SQLSTATE_DENIED,     /* class 28, 42501, 3D000 */
    PGA_SQLSTATE_READ_ONLY,  /* 25006 */
    PGA_SQLSTATE_STARTING,   /* 57P03 53300: the server can't take us now */
    PGA_SQLSTATE_SCARCE, /* classes 53 and 58: the server lacks room, memory, or a working disk */
    PGA_SQLSTATE_GONE,   /* class 08, 57P01 57P02 57P05: the session is over */
    PGA_SQLSTATE_CANCELLED, /* 57014 */
    PGA_SQLSTATE_ABSENT,    /* 42P01 3F000: no such table or schema */
};

/* How a standby refuses a transaction that is to write; of pgalter's own statements none else can end so. */
#define PGA_SQLSTATE_STANDBY "0A000"

enum pga_sqlstate_class pga_sqlstate_class(const char *sqlstate);

#endif
