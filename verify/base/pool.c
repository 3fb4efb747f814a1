#include "assay/pool.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

#define BLOCK_BYTES ((size_t)1 << 20)
#define ALIGN ((size_t)16)

struct assay_pool_block {
    struct assay_pool_block *next;
    size_t used, cap;
    alignas(16) uint8_t bytes[];
};

void *assay_pool_take(struct assay_pool *a, size_t n)
{
    if (n > SIZE_MAX - BLOCK_BYTES)
        return NULL;
    n = (n + ALIGN - 1) & ~(ALIGN - 1);
    if (!a->block || a->block->cap - a->block->used < n) {
        size_t cap = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        struct assay_pool_block *b = malloc(sizeof *b + cap);
        if (!b)
            return NULL;
        b->next = a->block;
        b->used = 0;
        b->cap = cap;
        a->block = b;
    }
    uint8_t *p = a->block->bytes + a->block->used;
    a->block->used += n;
    a->taken += n;
    return p;
}

void assay_pool_reset(struct assay_pool *a)
{
    while (a->block && a->block->next) {
        struct assay_pool_block *old = a->block;
        a->block = old->next;
        free(old);
    }
    if (a->block)
        a->block->used = 0;
    a->taken = 0;
}

void assay_pool_release(struct assay_pool *a)
{
    assay_pool_reset(a);
    free(a->block);
    *a = (struct assay_pool){0};
}
