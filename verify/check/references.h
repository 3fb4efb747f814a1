/* Foreign keys between archived datasets: rows whose key the other dataset does not have. */
#ifndef ASSAY_REFERENCES_H
#define ASSAY_REFERENCES_H

#include "assay/check.h"

/* Check every reference of the dataset on the archive side and state what was found, in counts alone. Rows are read
 * before the rows that they refer to, so that what is written meanwhile makes no orphan of a row. An archive that
 * cannot be read makes the reference unverified, not the run a failure. */
enum assay_status assay_references_attest(const struct assay_check *c, const char *plan_hash, const uint8_t *secret,
                                          struct assay_err *e);

#endif
