/* The bundle of evidence as bytes: its order, its list, its zip, its folder. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "../../reports/core/bundle.h"
#include "assay/digest.h"
#include "assay/publish.h"

static void fill(struct assay_bundle *b, const char *const *name, size_t n)
{
    struct assay_err e = {0};
    for (size_t i = 0; i < n; i++)
        assert_int_equal(assay_bundle_add(b, name[i], name[i], strlen(name[i]), &e), ASSAY_OK);
    assert_int_equal(assay_bundle_seal(b, &e), ASSAY_OK);
}

/* Files of no folder first, then folder by folder, as a shell's patterns give them; the list leaves only itself out. */
static void test_order(void **state)
{
    (void)state;
    static const char *const name[] = {"keys/b", "verify.sh", "leaves/1", "VERIFY.txt", "keys/a"};
    static const char *const sorted[] = {"MANIFEST.sha256", "VERIFY.txt", "verify.sh", "keys/a", "keys/b", "leaves/1"};
    struct assay_bundle b = {0};
    char line[200], hex[65];
    uint8_t hash[32];
    fill(&b, name, 5);
    assert_int_equal(b.n, 6);
    const char *at = (const char *)b.file[0].bytes;
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(b.file[i].name, sorted[i]);
        if (i == 0)
            continue;
        assay_sha256(sorted[i], strlen(sorted[i]), hash);
        assay_hex(hash, 32, hex);
        int n = snprintf(line, sizeof line, "%s  %s\n", hex, sorted[i]);
        assert_memory_equal(at, line, (size_t)n);
        at += n;
    }
    assert_int_equal(at - (const char *)b.file[0].bytes, b.file[0].len);
    assay_bundle_release(&b);
}

static uint32_t u32(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void test_zip(void **state)
{
    (void)state;
    static const char *const one[] = {"a", "d/b", "x.sh"}, *const other[] = {"x.sh", "a", "d/b"};
    struct assay_bundle b = {0}, c = {0};
    struct assay_buf zip = {0}, again = {0};
    struct assay_err e = {0};
    fill(&b, one, 3);
    fill(&c, other, 3);
    assert_int_equal(assay_bundle_zip(&b, &zip, &e), ASSAY_OK);
    assert_int_equal(assay_bundle_zip(&c, &again, &e), ASSAY_OK);
    assert_int_equal(zip.len, again.len);
    assert_memory_equal(zip.ptr, again.ptr, zip.len);
    const uint8_t *end = zip.ptr + zip.len - 22, *entry = zip.ptr + u32(end + 16);
    assert_int_equal(u32(end), 0x06054b50);
    assert_int_equal(end[10], 4);
    assert_int_equal(u32(end + 12), (uint32_t)(end - entry));
    for (size_t i = 0; i < 4; i++) {
        const uint8_t *local = zip.ptr + u32(entry + 42);
        const size_t n = entry[28];
        assert_int_equal(u32(entry), 0x02014b50);
        assert_int_equal(u32(local), 0x04034b50);
        assert_memory_equal(entry + 46, b.file[i].name, n);
        assert_memory_equal(local + 30, b.file[i].name, n);
        assert_memory_equal(local + 30 + n, b.file[i].bytes, b.file[i].len);
        assert_int_equal(u32(entry + 16), crc32(0, b.file[i].bytes, (uInt)b.file[i].len));
        assert_int_equal(u32(entry + 38) >> 16, n == 4 ? 0100755 : 0100644);
        entry += 46 + n;
    }
    assert_ptr_equal(entry, end);
    assay_buf_release(&zip);
    assay_buf_release(&again);
    assay_bundle_release(&b);
    assay_bundle_release(&c);
}

static void test_folder(void **state)
{
    (void)state;
    static const char *const name[] = {"a", "d/b"};
    char dir[] = "/tmp/assay-bundle.XXXXXX", path[64], file[80];
    struct assay_bundle b = {0};
    struct assay_buf text = {0};
    struct assay_err e = {0};
    fill(&b, name, 2);
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/out/", dir);
    assert_int_equal(assay_bundle_folder(&b, path, &e), ASSAY_OK);
    snprintf(file, sizeof file, "%s/out/d/b", dir);
    assert_int_equal(assay_slurp(file, 100, &text, &e), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "d/b");
    assert_int_equal(assay_bundle_folder(&b, path, &e), ASSAY_EIO);
    assay_err_reset(&e);
    snprintf(path, sizeof path, "%s/none/out", dir);
    assert_int_equal(assay_bundle_folder(&b, path, &e), ASSAY_EIO);
    static const char *const left[] = {"out/d/b", "out/a", "out/MANIFEST.sha256"};
    for (size_t i = 0; i < 3; i++) {
        snprintf(file, sizeof file, "%s/%s", dir, left[i]);
        assert_int_equal(unlink(file), 0);
    }
    snprintf(file, sizeof file, "%s/out/d", dir);
    assert_int_equal(rmdir(file), 0);
    snprintf(file, sizeof file, "%s/out", dir);
    assert_int_equal(rmdir(file), 0);
    assert_int_equal(rmdir(dir), 0);
    assay_buf_release(&text);
    assay_bundle_release(&b);
}

static void test_ceiling(void **state)
{
    (void)state;
    struct assay_bundle b = {.bytes = ASSAY_BUNDLE_MAX - 2};
    struct assay_err e = {0};
    assert_int_equal(assay_bundle_add(&b, "a", "xyz", 3, &e), ASSAY_ELIMIT);
    assert_int_equal(b.n, 0);
    assay_err_reset(&e);
    assert_int_equal(assay_bundle_add(&b, "a", "xy", 2, &e), ASSAY_OK);
    assay_bundle_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_zip),
        cmocka_unit_test(test_folder),
        cmocka_unit_test(test_ceiling),
    };
    return cmocka_run_group_tests_name("bundle", tests, NULL, NULL);
}
