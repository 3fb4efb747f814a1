/* Where does a cell end? Trusts nothing: used on bytes that come back from blobs. */
#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/limits.h"

/* A head whose last four bytes are a length, and so many bytes. */
static size_t framed_len(const uint8_t *p, size_t n, size_t head)
{
    if (n < head)
        return 0;
    const size_t len = assay_get_be32(p + head - 4);
    return len <= n - head ? head + len : 0;
}

static size_t number_len(const uint8_t *p, size_t n)
{
    if (n < 2 || p[1] > 3)
        return 0;
    return p[1] ? 2 : framed_len(p, n, 10);
}

/* A cell of a JSON tree, or 0. */
static size_t node_len(const uint8_t *p, size_t n, unsigned depth)
{
    if (n == 0)
        return 0;
    if (p[0] == 0x00)
        return 1;
    if (p[0] == 'L')
        return n >= 2 && p[1] <= 1 ? 2 : 0;
    if (p[0] == 'N')
        return number_len(p, n);
    if (p[0] == 'T')
        return framed_len(p, n, 5);
    if ((p[0] != '[' && p[0] != '{') || n < 5 || depth >= ASSAY_MAX_JSON_DEPTH)
        return 0;
    size_t at = 5;
    for (uint32_t k = assay_get_be32(p + 1); k > 0; k--) {
        if (p[0] == '{') {
            const size_t name = framed_len(p + at, n - at, 4);
            if (name == 0)
                return 0;
            at += name;
        }
        const size_t len = node_len(p + at, n - at, depth + 1);
        if (len == 0)
            return 0;
        at += len;
    }
    return at;
}

static size_t json_len(const uint8_t *p, size_t n)
{
    const size_t len = framed_len(p, n, 5);
    return len > 5 && node_len(p + 5, len - 5, 0) == len - 5 ? len : 0;
}

static size_t cell_len(const uint8_t *p, size_t n, unsigned depth);

/* A list, struct or map. */
static size_t nested_len(const uint8_t *p, size_t n, unsigned depth)
{
    size_t at = 5;
    if (n < at || depth >= ASSAY_MAX_NESTING)
        return 0;
    for (uint32_t k = assay_get_be32(p + 1); k > 0; k--) {
        if (p[0] != '[') {
            const size_t key = p[0] == '{' ? framed_len(p + at, n - at, 4) : cell_len(p + at, n - at, depth + 1);
            if (key == 0)
                return 0;
            at += key;
        }
        const size_t len = cell_len(p + at, n - at, depth + 1);
        if (len == 0)
            return 0;
        at += len;
    }
    return at;
}

/* A list behind its lower bound, which is neither 1 nor that of an empty list. */
static size_t bounded_len(const uint8_t *p, size_t n, unsigned depth)
{
    if (n < 11 || assay_get_be32(p + 1) == 1 || assay_get_be32(p + 6) == 0)
        return 0;
    const size_t len = nested_len(p + 5, n - 5, depth);
    return len ? 5 + len : 0;
}

static size_t cell_len(const uint8_t *p, size_t n, unsigned depth)
{
    static const uint8_t fixed[128] = {
        ['F'] = 9, ['D'] = 5, ['C'] = 9, ['c'] = 13, ['S'] = 13, ['Z'] = 13, ['I'] = 21, ['U'] = 17};
    if (n == 0 || p[0] >= 128)
        return 0;
    if (fixed[p[0]])
        return fixed[p[0]] <= n ? fixed[p[0]] : 0;
    switch (p[0]) {
    case 0x00:
        return 1;
    case 'L':
        return n >= 2 && p[1] <= 1 ? 2 : 0;
    case 'N':
        return number_len(p, n);
    case 'T':
    case 'B':
        return framed_len(p, n, 5);
    case 'J':
        return json_len(p, n);
    case '(':
        return n > 5 && p[5] == '[' ? bounded_len(p, n, depth) : 0;
    case '[':
    case '{':
    case 'M':
        return nested_len(p, n, depth);
    default:
        return 0;
    }
}

size_t assay_cell_len(const uint8_t *p, size_t n)
{
    return cell_len(p, n, 0);
}
