/* What `assay init` sees of one side, and what it makes of two of them. Private to verify/plan/. */
#ifndef ASSAY_PLAN_SURVEY_H
#define ASSAY_PLAN_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/init.h"
#include "assay/plan.h"
#include "assay/pool.h"
#include "assay/reader.h"
#include "assay/rule.h"
#include "assay/segment.h"

/* ---- survey.c: a bounded sample of one side ---- */

struct assay_sampled { /* one column */
    struct assay_value *v; /* not NULL, of bounded size each; what they point to lives in the survey */
    uint32_t *part; /* the part each came from */
    size_t n, cap;
    size_t nulls, longs, bad; /* seen but not kept */
    size_t quoted_empty; /* CSV: "" */
};

struct assay_survey {
    struct assay_locator loc; /* borrows */
    struct assay_reader *reader;
    struct assay_schema schema;
    struct assay_sampled *col; /* one per schema column */
    const struct assay_part *part;
    size_t n_parts, rows;
    bool untyped; /* CSV: types are guesses */
    bool loose; /* SQLite: types are claims */
    struct assay_pool pool; /* of the values kept */
};

/* Open, read the schema and sample: of files the first rows of up to 8 objects, of a table rows from all over it. */
enum assay_status assay_survey_open(const struct assay_locator *loc, struct assay_survey *out, struct assay_err *e);
void assay_survey_close(struct assay_survey *s);

/* ---- choose.c: one type and the rules that make both samples readable under it ---- */

#define ASSAY_CHOICE_RULES 4

struct assay_choice_rule {
    const char *name; /* static */
    char arg[64]; /* "" for none */
};

struct assay_choice {
    enum assay_logical type;
    const struct assay_shape *shape; /* of a list, struct or map, else NULL; borrowed from one of the surveys */
    struct assay_choice_rule rule[2][ASSAY_CHOICE_RULES];
    size_t n_rules[2];
    size_t sampled[2], failed[2]; /* values that do not read under it even so */
    char note[160]; /* why, for people; "" when there is nothing to say */
};

/* col: index into each side's schema. */
void assay_choose(const struct assay_survey *source, size_t source_col, const struct assay_survey *archive,
                  size_t archive_col, struct assay_choice *out);
/* The type's name, or the whole shape; into text[n], shortened when it must. Returns text. */
const char *assay_choice_type(const struct assay_choice *c, char *text, size_t n);
/* Read one sampled value as the plan would: early rules, then the type. false: a defect. *out may be NULL-kind. */
bool assay_choice_read(const struct assay_choice *c, enum assay_side_id side, const struct assay_value *v,
                       struct assay_value *out, struct assay_buf *scratch);

/* ---- reading.c: sampled values read as a check would read them ---- */

struct assay_reading {
    enum assay_logical type;
    const struct assay_shape *shape;
    struct assay_rule rule[ASSAY_CHOICE_RULES];
    size_t n;
    struct assay_buf cell;
};

/* false: a rule that the type does not take; close it all the same. */
bool assay_reading_open(struct assay_reading *r, enum assay_logical type, const struct assay_shape *shape,
                        const struct assay_choice_rule *rule, size_t n);
/* Early rules, the type, and a cell: false is a defect. *out lives in scratch. */
bool assay_reading_try(struct assay_reading *r, const struct assay_value *v, struct assay_value *out,
                       struct assay_buf *scratch);
void assay_reading_close(struct assay_reading *r);

/* ---- match.c: columns of the two sides that belong together; the archive's CSV dialect ---- */

struct assay_pairing {
    size_t *archive_of; /* per source column the archive column, or SIZE_MAX; owned */
    size_t n; /* pairs */
};
enum assay_status assay_match(const struct assay_schema *source, const struct assay_schema *archive, bool by_position,
                              struct assay_pairing *out, struct assay_err *e);
/* Survey the archive under the dialect that fits the source best; loc->csv is changed to it. */
enum assay_status assay_match_dialect(const struct assay_survey *source, struct assay_locator *loc,
                                      struct assay_survey *archive, bool *by_position, struct assay_err *e);

/* ---- period.c: {segment} and the window ---- */

struct assay_period {
    char *pattern; /* the archive's locator with {segment}; owned; NULL: none found */
    size_t column; /* source column index */
    enum assay_every every;
    char note[200];
};
/* Window by the file names of the archive, checked against the sampled values. `want` (a source column, or NULL) and
 * `every` (or NONE) narrow the search. */
enum assay_status assay_find_period(const struct assay_survey *source, const struct assay_survey *archive,
                                    const struct assay_pairing *pair, const struct assay_choice *choice,
                                    const char *want, enum assay_every every, struct assay_period *out,
                                    struct assay_err *e);

/* ---- draft.c: the plan's text ---- */

/* Append one dataset. key: column names or NULL for the source's primary key. */
struct assay_draft {
    const char *name, *locator[2]; /* locators as written into the plan */
    const struct assay_survey *side[2];
    const struct assay_pairing *pair;
    const struct assay_choice *choice; /* per source column */
    const struct assay_period *period;
    const char *key; /* comma-separated, or NULL */
    bool by_position;
    const struct assay_profile *profile; /* of the archive's exporter, or NULL */
    const char *profile_name, *profile_why; /* as asked for, NULL: none was; the marks that told, or why none did */
};
enum assay_status assay_draft_dataset(const struct assay_draft *d, struct assay_buf *out, struct assay_err *e);
/* A YAML scalar that reads back as these bytes, with $ doubled where `expands`. Appends. */
enum assay_status assay_draft_scalar(const char *text, bool expands, struct assay_buf *out);

#endif
