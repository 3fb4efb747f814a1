/* Canonical form, version 1: from a reader's value to cell bytes and key bytes. Pure: no I/O, no clock, no globals.
 * The spec is docs/canonical-form.md, the vectors tests/vectors/. */
#ifndef ASSAY_CANON_H
#define ASSAY_CANON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/type.h"
#include "assay/value.h"

#define ASSAY_CANON_VERSION 1

/* Resolve: read what the reader delivered as a value of the declared type. On success *out holds one of
 * NULL, BOOL (boolean), INT | DEC | DECDIGITS | DECSPECIAL (integer, decimal), F64 (floats), TEXT, BYTES, DATE, TIME,
 * TIMETZ, TS, TSTZ, INTERVAL, UUID, JSON. Bytes it had to make live in scratch, whose memory may move at the next call
 * only. false: the value is a defect under that type; *why is a static sentence without the value ("not an integer").
 * A decimal whose exponent no scale can hold stays a LEXEME; cells and keys take it. A value already in its resolved
 * kind is copied, so that callers may skip the call for those (assay_is_resolved); v and out may be one. json is parsed
 * by the cell. */
bool assay_resolve(enum assay_logical type, const struct assay_value *v, struct assay_value *out,
                   struct assay_buf *scratch, const char **why);

/* The same for a nested type: reads every element under the shape. A list is read from LIST, from PostgreSQL's array
 * text or a JSON array; a struct from STRUCT (by name, whatever the order), from PostgreSQL's row text (by position) or
 * a JSON object; a map from MAP or a JSON object. The tree that *out points to lives in scratch, until that is reset.
 * The cell of a resolved tree needs no shape. filled NULL: an absent field of a struct stays absent; else it becomes
 * NULL and is counted there. */
bool assay_resolve_shape(const struct assay_shape *shape, const struct assay_value *v, struct assay_value *out,
                         struct assay_buf *scratch, uint64_t *filled, const char **why);

/* May assay_resolve be skipped? Cells, keys and rules check ranges themselves. */
static inline bool assay_is_resolved(enum assay_logical type, const struct assay_value *v)
{
    static const uint32_t kinds[ASSAY_L_COUNT] = {
        [ASSAY_L_BOOLEAN] = 1u << ASSAY_K_BOOL,
        [ASSAY_L_INTEGER] = 1u << ASSAY_K_INT,
        [ASSAY_L_DECIMAL] = 1u << ASSAY_K_INT | 1u << ASSAY_K_DEC,
        [ASSAY_L_FLOAT32] = 1u << ASSAY_K_F32,
        [ASSAY_L_FLOAT64] = 1u << ASSAY_K_F64,
        [ASSAY_L_TEXT] = 1u << ASSAY_K_TEXT,
        [ASSAY_L_BYTES] = 1u << ASSAY_K_BYTES,
        [ASSAY_L_DATE] = 1u << ASSAY_K_DATE,
        [ASSAY_L_TIME] = 1u << ASSAY_K_TIME,
        [ASSAY_L_TIMETZ] = 1u << ASSAY_K_TIMETZ,
        [ASSAY_L_TIMESTAMP] = 1u << ASSAY_K_TS,
        [ASSAY_L_TIMESTAMPTZ] = 1u << ASSAY_K_TSTZ,
        [ASSAY_L_INTERVAL] = 1u << ASSAY_K_INTERVAL,
        [ASSAY_L_UUID] = 1u << ASSAY_K_UUID,
        [ASSAY_L_JSON] = 1u << ASSAY_K_JSON,
    };
    return ((kinds[type] | 1u << ASSAY_K_NULL) >> v->kind & 1u) != 0;
}

/* Append the cell: tag and payload. v is resolved. false: *why as above (e.g. "invalid UTF-8", "over 200,000 digits"),
 * out unchanged. Running out of memory is reported as why == ASSAY_WHY_NOMEM. */
bool assay_cell_put(enum assay_logical type, const struct assay_value *v, struct assay_buf *out, const char **why);
extern const char ASSAY_WHY_NOMEM[];
/* Why assay_shape_parse does not know a word. */
extern const char ASSAY_WHY_NO_TYPE[];

/* Append the order-preserving, injective key bytes of one key column; a key of several columns is their concatenation.
 */
bool assay_key_put(enum assay_logical type, const struct assay_value *v, struct assay_buf *out, const char **why);

/* Bytes of the cell that starts at p, or 0 when there is no well-formed cell within n bytes. */
size_t assay_cell_len(const uint8_t *p, size_t n);
/* Readable text of one cell: NULL as "NULL" with *is_null true; text as it is; others in the first accepted spelling.
 * Appends. */
enum assay_status assay_cell_show(const uint8_t *p, size_t n, bool *is_null, struct assay_buf *out);
/* Readable text of key bytes of the given column types, columns joined by ", ". Appends. */
enum assay_status assay_key_show(const enum assay_logical *types, size_t n_types, const uint8_t *key, size_t len,
                                 struct assay_buf *out);

/* Row form: SHA-256("assay-row/1" | u16 n | per column in byte order of name: u16 len | name | tag | u16 key_pos), with
 * the form of the whole shape in place of a nested column's tag. */
struct assay_form_column {
    const char *name;
    enum assay_logical type;
    uint16_t key_pos;
    const struct assay_shape *shape; /* of a list, struct or map, else NULL */
};
/* Columns must be sorted by name bytes without duplicates (else ASSAY_EUSAGE). */
enum assay_status assay_row_form(const struct assay_form_column *col, size_t n, uint8_t out[32]);

/* Calendar, proleptic Gregorian. */
int64_t assay_days_from_civil(int64_t y, unsigned m, unsigned d); /* days since 1970-01-01 */
void assay_civil_from_days(int64_t days, int64_t *y, unsigned *m, unsigned *d);

#endif
