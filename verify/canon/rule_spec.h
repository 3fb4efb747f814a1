/* One row of the table of rules, and the functions that it points to. */
#ifndef ASSAY_CANON_RULE_SPEC_H
#define ASSAY_CANON_RULE_SPEC_H

#include "assay/canon.h"
#include "assay/rule.h"
#include "put.h"

typedef bool assay_rule_parse_fn(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out);
typedef bool assay_rule_apply_fn(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                                 struct assay_buf *scratch, const char **why);

struct assay_rule_spec {
    const char *name;
    const char *arg; /* what the argument must look like, for messages; also the literal that `word` wants */
    assay_rule_parse_fn *parse;
    int64_t min, max; /* of a numeric argument */
    uint32_t types; /* bit of each enum assay_logical */
    bool early;
    bool absent; /* acts on an absent member, too */
    assay_rule_apply_fn *apply;
    const char *says; /* one line for people */
};

/* rule_charset.c */
assay_rule_parse_fn assay_rule_parse_encoding, assay_rule_parse_nfc;
assay_rule_apply_fn assay_rule_encoding, assay_rule_nfc;
/* rule_bytes.c */
assay_rule_parse_fn assay_rule_parse_spelling;
assay_rule_apply_fn assay_rule_spelled_bytes;
/* rule_mask.c */
assay_rule_parse_fn assay_rule_parse_mask;
assay_rule_apply_fn assay_rule_mask;
/* rule_as_json.c */
assay_rule_apply_fn assay_rule_as_json, assay_rule_json;
/* rule_json_string.c */
assay_rule_apply_fn assay_rule_as_json_string;
/* rule_nested.c */
assay_rule_apply_fn assay_rule_drop_bounds;
/* rule_text.c */
assay_rule_apply_fn assay_rule_rtrim, assay_rule_trim, assay_rule_null_if, assay_rule_boolean, assay_rule_case,
    assay_rule_newline, assay_rule_absent, assay_rule_constant;
/* rule_as_text.c */
assay_rule_apply_fn assay_rule_as_text;
/* rule_time.c */
assay_rule_apply_fn assay_rule_truncate, assay_rule_round_time, assay_rule_epoch, assay_rule_timezone,
    assay_rule_justify, assay_rule_as_date;
/* rule_number.c */
assay_rule_apply_fn assay_rule_round_number, assay_rule_digits, assay_rule_fold_zero, assay_rule_as_float32,
    assay_rule_narrow, assay_rule_as_float64, assay_rule_as_decimal;

#endif
