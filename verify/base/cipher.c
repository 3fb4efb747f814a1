#include "assay/cipher.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

/* A context of a cipher by name, or NULL. The context keeps the cipher alive. */
static EVP_CIPHER_CTX *context(const char *name, const uint8_t *key, int encrypt)
{
    EVP_CIPHER *c = EVP_CIPHER_fetch(NULL, name, NULL);
    EVP_CIPHER_CTX *x = c ? EVP_CIPHER_CTX_new() : NULL;
    if (x) {
        EVP_CIPHER_CTX_set_flags(x, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
        if (EVP_CipherInit_ex2(x, c, key, NULL, encrypt, NULL) != 1) {
            EVP_CIPHER_CTX_free(x);
            x = NULL;
        }
    }
    EVP_CIPHER_free(c);
    return x;
}

enum assay_status assay_wrap(const uint8_t kek[32], const uint8_t key[32], uint8_t out[ASSAY_WRAPPED_LEN])
{
    int n = 0;
    EVP_CIPHER_CTX *x = context("AES-256-WRAP", kek, 1);
    bool ok = x && EVP_EncryptUpdate(x, out, &n, key, 32) == 1 && n == ASSAY_WRAPPED_LEN;
    EVP_CIPHER_CTX_free(x);
    return ok ? ASSAY_OK : ASSAY_ENOMEM;
}

enum assay_status assay_unwrap(const uint8_t kek[32], const uint8_t wrapped[ASSAY_WRAPPED_LEN], uint8_t out[32])
{
    int n = 0;
    uint8_t room[ASSAY_WRAPPED_LEN];
    EVP_CIPHER_CTX *x = context("AES-256-WRAP", kek, 0);
    bool ok = x && EVP_DecryptUpdate(x, room, &n, wrapped, ASSAY_WRAPPED_LEN) == 1 && n == 32;
    if (ok)
        memcpy(out, room, 32);
    OPENSSL_cleanse(room, sizeof room);
    EVP_CIPHER_CTX_free(x);
    if (!x)
        return ASSAY_ENOMEM;
    return ok ? ASSAY_OK : ASSAY_EDATA;
}

static EVP_CIPHER_CTX *siv(const uint8_t *key, size_t key_len, const struct assay_ad *ad, size_t n_ad, int encrypt)
{
    const char *name = key_len == 64 ? "AES-256-SIV" : key_len == 48 ? "AES-192-SIV" : "AES-128-SIV";
    EVP_CIPHER_CTX *x = context(name, key, encrypt);
    int n;
    for (size_t i = 0; x && i < n_ad; i++) {
        if (ad[i].n > 0 && ad[i].n <= INT32_MAX && EVP_CipherUpdate(x, NULL, &n, ad[i].p, (int)ad[i].n) == 1)
            continue;
        EVP_CIPHER_CTX_free(x);
        x = NULL;
    }
    return x;
}

/* OpenSSL passes empty input over without authenticating it (CVE-2023-2975 was of that kind). */
static bool fits(size_t n)
{
    return n > 0 && n <= INT32_MAX;
}

enum assay_status assay_siv_seal(const uint8_t *key, size_t key_len, const struct assay_ad *ad, size_t n_ad,
                                 const uint8_t *plain, size_t n, uint8_t iv[16], uint8_t *out)
{
    int done = 0, end = 0;
    if (!fits(n))
        return ASSAY_ELIMIT;
    EVP_CIPHER_CTX *x = siv(key, key_len, ad, n_ad, 1);
    bool ok = x && EVP_EncryptUpdate(x, out, &done, plain, (int)n) == 1 && (size_t)done == n &&
              EVP_EncryptFinal_ex(x, out + n, &end) == 1 && end == 0 &&
              EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_GET_TAG, 16, iv) == 1;
    EVP_CIPHER_CTX_free(x);
    return ok ? ASSAY_OK : ASSAY_ENOMEM;
}

enum assay_status assay_siv_open(const uint8_t *key, size_t key_len, const struct assay_ad *ad, size_t n_ad,
                                 const uint8_t iv[16], const uint8_t *sealed, size_t n, uint8_t *out)
{
    int done = 0, end = 0;
    uint8_t tag[16];
    if (!fits(n))
        return ASSAY_EDATA;
    memcpy(tag, iv, sizeof tag);
    EVP_CIPHER_CTX *x = siv(key, key_len, ad, n_ad, 0);
    bool ready = x && EVP_CIPHER_CTX_ctrl(x, EVP_CTRL_AEAD_SET_TAG, 16, tag) == 1;
    bool ok = ready && EVP_DecryptUpdate(x, out, &done, sealed, (int)n) == 1 && (size_t)done == n &&
              EVP_DecryptFinal_ex(x, out + n, &end) == 1;
    EVP_CIPHER_CTX_free(x);
    if (!ok)
        OPENSSL_cleanse(out, n);
    if (!ready)
        return ASSAY_ENOMEM;
    return ok ? ASSAY_OK : ASSAY_EDATA;
}
