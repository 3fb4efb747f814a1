#include "assay/canon.h"

#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "put.h"

static bool in_order(const struct assay_form_column *a, const struct assay_form_column *b)
{
    return strcmp(a->name, b->name) < 0;
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
    for (size_t i = 0; i < n && st == ASSAY_OK; i++) {
        const struct assay_type *t = assay_type_of(col[i].type);
        const size_t len = strlen(col[i].name);
        if (!t || len > UINT16_MAX || (i > 0 && !in_order(&col[i - 1], &col[i]))) {
            st = ASSAY_EUSAGE;
            break;
        }
        uint8_t *p = assay_room(&b, len + 5);
        if (!p) {
            st = ASSAY_ENOMEM;
            break;
        }
        assay_put_be16(p, (uint16_t)len);
        memcpy(p + 2, col[i].name, len);
        p[2 + len] = t->tag;
        assay_put_be16(p + 3 + len, col[i].key_pos);
        b.len += len + 5;
    }
    if (st == ASSAY_OK)
        assay_sha256(b.ptr, b.len, out);
    assay_buf_release(&b);
    return st;
}
