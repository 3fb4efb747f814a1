/* Differences inside lists, structs, maps and JSON: the two trees are walked together, and what differs is classed part
 * by part. */
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "difference.h"
#include "json.h"

#define MOST_PARTS 64 /* of one value that differ */
#define MOST_DEPTH 64
#define MOST_PATH 256
#define MOST_PATHS 32 /* that are told apart in one column */

struct inside_path {
    char *text;
    uint64_t count;
};

struct inside {
    const struct assay_shape *shape; /* NULL: JSON */
    struct assay_classifier *part[ASSAY_L_COUNT]; /* made when first needed */
    struct inside_path path[MOST_PATHS];
    size_t n_paths;
};

struct cell {
    const uint8_t *p;
    size_t n;
};

struct walk {
    struct assay_classifier *c;
    struct assay_buf path; /* names of fields, [] for elements, {} for values of maps */
    struct assay_differences set[MOST_PARTS];
    size_t n;
    unsigned depth;
    bool lost, bounds; /* there is a part that nobody explains; the bounds have a set */
};

static void walk(struct walk *w, const struct assay_shape *s, struct cell a, struct cell b);

/* ---- what a part became ---- */

static void note_path(struct walk *w)
{
    struct inside *in = w->c->inside;
    const char *text = w->path.len ? assay_buf_str(&w->path) : NULL;
    if (!text || w->path.len > MOST_PATH)
        return;
    for (size_t i = 0; i < in->n_paths; i++)
        if (strcmp(in->path[i].text, text) == 0) {
            in->path[i].count++;
            return;
        }
    if (in->n_paths == MOST_PATHS)
        return;
    in->path[in->n_paths] = (struct inside_path){strdup(text), 1};
    if (in->path[in->n_paths].text)
        in->n_paths++;
    else
        w->c->status = ASSAY_ENOMEM;
}

static void add_set(struct walk *w, const struct assay_differences *d)
{
    if (d->n == 0 || w->n == MOST_PARTS) {
        w->lost = true;
        return;
    }
    w->set[w->n] = *d;
    for (size_t i = 0; i < d->n; i++)
        w->set[w->n].d[i].inside = d->d[i].kind != ASSAY_DK_BOUNDS && d->d[i].kind != ASSAY_DK_FIELDS;
    w->n++;
}

static void add_one(struct walk *w, enum assay_difference_kind kind, int side)
{
    struct assay_differences d = {0};
    assay_difference_add(&d, kind, (enum assay_difference_side)side, 0);
    add_set(w, &d);
}

static struct assay_classifier *classifier_of(struct walk *w, enum assay_logical type)
{
    struct assay_classifier **part = &w->c->inside->part[type];
    if (!*part && assay_classifier_new(type, NULL, part) != ASSAY_OK)
        w->c->status = ASSAY_ENOMEM;
    return *part;
}

static enum assay_logical type_of_tag(uint8_t tag)
{
    return tag == 'N' ? ASSAY_L_DECIMAL : tag == 'T' ? ASSAY_L_TEXT : tag == 'L' ? ASSAY_L_BOOLEAN : ASSAY_L_NONE;
}

/* A string that holds what the other side has as JSON: "5" for 5, "{\"a\":1}" for an object. */
static bool is_quoted(struct cell text, struct cell other)
{
    struct assay_buf tree = {0};
    const char *why = NULL;
    const bool same = text.p[0] == 'T' && assay_json_tree(text.p + 5, text.n - 5, &tree, &why) && tree.len == other.n &&
                      memcmp(tree.ptr, other.p, other.n) == 0;
    assay_buf_release(&tree);
    return same;
}

static void part(struct walk *w, const struct assay_shape *s, struct cell a, struct cell b)
{
    const uint8_t tag = a.p[0] ? a.p[0] : b.p[0];
    const enum assay_logical type = s ? s->type : type_of_tag(tag);
    struct assay_differences d = {0};
    note_path(w);
    if (!s && a.p[0] && b.p[0] && a.p[0] != b.p[0]) {
        if (is_quoted(a, b) || is_quoted(b, a))
            add_one(w, ASSAY_DK_JSON_STRING, is_quoted(a, b) ? ASSAY_DS_SOURCE : ASSAY_DS_ARCHIVE);
        else
            w->lost = true;
        return;
    }
    if (!a.p[0] || !b.p[0]) { /* a whole list is no sentinel */
        if (type == ASSAY_L_NONE || type >= ASSAY_L_JSON) {
            add_one(w, a.p[0] ? ASSAY_DK_NULLED : ASSAY_DK_FILLED, ASSAY_DS_ARCHIVE);
            return;
        }
    }
    struct assay_classifier *c = type == ASSAY_L_NONE || type >= ASSAY_L_JSON ? NULL : classifier_of(w, type);
    if (c && assay_classify(c, a.p, a.n, b.p, b.n, &d) != ASSAY_OK)
        w->c->status = ASSAY_ENOMEM;
    add_set(w, &d);
}

/* ---- the walk ---- */

/* The next cell, or the next name with its length; false: the bytes end. */
static bool next(struct cell *rest, bool is_name, struct cell *out)
{
    const size_t n = !is_name      ? assay_cell_len(rest->p, rest->n)
                     : rest->n < 4 ? 0
                                   : 4 + (size_t)assay_get_be32(rest->p);
    if (n == 0 || n > rest->n)
        return false;
    *out = (struct cell){rest->p, n};
    rest->p += n;
    rest->n -= n;
    return true;
}

static int order(struct cell a, struct cell b)
{
    const int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static bool step_in(struct walk *w, const char *mark, struct cell name, bool dot)
{
    enum assay_status st = ASSAY_OK;
    if (dot && w->path.len)
        st = assay_buf_addc(&w->path, '.');
    if (st == ASSAY_OK)
        st = mark ? assay_buf_adds(&w->path, mark) : assay_buf_add(&w->path, name.p, name.n);
    if (st != ASSAY_OK)
        w->c->status = ASSAY_ENOMEM;
    return st == ASSAY_OK;
}

static void walk_list(struct walk *w, const struct assay_shape *s, struct cell a, struct cell b, uint32_t count)
{
    const size_t mark = w->path.len;
    struct cell x, y;
    if (s && !step_in(w, "[]", (struct cell){0}, false))
        return;
    for (uint32_t i = 0; i < count && !w->lost; i++) {
        if (!next(&a, false, &x) || !next(&b, false, &y)) {
            w->lost = true;
            return;
        }
        walk(w, s ? &s->child[0] : NULL, x, y);
    }
    w->path.len = mark;
}

static void walk_map(struct walk *w, const struct assay_shape *s, struct cell a, struct cell b, uint32_t count)
{
    const size_t mark = w->path.len;
    struct cell x, y;
    if (!s || !step_in(w, "{}", (struct cell){0}, false)) {
        w->lost = true;
        return;
    }
    for (uint32_t i = 0; i < count && !w->lost; i++) {
        if (!next(&a, false, &x) || !next(&b, false, &y) || order(x, y) != 0 || !next(&a, false, &x) ||
            !next(&b, false, &y)) {
            w->lost = true;
            return;
        }
        walk(w, &s->child[1], x, y);
    }
    w->path.len = mark;
}

static const struct assay_shape *field(const struct assay_shape *s, struct cell name)
{
    for (size_t i = 0; s && i < s->n; i++)
        if (strlen(s->child[i].name) == name.n - 4 && memcmp(s->child[i].name, name.p + 4, name.n - 4) == 0)
            return &s->child[i];
    return NULL;
}

static void walk_field(struct walk *w, const struct assay_shape *s, struct cell name, struct cell a, struct cell b)
{
    const size_t mark = w->path.len;
    const struct assay_shape *f = field(s, name);
    if (s && (!f || !step_in(w, NULL, (struct cell){name.p + 4, name.n - 4}, true))) {
        w->lost = true;
        return;
    }
    if (a.p && b.p)
        walk(w, f, a, b);
    else if ((a.p ? a : b).p[0] == 0x00) {
        note_path(w);
        add_one(w, s ? ASSAY_DK_FIELDS : ASSAY_DK_MEMBERS, a.p ? ASSAY_DS_ARCHIVE : ASSAY_DS_SOURCE);
    } else
        w->lost = true;
    w->path.len = mark;
}

/* Members stand in the order of their names. */
static void walk_struct(struct walk *w, const struct assay_shape *s, struct cell a, struct cell b, uint32_t n_a,
                        uint32_t n_b)
{
    struct cell name[2] = {{0}}, value[2] = {{0}};
    while (!w->lost && (n_a || n_b || name[0].p || name[1].p)) {
        if (!name[0].p && n_a && n_a-- && (!next(&a, true, &name[0]) || !next(&a, false, &value[0])))
            w->lost = true;
        if (!name[1].p && n_b && n_b-- && (!next(&b, true, &name[1]) || !next(&b, false, &value[1])))
            w->lost = true;
        if (w->lost)
            return;
        struct cell bare[2];
        for (int i = 0; i < 2; i++)
            bare[i] = name[i].p ? (struct cell){name[i].p + 4, name[i].n - 4} : (struct cell){0};
        const int c = !name[0].p ? 1 : !name[1].p ? -1 : order(bare[0], bare[1]);
        const struct cell none = {0};
        walk_field(w, s, c <= 0 ? name[0] : name[1], c <= 0 ? value[0] : none, c >= 0 ? value[1] : none);
        if (c <= 0)
            name[0] = none;
        if (c >= 0)
            name[1] = none;
    }
}

/* The lower bound of a list goes; are both the same? */
static void strip_bounds(struct walk *w, struct cell *a, struct cell *b)
{
    const bool in_a = a->p[0] == '(', in_b = b->p[0] == '(';
    const bool differ = in_a != in_b || (in_a && memcmp(a->p, b->p, 5) != 0);
    if (in_a)
        *a = (struct cell){a->p + 5, a->n - 5};
    if (in_b)
        *b = (struct cell){b->p + 5, b->n - 5};
    if (!differ || w->bounds)
        return;
    w->bounds = true;
    add_one(w, ASSAY_DK_BOUNDS, in_a && in_b ? ASSAY_DS_BOTH : in_a ? ASSAY_DS_SOURCE : ASSAY_DS_ARCHIVE);
}

static void walk(struct walk *w, const struct assay_shape *s, struct cell a, struct cell b)
{
    if (a.n == b.n && memcmp(a.p, b.p, a.n) == 0)
        return;
    if (a.p[0] == '(' || b.p[0] == '(')
        strip_bounds(w, &a, &b);
    if (a.p[0] == 'J' && b.p[0] == 'J') { /* names in a document are values, not part of the plan */
        const size_t mark = w->path.len;
        walk(w, NULL, (struct cell){a.p + 5, a.n - 5}, (struct cell){b.p + 5, b.n - 5});
        w->path.len = mark;
        return;
    }
    if (a.p[0] != b.p[0] || !strchr("[{M", a.p[0]) || a.p[0] == 0x00) {
        part(w, s, a, b);
        return;
    }
    const uint32_t n_a = assay_get_be32(a.p + 1), n_b = assay_get_be32(b.p + 1);
    const struct cell x = {a.p + 5, a.n - 5}, y = {b.p + 5, b.n - 5};
    if ((n_a != n_b && a.p[0] != '{') || ++w->depth > MOST_DEPTH) {
        w->lost = true;
        return;
    }
    if (a.p[0] == '{')
        walk_struct(w, s, x, y, n_a, n_b);
    else if (a.p[0] == '[')
        walk_list(w, s, x, y, n_a);
    else
        walk_map(w, s, x, y, n_a);
    w->depth--;
}

/* ---- what all parts have in common ---- */

static bool same(const struct assay_difference *a, const struct assay_difference *b)
{
    return a->kind == b->kind && a->side == b->side && a->n == b->n && a->with_next == b->with_next;
}

/* Classes from i on that belong together: one or two. */
static size_t width(const struct assay_difference *d)
{
    return d->with_next ? 2 : 1;
}

static bool holds(const struct assay_differences *set, const struct assay_difference *d)
{
    for (size_t i = 0; i < set->n; i += width(&set->d[i]))
        if (same(&set->d[i], d) && (!d->with_next || same(&set->d[i + 1], d + 1)))
            return true;
    return false;
}

/* The first part behind `from` that does not have d. */
static size_t without(const struct walk *w, size_t from, const struct assay_difference *d)
{
    while (from < w->n && holds(&w->set[from], d))
        from++;
    return from;
}

static void add(struct assay_differences *out, const struct assay_difference *d, size_t n)
{
    for (size_t i = 0; i < n && out->n + n - i <= ASSAY_MAX_DIFFERENCES; i++)
        out->d[out->n++] = d[i];
}

/* Two classes of which each part has one. */
static void add_two(const struct walk *w, const struct assay_difference *d, struct assay_differences *out)
{
    const size_t other = without(w, 0, d);
    for (size_t k = 0; k < w->set[other].n; k++) {
        struct assay_difference pair[2] = {*d, w->set[other].d[k]};
        size_t at = other;
        while (at < w->n && holds(&w->set[at], &pair[1]))
            at = without(w, at + 1, d);
        if (pair[1].with_next || at < w->n)
            continue;
        pair[0].with_next = true;
        add(out, pair, 2);
    }
}

static void in_common(const struct walk *w, struct assay_differences *out)
{
    const struct assay_differences *first = &w->set[0];
    for (size_t i = 0; i < first->n; i += width(&first->d[i]))
        if (without(w, 0, &first->d[i]) == w->n)
            add(out, &first->d[i], width(&first->d[i]));
    for (size_t i = 0; out->n == 0 && i < first->n; i++)
        if (!first->d[i].with_next && (i == 0 || !first->d[i - 1].with_next))
            add_two(w, &first->d[i], out);
}

void assay_difference_inside(struct assay_classifier *c, struct assay_differences *out)
{
    struct walk *w = calloc(1, sizeof *w);
    if (!w) {
        c->status = ASSAY_ENOMEM;
        return;
    }
    w->c = c;
    walk(w, c->inside->shape, (struct cell){c->side[0].cell, c->side[0].len},
         (struct cell){c->side[1].cell, c->side[1].len});
    if (!w->lost && w->n)
        in_common(w, out);
    assay_buf_release(&w->path);
    free(w);
}

/* ---- the classifier's part in it ---- */

enum assay_status assay_inside_new(const struct assay_shape *shape, struct inside **out)
{
    *out = calloc(1, sizeof **out);
    if (!*out)
        return ASSAY_ENOMEM;
    (*out)->shape = shape;
    return ASSAY_OK;
}

void assay_inside_free(struct inside *in)
{
    for (size_t i = 0; in && i < ASSAY_L_COUNT; i++)
        assay_classifier_free(in->part[i]);
    for (size_t i = 0; in && i < in->n_paths; i++)
        free(in->path[i].text);
    free(in);
}

const char *assay_classifier_path(const struct assay_classifier *c, size_t i, uint64_t *count)
{
    if (!c->inside || i >= c->inside->n_paths)
        return NULL;
    *count = c->inside->path[i].count;
    return c->inside->path[i].text;
}

void assay_classifier_forget(struct assay_classifier *c)
{
    for (size_t i = 0; c->inside && i < c->inside->n_paths; i++)
        free(c->inside->path[i].text);
    if (c->inside)
        c->inside->n_paths = 0;
}
