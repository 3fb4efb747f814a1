/* The "files" reader: objects of an archive, each decoded by the format that its name or the plan says. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/reader.h"
#include "files.h"
#include "stream.h"

#define HASH_BLOCK (256u << 10)

struct files_reader {
    struct assay_reader base;
    struct assay_locator loc; /* its strings are the caller's */
    struct assay_file_list list;
    struct assay_part *part; /* the same in one array, borrowing */
};

/* The format's scan, and the partition columns that its object does not hold. */
struct files_scan {
    struct assay_scan base;
    const struct assay_format_ops *format;
    struct assay_scan *inner;
    const char *name;
    int fd;
    struct stat id;
    struct assay_hive hive;
    const char **columns; /* those that the format delivers */
    size_t *from; /* column -> column of the format's batch, or n_inner + index into hive */
    size_t n, n_inner;
    char *filler; /* asked for when the path holds all that was requested: rows must come from somewhere */
    struct assay_value *v; /* widened batch; NULL while there is no partition column */
    size_t v_rows;
    bool from_medium;
};

/* ---- objects ---- */

enum assay_status assay_file_open(const struct assay_locator *loc, const struct assay_file *f, int *fd, struct stat *id,
                                  struct assay_err *e)
{
    char path[ASSAY_MAX_PATH];
    const char *name = f->part.name;
    enum assay_status s = assay_files_path(loc, f->real ? f->real : name, path, sizeof path, e);
    if (s != ASSAY_OK)
        return s;
    *fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC); /* a FIFO put there since must not hang us */
    if (*fd < 0 && errno == ENOENT)
        return assay_fail(e, ASSAY_ENOTFOUND, "%s: no such file or directory", name);
    if (*fd < 0 && errno == ELOOP)
        return assay_fail(e, ASSAY_ECHANGED, "%s: became a symbolic link since it was listed", name);
    if (*fd < 0)
        return assay_fail(e, ASSAY_EIO, "%s: cannot open: %s", name, strerror(errno));
    if (fstat(*fd, id))
        s = assay_fail(e, ASSAY_EIO, "%s: cannot stat: %s", name, strerror(errno));
    else if (!S_ISREG(id->st_mode))
        s = assay_fail(e, ASSAY_EIO, "%s: not a regular file", name);
    if (s != ASSAY_OK) {
        close(*fd);
        *fd = -1;
    }
    return s;
}

static bool same_instant(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

enum assay_status assay_file_unchanged(int fd, const struct stat *id, const char *name, struct assay_err *e)
{
    struct stat now;
    if (fstat(fd, &now))
        return assay_fail(e, ASSAY_EIO, "%s: cannot stat: %s", name, strerror(errno));
    if (now.st_size != id->st_size || !same_instant(now.st_mtim, id->st_mtim) ||
        !same_instant(now.st_ctim, id->st_ctim))
        return assay_fail(e, ASSAY_ECHANGED, "%s: changed during read", name);
    return ASSAY_OK;
}

/* ---- reader ---- */

/* scheme:// is some other reader's; so is a libpq connection string, which starts with one of its keywords. */
static bool files_accepts(const struct assay_locator *loc)
{
    static const char *const others[] = {
        "postgresql:", "postgres:", "sqlite:",  "service",  "host",    "hostaddr",         "port",
        "dbname",      "user",      "password", "passfile", "sslmode", "application_name", "connect_timeout",
        "options"};
    const char *uri = loc->uri;
    if (strstr(uri, "://") && strcspn(uri, ":") < strcspn(uri, "/"))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        size_t n = strlen(others[i]);
        if (strncmp(uri, others[i], n) == 0 && (others[i][n - 1] == ':' || uri[n + strspn(uri + n, " \t")] == '='))
            return false;
    }
    return true;
}

static void files_close(struct assay_reader *base)
{
    struct files_reader *r = (struct files_reader *)base;
    if (!r)
        return;
    assay_files_release(&r->list);
    free(r->part);
    free(r);
}

static enum assay_status files_open(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e)
{
    struct files_reader *r = calloc(1, sizeof *r);
    if (!r)
        return assay_fail_nomem(e);
    r->base.ops = &assay_files_reader;
    r->loc = *loc;
    enum assay_status s = assay_files_find(loc, &r->list, e);
    if (s == ASSAY_OK && !(r->part = malloc((r->list.n + 1) * sizeof *r->part)))
        s = assay_fail_nomem(e);
    if (s != ASSAY_OK) {
        files_close(&r->base);
        return s;
    }
    for (size_t i = 0; s == ASSAY_OK && i < r->list.n; i++) {
        s = assay_hive_claim(&r->list.v[i], e);
        r->part[i] = r->list.v[i].part;
    }
    if (s != ASSAY_OK) {
        files_close(&r->base);
        return s;
    }
    *out = &r->base;
    return ASSAY_OK;
}

static enum assay_status files_parts(struct assay_reader *base, size_t want, const struct assay_part **out, size_t *n,
                                     struct assay_err *e)
{
    const struct files_reader *r = (const struct files_reader *)base;
    (void)want, (void)e;
    *out = r->part;
    *n = r->list.n;
    return ASSAY_OK;
}

/* Columns of one object: the file's own, then those partition columns that it does not hold itself. */
static enum assay_status object_schema(const struct files_reader *r, const struct assay_file *f,
                                       struct assay_schema *out, struct assay_err *e)
{
    int fd;
    struct stat id;
    struct assay_hive hive = {0};
    struct assay_schema cols = {0};
    enum assay_status s = assay_file_open(&r->loc, f, &fd, &id, e);
    if (s != ASSAY_OK)
        return s;
    s = f->format->schema(fd, f->part.name, &r->loc, &cols, e);
    if (s == ASSAY_OK)
        s = assay_hive_parse(f->part.name, &hive, e);
    for (size_t i = 0; s == ASSAY_OK && i < hive.n; i++)
        if (assay_schema_find(&cols, hive.v[i].name) == SIZE_MAX)
            s = assay_schema_add(&cols, hive.v[i].name, "hive", ASSAY_L_TEXT, true, e);
    close(fd);
    assay_hive_release(&hive);
    if (s == ASSAY_OK)
        *out = cols;
    else
        assay_schema_release(&cols);
    return s;
}

static enum assay_status files_schema(struct assay_reader *base, struct assay_schema *out, struct assay_err *e)
{
    const struct files_reader *r = (const struct files_reader *)base;
    if (r->list.n == 0)
        return assay_fail(e, ASSAY_ENOTFOUND, "%s: no file there, so that its columns are not known", r->loc.uri);
    return object_schema(r, &r->list.v[0], out, e);
}

static enum assay_status files_object_schema(struct assay_reader *base, size_t part, struct assay_schema *out,
                                             struct assay_err *e)
{
    const struct files_reader *r = (const struct files_reader *)base;
    if (part >= r->list.n)
        return assay_fail(e, ASSAY_EUSAGE, "there is no object %zu of %zu", part, r->list.n);
    return object_schema(r, &r->list.v[part], out, e);
}

/* ---- scan ---- */

static void files_scan_free(struct assay_scan *base)
{
    struct files_scan *s = (struct files_scan *)base;
    if (!s)
        return;
    if (s->inner)
        s->format->scan_free(s->inner);
    if (s->fd >= 0)
        close(s->fd);
    assay_hive_release(&s->hive);
    free(s->columns);
    free(s->from);
    free(s->filler);
    free(s->v);
    free(s);
}

static enum assay_status choose_filler(struct files_scan *s, const struct assay_schema *own, struct assay_err *e)
{
    size_t i = 0;
    while (i + 1 < own->n && own->col[i].logical == ASSAY_L_NONE)
        i++;
    if (i >= own->n)
        return ASSAY_OK;
    s->filler = strdup(own->col[i].name);
    return s->filler ? ASSAY_OK : assay_fail_nomem(e);
}

/* Decide for each requested column who delivers it. The file is asked for its columns only when the path names one of
 * them. */
static enum assay_status split_columns(struct files_scan *s, const struct files_reader *r, const struct assay_file *f,
                                       const struct assay_scan_opts *o, struct assay_err *e)
{
    struct assay_schema own = {0};
    enum assay_status st = ASSAY_OK;
    bool ask = false;
    for (size_t c = 0; c < o->n_columns; c++)
        ask |= assay_hive_find(&s->hive, o->columns[c]) != SIZE_MAX;
    if (ask)
        st = f->format->schema(s->fd, s->name, &r->loc, &own, e);
    if (st == ASSAY_OK && ask && lseek(s->fd, 0, SEEK_SET) != 0)
        st = assay_fail(e, ASSAY_EIO, "%s: cannot rewind: %s", s->name, strerror(errno));
    for (size_t c = 0; st == ASSAY_OK && c < o->n_columns; c++) {
        size_t h = ask && assay_schema_find(&own, o->columns[c]) == SIZE_MAX ? assay_hive_find(&s->hive, o->columns[c])
                                                                             : SIZE_MAX;
        s->from[c] = h == SIZE_MAX ? s->n_inner : o->n_columns + h;
        if (h == SIZE_MAX)
            s->columns[s->n_inner++] = o->columns[c];
    }
    for (size_t c = 0; st == ASSAY_OK && c < o->n_columns; c++)
        if (s->from[c] >= o->n_columns)
            s->from[c] -= o->n_columns - s->n_inner;
    if (st == ASSAY_OK && ask && s->n_inner == 0)
        st = choose_filler(s, &own, e);
    assay_schema_release(&own);
    return st;
}

/* The format lacks a column. Does the whole side, or only this object? */
static enum assay_status missing_column(const struct files_reader *r, size_t part, const struct assay_scan_opts *o,
                                        struct assay_err *e)
{
    struct assay_schema here = {0}, side = {0};
    const char *first = r->list.v[0].part.name, *name = r->list.v[part].part.name;
    enum assay_status s = object_schema(r, &r->list.v[part], &here, e);
    if (s == ASSAY_OK)
        s = object_schema(r, &r->list.v[0], &side, e);
    for (size_t c = 0; s == ASSAY_OK && c < o->n_columns; c++) {
        const char *col = o->columns[c];
        if (assay_schema_find(&here, col) != SIZE_MAX)
            continue;
        if (assay_schema_find(&side, col) == SIZE_MAX)
            s = assay_fail(e, ASSAY_ENOTFOUND, "%s: no column \"%s\"", name, col);
        else
            s = assay_fail(e, ASSAY_EDATA, "%s: no column \"%s\", which %s has", name, col, first);
    }
    assay_schema_release(&here);
    assay_schema_release(&side);
    return s;
}

static enum assay_status open_object(struct files_scan *s, const struct files_reader *r, const struct assay_file *f,
                                     const struct assay_scan_opts *o, struct assay_err *e)
{
    enum assay_status st = assay_file_open(&r->loc, f, &s->fd, &s->id, e);
    if (st == ASSAY_OK && r->loc.from_medium)
        s->from_medium = assay_file_evict(s->fd, (uint64_t)s->id.st_size);
    if (st == ASSAY_OK)
        st = assay_hive_parse(s->name, &s->hive, e);
    if (st == ASSAY_OK)
        st = split_columns(s, r, f, o, e);
    struct assay_scan_opts inner = *o;
    inner.columns = s->filler ? (const char *const *)&s->filler : s->columns;
    inner.n_columns = s->filler ? 1 : s->n_inner;
    return st == ASSAY_OK ? f->format->scan(s->fd, s->name, &r->loc, &inner, &s->inner, e) : st;
}

static enum assay_status files_scan_new(struct assay_reader *base, size_t part, const struct assay_scan_opts *o,
                                        struct assay_scan **out, struct assay_err *e)
{
    const struct files_reader *r = (const struct files_reader *)base;
    struct assay_err why = {0};
    if (part >= r->list.n)
        return assay_fail(e, ASSAY_EUSAGE, "there is no object %zu of %zu", part, r->list.n);
    const struct assay_file *f = &r->list.v[part];
    struct files_scan *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->base.ops = &assay_files_reader;
    s->format = f->format;
    s->name = f->part.name;
    s->fd = -1;
    s->n = o->n_columns;
    s->columns = malloc((s->n + 1) * sizeof *s->columns);
    s->from = malloc((s->n + 1) * sizeof *s->from);
    enum assay_status st = s->columns && s->from ? open_object(s, r, f, o, &why) : assay_fail_nomem(&why);
    bool lacks = st == ASSAY_ENOTFOUND && s->fd >= 0;
    if (st == ASSAY_OK) {
        s->inner->ops = &assay_files_reader;
        *out = &s->base;
        return ASSAY_OK;
    }
    s->inner = NULL;
    files_scan_free(&s->base);
    if (lacks && (st = missing_column(r, part, o, e)) != ASSAY_OK)
        return st;
    return assay_fail(e, why.code, "%s", why.msg);
}

/* Copy the format's batch into one with the partition columns in their places. */
static enum assay_status widen(struct files_scan *s, struct assay_batch *b, struct assay_err *e)
{
    if (b->rows > s->v_rows) {
        free(s->v);
        s->v_rows = 0;
        s->v = malloc(b->rows * s->n * sizeof *s->v);
        if (!s->v)
            return assay_fail_nomem(e);
        s->v_rows = b->rows;
    }
    for (size_t r = 0; r < b->rows; r++) {
        const char *defect = b->row_defect ? b->row_defect[r] : NULL;
        const struct assay_value *in = b->v + r * b->cols;
        for (size_t c = 0; c < s->n; c++) {
            struct assay_value *v = &s->v[r * s->n + c];
            if (s->from[c] < s->n_inner) {
                *v = in[s->from[c]];
            } else if (defect) {
                *v = (struct assay_value){.kind = ASSAY_K_BAD, .len = (uint32_t)strlen(defect)};
                v->p = (const uint8_t *)defect;
            } else {
                *v = assay_hive_value(&s->hive.v[s->from[c] - s->n_inner]);
            }
        }
    }
    b->v = s->v;
    b->cols = s->n;
    return ASSAY_OK;
}

static enum assay_status files_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct files_scan *s = (struct files_scan *)base;
    enum assay_status st = s->format->next(s->inner, b, e);
    if (st == ASSAY_OK && b->rows == 0)
        return assay_file_unchanged(s->fd, &s->id, s->name, e);
    return st == ASSAY_OK && s->n_inner < s->n ? widen(s, b, e) : st;
}

static void files_end(struct assay_scan *base, struct assay_scan_end *end)
{
    const struct files_scan *s = (const struct files_scan *)base;
    s->format->end(s->inner, end);
    end->from_medium = s->from_medium;
}

/* ---- identity ---- */

enum assay_status assay_file_hash(int fd, const char *name, struct assay_sha256 *h, uint64_t *bytes,
                                  struct assay_err *e)
{
    uint8_t *block = malloc(HASH_BLOCK);
    if (!block)
        return assay_fail_nomem(e);
    enum assay_status s = ASSAY_OK;
    ssize_t n = 1;
    *bytes = 0;
    while (s == ASSAY_OK && n != 0) {
        if (assay_interrupted())
            s = assay_fail(e, ASSAY_EINTR, "%s: stopped by a signal at byte %llu", name, (unsigned long long)*bytes);
        n = read(fd, block, HASH_BLOCK);
        if (n < 0 && errno != EINTR)
            s = assay_fail(e, ASSAY_EIO, "%s: cannot read at byte %llu: %s", name, (unsigned long long)*bytes,
                           strerror(errno));
        if (n > 0) {
            assay_sha256_update(h, block, (size_t)n);
            *bytes += (uint64_t)n;
        }
    }
    free(block);
    return s;
}

static enum assay_status files_hash(struct assay_reader *base, size_t part, uint8_t sha256[32], uint8_t *sha512,
                                    uint64_t *bytes, struct assay_err *e)
{
    const struct files_reader *r = (const struct files_reader *)base;
    int fd;
    struct stat id;
    if (part >= r->list.n)
        return assay_fail(e, ASSAY_EUSAGE, "there is no object %zu of %zu", part, r->list.n);
    const char *name = r->list.v[part].part.name;
    enum assay_status s = assay_file_open(&r->loc, &r->list.v[part], &fd, &id, e);
    if (s != ASSAY_OK)
        return s;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint: failing is harmless */
    struct assay_sha256 *h = assay_sha256_new_beside(sha512);
    s = h ? assay_file_hash(fd, name, h, bytes, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = assay_file_unchanged(fd, &id, name, e);
    if (s == ASSAY_OK && *bytes != (uint64_t)id.st_size)
        s = assay_fail(e, ASSAY_ECHANGED, "%s: changed during read", name);
    if (s == ASSAY_OK)
        assay_sha256_final(h, sha256);
    assay_sha256_free(h);
    close(fd);
    return s;
}

static enum assay_status files_marks(struct assay_reader *base, size_t part, struct assay_marks *out,
                                     struct assay_err *e)
{
    const struct files_reader *r = (const struct files_reader *)base;
    return part < r->list.n ? assay_file_marks(&r->loc, &r->list.v[part], out, e)
                            : assay_fail(e, ASSAY_EUSAGE, "there is no object %zu of %zu", part, r->list.n);
}

const struct assay_reader_ops assay_files_reader = {
    .marks = files_marks,
    .name = "files",
    .accepts = files_accepts,
    .open = files_open,
    .schema = files_schema,
    .parts = files_parts,
    .count = assay_file_count,
    .estimate = assay_file_estimate,
    .token = assay_file_token,
    .scan = files_scan_new,
    .next = files_next,
    .end = files_end,
    .scan_free = files_scan_free,
    .hash_object = files_hash,
    .object_schema = files_object_schema,
    .close = files_close,
};
