#include "assay/gone.h"

#include <stdlib.h>
#include <string.h>

#include "assay/attested_source.h"
#include "assay/blob.h"
#include "assay/check.h"
#include "assay/cut.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/reader.h"
#include "sealer.h"

struct gone {
    const struct assay_gone_job *job;
    struct assay_check c; /* what a sealer wants to know */
    struct assay_gone_result *out;
    struct assay_cutset cuts;
    struct attested_source source;
    struct assay_reader *reader;
    struct assay_part_result *result;
    struct assay_lane *lane;
    struct sealer *sealer;
    enum assay_logical *key_type;
    uint8_t secret[ASSAY_SECRET_LEN];
};

static enum assay_status set_up(struct gone *g, struct assay_err *e)
{
    const struct assay_dataset *d = g->job->set;
    struct assay_router router;
    const struct assay_blob_keys keys = {g->job->dataset_key, g->job->plan->keyring, g->job->keys_dir};
    char hash[65];
    if (!(g->key_type = calloc(d->n_key + 1, sizeof *g->key_type)))
        return assay_fail_nomem(e);
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].key_pos)
            g->key_type[d->col[i].key_pos - 1] = d->col[i].type;
    if (assay_fast_secret(g->job->dataset_key, d->id, g->secret) != ASSAY_OK)
        return assay_fail_nomem(e);
    enum assay_status s = assay_cuts_now(g->job->ledger, d, &keys, hash, &router, &g->cuts, e);
    if (s == ASSAY_OK)
        s = assay_sealed_attested_load(g->job->ledger, d, ASSAY_SOURCE, hash, g->job->run, &g->cuts, &g->source, e);
    if (s == ASSAY_OK && !g->source.n)
        s = assay_fail(e, ASSAY_ENOTFOUND, "dataset %s: the ledger has no statement of the source under this plan%s%s",
                       d->name, g->job->run ? " in run " : "", g->job->run ? g->job->run : "");
    return s == ASSAY_OK ? assay_sealer_new(&g->c, &g->sealer, e) : s;
}

static bool part_wanted(void *ctx, const struct assay_part *p)
{
    const struct assay_gone_job *j = ctx;
    for (size_t i = 0; p->segment && i < j->n_segments; i++)
        if (strcmp(j->segments[i], p->segment) == 0)
            return true;
    return !p->segment || j->n_segments == 0;
}

static void say_broken(struct gone *g, const struct assay_part_result *p)
{
    if (p->skipped || (p->status == ASSAY_OK && !p->unplaced))
        return;
    g->out->broken_parts++;
    if (p->status != ASSAY_OK)
        assay_log(ASSAY_LOG_WARN, "%s", p->err.msg);
    else
        assay_log(ASSAY_LOG_WARN, "%s: %llu rows do not decode", p->part->name, (unsigned long long)p->unplaced);
}

static enum assay_status read_archive(struct gone *g, struct assay_err *e)
{
    const struct assay_gone_job *j = g->job;
    struct assay_locator loc = assay_plan_locator(j->plan, j->set, ASSAY_ARCHIVE);
    struct assay_lane_spec spec = {j->set, ASSAY_ARCHIVE, &g->cuts, g->secret, assay_sealer_row, g->sealer, true, true};
    const struct assay_part *part;
    size_t n = 0;
    enum assay_status s = assay_reader_open(&loc, &g->reader, e);
    if (s == ASSAY_ENOTFOUND) { /* all of it is lost */
        assay_log(ASSAY_LOG_WARN, "%s", e->msg);
        assay_err_reset(e);
        return assay_lane_new(&spec, &g->lane, e);
    }
    if (s == ASSAY_OK)
        s = g->reader->ops->parts(g->reader, 1, &part, &n, e);
    if (s == ASSAY_OK && n == 0)
        return assay_lane_new(&spec, &g->lane, e);
    if (s == ASSAY_OK && !(g->result = calloc(n, sizeof *g->result)))
        s = assay_fail_nomem(e);
    if (s != ASSAY_OK)
        return s;
    struct assay_scan_job job = {.reader = g->reader,
                                 .spec = &spec,
                                 .part = part,
                                 .n_parts = n,
                                 .jobs = 1,
                                 .wanted = part_wanted,
                                 .ctx = (void *)j};
    s = assay_scan_parts(&job, g->result, &g->lane, e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        say_broken(g, &g->result[i]);
    return s;
}

/* ---- chunk by chunk ---- */

static enum assay_status open_blob(struct gone *g, size_t i, const char *kind, const uint8_t name[32],
                                   struct assay_buf *out, struct assay_err *e)
{
    struct assay_buf sealed = {0};
    enum assay_status s = assay_ledger_blob(g->job->ledger, name, &sealed, e);
    if (s == ASSAY_OK)
        s = assay_sealer_open(g->sealer, i, kind, &sealed, out, e);
    assay_buf_release(&sealed);
    return s;
}

static enum assay_status pass_rows(struct gone *g, size_t i, struct assay_naming *n, struct assay_err *e)
{
    struct sealer_row r;
    bool have = true;
    enum assay_status s = assay_sealer_next(g->sealer, i, &r, &have, e);
    for (; s == ASSAY_OK && have; s = assay_sealer_next(g->sealer, i, &r, &have, e))
        if ((s = assay_naming_add(n, r.key, r.key_len, r.rd, e)) != ASSAY_OK)
            return s;
    return s;
}

static void count(struct assay_gone_result *out, const struct assay_naming_result *r)
{
    out->named += r->named;
    out->bulk += !r->named;
    for (size_t i = 0; i < r->n_rows; i++)
        out->rows[r->row[i].kind]++;
}

static enum assay_status compare(struct gone *g, size_t i, const struct attested_root *s,
                                 const struct assay_gone_chunk *c, struct assay_err *e)
{
    struct assay_buf blocks = {0}, sketch = {0};
    struct assay_naming_source source = {{0}, NULL, NULL, 0, 0};
    struct assay_naming_result r;
    struct assay_naming *n = NULL;
    const size_t memory = (g->job->memory ? g->job->memory : ASSAY_DEFAULT_MEMORY) / 4;
    memcpy(source.root, s->root, sizeof source.root);
    enum assay_status st = open_blob(g, i, "blocks", s->blocks, &blocks, e);
    if (st == ASSAY_OK && s->has_sketch)
        st = open_blob(g, i, "sketch", s->sketch, &sketch, e);
    source.blocks = blocks.ptr;
    source.blocks_len = blocks.len;
    source.sketch = sketch.ptr;
    source.sketch_len = sketch.len;
    if (st == ASSAY_OK)
        st = assay_naming_new(&source, memory, &n, e);
    if (st == ASSAY_OK)
        st = pass_rows(g, i, n, e);
    if (st == ASSAY_OK)
        st = assay_naming_end(n, &r, e);
    if (st == ASSAY_OK && r.equal) {
        g->out->equal++;
    } else if (st == ASSAY_OK) {
        count(g->out, &r);
        struct assay_gone_chunk told = *c;
        told.is = &r;
        st = g->job->each(g->job->ctx, &told, e);
    }
    assay_naming_free(n);
    assay_buf_release(&blocks);
    assay_buf_release(&sketch);
    return st;
}

static const char *why_not(const struct sealer_place *p, const struct attested_root *s)
{
    if (p->why && strcmp(p->why, "erased") == 0)
        return "erased: its key was destroyed";
    if (!s)
        return p->rows ? "the source attested no such chunk" : NULL;
    if (s->why)
        return s->why;
    if (p->why)
        return "the keyring has no key of it";
    return memcmp(p->commit, s->commit, sizeof p->commit)
               ? "the keyring has another key of it than the one it was sealed under"
               : NULL;
}

static enum assay_status look(struct gone *g, size_t i, struct assay_err *e)
{
    const struct sealer_place p = assay_sealer_place(g->sealer, i);
    uint8_t id[16];
    char hex[33];
    struct sealer_row r;
    enum assay_status st = ASSAY_OK;
    if (p.out_of_scope)
        return ASSAY_OK;
    assay_cut_chunk_id(p.cut, p.ordinal, id);
    assay_hex(id, sizeof id, hex);
    const struct attested_root *s = assay_sealed_attested_find(&g->source, hex);
    struct assay_gone_chunk c = {.segment = p.cut->name,
                                 .chunk = hex,
                                 .why = why_not(&p, s),
                                 .rows = {s ? s->rows : 0, p.rows},
                                 .key_type = g->key_type,
                                 .n_key = g->job->set->n_key};
    if (s && !c.why)
        return compare(g, i, s, &c, e);
    for (bool have = true; have && st == ASSAY_OK;) /* passed over */
        st = assay_sealer_next(g->sealer, i, &r, &have, e);
    if (st != ASSAY_OK || !c.why)
        return st;
    g->out->unverified++;
    return g->job->each(g->job->ctx, &c, e);
}

static enum assay_status look_at_all(struct gone *g, struct assay_err *e)
{
    const struct assay_lane_segment *seg;
    size_t n;
    enum assay_status s = assay_lane_segments(g->lane, &seg, &n, e);
    if (s == ASSAY_OK)
        s = assay_sealer_sort(g->sealer, seg, n, e);
    for (size_t i = 0; s == ASSAY_OK && i < assay_sealer_count(g->sealer); i++)
        s = look(g, i, e);
    return s;
}

enum assay_status assay_gone(const struct assay_gone_job *j, struct assay_gone_result *out, struct assay_err *e)
{
    struct gone g = {.job = j,
                     .out = out,
                     .c = {.plan = j->plan,
                           .set = j->set,
                           .side = ASSAY_ARCHIVE,
                           .segments = j->segments,
                           .n_segments = j->n_segments,
                           .keys_dir = j->keys_dir,
                           .memory = j->memory,
                           .spill_max = j->spill_max}};
    *out = (struct assay_gone_result){0};
    if (!j->set->sealed)
        return assay_fail(e, ASSAY_EUSAGE,
                          "dataset %s is not sealed (digest: sealed): its rows cannot be told apart "
                          "without the source",
                          j->set->name);
    enum assay_status s = set_up(&g, e);
    if (s == ASSAY_OK)
        s = read_archive(&g, e);
    if (s == ASSAY_OK)
        s = look_at_all(&g, e);
    assay_sealer_free(g.sealer);
    assay_lane_free(g.lane);
    free(g.result);
    if (g.reader)
        g.reader->ops->close(g.reader);
    assay_sealed_attested_release(&g.source);
    assay_cutset_release(&g.cuts);
    free(g.key_type);
    return s;
}
