/* First spellings, docs/canonical-form.md section 7: what people read, and what the rule `as: text` makes. All append.
 */
#ifndef ASSAY_CANON_SPELL_H
#define ASSAY_CANON_SPELL_H

#include <stdbool.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/value.h"
#include "float_text.h"

enum assay_status assay_spell_boolean(bool b, struct assay_buf *out);
/* digits * 10^exp, with at least min_fraction digits after the point; with an exponent when one side of the point would
 * be longer than ASSAY_SPELL_SHORT, unless plain is asked for. */
#define ASSAY_SPELL_SHORT 40
enum assay_status assay_spell_decimal(const uint8_t *digits, size_t n, bool neg, int64_t exp, size_t min_fraction,
                                      bool plain, struct assay_buf *out);
enum assay_status assay_spell_special(uint8_t special, struct assay_buf *out);
enum assay_status assay_spell_float(double x, enum assay_float_width w, struct assay_buf *out);
enum assay_status assay_spell_date(int32_t days, struct assay_buf *out);
enum assay_status assay_spell_time(int64_t ns, struct assay_buf *out);
enum assay_status assay_spell_timetz(int64_t ns, int32_t offset, struct assay_buf *out);
enum assay_status assay_spell_stamp(int64_t sec, uint32_t ns, bool zoned, struct assay_buf *out);
enum assay_status assay_spell_interval(const struct assay_interval *i, struct assay_buf *out);
enum assay_status assay_spell_uuid(const uint8_t bytes[16], struct assay_buf *out);

#endif
