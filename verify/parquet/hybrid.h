/* RLE / bit-packed hybrid (Encodings.md, "RLE"): dictionary indices, booleans and definition levels.
 * Loads reach up to PQ_PAD bytes past the data: every buffer behind it must have that room. */
#ifndef ASSAY_PARQUET_HYBRID_H
#define ASSAY_PARQUET_HYBRID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PQ_PAD 64

struct assay_pq_hybrid {
    const uint8_t *p, *end; /* next run header; end of the data */
    unsigned width; /* bits a value, 0..32 */
    uint32_t value; /* of the repeated run */
    uint64_t repeats; /* left in it */
    const uint8_t *packed; /* the bit-packed run ... */
    uint64_t bit, packs; /* ... the next value's bit in it, and the values left */
};

void assay_pq_hybrid_init(struct assay_pq_hybrid *h, const uint8_t *p, size_t n, unsigned width);
/* n bare bits, least significant first, as PLAIN booleans are. */
void assay_pq_hybrid_bits(struct assay_pq_hybrid *h, const uint8_t *p, uint64_t n);
/* Up to n values: the number delivered, 0 when the data is broken or over. *same: all of them equal out[0], the only
 * one set. */
size_t assay_pq_hybrid_take(struct assay_pq_hybrid *h, size_t n, uint32_t *out, bool *same);
/* Width 1: n levels as bytes 0 and 1. *ones: how many are 1. False when the data is broken or over. */
bool assay_pq_hybrid_levels(struct assay_pq_hybrid *h, size_t n, uint8_t *out, size_t *ones);
/* Width 1: count the ones among the next n without delivering them. */
bool assay_pq_hybrid_count(struct assay_pq_hybrid *h, uint64_t n, uint64_t *ones);
/* Everything was consumed, padding of the last bit-packed run aside, and the second copy of a full last block of 256
 * values that DuckDB 1.3 writes. */
bool assay_pq_hybrid_done(const struct assay_pq_hybrid *h);

#endif
