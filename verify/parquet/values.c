/* The values of a page: every encoding ends as PLAIN bytes or as indices into ready-made values. */
#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"
#include "column.h"
#include "delta.h"

#define MAX_DICTIONARY (ASSAY_MAX_PARQUET_PAGE / sizeof(struct assay_value))

static const char after_last[] = "bytes follow the last value of the page";

static enum assay_status bad(const struct assay_pq_cursor *c, const char *why, struct assay_err *e)
{
    return assay_pq_cursor_fail(c, ASSAY_EDATA, why, e);
}

static enum assay_status room(const struct assay_pq_cursor *c, struct assay_pq_room *r, uint64_t n, struct assay_err *e)
{
    if (n > ASSAY_MAX_PARQUET_PAGE)
        return assay_pq_cursor_fail(c, ASSAY_ELIMIT, "the page's values take more than 256 MiB", e);
    return assay_pq_room_for(r, (size_t)n) ? ASSAY_OK : assay_fail_nomem(e);
}

/* fastparquet ends every page with eight zero bytes; anything else after the last value is an error. */
static bool only_padding(const uint8_t *p, const uint8_t *end)
{
    return p == end || (end - p == 8 && assay_get_le64(p) == 0);
}

static enum assay_status plain(struct assay_pq_cursor *c, const uint8_t *p, size_t n, uint64_t count,
                               struct assay_err *e)
{
    c->source = c->column->type.width ? PQ_FROM_FIXED : PQ_FROM_STRINGS;
    c->data = p;
    c->data_end = p + n;
    if (c->source == PQ_FROM_STRINGS)
        return ASSAY_OK;
    uint64_t size = count * c->column->type.width;
    if (size > n || !only_padding(p + size, c->data_end))
        return bad(c, "the page's size does not fit its number of values", e);
    c->data_end = p + size;
    return ASSAY_OK;
}

static const struct assay_value booleans[] = {{.kind = ASSAY_K_BOOL, .i = 0}, {.kind = ASSAY_K_BOOL, .i = 1}};

static enum assay_status plain_booleans(struct assay_pq_cursor *c, const uint8_t *p, size_t n, uint64_t count,
                                        struct assay_err *e)
{
    c->source = PQ_FROM_DICTIONARY;
    c->entries = booleans;
    c->n_entries = 2;
    uint64_t size = (count + 7) / 8;
    if (size > n || !only_padding(p + size, p + n))
        return bad(c, "the page's size does not fit its number of values", e);
    assay_pq_hybrid_bits(&c->indices, p, count);
    return ASSAY_OK;
}

static enum assay_status rle_booleans(struct assay_pq_cursor *c, const uint8_t *p, size_t n, struct assay_err *e)
{
    c->source = PQ_FROM_DICTIONARY;
    c->entries = booleans;
    c->n_entries = 2;
    if (n < 4 || assay_get_le32(p) != n - 4)
        return bad(c, "run-length booleans of another length than the page has room for", e);
    assay_pq_hybrid_init(&c->indices, p + 4, n - 4, 1);
    return ASSAY_OK;
}

static enum assay_status indices(struct assay_pq_cursor *c, const uint8_t *p, size_t n, struct assay_err *e)
{
    c->source = PQ_FROM_DICTIONARY;
    c->entries = (const struct assay_value *)(const void *)c->dictionary_values.p;
    c->n_entries = c->n_dictionary;
    if (!c->has_dictionary)
        return bad(c, "a dictionary-encoded page without a dictionary", e);
    if (n < 1 || p[0] > 32)
        return bad(c, "dictionary indices of an impossible width", e);
    assay_pq_hybrid_init(&c->indices, p + 1, n - 1, p[0]);
    return ASSAY_OK;
}

static enum assay_status delta_ints(struct assay_pq_cursor *c, const uint8_t *p, size_t n, uint64_t count,
                                    struct assay_err *e)
{
    uint32_t width = c->column->type.width;
    size_t used = 0;
    enum assay_status s = room(c, &c->plain, count * width, e);
    if (s != ASSAY_OK)
        return s;
    const char *why = assay_pq_delta_ints(p, n, (size_t)count, width, c->plain.p, &used);
    if (!why && used != n)
        why = after_last;
    return why ? bad(c, why, e) : plain(c, c->plain.p, (size_t)(count * width), count, e);
}

/* One array of delta-encoded lengths at *p, stepped over. */
static enum assay_status lengths(struct assay_pq_cursor *c, int which, const uint8_t **p, size_t *n, uint64_t count,
                                 struct assay_err *e)
{
    size_t used = 0;
    enum assay_status s = room(c, &c->scratch[which], count * 4, e);
    if (s != ASSAY_OK)
        return s;
    const char *why = assay_pq_delta_ints(*p, *n, (size_t)count, 4, c->scratch[which].p, &used);
    *p += used;
    *n -= used;
    return why ? bad(c, why, e) : ASSAY_OK;
}

static const int32_t *ints(const struct assay_pq_room *r)
{
    return (const int32_t *)(const void *)r->p;
}

static enum assay_status delta_strings(struct assay_pq_cursor *c, const uint8_t *p, size_t n, uint64_t count,
                                       struct assay_err *e)
{
    enum assay_status s = lengths(c, 0, &p, &n, count, e);
    if (s == ASSAY_OK)
        s = room(c, &c->plain, count * 4 + n, e);
    if (s != ASSAY_OK)
        return s;
    const char *why = assay_pq_delta_strings(p, n, ints(&c->scratch[0]), (size_t)count, c->plain.p);
    return why ? bad(c, why, e) : plain(c, c->plain.p, (size_t)count * 4 + n, count, e);
}

static enum assay_status delta_prefixed(struct assay_pq_cursor *c, const uint8_t *p, size_t n, uint64_t count,
                                        struct assay_err *e)
{
    uint64_t shared = 0, size = 0;
    uint32_t fixed = c->column->type.width;
    enum assay_status s = lengths(c, 0, &p, &n, count, e);
    if (s == ASSAY_OK)
        s = lengths(c, 1, &p, &n, count, e);
    if (s != ASSAY_OK)
        return s;
    const char *why = assay_pq_lengths_check(ints(&c->scratch[0]), (size_t)count, UINT64_MAX, &shared);
    if (why)
        return bad(c, why, e);
    size = fixed ? count * fixed : count * 4 + shared + n;
    s = room(c, &c->plain, size, e);
    if (s != ASSAY_OK)
        return s;
    why = assay_pq_delta_prefixed(p, n, ints(&c->scratch[0]), ints(&c->scratch[1]), (size_t)count, fixed, c->plain.p);
    return why ? bad(c, why, e) : plain(c, c->plain.p, (size_t)size, count, e);
}

static enum assay_status stream_split(struct assay_pq_cursor *c, const uint8_t *p, size_t n, uint64_t count,
                                      struct assay_err *e)
{
    enum assay_status s = room(c, &c->plain, n, e);
    if (s != ASSAY_OK)
        return s;
    const char *why = assay_pq_split(p, n, (size_t)count, c->column->type.width, c->plain.p);
    return why ? bad(c, why, e) : plain(c, c->plain.p, n, count, e);
}

#define BIT(x) (1u << (x))
#define ALL_BUT_BOOLEAN (0xffu & ~BIT(PQ_BOOLEAN))
#define NUMBERS (BIT(PQ_INT32) | BIT(PQ_INT64))

/* Encodings.md: which physical types an encoding may carry. */
static const uint32_t allowed[] = {
    [PQ_PLAIN] = 0xff,
    [PQ_PLAIN_DICTIONARY] = ALL_BUT_BOOLEAN,
    [PQ_RLE] = BIT(PQ_BOOLEAN),
    [PQ_DELTA_BINARY_PACKED] = NUMBERS,
    [PQ_DELTA_LENGTH_BYTE_ARRAY] = BIT(PQ_BYTE_ARRAY),
    [PQ_DELTA_BYTE_ARRAY] = BIT(PQ_BYTE_ARRAY) | BIT(PQ_FLBA),
    [PQ_RLE_DICTIONARY] = ALL_BUT_BOOLEAN,
    [PQ_BYTE_STREAM_SPLIT] = NUMBERS | BIT(PQ_FLOAT) | BIT(PQ_DOUBLE) | BIT(PQ_FLBA),
};

enum assay_status assay_pq_values_begin(struct assay_pq_cursor *c, int32_t encoding, const uint8_t *p, size_t n,
                                        uint64_t count, struct assay_err *e)
{
    uint8_t physical = c->column->type.physical;
    if (encoding < 0 || encoding >= (int32_t)(sizeof allowed / sizeof *allowed) || !(allowed[encoding] & BIT(physical)))
        return assay_fail(
            e, ASSAY_EDATA,
            "%s: row group %zu, column \"%s\", page %u at byte %llu: encoding %d is not defined for its type",
            c->ctx->file->name, c->ctx->group, c->column->name, c->page, (unsigned long long)c->page_at, (int)encoding);
    if (count == 0) { /* writers differ in what they leave where no value is */
        return plain(c, p, 0, 0, e);
    }
    switch (encoding) {
    case PQ_PLAIN:
        return physical == PQ_BOOLEAN ? plain_booleans(c, p, n, count, e) : plain(c, p, n, count, e);
    case PQ_RLE:
        return rle_booleans(c, p, n, e);
    case PQ_DELTA_BINARY_PACKED:
        return delta_ints(c, p, n, count, e);
    case PQ_DELTA_LENGTH_BYTE_ARRAY:
        return delta_strings(c, p, n, count, e);
    case PQ_DELTA_BYTE_ARRAY:
        return delta_prefixed(c, p, n, count, e);
    case PQ_BYTE_STREAM_SPLIT:
        return stream_split(c, p, n, count, e);
    default:
        return indices(c, p, n, e);
    }
}

/* The walk from length to length is a chain of loads: without this it waits for each cache line. */
#define STRINGS_AHEAD 2048

static enum assay_status take_strings(struct assay_pq_cursor *c, size_t n, struct assay_value *dst, size_t stride,
                                      struct assay_err *e)
{
    const struct assay_pq_type *t = &c->column->type;
    const uint8_t kind = t->kind, *p = c->data, *const end = c->data_end;
    struct assay_value *v = dst;
    for (size_t i = 0; i < n; i++, v += stride) {
        uint32_t len = end - p < 4 ? UINT32_MAX : assay_get_le32(p);
        if (end - p < 4 || len > (uint64_t)(end - p) - 4)
            return bad(c, "a string longer than the page", e);
        if (len > ASSAY_MAX_CELL)
            return assay_pq_cursor_fail(c, ASSAY_ELIMIT, "a value of more than 64 MiB", e);
        *v = (struct assay_value){.kind = kind, .len = len, .p = p + 4};
        __builtin_prefetch(p + STRINGS_AHEAD);
        p += 4 + len;
    }
    c->data = p;
    if (t->spans)
        t->spans(t, dst, n, stride);
    return ASSAY_OK;
}

static void gather(const struct assay_value *entries, const uint32_t *index, size_t n, struct assay_value *dst,
                   size_t stride)
{
    for (size_t i = 0; i < n; i++, dst += stride)
        *dst = entries[index[i]];
}

static enum assay_status take_indexed(struct assay_pq_cursor *c, size_t n, struct assay_value *dst, size_t stride,
                                      struct assay_err *e)
{
    while (n) {
        bool same = false;
        size_t k = assay_pq_hybrid_take(&c->indices, n, c->index, &same);
        uint32_t most = k ? c->index[0] : 0;
        for (size_t i = 1; i < k && !same; i++)
            most = c->index[i] > most ? c->index[i] : most;
        if (k == 0)
            return bad(c, "the indices or booleans end too early or are broken", e);
        if (most >= c->n_entries)
            return bad(c, "an index beyond the dictionary", e);
        if (same)
            for (size_t i = 0; i < k; i++)
                dst[i * stride] = c->entries[most];
        else
            gather(c->entries, c->index, k, dst, stride);
        dst += k * stride;
        n -= k;
    }
    return ASSAY_OK;
}

/* The columns take turns, a few kilobytes each: no stream is long enough for the processor to foresee the next turn. */
static void fetch_ahead(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i += 64)
        __builtin_prefetch(p + i);
}

enum assay_status assay_pq_values_take(struct assay_pq_cursor *c, size_t n, struct assay_value *dst, size_t stride,
                                       struct assay_err *e)
{
    const struct assay_pq_type *t = &c->column->type;
    if (c->source == PQ_FROM_DICTIONARY)
        return take_indexed(c, n, dst, stride, e);
    if (c->source == PQ_FROM_STRINGS)
        return take_strings(c, n, dst, stride, e);
    t->convert(t, c->data, n, dst, stride, c->intervals);
    c->data += n * t->width;
    fetch_ahead(c->data, n * t->width);
    assay_pq_legacy_check(t, dst, n, stride);
    return ASSAY_OK;
}

enum assay_status assay_pq_values_end(const struct assay_pq_cursor *c, struct assay_err *e)
{
    const struct assay_pq_hybrid *i = &c->indices;
    bool done = c->source == PQ_FROM_DICTIONARY ? assay_pq_hybrid_done(i) || (!i->repeats && only_padding(i->p, i->end))
                                                : only_padding(c->data, c->data_end);
    return done ? ASSAY_OK : bad(c, after_last, e);
}

enum assay_status assay_pq_values_dictionary(struct assay_pq_cursor *c, size_t n, uint32_t count, struct assay_err *e)
{
    const struct assay_pq_type *t = &c->column->type;
    enum assay_status s;
    if (t->physical == PQ_BOOLEAN)
        return bad(c, "a dictionary of booleans", e);
    if (count > n / (t->width ? t->width : 4))
        return bad(c, "a dictionary of more values than its bytes can hold", e);
    if (count > MAX_DICTIONARY)
        return assay_pq_cursor_fail(c, ASSAY_ELIMIT, "a dictionary of more than 16 million values", e);
    if (!assay_pq_room_for(&c->dictionary_values, count * sizeof(struct assay_value)))
        return assay_fail_nomem(e);
    bool intervals = t->kind == ASSAY_K_INTERVAL;
    if (intervals && !assay_pq_room_for(&c->dictionary_intervals, count * sizeof(struct assay_interval)))
        return assay_fail_nomem(e);
    struct assay_value *v = (struct assay_value *)(void *)c->dictionary_values.p;
    s = plain(c, c->dictionary_bytes.p, n, count, e);
    if (s == ASSAY_OK && c->source == PQ_FROM_STRINGS) {
        s = take_strings(c, count, v, 1, e);
        for (uint32_t i = 0; i < count && s == ASSAY_OK; i++)
            v[i].flags |= ASSAY_V_STABLE; /* until the next row group's dictionary takes its place */
    } else if (s == ASSAY_OK) {
        t->convert(t, c->data, count, v, 1, (struct assay_interval *)(void *)c->dictionary_intervals.p);
        c->data = c->data_end;
        assay_pq_legacy_check(t, v, count, 1);
    }
    if (s == ASSAY_OK && !only_padding(c->data, c->data_end))
        return bad(c, "bytes follow the last value of the dictionary", e);
    c->has_dictionary = true;
    c->n_dictionary = count;
    return s;
}
