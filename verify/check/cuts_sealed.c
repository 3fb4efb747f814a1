/* Bounds of chunks are key values: under `keys: sealed` the ledger has them sealed under the dataset key. */
#include <string.h>

#include "assay/blob.h"
#include "assay/digest.h"
#include "cuts.h"

static struct assay_blob_about about_cut(const char *dataset_id, const char *segment)
{
    return (struct assay_blob_about){"cut", dataset_id, segment, UINT32_MAX};
}

/* Only cuts by range hold bounds. */
static bool holds_keys(const struct assay_dataset *d, const struct assay_cut *cut)
{
    return d->keys_sealed && cut->method == ASSAY_CUT_RANGE;
}

enum assay_status assay_cut_blob(const struct assay_check *c, const struct assay_cut *cut, struct assay_buf *out,
                                 struct assay_err *e)
{
    const struct assay_blob_about about = about_cut(c->set->id, cut->name);
    struct assay_buf text = {0};
    if (!holds_keys(c->set, cut))
        return assay_cut_text(cut, c->set->id, out) == ASSAY_OK ? ASSAY_OK : assay_fail_nomem(e);
    enum assay_status s = assay_cut_text(cut, c->set->id, &text) == ASSAY_OK ? ASSAY_OK : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = assay_blob_seal(c->dataset_key, &about, text.ptr, text.len, out, e);
    assay_buf_release(&text);
    return s;
}

enum assay_status assay_cut_name(const struct assay_check *c, struct assay_cut *cut, struct assay_err *e)
{
    struct assay_buf blob = {0};
    if (!holds_keys(c->set, cut))
        return ASSAY_OK;
    enum assay_status s = assay_cut_blob(c, cut, &blob, e);
    if (s == ASSAY_OK)
        assay_sha256(blob.ptr, blob.len, cut->hash);
    assay_buf_release(&blob);
    return s;
}

enum assay_status assay_cut_unseal(const char *dataset_id, const char *segment, const struct assay_blob_keys *keys,
                                   struct assay_buf *blob, struct assay_err *e)
{
    const struct assay_blob_about about = about_cut(dataset_id, segment);
    struct assay_buf open = {0};
    if (!assay_blob_sealed(blob->ptr, blob->len, NULL)) /* of one chunk, or by hash */
        return ASSAY_OK;
    enum assay_status s = assay_blob_open_any(keys, &about, blob->ptr, blob->len, &open, e);
    if (s == ASSAY_OK) {
        struct assay_buf sealed = *blob;
        *blob = open;
        open = sealed;
    }
    assay_buf_release(&open);
    return s;
}
