#include "assay/purge_chunk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/blob.h"
#include "assay/canon.h"
#include "assay/check.h"
#include "assay/cut.h"
#include "assay/deleter.h"
#include "assay/digest.h"
#include "assay/lane.h"
#include "assay/limits.h"
#include "assay/sealed.h"
#include "choice.h"
#include "sealer.h"

struct assay_purger {
    const struct assay_purger_spec *spec;
    struct assay_deleter *deleter;
    struct assay_schema schema;
    struct assay_place place;
    struct assay_router router;
    struct assay_cutset cuts;
    uint8_t secret[ASSAY_SECRET_LEN];
};

/* ---- opening ---- */

static enum assay_status load_cuts(struct assay_purger *p, struct assay_err *e)
{
    const struct assay_dataset *d = p->spec->set;
    const struct assay_blob_keys keys = {p->spec->dataset_key, p->spec->plan->keyring, p->spec->keys_dir};
    char hash[65];
    if (assay_fast_secret(p->spec->dataset_key, d->id, p->secret) != ASSAY_OK)
        return assay_fail_nomem(e);
    return assay_cuts_now(p->spec->ledger, d, &keys, hash, &p->router, &p->cuts, e);
}

enum assay_status assay_purger_open(const struct assay_purger_spec *spec, struct assay_purger **out,
                                    struct assay_err *e)
{
    *out = NULL;
    struct assay_purger *p = calloc(1, sizeof *p);
    if (!p)
        return assay_fail_nomem(e);
    p->spec = spec;
    enum assay_status s = load_cuts(p, e);
    if (s == ASSAY_OK)
        s = assay_deleter_open(spec->source, &p->deleter, e);
    if (s == ASSAY_OK)
        s = assay_deleter_begin(p->deleter, e);
    struct assay_reader *r = s == ASSAY_OK ? assay_deleter_reader(p->deleter) : NULL;
    if (r)
        s = r->ops->schema(r, &p->schema, e);
    if (s == ASSAY_OK)
        s = assay_deleter_place(p->deleter, &p->place, e);
    if (p->deleter)
        assay_deleter_rollback(p->deleter);
    if (s == ASSAY_OK)
        *out = p;
    else
        assay_purger_close(p);
    return s;
}

void assay_purger_close(struct assay_purger *p)
{
    if (!p)
        return;
    assay_deleter_close(p->deleter);
    assay_schema_release(&p->schema);
    assay_cutset_release(&p->cuts);
    free(p);
}

const struct assay_schema *assay_purger_schema(const struct assay_purger *p)
{
    return &p->schema;
}

const struct assay_place *assay_purger_place(const struct assay_purger *p)
{
    return &p->place;
}

/* ---- one pass over the rows ---- */

struct pass {
    struct assay_purger *p;
    const struct assay_cut *cut;
    uint32_t ordinal;
    struct sealer *sealer; /* NULL: rows are only counted */
    struct assay_buf *ids; /* NULL: they are not wanted */
    uint64_t rows, others, unplaced;
    uint8_t root[32], commit[32];
    const char *why; /* there is no root; static */
};

static enum assay_status take_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct pass *x = ctx;
    if (row->cut->segment != x->cut->segment || row->ordinal != x->ordinal) {
        x->others++;
        return ASSAY_OK;
    }
    x->rows++;
    if (x->ids && assay_buf_add(x->ids, &row->pos, sizeof row->pos) != ASSAY_OK)
        return assay_fail(e, ASSAY_ELIMIT, "segment %s, chunk %u has too many rows to be deleted at once", x->cut->name,
                          x->ordinal);
    return x->sealer ? assay_sealer_row(x->sealer, row, e) : ASSAY_OK;
}

static enum assay_status add_rows(struct sealer *s, size_t at, struct assay_sealed_tree *t, struct assay_err *e)
{
    struct sealer_row r;
    bool have = true;
    enum assay_status st = assay_sealer_next(s, at, &r, &have, e);
    for (; st == ASSAY_OK && have; st = assay_sealer_next(s, at, &r, &have, e))
        if ((st = assay_sealed_tree_add(t, r.key, r.key_len, r.rd, e)) != ASSAY_OK)
            return st;
    return st;
}

/* The root of what came; the sealer has one chunk, or none when no row of it came. */
static enum assay_status find_root(struct pass *x, struct assay_err *e)
{
    struct assay_sealed_tree t = {0};
    enum assay_status s = assay_sealer_sort(x->sealer, NULL, 0, e);
    if (s == ASSAY_OK && assay_sealer_count(x->sealer)) {
        struct sealer_place is = assay_sealer_place(x->sealer, 0);
        x->why = is.why;
        memcpy(x->commit, is.commit, sizeof x->commit);
        s = add_rows(x->sealer, 0, &t, e);
    }
    if (s == ASSAY_OK)
        s = assay_sealed_tree_end(&t, x->root, e);
    assay_sealed_tree_release(&t);
    return s;
}

static enum assay_status scan(struct pass *x, const struct assay_scan_job *how, struct assay_err *e)
{
    struct assay_purger *p = x->p;
    struct assay_lane_spec spec = {p->spec->set, ASSAY_SOURCE, &p->cuts, p->secret, take_row, x, true, true};
    struct assay_reader *r = assay_deleter_reader(p->deleter);
    struct assay_part_result result = {0};
    struct assay_lane *lane = NULL;
    const struct assay_part *part;
    size_t n = 0;
    spec.rows_whole = spec.rows_formed = x->sealer != NULL;
    enum assay_status s = r->ops->parts(r, 1, &part, &n, e);
    if (s == ASSAY_OK && n != 1)
        s = assay_fail(e, ASSAY_ESOURCE, "the table comes in %zu parts, one was expected", n);
    struct assay_scan_job job = *how;
    job.reader = r;
    job.spec = &spec;
    job.part = part;
    job.n_parts = n;
    job.jobs = 1;
    if (s == ASSAY_OK)
        s = assay_scan_parts(&job, &result, &lane, e);
    if (s == ASSAY_OK && result.status != ASSAY_OK)
        s = assay_fail(e, result.status, "%s", result.err.msg);
    x->unplaced = result.unplaced;
    if (s == ASSAY_OK && x->sealer)
        s = find_root(x, e);
    assay_lane_free(lane);
    return s;
}

/* seal: the root is wanted, too. */
static enum assay_status pass(struct pass *x, bool seal, const struct assay_scan_job *how, struct assay_err *e)
{
    const struct assay_purger_spec *spec = x->p->spec;
    struct assay_check c = {.plan = spec->plan,
                            .set = spec->set,
                            .side = ASSAY_ARCHIVE, /* who makes no chunk keys */
                            .keys_dir = spec->keys_dir,
                            .memory = spec->memory};
    x->rows = x->others = 0;
    x->why = NULL;
    enum assay_status s = seal ? assay_sealer_new(&c, &x->sealer, e) : ASSAY_OK;
    if (s == ASSAY_OK)
        s = scan(x, how, e);
    assay_sealer_free(x->sealer);
    x->sealer = NULL;
    return s;
}

/* ---- which rows are asked for ---- */

/* What the engine can narrow the chunk down to; who decides is the checker. */
struct narrow {
    struct choice choice;
    struct assay_buf text[2];
    struct assay_range range;
    struct assay_scan_job job;
};

static void narrow_release(struct narrow *w)
{
    assay_choice_release(&w->choice);
    assay_buf_release(&w->text[0]);
    assay_buf_release(&w->text[1]);
}

static enum assay_status show_bound(const struct assay_bound *b, struct assay_buf *text, const char **out)
{
    const enum assay_logical type = ASSAY_L_INTEGER;
    enum assay_status s = assay_key_show(&type, 1, b->p, b->len, text);
    *out = s == ASSAY_OK ? assay_buf_str(text) : NULL;
    return *out ? ASSAY_OK : ASSAY_ENOMEM;
}

/* By the bounds of a key that is one whole number, else by the segment's window. */
static enum assay_status narrow(const struct pass *x, struct narrow *w, struct assay_err *e)
{
    const struct assay_cut *cut = x->cut;
    const struct assay_dataset *d = x->p->spec->set;
    const struct assay_plan_column *key = NULL;
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; d->n_key == 1 && i < d->n_cols; i++)
        if (d->col[i].key_pos && d->col[i].type == ASSAY_L_INTEGER && d->col[i].native[ASSAY_SOURCE] &&
            !d->col[i].n_rules[ASSAY_SOURCE])
            key = &d->col[i];
    if (key && cut->method == ASSAY_CUT_RANGE && cut->chunks > 1) {
        if (x->ordinal > 0)
            s = show_bound(&cut->bound[x->ordinal - 1], &w->text[0], &w->range.lo);
        if (s == ASSAY_OK && x->ordinal + 1 < cut->chunks)
            s = show_bound(&cut->bound[x->ordinal], &w->text[1], &w->range.hi);
        w->job.filter = true;
        w->job.by = key;
        w->job.range = &w->range;
        w->job.n_ranges = 1;
        return s == ASSAY_OK ? s : assay_fail(e, s, "segment %s: a bound of its cut cannot be shown", cut->name);
    }
    const char *name = cut->name;
    s = assay_choice_named(&name, 1, &x->p->router, &w->choice, e);
    w->job.filter = w->choice.filter;
    w->job.range = w->choice.range;
    w->job.n_ranges = w->choice.n_ranges;
    return s;
}

static enum assay_status find_cut(struct assay_purger *p, const struct assay_permit_chunk *c, struct pass *x,
                                  struct assay_err *e)
{
    uint8_t id[16];
    char hex[33];
    for (size_t i = 0; i < p->cuts.n; i++) {
        const struct assay_cut *cut = &p->cuts.cut[i];
        if (strcmp(cut->name, c->segment) != 0 || c->ordinal >= cut->chunks)
            continue;
        assay_cut_chunk_id(cut, c->ordinal, id);
        assay_hex(id, sizeof id, hex);
        if (strcmp(hex, c->chunk) != 0)
            continue;
        *x = (struct pass){.p = p, .cut = cut, .ordinal = c->ordinal};
        return ASSAY_OK;
    }
    return assay_fail(e, ASSAY_ELEDGER, "segment %s has no chunk %s in the cuts of this plan", c->segment, c->chunk);
}

/* ---- what came of it ---- */

/* Rows that have no place may belong anywhere, to this chunk, too. */
static void judge(const struct pass *x, const struct assay_permit_chunk *c, struct assay_purge_seen *out)
{
    const unsigned long long rows = x->rows, permitted = c->rows;
    out->rows = x->rows;
    out->state = ASSAY_PURGE_OTHER;
    if (x->unplaced)
        snprintf(out->why, sizeof out->why, "%llu rows of the table have no place: key or window do not decode",
                 (unsigned long long)x->unplaced);
    else if (!rows && permitted)
        out->state = ASSAY_PURGE_EMPTY;
    else if (rows != permitted)
        snprintf(out->why, sizeof out->why, "it has %llu rows, permitted are %llu", rows, permitted);
    else if (x->why)
        snprintf(out->why, sizeof out->why, "it cannot be sealed: %s", x->why);
    else if (rows && memcmp(x->commit, c->commit, sizeof x->commit) != 0)
        snprintf(out->why, sizeof out->why, "the keyring has another key of it than the one it was sealed under");
    else if (memcmp(x->root, c->root, sizeof x->root) != 0)
        snprintf(out->why, sizeof out->why, "its %llu rows are others than those permitted: another root", rows);
    else
        out->state = ASSAY_PURGE_AS_PERMITTED;
    if (out->state == ASSAY_PURGE_EMPTY)
        snprintf(out->why, sizeof out->why, "none of its %llu rows is there", permitted);
}

enum assay_status assay_purger_look(struct assay_purger *p, const struct assay_permit_chunk *c,
                                    struct assay_purge_seen *out, struct assay_err *e)
{
    struct pass x;
    struct narrow w = {0};
    *out = (struct assay_purge_seen){0};
    enum assay_status s = find_cut(p, c, &x, e);
    if (s == ASSAY_OK)
        s = narrow(&x, &w, e);
    if (s == ASSAY_OK)
        s = assay_deleter_begin(p->deleter, e);
    if (s == ASSAY_OK)
        s = pass(&x, true, &w.job, e);
    assay_deleter_rollback(p->deleter);
    narrow_release(&w);
    if (s == ASSAY_OK)
        judge(&x, c, out);
    return s;
}

/* The rows of the chunk, by id; then those, deleted, through the digest. */
static enum assay_status find_and_delete(struct pass *x, const struct assay_permit_chunk *c, const struct narrow *w,
                                         struct assay_purge_seen *out, struct assay_err *e)
{
    struct assay_buf ids = {.max = (size_t)ASSAY_MAX_PURGE_ROWS * sizeof(uint64_t)};
    const struct assay_scan_job all = {0};
    struct assay_deleter *d = x->p->deleter;
    x->ids = &ids;
    enum assay_status s = pass(x, false, &w->job, e);
    x->ids = NULL;
    uint64_t unplaced = x->unplaced, found = x->rows;
    if (s == ASSAY_OK && (unplaced || found != c->rows || !found)) {
        if (!found)
            s = pass(x, true, &w->job, e); /* for the root of nothing */
        if (s == ASSAY_OK)
            judge(x, c, out);
        assay_buf_release(&ids);
        return s;
    }
    if (s == ASSAY_OK) {
        assay_deleter_doom(d, (const uint64_t *)(const void *)ids.ptr, ids.len / sizeof(uint64_t));
        s = pass(x, true, &all, e);
        assay_deleter_doom(d, NULL, 0);
    }
    if (s == ASSAY_OK) {
        judge(x, c, out);
        if (x->rows < found)
            snprintf(out->why, sizeof out->why, "of its %llu rows %llu were not deleted: a trigger or rule kept them",
                     (unsigned long long)found, (unsigned long long)(found - x->rows));
        if (x->rows < found || x->others)
            out->state = ASSAY_PURGE_OTHER;
    }
    assay_buf_release(&ids);
    return s;
}

/* A trigger may have put them back, and it may be younger than the look at what stands in the way. */
static enum assay_status still_there(struct pass *x, const struct narrow *w, struct assay_purge_seen *out,
                                     struct assay_err *e)
{
    enum assay_status s = pass(x, false, &w->job, e);
    if (s == ASSAY_OK && x->rows) {
        out->state = ASSAY_PURGE_OTHER;
        snprintf(out->why, sizeof out->why, "%llu rows are there again after its rows were deleted",
                 (unsigned long long)x->rows);
    }
    return s;
}

/* What deleting sets off may reach other rows of the table. */
static bool reaches(enum assay_obstacle_kind k)
{
    return k == ASSAY_OBSTACLE_CASCADE || k == ASSAY_OBSTACLE_SET_NULL || k == ASSAY_OBSTACLE_SET_DEFAULT ||
           k == ASSAY_OBSTACLE_TRIGGER;
}

static enum assay_status look_around(struct assay_purger *p, struct assay_purge_seen *out, struct assay_err *e)
{
    struct assay_obstacle *o;
    size_t n;
    enum assay_status s = assay_deleter_obstacles(p->deleter, &o, &n, e);
    for (size_t i = 0; i < n; i++)
        out->around |= reaches(o[i].kind);
    if (s == ASSAY_OK)
        s = p->spec->allow(p->spec->ctx, o, n, e);
    assay_reader_obstacles_free(o, n);
    return s;
}

static enum assay_status others_left_alone(struct pass *x, const struct assay_deleter_tally *before,
                                           struct assay_purge_seen *out, struct assay_err *e)
{
    struct assay_deleter_tally after;
    enum assay_status s = assay_deleter_tally(x->p->deleter, &after, e);
    if (s != ASSAY_OK)
        return s;
    const int64_t others = before->rows - after.rows - (int64_t)out->rows, changed = after.changed - before->changed;
    if (!others && !changed)
        return ASSAY_OK;
    out->state = ASSAY_PURGE_OTHER;
    if (others > 0)
        snprintf(out->why, sizeof out->why,
                 "a trigger or foreign key would have deleted %lld other rows of the table, which nothing proves",
                 (long long)others);
    else
        snprintf(out->why, sizeof out->why, "a trigger or foreign key would have put or changed %lld rows of the table",
                 (long long)(changed ? changed : -others));
    return ASSAY_OK;
}

/* In the open transaction; with ASSAY_PURGE_AS_PERMITTED it may be committed. */
static enum assay_status delete_in(struct pass *x, const struct assay_permit_chunk *c, const struct narrow *w,
                                   struct assay_purge_seen *out, struct assay_err *e)
{
    struct assay_deleter *d = x->p->deleter;
    struct assay_deleter_tally before = {0};
    enum assay_status s = look_around(x->p, out, e);
    if (s == ASSAY_OK && out->around)
        s = assay_deleter_tally(d, &before, e);
    if (s == ASSAY_OK)
        s = find_and_delete(x, c, w, out, e);
    if (s != ASSAY_OK || !c->rows || out->state != ASSAY_PURGE_AS_PERMITTED)
        return s;
    s = assay_deleter_settle(d, e);
    if (s == ASSAY_OK)
        s = still_there(x, w, out, e);
    return s == ASSAY_OK && out->around && out->state == ASSAY_PURGE_AS_PERMITTED
               ? others_left_alone(x, &before, out, e)
               : s;
}

enum assay_status assay_purger_delete(struct assay_purger *p, const struct assay_permit_chunk *c,
                                      struct assay_purge_seen *out, struct assay_err *e)
{
    struct pass x;
    struct narrow w = {0};
    *out = (struct assay_purge_seen){0};
    enum assay_status s = find_cut(p, c, &x, e);
    if (s == ASSAY_OK)
        s = narrow(&x, &w, e);
    if (s == ASSAY_OK)
        s = assay_deleter_begin(p->deleter, e);
    out->begun = s == ASSAY_OK;
    if (s == ASSAY_OK)
        s = delete_in(&x, c, &w, out, e);
    if (s == ASSAY_OK && out->state == ASSAY_PURGE_AS_PERMITTED && c->rows)
        s = assay_deleter_commit(p->deleter, &out->unknown, e);
    assay_deleter_rollback(p->deleter);
    narrow_release(&w);
    return s;
}
