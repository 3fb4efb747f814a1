#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/blob.h"
#include "assay/check.h"
#include "assay/cli.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/lane.h"
#include "assay/log.h"
#include "assay/note.h"
#include "assay/reader.h"
#include "attest.h"
#include "changes.h"
#include "choice.h"
#include "cuts.h"
#include "history.h"
#include "manifest.h"
#include "references.h"
#include "sealer.h"
#include "unique.h"

#define LOOKED_AT 1000 /* objects that are searched for a column, the last ones */
#define SAID_FINDINGS 10 /* values and rows that are named on the way */

/* Everything one run holds; released as one. */
struct side {
    const struct assay_check *c;
    char plan_hash[65];
    uint8_t secret[ASSAY_SECRET_LEN];
    struct assay_reader *reader;
    struct assay_schema schema;
    const struct assay_part *part;
    size_t n_parts;
    struct assay_part_result *result;
    struct assay_cutset cuts;
    struct assay_router router;
    struct choice choice;
    struct assay_lane *lane;
    struct unique *unique;
    struct sealer *sealer; /* of a sealed dataset */
    struct attest_end end;
    struct assay_buf mark;
    int64_t began; /* seconds since 1970, before the snapshot that is read */
    struct assay_err why_failed;
    bool source_seen; /* a run of the source came to its good end under this plan */
    bool gone; /* the archive is not there: attested as no rows, not as a failure */
};

enum assay_status assay_fast_secret(const uint8_t dataset_key[32], const char *dataset_id, uint8_t out[192])
{
    char info[64];
    snprintf(info, sizeof info, "assay/fast/1%s", dataset_id);
    return assay_hkdf(dataset_key, info, out, ASSAY_SECRET_LEN);
}

/* The first object lacks the column. Where the plan foresees that, or another object has it, the scan will say of each
 * object what it lacks; what no object has is a slip of the plan. */
static bool may_differ(const struct side *x, size_t column)
{
    const struct assay_plan_column *c = &x->c->set->col[column];
    bool found = false;
    if (!x->n_parts || !x->part[0].object || !x->reader->ops->object_schema)
        return false;
    if (assay_history_excuses(c, x->c->side))
        return true;
    for (size_t i = x->n_parts; !found && i-- > 1 && x->n_parts - i <= LOOKED_AT;) {
        struct assay_schema s = {0};
        struct assay_err ignored = {0};
        found = x->reader->ops->object_schema(x->reader, i, &s, &ignored) == ASSAY_OK &&
                assay_schema_find(&s, c->native[x->c->side]) != SIZE_MAX;
        assay_schema_release(&s);
    }
    return found;
}

/* Every covered column must be there, and of a type that this reader can testify to. */
static enum assay_status check_columns(const struct side *x, struct assay_err *e)
{
    const struct assay_dataset *d = x->c->set;
    for (size_t i = 0; i < d->n_cols; i++) {
        const char *native = d->col[i].native[x->c->side];
        if (!native)
            continue;
        size_t at = assay_schema_find(&x->schema, native);
        const char *names[ASSAY_MAX_COLUMNS], *near;
        if (at == SIZE_MAX && may_differ(x, i))
            continue;
        if (at == SIZE_MAX) {
            for (size_t k = 0; k < x->schema.n; k++)
                names[k] = x->schema.col[k].name;
            near = assay_nearest(native, names, x->schema.n);
            return assay_fail(e, ASSAY_ENOTFOUND, "dataset %s, %s: there is no column \"%s\"%s%s%s", d->name,
                              assay_side_name(x->c->side), native, near ? "; did you mean \"" : "", near ? near : "",
                              near ? "\"?" : "");
        }
        if (x->schema.col[at].unreadable)
            return assay_fail(e, ASSAY_ESOURCE,
                              "dataset %s, %s: this role may not read column \"%s\": GRANT SELECT on it, or name it in "
                              "uncovered",
                              d->name, assay_side_name(x->c->side), native);
        if (x->schema.col[at].logical == ASSAY_L_NONE)
            return assay_fail(e, ASSAY_ETYPE, "dataset %s, %s: column \"%s\": unverified: type %s", d->name,
                              assay_side_name(x->c->side), native, x->schema.col[at].native);
    }
    return ASSAY_OK;
}

static bool engine_keeps_key(const struct side *x)
{
    const struct assay_dataset *d = x->c->set;
    size_t declared = 0, same = 0;
    for (size_t i = 0; i < x->schema.n; i++)
        declared += x->schema.col[i].key_pos != 0;
    for (size_t i = 0; i < d->n_cols; i++) {
        const char *native = d->col[i].native[x->c->side];
        size_t at = d->col[i].key_pos && native ? assay_schema_find(&x->schema, native) : SIZE_MAX;
        same += at != SIZE_MAX && x->schema.col[at].key_pos != 0 && d->col[i].n_rules[x->c->side] == 0;
    }
    return x->schema.key_is_unique && declared > 0 && same == declared;
}

/* An archive that is gone, empty or broken is evidence against it; a source that cannot be opened is no evidence at
 * all. */
static enum assay_status open_side(struct side *x, struct assay_err *e)
{
    const struct assay_check *c = x->c;
    struct assay_locator loc = assay_plan_locator(c->plan, c->set, c->side);
    struct assay_err why = {0};
    const bool archive = c->side == ASSAY_ARCHIVE;
    loc.from_medium = archive && c->plan->purge.given;
    assay_choice_ask(&x->choice, &loc);
    enum assay_status s = assay_reader_open(&loc, &x->reader, &why);
    if (s == ASSAY_OK)
        s = x->reader->ops->parts(x->reader, c->jobs, &x->part, &x->n_parts, &why);
    if (archive && (s == ASSAY_ENOTFOUND || (s == ASSAY_OK && x->n_parts == 0))) {
        x->gone = true;
        if (s == ASSAY_OK)
            assay_fail(&why, ASSAY_ENOTFOUND, "%s: no file matches", c->set->side[c->side].uri);
        x->why_failed = why;
        return assay_attest_missing(c, x->plan_hash, why.msg, e);
    }
    if (s == ASSAY_OK && x->n_parts == 0)
        s = assay_fail(&why, ASSAY_ENOTFOUND, "%s: no file matches", c->set->side[c->side].uri);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "%s", why.msg);
    const int64_t taken = x->reader->ops->as_of ? x->reader->ops->as_of(x->reader) : 0;
    x->began = taken && taken < x->began ? taken : x->began;
    s = x->reader->ops->schema(x->reader, &x->schema, &why);
    if (s != ASSAY_OK && archive && x->part[0].object && (s == ASSAY_EDATA || s == ASSAY_ELIMIT))
        return ASSAY_OK; /* the first object is broken; the scan says so, and reads the others */
    if (s != ASSAY_OK)
        return assay_fail(e, s, "%s", why.msg);
    s = assay_attest_schema(c, x->plan_hash, &x->schema, e); /* also of a side that the plan no longer fits */
    if (s == ASSAY_OK)
        s = assay_changes_say(c, &x->schema, e);
    return s == ASSAY_OK ? check_columns(x, e) : s;
}

static enum assay_status independent_count(struct side *x, struct assay_err *e)
{
    if (x->gone || x->end.has_count)
        return ASSAY_OK;
    return x->reader->ops->count(x->reader, &x->end.counted, &x->end.has_count, e);
}

/* The count in a thread of its own, where the reader allows it: it costs no time then. */
struct counting {
    struct side *side;
    pthread_t thread;
    bool started;
    enum assay_status status;
    struct assay_err err;
};

static void *count_apart(void *arg)
{
    struct counting *k = arg;
    k->status = independent_count(k->side, &k->err);
    return NULL;
}

static void count_begin(struct counting *k, struct side *x)
{
    *k = (struct counting){.side = x};
    if (x->reader->ops->count_apart && x->choice.all && !x->end.has_count)
        k->started = pthread_create(&k->thread, NULL, count_apart, k) == 0;
}

static enum assay_status count_end(struct counting *k, enum assay_status scanned, struct assay_err *e)
{
    if (!k->started)
        return scanned;
    pthread_join(k->thread, NULL);
    return scanned == ASSAY_OK && k->status != ASSAY_OK ? assay_fail(e, k->status, "%s", k->err.msg) : scanned;
}

static bool is_good_end(void *ctx, const struct assay_leaf *leaf)
{
    struct side *x = ctx;
    struct assay_stmt s = {0};
    if (assay_stmt_parse(leaf->note, leaf->note_len, &s, NULL) == ASSAY_OK) {
        const char *plan = assay_stmt_get(&s, "plan"), *status = assay_stmt_get(&s, "status");
        x->source_seen = plan && strncmp(plan, "sha256:", 7) == 0 && strcmp(plan + 7, x->plan_hash) == 0 && status &&
                         strcmp(status, "ok") == 0;
    }
    assay_stmt_release(&s);
    return !x->source_seen;
}

/* A source without rows leaves no cut. */
static enum assay_status look_for_source(struct side *x, struct assay_err *e)
{
    struct assay_ledger_query q = {.kind = "run-end", .role = "source", .dataset = x->c->set->id, .newest_first = true};
    return x->c->ledger ? assay_ledger_each(x->c->ledger, &q, is_good_end, x, e) : ASSAY_OK;
}

static enum assay_status get_cuts(struct side *x, struct assay_err *e)
{
    const struct assay_check *c = x->c;
    const struct assay_blob_keys keys = {c->dataset_key, c->plan->keyring, c->keys_dir};
    enum assay_status s = ASSAY_OK;
    if (c->ledger)
        s = assay_cuts_open(c->ledger, c->set, x->plan_hash, &x->router, &keys, &x->cuts, e);
    if (s != ASSAY_OK || x->cuts.n)
        return s == ASSAY_OK ? assay_sealer_draw(c, &x->cuts, x->part, x->n_parts, e) : s;
    if (c->side == ASSAY_ARCHIVE && ((s = look_for_source(x, e)) != ASSAY_OK || x->source_seen))
        return s;
    if (c->side == ASSAY_ARCHIVE)
        return assay_fail(e, ASSAY_ESOURCE,
                          "dataset %s: cut the source first (assay verify --side source): the ledger holds no chunk "
                          "boundaries for this plan",
                          c->set->name);
    if ((s = independent_count(x, e)) != ASSAY_OK)
        return s;
    uint64_t rows = x->end.has_count ? x->end.counted : x->reader->ops->estimate(x->reader);
    s = assay_cuts_make(c, x->reader, x->secret, rows, &x->cuts, e);
    if (s == ASSAY_OK) /* the sample was drawn from one part: divide the side again */
        s = x->reader->ops->parts(x->reader, c->jobs, &x->part, &x->n_parts, e);
    if (s == ASSAY_OK)
        s = assay_sealer_draw(c, &x->cuts, x->part, x->n_parts, e);
    for (size_t i = 0; i < x->cuts.n && s == ASSAY_OK; i++)
        s = assay_cut_attest(c, x->plan_hash, &x->cuts.cut[i], &x->router, e);
    return s == ASSAY_OK ? assay_sink_commit(c->sink, e) : s;
}

static bool part_wanted(void *ctx, const struct assay_part *p)
{
    return !p->segment || assay_choice_wants(ctx, p->segment);
}

static enum assay_status take_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct side *x = ctx;
    enum assay_status s = x->unique ? assay_unique_row(x->unique, row, e) : ASSAY_OK;
    return s == ASSAY_OK && x->sealer ? assay_sealer_row(x->sealer, row, e) : s;
}

/* What wants to see every row. */
static enum assay_status watch_rows(struct side *x, struct assay_lane_spec *spec, struct assay_err *e)
{
    const struct assay_check *c = x->c;
    enum assay_status s = ASSAY_OK;
    if (!x->gone && c->side == ASSAY_SOURCE && c->set->n_key && !engine_keeps_key(x))
        s = assay_unique_new(&x->unique, e);
    if (s == ASSAY_OK && c->set->sealed)
        s = assay_sealer_new(c, &x->sealer, e);
    spec->rows_whole = spec->rows_formed = x->sealer != NULL;
    spec->on_row = x->unique || x->sealer ? take_row : NULL;
    spec->ctx = x;
    return s;
}

static enum assay_status scan_side(struct side *x, struct assay_err *e)
{
    const struct assay_check *c = x->c;
    struct assay_lane_spec spec = {c->set, c->side, &x->cuts, x->secret, NULL, NULL, false, false};
    struct assay_scan_job job = {.reader = x->reader,
                                 .spec = &spec,
                                 .part = x->part,
                                 .n_parts = x->n_parts,
                                 .jobs = c->jobs,
                                 .filter = x->choice.filter,
                                 .range = x->choice.range,
                                 .n_ranges = x->choice.n_ranges,
                                 .wanted = part_wanted,
                                 .ctx = &x->choice};
    enum assay_status s = watch_rows(x, &spec, e);
    if (s == ASSAY_OK && !x->gone)
        s = assay_manifest_wants_sha512(c, x->part, x->n_parts, &job.sha512, e);
    if (s != ASSAY_OK)
        return s;
    if (x->gone)
        return assay_lane_new(&spec, &x->lane, e);
    x->result = calloc(x->n_parts, sizeof *x->result);
    if (!x->result) {
        s = assay_fail_nomem(e);
    } else {
        struct counting k;
        count_begin(&k, x);
        s = count_end(&k, assay_scan_parts(&job, x->result, &x->lane, e), e);
    }
    if (s == ASSAY_OK && x->unique)
        s = assay_unique_finish(x->unique, e);
    return s;
}

static uint64_t unplaced(const struct side *x)
{
    uint64_t n = 0;
    for (size_t i = 0; x->result && i < x->n_parts; i++)
        n += x->result[i].unplaced;
    return n;
}

static enum assay_status attest_chunks(struct side *x, struct assay_check_result *out, struct assay_err *e)
{
    const struct assay_lane_segment *seg;
    size_t n;
    enum assay_status s = assay_lane_segments(x->lane, &seg, &n, e);
    if (s == ASSAY_OK && x->sealer)
        s = assay_sealer_finish(x->sealer, seg, n, unplaced(x), e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        if (!assay_choice_wants(&x->choice, seg[i].cut->name))
            continue;
        if (!assay_cutset_find(&x->cuts, seg[i].segment))
            s = assay_cut_attest(x->c, x->plan_hash, seg[i].cut, &x->router, e);
        out->segments++;
        for (uint32_t k = 0; k < seg[i].cut->chunks && s == ASSAY_OK; k++) {
            s = assay_attest_chunk(x->c, x->plan_hash, x->lane, &seg[i], k, x->sealer, e);
            out->chunks++;
            out->defects += seg[i].chunk[k].defects;
            out->rows += seg[i].chunk[k].rows;
        }
    }
    if (s == ASSAY_OK && (s = assay_mark_find(x->c, &x->router, &x->choice, seg, n, x->began, &x->mark)) != ASSAY_OK)
        s = assay_fail_nomem(e);
    return s;
}

static void sum_parts(struct side *x, struct assay_check_result *out)
{
    for (size_t i = 0; i < x->n_parts && x->result; i++) {
        const struct assay_part_result *p = &x->result[i];
        if (p->skipped)
            continue;
        out->objects += p->part->object;
        out->bad_objects += p->part->object && (p->status != ASSAY_OK || p->unplaced);
        out->bytes += p->end.bytes;
        out->defects += p->unplaced;
        x->end.unplaced += p->unplaced;
        x->end.beyond += p->beyond;
        if (p->status != ASSAY_OK)
            assay_log(ASSAY_LOG_WARN, "%s", p->err.msg);
        if (p->end.nonstandard)
            assay_log(ASSAY_LOG_WARN,
                      "%s: %llu values are NaN or infinite, which JSON does not have; they were accepted",
                      p->part->name, (unsigned long long)p->end.nonstandard);
    }
}

/* What does not decode is named at once, with file, line and column; the rest stands in the ledger. */
static void say_findings(const struct side *x)
{
    const struct assay_finding *f;
    size_t n = assay_lane_findings(x->lane, &f);
    for (size_t i = 0; i < n && i < SAID_FINDINGS; i++)
        assay_log(ASSAY_LOG_WARN, "%s", f[i].text);
    if (n > SAID_FINDINGS)
        assay_log(ASSAY_LOG_WARN, "... and more: assay ledger log --kind chunk, assay ledger show");
}

static struct manifest_job manifest_job(struct side *x)
{
    return (struct manifest_job){x->c, x->plan_hash, &x->schema, &x->router, x->result, x->gone ? 0 : x->n_parts, NULL};
}

static enum assay_status verify(struct side *x, struct assay_check_result *out, struct assay_err *e)
{
    const struct assay_check *c = x->c;
    enum assay_status s = open_side(x, e);
    if (s == ASSAY_OK)
        s = get_cuts(x, e);
    if (s == ASSAY_OK)
        s = scan_side(x, e);
    if (s == ASSAY_OK && !x->gone) {
        struct manifest_job j = manifest_job(x);
        s = assay_manifest_check(&j, e);
    }
    if (s == ASSAY_OK && !x->gone)
        s = assay_attest_objects(c, x->plan_hash, x->result, x->n_parts, x->lane, e);
    if (s == ASSAY_OK && !x->gone)
        s = assay_attest_eras(c, x->plan_hash, x->reader, x->result, x->n_parts, e);
    if (s == ASSAY_OK)
        s = attest_chunks(x, out, e);
    if (s == ASSAY_OK && x->choice.all)
        s = independent_count(x, e);
    if (s == ASSAY_OK && x->choice.all && c->side == ASSAY_ARCHIVE)
        s = assay_references_attest(c, x->plan_hash, x->secret, e);
    if (s != ASSAY_OK)
        return s;
    sum_parts(x, out);
    say_findings(x);
    bool comparable = x->choice.all && x->end.has_count;
    out->tiled = !comparable || x->end.counted == out->rows + x->end.beyond;
    x->end.tiled = x->end.unplaced ? "no" : comparable ? (out->tiled ? "yes" : "no") : "unknown";
    x->end.unique = !x->unique                           ? (x->c->set->n_key && engine_keeps_key(x) ? "yes" : "unknown")
                    : assay_unique_duplicates(x->unique) ? "no"
                    : x->choice.all                      ? "yes"
                                                         : "unknown";
    return ASSAY_OK;
}

static void side_release(struct side *x)
{
    assay_buf_release(&x->mark);
    assay_choice_release(&x->choice);
    assay_unique_free(x->unique);
    assay_sealer_free(x->sealer);
    assay_lane_free(x->lane);
    for (size_t i = 0; x->result && i < x->n_parts; i++)
        assay_buf_release(&x->result[i].denied);
    free(x->result);
    assay_cutset_release(&x->cuts);
    assay_schema_release(&x->schema);
    if (x->reader)
        x->reader->ops->close(x->reader);
}

enum assay_status assay_check_side(const struct assay_check *c, struct assay_check_result *out, struct assay_err *e)
{
    struct side x = {.c = c, .end = {.tiled = "unknown", .unique = "unknown"}};
    x.began = time(NULL);
    *out = (struct assay_check_result){0};
    enum assay_status s = assay_plan_hash(c->set, x.plan_hash, NULL, e);
    if (s == ASSAY_OK && assay_fast_secret(c->dataset_key, c->set->id, x.secret) != ASSAY_OK)
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = assay_router_of(&x.router, c->set, e);
    if (s == ASSAY_OK)
        s = assay_choice_make(c, x.plan_hash, &x.router, &x.choice, e);
    if (s == ASSAY_OK)
        s = assay_attest_start(c, x.plan_hash, &x.choice, e);
    if (s == ASSAY_OK)
        s = assay_sink_commit(c->sink, e);
    if (s != ASSAY_OK) {
        side_release(&x);
        return s;
    }
    s = verify(&x, out, e);
    x.end.status = s;
    x.end.reason = s == ASSAY_OK ? (x.gone ? x.why_failed.msg : NULL) : e->msg;
    x.end.token = x.reader ? x.reader->ops->token(x.reader) : NULL;
    x.end.mark = x.mark.len ? assay_buf_str(&x.mark) : NULL;
    x.end.rows = out->rows;
    x.end.bytes = out->bytes;
    struct assay_err late = {0};
    enum assay_status ended = assay_attest_end(c, x.plan_hash, &x.end, &late);
    if (ended != ASSAY_OK && s == ASSAY_OK)
        s = assay_fail(e, ended, "%s", late.msg);
    if (s == ASSAY_OK && c->manifest) {
        struct manifest_job j = manifest_job(&x);
        s = assay_manifest_write(&j, c->manifest, e);
    }
    side_release(&x);
    return s;
}
