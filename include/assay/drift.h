/* Schema drift: what changed between two observed schemas of one side, and what that means for the values. Pure. */
#ifndef ASSAY_DRIFT_H
#define ASSAY_DRIFT_H

#include <stdbool.h>
#include <stddef.h>

#include "assay/buf.h"
#include "assay/err.h"

/* One column as a schema statement tells it. */
struct assay_observed {
    const char *name, *native, *logical; /* as the side spells them */
    bool nullable;
    bool covered; /* by the plan of that statement; the caller sets it */
    unsigned key_pos; /* 1-based, 0 if none */
};
struct assay_observed_schema {
    struct assay_observed *col; /* in the side's order; strings point into text */
    size_t n;
    char *text; /* owned */
};

/* Read the canonical text that assay_schema_text writes. `covered` is true throughout. ASSAY_ELEDGER: it is none. */
enum assay_status assay_observed_parse(const void *text, size_t len, struct assay_observed_schema *out,
                                       struct assay_err *e);
/* Index of the column with that exact name, or SIZE_MAX. */
size_t assay_observed_find(const struct assay_observed_schema *s, const char *name);
void assay_observed_release(struct assay_observed_schema *s);

enum assay_drift_kind {
    ASSAY_DRIFT_ADDED,
    ASSAY_DRIFT_DROPPED,
    ASSAY_DRIFT_RENAMED, /* proven: the same values under another name */
    ASSAY_DRIFT_PERHAPS_RENAMED, /* only place and type say so */
    ASSAY_DRIFT_RETYPED,
    ASSAY_DRIFT_WIDENED,
    ASSAY_DRIFT_NARROWED,
    ASSAY_DRIFT_NULLABLE, /* NULLs are allowed now */
    ASSAY_DRIFT_REQUIRED, /* NULLs are no longer allowed */
    ASSAY_DRIFT_KEY, /* entered, left or moved within the key */
    ASSAY_DRIFT_KINDS
};
enum assay_drift_class {
    ASSAY_DRIFT_COMPATIBLE, /* every value that was there can be there unchanged */
    ASSAY_DRIFT_LOSSY, /* values may have been cut, rounded or dropped */
    ASSAY_DRIFT_BREAKING /* values are of another kind, or what the plan reads is gone */
};
const char *assay_drift_kind_name(enum assay_drift_kind k); /* "added", "perhaps renamed", ... */
const char *assay_drift_class_name(enum assay_drift_class c);

struct assay_drift {
    enum assay_drift_kind kind;
    enum assay_drift_class cls;
    const struct assay_observed *before, *now; /* NULL: the column was, or is, not there */
};
/* A pair of names whose columns had equal sums over the same rows. */
struct assay_drift_proof {
    const char *before, *now;
};

/* All changes, in the order of `now`, dropped columns last; none: *n is 0. The caller frees *out, which borrows from
 * both schemas. */
enum assay_status assay_drift_compare(const struct assay_observed_schema *before,
                                      const struct assay_observed_schema *now, const struct assay_drift_proof *proof,
                                      size_t n_proofs, struct assay_drift **out, size_t *n);

/* What a change of the native type does to values; false: the same type, or one that declares none (CSV, NDJSON). */
bool assay_drift_of_type(const char *before, const char *now, enum assay_drift_kind *kind, enum assay_drift_class *cls);

/* false: the format declares no types (CSV, NDJSON), so that the type of a column is a guess from its content. */
bool assay_drift_declares(const char *native);

/* One change in words: `widened "price": numeric(10,2) -> numeric(12,2) (compatible)`. Appends. */
enum assay_status assay_drift_say(const struct assay_drift *d, struct assay_buf *out);

#endif
