/* Between the files that gather what a side attested; private to attested*.c. */
#ifndef ASSAY_ATTESTED_LOAD_H
#define ASSAY_ATTESTED_LOAD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attested.h"

struct loader {
    struct assay_ledger *ledger;
    const struct assay_dataset *set;
    const char *plan; /* "sha256:..." */
    const struct attested_opener *open;
    struct attested *out;
    size_t cap_runs, cap_chunks, cap_objects, n_slots;
    size_t last; /* run found last */
    uint64_t from; /* leaves before this one are history */
    uint32_t *slot; /* open addressing over chunk ids */
    enum assay_status status;
    struct assay_err *err;
    enum assay_status (*take)(struct loader *, const struct assay_stmt *, uint64_t leaf);
};

static inline char *copy(const char *s)
{
    return s ? strdup(s) : NULL;
}

static inline void copy_to(char *out, size_t n, const char *s)
{
    snprintf(out, n, "%s", s ? s : "");
}

static inline uint64_t number(const struct assay_stmt *s, const char *key)
{
    const char *v = assay_stmt_get(s, key);
    return v ? strtoull(v, NULL, 10) : 0;
}

/* Is it about the plan at hand? */
bool assay_attested_relevant(const struct loader *l, const struct assay_stmt *s);
struct attested_run *assay_attested_run_of(struct loader *l, const struct assay_stmt *s);

/* One statement; newest first. */
enum assay_status assay_attested_take_chunk(struct loader *l, const struct assay_stmt *s, uint64_t leaf);
enum assay_status assay_attested_take_object(struct loader *l, const struct assay_stmt *s, uint64_t leaf);
/* What of them counts; sorts. */
void assay_attested_keep_cuts(struct attested *a);
void assay_attested_keep_objects(struct attested *a);
void assay_attested_chunk_release(struct attested_chunk *c);
void assay_attested_object_release(struct attested_object *o);

#endif
