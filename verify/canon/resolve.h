/* Reading of one group of types each; the parts of assay_resolve. All return false with *why set for a defect. */
#ifndef ASSAY_CANON_RESOLVE_H
#define ASSAY_CANON_RESOLVE_H

#include "assay/canon.h"
#include "number.h"

bool assay_resolve_decimal(enum assay_logical type, const struct assay_value *v, struct assay_value *out,
                           struct assay_buf *scratch, const char **why);
bool assay_resolve_float(enum assay_logical type, const struct assay_value *v, struct assay_value *out,
                         const char **why);
bool assay_resolve_time(enum assay_logical type, const struct assay_value *v, struct assay_value *out,
                        const char **why);
bool assay_resolve_interval(const struct assay_value *v, struct assay_value *out, struct assay_buf *scratch,
                            const char **why);

/* A decimal kind (not DECSPECIAL) as a view; digits that have no text yet are made in scratch. */
bool assay_decimal_view(const struct assay_value *v, struct assay_num *num, struct assay_buf *scratch,
                        const char **why);
/* The view as a resolved value: INT, DEC, DECDIGITS, or LEXEME. lexeme is its whole text, or NULL. The digits may lie
 * in scratch: num follows when that moves. */
bool assay_decimal_value(struct assay_num *num, const struct assay_value *lexeme, struct assay_value *out,
                         struct assay_buf *scratch, const char **why);
/* sign, digits and an exponent as a decimal value, INT or DEC, when the exponent fits. */
bool assay_decimal_small(uint64_t m, bool neg, int64_t exp, struct assay_value *out);

/* A time stamp in text. */
struct assay_stamp {
    int64_t sec; /* local clock; INT64_MIN / INT64_MAX: infinities */
    int32_t ns;
    int32_t offset; /* seconds east */
    bool has_offset;
    bool infinite;
};
bool assay_stamp_scan(const uint8_t *p, size_t n, struct assay_stamp *out);

static inline bool assay_is_textual(const struct assay_value *v)
{
    return v->kind == ASSAY_K_TEXT || v->kind == ASSAY_K_LEXEME;
}

static inline bool assay_is_stamp_ok(const struct assay_value *v)
{
    return (uint32_t)v->aux <= 999999999 && (v->aux == 0 || (v->i != INT64_MIN && v->i != INT64_MAX));
}

#define ASSAY_DAY_NS 86400000000000
#define ASSAY_INF_DATE_LO INT32_MIN
#define ASSAY_INF_DATE_HI INT32_MAX

#endif
