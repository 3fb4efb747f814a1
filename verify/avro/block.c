#include "block.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

static enum assay_status broken(const struct assay_av_block *b, const struct assay_av_input *in,
                                enum assay_status status, const char *what, struct assay_err *e)
{
    if (status == ASSAY_ENOMEM)
        return assay_fail_nomem(e);
    return assay_fail(e, status, "%s: block %llu at byte %llu: %s", in->name, (unsigned long long)b->number,
                      (unsigned long long)b->at, what);
}

static enum assay_status number(const struct assay_av_block *b, struct assay_av_input *in, int64_t *out,
                                struct assay_err *e)
{
    const char *why = NULL;
    enum assay_status s = assay_av_input_long(in, out, &why, e);
    return s == ASSAY_OK && why ? broken(b, in, ASSAY_EDATA, why, e) : s;
}

static enum assay_status sizes(struct assay_av_block *b, struct assay_av_input *in, size_t *size, struct assay_err *e)
{
    int64_t rows = 0, bytes = 0;
    enum assay_status s = number(b, in, &rows, e);
    if (s == ASSAY_OK && rows < 0)
        s = broken(b, in, ASSAY_EDATA, "a negative count of rows", e);
    if (s == ASSAY_OK)
        s = number(b, in, &bytes, e);
    if (s == ASSAY_OK && bytes < 0)
        s = broken(b, in, ASSAY_EDATA, "a negative size", e);
    const uint64_t left = assay_av_input_left(in);
    if (s == ASSAY_OK && (left < ASSAY_AV_SYNC || (uint64_t)bytes > left - ASSAY_AV_SYNC))
        s = broken(b, in, ASSAY_EDATA, "the file ends inside it", e);
    if (s == ASSAY_OK && bytes > (int64_t)ASSAY_MAX_AVRO_BLOCK)
        s = broken(b, in, ASSAY_ELIMIT, "more than 256 MiB", e);
    b->rows = (uint64_t)rows;
    *size = (size_t)bytes;
    return s;
}

static enum assay_status fetch(struct assay_av_block *b, struct assay_av_input *in, size_t size, struct assay_err *e)
{
    if (size > b->raw_cap) {
        free(b->raw);
        b->raw_cap = 0;
        b->raw = malloc(size);
        if (!b->raw)
            return assay_fail_nomem(e);
        b->raw_cap = size;
    }
    return assay_av_input_take(in, b->raw, size, e);
}

/* Rows of no byte could be any number: the scan bounds those of the whole file. All others take a byte at least. */
static enum assay_status check_rows(const struct assay_av_block *b, const struct assay_av_header *h,
                                    const struct assay_av_input *in, struct assay_err *e)
{
    const bool zero = h->schema.node[h->schema.root].zero_size;
    if (zero && b->len)
        return broken(b, in, ASSAY_EDATA, "bytes left over after its rows, which take none", e);
    if (!zero && b->rows > b->len)
        return broken(b, in, ASSAY_EDATA, "more rows than bytes", e);
    return ASSAY_OK;
}

enum assay_status assay_av_block_read(struct assay_av_block *b, const struct assay_av_header *h,
                                      struct assay_av_input *in, bool *end, struct assay_err *e)
{
    uint8_t sync[ASSAY_AV_SYNC];
    size_t size = 0;
    *end = assay_av_input_left(in) == 0;
    if (*end)
        return ASSAY_OK;
    b->number++;
    b->at = assay_av_input_at(in);
    enum assay_status s = sizes(b, in, &size, e);
    if (s == ASSAY_OK)
        s = fetch(b, in, size, e);
    if (s == ASSAY_OK)
        s = assay_av_input_take(in, sync, sizeof sync, e);
    if (s == ASSAY_OK && memcmp(sync, h->sync, sizeof sync) != 0)
        s = broken(b, in, ASSAY_EDATA, "another sync mark after it than the header's", e);
    b->p = (const uint8_t *)""; /* NULL has no end */
    b->len = 0;
    if (s == ASSAY_OK && size) {
        enum assay_status status;
        const char *why = assay_av_decompress(h->codec, &b->codec, b->raw, size, &b->p, &b->len, &status);
        s = why ? broken(b, in, status, why, e) : ASSAY_OK;
    }
    return s == ASSAY_OK ? check_rows(b, h, in, e) : s;
}

void assay_av_block_release(struct assay_av_block *b)
{
    free(b->raw);
    assay_av_codec_release(&b->codec);
    *b = (struct assay_av_block){0};
}
