#include "tree.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "meta.h"

#define NATIVE_BYTES 4096

/* The walk over the elements of one column. */
struct build {
    const struct assay_pq_element *el;
    size_t at, end;
    uint32_t first_leaf; /* of the column, among all leaves of the file */
    struct assay_pq_tree *t;
    size_t names; /* bytes */
    struct assay_buf path; /* of the element, dotted */
    enum assay_status status;
    const char *why;
    const struct assay_pq_element *named;
};

/* Where in the tree an element stands. */
struct place {
    unsigned def, rep; /* levels at which it may begin */
    unsigned depth;
    bool repeated; /* its repetition made a list already: it is the element */
    bool field; /* of a struct */
};

static bool build(struct build *b, struct place p);

static bool refuse(struct build *b, const char *why, const struct assay_pq_element *named)
{
    b->why = why;
    b->named = named;
    return false;
}

static bool nomem(struct build *b)
{
    b->status = ASSAY_ENOMEM;
    return false;
}

/* The place of a child. */
static struct place below(const struct place *p, unsigned def, unsigned rep, bool repeated)
{
    return (struct place){.def = def, .rep = rep, .depth = p->depth + 1, .repeated = repeated};
}

static bool named(const struct assay_pq_element *el, const char *name, size_t n, const char *suffix)
{
    const size_t m = strlen(suffix);
    return el->name.len == n + m && memcmp(el->name.p, name, n) == 0 && memcmp(el->name.p + n, suffix, m) == 0;
}

/* The five rules of the specification's "Lists, backward-compatibility": is the repeated field of the list group itself
 * the element, or a layer around it? */
static bool is_element(const struct assay_pq_element *list, const struct assay_pq_element *repeated)
{
    return repeated->physical >= 0 || repeated->children > 1 || repeated[1].repetition == PQ_REPEATED ||
           named(repeated, "array", 5, "") || named(repeated, (const char *)list->name.p, list->name.len, "_tuple");
}

/* A part's own spelling; that of the leaf of a 2-level list does not say again that it is repeated. */
static char *spell(struct assay_pq_element el)
{
    struct assay_buf native = {0};
    el.repetition = PQ_REQUIRED;
    const char *text = assay_pq_element_native(&el, &native) == ASSAY_OK ? assay_buf_str(&native) : NULL;
    char *copy = text ? strdup(text) : NULL;
    assay_buf_release(&native);
    return copy;
}

static bool build_leaf(struct build *b, struct assay_pq_node *n, const struct assay_pq_element *el, unsigned rep)
{
    struct assay_pq_column *c = &b->t->leaf[b->t->leaves];
    *c = (struct assay_pq_column){.nested = true, .leaf = b->first_leaf + b->t->leaves};
    b->t->leaves++;
    n->leaves = 1;
    c->max_def = n->def;
    c->max_rep = (uint8_t)rep;
    const char *text = assay_buf_str(&b->path);
    c->native = spell(*el);
    c->name = text ? strdup(text) : NULL;
    if (!c->name || !c->native || assay_pq_type_of(el, &c->type) != ASSAY_OK)
        return nomem(b);
    return c->type.logical != ASSAY_L_NONE || refuse(b, "a type that is not supported", el);
}

static bool build_struct(struct build *b, struct assay_pq_node *n, const struct assay_pq_element *el,
                         const struct place *p)
{
    struct place child = below(p, n->def, p->rep, false);
    child.field = true;
    n->form = PQ_STRUCT;
    n->children = (uint32_t)el->children;
    for (uint32_t i = 0; i < n->children; i++) {
        const uint32_t at = b->t->nodes;
        if (!build(b, child))
            return false;
        const struct assay_pq_span name = b->t->node[at].name;
        for (const struct assay_pq_node *o = n + 1; o < b->t->node + at; o = b->t->node + o->end)
            if (o->name.len == name.len && memcmp(o->name.p, name.p, name.len) == 0)
                return refuse(b, "two fields of one name", NULL);
    }
    return true;
}

/* A list whose repeated field comes next, or is the element that the walk is at. */
static bool build_list(struct build *b, struct assay_pq_node *n, const struct assay_pq_element *list,
                       const struct place *p)
{
    const struct assay_pq_element *repeated = &b->el[b->at];
    struct place child = below(p, n->def + 1u, p->rep + 1, true);
    n->form = PQ_LIST;
    n->rep = (uint8_t)(p->rep + 1);
    n->children = 1;
    if (list && !is_element(list, repeated)) {
        child.repeated = false;
        b->at++;
    }
    return build(b, child);
}

static bool build_map(struct build *b, struct assay_pq_node *n, const struct place *p)
{
    const struct assay_pq_element *entry = &b->el[b->at];
    const struct place child = below(p, n->def + 1u, p->rep + 1, false);
    n->form = PQ_MAP;
    n->rep = (uint8_t)(p->rep + 1);
    n->children = 2;
    if (entry->physical >= 0 || entry->children > 2)
        return refuse(b, "a map that is not made of keys and values", NULL);
    if (entry->children == 1) /* the specification leaves open whether that is a set or a map of nulls */
        return refuse(b, "a map without values", NULL);
    b->at++;
    for (int i = 0; i < 2; i++) {
        if (b->el[b->at].repetition == PQ_REPEATED)
            return refuse(b, "a map that is not made of keys and values", NULL);
        const struct assay_pq_node *part = &b->t->node[b->t->nodes];
        if (!build(b, child))
            return false;
        if (i == 0 && (part->form != PQ_LEAF || b->t->leaf[part->leaf].type.logical == ASSAY_L_JSON))
            return refuse(b, "a map whose keys are json or nested", NULL);
    }
    return true;
}

static bool build_group(struct build *b, struct assay_pq_node *n, const struct assay_pq_element *el,
                        const struct place *p)
{
    if (el->note == PQ_N_NONE)
        return build_struct(b, n, el, p);
    if (el->note != PQ_N_LIST && el->note != PQ_N_MAP)
        return refuse(b, "a type that is not supported", el);
    if (el->children != 1 || el[1].repetition != PQ_REPEATED)
        return refuse(b, "a list or map of another structure than the specification has", NULL);
    return el->note == PQ_N_LIST ? build_list(b, n, el, p) : build_map(b, n, p);
}

static bool check_element(struct build *b, const struct assay_pq_element *el, const struct place *p)
{
    if (el->repetition < 0)
        return refuse(b, "a part without a repetition", NULL);
    if (el->physical == PQ_FLBA && (el->type_length < 1 || el->type_length > (int32_t)ASSAY_MAX_CELL))
        return refuse(b, "a part of no usable length", NULL);
    if (p->field && (el->name.len == 0 || el->name.len > ASSAY_MAX_NAME || memchr(el->name.p, 0, el->name.len)))
        return refuse(b, "a field without a usable name", NULL);
    if (p->depth > ASSAY_MAX_NESTING)
        return refuse(b, "nests too deep", NULL);
    if (b->t->nodes == ASSAY_MAX_COLUMNS)
        return refuse(b, "more parts than are supported", NULL);
    return true;
}

/* Path of the element in the file, for messages; cut back by the caller. */
static bool enter_path(struct build *b, const struct assay_pq_element *el)
{
    enum assay_status s = b->path.len ? assay_buf_addc(&b->path, '.') : ASSAY_OK;
    if (s == ASSAY_OK)
        s = assay_buf_add(&b->path, el->name.p, el->name.len < 64 ? el->name.len : 64);
    return s == ASSAY_OK || nomem(b);
}

static struct assay_pq_span keep_name(struct build *b, struct assay_pq_span name)
{
    char *p = b->t->names + b->names;
    memcpy(p, name.p, name.len);
    b->names += name.len;
    return (struct assay_pq_span){(const uint8_t *)p, name.len};
}

/* The type at b->at, and all that is below it. */
static bool build(struct build *b, struct place p)
{
    const struct assay_pq_element *el = &b->el[b->at];
    if (!check_element(b, el, &p))
        return false;
    const bool list = el->repetition == PQ_REPEATED && !p.repeated;
    if (list && (el->note == PQ_N_LIST || el->note == PQ_N_MAP))
        return refuse(b, "a list or map of another structure than the specification has", NULL);
    struct assay_pq_node *n = &b->t->node[b->t->nodes++];
    *n = (struct assay_pq_node){.def = (uint8_t)(p.def + (el->repetition == PQ_OPTIONAL)), .leaf = b->t->leaves};
    if (p.field)
        n->name = keep_name(b, el->name);
    const size_t path = b->path.len;
    bool ok;
    if (list) { /* a repeated field of its own: a list that is never null */
        ok = build_list(b, n, NULL, &p);
    } else {
        b->at++;
        ok = enter_path(b, el) && (el->physical >= 0 ? build_leaf(b, n, el, p.rep) : build_group(b, n, el, &p));
        b->path.len = path;
    }
    n->end = b->t->nodes;
    n->leaves = b->t->leaves - n->leaf;
    return ok;
}

/* Room for all that the elements can become: each is a type, and a list around it when it is repeated. */
static bool make_room(struct build *b)
{
    size_t nodes = 0, leaves = 0, names = 1;
    for (size_t i = b->at; i < b->end; i++) {
        nodes += 1u + (b->el[i].repetition == PQ_REPEATED);
        leaves += b->el[i].physical >= 0;
        names += b->el[i].name.len;
    }
    nodes = nodes < ASSAY_MAX_COLUMNS ? nodes : ASSAY_MAX_COLUMNS;
    leaves = leaves < ASSAY_MAX_COLUMNS ? leaves : ASSAY_MAX_COLUMNS;
    b->t->node = calloc(nodes + 1, sizeof *b->t->node);
    b->t->leaf = calloc(leaves + 1, sizeof *b->t->leaf);
    b->t->names = malloc(names);
    return b->t->node && b->t->leaf && b->t->names;
}

enum assay_status assay_pq_tree_build(const struct assay_pq_element *el, size_t at, size_t end, uint32_t first_leaf,
                                      struct assay_pq_tree **out, const char **why,
                                      const struct assay_pq_element **named_out)
{
    struct build b = {.el = el, .at = at, .end = end, .first_leaf = first_leaf};
    b.t = calloc(1, sizeof *b.t);
    *out = NULL;
    if (!b.t || !make_room(&b))
        b.status = ASSAY_ENOMEM;
    else if (build(&b, (struct place){.depth = 1}))
        *out = b.t;
    if (!*out)
        assay_pq_tree_free(b.t);
    assay_buf_release(&b.path);
    *why = b.why;
    *named_out = b.named;
    return b.status;
}

static enum assay_status native_at(const struct assay_pq_tree *t, uint32_t at, unsigned floor, struct assay_buf *out)
{
    static const char *const forms[] = {[PQ_STRUCT] = "struct<", [PQ_LIST] = "list<", [PQ_MAP] = "map<"};
    const struct assay_pq_node *n = &t->node[at];
    enum assay_status s = assay_buf_adds(out, n->form == PQ_LEAF ? t->leaf[n->leaf].native : forms[n->form]);
    uint32_t child = at + 1;
    for (uint32_t i = 0; i < n->children && s == ASSAY_OK; i++, child = t->node[child].end) {
        const struct assay_pq_span name = t->node[child].name;
        if (i)
            s = assay_buf_adds(out, ", ");
        if (s == ASSAY_OK && name.len)
            s = assay_buf_add(out, name.p, name.len);
        if (s == ASSAY_OK && name.len)
            s = assay_buf_adds(out, ": ");
        if (s == ASSAY_OK)
            s = native_at(t, child, n->def + (n->form == PQ_STRUCT ? 0u : 1u), out);
    }
    if (s == ASSAY_OK && n->form != PQ_LEAF)
        s = assay_buf_addc(out, '>');
    return s == ASSAY_OK && n->def > floor ? assay_buf_addc(out, '?') : s;
}

enum assay_status assay_pq_tree_native(const struct assay_pq_tree *t, struct assay_buf *out)
{
    static const char *const forms[] = {[PQ_STRUCT] = "struct<...>", [PQ_LIST] = "list<...>", [PQ_MAP] = "map<...>"};
    const size_t from = out->len;
    out->max = from + NATIVE_BYTES;
    enum assay_status s = native_at(t, 0, UINT8_MAX, out);
    out->max = from + 2 * NATIVE_BYTES; /* room for the NUL of assay_buf_str */
    if (s != ASSAY_ELIMIT)
        return s;
    out->len = from;
    return assay_buf_adds(out, forms[t->node[0].form]);
}

static bool shape_at(const struct assay_pq_tree *t, uint32_t at, struct assay_shape *s)
{
    static const enum assay_logical types[] = {
        [PQ_STRUCT] = ASSAY_L_STRUCT, [PQ_LIST] = ASSAY_L_LIST, [PQ_MAP] = ASSAY_L_MAP};
    const struct assay_pq_node *n = &t->node[at];
    s->type = n->form == PQ_LEAF ? t->leaf[n->leaf].type.logical : types[n->form];
    s->name = n->name.len ? strndup((const char *)n->name.p, n->name.len) : NULL;
    if ((n->name.len && !s->name) || n->form == PQ_LEAF)
        return s->name || !n->name.len;
    s->child = calloc(n->children, sizeof *s->child);
    s->n = s->child ? n->children : 0;
    bool ok = s->child;
    uint32_t child = at + 1;
    for (size_t i = 0; i < s->n && ok; i++, child = t->node[child].end)
        ok = shape_at(t, child, &s->child[i]);
    return ok;
}

enum assay_status assay_pq_tree_shape(const struct assay_pq_tree *t, struct assay_shape **out)
{
    *out = calloc(1, sizeof **out);
    if (*out && shape_at(t, 0, *out))
        return ASSAY_OK;
    assay_shape_free(*out);
    *out = NULL;
    return ASSAY_ENOMEM;
}

void assay_pq_tree_free(struct assay_pq_tree *t)
{
    if (!t)
        return;
    for (uint32_t i = 0; i < t->leaves; i++) {
        free(t->leaf[i].name);
        free(t->leaf[i].native);
        assay_pq_type_release(&t->leaf[i].type);
    }
    free(t->node);
    free(t->leaf);
    free(t->names);
    free(t);
}
