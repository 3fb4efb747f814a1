/* encoding: hex, base64 or escapes - bytes that an exporter spelled as text. */
#include <string.h>

#include "ascii.h"
#include "resolve.h"
#include "rule_spec.h"

/* All of text as bytes at dst, which has room for as many as the text has. NULL: it is not of that spelling. */
typedef uint8_t *decode_fn(const uint8_t *p, uint32_t n, uint8_t *dst);

static uint8_t *from_hex(const uint8_t *p, uint32_t n, uint8_t *dst)
{
    if (n % 2)
        return NULL;
    for (uint32_t i = 0; i < n; i += 2) {
        const int high = assay_hex_digit(p[i]), low = assay_hex_digit(p[i + 1]);
        if (high < 0 || low < 0)
            return NULL;
        *dst++ = (uint8_t)(high << 4 | low);
    }
    return dst;
}

static int sextet(uint8_t c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* RFC 4648 section 4, with its padding, and no bit set behind the last byte: each value has one spelling. */
static uint8_t *from_base64(const uint8_t *p, uint32_t n, uint8_t *dst)
{
    uint32_t bits = 0, held = 0, pad = 0;
    if (n % 4)
        return NULL;
    for (; pad < 2 && n && p[n - 1] == '='; pad++)
        n--;
    for (uint32_t i = 0; i < n; i++) {
        const int six = sextet(p[i]);
        if (six < 0)
            return NULL;
        bits = bits << 6 | (uint32_t)six;
        held += 6;
        if (held >= 8) {
            held -= 8;
            *dst++ = (uint8_t)(bits >> held);
            bits &= (1u << held) - 1;
        }
    }
    return bits == 0 && held == 2 * pad ? dst : NULL;
}

/* Printable ASCII stands for itself, every other byte and the backslash are \xHH: how DuckDB prints a BLOB. */
static uint8_t *from_escapes(const uint8_t *p, uint32_t n, uint8_t *dst)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t c = p[i];
        if (c == '\\') {
            if (n - i < 4 || p[i + 1] != 'x' || !from_hex(p + i + 2, 2, &c))
                return NULL;
            i += 3;
        } else if (c < ' ' || c > '~') {
            return NULL;
        }
        *dst++ = c;
    }
    return dst;
}

static const struct spelling {
    const char *name;
    decode_fn *decode;
} spellings[] = {{"hex", from_hex}, {"base64", from_base64}, {"escapes", from_escapes}};

bool assay_rule_parse_spelling(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)spec;
    for (size_t i = 0; arg && i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(arg, spellings[i].name) == 0) {
            out->n = (int64_t)i;
            return true;
        }
    return false;
}

bool assay_rule_spelled_bytes(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                              struct assay_buf *scratch, const char **why)
{
    (void)type;
    if (!assay_is_textual(v))
        return true;
    uint8_t *dst = assay_room_for(scratch, (size_t)v->len + 1, &v->p);
    if (!dst) {
        *why = ASSAY_WHY_NOMEM;
        return false;
    }
    const uint8_t *end = spellings[r->n].decode(v->p, v->len, dst);
    if (!end) {
        *why = "not bytes in the declared encoding";
        return false;
    }
    *v = (struct assay_value){.kind = ASSAY_K_BYTES, .len = (uint32_t)(end - dst), .p = dst};
    scratch->len += v->len;
    return true;
}
