#include "recode.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "multibyte.h"

#define STORED_BLOCK (64u << 10)
#define WIDEST 4 /* bytes of a character, stored or as UTF-8 */
#define NO_CHARACTER 0xC0u /* in no UTF-8 at all */
#define GROWTH 3 /* most bytes of UTF-8 a stored one */

struct assay_recoder {
    enum assay_text_encoding from;
    struct assay_stream *in;
    const char *name;
    struct assay_multibyte *table; /* of the encodings that have one */
    bool ordered, big; /* UTF-16: the byte order is known, and which */
    size_t block;
    uint8_t *stored, *text; /* owned */
    size_t n_stored; /* bytes of a character that is not whole */
    size_t pos, len; /* of text that is still to be delivered */
    uint64_t read; /* stored bytes before those in hand */
    bool end;
};

enum assay_status assay_recoder_new(enum assay_text_encoding from, struct assay_stream *in, const char *name,
                                    size_t block, struct assay_recoder **out, struct assay_err *e)
{
    struct assay_recoder *r = calloc(1, sizeof *r);
    if (!r)
        return assay_fail_nomem(e);
    *r = (struct assay_recoder){
        .from = from, .in = in, .name = name, .block = block && block < STORED_BLOCK ? block : STORED_BLOCK};
    r->ordered = from != ASSAY_TEXT_UTF16;
    r->big = from == ASSAY_TEXT_UTF16BE;
    r->stored = malloc(r->block + WIDEST);
    r->text = malloc(GROWTH * (r->block + WIDEST) + WIDEST);
    enum assay_status s = r->stored && r->text ? ASSAY_OK : assay_fail_nomem(e);
    if (s == ASSAY_OK && from >= ASSAY_TEXT_SHIFT_JIS)
        s = assay_multibyte_new(from, &r->table, e);
    if (s != ASSAY_OK) {
        assay_recoder_free(r);
        return s;
    }
    *out = r;
    return ASSAY_OK;
}

void assay_recoder_free(struct assay_recoder *r)
{
    if (!r)
        return;
    assay_multibyte_free(r->table);
    free(r->stored);
    free(r->text);
    free(r);
}

/* Any number below 2^21, halves of surrogate pairs too. */
static void put(struct assay_recoder *r, uint32_t c)
{
    uint8_t *p = r->text + r->len;
    if (c < 0x80) {
        p[0] = (uint8_t)c;
        r->len += 1;
    } else if (c < 0x800) {
        p[0] = (uint8_t)(0xC0 | c >> 6);
        p[1] = (uint8_t)(0x80 | (c & 0x3F));
        r->len += 2;
    } else if (c < 0x10000) {
        p[0] = (uint8_t)(0xE0 | c >> 12);
        p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        p[2] = (uint8_t)(0x80 | (c & 0x3F));
        r->len += 3;
    } else {
        p[0] = (uint8_t)(0xF0 | c >> 18);
        p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3F));
        p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        p[3] = (uint8_t)(0x80 | (c & 0x3F));
        r->len += 4;
    }
}

/* ---- UTF-16 ---- */

static uint32_t unit(const struct assay_recoder *r, size_t i)
{
    const uint8_t *p = r->stored + i;
    return r->big ? (uint32_t)p[0] << 8 | p[1] : (uint32_t)p[1] << 8 | p[0];
}

/* Without a mark the order of utf-16 would be a guess, and under the wrong mark every character another one. */
static enum assay_status look_at_mark(struct assay_recoder *r, size_t n, struct assay_err *e)
{
    if (r->read || n < 2)
        return ASSAY_OK;
    const bool little = r->stored[0] == 0xFF && r->stored[1] == 0xFE,
               big = r->stored[0] == 0xFE && r->stored[1] == 0xFF;
    if (!r->ordered && !little && !big)
        return assay_fail(e, ASSAY_EDATA, "%s: no byte order mark, which utf-16 needs: say utf-16le or utf-16be",
                          r->name);
    if (r->ordered && (r->big ? little : big))
        return assay_fail(e, ASSAY_EDATA, "%s: the byte order mark of %s, expected %s", r->name,
                          r->big ? "utf-16le" : "utf-16be", r->big ? "utf-16be" : "utf-16le");
    r->ordered = true;
    r->big = big || (r->big && !little);
    return ASSAY_OK;
}

/* Whole characters of the first n stored bytes. Returns how many bytes they take. */
static size_t decode_utf16(struct assay_recoder *r, size_t n)
{
    size_t i = 0;
    while (i + 2 <= n) {
        const uint32_t u = unit(r, i);
        const bool high = u >= 0xD800 && u < 0xDC00;
        if (high && i + 4 > n && !r->end)
            break;
        const uint32_t low = high && i + 4 <= n ? unit(r, i + 2) : 0;
        const bool pair = low >= 0xDC00 && low < 0xE000;
        put(r, pair ? 0x10000 + ((u - 0xD800) << 10) + (low - 0xDC00) : u);
        i += pair ? 4 : 2;
    }
    return i;
}

/* ---- encodings with a table ---- */

/* A byte that leads to nothing is passed over alone when ASCII follows: a line must not lose its end. */
static size_t decode_table(struct assay_recoder *r, size_t n)
{
    size_t i = 0;
    while (i < n) {
        uint32_t c = 0;
        const size_t width = assay_multibyte_decode(r->table, r->stored + i, n - i, r->end, &c);
        if (width == 0)
            break;
        if (c == ASSAY_MULTIBYTE_NONE)
            r->text[r->len++] = NO_CHARACTER;
        else
            put(r, c);
        i += width;
    }
    return i;
}

static enum assay_status refill(struct assay_recoder *r, struct assay_err *e)
{
    size_t got = 0;
    r->pos = r->len = 0;
    enum assay_status s = assay_stream_read(r->in, r->stored + r->n_stored, r->block, &got, e);
    if (s != ASSAY_OK)
        return s;
    const size_t n = r->n_stored + got;
    r->end = got == 0;
    if (!r->table && (s = look_at_mark(r, n, e)) != ASSAY_OK)
        return s;
    const size_t used = r->table ? decode_table(r, n) : decode_utf16(r, n);
    r->read += used;
    r->n_stored = n - used;
    memmove(r->stored, r->stored + used, r->n_stored);
    if (r->end && r->n_stored)
        return assay_fail(e, ASSAY_EDATA, "%s: ends inside a character of %s, at byte %" PRIu64, r->name,
                          assay_text_encodings[r->from], r->read);
    return ASSAY_OK;
}

enum assay_status assay_recoder_read(struct assay_recoder *r, uint8_t *p, size_t n, size_t *got, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    *got = 0;
    while (s == ASSAY_OK && r->pos == r->len && !r->end)
        s = refill(r, e);
    if (s != ASSAY_OK)
        return s;
    const size_t left = r->len - r->pos;
    *got = n < left ? n : left;
    memcpy(p, r->text + r->pos, *got);
    r->pos += *got;
    return ASSAY_OK;
}
