#include <string.h>

#include "nested.h"

static enum assay_status take_levels(struct assay_pq_stream *s, struct assay_pq_hybrid *h, size_t n, uint8_t *out,
                                     struct assay_err *e)
{
    uint32_t v[ASSAY_BATCH_ROWS];
    while (n) {
        bool same = false;
        const size_t k = assay_pq_hybrid_take(h, n, v, &same);
        if (k == 0)
            return assay_pq_cursor_fail(&s->cursor, ASSAY_EDATA, "the levels end too early or are broken", e);
        if (same)
            memset(out, (int)v[0], k);
        else
            for (size_t i = 0; i < k; i++)
                out[i] = (uint8_t)v[i];
        out += k;
        n -= k;
    }
    return ASSAY_OK;
}

static enum assay_status next_window(struct assay_pq_stream *s, struct assay_err *e)
{
    struct assay_pq_cursor *c = &s->cursor;
    size_t n = c->left < ASSAY_BATCH_ROWS ? (size_t)c->left : ASSAY_BATCH_ROWS, valid = 0;
    s->at = s->n = s->value_at = 0;
    enum assay_status st = take_levels(s, &c->rep_levels, n, s->rep, e);
    if (st == ASSAY_OK)
        st = take_levels(s, &c->levels, n, s->def, e);
    for (size_t i = 0; i < n && st == ASSAY_OK; i++)
        valid += s->def[i] == c->column->max_def;
    if (st == ASSAY_OK)
        st = assay_pq_values_take(c, valid, s->value, 1, e);
    c->left -= n;
    if (st == ASSAY_OK && c->left == 0)
        st = assay_pq_values_end(c, e);
    s->n = st == ASSAY_OK ? n : 0;
    return st;
}

enum assay_status assay_pq_stream_fill(struct assay_pq_stream *s, bool *more, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    *more = s->at < s->n || s->cursor.left || s->cursor.chunk_left;
    if (s->at < s->n || !*more)
        return ASSAY_OK;
    st = assay_pq_cursor_load(&s->cursor, e);
    return st == ASSAY_OK ? next_window(s, e) : st;
}
