/* Trees of values in the making (value.h): a stack of the items that are still without their list, and the pool that
 * finished ones lie in. One for a scan; the pool is given back batch by batch. */
#ifndef ASSAY_ITEMS_H
#define ASSAY_ITEMS_H

#include <stdbool.h>
#include <stddef.h>

#include "assay/pool.h"
#include "assay/value.h"

/* All-zero is valid. */
struct assay_items {
    struct assay_pool pool;
    size_t row_at; /* bytes of it that were taken when the row began */
    struct assay_value *open; /* items pushed and not yet closed; owned */
    size_t n, cap;
    bool over; /* the row takes more than ASSAY_MAX_NESTED_ROW: nothing more of it is kept */
};

/* Begin a batch: values of the one before are gone. */
void assay_items_reset(struct assay_items *t);
/* Begin a row. */
void assay_items_row(struct assay_items *t);
/* One more item. false: out of memory, here and below. */
bool assay_items_push(struct assay_items *t, const struct assay_value *v);
/* n more items, to be filled at once: *out is where, or NULL when the row is over. */
bool assay_items_more(struct assay_items *t, size_t n, struct assay_value **out);
/* The items pushed since there were `from` of them become *items, and are popped. */
bool assay_items_close(struct assay_items *t, size_t from, const struct assay_value **items);
/* Copy what v points to, unless that stays as it is (ASSAY_V_STABLE). */
bool assay_items_keep(struct assay_items *t, struct assay_value *v);
/* The value of a row that is over. */
struct assay_value assay_items_too_large(void);
void assay_items_release(struct assay_items *t);

#endif
