#include "json.h"

#include <stdlib.h>
#include <string.h>

#include "ascii.h"
#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/limits.h"
#include "number.h"
#include "put.h"
#include "utf8.h"

/* One member of an object that is being read: its bytes in out are u32 name length, name, cell. */
struct member {
    size_t at, end; /* offsets in out */
    const uint8_t *p; /* set for sorting only, when out cannot move */
    size_t order; /* place in the text */
};

#define INLINE_MEMBERS 32

struct parser {
    const uint8_t *p, *end;
    struct assay_buf *out;
    const char **why;
    size_t start; /* of the tree in out */
    unsigned depth;
    struct member *member; /* stack of the members of all open objects */
    size_t n, cap;
    struct member inline_member[INLINE_MEMBERS];
};

static bool value(struct parser *j);

static bool defect(struct parser *j, const char *sentence)
{
    *j->why = sentence;
    return false;
}

static uint8_t *room(struct parser *j, size_t n)
{
    if (j->out->len - j->start > ASSAY_MAX_CELL) {
        defect(j, "json over 64 MiB");
        return NULL;
    }
    uint8_t *p = assay_room(j->out, n);
    if (!p)
        defect(j, ASSAY_WHY_NOMEM);
    return p;
}

static void skip_space(struct parser *j)
{
    while (j->p < j->end && (*j->p == ' ' || *j->p == '\n' || *j->p == '\r' || *j->p == '\t'))
        j->p++;
}

static bool expect(struct parser *j, uint8_t c)
{
    skip_space(j);
    if (j->p == j->end || *j->p != c)
        return defect(j, "not json");
    j->p++;
    return true;
}

static bool hex4(struct parser *j, unsigned *out)
{
    if (j->end - j->p < 4)
        return false;
    unsigned v = 0;
    for (int k = 0; k < 4; k++) {
        const int d = assay_hex_digit(j->p[k]);
        if (d < 0)
            return false;
        v = v << 4 | (unsigned)d;
    }
    j->p += 4;
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
static bool unicode_escape(struct parser *j, uint8_t *dst, size_t *n)
{
    unsigned hi, lo;
    if (!hex4(j, &hi))
        return defect(j, "not json");
    if (hi == 0)
        return defect(j, "\\u0000 in json");
    if (hi >= 0xd800 && hi <= 0xdfff) {
        if (hi > 0xdbff || j->end - j->p < 6 || j->p[0] != '\\' || j->p[1] != 'u')
            return defect(j, "a lone surrogate in json");
        j->p += 2;
        if (!hex4(j, &lo) || lo < 0xdc00 || lo > 0xdfff)
            return defect(j, "a lone surrogate in json");
        hi = 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
    }
    *n = put_utf8(dst, hi);
    return true;
}

static bool escape(struct parser *j)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    if (j->p == j->end)
        return defect(j, "not json");
    uint8_t *dst = room(j, 4);
    if (!dst)
        return false;
    const uint8_t c = *j->p++;
    size_t n = 1;
    if (c == 'u') {
        if (!unicode_escape(j, dst, &n))
            return false;
    } else {
        const char *at = c ? strchr(from, c) : NULL;
        if (!at)
            return defect(j, "not json");
        *dst = (uint8_t)to[at - from];
    }
    j->out->len += n;
    return true;
}

/* Behind the opening quote: appends u32 length and the unescaped bytes. */
static bool string(struct parser *j)
{
    const size_t at = j->out->len;
    if (!room(j, 4))
        return false;
    j->out->len += 4;
    for (;;) {
        const uint8_t *run = j->p;
        while (j->p < j->end && *j->p >= 0x20 && *j->p != '"' && *j->p != '\\')
            j->p++;
        const size_t n = (size_t)(j->p - run);
        uint8_t *dst = room(j, n);
        if (!dst)
            return false;
        memcpy(dst, run, n);
        j->out->len += n;
        if (j->p == j->end || *j->p < 0x20)
            return defect(j, "not json");
        if (*j->p++ == '"')
            break;
        if (!escape(j))
            return false;
    }
    const size_t len = j->out->len - at - 4;
    if (len > ASSAY_MAX_CELL)
        return defect(j, "json over 64 MiB");
    assay_put_be32(j->out->ptr + at, (uint32_t)len);
    return assay_utf8_valid(j->out->ptr + at + 4, len) || defect(j, "invalid UTF-8 in json");
}

static bool literal(struct parser *j, const char *word, const void *cell, size_t n)
{
    const size_t len = strlen(word);
    if ((size_t)(j->end - j->p) < len || memcmp(j->p, word, len) != 0)
        return defect(j, "not json");
    j->p += len;
    uint8_t *dst = room(j, n);
    if (!dst)
        return false;
    memcpy(dst, cell, n);
    j->out->len += n;
    return true;
}

static bool is_digit(const struct parser *j)
{
    return j->p < j->end && (uint8_t)(*j->p - '0') <= 9;
}

static bool digits(struct parser *j)
{
    const uint8_t *first = j->p;
    while (is_digit(j))
        j->p++;
    return j->p > first;
}

/* JSON's number grammar is narrower than that of decimals: no '+', no leading zeros, digits on both sides of a point.
 */
static bool number(struct parser *j)
{
    const uint8_t *first = j->p;
    j->p += *j->p == '-';
    const uint8_t *whole = j->p;
    bool ok = digits(j) && (*whole != '0' || j->p == whole + 1);
    if (ok && j->p < j->end && *j->p == '.') {
        j->p++;
        ok = digits(j);
    }
    if (ok && j->p < j->end && (*j->p == 'e' || *j->p == 'E')) {
        j->p++;
        if (j->p < j->end && (*j->p == '+' || *j->p == '-'))
            j->p++;
        ok = digits(j);
    }
    if (!ok)
        return defect(j, "not json");
    int64_t u;
    int scale;
    struct assay_value v = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)(j->p - first), .p = first};
    if (assay_lexeme_number(first, v.len, &u, &scale))
        v = (struct assay_value){.kind = ASSAY_K_DEC, .scale = (int16_t)scale, .i = u};
    return room(j, 18) && assay_cell_put(ASSAY_L_DECIMAL, &v, j->out, j->why);
}

static bool open_container(struct parser *j, uint8_t tag, size_t *count_at)
{
    if (++j->depth > ASSAY_MAX_JSON_DEPTH)
        return defect(j, "json nested over 512 deep");
    uint8_t *p = room(j, 5);
    if (!p)
        return false;
    *p = tag;
    *count_at = j->out->len + 1;
    j->out->len += 5;
    j->p++;
    return true;
}

static bool array(struct parser *j)
{
    size_t count_at;
    uint32_t count = 0;
    if (!open_container(j, '[', &count_at))
        return false;
    skip_space(j);
    if (j->p < j->end && *j->p == ']') {
        j->p++;
    } else {
        do {
            if (!value(j))
                return false;
            count++;
            skip_space(j);
        } while (j->p < j->end && *j->p == ',' && j->p++);
        if (!expect(j, ']'))
            return false;
    }
    assay_put_be32(j->out->ptr + count_at, count);
    j->depth--;
    return true;
}

static bool push_member(struct parser *j, size_t at)
{
    if (j->n == j->cap) {
        struct member *grown = malloc(2 * j->cap * sizeof *grown);
        if (!grown)
            return defect(j, ASSAY_WHY_NOMEM);
        memcpy(grown, j->member, j->n * sizeof *grown);
        if (j->member != j->inline_member)
            free(j->member);
        j->member = grown;
        j->cap *= 2;
    }
    j->member[j->n++] = (struct member){.at = at};
    return true;
}

static int compare_names(const uint8_t *a, const uint8_t *b)
{
    const uint32_t na = assay_get_be32(a), nb = assay_get_be32(b);
    const int c = memcmp(a + 4, b + 4, na < nb ? na : nb);
    return c ? c : (na > nb) - (na < nb);
}

static int by_name(const void *pa, const void *pb)
{
    const struct member *a = pa, *b = pb;
    const int c = compare_names(a->p, b->p);
    return c ? c : (a->order > b->order) - (a->order < b->order);
}

/* Sort the members from `base` on by name; of equal names keep the last in the text. */
static bool sort_members(struct parser *j, size_t base, uint32_t *count)
{
    struct member *m = j->member + base;
    const size_t n = j->n - base;
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++)
        sorted = compare_names(j->out->ptr + m[i - 1].at, j->out->ptr + m[i].at) < 0;
    *count = (uint32_t)n;
    if (sorted)
        return true;
    const size_t from = m[0].at, size = j->out->len - from;
    uint8_t *copy = room(j, size); /* behind the content, then moved down */
    if (!copy)
        return false;
    for (size_t i = 0; i < n; i++) {
        m[i].p = j->out->ptr + m[i].at;
        m[i].order = i;
    }
    qsort(m, n, sizeof *m, by_name);
    size_t len = 0;
    uint32_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (i + 1 < n && compare_names(m[i].p, m[i + 1].p) == 0)
            continue;
        memcpy(copy + len, m[i].p, m[i].end - m[i].at);
        len += m[i].end - m[i].at;
        kept++;
    }
    memmove(j->out->ptr + from, copy, len);
    j->out->len = from + len;
    *count = kept;
    return true;
}

static bool object(struct parser *j)
{
    size_t count_at;
    uint32_t count = 0;
    const size_t base = j->n;
    if (!open_container(j, '{', &count_at))
        return false;
    skip_space(j);
    if (j->p < j->end && *j->p == '}') {
        j->p++;
    } else {
        do {
            const size_t self = j->n;
            if (!push_member(j, j->out->len) || !expect(j, '"') || !string(j) || !expect(j, ':') || !value(j))
                return false;
            j->member[self].end = j->out->len;
            skip_space(j);
        } while (j->p < j->end && *j->p == ',' && j->p++);
        if (!expect(j, '}') || !sort_members(j, base, &count))
            return false;
    }
    assay_put_be32(j->out->ptr + count_at, count);
    j->n = base;
    j->depth--;
    return true;
}

static bool value(struct parser *j)
{
    skip_space(j);
    if (j->p == j->end)
        return defect(j, "not json");
    switch (*j->p) {
    case '{':
        return object(j);
    case '[':
        return array(j);
    case 't':
        return literal(j, "true", "L\x01", 2);
    case 'f':
        return literal(j, "false", "L\x00", 2);
    case 'n':
        return literal(j, "null", "\x00", 1);
    case '"': {
        uint8_t *p = room(j, 1);
        if (!p)
            return false;
        *p = 'T';
        j->out->len++;
        j->p++;
        return string(j);
    }
    default:
        return number(j);
    }
}

bool assay_json_tree(const uint8_t *text, size_t len, struct assay_buf *out, const char **why)
{
    struct parser j = {.p = text, .end = text + len, .out = out, .why = why, .start = out->len, .cap = INLINE_MEMBERS};
    j.member = j.inline_member;
    bool ok = value(&j);
    skip_space(&j);
    if (ok && j.p != j.end)
        ok = defect(&j, "not json");
    if (ok && out->len - j.start > ASSAY_MAX_CELL)
        ok = defect(&j, "json over 64 MiB");
    if (j.member != j.inline_member)
        free(j.member);
    if (!ok)
        out->len = j.start;
    return ok;
}
