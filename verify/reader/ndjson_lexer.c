/* Members of one JSON object, by RFC 8259, with the NaN and Infinity that exporters write for floats. */
#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"
#include "ndjson.h"

#define EACH(byte) (0x0101010101010101u * (uint64_t)(byte))

static const char TOO_DEEP[] = "nested too deeply";
static const char NOT_JSON[] = "not a JSON value";
static const char CONTROL[] = "control character inside a string";
static const char ESCAPE[] = "invalid escape inside a string";
static const char SURROGATE[] = "half of a surrogate pair inside a string";
static const char NUL[] = "NUL character inside a string";
static const char NO_COMMA[] = "a comma or the end of the object or array is missing";
static const char NO_COLON[] = "the colon behind a member name is missing";
static const char NO_NAME[] = "a member name in quotes is missing";
static const char NO_OBJECT[] = "not a JSON object";
static const char ESCAPED[] = "\"\\/bfnrt"; /* what may stand behind a backslash, beside u */
static const char BEHIND[] = "text behind the object";

static bool defect(struct assay_ndjson_cursor *c, const char *why)
{
    c->defect = why;
    c->cut = c->p == c->end;
    return false;
}

/* The next byte, or 0 at the end of the line: none of those that mean something. */
static uint8_t peek(const struct assay_ndjson_cursor *c)
{
    return c->p < c->end ? *c->p : 0;
}

static bool take(struct assay_ndjson_cursor *c, uint8_t byte)
{
    bool is = peek(c) == byte && byte;
    c->p += is;
    return is;
}

static void white(struct assay_ndjson_cursor *c)
{
    while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r'))
        c->p++;
}

static bool digit(uint8_t b)
{
    return b >= '0' && b <= '9';
}

static int hex(uint8_t b)
{
    if (digit(b))
        return b - '0';
    b |= 0x20;
    return b >= 'a' && b <= 'f' ? b - 'a' + 10 : -1;
}

/* ---- strings ---- */

/* The first quote, backslash or control character. Eight bytes at a time; the borrow of a hit can only raise false ones
 * above it. */
static uint8_t *plain(uint8_t *p, const uint8_t *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t w = assay_get_le64(p);
        uint64_t quote = w ^ EACH('"'), back = w ^ EACH('\\');
        uint64_t hit = ((w - EACH(0x20)) & ~w) | ((quote - EACH(1)) & ~quote) | ((back - EACH(1)) & ~back);
        if (hit & EACH(0x80))
            return p + __builtin_ctzll(hit & EACH(0x80)) / 8;
    }
    while (p < end && *p >= 0x20 && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* Four hex digits behind \u; -1: defect. */
static int32_t four(struct assay_ndjson_cursor *c)
{
    int32_t u = 0;
    for (int i = 0; i < 4; i++, c->p++) {
        int d = c->p < c->end ? hex(*c->p) : -1;
        if (d < 0) {
            defect(c, ESCAPE);
            return -1;
        }
        u = u << 4 | d;
    }
    return u;
}

static uint8_t *put(uint8_t *w, uint32_t u)
{
    if (u < 0x80) {
        *w++ = (uint8_t)u;
    } else if (u < 0x800) {
        *w++ = (uint8_t)(0xc0 | u >> 6);
        *w++ = (uint8_t)(0x80 | (u & 0x3f));
    } else if (u < 0x10000) {
        *w++ = (uint8_t)(0xe0 | u >> 12);
        *w++ = (uint8_t)(0x80 | (u >> 6 & 0x3f));
        *w++ = (uint8_t)(0x80 | (u & 0x3f));
    } else {
        *w++ = (uint8_t)(0xf0 | u >> 18);
        *w++ = (uint8_t)(0x80 | (u >> 12 & 0x3f));
        *w++ = (uint8_t)(0x80 | (u >> 6 & 0x3f));
        *w++ = (uint8_t)(0x80 | (u & 0x3f));
    }
    return w;
}

/* Behind \u. A pair of surrogates is one character (RFC 8259, section 7); half a pair is none. *why: no text, yet the
 * string goes on. */
static bool unicode(struct assay_ndjson_cursor *c, uint8_t **w, const char **why)
{
    int32_t low, u = four(c);
    if (u < 0)
        return false;
    if (u >= 0xd800 && u < 0xdc00 && c->end - c->p >= 2 && c->p[0] == '\\' && c->p[1] == 'u') {
        uint8_t *back = c->p;
        c->p += 2;
        if ((low = four(c)) < 0)
            return false;
        if (low >= 0xdc00 && low < 0xe000)
            u = 0x10000 + ((u & 0x3ff) << 10 | (low & 0x3ff));
        else
            c->p = back;
    }
    if (u >= 0xd800 && u < 0xe000)
        *why = SURROGATE;
    else if (u == 0)
        *why = NUL;
    else
        *w = put(*w, (uint32_t)u);
    return true;
}

/* Behind a backslash. */
static bool escaped(struct assay_ndjson_cursor *c, uint8_t **w, const char **why)
{
    static const char to[] = "\"\\/\b\f\n\r\t";
    if (take(c, 'u'))
        return unicode(c, w, why);
    const char *at = peek(c) ? strchr(ESCAPED, peek(c)) : NULL;
    if (!at)
        return defect(c, ESCAPE);
    *(*w)++ = (uint8_t)to[at - ESCAPED];
    c->p++;
    return true;
}

/* From an opening quote, decoded where it stands: text never gets longer. */
static bool string(struct assay_ndjson_cursor *c, struct assay_value *v)
{
    uint8_t *from = ++c->p, *w = from;
    const char *why = NULL;
    for (;;) {
        uint8_t *run = c->p, *stop = plain(run, c->end);
        if (w != run)
            memmove(w, run, (size_t)(stop - run));
        w += stop - run;
        c->p = stop;
        if (stop == c->end)
            return defect(c, CONTROL);
        c->p++;
        if (*stop == '"')
            break;
        if (*stop != '\\') {
            c->p = stop;
            return defect(c, CONTROL);
        }
        if (!escaped(c, &w, &why))
            return false;
    }
    *v = (struct assay_value){
        .kind = ASSAY_K_LEXEME, .flags = ASSAY_V_QUOTED | ASSAY_V_STRING, .len = (uint32_t)(w - from), .p = from};
    if (why) {
        *v = (struct assay_value){.kind = ASSAY_K_BAD, .len = (uint32_t)strlen(why)};
        v->p = (const uint8_t *)why;
    }
    return true;
}

/* The same without touching it: strings inside objects and arrays stay as written. */
static bool skip_string(struct assay_ndjson_cursor *c)
{
    c->p++;
    while ((c->p = plain(c->p, c->end)) < c->end && *c->p == '\\') {
        c->p++;
        if (take(c, 'u')) {
            if (four(c) < 0)
                return false;
        } else if (!peek(c) || !strchr(ESCAPED, peek(c))) {
            return defect(c, ESCAPE);
        } else {
            c->p++;
        }
    }
    return take(c, '"') || defect(c, CONTROL);
}

/* ---- other values ---- */

static bool digits(struct assay_ndjson_cursor *c)
{
    uint8_t *p = c->p, *const stop = c->end;
    while (p < stop && digit(*p))
        p++;
    const bool some = p > c->p;
    c->p = p;
    return some || defect(c, NOT_JSON);
}

static bool number(struct assay_ndjson_cursor *c)
{
    take(c, '-');
    if (!take(c, '0') && !digits(c))
        return false;
    if (take(c, '.') && !digits(c))
        return false;
    if (!take(c, 'e') && !take(c, 'E'))
        return true;
    if (!take(c, '-'))
        take(c, '+');
    return digits(c);
}

static bool word(struct assay_ndjson_cursor *c, struct assay_value *v)
{
    static const struct {
        const char *text;
        struct assay_value v;
    } words[] = {
        {"true", {.kind = ASSAY_K_BOOL, .i = 1}}, {"false", {.kind = ASSAY_K_BOOL}},
        {"null", {.kind = ASSAY_K_NULL}},         {"NaN", {.kind = ASSAY_K_LEXEME}},
        {"Infinity", {.kind = ASSAY_K_LEXEME}},   {"-Infinity", {.kind = ASSAY_K_LEXEME}},
    };
    size_t left = (size_t)(c->end - c->p);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].text);
        if (left && *c->p != (uint8_t)words[i].text[0])
            continue;
        if (memcmp(c->p, words[i].text, n < left ? n : left) != 0)
            continue;
        if (left < n)
            c->p = c->end; /* cut inside the word */
        if (left < n)
            return defect(c, NOT_JSON);
        *v = words[i].v;
        if (v->kind == ASSAY_K_LEXEME) {
            v->len = (uint32_t)n;
            v->p = c->p;
            c->nonstandard++;
        }
        c->p += n;
        return true;
    }
    return defect(c, NOT_JSON);
}

static bool is_number(const struct assay_ndjson_cursor *c)
{
    uint8_t b = peek(c);
    return digit(b) || (b == '-' && (c->end - c->p < 2 || c->p[1] != 'I'));
}

static bool skip_value(struct assay_ndjson_cursor *c, unsigned depth);

static bool skip_list(struct assay_ndjson_cursor *c, unsigned depth)
{
    bool object = *c->p++ == '{';
    uint8_t close = object ? '}' : ']';
    if (depth > ASSAY_MAX_JSON_DEPTH)
        return defect(c, TOO_DEEP);
    white(c);
    if (take(c, close))
        return true;
    do {
        white(c);
        if (object && peek(c) != '"')
            return defect(c, NO_NAME);
        if (object && !skip_string(c))
            return false;
        white(c);
        if (object && !take(c, ':'))
            return defect(c, NO_COLON);
        white(c);
        if (!skip_value(c, depth + 1))
            return false;
        white(c);
    } while (take(c, ','));
    return take(c, close) || defect(c, NO_COMMA);
}

static bool skip_value(struct assay_ndjson_cursor *c, unsigned depth)
{
    struct assay_value unused;
    uint8_t b = peek(c);
    if (b == '{' || b == '[')
        return skip_list(c, depth);
    if (b == '"')
        return skip_string(c);
    return is_number(c) ? number(c) : word(c, &unused);
}

static bool value(struct assay_ndjson_cursor *c, struct assay_value *v)
{
    uint8_t b = peek(c);
    if (b == '"')
        return string(c, v);
    if (!is_number(c) && b != '{' && b != '[')
        return word(c, v);
    const uint8_t *from = c->p;
    if (!(is_number(c) ? number(c) : skip_list(c, 1)))
        return false;
    *v = (struct assay_value){.kind = ASSAY_K_LEXEME, .len = (uint32_t)(c->p - from), .p = from};
    return true;
}

/* ---- the object ---- */

bool assay_ndjson_begin(struct assay_ndjson_cursor *c)
{
    white(c);
    return take(c, '{') || defect(c, NO_OBJECT);
}

static bool end(struct assay_ndjson_cursor *c)
{
    white(c);
    if (c->p < c->end)
        defect(c, BEHIND);
    return false;
}

/* At an opening quote: is it the likely name? */
static bool guess(struct assay_ndjson_cursor *c, struct assay_value *name)
{
    const size_t n = c->likely_len;
    if (!c->likely || (size_t)(c->end - c->p) < n + 2 || c->p[n + 1] != '"' || memcmp(c->p + 1, c->likely, n) != 0)
        return false;
    *name = (struct assay_value){
        .kind = ASSAY_K_LEXEME, .flags = ASSAY_V_QUOTED | ASSAY_V_STRING, .len = (uint32_t)n, .p = c->p + 1};
    c->p += n + 2;
    return true;
}

bool assay_ndjson_plain(uint8_t *p, size_t n)
{
    return plain(p, p + n) == p + n;
}

bool assay_ndjson_member(struct assay_ndjson_cursor *c, struct assay_value *name, struct assay_value *v)
{
    white(c);
    if (take(c, '}'))
        return end(c);
    if (c->any && !take(c, ','))
        return defect(c, NO_COMMA);
    c->any = true;
    white(c);
    if (peek(c) != '"')
        return defect(c, NO_NAME);
    c->guessed = guess(c, name);
    if (!c->guessed && !string(c, name))
        return false;
    white(c);
    if (!take(c, ':'))
        return defect(c, NO_COLON);
    white(c);
    return value(c, v);
}

/* ---- UTF-8 ---- */

/* Bytes of the sequence at p, 0 when it is not well formed (Unicode, table 3-7). */
static size_t sequence(const uint8_t *p, size_t n)
{
    uint8_t b = *p, lo = 0x80, hi = 0xbf;
    size_t len = b < 0x80 ? 1 : b < 0xc2 ? 0 : b < 0xe0 ? 2 : b < 0xf0 ? 3 : b < 0xf5 ? 4 : 0;
    if (len <= 1 || len > n)
        return len <= 1 ? len : 0;
    lo = b == 0xe0 ? 0xa0 : b == 0xf0 ? 0x90 : lo;
    hi = b == 0xed ? 0x9f : b == 0xf4 ? 0x8f : hi;
    if (p[1] < lo || p[1] > hi)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool assay_ndjson_utf8(const uint8_t *p, size_t n)
{
    uint64_t w;
    while (n) {
        for (; n >= 8 && (memcpy(&w, p, sizeof w), (w & EACH(0x80)) == 0); n -= 8)
            p += 8;
        size_t len = n ? sequence(p, n) : 0;
        if (n && !len)
            return false;
        p += len;
        n -= len;
    }
    return true;
}
