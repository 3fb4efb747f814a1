#include "class_sets.h"

#include <stdlib.h>
#include <string.h>

#define MOST_SETS 4096 /* different sets of one column */
#define LEAST_SHARE 20 /* a class must explain a twentieth of all, else it is chance */
#define LEAST_MOVED 3 /* values that stand in another column before it is no chance */
#define LEAST_CELLS 20 /* of which so many make a share worth asking for */

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

/* ---- gathering ---- */

static enum assay_status grow(struct column_sets *c)
{
    const size_t want = c->n + 64;
    const char **set = realloc(c->set, want * sizeof *set);
    if (set)
        c->set = set;
    uint64_t *count = set ? realloc(c->count, want * sizeof *count) : NULL;
    if (count)
        c->count = count;
    uint32_t *picks = count ? realloc(c->picks, want * sizeof *picks) : NULL;
    if (picks)
        c->picks = picks;
    return picks ? ASSAY_OK : ASSAY_ENOMEM;
}

static size_t index_of(const struct column_sets *c, const char *set)
{
    for (size_t i = 0; i < c->n; i++)
        if (strcmp(c->set[i], set) == 0)
            return i;
    return SIZE_MAX;
}

static enum assay_status add_set(struct column_sets *c, const struct sample_cells *x)
{
    const size_t known = index_of(c, x->set);
    c->cells += x->count;
    if (known != SIZE_MAX) {
        c->count[known] += x->count;
        return ASSAY_OK;
    }
    if (c->n == MOST_SETS)
        return ASSAY_OK;
    if (c->n % 64 == 0 && grow(c) != ASSAY_OK)
        return ASSAY_ENOMEM;
    c->set[c->n] = x->set;
    c->picks[c->n] = 0;
    c->count[c->n++] = x->count;
    return ASSAY_OK;
}

enum assay_status assay_class_sets_gather(const struct samples *all, size_t column, struct column_sets *out)
{
    *out = (struct column_sets){.column = column};
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

void assay_class_sets_release(struct column_sets *c)
{
    free(c->set);
    free(c->count);
    free(c->picks);
    *c = (struct column_sets){0};
}

/* ---- picking ---- */

struct best {
    const char *class; /* or two with & between */
    size_t len, place; /* place in its set: the earlier, the less it takes from a value */
    uint64_t cells;
};

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

const char *assay_class_sets_best(const struct column_sets *c, size_t *len, uint64_t *cells)
{
    const struct best b = best_of(c);
    *len = b.len;
    *cells = b.cells;
    return b.class;
}

static bool is_chance(const struct column_sets *c, const struct best *b)
{
    return c->cells >= LEAST_CELLS && b->cells * LEAST_SHARE < c->cells;
}

static size_t pick_of(struct class_picks *all, const char *class, size_t len)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->p[i].len == len && memcmp(all->p[i].class, class, len) == 0)
            return i;
    all->p[all->n] = (struct class_pick){.class = class, .len = len};
    return all->n++;
}

/* One class, or two that explain together; these also explain what one of them alone does. */
static void take(struct column_sets *c, const struct best *b, struct class_picks *all)
{
    const char *amp = memchr(b->class, '&', b->len);
    const size_t first = amp ? (size_t)(amp - b->class) : b->len;
    size_t pick[2] = {pick_of(all, b->class, first), 0};
    if (amp)
        pick[1] = pick_of(all, amp + 1, b->len - first - 1);
    const size_t n = amp && pick[0] != pick[1] ? 2 : 1;
    for (size_t k = 0; k < c->n; k++) {
        const bool whole = has(c->set[k], b->class, b->len);
        for (size_t i = 0; i < n && c->count[k]; i++) {
            struct class_pick *p = &all->p[pick[i]];
            if (!whole && !has(c->set[k], p->class, p->len))
                continue;
            p->cells += c->count[k];
            p->shared += amp && whole ? c->count[k] : 0;
            c->picks[k] |= UINT32_C(1) << pick[i];
        }
        if (c->picks[k])
            c->count[k] = 0;
    }
    if (amp) {
        all->p[pick[0]].with = pick[1];
        all->p[pick[1]].with = pick[0];
    }
}

static size_t samples_with(const struct column_sets *c, const struct samples *all, size_t pick)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->s[i].n_cells; k++) {
            const struct sample_cells *x = &all->s[i].cells[k];
            const size_t at = x->column == c->column ? index_of(c, x->set) : SIZE_MAX;
            if (at != SIZE_MAX && c->picks[at] >> pick & 1) {
                n++;
                break;
            }
        }
    return n;
}

void assay_class_sets_pick(struct column_sets *c, const struct samples *all, struct class_picks *out)
{
    *out = (struct class_picks){0};
    for (struct best b = best_of(c); b.cells && !is_chance(c, &b) && out->n + 2 <= MOST_PICKS; b = best_of(c))
        take(c, &b, out);
    for (size_t i = 0; i < out->n; i++)
        out->p[i].samples = samples_with(c, all, i);
    for (size_t i = 0; i < c->n; i++)
        out->left += c->count[i];
}
