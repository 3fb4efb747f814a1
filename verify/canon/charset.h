/* Single-byte character sets of the rule `encoding`. Private to verify/canon/. */
#ifndef ASSAY_CANON_CHARSET_H
#define ASSAY_CANON_CHARSET_H

#include <stddef.h>
#include <stdint.h>

struct assay_charset {
    const char *name; /* IANA, lower case */
    uint16_t high[128]; /* code points of the bytes 80..FF, 0: none */
};

/* NULL: not one of the list. */
const struct assay_charset *assay_charset_by_name(const char *name);

#endif
