#include "arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 65536u

struct assay_arena_block {
    struct assay_arena_block *next;
    size_t used, size;
    max_align_t bytes[];
};

void *assay_arena_take(struct assay_arena *a, size_t n)
{
    const size_t unit = sizeof(max_align_t);
    if (n > SIZE_MAX / 4)
        goto fail;
    n = (n + unit - 1) / unit * unit;
    if (!a->block || a->block->size - a->block->used < n) {
        size_t size = n > BLOCK_BYTES ? n : BLOCK_BYTES;
        struct assay_arena_block *b = calloc(1, sizeof *b + size);
        if (!b)
            goto fail;
        b->size = size;
        b->next = a->block;
        a->block = b;
    }
    void *p = (char *)a->block->bytes + a->block->used;
    a->block->used += n;
    return p;
fail:
    a->failed = true;
    return NULL;
}

const char *assay_arena_copy(struct assay_arena *a, const char *s)
{
    if (!s)
        return NULL;
    size_t n = strlen(s) + 1;
    char *p = assay_arena_take(a, n);
    return p ? memcpy(p, s, n) : NULL;
}

void assay_arena_release(struct assay_arena *a)
{
    while (a->block) {
        struct assay_arena_block *next = a->block->next;
        free(a->block);
        a->block = next;
    }
}
