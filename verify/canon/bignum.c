#include "bignum.h"

#include <string.h>

#include "assay/bytes.h"
#include "put.h"

typedef unsigned __int128 u128;

/* Bytes of the minimal two's complement: the position of the highest bit that differs from the sign, and the sign bit.
 */
static size_t twos_len128(u128 bits)
{
    const uint64_t hi = (uint64_t)(bits >> 64), lo = (uint64_t)bits;
    if (hi)
        return (size_t)(128 - __builtin_clzll(hi)) / 8 + 1;
    return (size_t)(64 - __builtin_clzll(lo | 1)) / 8 + 1;
}

/* Up to 38 digits: below 2^127. */
static bool put_middle(const struct assay_num *num, struct assay_buf *out)
{
    size_t at = 0;
    uint64_t hi, lo;
    assay_num_take(num, &at, 19, &hi);
    const unsigned low_digits = assay_num_take(num, &at, 19, &lo);
    u128 x = (u128)hi * assay_pow10[low_digits] + lo;
    if (num->neg)
        x = -x;
    const u128 bits = x >> 127 ? ~x : x;
    const size_t n = twos_len128(bits);
    uint8_t be[16];
    assay_put_be64(be, (uint64_t)(x >> 64));
    assay_put_be64(be + 8, (uint64_t)x);
    return assay_buf_add(out, be + 16 - n, n) == ASSAY_OK;
}

static size_t limbs_from_digits(const struct assay_num *num, uint64_t *limb)
{
    size_t used = 0, at = 0;
    uint64_t chunk;
    unsigned taken;
    while ((taken = assay_num_take(num, &at, 19, &chunk)) > 0) {
        uint64_t carry = chunk;
        for (size_t i = 0; i < used; i++) {
            const u128 t = (u128)limb[i] * assay_pow10[taken] + carry;
            limb[i] = (uint64_t)t;
            carry = (uint64_t)(t >> 64);
        }
        if (carry)
            limb[used++] = carry;
    }
    return used;
}

static void negate_limbs(uint64_t *limb, size_t n)
{
    uint64_t carry = 1;
    for (size_t i = 0; i < n; i++) {
        limb[i] = ~limb[i] + carry;
        carry = carry && limb[i] == 0;
    }
}

bool assay_twos_put(const struct assay_num *num, struct assay_buf *out)
{
    if (num->n <= 38)
        return put_middle(num, out);
    /* 10^19 < 2^64: one limb for 19 digits, one more for the sign. Bytes and limbs lie side by side behind the content.
     */
    const size_t limbs = num->n / 19 + 2, bytes = limbs * 8;
    uint8_t *p = assay_room(out, 2 * bytes + 8);
    if (!p)
        return false;
    uint64_t *limb = (uint64_t *)(void *)(p + bytes + (8 - (uintptr_t)(p + bytes) % 8) % 8);
    const size_t used = limbs_from_digits(num, limb);
    limb[used] = 0;
    if (num->neg)
        negate_limbs(limb, used + 1);
    for (size_t i = 0; i <= used; i++)
        assay_put_be64(p + 8 * (used - i), limb[i]);
    /* Drop leading bytes that only repeat the sign. */
    const size_t total = 8 * (used + 1);
    const uint8_t fill = num->neg ? 0xff : 0x00;
    size_t skip = 0;
    while (skip + 1 < total && p[skip] == fill && (p[skip + 1] & 0x80) == (fill & 0x80))
        skip++;
    memmove(p, p + skip, total - skip);
    out->len += total - skip;
    return true;
}

static uint32_t divide_by_billion(uint32_t *limb, size_t n)
{
    uint64_t rest = 0;
    for (size_t i = n; i-- > 0;) {
        const uint64_t t = rest << 32 | limb[i];
        limb[i] = (uint32_t)(t / 1000000000u);
        rest = t % 1000000000u;
    }
    return (uint32_t)rest;
}

/* |twos| as little-endian limbs of 32 bits; returns how many are used. */
static size_t limbs_from_twos(const uint8_t *twos, size_t len, bool neg, uint32_t *limb)
{
    const size_t n = len / 4 + 1;
    memset(limb, 0, n * sizeof *limb);
    unsigned carry = neg;
    for (size_t i = 0; i < len; i++) {
        const uint8_t byte = neg ? (uint8_t)~twos[len - 1 - i] : twos[len - 1 - i];
        const unsigned sum = byte + carry;
        carry = sum >> 8;
        limb[i / 4] |= (uint32_t)(sum & 0xff) << (8 * (i % 4));
    }
    limb[len / 4] += (uint32_t)carry << (8 * (len % 4));
    size_t used = n;
    while (used > 0 && limb[used - 1] == 0)
        used--;
    return used;
}

bool assay_twos_digits(const uint8_t *twos, size_t len, bool *neg, struct assay_buf *out)
{
    *neg = len > 0 && (twos[0] & 0x80);
    const size_t digits = len / 2 * 5 + 12; /* log10(256) < 2.5 */
    const size_t room = digits + (len / 4 + 1) * sizeof(uint32_t) + 4;
    uint8_t *p = assay_room_for(out, room, &twos);
    if (!p)
        return false;
    uint32_t *limb = (uint32_t *)(void *)(p + digits + (4 - (uintptr_t)(p + digits) % 4) % 4);
    size_t used = limbs_from_twos(twos, len, *neg, limb);
    size_t at = digits;
    do {
        uint32_t rest = divide_by_billion(limb, used);
        while (used > 0 && limb[used - 1] == 0)
            used--;
        for (int k = 0; k < 9 && (k == 0 || used > 0 || rest > 0); k++, rest /= 10)
            p[--at] = (uint8_t)('0' + rest % 10);
    } while (used > 0);
    memmove(p, p + at, digits - at);
    out->len += digits - at;
    return true;
}
