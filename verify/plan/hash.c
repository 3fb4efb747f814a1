#include "assay/digest.h"
#include "assay/plan.h"

enum assay_status assay_plan_hash(const struct assay_dataset *d, char hex[65], struct assay_buf *blob,
                                  struct assay_err *e)
{
    struct assay_buf own = {0}, *b = blob ? blob : &own;
    uint8_t h[32];
    size_t from = b->len;
    enum assay_status s = assay_plan_resolved(d, b);
    if (s == ASSAY_OK) {
        assay_sha256(b->ptr + from, b->len - from, h);
        assay_hex(h, sizeof h, hex);
    }
    assay_buf_release(&own);
    return s == ASSAY_OK ? s : assay_fail(e, s, "dataset %s: its plan cannot be resolved", d->name);
}
