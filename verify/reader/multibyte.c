#include "multibyte.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"

#define PAIRS 65536u
#define NO_ICONV ((iconv_t)(-1))

struct assay_multibyte {
    uint32_t one[256];
    bool leads[256]; /* some sequence of two or three bytes begins so */
    bool has_three;
    uint32_t *two, *three; /* owned; by the two bytes, by the two behind 8F */
};

static const struct set {
    const char *iconv; /* name there */
    const char *sha256; /* of the table */
    enum assay_text_encoding which;
    bool kana; /* A1 to DF are characters by themselves */
    bool three; /* sequences of three bytes behind 8F */
} sets[] = {
    {"SHIFT_JIS", "8c6145eb3886d73cd694a440d764b86c0efaab38514a194e4b94fab46774c64d", ASSAY_TEXT_SHIFT_JIS, true,
     false},
    {"CP932", "4159826eaff096315ca24fe72e68fecd08099b04499763a014df9a71bd3218dc", ASSAY_TEXT_CP932, true, false},
    {"EUC-JP", "f2aa241267f1adff575b8e39bcc10fd842c75d9b60b6cbadb28cb188a2fe1c7a", ASSAY_TEXT_EUC_JP, false, true},
    {"EUC-KR", "efd1f4735ca56c3cff7930ca394851632b93e7fe627ed7346f6515cff18fc5c1", ASSAY_TEXT_EUC_KR, false, false},
    {"UHC", "e49032a8a73174e408dd9d520e1360a40bbd01136df3594f17d18742a1fbac0e", ASSAY_TEXT_CP949, false, false},
    {"GBK", "95e74211f3f5f08b955126319d349e39287febd978674c7c7597c648670c5c03", ASSAY_TEXT_GBK, false, false},
};

struct pair { /* of converters, from the set and back */
    iconv_t to, back;
};

/* Exactly one character, nothing approximated, and the same bytes again on the way back. */
static uint32_t ask(const struct pair *p, const uint8_t *bytes, size_t n)
{
    char in[4], wide[4], again[8];
    char *from = in, *to = wide;
    size_t n_from = n, n_to = sizeof wide;
    memcpy(in, bytes, n);
    iconv(p->to, NULL, NULL, NULL, NULL);
    if (iconv(p->to, &from, &n_from, &to, &n_to) != 0 || n_from || n_to)
        return ASSAY_MULTIBYTE_NONE;
    char *wide_at = wide, *again_at = again;
    size_t n_wide = sizeof wide, n_again = sizeof again;
    iconv(p->back, NULL, NULL, NULL, NULL);
    if (iconv(p->back, &wide_at, &n_wide, &again_at, &n_again) != 0 || n_wide || sizeof again - n_again != n ||
        memcmp(again, bytes, n) != 0)
        return ASSAY_MULTIBYTE_NONE;
    uint32_t c;
    memcpy(&c, wide, sizeof c); /* UTF-32LE on a little-endian host, which bytes.h asserts */
    return c;
}

/* ASCII is ASCII, whatever JIS X 0201 has in the places of backslash and tilde: files and delimiters are written so. */
static void make(struct assay_multibyte *m, const struct pair *p, bool kana)
{
    for (unsigned i = 0; i < 256; i++)
        m->one[i] = i < 0x80                         ? i
                    : kana && i >= 0xA1 && i <= 0xDF ? ask(p, (const uint8_t[]){(uint8_t)i}, 1)
                                                     : ASSAY_MULTIBYTE_NONE;
    for (unsigned i = 0; i < PAIRS; i++) {
        const uint8_t b[3] = {0x8F, (uint8_t)(i >> 8), (uint8_t)i};
        const bool may = i >= 0x8000 && m->one[i >> 8] == ASSAY_MULTIBYTE_NONE && (uint8_t)i >= 0x30;
        m->two[i] = may ? ask(p, b + 1, 2) : ASSAY_MULTIBYTE_NONE;
        m->leads[i >> 8] |= m->two[i] != ASSAY_MULTIBYTE_NONE;
        if (!m->has_three)
            continue;
        m->three[i] = i >= 0xA1A1 && (uint8_t)i >= 0xA1 ? ask(p, b, 3) : ASSAY_MULTIBYTE_NONE;
        m->leads[0x8F] |= m->three[i] != ASSAY_MULTIBYTE_NONE;
    }
}

static enum assay_status fill(struct assay_multibyte *m, const struct set *set, struct assay_err *e)
{
    struct pair p = {iconv_open("UTF-32LE", set->iconv), iconv_open(set->iconv, "UTF-32LE")};
    enum assay_status s = ASSAY_OK;
    if (p.to == NO_ICONV || p.back == NO_ICONV)
        s = assay_fail(e, ASSAY_EDATA, "encoding %s: the C library of this machine does not know it: %s",
                       assay_text_encodings[set->which], strerror(errno));
    else
        make(m, &p, set->kana);
    if (p.to != NO_ICONV)
        iconv_close(p.to);
    if (p.back != NO_ICONV)
        iconv_close(p.back);
    return s;
}

static enum assay_status check(const struct assay_multibyte *m, const struct set *set, struct assay_err *e)
{
    uint8_t digest[32];
    char hex[65];
    assay_multibyte_digest(m, digest);
    assay_hex(digest, sizeof digest, hex);
    if (strcmp(hex, set->sha256) == 0)
        return ASSAY_OK;
    return assay_fail(e, ASSAY_EDATA,
                      "encoding %s: the C library of this machine means other characters by it: table %.12s, expected "
                      "%.12s",
                      assay_text_encodings[set->which], hex, set->sha256);
}

enum assay_status assay_multibyte_new(enum assay_text_encoding which, struct assay_multibyte **out, struct assay_err *e)
{
    const struct set *set = sets;
    while (set->which != which)
        set++;
    struct assay_multibyte *m = calloc(1, sizeof *m);
    if (!m)
        return assay_fail_nomem(e);
    m->has_three = set->three;
    m->two = malloc(PAIRS * sizeof *m->two);
    m->three = set->three ? malloc(PAIRS * sizeof *m->three) : NULL;
    enum assay_status s = m->two && (m->three || !set->three) ? fill(m, set, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = check(m, set, e);
    if (s != ASSAY_OK) {
        assay_multibyte_free(m);
        return s;
    }
    *out = m;
    return ASSAY_OK;
}

void assay_multibyte_free(struct assay_multibyte *m)
{
    if (!m)
        return;
    free(m->two);
    free(m->three);
    free(m);
}

static void digest_of(struct assay_sha256 *h, const uint32_t *v, size_t n)
{
    uint8_t b[4];
    for (size_t i = 0; i < n; i++) {
        assay_put_be32(b, v[i]);
        assay_sha256_update(h, b, sizeof b);
    }
}

void assay_multibyte_digest(const struct assay_multibyte *m, uint8_t out[32])
{
    struct assay_sha256 *h = assay_sha256_new();
    memset(out, 0, 32);
    if (!h)
        return; /* equals no table's */
    digest_of(h, m->one, 256);
    digest_of(h, m->two, PAIRS);
    if (m->has_three)
        digest_of(h, m->three, PAIRS);
    assay_sha256_final(h, out);
    assay_sha256_free(h);
}

size_t assay_multibyte_decode(const struct assay_multibyte *m, const uint8_t *p, size_t n, bool end, uint32_t *c)
{
    *c = m->one[p[0]];
    if (*c != ASSAY_MULTIBYTE_NONE || !m->leads[p[0]])
        return 1;
    const size_t width = m->has_three && p[0] == 0x8F ? 3 : 2;
    if (n < width && !end)
        return 0;
    if (n >= width)
        *c = width == 2 ? m->two[p[0] << 8 | p[1]] : m->three[p[1] << 8 | p[2]];
    if (*c != ASSAY_MULTIBYTE_NONE)
        return width;
    size_t skip = 1;
    while (skip < width && skip < n && p[skip] >= 0x80)
        skip++;
    return skip;
}
