#include "text.h"

#include <string.h>

size_t assay_text_utf8(const uint8_t *p, size_t n, uint32_t *cp)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint8_t b = p[0];
    if (b < 0x80) {
        *cp = b;
        return 1;
    }
    size_t len = b >= 0xf0 ? 4 : b >= 0xe0 ? 3 : 2;
    if (b < 0xc2 || b > 0xf4 || n < len)
        return 0;
    uint32_t v = b & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (p[i] & 0x3f);
    }
    if (v < least[len] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    *cp = v;
    return len;
}

/* Eight bytes of printable ASCII, or DEL? A byte below 0x20 borrows into its top bit; one above 0x7f has it. A byte
 * beside one that borrows may be taken for one too: then the slow way decides. */
static bool eight_plain(const uint8_t *p)
{
    const uint64_t each = UINT64_C(0x0101010101010101);
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return (((v - 0x20 * each) | v) & 0x80 * each) == 0;
}

bool assay_text_is_note(const char *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    uint32_t cp;
    for (size_t i = 0, len; i < n; i += len) {
        while (n - i >= 8 && eight_plain(p + i))
            i += 8;
        if (i == n)
            break;
        len = assay_text_utf8(p + i, n - i, &cp);
        if (!len || (cp < 0x20 && cp != '\n'))
            return false;
    }
    return true;
}

static bool is_space(uint32_t cp)
{
    return (cp >= 9 && cp <= 13) || cp == ' ' || cp == 0x85 || cp == 0xa0 || cp == 0x1680 ||
           (cp >= 0x2000 && cp <= 0x200a) || cp == 0x2028 || cp == 0x2029 || cp == 0x202f || cp == 0x205f ||
           cp == 0x3000;
}

bool assay_text_is_name(const char *text, size_t n)
{
    const uint8_t *p = (const uint8_t *)text;
    uint32_t cp;
    for (size_t i = 0, len; i < n; i += len) {
        len = assay_text_utf8(p + i, n - i, &cp);
        if (!len || cp < 0x20 || cp == '+' || is_space(cp))
            return false;
    }
    return n > 0;
}
