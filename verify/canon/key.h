/* Class bytes of keys, docs/canonical-form.md section 3. */
#ifndef ASSAY_CANON_KEY_H
#define ASSAY_CANON_KEY_H

enum assay_key_class {
    ASSAY_KEY_NULL = 0x05,
    ASSAY_KEY_PRESENT = 0x10, /* types other than numbers */
    ASSAY_KEY_MINUS_INF = 0x10,
    ASSAY_KEY_NEGATIVE = 0x14,
    ASSAY_KEY_ZERO = 0x18,
    ASSAY_KEY_POSITIVE = 0x1c,
    ASSAY_KEY_PLUS_INF = 0x20,
    ASSAY_KEY_NAN = 0x24,
    ASSAY_KEY_CELL = 0x30
};

#endif
