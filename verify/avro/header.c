/* "Obj" 1, a map of metadata, the sync mark (Apache Avro 1.11 specification, "Object Container Files"). */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "block.h"

#define KEY_MOST 32 /* longer keys are none of ours */

struct metadata {
    struct assay_buf *marks;
    struct assay_buf schema, codec, spark; /* spark: its version */
    bool has_schema, has_codec, legacy;
};

static enum assay_status broken(const struct assay_av_input *in, const char *what, struct assay_err *e)
{
    return assay_fail(e, ASSAY_EDATA, "%s: header: %s", in->name, what);
}

/* A length that the file still holds, within the limit of a header. */
static enum assay_status length(struct assay_av_input *in, size_t *out, struct assay_err *e)
{
    int64_t n = 0;
    const char *why = NULL;
    enum assay_status s = assay_av_input_long(in, &n, &why, e);
    if (s != ASSAY_OK)
        return s;
    if (why)
        return broken(in, why, e);
    if (n < 0)
        return broken(in, "a negative length", e);
    if ((uint64_t)n > assay_av_input_left(in))
        return broken(in, "a length beyond the end of the file", e);
    if ((uint64_t)n + assay_av_input_at(in) > ASSAY_MAX_AVRO_HEADER)
        return assay_fail(e, ASSAY_ELIMIT, "%s: header: more than %u bytes", in->name, ASSAY_MAX_AVRO_HEADER);
    *out = (size_t)n;
    return ASSAY_OK;
}

static enum assay_status discard(struct assay_av_input *in, size_t n, struct assay_err *e)
{
    uint8_t block[512];
    enum assay_status s = ASSAY_OK;
    while (n && s == ASSAY_OK) {
        const size_t step = n < sizeof block ? n : sizeof block;
        s = assay_av_input_take(in, block, step, e);
        n -= step;
    }
    return s;
}

static enum assay_status keep(struct assay_av_input *in, size_t n, struct assay_buf *out, struct assay_err *e)
{
    if (assay_buf_reserve(out, n + 1) != ASSAY_OK)
        return assay_fail_nomem(e);
    out->len = n;
    return assay_av_input_take(in, out->ptr, n, e);
}

static enum assay_status entry(struct assay_av_input *in, struct metadata *m, struct assay_err *e)
{
    char key[KEY_MOST + 1] = "";
    size_t n = 0;
    enum assay_status s = length(in, &n, e);
    if (s == ASSAY_OK)
        s = n > KEY_MOST ? discard(in, n, e) : assay_av_input_take(in, key, n, e);
    if (s == ASSAY_OK)
        s = length(in, &n, e);
    if (s != ASSAY_OK)
        return s;
    bool plain = *key != '\0';
    for (const char *p = key; *p; p++)
        plain = plain && (unsigned char)*p > 0x20 && *p < 0x7f;
    if (plain) /* what does not fit is left out */
        (void)assay_buf_addf(m->marks, "metadata %s\n", key);
    const bool schema = strcmp(key, "avro.schema") == 0, codec = strcmp(key, "avro.codec") == 0;
    if ((schema && m->has_schema) || (codec && m->has_codec))
        return assay_fail(e, ASSAY_EDATA, "%s: header: two entries are named \"%s\"", in->name, key);
    m->legacy |= strcmp(key, "org.apache.spark.legacyDateTime") == 0;
    m->has_schema |= schema;
    m->has_codec |= codec;
    if (schema || codec)
        return keep(in, n, schema ? &m->schema : &m->codec, e);
    if (strcmp(key, "org.apache.spark.version") == 0)
        return keep(in, n, &m->spark, e);
    return discard(in, n, e);
}

/* Blocks of entries; a negative count comes with the block's size in bytes, which has to be right. */
static enum assay_status metadata(struct assay_av_input *in, struct metadata *m, struct assay_err *e)
{
    for (;;) {
        int64_t n = 0;
        size_t size = 0;
        const char *why = NULL;
        enum assay_status s = assay_av_input_long(in, &n, &why, e);
        if (s == ASSAY_OK && (why || n == INT64_MIN))
            s = broken(in, why ? why : "an impossible count of entries", e);
        const bool sized = n < 0;
        if (s == ASSAY_OK && sized)
            s = length(in, &size, e);
        if (s != ASSAY_OK)
            return s;
        const uint64_t from = assay_av_input_at(in);
        for (n = sized ? -n : n; n && s == ASSAY_OK; n--)
            s = entry(in, m, e);
        if (s != ASSAY_OK)
            return s;
        if (sized && assay_av_input_at(in) - from != size)
            return broken(in, "a block of entries of another size than it claims", e);
        if (!sized && assay_av_input_at(in) == from)
            return ASSAY_OK; /* a count of 0 */
    }
}

static enum assay_status use(struct assay_av_header *h, const struct assay_av_input *in, struct metadata *m,
                             struct assay_err *e)
{
    const char *codec = m->has_codec ? (const char *)m->codec.ptr : "null";
    const size_t n = m->has_codec ? m->codec.len : 4;
    h->codec = assay_av_codec_by_name(codec, n);
    if (!h->codec)
        return assay_fail(e, ASSAY_ETYPE, "%s: header: codec \"%.*s\" is not supported, expected " ASSAY_AV_CODECS,
                          in->name, n < KEY_MOST ? (int)n : KEY_MOST, codec);
    if (!m->has_schema)
        return broken(in, "there is no schema (avro.schema)", e);
    /* Before 3.0 Spark knew no other calendar. */
    const char *spark = m->spark.len ? assay_buf_str(&m->spark) : NULL;
    h->legacy = m->legacy || (spark && strtol(spark, NULL, 10) < 3);
    return assay_av_schema_parse(&h->schema, in->name, m->schema.ptr, m->schema.len, e);
}

enum assay_status assay_av_header_read(struct assay_av_header *h, struct assay_av_input *in, struct assay_err *e)
{
    uint8_t magic[4] = {0};
    struct metadata m = {0};
    *h = (struct assay_av_header){.marks = {.max = ASSAY_MAX_MARKS}};
    m.marks = &h->marks;
    enum assay_status s = in->size < sizeof magic ? ASSAY_OK : assay_av_input_take(in, magic, sizeof magic, e);
    if (s == ASSAY_OK && memcmp(magic, "Obj\x01", sizeof magic) != 0)
        s = assay_fail(e, ASSAY_EDATA, "%s: not an Avro object container file", in->name);
    if (s == ASSAY_OK)
        s = metadata(in, &m, e);
    if (s == ASSAY_OK && assay_av_input_left(in) < ASSAY_AV_SYNC)
        s = broken(in, "the file ends inside the sync mark", e);
    if (s == ASSAY_OK)
        s = assay_av_input_take(in, h->sync, ASSAY_AV_SYNC, e);
    if (s == ASSAY_OK)
        s = use(h, in, &m, e);
    assay_buf_release(&m.schema);
    assay_buf_release(&m.codec);
    assay_buf_release(&m.spark);
    return s;
}

void assay_av_header_release(struct assay_av_header *h)
{
    assay_av_schema_release(&h->schema);
    assay_buf_release(&h->marks);
}
