/* ledger timestamp: the newest checkpoint goes to a time stamp authority, its token comes back as an anchor. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assay/anchor.h"
#include "assay/http.h"
#include "assay/ledger_append.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/stamp.h"
#include "cmd.h"
#include "target.h"

static enum assay_status by_http(const char *url, const struct assay_buf *request, struct assay_buf *out,
                                 struct assay_err *e)
{
    struct assay_http_answer a = {.body = {.max = ASSAY_MAX_TOKEN}};
    enum assay_status s = assay_http_post(url, "application/timestamp-query", request->ptr, request->len, &a, e);
    if (s == ASSAY_OK && a.status != 200)
        s = assay_fail(e, ASSAY_ESOURCE, "%s: answers with status %ld", url, a.status);
    if (s == ASSAY_OK && assay_buf_add(out, a.body.ptr, a.body.len) != ASSAY_OK)
        s = assay_fail_nomem(e);
    assay_buf_release(&a.body);
    return s;
}

static enum assay_status read_all(int fd, struct assay_buf *out, struct assay_err *e)
{
    uint8_t piece[4096];
    ssize_t n;
    while ((n = read(fd, piece, sizeof piece)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 || assay_buf_add(out, piece, (size_t)n) != ASSAY_OK)
            return assay_fail(e, ASSAY_ESOURCE, "the command's answer could not be read, or is over %u bytes",
                              ASSAY_MAX_TOKEN);
    }
    return ASSAY_OK;
}

/* The request on its standard input, the response on its standard output. */
static enum assay_status by_command(char *const *argv, const struct assay_buf *request, struct assay_buf *out,
                                    struct assay_err *e)
{
    struct assay_partner p = {0};
    enum assay_status s = assay_partner_start(argv[0], argv, &p, e);
    if (s != ASSAY_OK)
        return s;
    /* A request fits into a pipe: this cannot wait for the command. One that does not read it is judged by its answer.
     */
    if (write(p.to, request->ptr, request->len) < 0 && errno != EPIPE)
        s = assay_fail(e, ASSAY_ESOURCE, "%s: does not take the request: %s", argv[0], strerror(errno));
    close(p.to);
    p.to = -1;
    if (s == ASSAY_OK)
        s = read_all(p.from, out, e);
    int code = assay_partner_end(&p);
    return s == ASSAY_OK && code ? assay_fail(e, ASSAY_ESOURCE, "%s: ended with exit status %d", argv[0], code) : s;
}

struct job {
    struct assay_ledger *l;
    struct assay_anchor anchor;
    struct assay_stamp stamp;
    bool news;
};

static enum assay_status prepare(struct job *j, struct assay_err *e)
{
    struct assay_checkpoint c;
    struct assay_anchor last;
    bool found;
    const char *note = assay_ledger_checkpoint(j->l);
    size_t len = strlen(note);
    if (!len)
        return assay_fail(e, ASSAY_ENOTFOUND, "the ledger is empty: there is nothing to stamp");
    j->anchor = (struct assay_anchor){.type = ASSAY_ANCHOR_TIMESTAMP, .token = {.max = ASSAY_MAX_TOKEN}};
    if (assay_buf_add(&j->anchor.note, note, len) != ASSAY_OK)
        return assay_fail_nomem(e);
    enum assay_status s = assay_ledger_against(j->l, (const char *)j->anchor.note.ptr, len, &c, e);
    if (s != ASSAY_OK)
        return s;
    j->anchor.size = c.size;
    j->news = true;
    s = assay_anchor_newest(j->l, ASSAY_ANCHOR_TIMESTAMP, NULL, UINT64_MAX, &last, &found, e);
    if (s == ASSAY_OK && found)
        s = assay_anchor_news(j->l, last.size, &j->news, e);
    assay_anchor_release(&last);
    return s;
}

static enum assay_status obtain(struct assay_args *a, struct job *j, struct assay_err *e)
{
    struct assay_buf request = {0};
    char *const *argv = NULL;
    const char *url = assay_arg(a, "tsa");
    const struct assay_buf *note = &j->anchor.note;
    assay_arg_after(a, &argv);
    enum assay_status s = assay_stamp_request(note->ptr, note->len, &request, e);
    if (s == ASSAY_OK)
        s = url ? by_http(url, &request, &j->anchor.token, e) : by_command(argv, &request, &j->anchor.token, e);
    if (s == ASSAY_OK)
        s = assay_stamp_check(&j->anchor.token, &request, note->ptr, note->len, assay_arg(a, "tsa-ca"), &j->stamp, e);
    j->anchor.when = j->stamp.when;
    assay_buf_release(&request);
    return s;
}

static void print_stamp(const struct job *j)
{
    printf("%llu leaves existed at %s, says %s%s\n", (unsigned long long)j->anchor.size, j->stamp.text,
           j->stamp.authority, j->stamp.trusted ? "" : " (not traced to an authority: no --tsa-ca)");
    printf("to check: openssl ts -verify -data CHECKPOINT -in TOKEN -CAfile CA.pem -attime %llu\n",
           (unsigned long long)j->stamp.when);
}

static enum assay_status run(struct assay_args *a, const struct assay_target *t, struct job *j, struct assay_err *e)
{
    struct assay_sink *sink = NULL;
    enum assay_role role;
    char *const *argv = NULL;
    if (!assay_arg_after(a, &argv) == !assay_arg(a, "tsa"))
        return assay_fail(e, ASSAY_EUSAGE, "ledger timestamp wants --tsa URL, or -- COMMAND");
    enum assay_status s = assay_anchor_sink(t->ledger, t->keys, &role, &sink, e);
    if (s == ASSAY_OK)
        s = assay_ledger_open(t->ledger, t->keys, &j->l, e);
    if (s == ASSAY_OK)
        s = prepare(j, e);
    if (s == ASSAY_OK && j->news)
        s = obtain(a, j, e);
    assay_ledger_close(j->l);
    if (s == ASSAY_OK && j->news)
        s = assay_anchor_put(sink, role, &j->anchor, e);
    if (s == ASSAY_OK && j->news)
        print_stamp(j);
    else if (s == ASSAY_OK)
        printf("nothing but anchors since the last time stamp\n");
    assay_sink_free(sink);
    return s;
}

int assay_cmd_ledger_timestamp(struct assay_args *a)
{
    struct assay_target t;
    struct job j = {0};
    struct assay_err e = {0};
    int code = assay_target_open(a, false, &t);
    signal(SIGPIPE, SIG_IGN); /* a command that does not read is told as such */
    if (code == ASSAY_EXIT_OK) {
        enum assay_status s = run(a, &t, &j, &e);
        if (s != ASSAY_OK)
            code = assay_cmd_failed(s, &e);
        code = assay_cmd_finish(code);
    }
    assay_anchor_release(&j.anchor);
    assay_target_release(&t);
    return code;
}
