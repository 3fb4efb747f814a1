/* The second path to the root. Every 256 leaves make a tile; its root is stored as node (1, tile), every 256 nodes of
 * a level make a node of the next. So the root of any size takes at most 255 nodes a level and the leaf hashes of the
 * last tile: O(log n) queries of 256 rows, never O(n). */
#include "store.h"
#include <string.h>

#define TILE 256

/* n hashes from `first` on: of leaves (level 0) or of nodes. All must be there. */
static enum assay_status fetch(struct assay_ledger *l, unsigned level, uint64_t first, size_t n, uint8_t (*out)[32],
                               struct assay_err *e)
{
    size_t got;
    enum assay_status s = l->store->hashes(l->db, level, first, n, out, &got, e);
    if (s != ASSAY_OK || got == n)
        return s;
    if (level)
        return assay_fail(e, ASSAY_ELEDGER, "tile node %u/%llu: missing", level, (unsigned long long)(first + got));
    return assay_fail(e, ASSAY_ELEDGER, "leaf %llu: missing", (unsigned long long)(first + got));
}

enum assay_status assay_tree_node(struct assay_ledger *l, unsigned level, uint64_t idx, uint8_t out[32],
                                  struct assay_err *e)
{
    uint8_t h[1][32];
    enum assay_status s = fetch(l, level, idx, 1, h, e);
    if (s == ASSAY_OK)
        memcpy(out, h[0], 32);
    return s;
}

enum assay_status assay_tree_tile(struct assay_ledger *l, unsigned level, uint64_t tile, uint8_t out[32],
                                  struct assay_err *e)
{
    uint8_t child[TILE][32];
    enum assay_status s = fetch(l, level, tile * TILE, TILE, child, e);
    if (s == ASSAY_OK)
        assay_merkle_root_of((const uint8_t(*)[32])child, TILE, out);
    return s;
}

enum assay_status assay_tree_grow(struct assay_ledger *l, uint64_t idx, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (unsigned level = 0; s == ASSAY_OK && (idx + 1) % TILE == 0 && level < 7; level++) {
        uint8_t h[32];
        idx /= TILE;
        s = assay_tree_tile(l, level, idx, h, e);
        if (s == ASSAY_OK)
            s = l->store->put_node(l->db, level + 1, idx, h, e);
    }
    return s;
}

enum { MAX_LEVEL = 7 };

enum assay_status assay_tree_range(struct assay_ledger *l, uint64_t first, uint64_t n, uint8_t out[32],
                                   struct assay_err *e)
{
    uint8_t leaf[TILE][32], left[32], right[32];
    enum assay_status s;
    for (unsigned level = MAX_LEVEL; level >= 1; level--)
        if (n == UINT64_C(1) << 8 * level)
            return assay_tree_node(l, level, first / n, out, e);
    if (n < TILE) {
        if ((s = fetch(l, 0, first, n, leaf, e)) == ASSAY_OK)
            assay_merkle_root_of((const uint8_t(*)[32])leaf, n, out);
        return s;
    }
    uint64_t k = UINT64_C(1) << (63 - __builtin_clzll(n - 1));
    if ((s = assay_tree_range(l, first, k, left, e)) == ASSAY_OK &&
        (s = assay_tree_range(l, first + k, n - k, right, e)) == ASSAY_OK)
        assay_merkle_node(left, right, out);
    return s;
}

enum assay_status assay_tree_root(struct assay_ledger *l, uint64_t n, uint8_t out[32], struct assay_err *e)
{
    if (n == 0) {
        assay_merkle_empty(out);
        return ASSAY_OK;
    }
    return assay_tree_range(l, 0, n, out, e);
}
