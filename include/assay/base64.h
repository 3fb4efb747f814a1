/* Strict RFC 4648 base64: standard alphabet, padded, no white space, unused bits zero. Pure. */
#ifndef ASSAY_BASE64_H
#define ASSAY_BASE64_H

#include <stddef.h>
#include <stdint.h>

/* out: 4 * ((n + 2) / 3) + 1 bytes, NUL-terminated. Returns the length without the NUL. */
size_t assay_b64_encode(const uint8_t *p, size_t n, char *out);
/* 0, or -1 when text is not the one canonical encoding of at most cap bytes. */
int assay_b64_decode(const char *text, size_t len, uint8_t *out, size_t cap, size_t *n);

#endif
