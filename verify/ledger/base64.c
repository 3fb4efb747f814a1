#include "assay/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t assay_b64_encode(const uint8_t *p, size_t n, char *out)
{
    char *o = out;
    for (size_t i = 0; i < n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16;
        if (i + 1 < n)
            v |= (uint32_t)p[i + 1] << 8;
        if (i + 2 < n)
            v |= p[i + 2];
        *o++ = alphabet[v >> 18];
        *o++ = alphabet[v >> 12 & 63];
        *o++ = i + 1 < n ? alphabet[v >> 6 & 63] : '=';
        *o++ = i + 2 < n ? alphabet[v & 63] : '=';
    }
    *o = '\0';
    return (size_t)(o - out);
}

static int digit(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

int assay_b64_decode(const char *text, size_t len, uint8_t *out, size_t cap, size_t *n)
{
    size_t pad = 0, o = 0;
    if (len % 4)
        return -1;
    while (pad < 2 && pad < len && text[len - 1 - pad] == '=')
        pad++;
    size_t digits = len - pad;
    if (digits / 4 * 3 + (digits % 4 ? digits % 4 - 1 : 0) > cap)
        return -1;
    uint32_t v = 0;
    for (size_t i = 0; i < digits; i++) {
        int d = digit(text[i]);
        if (d < 0)
            return -1;
        v = v << 6 | (uint32_t)d;
        if (i % 4 == 3) {
            out[o++] = (uint8_t)(v >> 16);
            out[o++] = (uint8_t)(v >> 8);
            out[o++] = (uint8_t)v;
            v = 0;
        }
    }
    /* A second spelling of the same signature would be a second leaf: the unused bits must be zero. */
    if (pad == 2) {
        if (v & 15)
            return -1;
        out[o++] = (uint8_t)(v >> 4);
    } else if (pad == 1) {
        if (v & 3)
            return -1;
        out[o++] = (uint8_t)(v >> 10);
        out[o++] = (uint8_t)(v >> 2);
    }
    *n = o;
    return 0;
}
