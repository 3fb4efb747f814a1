/* Compressed objects: intact ones give their bytes and the hash of what is stored; damaged ones never come to an end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "../../verify/reader/stream.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/reader.h"

#define LARGE 400000

struct bytes {
    uint8_t *p;
    size_t n;
};

static const char *const names[] = {"t.csv", "t.csv.gz", "t.csv.zst", "T.CSV.LZ4", "t.csv.xz", "t.csv.bz2"};

/* Lines of which no two are equal, so that every codec has work. */
static struct bytes text_of(size_t n)
{
    struct bytes b = {malloc(n + 64), 0};
    uint32_t x = 1;
    assert_non_null(b.p);
    for (unsigned i = 1; b.n < n; i++) {
        x = x * 1664525u + 1013904223u;
        b.n += (size_t)snprintf((char *)b.p + b.n, 64, "%u,%u,name%u\n", i, x, x % 97);
    }
    return b;
}

static struct bytes gzip(const struct bytes *in)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    struct bytes out = {malloc(deflateBound(&z, in->n) + 32), 0};
    z.next_in = in->p;
    z.avail_in = (uInt)in->n;
    z.next_out = out.p;
    z.avail_out = (uInt)deflateBound(&z, in->n) + 32;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out.n = z.total_out;
    deflateEnd(&z);
    return out;
}

static struct bytes zstd(const struct bytes *in)
{
    struct bytes out = {malloc(ZSTD_compressBound(in->n)), 0};
    ZSTD_CCtx *c = ZSTD_createCCtx();
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1)));
    out.n = ZSTD_compress2(c, out.p, ZSTD_compressBound(in->n), in->p, in->n);
    assert_false(ZSTD_isError(out.n));
    ZSTD_freeCCtx(c);
    return out;
}

static struct bytes lz4(const struct bytes *in)
{
    LZ4F_preferences_t pref = LZ4F_INIT_PREFERENCES;
    pref.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled;
    size_t room = LZ4F_compressFrameBound(in->n, &pref);
    struct bytes out = {malloc(room), 0};
    out.n = LZ4F_compressFrame(out.p, room, in->p, in->n, &pref);
    assert_false(LZ4F_isError(out.n));
    return out;
}

static struct bytes xz(const struct bytes *in)
{
    size_t room = lzma_stream_buffer_bound(in->n), n = 0;
    struct bytes out = {malloc(room), 0};
    if (!out.p || lzma_easy_buffer_encode(6, LZMA_CHECK_CRC64, NULL, in->p, in->n, out.p, &n, room) != LZMA_OK)
        fail();
    out.n = n;
    return out;
}

static struct bytes bzip2(const struct bytes *in)
{
    unsigned room = (unsigned)in->n + (unsigned)in->n / 100 + 600;
    struct bytes out = {malloc(room), 0};
    assert_int_equal(BZ2_bzBuffToBuffCompress((char *)out.p, &room, (char *)in->p, (unsigned)in->n, 9, 0, 0), BZ_OK);
    out.n = room;
    return out;
}

static struct bytes stored(enum assay_codec codec, const struct bytes *in)
{
    static struct bytes (*const with[])(const struct bytes *) = {NULL, gzip, zstd, lz4, xz, bzip2};
    if (codec != ASSAY_CODEC_PLAIN)
        return with[codec](in);
    struct bytes out = {malloc(in->n + 1), in->n};
    memcpy(out.p, in->p, in->n);
    return out;
}

static int file_of(const uint8_t *p, size_t n)
{
    int fd = memfd_create("stream", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, p, n), (ssize_t)n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

struct outcome {
    enum assay_status status;
    struct bytes got;
    struct assay_err e;
};

/* Read it all in pieces. At a clean end: every stored byte was read and hashed. */
static struct outcome read_all(const char *name, const uint8_t *p, size_t n, size_t piece,
                               const struct assay_stream_tuning *t)
{
    struct outcome o = {.got = {malloc(LARGE * 3), 0}};
    struct assay_stream *s = NULL;
    struct assay_sha256 *h = assay_sha256_new();
    uint8_t a[32], b[32];
    size_t got = 1;
    int fd = file_of(p, n);
    o.status = assay_stream_open(fd, name, t, &s, &o.e);
    if (o.status == ASSAY_OK)
        assay_stream_hash(s, h);
    while (o.status == ASSAY_OK && got) {
        size_t room = LARGE * 3 - o.got.n;
        o.status = assay_stream_read(s, o.got.p + o.got.n, piece < room ? piece : room, &got, &o.e);
        o.got.n += got;
    }
    if (o.status == ASSAY_OK) {
        assay_sha256_final(h, a);
        assay_sha256(p, n, b);
        assert_memory_equal(a, b, sizeof a);
        assert_true(assay_stream_stored(s) == n);
        assert_int_equal(assay_stream_read(s, o.got.p, 1, &got, NULL), ASSAY_OK);
        assert_true(got == 0);
    } else if (s) {
        assert_int_equal(assay_stream_read(s, o.got.p, 1, &got, NULL), o.status); /* it stays broken */
    }
    assert_int_equal(o.e.code, o.status);
    assay_stream_free(s);
    assay_sha256_free(h);
    close(fd);
    return o;
}

static void expect(const char *what, const char *name, const uint8_t *p, size_t n, enum assay_status want,
                   const char *why, const struct bytes *text)
{
    struct outcome o = read_all(name, p, n, 65536, NULL);
    if (o.status != want || (why && !strstr(o.e.msg, why)))
        fail_msg("%s of %s: status %d, \"%s\"", what, name, (int)o.status, o.e.msg);
    if (want == ASSAY_OK) {
        assert_true(o.got.n == text->n);
        assert_memory_equal(o.got.p, text->p, text->n);
    }
    free(o.got.p);
}

static struct bytes joined(const struct bytes *a, const void *p, size_t n)
{
    struct bytes out = {malloc(a->n + n + 1), a->n + n};
    memcpy(out.p, a->p, a->n);
    memcpy(out.p + a->n, p, n);
    return out;
}

static void damage(enum assay_codec c)
{
    static const char newline[] = "\n", garbage[] = "garbage behind the end", zeros[512];
    const char *name = names[c];
    struct bytes text = text_of(LARGE), z = stored(c, &text), twice = joined(&text, text.p, text.n);
    expect("intact", name, z.p, z.n, ASSAY_OK, NULL, &text);
    expect("empty file", name, z.p, 0, ASSAY_EDATA, "empty, expected", NULL);
    expect("half file", name, z.p, z.n / 2, ASSAY_EDATA, "truncated", NULL);
    expect("last 4 bytes gone", name, z.p, z.n - 4, ASSAY_EDATA, "truncated", NULL);
    expect("last byte gone", name, z.p, z.n - 1, ASSAY_EDATA, "truncated", NULL);
    expect("all but the magic gone", name, z.p, 6, ASSAY_EDATA, "truncated", NULL);
    expect("all but a byte gone", name, z.p, 1, ASSAY_EDATA, "truncated", NULL);
    struct bytes two = joined(&z, z.p, z.n);
    expect("two members", name, two.p, two.n, ASSAY_OK, NULL, &twice);
    expect("second member cut", name, two.p, two.n - z.n / 2, ASSAY_EDATA, "truncated", NULL);
    expect("second member all but gone", name, two.p, z.n + 3, ASSAY_EDATA, NULL, NULL);
    two.p[z.n + z.n / 2] ^= 0x10;
    expect("bit flip in the second member", name, two.p, two.n, ASSAY_EDATA, NULL, NULL);
    const struct bytes behind[] = {{(uint8_t *)(uintptr_t)newline, 1},
                                   {(uint8_t *)(uintptr_t)garbage, sizeof garbage},
                                   {(uint8_t *)(uintptr_t)zeros, sizeof zeros},
                                   {text.p, 40}};
    for (size_t i = 0; i < sizeof behind / sizeof *behind; i++) {
        struct bytes more = joined(&z, behind[i].p, behind[i].n);
        expect("trailing garbage", name, more.p, more.n, ASSAY_EDATA, NULL, NULL);
        free(more.p);
    }
    const size_t at[] = {0, z.n / 3, z.n / 2, z.n - 9, z.n - 5, z.n - 4, z.n - 1};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        z.p[at[i]] ^= 0x80; /* the lowest bits of bzip2's last byte only fill it up */
        expect("bit flip", name, z.p, z.n, ASSAY_EDATA, NULL, NULL);
        z.p[at[i]] ^= 0x80;
    }
    expect("plain name", names[0], z.p, z.n, ASSAY_EDATA, "its name does not end in", NULL);
    expect("plain content", name, text.p, text.n, ASSAY_EDATA, "does not begin as", NULL);
    expect("intact again", name, z.p, z.n, ASSAY_OK, NULL, &text);
    free(text.p);
    free(twice.p);
    free(z.p);
    free(two.p);
}

static void test_gzip(void **state)
{
    (void)state;
    damage(ASSAY_CODEC_GZIP);
}

static void test_zstd(void **state)
{
    (void)state;
    damage(ASSAY_CODEC_ZSTD);
}

static void test_lz4(void **state)
{
    (void)state;
    damage(ASSAY_CODEC_LZ4);
}

static void test_xz(void **state)
{
    (void)state;
    damage(ASSAY_CODEC_XZ);
}

static void test_bzip2(void **state)
{
    (void)state;
    damage(ASSAY_CODEC_BZIP2);
}

/* What a header asks for is refused before it is taken. */
static void test_memory(void **state)
{
    (void)state;
    struct bytes text = text_of(1000);
    lzma_options_lzma options;
    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = 1u << 20;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    struct bytes z = {malloc(lzma_stream_buffer_bound(text.n)), 0};
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC32, NULL, text.p, text.n, z.p, &z.n,
                                               lzma_stream_buffer_bound(text.n)),
                     LZMA_OK);
    expect("a dictionary of 1 MiB", names[ASSAY_CODEC_XZ], z.p, z.n, ASSAY_OK, NULL, &text);
    /* Block header: size, flags, perhaps two lengths, then LZMA2 (0x21) with one byte of properties, CRC-32. */
    size_t header = 4 * ((size_t)z.p[12] + 1);
    uint8_t *filter = memmem(z.p + 14, header - 6, "\x21\x01", 2);
    assert_non_null(filter);
    filter[2] = 31; /* 192 MiB */
    uint32_t crc = lzma_crc32(z.p + 12, header - 4, 0);
    for (int i = 0; i < 4; i++)
        z.p[12 + header - 4 + (size_t)i] = (uint8_t)(crc >> 8 * i);
    expect("a dictionary of 192 MiB", names[ASSAY_CODEC_XZ], z.p, z.n, ASSAY_ELIMIT, "more than 160 MiB", NULL);
    free(z.p);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    z = (struct bytes){malloc(ZSTD_compressBound(text.n)), 0};
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0)));
    z.n = ZSTD_compress2(c, z.p, ZSTD_compressBound(text.n), text.p, text.n);
    ZSTD_freeCCtx(c);
    z.p[5] = (uint8_t)((ASSAY_MAX_ZSTD_WINDOW_LOG + 1 - 10) << 3); /* frame header: descriptor, then the window */
    expect("a window of 256 MiB", names[ASSAY_CODEC_ZSTD], z.p, z.n, ASSAY_ELIMIT, "within the limits", NULL);
    free(z.p);
    free(text.p);
}

/* A check that this liblzma does not know is not passed over. */
static void test_unknown_check(void **state)
{
    (void)state;
    struct bytes text = text_of(1000), z = xz(&text);
    z.p[7] = 0x0f; /* stream flags; the footer has them too */
    uint32_t crc = lzma_crc32(z.p + 6, 2, 0);
    for (int i = 0; i < 4; i++)
        z.p[8 + i] = (uint8_t)(crc >> 8 * i);
    expect("an unknown check", names[ASSAY_CODEC_XZ], z.p, z.n, ASSAY_EDATA, "unknown kind", NULL);
    free(z.p);
    free(text.p);
}

/* Three letters are no proof of bzip2. */
static void test_bz_text(void **state)
{
    (void)state;
    static char bz[] = "BZh1,BZh2\n1,2\n";
    struct bytes text = {(uint8_t *)bz, sizeof bz - 1};
    expect("a header that begins as bzip2 does", names[0], text.p, text.n, ASSAY_OK, NULL, &text);
}

static void test_plain(void **state)
{
    (void)state;
    struct bytes text = text_of(1000), none = {text.p, 0};
    expect("plain", names[0], text.p, text.n, ASSAY_OK, NULL, &text);
    expect("plain and empty", names[0], text.p, 0, ASSAY_OK, NULL, &none);
    expect("one byte of gzip's magic", names[0], (const uint8_t *)"\x1f", 1, ASSAY_OK, NULL,
           &(struct bytes){(uint8_t *)(uintptr_t) "\x1f", 1});
    free(text.p);
}

static void test_empty_content(void **state)
{
    (void)state;
    struct bytes none = {(uint8_t *)(uintptr_t) "", 0}, text = text_of(100);
    for (enum assay_codec c = ASSAY_CODEC_GZIP; c < ASSAY_CODEC_COUNT; c++) {
        struct bytes z = stored(c, &none), t = stored(c, &text);
        expect("empty content", names[c], z.p, z.n, ASSAY_OK, NULL, &none);
        struct bytes both = joined(&z, t.p, t.n), all = joined(&both, z.p, z.n);
        expect("empty members around", names[c], all.p, all.n, ASSAY_OK, NULL, &text);
        free(z.p);
        free(t.p);
        free(both.p);
        free(all.p);
    }
    free(text.p);
}

/* A short object: cut it anywhere, flip any bit; it is an error or, where a header says nothing of the content, the
 * same content. */
static void test_every_byte(void **state)
{
    (void)state;
    struct bytes text = text_of(300);
    for (enum assay_codec c = ASSAY_CODEC_GZIP; c < ASSAY_CODEC_COUNT; c++) {
        struct bytes z = stored(c, &text);
        for (size_t n = 0; n < z.n; n++)
            expect("cut", names[c], z.p, n, ASSAY_EDATA, NULL, NULL);
        size_t unseen = 0;
        for (size_t bit = 0; bit < 8 * z.n; bit++) {
            z.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            struct outcome o = read_all(names[c], z.p, z.n, 4096, NULL);
            if (o.status == ASSAY_OK && (o.got.n != text.n || memcmp(o.got.p, text.p, text.n) != 0))
                fail_msg("%s: bit %zu of byte %zu gives other content", names[c], bit % 8, bit / 8);
            unseen += o.status == ASSAY_OK;
            free(o.got.p);
            z.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_true(unseen <= 64); /* gzip: time, flags, system, and what fills up the last byte of the data */
        free(z.p);
    }
    free(text.p);
}

static void test_pieces(void **state)
{
    (void)state;
    static const size_t piece[] = {1, 2, 7, 64, 4096}, block[] = {1, 3, 17, 1000};
    struct bytes text = text_of(5000);
    for (enum assay_codec c = ASSAY_CODEC_PLAIN; c < ASSAY_CODEC_COUNT; c++) {
        struct bytes z = stored(c, &text);
        for (size_t i = 0; i < 20; i++) {
            struct assay_stream_tuning t = {.block = block[i % 4]};
            struct outcome o = read_all(names[c], z.p, z.n, piece[i / 4], &t);
            assert_int_equal(o.status, ASSAY_OK);
            assert_true(o.got.n == text.n);
            assert_memory_equal(o.got.p, text.p, text.n);
            free(o.got.p);
        }
        free(z.p);
    }
    free(text.p);
}

static void test_limits(void **state)
{
    (void)state;
    struct bytes zeros = {calloc(1, LARGE), LARGE};
    for (enum assay_codec c = ASSAY_CODEC_GZIP; c < ASSAY_CODEC_COUNT; c++) {
        struct bytes z = stored(c, &zeros);
        struct assay_stream_tuning size = {.max_bytes = LARGE - 1}, ratio = {.ratio_from = 1000, .max_ratio = 50},
                                   enough = {.max_bytes = LARGE, .ratio_from = LARGE, .max_ratio = 1};
        struct outcome a = read_all(names[c], z.p, z.n, 4096, &size), b = read_all(names[c], z.p, z.n, 4096, &ratio),
                       o = read_all(names[c], z.p, z.n, 4096, &enough);
        assert_int_equal(a.status, ASSAY_ELIMIT);
        assert_int_equal(b.status, ASSAY_ELIMIT);
        assert_non_null(strstr(b.e.msg, "50 times"));
        assert_int_equal(o.status, ASSAY_OK);
        free(a.got.p);
        free(b.got.p);
        free(o.got.p);
        free(z.p);
    }
    free(zeros.p);
}

static void test_names(void **state)
{
    (void)state;
    assert_int_equal(assay_codec_of("a.csv"), ASSAY_CODEC_PLAIN);
    assert_int_equal(assay_codec_of("a.csv.gz"), ASSAY_CODEC_GZIP);
    assert_int_equal(assay_codec_of("A.CSV.ZST"), ASSAY_CODEC_ZSTD);
    assert_int_equal(assay_codec_of("a.csv.lz4"), ASSAY_CODEC_LZ4);
    assert_int_equal(assay_codec_of("a.csv.xz"), ASSAY_CODEC_XZ);
    assert_int_equal(assay_codec_of("a.csv.Bz2"), ASSAY_CODEC_BZIP2);
    assert_int_equal(assay_codec_of(".gz"), ASSAY_CODEC_PLAIN);
    assert_int_equal(assay_codec_of("agz"), ASSAY_CODEC_PLAIN);
    assert_true(assay_codec_stem("a.csv.gz") == 5);
    assert_true(assay_codec_stem("a.csv") == 5);
}

/* Rows and end of a scan of an object under a name. */
static enum assay_status scan(const struct assay_format_ops *f, const char *name, const struct bytes *z,
                              struct assay_scan_end *end, uint64_t *sum)
{
    static const char *const columns[] = {"column2", "column1"};
    struct assay_locator loc = {.uri = name, .csv = assay_csv_default()};
    struct assay_scan_opts o = {.columns = columns, .n_columns = 2};
    struct assay_scan *s = NULL;
    struct assay_batch b = {0};
    int fd = file_of(z->p, z->n);
    loc.csv.header = false;
    *sum = 0;
    enum assay_status st = f->scan(fd, name, &loc, &o, &s, NULL);
    while (st == ASSAY_OK && (st = f->next(s, &b, NULL)) == ASSAY_OK && b.rows)
        for (size_t i = 0; i < b.rows * b.cols; i++)
            for (uint32_t k = 0; k < b.v[i].len; k++)
                *sum = *sum * 31 + b.v[i].p[k];
    if (st == ASSAY_OK)
        f->end(s, end);
    f->scan_free(s);
    close(fd);
    return st;
}

static void test_csv(void **state)
{
    (void)state;
    struct bytes text = text_of(LARGE);
    struct assay_scan_end want = {0}, got = {0};
    uint64_t want_sum = 0, sum = 0;
    uint8_t hash[32];
    assert_int_equal(scan(&assay_csv_format, names[0], &text, &want, &want_sum), ASSAY_OK);
    for (enum assay_codec c = ASSAY_CODEC_GZIP; c < ASSAY_CODEC_COUNT; c++) {
        struct bytes z = stored(c, &text), half = {z.p, z.n - 1};
        assert_int_equal(scan(&assay_csv_format, names[c], &z, &got, &sum), ASSAY_OK);
        assay_sha256(z.p, z.n, hash);
        assert_true(got.hashed && got.bytes == z.n && got.rows == want.rows && sum == want_sum);
        assert_memory_equal(got.sha256, hash, sizeof hash);
        assert_int_equal(scan(&assay_csv_format, names[c], &half, &got, &sum), ASSAY_EDATA);
        free(z.p);
    }
    free(text.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),   cmocka_unit_test(test_plain),         cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_zstd),    cmocka_unit_test(test_lz4),           cmocka_unit_test(test_xz),
        cmocka_unit_test(test_bzip2),   cmocka_unit_test(test_memory),        cmocka_unit_test(test_unknown_check),
        cmocka_unit_test(test_bz_text), cmocka_unit_test(test_empty_content), cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_pieces),  cmocka_unit_test(test_limits),        cmocka_unit_test(test_csv),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
