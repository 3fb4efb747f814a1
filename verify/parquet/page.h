/* Page headers (parquet.thrift, PageHeader). */
#ifndef ASSAY_PARQUET_PAGE_H
#define ASSAY_PARQUET_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum assay_pq_page_type { PQ_DATA_PAGE, PQ_INDEX_PAGE, PQ_DICTIONARY_PAGE, PQ_DATA_PAGE_V2 };

enum assay_pq_encoding {
    PQ_PLAIN = 0,
    PQ_PLAIN_DICTIONARY = 2,
    PQ_RLE = 3,
    PQ_BIT_PACKED = 4,
    PQ_DELTA_BINARY_PACKED = 5,
    PQ_DELTA_LENGTH_BYTE_ARRAY = 6,
    PQ_DELTA_BYTE_ARRAY = 7,
    PQ_RLE_DICTIONARY = 8,
    PQ_BYTE_STREAM_SPLIT = 9
};

struct assay_pq_page {
    int32_t type; /* enum assay_pq_page_type */
    uint32_t compressed, uncompressed;
    bool has_crc;
    uint32_t crc; /* CRC-32 of the `compressed` bytes */
    uint32_t values;
    int32_t encoding; /* enum assay_pq_encoding, unchecked */
    int32_t level_encoding, rep_encoding; /* likewise: of definition and repetition levels of a v1 page */
    /* v2 */
    uint32_t nulls, rows, level_bytes, rep_bytes;
    bool is_compressed;
};

/* Parse the header at p. *used: its length. NULL, or what is wrong; *more: the header runs beyond p[n). */
const char *assay_pq_page_header(const uint8_t *p, size_t n, struct assay_pq_page *page, size_t *used, bool *more);

#endif
