/* Values of one decompressed block. Every read is bounded by its end. */
#ifndef ASSAY_AVRO_VALUE_H
#define ASSAY_AVRO_VALUE_H

#include "assay/items.h"
#include "assay/value.h"
#include "schema.h"

/* What a value points to when it is not in the block as such. */
union assay_av_store {
    struct assay_interval interval;
    uint8_t uuid[16];
};

struct assay_av_cursor {
    const struct assay_av_schema *schema;
    const uint8_t *p, *end;
    bool legacy; /* old dates of nested values are to be doubted */
    enum assay_status status; /* of the last failure: ASSAY_EDATA, ASSAY_ELIMIT or ASSAY_EINTR */
};

/* Read one value. NULL, or a static sentence: what is wrong with the bytes. A value that its type does not allow,
 * while the bytes around it stay readable, is ASSAY_K_BAD. */
const char *assay_av_value(struct assay_av_cursor *c, uint32_t node, struct assay_value *out,
                           union assay_av_store *store);
/* The same for a column with a shape; what it makes lies in t, whose row has begun. */
const char *assay_av_nested(struct assay_av_cursor *c, uint32_t node, struct assay_items *t, struct assay_value *out);
/* A date or time stamp before Spark's hybrid calendar and the proleptic one agree becomes ASSAY_K_BAD. */
void assay_av_doubt(struct assay_value *v);
/* Pass over one value of any type, checking all that decides where it ends. No recursion. */
const char *assay_av_skip(struct assay_av_cursor *c, uint32_t node);

/* The items of an array or map that are still to come in its current block. All-zero before the first. */
struct assay_av_run {
    uint64_t left;
    const uint8_t *end; /* where the block says it ends; NULL: it does not say */
};
/* The next block; *done when there is none. */
const char *assay_av_next_run(struct assay_av_cursor *c, struct assay_av_run *run, bool *done);

/* skip.c and value.c: the index of a union's branch -> its node; the bytes of a bytes or string value. */
const char *assay_av_branch(struct assay_av_cursor *c, const struct assay_av_node *n, uint32_t *node);
const char *assay_av_span(struct assay_av_cursor *c, const uint8_t **p, size_t *len);
const char *assay_av_number(struct assay_av_cursor *c, int64_t *out);
const char *assay_av_int(struct assay_av_cursor *c, int64_t *out);
const char *assay_av_take(struct assay_av_cursor *c, size_t n, const uint8_t **p);
const char *assay_av_symbol(struct assay_av_cursor *c, const struct assay_av_node *n, int64_t *out);
const char *assay_av_bool(struct assay_av_cursor *c, int64_t *out);
const char *assay_av_fail(struct assay_av_cursor *c, enum assay_status status, const char *why);

#endif
