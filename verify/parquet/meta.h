/* The footer (FileMetaData): columns of the schema, and where each row group keeps each of them. */
#ifndef ASSAY_PARQUET_META_H
#define ASSAY_PARQUET_META_H

#include "assay/buf.h"
#include "assay/schema.h"
#include "file.h"
#include "tree.h"
#include "type.h"

/* One child of the schema's root, or one leaf of a nested one. */
struct assay_pq_column {
    char *name, *native; /* owned */
    bool nullable, nested; /* nested: a group or a repeated field, or a leaf below such */
    uint8_t max_def, max_rep; /* of such a leaf: its levels' most */
    uint32_t leaf; /* ordinal among all leaves: index of its chunks; of a nested column: its first leaf's */
    uint32_t leaves; /* how many */
    struct assay_pq_type type; /* of a leaf */
    struct assay_pq_tree *tree; /* of a nested column; NULL: it cannot be read; owned */
    const char *refused; /* why it cannot be read, NULL when it can; static */
};

/* Where one row group keeps one leaf. Checked: inside the file, before the footer. */
struct assay_pq_chunk {
    uint64_t start, size; /* bytes: first page header, and all pages */
    uint64_t values;
    uint32_t codec;
    bool encrypted; /* nothing else is known then */
};

struct assay_pq_meta {
    struct assay_pq_column *column;
    size_t columns, column_cap;
    uint32_t leaves;
    uint64_t rows; /* FileMetaData.num_rows, equal to the sum of the row groups' */
    uint64_t *group_rows;
    struct assay_pq_chunk *chunk; /* groups * leaves */
    size_t groups;
    uint64_t footer_at;
    struct assay_buf marks; /* created_by and the names of the key-value metadata; as far as they fit */
    bool legacy_int96, legacy_dates; /* Spark's hybrid calendar, from the key-value metadata */
};

/* Read and check the footer. On failure m is released. */
enum assay_status assay_pq_meta_read(struct assay_pq_meta *m, const struct assay_pq_file *f, struct assay_err *e);
void assay_pq_meta_release(struct assay_pq_meta *m);

/* Turn the elements of the schema tree, depth first, into columns (schema.c). The names stay borrowed from the footer:
 * (*leaf)[i] describes leaf i; caller frees. */
struct assay_pq_leaf {
    struct assay_pq_span name;
    int8_t physical;
    bool flat;
};
enum assay_status assay_pq_schema_columns(struct assay_pq_meta *m, const char *file, const struct assay_pq_element *el,
                                          size_t n, struct assay_pq_leaf **leaf, struct assay_err *e);
/* The observed schema. */
enum assay_status assay_pq_schema_observed(const struct assay_pq_meta *m, struct assay_schema *out,
                                           struct assay_err *e);

#endif
