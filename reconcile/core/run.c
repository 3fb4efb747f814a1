#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/blob.h"
#include "assay/keyring.h"
#include "assay/writer.h"
#include "cause.h"
#include "late.h"

#define MAX_NAMES 16384 /* bytes of column names in one statement: a leaf has 65,535 */

/* ---- verdicts ---- */

static const char *run_id(const struct attested *a)
{
    return a->n_runs && a->run->ended ? a->run->id : NULL;
}

enum assay_status assay_run_verdict(struct run *r, const char *segment, const char *chunk, const struct compared *c,
                                    const struct attested_chunk *s, const struct attested_chunk *a, const char *columns,
                                    const char *object)
{
    struct assay_writer w;
    if (!(r->what & ASSAY_RECONCILE_VERDICTS))
        return ASSAY_OK;
    assay_writer_begin(&w, "verdict");
    assay_writer_add(&w, "run", r->result_run);
    assay_writer_add(&w, "dataset", r->set->id);
    assay_writer_add(&w, "plan", r->plan);
    assay_writer_add(&w, "segment", segment);
    assay_writer_add(&w, "chunk", chunk);
    assay_writer_add(&w, "verdict", assay_verdict_name(c->verdict));
    assay_writer_add(&w, "source-run", run_id(&r->side[ASSAY_SOURCE]));
    assay_writer_add(&w, "archive-run", run_id(&r->side[ASSAY_ARCHIVE]));
    assay_writer_add(&w, "strength", c->sealed ? "sealed" : "fast");
    if (s)
        assay_writer_addf(&w, "source-leaf", "%llu", (unsigned long long)s->leaf);
    if (a)
        assay_writer_addf(&w, "archive-leaf", "%llu", (unsigned long long)a->leaf);
    if (s)
        assay_writer_addf(&w, "rows-source", "%llu", (unsigned long long)s->rows);
    if (a)
        assay_writer_addf(&w, "rows-archive", "%llu", (unsigned long long)a->rows);
    assay_writer_add(&w, "kind", c->kind);
    assay_writer_add(&w, "changed-side", c->changed_side);
    assay_writer_add(&w, "columns", columns);
    assay_writer_add(&w, "object", object);
    assay_writer_add(&w, "reason", c->reason);
    assay_writer_add(&w, "discrepancy", c->discrepancy[0] ? c->discrepancy : NULL);
    assay_writer_add(&w, "seen", c->seen[0] ? c->seen : NULL);
    assay_writer_add(&w, "unseen", c->unseen);
    if (c->waiver)
        assay_writer_addf(&w, "waiver", "%llu", (unsigned long long)c->waiver->leaf);
    assay_writer_add(&w, "observed", r->now);
    return assay_writer_send(&w, r->sink, r->err);
}

static enum assay_status name_columns(const struct run *r, const bool *differs, struct assay_buf *out)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < r->set->n_cols && s == ASSAY_OK; i++) {
        if (!differs[i])
            continue;
        if (out->len + strlen(r->set->col[i].name) > MAX_NAMES)
            return assay_buf_adds(out, ",...");
        s = assay_buf_addf(out, "%s%s", out->len ? "," : "", r->set->col[i].name);
    }
    return s;
}

/* Chunks of one side are sorted by segment: the first of this one, or n_chunks. */
static size_t first_chunk(const struct attested *a, const char *segment)
{
    size_t lo = 0, hi = a->n_chunks;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(a->chunk[mid].segment, segment) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static bool has_segment(const struct attested *a, const char *segment)
{
    size_t at = first_chunk(a, segment);
    return at < a->n_chunks && strcmp(a->chunk[at].segment, segment) == 0;
}

/* Without a key a changed row leaves one bucket and enters another; the sums of the whole segment name the columns. */
static enum assay_status segment_columns(struct run *r, const char *segment)
{
    size_t n = r->set->n_cols;
    uint64_t rows[2] = {0, 0};
    bool opaque = false;
    if (r->summed && strcmp(r->summed, segment) == 0)
        return ASSAY_OK;
    assay_sum *sum = calloc(2 * n + 1, sizeof *sum);
    if (!sum)
        return ASSAY_ENOMEM;
    for (int i = 0; i < 2; i++)
        for (size_t k = first_chunk(&r->side[i], segment); k < r->side[i].n_chunks; k++) {
            const struct attested_chunk *c = &r->side[i].chunk[k];
            if (strcmp(c->segment, segment) != 0)
                break;
            rows[i] += c->rows;
            opaque |= c->opaque;
            for (size_t j = 0; j < n; j++)
                sum[(size_t)i * n + j] += c->col[j];
        }
    for (size_t j = 0; j < n; j++)
        r->differs[j] = !opaque && rows[0] == rows[1] && sum[j] != sum[n + j];
    free(sum);
    r->summed = segment;
    assay_buf_reset(&r->columns);
    return name_columns(r, r->differs, &r->columns);
}

/* ---- objects of the archive in trouble ---- */

static int by_segment(const void *a, const void *b)
{
    const struct attested_object *const *x = a, *const *y = b;
    if (!(*x)->segment || !(*y)->segment)
        return ((*x)->segment != NULL) - ((*y)->segment != NULL);
    return strcmp((*x)->segment, (*y)->segment);
}

static int of_segment(const void *segment, const void *o)
{
    const char *s = (*(const struct attested_object *const *)o)->segment;
    return s ? strcmp(segment, s) : 1;
}

/* One that may hold rows of the segment, or NULL. */
static const struct attested_object *object_of(const struct object_list *l, const char *segment)
{
    if (!l->n || !l->o[0]->segment)
        return l->n ? l->o[0] : NULL;
    const struct attested_object *const *o =
        bsearch(segment, l->o, l->n, sizeof(const struct attested_object *), of_segment);
    return o ? *o : NULL;
}

static enum assay_status list_objects(struct run *r)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    r->broken.o = calloc(a->n_objects + 1, sizeof *r->broken.o);
    r->unread.o = calloc(a->n_objects + 1, sizeof *r->unread.o);
    if (!r->broken.o || !r->unread.o)
        return assay_fail_nomem(r->err);
    for (size_t i = 0; i < a->n_objects; i++) {
        const char *status = a->object[i].status;
        if (strcmp(status, "undecodable") == 0)
            r->broken.o[r->broken.n++] = &a->object[i];
        else if (strcmp(status, "changed") == 0 || strcmp(status, "unreadable") == 0)
            r->unread.o[r->unread.n++] = &a->object[i];
    }
    r->short_source = assay_source_is_short(r);
    qsort(r->broken.o, r->broken.n, sizeof(const struct attested_object *), by_segment);
    qsort(r->unread.o, r->unread.n, sizeof(const struct attested_object *), by_segment);
    return ASSAY_OK;
}

/* ---- chunks ---- */

/* What keeps a mismatch from being one: rows that were not seen may be the very ones that differ. */
static const char *why_uncertain(const struct run *r, const struct compared *c, const char *segment)
{
    bool surplus = strcmp(c->kind, "extra") == 0 || strcmp(c->kind, "rows") == 0;
    if (surplus && assay_unplaced(&r->side[ASSAY_SOURCE]))
        return "rows of the source have a key or window that does not decode";
    if (surplus && r->short_source)
        return "not every file of the source could be read";
    if (r->keys_differ)
        return r->out->reason;
    if (object_of(&r->unread, segment))
        return "a file of the archive could not be read, or changed while it was read";
    return NULL;
}

static struct compared compare(struct run *r, const struct attested_chunk *s, const struct attested_chunk *a)
{
    const char *erased = assay_erased(r, s && s != &r->none ? s : a);
    if (erased)
        return (struct compared){.verdict = VERDICT_UNVERIFIED, .reason = erased};
    const struct purged_chunk *gone = a && s && !s->rows && !a->defects ? assay_purged(r, a->id) : NULL;
    if (gone && gone->rows) {
        struct compared p = assay_purged_compare(r, gone, a);
        r->purged_rows += p.verdict == VERDICT_MATCH ? gone->rows : 0;
        return p;
    }
    struct compared c = assay_compare_chunk(s, a, r->set->n_cols, r->set->n_key > 0, r->differs);
    const char *why = a && c.verdict == VERDICT_MISMATCH ? why_uncertain(r, &c, a->segment) : NULL;
    if (why)
        c = (struct compared){.verdict = VERDICT_UNVERIFIED, .reason = why};
    return c;
}

/* An archive that still holds what the source once had is not damaged: the source has moved on. */
static enum assay_status blame(struct run *r, struct compared *c, const struct attested_chunk *s,
                               const struct attested_chunk *a)
{
    enum late late;
    enum assay_status st = assay_late_find(r, s, a, &late);
    c->changed_side = st == ASSAY_OK ? assay_late_name(late) : NULL;
    if (late == LATE_SOURCE) {
        c->kind = "source-changed";
        c->reason = "changed at the source after archiving; the archive holds what both had when they were equal";
    } else if (late == LATE_ARCHIVE && strcmp(c->kind, "undecodable") != 0) {
        c->reason = "the archive has changed since both sides were equal; the source has not";
    }
    return st;
}

/* A mismatch has a verdict of its own, and a discrepancy. */
static enum assay_status judge_mismatch(struct run *r, struct compared *c, const struct attested_chunk *s,
                                        const struct attested_chunk *a)
{
    const struct attested_object *o = object_of(&r->broken, a->segment);
    struct assay_buf columns = {0};
    const char *names = NULL;
    enum assay_status st = ASSAY_OK;
    if (o) {
        c->kind = "undecodable";
        c->reason = o->reason ? o->reason : "a file of this segment does not decode";
    } else if (a->finding && strcmp(c->kind, "undecodable") == 0) {
        c->reason = a->finding;
    } else if (strcmp(c->kind, "changed") == 0) {
        st = name_columns(r, r->differs, &columns);
        names = columns.len ? assay_buf_str(&columns) : NULL;
    } else if (r->set->n_key == 0) {
        st = segment_columns(r, a->segment);
        names = r->columns.len ? assay_buf_str(&r->columns) : NULL;
    }
    if (st == ASSAY_OK)
        st = blame(r, c, s, a);
    struct discrepancy d = {.segment = a->segment,
                            .chunk = (char *)a->id,
                            .kind = (char *)c->kind,
                            .columns = (char *)names,
                            .object = o ? o->name : NULL,
                            .rows = {s->rows, a->rows}};
    assay_run_waive_chunk(r, &d, c, s, a);
    if (st != ASSAY_OK)
        st = assay_fail(r->err, st, "segment %s: no room for the names of its columns", a->segment);
    else
        st = assay_run_verdict(r, a->segment, a->id, c, s == &r->none ? NULL : s, a, names, o ? o->name : NULL);
    if (st == ASSAY_OK)
        st = assay_run_found(r, &d, c);
    assay_buf_release(&columns);
    return st;
}

/* The archive has a segment that a whole run of the source did not meet: the source has no row there. */
static const struct attested_chunk *source_has_none(struct run *r, const struct attested_chunk *a)
{
    if (!r->side[ASSAY_SOURCE].basis || has_segment(&r->side[ASSAY_SOURCE], a->segment))
        return NULL;
    memcpy(r->none.cut, a->cut, sizeof r->none.cut);
    memcpy(r->none.form, a->form, sizeof r->none.form);
    return &r->none;
}

static enum assay_status remember(struct run *r, const struct attested_chunk *s, const struct attested_chunk *a,
                                  const char *kind)
{
    if (r->n_mismatches == r->cap_mismatches) {
        size_t want = r->cap_mismatches ? 2 * r->cap_mismatches : 64;
        struct mismatch *grown = realloc(r->mismatch, want * sizeof *grown);
        if (!grown)
            return ASSAY_ENOMEM;
        r->mismatch = grown;
        r->cap_mismatches = want;
    }
    r->mismatch[r->n_mismatches++] = (struct mismatch){s, a, kind};
    return ASSAY_OK;
}

static enum assay_status judge(struct run *r, const struct attested_chunk *s, const struct attested_chunk *a)
{
    const struct attested_chunk *any = s ? s : a;
    if (!any)
        return ASSAY_OK;
    if (!s)
        s = source_has_none(r, a);
    struct compared c = compare(r, s, a);
    r->out->rows[0] += s ? s->rows : 0;
    r->out->rows[1] += a ? a->rows : 0;
    if (c.verdict == VERDICT_MATCH && s && a) {
        r->good[r->n_good++] = any;
        assay_strength_note(r, &c, s, a);
        r->out->accepted += c.accepted;
        r->rest++;
        r->rest_rows[0] += s->rows;
        r->rest_rows[1] += a->rows;
        return ASSAY_OK;
    }
    r->bad[r->n_bad++] = any;
    if (s && a && c.reason != r->erased_by && (c.verdict == VERDICT_MISMATCH || s->defects) &&
        remember(r, s, a, c.kind) != ASSAY_OK)
        return assay_fail_nomem(r->err);
    if (c.verdict == VERDICT_MISMATCH && s && a) {
        enum assay_status st = judge_mismatch(r, &c, s, a);
        ++*(c.waiver ? &r->out->waived : &r->out->mismatched);
        r->mismatch[r->n_mismatches - 1].kind = c.kind;
        return st;
    }
    r->out->unverified++;
    return assay_run_verdict(r, any->segment, any->id, &c, s == &r->none ? NULL : s, a, NULL, NULL);
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

/* One leaf for everything that has no verdict of its own. */
static enum assay_status sum_up(struct run *r)
{
    struct assay_writer w;
    bool match = !r->out->reason;
    if ((r->rest == 0 && match && !r->n_open) || !(r->what & ASSAY_RECONCILE_VERDICTS))
        return ASSAY_OK;
    assay_writer_begin(&w, "verdict");
    assay_writer_add(&w, "run", r->result_run);
    assay_writer_add(&w, "dataset", r->set->id);
    assay_writer_add(&w, "plan", r->plan);
    assay_writer_add(&w, "segment", "*");
    assay_writer_add(&w, "chunk", "*");
    assay_writer_add(&w, "verdict", match ? "match" : "unverified");
    assay_writer_add(&w, "source-run", run_id(&r->side[ASSAY_SOURCE]));
    assay_writer_add(&w, "archive-run", run_id(&r->side[ASSAY_ARCHIVE]));
    assay_strength_state(r, &w);
    assay_writer_add(&w, "scope", r->side[ASSAY_SOURCE].basis && r->side[ASSAY_ARCHIVE].basis ? "all" : "part");
    assay_writer_addf(&w, "chunks", "%llu", (unsigned long long)r->rest);
    assay_writer_addf(&w, "rows-source", "%llu", (unsigned long long)r->rest_rows[0]);
    assay_writer_addf(&w, "rows-archive", "%llu", (unsigned long long)r->rest_rows[1]);
    if (r->purged_rows)
        assay_writer_addf(&w, "rows-purged", "%llu", (unsigned long long)r->purged_rows);
    assay_writer_add(&w, "reason", r->out->reason);
    if (match && r->out->accepted)
        assay_writer_addf(&w, "accepted", "%llu", (unsigned long long)r->out->accepted);
    assay_scope_state(r, &w);
    if (w.status == ASSAY_OK)
        w.status = assay_reuse_state(r, &w);
    assay_writer_now(&w);
    return assay_writer_send(&w, r->sink, r->err);
}

static enum assay_status reconcile_set(struct run *r)
{
    struct assay_reconciled *out = r->out;
    uint32_t object_findings = 0;
    enum assay_status s = list_objects(r);
    r->keys_differ = assay_keys_differ(r);
    assay_reuse_older(r, out->older, sizeof out->older);
    out->reason = s == ASSAY_OK ? assay_doubt(r, out->text, sizeof out->text) : NULL;
    if (s == ASSAY_OK)
        s = judge_all(r);
    if (s == ASSAY_OK)
        s = assay_run_objects(r, &object_findings);
    if (s == ASSAY_OK && !out->reason && out->rows[0] + out->rows[1] == 0 && object_findings == 0 && !out->waived)
        out->reason = r->n_open ? "nothing to verify: every segment with rows is still open"
                                : "nothing to verify: no rows on either side";
    if (s == ASSAY_OK && r->what & ASSAY_RECONCILE_VERDICTS)
        s = assay_close_what_is_gone(r);
    if (s == ASSAY_OK)
        s = sum_up(r);
    if (out->reason)
        out->unverified += r->rest ? r->rest : 1;
    else
        out->matched = r->rest;
    out->mismatched += object_findings;
    if (s == ASSAY_OK && r->what & ASSAY_RECONCILE_CAUSES)
        s = assay_causes_state(r);
    return s == ASSAY_OK ? assay_sink_commit(r->sink, r->err) : s;
}

enum assay_status assay_reconcile(struct assay_ledger *l, struct assay_sink *sink, const struct assay_dataset *d,
                                  const char *run, const char *result_run, unsigned what, struct assay_reconciled *out,
                                  struct assay_err *e)
{
    return assay_reconcile_open(l, sink, d, NULL, run, result_run, what, out, e);
}

static uint64_t count_opaque(const struct run *r)
{
    uint64_t n = 0;
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < r->side[side].n_chunks; i++)
            n += r->side[side].chunk[i].opaque;
    return n;
}

enum assay_status assay_reconcile_open(struct assay_ledger *l, struct assay_sink *sink, const struct assay_dataset *d,
                                       const struct assay_blob_keys *keys, const char *run, const char *result_run,
                                       unsigned what, struct assay_reconciled *out, struct assay_err *e)
{
    struct assay_err no_ring = {0};
    struct run r = {
        .ledger = l, .sink = sink, .what = what, .set = d, .run = run, .result_run = result_run, .out = out, .err = e};
    char hash[65];
    *out = (struct assay_reconciled){0};
    enum assay_status s = assay_plan_hash(d, hash, NULL, e);
    if (s != ASSAY_OK)
        return s;
    snprintf(r.plan, sizeof r.plan, "sha256:%s", hash);
    if (keys && d->keys_sealed &&
        assay_keyring_open(keys->keyring, keys->keys_dir, &r.opener.ring, &no_ring) == ASSAY_OK)
        r.opener.keys = keys;
    for (int i = 0; i < 2 && s == ASSAY_OK; i++)
        s = assay_attested_load(l, d, (enum assay_side_id)i, hash, what & ASSAY_RECONCILE_REUSE ? NULL : run, &r.opener,
                                &r.side[i], e);
    out->opaque = s == ASSAY_OK ? count_opaque(&r) : 0;
    if (s == ASSAY_OK)
        s = assay_scope_apply(&r);
    if (s == ASSAY_OK)
        s = assay_erased_load(&r);
    if (s == ASSAY_OK)
        s = assay_purged_load(&r);
    if (s == ASSAY_OK)
        s = assay_discrepancies_load(l, d, &r.known, e);
    if (s == ASSAY_OK)
        s = assay_waivers_load(l, d->id, &r.waivers, e);
    assay_time_now(r.now);
    r.seen = calloc(r.known.n + 1, sizeof *r.seen);
    r.differs = calloc(d->n_cols + 1, sizeof *r.differs);
    r.good = calloc(r.side[0].n_chunks + r.side[1].n_chunks + 1, sizeof *r.good);
    r.bad = calloc(r.side[0].n_chunks + r.side[1].n_chunks + 1, sizeof *r.bad);
    r.none.col = calloc(d->n_cols + 1, sizeof *r.none.col);
    r.none.changed = calloc(d->n_cols + 1, sizeof *r.none.changed);
    if (s == ASSAY_OK && (!r.seen || !r.differs || !r.good || !r.bad || !r.none.col || !r.none.changed))
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = reconcile_set(&r);
    if (s == ASSAY_OK)
        assay_run_outlived(&r);
    assay_keyring_close(r.opener.ring);
    assay_scope_release(&r);
    assay_erased_release(&r);
    assay_purged_release(&r);
    assay_attested_release(&r.side[0]);
    assay_attested_release(&r.side[1]);
    assay_discrepancies_release(&r.known);
    assay_waivers_release(&r.waivers);
    free(r.seen);
    free(r.differs);
    free(r.mismatch);
    free(r.good);
    free(r.bad);
    free(r.none.col);
    free(r.none.changed);
    free(r.broken.o);
    free(r.unread.o);
    assay_buf_release(&r.columns);
    return s;
}

int assay_reconciled_exit(const struct assay_reconciled *r)
{
    return r->mismatched                                             ? ASSAY_EXIT_DISCREPANCY
           : r->unverified || r->reason || !(r->matched + r->waived) ? ASSAY_EXIT_UNVERIFIED
                                                                     : ASSAY_EXIT_OK;
}
