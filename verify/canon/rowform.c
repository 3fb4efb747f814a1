#include "assay/canon.h"

#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "shape.h"

static bool in_order(const struct assay_form_column *a, const struct assay_form_column *b)
{
    return strcmp(a->name, b->name) < 0;
}

static enum assay_status put_column(const struct assay_form_column *c, struct assay_buf *b)
{
    const struct assay_type *t = assay_type_of(c->type);
    const size_t len = strlen(c->name);
    uint8_t word[2];
    if (!t || len > UINT16_MAX || (c->type >= ASSAY_L_LIST && !c->shape))
        return ASSAY_EUSAGE;
    assay_put_be16(word, (uint16_t)len);
    enum assay_status st = assay_buf_add(b, word, sizeof word);
    if (st == ASSAY_OK)
        st = assay_buf_add(b, c->name, len);
    if (st == ASSAY_OK)
        st = c->type >= ASSAY_L_LIST ? assay_shape_form(c->shape, b) : assay_buf_addc(b, t->tag);
    assay_put_be16(word, c->key_pos);
    return st == ASSAY_OK ? assay_buf_add(b, word, sizeof word) : st;
}

enum assay_status assay_row_form(const struct assay_form_column *col, size_t n, uint8_t out[32])
{
    if (n > ASSAY_MAX_COLUMNS)
        return ASSAY_EUSAGE;
    struct assay_buf b = {0};
    uint8_t word[2];
    enum assay_status st = assay_buf_adds(&b, "assay-row/1");
    assay_put_be16(word, (uint16_t)n);
    if (st == ASSAY_OK)
        st = assay_buf_add(&b, word, 2);
    for (size_t i = 0; i < n && st == ASSAY_OK; i++)
        st = i > 0 && !in_order(&col[i - 1], &col[i]) ? ASSAY_EUSAGE : put_column(&col[i], &b);
    if (st == ASSAY_OK)
        assay_sha256(b.ptr, b.len, out);
    assay_buf_release(&b);
    return st;
}
