#include "assay/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

enum assay_status assay_buf_reserve(struct assay_buf *b, size_t extra)
{
    size_t max = b->max ? b->max : ASSAY_MAX_BLOB;
    if (extra > max - b->len)
        return ASSAY_ELIMIT;
    if (b->cap - b->len >= extra)
        return ASSAY_OK;
    size_t want = b->cap > max / 2 ? max : b->cap * 2 + 64;
    if (want < b->len + extra)
        want = b->len + extra;
    if (want > max)
        want = max;
    uint8_t *p = realloc(b->ptr, want);
    if (!p)
        return ASSAY_ENOMEM;
    b->ptr = p;
    b->cap = want;
    return ASSAY_OK;
}

enum assay_status assay_buf_add(struct assay_buf *b, const void *bytes, size_t n)
{
    enum assay_status s = assay_buf_reserve(b, n);
    if (s == ASSAY_OK && n) {
        memcpy(b->ptr + b->len, bytes, n);
        b->len += n;
    }
    return s;
}

enum assay_status assay_buf_addc(struct assay_buf *b, uint8_t byte)
{
    return assay_buf_add(b, &byte, 1);
}

enum assay_status assay_buf_adds(struct assay_buf *b, const char *text)
{
    return assay_buf_add(b, text, strlen(text));
}

enum assay_status assay_buf_addf(struct assay_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (n < 0)
        return ASSAY_ENOMEM;
    enum assay_status s = assay_buf_reserve(b, (size_t)n + 1);
    if (s != ASSAY_OK)
        return s;
    va_start(ap, fmt);
    vsnprintf((char *)b->ptr + b->len, (size_t)n + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)n;
    return ASSAY_OK;
}

enum assay_status assay_buf_addhex(struct assay_buf *b, const void *bytes, size_t n)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *p = bytes;
    if (n > ASSAY_MAX_BLOB)
        return ASSAY_ELIMIT;
    enum assay_status s = assay_buf_reserve(b, 2 * n);
    if (s != ASSAY_OK)
        return s;
    for (size_t i = 0; i < n; i++) {
        b->ptr[b->len++] = (uint8_t)digit[p[i] >> 4];
        b->ptr[b->len++] = (uint8_t)digit[p[i] & 15];
    }
    return ASSAY_OK;
}

const char *assay_buf_str(struct assay_buf *b)
{
    if (assay_buf_reserve(b, 1) != ASSAY_OK)
        return NULL;
    b->ptr[b->len] = '\0';
    return (const char *)b->ptr;
}

void assay_buf_reset(struct assay_buf *b)
{
    b->len = 0;
}

void assay_buf_release(struct assay_buf *b)
{
    free(b->ptr);
    b->ptr = NULL;
    b->len = b->cap = 0;
}
