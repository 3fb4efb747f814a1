/* What the values of columns went through: the fewest classes that explain the cells that were looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/difference.h"
#include "cause.h"

#define OTHER_COLUMN "other-column"
#define MOST_SETS 4096 /* different sets of one column */
#define LEAST_SHARE 20 /* a class must explain a twentieth of what is left, else it is chance */
#define LEAST_MOVED 3 /* values that stand in another column before it is no chance */
#define LEAST_CELLS 20 /* of which so many make a share worth asking for */

struct column_sets { /* what the samples say of one column */
    const char **set; /* borrowed */
    uint64_t *count;
    size_t n;
    uint64_t cells;
    uint64_t changed, looked; /* rows of the samples in which it differs; those whose cells are counted here */
    size_t samples; /* in which it differs */
    size_t constant; /* in which it is the same throughout at the archive */
    bool null; /* and NULL */
};

static bool has(const char *set, const char *class, size_t n)
{
    for (const char *at = set; *at;) {
        const size_t len = strcspn(at, ",");
        if (len == n && memcmp(at, class, n) == 0)
            return true;
        at += len + (at[len] == ',');
    }
    return false;
}

static enum assay_status add_set(struct column_sets *c, const struct sample_cells *x)
{
    c->cells += x->count;
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->set[i], x->set) == 0) {
            c->count[i] += x->count;
            return ASSAY_OK;
        }
    if (c->n == MOST_SETS)
        return ASSAY_OK;
    if (c->n % 64 == 0) {
        const char **set = realloc(c->set, (c->n + 64) * sizeof *set);
        if (set)
            c->set = set;
        uint64_t *count = set ? realloc(c->count, (c->n + 64) * sizeof *count) : NULL;
        if (!count)
            return ASSAY_ENOMEM;
        c->count = count;
    }
    c->set[c->n] = x->set;
    c->count[c->n++] = x->count;
    return ASSAY_OK;
}

static enum assay_status gather(const struct samples *all, size_t column, struct column_sets *out)
{
    *out = (struct column_sets){0};
    for (size_t i = 0; i < all->n; i++) {
        const struct sample *s = &all->s[i];
        bool differs = false;
        for (size_t k = 0; k < s->n_cells; k++)
            if (s->cells[k].column == column) {
                differs = true;
                if (add_set(out, &s->cells[k]) != ASSAY_OK)
                    return ASSAY_ENOMEM;
            }
        if (differs) {
            out->samples++;
            out->looked += s->looked;
            out->changed += s->n[SAMPLE_CHANGED] > s->looked ? s->n[SAMPLE_CHANGED] : s->looked;
        }
        for (size_t k = 0; k < s->n_constant; k++)
            if (s->constant[k] == column) {
                out->constant++;
                out->null = s->constant_null[k];
            }
    }
    return ASSAY_OK;
}

struct best {
    const char *class;
    size_t len, place; /* place in its set: the earlier, the less it takes from a value */
    uint64_t cells;
};

/* The class that explains most of what is left. */
static struct best best_of(const struct column_sets *c)
{
    struct best best = {0};
    for (size_t i = 0; i < c->n; i++) {
        size_t place = 0;
        for (const char *at = c->set[i]; c->count[i] && *at && *at != '-'; place++) {
            struct best x = {at, strcspn(at, ","), place, 0};
            for (size_t k = 0; k < c->n; k++)
                if (c->count[k] && has(c->set[k], x.class, x.len))
                    x.cells += c->count[k];
            const bool column = strncmp(at, OTHER_COLUMN, sizeof OTHER_COLUMN - 1) == 0;
            if (column && (x.cells < LEAST_MOVED || x.cells * 2 < c->cells))
                x.cells = 0; /* small numbers meet by chance */
            if (x.cells && (x.cells > best.cells || (x.cells == best.cells && x.place < best.place)))
                best = x;
            at += x.len + (at[x.len] == ',');
        }
    }
    return best;
}

/* In how many samples the column has cells that the class explains. */
static size_t samples_with(const struct samples *all, size_t column, const char *class, size_t len)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->s[i].n_cells; k++)
            if (all->s[i].cells[k].column == column && has(all->s[i].cells[k].set, class, len)) {
                n++;
                break;
            }
    return n;
}

/* Chunks with the same keys on both sides in which the sums of the column differ. */
static uint64_t chunks_with(const struct run *r, size_t column)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_mismatches; i++) {
        const struct mismatch *m = &r->mismatch[i];
        n += m->kind && strcmp(m->kind, "changed") == 0 && m->s->col[column] != m->a->col[column];
    }
    return n;
}

static struct cause *cause_of(struct causes *all, const char *kind, const char *what)
{
    for (size_t i = 0; i < all->n && strcmp(kind, OTHER_COLUMN) != 0; i++)
        if (strcmp(all->c[i].what, what) == 0 && strcmp(all->c[i].kind, kind) == 0)
            return &all->c[i];
    return assay_cause_new(all, kind, what);
}

struct found { /* a class, or something like it, that holds for one column */
    const char *kind, *what, *says, *rule, *side, *hint;
    uint64_t cells, of; /* cells that it explains, of those that differ */
    size_t samples; /* in which they are */
};

static enum assay_status tell(const struct run *r, struct causes *all, const struct column_sets *c, size_t column,
                              const struct found *f)
{
    struct cause *x = cause_of(all, f->kind, f->what);
    if (!x)
        return ASSAY_ENOMEM;
    uint64_t chunks = f->samples;
    if (f->samples == c->samples && chunks_with(r, column) > chunks)
        chunks = chunks_with(r, column);
    x->side = f->side;
    x->chunks = chunks > x->chunks ? chunks : x->chunks;
    const uint64_t rows =
        c->looked ? (uint64_t)((double)f->cells * (double)c->changed / (double)c->looked + 0.5) : f->cells;
    x->rows = rows > x->rows ? rows : x->rows;
    snprintf(x->rule, sizeof x->rule, "%s", f->rule && *f->rule ? f->rule : CAUSE_NO_RULE);
    snprintf(x->hint, sizeof x->hint, "%s", f->hint);
    if (c->cells == 0)
        snprintf(x->evidence, sizeof x->evidence, "%s", f->says);
    else if (x->n_columns == 0)
        snprintf(x->evidence, sizeof x->evidence, "%s: %llu of %llu differing values, in %zu of %zu chunks looked at",
                 f->says, (unsigned long long)f->cells, (unsigned long long)f->of, f->samples, c->samples);
    return assay_cause_column(x, r->set->col[column].name);
}

static enum assay_status tell_class(const struct run *r, const struct samples *samples, struct causes *all,
                                    const struct column_sets *c, size_t column, const struct best *b)
{
    struct assay_difference_name name;
    char what[352], says[512], rule[320];
    if (!assay_difference_parse(b->class, b->len, &name))
        return ASSAY_OK; /* of a later version */
    snprintf(what, sizeof what, "%.*s", (int)b->len, b->class);
    assay_difference_says(&name, says, sizeof says);
    assay_difference_rule(&name, rule, sizeof rule);
    static const char *const sides[] = {"source", "archive", "both"};
    return tell(r, all, c, column,
                &(struct found){.kind = name.row->name,
                                .what = what,
                                .says = says,
                                .rule = rule,
                                .side = rule[0] ? sides[name.side] : NULL,
                                .hint = name.row->hint,
                                .cells = b->cells,
                                .of = c->cells,
                                .samples = samples_with(samples, column, b->class, b->len)});
}

static bool is_chance(const struct column_sets *c, const struct best *b)
{
    return c->cells >= LEAST_CELLS && b->cells * LEAST_SHARE < c->cells;
}

static void take_out(struct column_sets *c, const struct best *b)
{
    for (size_t i = 0; i < c->n; i++)
        if (has(c->set[i], b->class, b->len))
            c->count[i] = 0;
}

static uint64_t left_of(const struct column_sets *c)
{
    uint64_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += c->count[i];
    return n;
}

/* One value throughout says more than what most of its cells have in common, but less than what all of them have. */
static bool is_constant(const struct column_sets *c, const struct best *b)
{
    static const char *const weak[] = {"nulled@", "filled@"};
    bool weaker = b->cells * LEAST_SHARE < c->cells * (LEAST_SHARE - 1);
    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
        weaker = weaker || (b->class && strncmp(b->class, weak[i], strlen(weak[i])) == 0);
    return c->samples && c->constant == c->samples && weaker;
}

static enum assay_status explain_column(const struct run *r, const struct samples *samples, size_t column,
                                        struct causes *all)
{
    struct column_sets c;
    enum assay_status s = gather(samples, column, &c);
    struct best b = best_of(&c);
    if (s == ASSAY_OK && is_constant(&c, &b)) {
        s = tell(r, all, &c, column,
                 &(struct found){.kind = "column-constant",
                                 .what = c.null ? "null" : "value",
                                 .says = c.null ? "in the archive, the column is NULL in every row"
                                                : "in the archive, the column has one and the same value in every row",
                                 .hint = "the exporter did not read the column, or wrote a placeholder",
                                 .cells = c.cells,
                                 .of = c.cells,
                                 .samples = c.samples});
        goto done;
    }
    for (; s == ASSAY_OK && b.cells && !is_chance(&c, &b); b = best_of(&c)) {
        s = tell_class(r, samples, all, &c, column, &b);
        take_out(&c, &b);
    }
    if (s == ASSAY_OK && left_of(&c))
        s = tell(r, all, &c, column,
                 &(struct found){.kind = "unexplained",
                                 .what = "values",
                                 .says = "the values differ in no way that is known",
                                 .hint = "assay diff names the rows",
                                 .cells = left_of(&c),
                                 .of = c.cells,
                                 .samples = c.samples});
done:
    free(c.set);
    free(c.count);
    return s;
}

/* ---- values in the wrong column ---- */

static size_t column_named(const struct assay_dataset *d, const char *name)
{
    for (size_t i = 0; i < d->n_cols; i++)
        if (strcmp(d->col[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

/* from[c]: the source's column whose values the archive has in c, or SIZE_MAX. Such causes are taken out. */
static void take_columns(const struct run *r, struct causes *all, size_t *from, struct cause *sum)
{
    size_t to = 0;
    for (size_t i = 0; i < all->n; i++) {
        struct cause *c = &all->c[i];
        struct assay_difference_name name;
        if (strcmp(c->kind, OTHER_COLUMN) != 0 || !assay_difference_parse(c->what, strlen(c->what), &name)) {
            all->c[to++] = *c;
            continue;
        }
        const char *names = assay_buf_str(&c->columns);
        const size_t column = names ? column_named(r->set, names) : SIZE_MAX;
        if (column != SIZE_MAX)
            from[column] = column_named(r->set, name.arg);
        sum->chunks = c->chunks > sum->chunks ? c->chunks : sum->chunks;
        sum->rows = c->rows > sum->rows ? c->rows : sum->rows;
        assay_buf_release(&c->columns);
    }
    all->n = to;
}

/* By sums alone: where nothing was looked at. */
static void columns_by_sums(const struct run *r, size_t *from, struct cause *sum)
{
    for (size_t i = 0; i < r->n_mismatches; i++) {
        const struct mismatch *m = &r->mismatch[i];
        bool any = false;
        for (size_t c = 0; m->kind && strcmp(m->kind, "changed") == 0 && c < r->set->n_cols; c++)
            for (size_t k = 0; m->s->col[c] != m->a->col[c] && k < r->set->n_cols; k++)
                if (k != c && m->a->col[c] == m->s->col[k] && m->s->col[k] != m->a->col[k]) {
                    from[c] = k;
                    any = true;
                }
        sum->chunks += any;
        sum->rows += any ? m->s->rows : 0;
    }
}

static enum assay_status tell_columns(const struct run *r, struct causes *all, const struct cause *sum,
                                      const size_t *from, size_t c, bool swapped)
{
    struct cause *x =
        assay_cause_new(all, swapped ? "columns-swapped" : "columns-shifted", swapped ? r->set->col[c].name : "all");
    if (!x)
        return ASSAY_ENOMEM;
    x->chunks = sum->chunks;
    x->rows = sum->rows;
    snprintf(x->rule, sizeof x->rule, CAUSE_NO_RULE);
    snprintf(x->hint, sizeof x->hint, "the exporter's header and its fields are in different orders");
    size_t at = (size_t)snprintf(x->evidence, sizeof x->evidence, "the archive has in ");
    enum assay_status s = ASSAY_OK;
    for (size_t k = 0; k < r->set->n_cols && s == ASSAY_OK; k++) {
        if (from[k] == SIZE_MAX || (swapped && k != c && k != from[c]))
            continue;
        if (at < sizeof x->evidence)
            at += (size_t)snprintf(x->evidence + at, sizeof x->evidence - at, "%s%s the source's values of %s",
                                   x->n_columns ? ", in " : "", r->set->col[k].name, r->set->col[from[k]].name);
        s = assay_cause_column(x, r->set->col[k].name);
    }
    return s;
}

static enum assay_status explain_columns_moved(const struct run *r, const struct samples *samples, struct causes *all)
{
    const size_t n = r->set->n_cols;
    size_t *from = malloc((n + 1) * sizeof *from);
    struct cause sum = {0};
    enum assay_status s = from ? ASSAY_OK : ASSAY_ENOMEM;
    for (size_t i = 0; from && i < n; i++)
        from[i] = SIZE_MAX;
    if (from)
        take_columns(r, all, from, &sum);
    if (from && samples->n == 0)
        columns_by_sums(r, from, &sum);
    for (size_t c = 0; s == ASSAY_OK && c < n; c++) {
        const size_t k = from[c];
        if (k == SIZE_MAX || from[k] != c)
            continue;
        s = tell_columns(r, all, &sum, from, c, true);
        from[c] = from[k] = SIZE_MAX;
    }
    for (size_t c = 0; s == ASSAY_OK && c < n; c++)
        if (from[c] != SIZE_MAX) {
            s = tell_columns(r, all, &sum, from, c, false);
            break;
        }
    free(from);
    return s;
}

/* ---- columns that nobody looked at ---- */

static enum assay_status not_looked_at(const struct run *r, const struct samples *samples, struct causes *all)
{
    enum assay_status s = ASSAY_OK;
    for (size_t c = 0; samples->n == 0 && all->n == 0 && c < r->set->n_cols && s == ASSAY_OK; c++) {
        const uint64_t chunks = chunks_with(r, c);
        const struct column_sets none = {0};
        if (chunks)
            s = tell(r, all, &none, c,
                     &(struct found){.kind = "unexplained",
                                     .what = "sums",
                                     .says = "the sums of the values differ, and no row was looked at",
                                     .hint = "assay sample looks at rows, assay diff names them"});
    }
    return s;
}

enum assay_status assay_causes_of_columns(const struct run *r, const struct samples *samples, struct causes *all)
{
    enum assay_status s = ASSAY_OK;
    for (size_t c = 0; c < r->set->n_cols && s == ASSAY_OK; c++)
        s = explain_column(r, samples, c, all);
    if (s == ASSAY_OK)
        s = explain_columns_moved(r, samples, all);
    return s == ASSAY_OK ? not_looked_at(r, samples, all) : s;
}
