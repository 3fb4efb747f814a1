/* Strings that live as long as the report that owns them. */
#ifndef ASSAY_REPORT_ARENA_H
#define ASSAY_REPORT_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct assay_arena_block;
struct assay_arena {
    struct assay_arena_block *block; /* newest first */
    bool failed; /* an allocation failed: everything after it is unreliable */
};

/* n zeroed bytes, aligned for any object. NULL when out of memory, and `failed` is set. */
void *assay_arena_take(struct assay_arena *a, size_t n);
/* A copy of the string; NULL stays NULL. */
const char *assay_arena_copy(struct assay_arena *a, const char *s);
void assay_arena_release(struct assay_arena *a);

#endif
