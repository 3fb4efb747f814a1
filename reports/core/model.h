/* The result of one run as the ledger tells it. Built once, then rendered in any format; nothing else is consulted. */
#ifndef ASSAY_REPORT_MODEL_H
#define ASSAY_REPORT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/blob.h"
#include "assay/err.h"
#include "assay/grow.h"
#include "assay/ledger.h"
#include "assay/waiver.h"

#include "arena.h"

#define ASSAY_REPORT_SCHEMA_VERSION 1
#define ASSAY_REPORT_MAX_CHUNKS 10000 /* chunks that do not match, in the result document */
#define ASSAY_REPORT_MAX_OBJECTS 10000 /* objects that are not ok, in the result document */
#define ASSAY_REPORT_MAX_DRIFT 1000 /* changes of one dataset's schemas over time, the newest */
#define ASSAY_REPORT_MAX_CAUSES 1000 /* causes of one dataset */
#define ASSAY_REPORT_MAX_OPEN 10000 /* discrepancies of one dataset in the result document */

/* Waived: a mismatch that a waiver covered at the time of its verdict. */
enum assay_rv { ASSAY_RV_UNVERIFIED = 0, ASSAY_RV_MATCH, ASSAY_RV_MISMATCH, ASSAY_RV_WAIVED, ASSAY_RV_COUNT };
const char *assay_rv_name(enum assay_rv v); /* "unverified", "match", "mismatch", "waived" */
/* Worst first: mismatch, unverified, waived, match. */
int assay_rv_rank(enum assay_rv v);

/* All strings are borrowed from the report; NULL means that the ledger does not say. */
struct assay_rep_chunk {
    char id[33]; /* "*": a verdict about a segment or the dataset, not about one chunk */
    bool whole; /* such a one */
    bool judged; /* has a verdict leaf of its own */
    bool has[2]; /* attested by that side, by enum assay_side_id order: source, archive */
    bool has_rows[2];
    enum assay_rv verdict;
    uint64_t ordinal, n_chunks /* whole: chunks it speaks for */, rows[2], accepted, leaf /* of the verdict */;
    const char *segment, *lo, *hi, *kind, *columns, *reason;
    const char *cut; /* of sealed bounds: the blob that has them */
    bool sealed[2]; /* lo, hi: the ledger has it sealed */
    bool opened; /* what it has sealed stands in lo and hi; else ASSAY_BOUND_SEALED does */
    const char *changed_side; /* since both sides were equal, where the ledger proves it: "source", "archive" */
};

#define ASSAY_BOUND_SEALED "(sealed)"
bool assay_rep_hides_bounds(const struct assay_rep_chunk *c); /* it has bounds, and they are sealed here */

struct assay_rep_object {
    bool ok, reference; /* reference: no object, but a foreign key that was checked */
    int side;
    const char *locator, *segment, *status, *reason, *sha256;
    uint64_t bytes, rows, misplaced, defects, nonstandard;
};

struct assay_rep_claim { /* claims of one manifest that nothing was compared with */
    int side;
    const char *manifest, *what; /* what: name of a digest, or "schema elsewhere" */
    uint64_t claims;
};

struct assay_rep_column {
    const char *name, *native, *logical; /* as the side spells it */
    bool nullable;
    unsigned key_pos;
};

struct assay_rep_era { /* objects, one after the other, of one schema */
    const char *from, *to, *first, *last; /* segments, NULL where names claim none; objects */
    const char *fingerprint, *text; /* the schema text */
    uint64_t objects;
    const char **says; /* what changed since the era before, as sentences */
    size_t n_says;
};

struct assay_rep_age { /* the time of one schema of a side, as its runs saw it */
    const char *fingerprint, *run, *since; /* the first run that saw it, and when that began */
    uint64_t leaf; /* of that statement */
};

struct assay_rep_span { /* segments, one after the other, that were archived under one schema */
    const char *from, *to;
    size_t segments;
    const struct assay_rep_age *age[2]; /* what each side was when the archive first had rows of them; or NULL */
    const char *fingerprint[2]; /* of that; of the archive's files that claim the segments, where files differ */
    const char **without; /* columns that they were verified without */
    size_t n_without;
};

struct assay_rep_partial { /* a column that did not exist in the first segments */
    const char *column, *since, *from, *to; /* from, to: segments verified without it, NULL when there is none */
    size_t segments;
};

struct assay_rep_side {
    bool started, ended;
    const char *again, *again_status; /* the end of a later run that was not compared; NULL: there is none */
    const char *scrub_run; /* a later run that verified the objects alone */
    const char *run, *locator, *snapshot, *host, *version, *uid, *scope, *strength, *started_at, *ended_at, *status,
        *reason, *tiled, *key_unique, *fingerprint, *key; /* key: name of the signer and its key id */
    uint64_t rows, counted, bytes, chunks, objects, objects_bad, object_bytes;
    bool has_counted;
    struct assay_rep_column *column; /* observed schema, in the side's order */
    size_t n_columns;
    const char **uncovered;
    struct assay_rep_changed { /* cells changed by rules, by canonical column name */
        const char *column;
        uint64_t cells;
        uint64_t rule[32]; /* the same of each of its rules, where it has several */
        bool by_rule;
    } * changed;
    size_t n_changed, cap_changed;
    uint64_t nonstandard; /* values that its formats do not have, accepted */
    struct assay_rep_era *era; /* empty when all objects are of one schema */
    size_t n_eras, cap_eras;
    struct assay_rep_age *age; /* oldest first */
    size_t n_ages, cap_ages;
    const char *as_of, *as_of_column; /* rows with a later value are not in scope */
    uint64_t beyond; /* such rows */
    uint64_t unplaced; /* rows whose key or window did not decode */
    size_t n_uncovered, cap_uncovered;
};

struct assay_rep_change { /* one line of the column-by-column comparison */
    const char *name; /* canonical name, or the native one when the plan does not cover it */
    const char *type; /* the plan's logical type, NULL when not covered */
    const char *change; /* "same", "converted", "only at the source", "only at the archive", "not covered" */
    const struct assay_rep_column *side[2];
};

struct assay_rep_drift { /* one change of one side's schema over time */
    int side;
    const char *since_run, *since; /* the first run that saw it, and when that began */
    const char *kind, *cls, *says; /* words of assay/drift.h; says: the whole as a sentence */
    bool breaking, covered; /* covered: the plan of that run reads the column */
    size_t order; /* in which it was found */
    const struct assay_rep_column *before, *now; /* NULL: the column was, or is, not there */
};

struct assay_rep_rule {
    const char *column, *side, *rule;
    uint64_t cells; /* that this rule changed on this side; a cell that several rules changed counts for each */
};

struct assay_rep_discrepancy {
    const char *id, *segment, *chunk, *kind, *columns, *object, *state, *reason, *run, *observed, *request;
    uint64_t rows[2], leaf;
    bool has_rows[2];
};

struct assay_rep_cause { /* one explanation of many discrepancies */
    const char *id, *kind, *columns, *evidence, *rule, *side, *hint, *scope;
    uint64_t chunks, rows, nth, leaf;
};

struct assay_rep_request {
    const char *id, *segment, *lo, *hi, *outcome, *observed;
    uint64_t attempt, leaf, discrepancies;
};

struct assay_rep_counts {
    uint64_t segments, chunks[ASSAY_RV_COUNT], rows[2], rows_by[ASSAY_RV_COUNT], bytes_by[ASSAY_RV_COUNT];
    uint64_t objects, bytes_archive, cells_accepted;
    uint64_t waived; /* mismatches of chunks and objects */
    uint64_t purged; /* rows that match: deleted at the source under a permit, held against what was deleted */
};
uint64_t assay_rep_chunks(const struct assay_rep_counts *c); /* of all verdicts */

struct assay_rep_open { /* a segment behind the high-water mark: not compared yet */
    const char *segment;
    uint64_t rows[2];
};

struct assay_rep_dataset {
    const char *id, *name, *plan, *strength, *reason;
    const char *run, *observed; /* the run that this tells of, and the newest statement of it that counts */
    enum assay_rv verdict;
    enum assay_rv stands; /* the verdict, or what the ledger says worse of what that run left out */
    struct assay_rep_part { /* a run of some segments only */
        bool part;
        const char *scope; /* as stated */
        uint64_t of; /* segments that the ledger knows */
        const char *whole_run, *observed; /* newest run that compared all segments; NULL: there is none */
        enum assay_rv whole; /* its verdict */
    } compared;
    struct assay_rep_counts counts;
    struct assay_rep_side side[2];
    struct assay_rep_chunk *chunk; /* key order: segment, ordinal; whole-segment verdicts before the chunks */
    size_t n_chunks, cap_chunks;
    uint32_t *worst; /* indexes of chunks that do not match, worst first */
    size_t n_worst;
    uint32_t *slot; /* hash table of chunk ids: index + 1 */
    size_t n_slots;
    struct assay_rep_object *object; /* those not ok, then some that are */
    size_t n_objects, cap_objects, n_bad;
    struct assay_rep_claim *claim; /* the first of them */
    size_t n_claims, cap_claims;
    uint64_t claims_unverified;
    struct assay_rep_change *change;
    size_t n_changes;
    const char *schema_verdict; /* "same", "converted", "different", "unknown" */
    struct assay_rep_drift *drift; /* newest first */
    size_t n_drift, cap_drift;
    struct assay_rep_partial *partial;
    size_t n_partial, cap_partial;
    struct assay_rep_span *span; /* empty when all segments were archived under today's schemas */
    size_t n_spans, cap_spans;
    struct assay_rep_rule *rule;
    size_t n_rules;
    struct assay_rep_discrepancy *disc; /* newest state of each: open, requested, then those this run closed */
    size_t n_disc, cap_disc, n_open, n_closed;
    struct assay_rep_cause *cause; /* widest first */
    size_t n_causes, cap_causes;
    struct assay_rep_request *request;
    size_t n_requests, cap_requests;
    struct assay_rep_kept { /* a segment that this run did not read: older statements were compared */
        const char *segment, *since; /* since: when the older of them was made */
        uint64_t rows[2];
    } * kept; /* some of them, in order */
    size_t n_kept_listed, cap_kept;
    uint64_t n_kept, kept_rows[2];
    const char *kept_since; /* the oldest */
    const char *closed_until; /* the high-water mark; NULL: every segment is in scope */
    struct assay_rep_open *open; /* some of them, in order */
    size_t n_open_kept, cap_open;
    uint64_t n_open_segments, open_rows[2];
    const char *side_run[2]; /* as the verdicts say */
    uint64_t verdict_leaf; /* newest verdict leaf, for finding the runs it spoke of */
    bool has_verdict;
    uint64_t orphans; /* of object_mismatches: references that lead nowhere */
    uint64_t object_mismatches; /* verdicts about objects, not chunks; those that are waived do not count */
    const char **waived_object; /* whose verdicts are waived */
    size_t n_waived_objects, cap_waived_objects;
};

struct assay_rep_coverage { /* of a plan that wants the whole source covered */
    const char *status; /* "full", "incomplete", "unknown"; NULL: nothing was stated */
    const char *reason;
    uint64_t covered, uncovered, gone, ignored, apart;
    const char **lacks; /* "KIND NAME" */
    size_t n_lacks, cap_lacks;
};

struct assay_rep_other { /* a dataset in question that the run did not reach: the ledger's newest word on it */
    const char *id, *name, *run, *observed; /* run NULL: it was never read */
    enum assay_rv verdict;
    uint64_t n_open;
};

struct assay_report {
    struct assay_arena arena;
    bool one_run; /* asked for by name: what it left out is told, and judged by no exit code */
    bool every; /* datasets that the newest run did not reach are shown, too */
    struct assay_rep_other *other; /* worst first */
    size_t n_others, cap_others, n_unread; /* unread: not asked for */
    struct assay_rep_coverage coverage;
    struct assay_waivers waivers; /* of every dataset of the ledger */
    const char *run, *plan_path, *ledger_path, *keys_path; /* NULL plan_path: called with --ledger */
    const char *error; /* ledger broken, or nothing to report: the sentence */
    const char *independence; /* why it is not claimed; NULL: two hosts and two keys */
    const char *observed; /* newest statement of the run */
    enum assay_rv verdict, inside; /* inside: of what the report shows in full, alone */
    int exit_code;
    struct assay_rep_counts counts;
    struct assay_rep_dataset *set; /* worst first, then by name */
    size_t n_sets, cap_sets;
    uint64_t ledger_size;
    const char *root, *checkpoint; /* root: base64 of the newest checkpoint, "" when there is none */
    bool ledger_checked; /* the whole ledger was verified just now */
    uint64_t hidden, opened; /* chunks whose bounds stay sealed, chunks whose sealed bounds were opened */
    const char *why_hidden; /* though there are keys */
    bool bundled; /* the page lies beside verify.sh, in a bundle of evidence */
};

struct assay_report_scope {
    const char *run; /* NULL: the newest that was reconciled, and how the plan stands by the ledger's newest words */
    const char *const *dataset; /* names or ids */
    size_t n_datasets; /* 0: all */
    const char *plan_path, *ledger_path, *keys_path;
    const char *const *plan_ids; /* dataset ids of the plan, NULL: all of the ledger */
    const char *const *plan_names; /* their names, in the same order */
    size_t n_plan_ids;
    bool whole_ledger; /* datasets that the plan has no longer are in scope, too */
    const struct assay_blob_keys *keys; /* to open sealed bounds with; NULL: they stay sealed. The report holds none */
    bool all; /* every dataset of the plan belongs into the report: by the newest run that reached it or, where `run`
                 is given, as unverified when that run did not */
};

/* Read the run from the ledger. ASSAY_ENOTFOUND when the named run or dataset is not in it; a ledger without any run
 * gives a report whose verdict is unverified. Caller frees. */
bool assay_coverage_lacking(const struct assay_report *r); /* coverage was stated, and is not full */
enum assay_status assay_report_build(struct assay_ledger *l, const struct assay_report_scope *scope,
                                     struct assay_report **out, struct assay_err *e);
/* A report that says that the ledger or the evidence is broken (exit code 4) or that nothing could be read (3). */
struct assay_report *assay_report_broken(const struct assay_report_scope *scope, const struct assay_err *why);
/* Name of a dataset of the report by its id, or NULL. */
const char *assay_rep_set_name(const struct assay_report *r, const char *id);
void assay_report_free(struct assay_report *r); /* NULL is a no-op */

#endif
