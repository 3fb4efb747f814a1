#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "assay/check.h"
#include "assay/lane.h"
#include "assay/log.h"
#include "assay/reader.h"
#include "history.h"

struct crew { /* what the threads of one scan share */
    const struct assay_scan_job *job;
    struct assay_part_result *result;
    const char **column;
    enum assay_logical *type; /* one per column */
    size_t n_columns;
    pthread_mutex_t lock;
    size_t next;
    uint64_t rows;
    enum assay_status fatal; /* first failure that ends the scan */
    struct assay_err err;
};

struct worker {
    struct crew *crew;
    struct assay_lane *lane;
    struct part_columns columns; /* of the part at hand, where parts may differ */
    pthread_t thread;
};

/* An archive's broken object is evidence; these are not about one object. */
static bool is_fatal(const struct crew *c, enum assay_status s)
{
    bool object = c->job->n_parts && c->job->part[0].object;
    return s == ASSAY_ENOMEM || s == ASSAY_EINTR || s == ASSAY_EUSAGE || s == ASSAY_EPLAN || (s != ASSAY_OK && !object);
}

static bool take(struct crew *c, size_t *part)
{
    pthread_mutex_lock(&c->lock);
    bool more = c->fatal == ASSAY_OK && c->next < c->job->n_parts;
    if (more)
        *part = c->next++;
    pthread_mutex_unlock(&c->lock);
    return more;
}

static void give_up(struct crew *c, enum assay_status s, const struct assay_err *e)
{
    pthread_mutex_lock(&c->lock);
    if (c->fatal == ASSAY_OK) {
        c->fatal = s;
        c->err = *e;
    }
    pthread_mutex_unlock(&c->lock);
}

static void tell_progress(struct crew *c, size_t rows)
{
    pthread_mutex_lock(&c->lock);
    c->rows += rows;
    uint64_t total = c->rows;
    pthread_mutex_unlock(&c->lock);
    const struct assay_lane_spec *spec = c->job->spec;
    assay_progress("%s %s: %llu rows", spec->set->name, assay_side_name(spec->side), (unsigned long long)total);
}

static enum assay_status drain(struct crew *c, struct assay_lane *lane, struct assay_scan *scan, struct assay_err *e)
{
    struct assay_batch b = {0};
    size_t told = 0;
    for (;;) {
        enum assay_status s = scan->ops->next(scan, &b, e);
        if (s != ASSAY_OK || !b.rows) {
            tell_progress(c, told);
            return s;
        }
        if (assay_interrupted())
            return assay_fail(e, ASSAY_EINTR, "interrupted");
        if ((s = assay_lane_batch(lane, &b, e)) != ASSAY_OK)
            return s;
        if ((told += b.rows) >= 65536) {
            tell_progress(c, told);
            told = 0;
        }
    }
}

/* Tell reader and lane what the object has of the covered columns. */
static enum assay_status choose_columns(const struct crew *c, struct worker *w, size_t i, struct assay_scan_opts *o,
                                        struct assay_err *e)
{
    const struct assay_scan_job *j = c->job;
    struct part_columns *own = &w->columns;
    if (!own->name || !j->part[i].object)
        return ASSAY_OK;
    enum assay_status s = assay_history_columns(j->reader, i, &j->part[i], w->lane, j->spec->set, j->spec->side, own);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    o->columns = own->name;
    o->n_columns = own->n;
    o->types = own->type;
    return own->any_lacks ? assay_lane_part_lacks(w->lane, own->lacks, e) : ASSAY_OK;
}

/* A value that rules make is none that the engine could compare. */
static void prefilter(const struct assay_scan_job *j, struct assay_scan_opts *o)
{
    const struct assay_dataset *d = j->spec->set;
    for (size_t k = 0; k < d->n_cols; k++) {
        const struct assay_plan_column *c = &d->col[k];
        const bool is_it = j->by ? c == j->by : d->window.column && strcmp(c->name, d->window.column) == 0;
        if (!is_it || c->n_rules[j->spec->side])
            continue;
        o->window_column = c->native[j->spec->side];
        o->window_type = c->type;
        o->window = j->range;
        o->n_windows = j->n_ranges;
    }
}

static void read_part(struct crew *c, struct worker *w, size_t i)
{
    struct assay_lane *lane = w->lane;
    const struct assay_scan_job *j = c->job;
    struct assay_part_result *r = &c->result[i];
    struct assay_scan_opts o = {
        .columns = c->column, .n_columns = c->n_columns, .types = c->type, .sha512 = j->sha512 ? r->sha512 : NULL};
    struct assay_scan *scan = NULL;
    r->part = &j->part[i];
    if (j->wanted && !j->wanted(j->ctx, r->part)) {
        r->skipped = true;
        return;
    }
    if (j->filter)
        prefilter(j, &o);
    r->status = assay_lane_part(lane, r->part, &r->err);
    if (r->status == ASSAY_OK)
        r->status = choose_columns(c, w, i, &o, &r->err);
    if (r->status == ASSAY_OK)
        r->status = j->reader->ops->scan(j->reader, i, &o, &scan, &r->err);
    if (r->status == ASSAY_OK)
        r->status = drain(c, lane, scan, &r->err);
    if (r->status == ASSAY_OK)
        scan->ops->end(scan, &r->end);
    j->reader->ops->scan_free(scan);
    struct assay_lane_part_counts n = assay_lane_counts(lane);
    r->rows = n.rows;
    r->unplaced = n.unplaced;
    r->misplaced = n.misplaced;
    r->defects = n.defects;
    r->beyond = n.beyond;
    if (r->status == ASSAY_OK && r->end.counted && r->end.claimed_rows != r->rows)
        r->status = assay_fail(&r->err, ASSAY_EDATA, "%s: claims %llu rows, %llu could be read", r->part->name,
                               (unsigned long long)r->end.claimed_rows, (unsigned long long)r->rows);
    if (r->status != ASSAY_OK && r->part->object && !r->end.hashed && !is_fatal(c, r->status)) {
        struct assay_err ignored = {0}; /* what does not decode still has an identity */
        r->end.hashed =
            j->reader->ops->hash_object(j->reader, i, r->end.sha256, o.sha512, &r->end.bytes, &ignored) == ASSAY_OK;
        if (r->status == ASSAY_ENOTFOUND && r->end.hashed)
            r->status = ASSAY_EDATA; /* a column is not there; the file is */
    }
    r->has_sha512 = o.sha512 && r->end.hashed;
    if (is_fatal(c, r->status))
        give_up(c, r->status, &r->err);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    size_t part;
    while (take(w->crew, &part))
        read_part(w->crew, w, part);
    return NULL;
}

static enum assay_status hire(struct crew *c, struct worker *w, unsigned n, struct assay_err *e)
{
    for (unsigned i = 0; i < n; i++) {
        w[i].crew = c;
        enum assay_status s = assay_lane_new(c->job->spec, &w[i].lane, e);
        if (s != ASSAY_OK)
            return s;
        if (!assay_history_matters(c->job->spec->set, c->job->spec->side))
            continue;
        size_t cols = c->job->spec->set->n_cols;
        w[i].columns.name = calloc(cols + 1, sizeof *w[i].columns.name);
        w[i].columns.type = calloc(cols + 1, sizeof *w[i].columns.type);
        w[i].columns.lacks = calloc(cols + 1, sizeof *w[i].columns.lacks);
        if (!w[i].columns.name || !w[i].columns.type || !w[i].columns.lacks)
            return assay_fail_nomem(e);
    }
    unsigned started = 1; /* worker 0 is this thread */
    while (started < n && pthread_create(&w[started].thread, NULL, work, &w[started]) == 0)
        started++;
    work(&w[0]);
    for (unsigned i = 1; i < started; i++)
        pthread_join(w[i].thread, NULL);
    if (c->fatal != ASSAY_OK)
        return assay_fail(e, c->fatal, "%s", c->err.msg);
    return ASSAY_OK;
}

enum assay_status assay_scan_parts(const struct assay_scan_job *j, struct assay_part_result *result,
                                   struct assay_lane **merged, struct assay_err *e)
{
    const struct assay_dataset *d = j->spec->set;
    unsigned n = j->jobs < 1 ? 1 : j->jobs;
    if (n > j->n_parts)
        n = j->n_parts ? (unsigned)j->n_parts : 1;
    if (j->spec->on_row) /* the row callback is not called from two threads */
        n = 1;
    struct crew c = {.job = j, .result = result, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct worker *w = calloc(n, sizeof *w);
    enum assay_status s = ASSAY_ENOMEM;
    c.column = calloc(d->n_cols + 1, sizeof *c.column);
    c.type = calloc(d->n_cols + 1, sizeof *c.type);
    if (!w || !c.column || !c.type) {
        assay_fail_nomem(e);
        goto done;
    }
    c.n_columns = assay_dataset_natives(d, j->spec->side, c.column, c.type);
    s = hire(&c, w, n, e);
    for (unsigned i = 1; i < n && s == ASSAY_OK; i++)
        s = assay_lane_merge(w[0].lane, w[i].lane, e);
    if (s == ASSAY_OK) {
        *merged = w[0].lane;
        w[0].lane = NULL;
    }
done:
    for (unsigned i = 0; w && i < n; i++) {
        free(w[i].columns.name);
        free(w[i].columns.type);
        free(w[i].columns.lacks);
        assay_lane_free(w[i].lane);
    }
    free(w);
    free(c.column);
    free(c.type);
    pthread_mutex_destroy(&c.lock);
    return s;
}
