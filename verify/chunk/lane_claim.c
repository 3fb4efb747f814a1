/* What the path of an object says of all its rows (Hive partition columns), against what its rows say. */
#include <stdlib.h>
#include <string.h>

#include "fastcell.h"
#include "fasthash.h"
#include "lane.h"

static size_t covered(const struct assay_lane *l, const char *native)
{
    for (size_t c = 0; c < l->n; c++)
        if (!l->col[c].lacking && strcmp(l->spec.set->col[c].native[l->spec.side], native) == 0)
            return c;
    return SIZE_MAX;
}

/* The image that the cells of a column have when they hold this value. r: whether it is none of the column's type. */
static enum assay_status claimed_image(struct assay_lane *l, size_t c, const struct assay_value *v, struct lane_row *r,
                                       assay_sum *out)
{
    struct assay_buf cell = {.max = ASSAY_MAX_CELL + 64};
    enum assay_status s = assay_lane_put_cell(l, c, assay_lane_settle(&l->col[c], v), r, false, &cell);
    if (s == ASSAY_OK)
        *out = image_of_cell(cell.ptr, cell.len, l->spec.secret);
    assay_buf_release(&cell);
    return s;
}

enum assay_status assay_lane_claims(struct assay_lane *l, const struct assay_part *part, struct assay_err *e)
{
    l->n_claims = 0;
    for (size_t i = 0; i < part->n_claims; i++) {
        size_t c = covered(l, part->claim[i].column);
        if (c == SIZE_MAX)
            continue;
        struct lane_claim *grown = realloc(l->claim, (l->n_claims + 1) * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        l->claim = grown;
        struct lane_row r = {0};
        grown[l->n_claims].column = c;
        if (claimed_image(l, c, &part->claim[i].value, &r, &grown[l->n_claims].image) != ASSAY_OK)
            return assay_fail_nomem(e);
        l->n_claims += r.defects == 0; /* else it says nothing of that column: the name means something else */
    }
    return ASSAY_OK;
}

void assay_lane_check_claims(struct assay_lane *l)
{
    for (size_t k = 0; k < l->n_claims; k++) {
        size_t c = l->claim[k].column;
        for (size_t i = 0; i < l->n_rows; i++) {
            if (*assay_lane_image(l, i, c) == l->claim[k].image)
                continue;
            l->counts.misplaced++;
            assay_lane_note(l, NULL, 0, l->row[i].pos, l->spec.set->col[c].name,
                            "not the value that the file's path says");
        }
    }
}
