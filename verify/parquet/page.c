#include "page.h"

#include "thrift.h"

/* A count or size: an int32 that must not be negative. */
static uint32_t count(struct assay_pq_thrift *t, const struct assay_pq_field *f)
{
    int32_t v = assay_pq_thrift_i32(t, f);
    if (v < 0)
        assay_pq_thrift_fail(t, "a negative size or count in the page header");
    return v < 0 ? 0 : (uint32_t)v;
}

static void data_v1(struct assay_pq_thrift *t, struct assay_pq_page *page)
{
    unsigned seen = 0;
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f);) {
        seen |= f.id > 0 && f.id < 5 ? 1u << f.id : 0;
        switch (f.id) {
        case 1:
            page->values = count(t, &f);
            break;
        case 2:
            page->encoding = assay_pq_thrift_i32(t, &f);
            break;
        case 3:
            page->level_encoding = assay_pq_thrift_i32(t, &f);
            break;
        case 4:
            page->rep_encoding = assay_pq_thrift_i32(t, &f);
            break;
        default:
            assay_pq_thrift_skip(t, &f);
        }
    }
    if ((seen & 0x0e) != 0x0e)
        assay_pq_thrift_fail(t, "a data page header that lacks a field");
}

static void data_v2(struct assay_pq_thrift *t, struct assay_pq_page *page)
{
    unsigned seen = 0;
    page->is_compressed = true;
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f);) {
        seen |= f.id > 0 && f.id < 8 ? 1u << f.id : 0;
        switch (f.id) {
        case 1:
            page->values = count(t, &f);
            break;
        case 2:
            page->nulls = count(t, &f);
            break;
        case 3:
            page->rows = count(t, &f);
            break;
        case 4:
            page->encoding = assay_pq_thrift_i32(t, &f);
            break;
        case 5:
            page->level_bytes = count(t, &f);
            break;
        case 6:
            page->rep_bytes = count(t, &f);
            break;
        case 7:
            page->is_compressed = assay_pq_thrift_bool(t, &f);
            break;
        default:
            assay_pq_thrift_skip(t, &f);
        }
    }
    if ((seen & 0x7e) != 0x7e)
        assay_pq_thrift_fail(t, "a data page header that lacks a field");
}

static void dictionary(struct assay_pq_thrift *t, struct assay_pq_page *page)
{
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f);)
        switch (f.id) {
        case 1:
            page->values = count(t, &f);
            break;
        case 2:
            page->encoding = assay_pq_thrift_i32(t, &f);
            break;
        default:
            assay_pq_thrift_skip(t, &f);
        }
}

typedef void kind_reader(struct assay_pq_thrift *t, struct assay_pq_page *page);

const char *assay_pq_page_header(const uint8_t *p, size_t n, struct assay_pq_page *page, size_t *used, bool *more)
{
    static kind_reader *const reader[] = {[5] = data_v1, [7] = dictionary, [8] = data_v2};
    static const uint8_t field_of_type[] = {5, 6, 7, 8};
    struct assay_pq_thrift t;
    unsigned seen = 0;
    assay_pq_thrift_init(&t, p, n);
    *page = (struct assay_pq_page){.type = -1, .encoding = -1, .level_encoding = -1, .rep_encoding = -1};
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(&t, &f);) {
        if (f.id > 0 && f.id < 9) {
            if (seen & 1u << f.id)
                assay_pq_thrift_fail(&t, "a page header that gives a field twice");
            seen |= 1u << f.id;
        }
        switch (f.id) {
        case 1:
            page->type = assay_pq_thrift_i32(&t, &f);
            break;
        case 2:
            page->uncompressed = count(&t, &f);
            break;
        case 3:
            page->compressed = count(&t, &f);
            break;
        case 4:
            page->crc = (uint32_t)assay_pq_thrift_i32(&t, &f);
            page->has_crc = true;
            break;
        case 5:
        case 7:
        case 8:
            if (assay_pq_thrift_struct(&t, &f))
                reader[f.id](&t, page);
            break;
        default:
            assay_pq_thrift_skip(&t, &f);
        }
    }
    *used = (size_t)(t.p - t.begin);
    *more = t.ended;
    if (t.err)
        return t.err;
    if ((seen & 0x0e) != 0x0e)
        return "a page header that lacks its type or its sizes";
    if (page->type < PQ_DATA_PAGE || page->type > PQ_DATA_PAGE_V2)
        return "a page of unknown type";
    if (!(seen & 1u << field_of_type[page->type]) && page->type != PQ_INDEX_PAGE)
        return "a page header without the part that belongs to its type";
    return NULL;
}
