/* From the file to the bytes of one page: header, CRC, decompression, definition levels. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "assay/bytes.h"
#include "assay/limits.h"
#include "column.h"

#define HEADER_WINDOW 4096 /* bytes first offered to the header parser */
#define HEADER_MOST (16u << 20) /* statistics in it may hold long strings */
#define RATIO_FLOOR (4u << 20) /* pages up to this size may be compressed by any ratio */

/* Have n bytes of the chunk at c->base + c->in_pos, reading ahead. The caller checked that the chunk has them. */
static enum assay_status need(struct assay_pq_cursor *c, size_t n, struct assay_err *e)
{
    size_t have = c->in_len - c->in_pos;
    if (have >= n)
        return ASSAY_OK;
    uint64_t rest = c->end - (c->in_at + c->in_pos);
    size_t want = n > c->ctx->read_ahead ? n : c->ctx->read_ahead;
    if (want > rest)
        want = (size_t)rest;
    struct assay_pq_room grown = {0};
    if (c->in.cap < want || !c->in.p) {
        if (!assay_pq_room_for(&grown, want))
            return assay_fail_nomem(e);
        if (have && c->in.p)
            memcpy(grown.p, c->in.p + c->in_pos, have);
        free(c->in.p);
        c->in = grown;
    } else if (have) {
        memmove(c->in.p, c->in.p + c->in_pos, have);
    }
    c->base = c->in.p;
    c->in_at += c->in_pos;
    c->in_pos = 0;
    c->in_len = have;
    enum assay_status s = assay_pq_file_read(c->ctx->file, c->in_at + have, c->in.p + have, want - have, e);
    if (s == ASSAY_OK)
        c->in_len = want;
    return s;
}

static enum assay_status read_header(struct assay_pq_cursor *c, struct assay_pq_page *page, struct assay_err *e)
{
    uint64_t rest = c->end - (c->in_at + c->in_pos);
    c->page_at = c->in_at + c->in_pos;
    for (uint64_t window = HEADER_WINDOW;; window *= 4) {
        size_t n = (size_t)(window < rest ? window : rest), used = 0;
        bool more = false;
        enum assay_status s = need(c, n, e);
        if (s != ASSAY_OK)
            return s;
        const char *why = assay_pq_page_header(c->base + c->in_pos, n, page, &used, &more);
        if (!why) {
            c->in_pos += used;
            return ASSAY_OK;
        }
        if (!more || n == rest)
            return assay_pq_cursor_fail(c, ASSAY_EDATA, why, e);
        if (window >= HEADER_MOST)
            return assay_pq_cursor_fail(c, ASSAY_ELIMIT, "a page header of more than 16 MiB", e);
    }
}

static enum assay_status check_sizes(const struct assay_pq_cursor *c, const struct assay_pq_page *page,
                                     struct assay_err *e)
{
    if (page->compressed > c->end - (c->in_at + c->in_pos))
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the page runs beyond the column chunk", e);
    if (page->uncompressed > ASSAY_MAX_PARQUET_PAGE || page->compressed > ASSAY_MAX_PARQUET_PAGE)
        return assay_pq_cursor_fail(c, ASSAY_ELIMIT, "the page is larger than 256 MiB", e);
    if (page->uncompressed > RATIO_FLOOR && page->uncompressed / ASSAY_MAX_PARQUET_PAGE_RATIO > page->compressed)
        return assay_pq_cursor_fail(c, ASSAY_ELIMIT, "the page claims to be compressed beyond belief", e);
    return ASSAY_OK;
}

static enum assay_status check_crc(const struct assay_pq_cursor *c, const struct assay_pq_page *page, const uint8_t *p,
                                   struct assay_err *e)
{
    if (page->has_crc && (uint32_t)crc32(0, p, page->compressed) != page->crc)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the page's checksum (CRC-32) does not match its bytes", e);
    return ASSAY_OK;
}

static enum assay_status inflate_to(struct assay_pq_cursor *c, struct assay_pq_room *r, const uint8_t *p, size_t n,
                                    size_t want, struct assay_err *e)
{
    if (!assay_pq_room_for(r, want))
        return assay_fail_nomem(e);
    const char *why = assay_pq_decompress(&c->ctx->codec, c->codec, p, n, r->p, want);
    if (!why)
        return ASSAY_OK;
    return assay_fail(e, ASSAY_EDATA, "%s: row group %zu, column \"%s\", page %u at byte %llu: the page %s",
                      c->ctx->file->name, c->ctx->group, c->column->name, c->page, (unsigned long long)c->page_at, why);
}

static enum assay_status load_dictionary(struct assay_pq_cursor *c, const struct assay_pq_page *page, const uint8_t *p,
                                         struct assay_err *e)
{
    if (c->page != 0)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "a dictionary page that is not the first page", e);
    if (page->encoding != PQ_PLAIN && page->encoding != PQ_PLAIN_DICTIONARY)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "a dictionary page that is not PLAIN", e);
    enum assay_status s = inflate_to(c, &c->dictionary_bytes, p, page->compressed, page->uncompressed, e);
    if (s == ASSAY_OK)
        s = assay_pq_values_dictionary(c, page->uncompressed, page->values, e);
    return s;
}

/* The deprecated BIT_PACKED levels run from the most significant bit: turned over, they are PLAIN booleans. */
static void reverse_bits(uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)((p[i] * 0x0202020202ull & 0x010884422010ull) % 1023);
}

/* Levels at p[0..n) belong to `values` rows: know how many are not null before any is delivered. */
static enum assay_status begin_levels(struct assay_pq_cursor *c, uint64_t values, uint64_t *valid, struct assay_err *e)
{
    struct assay_pq_hybrid counter = c->levels;
    if (!assay_pq_hybrid_count(&counter, values, valid))
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the definition levels end too early or are broken", e);
    if (!assay_pq_hybrid_done(&counter))
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the page has more definition levels than values", e);
    c->all_valid = *valid == values;
    c->all_null = *valid == 0;
    return ASSAY_OK;
}

/* Definition levels of a v1 page; they lie before its values. */
static enum assay_status levels_v1(struct assay_pq_cursor *c, const struct assay_pq_page *page, uint8_t **p, size_t *n,
                                   uint64_t *valid, struct assay_err *e)
{
    size_t bytes = ((size_t)page->values + 7) / 8, head = 0;
    if (page->level_encoding == PQ_RLE) {
        head = 4;
        bytes = *n < head ? SIZE_MAX : assay_get_le32(*p);
    } else if (page->level_encoding != PQ_BIT_PACKED) {
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "an unknown encoding of definition levels", e);
    }
    if (*n < head || bytes > *n - head)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "definition levels longer than the page", e);
    *p += head;
    if (head) {
        assay_pq_hybrid_init(&c->levels, *p, bytes, 1);
    } else {
        reverse_bits(*p, bytes);
        assay_pq_hybrid_bits(&c->levels, *p, page->values);
    }
    *p += bytes;
    *n -= head + bytes;
    return begin_levels(c, page->values, valid, e);
}

static enum assay_status load_v1(struct assay_pq_cursor *c, const struct assay_pq_page *page, uint8_t *p,
                                 struct assay_err *e)
{
    size_t n = page->uncompressed;
    uint64_t valid = page->values;
    enum assay_status s = ASSAY_OK;
    if (c->codec != PQ_UNCOMPRESSED) {
        s = inflate_to(c, &c->page_bytes, p, page->compressed, n, e);
        p = c->page_bytes.p;
    } else if (page->compressed != page->uncompressed) {
        s = assay_pq_cursor_fail(c, ASSAY_EDATA, "an uncompressed page of two different sizes", e);
    }
    c->all_valid = true;
    c->all_null = false;
    if (s == ASSAY_OK && c->column->nested)
        s = assay_pq_levels_v1(c, page, &p, &n, &valid, e);
    else if (s == ASSAY_OK && c->column->nullable)
        s = levels_v1(c, page, &p, &n, &valid, e);
    if (s == ASSAY_OK)
        s = assay_pq_values_begin(c, page->encoding, p, n, valid, e);
    return s;
}

static enum assay_status levels_v2(struct assay_pq_cursor *c, const struct assay_pq_page *page, const uint8_t *p,
                                   uint64_t *valid, struct assay_err *e)
{
    *valid = page->values;
    c->all_valid = true;
    c->all_null = false;
    if (page->rep_bytes)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "repetition levels in a flat column", e);
    if (page->rows != page->values || page->nulls > page->values || page->level_bytes > page->compressed ||
        page->level_bytes > page->uncompressed)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the counts of the page header contradict each other", e);
    if (!c->column->nullable)
        return page->level_bytes || page->nulls
                   ? assay_pq_cursor_fail(c, ASSAY_EDATA, "nulls in a column that is required", e)
                   : ASSAY_OK;
    assay_pq_hybrid_init(&c->levels, p, page->level_bytes, 1);
    enum assay_status s = begin_levels(c, page->values, valid, e);
    if (s == ASSAY_OK && page->values - *valid != page->nulls)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the page has not as many nulls as its header says", e);
    return s;
}

/* v2: the levels stay uncompressed, in front of the values. */
static enum assay_status load_v2(struct assay_pq_cursor *c, const struct assay_pq_page *page, uint8_t *p,
                                 struct assay_err *e)
{
    uint64_t valid = 0;
    enum assay_status s =
        c->column->nested ? assay_pq_levels_v2(c, page, p, &valid, e) : levels_v2(c, page, p, &valid, e);
    if (s != ASSAY_OK)
        return s;
    const size_t levels = (size_t)page->level_bytes + page->rep_bytes;
    size_t n = page->uncompressed - levels, stored = page->compressed - levels;
    p += levels;
    if (page->is_compressed && c->codec != PQ_UNCOMPRESSED) {
        s = inflate_to(c, &c->page_bytes, p, stored, n, e);
        p = c->page_bytes.p;
    } else if (n != stored) {
        s = assay_pq_cursor_fail(c, ASSAY_EDATA, "an uncompressed page of two different sizes", e);
    }
    if (s == ASSAY_OK)
        s = assay_pq_values_begin(c, page->encoding, p, n, valid, e);
    return s;
}

static enum assay_status load_data(struct assay_pq_cursor *c, const struct assay_pq_page *page, uint8_t *p,
                                   struct assay_err *e)
{
    if (page->values > c->chunk_left)
        return assay_pq_cursor_fail(c, ASSAY_EDATA, "the pages hold more values than the column chunk claims", e);
    enum assay_status s = page->type == PQ_DATA_PAGE ? load_v1(c, page, p, e) : load_v2(c, page, p, e);
    if (s != ASSAY_OK)
        return s;
    c->chunk_left -= page->values;
    c->left = page->values;
    return c->left ? ASSAY_OK : assay_pq_values_end(c, e);
}

enum assay_status assay_pq_load_page(struct assay_pq_cursor *c, struct assay_err *e)
{
    struct assay_pq_page page;
    c->page = c->pages++;
    enum assay_status s = read_header(c, &page, e);
    if (s == ASSAY_OK)
        s = check_sizes(c, &page, e);
    if (s == ASSAY_OK)
        s = need(c, page.compressed, e);
    if (s != ASSAY_OK)
        return s;
    uint8_t *p = c->base + c->in_pos;
    s = check_crc(c, &page, p, e);
    c->in_pos += page.compressed;
    if (s == ASSAY_OK && page.type == PQ_DICTIONARY_PAGE)
        s = load_dictionary(c, &page, p, e);
    else if (s == ASSAY_OK && page.type != PQ_INDEX_PAGE)
        s = load_data(c, &page, p, e);
    return s;
}
