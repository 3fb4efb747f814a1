/* Shapes, for the canonical form only. */
#ifndef ASSAY_CANON_SHAPE_H
#define ASSAY_CANON_SHAPE_H

#include "assay/buf.h"
#include "assay/canon.h"

/* The fields of a struct by name bytes; the caller frees the array. NULL: out of memory. */
const struct assay_shape **assay_shape_sorted(const struct assay_shape *s);
/* What stands for a shape in the row form, docs/canonical-form.md section 2. */
enum assay_status assay_shape_form(const struct assay_shape *s, struct assay_buf *out);

#endif
