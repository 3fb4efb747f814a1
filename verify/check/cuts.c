#include "cuts.h"

#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/note.h"
#include "attest.h"

struct loading {
    struct assay_ledger *ledger;
    const struct assay_dataset *set;
    const char *plan_hash;
    const struct assay_router *router;
    const struct assay_blob_keys *keys;
    struct assay_cutset *out;
    enum assay_status status;
    struct assay_err *err;
};

static enum assay_status load_one(struct loading *l, const struct assay_stmt *st)
{
    const char *plan = assay_stmt_get(st, "plan"), *name = assay_stmt_get(st, "segment"),
               *cut = assay_stmt_get(st, "cut");
    uint8_t hash[32];
    assay_segment seg;
    if (!plan || !name || !cut)
        return assay_fail(l->err, ASSAY_ELEDGER, "a cut leaf without plan, segment or cut");
    if (strncmp(plan, "sha256:", 7) == 0)
        plan += 7;
    if (strcmp(plan, l->plan_hash) != 0)
        return ASSAY_OK;
    if (!assay_sha256_parse(cut, hash))
        return assay_fail(l->err, ASSAY_ELEDGER, "the cut leaf of segment %s cites no blob", name);
    if (!assay_segment_find(l->router, name, &seg))
        return assay_fail(l->err, ASSAY_ELEDGER, "the cut leaf of segment %s does not fit the window", name);
    struct assay_buf text = {0};
    struct assay_cut c = {0};
    enum assay_status s = assay_ledger_blob(l->ledger, hash, &text, l->err);
    if (s == ASSAY_OK && l->set->keys_sealed)
        s = assay_cut_unseal(l->set->id, name, l->keys, &text, l->err);
    if (s == ASSAY_OK)
        s = assay_cut_parse((const char *)text.ptr, text.len, l->set->id, seg, name, &c, l->err);
    memcpy(c.hash, hash, sizeof c.hash); /* of what the ledger has, sealed or not */
    struct assay_cut *old = (struct assay_cut *)assay_cutset_find(l->out, seg);
    if (s == ASSAY_OK && old) { /* of an older generation */
        assay_cut_release(old);
        *old = c;
    } else if (s == ASSAY_OK && (s = assay_cutset_add(l->out, &c, l->err)) != ASSAY_OK) {
        assay_cut_release(&c);
    }
    assay_buf_release(&text);
    return s;
}

static bool load_leaf(void *ctx, const struct assay_leaf *leaf)
{
    struct loading *l = ctx;
    struct assay_stmt st = {0};
    l->status = assay_stmt_parse(leaf->note, leaf->note_len, &st, l->err);
    if (l->status == ASSAY_OK)
        l->status = load_one(l, &st);
    assay_stmt_release(&st);
    return l->status == ASSAY_OK;
}

enum assay_status assay_cuts_open(struct assay_ledger *ledger, const struct assay_dataset *d, const char *plan_hash,
                                  const struct assay_router *r, const struct assay_blob_keys *keys,
                                  struct assay_cutset *out, struct assay_err *e)
{
    struct loading l = {ledger, d, plan_hash, r, keys, out, ASSAY_OK, e};
    struct assay_ledger_query q = {.kind = "cut", .dataset = d->id}; /* oldest first: that is rising order, mostly */
    enum assay_status s = assay_ledger_each(ledger, &q, load_leaf, &l, e);
    return s == ASSAY_OK ? l.status : s;
}

enum assay_status assay_cuts_now(struct assay_ledger *ledger, const struct assay_dataset *d,
                                 const struct assay_blob_keys *keys, char plan_hash[65], struct assay_router *r,
                                 struct assay_cutset *out, struct assay_err *e)
{
    enum assay_status s = assay_plan_hash(d, plan_hash, NULL, e);
    if (s == ASSAY_OK)
        s = assay_router_of(r, d, e);
    return s == ASSAY_OK ? assay_cuts_open(ledger, d, plan_hash, r, keys, out, e) : s;
}

/* ---- making ---- */

#define SAMPLES_A_CHUNK 128
#define MAX_SAMPLES 400000u
#define MAX_BOUND 1024 /* bytes of a key that may become a bound: a leaf carries two, in hex and readable */

struct pick { /* one sampled row */
    assay_segment segment;
    uint32_t off, len; /* its key bytes */
};

/* Keeps rows whose hash has `level` leading zero bits; a full sample raises the level. Deterministic for a key. */
struct sample {
    struct pick *pick;
    size_t n;
    struct assay_buf keys;
    unsigned level;
    uint64_t seen;
};

static bool kept(const uint8_t *key, size_t len, unsigned level)
{
    uint8_t h[32];
    assay_sha256(key, len, h);
    return level < 64 && assay_get_be64(h) >> (64 - level) == 0;
}

static void thin(struct sample *s)
{
    size_t to = 0;
    struct assay_buf keys = {.max = s->keys.max};
    s->level++;
    for (size_t i = 0; i < s->n; i++) {
        const uint8_t *k = s->keys.ptr + s->pick[i].off;
        if (!kept(k, s->pick[i].len, s->level))
            continue;
        struct pick p = s->pick[i];
        uint32_t off = (uint32_t)keys.len;
        if (assay_buf_add(&keys, k, p.len) != ASSAY_OK)
            break; /* a smaller sample is still a sample */
        p.off = off;
        s->pick[to++] = p;
    }
    s->n = to;
    assay_buf_release(&s->keys);
    s->keys = keys;
}

static enum assay_status sample_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct sample *s = ctx;
    uint8_t ordinal[8];
    const uint8_t *key = row->key;
    size_t len = row->key_len;
    assay_put_be64(ordinal, ++s->seen);
    if (len == 0) { /* no key: rows are told apart by their ordinal, and the cut will be by hash */
        key = ordinal;
        len = sizeof ordinal;
    }
    if (s->level && !kept(key, len, s->level))
        return ASSAY_OK;
    if (s->n == MAX_SAMPLES || s->keys.len > s->keys.max / 2)
        thin(s);
    if (s->n == MAX_SAMPLES)
        return ASSAY_OK;
    enum assay_status st = assay_buf_reserve(&s->keys, len);
    if (st == ASSAY_ELIMIT)
        return ASSAY_OK;
    if (st != ASSAY_OK)
        return assay_fail_nomem(e);
    s->pick[s->n++] = (struct pick){row->cut->segment, (uint32_t)s->keys.len, (uint32_t)len};
    return assay_buf_add(&s->keys, key, len);
}

/* glibc's qsort_r: keys are compared where they lie. */
static int by_segment_and_key(const void *a, const void *b, void *keys)
{
    const struct pick *x = a, *y = b;
    const uint8_t *k = keys;
    if (x->segment != y->segment)
        return x->segment < y->segment ? -1 : 1;
    uint32_t n = x->len < y->len ? x->len : y->len;
    int c = n ? memcmp(k + x->off, k + y->off, n) : 0;
    return c ? c : x->len < y->len ? -1 : x->len > y->len;
}

static enum assay_status cut_segment(const struct assay_check *c, const struct assay_router *router, bool by_range,
                                     const struct sample *s, size_t from, size_t to, double scale,
                                     struct assay_cutset *set, struct assay_err *e)
{
    double rows = (double)(to - from) * scale, want = rows / c->set->chunk_rows;
    uint32_t chunks = want < 1.5 ? 1 : want > ASSAY_MAX_CHUNKS ? ASSAY_MAX_CHUNKS : (uint32_t)(want + 0.5);
    struct assay_bound *bound = NULL;
    struct assay_buf name = {0};
    struct assay_cut cut = {0};
    uint32_t n = 0;
    enum assay_status st = ASSAY_ENOMEM;
    enum assay_cut_method m = chunks == 1 ? ASSAY_CUT_SINGLE : by_range ? ASSAY_CUT_RANGE : ASSAY_CUT_HASH;
    if (m == ASSAY_CUT_HASH)
        for (n = 1; n < chunks; n *= 2)
            ;
    if (m == ASSAY_CUT_RANGE && !(bound = calloc(chunks, sizeof *bound)))
        goto done;
    for (uint32_t i = 1; m == ASSAY_CUT_RANGE && i < chunks; i++) {
        const struct pick *p = &s->pick[from + (size_t)((double)(to - from) * i / chunks)];
        const uint8_t *k = s->keys.ptr + p->off;
        if (p->len > MAX_BOUND)
            continue;
        if (n && bound[n - 1].len == p->len && memcmp(bound[n - 1].p, k, p->len) == 0)
            continue;
        bound[n++] = (struct assay_bound){k, p->len};
    }
    if (m == ASSAY_CUT_RANGE)
        n++;
    if (m == ASSAY_CUT_SINGLE || n == 1) {
        m = ASSAY_CUT_SINGLE;
        n = 1;
    }
    if (assay_segment_name(router, s->pick[from].segment, &name) != ASSAY_OK || !assay_buf_str(&name))
        goto done;
    st = assay_cut_make(c->set->id, s->pick[from].segment, (char *)name.ptr, m, n, bound, &cut, e);
    if (st == ASSAY_OK && (st = assay_cutset_add(set, &cut, e)) != ASSAY_OK)
        assay_cut_release(&cut);
done:
    if (st == ASSAY_ENOMEM)
        assay_fail_nomem(e);
    free(bound);
    assay_buf_release(&name);
    return st;
}

/* The dataset reduced to its window and key columns: the narrowest scan that can route a row. */
static enum assay_status narrow(const struct assay_dataset *d, struct assay_dataset *out, struct assay_err *e)
{
    *out = *d;
    out->n_cols = 0;
    if (!(out->col = calloc(d->n_cols ? d->n_cols : 1, sizeof *out->col)))
        return assay_fail_nomem(e);
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].key_pos || (d->window.column && strcmp(d->col[i].name, d->window.column) == 0) ||
            (d->as_of.column && strcmp(d->col[i].name, d->as_of.column) == 0))
            out->col[out->n_cols++] = d->col[i];
    if (out->n_cols == 0 && d->n_cols) /* no key, no window: any column counts the rows */
        out->col[out->n_cols++] = d->col[0];
    return ASSAY_OK;
}

static bool key_by_range(const struct assay_dataset *d)
{
    for (size_t i = 0; i < d->n_cols; i++) {
        const struct assay_plan_column *c = &d->col[i];
        if (c->key_pos && (c->n_rules[0] || c->n_rules[1] || !assay_type_of(c->type)->ordered))
            return false;
    }
    return d->n_key > 0;
}

/* One narrow connection is enough; parts that cannot be read are met again, and reported, in the real scan. */
static enum assay_status draw(const struct assay_check *c, struct assay_reader *r, const uint8_t *secret, uint64_t rows,
                              struct sample *s, struct assay_lane **lane, struct assay_err *e)
{
    struct assay_dataset narrow_set;
    struct assay_cutset none = {0};
    const struct assay_part *part = NULL;
    size_t n_parts = 0;
    enum assay_status st = narrow(c->set, &narrow_set, e);
    if (st != ASSAY_OK)
        return st;
    struct assay_lane_spec spec = {&narrow_set, c->side, &none, secret, sample_row, s, false, false};
    const char *column[ASSAY_MAX_COLUMNS];
    enum assay_logical type[ASSAY_MAX_COLUMNS];
    const size_t n_columns = assay_dataset_natives(&narrow_set, c->side, column, type);
    uint64_t want = rows / c->set->chunk_rows * SAMPLES_A_CHUNK + 10000;
    struct assay_scan_opts o = {
        .columns = column, .n_columns = n_columns, .types = type, .sample = true, .sample_rows = want};
    st = assay_lane_new(&spec, lane, e);
    if (st == ASSAY_OK)
        st = r->ops->parts(r, 1, &part, &n_parts, e);
    for (size_t i = 0; i < n_parts && st == ASSAY_OK; i++) {
        struct assay_scan *scan = NULL;
        struct assay_batch b = {0};
        struct assay_err local = {0}, *pe = part[i].object ? &local : e;
        st = assay_lane_part(*lane, &part[i], pe);
        if (st == ASSAY_OK)
            st = r->ops->scan(r, i, &o, &scan, pe);
        while (st == ASSAY_OK && (st = r->ops->next(scan, &b, pe)) == ASSAY_OK && b.rows)
            st = assay_lane_batch(*lane, &b, pe);
        r->ops->scan_free(scan);
        if (part[i].object && st != ASSAY_ENOMEM && st != ASSAY_EINTR)
            st = ASSAY_OK;
    }
    free(narrow_set.col);
    return st;
}

/* A source without rows has a segment all the same: it can be compared with an archive that has some. */
static enum assay_status cut_nothing(const struct assay_check *c, const struct assay_router *router,
                                     struct assay_cutset *set, struct assay_err *e)
{
    struct assay_cut cut = {0};
    struct assay_buf name = {0};
    assay_segment segment = router->every == ASSAY_EVERY_NONE ? ASSAY_SEG_ALL : ASSAY_SEG_NULL;
    enum assay_status s = ASSAY_ENOMEM;
    if (assay_segment_name(router, segment, &name) == ASSAY_OK && assay_buf_str(&name))
        s = assay_cut_make(c->set->id, segment, (char *)name.ptr, ASSAY_CUT_SINGLE, 1, NULL, &cut, e);
    else
        assay_fail_nomem(e);
    if (s == ASSAY_OK && (s = assay_cutset_add(set, &cut, e)) != ASSAY_OK)
        assay_cut_release(&cut);
    assay_buf_release(&name);
    return s;
}

enum assay_status assay_cuts_make(const struct assay_check *c, struct assay_reader *r, const uint8_t *secret,
                                  uint64_t rows, struct assay_cutset *set, struct assay_err *e)
{
    struct sample s = {.keys.max = 128u << 20};
    struct assay_lane *lane = NULL;
    bool by_range = key_by_range(c->set), file_set;
    if (!(s.pick = calloc(MAX_SAMPLES, sizeof *s.pick)))
        return assay_fail_nomem(e);
    enum assay_status st = draw(c, r, secret, rows, &s, &lane, e);
    double per_pick = s.n ? (double)(rows > s.seen ? rows : s.seen) / (double)s.n : 1;
    file_set = st == ASSAY_OK && assay_lane_router(lane)->every == ASSAY_EVERY_NONE &&
               strstr(c->set->side[c->side].uri, "{segment}");
    if (st == ASSAY_OK && s.n && !file_set) {
        qsort_r(s.pick, s.n, sizeof *s.pick, by_segment_and_key, s.keys.ptr);
        for (size_t from = 0, to; from < s.n && st == ASSAY_OK; from = to) {
            for (to = from + 1; to < s.n && s.pick[to].segment == s.pick[from].segment;)
                to++;
            if (!assay_cutset_find(set, s.pick[from].segment))
                st = cut_segment(c, assay_lane_router(lane), by_range, &s, from, to, per_pick, set, e);
        }
    }
    if (st == ASSAY_OK && set->n == 0 && !file_set)
        st = cut_nothing(c, assay_lane_router(lane), set, e);
    for (size_t i = 0; i < set->n && st == ASSAY_OK; i++)
        st = assay_cut_name(c, &set->cut[i], e);
    assay_lane_free(lane);
    assay_buf_release(&s.keys);
    free(s.pick);
    return st;
}

/* ---- attesting ---- */

enum assay_status assay_cut_attest(const struct assay_check *c, const char *plan_hash, const struct assay_cut *cut,
                                   const struct assay_router *router, struct assay_err *e)
{
    struct assay_buf text = {0}, lo = {0}, hi = {0};
    uint8_t hash[32];
    bool has = false;
    enum assay_status s = assay_cut_blob(c, cut, &text, e);
    if (s == ASSAY_OK)
        s = assay_segment_bounds(router, cut->segment, &has, &lo, &hi);
    if (s == ASSAY_OK)
        s = assay_sink_blob(c->sink, text.ptr, text.len, hash, e);
    if (s == ASSAY_OK) {
        struct assay_writer w;
        assay_attest_begin(&w, c, "cut", plan_hash);
        assay_writer_add(&w, "segment", cut->name);
        assay_writer_hex(&w, "cut", "sha256:", cut->hash, 32);
        assay_writer_add(&w, "method", assay_cut_method_name(cut->method));
        assay_writer_addf(&w, "chunks", "%u", cut->chunks);
        assay_writer_add(&w, "lo", has ? assay_buf_str(&lo) : NULL);
        assay_writer_add(&w, "hi", has ? assay_buf_str(&hi) : NULL);
        s = assay_writer_send(&w, c->sink, e);
    }
    assay_buf_release(&text);
    assay_buf_release(&lo);
    assay_buf_release(&hi);
    return s == ASSAY_OK ? s : assay_fail(e, s, "segment %s: cannot state its cut", cut->name);
}
