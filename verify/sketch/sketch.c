/* Building a sketch, and its bytes. */
#include "sketch.h"

#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"

enum assay_status assay_sketch_new(uint32_t capacity, uint32_t words, struct assay_sketch **out, struct assay_err *e)
{
    *out = NULL;
    if (capacity < 1 || capacity > ASSAY_MAX_SKETCH_CAPACITY || words < 1 || words > ASSAY_MAX_SKETCH_WORDS)
        return assay_fail(e, ASSAY_ELIMIT, "a sketch of %u differences and %u words, the most are %d and %d", capacity,
                          words, ASSAY_MAX_SKETCH_CAPACITY, ASSAY_MAX_SKETCH_WORDS);
    struct assay_sketch *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->capacity = capacity;
    s->words = words;
    s->ops = assay_gf64();
    s->sum = calloc(capacity, sizeof *s->sum);
    s->acc = calloc((size_t)capacity * words, sizeof *s->acc);
    if (!s->sum || !s->acc) {
        assay_sketch_free(s);
        return assay_fail_nomem(e);
    }
    *out = s;
    return ASSAY_OK;
}

void assay_sketch_free(struct assay_sketch *s)
{
    if (!s)
        return;
    free(s->sum);
    free(s->acc);
    free(s);
}

void assay_sketch_reset(struct assay_sketch *s)
{
    memset(s->sum, 0, s->capacity * sizeof *s->sum);
    memset(s->acc, 0, (size_t)s->capacity * s->words * sizeof *s->acc);
}

void assay_sketch_add(struct assay_sketch *s, uint64_t x, const uint64_t *payload)
{
    s->ops->add(s->sum, s->acc, s->capacity, s->words, x, payload);
}

bool assay_sketch_merge(struct assay_sketch *dst, const struct assay_sketch *src)
{
    if (dst->capacity != src->capacity || dst->words != src->words)
        return false;
    for (size_t i = 0; i < dst->capacity; i++)
        dst->sum[i] ^= src->sum[i];
    for (size_t i = 0; i < (size_t)dst->capacity * dst->words; i++)
        dst->acc[i] ^= src->acc[i];
    return true;
}

size_t assay_sketch_bytes(uint32_t capacity, uint32_t words)
{
    return 8 * (size_t)capacity * (1 + (size_t)words);
}

void assay_sketch_put(const struct assay_sketch *s, uint8_t *out)
{
    for (size_t i = 0; i < s->capacity; i++, out += 8)
        assay_put_be64(out, s->sum[i]);
    for (size_t i = 0; i < (size_t)s->capacity * s->words; i++, out += 8)
        assay_put_be64(out, assay_gf64_reduce(s->acc[i]));
}

enum assay_status assay_sketch_get(uint32_t capacity, uint32_t words, const uint8_t *in, size_t n,
                                   struct assay_sketch **out, struct assay_err *e)
{
    enum assay_status st = assay_sketch_new(capacity, words, out, e);
    if (st != ASSAY_OK)
        return st;
    struct assay_sketch *s = *out;
    if (n != assay_sketch_bytes(capacity, words)) {
        assay_sketch_free(s);
        *out = NULL;
        return assay_fail(e, ASSAY_EDATA, "a sketch of %zu bytes, expected %zu", n,
                          assay_sketch_bytes(capacity, words));
    }
    for (size_t i = 0; i < capacity; i++, in += 8)
        s->sum[i] = assay_get_be64(in);
    for (size_t i = 0; i < (size_t)capacity * words; i++, in += 8)
        s->acc[i] = assay_get_be64(in);
    return ASSAY_OK;
}
