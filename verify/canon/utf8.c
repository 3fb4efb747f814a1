#include "utf8.h"

#include <string.h>

/* What may follow a lead byte: number of continuation bytes and the range of the first (Unicode table 3-7). */
struct lead {
    uint8_t more, lo, hi;
};

static struct lead lead_of(uint8_t b)
{
    if (b >= 0xc2 && b <= 0xdf)
        return (struct lead){1, 0x80, 0xbf};
    if (b == 0xe0)
        return (struct lead){2, 0xa0, 0xbf};
    if (b == 0xed)
        return (struct lead){2, 0x80, 0x9f};
    if (b >= 0xe1 && b <= 0xef)
        return (struct lead){2, 0x80, 0xbf};
    if (b == 0xf0)
        return (struct lead){3, 0x90, 0xbf};
    if (b >= 0xf1 && b <= 0xf3)
        return (struct lead){3, 0x80, 0xbf};
    if (b == 0xf4)
        return (struct lead){3, 0x80, 0x8f};
    return (struct lead){0, 0, 0};
}

static bool sequence_ok(const uint8_t *p, const uint8_t *end, size_t *len)
{
    const struct lead l = lead_of(*p);
    if (l.more == 0 || (size_t)(end - p) <= l.more || p[1] < l.lo || p[1] > l.hi)
        return false;
    for (unsigned k = 2; k <= l.more; k++)
        if ((p[k] & 0xc0) != 0x80)
            return false;
    *len = 1u + l.more;
    return true;
}

bool assay_utf8_valid(const uint8_t *p, size_t n)
{
    const uint8_t *end = p + n;
    while (p < end) {
        uint64_t w;
        while (end - p >= 8 && (memcpy(&w, p, 8), (w & 0x8080808080808080u) == 0))
            p += 8;
        size_t len = 0;
        for (; p < end && *p < 0x80; p++)
            ;
        for (; p < end && *p >= 0x80; p += len)
            if (!sequence_ok(p, end, &len))
                return false;
    }
    return true;
}
