/* The only file that touches OpenSSL digests and XXH3 for hashing data. */
#ifndef ASSAY_DIGEST_H
#define ASSAY_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"

#define ASSAY_SHA256_LEN 32
#define ASSAY_SECRET_LEN 192

struct assay_sha256; /* a running SHA-256; one thread at a time */

struct assay_sha256 *assay_sha256_new(void); /* NULL: out of memory. Caller frees. */
/* The same; beside it SHA-512 of the same bytes, which assay_sha256_final puts into sha512[64], unless that is NULL. */
struct assay_sha256 *assay_sha256_new_beside(uint8_t *sha512);
void assay_sha256_update(struct assay_sha256 *h, const void *p, size_t n);
void assay_sha256_final(struct assay_sha256 *h, uint8_t out[32]); /* and starts afresh */
void assay_sha256_free(struct assay_sha256 *h);
/* One shot. */
void assay_sha256(const void *p, size_t n, uint8_t out[32]);
void assay_sha512(const void *p, size_t n, uint8_t out[64]);

/* HMAC-SHA-256 (RFC 2104), one shot; key_len below 2^31. */
void assay_hmac_sha256(const void *key, size_t key_len, const void *p, size_t n, uint8_t out[32]);

/* HKDF-SHA-256 (RFC 5869), empty salt. Returns ASSAY_ENOMEM on failure of the library. */
enum assay_status assay_hkdf(const uint8_t key[32], const char *info, uint8_t *out, size_t n);

/* n bytes from the system's random source. ASSAY_EIO if there are none. */
enum assay_status assay_random(void *out, size_t n, struct assay_err *e);

/* A random RFC 4122 version-4 UUID as 36 characters and a NUL. */
enum assay_status assay_uuid_new(char out[37], struct assay_err *e);

/* A 128-bit sum modulo 2^128. Stored and printed big-endian (16 bytes, 32 hex digits). */
typedef unsigned __int128 assay_sum;
void assay_sum_hex(assay_sum s, char out[33]);
int assay_sum_parse(const char *hex, assay_sum *out); /* 0, or -1 unless exactly 32 lower-case hex digits */

void assay_hex(const void *bytes, size_t n, char *out); /* out: 2n+1 bytes */
int assay_unhex(const char *hex, uint8_t *out, size_t n); /* 0, or -1 unless exactly 2n hex digits */
/* "sha256:" and 64 hex digits, as statements cite blobs; false for all else, NULL too. */
bool assay_sha256_parse(const char *text, uint8_t out[32]);

#endif
