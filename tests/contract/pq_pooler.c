/*
 * tests/contract/pq_pooler.c: a pooler that takes no start-up options stands between.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/pq/pq_private.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <check.h>

#include "tests/contract/pq_world.h"
#include "tests/helpers/server.h"

enum pooler { POOLER_HIDES_PID, POOLER_SHOWS_PID, POOLER_DROPS_CANCEL };

/* The first occurrence of a piece of bytes, or NULL. */
static char *
find_bytes(char *bytes, size_t len, const char *piece, size_t piece_len)
{
    for (size_t i = 0; i + piece_len <= len; i++)
        if (memcmp(bytes + i, piece, piece_len) == 0)
            return bytes + i;
    return NULL;
}

/* Pass on what one side sends; false when it has ended. */
static bool
pass_on(int from, int to, enum pooler kind)
{
    char bytes[8192], *key;
    ssize_t got = read(from, bytes, sizeof(bytes));

    if (got <= 0)
        return false;
    key = find_bytes(bytes, (size_t)got, "K\0\0\0\014", 5); /* BackendKeyData */
    if (key != NULL && kind == POOLER_HIDES_PID)
        key[8] = (char)(key[8] ^ 1);
    return write(to, bytes, (size_t)got) == got;
}

static void
serve(int client, enum pooler kind)
{
    static const char fatal[] =
        "E\0\0\0\073SFATAL\0C08P01\0Munsupported startup parameter: options\0";
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int server = socket(AF_UNIX, SOCK_STREAM, 0);
    char packet[4096];
    ssize_t got = read(client, packet, sizeof(packet));
    struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432",
                   pga_test_server_directory());
    if (got <= 0 || connect(server, (struct sockaddr *)&address, sizeof(address)) != 0)
        return;
    if (kind == POOLER_DROPS_CANCEL &&
        find_bytes(packet, (size_t)got, "\x04\xd2\x16\x2e", 4) != NULL)
        return;
    if (find_bytes(packet, (size_t)got, "options", sizeof("options")) != NULL) {
        (void)!write(client, fatal, sizeof(fatal));
        return;
    }
    if (write(server, packet, (size_t)got) != got)
        return;
    while (poll(fds, 2, 20000) > 0)
        for (int i = 0; i < 2; i++)
            if (fds[i].revents != 0 && !pass_on(fds[i].fd, fds[1 - i].fd, kind))
                return;
}

/*
 * A process that passes connections on to the server and refuses start-up options, as pgbouncer
 * does.
 */
static pid_t
start_pooler(enum pooler kind, int *out_port)
{
    int fd = pga_test_listen(out_port);
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child != 0) {
        (void)close(fd);
        return child;
    }
    for (int i = 0; i < 10; i++) {
        int client = accept(fd, NULL, NULL);

        serve(client, kind);
        (void)close(client);
    }
    _exit(0);
}

static void
stop_pooler(pid_t pooler)
{
    ck_assert_int_eq(kill(pooler, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pooler, NULL, 0), pooler);
}

START_TEST(refused_options_are_set_later)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port;
    pid_t pooler = start_pooler((enum pooler)_i, &port);
    struct pga_pq_settings settings = {
        .conninfo =
            pga_format(&mem,
                       "host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable"
                       " gssencmode=disable",
                       port),
    };
    struct pga_driver *d = pga_test_open(&settings);
    struct pga_buf again = pga_buf_on(&mem);
    const char *timeout = pga_test_value(d, "SHOW idle_in_transaction_session_timeout", &mem);

    /* Through a pooler, whose pid is another, a SET would stay for whoever comes next. */
    ck_assert_str_eq(timeout, _i == POOLER_SHOWS_PID ? "1min" : "0");
    /* A reset leads back to how the server began the session, so they are set again. */
    ck_assert_uint_eq(pga_driver_fence_sql(d, &again), _i == POOLER_SHOWS_PID);
    pga_test_run(d, pga_format(&mem, "BEGIN; RESET ALL; %s COMMIT", again.data));
    ck_assert_str_eq(pga_test_value(d, "SHOW idle_in_transaction_session_timeout", &mem), timeout);
    pga_driver_close(&d);
    stop_pooler(pooler);
}
END_TEST

START_TEST(stopped_copy_is_never_a_shorter_one)
{
    const size_t row = (size_t)32 * 1024, rows = 400;
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port;
    pid_t pooler = start_pooler(POOLER_DROPS_CANCEL, &port);
    struct pga_pq_settings settings = {
        .conninfo = pga_format(&mem,
                               "host=127.0.0.1 port=%d user=postgres dbname=postgres "
                               "sslmode=disable gssencmode=disable",
                               port),
    };
    struct pga_driver *d = pga_test_open(&settings);
    char *data = pga_new_array(&mem, char, row *rows);
    struct pga_str copies[] = {{data, row * rows}};
    struct pga_message message = {
        .sql = PGA_STR("CREATE TEMP TABLE t (x text CHECK (pg_sleep(0.005) IS NOT NULL));"
                       "COPY t FROM STDIN"),
        .copies = copies,
        .copy_count = 1,
        .timeout_ms = 300,
    };
    struct pga_results results = {0};
    struct pga_error err = {0};

    memset(data, 'x', row * rows);
    for (size_t i = 1; i <= rows; i++)
        data[i * row - 1] = '\n';
    ck_assert(!pga_driver_query(d, &message, &mem, &results, &err));
    ck_assert_int_eq(err.code, PGA_ERR_DEADLINE);
    ck_assert_ptr_nonnull(results.error);
    ck_assert_uint_eq(results.count, 1);
    pga_driver_close(&d);
    stop_pooler(pooler);
}
END_TEST

START_TEST(role_is_never_left_out)
{
    PGA_AUTO(pga_arena_release)
    struct pga_arena mem = {0};
    int port;
    pid_t pooler = start_pooler(POOLER_SHOWS_PID, &port);
    struct pga_pq_settings settings = {
        .conninfo =
            pga_format(&mem,
                       "host=127.0.0.1 port=%d user=postgres dbname=postgres sslmode=disable"
                       " gssencmode=disable",
                       port),
        .role = "pg_monitor",
    };
    struct pga_error err = pga_test_refusal(&settings);

    ck_assert_int_eq(err.code, PGA_ERR_USAGE);
    ck_assert_str_eq(err.sqlstate, "08P01");
    ck_assert_ptr_nonnull(strstr(err.hint, "--role"));
    stop_pooler(pooler);
}
END_TEST

int
main(void)
{
    Suite *suite = suite_create("poolers");
    TCase *tcase = tcase_create("core");

    (void)pga_test_server_start();
    tcase_add_loop_test(tcase, refused_options_are_set_later, 0, 2);
    tcase_add_test(tcase, stopped_copy_is_never_a_shorter_one);
    tcase_add_test(tcase, role_is_never_left_out);
    tcase_set_timeout(tcase, 60);
    suite_add_tcase(suite, tcase);
    return pga_test_run_suite(suite);
}
