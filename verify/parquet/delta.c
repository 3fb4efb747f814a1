#include "delta.h"

#include <stdbool.h>

#include "assay/bytes.h"

static const char ended[] = "delta-encoded data ends too early";

struct input {
    const uint8_t *p, *end;
    bool bad;
};

static uint64_t varint(struct input *in)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (in->p == in->end)
            break;
        uint8_t b = *in->p++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            return v;
    }
    in->bad = true;
    return 0;
}

static uint64_t zigzag(struct input *in)
{
    uint64_t u = varint(in);
    return u >> 1 ^ (0 - (u & 1));
}

static inline uint64_t bits_at(const uint8_t *p, uint64_t bit, unsigned width)
{
    const uint8_t *q = p + (bit >> 3);
    unsigned shift = bit & 7;
    uint64_t v = assay_get_le64(q) >> shift;
    if (shift + width > 64)
        v |= (uint64_t)q[8] << (64 - shift);
    return width == 64 ? v : v & ((1ull << width) - 1);
}

static inline void store(uint8_t *out, uint64_t v, unsigned width)
{
    if (width == 8) {
        memcpy(out, &v, 8);
    } else {
        uint32_t low = (uint32_t)v;
        memcpy(out, &low, 4);
    }
}

/* Overflow wraps, as the format has it: the deltas were taken modulo 2^32 or 2^64. */
static inline __attribute__((always_inline)) uint64_t
miniblock(const uint8_t *p, unsigned bits, size_t n, uint64_t last, uint64_t least, uint8_t *out, unsigned width)
{
    for (size_t i = 0; i < n; i++) {
        last += least + bits_at(p, (uint64_t)i * bits, bits);
        store(out + i * width, last, width);
    }
    return last;
}

static uint64_t miniblock_of(const uint8_t *p, unsigned bits, size_t n, uint64_t last, uint64_t least, uint8_t *out,
                             unsigned width)
{
    return width == 8 ? miniblock(p, bits, n, last, least, out, 8) : miniblock(p, bits, n, last, least, out, 4);
}

struct delta_head {
    uint64_t miniblocks, per_miniblock, total;
    uint64_t last;
};

static const char *delta_head(struct input *in, struct delta_head *h)
{
    uint64_t block = varint(in);
    h->miniblocks = varint(in);
    h->total = varint(in);
    h->last = zigzag(in);
    if (in->bad)
        return ended;
    if (block == 0 || block % 128 || block > 1 << 24 || h->miniblocks == 0 || h->miniblocks > block ||
        block % h->miniblocks)
        return "delta-encoded data has an impossible block size";
    h->per_miniblock = block / h->miniblocks;
    return h->per_miniblock % 32 ? "delta-encoded data has an impossible miniblock size" : NULL;
}

/* One block of at most `left` values; *done: how many it gave. */
static const char *delta_block(struct input *in, struct delta_head *h, size_t left, unsigned width, uint8_t *out,
                               size_t *done)
{
    uint64_t least = zigzag(in);
    const uint8_t *bits = in->p;
    if (in->bad || (uint64_t)(in->end - in->p) < h->miniblocks)
        return ended;
    in->p += h->miniblocks;
    *done = 0;
    for (uint64_t m = 0; m < h->miniblocks && left; m++) {
        uint64_t bytes = h->per_miniblock / 8 * bits[m];
        size_t n = left < h->per_miniblock ? left : (size_t)h->per_miniblock;
        if (bits[m] > 64) /* DuckDB spends 33 bits on some deltas of 32-bit integers */
            return "delta-encoded data has an impossible bit width";
        if (bytes > (uint64_t)(in->end - in->p))
            return ended;
        h->last = miniblock_of(in->p, bits[m], n, h->last, least, out + *done * width, width);
        in->p += bytes;
        *done += n;
        left -= n;
    }
    return NULL;
}

const char *assay_pq_delta_ints(const uint8_t *p, size_t n, size_t count, unsigned width, uint8_t *out, size_t *used)
{
    struct input in = {p, p + n, false};
    struct delta_head h;
    const char *why = delta_head(&in, &h);
    if (why)
        return why;
    if (h.total != count)
        return "delta-encoded data holds another number of values than the page";
    size_t at = 0, done = 0;
    if (count)
        store(out + width * at++, h.last, width);
    while (at < count) {
        why = delta_block(&in, &h, count - at, width, out + at * width, &done);
        if (why)
            return why;
        at += done;
    }
    *used = (size_t)(in.p - p);
    return NULL;
}

const char *assay_pq_lengths_check(const int32_t *len, size_t count, uint64_t most, uint64_t *sum)
{
    uint64_t total = 0;
    int32_t sign = 0;
    for (size_t i = 0; i < count; i++) {
        sign |= len[i];
        total += (uint32_t)len[i];
    }
    if (sign < 0)
        return "a string of negative length";
    if (sum)
        *sum = total;
    return total > most ? "strings longer than the page" : NULL;
}

static uint8_t *put_length(uint8_t *out, uint32_t len)
{
    memcpy(out, &len, sizeof len);
    return out + sizeof len;
}

const char *assay_pq_delta_strings(const uint8_t *p, size_t n, const int32_t *len, size_t count, uint8_t *out)
{
    uint64_t sum = 0;
    const char *why = assay_pq_lengths_check(len, count, n, &sum);
    if (why)
        return why;
    if (sum != n)
        return "bytes follow the last value of the page";
    for (size_t i = 0; i < count; i++) {
        size_t k = (size_t)len[i];
        out = put_length(out, (uint32_t)k);
        memcpy(out, p, k);
        out += k;
        p += k;
    }
    return NULL;
}

const char *assay_pq_delta_prefixed(const uint8_t *p, size_t n, const int32_t *prefix, const int32_t *suffix,
                                    size_t count, uint32_t fixed, uint8_t *out)
{
    uint64_t sum = 0;
    const uint8_t *before = out;
    size_t before_len = 0;
    const char *why = assay_pq_lengths_check(suffix, count, n, &sum);
    if (why)
        return why;
    if (sum != n)
        return "bytes follow the last value of the page";
    for (size_t i = 0; i < count; i++) {
        size_t head = (size_t)prefix[i], rest = (size_t)suffix[i];
        if (prefix[i] < 0 || head > before_len)
            return "a string that shares more bytes than the one before it has";
        if (fixed && head + rest != fixed)
            return "a value of another length than the column's";
        if (!fixed)
            out = put_length(out, (uint32_t)(head + rest));
        memcpy(out, before, head);
        memcpy(out + head, p, rest);
        before = out;
        before_len = head + rest;
        out += before_len;
        p += rest;
    }
    return NULL;
}

const char *assay_pq_split(const uint8_t *p, size_t n, size_t count, uint32_t width, uint8_t *out)
{
    if (n % width || n / width != count)
        return "byte-stream-split data of another size than its values have";
    for (uint32_t k = 0; k < width; k++)
        for (size_t i = 0; i < count; i++)
            out[i * width + k] = p[k * count + i];
    return NULL;
}
