#include "assay/diff.h"
#include "assay/blob.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/check.h"
#include "assay/clock.h"
#include "assay/digest.h"
#include "assay/lane.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/reader.h"
#include "diff_run.h"

#define TICKS 4096 /* rows between two looks at the clock */

const char *assay_diff_kind_name(enum assay_diff_kind k)
{
    static const char *const names[] = {"missing", "extra", "duplicate", "changed"};
    return names[k];
}

/* Looks at the clock now and then. */
static enum assay_status in_time(struct diff *d, struct assay_err *e)
{
    if (!d->deadline || ++d->ticks % TICKS || assay_clock_ms() < d->deadline)
        return ASSAY_OK;
    d->out->late = true;
    return assay_fail(e, ASSAY_EINTR, "not done within %u seconds", d->job->max_seconds);
}

static uint32_t part_number(struct diff *d, const char *name)
{
    size_t n = d->n_parts[d->side];
    if (n && strcmp(d->part[d->side][n - 1], name) == 0)
        return (uint32_t)n - 1;
    char **grown = realloc(d->part[d->side], (n + 1) * sizeof *grown), *copy = strdup(name);
    if (!grown || !copy) {
        if (grown)
            d->part[d->side] = grown;
        free(copy);
        return UINT32_MAX;
    }
    grown[n] = copy;
    d->part[d->side] = grown;
    d->n_parts[d->side] = n + 1;
    return (uint32_t)n;
}

/* Sort key: segment, chunk, key bytes (the row's hash where there is no key); the segment's name travels in the chunk
 * id. */
static enum assay_status take_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct diff *d = ctx;
    bool wanted;
    uint8_t head[DIFF_HEAD], be[16];
    enum assay_status s = in_time(d, e);
    if (s != ASSAY_OK)
        return s;
    if (assay_targets_want(&d->target, row->cut, row->ordinal, &wanted) != ASSAY_OK)
        return assay_fail_nomem(e);
    if (!wanted)
        return ASSAY_OK;
    for (int i = 0; i < 16; i++)
        be[i] = (uint8_t)(row->hash >> (120 - 8 * i));
    uint32_t part = part_number(d, row->part);
    if (part == UINT32_MAX)
        return assay_fail_nomem(e);
    head[0] = (uint8_t)d->side;
    memcpy(head + 1, be, 16);
    assay_put_be64(head + 17, row->pos);
    assay_put_be32(head + 25, part);
    uint8_t at[16 + 8 + 4 + 1], id[16];
    assay_cut_chunk_id(row->cut, row->ordinal, id);
    assay_put_be64(at, (uint64_t)row->cut->segment ^ (UINT64_C(1) << 63));
    assay_put_be32(at + 8, row->ordinal);
    memcpy(at + 12, id, 16);
    size_t name = strlen(row->cut->name);
    at[28] = (uint8_t)(name > 255 ? 255 : name);
    assay_buf_reset(&d->key);
    assay_buf_reset(&d->body);
    s = assay_buf_add(&d->key, at, sizeof at);
    if (s == ASSAY_OK)
        s = assay_buf_add(&d->key, row->cut->name, at[28]);
    if (s == ASSAY_OK)
        s = row->key_len ? assay_buf_add(&d->key, row->key, row->key_len) : assay_buf_add(&d->key, be, 16);
    if (s == ASSAY_OK)
        s = assay_buf_add(&d->body, head, sizeof head);
    if (s == ASSAY_OK)
        s = assay_buf_add(&d->body, row->row, row->row_len);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    return assay_sorter_add(d->sorter, d->key.ptr, d->key.len, d->body.ptr, d->body.len, e);
}

static bool part_wanted(void *ctx, const struct assay_part *p)
{
    return assay_targets_part(ctx, p->segment);
}

static enum assay_status read_side(struct diff *d, enum assay_side_id side, const uint8_t *secret, struct assay_err *e)
{
    const struct assay_diff_job *j = d->job;
    struct assay_locator loc = assay_plan_locator(j->plan, j->set, side);
    struct assay_lane_spec spec = {j->set, side, &d->cuts, secret, take_row, d, true, false};
    struct assay_reader *r = NULL;
    struct assay_part_result *result = NULL;
    struct assay_lane *lane = NULL;
    const struct assay_part *part;
    size_t n = 0;
    d->side = (int)side;
    assay_choice_ask(&d->choice, &loc);
    enum assay_status s = assay_reader_open(&loc, &r, e);
    if (s == ASSAY_ENOTFOUND && side == ASSAY_ARCHIVE) { /* all of it is missing */
        assay_log(ASSAY_LOG_WARN, "%s", e->msg);
        assay_err_reset(e);
        d->out->broken_parts++;
        return ASSAY_OK;
    }
    if (s == ASSAY_OK)
        s = r->ops->parts(r, 1, &part, &n, e);
    if (s == ASSAY_OK && n && !(result = calloc(n, sizeof *result)))
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK && n) {
        struct assay_scan_job job = {.reader = r,
                                     .spec = &spec,
                                     .part = part,
                                     .n_parts = n,
                                     .jobs = 1,
                                     .filter = d->choice.filter,
                                     .range = d->choice.range,
                                     .n_ranges = d->choice.n_ranges,
                                     .wanted = part_wanted,
                                     .ctx = &d->target};
        s = assay_scan_parts(&job, result, &lane, e);
    }
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        if (!result[i].skipped && (result[i].status != ASSAY_OK || result[i].unplaced)) {
            d->out->broken_parts++;
            if (result[i].status != ASSAY_OK)
                assay_log(ASSAY_LOG_WARN, "%s", result[i].err.msg);
            else
                assay_log(ASSAY_LOG_WARN, "%s: %llu rows do not decode", result[i].part->name,
                          (unsigned long long)result[i].unplaced);
        }
    assay_targets_forget_cuts(&d->target);
    assay_lane_free(lane);
    free(result);
    if (r)
        r->ops->close(r);
    return s;
}

/* Rows of other segments than those of the chunks in question need not be read. */
static enum assay_status choose(struct diff *d, struct assay_err *e)
{
    const struct targets *t = &d->target;
    if (t->everything)
        return assay_choice_named(d->job->segments, d->job->n_segments, &d->router, &d->choice, e);
    return assay_choice_named((const char *const *)t->segment, t->n, &d->router, &d->choice, e);
}

static enum assay_status set_up(struct diff *d, uint8_t *secret, struct assay_err *e)
{
    const struct assay_dataset *set = d->job->set;
    const struct assay_blob_keys keys = {d->job->dataset_key, d->job->plan->keyring, d->job->plan->keys};
    char hash[65], info[64];
    enum assay_status s = assay_fast_secret(d->job->dataset_key, set->id, secret);
    snprintf(info, sizeof info, "assay/mask/1%s", set->id);
    if (s == ASSAY_OK)
        s = assay_hkdf(d->job->dataset_key, info, d->mask_key, sizeof d->mask_key);
    d->cell = calloc(set->n_cols + 1, sizeof *d->cell);
    d->text = calloc(2 * set->n_cols + 2, sizeof *d->text);
    d->key_type = calloc(set->n_key + 1, sizeof *d->key_type);
    if (s != ASSAY_OK || !d->cell || !d->text || !d->key_type)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < set->n_cols; i++)
        if (set->col[i].key_pos)
            d->key_type[set->col[i].key_pos - 1] = set->col[i].type;
    s = assay_cuts_now(d->job->ledger, set, &keys, hash, &d->router, &d->cuts, e);
    if (s == ASSAY_OK)
        s = assay_targets_load(d->job, &d->target, e);
    if (s == ASSAY_OK)
        s = choose(d, e);
    return s == ASSAY_OK ? assay_sorter_new(d->job->memory ? d->job->memory : 256u << 20, &d->sorter, e) : s;
}

static void release(struct diff *d)
{
    assay_diff_forget(d);
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < d->n_parts[i]; k++)
            free(d->part[i][k]);
        free(d->part[i]);
    }
    for (size_t i = 0; d->text && i < 2 * d->job->set->n_cols + 2; i++)
        assay_buf_release(&d->text[i]);
    free(d->text);
    free(d->cell);
    free(d->key_type);
    assay_buf_release(&d->key);
    assay_buf_release(&d->body);
    assay_buf_release(&d->group);
    assay_sorter_free(d->sorter);
    assay_targets_release(&d->target);
    assay_choice_release(&d->choice);
    assay_cutset_release(&d->cuts);
    free(d);
}

enum assay_status assay_diff(const struct assay_diff_job *j, struct assay_diff_result *out, struct assay_err *e)
{
    uint8_t secret[ASSAY_SECRET_LEN];
    struct diff *d = calloc(1, sizeof *d);
    *out = (struct assay_diff_result){0};
    if (!d)
        return assay_fail_nomem(e);
    d->job = j;
    d->out = out;
    d->deadline = j->max_seconds ? assay_clock_ms() + (int64_t)j->max_seconds * 1000 : 0;
    d->body.max = ASSAY_MAX_ROW + DIFF_HEAD;
    enum assay_status s = set_up(d, secret, e);
    out->chunks = (uint32_t)d->target.n;
    out->unverified = d->target.unverified && !d->target.everything;
    bool nothing = s == ASSAY_OK && !d->target.everything && d->target.n == 0;
    for (int side = 0; side < 2 && s == ASSAY_OK && !nothing; side++)
        s = read_side(d, (enum assay_side_id)side, secret, e);
    if (s == ASSAY_OK && !nothing)
        s = assay_diff_merge(d, in_time, e);
    release(d);
    return s;
}
