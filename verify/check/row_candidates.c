#include "row_candidates.h"

#include <stdlib.h>
#include <string.h>

#include "assay/canon.h"
#include "assay/digest.h"
#include "assay/lane.h"
#include "assay/limits.h"
#include "assay/note.h"

static const struct assay_plan_column *key_column(const struct assay_dataset *d, size_t pos)
{
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].key_pos == pos)
            return &d->col[i];
    return NULL;
}

static enum assay_status put_column(const struct assay_row_job *j, size_t i, struct assay_buf *scratch,
                                    struct assay_buf *out, struct assay_err *e)
{
    const struct assay_plan_column *col = key_column(j->set, i + 1);
    struct assay_value v = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)strlen(j->key[i]), .p = (const void *)j->key[i]};
    struct assay_value is;
    const char *why = "";
    if (!assay_resolve(col->type, &v, &is, scratch, &why) || !assay_key_put(col->type, &is, out, &why))
        return why == ASSAY_WHY_NOMEM ? assay_fail_nomem(e)
                                      : assay_fail(e, ASSAY_EUSAGE, "--row: key column %s: %s", col->name, why);
    return ASSAY_OK;
}

enum assay_status assay_row_key(const struct assay_row_job *j, struct assay_buf *out, struct assay_err *e)
{
    static const char prefix[] = "sha256:";
    const struct assay_dataset *d = j->set;
    struct assay_buf scratch = {0};
    enum assay_status s = ASSAY_OK;
    uint8_t hash[32];
    if (d->n_key == 0) {
        if (j->n_key != 1 || strncmp(j->key[0], prefix, sizeof prefix - 1) != 0 ||
            assay_unhex(j->key[0] + sizeof prefix - 1, hash, sizeof hash))
            return assay_fail(e, ASSAY_EUSAGE, "dataset %s has no key: --row sha256:HEX, of the row's canonical bytes",
                              d->name);
        return assay_buf_add(out, hash, sizeof hash) == ASSAY_OK ? ASSAY_OK : assay_fail_nomem(e);
    }
    if (j->n_key != d->n_key)
        return assay_fail(e, ASSAY_EUSAGE,
                          "the key of dataset %s has %zu columns: give --row once for each, in their order, not %zu "
                          "times",
                          d->name, d->n_key, j->n_key);
    for (size_t i = 0; i < j->n_key && s == ASSAY_OK; i++)
        s = put_column(j, i, &scratch, out, e);
    assay_buf_release(&scratch);
    if (s == ASSAY_OK && out->len > ASSAY_MAX_KEY)
        s = assay_fail(e, ASSAY_ELIMIT, "--row: a key of more than %d bytes", ASSAY_MAX_KEY);
    return s;
}

/* ---- erasures ---- */

struct erasures {
    struct candidate *c;
    enum assay_status status;
    struct assay_err *err;
};

static bool take_erasure(void *ctx, const struct assay_leaf *leaf)
{
    struct erasures *x = ctx;
    struct assay_stmt s = {0};
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, x->err);
    const char *ordinal = x->status == ASSAY_OK ? assay_stmt_get(&s, "ordinal") : NULL;
    if (x->status == ASSAY_OK && (!ordinal || strtoul(ordinal, NULL, 10) == x->c->ordinal)) {
        x->c->erased = true;
        x->c->erased_by = leaf->index;
    }
    assay_stmt_release(&s);
    return x->status == ASSAY_OK && !x->c->erased;
}

/* A copy of the keyring that nobody told of may still have the key: the ledger's word counts. */
static enum assay_status look_up_erasure(const struct assay_row_job *j, struct candidate *c, struct assay_err *e)
{
    struct erasures x = {.c = c, .err = e};
    struct assay_ledger_query q = {.kind = "erasure", .dataset = j->set->id, .segment = c->cut->name};
    enum assay_status s = assay_ledger_each(j->ledger, &q, take_erasure, &x, e);
    return s == ASSAY_OK ? x.status : s;
}

/* ---- chunks ---- */

static enum assay_status add(const struct assay_row_job *j, struct candidates *out, const struct assay_cut *cut,
                             uint32_t ordinal, struct assay_err *e)
{
    if (out->n == ASSAY_MAX_PROVED_CHUNKS)
        return assay_fail(e, ASSAY_ELIMIT,
                          "dataset %s: the row may be in more than %d chunks: name its segment with --segment",
                          j->set->name, ASSAY_MAX_PROVED_CHUNKS);
    if (out->n == out->cap) {
        const size_t want = out->cap ? 2 * out->cap : 16;
        struct candidate *grown = reallocarray(out->c, want, sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        out->c = grown;
        out->cap = want;
    }
    struct candidate *c = &out->c[out->n++];
    *c = (struct candidate){.cut = cut, .ordinal = ordinal};
    return look_up_erasure(j, c, e);
}

static bool in_scope(const struct assay_row_job *j, const char *segment)
{
    for (size_t i = 0; i < j->n_segments; i++)
        if (strcmp(j->segments[i], segment) == 0)
            return true;
    return j->n_segments == 0;
}

enum assay_status assay_candidates_make(const struct assay_row_job *j, const struct assay_cutset *cuts,
                                        const uint8_t *secret, struct candidates *out, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    const bool keyed = j->set->n_key > 0;
    const uint64_t spread = assay_lane_spread(secret, out->key.ptr, (uint32_t)out->key.len);
    for (size_t i = 0; i < cuts->n && s == ASSAY_OK; i++) {
        const struct assay_cut *cut = &cuts->cut[i];
        if (!in_scope(j, cut->name))
            continue;
        const uint32_t first = keyed ? assay_cut_find(cut, out->key.ptr, out->key.len, spread) : 0;
        const uint32_t last = keyed ? first : cut->chunks - 1;
        for (uint32_t k = first; k <= last && s == ASSAY_OK; k++)
            s = add(j, out, cut, k, e);
    }
    if (s == ASSAY_OK && !out->n)
        s = assay_fail(e, ASSAY_ENOTFOUND, "dataset %s: the ledger knows no chunk of it%s under this plan",
                       j->set->name, j->n_segments ? " in these segments" : "");
    return s;
}

struct candidate *assay_candidates_find(const struct candidates *c, const struct assay_cut *cut, uint32_t ordinal)
{
    size_t lo = 0, hi = c->n;
    while (lo < hi) {
        const size_t mid = lo + (hi - lo) / 2;
        struct candidate *x = &c->c[mid];
        if (x->cut == cut && x->ordinal == ordinal)
            return x;
        if (x->cut < cut || (x->cut == cut && x->ordinal < ordinal))
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

void assay_candidates_release(struct candidates *c)
{
    for (size_t i = 0; i < c->n; i++) {
        for (size_t k = 0; k < c->c[i].n_rows; k++)
            assay_buf_release(&c->c[i].row[k]);
        free(c->c[i].row);
        assay_row_part_release(&c->c[i].part[0]);
        assay_row_part_release(&c->c[i].part[1]);
    }
    free(c->c);
    assay_buf_release(&c->key);
    *c = (struct candidates){0};
}
