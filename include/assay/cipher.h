/* AES key wrap (RFC 3394) and AES-SIV (RFC 5297). Pure. */
#ifndef ASSAY_CIPHER_H
#define ASSAY_CIPHER_H

#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

#define ASSAY_WRAPPED_LEN 40 /* of a 32-byte key */

/* ASSAY_ENOMEM when the library fails. */
enum assay_status assay_wrap(const uint8_t kek[32], const uint8_t key[32], uint8_t out[ASSAY_WRAPPED_LEN]);
/* ASSAY_EDATA when it does not open under this key. The caller wipes `out`. */
enum assay_status assay_unwrap(const uint8_t kek[32], const uint8_t wrapped[ASSAY_WRAPPED_LEN], uint8_t out[32]);

struct assay_ad { /* one element of the vector of associated data; not empty */
    const void *p;
    size_t n;
};
/* key_len 32, 48 or 64: AES-128, -192, -256-SIV. 0 < n <= INT32_MAX. out: n bytes. */
enum assay_status assay_siv_seal(const uint8_t *key, size_t key_len, const struct assay_ad *ad, size_t n_ad,
                                 const uint8_t *plain, size_t n, uint8_t iv[16], uint8_t *out);
/* ASSAY_EDATA when it is not what was sealed; out holds nothing then. */
enum assay_status assay_siv_open(const uint8_t *key, size_t key_len, const struct assay_ad *ad, size_t n_ad,
                                 const uint8_t iv[16], const uint8_t *sealed, size_t n, uint8_t *out);

#endif
