/*
 * engine/doctor_connection.c: checks of the connection and of the server behind it.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "engine/doctor_check.h"

#include <string.h>

#define CLOCK_OFF_S    5
#define FREE_FEW       5
#define CHECK_INTERVAL 140000 /* the first server with client_connection_check_interval */

void
pga_check_server_version(const struct pga_doctor *doctor, struct pga_finding *out)
{
    int major = doctor->server_version / 10000;
    const char *name =
        doctor->answers[PGA_PROBE_SERVER].is_there
            ? pga_answer_text(doctor, PGA_PROBE_SERVER, 0, "version")
            : pga_format(doctor->mem, "%d.%d", major, doctor->server_version % 10000);

    pga_finding_say(doctor, out, PGA_VERDICT_OK, "PostgreSQL %s", name);
    if (major > PGA_SERVER_MAJOR_NEWEST) { /* an older one was refused when it was connected to */
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                        "PostgreSQL %s is newer than this pgalter knows (%d to %d)", name,
                        PGA_SERVER_MAJOR_OLDEST, PGA_SERVER_MAJOR_NEWEST);
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                         "Look for a newer pgalter; try this one on a copy of the database first.");
    }
}

void
pga_check_connecting(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const struct pga_connection *c = &doctor->connection;
    const char *at;

    if (!doctor->was_tried) {
        pga_finding_say(doctor, out, PGA_VERDICT_NOT_CHECKED,
                        "the configuration does not say where to connect");
        return;
    }
    if (doctor->connect_error.code != PGA_OK) {
        pga_finding_say_error(doctor, out, PGA_VERDICT_FAILED, &doctor->connect_error);
        return;
    }
    at = c->is_socket                    ? pga_format(doctor->mem, "socket %s", c->host)
         : pga_same(c->host, c->address) ? c->host
                                         : pga_format(doctor->mem, "%s (%s)", c->host, c->address);
    pga_finding_say(doctor, out, PGA_VERDICT_OK,
                    "database \"%s\" on %s port %s as user \"%s\", in %s", c->database, at, c->port,
                    c->user, pga_format_duration_ms(doctor->mem, doctor->connect_ms));
    if (c->target_session_attrs[0] != '\0' && !pga_same(c->target_session_attrs, "any"))
        pga_finding_detail(doctor, out, "target_session_attrs=%s", c->target_session_attrs);
}

/* Whether libpq compared the certificate with something; "require" does when a root certificate was named. */
static bool
is_verified(const struct pga_connection *c)
{
    return pga_str_starts(pga_str_of(c->sslmode), "verify-") ||
           (pga_same(c->sslmode, "require") && c->sslrootcert[0] != '\0');
}

void
pga_check_tls(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const struct pga_connection *c = &doctor->connection;

    if (c->is_socket) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "a local socket needs none");
        return;
    }
    if (c->gss) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "encrypted by GSSAPI instead");
        return;
    }
    if (!c->tls) {
        pga_finding_say(doctor, out, c->is_loopback ? PGA_VERDICT_OK : PGA_VERDICT_ATTENTION,
                        "not in use%s", c->is_loopback ? ": the server is on this machine" : "");
    } else {
        bool fine = is_verified(c) || c->is_loopback;

        pga_finding_say(doctor, out, fine ? PGA_VERDICT_OK : PGA_VERDICT_ATTENTION,
                        "%s, %s; the certificate is %s (sslmode=%s)", c->tls_version, c->tls_cipher,
                        is_verified(c) ? "verified" : "not verified", c->sslmode);
        if (c->channel_binding[0] != '\0')
            pga_finding_detail(doctor, out, "channel_binding=%s", c->channel_binding);
    }
    if (out->verdict == PGA_VERDICT_ATTENTION)
        pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                         "Add sslmode=verify-full to the connection string, and "
                         "sslrootcert=FILE with the certificate of the authority that signed the "
                         "server's.");
}

void
pga_check_pooler(const struct pga_doctor *doctor, struct pga_finding *out)
{
    int64_t pid = pga_answer_int(doctor, PGA_PROBE_SERVER, 0, "pid");

    if (pid == doctor->backend_pid && doctor->connection.takes_options) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "none is in between");
        return;
    }
    if (doctor->journal != NULL && doctor->journal->settings.is_shared) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK,
                        "the connection goes through one, and nothing is left in its sessions");
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "the connection goes through one");
    if (pid != doctor->backend_pid)
        pga_finding_detail(doctor, out,
                           "process %d was promised at start-up, and process %lld answers",
                           doctor->backend_pid, (long long)pid);
    if (!doctor->connection.takes_options)
        pga_finding_detail(doctor, out, "it takes no start-up options");
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                     "Give pgalter the server's own host and port: the runner lock and settings of "
                     "a session don't survive a pooler that shares sessions. Where there is no way "
                     "to the server, use --pooler transaction.");
}

void
pga_check_fences(const struct pga_doctor *doctor, struct pga_finding *out)
{
    const char *interval = pga_answer_text(doctor, PGA_PROBE_SERVER, 0, "check_interval");
    const struct pga_connection *c = &doctor->connection;
    const char *alive = c->is_socket                   ? ""
                        : pga_same(c->keepalives, "0") ? ", keepalives are off"
                                                       : ", keepalives are on";

    if (doctor->server_version < CHECK_INTERVAL)
        pga_finding_say(doctor, out, PGA_VERDICT_OK,
                        "noticed when the running statement ends (PostgreSQL 14 can sooner)%s",
                        alive);
    else if (interval[0] == '\0' || pga_same(interval, "0"))
        pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                        "the server took no client_connection_check_interval%s", alive);
    else
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "noticed within %s%s", interval, alive);
    if (pga_same(c->keepalives, "0") && !c->is_socket)
        out->verdict = PGA_VERDICT_ATTENTION;
    if (out->verdict != PGA_VERDICT_ATTENTION)
        return;
    pga_finding_detail(doctor, out,
                       "after a client's death the server goes on with its statement, and keeps "
                       "the locks until it notices");
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                     "Take keepalives=0 and client_connection_check_interval=0 out of the "
                     "connection string and PGOPTIONS; connect to the server itself.");
}

void
pga_check_writable(const struct pga_doctor *doctor, struct pga_finding *out)
{
    if (!pga_answer_is_true(doctor, PGA_PROBE_SERVER, 0, "is_standby")) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "the server takes writes");
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION,
                    "the server is a standby: it answers status and plan, and takes no deploy");
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                     "Name the primary in --db or PGALTER_DATABASE_URL; with several hosts add "
                     "target_session_attrs=read-write.");
}

int64_t
pga_doctor_clock_ahead_s(int64_t before_s, int64_t after_s, int64_t server_s)
{
    if (server_s < before_s)
        return server_s - before_s;
    return server_s > after_s ? server_s - after_s : 0;
}

void
pga_check_clock(const struct pga_doctor *doctor, struct pga_finding *out)
{
    int64_t ahead = pga_doctor_clock_ahead_s(
        doctor->before_s, doctor->after_s, pga_answer_int(doctor, PGA_PROBE_SERVER, 0, "clock_s"));
    int64_t off = ahead < 0 ? -ahead : ahead;

    if (off <= CLOCK_OFF_S) {
        pga_finding_say(doctor, out, PGA_VERDICT_OK, "the server's agrees with this machine's");
        return;
    }
    pga_finding_say(doctor, out, PGA_VERDICT_ATTENTION, "the server's is %s %s this machine's",
                    pga_doctor_age(doctor, off), ahead > 0 ? "ahead of" : "behind");
    pga_finding_next(doctor, out, PGA_NEXT_COMMAND, "date -u");
    pga_finding_next(doctor, out, PGA_NEXT_SQL, "SELECT pg_catalog.clock_timestamp()");
    pga_finding_next(doctor, out, PGA_NEXT_ADVICE,
                     "Set the one that is wrong: names of alterations come from this machine's, "
                     "times in the history from the server's.");
}

void
pga_check_connections(const struct pga_doctor *doctor, struct pga_finding *out)
{
    int64_t most = pga_answer_int(doctor, PGA_PROBE_SERVER, 0, "connections_most");
    int64_t used = pga_answer_int(doctor, PGA_PROBE_SERVER, 0, "connections_used");

    pga_finding_say(doctor, out, most - used < FREE_FEW ? PGA_VERDICT_ATTENTION : PGA_VERDICT_OK,
                    "%lld of %lld are taken", (long long)used, (long long)most);
    if (out->verdict == PGA_VERDICT_ATTENTION)
        pga_finding_next(doctor, out, PGA_NEXT_SQL,
                         "SELECT usename, application_name, state, count(*) FROM "
                         "pg_catalog.pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC");
}
