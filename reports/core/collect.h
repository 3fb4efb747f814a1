/* Between the model's files: reading leaves into datasets. Private to reports/core/. */
#ifndef ASSAY_REPORT_COLLECT_H
#define ASSAY_REPORT_COLLECT_H

#include "assay/drift.h"
#include "assay/note.h"
#include "model.h"

/* One pass over leaves: `take` gets each parsed statement; false stops with *e filled, or without an error to stop
 * early. */
struct assay_collect {
    struct assay_report *r;
    struct assay_rep_dataset *d; /* or NULL */
    int side;
    struct assay_err *e;
    void *more;
    bool objects_known; /* a newer run has stated the objects */
    bool (*take)(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf);
};
enum assay_status assay_collect(struct assay_ledger *l, const struct assay_ledger_query *q, struct assay_collect *c);

/* Value of a key as a copy in the report; NULL when absent or empty. */
const char *assay_collect_text(struct assay_report *r, const struct assay_stmt *s, const char *key);

/* model.c: the dataset with that id; NULL: there is none. A new one; NULL with *e filled. */
struct assay_rep_dataset *assay_set_find(struct assay_report *r, const char *id);
struct assay_rep_dataset *assay_set_add(struct assay_report *r, const char *id, struct assay_err *e);
/* verdicts.c: the datasets that took part in that run, and its verdicts; set NULL: of all datasets. */
enum assay_status assay_run_read(struct assay_ledger *l, struct assay_report *r, const char *run, const char *set,
                                 struct assay_err *e);
/* The same of the newest run that judged the dataset, or else of the newest that began with it. d->run stays NULL where
 * there is none. */
enum assay_status assay_run_newest(struct assay_ledger *l, struct assay_report *r, const struct assay_rep_dataset *d,
                                   struct assay_err *e);
/* The verdict of one statement. */
enum assay_rv assay_verdict_of(const struct assay_report *r, const struct assay_stmt *s, uint64_t leaf);
/* part.c: after the chunks are settled. */
enum assay_status assay_part_settle(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                    struct assay_err *e);
/* again.c: after the sides are read. */
enum assay_status assay_again_settle(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                     struct assay_err *e);
/* side.c: everything that one side stated about the dataset in the run that the verdict compared. */
enum assay_status assay_collect_side(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                     int side, struct assay_err *e);
/* scope.c: segments that a verdict leaves out. false: out of memory. */
/* The same of what the run did not read again. */
bool assay_kept_take(struct assay_collect *c, struct assay_rep_dataset *d, const struct assay_stmt *s);
bool assay_scope_take(struct assay_collect *c, struct assay_rep_dataset *d, const struct assay_stmt *s);
/* coverage.c: what the run of the source said about coverage. */
enum assay_status assay_collect_coverage(struct assay_ledger *l, struct assay_report *r, struct assay_err *e);
/* chunks.c: the record of that chunk, made if new. NULL with *e filled: not 32 hex digits, out of memory, or over
 * ASSAY_MAX_CHUNKS. */
struct assay_rep_chunk *assay_chunk_named(struct assay_rep_dataset *d, const char *id, struct assay_err *e);
/* The record for a verdict that speaks of a whole segment. */
struct assay_rep_chunk *assay_chunk_whole(struct assay_rep_dataset *d, const char *segment, struct assay_err *e);
/* Segments in reading order: -inf, then natural order of names, +inf, null. */
int assay_segment_order(const char *a, const char *b);
/* Sort into key order, settle every chunk's verdict, list the worst. false: out of memory. */
bool assay_chunks_settle(struct assay_report *r, struct assay_rep_dataset *d);
/* schema.c: the observed columns of one side out of the schema text; the comparison of both. */
enum assay_status assay_schema_take(struct assay_report *r, struct assay_rep_side *s, const void *text, size_t len,
                                    struct assay_err *e);
struct assay_rep_column assay_schema_column(struct assay_report *r, const struct assay_observed *c);
/* plan.c: covered columns and rules from the resolved plan that the statements cite. A plan that the ledger does not
 * hold leaves both empty. */
struct assay_rep_plan_column {
    const char *name, *type, *native[2];
    const char *since; /* the first segment that has it, NULL: all have it */
    unsigned key_pos; /* 1…; 0: not of the key */
};
struct assay_rep_plan {
    struct assay_rep_plan_column *column;
    size_t n;
};
/* The covered columns of the plan with that hash ("sha256:..."), nothing else. */
enum assay_status assay_plan_columns(struct assay_ledger *l, struct assay_report *r, const char *plan,
                                     struct assay_rep_plan *out, struct assay_err *e);
enum assay_status assay_plan_take(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                  struct assay_rep_plan *out, struct assay_err *e);
/* bounds.c: after the chunks are settled, sealed bounds in clear where keys open them. keys NULL: counts them. */
enum assay_status assay_bounds_open(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                    const struct assay_rep_plan *plan, const struct assay_blob_keys *keys,
                                    struct assay_err *e);
bool assay_schema_compare(struct assay_report *r, struct assay_rep_dataset *d, const struct assay_rep_plan *plan);
/* eras.c: one schema statement about some objects; after the chunks are settled, what changed from era to era and which
 * segments were verified without which column. */
void assay_era_take(struct assay_ledger *l, struct assay_collect *c, const struct assay_stmt *s,
                    struct assay_rep_side *side);
/* The newest objects say what the side is like now: their columns become those of the side. */
enum assay_status assay_eras_newest(struct assay_report *r, struct assay_rep_side *s, struct assay_err *e);
enum assay_status assay_eras_settle(struct assay_report *r, struct assay_rep_dataset *d,
                                    const struct assay_rep_plan *plan, struct assay_err *e);
/* spans.c: a schema of c->side that was first seen in that run; false: out of memory. After the eras are settled, which
 * segments were archived under which schema. */
bool assay_age_take(struct assay_collect *c, const char *fingerprint, const char *run, uint64_t leaf);
enum assay_status assay_spans_settle(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                     struct assay_err *e);
/* drift.c: what changed in the schema of either side up to the run that is reported, and since when. */
enum assay_status assay_drift_collect(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                      struct assay_err *e);
/* drift_sums.c: which of the columns that one run covered alone have the same values as one that the other run covered
 * alone, by their sums over the same rows. */
struct assay_rename {
    const char *before, *now; /* canonical names */
    bool same; /* out */
};
enum assay_status assay_drift_sums(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                   int side, const char *const run[2], struct assay_rename *pair, size_t n,
                                   struct assay_err *e);

#endif
