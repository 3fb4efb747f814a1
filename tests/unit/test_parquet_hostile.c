/* Parquet files that lie: every claim of the footer and of the page headers, one at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../support/parquet_text.h"
#include "../support/parquet_writer.h"
#include "../support/temp_file.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define BYTES(text) .bytes = (text), .n = sizeof(text) - 1

enum { BOOLEAN, INT32, INT64, BYTE_ARRAY = 6, FLBA };

static int on_disk(struct hand_file *f)
{
    int fd = temp_file(f->out.ptr, f->out.len);
    assay_buf_release(&f->out);
    return fd;
}

static void expect_error(struct hand_file *f, enum assay_status want, const char *message)
{
    struct assay_scan_end end;
    struct assay_err e = {0};
    int fd = on_disk(f);
    enum assay_status s = parquet_dump(fd, "f", NULL, 0, NULL, NULL, &end, &e);
    close(fd);
    if (s != want || !strstr(e.msg, message))
        fail_msg("status %d, \"%s\" instead of %d, \"%s\"", (int)s, e.msg, (int)want, message);
}

struct lie {
    const char *what;
    struct hand_column column;
    struct hand_page page;
    enum assay_status status;
    const char *message;
};

#define PAGE_0 "row group 0, column \"x\", page 0 at byte 4: "

static const struct lie lies[] = {
    {"fewer values in the chunk than rows in the group",
     {.physical = INT32, .rows = 2, .values = 1 + 1},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "not as many values as its row group has rows"},
    {"a chunk of another type than the schema",
     {.physical = INT64, .rows = 1, .chunk_physical = INT32 + 1},
     {.values = 1, BYTES("\1\0\0\0\0\0\0\0")},
     ASSAY_EDATA,
     "a column chunk has another physical type than the schema"},
    {"a chunk of another column",
     {.physical = INT32, .rows = 1, .chunk_name = "xx"},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "a column chunk has another name than the schema"},
    {"data pages that begin behind the chunk",
     {.physical = INT32, .rows = 1, .dictionary_at = 4, .data_at = 1000},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "a column chunk lies outside the file's data"},
    {"eight bytes after the last number that are not zero",
     {.physical = INT32, .rows = 1},
     {.values = 1, BYTES("\1\0\0\0\0\0\0\0\0\0\0\1")},
     ASSAY_EDATA,
     "the page's size does not fit its number of values"},
    {"fewer rows in the groups than in the file",
     {.physical = INT32, .rows = 1, .file_rows = 2 + 1},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "claims 2 rows, its row groups hold 1"},
    {"2^62 rows",
     {.physical = INT32, .rows = 1ll << 62, .file_rows = (1ll << 62) + 1},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_ELIMIT,
     "more than 1099511627776 rows"},
    {"negative rows",
     {.physical = INT32, .rows = -1},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "a column chunk lacks a field or has a negative one"},
    {"fewer values in the pages than in the chunk",
     {.physical = INT32, .rows = 2},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "the pages of the column end before its rows"},
    {"more values in the pages than in the chunk",
     {.physical = INT32, .rows = 1},
     {.values = 2, BYTES("\1\0\0\0\2\0\0\0")},
     ASSAY_EDATA,
     PAGE_0 "the pages hold more values than the column chunk claims"},
    {"bytes after the last number",
     {.physical = INT32, .rows = 1},
     {.values = 1, BYTES("\1\0\0\0\2")},
     ASSAY_EDATA,
     PAGE_0 "the page's size does not fit its number of values"},
    {"bytes after the last string",
     {.physical = BYTE_ARRAY, .rows = 1},
     {.values = 1, BYTES("\1\0\0\0a\0")},
     ASSAY_EDATA,
     PAGE_0 "bytes follow the last value of the page"},
    {"bytes after the last boolean",
     {.physical = BOOLEAN, .rows = 1},
     {.values = 1, BYTES("\1\0")},
     ASSAY_EDATA,
     "the page's size does not fit its number of values"},
    {"a string longer than the page",
     {.physical = BYTE_ARRAY, .rows = 1},
     {.values = 1, BYTES("\xff\xff\xff\x7f\1")},
     ASSAY_EDATA,
     "a string longer than the page"},
    {"a string of length 2^32 - 1",
     {.physical = BYTE_ARRAY, .rows = 1},
     {.values = 1, BYTES("\xff\xff\xff\xff\1")},
     ASSAY_EDATA,
     "a string longer than the page"},
    {"an index without a dictionary",
     {.physical = INT32, .rows = 1},
     {.values = 1, .encoding = 8, BYTES("\0\2")},
     ASSAY_EDATA,
     "a dictionary-encoded page without a dictionary"},
    {"levels longer than the page",
     {.physical = INT32, .repetition = 1, .rows = 1},
     {.values = 1, BYTES("\xff\xff\xff\xff\2\1\1\0\0\0")},
     ASSAY_EDATA,
     "definition levels longer than the page"},
    {"levels that end too early",
     {.physical = INT32, .repetition = 1, .rows = 3},
     {.values = 3, BYTES("\2\0\0\0\4\0")},
     ASSAY_EDATA,
     "the definition levels end too early or are broken"},
    {"levels that go on",
     {.physical = INT32, .repetition = 1, .rows = 3},
     {.values = 3, BYTES("\2\0\0\0\x08\0")},
     ASSAY_EDATA,
     "the page has more definition levels than values"},
    {"a level of 2",
     {.physical = INT32, .repetition = 1, .rows = 3},
     {.values = 3, BYTES("\2\0\0\0\6\2")},
     ASSAY_EDATA,
     "the definition levels end too early or are broken"},
    {"v2: another number of nulls",
     {.physical = INT32, .repetition = 1, .rows = 3},
     {.type = 3, .values = 3, .nulls = 2, .level_bytes = 2, BYTES("\6\0")},
     ASSAY_EDATA,
     "the page has not as many nulls as its header says"},
    {"v2: rows are not values",
     {.physical = INT32, .repetition = 1, .rows = 3},
     {.type = 3, .values = 3, .rows = 2, .nulls = 3, .level_bytes = 2, BYTES("\6\0")},
     ASSAY_EDATA,
     "the counts of the page header contradict each other"},
    {"v2: levels longer than the page",
     {.physical = INT32, .repetition = 1, .rows = 3},
     {.type = 3, .values = 3, .nulls = 3, .level_bytes = 3, BYTES("\6\0")},
     ASSAY_EDATA,
     "the counts of the page header contradict each other"},
    {"an encoding that the type does not have",
     {.physical = INT32, .rows = 1},
     {.values = 1, .encoding = 6, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "encoding 6 is not defined for its type"},
    {"encoding 1",
     {.physical = INT32, .rows = 1},
     {.values = 1, .encoding = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "encoding 1 is not defined for its type"},
    {"encoding 77",
     {.physical = INT32, .rows = 1},
     {.values = 1, .encoding = 77, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "encoding 77 is not defined for its type"},
    {"deltas of another number of values",
     {.physical = INT32, .rows = 1},
     {.values = 1, .encoding = 5, BYTES("\x80\1\4\2\0")},
     ASSAY_EDATA,
     "holds another number of values than the page"},
    {"a delta block of 2^31",
     {.physical = INT32, .rows = 1},
     {.values = 1, .encoding = 5, BYTES("\x80\x80\x80\x80\x08\1\1\0")},
     ASSAY_EDATA,
     "an impossible block size"},
    {"half a gigabyte of equal deltas",
     {.physical = INT64, .rows = 1 << 26},
     {.values = 1 << 26, .encoding = 5, BYTES("\x80\1\4\x80\x80\x80\x20\0")},
     ASSAY_ELIMIT,
     "the page's values take more than 256 MiB"},
    {"a page of 1 GiB",
     {.physical = INT32, .rows = 1, .codec = 6},
     {.values = 1, BYTES("\1\0\0\0"), .uncompressed = 1 << 30},
     ASSAY_ELIMIT,
     "the page is larger than 256 MiB"},
    {"a page of 200 MiB in four bytes",
     {.physical = INT32, .rows = 1, .codec = 4},
     {.values = 1, BYTES("\1\0\0\0"), .uncompressed = 200 << 20},
     ASSAY_ELIMIT,
     "the page claims to be compressed beyond belief"},
    {"a page of negative size",
     {.physical = INT32, .rows = 1},
     {.values = 1, BYTES("\1\0\0\0"), .uncompressed = -4},
     ASSAY_EDATA,
     "a negative size or count in the page header"},
    {"a chunk that reaches into the footer",
     {.physical = INT32, .rows = 1, .size_off = 1},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "a column chunk lies outside the file's data"},
    {"a chunk that ends inside its page",
     {.physical = INT32, .rows = 1, .size_off = -1},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     PAGE_0 "the page runs beyond the column chunk"},
    {"a chunk that ends inside its page header",
     {.physical = INT32, .rows = 1, .size_off = -8},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     PAGE_0 "the bytes end inside a field"},
    {"a chunk at 2^62",
     {.physical = INT32, .rows = 1, .data_at = 1ll << 62},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "a column chunk"},
    {"a chunk at -5",
     {.physical = INT32, .rows = 1, .data_at = -5},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_EDATA,
     "a column chunk lacks a field or has a negative one"},
    {"LZO",
     {.physical = INT32, .rows = 1, .codec = 3},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_ETYPE,
     "codec LZO (3) is not supported"},
    {"codec 99",
     {.physical = INT32, .rows = 1, .codec = 99},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_ETYPE,
     "codec unknown (99) is not supported"},
    {"an encrypted column, the footer plain",
     {.physical = INT32, .rows = 1, .encrypted = true},
     {.values = 1, BYTES("\1\0\0\0")},
     ASSAY_ETYPE,
     "column \"x\": type encrypted INT32 is not supported"},
    {"a logical type of the future",
     {.physical = BYTE_ARRAY, .rows = 1, .logical = 19},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_ETYPE,
     "column \"x\": type BYTE_ARRAY unknown type 19 is not supported"},
    {"a string of integers",
     {.physical = INT32, .rows = 1, .converted = 1},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_ETYPE,
     "type INT32 STRING is not supported"},
    {"DECIMAL(10) on INT32",
     {.physical = INT32, .rows = 1, .converted = 6, .precision = 10},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_ETYPE,
     "type INT32 DECIMAL(10,0) is not supported"},
    {"DECIMAL with a scale above its precision",
     {.physical = INT32, .rows = 1, .converted = 6, .precision = 3, .scale = 4},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_ETYPE,
     "type INT32 DECIMAL(3,4) is not supported"},
    {"a UUID of 15 bytes",
     {.physical = FLBA, .length = 15, .rows = 1, .logical = 14},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_ETYPE,
     "type FLBA(15) UUID is not supported"},
    {"a fixed length of 2^31 - 1",
     {.physical = FLBA, .length = INT32_MAX, .rows = 1},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_EDATA,
     "has a fixed length of 2147483647 bytes"},
    {"a repeated field",
     {.physical = INT32, .repetition = 2, .rows = 1},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_EDATA,
     "row group 0, column \"x\", page 0 at byte 4: levels longer than the page"},
    {"repetition 3",
     {.physical = INT32, .repetition = 3, .rows = 1},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_EDATA,
     "an unknown repetition"},
    {"physical type 8",
     {.physical = 8, .rows = 1},
     {.values = 1, BYTES("\0\0\0\0")},
     ASSAY_EDATA,
     "an unknown physical type"},
};

static void lies_are_found(void **state)
{
    const struct lie *lie = *state;
    struct hand_column column = lie->column;
    struct hand_file f;
    column.name = "x";
    hand_begin(&f);
    hand_page(&f, &lie->page);
    hand_finish(&f, &column);
    expect_error(&f, lie->status, lie->message);
}

/* A dictionary of two, and pages that misuse it. */
static void dictionary_lies(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *message;
    } cases[] = {
        {"\2\3\2", 3, "an index beyond the dictionary"},
        {"\2\2\3", 3, "an index beyond the dictionary"},
        {"\x21\3\0", 3, "dictionary indices of an impossible width"},
        {"\1\2\2", 3, "the indices or booleans end too early or are broken"},
        {"\1\2\1\0", 4, "bytes follow the last value of the page"},
        {"\1\4\1", 3, "bytes follow the last value of the page"},
        {"\1", 1, "the indices or booleans end too early or are broken"},
        {"\1\xff\xff\xff\xff\xff\xff", 7, "the indices or booleans end too early or are broken"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hand_column c = {.name = "x", .physical = INT32, .rows = 1, .dictionary_at = 4};
        struct hand_file f;
        hand_begin(&f);
        hand_page(&f, &(struct hand_page){.type = 2, .values = 2, BYTES("\1\0\0\0\2\0\0\0")});
        c.data_at = (int64_t)f.out.len;
        hand_page(&f, &(struct hand_page){.values = 1, .encoding = 8, .bytes = cases[i].bytes, .n = cases[i].n});
        hand_finish(&f, &c);
        expect_error(&f, ASSAY_EDATA, cases[i].message);
    }
}

static void dictionary_pages_that_lie(void **state)
{
    (void)state;
    static const struct {
        struct hand_page page;
        const char *message;
    } cases[] = {
        {{.type = 2, .values = 3, BYTES("\1\0\0\0\2\0\0\0")}, "a dictionary of more values than its bytes can hold"},
        {{.type = 2, .values = 1, BYTES("\1\0\0\0\2\0\0\0")}, "the page's size does not fit its number of values"},
        {{.type = 2, .values = INT32_MAX, BYTES("\1\0\0\0\2\0\0\0")},
         "a dictionary of more values than its bytes can hold"},
        {{.type = 2, .values = 2, .encoding = 8, BYTES("\1\0\0\0\2\0\0\0")}, "a dictionary page that is not PLAIN"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hand_column c = {.name = "x", .physical = INT32, .rows = 1};
        struct hand_file f;
        hand_begin(&f);
        hand_page(&f, &cases[i].page);
        hand_finish(&f, &c);
        expect_error(&f, ASSAY_EDATA, cases[i].message);
    }
    struct hand_column c = {.name = "x", .physical = BYTE_ARRAY, .rows = 1};
    struct hand_file f;
    hand_begin(&f);
    hand_page(&f, &(struct hand_page){.type = 2, .values = 1, BYTES("\1\0\0\0aa")});
    hand_finish(&f, &c);
    expect_error(&f, ASSAY_EDATA, "bytes follow the last value of the dictionary");
    c = (struct hand_column){.name = "x", .physical = INT32, .rows = 2};
    hand_begin(&f);
    hand_page(&f, &(struct hand_page){.values = 1, BYTES("\1\0\0\0")});
    hand_page(&f, &(struct hand_page){.type = 2, .values = 1, BYTES("\1\0\0\0")});
    hand_finish(&f, &c);
    expect_error(&f, ASSAY_EDATA, "a dictionary page that is not the first page");
}

static void pages_after_the_last_row(void **state)
{
    (void)state;
    struct hand_column c = {.name = "x", .physical = INT32, .rows = 1};
    struct hand_file f;
    hand_begin(&f);
    hand_page(&f, &(struct hand_page){.values = 1, BYTES("\1\0\0\0")});
    put_bytes(&f, "junk", 4);
    hand_finish(&f, &c);
    expect_error(&f, ASSAY_EDATA, "page 1 at byte");
}

static void tails(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        enum assay_status status;
        const char *message;
    } cases[] = {
        {"", 0, ASSAY_EDATA, "0 bytes are too few"},
        {"PAR1", 4, ASSAY_EDATA, "4 bytes are too few"},
        {"PAR1\0\0\0\0PAR1", 12, ASSAY_EDATA, "footer of 0 bytes in a file of 12"},
        {"PAR1\1\0\0\0PAR1", 12, ASSAY_EDATA, "footer of 1 bytes in a file of 12"},
        {"PAR1\xff\xff\xff\x7fPAR1", 12, ASSAY_EDATA, "footer of 2147483647 bytes"},
        {"PAR1\0\0\0\0PARE", 12, ASSAY_ETYPE, "encrypted"},
        {"PARE\0\0\0\0PARE", 12, ASSAY_ETYPE, "encrypted"},
        {"XXXX\1\0\0\0\0PAR1", 13, ASSAY_EDATA, "does not begin with PAR1"},
        {"PAR1\1\0\0\0\0PAR2", 13, ASSAY_EDATA, "does not end with PAR1"},
        {"PAR1\0\1\0\0\0PAR1", 13, ASSAY_EDATA, "the row groups or the number of rows are missing"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct hand_file f = {0};
        put_bytes(&f, cases[i].bytes, cases[i].n);
        expect_error(&f, cases[i].status, cases[i].message);
    }
}

static long peak_kib(void)
{
    struct rusage u;
    assert_int_equal(getrusage(RUSAGE_SELF, &u), 0);
    return u.ru_maxrss;
}

/* 150 bytes that claim fifty million schema elements, row groups, keys, or elements of a field nobody knows. */
static void huge_lists(void **state)
{
    (void)state;
    for (int id = 2; id <= 7; id++) {
        struct hand_file f;
        long before = peak_kib();
        if (id == 3 || id == 6)
            continue;
        hand_begin(&f);
        put_list(&f, id, W_STRUCT, 50000000);
        hand_close(&f, 4);
        expect_error(&f, ASSAY_EDATA, id == 4 ? "footer: " : "the bytes end inside a field");
        assert_true(peak_kib() - before < 16384);
    }
}

/* As many bytes as elements: believable, and still no reason to allocate. */
static void many_empty_elements(void **state)
{
    (void)state;
    struct hand_file f;
    hand_begin(&f);
    put_list(&f, 2, W_STRUCT, 1 << 20);
    for (int i = 0; i < 1 << 20; i++)
        put_byte(&f, 0);
    hand_close(&f, 4);
    expect_error(&f, ASSAY_ELIMIT, "more than 65536 schema elements");
}

static void deep_schema(void **state)
{
    (void)state;
    static const int depths[] = {64, 65, 65000, 200000};
    for (size_t d = 0; d < COUNT(depths); d++) {
        struct hand_file f;
        hand_begin(&f);
        put_list(&f, 2, W_STRUCT, (uint64_t)depths[d] + 2);
        for (int i = 0; i < depths[d] + 2; i++) {
            put_struct(&f, 0);
            if (i == depths[d] + 1)
                put_int(&f, 1, INT32);
            put_int(&f, 3, 0);
            put_text(&f, 4, "x");
            if (i <= depths[d])
                put_int(&f, 5, 1);
            put_end(&f);
        }
        put_int(&f, 3, 0);
        put_list(&f, 4, W_STRUCT, 0);
        put_byte(&f, 0);
        hand_close(&f, 4);
        expect_error(&f, depths[d] == 64 ? ASSAY_ETYPE : ASSAY_ELIMIT,
                     depths[d] == 64      ? "type group (nests too deep) is not supported"
                     : depths[d] > 100000 ? "more than 65536 schema elements"
                                          : "the schema nests deeper than 64");
    }
}

/* Structs within structs in a field that is only skipped. */
static void deep_unknown_field(void **state)
{
    (void)state;
    struct hand_file f;
    hand_begin(&f);
    for (int i = 0; i < 2000000; i++)
        put_byte(&f, 0xfc); /* field 15, struct */
    hand_close(&f, 4);
    expect_error(&f, ASSAY_EDATA, "nesting deeper than the limit");
}

/* 2^31 - 1 nulls in a handful of bytes are delivered as they come, in constant memory, and only as many as are claimed.
 */
static void a_bomb_of_nulls(void **state)
{
    (void)state;
    static const char *const x[] = {"x"};
    struct hand_page page = {.values = INT32_MAX, BYTES("\6\0\0\0\xfe\xff\xff\xff\x0f\0")};
    struct hand_column c = {.name = "x", .physical = INT32, .repetition = 1, .rows = INT32_MAX};
    struct hand_file f;
    struct assay_scan_opts o = {.columns = x, .n_columns = 1};
    struct assay_scan *scan = NULL;
    struct assay_batch b;
    struct assay_err e = {0};
    hand_begin(&f);
    hand_page(&f, &page);
    hand_finish(&f, &c);
    int fd = on_disk(&f);
    long before = peak_kib();
    assert_int_equal(assay_parquet_format.scan(fd, "f", NULL, &o, &scan, &e), ASSAY_OK);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(assay_parquet_format.next(scan, &b, &e), ASSAY_OK);
        assert_int_equal(b.rows, ASSAY_BATCH_ROWS);
        assert_int_equal(b.v[0].kind, ASSAY_K_NULL);
    }
    assert_true(peak_kib() - before < 16384);
    assay_parquet_format.scan_free(scan);
    close(fd);
    c.rows = 1000;
    hand_begin(&f);
    hand_page(&f, &page);
    hand_finish(&f, &c);
    expect_error(&f, ASSAY_EDATA, "the pages hold more values than the column chunk claims");
}

/* A name that stands twice is no name. */
static void two_columns_of_one_name(void **state)
{
    (void)state;
    struct hand_file f;
    struct hand_column c = {.name = "x", .physical = INT32};
    hand_begin(&f);
    put_list(&f, 2, W_STRUCT, 3);
    put_struct(&f, 0);
    put_text(&f, 4, "root");
    put_int(&f, 5, 2);
    put_end(&f);
    hand_element(&f, &c);
    hand_element(&f, &c);
    put_int(&f, 3, 0);
    put_list(&f, 4, W_STRUCT, 0);
    put_byte(&f, 0);
    hand_close(&f, 4);
    expect_error(&f, ASSAY_EDATA, "two columns are named \"x\"");
}

int main(void)
{
    struct CMUnitTest tests[COUNT(lies) + 16];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(lies); i++)
        tests[n++] = (struct CMUnitTest){lies[i].what, lies_are_found, NULL, NULL, (void *)(uintptr_t)&lies[i]};
    static const struct CMUnitTest others[] = {
        cmocka_unit_test(dictionary_lies),
        cmocka_unit_test(dictionary_pages_that_lie),
        cmocka_unit_test(pages_after_the_last_row),
        cmocka_unit_test(tails),
        cmocka_unit_test(huge_lists),
        cmocka_unit_test(many_empty_elements),
        cmocka_unit_test(deep_schema),
        cmocka_unit_test(deep_unknown_field),
        cmocka_unit_test(a_bomb_of_nulls),
        cmocka_unit_test(two_columns_of_one_name),
    };
    for (size_t i = 0; i < COUNT(others); i++)
        tests[n++] = others[i];
    return !!_cmocka_run_group_tests("parquet hostile", tests, n, NULL, NULL);
}
