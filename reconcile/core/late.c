#include "late.h"

#include <stdlib.h>
#include <string.h>

#define MOST_STATEMENTS 64 /* of one side about one chunk, the newest */

const char *assay_late_name(enum late l)
{
    static const char *const names[] = {NULL, "source", "archive", NULL};
    return names[l];
}

/* Roots under one key that differ: whatever the sums say. */
static bool resealed(const struct attested_chunk *a, const struct attested_chunk *b)
{
    return a->root[0] && b->root[0] && strcmp(a->keycommit, b->keycommit) == 0 && strcmp(a->root, b->root) != 0;
}

/* The same rows, as far as digests can tell. What did not decode equals nothing. */
static bool same(const struct attested_chunk *a, const struct attested_chunk *b, size_t n_cols)
{
    if (a->defects || b->defects || strcmp(a->form, b->form) != 0 || resealed(a, b))
        return false;
    if (a->opaque || b->opaque) /* what cannot be looked at equals nothing but itself */
        return a->rows == b->rows && strcmp(a->sums, b->sums) == 0;
    return a->rows == b->rows && a->key == b->key && a->row == b->row &&
           (n_cols == 0 || memcmp(a->col, b->col, n_cols * sizeof *a->col) == 0);
}

enum late assay_late_of(const struct attested_chunk *old_source, const struct attested_chunk *old_archive,
                        const struct attested_chunk *source, const struct attested_chunk *archive, size_t n_cols)
{
    static const enum late table[2][2] = {/* archive: as it was, changed */
                                          {LATE_UNKNOWN, LATE_ARCHIVE}, /* source as it was */
                                          {LATE_SOURCE, LATE_BOTH}};
    if (!old_source || !old_archive || !source || !archive || !same(old_source, old_archive, n_cols))
        return LATE_UNKNOWN;
    return table[!same(source, old_source, n_cols)][!same(archive, old_archive, n_cols)];
}

enum assay_status assay_late_find(struct run *r, const struct attested_chunk *source,
                                  const struct attested_chunk *archive, enum late *out)
{
    struct attested_chunk *list[2] = {NULL, NULL};
    size_t n[2] = {0, 0}, cols = r->set->n_cols;
    enum assay_status s = ASSAY_OK;
    bool found = false;
    *out = LATE_UNKNOWN;
    for (int side = 0; side < 2 && s == ASSAY_OK; side++)
        s = assay_attested_about(r->ledger, r->set, (enum assay_side_id)side, r->plan, archive->id, &r->opener,
                                 MOST_STATEMENTS, &list[side], &n[side], r->err);
    for (size_t k = 0; k < n[ASSAY_SOURCE] && s == ASSAY_OK && !found; k++)
        for (size_t i = 0; i < n[ASSAY_ARCHIVE] && !found; i++)
            if (same(&list[ASSAY_SOURCE][k], &list[ASSAY_ARCHIVE][i], cols)) {
                *out = assay_late_of(&list[ASSAY_SOURCE][k], &list[ASSAY_ARCHIVE][i], source, archive, cols);
                found = true;
            }
    for (int side = 0; side < 2; side++)
        assay_attested_chunks_free(list[side], n[side]);
    return s;
}
