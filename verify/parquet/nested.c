#include "nested.h"

#include <stdlib.h>

/* The walk over one row. */
struct walk {
    struct assay_pq_nested *n;
    struct assay_items *t;
    struct assay_err *e;
    enum assay_status status;
};

static const char not_of_one_row[] = "the levels do not fit together: a row is longer or shorter than in another part";

static const char null_part[] = "the levels do not fit together: a part of what is null";

static bool fail(struct walk *w, const struct assay_pq_stream *s, const char *why)
{
    w->status = assay_pq_cursor_fail(&s->cursor, ASSAY_EDATA, why, w->e);
    return false;
}

static bool nomem(struct walk *w)
{
    w->status = assay_fail_nomem(w->e);
    return false;
}

/* The next entry of a leaf, which must begin at this repetition level. */
static bool ready(struct walk *w, struct assay_pq_stream *s, unsigned rep)
{
    bool more = true;
    if (s->at == s->n)
        w->status = assay_pq_stream_fill(s, &more, w->e);
    if (w->status != ASSAY_OK)
        return false;
    if (!more)
        return fail(w, s, "the pages of the column end before its rows");
    return s->rep[s->at] == rep || fail(w, s, not_of_one_row);
}

/* Is there one more item of the list whose items repeat at `rep`? */
static bool another(struct walk *w, struct assay_pq_stream *s, unsigned rep)
{
    bool more = true;
    if (s->at == s->n)
        w->status = assay_pq_stream_fill(s, &more, w->e);
    return w->status == ASSAY_OK && more && s->rep[s->at] == rep;
}

/* What is null or empty stands as one entry in every leaf below it. */
static bool pass(struct walk *w, const struct assay_pq_node *node, unsigned rep, unsigned def)
{
    struct assay_pq_stream *s = w->n->stream + node->leaf;
    for (const struct assay_pq_stream *end = s + node->leaves; s < end; s++) {
        if (!ready(w, s, rep))
            return false;
        if (s->def[s->at] != def)
            return fail(w, s, "the levels do not fit together: a group is null in one part and not in another");
        s->at++;
    }
    return true;
}

static bool read_value(struct walk *w, uint32_t at, unsigned rep, unsigned def, struct assay_value *out);

static bool push(struct walk *w, uint32_t at, unsigned rep, unsigned def)
{
    struct assay_value v;
    return read_value(w, at, rep, def, &v) && (assay_items_push(w->t, &v) || nomem(w));
}

static bool read_leaf(struct walk *w, struct assay_pq_stream *s, unsigned most, struct assay_value *out)
{
    *out = (struct assay_value){.kind = ASSAY_K_NULL};
    if (s->def[s->at++] != most)
        return true;
    *out = s->value[s->value_at++];
    return assay_items_keep(w->t, out) || nomem(w);
}

static bool read_fields(struct walk *w, uint32_t at, unsigned rep)
{
    const struct assay_pq_node *node = w->n->column->tree->node;
    for (uint32_t i = 0, child = at + 1; i < node[at].children; i++, child = node[child].end) {
        const struct assay_pq_span name = node[child].name;
        const struct assay_value v = {
            .kind = ASSAY_K_TEXT, .flags = ASSAY_V_STABLE, .len = (uint32_t)name.len, .p = name.p};
        if (!assay_items_push(w->t, &v))
            return nomem(w);
        if (!push(w, child, rep, node[at].def))
            return false;
    }
    return true;
}

/* n entries of a leaf, none of which may be less deep than `def`, as items. */
static bool take_leaves(struct walk *w, struct assay_pq_stream *s, unsigned most, unsigned def, size_t n)
{
    const uint8_t *d = s->def + s->at;
    struct assay_value *v;
    bool ok = assay_items_more(w->t, n, &v);
    for (size_t i = 0; i < n && ok; i++) {
        if (d[i] < def)
            return fail(w, s, null_part);
        const bool there = d[i] == most;
        if (v) {
            v[i] = there ? s->value[s->value_at] : (struct assay_value){.kind = ASSAY_K_NULL};
            ok = assay_items_keep(w->t, &v[i]);
        }
        s->value_at += there;
    }
    s->at += n;
    return ok || nomem(w);
}

/* A list of leaves, as many at a time as the window has. */
static bool read_leaves(struct walk *w, const struct assay_pq_node *list, unsigned rep, uint32_t *count)
{
    struct assay_pq_stream *s = w->n->stream + list->leaf;
    if (!ready(w, s, rep))
        return false;
    do {
        size_t n = 1;
        while (s->at + n < s->n && s->rep[s->at + n] == list->rep)
            n++;
        if (!take_leaves(w, s, list[1].def, list->def + 1u, n))
            return false;
        *count += (uint32_t)n;
    } while (another(w, s, list->rep));
    return w->status == ASSAY_OK;
}

/* The items of a list or map, of which there is at least one. */
static bool read_items(struct walk *w, uint32_t at, unsigned rep, uint32_t *count)
{
    const struct assay_pq_node *node = w->n->column->tree->node;
    struct assay_pq_stream *first = w->n->stream + node[at].leaf;
    const unsigned def = node[at].def + 1u;
    if (node[at].form == PQ_LIST && node[at + 1].form == PQ_LEAF)
        return read_leaves(w, &node[at], rep, count);
    do {
        if (!push(w, at + 1, rep, def))
            return false;
        if (node[at].form == PQ_MAP && !push(w, node[at + 1].end, rep, def))
            return false;
        rep = node[at].rep;
        ++*count;
    } while (another(w, first, rep));
    return w->status == ASSAY_OK;
}

/* The value of node `at`: its entries begin at repetition level rep, and what holds it is there from def on. */
static bool read_value(struct walk *w, uint32_t at, unsigned rep, unsigned def, struct assay_value *out)
{
    static const uint8_t kinds[] = {[PQ_STRUCT] = ASSAY_K_STRUCT, [PQ_LIST] = ASSAY_K_LIST, [PQ_MAP] = ASSAY_K_MAP};
    const struct assay_pq_node *node = &w->n->column->tree->node[at];
    struct assay_pq_stream *s = w->n->stream + node->leaf;
    if (!ready(w, s, rep))
        return false;
    const unsigned there = s->def[s->at];
    if (there < def)
        return fail(w, s, null_part);
    if (node->form == PQ_LEAF)
        return read_leaf(w, s, node->def, out);
    *out = (struct assay_value){.kind = there < node->def ? ASSAY_K_NULL : kinds[node->form]};
    if (there < node->def || (node->form != PQ_STRUCT && there == node->def))
        return pass(w, node, rep, there) && (assay_items_close(w->t, w->t->n, &out->items) || nomem(w));
    const size_t from = w->t->n;
    uint32_t count = node->children;
    bool ok;
    if (node->form == PQ_STRUCT) {
        ok = read_fields(w, at, rep);
    } else {
        count = 0;
        ok = read_items(w, at, rep, &count);
    }
    out->len = count;
    return ok && (assay_items_close(w->t, from, &out->items) || nomem(w));
}

enum assay_status assay_pq_nested_row(struct assay_pq_nested *n, struct assay_items *t, struct assay_value *out,
                                      struct assay_err *e)
{
    struct walk w = {.n = n, .t = t, .e = e};
    const size_t from = t->n;
    if (read_value(&w, 0, 0, 0, out) && t->over)
        *out = assay_items_too_large();
    t->n = t->n < from ? t->n : from;
    return w.status;
}

enum assay_status assay_pq_nested_init(struct assay_pq_nested *n, const struct assay_pq_column *column,
                                       struct assay_pq_context *ctx, struct assay_err *e)
{
    const struct assay_pq_tree *tree = column->tree;
    n->column = column;
    n->stream = calloc(tree->leaves, sizeof *n->stream);
    if (!n->stream)
        return assay_fail_nomem(e);
    n->streams = tree->leaves;
    for (size_t i = 0; i < n->streams; i++) {
        n->stream[i].cursor.column = &tree->leaf[i];
        n->stream[i].cursor.ctx = ctx;
    }
    return ASSAY_OK;
}

enum assay_status assay_pq_nested_open(struct assay_pq_nested *n, const struct assay_pq_chunk *chunk,
                                       struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < n->streams && st == ASSAY_OK; i++) {
        struct assay_pq_stream *s = &n->stream[i];
        s->at = s->n = s->value_at = 0;
        st = assay_pq_cursor_open(&s->cursor, &chunk[s->cursor.column->leaf], e);
    }
    return st;
}

enum assay_status assay_pq_nested_close(struct assay_pq_nested *n, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < n->streams && st == ASSAY_OK; i++) {
        struct assay_pq_stream *s = &n->stream[i];
        st = s->at == s->n ? assay_pq_cursor_close(&s->cursor, e)
                           : assay_pq_cursor_fail(&s->cursor, ASSAY_EDATA,
                                                  "the column has more values than its row group has rows", e);
    }
    return st;
}

void assay_pq_nested_release(struct assay_pq_nested *n)
{
    for (size_t i = 0; i < n->streams; i++)
        assay_pq_cursor_release(&n->stream[i].cursor);
    free(n->stream);
    *n = (struct assay_pq_nested){0};
}
