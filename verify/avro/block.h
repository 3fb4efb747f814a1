/* The container: its header, then blocks of rows between sync marks. */
#ifndef ASSAY_AVRO_BLOCK_H
#define ASSAY_AVRO_BLOCK_H

#include "assay/buf.h"
#include "codec.h"
#include "input.h"
#include "schema.h"

#define ASSAY_AV_SYNC 16

struct assay_av_header {
    struct assay_av_schema schema;
    const struct assay_av_codec *codec;
    bool legacy; /* Spark says: dates before the switch of calendars are not proleptic Gregorian */
    uint8_t sync[ASSAY_AV_SYNC];
    struct assay_buf marks; /* names of the metadata, as far as they fit; owned */
};

/* On failure the header is still to be released. */
enum assay_status assay_av_header_read(struct assay_av_header *h, struct assay_av_input *in, struct assay_err *e);
void assay_av_header_release(struct assay_av_header *h);

/* One block, plain. All-zero before the first. */
struct assay_av_block {
    uint64_t number, at; /* 1-based; offset in the file */
    uint64_t rows; /* that it claims */
    const uint8_t *p; /* valid until the next block is read */
    size_t len;
    uint8_t *raw; /* as it stands in the file; owned */
    size_t raw_cap;
    struct assay_av_codec_state codec;
};

/* The next block; at the end of the file *end and nothing else. The rows that it claims are checked against its
 * size. */
enum assay_status assay_av_block_read(struct assay_av_block *b, const struct assay_av_header *h,
                                      struct assay_av_input *in, bool *end, struct assay_err *e);
void assay_av_block_release(struct assay_av_block *b);

#endif
