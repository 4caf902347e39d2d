/*
 * drivers/local/process.c: PostgreSQL's programs as child processes.
 *
 * No shell is between, so a path may hold anything.  A child has a session of its own, so that the
 * terminal's Ctrl-C reaches only pgalter, which then decides; default signals; no descriptor but
 * the three usual ones and one that it is given on purpose; and an environment of a few variables,
 * as this process' own may name a production server and its password, and PG* variables would
 * configure the child.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#include "drivers/local/local_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/str.h"

#define FIRST_FREE_FD                                                                              \
    10 /* ours lie above, so that 0 to 2 and the kept one can be set without care */
#define KEPT_FD  3
#define GRACE_MS 3000 /* between SIGTERM and SIGKILL */

/* What a child shall become; everything that allocates is done before fork(). */
struct plan {
    const struct pga_process *what;
    char **argv;
    char **envp;
    int fds[4];    /* for 0, 1, 2 and KEPT_FD; the last may be -1 */
    int report_fd; /* takes errno when it can't become that */
};

static char **
make_environment(struct pga_arena *mem)
{
    static const char *const passed[] = {"PATH", "TZ", "LD_LIBRARY_PATH"};
    char **envp = pga_new_array(mem, char *, PGA_COUNT_OF(passed) + 2);
    size_t count = 0;

    for (size_t i = 0; i < PGA_COUNT_OF(passed); i++)
        if (getenv(passed[i]) != NULL)
            envp[count++] = pga_format(mem, "%s=%s", passed[i], getenv(passed[i]));
    envp[count] = pga_strdup(mem, "LC_ALL=C"); /* messages that can be recognised */
    return envp;
}

static void
close_others(int report_fd, int kept)
{
    DIR *dir = opendir("/dev/fd");
    const struct dirent *entry;
    long limit = sysconf(_SC_OPEN_MAX);

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        int fd = (int)strtol(entry->d_name, NULL, 10);

        if (fd > 2 && fd != report_fd && fd != kept && fd != dirfd(dir))
            (void)close(fd);
    }
    if (dir != NULL)
        (void)closedir(dir);
    for (int fd = 3; dir == NULL && fd < (limit < 0 || limit > 4096 ? 4096 : (int)limit); fd++)
        if (fd != report_fd && fd != kept)
            (void)close(fd);
}

static bool
arrange_descriptors(const struct plan *plan)
{
    for (int i = 0; i < 4; i++)
        if (plan->fds[i] >= 0 && dup2(plan->fds[i], i) < 0)
            return false;
    close_others(plan->report_fd, plan->fds[KEPT_FD] >= 0 ? KEPT_FD : -1);
    return true;
}

/* The child's side of fork(). */
PGA_NORETURN static void
become(const struct plan *plan)
{
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t none;
    int why;

    (void)sigemptyset(&usual.sa_mask);
    (void)sigemptyset(&none);
    for (int i = 1; i < 65; i++)
        (void)sigaction(i, &usual, NULL);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)umask(077);
    if (setsid() >= 0 && arrange_descriptors(plan) && pga_identity_drop() &&
        chdir(plan->what->directory) == 0)
        (void)execve(plan->argv[0], plan->argv, plan->envp);
    why = errno;
    (void)!write(plan->report_fd, &why, sizeof(why));
    _exit(127);
}

/* Move a descriptor out of the way of those that the child shall have. */
static int
move_up(int fd)
{
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);

    (void)close(fd);
    return moved;
}

static bool
make_pipe(int ends[2])
{
    ends[0] = ends[1] = -1;
    if (pipe(ends) != 0)
        return false;
    ends[0] = move_up(ends[0]);
    ends[1] = move_up(ends[1]);
    return ends[0] >= 0 && ends[1] >= 0;
}

/* A descriptor from which `text` can be read; the pipe holds all of it. */
static int
open_input(const char *text)
{
    int ends[2];

    if (text == NULL)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (!make_pipe(ends))
        return -1;
    if (write(ends[1], text, strlen(text)) != (ssize_t)strlen(text))
        pga_close(&ends[0]);
    pga_close(&ends[1]);
    return ends[0];
}

/* Fork, and wait until the child is what it shall be. */
static bool
fork_child(struct plan *plan, pid_t *out_pid)
{
    PGA_AUTO(pga_close)
    int read_end = -1;
    struct sigaction usual = {.sa_handler = SIG_DFL};
    sigset_t all, before;
    int ends[2], why = 0;
    ssize_t len;

    if (!make_pipe(ends))
        return false;
    read_end = ends[0];
    plan->report_fd = ends[1];
    (void)sigemptyset(&usual.sa_mask);
    (void)sigaction(SIGCHLD, &usual,
                    NULL); /* who started us may ignore it, and exit codes with it */
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, &before); /* no handler of ours runs in the child */
    *out_pid = fork();
    if (*out_pid == 0)
        become(plan);
    why = errno;
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    (void)close(ends[1]);
    errno = why;
    if (*out_pid < 0)
        return false;
    do
        len = read(read_end, &why, sizeof(why));
    while (len < 0 && errno == EINTR);
    if (len == 0)
        return true;
    (void)waitpid(*out_pid, NULL, 0);
    errno = why;
    return false;
}

static int
duplicate(int fd)
{
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
}

bool
pga_process_start(struct pga_local *local, const struct pga_process *what, int out_fd,
                  pid_t *out_pid, struct pga_error *err)
{
    PGA_AUTO(pga_close)
    int input = open_input(what->input);
    PGA_AUTO(pga_close)
    int sink = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int log_fd = what->log_fd < 0 ? sink : what->log_fd;
    PGA_AUTO(pga_close)
    int in = duplicate(input);
    PGA_AUTO(pga_close)
    int out = duplicate(out_fd < 0 ? log_fd : out_fd);
    PGA_AUTO(pga_close)
    int errors = duplicate(log_fd);
    PGA_AUTO(pga_close)
    int keep = duplicate(what->keep_fd);
    struct plan plan = {.what = what, .fds = {in, out, errors, keep}, .report_fd = -1};
    size_t count = 0;

    while (what->argv[count] != NULL)
        count++;
    plan.argv = pga_new_array(local->mem, char *, count + 1);
    for (size_t i = 0; i < count; i++)
        plan.argv[i] = pga_strdup(local->mem, what->argv[i]);
    plan.envp = make_environment(local->mem);
    if (in >= 0 && out >= 0 && errors >= 0 && (keep >= 0 || what->keep_fd < 0) &&
        fork_child(&plan, out_pid))
        return true;
    return pga_fail(err, PGA_ERR_NO_SERVER, "cannot run \"%s\": %s", what->argv[0],
                    strerror(errno));
}

/* End a child and what it started, politely at first. */
static void
end_child(pid_t pid)
{
    int64_t limit = pga_clock_now_ms(pga_clock_system()) + GRACE_MS;
    pid_t gone = 0;

    (void)kill(-pid, SIGTERM);
    while (gone == 0 && pga_clock_now_ms(pga_clock_system()) < limit) {
        gone = waitpid(pid, NULL, WNOHANG);
        if (gone == 0)
            (void)poll(NULL, 0, 10);
    }
    (void)kill(-pid, SIGKILL);
    if (gone == 0)
        (void)waitpid(pid, NULL, 0);
}

/* Read what there is without waiting.  False when it became too much. */
static bool
drain(int fd, struct pga_buf *text)
{
    char chunk[4096];
    ssize_t len = fd < 0 ? 0 : read(fd, chunk, sizeof(chunk));

    while (len > 0 && text->len <= PGA_LOCAL_OUTPUT_MAX) {
        pga_buf_append(text, (struct pga_str){chunk, (size_t)len});
        len = read(fd, chunk, sizeof(chunk));
    }
    return text->len <= PGA_LOCAL_OUTPUT_MAX;
}

/* Wait for the end of a child and read its output meanwhile. */
static bool
await(struct pga_local *local, pid_t pid, int fd, struct pga_buf *text, int *out_status,
      struct pga_error *err)
{
    pid_t gone = 0;

    while (gone == 0) {
        gone = waitpid(pid, out_status, WNOHANG);
        if (!drain(fd, text)) {
            (void)pga_fail(err, PGA_ERR_NO_SERVER, "it wrote more than %d bytes",
                           PGA_LOCAL_OUTPUT_MAX);
            break;
        }
        if (gone != 0)
            return gone > 0 || pga_fail(err, PGA_ERR_NO_SERVER, "%s", strerror(errno));
        if (pga_clock_now_ms(pga_clock_system()) >= local->deadline_ms) {
            (void)pga_fail(err, PGA_ERR_NO_SERVER, "it did not end within %s",
                           pga_format_duration_ms(local->mem, local->timeout_ms));
            break;
        }
        if (!pga_pause(5, err))
            break;
    }
    end_child(pid);
    return false;
}

bool
pga_process_run(struct pga_local *local, const struct pga_process *what, char **out_text,
                struct pga_error *err)
{
    struct pga_buf text = pga_buf_on(local->mem);
    PGA_AUTO(pga_close)
    int read_end = -1;
    PGA_AUTO(pga_close)
    int write_end = -1;
    int ends[2] = {-1, -1}, status = 0;
    pid_t pid = 0;

    if (out_text != NULL) {
        if (!make_pipe(ends) || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0)
            return pga_fail(err, PGA_ERR_NO_SERVER, "cannot make a pipe: %s", strerror(errno));
        read_end = ends[0];
        write_end = ends[1];
    }
    if (!pga_process_start(local, what, write_end, &pid, err))
        return false;
    pga_close(&write_end);
    if (!await(local, pid, read_end, &text, &status, err))
        return err->code == PGA_ERR_INTERRUPTED ? false
                                                : pga_error_while(err, "\"%s\"", what->argv[0]);
    if (out_text != NULL)
        *out_text = text.data;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    if (WIFSIGNALED(status))
        return pga_fail(err, PGA_ERR_NO_SERVER, "\"%s\" was ended by signal %d", what->argv[0],
                        WTERMSIG(status));
    return pga_fail(err, PGA_ERR_NO_SERVER, "\"%s\" failed with exit status %d", what->argv[0],
                    WEXITSTATUS(status));
}
