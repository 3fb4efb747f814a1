#include "assay/row_prove.h"

#include <stdlib.h>
#include <string.h>

#include "assay/anchor.h"
#include "assay/attested_source.h"
#include "assay/blob.h"
#include "assay/check.h"
#include "assay/digest.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/proof.h"
#include "assay/reader.h"
#include "assay/sealed.h"
#include "row_candidates.h"
#include "sealer.h"

struct proving {
    const struct assay_row_job *job;
    struct assay_check c; /* what a sealer wants to know */
    struct assay_cutset cuts;
    struct attested_source attested[2];
    struct candidates cand;
    struct assay_reader *reader;
    struct assay_part_result *result;
    size_t n_parts;
    struct assay_lane *lane;
    struct sealer *sealer;
    bool elsewhere; /* the key was seen where nothing is attested */
    uint8_t secret[ASSAY_SECRET_LEN];
};

static enum assay_status set_up(struct proving *p, struct assay_err *e)
{
    const struct assay_dataset *d = p->job->set;
    struct assay_router router;
    const struct assay_blob_keys keys = {p->job->dataset_key, p->job->plan->keyring, p->job->keys_dir};
    char hash[65];
    if (assay_fast_secret(p->job->dataset_key, d->id, p->secret) != ASSAY_OK)
        return assay_fail_nomem(e);
    enum assay_status s = assay_row_key(p->job, &p->cand.key, e);
    if (s == ASSAY_OK)
        s = assay_cuts_now(p->job->ledger, d, &keys, hash, &router, &p->cuts, e);
    for (int side = ASSAY_SOURCE; side <= ASSAY_ARCHIVE && s == ASSAY_OK; side++)
        s = assay_sealed_attested_load(p->job->ledger, d, (enum assay_side_id)side, hash, NULL, &p->cuts,
                                       &p->attested[side], e);
    if (s == ASSAY_OK)
        s = assay_candidates_make(p->job, &p->cuts, p->secret, &p->cand, e);
    return s == ASSAY_OK ? assay_sealer_new(&p->c, &p->sealer, e) : s;
}

/* ---- reading ---- */

static enum assay_status keep_row(struct candidate *c, const struct assay_lane_row *row, struct assay_err *e)
{
    if (c->n_rows == ASSAY_MAX_PROVED_ROWS)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d rows have this key", ASSAY_MAX_PROVED_ROWS);
    struct assay_buf *grown = reallocarray(c->row, c->n_rows + 1, sizeof *grown);
    if (!grown)
        return assay_fail_nomem(e);
    c->row = grown;
    c->row[c->n_rows] = (struct assay_buf){.max = ASSAY_MAX_ROW_PROOF / 4};
    enum assay_status s = assay_buf_add(&c->row[c->n_rows++], row->row, row->row_len);
    return s == ASSAY_OK ? s
                         : assay_fail(e, s, "the row takes more than the %u bytes that a proof may reveal",
                                      ASSAY_MAX_ROW_PROOF / 4);
}

static enum assay_status take_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct proving *p = ctx;
    uint8_t whole[32];
    const uint8_t *key = row->key;
    size_t len = row->key_len;
    if (p->job->set->n_key == 0) {
        assay_sealed_no_key(row->row, row->row_len, whole);
        key = whole;
        len = sizeof whole;
    }
    const bool is = len == p->cand.key.len && memcmp(key, p->cand.key.ptr, len) == 0;
    struct candidate *c = assay_candidates_find(&p->cand, row->cut, row->ordinal);
    if (!c) {
        p->elsewhere |= is;
        return ASSAY_OK;
    }
    c->found |= is;
    if (c->erased)
        return ASSAY_OK;
    enum assay_status s = is && p->job->reveal ? keep_row(c, row, e) : ASSAY_OK;
    return s == ASSAY_OK ? assay_sealer_row(p->sealer, row, e) : s;
}

static bool part_wanted(void *ctx, const struct assay_part *part)
{
    const struct assay_row_job *j = ctx;
    for (size_t i = 0; part->segment && i < j->n_segments; i++)
        if (strcmp(j->segments[i], part->segment) == 0)
            return true;
    return !part->segment || j->n_segments == 0;
}

static enum assay_status read_side(struct proving *p, struct assay_err *e)
{
    const struct assay_row_job *j = p->job;
    struct assay_locator loc = assay_plan_locator(j->plan, j->set, j->side);
    struct assay_lane_spec spec = {j->set, j->side, &p->cuts, p->secret, take_row, p, true, true};
    const struct assay_part *part;
    enum assay_status s = assay_reader_open(&loc, &p->reader, e);
    if (s == ASSAY_OK)
        s = p->reader->ops->parts(p->reader, 1, &part, &p->n_parts, e);
    if (s == ASSAY_OK && p->n_parts == 0)
        s = assay_fail(e, ASSAY_ENOTFOUND, "%s: no file matches", j->set->side[j->side].uri);
    if (s == ASSAY_OK && !(p->result = calloc(p->n_parts, sizeof *p->result)))
        s = assay_fail_nomem(e);
    if (s != ASSAY_OK)
        return s;
    struct assay_scan_job job = {.reader = p->reader,
                                 .spec = &spec,
                                 .part = part,
                                 .n_parts = p->n_parts,
                                 .jobs = 1,
                                 .wanted = part_wanted,
                                 .ctx = (void *)j};
    s = assay_scan_parts(&job, p->result, &p->lane, e);
    for (size_t i = 0; i < p->n_parts && s == ASSAY_OK; i++)
        if (!p->result[i].skipped && p->result[i].status != ASSAY_OK)
            assay_log(ASSAY_LOG_WARN, "%s", p->result[i].err.msg);
    return s;
}

/* ---- the tree of one chunk ---- */

struct building {
    struct assay_sealed_tree tree;
    uint8_t (*leaf)[32];
    size_t n, cap, most;
    bool above; /* a row above the key was met */
};

static enum assay_status add_leaf(struct building *b, const struct sealer_row *r, struct assay_err *e)
{
    if (b->n == b->cap) {
        const size_t want = b->cap ? 2 * b->cap : 1024;
        uint8_t(*grown)[32] = want <= b->most ? reallocarray(b->leaf, want, sizeof *grown) : NULL;
        if (!grown)
            return want <= b->most
                       ? assay_fail_nomem(e)
                       : assay_fail(e, ASSAY_ELIMIT, "a chunk of more than %zu rows takes more memory: raise --memory",
                                    b->n);
        b->leaf = grown;
        b->cap = want;
    }
    enum assay_status s = assay_sealed_tree_add(&b->tree, r->key, r->key_len, r->rd, e);
    if (s == ASSAY_OK)
        assay_sealed_leaf(r->key, r->key_len, b->tree.occurrence, r->rd, b->leaf[b->n++]);
    return s;
}

static enum assay_status keep_leaf(const struct building *b, const struct sealer_row *r, struct assay_row_part *to,
                                   struct assay_err *e)
{
    if (to->n == ASSAY_MAX_PROVED_ROWS)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d rows have this key", ASSAY_MAX_PROVED_ROWS);
    struct assay_row_leaf *l = assay_row_part_add(to);
    if (!l || assay_buf_add(&l->key, r->key, r->key_len) != ASSAY_OK)
        return assay_fail_nomem(e);
    l->index = b->n - 1;
    l->occurrence = b->tree.occurrence;
    memcpy(l->rd, r->rd, sizeof l->rd);
    return ASSAY_OK;
}

static int order(const struct sealer_row *r, const struct assay_buf *key)
{
    const size_t n = r->key_len < key->len ? r->key_len : key->len;
    const int c = memcmp(r->key, key->ptr, n);
    return c ? c : r->key_len < key->len ? -1 : r->key_len > key->len;
}

/* part[0]: the rows of the key; part[1]: the last one below it and the first one above. */
static enum assay_status keep_row_of(struct building *b, const struct sealer_row *r, struct candidate *c,
                                     const struct assay_buf *key, struct assay_err *e)
{
    const int o = order(r, key);
    if (o == 0)
        return keep_leaf(b, r, &c->part[0], e);
    if (o > 0 && b->above)
        return ASSAY_OK;
    b->above = o > 0;
    if (!b->above)
        assay_row_part_release(&c->part[1]);
    return keep_leaf(b, r, &c->part[1], e);
}

static enum assay_status paths(const struct building *b, struct assay_row_part *p, struct assay_err *e)
{
    uint64_t index[ASSAY_MAX_PROVED_ROWS];
    struct assay_merkle_proof *path = calloc(p->n + 1, sizeof *path);
    uint8_t(*leaf)[32] = malloc(b->n * sizeof *leaf + 1);
    const bool room = path && leaf;
    for (size_t i = 0; i < p->n; i++)
        index[i] = p->leaf[i].index;
    if (room && b->n && p->n) {
        memcpy(leaf, b->leaf, b->n * sizeof *leaf);
        assay_merkle_prove_many(leaf, b->n, index, path, p->n);
        for (size_t i = 0; i < p->n; i++)
            p->leaf[i].path = path[i];
    }
    free(leaf);
    free(path);
    return room ? ASSAY_OK : assay_fail_nomem(e);
}

/* The rows that are to be revealed go with the leaves that they make. */
static enum assay_status reveal(struct proving *p, size_t i, struct candidate *c, struct assay_err *e)
{
    uint8_t salt[16], rd[32];
    for (size_t k = 0; k < c->part[0].n; k++) {
        struct assay_row_leaf *l = &c->part[0].leaf[k];
        assay_sealer_salt(p->sealer, i, l->key.ptr, l->key.len, salt);
        for (size_t r = 0; r < c->n_rows && !l->revealed; r++) {
            assay_sealed_row(salt, c->row[r].ptr, c->row[r].len, rd);
            if (memcmp(rd, l->rd, sizeof rd) != 0)
                continue;
            if (assay_buf_add(&l->row, c->row[r].ptr, c->row[r].len) != ASSAY_OK)
                return assay_fail_nomem(e);
            memcpy(l->salt, salt, sizeof salt);
            l->revealed = true;
        }
    }
    return ASSAY_OK;
}

static enum assay_status build(struct proving *p, size_t i, struct candidate *c, struct assay_err *e)
{
    struct building b = {.most = (p->job->memory ? p->job->memory : ASSAY_DEFAULT_MEMORY) / 128};
    struct sealer_row r;
    bool have = true;
    enum assay_status s = assay_sealer_next(p->sealer, i, &r, &have, e);
    for (; s == ASSAY_OK && have; s = assay_sealer_next(p->sealer, i, &r, &have, e)) {
        if ((s = add_leaf(&b, &r, e)) == ASSAY_OK)
            s = keep_row_of(&b, &r, c, &p->cand.key, e);
        if (s != ASSAY_OK)
            break;
    }
    if (s == ASSAY_OK)
        s = assay_sealed_tree_end(&b.tree, c->root, e);
    if (s == ASSAY_OK)
        s = paths(&b, &c->part[c->found ? 0 : 1], e);
    if (s == ASSAY_OK)
        s = reveal(p, i, c, e);
    c->looked = s == ASSAY_OK;
    assay_sealed_tree_release(&b.tree);
    free(b.leaf);
    return s;
}

static enum assay_status build_all(struct proving *p, struct assay_err *e)
{
    const struct assay_lane_segment *seg;
    size_t n;
    enum assay_status s = assay_lane_segments(p->lane, &seg, &n, e);
    if (s == ASSAY_OK)
        s = assay_sealer_sort(p->sealer, seg, n, e);
    for (size_t i = 0; s == ASSAY_OK && i < assay_sealer_count(p->sealer); i++) {
        const struct sealer_place at = assay_sealer_place(p->sealer, i);
        struct candidate *c = assay_candidates_find(&p->cand, at.cut, at.ordinal);
        if (!c)
            continue;
        c->why = at.why;
        memcpy(c->commit, at.commit, sizeof c->commit);
        if (!c->why && !c->erased)
            s = build(p, i, c, e);
    }
    return s;
}

/* ---- what is attested ---- */

static enum assay_status refuse(const struct proving *p, const struct candidate *c, enum assay_status code,
                                const char *why, struct assay_err *e)
{
    return assay_fail(e, code, "dataset %s, segment %s, chunk %u: %s", p->job->set->name, c->cut->name, c->ordinal,
                      why);
}

static enum assay_status cite(struct proving *p, const struct attested_root *is, struct assay_buf *out,
                              struct assay_err *e)
{
    struct assay_buf note = {.max = ASSAY_MAX_LEAF};
    struct assay_proof proof = {0};
    struct assay_checkpoint head;
    enum assay_status s = assay_ledger_covering(p->job->ledger, p->job->policy, is->leaf, &note, e);
    if (s == ASSAY_OK)
        s = assay_ledger_against(p->job->ledger, (const char *)note.ptr, note.len, &head, e);
    if (s == ASSAY_OK)
        s = assay_ledger_prove(p->job->ledger, is->leaf, (const char *)note.ptr, note.len, &proof, e);
    if (s == ASSAY_OK)
        s = assay_proof_write(&proof, out, e);
    assay_proof_release(&proof);
    assay_buf_release(&note);
    return s;
}

/* The statements whose root the rows make. */
static enum assay_status cite_all(struct proving *p, const struct candidate *c, struct assay_row_part *to,
                                  struct assay_err *e)
{
    uint8_t id[16];
    char hex[33];
    const char *why = "neither side has a statement of a run that ended well about it";
    enum assay_status s = ASSAY_OK, code = ASSAY_ENOTFOUND;
    assay_cut_chunk_id(c->cut, c->ordinal, id);
    assay_hex(id, sizeof id, hex);
    for (int side = ASSAY_SOURCE; side <= ASSAY_ARCHIVE && s == ASSAY_OK; side++) {
        const struct attested_root *is = assay_sealed_attested_find(&p->attested[side], hex);
        if (!is)
            continue;
        if (is->why) {
            why = code == ASSAY_ENOTFOUND ? "its statements are not sealed" : why;
            continue;
        }
        if (memcmp(is->commit, c->commit, sizeof c->commit) != 0) {
            why = "the keyring has another key of it than the one it was sealed under";
        } else if (memcmp(is->root, c->root, sizeof c->root) != 0) {
            code = ASSAY_EDATA;
            why =
                "the rows that were read do not make the root that was attested: they have changed, or some are gone, "
                "and nothing can be proved by them (assay check says where; --side reads the other side)";
        } else {
            s = cite(p, is, &to->statement[side], e);
        }
    }
    return s != ASSAY_OK || to->statement[0].len || to->statement[1].len ? s : refuse(p, c, code, why, e);
}

static enum assay_status take_part(struct proving *p, struct candidate *c, struct assay_row_proof *out,
                                   struct assay_err *e)
{
    if (c->erased)
        return assay_fail(e, ASSAY_EERASED,
                          "dataset %s, segment %s, chunk %u: erased by leaf %llu: the chunk's key was destroyed, and "
                          "nothing can be proved of its rows any more",
                          p->job->set->name, c->cut->name, c->ordinal, (unsigned long long)c->erased_by);
    if (c->why || !c->looked)
        return refuse(p, c, ASSAY_ENOTFOUND,
                      c->why && strcmp(c->why, "erased") == 0
                          ? "its key was destroyed in this keyring, and nothing can "
                            "be proved of its rows any more"
                          : "the keyring has no key of it",
                      e);
    struct assay_row_part *part = assay_row_proof_add(out);
    if (!part)
        return assay_fail_nomem(e);
    *part = c->part[c->found ? 0 : 1];
    c->part[c->found ? 0 : 1] = (struct assay_row_part){0};
    return cite_all(p, c, part, e);
}

static enum assay_status assemble(struct proving *p, struct assay_row_proof *out, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < p->cand.n; i++)
        out->included |= p->cand.c[i].found;
    if (!out->included && p->elsewhere)
        return assay_fail(e, ASSAY_ENOTFOUND,
                          "dataset %s: a row of this key is there, in a segment%s about which "
                          "nothing is attested",
                          p->job->set->name, p->job->n_segments ? " that was not asked for, or" : "");
    for (size_t i = 0; i < p->cand.n && s == ASSAY_OK; i++)
        if (p->cand.c[i].found == out->included)
            s = take_part(p, &p->cand.c[i], out, e);
    if (s == ASSAY_OK)
        s = assay_buf_add(&out->key, p->cand.key.ptr, p->cand.key.len) == ASSAY_OK ? s : assay_fail_nomem(e);
    return s;
}

/* What goes out is checked by the other side's rules first. */
static enum assay_status check_all(const struct proving *p, const struct assay_row_proof *out, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < out->n_parts && s == ASSAY_OK; i++) {
        struct assay_row_claim c;
        s = assay_row_part_vouched(&out->part[i], p->job->policy, p->job->keys_dir, &c, e);
        if (s == ASSAY_OK)
            s = assay_row_part_check(out, &out->part[i], &c, e);
        assay_row_claim_release(&c);
    }
    return s;
}

static void release(struct proving *p)
{
    assay_sealer_free(p->sealer);
    assay_lane_free(p->lane);
    for (size_t i = 0; p->result && i < p->n_parts; i++)
        assay_buf_release(&p->result[i].denied);
    free(p->result);
    if (p->reader)
        p->reader->ops->close(p->reader);
    assay_sealed_attested_release(&p->attested[0]);
    assay_sealed_attested_release(&p->attested[1]);
    assay_candidates_release(&p->cand);
    assay_cutset_release(&p->cuts);
}

enum assay_status assay_row_prove(const struct assay_row_job *j, struct assay_row_proof *out, struct assay_err *e)
{
    struct proving p = {.job = j,
                        .c = {.plan = j->plan,
                              .set = j->set,
                              .side = ASSAY_ARCHIVE, /* whose sealer makes no keys, whatever is read */
                              .segments = j->segments,
                              .n_segments = j->n_segments,
                              .keys_dir = j->keys_dir,
                              .memory = j->memory,
                              .spill_max = j->spill_max}};
    *out = (struct assay_row_proof){.key.max = ASSAY_MAX_KEY};
    if (!j->set->sealed)
        return assay_fail(e, ASSAY_EUSAGE, "dataset %s is not sealed (digest: sealed): sums prove nothing of one row",
                          j->set->name);
    enum assay_status s = set_up(&p, e);
    if (s == ASSAY_OK)
        s = read_side(&p, e);
    if (s == ASSAY_OK)
        s = build_all(&p, e);
    if (s == ASSAY_OK)
        s = assemble(&p, out, e);
    if (s == ASSAY_OK)
        s = check_all(&p, out, e);
    release(&p);
    return s;
}
