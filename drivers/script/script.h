/*
 * drivers/script/script.h: a server that answers from a list, for tests.
 *
 * Each line of the list names a piece of text that the next message must contain and says what
 * comes back. A message that does not fit ends the process with status 70; lines that are left over
 * are counted for the test to look at.  What can be made to happen on a real server is tested on
 * one; this is for what can't: the Nth call failing, a connection that ends at a given point.
 *
 *     struct pga_script_answer one[] = {{.tag = "INSERT 0 1"}, {0}};
 *     struct pga_script_line lines[] = {{.expect = "INSERT", .answers = one}};
 *     struct pga_script_settings settings = {.lines = lines, .line_count = 1};
 *     PGA_AUTO(pga_driver_close) struct pga_driver *driver = pga_script_open(&settings);
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_DRIVERS_SCRIPT_H
#define PGA_DRIVERS_SCRIPT_H

#include "drivers/driver.h"

/* One answer to one statement. */
struct pga_script_answer {
    const char *tag;           /* the command tag; NULL ends the list of answers */
    size_t columns, rows;      /* shape of `values` */
    const char *const *names;  /* `columns` names; NULL: all "" */
    const char *const *values; /* rows * columns texts; NULL: all NULL */
    bool copy_in;              /* a COPY ... FROM STDIN: takes the message's next data */
    bool copy_out;             /* a COPY ... TO STDOUT */
};

/* One message and what comes back for it. */
struct pga_script_line {
    const char *expect;                      /* the message must contain this; NULL: anything */
    const struct pga_script_answer *answers; /* ends with a NULL tag; NULL: none */
    struct pga_server_message
        error;            /* sent after the answers when sqlstate is set; NULL texts are "" */
    bool lose_connection; /* the connection ends after the answers, and after `error` as a FATAL */
    enum pga_transaction after;       /* the state of the transaction afterwards */
    struct pga_server_message notice; /* sent before the answers when message is set */
};

struct pga_script_settings {
    const struct pga_script_line *lines;
    size_t line_count;
    size_t fail_at; /* the Nth call (1-based) loses the connection, or can't reconnect; 0: none */
    int server_version; /* 0: 150000 */
    bool repeat; /* any number of messages: a line answers every one that contains its text */
    const char *fence_sql; /* one statement to set fences again; NULL: none */
    const char *const
        *parameters; /* name, value, name, value ..., NULL; NULL: an ordinary UTF-8 session */
};

/* A driver that answers from the list.  `settings` must outlive it. */
struct pga_driver *pga_script_open(const struct pga_script_settings *settings);

/* All messages so far, one after the other, each ending in a line feed. */
const char *pga_script_log(struct pga_driver *d);

/* How many calls (messages and reconnections) there were, and how many lines have not been used. */
size_t pga_script_calls(struct pga_driver *d);
size_t pga_script_unused(struct pga_driver *d);

#endif
