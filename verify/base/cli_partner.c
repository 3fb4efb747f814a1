/* A sibling that runs beside this process, tied to it by its standard input. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assay/cli.h"

enum assay_status assay_partner_start(const char *path, char *const *argv, struct assay_partner *out,
                                      struct assay_err *e)
{
    int in[2] = {-1, -1}, back[2] = {-1, -1};
    *out = (struct assay_partner){0, -1, -1};
    /* closed on exec: a grandchild that kept our end open would keep the partner from its end of input */
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(back, O_CLOEXEC) != 0)
        goto fail;
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        goto fail;
    if (pid == 0) {
        if (dup2(in[0], STDIN_FILENO) >= 0 && dup2(back[1], STDOUT_FILENO) >= 0)
            execvp(path, argv);
        _exit(127);
    }
    close(in[0]);
    close(back[1]);
    *out = (struct assay_partner){(int)pid, in[1], back[0]};
    return ASSAY_OK;
fail:
    assay_fail(e, ASSAY_EIO, "%s: cannot run it: %s", path, strerror(errno));
    for (int i = 0; i < 2; i++) {
        if (in[i] >= 0)
            close(in[i]);
        if (back[i] >= 0)
            close(back[i]);
    }
    return ASSAY_EIO;
}

int assay_partner_end(struct assay_partner *p)
{
    int status = 0;
    if (!p->pid)
        return 0;
    close(p->to);
    close(p->from);
    pid_t got;
    do {
        got = waitpid(p->pid, &status, 0);
    } while (got < 0 && errno == EINTR);
    p->pid = 0;
    return got < 0 ? ASSAY_EXIT_UNVERIFIED : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
