/* Column rules: what may change a value before it becomes a cell. A closed list, one table row each
 * (verify/canon/rule.c). */
#ifndef ASSAY_RULE_H
#define ASSAY_RULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/type.h"
#include "assay/value.h"

struct assay_rule_spec; /* a row of the table */

struct assay_rule {
    const struct assay_rule_spec *spec;
    char *text; /* argument as written, "" if none; owned */
    int64_t n; /* parsed numeric argument: digits, unit in ns, offset seconds */
    char **list; /* word lists (boolean: true words, NULL, false words, NULL); owned; or NULL */
    size_t n_list;
    const void *table; /* encoding: its character set; static */
    uint8_t *key; /* mask: owned, wiped at release; NULL until it is set */
    size_t n_key;
};

/* "rtrim", "truncate: ms" are written in the plan as a name and an optional argument. `why` gets the sentence on
 * failure: unknown rule (with the nearest name), bad argument, or rule not applicable to `type`. */
enum assay_status assay_rule_parse(const char *name, const char *arg, enum assay_logical type, struct assay_rule *out,
                                   struct assay_err *why);
void assay_rule_release(struct assay_rule *r);
/* mask: does the rule still lack its key? Whoever parsed it must set one: without it every value is a defect. `text`
 * becomes "hmac:" and 16 hex digits that name the key without telling it. */
bool assay_rule_wants_key(const struct assay_rule *r);
enum assay_status assay_rule_set_key(struct assay_rule *r, const uint8_t *key, size_t n, struct assay_err *why);
const char *assay_rule_name(const struct assay_rule *r);
/* One line for people: what the rule does. */
const char *assay_rule_says(const struct assay_rule *r);
/* Does the rule act on the raw value, before it is read under the declared type? */
bool assay_rule_is_early(const struct assay_rule *r);
/* The first of n rules under which absent fields of a struct are NULL; n: none. Reading does it, not the rule. */
size_t assay_rule_fills(const struct assay_rule *r, size_t n);
/* Change *v in place; bytes that must live on go to scratch (never moved during one row: the caller reserves).
 * Returns false with *why set to a static sentence when the value is a defect under the rule. */
bool assay_rule_apply(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                      struct assay_buf *scratch, const char **why);
/* i-th rule name of the table, NULL past the end: for help, schema and docs. */
const char *assay_rule_nth(size_t i);

#endif
