/* The encodings other than PLAIN and dictionary are turned into PLAIN bytes, a page at a time (Encodings.md).
 * All return NULL, or what is wrong: a static text. Inputs have PQ_PAD bytes of room behind them. */
#ifndef ASSAY_PARQUET_DELTA_H
#define ASSAY_PARQUET_DELTA_H

#include <stddef.h>
#include <stdint.h>

/* DELTA_BINARY_PACKED: exactly `count` integers of `width` 4 or 8 bytes to out. *used: bytes of input taken. */
const char *assay_pq_delta_ints(const uint8_t *p, size_t n, size_t count, unsigned width, uint8_t *out, size_t *used);

/* Lengths that are not negative and sum to at most `most`. *sum may be NULL. */
const char *assay_pq_lengths_check(const int32_t *len, size_t count, uint64_t most, uint64_t *sum);

/* DELTA_LENGTH_BYTE_ARRAY: strings of the decoded lengths, lying one after the other at p[0..n), to PLAIN byte arrays
 * at out (4 * count + n bytes). */
const char *assay_pq_delta_strings(const uint8_t *p, size_t n, const int32_t *len, size_t count, uint8_t *out);

/* DELTA_BYTE_ARRAY: each string takes prefix[i] bytes of the one before and suffix[i] bytes at p. PLAIN byte arrays to
 * out when fixed is 0 (room: 4 * count + both sums), else bare values of that very length (room: count * fixed). */
const char *assay_pq_delta_prefixed(const uint8_t *p, size_t n, const int32_t *prefix, const int32_t *suffix,
                                    size_t count, uint32_t fixed, uint8_t *out);

/* BYTE_STREAM_SPLIT: byte k of value i lies at p[k * count + i]. */
const char *assay_pq_split(const uint8_t *p, size_t n, size_t count, uint32_t width, uint8_t *out);

#endif
