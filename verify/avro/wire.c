/* The pieces that every type is made of (Apache Avro 1.11 specification, "Binary Encoding"). */
#include "value.h"
#include "varint.h"

const char *assay_av_fail(struct assay_av_cursor *c, enum assay_status status, const char *why)
{
    c->status = status;
    return why;
}

const char *assay_av_number(struct assay_av_cursor *c, int64_t *out)
{
    const char *why = assay_av_long(&c->p, c->end, out);
    return why ? assay_av_fail(c, ASSAY_EDATA, why) : NULL;
}

const char *assay_av_int(struct assay_av_cursor *c, int64_t *out)
{
    const char *why = assay_av_number(c, out);
    if (!why && (*out < INT32_MIN || *out > INT32_MAX))
        why = assay_av_fail(c, ASSAY_EDATA, "an int of more than 32 bits");
    return why;
}

const char *assay_av_take(struct assay_av_cursor *c, size_t n, const uint8_t **p)
{
    if (n > (size_t)(c->end - c->p))
        return assay_av_fail(c, ASSAY_EDATA, assay_av_cut_short);
    *p = c->p;
    c->p += n;
    return NULL;
}

const char *assay_av_span(struct assay_av_cursor *c, const uint8_t **p, size_t *len)
{
    int64_t n = 0;
    const char *why = assay_av_number(c, &n);
    if (why)
        return why;
    if (n < 0)
        return assay_av_fail(c, ASSAY_EDATA, "a negative length");
    if (n > c->end - c->p)
        return assay_av_fail(c, ASSAY_EDATA, "a length beyond the end of the data");
    *len = (size_t)n;
    return assay_av_take(c, *len, p);
}

const char *assay_av_bool(struct assay_av_cursor *c, int64_t *out)
{
    const uint8_t *p = NULL;
    const char *why = assay_av_take(c, 1, &p);
    if (why)
        return why;
    *out = *p;
    return *p > 1 ? assay_av_fail(c, ASSAY_EDATA, "a boolean that is neither 0 nor 1") : NULL;
}

const char *assay_av_symbol(struct assay_av_cursor *c, const struct assay_av_node *n, int64_t *out)
{
    const char *why = assay_av_number(c, out);
    if (!why && (*out < 0 || *out >= n->count))
        why = assay_av_fail(c, ASSAY_EDATA, "an enum index outside its symbols");
    return why;
}

const char *assay_av_branch(struct assay_av_cursor *c, const struct assay_av_node *n, uint32_t *node)
{
    int64_t i = 0;
    const char *why = assay_av_number(c, &i);
    if (why)
        return why;
    if (i < 0 || i >= n->count)
        return assay_av_fail(c, ASSAY_EDATA, "a union index outside its branches");
    *node = c->schema->child[n->first + (uint32_t)i];
    return NULL;
}
