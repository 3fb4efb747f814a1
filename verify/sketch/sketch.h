/* What a sketch is made of; private to this folder. */
#ifndef ASSAY_SKETCH_PRIVATE_H
#define ASSAY_SKETCH_PRIVATE_H

#include "assay/sketch.h"
#include "gf64.h"

struct assay_sketch {
    uint32_t capacity, words;
    const struct assay_gf64_ops *ops;
    uint64_t *sum; /* capacity: of x^(2i + 1) */
    assay_gf64_wide *acc; /* capacity * words: of payload * x^i, unreduced */
};

#endif
