/* Programs of the suite: binding functions to the shared verb table, finding a sibling, running it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assay/cli.h"
#include "assay/log.h"
#include "cli_private.h"

#define MAX_VERBS 48

int assay_program_main(int argc, char **argv, const char *program, const struct assay_verb_run *run)
{
    struct assay_verb own[MAX_VERBS + 1] = {0};
    bool front = strcmp(program, "assay") == 0; /* the front door may drive a verb that another program owns */
    size_t n = 0;
    /* Before anything else of OpenSSL: a token's module that is taken down while the process ends can crash it (SoftHSM
     * 2.6 does), and then the exit code would be lost. The system closes what is open. */
    OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL);
    for (const struct assay_verb *v = assay_verbs(); v->name && n < MAX_VERBS; v++)
        for (const struct assay_verb_run *r = run; r->name; r++)
            if (strcmp(r->name, v->name) == 0 && (front || strcmp(v->program, program) == 0)) {
                own[n] = *v;
                own[n++].run = r->run;
            }
    return assay_cli_main(argc, argv, program, own);
}

static bool runnable(char *out, size_t max, const char *dir, const char *program)
{
    int n = snprintf(out, max, "%s/%s", dir, program);
    return n > 0 && (size_t)n < max && access(out, X_OK) == 0;
}

/* Directory of the running program: /proc where there is one (a bare argv[0] came through PATH), else argv[0]. */
static bool own_dir(const char *argv0, char out[PATH_MAX])
{
    ssize_t n = readlink("/proc/self/exe", out, PATH_MAX - 1);
    if (n > 0)
        out[n] = '\0';
    else if (!realpath(argv0, out))
        return false;
    char *slash = strrchr(out, '/');
    if (!slash)
        return false;
    slash[slash == out] = '\0';
    return true;
}

enum assay_status assay_program_find(const char *argv0, const char *program, char *out, size_t max, struct assay_err *e)
{
    char dir[PATH_MAX];
    bool have = own_dir(argv0, dir);
    if ((have && runnable(out, max, dir, program)) || runnable(out, max, ASSAY_LIBEXEC, program))
        return ASSAY_OK;
    return assay_fail(e, ASSAY_ENOTFOUND, "%s is neither in %s nor in %s; is assay installed completely?", program,
                      have ? dir : "the directory of this program", ASSAY_LIBEXEC);
}

static void on_child(int sig)
{
    (void)sig; /* only there to end sigsuspend */
}

/* Never returns. The reason why the program could not be run goes into `why`, a pipe that running it closes. */
static void child(const char *path, char *const *argv, enum assay_child_out out, const sigset_t *mask, int why)
{
    int fd = out == ASSAY_CHILD_MUTE ? open("/dev/null", O_WRONLY) : STDERR_FILENO;
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, mask, NULL);
    if (out == ASSAY_CHILD_SHOWN || (fd >= 0 && dup2(fd, STDOUT_FILENO) >= 0))
        execvp(path, argv);
    int cause = errno;
    (void)!write(why, &cause, sizeof cause);
    _exit(127);
}

enum assay_status assay_program_run(const char *path, char *const *argv, enum assay_child_out out, int *code,
                                    struct assay_err *e)
{
    int pipes[2];
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return assay_fail(e, ASSAY_EIO, "%s: cannot run it: %s", path, strerror(errno));
    struct sigaction sa = {.sa_handler = on_child}, old_sa;
    sigset_t block, old;
    int status = 0;
    sigemptyset(&sa.sa_mask);
    sigemptyset(&block);
    sigaddset(&block, SIGCHLD);
    sigaddset(&block, SIGINT);
    sigaddset(&block, SIGTERM);
    fflush(NULL); /* what is buffered must not be written twice */
    sigaction(SIGCHLD, &sa, &old_sa);
    sigprocmask(SIG_BLOCK, &block, &old);
    pid_t pid = fork();
    if (pid == 0)
        child(path, argv, out, &old, pipes[1]);
    pid_t got = pid;
    close(pipes[1]);
    bool forwarded = assay_interrupted();
    while (pid > 0 && (got = waitpid(pid, &status, WNOHANG)) == 0) {
        sigsuspend(&old); /* the signals are blocked until here: none is missed */
        if (assay_interrupted() && !forwarded) {
            kill(pid, assay_interrupt_signal());
            forwarded = true;
        }
    }
    int why = errno;
    sigprocmask(SIG_SETMASK, &old, NULL);
    sigaction(SIGCHLD, &old_sa, NULL);
    bool ran = got >= 0 && read(pipes[0], &why, sizeof why) != (ssize_t)sizeof why;
    close(pipes[0]);
    if (!ran)
        return assay_fail(e, ASSAY_EIO, "%s: cannot run it: %s", path, strerror(why));
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ASSAY_OK;
}
