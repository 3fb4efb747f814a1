/* Every wrapping has a key of its own, made from what it is for: a wrapped key that is moved to another chunk does not
 * open there. */
#include <openssl/crypto.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/keyring.h"
#include "keyring.h"

void assay_dataset_key_id(const uint8_t key[32], uint8_t out[16])
{
    static const char what[] = "assay/keyring/1 id";
    uint8_t h[32];
    assay_hmac_sha256(key, 32, what, sizeof what - 1, h);
    memcpy(out, h, 16);
}

static enum assay_status chunk_kek(const uint8_t key[32], const struct keyring_entry *x, uint8_t kek[32])
{
    struct assay_buf b = {.max = ASSAY_MAX_NAME + 256};
    enum assay_status s = assay_buf_addf(&b, "assay/keyring/1 chunk\n%s\n%u\n%s", x->dataset, x->ordinal, x->segment);
    if (s == ASSAY_OK)
        assay_hmac_sha256(key, 32, b.ptr, b.len, kek);
    assay_buf_release(&b);
    return s;
}

enum assay_status assay_keyring_wrap_entry(const uint8_t key[32], struct keyring_entry *x, const uint8_t chunk_key[32])
{
    uint8_t kek[32];
    enum assay_status s = chunk_kek(key, x, kek);
    if (s == ASSAY_OK)
        s = assay_wrap(kek, chunk_key, x->wrapped);
    OPENSSL_cleanse(kek, sizeof kek);
    return s;
}

enum assay_status assay_keyring_unwrap_entry(const uint8_t key[32], const struct keyring_entry *x,
                                             uint8_t chunk_key[32])
{
    uint8_t kek[32];
    enum assay_status s = chunk_kek(key, x, kek);
    if (s == ASSAY_OK)
        s = assay_unwrap(kek, x->wrapped, chunk_key);
    OPENSSL_cleanse(kek, sizeof kek);
    return s;
}

static void past_kek(const uint8_t key[32], const struct keyring_past *p, uint8_t kek[32])
{
    static const char what[] = "assay/keyring/1 past\n";
    uint8_t in[sizeof what - 1 + 16];
    memcpy(in, what, sizeof what - 1);
    memcpy(in + sizeof what - 1, p->id, 16);
    assay_hmac_sha256(key, 32, in, sizeof in, kek);
}

enum assay_status assay_keyring_wrap_past(const uint8_t key[32], struct keyring_past *p, const uint8_t old[32])
{
    uint8_t kek[32];
    past_kek(key, p, kek);
    enum assay_status s = assay_wrap(kek, old, p->wrapped);
    OPENSSL_cleanse(kek, sizeof kek);
    return s;
}

enum assay_status assay_keyring_unwrap_past(const uint8_t key[32], const struct keyring_past *p, uint8_t old[32])
{
    uint8_t kek[32];
    past_kek(key, p, kek);
    enum assay_status s = assay_unwrap(kek, p->wrapped, old);
    OPENSSL_cleanse(kek, sizeof kek);
    return s;
}
