/* Arrays that grow by doubling. */
#ifndef ASSAY_GROW_H
#define ASSAY_GROW_H

#include <stdbool.h>
#include <stddef.h>

/* Room for one more element in a malloc'ed array: grows *array (of `size`-byte elements) when n reaches *cap.
 * false when out of memory; the array is unchanged then. */
bool assay_grow(void *array, size_t n, size_t *cap, size_t size);

#endif
