/* Forensic sketch: what remains of the rows of a chunk when the rows are gone, so that up to `capacity` of them can be
 * named later. PinSketch (Dodis, Ostrovsky, Reyzin, Smith: Fuzzy Extractors, section 6) over GF(2^64) with payloads:
 * the odd power sums of the elements' locators, and sums of payload times power. Sums are XORs: adding an element twice
 * removes it, and the sketches of two sets XORed are the sketch of their difference. Pure.
 *
 * What is decoded is a candidate, never a finding: where as many elements come back as the sketch has room for, no sum
 * is left over that could contradict. Whoever names a row must first confirm it against a root. */
#ifndef ASSAY_SKETCH_H
#define ASSAY_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

/* All values little-endian 64-bit words in memory; bytes are big-endian (assay_sketch_put). */
struct assay_sketch;

/* An element: x != 0, and the words of its payload. */
struct assay_sketch_element {
    uint64_t x;
    const uint64_t *payload;
};

/* An empty sketch. capacity 1 to ASSAY_MAX_SKETCH_CAPACITY, words 1 to ASSAY_MAX_SKETCH_WORDS, else ASSAY_ELIMIT. */
enum assay_status assay_sketch_new(uint32_t capacity, uint32_t words, struct assay_sketch **out, struct assay_err *e);
void assay_sketch_free(struct assay_sketch *s); /* NULL is a no-op */
void assay_sketch_reset(struct assay_sketch *s);

/* Add the element, or take it away if it is there. */
void assay_sketch_add(struct assay_sketch *s, uint64_t x, const uint64_t *payload);
/* dst becomes the sketch of the symmetric difference. false: they differ in capacity or words; dst is unchanged. */
bool assay_sketch_merge(struct assay_sketch *dst, const struct assay_sketch *src);

/* 8 * capacity * (1 + words) bytes: the power sums of x, x^3, x^5 ..., then for each power 0 ... capacity - 1 the
 * words. */
size_t assay_sketch_bytes(uint32_t capacity, uint32_t words);
void assay_sketch_put(const struct assay_sketch *s, uint8_t *out);
/* n must be that number. ASSAY_EDATA otherwise. */
enum assay_status assay_sketch_get(uint32_t capacity, uint32_t words, const uint8_t *in, size_t n,
                                   struct assay_sketch **out, struct assay_err *e);

/* The elements whose sketch this is. *n 0: none. false: more than capacity, or no set of elements has this sketch.
 * element: capacity of them, their payloads in payload: capacity * words. */
bool assay_sketch_decode(const struct assay_sketch *s, struct assay_sketch_element *element, uint64_t *payload,
                         size_t *n);

#endif
