/* Causes: one explanation of many discrepancies. Private to cause*.c and run.c. */
#ifndef ASSAY_CAUSE_H
#define ASSAY_CAUSE_H

#include "samples.h"

#define CAUSE_NO_RULE "no rule: export again"

struct cause {
    char kind[64]; /* "time-cut" */
    char what[352]; /* class, or what else tells causes of one kind apart */
    const char *side; /* of the rule; NULL without one */
    struct assay_buf columns; /* names with commas between */
    size_t n_columns;
    uint64_t chunks, rows;
    bool isolated; /* single rows */
    char evidence[768], rule[320], hint[256];
};

struct causes {
    struct cause *c;
    size_t n, cap;
    bool *row_explained; /* by mismatch: where rows are missing or extra, and why is said */
};

/* A new cause at the end, all zero but for kind and what; NULL when out of memory. */
struct cause *assay_cause_new(struct causes *all, const char *kind, const char *what);
enum assay_status assay_cause_column(struct cause *c, const char *name);

/* What the values of columns went through. */
enum assay_status assay_causes_of_columns(const struct run *r, const struct samples *samples, struct causes *all);
/* Files, row counts, ranges of keys, doubled rows. */
enum assay_status assay_causes_of_rows(const struct run *r, const struct samples *samples, struct causes *all);

/* Find and state the causes of all mismatches of the run. */
enum assay_status assay_causes_state(struct run *r);

#endif
