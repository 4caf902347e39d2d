/*
 * tests/agreement/stub_server.c: a server that only listens, so that what psql sends can be recorded.
 *
 *     agreement_stub RECORDS COMMAND [ARGUMENT ...]
 *
 * The server's version is $STUB_SERVER_VERSION, by default 18.0.  Runs the command, usually psql, with PGHOST set to a Unix socket of its own, and serves its one connection: it
 * accepts every statement, answers as if it had done it, and writes statements and COPY rows into RECORDS.  It follows
 * standard_conforming_strings and tells the client, because psql reads on by it.  Ends with the command's status.
 *
 * Source: PostgreSQL manual, chapter "Frontend/Backend Protocol", version 3.0, simple queries and COPY.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "tests/agreement/record.h"
#include "tests/agreement/understand.h"

#define SOCKET_NAME    "/.s.PGSQL.5432"
#define STARTUP_MAX    10000u /* bytes, as a server has it */
#define DEADLINE_S     60u    /* for one script */
#define CONNECT_MS     20000
#define PROTOCOL_3     196608u
#define SSL_REQUEST    80877103u
#define GSSENC_REQUEST 80877104u

struct session {
    FILE *in, *out, *records;
    struct pga_arena *mem; /* of one message */
    struct pga_error *err;
    char transaction; /* 'I', 'T' */
};

struct message {
    char type; /* 0: the client has left */
    struct pga_str body;
};

static void
end_session(struct session *s)
{
    FILE *const files[] = {s->in, s->out, s->records};

    for (size_t i = 0; i < PGA_COUNT_OF(files); i++)
        if (files[i] != NULL)
            (void)fclose(files[i]);
}

static bool
read_bytes(struct session *s, void *to, size_t len)
{
    if (fread(to, 1, len, s->in) == len)
        return true;
    return pga_fail(s->err, PGA_ERR_UNEXPECTED, "the client left in the middle of a message");
}

/* A length, which counts itself, and what it counts. */
static bool
read_body(struct session *s, size_t max, struct pga_str *out)
{
    uint32_t len;
    char *body;

    if (!read_bytes(s, &len, sizeof(len)))
        return false;
    len = ntohl(len);
    if (len < sizeof(len) || len > max)
        return pga_fail(s->err, PGA_ERR_UNEXPECTED, "a message of %u bytes", len);
    len -= (uint32_t)sizeof(len);
    body = pga_alloc(s->mem, (size_t)len + 1, 1);
    *out = (struct pga_str){body, len};
    return read_bytes(s, body, len);
}

static bool
read_message(struct session *s, struct message *out)
{
    int type = fgetc(s->in);

    *out = (struct message){.type = type == EOF ? '\0' : (char)type};
    return type == EOF || read_body(s, PGA_RECORD_MAX, &out->body);
}

static bool
send_bytes(struct session *s, const void *bytes, size_t len)
{
    if (fwrite(bytes, 1, len, s->out) == len)
        return true;
    return pga_fail(s->err, PGA_ERR_UNEXPECTED, "can't answer: %s", strerror(errno));
}

static bool
send_message(struct session *s, char type, struct pga_str body)
{
    uint32_t len = htonl((uint32_t)(body.len + sizeof(len)));

    return send_bytes(s, &type, 1) && send_bytes(s, &len, sizeof(len)) &&
           send_bytes(s, body.data, body.len);
}

static bool
send_setting(struct session *s, const char *name, const char *value)
{
    struct pga_buf body = pga_buf_on(s->mem);

    pga_buf_append(&body, (struct pga_str){name, strlen(name) + 1});
    pga_buf_append(&body, (struct pga_str){value, strlen(value) + 1});
    return send_message(s, 'S', pga_buf_str(&body));
}

static bool
send_complete(struct session *s, const char *tag)
{
    return send_message(s, 'C', (struct pga_str){tag, strlen(tag) + 1});
}

static bool
flush(struct session *s)
{
    return fflush(s->out) == 0 ||
           pga_fail(s->err, PGA_ERR_UNEXPECTED, "can't answer: %s", strerror(errno));
}

static bool
send_ready(struct session *s)
{
    return send_message(s, 'Z', (struct pga_str){&s->transaction, 1}) && flush(s);
}

/* Until the client names its protocol; encryption is not to be had. */
static bool
start(struct session *s)
{
    const char *version = getenv("STUB_SERVER_VERSION");

    for (;;) {
        struct pga_str body;
        uint32_t code;

        if (!read_body(s, STARTUP_MAX, &body))
            return false;
        if (body.len < sizeof(code))
            return pga_fail(s->err, PGA_ERR_UNEXPECTED, "a start-up packet without a protocol");
        memcpy(&code, body.data, sizeof(code));
        code = ntohl(code);
        if (code == PROTOCOL_3)
            break;
        if (code != SSL_REQUEST && code != GSSENC_REQUEST)
            return pga_fail(s->err, PGA_ERR_UNEXPECTED, "protocol %u", code);
        if (!send_bytes(s, "N", 1) || !flush(s))
            return false;
    }
    return send_message(s, 'R', (struct pga_str){"\0\0\0\0", 4}) &&
           /* Else libpq would ask for it, to know which server of several takes writes. */
           send_setting(s, "in_hot_standby", "off") &&
           send_setting(s, "server_version", version == NULL ? "18.0" : version) &&
           send_setting(s, "server_encoding", "UTF8") &&
           send_setting(s, "client_encoding", "UTF8") &&
           send_setting(s, "standard_conforming_strings", "on") && send_ready(s);
}

/* Take the rows behind COPY ... FROM STDIN. */
static bool
copy_in(struct session *s)
{
    struct pga_buf rows = pga_buf_on(s->mem);
    struct message message;

    if (!send_message(s, 'G', (struct pga_str){"\0\0\0", 3}) || !flush(s))
        return false;
    for (;;) {
        if (!read_message(s, &message))
            return false;
        if (message.type != 'd')
            break;
        if (rows.len + message.body.len > PGA_RECORD_MAX)
            return pga_fail(s->err, PGA_ERR_UNEXPECTED, "too many rows");
        pga_buf_append(&rows, message.body);
    }
    if (message.type != 'c')
        return pga_fail(s->err, PGA_ERR_UNEXPECTED, "rows that end in a message '%c'",
                        message.type);
    return pga_record_write(s->records, (struct pga_record){PGA_RECORD_ROWS, pga_buf_str(&rows)},
                            s->err) &&
           send_complete(s, "COPY 0");
}

static bool
copy_out(struct session *s)
{
    return send_message(s, 'H', (struct pga_str){"\0\0\0", 3}) &&
           send_message(s, 'c', PGA_STR("")) && send_complete(s, "COPY 0");
}

static bool
answer(struct session *s, struct pga_str statement)
{
    struct pga_understanding understood = pga_understand(statement);

    if (understood.transaction != '\0')
        s->transaction = understood.transaction;
    if (understood.copy_in)
        return copy_in(s);
    if (understood.copy_out)
        return copy_out(s);
    if (!send_complete(s, "SET"))
        return false;
    return understood.strings == '\0' ||
           send_setting(s, "standard_conforming_strings", understood.strings == '1' ? "on" : "off");
}

static bool
serve(struct session *s)
{
    struct message message;

    if (!start(s))
        return false;
    for (;;) {
        struct pga_str statement;

        pga_arena_release(s->mem);
        if (!read_message(s, &message))
            return false;
        if (message.type == 'X' || message.type == '\0')
            return true;
        if (message.type != 'Q' || message.body.len == 0)
            return pga_fail(s->err, PGA_ERR_UNEXPECTED, "a message '%c'", message.type);
        statement = pga_str_slice(message.body, 0, message.body.len - 1);
        if (!pga_record_write(s->records, (struct pga_record){PGA_RECORD_QUERY, statement},
                              s->err) ||
            !answer(s, statement) || !send_ready(s))
            return false;
    }
}

static bool
listen_in(const char *dir, int *out, struct pga_error *err)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int len = snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", dir, SOCKET_NAME);

    if (len < 0 || (size_t)len >= sizeof(address.sun_path))
        return pga_fail(err, PGA_ERR_UNEXPECTED, "the path \"%s\" is too long for a socket", dir);
    *out = socket(AF_UNIX, SOCK_STREAM, 0);
    if (*out < 0 || bind(*out, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(*out, 1) != 0)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "can't listen: %s", strerror(errno));
    return true;
}

static pid_t
run_command(const char *dir, int listener, char **command)
{
    pid_t child = fork();

    if (child != 0)
        return child;
    (void)close(listener);
    if (setenv("PGHOST", dir, 1) == 0 && setenv("PGPORT", "5432", 1) == 0)
        (void)execvp(command[0], command);
    perror(command[0]);
    _exit(127);
}

/* Wait for the command to connect, and record what it sends. */
static bool
record(int listener, const char *path, struct pga_error *err)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    PGA_AUTO(end_session)
    struct session s = {.mem = &mem, .err = err, .transaction = 'I'};
    struct pollfd waiting = {.fd = listener, .events = POLLIN};
    int connection;

    s.records = fopen(path, "wb");
    if (s.records == NULL)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "can't write \"%s\": %s", path, strerror(errno));
    if (poll(&waiting, 1, CONNECT_MS) != 1)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "the command doesn't connect");
    connection = accept(listener, NULL, NULL);
    s.in = connection < 0 ? NULL : fdopen(connection, "rb");
    s.out = s.in == NULL ? NULL : fdopen(dup(connection), "wb");
    if (s.out == NULL)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "can't serve: %s", strerror(errno));
    if (!serve(&s))
        return false;
    return fflush(s.records) == 0 ||
           pga_fail(err, PGA_ERR_UNEXPECTED, "can't write \"%s\": %s", path, strerror(errno));
}

static bool
run(const char *dir, const char *path, char **command, int *out_status, struct pga_error *err)
{
    int listener = -1, status = 0;
    pid_t child;
    bool recorded;

    if (!listen_in(dir, &listener, err))
        return false;
    child = run_command(dir, listener, command);
    if (child < 0)
        return pga_fail(err, PGA_ERR_UNEXPECTED, "can't run \"%s\": %s", command[0],
                        strerror(errno));
    recorded = record(listener, path, err);
    (void)close(listener);
    if (waitpid(child, &status, 0) != child)
        return recorded && pga_fail(err, PGA_ERR_UNEXPECTED, "lost \"%s\"", command[0]);
    *out_status = WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
    return recorded;
}

int
main(int argc, char **argv)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    struct pga_error err = {0};
    const char *base = getenv("TMPDIR");
    char *dir;
    int status = EXIT_FAILURE;
    bool done;

    if (argc < 3) {
        (void)fputs("usage: agreement_stub RECORDS COMMAND [ARGUMENT ...]\n", stderr);
        return 64;
    }
    /* Both sides end when this process does: psql loses its connection. */
    (void)alarm(DEADLINE_S);
    dir = pga_format(&mem, "%s/pgalter-stub-XXXXXX", base == NULL ? "/tmp" : base);
    if (mkdtemp(dir) == NULL) {
        perror(dir);
        return EXIT_FAILURE;
    }
    done = run(dir, argv[1], argv + 2, &status, &err);
    (void)unlink(pga_format(&mem, "%s%s", dir, SOCKET_NAME));
    (void)rmdir(dir);
    if (done)
        return status;
    (void)fprintf(stderr, "agreement_stub: %s\n", err.message);
    return EXIT_FAILURE;
}
