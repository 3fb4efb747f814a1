/* The Avro reader against damage: a file that reads, then one change to it and the one sentence it earns; sizes
 * and depths made to exhaust. */
#include "../support/avro_expect.h"

#define FIELDS "{\"name\":\"id\",\"type\":\"long\"},{\"name\":\"text\",\"type\":\"string\"}"

/* ---- one damage at a time ---- */

/* Columns of every plain type; the bytes of one good row by column. */
#define ROW_FIELDS                                                                                                     \
    "{\"name\":\"b\",\"type\":\"boolean\"},{\"name\":\"i\",\"type\":\"int\"},{\"name\":\"l\",\"type\":\"long\"},"      \
    "{\"name\":\"s\",\"type\":\"string\"},"                                                                            \
    "{\"name\":\"e\",\"type\":{\"type\":\"enum\",\"name\":\"e\",\"symbols\":[\"A\",\"B\"]}},"                          \
    "{\"name\":\"u\",\"type\":[\"null\",\"double\"]},"                                                                 \
    "{\"name\":\"f\",\"type\":{\"type\":\"fixed\",\"name\":\"f\",\"size\":3}}"

#define B(bytes) bytes, sizeof(bytes) - 1
#define LONGEST "\xff\xff\xff\xff\xff\xff\xff\xff\xff"

static const struct {
    const char *bytes; /* of two rows */
    size_t n;
    const char *what; /* NULL: they read */
} row_damage[] = {
    {B("\1\2\2\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     NULL},
    {B("\7\2\2\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"b\": a boolean that is neither 0 nor 1"},
    {B("\1\2\2\4ab\2\2"
       "12345678"
       "abc"
       "\2\0\0\0\0\0abc"),
     "2 of it, column \"b\": a boolean that is neither 0 nor 1"},
    {B("\1\x80\x80\x80\x80\x10\2\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"i\": an int of more than 32 bits"},
    {B("\1\x81\x80\x80\x80\x10\2\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"i\": an int of more than 32 bits"},
    {B("\1\2\2\6ab"), "1 of it, column \"s\": a length beyond the end of the data"},
    {B("\1\2" LONGEST "\2\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"l\": a number of more than 64 bits"},
    {B("\1\2" LONGEST "\xff\1\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"l\": a number of more than 64 bits"},
    {B("\1\2\2\3ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"s\": a negative length"},
    {B("\1\2\2\xfe\x01"
       "ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"s\": a length beyond the end of the data"},
    {B("\1\2\2" LONGEST "\1ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"s\": a negative length"},
    {B("\1\2\2\4ab\4\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"e\": an enum index outside its symbols"},
    {B("\1\2\2\4ab\1\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"e\": an enum index outside its symbols"},
    {B("\1\2\2\4ab\2\4"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"u\": a union index outside its branches"},
    {B("\1\2\2\4ab\2\1"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abc"),
     "1 of it, column \"u\": a union index outside its branches"},
    {B("\1\2\2\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0ab"),
     "2 of it, column \"f\": the data end inside a value"},
    {B("\1\2\2\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\2"
       "1234567"),
     "2 of it, column \"u\": the data end inside a value"},
    {B("\1\2\2\4ab\2\2"
       "12345678"
       "abc"),
     "2 of it, column \"b\": the data end inside a value"},
    {B("\1\2\2\4ab\2\2"
       "12345678"
       "abc"
       "\0\0\0\0\0\0abcd"),
     ""},
};

/* Once read as columns, once passed over for another one: both see the damage. */
static void damaged_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof row_damage / sizeof *row_damage; i++) {
        for (int passed_over = 0; passed_over < 2; passed_over++) {
            struct assay_buf file = {0}, wanted = {0};
            struct assay_scan_end end;
            struct assay_err e = {0};
            const char *const none = "none", *what = row_damage[i].what;
            avro_record(&file, "{\"name\":\"none\",\"type\":\"null\"}," ROW_FIELDS, NULL);
            const size_t at = file.len;
            avro_block(&file, NULL, 2, row_damage[i].bytes, row_damage[i].n);
            if (what)
                parquet_must(assay_buf_addf(&wanted, "f: block 1 at byte %zu: %s%s", at,
                                            *what ? "row " : "bytes left over after its rows", what));
            int fd = avro_file(file.ptr, file.len);
            enum assay_status s = avro_dump(fd, &none, passed_over ? 1 : 0, NULL, &end, &e);
            assert_int_equal(s, what ? ASSAY_EDATA : ASSAY_OK);
            assert_string_equal(e.msg, what ? assay_buf_str(&wanted) : "");
            close(fd);
            assay_buf_release(&file);
            assay_buf_release(&wanted);
        }
    }
}

/* The second block's frame. */
static void damaged_blocks(void **state)
{
    (void)state;
    static const char two_rows[] = "\2\2a\4\2b";
    static const struct {
        int64_t rows, size;
        const char *sync, *what;
        enum assay_status status;
    } cases[] = {
        {2, 6, AVRO_SYNC, NULL, ASSAY_OK},
        {-1, 6, AVRO_SYNC, "a negative count of rows", ASSAY_EDATA},
        {3, 6, AVRO_SYNC, "row 3 of it, column \"id\": the data end inside a value", ASSAY_EDATA},
        {1, 6, AVRO_SYNC, "bytes left over after its rows", ASSAY_EDATA},
        {0, 6, AVRO_SYNC, "bytes left over after its rows", ASSAY_EDATA},
        {7, 6, AVRO_SYNC, "more rows than bytes", ASSAY_EDATA},
        {INT64_MAX, 6, AVRO_SYNC, "more rows than bytes", ASSAY_EDATA},
        {2, -5, AVRO_SYNC, "a negative size", ASSAY_EDATA},
        {2, INT64_MIN, AVRO_SYNC, "a negative size", ASSAY_EDATA},
        {2, 5, AVRO_SYNC, "another sync mark after it than the header's", ASSAY_EDATA},
        {2, 7, AVRO_SYNC, "the file ends inside it", ASSAY_EDATA},
        {2, 1LL << 40, AVRO_SYNC, "the file ends inside it", ASSAY_EDATA},
        {2, INT64_MAX, AVRO_SYNC, "the file ends inside it", ASSAY_EDATA},
        {2, 6, "0123456789abcdeF", "another sync mark after it than the header's", ASSAY_EDATA},
        {2, 6, "0123456789abcde", "the file ends inside it", ASSAY_EDATA},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf file = {0}, wanted = {0};
        avro_record(&file, FIELDS, NULL);
        avro_block(&file, NULL, 2, two_rows, 6);
        if (cases[i].what)
            parquet_must(assay_buf_addf(&wanted, "f: block 2 at byte %zu: %s", file.len, cases[i].what));
        avro_long(&file, cases[i].rows);
        avro_long(&file, cases[i].size);
        parquet_must(assay_buf_add(&file, two_rows, 6));
        parquet_must(assay_buf_adds(&file, cases[i].sync));
        avro_expect(&file, cases[i].status, cases[i].what ? assay_buf_str(&wanted) : "");
        assay_buf_release(&file);
        assay_buf_release(&wanted);
    }
}

static void damaged_codecs(void **state)
{
    (void)state;
    static const struct {
        const char *codec, *what;
        int at; /* byte of the stored block to change, from the end when negative; -100: cut the last one off */
        int append; /* bytes added */
    } cases[] = {
        {"deflate", "broken deflate data", 0, 0},
        {"deflate", "deflate data that end too early", -100, 0},
        {"deflate", "bytes left over after the deflate data", -101, 1},
        {"snappy", "snappy data that do not match their CRC-32", -1, 0},
        {"snappy", "snappy data that do not match their CRC-32", 3, 0},
        {"snappy", "broken snappy data", 0, 0},
        {"zstandard", "broken zstandard data", 0, 0},
        {"zstandard", "zstandard data that end too early", -100, 0},
        {"zstandard", "broken zstandard data", -101, 5},
        {"bzip2", "broken bzip2 data", 0, 0},
        {"bzip2", "broken bzip2 data", -1, 0},
        {"bzip2", "bzip2 data that end too early", -100, 0},
        {"bzip2", "bytes left over after the bzip2 data", -101, 1},
        {"xz", "broken xz data", 0, 0},
        {"xz", "broken xz data", -1, 0},
        {"xz", "xz data that end too early", -100, 0},
        {"xz", "bytes left over after the xz data", -101, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf file = {0}, stored = {0}, wanted = {0};
        avro_record(&file, FIELDS, cases[i].codec);
        parquet_must(assay_buf_addf(&wanted, "f: block 1 at byte %zu: %s", file.len, cases[i].what));
        struct assay_buf block = {0};
        avro_block(&block, cases[i].codec, 2, "\2\2a\4\2b", 6);
        parquet_must(assay_buf_add(&stored, block.ptr + 2, block.len - 2 - 16)); /* without count, size, mark */
        for (int bad = 0; bad < 2; bad++) { /* intact first */
            const size_t kept = file.len;
            if (bad && cases[i].at == -100)
                stored.len--;
            else if (bad && cases[i].at != -101)
                stored.ptr[cases[i].at < 0 ? stored.len - 1 : (size_t)cases[i].at] ^= 0x07;
            for (int k = 0; bad && k < cases[i].append; k++)
                parquet_must(assay_buf_addc(&stored, 'x'));
            avro_block_raw(&file, 2, stored.ptr, stored.len);
            avro_expect(&file, bad ? ASSAY_EDATA : ASSAY_OK, bad ? assay_buf_str(&wanted) : "");
            file.len = kept;
        }
        assay_buf_release(&block);
        assay_buf_release(&file);
        assay_buf_release(&stored);
        assay_buf_release(&wanted);
    }
}

/* Three blocks of snappy: past the header no flipped bit goes unseen, and a cut only at a block's end. */
static void every_bit_and_every_cut(void **state)
{
    (void)state;
    struct assay_buf file = {0};
    struct assay_err e = {0};
    size_t ends[4];
    avro_record(&file, FIELDS, "snappy");
    ends[0] = file.len;
    for (int i = 1; i <= 3; i++) {
        avro_block(&file, "snappy", 2, "\2\2a\4\2b", 6);
        ends[i] = file.len;
    }
    avro_expect(&file, ASSAY_OK, "");
    for (size_t bit = ends[0] * 8; bit < file.len * 8; bit++) {
        file.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (avro_read(&file, &e) != ASSAY_EDATA || strncmp(e.msg, "f: block ", 9) != 0)
            fail_msg("bit %zu: %d %s", bit, e.code, e.msg);
        file.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < ends[3]; n++) {
        file.len = n;
        const bool whole = n == ends[0] || n == ends[1] || n == ends[2];
        if (avro_read(&file, &e) != (whole ? ASSAY_OK : ASSAY_EDATA))
            fail_msg("cut at %zu: %d %s", n, e.code, e.msg);
    }
    assay_buf_release(&file);
}

/* ---- exhaustion ---- */

static void repeat(struct assay_buf *b, const char *text, size_t n)
{
    while (n--)
        parquet_must(assay_buf_adds(b, text));
}

/* Arrays and maps that lie about their blocks, read as values. */
static void broken_arrays(void **state)
{
    (void)state;
    static const char fields[] =
        "{\"name\":\"x\",\"type\":{\"type\":\"array\",\"items\":{\"type\":\"map\",\"values\":\"int\"}}}";
    static const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } cases[] = {
        {"\2", 1, "the data end inside a value"},
        {"\2\2\2k\2\0", 6, "the data end inside a value"},
        {"\1\14\2\2k\2\0\0", 8, "an array or map block of another size than it claims"},
        {"\1\2\2\2k\2\0\0", 8, "an array or map block of another size than it claims"},
        {"\1\200\1\2\2k\2\0\0", 9, "an array or map block of an impossible size"},
        {"\377\377\377\377\377\377\377\377\377\1\2\0", 12, "an array or map block of an impossible count"},
        {"\377\377\377\377\377\377\377\377\377\3", 10, "a number of more than 64 bits"},
        {"\2\2\1k\2\0\0", 7, "a negative length"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf file = {0};
        struct assay_err e = {0};
        avro_record(&file, fields, NULL);
        avro_block(&file, NULL, 1, cases[i].bytes, cases[i].n);
        if (avro_read(&file, &e) != ASSAY_EDATA || !strstr(e.msg, cases[i].what))
            fail_msg("%zu: %d %s", i, e.code, e.msg);
        assay_buf_release(&file);
    }
}

/* Nine million items are more than a row may have; the next row is there all the same. */
static void an_array_too_large_spares_the_other_rows(void **state)
{
    (void)state;
    struct assay_buf file = {.max = 1u << 24}, rows = {.max = 1u << 24}, text = {0};
    struct assay_scan_end end;
    struct assay_err e = {0};
    avro_record(&file, "{\"name\":\"x\",\"type\":{\"type\":\"array\",\"items\":\"boolean\"}}", "deflate");
    avro_long(&rows, 9000000);
    parquet_must(assay_buf_reserve(&rows, 9000000));
    memset(rows.ptr + rows.len, 1, 9000000);
    rows.len += 9000000;
    parquet_must(assay_buf_add(&rows, "\0\2\1\0", 4));
    avro_block(&file, "deflate", 2, rows.ptr, rows.len);
    int fd = avro_file(file.ptr, file.len);
    if (avro_dump(fd, NULL, 0, &text, &end, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_string_equal(assay_buf_str(&text),
                        "bad: nested values that take more than 128 MiB of memory in one row\n[true]\n");
    close(fd);
    assay_buf_release(&file);
    assay_buf_release(&rows);
    assay_buf_release(&text);
}

/* A list of three million nodes, and a record that holds itself without an end. */
static void records_that_recurse(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "{\"name\":\"n\",\"type\":\"null\"},{\"name\":\"x\",\"type\":{\"type\":\"record\",\"name\":\"l\",\"fields\":["
        "{\"name\":\"next\",\"type\":[\"null\",\"l\"]}]}}",
        "{\"name\":\"n\",\"type\":\"null\"},{\"name\":\"x\",\"type\":{\"type\":\"record\",\"name\":\"l\",\"fields\":["
        "{\"name\":\"next\",\"type\":\"l\"}]}}"};
    for (size_t i = 0; i < 2; i++) {
        struct assay_buf file = {0}, wanted = {0}, list = {.max = 1u << 22};
        avro_record(&file, fields[i], NULL);
        parquet_must(assay_buf_addf(
            &wanted, "f: block 1 at byte %zu: row 1 of it, column \"x\": values nested too deep", file.len));
        repeat(&list, "\2", 3000000);
        parquet_must(assay_buf_addc(&list, 0));
        avro_block(&file, NULL, 1, list.ptr, list.len);
        avro_expect(&file, ASSAY_ELIMIT, assay_buf_str(&wanted));
        assay_buf_release(&file);
        assay_buf_release(&wanted);
        assay_buf_release(&list);
    }
}

/* Forty records, each but the first of ten of the one before: 10^39 empty values in no byte. */
static void records_of_nothing(void **state)
{
    (void)state;
    struct assay_buf fields = {0}, file = {0};
    parquet_must(assay_buf_adds(&fields, "{\"name\":\"n\",\"type\":\"null\"}"));
    for (int i = 0; i < 40; i++) {
        parquet_must(assay_buf_addf(
            &fields, ",{\"name\":\"x%d\",\"type\":{\"type\":\"record\",\"name\":\"a%d\",\"fields\":[", i, i));
        for (int k = 0; i && k < 10; k++)
            parquet_must(assay_buf_addf(&fields, "%s{\"name\":\"q\",\"type\":\"a%d\"}", k ? "," : "", i - 1));
        parquet_must(assay_buf_adds(&fields, "]}}"));
    }
    parquet_must(assay_buf_adds(&fields, ",{\"name\":\"last\",\"type\":\"boolean\"}"));
    avro_record(&file, assay_buf_str(&fields), NULL);
    avro_block(&file, NULL, 3, "\0\1\0", 3);
    avro_expect(&file, ASSAY_OK, "");
    assay_buf_release(&fields);
    assay_buf_release(&file);
}

static void rows_and_items_without_bytes(void **state)
{
    (void)state;
    static const char nothing[] = "{\"name\":\"n\",\"type\":\"null\"}";
    static const struct {
        int64_t rows, blocks;
        enum assay_status status;
    } cases[] = {
        {100000, 1, ASSAY_OK}, {1LL << 40, 1, ASSAY_ELIMIT}, {INT64_MAX, 1, ASSAY_ELIMIT}, {1 << 23, 3, ASSAY_ELIMIT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf file = {0}, wanted = {0};
        size_t at = 0;
        avro_record(&file, nothing, NULL);
        for (int64_t k = 0; k < cases[i].blocks; k++) {
            at = file.len;
            avro_block_raw(&file, cases[i].rows, "", 0);
        }
        parquet_must(assay_buf_addf(&wanted, "f: block %d at byte %zu: too many rows that take no byte",
                                    (int)cases[i].blocks, at));
        avro_expect(&file, cases[i].status, cases[i].status == ASSAY_OK ? "" : assay_buf_str(&wanted));
        assay_buf_release(&file);
        assay_buf_release(&wanted);
    }
    struct assay_buf file = {0};
    avro_record(&file, nothing, NULL);
    avro_block_raw(&file, 2, "x", 1);
    struct assay_err e = {0};
    assert_int_equal(avro_read(&file, &e), ASSAY_EDATA);
    assert_non_null(strstr(e.msg, ": bytes left over after its rows, which take none"));
    assay_buf_release(&file);
}

/* Arrays and maps that are passed over. */
static void damaged_arrays(void **state)
{
    (void)state;
    static const char fields[] =
        "{\"name\":\"n\",\"type\":\"null\"},{\"name\":\"x\",\"type\":{\"type\":\"array\",\"items\":\"int\"}}";
    static const struct {
        const char *bytes;
        size_t n;
        const char *what;
    } cases[] = {
        {B("\4\2\2\0"), NULL},
        {B("\3\4\2\2\0"), NULL},
        {B("\3\2\2\2\0"), "an array or map block of another size than it claims"},
        {B("\3\1\2\2\0"), "an array or map block of an impossible size"},
        {B("\3\x40\2\2\0"), "an array or map block of an impossible size"},
        {B(LONGEST "\1\2\2\0"), "an array or map block of an impossible count"},
        {B("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\1\2\2\0"), "the data end inside a value"},
        {B("\4\2\2"), "the data end inside a value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf file = {0}, wanted = {0};
        avro_record(&file, fields, NULL);
        parquet_must(assay_buf_addf(&wanted, "f: block 1 at byte %zu: row 1 of it, column \"x\": %s", file.len,
                                    cases[i].what ? cases[i].what : ""));
        avro_block(&file, NULL, 1, cases[i].bytes, cases[i].n);
        avro_expect(&file, cases[i].what ? ASSAY_EDATA : ASSAY_OK, cases[i].what ? assay_buf_str(&wanted) : "");
        assay_buf_release(&file);
        assay_buf_release(&wanted);
    }
}

/* A few hundred kilobytes that would be more than 256 MiB. */
static void bombs(void **state)
{
    (void)state;
    static const char *const codecs[] = {"deflate", "zstandard"}; /* bzip2 and xz take seconds to make one */
    const size_t size = (256u << 20) + 1;
    void *zeros = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    assert_true(zeros != MAP_FAILED);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++) {
        struct assay_buf file = {0}, wanted = {0};
        avro_record(&file, FIELDS, codecs[i]);
        parquet_must(assay_buf_addf(&wanted, "f: block 1 at byte %zu: more than 256 MiB when decompressed", file.len));
        avro_block(&file, codecs[i], 1, zeros, size);
        assert_true(file.len < 1u << 20);
        avro_expect(&file, ASSAY_ELIMIT, assay_buf_str(&wanted));
        assay_buf_release(&file);
        assay_buf_release(&wanted);
    }
    munmap(zeros, size);
    struct assay_buf file = {0};
    struct assay_err e = {0};
    avro_record(&file, FIELDS, "snappy");
    avro_block_raw(&file, 1,
                   "\xff\xff\xff\xff\x0f"
                   "abcdefgh",
                   13); /* claims 4 GiB */
    assert_int_equal(avro_read(&file, &e), ASSAY_ELIMIT);
    assay_buf_release(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_rows),
        cmocka_unit_test(damaged_blocks),
        cmocka_unit_test(broken_arrays),
        cmocka_unit_test(an_array_too_large_spares_the_other_rows),
        cmocka_unit_test(damaged_codecs),
        cmocka_unit_test(every_bit_and_every_cut),
        cmocka_unit_test(records_that_recurse),
        cmocka_unit_test(records_of_nothing),
        cmocka_unit_test(rows_and_items_without_bytes),
        cmocka_unit_test(damaged_arrays),
        cmocka_unit_test(bombs),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
