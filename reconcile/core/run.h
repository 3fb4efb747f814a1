/* One reconciliation of one dataset; private to run.c and what it is split into. */
#ifndef ASSAY_RUN_H
#define ASSAY_RUN_H

#include "assay/plan.h"
#include "assay/reconcile.h"
#include "assay/waiver.h"
#include "attested.h"
#include "compare.h"
#include "discrepancy.h"

struct object_list { /* objects in some trouble, by segment; those of no segment first */
    const struct attested_object **o;
    size_t n;
};

struct mismatch { /* two statements that do not agree, or whose values do not decode */
    const struct attested_chunk *s, *a;
    const char *kind; /* NULL: unverified */
};

struct run {
    struct attested_chunk none; /* what a side attests that has no row in a segment */
    struct assay_ledger *ledger;
    struct assay_sink *sink;
    struct mismatch *mismatch;
    size_t n_mismatches, cap_mismatches;
    const struct assay_dataset *set;
    const char *run, *result_run;
    struct attested_opener opener;
    struct attested side[2];
    struct discrepancies known;
    bool *seen; /* of known: found again now */
    bool *differs; /* scratch: columns of one chunk */
    struct assay_reconciled *out;
    struct assay_err *err;
    uint64_t rest, rest_rows[2]; /* chunks that match */
    uint64_t rest_sealed; /* of these: by their roots */
    const struct attested_chunk *weaker[2]; /* the first that matches by its sums alone in a sealed plan, by side */
    const struct attested_chunk **good; /* sorted by id before discrepancies are closed */
    const struct attested_chunk **bad; /* that do not match or are unverified; by segment then */
    size_t n_good, n_bad;
    struct object_list broken, unread; /* of the archive: that do not decode; that could not be read */
    const char *mark; /* the source's high-water mark, or NULL */
    struct erased_chunks { /* whose keys were destroyed, and the leaf that says so */
        char *segment;
        uint64_t leaf;
        uint32_t ordinal; /* UINT32_MAX: every one of the segment */
    } * erased;
    size_t n_erased;
    char erased_by[48];
    struct purged_chunk { /* deleted at the source under a permit: what was deleted, and the leaf that says so */
        char id[33], root[72], run[37];
        uint64_t leaf, rows, permit;
        bool settled; /* by a later run than the one that deleted it */
    } * purged; /* by id, the newest first */
    size_t n_purged, cap_purged;
    uint64_t purged_rows; /* of those that match */
    char purged_by[120];
    struct open_segment { /* behind it, and so not compared */
        char *name;
        uint64_t rows[2];
    } * open; /* by name */
    size_t n_open, cap_open;
    const char *summed; /* segment whose columns are in `columns` */
    struct assay_buf columns;
    unsigned what; /* enum assay_reconcile_what */
    struct assay_waivers waivers;
    uint64_t outlived; /* open discrepancies that a waiver in force names, as they looked at another time */
    const struct assay_waiver *outlived_by; /* the first of these */
    const char *outlived_why; /* or NULL */
    char now[32]; /* the time of these verdicts: by which waivers expire */
    bool keys_differ;
    bool short_source; /* files of the source could not be read whole: rows may be missing there */
    char plan[80];
};

/* waive.c: which discrepancy a mismatch is, and whether a waiver covers it as it is now. a, b: what was compared; with
 * c->unseen set nothing covers it. */
void assay_run_waive(const struct run *r, struct discrepancy *d, struct compared *c, const char *a, const char *b);
void assay_run_waive_chunk(const struct run *r, struct discrepancy *d, struct compared *c,
                           const struct attested_chunk *s, const struct attested_chunk *a);
/* Say what waivers no longer cover. */
void assay_run_outlived(const struct run *r);
/* State a discrepancy that was not in this state before. */
enum assay_status assay_run_found(struct run *r, struct discrepancy *d, const struct compared *c);
/* One verdict about a chunk, or about an object ("-"); s and a: the statements compared, or NULL. */
enum assay_status assay_run_verdict(struct run *r, const char *segment, const char *chunk, const struct compared *c,
                                    const struct attested_chunk *s, const struct attested_chunk *a, const char *columns,
                                    const char *object);
/* run_objects.c: judge the archive's objects; *findings is raised by what is wrong. */
enum assay_status assay_run_objects(struct run *r, uint32_t *findings);
/* Why the dataset as a whole is unverified; NULL when it is not. Static, or in text. */
const char *assay_doubt(const struct run *r, char *text, size_t n);
bool assay_source_is_short(const struct run *r);
/* Were the statements in use made under different dataset keys? Such digests never agree, whatever the rows. */
bool assay_keys_differ(const struct run *r);
/* Rows that the runs in use could not place. */
uint64_t assay_unplaced(const struct attested *a);
struct assay_writer;
/* Take the segments that are still open at the source's mark out of both sides. */
enum assay_status assay_scope_apply(struct run *r);
void assay_scope_state(const struct run *r, struct assay_writer *w); /* what was taken out, for a verdict */
void assay_scope_release(struct run *r);
/* reuse.c: of which segments older statements were compared, for a verdict. */
enum assay_status assay_reuse_state(const struct run *r, struct assay_writer *w);
/* Which side was read before the other, by a run of its own; "" when one run read both. */
void assay_reuse_older(const struct run *r, char *text, size_t n);
/* strength.c: remember how strong a match is; say so for all that match. */
void assay_strength_note(struct run *r, const struct compared *c, const struct attested_chunk *s,
                         const struct attested_chunk *a);
void assay_strength_state(struct run *r, struct assay_writer *w);
/* State what was proven gone. Only a later verification that matches proves that. */
enum assay_status assay_close_what_is_gone(struct run *r);

/* What the ledger's erasure leaves say of this dataset; to be released. */
enum assay_status assay_erased_load(struct run *r);
void assay_erased_release(struct run *r);
/* purged.c: the same of purges. */
enum assay_status assay_purged_load(struct run *r);
void assay_purged_release(struct run *r);
/* NULL: it was not. */
const struct purged_chunk *assay_purged(const struct run *r, const char *chunk);
/* The archive's statement against what was deleted. */
struct compared assay_purged_compare(struct run *r, const struct purged_chunk *p, const struct attested_chunk *a);
/* "erased by leaf N" when the chunk's key was destroyed, until the next call; else NULL. */
const char *assay_erased(struct run *r, const struct attested_chunk *c);

#endif
