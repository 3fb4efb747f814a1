#include "assay/digest.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct assay_sha256 {
    EVP_MD *md; /* fetched once: an implicit fetch a digest costs three times the hashing of a row */
    EVP_MD_CTX *ctx;
    EVP_MD *md512; /* NULL: nobody asked */
    EVP_MD_CTX *ctx512;
    uint8_t *sha512; /* the caller's */
};

struct assay_sha256 *assay_sha256_new(void)
{
    struct assay_sha256 *h = calloc(1, sizeof *h);
    if (!h)
        return NULL;
    h->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    h->ctx = EVP_MD_CTX_new();
    if (!h->md || !h->ctx || !EVP_DigestInit_ex2(h->ctx, h->md, NULL)) {
        assay_sha256_free(h);
        return NULL;
    }
    return h;
}

struct assay_sha256 *assay_sha256_new_beside(uint8_t *sha512)
{
    struct assay_sha256 *h = assay_sha256_new();
    if (!h || !sha512)
        return h;
    h->sha512 = sha512;
    h->md512 = EVP_MD_fetch(NULL, "SHA512", NULL);
    h->ctx512 = EVP_MD_CTX_new();
    if (!h->md512 || !h->ctx512 || !EVP_DigestInit_ex2(h->ctx512, h->md512, NULL)) {
        assay_sha256_free(h);
        return NULL;
    }
    return h;
}

/* With a fetched SHA-256 and valid pointers these calls have no failure left; a broken provider must not go on. */
static void must(int ok)
{
    if (!ok)
        abort();
}

void assay_sha256_update(struct assay_sha256 *h, const void *p, size_t n)
{
    must(EVP_DigestUpdate(h->ctx, p, n));
    if (h->ctx512)
        must(EVP_DigestUpdate(h->ctx512, p, n));
}

void assay_sha256_final(struct assay_sha256 *h, uint8_t out[32])
{
    must(EVP_DigestFinal_ex(h->ctx, out, NULL));
    must(EVP_DigestInit_ex2(h->ctx, NULL, NULL));
    if (!h->ctx512)
        return;
    must(EVP_DigestFinal_ex(h->ctx512, h->sha512, NULL));
    must(EVP_DigestInit_ex2(h->ctx512, NULL, NULL));
}

void assay_sha256_free(struct assay_sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx512);
    EVP_MD_free(h->md512);
    EVP_MD_CTX_free(h->ctx);
    EVP_MD_free(h->md);
    free(h);
}

void assay_sha256(const void *p, size_t n, uint8_t out[32])
{
    must(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL));
}

void assay_sha512(const void *p, size_t n, uint8_t out[64])
{
    must(EVP_Digest(p, n, out, NULL, EVP_sha512(), NULL));
}

void assay_hmac_sha256(const void *key, size_t key_len, const void *p, size_t n, uint8_t out[32])
{
    static const uint8_t nothing[1];
    must(key_len <= INT32_MAX && HMAC(EVP_sha256(), key, (int)key_len, n ? p : nothing, n, out, NULL) != NULL);
}

enum assay_status assay_hkdf(const uint8_t key[32], const char *info, uint8_t *out, size_t n)
{
    enum assay_status s = ASSAY_ENOMEM;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    if (ctx) {
        char digest[] = "SHA256", context[128];
        uint8_t ikm[32];
        memcpy(ikm, key, sizeof ikm);
        snprintf(context, sizeof context, "%s", info);
        OSSL_PARAM p[] = {
            OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, ikm, sizeof ikm),
            OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, context, strlen(context)),
            OSSL_PARAM_construct_end(),
        };
        if (EVP_KDF_derive(ctx, out, n, p) > 0)
            s = ASSAY_OK;
        OPENSSL_cleanse(ikm, sizeof ikm);
    }
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return s;
}

enum assay_status assay_random(void *out, size_t n, struct assay_err *e)
{
    if (n > INT32_MAX || RAND_bytes(out, (int)n) != 1)
        return assay_fail(e, ASSAY_EIO, "the system gave no random bytes");
    return ASSAY_OK;
}

enum assay_status assay_uuid_new(char out[37], struct assay_err *e)
{
    uint8_t u[16];
    char hex[33];
    enum assay_status s = assay_random(u, sizeof u, e);
    if (s != ASSAY_OK)
        return s;
    u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
    u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
    assay_hex(u, sizeof u, hex);
    snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return ASSAY_OK;
}

void assay_hex(const void *bytes, size_t n, char *out)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        *out++ = digit[p[i] >> 4];
        *out++ = digit[p[i] & 15];
    }
    *out = '\0';
}

/* 1 + the value of a digit, 0 for what is none. A table, since compilers make branches of a comparison, and digits and
 * letters in turn mispredict them: seven times slower. */
static const uint8_t digit[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

int assay_unhex(const char *hex, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned hi = digit[(unsigned char)hex[2 * i]], lo = hi ? digit[(unsigned char)hex[2 * i + 1]] : 0;
        if (!lo)
            return -1;
        out[i] = (uint8_t)((hi - 1) << 4 | (lo - 1));
    }
    return hex[2 * n] == '\0' ? 0 : -1;
}

bool assay_sha256_parse(const char *text, uint8_t out[32])
{
    return text && strncmp(text, "sha256:", 7) == 0 && assay_unhex(text + 7, out, 32) == 0;
}

void assay_sum_hex(assay_sum s, char out[33])
{
    uint8_t b[16];
    for (int i = 15; i >= 0; i--, s >>= 8)
        b[i] = (uint8_t)s;
    assay_hex(b, sizeof b, out);
}

int assay_sum_parse(const char *hex, assay_sum *out)
{
    uint8_t b[16];
    if (assay_unhex(hex, b, sizeof b))
        return -1;
    assay_sum s = 0;
    for (size_t i = 0; i < sizeof b; i++)
        s = s << 8 | b[i];
    *out = s;
    return 0;
}
