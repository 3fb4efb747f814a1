/* Where rows may be deleted: at the source that the approver signed for, and at no archive. */
#ifndef ASSAY_PURGE_PLACE_H
#define ASSAY_PURGE_PLACE_H

#include "assay/buf.h"
#include "assay/permit.h"
#include "assay/place.h"
#include "assay/plan.h"

/* "LOCATOR table NAME" of the dataset's source, without its secrets. Appends. */
enum assay_status assay_purge_where(const struct assay_dataset *d, struct assay_buf *out);
/* Is the table at `at`, which `source` leads to, an archive of any dataset of the plan? ASSAY_EUSAGE: it is. An archive
 * that cannot be asked from here is none; that is logged. */
enum assay_status assay_purge_apart(const struct assay_plan *p, const struct assay_locator *source,
                                    const struct assay_place *at, struct assay_err *e);
/* Is `at`, where `source` (with the right to delete) leads to, what the permit is for? ASSAY_EUSAGE: it is not, or the
 * permit does not say, or it is an archive. */
enum assay_status assay_purge_right_place(const struct assay_plan *p, const struct assay_dataset *d,
                                          const struct assay_permit *permit, const struct assay_locator *source,
                                          const struct assay_place *at, struct assay_err *e);

#endif
