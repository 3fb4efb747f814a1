#include "assay/canon.h"
#include "survey.h"

#define SCRATCH 65536 /* rules write here; it must not move while a value is in hand */

bool assay_reading_open(struct assay_reading *r, enum assay_logical type, const struct assay_shape *shape,
                        const struct assay_choice_rule *rule, size_t n)
{
    *r = (struct assay_reading){.type = type, .shape = shape};
    for (; r->n < n; r->n++) {
        const char *arg = rule[r->n].arg[0] ? rule[r->n].arg : NULL;
        if (assay_rule_parse(rule[r->n].name, arg, type, &r->rule[r->n], NULL) != ASSAY_OK)
            return false;
    }
    return true;
}

void assay_reading_close(struct assay_reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        assay_rule_release(&r->rule[i]);
    assay_buf_release(&r->cell);
}

bool assay_reading_try(struct assay_reading *r, const struct assay_value *v, struct assay_value *out,
                       struct assay_buf *scratch)
{
    struct assay_value in = *v;
    const char *why;
    uint64_t filled = 0;
    assay_buf_reset(scratch);
    assay_buf_reset(&r->cell);
    if (assay_buf_reserve(scratch, SCRATCH) != ASSAY_OK)
        return false;
    for (size_t i = 0; i < r->n; i++)
        if (assay_rule_is_early(&r->rule[i]) && !assay_rule_apply(&r->rule[i], r->type, &in, scratch, &why))
            return false;
    if (r->shape ? !assay_resolve_shape(r->shape, &in, out, scratch,
                                        assay_rule_fills(r->rule, r->n) < r->n ? &filled : NULL, &why)
                 : !assay_resolve(r->type, &in, out, scratch, &why))
        return false;
    return assay_cell_put(r->type, out, &r->cell, &why);
}
