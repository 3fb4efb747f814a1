#include "escape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void keep(struct assay_out *o, enum assay_status s)
{
    if (o->status == ASSAY_OK)
        o->status = s;
}

void assay_out_raw(struct assay_out *o, const char *text)
{
    keep(o, assay_buf_adds(&o->buf, text));
}

static void raw_n(struct assay_out *o, const char *text, size_t n)
{
    keep(o, assay_buf_add(&o->buf, text, n));
}

void assay_out_f(struct assay_out *o, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    keep(o, n < 0 || (size_t)n >= sizeof text ? ASSAY_ELIMIT : ASSAY_OK);
    assay_out_raw(o, text);
}

/* One code point; *len bytes of it. Invalid bytes give U+FFFD and length 1 (RFC 3629). */
static uint32_t next(const unsigned char *p, size_t *len)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = p[0] < 0x80 ? 1 : p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    *len = 1;
    if (n == 1)
        return p[0];
    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 0xfffd;
    uint32_t v = p[0] & (0xffu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80) /* the terminating NUL is caught here too */
            return 0xfffd;
        v = v << 6 | (p[i] & 0x3f);
    }
    if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0xfffd;
    *len = n;
    return v;
}

/* Characters that change how their neighbours look, or cannot be seen at all. */
static bool treacherous(uint32_t c)
{
    return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xfff9 && c <= 0xfffb) || (c >= 0xe0000 && c <= 0xe007f);
}

static void put_char(struct assay_out *o, const char *p, size_t len, uint32_t c)
{
    if (c == 0xfffd && len == 1)
        raw_n(o, "\xef\xbf\xbd", 3);
    else
        raw_n(o, p, len);
}

void assay_out_json(struct assay_out *o, const char *text)
{
    if (!text) {
        assay_out_raw(o, "null");
        return;
    }
    assay_out_raw(o, "\"");
    for (size_t len; *text; text += len) {
        uint32_t c = next((const unsigned char *)text, &len);
        if (c == '"' || c == '\\')
            assay_out_f(o, "\\%c", (char)c);
        else if (c == '\n')
            assay_out_raw(o, "\\n");
        else if (c < 0x20 || c == 0x7f || c == 0x2028 || c == 0x2029)
            assay_out_f(o, "\\u%04x", c);
        else
            put_char(o, text, len, c);
    }
    assay_out_raw(o, "\"");
}

void assay_out_html(struct assay_out *o, const char *text)
{
    static const struct {
        char c;
        const char *entity;
    } special[] = {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}, {'`', "&#96;"}};
    if (!text)
        return;
    for (size_t len; *text; text += len) {
        uint32_t c = next((const unsigned char *)text, &len);
        const char *entity = NULL;
        for (size_t i = 0; i < sizeof special / sizeof *special; i++)
            if (c == (unsigned char)special[i].c)
                entity = special[i].entity;
        if (entity)
            assay_out_raw(o, entity);
        else if (treacherous(c))
            assay_out_f(o, "[U+%04X]", c);
        else
            put_char(o, text, len, c);
    }
}

void assay_out_plain(struct assay_out *o, const char *text, size_t max_chars)
{
    size_t n = 0;
    if (!text)
        return;
    for (size_t len; *text; text += len) {
        uint32_t c = next((const unsigned char *)text, &len);
        if (max_chars && n++ >= max_chars) {
            assay_out_raw(o, "...");
            return;
        }
        if (treacherous(c))
            assay_out_f(o, "[U+%04X]", c);
        else if (o->ascii && c > 0x7e)
            assay_out_raw(o, "?");
        else
            put_char(o, text, len, c);
    }
}

void assay_out_shell(struct assay_out *o, const char *text, void (*put)(struct assay_out *o, const char *text))
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:+,=@%-";
    if (*text && *text != '-' && strspn(text, plain) == strlen(text)) {
        put(o, text);
        return;
    }
    put(o, "'");
    for (const char *p = text; *p;) {
        size_t n = strcspn(p, "'");
        char part[512];
        n = n < sizeof part ? n : sizeof part - 1;
        memcpy(part, p, n);
        part[n] = '\0';
        put(o, part);
        p += n;
        if (*p == '\'') {
            put(o, "'\\''");
            p++;
        }
    }
    put(o, "'");
}

void assay_out_number(struct assay_out *o, uint64_t n, const char *sep)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            assay_out_raw(o, sep);
        raw_n(o, digits + i, 1);
    }
}

void assay_out_bytes(struct assay_out *o, uint64_t n)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double v = (double)n;
    size_t u = 0;
    while (v >= 1024 && u < 6) {
        v /= 1024;
        u++;
    }
    assay_out_f(o, u && v < 100 ? "%.1f %s" : "%.0f %s", v, unit[u]);
}
