#include "assay/grow.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

bool assay_grow(void *array, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return true;
    size_t want = *cap ? *cap * 2 : 16;
    void *old;
    if (want > SIZE_MAX / 2 / size)
        return false;
    memcpy(&old, array, sizeof old);
    void *p = realloc(old, want * size);
    if (!p)
        return false;
    memcpy(array, &p, sizeof p);
    *cap = want;
    return true;
}
