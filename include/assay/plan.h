/* The plan: one YAML file, bound to these structures. Everything here is owned by the plan and freed with it. */
#ifndef ASSAY_PLAN_H
#define ASSAY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/reader.h"
#include "assay/rule.h"
#include "assay/type.h"

enum assay_side_id { ASSAY_SOURCE = 0, ASSAY_ARCHIVE = 1 };
const char *assay_side_name(enum assay_side_id s); /* "source", "archive" */

enum assay_every {
    ASSAY_EVERY_NONE = 0, /* no window: one segment "all" */
    ASSAY_EVERY_HOUR,
    ASSAY_EVERY_DAY,
    ASSAY_EVERY_MONTH,
    ASSAY_EVERY_YEAR,
    ASSAY_EVERY_STEP /* integer window: [k*step, (k+1)*step) */
};

struct assay_window {
    char *column; /* canonical name; NULL when every is NONE */
    enum assay_every every;
    int64_t step; /* ASSAY_EVERY_STEP only, > 0 */
    char *timezone; /* timestamptz only; "UTC" or a fixed "+HH:MM"; never NULL when every != NONE */
    /* The high-water mark: segments that end behind it are still open, and not compared. At most one of both. */
    char *closed_until; /* lexeme or NULL */
    bool has_lag;
    int64_t lag; /* seconds behind the time of the run; integer windows: behind the highest segment with rows */
    char *from, *to; /* lexemes or NULL: rows before from are segment "-inf", at or after to "+inf" */
};

struct assay_as_of { /* rows whose column lies behind `at` are not in scope, on either side */
    char *column; /* canonical name; NULL: every row is in scope */
    char *at; /* lexeme of its type */
};

struct assay_plan_column {
    char *name; /* canonical */
    enum assay_logical type;
    struct assay_shape *shape; /* of a list, struct or map, else NULL */
    uint16_t key_pos; /* 1-based position in the key, 0 if none */
    char *native[2]; /* its name on each side; NULL: the side lacks it, the rule constant says its value */
    struct assay_rule *rule[2]; /* per side, in order of application */
    size_t n_rules[2];
    char *since; /* name of the first segment that has the column; NULL: all have it */
    struct assay_former_name {
        char *until, *name; /* files of segments before `until` call the column so */
    } * former; /* of the archive, in rising order of until */
    size_t n_former;
    int line; /* in the plan file, for messages */
};

struct assay_reference { /* a foreign key into another dataset of the plan, checked on the archive side */
    char **column; /* canonical names here, n of them */
    char **to; /* canonical names there */
    size_t n;
    char *dataset; /* its name */
    char *id; /* its UUID */
    char *text; /* "customer_id -> customers (id)": what statements call it */
};

struct assay_side {
    char *uri, *table, *format; /* table NULL for files, format NULL for tables */
    struct assay_csv_dialect csv;
    char *snapshot;
    char *manifest; /* files: path of a manifest or of its folder, "none", or NULL: what lies beside them */
    char *profile; /* name of the exporter profile it was expanded from, or NULL */
    struct assay_profile *loaded; /* while binding only */
    int timeout_s;
};

struct assay_dataset {
    char *name; /* mapping key */
    char *id; /* UUID, lower case */
    char *owner, *retention; /* or NULL */
    struct assay_side side[2];
    struct assay_plan_column *col; /* covered columns, sorted by canonical name bytes */
    size_t n_cols;
    char **uncovered; /* native names declared as not covered: "source.x" or "archive.y" */
    size_t n_uncovered;
    struct assay_reference *reference;
    size_t n_references;
    size_t n_key; /* 0: no key, hash buckets over whole rows */
    struct assay_window window;
    struct assay_as_of as_of;
    uint32_t chunk_rows; /* target rows a chunk */
    bool sealed; /* digest: sealed; else fast only */
    bool keys_sealed; /* no key value stands in the ledger in clear: sealed, and not keys: public */
    uint32_t sketch; /* rows of a chunk that its sketch can name; 0: none, and never any without sealed */
    char **reprocess; /* argv template, NULL-terminated, or NULL */
    int line;
};

struct assay_purge_plan { /* what may be deleted at the sources, and by whom */
    bool given; /* there is such a section: archives are read from the medium, and say so */
    int64_t max_age; /* seconds: how old the comparison may be that a permit rests on */
    bool read_any; /* an archive that came from a cache is good enough */
    char *policy; /* path of the policy whose quorum must have cosigned, or NULL */
    char *source; /* locator for deleting, of every dataset that is not in `of`, not expanded; NULL: none */
    struct assay_purge_source {
        char *dataset, *uri;
    } * of;
    size_t n_of;
};

struct assay_plan {
    char *path; /* as given */
    char *base_dir; /* directory of the plan file: relative paths start here */
    char *ledger; /* path of the ledger database: absolute, or relative to the working directory */
    char *keys; /* directory of the keys, likewise */
    char *keyring; /* path of the file of chunk keys, likewise */
    char *origin; /* ledger origin line, e.g. "assay.local/sales" */
    struct assay_dataset *set;
    size_t n_sets;
    bool full_coverage; /* everything the sources hold must be in a dataset, or ignored */
    struct assay_purge_plan purge;
    char **ignore; /* patterns of relations that need no dataset: "schema.table" or "table", with * ? [a-z] */
    size_t n_ignore;
};

/* Read and bind. All errors of the file are collected (one line each, "file:line:column: sentence"), at most 20,
 * into `errors`; returns ASSAY_EPLAN when there is any. `${env:NAME}`, `${env:NAME:-default}` and `${file:PATH}` are
 * expanded. */
enum assay_status assay_plan_load(const char *path, struct assay_plan **out, struct assay_buf *errors,
                                  struct assay_err *e);
void assay_plan_free(struct assay_plan *p);

/* The names to ask a reader of that side for: those of the covered columns that it has, in plan order, and their types.
 * out and type hold at least n_cols. Returns how many. */
size_t assay_dataset_natives(const struct assay_dataset *d, enum assay_side_id side, const char **out,
                             enum assay_logical *type);

/* Is the side files, each of which its checker states as an object? Not a table, and not what a command prints. */
bool assay_side_has_objects(const struct assay_side *side);
/* Is the column of that name on that side one that the dataset reads, under its name of today or a former one? */
bool assay_dataset_reads(const struct assay_dataset *d, enum assay_side_id side, const char *native);
/* Was a column added or renamed in the course of the years? */
bool assay_dataset_has_history(const struct assay_dataset *d);

/* Dataset by name; NULL when there is none. */
const struct assay_dataset *assay_plan_find(const struct assay_plan *p, const char *name);

/* The resolved form of one dataset: canonical JSON (sorted keys, no white space) of everything that decides what is
 * hashed and how rows are routed: id, columns, types, rules, native names, key, window, chunk_rows, dialects, canon
 * version. No locator, no credential. Its SHA-256 is cited by every statement. Appends to out. */
enum assay_status assay_plan_resolved(const struct assay_dataset *d, struct assay_buf *out);

/* SHA-256 of that form as 64 hex digits; blob (may be NULL) gets the form. */
enum assay_status assay_plan_hash(const struct assay_dataset *d, char hex[65], struct assay_buf *blob,
                                  struct assay_err *e);

/* The locator for deleting at the dataset's source, as it is in the plan's section purge: expanded only here, so that
 * nobody else needs what it names. *uri is the caller's to free; the locator borrows it and the plan. ASSAY_EPLAN: the
 * plan has none. */
enum assay_status assay_plan_purge_locator(const struct assay_plan *p, const struct assay_dataset *d,
                                           struct assay_locator *out, char **uri, struct assay_err *e);

/* The locator of one side, borrowing from the plan. */
struct assay_locator assay_plan_locator(const struct assay_plan *p, const struct assay_dataset *d,
                                        enum assay_side_id s);

#endif
