/* Is a column that one run covered and a later one did not the same under another name? Sums do not hash names: equal
 * sums over the same rows are equal values. Chunks are compared where both runs have them, segments else. */
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/plan.h"
#include "collect.h"

#define MOST_CHUNKS 65536 /* single chunks that are kept; beyond, whole segments must do */

struct place { /* a chunk, or a segment (its sums are those of its chunks) */
    const char *name;
    uint64_t rows;
    assay_sum key, *col; /* one a pair */
};

struct sums {
    struct assay_rename *pair;
    size_t n_pairs;
    int which; /* 0: the earlier run, 1: the later one */
    struct place *place[2];
    size_t n[2], cap[2], chunks[2], segment[2]; /* segment: index of the one met last */
    struct assay_ledger *ledger;
};

static struct place *new_place(struct assay_collect *c, struct sums *x, const char *name)
{
    int w = x->which;
    if (!assay_grow(&x->place[w], x->n[w], &x->cap[w], sizeof *x->place[w])) {
        assay_fail_nomem(c->e);
        return NULL;
    }
    struct place *p = &x->place[w][x->n[w]];
    *p = (struct place){.name = assay_arena_copy(&c->r->arena, name),
                        .col = assay_arena_take(&c->r->arena, x->n_pairs * sizeof *p->col)};
    if (!p->name || !p->col)
        return NULL; /* the arena says so */
    x->n[w]++;
    return p;
}

/* Chunks of a segment come one after the other. */
static size_t segment_of(struct assay_collect *c, struct sums *x, const char *name)
{
    int w = x->which;
    if (x->segment[w] < x->n[w] && strcmp(x->place[w][x->segment[w]].name, name) == 0)
        return x->segment[w];
    if (!new_place(c, x, name))
        return SIZE_MAX;
    return x->segment[w] = x->n[w] - 1;
}

static void add_line(const struct sums *x, struct place *p, const char *line)
{
    char hex[33];
    assay_sum sum;
    if (strlen(line) < 34)
        return;
    memcpy(hex, line, 32);
    hex[32] = '\0';
    for (size_t i = 0; i < x->n_pairs; i++)
        if (strcmp(x->which ? x->pair[i].now : x->pair[i].before, line + 33) == 0 && assay_sum_parse(hex, &sum) == 0)
            p->col[i] += sum;
}

/* Sums of many columns are in a blob. */
static bool add_blob(struct assay_collect *c, const struct sums *x, struct place *p, const char *name)
{
    struct assay_buf b = {0};
    uint8_t hash[32];
    char *save = NULL;
    if (!assay_sha256_parse(name, hash))
        return true;
    bool ok = assay_ledger_blob(x->ledger, hash, &b, c->e) == ASSAY_OK;
    if (ok && !assay_buf_str(&b)) {
        assay_fail_nomem(c->e);
        ok = false;
    }
    for (char *line = ok ? strtok_r((char *)b.ptr, "\n", &save) : NULL; line; line = strtok_r(NULL, "\n", &save))
        if (strncmp(line, "col ", 4) == 0)
            add_line(x, p, line + 4);
    assay_buf_release(&b);
    return ok;
}

static bool add_chunk(struct assay_collect *c, const struct sums *x, struct place *p, const struct assay_stmt *s)
{
    const char *key = assay_stmt_get(s, "sum-key"), *line, *blob = assay_stmt_get(s, "columns");
    assay_sum sum = 0;
    uint64_t rows = 0;
    if (assay_stmt_get(s, "sums")) /* sealed: so few rows prove no renaming */
        return true;
    assay_stmt_number(s, "rows", &rows);
    if (key)
        (void)assay_sum_parse(key, &sum);
    p->rows += rows;
    p->key += sum;
    for (size_t i = 0; (line = assay_stmt_nth(s, "col", i)); i++)
        add_line(x, p, line);
    return !blob || add_blob(c, x, p, blob);
}

static bool take(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct sums *x = c->more;
    const char *segment = assay_stmt_get(s, "segment"), *id = assay_stmt_get(s, "chunk");
    (void)leaf;
    if (!segment || !id)
        return true;
    size_t at = segment_of(c, x, segment);
    if (at == SIZE_MAX || !add_chunk(c, x, &x->place[x->which][at], s))
        return false;
    if (x->chunks[x->which]++ >= MOST_CHUNKS)
        return true;
    struct place *p = new_place(c, x, id);
    return p && add_chunk(c, x, p, s);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

/* The same rows in at least half of the places that both runs know, and in one at least. */
static bool same_values(const struct sums *x, size_t earlier, size_t later)
{
    size_t equal = 0, all = 0;
    for (size_t i = 0, k = 0; i < x->n[0] && k < x->n[1];) {
        const struct place *a = &x->place[0][i], *b = &x->place[1][k];
        int c = strcmp(a->name, b->name);
        i += c <= 0;
        k += c >= 0;
        if (c || !a->rows || a->rows != b->rows || a->key != b->key)
            continue;
        all++;
        equal += a->col[earlier] == b->col[later];
    }
    return equal && 2 * equal >= all;
}

/* Columns that equal each other (all NULL, say) cannot tell which of them became which. */
static void judge(struct sums *x)
{
    bool *same = calloc(x->n_pairs + 1, sizeof *same);
    for (size_t i = 0; same && i < x->n_pairs; i++)
        same[i] = same_values(x, i, i);
    for (size_t i = 0; same && i < x->n_pairs; i++) {
        size_t rivals = 0;
        for (size_t k = 0; k < x->n_pairs; k++)
            rivals +=
                k != i && same[k] &&
                (strcmp(x->pair[i].before, x->pair[k].before) == 0 || strcmp(x->pair[i].now, x->pair[k].now) == 0);
        x->pair[i].same = same[i] && rivals == 0;
    }
    free(same);
}

enum assay_status assay_drift_sums(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                   int side, const char *const run[2], struct assay_rename *pair, size_t n,
                                   struct assay_err *e)
{
    struct sums x = {.pair = pair, .n_pairs = n, .ledger = l};
    struct assay_collect c = {.r = r, .d = d, .side = side, .e = e, .more = &x, .take = take};
    enum assay_status s = ASSAY_OK;
    for (x.which = 0; x.which < 2 && s == ASSAY_OK; x.which++) {
        struct assay_ledger_query q = {
            .kind = "chunk", .role = assay_side_name((enum assay_side_id)side), .dataset = d->id, .run = run[x.which]};
        s = assay_collect(l, &q, &c);
        if (x.n[x.which])
            qsort(x.place[x.which], x.n[x.which], sizeof *x.place[0], by_name);
    }
    if (s == ASSAY_OK)
        judge(&x);
    free(x.place[0]);
    free(x.place[1]);
    return s;
}
