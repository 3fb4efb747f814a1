/* What the values of columns went through: the fewest classes that explain the cells that were looked at. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/difference.h"
#include "cause.h"
#include "class_sets.h"

#define MOST_FIELDS 5
#define LONGEST_FIELD 60
#define ALL_SHARE 20 /* what explains 19 of 20 cells explains all */

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

/* ", in a.b[], c": the parts of the column's values that differ most often. */
static void say_fields(const struct samples *all, size_t column, char says[640])
{
    const char *told[MOST_FIELDS + 1];
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->s[i].n_inside && n <= MOST_FIELDS; k++) {
            const struct sample_cells *x = &all->s[i].inside[k];
            bool known = x->column != column || strlen(x->set) > LONGEST_FIELD;
            for (size_t t = 0; t < n && !known; t++)
                known = strcmp(told[t], x->set) == 0;
            if (!known)
                told[n++] = x->set;
        }
    for (size_t t = 0; t < n; t++) {
        const size_t at = strlen(says);
        snprintf(says + at, 640 - at, "%s%s", t ? ", " : " in ", t == MOST_FIELDS ? "..." : told[t]);
    }
}

struct named { /* a class read back */
    struct assay_difference_name name;
    char rule[320];
};

static bool read_back(const struct class_pick *p, struct named *out)
{
    if (!assay_difference_parse(p->class, p->len, &out->name))
        return false; /* of a later version */
    assay_difference_rule(&out->name, out->rule, sizeof out->rule);
    return true;
}

/* What the partner means for evidence, rule and hint: a rule settles nothing where another difference stays. */
static void with_partner(const struct class_picks *all, const struct class_pick *p, struct named *mine, char says[640],
                         char hint[256])
{
    struct named other;
    if (!p->shared || !read_back(&all->p[p->with], &other))
        return;
    const size_t at = strlen(says);
    snprintf(says + at, 640 - at, " (%llu times together with %s)", (unsigned long long)p->shared,
             other.name.row->name);
    if (mine->rule[0] && other.rule[0])
        snprintf(hint, 256, "needs \"%.100s\", too: the same values differ in both ways", other.rule);
    else if (mine->rule[0] && p->shared == p->cells) {
        snprintf(hint, 256, "\"%.100s\" settles nothing while there is %s, too", mine->rule, other.name.row->name);
        mine->rule[0] = '\0';
    }
}

static enum assay_status tell_class(const struct run *r, const struct samples *samples, struct causes *all,
                                    const struct column_sets *c, const struct class_picks *picks,
                                    const struct class_pick *p)
{
    static const char *const sides[] = {"source", "archive", "both"};
    struct named n;
    char what[352], says[640], hint[256];
    if (!read_back(p, &n))
        return ASSAY_OK;
    snprintf(what, sizeof what, "%.*s", (int)p->len, p->class);
    assay_difference_says(&n.name, says, sizeof says);
    if (n.name.inside)
        say_fields(samples, c->column, says);
    snprintf(hint, sizeof hint, "%s%s", n.name.inside ? "no rule reaches into nested values; " : "", n.name.row->hint);
    with_partner(picks, p, &n, says, hint);
    return tell(r, all, c, c->column,
                &(struct found){.kind = n.name.row->name,
                                .what = what,
                                .says = says,
                                .rule = n.rule,
                                .side = n.rule[0] ? sides[n.name.side] : NULL,
                                .hint = hint,
                                .cells = p->cells,
                                .of = c->cells,
                                .samples = p->samples});
}

/* One value throughout says more than what most of its cells have in common, but less than what all of them have. */
static bool is_constant(const struct column_sets *c)
{
    static const char *const weak[] = {"nulled@", "filled@"};
    size_t len;
    uint64_t cells;
    const char *class = assay_class_sets_best(c, &len, &cells);
    bool weaker = cells * ALL_SHARE < c->cells * (ALL_SHARE - 1);
    for (size_t i = 0; i < sizeof weak / sizeof *weak; i++)
        weaker = weaker || (class && strncmp(class, weak[i], strlen(weak[i])) == 0);
    return c->samples && c->constant == c->samples && weaker;
}

static enum assay_status explain_column(const struct run *r, const struct samples *samples, size_t column,
                                        struct causes *all)
{
    struct column_sets c;
    struct class_picks picks;
    enum assay_status s = assay_class_sets_gather(samples, column, &c);
    if (s == ASSAY_OK && is_constant(&c)) {
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
    assay_class_sets_pick(&c, samples, &picks);
    for (size_t i = 0; s == ASSAY_OK && i < picks.n; i++)
        s = tell_class(r, samples, all, &c, &picks, &picks.p[i]);
    char says[640] = "the values differ in no way that is known";
    say_fields(samples, column, says);
    if (s == ASSAY_OK && picks.left)
        s = tell(r, all, &c, column,
                 &(struct found){.kind = "unexplained",
                                 .what = "values",
                                 .says = says,
                                 .hint = "assay diff names the rows",
                                 .cells = picks.left,
                                 .of = c.cells,
                                 .samples = c.samples});
done:
    assay_class_sets_release(&c);
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
