/* Checking the proof of a row: what its statements say, and what its leaves are worth under that. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/policy.h"
#include "assay/proof.h"
#include "assay/row_proof.h"
#include "assay/sealed.h"

/* ---- statements ---- */

void assay_row_claim_release(struct assay_row_claim *c)
{
    assay_buf_release(&c->lo);
    assay_buf_release(&c->hi);
    assay_stmt_release(&c->stmt);
    *c = (struct assay_row_claim){0};
}

static bool copy(char *out, size_t max, const char *value)
{
    return value && (size_t)snprintf(out, max, "%s", value) < max;
}

static bool hash(const char *value, const char *prefix, uint8_t out[32])
{
    const size_t n = strlen(prefix);
    return value && strncmp(value, prefix, n) == 0 && assay_unhex(value + n, out, 32) == 0;
}

static bool bound(const char *value, struct assay_buf *out)
{
    const size_t n = value ? strlen(value) / 2 : 0;
    if (!value)
        return true;
    if (assay_buf_reserve(out, n) != ASSAY_OK || assay_unhex(value, out->ptr, n))
        return false;
    out->len = n;
    return true;
}

/* What one statement says; NULL when it is that of a sealed chunk, else what is wrong. */
static const char *read_claim(const struct assay_stmt *s, struct assay_row_claim *out)
{
    const char *rows = assay_stmt_get(s, "rows"), *method = assay_stmt_get(s, "method");
    if (strcmp(s->kind, "chunk") != 0)
        return "it is no statement about a chunk";
    if (!hash(assay_stmt_get(s, "root"), "sha256:", out->root) ||
        !hash(assay_stmt_get(s, "keycommit"), "", out->commit))
        return "its chunk is not sealed";
    if (!copy(out->dataset, sizeof out->dataset, assay_stmt_get(s, "dataset")) ||
        !copy(out->segment, sizeof out->segment, assay_stmt_get(s, "segment")) ||
        !copy(out->chunk, sizeof out->chunk, assay_stmt_get(s, "chunk")) ||
        !hash(assay_stmt_get(s, "form"), "sha256:", out->form) || !rows || !method ||
        !assay_checkpoint_number(rows, strlen(rows), &out->rows) || !bound(assay_stmt_get(s, "lo"), &out->lo) ||
        !bound(assay_stmt_get(s, "hi"), &out->hi))
        return "a statement about a chunk is not whole";
    out->bounds_told = strcmp(method, "single") == 0 ||
                       (strcmp(method, "range") == 0 && !assay_stmt_get(s, "lo-tag") && !assay_stmt_get(s, "hi-tag"));
    return NULL;
}

/* Do two statements speak of the same rows? */
static bool same(const struct assay_row_claim *a, const struct assay_row_claim *b)
{
    return strcmp(a->dataset, b->dataset) == 0 && strcmp(a->segment, b->segment) == 0 &&
           strcmp(a->chunk, b->chunk) == 0 && memcmp(a->root, b->root, 32) == 0 && memcmp(a->form, b->form, 32) == 0 &&
           memcmp(a->commit, b->commit, 32) == 0 && a->rows == b->rows;
}

static enum assay_status take_claim(const struct assay_stmt *st, const struct assay_proof *p,
                                    const struct assay_proof_verdict *v, struct assay_row_claim *out,
                                    struct assay_err *e)
{
    struct assay_row_claim c = {0};
    const char *said = assay_stmt_get(st, "role"), *wrong = read_claim(st, &c);
    const bool first = !out->stated[0] && !out->stated[1];
    const int side = said && strcmp(said, "source") == 0 ? 0 : said && strcmp(said, "archive") == 0 ? 1 : -1;
    if (!wrong && (side < 0 || out->stated[side]))
        wrong = "its statements are not of the source and of the archive, one each";
    if (!wrong && !first && !same(&c, out))
        wrong = "its statements do not say the same";
    if (wrong) {
        assay_row_claim_release(&c);
        return assay_fail(e, ASSAY_ELEDGER, "proof of a row: %s", wrong);
    }
    if (first) {
        c.head = v->head;
        c.cosigned = v->cosigned;
        *out = c;
        c = (struct assay_row_claim){0};
    } else if (v->head.size < out->head.size) {
        out->head = v->head;
        out->cosigned = v->cosigned;
    }
    out->stated[side] = true;
    out->index[side] = p->index;
    out->unsigned_leaf |= !v->role;
    assay_row_claim_release(&c);
    return ASSAY_OK;
}

static enum assay_status take_statement(const struct assay_buf *text, const struct assay_policy *policy,
                                        const char *keys_dir, struct assay_row_claim *out, struct assay_err *e)
{
    struct assay_proof p = {0};
    struct assay_proof_verdict v;
    struct assay_stmt st = {0};
    const bool first = !out->stated[0] && !out->stated[1];
    enum assay_status s = assay_proof_parse((const char *)text->ptr, text->len, &p, e);
    if (s == ASSAY_OK && !p.extra.len)
        s = assay_fail(e, ASSAY_ELEDGER, "proof of a row: a statement is not in it");
    if (s == ASSAY_OK)
        s = assay_proof_vouched(&p, &p.extra, policy, keys_dir, &v, e);
    if (s == ASSAY_OK)
        s = assay_stmt_parse((const char *)p.extra.ptr, p.extra.len, &st, e);
    if (s == ASSAY_OK)
        s = take_claim(&st, &p, &v, out, e);
    if (s == ASSAY_OK && first) {
        out->stmt = st;
        st = (struct assay_stmt){0};
    }
    assay_stmt_release(&st);
    assay_proof_release(&p);
    return s;
}

enum assay_status assay_row_part_vouched(const struct assay_row_part *part, const struct assay_policy *policy,
                                         const char *keys_dir, struct assay_row_claim *out, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    *out = (struct assay_row_claim){0};
    for (int i = 0; i < 2 && s == ASSAY_OK; i++)
        if (part->statement[i].len)
            s = take_statement(&part->statement[i], policy, keys_dir, out, e);
    if (s == ASSAY_OK && !out->stated[0] && !out->stated[1])
        s = assay_fail(e, ASSAY_ELEDGER, "proof of a row: a part has no statement");
    return s;
}

/* ---- leaves ---- */

static int order(const struct assay_buf *a, const struct assay_buf *b)
{
    const size_t n = a->len < b->len ? a->len : b->len;
    const int c = n ? memcmp(a->ptr, b->ptr, n) : 0;
    return c ? c : a->len < b->len ? -1 : a->len > b->len;
}

static const char *check_leaf(const struct assay_row_leaf *l, const struct assay_row_claim *c)
{
    uint8_t leaf[32], rd[32];
    assay_sealed_leaf(l->key.ptr, l->key.len, l->occurrence, l->rd, leaf);
    if (!assay_merkle_check_inclusion(l->index, c->rows, leaf, (const uint8_t(*)[32])l->path.hash, l->path.n, c->root))
        return "a row is not where its path says in the tree that the statements sign";
    if (!l->revealed)
        return NULL;
    assay_sealed_row(l->salt, l->row.ptr, l->row.len, rd);
    if (memcmp(rd, l->rd, sizeof rd) != 0)
        return "the row that is revealed is not the one that was sealed";
    return l->row.len < 8 || memcmp(l->row.ptr, c->form, 8) != 0
               ? "the row that is revealed has not the columns that the statements say"
               : NULL;
}

static const char *check_included(const struct assay_row_proof *p, const struct assay_row_part *part)
{
    for (size_t i = 0; i < part->n; i++) {
        if (order(&part->leaf[i].key, &p->key) != 0)
            return "a row has another key than the one that the proof is about";
        if (i && part->leaf[i].index <= part->leaf[i - 1].index)
            return "rows do not rise";
    }
    return part->n ? NULL : "it names no row";
}

/* The two neighbours, or the one at an end, or none in an empty tree. */
static const char *check_absent(const struct assay_row_proof *p, const struct assay_row_part *part,
                                const struct assay_row_claim *c)
{
    const struct assay_row_leaf *l = part->leaf;
    uint8_t empty[32];
    if ((c->lo.len && order(&p->key, &c->lo) < 0) || (c->hi.len && order(&p->key, &c->hi) >= 0))
        return "the key does not belong to the chunk that the proof speaks of";
    if (c->rows == 0) {
        assay_merkle_empty(empty);
        return part->n || memcmp(c->root, empty, 32) != 0 ? "a tree without rows has another root, or rows" : NULL;
    }
    if (part->n == 1) {
        const int o = order(&p->key, &l[0].key);
        return (o < 0 && l[0].index == 0) || (o > 0 && l[0].index == c->rows - 1)
                   ? NULL
                   : "the key does not lie before the first row or behind the last";
    }
    if (part->n != 2 || l[0].index + 1 != l[1].index)
        return "the rows around the key are not neighbours";
    return order(&l[0].key, &p->key) < 0 && order(&p->key, &l[1].key) < 0
               ? NULL
               : "the key does not lie between its neighbours";
}

enum assay_status assay_row_part_check(const struct assay_row_proof *p, const struct assay_row_part *part,
                                       const struct assay_row_claim *c, struct assay_err *e)
{
    const char *wrong = p->included ? check_included(p, part) : check_absent(p, part, c);
    for (size_t i = 0; i < part->n && !wrong; i++)
        wrong = check_leaf(&part->leaf[i], c);
    return wrong ? assay_fail(e, ASSAY_ELEDGER, "proof of a row: %s", wrong) : ASSAY_OK;
}
