#include "hybrid.h"

#include "assay/bytes.h"

#define BLOCK 256 /* values in a block of DuckDB */

void assay_pq_hybrid_init(struct assay_pq_hybrid *h, const uint8_t *p, size_t n, unsigned width)
{
    *h = (struct assay_pq_hybrid){.p = p, .end = p + n, .width = width};
}

void assay_pq_hybrid_bits(struct assay_pq_hybrid *h, const uint8_t *p, uint64_t n)
{
    const uint8_t *end = p + (n + 7) / 8;
    *h = (struct assay_pq_hybrid){.p = end, .end = end, .width = 1, .packed = p, .packs = n};
}

static bool run_header(struct assay_pq_hybrid *h, uint64_t *out)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        if (h->p == h->end)
            return false;
        uint8_t b = *h->p++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80)) {
            *out = v;
            return v <= UINT32_MAX;
        }
    }
    return false;
}

static bool repeated_run(struct assay_pq_hybrid *h, uint64_t count)
{
    size_t bytes = (h->width + 7) / 8;
    uint64_t v = 0;
    if ((size_t)(h->end - h->p) < bytes)
        return false;
    for (size_t i = 0; i < bytes; i++)
        v |= (uint64_t)h->p[i] << 8 * i;
    h->p += bytes;
    h->value = (uint32_t)v;
    h->repeats = count;
    return v >> h->width == 0;
}

/* Writers may leave out bytes of the last group that no value needs. */
static void packed_run(struct assay_pq_hybrid *h, uint64_t groups)
{
    uint64_t have = (uint64_t)(h->end - h->p), bytes = groups * h->width;
    h->packed = h->p;
    h->bit = 0;
    h->packs = bytes <= have ? groups * 8 : have * 8 / h->width;
    h->p += bytes <= have ? bytes : have;
}

/* Begin the next run that is not empty. */
static bool next_run(struct assay_pq_hybrid *h)
{
    while (!h->repeats && !h->packs) {
        uint64_t head = 0;
        if (!run_header(h, &head))
            return false;
        if (head & 1)
            packed_run(h, head >> 1);
        else if (!repeated_run(h, head >> 1))
            return false;
    }
    return true;
}

static void unpack(const struct assay_pq_hybrid *h, size_t n, uint32_t *out)
{
    const uint64_t mask = (1ull << h->width) - 1;
    uint64_t bit = h->bit;
    for (size_t i = 0; i < n; i++, bit += h->width)
        out[i] = (uint32_t)(assay_get_le64(h->packed + (bit >> 3)) >> (bit & 7) & mask);
}

size_t assay_pq_hybrid_take(struct assay_pq_hybrid *h, size_t n, uint32_t *out, bool *same)
{
    if (!h->repeats && !h->packs && !next_run(h))
        return 0;
    if ((*same = h->repeats > 0)) {
        out[0] = h->value;
        n = h->repeats < n ? (size_t)h->repeats : n;
        h->repeats -= n;
        return n;
    }
    n = h->packs < n ? (size_t)h->packs : n;
    unpack(h, n, out);
    h->packs -= n;
    h->bit += n * h->width;
    return n;
}

/* Eight bits to eight bytes: spread the byte, keep bit i in byte i, make it a one. */
static uint64_t widen(uint8_t bits)
{
    uint64_t x = bits * 0x0101010101010101ull & 0x8040201008040201ull;
    return (x + 0x7f7f7f7f7f7f7f7full) >> 7 & 0x0101010101010101ull;
}

static size_t packed_levels(struct assay_pq_hybrid *h, size_t n, uint8_t *out)
{
    size_t ones = 0, i = 0;
    for (; i < n && h->bit & 7; i++, h->bit++)
        ones += out[i] = h->packed[h->bit >> 3] >> (h->bit & 7) & 1;
    for (; n - i >= 8; i += 8, h->bit += 8) {
        uint64_t eight = widen(h->packed[h->bit >> 3]);
        memcpy(out + i, &eight, sizeof eight);
        ones += (size_t)(eight * 0x0101010101010101ull >> 56);
    }
    for (; i < n; i++, h->bit++)
        ones += out[i] = h->packed[h->bit >> 3] >> (h->bit & 7) & 1;
    return ones;
}

bool assay_pq_hybrid_levels(struct assay_pq_hybrid *h, size_t n, uint8_t *out, size_t *ones)
{
    *ones = 0;
    while (n) {
        size_t k;
        if (!next_run(h))
            return false;
        if (h->repeats) {
            k = h->repeats < n ? (size_t)h->repeats : n;
            memset(out, (int)h->value, k);
            *ones += h->value ? k : 0;
            h->repeats -= k;
        } else {
            k = h->packs < n ? (size_t)h->packs : n;
            *ones += packed_levels(h, k, out);
            h->packs -= k;
        }
        out += k;
        n -= k;
    }
    return true;
}

bool assay_pq_hybrid_count(struct assay_pq_hybrid *h, uint64_t n, uint64_t *ones)
{
    *ones = 0;
    while (n) {
        uint64_t k;
        if (!next_run(h))
            return false;
        if (h->repeats) {
            k = h->repeats < n ? h->repeats : n;
            *ones += h->value ? k : 0;
            h->repeats -= k;
        } else {
            uint8_t bytes[512];
            size_t some = 0;
            k = h->packs < n ? h->packs : n;
            k = k < sizeof bytes ? k : sizeof bytes;
            some = packed_levels(h, (size_t)k, bytes);
            *ones += some;
            h->packs -= k;
        }
        n -= k;
    }
    return true;
}

/* The last run, a full block, stands there a second time. */
static bool block_again(const struct assay_pq_hybrid *h)
{
    const size_t bytes = (size_t)h->width * BLOCK / 8;
    return bytes && h->packed && (size_t)(h->end - h->p) == bytes + 1 && h->packed + bytes == h->p &&
           h->packed[-1] == (BLOCK / 8 << 1 | 1) && memcmp(h->packed - 1, h->p, bytes + 1) == 0;
}

bool assay_pq_hybrid_done(const struct assay_pq_hybrid *h)
{
    return h->repeats == 0 && (h->p == h->end || block_again(h));
}
