/* Sums of small chunks under `keys: sealed`: opened where the keyring is at hand. */
#include <openssl/crypto.h>

#include "assay/blob.h"
#include "assay/keyring.h"
#include "attested.h"

enum assay_status assay_attested_unseal(const struct attested_opener *o, const struct assay_dataset *d,
                                        const char *kind, const char *segment, uint32_t ordinal,
                                        const struct assay_buf *sealed, struct assay_buf *out, struct assay_err *e)
{
    const struct assay_blob_about about = {kind, d->id, segment, ordinal};
    uint8_t key[ASSAY_CHUNK_KEY_LEN];
    struct assay_err why = {0};
    if (!o || !o->ring)
        return ASSAY_ENOTFOUND;
    enum assay_status s = assay_keyring_chunk_key(o->ring, d->id, segment, ordinal, false, key, &why);
    if (s == ASSAY_OK)
        s = assay_blob_open(key, &about, sealed->ptr, sealed->len, out, &why);
    OPENSSL_cleanse(key, sizeof key);
    if (s == ASSAY_ENOTFOUND || s == ASSAY_EERASED) { /* sealed where the chunk's key was not */
        assay_err_reset(&why);
        s = assay_blob_open_any(o->keys, &about, sealed->ptr, sealed->len, out, &why);
    }
    if (s == ASSAY_OK || s == ASSAY_ENOTFOUND)
        return s;
    return assay_fail(e, s == ASSAY_EDATA ? ASSAY_ELEDGER : s, "dataset %s: %s", d->name, why.msg);
}
