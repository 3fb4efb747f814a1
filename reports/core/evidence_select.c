/* Which leaves go into a bundle. */
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/merkle.h"
#include "assay/note.h"
#include "evidence_private.h"

static bool among(const char *word, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(word, list[i]) == 0)
            return true;
    return false;
}

/* ---- datasets: by id, or by the name that a plan gave them ---- */

struct find {
    struct assay_evidence *v;
    const char *wanted;
};

static bool take_name(void *ctx, const struct assay_leaf *leaf)
{
    struct find *f = ctx;
    struct assay_evidence *v = f->v;
    struct assay_stmt stmt;
    v->status = assay_stmt_parse(leaf->note, leaf->note_len, &stmt, v->e);
    if (v->status != ASSAY_OK)
        return false;
    const char *id = assay_stmt_get(&stmt, "dataset"), *name = assay_stmt_get(&stmt, "name");
    if (id && (strcmp(id, f->wanted) == 0 || (name && strcmp(name, f->wanted) == 0)) &&
        !among(id, (const char *const *)v->id, v->n_ids)) {
        char **p = realloc(v->id, (v->n_ids + 1) * sizeof *p);
        v->id = p ? p : v->id;
        if (!p || !(v->id[v->n_ids] = strdup(id)))
            v->status = assay_fail_nomem(v->e);
        else
            v->n_ids++;
    }
    assay_stmt_release(&stmt);
    return v->status == ASSAY_OK;
}

static enum assay_status choose_datasets(struct assay_evidence *v)
{
    const struct assay_ledger_query plans = {.kind = "plan"};
    for (size_t i = 0; i < v->scope->n_datasets; i++) {
        struct find f = {v, v->scope->dataset[i]};
        size_t before = v->n_ids;
        enum assay_status s = assay_ledger_each(v->l, &plans, take_name, &f, v->e);
        if (s != ASSAY_OK || v->status != ASSAY_OK)
            return s != ASSAY_OK ? s : v->status;
        if (v->n_ids == before && !among(f.wanted, (const char *const *)v->id, v->n_ids))
            return assay_fail(v->e, ASSAY_ENOTFOUND, "the ledger has no dataset \"%.80s\"", f.wanted);
    }
    return ASSAY_OK;
}

/* ---- the sample: nobody can choose it, everybody can choose it again ---- */

/* SHA-256(root ‖ dataset ‖ chunk): those with the lowest tags are taken. */
static void tag_of(const struct assay_evidence *v, const char *dataset, const char *chunk, uint8_t out[32])
{
    char text[44 + 64 + 64 + 1];
    size_t n = 0;
    const char *part[] = {v->root, dataset, chunk};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strnlen(part[i], 64);
        memcpy(text + n, part[i], len);
        n += len;
    }
    assay_sha256(text, n, out);
}

static int by_tag(const void *a, const void *b)
{
    return memcmp(a, b, 32);
}

static bool is_chunk(const char *chunk)
{
    return chunk && strlen(chunk) == 32;
}

/* The datasets and segments asked for; a statement about none of either belongs to all. */
static bool in_scope(const struct assay_evidence *v, const struct assay_stmt *s)
{
    const char *dataset = assay_stmt_get(s, "dataset"), *segment = assay_stmt_get(s, "segment");
    if (dataset && v->n_ids && !among(dataset, (const char *const *)v->id, v->n_ids))
        return false;
    return !segment || strcmp(segment, "*") == 0 || !v->scope->n_segments ||
           among(segment, v->scope->segment, v->scope->n_segments);
}

struct gather {
    struct assay_evidence *v;
    size_t cap;
    uint64_t chunks; /* in scope */
};

static bool take_chunk(void *ctx, const struct assay_leaf *leaf)
{
    struct gather *g = ctx;
    struct assay_evidence *v = g->v;
    struct assay_stmt stmt;
    if (leaf->index >= v->size)
        return false;
    v->status = assay_stmt_parse(leaf->note, leaf->note_len, &stmt, v->e);
    if (v->status != ASSAY_OK)
        return false;
    const char *dataset = assay_stmt_get(&stmt, "dataset"), *chunk = assay_stmt_get(&stmt, "chunk");
    if (dataset && is_chunk(chunk) && in_scope(v, &stmt)) {
        g->chunks++;
        if (v->scope->sample && v->n_chosen == g->cap) {
            size_t cap = g->cap * 2 + 256;
            uint8_t(*p)[32] = realloc(v->chosen, cap * sizeof *p);
            v->chosen = p ? p : v->chosen;
            g->cap = p ? cap : g->cap;
        }
        if (v->scope->sample && v->n_chosen == g->cap)
            v->status = assay_fail_nomem(v->e);
        else if (v->scope->sample)
            tag_of(v, dataset, chunk, v->chosen[v->n_chosen++]);
    }
    assay_stmt_release(&stmt);
    return v->status == ASSAY_OK;
}

static void keep_lowest(struct assay_evidence *v)
{
    size_t n = 0;
    if (v->n_chosen)
        qsort(v->chosen, v->n_chosen, sizeof *v->chosen, by_tag);
    for (size_t i = 0; i < v->n_chosen && n < v->scope->sample; i++)
        if (n == 0 || memcmp(v->chosen[n - 1], v->chosen[i], 32) != 0)
            memmove(v->chosen[n++], v->chosen[i], 32);
    v->n_chosen = n;
}

enum assay_status assay_evidence_choose(struct assay_evidence *v)
{
    const struct assay_ledger_query chunks = {.kind = "chunk"};
    struct gather g = {.v = v};
    enum assay_status s = choose_datasets(v);
    if (s != ASSAY_OK || !assay_evidence_partial(v))
        return s;
    s = assay_ledger_each(v->l, &chunks, take_chunk, &g, v->e);
    if (s == ASSAY_OK)
        s = v->status;
    if (s == ASSAY_OK && g.chunks == 0)
        s = assay_fail(v->e, ASSAY_ENOTFOUND, "the ledger has no statement about a chunk of what was asked for");
    keep_lowest(v);
    return s;
}

bool assay_evidence_partial(const struct assay_evidence *v)
{
    return v->scope->n_datasets || v->scope->n_segments || v->scope->sample;
}

bool assay_evidence_wants(const struct assay_evidence *v, const struct assay_stmt *s)
{
    const char *dataset = assay_stmt_get(s, "dataset"), *chunk = assay_stmt_get(s, "chunk");
    uint8_t tag[32];
    if (!in_scope(v, s))
        return false;
    if (!v->scope->sample || !dataset || !is_chunk(chunk))
        return true;
    tag_of(v, dataset, chunk, tag);
    return v->n_chosen && bsearch(tag, v->chosen, v->n_chosen, sizeof *v->chosen, by_tag) != NULL;
}
