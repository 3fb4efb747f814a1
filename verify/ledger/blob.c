#include "assay/blob.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "assay/cipher.h"
#include "assay/digest.h"
#include "assay/keyring.h"
#include "assay/limits.h"

static const char magic[] = "assay-sealed/1\n";
enum { MAGIC = sizeof magic - 1, ID = 16, IV = 16, HEAD = MAGIC + ID + IV };

/* Kind, dataset, segment and ordinal as four elements: SIV keeps them apart. */
static bool about_as_ad(const struct assay_blob_about *a, char ordinal[16], struct assay_ad ad[4])
{
    snprintf(ordinal, 16, "%lu", (unsigned long)a->ordinal);
    const char *part[4] = {a->kind, a->dataset, a->segment, a->ordinal == UINT32_MAX ? "*" : ordinal};
    for (int i = 0; i < 4; i++) {
        if (!part[i] || !part[i][0])
            return false;
        ad[i] = (struct assay_ad){part[i], strlen(part[i])};
    }
    return true;
}

enum assay_status assay_blob_seal(const uint8_t key[32], const struct assay_blob_about *about, const void *plain,
                                  size_t n, struct assay_buf *out, struct assay_err *e)
{
    uint8_t siv_key[64];
    char ordinal[16];
    struct assay_ad ad[4];
    size_t at = out->len;
    if (!n || n > ASSAY_MAX_BLOB - HEAD || !about_as_ad(about, ordinal, ad))
        return assay_fail(e, ASSAY_ELIMIT, "%zu bytes cannot be sealed", n);
    if (assay_hkdf(key, "assay/seal/1", siv_key, sizeof siv_key) != ASSAY_OK)
        return assay_fail_nomem(e);
    enum assay_status s = assay_buf_reserve(out, HEAD + n);
    if (s == ASSAY_OK) {
        uint8_t *p = out->ptr + at;
        memcpy(p, magic, MAGIC);
        assay_dataset_key_id(key, p + MAGIC);
        s = assay_siv_seal(siv_key, sizeof siv_key, ad, 4, plain, n, p + MAGIC + ID, p + HEAD);
    }
    OPENSSL_cleanse(siv_key, sizeof siv_key);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "a blob of %zu bytes could not be sealed", n);
    out->len += HEAD + n;
    return ASSAY_OK;
}

bool assay_blob_sealed(const void *bytes, size_t n, uint8_t id[16])
{
    if (n <= HEAD || memcmp(bytes, magic, MAGIC) != 0)
        return false;
    if (id)
        memcpy(id, (const uint8_t *)bytes + MAGIC, ID);
    return true;
}

enum assay_status assay_blob_open(const uint8_t key[32], const struct assay_blob_about *about, const void *sealed,
                                  size_t n, struct assay_buf *out, struct assay_err *e)
{
    uint8_t siv_key[64], id[16], ours[16];
    char ordinal[16];
    struct assay_ad ad[4];
    const uint8_t *p = sealed;
    if (!assay_blob_sealed(sealed, n, id) || n > ASSAY_MAX_BLOB || !about_as_ad(about, ordinal, ad))
        return assay_fail(e, ASSAY_EDATA, "not a sealed blob");
    assay_dataset_key_id(key, ours);
    if (memcmp(id, ours, sizeof id) != 0)
        return assay_fail(e, ASSAY_ENOTFOUND, "a %s is sealed under another key", about->kind);
    if (assay_hkdf(key, "assay/seal/1", siv_key, sizeof siv_key) != ASSAY_OK)
        return assay_fail_nomem(e);
    enum assay_status s = assay_buf_reserve(out, n - HEAD);
    if (s == ASSAY_OK)
        s = assay_siv_open(siv_key, sizeof siv_key, ad, 4, p + MAGIC + ID, p + HEAD, n - HEAD, out->ptr + out->len);
    OPENSSL_cleanse(siv_key, sizeof siv_key);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "a sealed %s does not open: it was changed, or is about something else", about->kind);
    out->len += n - HEAD;
    return ASSAY_OK;
}

enum assay_status assay_bound_tag(const uint8_t dataset_key[32], const char *dataset, const char *segment,
                                  const void *bound, size_t n, uint8_t out[16])
{
    char info[128];
    uint8_t key[32], h[32];
    struct assay_buf in = {.max = ASSAY_MAX_NAME + ASSAY_MAX_KEY + 64};
    enum assay_status s = ASSAY_ELIMIT;
    if ((size_t)snprintf(info, sizeof info, "assay/bound/1%s", dataset) >= sizeof info)
        return s;
    if ((s = assay_hkdf(dataset_key, info, key, sizeof key)) == ASSAY_OK)
        s = assay_buf_addf(&in, "%s\n", segment);
    if (s == ASSAY_OK && n)
        s = assay_buf_add(&in, bound, n);
    if (s == ASSAY_OK) {
        assay_hmac_sha256(key, sizeof key, in.ptr, in.len, h);
        memcpy(out, h, 16);
    }
    OPENSSL_cleanse(key, sizeof key);
    assay_buf_release(&in);
    return s;
}
