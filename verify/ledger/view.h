/* What an opened ledger is known to hold: every leaf as it was when the tree over all of them was found to be that of
 * the newest signed checkpoint. Who may write the database can change rows, what leaf_index says and what the indexes
 * lead to; statements are therefore found in here, and read by their number alone. */
#ifndef ASSAY_LEDGER_VIEW_H
#define ASSAY_LEDGER_VIEW_H

#include "store.h"

struct assay_seen {
    uint8_t hash[32];
    uint32_t word[ASSAY_INDEX_FIELDS]; /* of each field of leaf_index; 0: the leaf has none */
    uint32_t before[ASSAY_INDEX_FIELDS]; /* 1 + the newest leaf before it that has the same word there; 0: none */
};

struct assay_view_slot {
    uint32_t word, field; /* word 0: free */
    uint32_t last; /* 1 + the newest leaf that has it */
    uint32_t count;
};

struct assay_view {
    struct assay_merkle tree; /* of these leaves */
    struct assay_buf seen; /* struct assay_seen a leaf */
    struct assay_view_slot *slot;
    size_t slots, used;
    uint32_t *by_hash; /* 1 + the leaf, where its hash belongs; 0: free. Made when a hash is first asked for */
    size_t by_hash_slots, hashed; /* so many leaves are in there */
    struct assay_buf room; /* decoded values of one leaf */
};

struct assay_view *assay_view_new(void); /* NULL: out of memory */
void assay_view_free(struct assay_view *v); /* NULL is a no-op */

/* The next leaf, read from `row`: is it in place, does its note hash to what is stored, and may it stand here? Sets h,
 * role and hash. */
enum assay_status assay_view_read(const struct assay_view *v, const struct assay_store_leaf *row, struct assay_head *h,
                                  enum assay_role *role, uint8_t hash[32], struct assay_err *e);
/* Take it in. ASSAY_ELEDGER when the row of leaf_index beside it says something else. */
enum assay_status assay_view_take(struct assay_view *v, const struct assay_store_leaf *row, const struct assay_head *h,
                                  enum assay_role role, const uint8_t hash[32], struct assay_err *e);
/* Forget all leaves from `size` on; tree: that of those which stay. */
void assay_view_cut(struct assay_view *v, const struct assay_merkle *tree);

/* What a query asks for in each field of leaf_index; NULL: whatever it is. */
void assay_view_values(const struct assay_ledger_query *q, const char *value[ASSAY_INDEX_FIELDS]);
/* Which leaves a query means, and perhaps a few more. Ascending: all, as uint32_t, into out. */
enum assay_status assay_view_list(const struct assay_view *v, const struct assay_ledger_query *q,
                                  struct assay_buf *out);
/* The newest below `below`; false when there is none. */
bool assay_view_newest(const struct assay_view *v, const struct assay_ledger_query *q, uint64_t below, uint64_t *out);
/* The leaf with this hash, the first of them. *found false: there is none. ASSAY_ENOMEM alone. */
enum assay_status assay_view_find(struct assay_view *v, const uint8_t hash[32], bool *found, uint64_t *idx,
                                  struct assay_err *e);
const struct assay_seen *assay_view_at(const struct assay_view *v, uint64_t idx);

/* ---- view_read.c ---- */
/* Make the view of an opened ledger that of the newest checkpoint: what came since is read and judged. */
enum assay_status assay_view_refresh(struct assay_ledger *l, struct assay_err *e);
/* The leaves of the view that q means, each compared with what was judged. */
enum assay_status assay_view_select(struct assay_ledger *l, const struct assay_ledger_query *q,
                                    bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                    struct assay_err *e);
/* For `each`: the number of the first leaf into a uint64_t, and no more. */
bool assay_view_number(void *ctx, const struct assay_store_leaf *row);
/* Leaf idx of the view. */
enum assay_status assay_view_leaf(struct assay_ledger *l, uint64_t idx,
                                  bool (*each)(void *ctx, const struct assay_store_leaf *row), void *ctx,
                                  struct assay_err *e);

#endif
