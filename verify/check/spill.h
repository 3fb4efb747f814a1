/* An unlinked temporary file of sequential runs, encrypted under a key that dies with the process: rows may be personal
 * data, and a disk keeps what was deleted. */
#ifndef ASSAY_SPILL_H
#define ASSAY_SPILL_H

#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

struct spill;
struct spill_run; /* a reader of one run */

/* In $TMPDIR, else /var/tmp. most: bytes that may be written; 0: as many as the disk holds. */
enum assay_status assay_spill_new(uint64_t most, struct spill **out, struct assay_err *e);
/* Append to the current run. ASSAY_EIO says what is full, ASSAY_ELIMIT that `most` is not enough. */
enum assay_status assay_spill_write(struct spill *s, const void *p, size_t n, struct assay_err *e);
/* End the current run; the next write begins another. */
enum assay_status assay_spill_end_run(struct spill *s, struct assay_err *e);
size_t assay_spill_runs(const struct spill *s);
/* Read run i from its beginning; several runs may be read at once, from one thread. */
enum assay_status assay_spill_open(struct spill *s, size_t i, struct spill_run **out, struct assay_err *e);
/* Exactly n bytes, or *got = 0 at the end of the run. */
enum assay_status assay_spill_read(struct spill_run *r, void *p, size_t n, size_t *got, struct assay_err *e);
void assay_spill_close(struct spill_run *r);
void assay_spill_free(struct spill *s);

#endif
