/* exec: a command that prints a format. It runs once for a reader; its output waits in a file without a name, so that
 * schema, sample and rows are of one and the same answer, and so that no row counts before it ended well. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/reader.h"
#include "assay/words.h"
#include "exec.h"
#include "files.h"

static const char SCHEME[] = "exec:";

struct exec_reader {
    struct assay_reader base;
    struct assay_locator loc; /* its strings are the caller's */
    const struct assay_format_ops *format;
    struct assay_words argv;
    char name[256]; /* for messages; ends in no suffix of a codec */
    int fd; /* its output */
    struct assay_part part;
};

struct exec_scan {
    struct assay_scan base;
    const struct assay_format_ops *format;
    struct assay_scan *inner;
    int fd;
};

static bool exec_accepts(const struct assay_locator *loc)
{
    return strncmp(loc->uri, SCHEME, sizeof SCHEME - 1) == 0;
}

static void exec_close(struct assay_reader *base)
{
    struct exec_reader *r = (struct exec_reader *)base;
    if (!r)
        return;
    if (r->fd >= 0)
        close(r->fd);
    assay_words_release(&r->argv);
    free(r);
}

/* A file that only its descriptor names. */
static enum assay_status nameless(int *fd, struct assay_err *e)
{
    const char *dir = getenv("TMPDIR");
    char path[ASSAY_MAX_PATH];
    if (!dir || !*dir)
        dir = "/var/tmp";
#ifdef O_TMPFILE
    *fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (*fd >= 0)
        return ASSAY_OK;
#endif
    if ((size_t)snprintf(path, sizeof path, "%s/assay-XXXXXX", dir) < sizeof path &&
        (*fd = mkostemp(path, O_CLOEXEC)) >= 0) {
        unlink(path);
        return ASSAY_OK;
    }
    return assay_fail(e, ASSAY_EIO, "%.200s: cannot make a temporary file: %s", dir, strerror(errno));
}

static enum assay_status secrets_of(const struct assay_words *w, struct assay_secrets *out)
{
    struct assay_buf unused = {0};
    enum assay_status s = assay_secrets_of_environment(out);
    for (size_t i = 0; i < w->n && s == ASSAY_OK; i++)
        s = assay_secret_word(w->v[i], i ? w->v[i - 1] : NULL, &unused, out);
    if (unused.ptr)
        explicit_bzero(unused.ptr, unused.len);
    assay_buf_release(&unused);
    return s;
}

/* {segment}, {lo} and {hi} in a word become what the run asks for. */
static enum assay_status fill_in(char **word, const struct assay_locator *loc)
{
    const struct {
        const char *name, *value;
    } var[] = {{"{segment}", loc->segments ? loc->segments : "all"},
               {"{lo}", loc->lo ? loc->lo : ""},
               {"{hi}", loc->hi ? loc->hi : ""}};
    struct assay_buf b = {.max = ASSAY_MAX_PLAN_BYTES};
    enum assay_status s = ASSAY_OK;
    for (const char *p = *word; *p && s == ASSAY_OK;) {
        size_t i = 0, n = sizeof var / sizeof *var;
        while (i < n && strncmp(p, var[i].name, strlen(var[i].name)) != 0)
            i++;
        s = i < n ? assay_buf_adds(&b, var[i].value) : assay_buf_addc(&b, (uint8_t)*p);
        p += i < n ? strlen(var[i].name) : 1;
    }
    if (s == ASSAY_OK && !assay_buf_str(&b))
        s = ASSAY_ENOMEM;
    if (s != ASSAY_OK) {
        assay_buf_release(&b);
        return s;
    }
    free(*word);
    *word = (char *)b.ptr;
    return s;
}

static enum assay_status run(struct exec_reader *r, struct assay_err *e)
{
    struct assay_secrets secrets = {0};
    enum assay_status s = secrets_of(&r->argv, &secrets);
    if (s != ASSAY_OK)
        s = assay_fail_nomem(e);
    struct assay_exec_job job = {.argv = r->argv.v,
                                 .dir = r->loc.base_dir,
                                 .timeout_s = r->loc.timeout_s,
                                 .out = r->fd,
                                 .name = r->name,
                                 .secrets = &secrets};
    if (s == ASSAY_OK)
        s = assay_exec_run(&job, &r->part.bytes, e);
    assay_secrets_release(&secrets);
    return s;
}

static enum assay_status exec_open(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e)
{
    struct exec_reader *r = calloc(1, sizeof *r);
    if (!r)
        return assay_fail_nomem(e);
    r->base.ops = &assay_exec_reader;
    r->loc = *loc;
    r->fd = -1;
    enum assay_status s = loc->format ? assay_file_format(loc, "", true, &r->format, e)
                                      : assay_fail(e, ASSAY_EPLAN, "exec: wants format: csv, ndjson, avro or parquet");
    if (s == ASSAY_OK)
        s = assay_words_split(loc->uri + sizeof SCHEME - 1, &r->argv, e);
    for (size_t i = 1; i < r->argv.n && s == ASSAY_OK; i++)
        if (strchr(r->argv.v[i], '{') && (s = fill_in(&r->argv.v[i], loc)) != ASSAY_OK)
            s = assay_fail(e, s, "exec: no room for the arguments of %.200s", r->argv.v[0]);
    if (s == ASSAY_OK) {
        const char *slash = strrchr(r->argv.v[0], '/');
        snprintf(r->name, sizeof r->name, "%s%.200s (stdout)", SCHEME, slash ? slash + 1 : r->argv.v[0]);
        r->part.name = r->name;
        s = nameless(&r->fd, e);
    }
    if (s == ASSAY_OK)
        s = run(r, e);
    if (s != ASSAY_OK) {
        exec_close(&r->base);
        return s;
    }
    *out = &r->base;
    return ASSAY_OK;
}

/* A descriptor of its own for each reader of the output: they have a place in it each. */
static enum assay_status again(const struct exec_reader *r, int *fd, struct assay_err *e)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", r->fd);
    *fd = open(path, O_RDONLY | O_CLOEXEC);
    if (*fd < 0) { /* no /proc: then one after the other */
        *fd = fcntl(r->fd, F_DUPFD_CLOEXEC, 0);
        if (*fd < 0 || lseek(*fd, 0, SEEK_SET) != 0)
            return assay_fail(e, ASSAY_EIO, "%s: cannot read its output again: %s", r->name, strerror(errno));
    }
    return ASSAY_OK;
}

static enum assay_status exec_schema(struct assay_reader *base, struct assay_schema *out, struct assay_err *e)
{
    const struct exec_reader *r = (const struct exec_reader *)base;
    int fd = -1;
    enum assay_status s = again(r, &fd, e);
    if (s == ASSAY_OK)
        s = r->format->schema(fd, r->name, &r->loc, out, e);
    if (fd >= 0)
        close(fd);
    return s;
}

static enum assay_status exec_parts(struct assay_reader *base, size_t want, const struct assay_part **out, size_t *n,
                                    struct assay_err *e)
{
    const struct exec_reader *r = (const struct exec_reader *)base;
    (void)want, (void)e;
    *out = &r->part;
    *n = 1;
    return ASSAY_OK;
}

static void exec_scan_free(struct assay_scan *base)
{
    struct exec_scan *s = (struct exec_scan *)base;
    if (!s)
        return;
    if (s->inner)
        s->format->scan_free(s->inner);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

static enum assay_status exec_scan_new(struct assay_reader *base, size_t part, const struct assay_scan_opts *o,
                                       struct assay_scan **out, struct assay_err *e)
{
    const struct exec_reader *r = (const struct exec_reader *)base;
    (void)part;
    struct exec_scan *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->base.ops = &assay_exec_reader;
    s->format = r->format;
    s->fd = -1;
    enum assay_status st = again(r, &s->fd, e);
    if (st == ASSAY_OK)
        st = r->format->scan(s->fd, r->name, &r->loc, o, &s->inner, e);
    if (st != ASSAY_OK) {
        s->inner = NULL;
        exec_scan_free(&s->base);
        return st;
    }
    s->inner->ops = &assay_exec_reader;
    *out = &s->base;
    return ASSAY_OK;
}

static enum assay_status exec_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct exec_scan *s = (struct exec_scan *)base;
    return s->format->next(s->inner, b, e);
}

static void exec_end(struct assay_scan *base, struct assay_scan_end *end)
{
    const struct exec_scan *s = (const struct exec_scan *)base;
    s->format->end(s->inner, end);
}

const struct assay_reader_ops assay_exec_reader = {
    .name = "exec",
    .accepts = exec_accepts,
    .open = exec_open,
    .schema = exec_schema,
    .parts = exec_parts,
    .count = assay_file_count,
    .estimate = assay_file_estimate,
    .token = assay_file_token,
    .scan = exec_scan_new,
    .next = exec_next,
    .end = exec_end,
    .scan_free = exec_scan_free,
    .close = exec_close,
};
