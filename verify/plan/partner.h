/* The place in an archive that holds one table. Private to verify/plan/. */
#ifndef ASSAY_PLAN_PARTNER_H
#define ASSAY_PLAN_PARTNER_H

#include "assay/err.h"

/* In a directory: a folder named like the table, a file with the table's name before its suffix, or files that begin
 * with the name and go on with a date ("flights-2001-01.csv"). A database holds the table itself. *out is the caller's.
 * ASSAY_ENOTFOUND when nothing is named like the table, or the archive is one file or a pattern. */
enum assay_status assay_partner(const char *base_dir, const char *archive, const char *table, char **out,
                                struct assay_err *e);

#endif
