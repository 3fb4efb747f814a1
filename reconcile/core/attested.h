/* What one side attested for one dataset, gathered from the ledger. */
#ifndef ASSAY_ATTESTED_H
#define ASSAY_ATTESTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/digest.h"
#include "assay/err.h"
#include "assay/ledger.h"
#include "assay/plan.h"

struct attested_chunk {
    char id[33], cut[72], run[37], form[72];
    char *segment, *lo, *hi; /* readable bounds, NULL when open */
    char *finding; /* the first value that does not decode: where and why; or NULL */
    char *found; /* with defects: all that are stated so, a line each */
    uint64_t n_found;
    char root[72], keycommit[65]; /* of a sealed chunk; "" else */
    char unsealed[16]; /* why a sealed plan's chunk has no root; "" else */
    uint32_t ordinal;
    uint64_t leaf, rows, defects;
    bool opaque; /* its sums are sealed and no key was at hand to open them: they are zeros, and compare with nothing */
    char sums[72]; /* name of the sealed sums; "" when they are in clear */
    assay_sum row, key;
    assay_sum *col, *raw; /* n_cols each; raw only of ruled columns */
    uint64_t *changed; /* cells that a rule changed, by column */
    bool *ruled;
};

struct attested_object {
    char *name, *segment, *status, *reason; /* segment NULL: of any */
    char content[65]; /* SHA-256 of its bytes; of a reference which rows are orphans; "" when not stated */
    uint64_t leaf; /* of the newest statement that says so */
    uint64_t misplaced, defects, rows;
    char **denied; /* what a manifest says of it otherwise: "KIND SENTENCE"; owned */
    size_t n_denied;
    bool reference; /* no object, but a reference that was checked; its name is the reference's */
    bool scrubbed; /* found by a scrub, which decodes nothing */
};

/* One run of the side's checker; a scrub, which reads no rows, is none. */
struct attested_run {
    char id[37];
    char observed[40]; /* when it began, as stated */
    char key[33]; /* what its dataset key is known by, "" when it is not stated */
    uint64_t start; /* leaf of its newest run-start */
    char *scope; /* segment names with commas between, or "all" */
    bool whole; /* all segments */
    bool ended; /* a run-end follows the run-start */
    bool used; /* it ended well, and is the basis or later: its statements count */
    char *status, *reason, *tiled, *unique; /* NULL before the end */
    char *mark; /* of the source: its segments are closed up to here; NULL: all are */
    uint64_t rows, counted, unplaced; /* as its run-end says */
    uint64_t stated; /* rows of its chunk statements */
    uint64_t chunks; /* of which so many are the newest */
    uint64_t objects; /* that it states: files that it read, or misses */
};

struct attested {
    struct attested_run *run; /* newest first */
    size_t n_runs;
    const struct attested_run *basis; /* newest run of everything that ended well, NULL without one */
    struct attested_chunk *chunk; /* newest of each chunk out of runs that ended well, the basis or later; sorted by
                                     segment name and ordinal; one cut a segment */
    size_t n_chunks;
    struct attested_object *object; /* newest of each object, likewise, and what scrubs found since; sorted by name */
    size_t n_objects;
    bool in_objects; /* the side is files, whether or not any of them is left after filtering */
};

/* What opens sealed sums (attested_sums.c); both NULL: nothing does. Borrowed. */
struct assay_keyring;
struct assay_blob_keys;
struct attested_opener {
    struct assay_keyring *ring;
    const struct assay_blob_keys *keys;
};
/* A blob under the key of the chunk, or else under the dataset key. Appends. ASSAY_ENOTFOUND: its key is not at hand.
 */
enum assay_status assay_attested_unseal(const struct attested_opener *o, const struct assay_dataset *d,
                                        const char *kind, const char *segment, uint32_t ordinal,
                                        const struct assay_buf *sealed, struct assay_buf *out, struct assay_err *e);

/* run NULL: the newest statement about each chunk, whatever the run; else only those of that run. Statements under
 * another plan hash, and those of runs that failed or never ended, are passed over. */
enum assay_status assay_attested_load(struct assay_ledger *l, const struct assay_dataset *d, enum assay_side_id side,
                                      const char *plan_hash, const char *run, const struct attested_opener *open,
                                      struct attested *out, struct assay_err *e);
/* Drop the chunks, and the objects that belong to one segment, of segments that `keep` does not want. rows: of the
 * chunk; 0 for an object. */
void assay_attested_filter(struct attested *a, bool (*keep)(void *ctx, const char *segment, uint64_t rows), void *ctx);
void assay_attested_release(struct attested *a);

/* What one side ever stated about one chunk under this plan ("sha256:..."), newest first, at most `most` statements.
 * Those of runs that did not end well are among them: they are signed all the same. */
enum assay_status assay_attested_about(struct assay_ledger *l, const struct assay_dataset *d, enum assay_side_id side,
                                       const char *plan, const char *chunk, const struct attested_opener *open,
                                       size_t most, struct attested_chunk **out, size_t *n, struct assay_err *e);
void assay_attested_chunks_free(struct attested_chunk *c, size_t n);

#endif
