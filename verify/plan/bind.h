/* From YAML nodes to C members by tables: one row a key. Private to verify/plan/. */
#ifndef ASSAY_PLAN_BIND_H
#define ASSAY_PLAN_BIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "yaml.h"

struct assay_bind {
    yaml_document_t *doc;
    struct assay_diag *diag;
    const char *base_dir; /* ${file:PATH} starts here */
    bool sealed; /* what the plan says of datasets that say nothing themselves */
    int64_t sketch;
};

enum assay_field_type {
    ASSAY_F_TEXT, /* char *: interpolated, not empty, no control characters, at most ASSAY_MAX_PATH bytes */
    ASSAY_F_NAME, /* char *: the same, at most ASSAY_MAX_NAME bytes */
    ASSAY_F_INT, /* int64_t in [min, max]; plain decimal digits */
    ASSAY_F_BOOL, /* bool; plain true or false */
    ASSAY_F_NODE /* const yaml_node_t *: bound later by its owner */
};

struct assay_field {
    const char *key;
    enum assay_field_type type;
    bool required;
    size_t offset; /* of the member in the target */
    int64_t min, max;
};

struct assay_pair {
    const char *key; /* borrowed from the document; no NUL inside */
    const yaml_node_t *at, *value;
};

/* Pairs of a mapping in the order of the file, keys checked to be plain text without doubles. *out is malloc'ed.
 * false: an error was added (then *out is NULL). `what` names the mapping in messages: "a dataset". */
bool assay_bind_pairs(struct assay_bind *b, const yaml_node_t *map, const char *what, struct assay_pair **out,
                      size_t *n);
/* Bind a mapping by its table: unknown, doubled and missing keys, wrong types. Members that were not given are left
 * alone. A key may have two rows, one for its value and one (ASSAY_F_NODE) for its position. false when it is no
 * mapping at all. */
bool assay_bind_map(struct assay_bind *b, const yaml_node_t *map, const char *what, const struct assay_field *fields,
                    size_t n, void *target);
/* A scalar's text after interpolation (NUL-free, any length) into a fresh string. `key` names it in messages. */
bool assay_bind_text(struct assay_bind *b, const yaml_node_t *node, const char *key, char **out);
/* The same without interpolation: for what is copied into the ledger as it stands. */
bool assay_bind_literal(struct assay_bind *b, const yaml_node_t *node, const char *key, char **out);
/* As it stands, for who expands it later. */
bool assay_bind_unexpanded(struct assay_bind *b, const yaml_node_t *node, const char *key, char **out);
/* A literal name: not empty, no control characters, at most ASSAY_MAX_NAME bytes. */
bool assay_bind_name(struct assay_bind *b, const yaml_node_t *node, const char *key, char **out);
/* Items of a sequence: *items borrows from the document. */
bool assay_bind_list(struct assay_bind *b, const yaml_node_t *node, const char *key, const yaml_node_item_t **items,
                     size_t *n);
/* The sentence part `; did you mean "x"?` into out[80], or "" when no name is near (or no further line is kept: the
 * search is the dear part of a hostile file). Returns out. */
const char *assay_bind_hint(const struct assay_bind *b, const char *word, const char *const *names, size_t n,
                            char out[80]);
/* A plain null (or nothing at all). */
bool assay_node_is_null(const yaml_node_t *node);
/* true when text holds C0, DEL or C1 control characters. */
bool assay_has_control(const char *text);

/* Expand ${env:NAME}, ${env:NAME:-default}, ${file:PATH} and $$ of n bytes into out. ASSAY_EPLAN with a sentence that
 * never holds an expanded value. */
enum assay_status assay_interpolate(const char *text, size_t n, const char *base_dir, struct assay_buf *out,
                                    struct assay_err *e);

#endif
