#ifndef ASSAY_CANON_JSON_H
#define ASSAY_CANON_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"

/* Parse one JSON text (RFC 8259, strict) and append its tree of cells, docs/canonical-form.md section 1 J.
 * false: *why set, out->len as before. */
bool assay_json_tree(const uint8_t *text, size_t len, struct assay_buf *out, const char **why);

#endif
