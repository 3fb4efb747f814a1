#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "assay/clock.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "exec.h"

#define BLOCK (256u << 10)
#define TICK_MS 100 /* a signal to us is seen after this long at the latest */
#define LINES 3 /* of stderr in a message */

struct running {
    const struct assay_exec_job *j;
    pid_t pid;
    int out, err; /* our ends of its pipes; -1: closed */
    bool reaped;
    int status; /* of waitpid */
    int64_t deadline; /* ms of the monotonic clock; 0: none */
    uint64_t bytes;
    uint8_t *block; /* owned */
    char said[ASSAY_EXEC_TAIL + 1]; /* end of its stderr */
    size_t n_said;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- starting ---- */

/* Only calls that are safe between fork and exec. What goes wrong is told through `tell`, which a good exec closes. */
static _Noreturn void child(const struct assay_exec_job *j, int out, int err, int tell, pid_t parent)
{
    sigset_t none;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    setpgid(0, 0);
#ifdef __linux__
    prctl(PR_SET_PDEATHSIG, SIGTERM);
#endif
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    bool ready = getppid() == parent && null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
                 dup2(err, STDERR_FILENO) >= 0 && (!j->dir || !*j->dir || chdir(j->dir) == 0);
    if (ready)
        execvp(j->argv[0], j->argv);
    int why = errno;
    ssize_t ignored = write(tell, &why, sizeof why);
    (void)ignored;
    _exit(127);
}

static enum assay_status pipes(int fd[6], struct assay_err *e)
{
    for (int i = 0; i < 6; i++)
        fd[i] = -1;
    for (int i = 0; i < 6; i += 2)
        if (pipe2(fd + i, O_CLOEXEC))
            return assay_fail(e, ASSAY_EIO, "cannot make a pipe: %s", strerror(errno));
    return ASSAY_OK;
}

static enum assay_status start(struct running *r, struct assay_err *e)
{
    int fd[6], why = 0;
    pid_t self = getpid();
    enum assay_status s = pipes(fd, e);
    r->pid = s == ASSAY_OK ? fork() : -1;
    if (r->pid == 0)
        child(r->j, fd[1], fd[3], fd[5], self);
    if (s == ASSAY_OK && r->pid < 0)
        s = assay_fail(e, ASSAY_EIO, "%s: cannot start it: %s", r->j->name, strerror(errno));
    close_end(&fd[1]);
    close_end(&fd[3]);
    close_end(&fd[5]);
    if (s == ASSAY_OK) {
        ssize_t n;
        setpgid(r->pid, r->pid); /* both do it: whoever comes first */
        do
            n = read(fd[4], &why, sizeof why);
        while (n < 0 && errno == EINTR);
        if (n == (ssize_t)sizeof why)
            s = assay_fail(e, ASSAY_ESOURCE, "%s: cannot run %s: %s", r->j->name, r->j->argv[0], strerror(why));
    }
    close_end(&fd[4]);
    r->out = fd[0];
    r->err = fd[2];
    if (r->err >= 0)
        fcntl(r->err, F_SETFL, O_NONBLOCK);
    return s;
}

/* ---- watching ---- */

static void keep_said(struct running *r, const char *p, size_t n)
{
    size_t drop = r->n_said + n > ASSAY_EXEC_TAIL ? r->n_said + n - ASSAY_EXEC_TAIL : 0;
    if (drop >= r->n_said) { /* all of what is there, and perhaps the beginning of p */
        p += drop - r->n_said;
        n -= drop - r->n_said;
        r->n_said = 0;
    } else {
        memmove(r->said, r->said + drop, r->n_said - drop);
        r->n_said -= drop;
    }
    memcpy(r->said + r->n_said, p, n);
    r->n_said += n;
}

static void read_err(struct running *r)
{
    char p[4096];
    ssize_t n = 1;
    while (n > 0) {
        n = read(r->err, p, sizeof p);
        if (n > 0)
            keep_said(r, p, (size_t)n);
        else if (n == 0 || (errno != EAGAIN && errno != EINTR))
            close_end(&r->err);
    }
}

static enum assay_status read_out(struct running *r, struct assay_err *e)
{
    uint64_t most = r->j->max_bytes ? r->j->max_bytes : ASSAY_MAX_EXEC_BYTES;
    ssize_t n = read(r->out, r->block, BLOCK), w;
    if (n == 0)
        close_end(&r->out);
    if (n < 0 && errno != EINTR && errno != EAGAIN)
        return assay_fail(e, ASSAY_EIO, "%s: cannot read its output: %s", r->j->name, strerror(errno));
    if (n > 0 && (uint64_t)n > most - r->bytes)
        return assay_fail(e, ASSAY_ELIMIT, "%s: printed more than %" PRIu64 " bytes", r->j->name, most);
    for (size_t at = 0; n > 0 && at<(size_t)n; at += w> 0 ? (size_t)w : 0) {
        w = write(r->j->out, r->block + at, (size_t)n - at);
        if (w < 0 && errno != EINTR)
            return assay_fail(e, ASSAY_EIO, "%s: cannot keep its output in a temporary file: %s", r->j->name,
                              strerror(errno));
    }
    r->bytes += n > 0 ? (uint64_t)n : 0;
    return ASSAY_OK;
}

static void reap(struct running *r)
{
    if (!r->reaped && waitpid(r->pid, &r->status, WNOHANG) == r->pid)
        r->reaped = true;
}

/* Until it ended and its standard output is closed; what else holds its stderr open does not matter then. */
static enum assay_status watch(struct running *r, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    while (s == ASSAY_OK && !(r->reaped && r->out < 0)) {
        struct pollfd p[2] = {{.fd = r->out, .events = POLLIN}, {.fd = r->err, .events = POLLIN}};
        if (assay_interrupted())
            return assay_fail(e, ASSAY_EINTR, "interrupted");
        if (r->deadline && assay_clock_ms() >= r->deadline)
            return assay_fail(e, ASSAY_ESOURCE, "%s: did not end within %d s and was stopped", r->j->name,
                              r->j->timeout_s);
        if (poll(p, 2, r->out < 0 ? 5 : TICK_MS) > 0) {
            if (p[1].revents)
                read_err(r);
            if (p[0].revents)
                s = read_out(r, e);
        }
        reap(r);
    }
    if (r->err >= 0)
        read_err(r);
    return s;
}

/* The whole group: what it started is not left behind. */
static void stop(struct running *r)
{
    int64_t until = assay_clock_ms() + ASSAY_EXEC_GRACE_MS;
    kill(-r->pid, SIGTERM);
    kill(-r->pid, SIGCONT);
    while (!r->reaped && assay_clock_ms() < until) {
        struct pollfd p[2] = {{.fd = r->out, .events = POLLIN}, {.fd = r->err, .events = POLLIN}};
        poll(p, 2, TICK_MS / 10);
        if (p[1].revents)
            read_err(r);
        if (p[0].revents && read(r->out, r->block, BLOCK) == 0)
            close_end(&r->out);
        reap(r);
    }
    kill(-r->pid, SIGKILL);
    while (!r->reaped)
        r->reaped = waitpid(r->pid, &r->status, 0) == r->pid || errno != EINTR;
}

/* ---- what came of it ---- */

/* The last lines of stderr, bounded, on one line, without secrets. */
static const char *last_said(struct running *r, struct assay_buf *out)
{
    struct assay_buf masked = {0};
    for (size_t i = 0; i < r->n_said; i++)
        if (r->said[i] == '\0')
            r->said[i] = ' ';
    while (r->n_said && strchr(" \t\r\n", r->said[r->n_said - 1]))
        r->n_said--;
    r->said[r->n_said] = '\0';
    const char *text = assay_secrets_mask(r->j->secrets, r->said, &masked) == ASSAY_OK ? assay_buf_str(&masked) : NULL;
    size_t n = text ? masked.len : 0, from = n;
    int lines = 0;
    while (from && n - from < ASSAY_EXEC_SAID && (text[from - 1] != '\n' || ++lines < LINES))
        from--;
    for (; text && from < n; from++) {
        unsigned char c = (unsigned char)text[from];
        if (assay_buf_adds(out, c == '\n' ? " | " : "") != ASSAY_OK)
            break;
        if (c != '\n' && assay_buf_addc(out, c < 0x20 || c == 0x7f ? ' ' : c) != ASSAY_OK)
            break;
    }
    assay_buf_release(&masked);
    return out->len ? assay_buf_str(out) : NULL;
}

static enum assay_status judge(struct running *r, enum assay_status s, const struct assay_err *why, struct assay_err *e)
{
    struct assay_buf said = {0};
    const char *name = r->j->name, *text = r->pid > 0 ? last_said(r, &said) : NULL;
    const char *colon = text ? ": " : "", *tail = text ? text : "";
    if (s != ASSAY_OK)
        s = s == ASSAY_ESOURCE ? assay_fail(e, s, "%s%s%s", why->msg, colon, tail) : assay_fail(e, s, "%s", why->msg);
    else if (WIFSIGNALED(r->status))
        s = assay_fail(e, ASSAY_ESOURCE, "%s: was ended by signal %d after %" PRIu64 " bytes of output%s%s", name,
                       WTERMSIG(r->status), r->bytes, colon, tail);
    else if (WEXITSTATUS(r->status) != 0)
        s = assay_fail(e, ASSAY_ESOURCE, "%s: ended with exit status %d after %" PRIu64 " bytes of output%s%s", name,
                       WEXITSTATUS(r->status), r->bytes, colon, tail);
    else if (text)
        assay_log(ASSAY_LOG_INFO, "%s said: %s", name, text);
    assay_buf_release(&said);
    return s;
}

enum assay_status assay_exec_run(const struct assay_exec_job *j, uint64_t *bytes, struct assay_err *e)
{
    struct assay_err why = {0};
    struct running *r = calloc(1, sizeof *r);
    *bytes = 0;
    if (!r || !(r->block = malloc(BLOCK))) {
        free(r);
        return assay_fail_nomem(e);
    }
    r->j = j;
    r->out = r->err = -1;
    r->deadline = j->timeout_s ? assay_clock_ms() + (int64_t)j->timeout_s * 1000 : 0;
    enum assay_status s = start(r, &why);
    if (s == ASSAY_OK)
        s = watch(r, &why);
    if (r->pid > 0 && (s != ASSAY_OK || WIFSIGNALED(r->status) || WEXITSTATUS(r->status) != 0))
        stop(r);
    s = judge(r, s, &why, e);
    *bytes = r->bytes;
    close_end(&r->out);
    close_end(&r->err);
    free(r->block);
    free(r);
    return s;
}
