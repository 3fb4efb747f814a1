#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/log.h"
#include "assay/reconcile.h"
#include "assay/segment.h"
#include "assay/writer.h"
#include "discrepancy.h"

#define MAX_NAMED 500 /* discrepancies in one request: a leaf has 65,535 bytes */

struct order { /* a new export of one segment */
    const char *segment;
    const struct discrepancy *const *d; /* that it is about, by id */
    size_t n;
    char id[33];
    struct assay_buf lo, hi; /* window bounds, empty when open */
};

static bool is_open(const struct discrepancy *d)
{
    return strcmp(d->state, "closed") != 0 && strcmp(d->state, "waived") != 0;
}

/* The same damage gives the same request: SHA-256 over the sorted ids of its discrepancies. */
static enum assay_status order_id(struct order *o)
{
    struct assay_buf b = {0};
    uint8_t h[32] = {0};
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < o->n && s == ASSAY_OK; i++)
        s = assay_buf_add(&b, o->d[i]->id, 32);
    if (s == ASSAY_OK)
        assay_sha256(b.ptr, b.len, h);
    assay_hex(h, 16, o->id);
    assay_buf_release(&b);
    return s;
}

static enum assay_status find_bounds(const struct assay_dataset *d, struct order *o, struct assay_err *e)
{
    struct assay_router r;
    assay_segment seg;
    bool has;
    enum assay_status s = assay_router_of(&r, d, e);
    if (s != ASSAY_OK || !assay_segment_parse(&r, o->segment, &seg))
        return s;
    s = assay_segment_bounds(&r, seg, &has, &o->lo, &o->hi);
    return s == ASSAY_OK ? s : assay_fail(e, s, "segment %s: no room for its bounds", o->segment);
}

/* Replace {name} in one word of the template. */
static char *expand(const char *word, const struct assay_dataset *d, struct order *o)
{
    const struct {
        const char *name, *value;
    } var[] = {
        {"{dataset}", d->name},
        {"{segment}", strcmp(o->segment, "-") == 0 ? "all" : o->segment},
        {"{lo}", o->lo.len ? assay_buf_str(&o->lo) : ""},
        {"{hi}", o->hi.len ? assay_buf_str(&o->hi) : ""},
        {"{request}", o->id},
        {"{table}", d->side[ASSAY_SOURCE].table ? d->side[ASSAY_SOURCE].table : ""},
    };
    struct assay_buf b = {0};
    enum assay_status s = ASSAY_OK;
    while (*word && s == ASSAY_OK) {
        size_t i = 0, n = sizeof var / sizeof *var;
        while (i < n && strncmp(word, var[i].name, strlen(var[i].name)) != 0)
            i++;
        s = i < n ? assay_buf_adds(&b, var[i].value) : assay_buf_addc(&b, (uint8_t)*word);
        word += i < n ? strlen(var[i].name) : 1;
    }
    if (s != ASSAY_OK || !assay_buf_str(&b)) {
        assay_buf_release(&b);
        return NULL;
    }
    return (char *)b.ptr;
}

static void free_words(char **argv)
{
    for (size_t i = 0; argv && argv[i]; i++)
        free(argv[i]);
    free(argv);
}

static char **command(const struct assay_dataset *d, struct order *o)
{
    size_t n = 0;
    while (d->reprocess[n])
        n++;
    char **argv = calloc(n + 1, sizeof *argv);
    for (size_t i = 0; argv && i < n; i++)
        if (!(argv[i] = expand(d->reprocess[i], d, o))) {
            free_words(argv);
            return NULL;
        }
    return argv;
}

/* No shell: the words are the command's arguments as they are. Its standard output goes to ours' standard error. */
static int run_command(char *const *argv, const char *dir)
{
    int status;
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        int null = open("/dev/null", O_RDONLY);
        if (!argv[0] || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
            (*dir && chdir(dir)))
            _exit(126);
        execvp(argv[0], argv);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static enum assay_status request_leaf(struct assay_sink *sink, const struct assay_dataset *set, struct order *o,
                                      const char *outcome, struct assay_err *e)
{
    struct assay_writer w;
    assay_writer_begin(&w, "request");
    assay_writer_add(&w, "id", o->id);
    assay_writer_add(&w, "dataset", set->id);
    assay_writer_add(&w, "segment", o->segment);
    for (size_t i = 0; i < o->n && i < MAX_NAMED; i++)
        assay_writer_add(&w, "discrepancy", o->d[i]->id);
    assay_writer_add(&w, "lo", o->lo.len ? assay_buf_str(&o->lo) : NULL);
    assay_writer_add(&w, "hi", o->hi.len ? assay_buf_str(&o->hi) : NULL);
    assay_writer_add(&w, "outcome", outcome);
    assay_writer_now(&w);
    enum assay_status s = assay_writer_send(&w, sink, e);
    return s == ASSAY_OK ? assay_sink_commit(sink, e) : s;
}

static enum assay_status mark_requested(struct assay_sink *sink, const struct assay_dataset *set, const struct order *o,
                                        const char *run, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    char why[64];
    snprintf(why, sizeof why, "request %s", o->id);
    for (size_t i = 0; i < o->n && s == ASSAY_OK; i++)
        if (strcmp(o->d[i]->state, "open") == 0)
            s = assay_discrepancy_state(sink, set, o->d[i], "requested", why, run, e);
    return s;
}

static void show(const struct assay_dataset *d, const struct order *o, char *const *argv, bool dry_run)
{
    struct assay_buf b = {0};
    for (size_t i = 0; argv[i]; i++)
        (void)assay_buf_addf(&b, "%s%s", i ? " " : "", argv[i]);
    printf("%s %s: request %.12s: %s%s\n", d->name, o->segment, o->id, dry_run ? "would run " : "", assay_buf_str(&b));
    fflush(stdout);
    assay_buf_release(&b);
}

static enum assay_status place(struct assay_sink *sink, const struct assay_plan *p, const struct assay_dataset *d,
                               struct order *o, bool dry_run, const char *run, struct assay_reprocessed *out,
                               struct assay_err *e)
{
    char outcome[16];
    enum assay_status s = order_id(o);
    s = s == ASSAY_OK ? find_bounds(d, o, e) : assay_fail(e, s, "segment %s: no room for its order", o->segment);
    char **argv = s == ASSAY_OK ? command(d, o) : NULL;
    if (s == ASSAY_OK && !argv)
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK) {
        show(d, o, argv, dry_run);
        out->requests++;
    }
    if (s == ASSAY_OK && !dry_run) {
        s = mark_requested(sink, d, o, run, e);
        if (s == ASSAY_OK)
            s = request_leaf(sink, d, o, NULL, e); /* on record before anything happens */
        int code = s == ASSAY_OK ? run_command(argv, p->base_dir) : -1;
        if (s == ASSAY_OK && code != 0) {
            out->failed++;
            assay_log(ASSAY_LOG_ERROR, "%s %s: %s ended with %d%s", d->name, o->segment, argv[0], code,
                      code == 127 ? " (not found)" : "");
        }
        snprintf(outcome, sizeof outcome, "%d", code);
        if (s == ASSAY_OK)
            s = request_leaf(sink, d, o, outcome, e);
    }
    free_words(argv);
    return s;
}

static bool wanted(const char *segment, const char *const *segments, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(segments[i], segment) == 0)
            return true;
    return n == 0;
}

static int by_segment(const void *a, const void *b)
{
    const struct discrepancy *const *x = a, *const *y = b;
    int c = strcmp((*x)->segment, (*y)->segment);
    return c ? c : strcmp((*x)->id, (*y)->id);
}

enum assay_status assay_reprocess(struct assay_ledger *l, struct assay_sink *sink, const struct assay_plan *p,
                                  const struct assay_dataset *d, const char *const *segments, size_t n_segments,
                                  bool dry_run, const char *run, struct assay_reprocessed *out, struct assay_err *e)
{
    struct discrepancies all;
    size_t n = 0;
    *out = (struct assay_reprocessed){0};
    enum assay_status s = assay_discrepancies_load(l, d, &all, e);
    if (s != ASSAY_OK)
        return s;
    const struct discrepancy **open = calloc(all.n + 1, sizeof *open);
    if (!open)
        s = assay_fail_nomem(e);
    for (size_t i = 0; open && i < all.n; i++)
        if (is_open(&all.d[i]) && wanted(all.d[i].segment, segments, n_segments))
            open[n++] = &all.d[i];
    if (n && !d->reprocess)
        s = assay_fail(e, ASSAY_EPLAN, "dataset %s has open discrepancies, but the plan names no reprocess command",
                       d->name);
    if (n)
        qsort(open, n, sizeof(const struct discrepancy *), by_segment);
    for (size_t from = 0, to; from < n && s == ASSAY_OK && !assay_interrupted(); from = to) {
        for (to = from + 1; to < n && strcmp(open[from]->segment, open[to]->segment) == 0;)
            to++;
        struct order o = {.segment = open[from]->segment, .d = open + from, .n = to - from};
        s = place(sink, p, d, &o, dry_run, run, out, e);
        assay_buf_release(&o.lo);
        assay_buf_release(&o.hi);
    }
    free(open);
    assay_discrepancies_release(&all);
    return s;
}
