#include "assay/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/check.h"
#include "assay/digest.h"
#include "assay/lane.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/reader.h"
#include "choice.h"
#include "sorter.h"
#include "targets.h"

#define HEAD (1 + 16 + 8 + 4) /* body: side, row hash, position, part; then the row bytes */
#define ROW_HEAD 10 /* row form[:8], u16 column count */
#define TICKS 4096 /* rows between two looks at the clock */
#define MAX_VERSIONS 256 /* different rows of one key that are told apart */

/* One row of a key, or several equal ones. */
struct version {
    int side;
    uint8_t hash[16];
    uint64_t times, pos;
    uint32_t part;
    uint8_t *row;
    size_t row_len;
    bool gone; /* cancelled by the other side */
};

struct diff {
    const struct assay_diff_job *job;
    struct targets target;
    struct assay_router router;
    struct choice choice;
    struct assay_cutset cuts;
    struct sorter *sorter;
    int side;
    char **part[2]; /* names, by the number kept in a record */
    size_t n_parts[2];
    struct assay_buf key, body; /* of the record being made */
    struct version v[MAX_VERSIONS];
    size_t n;
    struct assay_buf group; /* sort key of the versions in v */
    uint64_t count[2]; /* rows of the key by side */
    struct assay_diff_cell *cell;
    struct assay_buf *text; /* 2 a column */
    uint8_t mask_key[ASSAY_SECRET_LEN];
    enum assay_logical *key_type;
    struct assay_diff_result *out;
    time_t deadline; /* 0: none */
    uint64_t ticks;
};

const char *assay_diff_kind_name(enum assay_diff_kind k)
{
    static const char *const names[] = {"missing", "extra", "duplicate", "changed"};
    return names[k];
}

static time_t now(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Looks at the clock now and then. */
static enum assay_status in_time(struct diff *d, struct assay_err *e)
{
    if (!d->deadline || ++d->ticks % TICKS || now() < d->deadline)
        return ASSAY_OK;
    d->out->late = true;
    return assay_fail(e, ASSAY_EINTR, "not done within %u seconds", d->job->max_seconds);
}

/* ---- first half: rows of the chunks in question go to the sorter ---- */

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
    uint8_t head[HEAD], be[16];
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
    struct assay_lane_spec spec = {j->set, side, &d->cuts, secret, take_row, d, true};
    struct assay_reader *r = NULL;
    struct assay_part_result *result = NULL;
    struct assay_lane *lane = NULL;
    const struct assay_part *part;
    size_t n = 0;
    d->side = (int)side;
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

/* ---- second half: one key after the other ---- */

static void forget_group(struct diff *d)
{
    for (size_t i = 0; i < d->n; i++)
        free(d->v[i].row);
    d->n = 0;
    d->count[0] = d->count[1] = 0;
}

static enum assay_status add_version(struct diff *d, const struct sorter_record *r, struct assay_err *e)
{
    const uint8_t *b = r->body;
    int side = b[0] != 0;
    d->count[side]++;
    struct version *last = d->n ? &d->v[d->n - 1] : NULL;
    if (last && last->side == side && memcmp(last->hash, b + 1, 16) == 0) {
        last->times++;
        return ASSAY_OK;
    }
    if (d->n == MAX_VERSIONS)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d different rows have the same key", MAX_VERSIONS);
    struct version *v = &d->v[d->n];
    *v = (struct version){.side = side, .times = 1, .row_len = r->body_len - HEAD};
    memcpy(v->hash, b + 1, 16);
    v->pos = assay_get_be64(b + 17);
    v->part = assay_get_be32(b + 25);
    if (!(v->row = malloc(v->row_len ? v->row_len : 1)))
        return assay_fail_nomem(e);
    memcpy(v->row, b + HEAD, v->row_len);
    d->n++;
    return ASSAY_OK;
}

static size_t cell_len(const uint8_t *p, size_t n)
{
    if (n >= 5 && p[0] == '!') { /* a value that did not decode, see lane.c */
        size_t len = 5 + (size_t)assay_get_be32(p + 1);
        return len <= n ? len : 0;
    }
    return assay_cell_len(p, n);
}

/* The readable value of one cell; NULL stays NULL. */
static enum assay_status show_cell(struct diff *d, const uint8_t *p, size_t n, struct assay_buf *out, const char **text)
{
    bool is_null = false;
    enum assay_status s;
    uint8_t h[32];
    assay_buf_reset(out);
    *text = NULL;
    if (p[0] == '!')
        s = assay_buf_addf(out, "(%.*s)", (int)(n - 5), (const char *)p + 5);
    else
        s = assay_cell_show(p, n, &is_null, out);
    if (s == ASSAY_OK && d->job->mask && !is_null) {
        struct assay_buf both = {0};
        s = assay_buf_add(&both, d->mask_key, sizeof d->mask_key);
        if (s == ASSAY_OK)
            s = assay_buf_add(&both, p, n);
        assay_sha256(both.ptr, both.len, h);
        assay_buf_release(&both);
        assay_buf_reset(out);
        if (s == ASSAY_OK)
            s = assay_buf_adds(out, "#");
        if (s == ASSAY_OK)
            s = assay_buf_addhex(out, h, 6);
    }
    if (s == ASSAY_OK && !is_null)
        *text = assay_buf_str(out);
    return s;
}

/* Cells of one or two rows: those that differ, or all when there is only one. */
static enum assay_status fill_cells(struct diff *d, const struct version *s, const struct version *a, size_t *n_cells,
                                    struct assay_err *e)
{
    const struct version *v[2] = {s, a};
    size_t at[2] = {ROW_HEAD, ROW_HEAD}, n = 0;
    const struct assay_dataset *set = d->job->set;
    for (size_t c = 0; c < set->n_cols; c++) {
        size_t len[2] = {0, 0};
        const uint8_t *p[2] = {NULL, NULL};
        for (int i = 0; i < 2; i++)
            if (v[i]) {
                p[i] = v[i]->row + at[i];
                if (at[i] > v[i]->row_len || (len[i] = cell_len(p[i], v[i]->row_len - at[i])) == 0)
                    return assay_fail(e, ASSAY_EDATA, "column %s: a cell cannot be read back", set->col[c].name);
                at[i] += len[i];
            }
        if (s && a && len[0] == len[1] && memcmp(p[0], p[1], len[0]) == 0)
            continue;
        struct assay_diff_cell *cell = &d->cell[n];
        *cell = (struct assay_diff_cell){.column = set->col[c].name, .present = {s != NULL, a != NULL}};
        for (int i = 0; i < 2; i++)
            if (p[i] && show_cell(d, p[i], len[i], &d->text[2 * n + (size_t)i], &cell->value[i]) != ASSAY_OK)
                return assay_fail_nomem(e);
        n++;
    }
    *n_cells = n;
    return ASSAY_OK;
}

static enum assay_status show_key(struct diff *d, struct assay_buf *out)
{
    size_t name = d->group.ptr[28], at = 29 + name;
    uint8_t h[32];
    if (d->job->set->n_key == 0)
        return assay_buf_str(out) ? ASSAY_OK : ASSAY_ENOMEM;
    enum assay_status s;
    if (d->job->mask_keys) {
        assay_buf_reset(&d->key);
        s = assay_buf_add(&d->key, d->mask_key, sizeof d->mask_key);
        if (s == ASSAY_OK)
            s = assay_buf_add(&d->key, d->group.ptr + at, d->group.len - at);
        assay_sha256(d->key.ptr, d->key.len, h);
        if (s == ASSAY_OK)
            s = assay_buf_adds(out, "#");
        if (s == ASSAY_OK)
            s = assay_buf_addhex(out, h, 6);
    } else {
        s = assay_key_show(d->key_type, d->job->set->n_key, d->group.ptr + at, d->group.len - at, out);
    }
    return s == ASSAY_OK && assay_buf_str(out) ? ASSAY_OK : ASSAY_ENOMEM;
}

/* To those who look at rows themselves. */
static enum assay_status tell_pair(struct diff *d, enum assay_diff_kind kind, const struct version *s,
                                   const struct version *a, uint64_t times, struct assay_err *e)
{
    char chunk[33], segment[256];
    assay_hex(d->group.ptr + 12, 16, chunk);
    snprintf(segment, sizeof segment, "%.*s", (int)d->group.ptr[28], (const char *)d->group.ptr + 29);
    const struct assay_diff_pair pair = {.kind = kind,
                                         .segment = segment,
                                         .chunk = chunk,
                                         .row = {s ? s->row : NULL, a ? a->row : NULL},
                                         .row_len = {s ? s->row_len : 0, a ? a->row_len : 0},
                                         .times = times};
    return d->job->pair(d->job->ctx, &pair, e);
}

static enum assay_status tell(struct diff *d, enum assay_diff_kind kind, const struct version *s,
                              const struct version *a, uint64_t times, struct assay_err *e)
{
    struct assay_buf key = {0};
    char chunk[33], segment[256];
    const struct version *where = a ? a : s;
    struct assay_diff_row row = {.kind = kind, .segment = segment, .chunk = chunk, .cell = d->cell, .times = times};
    enum assay_status st = ASSAY_OK;
    d->out->rows[kind] += times;
    if (d->job->pair)
        return tell_pair(d, kind, s, a, times, e);
    assay_hex(d->group.ptr + 12, 16, chunk);
    snprintf(segment, sizeof segment, "%.*s", (int)d->group.ptr[28], (const char *)d->group.ptr + 29);
    if (kind == ASSAY_DIFF_CHANGED || d->job->set->n_key == 0)
        st = fill_cells(d, s, a, &row.n_cells, e);
    if (st == ASSAY_OK && show_key(d, &key) != ASSAY_OK)
        st = assay_fail_nomem(e);
    if (st == ASSAY_OK) {
        row.key = (char *)key.ptr;
        row.part = d->part[where->side][where->part];
        row.pos = where->pos;
        st = d->job->row(d->job->ctx, &row, e);
    }
    assay_buf_release(&key);
    return st;
}

/* Equal rows of both sides cancel, as many as there are on both. */
static enum assay_status cancel(struct diff *d, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < d->n; i++)
        for (size_t k = 0; k < d->n && d->v[i].side == 0 && d->v[i].times; k++) {
            struct version *s = &d->v[i], *a = &d->v[k];
            if (a->side != 1 || memcmp(s->hash, a->hash, 16) != 0)
                continue;
            uint64_t n = s->times < a->times ? s->times : a->times;
            s->times -= n;
            a->times -= n;
            if (d->job->pair && n && st == ASSAY_OK)
                st = tell_pair(d, ASSAY_DIFF_KINDS, s, a, n, e);
        }
    return st;
}

static struct version *next_left(struct diff *d, int side)
{
    for (size_t i = 0; i < d->n; i++)
        if (d->v[i].side == side && d->v[i].times)
            return &d->v[i];
    return NULL;
}

static enum assay_status settle_group(struct diff *d, struct assay_err *e)
{
    uint64_t total[2] = {d->count[0], d->count[1]};
    enum assay_status st = cancel(d, e);
    while (st == ASSAY_OK) {
        struct version *s = next_left(d, 0), *a = next_left(d, 1);
        if (!s && !a)
            break;
        uint64_t n = s && a ? (s->times < a->times ? s->times : a->times) : (s ? s : a)->times;
        enum assay_diff_kind kind = s && a                            ? ASSAY_DIFF_CHANGED
                                    : s                               ? ASSAY_DIFF_MISSING
                                    : total[0] && total[1] > total[0] ? ASSAY_DIFF_DUPLICATE
                                                                      : ASSAY_DIFF_EXTRA;
        st = tell(d, kind, s, a, n, e);
        if (s)
            s->times -= n;
        if (a)
            a->times -= n;
    }
    forget_group(d);
    return st;
}

static enum assay_status merge(struct diff *d, struct assay_err *e)
{
    struct sorter_record r;
    bool have;
    enum assay_status s = assay_sorter_finish(d->sorter, e);
    while (s == ASSAY_OK && (s = assay_sorter_next(d->sorter, &r, &have, e)) == ASSAY_OK && have) {
        if (assay_interrupted())
            return assay_fail(e, ASSAY_EINTR, "interrupted");
        if ((s = in_time(d, e)) != ASSAY_OK)
            break;
        bool same = d->n && d->group.len == r.key_len && memcmp(d->group.ptr, r.key, r.key_len) == 0;
        if (!same) {
            if ((s = settle_group(d, e)) != ASSAY_OK)
                break;
            assay_buf_reset(&d->group);
            if (assay_buf_add(&d->group, r.key, r.key_len) != ASSAY_OK)
                return assay_fail_nomem(e);
        }
        s = add_version(d, &r, e);
    }
    return s == ASSAY_OK ? settle_group(d, e) : s;
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
    enum assay_logical type = ASSAY_L_NONE;
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
    for (size_t i = 0; i < set->n_cols; i++) {
        if (set->col[i].key_pos)
            d->key_type[set->col[i].key_pos - 1] = set->col[i].type;
        if (set->window.column && strcmp(set->window.column, set->col[i].name) == 0)
            type = set->col[i].type;
    }
    s = assay_plan_hash(set, hash, NULL, e);
    if (s == ASSAY_OK)
        s = assay_router_init(&d->router, &set->window, type, e);
    if (s == ASSAY_OK)
        s = assay_cuts_load(d->job->ledger, set, hash, &d->router, &d->cuts, e);
    if (s == ASSAY_OK)
        s = assay_targets_load(d->job, &d->target, e);
    if (s == ASSAY_OK)
        s = choose(d, e);
    return s == ASSAY_OK ? assay_sorter_new(d->job->memory ? d->job->memory : 256u << 20, &d->sorter, e) : s;
}

static void release(struct diff *d)
{
    forget_group(d);
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
    d->deadline = j->max_seconds ? now() + (time_t)j->max_seconds : 0;
    d->body.max = ASSAY_MAX_ROW + HEAD;
    enum assay_status s = set_up(d, secret, e);
    out->chunks = (uint32_t)d->target.n;
    out->unverified = d->target.unverified && !d->target.everything;
    bool nothing = s == ASSAY_OK && !d->target.everything && d->target.n == 0;
    for (int side = 0; side < 2 && s == ASSAY_OK && !nothing; side++)
        s = read_side(d, (enum assay_side_id)side, secret, e);
    if (s == ASSAY_OK && !nothing)
        s = merge(d, e);
    release(d);
    return s;
}
