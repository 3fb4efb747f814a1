#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/plan.h"
#include "assay/reconcile.h"
#include "assay/writer.h"
#include "attested.h"
#include "compare.h"
#include "discrepancy.h"

struct run {
    struct assay_sink *sink;
    const struct assay_dataset *set;
    const char *run, *result_run;
    char plan[80];
    struct attested side[2];
    struct discrepancies known;
    bool *seen; /* of known: found again now */
    bool *differs; /* scratch: columns of one chunk */
    struct assay_reconciled *out;
    struct assay_err *err;
    uint64_t rest, rest_rows[2]; /* chunks that match */
    const char **good; /* their ids, sorted before discrepancies are closed */
    const char **bad; /* ids of the chunks that do not match or are unverified, likewise */
    size_t n_good, n_bad;
};

/* ---- what makes a whole dataset unverified ---- */

static bool broken_source_objects(const struct attested *a)
{
    for (size_t i = 0; i < a->n_objects; i++)
        if (strcmp(a->object[i].status, "ok") != 0 && strcmp(a->object[i].status, "intact") != 0)
            return true;
    return false;
}

static bool unread_archive_objects(const struct attested *a)
{
    for (size_t i = 0; i < a->n_objects; i++)
        if (strcmp(a->object[i].status, "changed") == 0 || strcmp(a->object[i].status, "unreadable") == 0)
            return true;
    return false;
}

static const char *why_unverified(struct run *r)
{
    char *text = r->out->text;
    size_t n = sizeof r->out->text;
    for (int i = 0; i < 2; i++) {
        const struct attested *a = &r->side[i];
        const char *name = assay_side_name((enum assay_side_id)i);
        if (!a->ended)
            snprintf(text, n,
                     r->run ? "the %s was not verified in this run" : "the %s was never verified under this plan",
                     name);
        else if (strcmp(a->status, "ok") != 0)
            snprintf(text, n, "the %s could not be verified: %s", name, a->reason ? a->reason : a->status);
        else if (i == ASSAY_SOURCE && a->unplaced)
            snprintf(text, n, "%llu rows of the source have a key or window that does not decode",
                     (unsigned long long)a->unplaced);
        else if (strcmp(a->tiled, "no") == 0 && !a->unplaced)
            snprintf(text, n, "not tiled: the %s counts %llu rows, its chunks hold %llu", name,
                     (unsigned long long)a->counted, (unsigned long long)a->rows);
        else
            continue;
        return text;
    }
    if (broken_source_objects(&r->side[ASSAY_SOURCE]))
        return "not every file of the source could be read";
    if (unread_archive_objects(&r->side[ASSAY_ARCHIVE]))
        return "a file of the archive could not be read, or changed while it was read";
    if (r->set->n_key && strcmp(r->side[ASSAY_SOURCE].unique, "no") == 0)
        return "key is not unique: the source has rows with the same key";
    return NULL;
}

/* ---- discrepancies ---- */

static enum assay_status found(struct run *r, struct discrepancy *d, const char *reason)
{
    assay_discrepancy_id(r->set->id, d->segment, d->chunk, d->kind, d->columns, d->object, d->id);
    const struct discrepancy *k = assay_discrepancies_find(&r->known, d->id);
    r->out->open++;
    if (k)
        r->seen[k - r->known.d] = true;
    if (k && strcmp(k->state, "closed") != 0)
        return ASSAY_OK;
    r->out->opened++;
    return assay_discrepancy_state(r->sink, r->set, d, "open", reason, r->result_run, r->err);
}

static enum assay_status verdict_leaf(struct run *r, const char *segment, const char *chunk, const struct compared *c,
                                      const struct attested_chunk *s, const struct attested_chunk *a,
                                      const char *columns, const char *object)
{
    struct assay_writer w;
    assay_writer_begin(&w, "verdict");
    assay_writer_add(&w, "run", r->result_run);
    assay_writer_add(&w, "dataset", r->set->id);
    assay_writer_add(&w, "plan", r->plan);
    assay_writer_add(&w, "segment", segment);
    assay_writer_add(&w, "chunk", chunk);
    assay_writer_add(&w, "verdict", assay_verdict_name(c->verdict));
    if (r->side[0].ended)
        assay_writer_add(&w, "source-run", r->side[0].run);
    if (r->side[1].ended)
        assay_writer_add(&w, "archive-run", r->side[1].run);
    assay_writer_add(&w, "strength", "fast");
    if (s)
        assay_writer_addf(&w, "source-leaf", "%llu", (unsigned long long)s->leaf);
    if (a)
        assay_writer_addf(&w, "archive-leaf", "%llu", (unsigned long long)a->leaf);
    if (s)
        assay_writer_addf(&w, "rows-source", "%llu", (unsigned long long)s->rows);
    if (a)
        assay_writer_addf(&w, "rows-archive", "%llu", (unsigned long long)a->rows);
    assay_writer_add(&w, "kind", c->kind);
    assay_writer_add(&w, "columns", columns);
    assay_writer_add(&w, "object", object);
    assay_writer_add(&w, "reason", c->reason);
    assay_writer_now(&w);
    return assay_writer_send(&w, r->sink, r->err);
}

static enum assay_status name_columns(const struct run *r, const bool *differs, struct assay_buf *out)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < r->set->n_cols && s == ASSAY_OK; i++)
        if (differs[i])
            s = assay_buf_addf(out, "%s%s", out->len ? "," : "", r->set->col[i].name);
    return s;
}

/* Without a key a changed row leaves one bucket and enters another; the sums of the whole segment name the columns. */
static enum assay_status segment_columns(const struct run *r, const char *segment, struct assay_buf *out)
{
    size_t n = r->set->n_cols;
    assay_sum *sum = calloc(2 * n + 1, sizeof *sum);
    uint64_t rows[2] = {0, 0};
    if (!sum)
        return ASSAY_ENOMEM;
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < r->side[i].n_chunks; k++) {
            const struct attested_chunk *c = &r->side[i].chunk[k];
            if (strcmp(c->segment, segment) != 0)
                continue;
            rows[i] += c->rows;
            for (size_t j = 0; j < n; j++)
                sum[(size_t)i * n + j] += c->col[j];
        }
    for (size_t j = 0; j < n; j++)
        r->differs[j] = rows[0] == rows[1] && sum[j] != sum[n + j];
    free(sum);
    return name_columns(r, r->differs, out);
}

/* A broken file explains every chunk that falls short in its segment. */
static const struct attested_object *broken_object(const struct run *r, const char *segment)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    for (size_t i = 0; i < a->n_objects; i++)
        if (strcmp(a->object[i].status, "undecodable") == 0 &&
            (!a->object[i].segment || strcmp(a->object[i].segment, segment) == 0))
            return &a->object[i];
    return NULL;
}

/* A row of the source that has no place may be the very one that the archive seems to have too much. */
static bool may_be_the_unplaced(const struct run *r, const struct compared *c)
{
    return r->side[ASSAY_SOURCE].unplaced && c->verdict == VERDICT_MISMATCH &&
           (strcmp(c->kind, "extra") == 0 || strcmp(c->kind, "rows") == 0);
}

static enum assay_status judge(struct run *r, const struct attested_chunk *s, const struct attested_chunk *a)
{
    const struct attested_chunk *any = s ? s : a;
    struct compared c = assay_compare_chunk(s, a, r->set->n_cols, r->set->n_key > 0, r->differs);
    struct assay_buf columns = {0};
    enum assay_status st = ASSAY_OK;
    if (may_be_the_unplaced(r, &c))
        c = (struct compared){VERDICT_UNVERIFIED, NULL, "rows of the source have a key or window that does not decode",
                              0};
    r->out->rows[0] += s ? s->rows : 0;
    r->out->rows[1] += a ? a->rows : 0;
    if (c.verdict == VERDICT_MATCH)
        r->good[r->n_good++] = any->id;
    else
        r->bad[r->n_bad++] = any->id;
    if (c.verdict == VERDICT_MATCH) {
        r->out->accepted += c.accepted;
        r->rest++;
        r->rest_rows[0] += s->rows;
        r->rest_rows[1] += a->rows;
        return ASSAY_OK;
    }
    if (c.verdict == VERDICT_UNVERIFIED) {
        r->out->unverified++;
        return verdict_leaf(r, any->segment, any->id, &c, s, a, NULL, NULL);
    }
    r->out->mismatched++;
    const struct attested_object *o = broken_object(r, any->segment);
    if (o) {
        c.kind = "undecodable";
        c.reason = o->reason ? o->reason : "a file of this segment does not decode";
    } else if (strcmp(c.kind, "changed") == 0) {
        st = name_columns(r, r->differs, &columns);
    } else if (r->set->n_key == 0) {
        st = segment_columns(r, any->segment, &columns);
    }
    const char *names = columns.len ? assay_buf_str(&columns) : NULL;
    struct discrepancy d = {.segment = any->segment,
                            .chunk = (char *)any->id,
                            .kind = (char *)c.kind,
                            .columns = (char *)names,
                            .object = o ? o->name : NULL,
                            .rows = {s ? s->rows : 0, a ? a->rows : 0}};
    if (st == ASSAY_OK)
        st = verdict_leaf(r, any->segment, any->id, &c, s, a, names, o ? o->name : NULL);
    if (st == ASSAY_OK)
        st = found(r, &d, c.reason);
    assay_buf_release(&columns);
    return st;
}

/* Merge-walk over both sorted lists. */
static int order(const struct attested_chunk *a, const struct attested_chunk *b)
{
    int c = strcmp(a->segment, b->segment);
    if (c || a->ordinal != b->ordinal)
        return c ? c : a->ordinal < b->ordinal ? -1 : 1;
    return strcmp(a->id, b->id);
}

static enum assay_status judge_all(struct run *r)
{
    const struct attested *s = &r->side[0], *a = &r->side[1];
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0, k = 0; st == ASSAY_OK && (i < s->n_chunks || k < a->n_chunks);) {
        int c = i == s->n_chunks ? 1 : k == a->n_chunks ? -1 : order(&s->chunk[i], &a->chunk[k]);
        st = judge(r, c <= 0 ? &s->chunk[i] : NULL, c >= 0 ? &a->chunk[k] : NULL);
        i += c <= 0;
        k += c >= 0;
    }
    return st;
}

static const struct {
    const char *status, *kind, *reason;
} object_kinds[] = {
    {"undecodable", "undecodable", "the file does not decode"},
    {"missing", "missing", "the file is gone"},
    {"truncated", "truncated", "the file is shorter than it was"},
    {"damaged", "damaged", "the file has other bytes than it had"},
    {"extra", "unexpected", "the ledger does not know this file"},
};

static enum assay_status object_finding(struct run *r, const struct attested_object *o, const char *kind,
                                        const char *reason)
{
    struct compared c = {VERDICT_MISMATCH, kind, reason, 0};
    char *segment = o->segment ? o->segment : (char *)"-";
    struct discrepancy d = {.segment = segment, .chunk = (char *)"-", .kind = (char *)kind, .object = o->name};
    enum assay_status s = verdict_leaf(r, segment, "-", &c, NULL, NULL, NULL, o->name);
    return s == ASSAY_OK ? found(r, &d, reason) : s;
}

static enum assay_status judge_objects(struct run *r, uint32_t *findings)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < a->n_objects && s == ASSAY_OK; i++) {
        const struct attested_object *o = &a->object[i];
        for (size_t k = 0; k < sizeof object_kinds / sizeof *object_kinds && s == ASSAY_OK; k++)
            if (strcmp(o->status, object_kinds[k].status) == 0) {
                s = object_finding(r, o, object_kinds[k].kind, o->reason ? o->reason : object_kinds[k].reason);
                ++*findings;
            }
        if (s == ASSAY_OK && o->misplaced && strcmp(o->status, "ok") == 0) {
            char text[128];
            snprintf(text, sizeof text, "%llu rows belong to other segments than the file's",
                     (unsigned long long)o->misplaced);
            s = object_finding(r, o, "misplaced", text);
            ++*findings;
        }
    }
    return s;
}

/* ---- closing: only a later verification that matches proves a discrepancy gone ---- */

static int by_id(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool is_among(const char *const *id, size_t n, const char *wanted)
{
    return n && bsearch(&wanted, id, n, sizeof *id, by_id) != NULL;
}

static bool segment_matches(const struct run *r, const char *segment)
{
    bool any = false;
    for (size_t k = 0; k < r->side[0].n_chunks; k++) {
        const struct attested_chunk *c = &r->side[0].chunk[k];
        if (strcmp(segment, "-") != 0 && strcmp(segment, c->segment) != 0)
            continue;
        any = true;
        if (!is_among(r->good, r->n_good, c->id))
            return false;
    }
    return any;
}

/* A chunk of an older cut is judged by its segment. */
static bool chunk_matches(const struct run *r, const struct discrepancy *d)
{
    if (is_among(r->good, r->n_good, d->chunk))
        return true;
    return !is_among(r->bad, r->n_bad, d->chunk) && segment_matches(r, d->segment);
}

static bool object_is_well(const struct run *r, const struct discrepancy *d)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    for (size_t i = 0; i < a->n_objects; i++)
        if (strcmp(a->object[i].name, d->object) == 0)
            return (strcmp(a->object[i].status, "ok") == 0 || strcmp(a->object[i].status, "intact") == 0) &&
                   !(strcmp(d->kind, "misplaced") == 0 && a->object[i].misplaced);
    return segment_matches(r, d->segment); /* replaced by files of other names */
}

static enum assay_status close_what_is_gone(struct run *r)
{
    enum assay_status s = ASSAY_OK;
    if (r->n_good)
        qsort(r->good, r->n_good, sizeof *r->good, by_id);
    if (r->n_bad)
        qsort(r->bad, r->n_bad, sizeof *r->bad, by_id);
    for (size_t i = 0; i < r->known.n && s == ASSAY_OK; i++) {
        const struct discrepancy *d = &r->known.d[i];
        if (r->seen[i] || strcmp(d->state, "closed") == 0)
            continue;
        bool gone = strcmp(d->chunk, "-") == 0 ? d->object && object_is_well(r, d) : chunk_matches(r, d);
        if (gone) {
            r->out->closed++;
            s = assay_discrepancy_state(r->sink, r->set, d, "closed", "verified again, and it is gone", r->result_run,
                                        r->err);
        } else {
            r->out->open++;
        }
    }
    return s;
}

/* One leaf for everything that has no verdict of its own. */
static enum assay_status sum_up(struct run *r)
{
    struct assay_writer w;
    bool match = !r->out->reason;
    if (r->rest == 0 && match)
        return ASSAY_OK;
    assay_writer_begin(&w, "verdict");
    assay_writer_add(&w, "run", r->result_run);
    assay_writer_add(&w, "dataset", r->set->id);
    assay_writer_add(&w, "plan", r->plan);
    assay_writer_add(&w, "segment", "*");
    assay_writer_add(&w, "chunk", "*");
    assay_writer_add(&w, "verdict", match ? "match" : "unverified");
    if (r->side[0].ended)
        assay_writer_add(&w, "source-run", r->side[0].run);
    if (r->side[1].ended)
        assay_writer_add(&w, "archive-run", r->side[1].run);
    assay_writer_add(&w, "strength", "fast");
    assay_writer_addf(&w, "chunks", "%llu", (unsigned long long)r->rest);
    assay_writer_addf(&w, "rows-source", "%llu", (unsigned long long)r->rest_rows[0]);
    assay_writer_addf(&w, "rows-archive", "%llu", (unsigned long long)r->rest_rows[1]);
    assay_writer_add(&w, "reason", r->out->reason);
    if (match && r->out->accepted)
        assay_writer_addf(&w, "accepted", "%llu", (unsigned long long)r->out->accepted);
    assay_writer_now(&w);
    return assay_writer_send(&w, r->sink, r->err);
}

static enum assay_status reconcile_set(struct run *r)
{
    struct assay_reconciled *out = r->out;
    uint32_t object_findings = 0;
    out->reason = why_unverified(r);
    enum assay_status s = judge_all(r);
    if (s == ASSAY_OK)
        s = judge_objects(r, &object_findings);
    if (s == ASSAY_OK && !out->reason && out->rows[0] + out->rows[1] == 0 && object_findings == 0)
        out->reason = "nothing to verify: no rows on either side";
    if (s == ASSAY_OK)
        s = close_what_is_gone(r);
    if (s == ASSAY_OK)
        s = sum_up(r);
    if (out->reason)
        out->unverified += r->rest ? r->rest : 1;
    else
        out->matched = r->rest;
    out->mismatched += object_findings;
    return s == ASSAY_OK ? assay_sink_commit(r->sink, r->err) : s;
}

enum assay_status assay_reconcile(struct assay_ledger *l, struct assay_sink *sink, const struct assay_dataset *d,
                                  const char *run, const char *result_run, struct assay_reconciled *out,
                                  struct assay_err *e)
{
    struct run r = {.sink = sink, .set = d, .run = run, .result_run = result_run, .out = out, .err = e};
    char hash[65];
    *out = (struct assay_reconciled){0};
    enum assay_status s = assay_plan_hash(d, hash, NULL, e);
    if (s != ASSAY_OK)
        return s;
    snprintf(r.plan, sizeof r.plan, "sha256:%s", hash);
    for (int i = 0; i < 2 && s == ASSAY_OK; i++)
        s = assay_attested_load(l, d, (enum assay_side_id)i, hash, run, &r.side[i], e);
    if (s == ASSAY_OK)
        s = assay_discrepancies_load(l, d, &r.known, e);
    r.seen = calloc(r.known.n + 1, sizeof *r.seen);
    r.differs = calloc(d->n_cols + 1, sizeof *r.differs);
    r.good = calloc(r.side[0].n_chunks + r.side[1].n_chunks + 1, sizeof *r.good);
    r.bad = calloc(r.side[0].n_chunks + r.side[1].n_chunks + 1, sizeof *r.bad);
    if (s == ASSAY_OK && (!r.seen || !r.differs || !r.good || !r.bad))
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = reconcile_set(&r);
    assay_attested_release(&r.side[0]);
    assay_attested_release(&r.side[1]);
    assay_discrepancies_release(&r.known);
    free(r.seen);
    free(r.differs);
    free(r.good);
    free(r.bad);
    return s;
}

int assay_reconciled_exit(const struct assay_reconciled *r)
{
    return r->mismatched                               ? ASSAY_EXIT_DISCREPANCY
           : r->unverified || r->reason || !r->matched ? ASSAY_EXIT_UNVERIFIED
                                                       : ASSAY_EXIT_OK;
}
