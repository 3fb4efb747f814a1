/* Two things that happened to one value: a rule is applied, and what is left of the difference must be explained by one
 * more step. */
#include <string.h>

#include "difference.h"

#define MOST_PAIR_CELL 4096 /* longer values are not tried twice */
#define MOST_FRUITLESS 500 /* pairs of values in a row that no two steps explain, before it is given up */
#define LEAST_CUT 8 /* characters left of a text: a shorter one begins like many others */

/* What of a value a class speaks of. Two classes of one family would undo or hide each other. */
enum family {
    NONE, /* in no pair */
    NULLS,
    ABSENCE,
    BLANKS,
    LINES,
    FORM,
    LETTERS,
    CHARSET,
    SPELLING,
    LENGTH,
    FRACTION,
    CLOCK,
    SPAN,
    SIGN,
    DIGITS
};

static enum family family_of(const struct assay_difference *d)
{
    static const uint8_t family[ASSAY_DK_COUNT] = {
        [ASSAY_DK_NULL_EMPTY] = NULLS,
        [ASSAY_DK_SENTINEL] = NULLS,
        [ASSAY_DK_ABSENT] = ABSENCE,
        [ASSAY_DK_RTRIM] = BLANKS,
        [ASSAY_DK_TRIM] = BLANKS,
        [ASSAY_DK_NEWLINE] = LINES,
        [ASSAY_DK_NFC] = FORM,
        [ASSAY_DK_CASE] = LETTERS,
        [ASSAY_DK_JSON] = SPELLING,
        [ASSAY_DK_JSON_STRING] = SPELLING,
        [ASSAY_DK_ENCODING] = CHARSET,
        [ASSAY_DK_MOJIBAKE] = CHARSET,
        [ASSAY_DK_REPLACED] = CHARSET,
        [ASSAY_DK_BOOLEAN_WORDS] = SPELLING,
        [ASSAY_DK_BOOLEAN_TEXT] = SPELLING,
        [ASSAY_DK_NUMBER_TEXT] = SPELLING,
        [ASSAY_DK_TIME_TEXT] = SPELLING,
        [ASSAY_DK_TEXT_CUT] = LENGTH,
        [ASSAY_DK_TIME_CUT] = FRACTION,
        [ASSAY_DK_TIME_ROUNDED] = FRACTION,
        [ASSAY_DK_TIME_ZONE] = CLOCK,
        [ASSAY_DK_TIME_SHIFT] = CLOCK,
        [ASSAY_DK_DAY_SHIFT] = CLOCK,
        [ASSAY_DK_DAY_MONTH] = CLOCK,
        [ASSAY_DK_INTERVAL] = SPAN,
        [ASSAY_DK_EPOCH] = SPELLING,
        [ASSAY_DK_ZERO_SIGN] = SIGN,
        [ASSAY_DK_FLOAT32] = DIGITS,
        [ASSAY_DK_FLOAT_DIGITS] = DIGITS,
        [ASSAY_DK_TYPED_DOUBLE] = SPELLING,
        [ASSAY_DK_THROUGH_DOUBLE] = DIGITS,
        [ASSAY_DK_DECIMAL_ROUNDED] = DIGITS,
        [ASSAY_DK_DECIMAL_CUT] = DIGITS,
        [ASSAY_DK_DECIMAL_POINT] = DIGITS,
    };
    if (d->kind == ASSAY_DK_TEXT_CUT && d->n < LEAST_CUT)
        return NONE;
    return (enum family)family[d->kind];
}

static const struct classifier_rule *rule_of(const struct assay_classifier *c, const struct assay_difference *d)
{
    for (size_t i = 0; i < c->n_rules; i++)
        if (c->rule[i].d.kind == d->kind && c->rule[i].d.n == d->n)
            return &c->rule[i];
    return NULL;
}

/* Would a plan apply the rules of the two in this order? Early ones come first on a side. */
static bool in_order(const struct assay_classifier *c, const struct classifier_rule *first,
                     enum assay_difference_side side, const struct assay_difference *second)
{
    const struct classifier_rule *r = rule_of(c, second);
    const bool apart = side != ASSAY_DS_BOTH && second->side != ASSAY_DS_BOTH && side != second->side;
    return apart || !r || assay_rule_is_early(&first->rule) || !assay_rule_is_early(&r->rule);
}

static bool go_together(enum family a, enum family b)
{
    if (a == NONE || b == NONE || a == b)
        return false;
    if (a == NULLS || b == NULLS) { /* a value that is first changed and then taken for NULL needs more than chance */
        const enum family other = a == NULLS ? b : a;
        return other == BLANKS || other == ABSENCE;
    }
    return true;
}

static bool same(const struct assay_difference *a, const struct assay_difference *b)
{
    return a->kind == b->kind && a->side == b->side && a->n == b->n;
}

static void add_pair(struct assay_differences *out, struct assay_difference first,
                     const struct assay_difference *second)
{
    for (size_t i = 0; i + 1 < out->n; i += 2)
        if ((same(&out->d[i], &first) && same(&out->d[i + 1], second)) ||
            (same(&out->d[i], second) && same(&out->d[i + 1], &first)))
            return;
    if (out->n + 2 > ASSAY_MAX_DIFFERENCES)
        return;
    first.with_next = true;
    out->d[out->n++] = first;
    out->d[out->n++] = *second;
}

static bool same_text(const struct assay_value *a, const struct assay_value *b)
{
    return a->kind == b->kind && a->len == b->len && (a->len == 0 || memcmp(a->p, b->p, a->len) == 0);
}

/* One side under a rule, into c->middle. false: the rule does not apply, or changes nothing. */
static bool go_half(struct assay_classifier *c, const struct classifier_rule *r, int side)
{
    const struct side_value *from = &c->side[side];
    struct middle *m = &c->middle[side];
    struct assay_value v = from->v;
    const char *why = NULL;
    if (v.kind == ASSAY_K_NULL || (from->defect && !assay_rule_is_early(&r->rule)))
        return false;
    assay_buf_reset(&m->raw);
    assay_buf_reset(&m->cell);
    if (!assay_rule_apply(&r->rule, c->type, &v, &m->raw, &why))
        return assay_difference_nomem(c, why);
    struct side_value *to = &m->value;
    to->defect = !assay_difference_cell(c, c->type, &v, &m->cell);
    to->known = true;
    if (to->defect) {
        to->cell = from->cell;
        to->len = from->len;
        to->v = v;
        return from->defect && (v.kind == ASSAY_K_TEXT || v.kind == ASSAY_K_LEXEME) && !same_text(&v, &from->v);
    }
    to->cell = m->cell.ptr;
    to->len = m->cell.len;
    assay_buf_reset(&to->scratch);
    const bool changed = from->defect || to->len != from->len || memcmp(to->cell, from->cell, to->len) != 0;
    return changed && assay_difference_value(c->type, to);
}

/* The rule on one side or on both, then one step more. */
static void go_on(struct assay_classifier *c, const struct classifier_rule *r, enum assay_difference_side side,
                  struct assay_differences *out)
{
    const struct side_value before[2] = {c->side[0], c->side[1]};
    struct assay_differences step = {0};
    struct assay_difference first = r->d;
    for (int i = 0; i < 2; i++)
        if ((int)side != 1 - i && !go_half(c, r, i))
            return;
    for (int i = 0; i < 2; i++)
        if ((int)side != 1 - i)
            c->side[i] = c->middle[i].value;
    assay_difference_step(c, &step);
    c->side[0] = before[0];
    c->side[1] = before[1];
    first.side = (uint8_t)side;
    for (size_t i = 0; i < step.n; i++)
        if (go_together(family_of(&first), family_of(&step.d[i])) && in_order(c, r, side, &step.d[i]))
            add_pair(out, first, &step.d[i]);
}

/* Numbers have only digits, unless one side could not be read. */
static bool is_worth_it(const struct assay_classifier *c, const struct classifier_rule *r)
{
    const enum family f = family_of(&r->d);
    const bool defect = c->side[0].defect || c->side[1].defect;
    return f != NONE && f != NULLS && (f != DIGITS || defect) && assay_difference_applies(c, r) &&
           c->status == ASSAY_OK;
}

void assay_difference_pairs(struct assay_classifier *c, struct assay_differences *out)
{
    const struct side_value *s = &c->side[0], *a = &c->side[1];
    if (s->len > MOST_PAIR_CELL || a->len > MOST_PAIR_CELL || c->fruitless > MOST_FRUITLESS)
        return;
    for (size_t i = 0; i < c->n_rules; i++) {
        const struct classifier_rule *r = &c->rule[i];
        if (!is_worth_it(c, r))
            continue;
        for (int side = r->when & ONLY_BOTH ? ASSAY_DS_BOTH : ASSAY_DS_SOURCE; side <= ASSAY_DS_BOTH; side++)
            if (side != ASSAY_DS_BOTH || r->when & (ON_BOTH | ONLY_BOTH))
                go_on(c, r, (enum assay_difference_side)side, out);
    }
    c->fruitless = out->n ? 0 : c->fruitless + 1;
}
