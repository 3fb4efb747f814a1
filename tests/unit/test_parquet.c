/* The Parquet reader on files of another writer (tests/vectors/parquet), whole and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../support/parquet_text.h"
#include "../support/temp_file.h"
#include "assay/digest.h"
#include "assay/publish.h"

#define FOLDER "tests/vectors/parquet/"

static const char *const fixtures[] = {
    "all_null",
    "codec_brotli",
    "codec_gzip",
    "codec_lz4",
    "dictionary_some",
    "empty",
    "int96",
    "integer_decimals",
    "encodings_v1_some",
    "encodings_v1_required",
    "encodings_v2_some",
    "plain_required",
    "plain_some",
    "encodings_v2_required",
    "trees_v1",
    "trees_v2",
    "trees_dictionary",
    "trees_whole",
    "trees_few",
    "duckdb_nulls",
    "duckdb_list",
    "duckdb_words",
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

static struct assay_buf slurp(const char *name, const char *suffix)
{
    char path[256];
    struct assay_buf b = {0};
    struct assay_err e = {0};
    snprintf(path, sizeof path, FOLDER "%s%s", name, suffix);
    if (assay_slurp(path, 1u << 20, &b, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return b;
}

/* The rows of a fixture. Those named trees_ hold the same ones; trees_few the first twenty. */
static struct assay_buf rows_of(const char *name)
{
    if (strncmp(name, "trees_", 6) != 0)
        return slurp(name, ".txt");
    struct assay_buf b = slurp("trees", ".txt");
    size_t n = 0;
    for (int line = 0; strcmp(name, "trees_few") == 0 && line < 20; line++)
        n = (size_t)((const uint8_t *)memchr(b.ptr + n, '\n', b.len - n) + 1 - b.ptr);
    b.len = n ? n : b.len;
    return b;
}

/* Status of reading the bytes as a file; text and error as they came. */
static enum assay_status read_bytes(const void *bytes, size_t n, struct assay_buf *text, struct assay_err *e)
{
    struct assay_scan_end end;
    int fd = temp_file(bytes, n);
    assay_err_reset(e);
    assay_buf_reset(text);
    enum assay_status s = parquet_dump(fd, "f.parquet", NULL, 0, text, NULL, &end, e);
    close(fd);
    return s;
}

static void values_are_those_written(void **state)
{
    const char *name = *state;
    struct assay_buf file = slurp(name, ".parquet"), want = rows_of(name), got = {0};
    struct assay_scan_end end;
    struct assay_err e = {0};
    uint8_t sha[32];
    uint64_t lines = 0;
    int fd = temp_file(file.ptr, file.len);
    if (parquet_dump(fd, name, NULL, 0, &got, NULL, &end, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_string_equal(assay_buf_str(&got), assay_buf_str(&want));
    for (size_t i = 0; i < want.len; i++)
        lines += want.ptr[i] == '\n';
    assert_int_equal(end.rows, lines);
    assert_true(end.counted && end.hashed);
    assert_int_equal(end.claimed_rows, lines);
    assert_int_equal(end.bytes, file.len);
    assay_sha256(file.ptr, file.len, sha);
    assert_memory_equal(end.sha256, sha, 32);
    close(fd);
    assay_buf_release(&file);
    assay_buf_release(&want);
    assay_buf_release(&got);
}

/* Any subset of the columns, in any order, gives the same values as all of them. */
static void columns_can_be_chosen(void **state)
{
    (void)state;
    static const char *const picked[] = {"uuid", "bool", "d38"};
    struct assay_buf file = slurp("dictionary_some", ".parquet"), all = {0}, some = {0};
    struct assay_scan_end end;
    struct assay_err e = {0};
    int fd = temp_file(file.ptr, file.len);
    assert_int_equal(parquet_dump(fd, "f", picked, 3, &some, NULL, &end, &e), ASSAY_OK);
    assert_int_equal(parquet_dump(fd, "f", NULL, 0, &all, NULL, &end, &e), ASSAY_OK);
    char *rest = NULL, *line = strtok_r((char *)(uintptr_t)assay_buf_str(&some), "\n", &rest);
    char *cell = NULL, *row = strtok_r((char *)(uintptr_t)assay_buf_str(&all), "\n", &cell);
    for (; line && row; line = strtok_r(NULL, "\n", &rest), row = strtok_r(NULL, "\n", &cell)) {
        char expected[512], *in = NULL, *c[64] = {0};
        size_t n = 0;
        for (char *p = strtok_r(row, "\t", &in); p; p = strtok_r(NULL, "\t", &in))
            c[n++] = p;
        if (n != 35 || !c[0] || !c[30] || !c[32])
            fail_msg("%zu columns", n);
        snprintf(expected, sizeof expected, "%s\t%s\t%s", c[32], c[0], c[30]);
        assert_string_equal(line, expected);
    }
    assert_true(!line && !row);
    close(fd);
    assay_buf_release(&file);
    assay_buf_release(&all);
    assay_buf_release(&some);
}

static void schema_names_every_type(void **state)
{
    (void)state;
    static const char want[] = "a\tINT64\tinteger\tnullable\t0\n"
                               "list\tlist<INT64?>\tlist<integer>\tnullable\t0\n"
                               "s\tstruct<x: INT64?>\tstruct<x: integer>\tnullable\t0\n"
                               "m\tmap<BYTE_ARRAY STRING, INT32?>\tmap<text, integer>\tnullable\t0\n"
                               "z\tBYTE_ARRAY STRING\ttext\tnullable\t0\n";
    struct assay_buf file = slurp("nested", ".parquet"), text = {0};
    struct assay_schema schema = {0};
    struct assay_err e = {0};
    int fd = temp_file(file.ptr, file.len);
    assert_int_equal(assay_parquet_format.schema(fd, "f", NULL, &schema, &e), ASSAY_OK);
    assert_int_equal(assay_schema_text(&schema, &text), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), want);
    close(fd);
    assay_schema_release(&schema);
    assay_buf_release(&file);
    assay_buf_release(&text);
}

static void columns_of_any_kind_in_any_order(void **state)
{
    (void)state;
    static const char *const flat[] = {"z", "a"}, *const mixed[] = {"m", "a", "list", "s", "list"},
                             *const absent[] = {"b"};
    struct assay_buf file = slurp("nested", ".parquet"), text = {0};
    struct assay_scan_end end;
    struct assay_err e = {0};
    int fd = temp_file(file.ptr, file.len);
    assert_int_equal(parquet_dump(fd, "f", flat, 2, &text, NULL, &end, &e), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "\"last\"\t1\nnull\t2\n");
    assay_buf_reset(&text);
    assert_int_equal(parquet_dump(fd, "f", mixed, 5, &text, NULL, &end, &e), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "(\"k\": 1)\t1\t[1]\t{x: 1}\t[1]\n()\t2\t[2, 3]\tnull\t[2, 3]\n");
    assert_int_equal(parquet_dump(fd, "f", absent, 1, &text, NULL, &end, &e), ASSAY_ENOTFOUND);
    assert_string_equal(e.msg, "f: no column \"b\"");
    close(fd);
    assay_buf_release(&file);
    assay_buf_release(&text);
}

static void a_file_cut_short_is_an_error(void **state)
{
    (void)state;
    struct assay_buf file = slurp("dictionary_some", ".parquet"), text = {0};
    struct assay_err e = {0};
    for (size_t n = 0; n < file.len; n += 97) {
        assert_int_equal(read_bytes(file.ptr, n, &text, &e), ASSAY_EDATA);
        assert_int_equal(strncmp(e.msg, "f.parquet: ", 11), 0);
    }
    assert_int_equal(read_bytes(file.ptr, file.len - 1, &text, &e), ASSAY_EDATA);
    assay_buf_release(&file);
    assay_buf_release(&text);
}

/* Where every page carries a checksum, no flipped bit outside the footer changes a value unnoticed; the page headers,
 * which have none, are held against each other and against the footer. */
static void flipped_bits_do_not_pass(void **state)
{
    const char *name = *state;
    struct assay_buf file = slurp(name, ".parquet"), want = rows_of(name), text = {0};
    struct assay_err e = {0};
    size_t footer, changed = 0, refused = 0;
    uint32_t len;
    memcpy(&len, file.ptr + file.len - 8, 4);
    footer = file.len - 8 - len;
    for (size_t at = 0; at < file.len; at += 3) {
        file.ptr[at] ^= (uint8_t)(1u << at % 8);
        enum assay_status s = read_bytes(file.ptr, file.len, &text, &e);
        file.ptr[at] ^= (uint8_t)(1u << at % 8);
        refused += s != ASSAY_OK;
        if (s == ASSAY_OK && at < footer && strcmp(assay_buf_str(&text), assay_buf_str(&want)) != 0)
            changed++;
    }
    assert_int_equal(changed, 0);
    assert_true(refused > file.len / 3 / 2);
    assay_buf_release(&file);
    assay_buf_release(&want);
    assay_buf_release(&text);
}

/* Files without checksums: any answer but a crash. */
static void flipped_bits_do_not_crash(void **state)
{
    const char *name = *state;
    struct assay_buf file = slurp(name, ".parquet"), text = {0};
    struct assay_err e = {0};
    size_t refused = 0;
    for (size_t at = 0; at < file.len; at += 5) {
        file.ptr[at] ^= (uint8_t)(1u << at % 7);
        refused += read_bytes(file.ptr, file.len, &text, &e) != ASSAY_OK;
        file.ptr[at] ^= (uint8_t)(1u << at % 7);
    }
    assert_true(refused > 0);
    assay_buf_release(&file);
    assay_buf_release(&text);
}

static void encrypted_columns_are_named_and_the_others_read(void **state)
{
    (void)state;
    static const char *const open_one[] = {"open"}, *const secret[] = {"secret"};
    struct assay_buf file = slurp("encrypted_columns", ".parquet"), whole = slurp("encrypted_footer", ".parquet");
    struct assay_buf text = {0};
    struct assay_schema schema = {0};
    struct assay_scan_end end;
    struct assay_err e = {0};
    int fd = temp_file(file.ptr, file.len);
    assert_int_equal(assay_parquet_format.schema(fd, "f", NULL, &schema, &e), ASSAY_OK);
    assert_int_equal(assay_schema_text(&schema, &text), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "open\tINT64\tinteger\tnullable\t0\n"
                                              "secret\tencrypted INT64\tunsupported\tnullable\t0\n"
                                              "tree\tencrypted struct<a: INT64?, b: BYTE_ARRAY STRING?>\tunsupported"
                                              "\tnullable\t0\n");
    assay_buf_reset(&text);
    assert_int_equal(parquet_dump(fd, "f", open_one, 1, &text, NULL, &end, &e), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "1\n2\n");
    assert_int_equal(parquet_dump(fd, "f", secret, 1, &text, NULL, &end, &e), ASSAY_ETYPE);
    assert_string_equal(e.msg, "f: column \"secret\": type encrypted INT64 is not supported");
    assert_int_equal(read_bytes(whole.ptr, whole.len, &text, &e), ASSAY_ETYPE);
    assert_string_equal(e.msg, "f.parquet: unverified: encrypted (Parquet modular encryption, magic PARE)");
    close(fd);
    assay_schema_release(&schema);
    assay_buf_release(&file);
    assay_buf_release(&whole);
    assay_buf_release(&text);
}

static void a_file_that_changes_is_named(void **state)
{
    (void)state;
    static const char *const column[] = {"i32"};
    struct assay_buf file = slurp("codec_gzip", ".parquet");
    struct assay_scan_opts o = {.columns = column, .n_columns = 1};
    struct assay_scan *scan = NULL;
    struct assay_batch b;
    struct assay_err e = {0};
    enum assay_status s;
    int fd = temp_file(file.ptr, file.len);
    assert_int_equal(assay_parquet_format.scan(fd, "f", NULL, &o, &scan, &e), ASSAY_OK);
    assert_int_equal(assay_parquet_format.next(scan, &b, &e), ASSAY_OK);
    assert_true(b.rows > 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), (off_t)file.len);
    assert_int_equal(write(fd, "x", 1), 1);
    while ((s = assay_parquet_format.next(scan, &b, &e)) == ASSAY_OK && b.rows)
        ;
    assert_int_equal(s, ASSAY_ECHANGED);
    assert_string_equal(e.msg, "f: changed during read");
    assay_parquet_format.scan_free(scan);

    assay_err_reset(&e);
    assert_int_equal(ftruncate(fd, (off_t)file.len), 0);
    assert_int_equal(assay_parquet_format.scan(fd, "f", NULL, &o, &scan, &e), ASSAY_OK);
    assert_int_equal(ftruncate(fd, 20), 0);
    while ((s = assay_parquet_format.next(scan, &b, &e)) == ASSAY_OK && b.rows)
        ;
    assert_int_equal(s, ASSAY_ECHANGED);
    assay_parquet_format.scan_free(scan);
    close(fd);
    assay_buf_release(&file);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(fixtures) + 16];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(fixtures); i++)
        tests[n++] =
            (struct CMUnitTest){fixtures[i], values_are_those_written, NULL, NULL, (void *)(uintptr_t)fixtures[i]};
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(columns_can_be_chosen),
        cmocka_unit_test(schema_names_every_type),
        cmocka_unit_test(columns_of_any_kind_in_any_order),
        cmocka_unit_test(a_file_cut_short_is_an_error),
        cmocka_unit_test(a_file_that_changes_is_named),
        cmocka_unit_test_prestate(flipped_bits_do_not_pass, (void *)(uintptr_t) "encodings_v1_required"),
        cmocka_unit_test_prestate(flipped_bits_do_not_pass, (void *)(uintptr_t) "encodings_v2_some"),
        cmocka_unit_test_prestate(flipped_bits_do_not_crash, (void *)(uintptr_t) "plain_some"),
        cmocka_unit_test_prestate(flipped_bits_do_not_crash, (void *)(uintptr_t) "codec_brotli"),
        cmocka_unit_test_prestate(flipped_bits_do_not_crash, (void *)(uintptr_t) "int96"),
        cmocka_unit_test_prestate(flipped_bits_do_not_pass, (void *)(uintptr_t) "trees_few"),
        cmocka_unit_test(encrypted_columns_are_named_and_the_others_read),
    };
    for (size_t i = 0; i < COUNT(others); i++)
        tests[n++] = others[i];
    return !!_cmocka_run_group_tests("parquet", tests, n, NULL, NULL);
}
