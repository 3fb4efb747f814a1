/* Checking everything. One walk over the leaves; signatures, which cost fifty times all else, are queued and checked
 * by a few threads. The first broken leaf is named, whichever check finds it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/base64.h"
#include "assay/clock.h"
#include "assay/digest.h"
#include "key.h"
#include "run_end.h"
#include "view.h"

#define QUEUE 8192 /* notes whose signatures wait: enough that the wait for the last of them does not show */
#define QUEUE_BYTES (8u << 20) /* and their bytes */
#define THREADS 8
#define AT_ONCE 8 /* notes that a thread takes from the queue */
#define ALONE 64 /* so few are not worth a thread */
#define SEEN 1024

struct pending {
    size_t at, len; /* in queue.bytes */
    uint64_t number;
    enum assay_role role; /* ASSAY_ROLE_LEDGER: a checkpoint of size `number`; else leaf `number` */
};

struct pass {
    struct assay_ledger *l;
    struct pending queue[QUEUE];
    size_t queued;
    struct assay_buf bytes;
    struct assay_view *view; /* the ledger's while this lasts, and after it when all is well */
    struct assay_store_checkpoint next; /* the first checkpoint that is not checked yet */
    bool at_checkpoint; /* there is one */
    uint8_t own[ASSAY_ROLE_COUNT][32]; /* the last leaf of each role */
    struct assay_err *e; /* of the walk */
    enum assay_status status;
    uint64_t n_checkpoints;
    int64_t signature_ns;
    uint64_t covered; /* size of the last checkpoint that matched */
    uint8_t tile[8][256][32]; /* hashes of the last unfinished tile of every level */
    uint8_t seen[SEEN][32]; /* cited blobs known to be there */
    bool seen_set[SEEN];
};

/* ---- signatures ---- */

struct round { /* the queue, given out a few notes at a time: no thread waits for another's half */
    const struct pass *p;
    atomic_size_t next;
};

struct worker {
    struct round *round;
    size_t bad; /* the first that was wrong, SIZE_MAX for none */
    struct assay_err why;
};

static enum assay_status check_one(const struct pass *p, const struct pending *q, struct assay_err *why)
{
    const char *note = (const char *)p->bytes.ptr + q->at;
    if (q->role == ASSAY_ROLE_LEDGER)
        return assay_checkpoint_signed(&p->l->ring, q->number, q->number, note, q->len, why);
    return assay_leaf_signed(&p->l->ring, q->role, q->number, note, q->len, why);
}

/* Notes are given out in order, so that the lowest `bad` of all workers is the first wrong one of the queue. */
static void *check_some(void *arg)
{
    struct worker *w = arg;
    const struct pass *p = w->round->p;
    for (size_t from; (from = atomic_fetch_add(&w->round->next, AT_ONCE)) < p->queued;) {
        for (size_t i = from; i < p->queued && i < from + AT_ONCE; i++) {
            const struct pending *q = &p->queue[i];
            if (check_one(p, q, &w->why) == ASSAY_OK)
                continue;
            w->bad = i;
            return NULL;
        }
    }
    return NULL;
}

static enum assay_status named(const struct pending *q, const struct assay_err *why, struct assay_err *e)
{
    if (why->code != ASSAY_ELEDGER)
        return assay_fail(e, why->code, "%s", why->msg);
    return assay_fail(e, why->code, "%s %llu: %s", q->role == ASSAY_ROLE_LEDGER ? "checkpoint of size" : "leaf",
                      (unsigned long long)q->number, why->msg);
}

static size_t thread_count(size_t notes)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t n = cores < 1 ? 1 : cores > THREADS ? THREADS : (size_t)cores;
    return notes < ALONE ? 1 : n;
}

/* Check the queue; the first wrong one is reported. */
static enum assay_status flush(struct pass *p, struct assay_err *e)
{
    struct round round = {.p = p};
    struct worker worker[THREADS] = {{0}}, *first = &worker[0];
    pthread_t thread[THREADS];
    bool started[THREADS] = {false};
    const size_t n = thread_count(p->queued);
    const int64_t began = assay_clock_ns();
    for (size_t i = 0; i < n; i++) {
        worker[i] = (struct worker){.round = &round, .bad = SIZE_MAX};
        started[i] = i && pthread_create(&thread[i], NULL, check_some, &worker[i]) == 0;
    }
    check_some(&worker[0]);
    for (size_t i = 0; i < n; i++) {
        if (started[i])
            pthread_join(thread[i], NULL);
        if (worker[i].bad < first->bad)
            first = &worker[i];
    }
    enum assay_status s = first->bad == SIZE_MAX ? ASSAY_OK : named(&p->queue[first->bad], &first->why, e);
    p->signature_ns += assay_clock_ns() - began;
    p->queued = 0;
    assay_buf_reset(&p->bytes);
    return s;
}

static enum assay_status enqueue(struct pass *p, enum assay_role role, uint64_t number, const void *note, size_t len,
                                 struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    if (p->queued == QUEUE || p->bytes.len + len > QUEUE_BYTES)
        s = flush(p, e);
    if (s != ASSAY_OK)
        return s;
    p->queue[p->queued] = (struct pending){p->bytes.len, len, number, role};
    if (assay_buf_add(&p->bytes, note, len) != ASSAY_OK)
        return assay_fail_nomem(e);
    p->queued++;
    return ASSAY_OK;
}

/* ---- one leaf ---- */

static enum assay_status check_cited(struct pass *p, uint64_t idx, const struct assay_head *h, struct assay_err *e)
{
    struct assay_text key, value;
    uint8_t hash[32];
    char hex[65];
    bool found;
    for (const char *at = h->first; assay_stmt_line(&at, h->end, &key, &value);) {
        if (!assay_stmt_cites(key, value, hash))
            continue;
        size_t slot = ((size_t)hash[0] << 8 | hash[1]) % SEEN;
        if (p->seen_set[slot] && memcmp(p->seen[slot], hash, 32) == 0)
            continue;
        enum assay_status s = p->l->store->has_blob(p->l->db, hash, &found, e);
        if (s != ASSAY_OK)
            return s;
        assay_hex(hash, 32, hex);
        if (!found)
            return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: blob sha256:%s is missing", (unsigned long long)idx, hex);
        memcpy(p->seen[slot], hash, 32);
        p->seen_set[slot] = true;
    }
    return ASSAY_OK;
}

/* Recompute every tile as it fills, by the recursive definition, and compare with the stored node. */
static enum assay_status check_tiles(struct pass *p, uint64_t idx, const uint8_t hash[32], struct assay_err *e)
{
    uint8_t node[32], stored[32];
    memcpy(node, hash, 32);
    for (unsigned level = 0; level < 8; level++) {
        memcpy(p->tile[level][idx % 256], node, 32);
        if (idx % 256 != 255 || level == 7)
            break;
        idx /= 256;
        assay_merkle_root_of((const uint8_t(*)[32])p->tile[level], 256, node);
        enum assay_status s = assay_tree_node(p->l, level + 1, idx, stored, e);
        if (s != ASSAY_OK)
            return s;
        if (memcmp(node, stored, 32) != 0)
            return assay_fail(e, ASSAY_ELEDGER, "tile node %u/%llu: differs from its leaves", level + 1,
                              (unsigned long long)idx);
    }
    return ASSAY_OK;
}

struct signer {
    const char *name;
    bool same;
};

static bool signed_by(void *ctx, const struct assay_store_leaf *row)
{
    struct signer *x = ctx;
    const struct assay_text *role = &row->index[ASSAY_INDEX_ROLE];
    x->same = role->p && role->n == strlen(x->name) && memcmp(role->p, x->name, role->n) == 0;
    return false;
}

/* The chain of each role: what it stated before is there. Mostly that is its last leaf; statements that came by spool
 * begin chains of their own, so that it may be an earlier one. */
static enum assay_status check_prev_own(struct pass *p, uint64_t idx, const struct assay_head *h, enum assay_role role,
                                        const uint8_t hash[32], struct assay_err *e)
{
    uint8_t want[32];
    struct signer x = {assay_role_name(role), false};
    bool found;
    uint64_t at;
    enum assay_status s = ASSAY_OK;
    int has = assay_stmt_prev_own(h, want);
    if (has > 0 && memcmp(want, p->own[role], 32) != 0) {
        if ((s = assay_view_find(p->view, want, &found, &at, e)) != ASSAY_OK)
            return s;
        if (found && at < idx)
            s = p->l->store->leaves(p->l->db, at, signed_by, &x, e);
        if (s == ASSAY_OK && !x.same)
            s = assay_fail(e, ASSAY_ELEDGER, "leaf %llu: what role %s stated before it is not in the ledger before it",
                           (unsigned long long)idx, x.name);
    }
    memcpy(p->own[role], hash, 32);
    if (has < 0)
        s = assay_fail(e, ASSAY_ELEDGER, "leaf %llu: its prev-own is not one hash", (unsigned long long)idx);
    return s;
}

static enum assay_status check_key(const struct pass *p, uint64_t idx, const struct assay_head *h, struct assay_err *e)
{
    if (!assay_stmt_is(h->kind, "key") || assay_ring_knows(&p->l->ring, idx))
        return ASSAY_OK;
    return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: leaf_index does not lead to this `key` statement",
                      (unsigned long long)idx);
}

static enum assay_status check_run_end(struct pass *p, uint64_t idx, const struct assay_head *h, enum assay_role role,
                                       struct assay_err *e)
{
    struct assay_err why = {0};
    if (!assay_stmt_is(h->kind, "run-end"))
        return ASSAY_OK;
    enum assay_status s = assay_run_end_check(p->l, h, role, &why);
    return s == ASSAY_OK        ? s
           : s == ASSAY_ELEDGER ? assay_fail(e, s, "leaf %llu: %s", (unsigned long long)idx, why.msg)
                                : assay_fail(e, s, "%s", why.msg);
}

static enum assay_status check_leaf(struct pass *p, const struct assay_store_leaf *row, struct assay_err *e)
{
    struct assay_head h;
    enum assay_role role;
    uint8_t hash[32];
    const uint64_t idx = p->view->tree.size;
    enum assay_status s = assay_view_read(p->view, row, &h, &role, hash, e);
    if (s != ASSAY_OK || (s = enqueue(p, role, idx, row->note, row->note_len, e)) != ASSAY_OK ||
        (s = check_cited(p, idx, &h, e)) != ASSAY_OK || (s = check_key(p, idx, &h, e)) != ASSAY_OK ||
        (s = check_prev_own(p, idx, &h, role, hash, e)) != ASSAY_OK ||
        (s = check_run_end(p, idx, &h, role, e)) != ASSAY_OK || (s = check_tiles(p, idx, hash, e)) != ASSAY_OK)
        return s;
    return assay_view_take(p->view, row, &h, role, hash, e);
}

/* ---- checkpoints, in step with the leaves ---- */

static enum assay_status next_checkpoint(struct pass *p, uint64_t from, struct assay_err *e)
{
    return p->l->store->checkpoint(p->l->db, from, &p->next, &p->at_checkpoint, e);
}

static enum assay_status check_checkpoint(struct pass *p, struct assay_err *e)
{
    struct assay_head_of_log head;
    uint8_t root[32];
    unsigned long long size = p->view->tree.size;
    if (!p->at_checkpoint || p->next.size != p->view->tree.size)
        return ASSAY_OK;
    const char *note = (const char *)p->next.note.ptr;
    size_t len = p->next.note.len, n = 32 * (size_t)__builtin_popcountll(p->view->tree.size);
    const char *wrong =
        len > ASSAY_MAX_LEAF ? "not a signed note" : assay_checkpoint_read(note, len, p->l->origin, &head);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: %s", size, wrong);
    if (head.size != p->view->tree.size)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: its note is for %llu leaves", size,
                          (unsigned long long)head.size);
    enum assay_status s = enqueue(p, ASSAY_ROLE_LEDGER, p->view->tree.size, note, len, e);
    if (s != ASSAY_OK)
        return s;
    assay_merkle_root(&p->view->tree, root);
    if (memcmp(root, head.root, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: root differs", size);
    if (p->next.frontier.len != n || memcmp(p->next.frontier.ptr, p->view->tree.stack, n) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: frontier differs", size);
    p->n_checkpoints++;
    p->covered = p->view->tree.size;
    return next_checkpoint(p, p->view->tree.size + 1, e);
}

static enum assay_status check_end(struct pass *p, struct assay_err *e)
{
    unsigned long long n = p->view->tree.size;
    if (p->at_checkpoint)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint of size %llu: the database has %llu leaves",
                          (unsigned long long)p->next.size, n);
    if (p->covered != p->view->tree.size)
        return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: no checkpoint covers it", (unsigned long long)p->covered);
    return ASSAY_OK;
}

static bool walk_leaf(void *ctx, const struct assay_store_leaf *row)
{
    struct pass *p = ctx;
    if ((p->status = check_leaf(p, row, p->e)) == ASSAY_OK)
        p->status = check_checkpoint(p, p->e);
    return p->status == ASSAY_OK;
}

static enum assay_status walk(struct pass *p, struct assay_err *e)
{
    p->e = e;
    enum assay_status s = next_checkpoint(p, 0, e);
    if (s == ASSAY_OK)
        s = p->l->store->leaves(p->l->db, 0, walk_leaf, p, e);
    if (s == ASSAY_OK)
        s = p->status;
    return s == ASSAY_OK ? check_end(p, e) : s;
}

/* ---- the rest of the storage ---- */

struct blobs {
    struct assay_ledger *l;
    struct assay_sha256 *h;
    uint64_t n;
    struct assay_err *e;
    enum assay_status status;
};

static bool hash_part(void *ctx, const uint8_t *bytes, size_t n)
{
    assay_sha256_update(ctx, bytes, n);
    return true;
}

static bool check_blob(void *ctx, const uint8_t *name, size_t n)
{
    struct blobs *x = ctx;
    uint8_t hash[32], want[32];
    char hex[65];
    bool found;
    if (n != 32) {
        x->status = assay_fail(x->e, ASSAY_ELEDGER, "blob %llu: its name is not a SHA-256", (unsigned long long)x->n);
        return false;
    }
    memcpy(want, name, 32);
    assay_hex(want, 32, hex);
    x->status = x->l->store->blob(x->l->db, want, &found, hash_part, x->h, x->e);
    if (x->status != ASSAY_OK)
        return false;
    assay_sha256_final(x->h, hash);
    if (!found || memcmp(hash, want, 32) != 0)
        x->status = assay_fail(x->e, ASSAY_ELEDGER, "blob sha256:%s: its bytes do not hash to its name", hex);
    x->n++;
    return x->status == ASSAY_OK;
}

static enum assay_status check_blobs(struct assay_ledger *l, uint64_t *count, struct assay_err *e)
{
    struct blobs x = {.l = l, .h = assay_sha256_new(), .e = e};
    enum assay_status s = x.h ? l->store->blobs(l->db, check_blob, &x, e) : assay_fail_nomem(e);
    *count = x.n;
    assay_sha256_free(x.h);
    return s == ASSAY_OK ? x.status : s;
}

static enum assay_status check_counts(struct assay_ledger *l, uint64_t n, struct assay_err *e)
{
    uint64_t rows, nodes = 0;
    for (uint64_t k = n / 256; k; k /= 256)
        nodes += k;
    enum assay_status s = l->store->count(l->db, ASSAY_TABLE_LEAF_INDEX, &rows, e);
    if (s == ASSAY_OK && rows != n)
        s = assay_fail(e, ASSAY_ELEDGER, "leaf_index has %llu rows for %llu leaves", (unsigned long long)rows,
                       (unsigned long long)n);
    if (s == ASSAY_OK)
        s = l->store->count(l->db, ASSAY_TABLE_NODE, &rows, e);
    if (s == ASSAY_OK && rows != nodes)
        s = assay_fail(e, ASSAY_ELEDGER, "the node table has %llu rows, %llu leaves make %llu",
                       (unsigned long long)rows, (unsigned long long)n, (unsigned long long)nodes);
    return s;
}

/* The second path once more, over the whole: stored nodes and the last tile. */
static enum assay_status check_root(struct pass *p, struct assay_ledger_stats *out, struct assay_err *e)
{
    uint8_t one[32], two[32];
    assay_merkle_root(&p->view->tree, one);
    enum assay_status s = assay_tree_root(p->l, p->view->tree.size, two, e);
    if (s == ASSAY_OK && memcmp(one, two, 32) != 0)
        s = assay_fail(e, ASSAY_ELEDGER, "the two computations of the root at size %llu differ",
                       (unsigned long long)p->view->tree.size);
    out->leaves = p->view->tree.size;
    out->checkpoints = p->n_checkpoints;
    out->signature_ns = p->signature_ns;
    assay_b64_encode(one, 32, out->root);
    return s;
}

static enum assay_status check_published(struct pass *p, const struct assay_buf *note, struct assay_err *e)
{
    struct assay_head_of_log pub;
    bool found, behind;
    enum assay_status s = assay_published_judge(p->l, note, p->view->tree.size, &pub, &found, e);
    return s == ASSAY_OK ? assay_published_check(p->l, &pub, found, p->view->tree.size, &behind, e) : s;
}

static enum assay_status verify_all(struct pass *p, const struct assay_buf *published, struct assay_ledger_stats *out,
                                    struct assay_err *e)
{
    struct assay_err late = {0};
    enum assay_status s = walk(p, &late);
    /* Signatures that wait belong to leaves before the one that stopped the walk: theirs is the first fault. */
    enum assay_status sig = flush(p, e);
    if (sig != ASSAY_OK)
        return sig;
    if (s != ASSAY_OK)
        return assay_fail(e, s, "%s", late.msg);
    if ((s = check_root(p, out, e)) != ASSAY_OK || (s = check_counts(p->l, p->view->tree.size, e)) != ASSAY_OK ||
        (s = check_published(p, published, e)) != ASSAY_OK || (s = check_blobs(p->l, &out->blobs, e)) != ASSAY_OK)
        return s;
    return p->l->store->intact(p->l->db, e);
}

enum assay_status assay_ledger_verify(struct assay_ledger *l, struct assay_ledger_stats *out, struct assay_err *e)
{
    struct assay_buf published = {.max = 3 * ASSAY_MAX_LEAF};
    struct assay_err own = {0};
    e = e ? e : &own;
    memset(out, 0, sizeof *out);
    struct pass *p = calloc(1, sizeof *p);
    if (!p || !(p->view = assay_view_new())) {
        free(p);
        return assay_fail_nomem(e);
    }
    p->l = l;
    struct assay_view *before = l->view;
    l->view = p->view;
    const int64_t began = assay_clock_ns();
    /* The file first, then the snapshot: an appender commits before it publishes, so the database is never behind. */
    enum assay_status s = assay_published_load(l, &published, e);
    if (s == ASSAY_OK)
        s = l->store->begin(l->db, false, e);
    if (s == ASSAY_OK)
        s = assay_ring_follow_stored(l, e);
    if (s == ASSAY_OK)
        s = verify_all(p, &published, out, e);
    l->store->rollback(l->db);
    out->total_ns = assay_clock_ns() - began;
    assay_store_checkpoint_release(&p->next);
    l->view = s == ASSAY_OK ? p->view : before;
    assay_view_free(s == ASSAY_OK ? before : p->view);
    assay_buf_release(&p->bytes);
    assay_buf_release(&published);
    free(p);
    return s;
}
