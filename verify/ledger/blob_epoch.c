/* Sealed blobs that outlived a rotation of the dataset key. */
#include <openssl/crypto.h>
#include <string.h>

#include "assay/blob.h"
#include "assay/keyring.h"

/* The dataset key that is known by this id. */
static enum assay_status key_of(const struct assay_blob_keys *keys, const uint8_t id[16], uint8_t out[32],
                                struct assay_err *e)
{
    struct assay_keyring *ring = NULL;
    uint8_t ours[16];
    assay_dataset_key_id(keys->dataset_key, ours);
    if (memcmp(id, ours, sizeof ours) == 0) {
        memcpy(out, keys->dataset_key, 32);
        return ASSAY_OK;
    }
    enum assay_status s = assay_keyring_open(keys->keyring, keys->keys_dir, &ring, e);
    if (s == ASSAY_OK)
        s = assay_keyring_epoch_key(ring, id, out, e);
    assay_keyring_close(ring);
    return s;
}

enum assay_status assay_blob_open_any(const struct assay_blob_keys *keys, const struct assay_blob_about *about,
                                      const void *sealed, size_t n, struct assay_buf *out, struct assay_err *e)
{
    uint8_t id[16], key[32];
    struct assay_err why = {0};
    if (!assay_blob_sealed(sealed, n, id))
        return assay_fail(e, ASSAY_EDATA, "segment %s: its %s is no sealed blob", about->segment, about->kind);
    if (!keys || !keys->dataset_key)
        return assay_fail(e, ASSAY_ENOTFOUND, "segment %s: its %s is sealed, and the dataset key is not here",
                          about->segment, about->kind);
    enum assay_status s = key_of(keys, id, key, &why);
    if (s == ASSAY_OK)
        s = assay_blob_open(key, about, sealed, n, out, &why);
    OPENSSL_cleanse(key, sizeof key);
    return s == ASSAY_OK ? s
                         : assay_fail(e, s, "segment %s: its %s is sealed: %s", about->segment, about->kind, why.msg);
}
