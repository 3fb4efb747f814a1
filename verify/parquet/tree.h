/* A nested column: what its groups mean, with the levels at which they are there (LogicalTypes.md, "Nested Types"). */
#ifndef ASSAY_PARQUET_TREE_H
#define ASSAY_PARQUET_TREE_H

#include "assay/err.h"
#include "assay/type.h"
#include "type.h"

enum assay_pq_form { PQ_LEAF, PQ_STRUCT, PQ_LIST, PQ_MAP };

/* One type of the tree; its children follow it, each with all that is below it. A list has one, a map key and value. */
struct assay_pq_node {
    uint8_t form; /* enum assay_pq_form */
    uint8_t def; /* definition level from which on a value is not null */
    uint8_t rep; /* list, map: repetition level of every item but the first; it is not empty from def + 1 on */
    uint32_t children, end; /* end: index of the node after all that is below this one */
    uint32_t leaf, leaves; /* the leaves at and below it are [leaf, leaf + leaves) of the column */
    struct assay_pq_span name; /* of a struct's field, in the tree's own names; else empty */
};

struct assay_pq_column;
struct assay_pq_tree {
    struct assay_pq_node *node;
    struct assay_pq_column *leaf; /* each as a column of its own, named by its path */
    uint32_t nodes, leaves;
    char *names; /* of the struct fields, one after the other */
};

/* The tree of the column that begins at el[at]; the subtree is known to be whole, and el[at].. lasts to el[end). *why
 * is NULL, or a static sentence: why the column cannot be read; *named then an element to be named with it, or NULL. */
enum assay_status assay_pq_tree_build(const struct assay_pq_element *el, size_t at, size_t end, uint32_t first_leaf,
                                      struct assay_pq_tree **out, const char **why,
                                      const struct assay_pq_element **named);
/* The column's native type: "list<INT32>", "struct<a: INT32?, b: map<BYTE_ARRAY STRING, DOUBLE?>>"; ? after what may be
 * null. Appends; a very long one is cut to its form. */
enum assay_status assay_pq_tree_native(const struct assay_pq_tree *t, struct assay_buf *out);
/* The type of the column, for the observed schema. */
enum assay_status assay_pq_tree_shape(const struct assay_pq_tree *t, struct assay_shape **out);
void assay_pq_tree_free(struct assay_pq_tree *t); /* NULL is a no-op */

#endif
