/* Ids of rows, for who deletes: the place of the row's relation among its kin, block and offset of its ctid. */
#include <inttypes.h>
#include <stdlib.h>

#include "assay/buf.h"
#include "assay/bytes.h"
#include "pg.h"

#define MAX_KIN 65536 /* relations of one table: their place in 16 bits */
#define TUPLE_HEAD 18 /* bytes before the last two of the ctid, in whose place the field count goes */

/* Rows of one relation mostly come one after the other. */
static enum assay_status place_of(struct assay_pg_reader *r, uint32_t oid, uint64_t *place, struct assay_err *e)
{
    for (size_t i = r->n_kin; i-- > 0;) {
        if (r->kin[i] != oid)
            continue;
        *place = i;
        return ASSAY_OK;
    }
    if (r->n_kin == MAX_KIN)
        return assay_fail(e, ASSAY_ELIMIT, "table %s has more than %d partitions", r->rel.show, MAX_KIN);
    if (r->n_kin == r->cap_kin) {
        size_t cap = r->cap_kin ? 2 * r->cap_kin : 16;
        uint32_t *grown = realloc(r->kin, cap * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        r->kin = grown;
        r->cap_kin = cap;
    }
    *place = r->n_kin;
    r->kin[r->n_kin++] = oid;
    return ASSAY_OK;
}

/* u16 fields | u32 4 | oid | u32 6 | u32 block, u16 offset | the columns */
enum assay_status assay_pg_take_id(struct assay_pg_reader *r, uint8_t **p, size_t *n, size_t fields, uint64_t *id,
                                   struct assay_err *e)
{
    uint8_t *at = *p;
    uint64_t place = 0;
    if (*n < TUPLE_HEAD + 2 || assay_get_be16(at) != fields + 2 || assay_get_be32(at + 2) != 4 ||
        assay_get_be32(at + 10) != 6)
        return assay_fail(e, ASSAY_EDATA, "table %s: a row came without its tableoid and ctid", r->rel.show);
    enum assay_status s = place_of(r, assay_get_be32(at + 6), &place, e);
    *id = place << 48 | (uint64_t)assay_get_be32(at + 14) << 16 | assay_get_be16(at + 18);
    assay_put_be16(at + TUPLE_HEAD, (uint16_t)fields);
    *p += TUPLE_HEAD;
    *n -= TUPLE_HEAD;
    return s;
}

enum assay_status assay_pg_doomed(const struct assay_pg_reader *r, struct assay_buf *sql)
{
    enum assay_status s = assay_buf_adds(sql, "false");
    for (size_t k = 0; k < r->n_kin && s == ASSAY_OK; k++) {
        size_t n = 0;
        for (size_t i = 0; i < r->n_doomed && s == ASSAY_OK; i++) {
            const uint64_t id = r->doomed[i];
            if (id >> 48 != k)
                continue;
            if (n++ == 0)
                s = assay_buf_addf(sql, " OR (tableoid = %" PRIu32 " AND ctid = ANY ('{", r->kin[k]);
            if (s == ASSAY_OK)
                s = assay_buf_addf(sql, "%s\"(%" PRIu64 ",%" PRIu64 ")\"", n > 1 ? "," : "", id >> 16 & UINT32_MAX,
                                   id & UINT16_MAX);
        }
        if (n && s == ASSAY_OK)
            s = assay_buf_adds(sql, "}'::pg_catalog.tid[]))");
    }
    return s;
}
