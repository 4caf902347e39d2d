/*
 * drivers/script/script.h: a server that answers from a list, for tests.
 *
 * Each line of the list names a piece of text that the next message must contain and says what comes back.
 * A message that does not fit, or lines that are left over, fail the test.  What can be made to happen on a real
 * server is tested on one; this is for what can't: the Nth call failing, a connection that ends at a given
 * point.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_SCRIPT_H
#define PGA_DRIVERS_SCRIPT_H

#include "drivers/driver.h"

/* One answer to one statement. */
struct pga_script_answer {
    const char *tag;               /* the command tag; NULL ends the list of answers */
    size_t columns, rows;          /* shape of `values` */
    const char *const *names;      /* `columns` names; NULL: none */
    const char *const *values;     /* rows * columns texts */
};

/* One message and what comes back for it. */
struct pga_script_line {
    const char *expect;                      /* the message must contain this; NULL: anything */
    const struct pga_script_answer *answers; /* ends with a NULL tag; NULL: none */
    struct pga_server_message error;         /* sent after the answers when sqlstate is set */
    bool lose_connection;                    /* the connection ends after the answers */
    enum pga_transaction after;              /* the state of the transaction afterwards */
};

struct pga_script_settings {
    const struct pga_script_line *lines;
    size_t line_count;
    size_t fail_at;      /* the Nth call (1-based) loses the connection; 0: none */
    int server_version;  /* 0: 150000 */
    bool repeat;         /* accept any number of messages: a line is used for every message that contains its text */
};

/* A driver that answers from the list.  `settings` must outlive it. */
struct pga_driver *pga_script_open(const struct pga_script_settings *settings);

/* All messages so far, one after the other, each ending in a line feed. */
const char *pga_script_log(struct pga_driver *d);

/* How many calls there were, and how many lines have not been used. */
size_t pga_script_calls(struct pga_driver *d);
size_t pga_script_unused(struct pga_driver *d);

#endif
