/* What a lane is made of; private to lane*.c and their tests. */
#ifndef ASSAY_LANE_PRIVATE_H
#define ASSAY_LANE_PRIVATE_H

#include "assay/lane.h"
#include "assay/lexeme.h"
#include "fasthash.h"

#define LANE_MAX_FINDINGS 1000
#define LANE_BLOCK 64 /* rows worked on column by column; their hashes fit the first-level cache */
#define LANE_MEMO 1024 /* text cells of a dictionary whose hash is remembered, a power of two */
#define LANE_WAITING_BYTES (256u << 10)

struct lane_memo { /* hash of a cell whose bytes stay in place for an epoch */
    const uint8_t *p;
    uint32_t len;
    uint64_t epoch;
    assay_sum hash;
};

struct lane_waiting { /* a cell whose bytes are stored and whose hash is still to be taken */
    size_t off, len;
    assay_sum *hash;
    struct lane_memo *memo;
};

struct lane_column {
    enum assay_logical type;
    const struct assay_shape *shape; /* of a nested column, else NULL */
    uint8_t settled; /* enum assay_kind that needs no resolving; 0 when the column has rules */
    const struct assay_rule *rule;
    size_t slot; /* of its first rule among all rules of the side */
    uint32_t altered; /* rules that changed the value settled last, a bit each */
    size_t n_rules, ruled; /* ruled: index among the ruled columns, SIZE_MAX for none */
    bool lacking; /* the side has no such column: absent in every row */
    struct assay_value value;
    struct assay_buf scratch, raw;
    struct lane_memo *memo; /* text columns: LANE_MEMO entries */
};

/* Rows of segments from `from` on, up to the next form. */
struct lane_form {
    assay_segment from;
    uint8_t hash[32];
    bool *has; /* a column each */
    size_t n; /* columns that it has */
};

struct lane_seg {
    struct assay_lane_segment pub;
    const struct lane_form *form; /* NULL: with all columns */
    uint32_t last; /* chunk of the row before */
    uint64_t above, below; /* key heads between the two belong to it */
};

struct lane_claim {
    size_t column;
    assay_sum image; /* that its cells must have */
};

/* One placed row of the block. */
struct lane_row {
    const struct assay_value *v; /* its values as the reader gave them */
    uint64_t pos, defects;
    size_t key_off, key_len; /* in keys, behind u32 length */
    size_t bytes; /* of its cells, but for those of a few bytes */
    struct lane_seg *seg;
    uint32_t ordinal;
    struct assay_tally *tally; /* of its chunk */
    const char *why; /* of the last defect */
    size_t column;
};

struct assay_lane {
    struct assay_lane_spec spec;
    uint8_t form[32];
    size_t n, n_key, n_ruled, n_slots, n_lacking;
    struct assay_value *wide; /* the block's rows with what is lacking filled in; NULL: nothing is */
    bool part_lacks; /* the current part lacks columns of its side */
    struct lane_form *forms; /* in rising order of from; NULL: every segment has all columns */
    size_t n_forms;
    size_t window, as_of; /* columns, SIZE_MAX for none */
    struct assay_point at; /* of as_of */
    struct lane_column *col;
    size_t *key; /* columns in key order */
    struct assay_router router;
    struct lane_row row[LANE_BLOCK];
    size_t n_rows;
    assay_sum *image; /* of every cell: column by column, LANE_BLOCK each */
    uint32_t *altered; /* per row: lane_column.altered of each ruled column */
    assay_sum *raw; /* per row: the image of each ruled column's cell without its rules */
    assay_sum row_hash[LANE_BLOCK], key_hash[LANE_BLOCK];
    struct fastfold fold[LANE_BLOCK]; /* of the pairs of each row */
    struct assay_buf keys; /* u32 length and key bytes of every row of the block */
    struct assay_buf cell; /* cells that wait */
    struct lane_waiting waiting[LANE_BLOCK];
    size_t n_waiting;
    struct assay_buf bytes; /* one row in canonical form, for on_row */
    struct lane_seg **seg;
    size_t n_seg, last;
    struct assay_lane_segment *sorted;
    struct assay_finding *finding;
    size_t n_findings;
    struct assay_lane_part_counts counts;
    char *part, *part_text;
    uint64_t n_parts; /* begun so far: epochs of different parts are different */
    struct lane_claim *claim; /* of the part's path */
    size_t n_claims;
    bool claims; /* the part's locator names a segment: claimed */
    assay_segment claimed;
};

static inline assay_sum *assay_lane_image(const struct assay_lane *l, size_t row, size_t c)
{
    return &l->image[c * LANE_BLOCK + row];
}

/* The segment's slot, made at its first row. name: of a file-set segment, or NULL. Mostly it is the one found last. */
enum assay_status assay_lane_seg_search(struct assay_lane *l, assay_segment id, const char *name, struct lane_seg **out,
                                        struct assay_err *e);
static inline enum assay_status assay_lane_seg_find(struct assay_lane *l, assay_segment id, const char *name,
                                                    struct lane_seg **out, struct assay_err *e)
{
    if (l->last >= l->n_seg || l->seg[l->last]->pub.segment != id)
        return assay_lane_seg_search(l, id, name, out, e);
    *out = l->seg[l->last];
    return ASSAY_OK;
}

/* Remember where and why a row of the current part did not decode; seg NULL: it has no place. */
void assay_lane_note(struct assay_lane *l, const struct lane_seg *seg, uint32_t ordinal, uint64_t pos,
                     const char *column, const char *why);

/* ---- lane_form.c ---- */

/* The forms of the segments that came before a column did; after the router. */
enum assay_status assay_lane_forms_make(struct assay_lane *l, struct assay_err *e);
void assay_lane_forms_release(struct assay_lane *l);
/* NULL: all columns. */
const struct lane_form *assay_lane_form_of(const struct assay_lane *l, assay_segment id);
/* What the segment does not have becomes NULL in the row about to be taken in, so that it cannot be a defect. */
void assay_lane_mask(struct assay_lane *l, struct lane_row *r);

/* ---- lane_cells.c ---- */

static inline bool assay_lane_is_settled(const struct lane_column *c, const struct assay_value *v)
{
    return v->kind == c->settled || (v->kind == ASSAY_K_NULL && !c->n_rules);
}

/* A number spelled in the commonest way, in a column of numbers without rules. */
static inline bool assay_lane_number(const struct lane_column *c, const struct assay_value *v, struct assay_value *out)
{
    int64_t u;
    int scale;
    if ((c->settled != ASSAY_K_INT && c->settled != ASSAY_K_DEC) ||
        (v->kind != ASSAY_K_LEXEME && v->kind != ASSAY_K_TEXT) || !assay_lexeme_number(v->p, v->len, &u, &scale) ||
        (scale && c->settled == ASSAY_K_INT))
        return false;
    *out = (struct assay_value){.kind = scale ? ASSAY_K_DEC : ASSAY_K_INT, .scale = (int16_t)scale, .i = u};
    return true;
}

/* Read a value under its declared type, with the rules of this side. A defect becomes ASSAY_K_BAD. Valid until the next
 * call for this column. */
const struct assay_value *assay_lane_settle(struct lane_column *c, const struct assay_value *v);
/* The same by the long way; window, if any, gets the value as it is before any late rule. */
const struct assay_value *assay_lane_settle_slowly(struct lane_column *c, const struct assay_value *v,
                                                   struct assay_value *window);
/* Why a value is ASSAY_K_BAD. */
const char *assay_lane_why(const struct assay_value *v);
/* Append one cell in canonical form; a defect is noted in the row, and said in the cell if `say`. */
enum assay_status assay_lane_put_cell(struct assay_lane *l, size_t c, const struct assay_value *v, struct lane_row *r,
                                      bool say, struct assay_buf *out);
/* The images of all cells of the block, with and without rules. ASSAY_ENOMEM is the only failure. */
enum assay_status assay_lane_images(struct assay_lane *l, uint64_t epoch);

/* ---- lane_claim.c ---- */

/* Take the claims of a part; those of columns that are not covered are passed over. */
enum assay_status assay_lane_claims(struct assay_lane *l, const struct assay_part *part, struct assay_err *e);
/* Rows of the block that say otherwise are counted as misplaced, and noted. The images must be there. */
void assay_lane_check_claims(struct assay_lane *l);

/* ---- lane_sums.c ---- */

/* Hash the block and add it to its chunks. */
void assay_lane_add(struct assay_lane *l);

#endif
