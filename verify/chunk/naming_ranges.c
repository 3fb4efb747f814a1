/* More differs than the sketch can name: block by block, as the source had them. */
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "naming.h"

bool assay_naming_row(const struct assay_buf *rows, size_t *at, struct naming_row *out)
{
    if (*at >= rows->len)
        return false;
    const uint8_t *p = rows->ptr + *at;
    *out = (struct naming_row){
        .key_len = assay_get_be32(p), .occurrence = assay_get_be32(p + 4), .rd = p + 8, .key = p + NAMING_ROW};
    *at += NAMING_ROW + out->key_len;
    return true;
}

static bool is_below(const struct naming_row *r, const struct assay_sealed_block *b)
{
    size_t n = r->key_len < b->key_len ? r->key_len : b->key_len;
    int c = memcmp(r->key, b->key, n);
    return c ? c < 0 : r->key_len < b->key_len;
}

/* Rows of the archive from *at on that lie below the next block: their tree, and how many. */
static uint64_t root_of(const struct assay_buf *rows, size_t *at, const struct assay_sealed_block *next,
                        uint8_t root[32])
{
    struct assay_merkle m = {0};
    struct naming_row r;
    for (size_t from = *at; assay_naming_row(rows, &from, &r) && !(next && !is_below(&r, next)); *at = from) {
        uint8_t leaf[32];
        assay_sealed_leaf(r.key, r.key_len, r.occurrence, r.rd, leaf);
        assay_merkle_add(&m, leaf);
    }
    assay_merkle_root(&m, root);
    return m.size;
}

/* Blocks side by side are one range. */
static void damaged(struct assay_naming *n, size_t i, size_t count, uint64_t source, uint64_t archive)
{
    const struct assay_sealed_block *b = &n->block[i], *next = i + 1 < count ? b + 1 : NULL;
    struct assay_damaged *last = n->n_ranges ? &n->range[n->n_ranges - 1] : NULL;
    if (!last || last->hi != b->key) {
        last = &n->range[n->n_ranges++];
        *last = (struct assay_damaged){0};
        if (i) /* rows below the first one of the source belong to its first block */
            *last = (struct assay_damaged){.lo = b->key, .lo_len = b->key_len};
    }
    last->hi = next ? next->key : NULL;
    last->hi_len = next ? next->key_len : 0;
    last->rows[0] += source;
    last->rows[1] += archive;
}

enum assay_status assay_naming_ranges(struct assay_naming *n, struct assay_err *e)
{
    size_t at = 0, count = n->source.blocks ? assay_sealed_blocks_count(n->source.blocks, n->source.blocks_len) : 0;
    uint64_t rows;
    if (!count)
        return ASSAY_OK;
    n->block = calloc(count, sizeof *n->block);
    n->range = calloc(count, sizeof *n->range);
    if (!n->block || !n->range)
        return assay_fail_nomem(e);
    if (!assay_sealed_blocks_read(n->source.blocks, n->source.blocks_len, n->source.root, n->block, &rows))
        return assay_fail(e, ASSAY_EDATA, "a list of block roots does not make the chunk's root");
    for (size_t i = 0; i < count; i++) {
        uint8_t root[32];
        uint64_t archive = root_of(&n->rows, &at, i + 1 < count ? &n->block[i + 1] : NULL, root);
        uint64_t source = i + 1 < count ? ASSAY_SEALED_BLOCK : rows - i * (uint64_t)ASSAY_SEALED_BLOCK;
        if (memcmp(root, n->block[i].root, sizeof root) != 0)
            damaged(n, i, count, source, archive);
    }
    return ASSAY_OK;
}
