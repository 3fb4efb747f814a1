/* The cells of the commonest kinds, built in registers (docs/canonical-form.md). What is not here goes through
 * assay_cell_put; tests/unit/test_lane.c holds the two against each other. */
#ifndef ASSAY_FASTCELL_H
#define ASSAY_FASTCELL_H

#include <string.h>

#include "assay/bytes.h"
#include "assay/type.h"
#include "assay/value.h"

#define FASTCELL_ROOM 24

/* c * 10^e without trailing decimal zeros: n is a multiple of 10 exactly when n * 10^-1 (mod 2^64, the factor 2 by
 * rotation) does not exceed UINT64_MAX / 10. */
static inline size_t fastcell_number(uint8_t *out, int64_t c, int32_t e)
{
    uint64_t m = c < 0 ? -(uint64_t)c : (uint64_t)c;
    unsigned len = 0;
    if (m == 0) {
        e = 0;
    } else {
        for (uint64_t q; (q = m * UINT64_C(0xcccccccccccccccd), q = q >> 1 | q << 63) <= UINT64_MAX / 10; e++)
            m = q;
        c = (int64_t)(c < 0 ? -m : m);
        len = (unsigned)(64 - __builtin_clzll((uint64_t)(c ^ (c >> 63)) | 1)) / 8 + 1;
        assay_put_be64(out + 10, (uint64_t)c << (64 - 8 * len));
    }
    out[0] = 'N';
    out[1] = 0;
    assay_put_be32(out + 2, (uint32_t)e);
    assay_put_be32(out + 6, len);
    return 10 + len;
}

static inline size_t fastcell_stamp(uint8_t *out, uint8_t tag, const struct assay_value *v)
{
    out[0] = tag;
    assay_put_be64(out + 1, v->u);
    assay_put_be32(out + 9, (uint32_t)v->aux);
    return 13;
}

/* Bytes of the cell of a value in its settled kind; 0: not one of the common cases. */
static inline size_t fastcell(enum assay_logical type, const struct assay_value *v, uint8_t out[FASTCELL_ROOM])
{
    uint64_t bits = UINT64_C(0x7ff8000000000000);
    switch (v->kind) {
    case ASSAY_K_NULL:
        out[0] = 0;
        return 1;
    case ASSAY_K_INT:
        return type == ASSAY_L_INTEGER || type == ASSAY_L_DECIMAL ? fastcell_number(out, v->i, 0) : 0;
    case ASSAY_K_DEC:
        return type == ASSAY_L_DECIMAL ? fastcell_number(out, v->i, -v->scale) : 0;
    case ASSAY_K_F64:
        if (type != ASSAY_L_FLOAT64)
            return 0;
        if (v->f == v->f)
            memcpy(&bits, &v->f, sizeof bits);
        out[0] = 'F';
        assay_put_be64(out + 1, bits);
        return 9;
    case ASSAY_K_BOOL:
        out[0] = 'L';
        out[1] = (uint8_t)v->u;
        return type == ASSAY_L_BOOLEAN && v->u <= 1 ? 2 : 0;
    case ASSAY_K_DATE:
        out[0] = 'D';
        assay_put_be32(out + 1, (uint32_t)v->i);
        return type == ASSAY_L_DATE && v->i >= INT32_MIN && v->i <= INT32_MAX ? 5 : 0;
    case ASSAY_K_TS: /* far from the extremes that mean infinity */
        return type == ASSAY_L_TIMESTAMP && (uint32_t)v->aux < 1000000000u && v->i > -(INT64_C(1) << 40) &&
                       v->i < INT64_C(1) << 40
                   ? fastcell_stamp(out, 'S', v)
                   : 0;
    case ASSAY_K_TSTZ:
        return type == ASSAY_L_TIMESTAMPTZ && (uint32_t)v->aux < 1000000000u && v->i > -(INT64_C(1) << 40) &&
                       v->i < INT64_C(1) << 40
                   ? fastcell_stamp(out, 'Z', v)
                   : 0;
    default:
        return 0;
    }
}

#endif
