#include "targets.h"

#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/note.h"

struct loader {
    const struct assay_diff_job *job;
    struct targets *out;
    char run[40];
    size_t cap;
    bool any; /* the ledger has verdicts */
    enum assay_status status;
    struct assay_err *err;
};

static bool among(const char *const *list, size_t n, const char *s, bool prefix)
{
    for (size_t i = 0; i < n; i++)
        if (prefix ? strncmp(s, list[i], strlen(list[i])) == 0 : strcmp(s, list[i]) == 0)
            return true;
    return n == 0;
}

/* FNV-1a of what is said of the chunk. */
static uint64_t group_of(const struct assay_stmt *s)
{
    static const char *const keys[] = {"kind", "columns", "verdict"};
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *p = assay_stmt_get(s, keys[i]);
        for (; p && *p; p++)
            h = (h ^ (uint8_t)*p) * UINT64_C(0x100000001b3);
        h = (h ^ 0xff) * UINT64_C(0x100000001b3);
    }
    return h;
}

static enum assay_status add(struct loader *l, const struct assay_stmt *s, const char *id, const char *segment)
{
    struct targets *t = l->out;
    if (t->n == l->cap) {
        size_t want = l->cap ? 2 * l->cap : 64;
        struct target *grown = realloc(t->chunk, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        t->chunk = grown;
        l->cap = want;
    }
    struct target *c = &t->chunk[t->n];
    *c = (struct target){.group = group_of(s)};
    if (!(c->name = strdup(segment)))
        return assay_fail_nomem(l->err);
    memcpy(c->id, id, 32);
    t->n++;
    return ASSAY_OK;
}

static enum assay_status take(struct loader *l, const struct assay_stmt *s)
{
    const char *run = assay_stmt_get(s, "run"), *id = assay_stmt_get(s, "chunk"),
               *segment = assay_stmt_get(s, "segment"), *verdict = assay_stmt_get(s, "verdict"),
               *kind = assay_stmt_get(s, "kind");
    if (!run || !id || !segment || !verdict)
        return assay_fail(l->err, ASSAY_ELEDGER, "a verdict statement is not whole");
    if (!l->any) {
        l->any = true;
        strncpy(l->run, run, sizeof l->run - 1);
    }
    if (strcmp(run, l->run) != 0)
        return ASSAY_ENOTFOUND; /* an older reconciliation: done */
    l->out->unverified |= strcmp(id, "*") == 0 && strcmp(verdict, "unverified") == 0;
    l->out->misplaced |= kind && strcmp(kind, "misplaced") == 0;
    if (l->job->compared_only && strcmp(verdict, "unverified") == 0 &&
        !(assay_stmt_get(s, "source-leaf") && assay_stmt_get(s, "archive-leaf")))
        return ASSAY_OK; /* a side that was not read once will not be read now */
    if (strlen(id) != 32 || strcmp(verdict, "match") == 0 ||
        !among(l->job->segments, l->job->n_segments, segment, false) ||
        !among(l->job->chunks, l->job->n_chunks, id, true))
        return ASSAY_OK;
    return add(l, s, id, segment);
}

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct loader *l = ctx;
    struct assay_stmt s = {0};
    l->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, l->err);
    if (l->status == ASSAY_OK)
        l->status = take(l, &s);
    assay_stmt_release(&s);
    return l->status == ASSAY_OK;
}

static int by_id(const void *a, const void *b)
{
    return memcmp(((const struct target *)a)->id, ((const struct target *)b)->id, 33);
}

static int with_id(const void *id, const void *c)
{
    return memcmp(id, ((const struct target *)c)->id, 33);
}

static int by_group(const void *a, const void *b)
{
    const struct target *x = a, *y = b;
    return x->group != y->group ? (x->group < y->group ? -1 : 1) : by_id(a, b);
}

/* Keep as many of each group, spread evenly over it. */
static void choose(struct targets *t, size_t most)
{
    size_t groups = 0, to = 0;
    qsort(t->chunk, t->n, sizeof *t->chunk, by_group);
    for (size_t i = 0; i < t->n; i++)
        groups += i == 0 || t->chunk[i].group != t->chunk[i - 1].group;
    const size_t quota = most > groups ? most / groups : 1;
    for (size_t i = 0, end; i < t->n; i = end) {
        for (end = i + 1; end < t->n && t->chunk[end].group == t->chunk[i].group;)
            end++;
        const size_t n = end - i, keep = n < quota ? n : quota;
        for (size_t k = 0, kept = 0; k < n; k++)
            if (to < most && kept < keep && k * keep / n >= kept) {
                struct target c = t->chunk[i + k];
                t->chunk[i + k] = t->chunk[to];
                t->chunk[to++] = c;
                kept++;
            }
    }
    for (size_t i = to; i < t->n; i++)
        free(t->chunk[i].name);
    t->n = to;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

enum assay_status assay_targets_load(const struct assay_diff_job *j, struct targets *out, struct assay_err *e)
{
    struct loader l = {.job = j, .out = out, .err = e};
    struct assay_ledger_query q = {.kind = "verdict", .dataset = j->set->id, .newest_first = true};
    *out = (struct targets){.job = j, .last = SIZE_MAX};
    enum assay_status s = assay_ledger_each(j->ledger, &q, each, &l, e);
    if (s == ASSAY_OK && l.status != ASSAY_ENOTFOUND)
        s = l.status;
    out->everything = j->all || (!l.any && !j->compared_only);
    if (s == ASSAY_OK && j->max_chunks && out->n > j->max_chunks)
        choose(out, j->max_chunks);
    if (s == ASSAY_OK && out->n && !(out->segment = calloc(out->n, sizeof *out->segment)))
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK && out->n) {
        qsort(out->chunk, out->n, sizeof *out->chunk, by_id);
        for (size_t i = 0; i < out->n; i++)
            out->segment[i] = out->chunk[i].name;
        qsort(out->segment, out->n, sizeof *out->segment, by_text);
    }
    if (s != ASSAY_OK)
        assay_targets_release(out);
    return s;
}

/* Cuts of one lane, sorted by segment: where this one is, or belongs. */
static size_t place_of(const struct targets *t, const struct assay_cut *cut)
{
    size_t lo = 0, hi = t->n_cuts;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (t->cut[mid].cut->segment < cut->segment)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static enum assay_status remember(struct targets *t, const struct assay_cut *cut, size_t at)
{
    struct target_cut *grown = realloc(t->cut, (t->n_cuts + 1) * sizeof *grown);
    if (!grown)
        return ASSAY_ENOMEM;
    t->cut = grown;
    struct target_cut c = {cut, calloc(cut->chunks, sizeof *c.wanted)};
    if (!c.wanted)
        return ASSAY_ENOMEM;
    for (uint32_t i = 0; i < cut->chunks; i++) {
        uint8_t id[16];
        char hex[33];
        assay_cut_chunk_id(cut, i, id);
        assay_hex(id, sizeof id, hex);
        c.wanted[i] = t->everything ? among(t->job->segments, t->job->n_segments, cut->name, false) &&
                                          among(t->job->chunks, t->job->n_chunks, hex, true)
                                    : t->n && bsearch(hex, t->chunk, t->n, sizeof *t->chunk, with_id);
    }
    memmove(grown + at + 1, grown + at, (t->n_cuts - at) * sizeof *grown);
    grown[at] = c;
    t->n_cuts++;
    return ASSAY_OK;
}

enum assay_status assay_targets_want(struct targets *t, const struct assay_cut *cut, uint32_t ordinal, bool *wanted)
{
    if (t->last == SIZE_MAX || t->cut[t->last].cut != cut) {
        size_t at = place_of(t, cut);
        if ((at == t->n_cuts || t->cut[at].cut != cut) && remember(t, cut, at) != ASSAY_OK)
            return ASSAY_ENOMEM;
        t->last = at;
    }
    *wanted = t->cut[t->last].wanted[ordinal];
    return ASSAY_OK;
}

bool assay_targets_part(const struct targets *t, const char *segment)
{
    if (!segment || t->misplaced)
        return true;
    if (t->everything)
        return among(t->job->segments, t->job->n_segments, segment, false);
    return t->n && bsearch(&segment, t->segment, t->n, sizeof *t->segment, by_text);
}

void assay_targets_forget_cuts(struct targets *t)
{
    for (size_t i = 0; i < t->n_cuts; i++)
        free(t->cut[i].wanted);
    free(t->cut);
    t->cut = NULL;
    t->n_cuts = 0;
    t->last = SIZE_MAX;
}

void assay_targets_release(struct targets *t)
{
    assay_targets_forget_cuts(t);
    for (size_t i = 0; i < t->n; i++)
        free(t->chunk[i].name);
    free(t->segment);
    free(t->chunk);
    *t = (struct targets){0};
}
