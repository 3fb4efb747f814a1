#include "json_lex.h"

#include <string.h>

#include "ascii.h"
#include "assay/canon.h"
#include "assay/limits.h"
#include "put.h"
#include "utf8.h"

const char ASSAY_WHY_NOT_JSON[] = "not json";

static bool defect(struct assay_json_text *t, const char *sentence)
{
    *t->why = sentence;
    return false;
}

void assay_json_space(struct assay_json_text *t)
{
    while (t->p < t->end && (*t->p == ' ' || *t->p == '\n' || *t->p == '\r' || *t->p == '\t'))
        t->p++;
}

bool assay_json_take(struct assay_json_text *t, uint8_t c)
{
    assay_json_space(t);
    if (t->p == t->end || *t->p != c)
        return false;
    t->p++;
    return true;
}

bool assay_json_expect(struct assay_json_text *t, uint8_t c)
{
    return assay_json_take(t, c) || defect(t, ASSAY_WHY_NOT_JSON);
}

bool assay_json_word(struct assay_json_text *t, const char *word)
{
    const size_t len = strlen(word);
    if ((size_t)(t->end - t->p) < len || memcmp(t->p, word, len) != 0)
        return defect(t, ASSAY_WHY_NOT_JSON);
    t->p += len;
    return true;
}

static bool hex4(struct assay_json_text *t, unsigned *out)
{
    if (t->end - t->p < 4)
        return false;
    unsigned v = 0;
    for (int k = 0; k < 4; k++) {
        const int d = assay_hex_digit(t->p[k]);
        if (d < 0)
            return false;
        v = v << 4 | (unsigned)d;
    }
    t->p += 4;
    *out = v;
    return true;
}

/* RFC 3629 encoding of a scalar value; returns its length. */
static size_t put_utf8(uint8_t *p, unsigned c)
{
    if (c < 0x80) {
        p[0] = (uint8_t)c;
        return 1;
    }
    if (c < 0x800) {
        p[0] = (uint8_t)(0xc0 | c >> 6);
        p[1] = (uint8_t)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        p[0] = (uint8_t)(0xe0 | c >> 12);
        p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        p[2] = (uint8_t)(0x80 | (c & 0x3f));
        return 3;
    }
    p[0] = (uint8_t)(0xf0 | c >> 18);
    p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
    p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
    p[3] = (uint8_t)(0x80 | (c & 0x3f));
    return 4;
}

/* Behind "\u". */
static bool unicode_escape(struct assay_json_text *t, uint8_t *dst, size_t *n)
{
    unsigned hi, lo;
    if (!hex4(t, &hi))
        return defect(t, ASSAY_WHY_NOT_JSON);
    if (hi == 0)
        return defect(t, "\\u0000 in json");
    if (hi >= 0xd800 && hi <= 0xdfff) {
        if (hi > 0xdbff || t->end - t->p < 6 || t->p[0] != '\\' || t->p[1] != 'u')
            return defect(t, "a lone surrogate in json");
        t->p += 2;
        if (!hex4(t, &lo) || lo < 0xdc00 || lo > 0xdfff)
            return defect(t, "a lone surrogate in json");
        hi = 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
    }
    *n = put_utf8(dst, hi);
    return true;
}

/* Behind a backslash. */
static bool escape(struct assay_json_text *t, uint8_t dst[4], size_t *n)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (t->p == t->end)
        return defect(t, ASSAY_WHY_NOT_JSON);
    const uint8_t c = *t->p++;
    if (c == 'u')
        return unicode_escape(t, dst, n);
    const char *at = c ? strchr(from, c) : NULL;
    if (!at)
        return defect(t, ASSAY_WHY_NOT_JSON);
    *dst = (uint8_t)to[at - from];
    *n = 1;
    return true;
}

/* Up to a quote, a backslash or what must not stand in a string. */
static void run(struct assay_json_text *t)
{
    while (t->p < t->end && *t->p >= 0x20 && *t->p != '"' && *t->p != '\\')
        t->p++;
}

bool assay_json_string(struct assay_json_text *t, struct assay_buf *out, size_t most)
{
    const size_t start = out->len;
    for (;;) {
        const uint8_t *from = t->p;
        run(t);
        const size_t n = (size_t)(t->p - from);
        if (out->len > most || n > most - out->len)
            return defect(t, "json over 64 MiB");
        uint8_t *dst = assay_room(out, n + 4);
        if (!dst)
            return defect(t, ASSAY_WHY_NOMEM);
        memcpy(dst, from, n);
        out->len += n;
        if (t->p == t->end || *t->p < 0x20)
            return defect(t, ASSAY_WHY_NOT_JSON);
        if (*t->p++ == '"')
            break;
        size_t len;
        if (!escape(t, dst + n, &len))
            return false;
        out->len += len;
    }
    return assay_utf8_valid(out->ptr + start, out->len - start) || defect(t, "invalid UTF-8 in json");
}

bool assay_json_skip_string(struct assay_json_text *t, bool *plain)
{
    uint8_t unused[4];
    size_t n;
    *plain = true;
    for (;;) {
        run(t);
        if (t->p == t->end || *t->p < 0x20)
            return defect(t, ASSAY_WHY_NOT_JSON);
        if (*t->p++ == '"')
            return true;
        *plain = false;
        if (!escape(t, unused, &n))
            return false;
    }
}

static bool is_digit(const struct assay_json_text *t)
{
    return t->p < t->end && (uint8_t)(*t->p - '0') <= 9;
}

static bool digits(struct assay_json_text *t)
{
    const uint8_t *first = t->p;
    while (is_digit(t))
        t->p++;
    return t->p > first;
}

/* JSON's number grammar is narrower than that of decimals: no '+', no leading zeros, digits on both sides of a point.
 */
bool assay_json_number(struct assay_json_text *t)
{
    t->p += t->p < t->end && *t->p == '-';
    const uint8_t *whole = t->p;
    bool ok = digits(t) && (*whole != '0' || t->p == whole + 1);
    if (ok && t->p < t->end && *t->p == '.') {
        t->p++;
        ok = digits(t);
    }
    if (ok && t->p < t->end && (*t->p == 'e' || *t->p == 'E')) {
        t->p++;
        if (t->p < t->end && (*t->p == '+' || *t->p == '-'))
            t->p++;
        ok = digits(t);
    }
    return ok || defect(t, ASSAY_WHY_NOT_JSON);
}

bool assay_json_special(struct assay_json_text *t)
{
    static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
    const size_t left = (size_t)(t->end - t->p);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const size_t len = strlen(words[i]);
        if (left < len || memcmp(t->p, words[i], len) != 0)
            continue;
        t->p += len;
        return true;
    }
    return false;
}

static bool skip_members(struct assay_json_text *t, unsigned depth)
{
    const bool object = *t->p++ == '{';
    const uint8_t close = object ? '}' : ']';
    bool plain;
    if (depth > ASSAY_MAX_JSON_DEPTH)
        return defect(t, "json nested over 512 deep");
    if (assay_json_take(t, close))
        return true;
    do {
        if (object && (!assay_json_expect(t, '"') || !assay_json_skip_string(t, &plain) || !assay_json_expect(t, ':')))
            return false;
        if (!assay_json_skip(t, depth))
            return false;
    } while (assay_json_take(t, ','));
    return assay_json_expect(t, close);
}

bool assay_json_skip(struct assay_json_text *t, unsigned depth)
{
    bool plain;
    assay_json_space(t);
    if (t->p == t->end)
        return defect(t, ASSAY_WHY_NOT_JSON);
    switch (*t->p) {
    case '{':
    case '[':
        return skip_members(t, depth + 1);
    case '"':
        t->p++;
        return assay_json_skip_string(t, &plain);
    case 't':
        return assay_json_word(t, "true");
    case 'f':
        return assay_json_word(t, "false");
    case 'n':
        return assay_json_word(t, "null");
    default:
        return assay_json_special(t) || assay_json_number(t);
    }
}
