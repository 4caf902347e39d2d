/*
 * cli/context.h: what a command works with, and how it answers.
 *
 * A command fills either text on stdout or one JSON document; the dispatcher prints the document, also on failure.
 * Messages go to the log on stderr.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef PGA_CLI_CONTEXT_H
#define PGA_CLI_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "alterations/alteration.h"
#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "cli/options.h"
#include "cli/status_line.h"
#include "drivers/driver.h"
#include "engine/runner.h"
#include "journal/journal.h"

struct pga_command;
struct pga_config;

/* What a server reported during the step that runs. */
struct pga_notices {
    size_t shown, left_out;
};

/* What the JSON log knows of the run, for the fields of its lines. */
struct pga_told {
    bool has_started;            /* a run, which will have a last line */
    enum pga_log_level level;    /* of its first and its last line */
    int64_t started_ms;          /* of the clock that never jumps */
    const struct pga_step *step; /* that runs; NULL: none does */
    size_t index, count;         /* of it, from 1 */
    int attempt;                 /* of it, from 1 */
};

/* How far a run is, besides what the status line shows. */
struct pga_how_far {
    int64_t holder_pid;  /* of the runner lock that is waited for; 0: it isn't */
    int64_t next_try_ms; /* when the step is tried again, on the system's clock; 0: it isn't */
};

struct pga_context {
    struct pga_arena *mem; /* lives as long as the command */
    const struct pga_command *command;
    struct pga_options options;
    int argc;    /* the words after the command's name, as typed */
    char **argv; /* argv[0] is the command's name */

    struct pga_log log;
    struct pga_json *json; /* the document; NULL without --json */
    struct pga_buf *text;  /* takes what would be printed, for the document; may be NULL */
    struct pga_status_line status_line;
    struct pga_notices notices;
    struct pga_told told;
    struct pga_how_far progress;
    int64_t started_ms; /* the process, on the system's clock */
    bool colour;        /* on stdout */
    bool is_terminal;   /* stdin and stdout are one */

    const char *dir;                 /* of the alterations */
    bool has_no_dir;                 /* it is not there, and the command goes on without */
    const char *config_file;         /* that was read; NULL: none */
    const struct pga_config *config; /* what it says; NULL: none */
    struct pga_alterations alterations;
    struct pga_driver *driver;
    int64_t pinged_ms; /* when pga_session_ping() last did */
    struct pga_journal journal;
    struct pga_runner runner;

    const struct pga_error *failure; /* that was reported, without secrets; NULL: none */
    const char *failure_hint;        /* of it, with the options that its commands need */
    int output_errno;                /* why stdout could not be written first; 0: it could */
    int exit_status; /* of a command that succeeded and has something to say, e.g. 10 */
};

/* Write to stdout, or to ctx->text if there is a JSON document. */
void pga_print(struct pga_context *ctx, const char *fmt, ...) PGA_PRINTF(2, 3);

/* Write what stdout still holds back, and note when it can't be written. */
void pga_flush(struct pga_context *ctx);

/* What a server, a journal or a person has named, on the command's arena: it drives no terminal and begins no line. */
const char *pga_shown(struct pga_context *ctx, const char *name);

/* The same for text of several lines, such as a script: its colours, too, are made visible instead of obeyed. */
const char *pga_shown_text(struct pga_context *ctx, struct pga_str text);

/* Text for stdout in a colour when there are colours; on the command's arena. */
const char *pga_paint(struct pga_context *ctx, const char *colour, const char *text);
#define PGA_BOLD   "1"
#define PGA_DIM    "2"
#define PGA_RED    "31"
#define PGA_GREEN  "32"
#define PGA_YELLOW "33"

/* Pad with blanks to a number of columns, counted in characters. */
const char *pga_pad(struct pga_arena *mem, const char *text, size_t columns);

/* "1 alteration", "2 alterations". */
const char *pga_count(struct pga_arena *mem, size_t count, const char *singular);

/* The right number of arguments, or PGA_ERR_USAGE. */
bool pga_arguments_check(struct pga_context *ctx, size_t min, size_t max, struct pga_error *err)
    PGA_MUST_CHECK;

/* --because TEXT, which the command needs. */
bool pga_because_get(struct pga_context *ctx, const char **out, struct pga_error *err)
    PGA_MUST_CHECK;

#endif
