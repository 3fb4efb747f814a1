/* Rules on nested values. They run late: the tree was built by reading, in scratch, and may be changed in place. */
#include "rule_spec.h"

/* As deep as a resolved value, which is at most ASSAY_MAX_NESTING. */
static void drop_bounds(struct assay_value *v)
{
    if (v->kind < ASSAY_K_LIST || v->kind > ASSAY_K_MAP)
        return;
    struct assay_value *item = (struct assay_value *)(uintptr_t)v->items;
    if (v->kind == ASSAY_K_LIST && v->flags & ASSAY_V_BOUND) {
        v->flags &= (uint8_t)~ASSAY_V_BOUND;
        v->items = ++item;
    }
    const size_t n = v->kind == ASSAY_K_LIST ? v->len : 2 * (size_t)v->len;
    for (size_t i = 0; i < n; i++)
        drop_bounds(&item[i]);
}

bool assay_rule_drop_bounds(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                            struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type, (void)scratch, (void)why;
    drop_bounds(v);
    return true;
}
