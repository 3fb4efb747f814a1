/* Text files in other encodings than UTF-8: the same values whatever the block, and no character that is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../verify/reader/multibyte.h"
#include "../../verify/reader/recode.h"
#include "../support/temp_file.h"

/* All of it through blocks of that size, taken in pieces of that size. The status; the text into out. */
static enum assay_status recode(enum assay_text_encoding from, const char *bytes, size_t n, size_t block, char *out,
                                size_t *len, struct assay_err *e)
{
    struct assay_stream *in = NULL;
    struct assay_recoder *r = NULL;
    int fd = temp_file(bytes, n);
    size_t got = 1;
    *len = 0;
    assert_int_equal(assay_stream_open(fd, "f.csv", NULL, &in, e), ASSAY_OK);
    enum assay_status s = assay_recoder_new(from, in, "f.csv", block, &r, e);
    while (s == ASSAY_OK && got) {
        s = assay_recoder_read(r, (uint8_t *)out + *len, block < 7 ? block : 7, &got, e);
        *len += s == ASSAY_OK ? got : 0;
    }
    assay_recoder_free(r);
    assay_stream_free(in);
    close(fd);
    return s;
}

#define B(text) text, sizeof(text) - 1

static void test_texts(void **state)
{
    static const struct {
        enum assay_text_encoding from;
        const char *bytes;
        size_t n;
        const char *text;
        size_t len;
    } cases[] = {
        {ASSAY_TEXT_UTF16,
         B("\xff\xfe"
           "a\0\xe9\0\xac\x20\x3d\xd8\x00\xde"),
         B("\xef\xbb\xbf"
           "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")},
        {ASSAY_TEXT_UTF16,
         B("\xfe\xff"
           "\0a\0\xe9\x20\xac\xd8\x3d\xde\x00"),
         B("\xef\xbb\xbf"
           "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80")},
        {ASSAY_TEXT_UTF16LE, B("a\0,\0\n\0"), B("a,\n")},
        {ASSAY_TEXT_UTF16BE, B("\0a\0,\0\n"), B("a,\n")},
        {ASSAY_TEXT_UTF16LE,
         B("\xff\xfe"
           "a\0"),
         B("\xef\xbb\xbf"
           "a")},
        {ASSAY_TEXT_UTF16LE, B("\xff\xff\xff\xdb\xff\xdf"), B("\xef\xbf\xbf\xf4\x8f\xbf\xbf")},
        {ASSAY_TEXT_UTF16BE, B(""), B("")},
        {ASSAY_TEXT_UTF16, B(""), B("")},
        /* halves of pairs: high before another, before the end, low alone, two high ones before a low one */
        {ASSAY_TEXT_UTF16LE,
         B("\x3d\xd8"
           "a\0"),
         B("\xed\xa0\xbd"
           "a")},
        {ASSAY_TEXT_UTF16LE, B("a\0\x3d\xd8"), B("a\xed\xa0\xbd")},
        {ASSAY_TEXT_UTF16LE,
         B("\x00\xde"
           "a\0"),
         B("\xed\xb8\x80"
           "a")},
        {ASSAY_TEXT_UTF16BE, B("\xd8\x3d\xd8\x3d\xde\x00"), B("\xed\xa0\xbd\xf0\x9f\x98\x80")},
        /* what has a table; C0 is what is no character, and an ASCII byte behind it stays itself */
        {ASSAY_TEXT_SHIFT_JIS, B("\x93\xfa\x96{\\~\xb1,"), B("\xe6\x97\xa5\xe6\x9c\xac\\~\xef\xbd\xb1,")},
        {ASSAY_TEXT_SHIFT_JIS,
         B("\x85\x40\x80"
           "a\xa0\xfd\xff"),
         B("\xc0@\xc0"
           "a\xc0\xc0\xc0")},
        {ASSAY_TEXT_SHIFT_JIS, B("\x93\n\x93"), B("\xc0\n\xc0")},
        {ASSAY_TEXT_CP932, B("\x81\x60\x87\x40"), B("\xef\xbd\x9e\xe2\x91\xa0")},
        {ASSAY_TEXT_EUC_JP, B("\xc6\xfc\x8e\xb1\x8f\xb0\xa1\x8f\xb0"), B("\xe6\x97\xa5\xef\xbd\xb1\xe4\xb8\x82\xc0")},
        {ASSAY_TEXT_EUC_KR, B("\xb0\xa1\x80,\xb0,"), B("\xea\xb0\x80\xc0,\xc0,")},
        {ASSAY_TEXT_CP949, B("\x81\x41"), B("\xea\xb0\x82")},
        {ASSAY_TEXT_GBK, B("\xc4\xe3\xba\xc3\x80\xff"), B("\xe4\xbd\xa0\xe5\xa5\xbd\xc0\xc0")},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t block = 1; block < 12; block++) {
            char out[256];
            size_t len;
            struct assay_err e = {0};
            const enum assay_status s = recode(cases[i].from, cases[i].bytes, cases[i].n, block, out, &len, &e);
            if (s != ASSAY_OK || len != cases[i].len || memcmp(out, cases[i].text, len) != 0)
                fail_msg("case %zu, blocks of %zu: %zu bytes %s", i, block, len, e.msg);
        }
}

static void test_refused(void **state)
{
    static const struct {
        enum assay_text_encoding from;
        const char *bytes;
        size_t n;
        const char *why;
    } cases[] = {
        {ASSAY_TEXT_UTF16, B("a\0b\0"), "f.csv: no byte order mark, which utf-16 needs: say utf-16le or utf-16be"},
        {ASSAY_TEXT_UTF16LE, B("\xfe\xff\0a"), "f.csv: the byte order mark of utf-16be, expected utf-16le"},
        {ASSAY_TEXT_UTF16BE,
         B("\xff\xfe"
           "a\0"),
         "f.csv: the byte order mark of utf-16le, expected utf-16be"},
        {ASSAY_TEXT_UTF16LE, B("a\0b"), "f.csv: ends inside a character of utf-16le, at byte 2"},
        {ASSAY_TEXT_UTF16BE, B("\0"), "f.csv: ends inside a character of utf-16be, at byte 0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t block = 1; block < 6; block++) {
            char out[64];
            size_t len;
            struct assay_err e = {0};
            assert_int_equal(recode(cases[i].from, cases[i].bytes, cases[i].n, block, out, &len, &e), ASSAY_EDATA);
            assert_string_equal(e.msg, cases[i].why);
        }
}

/* Every sequence of two bytes: what it takes, and that no two of them are one character. */
static void test_tables(void **state)
{
    static uint8_t seen[0x110000];
    (void)state;
    for (int which = ASSAY_TEXT_SHIFT_JIS; which < ASSAY_TEXT_ENCODINGS; which++) {
        struct assay_multibyte *m = NULL;
        struct assay_err e = {0};
        if (assay_multibyte_new((enum assay_text_encoding)which, &m, &e) != ASSAY_OK)
            fail_msg("%s", e.msg);
        memset(seen, 0, sizeof seen);
        size_t characters = 0;
        for (unsigned i = 0; i < 65536; i++) {
            const uint8_t p[2] = {(uint8_t)(i >> 8), (uint8_t)i};
            uint32_t c = 0;
            const size_t width = assay_multibyte_decode(m, p, 2, true, &c);
            assert_true(width == 1 || width == 2);
            assert_true(p[0] >= 0x80 || (width == 1 && c == p[0]));
            if (c == ASSAY_MULTIBYTE_NONE)
                assert_true(width == 1 || p[1] >= 0x80); /* never the end of a line, a comma or a quote */
            else if (width == 2) {
                assert_true(c < 0x110000 && !seen[c]);
                seen[c] = 1;
                characters++;
            }
        }
        assert_true(characters > 6000);
        assay_multibyte_free(m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_tables),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
