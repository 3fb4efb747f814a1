/* Rules on the encoding of text. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <uninorm.h>
#include <unistring/version.h>

#include "charset.h"
#include "resolve.h"
#include "rule_spec.h"
#include "utf8.h"

static const char MISREAD[] = "utf-8-as-"; /* UTF-8 that was taken for the character set behind this */

static bool defect(const char **why, const char *sentence)
{
    *why = sentence;
    return false;
}

bool assay_rule_parse_encoding(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)spec;
    out->n = arg && strncmp(arg, MISREAD, sizeof MISREAD - 1) == 0;
    out->table = arg ? assay_charset_by_name(out->n ? arg + sizeof MISREAD - 1 : arg) : NULL;
    return out->table != NULL;
}

/* Of the basic plane, U+0080 and up. */
static size_t put_utf8(uint8_t *p, uint16_t c)
{
    if (c < 0x800) {
        p[0] = (uint8_t)(0xc0 | c >> 6);
        p[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    p[0] = (uint8_t)(0xe0 | c >> 12);
    p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    p[2] = (uint8_t)(0x80 | (c & 0x3f));
    return 3;
}

static bool decode(const struct assay_charset *set, struct assay_value *v, struct assay_buf *scratch, const char **why)
{
    uint8_t *dst = assay_room_for(scratch, 3 * (size_t)v->len + 1, &v->p), *w = dst;
    if (!dst)
        return defect(why, ASSAY_WHY_NOMEM);
    for (uint32_t i = 0; i < v->len; i++) {
        const uint8_t c = v->p[i];
        if (c < 0x80)
            *w++ = c;
        else if (set->high[c - 0x80])
            w += put_utf8(w, set->high[c - 0x80]);
        else
            return defect(why, "a byte that the declared encoding does not assign");
    }
    v->p = dst;
    v->len = (uint32_t)(w - dst);
    scratch->len += v->len;
    return true;
}

/* The byte that was read as c; -1: none. Readers that know no error make U+0081 of an unassigned 81. */
static int byte_of(const struct assay_charset *set, uint32_t c)
{
    for (int i = 0; i < 128; i++)
        if (set->high[i] == c)
            return 0x80 + i;
    return c < 0xa0 && !set->high[c - 0x80] ? (int)c : -1;
}

/* The code point at p, of well-formed UTF-8 that is not ASCII. */
static uint32_t code_point(const uint8_t *p, size_t *len)
{
    *len = *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
    uint32_t c = *p & (0xffu >> (*len + 1));
    for (size_t i = 1; i < *len; i++)
        c = c << 6 | (p[i] & 0x3fu);
    return c;
}

static bool repair(const struct assay_charset *set, struct assay_value *v, struct assay_buf *scratch, const char **why)
{
    if (!assay_utf8_valid(v->p, v->len))
        return defect(why, "invalid UTF-8");
    uint8_t *dst = assay_room_for(scratch, (size_t)v->len + 1, &v->p), *w = dst;
    if (!dst)
        return defect(why, ASSAY_WHY_NOMEM);
    size_t len;
    for (uint32_t i = 0; i < v->len; i += (uint32_t)len) {
        len = 1;
        const int b = v->p[i] < 0x80 ? v->p[i] : byte_of(set, code_point(v->p + i, &len));
        if (b < 0)
            return defect(why, "a character that no byte was read as");
        *w++ = (uint8_t)b;
    }
    if (!assay_utf8_valid(dst, (size_t)(w - dst)))
        return defect(why, "text that is no UTF-8 taken for another encoding");
    v->p = dst;
    v->len = (uint32_t)(w - dst);
    scratch->len += v->len;
    return true;
}

bool assay_rule_encoding(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                         struct assay_buf *scratch, const char **why)
{
    (void)type;
    if (v->kind == ASSAY_K_BYTES && !r->n)
        v->kind = ASSAY_K_TEXT;
    if (!assay_is_textual(v) || v->len == 0)
        return true;
    return r->n ? repair(r->table, v, scratch, why) : decode(r->table, v, scratch, why);
}

/* The library does not say which Unicode it knows. */
static const char *unicode_version(void)
{
    static const struct release {
        int library;
        const char *unicode;
    } releases[] = {{0x010000, "14.0.0"}, {0x010100, "15.0.0"}, {0x010200, "15.1.0"}, {0x010300, "16.0.0"}};
    for (size_t i = 0; i < sizeof releases / sizeof *releases; i++)
        if ((_libunistring_version & ~0xff) == releases[i].library)
            return releases[i].unicode;
    return "unknown";
}

/* The version is the rule's argument, so that the resolved plan names it. */
bool assay_rule_parse_nfc(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)spec;
    if (arg && *arg && strcmp(arg, unicode_version()) != 0)
        return false;
    return (out->text = strdup(unicode_version())) != NULL;
}

/* Characters below U+0300 are in normal form in any order; UTF-8 writes all others from the byte CC on. */
static bool is_low(const uint8_t *p, size_t n)
{
    size_t i = 0;
    while (i < n && p[i] < 0xcc)
        i++;
    return i == n;
}

bool assay_rule_nfc(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                    struct assay_buf *scratch, const char **why)
{
    (void)r, (void)type;
    if (v->kind != ASSAY_K_TEXT || is_low(v->p, v->len))
        return true;
    if (!assay_utf8_valid(v->p, v->len))
        return defect(why, "invalid UTF-8");
    size_t n;
    uint8_t *made = u8_normalize(UNINORM_NFC, v->p, v->len, NULL, &n);
    if (!made)
        return defect(why, errno == EILSEQ ? "invalid UTF-8" : ASSAY_WHY_NOMEM);
    uint8_t *dst = n <= UINT32_MAX ? assay_room_for(scratch, n + 1, &v->p) : NULL;
    if (dst) {
        memcpy(dst, made, n);
        scratch->len += n;
        v->p = dst;
        v->len = (uint32_t)n;
    } else {
        *why = ASSAY_WHY_NOMEM;
    }
    free(made);
    return dst != NULL;
}
