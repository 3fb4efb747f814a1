/* What the sketch of a sealed chunk is made of. */
#include <string.h>

#include "assay/bytes.h"
#include "assay/sealed.h"
#include "assay/sketch.h"

#define FIXED (32 + 4 + 2) /* bytes of a payload before the key */
#define BYTES (8 * ASSAY_MAX_SKETCH_WORDS)

static const char magic[] = "assay-sketch/1\n";
#define HEAD (sizeof magic - 1 + 8)

uint32_t assay_sealed_words(size_t longest_key)
{
    return longest_key > BYTES - FIXED ? 0 : (uint32_t)(FIXED + longest_key + 7) / 8;
}

void assay_sealed_payload(const uint8_t *key, size_t n, uint32_t occurrence, const uint8_t rd[32], uint32_t words,
                          uint64_t *out)
{
    uint8_t b[BYTES] = {0};
    size_t room = 8 * (size_t)words - FIXED;
    memcpy(b, rd, 32);
    assay_put_be32(b + 32, occurrence);
    assay_put_be16(b + 36, (uint16_t)(n > UINT16_MAX ? UINT16_MAX : n));
    memcpy(b + FIXED, key, n < room ? n : room);
    for (uint32_t i = 0; i < words; i++)
        out[i] = assay_get_be64(b + 8 * (size_t)i);
}

bool assay_sealed_payload_read(uint64_t locator, const uint64_t *payload, uint32_t words,
                               struct assay_sealed_element *out)
{
    uint8_t b[BYTES] = {0};
    size_t n = 8 * (size_t)words;
    if (words * 8 < FIXED || words > ASSAY_MAX_SKETCH_WORDS)
        return false;
    for (uint32_t i = 0; i < words; i++)
        assay_put_be64(b + 8 * (size_t)i, payload[i]);
    memcpy(out->rd, b, 32);
    out->occurrence = assay_get_be32(b + 32);
    out->key_len = assay_get_be16(b + 36);
    if (out->key_len > n - FIXED || assay_sealed_locator(out->rd, out->occurrence) != locator)
        return false;
    memcpy(out->key, b + FIXED, out->key_len);
    for (size_t i = FIXED + out->key_len; i < n; i++)
        if (b[i])
            return false;
    return true;
}

enum assay_status assay_sealed_sketch_put(const struct assay_sketch *s, uint32_t capacity, uint32_t words,
                                          struct assay_buf *out)
{
    uint8_t dims[8];
    size_t n = assay_sketch_bytes(capacity, words);
    assay_put_be32(dims, capacity);
    assay_put_be32(dims + 4, words);
    enum assay_status st = assay_buf_adds(out, magic);
    if (st == ASSAY_OK)
        st = assay_buf_add(out, dims, sizeof dims);
    if (st == ASSAY_OK)
        st = assay_buf_reserve(out, n);
    if (st != ASSAY_OK)
        return st;
    assay_sketch_put(s, out->ptr + out->len);
    out->len += n;
    return ASSAY_OK;
}

enum assay_status assay_sealed_sketch_get(const uint8_t *text, size_t n, struct assay_sketch **out, uint32_t *capacity,
                                          uint32_t *words, struct assay_err *e)
{
    if (n < HEAD || memcmp(text, magic, sizeof magic - 1) != 0)
        return assay_fail(e, ASSAY_EDATA, "not a sketch");
    *capacity = assay_get_be32(text + sizeof magic - 1);
    *words = assay_get_be32(text + sizeof magic - 1 + 4);
    if (*words * UINT64_C(8) < FIXED)
        return assay_fail(e, ASSAY_EDATA, "a sketch of %u words holds no rows", *words);
    return assay_sketch_get(*capacity, *words, text + HEAD, n - HEAD, out, e);
}
