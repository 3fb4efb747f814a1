#include "column.h"

#include <stdlib.h>
#include <string.h>

enum assay_status assay_pq_cursor_fail(const struct assay_pq_cursor *c, enum assay_status code, const char *why,
                                       struct assay_err *e)
{
    return assay_fail(e, code, "%s: row group %zu, column \"%s\", page %u at byte %llu: %s", c->ctx->file->name,
                      c->ctx->group, c->column->name, c->page, (unsigned long long)c->page_at, why);
}

bool assay_pq_room_for(struct assay_pq_room *r, size_t n)
{
    if (r->p && r->cap >= n)
        return true;
    free(r->p);
    r->cap = 0;
    r->p = malloc(n + PQ_PAD);
    if (!r->p)
        return false;
    memset(r->p + n, 0, PQ_PAD);
    r->cap = n;
    return true;
}

enum assay_status assay_pq_cursor_open(struct assay_pq_cursor *c, const struct assay_pq_chunk *chunk,
                                       struct assay_err *e)
{
    c->codec = chunk->codec;
    c->in_at = c->page_at = chunk->start;
    c->end = chunk->start + chunk->size;
    c->in_pos = 0;
    uint8_t *view = assay_pq_file_view(c->ctx->file, chunk->start, chunk->size);
    c->base = view ? view : c->in.p;
    c->in_len = view ? (size_t)chunk->size : 0;
    c->chunk_left = c->chunk_values = chunk->values;
    c->left = 0;
    c->page = c->pages = 0;
    c->has_dictionary = false;
    c->n_dictionary = 0;
    if (!assay_pq_codec_supported(chunk->codec)) {
        const char *name = assay_pq_codec_name(chunk->codec);
        return assay_fail(e, ASSAY_ETYPE, "%s: row group %zu, column \"%s\": codec %s (%u) is not supported",
                          c->ctx->file->name, c->ctx->group, c->column->name, name ? name : "unknown", chunk->codec);
    }
    return ASSAY_OK;
}

static bool at_end(const struct assay_pq_cursor *c)
{
    return c->in_at + c->in_pos == c->end;
}

enum assay_status assay_pq_cursor_load(struct assay_pq_cursor *c, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    while (s == ASSAY_OK && c->left == 0) {
        if (c->chunk_left == 0 || at_end(c))
            return assay_pq_cursor_fail(c, ASSAY_EDATA, "the pages of the column end before its rows", e);
        s = assay_pq_load_page(c, e);
    }
    return s;
}

static void spread(const struct assay_pq_cursor *c, size_t n, struct assay_value *dst, size_t stride)
{
    static const struct assay_value null = {0};
    const struct assay_value *v = c->dense;
    for (size_t i = 0; i < n; i++, dst += stride) {
        *dst = c->level[i] ? *v : null;
        v += c->level[i];
    }
}

static enum assay_status take_nullable(struct assay_pq_cursor *c, size_t n, struct assay_value *dst, size_t stride,
                                       struct assay_err *e)
{
    size_t valid = 0;
    if (!assay_pq_hybrid_levels(&c->levels, n, c->level, &valid))
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the definition levels end too early", e);
    if (valid == n)
        return assay_pq_values_take(c, n, dst, stride, e);
    enum assay_status s = assay_pq_values_take(c, valid, c->dense, 1, e);
    if (s == ASSAY_OK)
        spread(c, n, dst, stride);
    return s;
}

enum assay_status assay_pq_cursor_take(struct assay_pq_cursor *c, size_t n, struct assay_value *dst, size_t stride,
                                       struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    if (c->all_valid)
        s = assay_pq_values_take(c, n, dst, stride, e);
    else if (!c->all_null)
        s = take_nullable(c, n, dst, stride, e);
    else
        for (size_t i = 0; i < n; i++)
            dst[i * stride] = (struct assay_value){0};
    c->left -= n;
    if (s == ASSAY_OK && c->left == 0)
        s = assay_pq_values_end(c, e);
    return s;
}

enum assay_status assay_pq_cursor_close(struct assay_pq_cursor *c, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    if (c->left || c->chunk_left)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the column has more values than its row group has rows", e);
    while (s == ASSAY_OK && !at_end(c))
        s = assay_pq_load_page(c, e);
    return s;
}

void assay_pq_cursor_release(struct assay_pq_cursor *c)
{
    struct assay_pq_room *rooms[] = {&c->in,
                                     &c->page_bytes,
                                     &c->plain,
                                     &c->scratch[0],
                                     &c->scratch[1],
                                     &c->dictionary_bytes,
                                     &c->dictionary_values,
                                     &c->dictionary_intervals,
                                     &c->level_bytes[0],
                                     &c->level_bytes[1]};
    for (size_t i = 0; i < sizeof rooms / sizeof *rooms; i++)
        free(rooms[i]->p);
}
