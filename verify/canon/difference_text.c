/* Differences of text: what was done to the characters. */
#include <string.h>

#include "assay/canon.h"
#include "difference.h"
#include "utf8.h"

struct text {
    const uint8_t *p;
    size_t n;
};

static struct text text_of(const struct side_value *s)
{
    const bool is_text = !s->defect && s->v.kind == ASSAY_K_TEXT;
    return is_text ? (struct text){s->v.p, s->v.len} : (struct text){NULL, 0};
}

static bool same(struct text a, const struct assay_buf *b)
{
    return a.n == b->len && (a.n == 0 || memcmp(a.p, b->ptr, a.n) == 0);
}

/* ---- characters ---- */

static bool is_tail(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* Every character outside ASCII as `sign`, once a character or once a byte of it. */
static bool replaced(struct text t, const char *sign, bool by_byte, struct assay_buf *out)
{
    assay_buf_reset(out);
    for (size_t i = 0; i < t.n; i++) {
        enum assay_status st = ASSAY_OK;
        if (t.p[i] < 0x80)
            st = assay_buf_addc(out, t.p[i]);
        else if (by_byte || !is_tail(t.p[i]))
            st = assay_buf_adds(out, sign);
        if (st != ASSAY_OK)
            return false;
    }
    return true;
}

static bool has_high(struct text t)
{
    for (size_t i = 0; i < t.n; i++)
        if (t.p[i] >= 0x80)
            return true;
    return false;
}

static void of_characters(struct assay_classifier *c, int side, struct text mine, struct text theirs,
                          struct assay_differences *out)
{
    static const struct {
        const char *sign;
        bool by_byte;
    } signs[] = {{"?", false}, {"?", true}, {"\xef\xbf\xbd", false}, {"\xef\xbf\xbd", true}, {"", false}};
    const enum assay_difference_side other = side ? ASSAY_DS_SOURCE : ASSAY_DS_ARCHIVE;
    if (!has_high(mine))
        return;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (replaced(mine, signs[i].sign, signs[i].by_byte, &c->work) && same(theirs, &c->work))
            assay_difference_add(out, ASSAY_DK_REPLACED, other, 0);
}

/* ---- the same thing in other words ---- */

/* 1: true, 0: false, -1: neither. */
static int truth(struct text t)
{
    static const char *const word[] = {"false", "true", "f", "t", "no", "yes", "n", "y", "off", "on", "0", "1"};
    char low[6] = "";
    if (t.n == 0 || t.n > 5)
        return -1;
    for (size_t i = 0; i < t.n; i++)
        low[i] = (char)(t.p[i] >= 'A' && t.p[i] <= 'Z' ? t.p[i] | 0x20 : t.p[i]);
    for (size_t i = 0; i < sizeof word / sizeof *word; i++)
        if (strcmp(low, word[i]) == 0)
            return (int)(i % 2);
    return -1;
}

static bool equal_under(struct assay_classifier *c, enum assay_logical type)
{
    for (int i = 0; i < 2; i++) {
        struct assay_value v = c->side[i].v;
        v.kind = ASSAY_K_LEXEME;
        assay_buf_reset(&c->cell[i]);
        if (!assay_difference_cell(c, type, &v, &c->cell[i]))
            return false;
    }
    return c->cell[0].len == c->cell[1].len && memcmp(c->cell[0].ptr, c->cell[1].ptr, c->cell[0].len) == 0;
}

static void of_spelling(struct assay_classifier *c, struct text mine, struct text theirs, struct assay_differences *out)
{
    static const enum assay_logical times[] = {ASSAY_L_TIMESTAMP, ASSAY_L_TIMESTAMPTZ, ASSAY_L_DATE, ASSAY_L_TIME};
    const int t = truth(mine);
    if (t >= 0 && t == truth(theirs))
        assay_difference_add(out, ASSAY_DK_BOOLEAN_TEXT, ASSAY_DS_BOTH, 0);
    if (equal_under(c, ASSAY_L_DECIMAL))
        assay_difference_add(out, ASSAY_DK_NUMBER_TEXT, ASSAY_DS_BOTH, 0);
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        if (equal_under(c, times[i])) {
            assay_difference_add(out, ASSAY_DK_TIME_TEXT, ASSAY_DS_BOTH, 0);
            return;
        }
}

static void of_length(int side, struct text mine, struct text theirs, struct assay_differences *out)
{
    int32_t n = 0;
    if (theirs.n == 0 || theirs.n >= mine.n || memcmp(mine.p, theirs.p, theirs.n) != 0 || is_tail(mine.p[theirs.n]))
        return;
    for (size_t i = 0; i < theirs.n; i++)
        n += !is_tail(theirs.p[i]);
    assay_difference_add(out, ASSAY_DK_TEXT_CUT, side ? ASSAY_DS_SOURCE : ASSAY_DS_ARCHIVE, n);
}

void assay_difference_of_text(struct assay_classifier *c, int side, struct assay_differences *out)
{
    const struct text mine = text_of(&c->side[side]), theirs = text_of(&c->side[1 - side]);
    if (!mine.p || !theirs.p)
        return;
    of_characters(c, side, mine, theirs, out);
    of_length(side, mine, theirs, out);
    if (side == 0)
        of_spelling(c, mine, theirs, out);
}
