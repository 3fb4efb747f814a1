#ifndef ASSAY_CANON_UTF8_H
#define ASSAY_CANON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Is it well-formed UTF-8 as RFC 3629 section 4 has it: shortest form, no surrogates, nothing over U+10FFFF? */
bool assay_utf8_valid(const uint8_t *p, size_t n);

#endif
