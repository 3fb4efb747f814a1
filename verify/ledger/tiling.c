#include "tiling.h"

#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "view.h"

#define MARK 16 /* bytes of a SHA-256: a run cannot aim at a collision within its own few chunks */

struct chunk {
    uint8_t segment[MARK], cut[MARK], lo[MARK], hi[MARK]; /* lo, hi: zero without a bound on that side */
    uint32_t ordinal;
    uint64_t leaf;
};

struct cut {
    uint8_t hash[MARK];
    uint64_t chunks;
};

struct tiling {
    struct assay_ledger *l;
    struct assay_buf chunks, cuts; /* arrays of the structs above */
    struct assay_err *e;
    enum assay_status status;
};

static void mark(const char *text, uint8_t out[MARK])
{
    uint8_t hash[32];
    if (!text)
        return;
    assay_sha256(text, strlen(text), hash);
    memcpy(out, hash, MARK);
}

static const char *either(const struct assay_stmt *s, const char *a, const char *b)
{
    const char *v = assay_stmt_get(s, a);
    return v ? v : assay_stmt_get(s, b);
}

static bool number(const char *text, uint64_t most, uint64_t *out)
{
    char *end = NULL;
    if (!text || *text < '0' || *text > '9')
        return false;
    *out = strtoull(text, &end, 10);
    return *end == '\0' && *out <= most;
}

static enum assay_status take_chunk(struct tiling *t, const struct assay_stmt *s, uint64_t leaf)
{
    struct chunk c = {.leaf = leaf};
    const char *segment = assay_stmt_get(s, "segment"), *cut = assay_stmt_get(s, "cut");
    uint64_t ordinal;
    if (!segment || !cut || !number(assay_stmt_get(s, "ordinal"), UINT32_MAX, &ordinal))
        return ASSAY_OK; /* of another format: nothing is said about tiling */
    c.ordinal = (uint32_t)ordinal;
    mark(segment, c.segment);
    mark(cut, c.cut);
    mark(either(s, "lo", "lo-tag"), c.lo);
    mark(either(s, "hi", "hi-tag"), c.hi);
    return assay_buf_add(&t->chunks, &c, sizeof c);
}

static enum assay_status take_cut(struct tiling *t, const struct assay_stmt *s)
{
    struct cut c = {0};
    const char *hash = assay_stmt_get(s, "cut");
    if (!hash || !number(assay_stmt_get(s, "chunks"), UINT32_MAX, &c.chunks))
        return ASSAY_OK;
    mark(hash, c.hash);
    return assay_buf_add(&t->cuts, &c, sizeof c);
}

static bool each(void *ctx, const struct assay_store_leaf *row)
{
    struct tiling *t = ctx;
    struct assay_stmt s = {0};
    t->status = assay_stmt_parse(row->note, row->note_len, &s, t->e);
    if (t->status == ASSAY_OK && strcmp(s.kind, "cut") == 0)
        t->status = take_cut(t, &s);
    else if (t->status == ASSAY_OK)
        t->status = take_chunk(t, &s, row->idx);
    assay_stmt_release(&s);
    return t->status == ASSAY_OK;
}

static enum assay_status collect(struct tiling *t, const struct assay_ledger_query *q)
{
    enum assay_status s = assay_view_select(t->l, q, each, t, t->e);
    if (s == ASSAY_OK)
        s = t->status;
    return s == ASSAY_ENOMEM || s == ASSAY_ELIMIT ? assay_fail(t->e, s, "too many chunks to see whether they tile") : s;
}

/* ---- judging ---- */

static int by_place(const void *a, const void *b)
{
    const struct chunk *x = a, *y = b;
    int c = memcmp(x->segment, y->segment, MARK);
    return c                          ? c
           : x->ordinal != y->ordinal ? (x->ordinal < y->ordinal ? -1 : 1)
                                      : (x->leaf > y->leaf) - (x->leaf < y->leaf);
}

static int by_hash(const void *a, const void *b)
{
    return memcmp(((const struct cut *)a)->hash, ((const struct cut *)b)->hash, MARK);
}

struct name {
    char segment[ASSAY_MAX_NAME + 1];
};

static bool read_name(void *ctx, const struct assay_store_leaf *row)
{
    struct name *n = ctx;
    struct assay_stmt s = {0};
    struct assay_err ignored;
    if (assay_stmt_parse(row->note, row->note_len, &s, &ignored) == ASSAY_OK) {
        const char *segment = assay_stmt_get(&s, "segment");
        memccpy(n->segment, segment ? segment : "?", '\0', sizeof n->segment - 1);
    }
    assay_stmt_release(&s);
    return false;
}

static enum assay_status refuse(struct tiling *t, const struct chunk *c, const char *why)
{
    struct name n = {0};
    enum assay_status s = t->l->store->leaves(t->l->db, c->leaf, read_name, &n, t->e);
    if (s != ASSAY_OK)
        return s;
    return assay_fail(t->e, ASSAY_ELEDGER, "a `run-end` statement is refused: segment %s, chunk %lu: %s", n.segment,
                      (unsigned long)c->ordinal, why);
}

/* The next chunk of the segment, or the first of the next one. */
static enum assay_status judge(struct tiling *t, const struct chunk *before, const struct chunk *c)
{
    static const uint8_t none[MARK];
    if (!before && c->ordinal)
        return refuse(t, c, "the chunks before it are missing");
    if (!before)
        return memcmp(c->lo, none, MARK) ? refuse(t, c, "the first one does not begin at the beginning") : ASSAY_OK;
    if (memcmp(before->cut, c->cut, MARK) != 0)
        return refuse(t, c, "it is of another cut than the one before it");
    if (before->ordinal == c->ordinal)
        return refuse(t, c, "it is stated twice");
    if (before->ordinal + 1 != c->ordinal)
        return refuse(t, c, "the one before it is missing");
    return memcmp(before->hi, c->lo, MARK) ? refuse(t, c, "it does not begin where the one before it ends") : ASSAY_OK;
}

static enum assay_status judge_last(struct tiling *t, const struct chunk *c)
{
    static const uint8_t none[MARK];
    const size_t n = t->cuts.len / sizeof(struct cut);
    struct cut key = {0};
    memcpy(key.hash, c->cut, MARK);
    const struct cut *cut = n ? bsearch(&key, t->cuts.ptr, n, sizeof key, by_hash) : NULL;
    if (memcmp(c->hi, none, MARK) != 0)
        return refuse(t, c, "the last one does not go on to the end");
    return cut && cut->chunks != c->ordinal + 1u ? refuse(t, c, "the chunks behind it are missing") : ASSAY_OK;
}

static enum assay_status judge_all(struct tiling *t)
{
    const size_t n = t->chunks.len / sizeof(struct chunk);
    struct chunk *c = (struct chunk *)(void *)t->chunks.ptr;
    enum assay_status s = ASSAY_OK;
    if (n)
        qsort(c, n, sizeof *c, by_place);
    if (t->cuts.len)
        qsort(t->cuts.ptr, t->cuts.len / sizeof(struct cut), sizeof(struct cut), by_hash);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        const bool first = i == 0 || memcmp(c[i - 1].segment, c[i].segment, MARK) != 0,
                   last = i + 1 == n || memcmp(c[i].segment, c[i + 1].segment, MARK) != 0;
        s = judge(t, first ? NULL : &c[i - 1], &c[i]);
        if (s == ASSAY_OK && last)
            s = judge_last(t, &c[i]);
    }
    return s;
}

static bool ended_well(const struct assay_head *end)
{
    struct assay_text key, value;
    for (const char *p = end->first; assay_stmt_line(&p, end->end, &key, &value);)
        if (assay_stmt_is(key, "status"))
            return assay_stmt_is(value, "ok");
    return false;
}

enum assay_status assay_tiling_check(struct assay_ledger *l, const struct assay_head *end, enum assay_role role,
                                     struct assay_err *e)
{
    struct tiling t = {.l = l, .e = e, .chunks = {.max = ASSAY_MAX_TILING}, .cuts = {.max = ASSAY_MAX_TILING}};
    struct assay_text field[ASSAY_INDEX_FIELDS];
    struct assay_buf room = {0};
    if (!ended_well(end))
        return ASSAY_OK;
    enum assay_status s = assay_leaf_index(end, role, &room, field);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    const char *run = field[ASSAY_INDEX_ROLE + ASSAY_HEAD_RUN].p, *set = field[ASSAY_INDEX_ROLE + ASSAY_HEAD_DATASET].p;
    struct assay_ledger_query chunks = {.kind = "chunk", .role = assay_role_name(role), .dataset = set, .run = run};
    const struct assay_ledger_query cuts = {.kind = "cut", .dataset = set}, starts = {.kind = "run-start",
                                                                                      .role = chunks.role,
                                                                                      .dataset = set,
                                                                                      .run = run,
                                                                                      .newest_first = true};
    if (run && set)
        s = assay_view_select(l, &starts, assay_view_number, &chunks.from, e);
    if (s == ASSAY_OK && run && set)
        s = collect(&t, &chunks);
    if (s == ASSAY_OK && t.chunks.len)
        s = collect(&t, &cuts);
    if (s == ASSAY_OK)
        s = judge_all(&t);
    assay_buf_release(&room);
    assay_buf_release(&t.chunks);
    assay_buf_release(&t.cuts);
    return s;
}
