/* Nested columns of Parquet files: the forms that writers have found for lists and maps, and levels that lie. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../support/parquet_text.h"
#include "../support/parquet_tree.h"
#include "../support/temp_file.h"

/* The tables of schemas leave out what is zero. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define COUNT(a) (sizeof(a) / sizeof *(a))
#define INT32 1

static enum assay_status read_tree(const struct tree_file *t, struct assay_buf *text, struct assay_schema *schema,
                                   struct assay_err *e)
{
    struct assay_scan_end end;
    struct hand_file f = tree_write(t);
    int fd = temp_file(f.out.ptr, f.out.len);
    assay_buf_release(&f.out);
    enum assay_status s = assay_parquet_format.schema(fd, "f", NULL, schema, e);
    if (s == ASSAY_OK)
        s = parquet_dump(fd, "f", NULL, 0, text, NULL, &end, e);
    close(fd);
    return s;
}

struct form {
    const char *what;
    struct tree_file file;
    const char *type, *rows;
};

/* One leaf of a list: null, empty, one null, and so on, as far as the form can say them. */
static const struct form forms[] = {
    {"three levels",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"list", GROUP, REP}, {"element", INT32, OPT}},
      .leaf = {{"000110", "013232", 1, 3, 7}},
      .rows = 4},
     "list<INT32?> list<integer>",
     "null\n[]\n[7, null, 8]\n[null]\n"},
    {"three levels, nothing may be null",
     {.part = {{"x", GROUP, REQ, NOTE_LIST}, {"list", GROUP, REP}, {"element", INT32, REQ}},
      .leaf = {{"0010", "0111", 1, 1, 7}},
      .rows = 3},
     "list<INT32> list<integer>",
     "[]\n[7, 8]\n[9]\n"},
    {"the logical type instead of the converted one",
     {.part = {{"x", GROUP, OPT, .logical = 3}, {"list", GROUP, REP}, {"element", INT32, OPT}},
      .leaf = {{"00", "13", 1, 3, 7}},
      .rows = 2},
     "list<INT32?> list<integer>",
     "[]\n[7]\n"},
    {"rule 1: a repeated leaf",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"element", INT32, REP}},
      .leaf = {{"00010", "01222", 1, 2, 7}},
      .rows = 4},
     "list<INT32> list<integer>",
     "null\n[]\n[7, 8]\n[9]\n"},
    {"rule 2: a repeated group of two fields",
     {.part =
          {{"x", GROUP, OPT, NOTE_LIST}, {"element", GROUP, REP, .children = 2}, {"a", INT32, REQ}, {"b", INT32, OPT}},
      .leaf = {{"0001", "0122", 1, 2, 1}, {"0001", "0123", 1, 3, 10}},
      .rows = 3},
     "list<struct<a: INT32, b: INT32?>> list<struct<a: integer, b: integer>>",
     "null\n[]\n[{a: 1, b: null}, {a: 2, b: 10}]\n"},
    {"rule 3: a repeated list",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"array", GROUP, REP, NOTE_LIST}, {"array", INT32, REP}},
      .leaf = {{"0000211", "0123332", 2, 3, 1}},
      .rows = 4},
     "list<list<INT32>> list<list<integer>>",
     "null\n[]\n[[]]\n[[1, 2], [3], []]\n"},
    {"rule 4: array",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"array", GROUP, REP}, {"a", INT32, OPT}},
      .leaf = {{"0001", "0123", 1, 3, 1}},
      .rows = 3},
     "list<struct<a: INT32?>> list<struct<a: integer>>",
     "null\n[]\n[{a: null}, {a: 1}]\n"},
    {"rule 4: the list's name with _tuple",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"x_tuple", GROUP, REP}, {"a", INT32, REQ}},
      .leaf = {{"001", "122", 1, 2, 1}},
      .rows = 2},
     "list<struct<a: INT32>> list<struct<a: integer>>",
     "[]\n[{a: 1}, {a: 2}]\n"},
    {"rule 5: other names",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"bag", GROUP, REP}, {"array_element", INT32, OPT}},
      .leaf = {{"00", "23", 1, 3, 1}},
      .rows = 2},
     "list<INT32?> list<integer>",
     "[null]\n[1]\n"},
    {"a repeated leaf of its own",
     {.part = {{"x", INT32, REP}}, .leaf = {{"0010", "0111", 1, 1, 1}}, .rows = 3},
     "list<INT32> list<integer>",
     "[]\n[1, 2]\n[3]\n"},
    {"a repeated group of its own",
     {.part = {{"x", GROUP, REP}, {"a", INT32, OPT}}, .leaf = {{"0010", "0122", 1, 2, 1}}, .rows = 3},
     "list<struct<a: INT32?>> list<struct<a: integer>>",
     "[]\n[{a: null}, {a: 1}]\n[{a: 2}]\n"},
    {"a map",
     {.part = {{"x", GROUP, OPT, NOTE_MAP},
               {"key_value", GROUP, REP, .children = 2},
               {"key", INT32, REQ},
               {"value", INT32, OPT}},
      .leaf = {{"00010", "01222", 1, 2, 1}, {"00010", "01323", 1, 3, 10}},
      .rows = 4},
     "map<INT32, INT32?> map<integer, integer>",
     "null\n()\n(1: 10, 2: null)\n(3: 11)\n"},
    {"a map marked MAP_KEY_VALUE, its parts of other names",
     {.part =
          {{"x", GROUP, OPT, NOTE_KEY_VALUE}, {"map", GROUP, REP, .children = 2}, {"k", INT32, REQ}, {"v", INT32, REQ}},
      .leaf = {{"00", "12", 1, 2, 1}, {"00", "12", 1, 2, 10}},
      .rows = 2},
     "map<INT32, INT32> map<integer, integer>",
     "()\n(1: 10)\n"},
    {"a map whose entries are marked MAP_KEY_VALUE",
     {.part =
          {{"x", GROUP, OPT, NOTE_MAP}, {"map", GROUP, REP, NOTE_KEY_VALUE, 2}, {"k", INT32, REQ}, {"v", INT32, REQ}},
      .leaf = {{"00", "12", 1, 2, 1}, {"00", "12", 1, 2, 10}},
      .rows = 2},
     "map<INT32, INT32> map<integer, integer>",
     "()\n(1: 10)\n"},
    {"structs in structs",
     {.part = {{"x", GROUP, OPT, .children = 2}, {"a", GROUP, OPT}, {"b", INT32, OPT}, {"c", INT32, REQ}},
      .leaf = {{"0000", "0123", 0, 3, 1}, {"0000", "0111", 0, 1, 10}},
      .rows = 4},
     "struct<a: struct<b: INT32?>?, c: INT32> struct<a: struct<b: integer>, c: integer>",
     "null\n{a: null, c: 10}\n{a: {b: null}, c: 11}\n{a: {b: 1}, c: 12}\n"},
    {"a struct without levels",
     {.part = {{"x", GROUP, REQ}, {"a", INT32, REQ}}, .leaf = {{"00", "00", 0, 0, 1}}, .rows = 2},
     "struct<a: INT32> struct<a: integer>",
     "{a: 1}\n{a: 2}\n"},
    {"dates in Spark's old calendar",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"list", GROUP, REP}, {"element", INT32, OPT, NOTE_DATE}},
      .leaf = {{"01", "33", 1, 3, -141428}},
      .rows = 1,
      .key = "org.apache.spark.legacyDateTime"},
     "list<INT32 DATE?> list<date>",
     "[bad: written in Spark's legacy calendar: the instant is not certain, -141427]\n"},
    {"lists of lists in structs beside a leaf, over many pages",
     {.part = {{"x", GROUP, REQ, .children = 2},
               {"l", GROUP, OPT, NOTE_LIST},
               {"list", GROUP, REP},
               {"element", GROUP, OPT, NOTE_LIST},
               {"list", GROUP, REP},
               {"element", INT32, OPT},
               {"n", INT32, REQ}},
      .leaf = {{"0|0|021|2|0|1|1", "0|1|554|5|2|3|5", 2, 5, 1}, {"00|00", "00|00", 0, 0, 10}},
      .rows = 4},
     "struct<l: list<list<INT32?>?>?, n: INT32> struct<l: list<list<integer>>, n: integer>",
     "{l: null, n: 10}\n{l: [], n: 11}\n{l: [[1, 2], [null, 3]], n: 12}\n{l: [null, [], [4]], n: 13}\n"},
};

static void forms_are_read(void **state)
{
    const struct form *form = *state;
    for (int way = 0; way < 3; way++) {
        struct assay_buf text = {0}, type = {0};
        struct assay_schema schema = {0};
        struct assay_err e = {0};
        struct tree_file file = form->file;
        file.v2 = way == 1;
        file.bit_packed = way == 2;
        if (file.v2 && strstr(file.leaf[0].rep, "|2")) /* a page of version 2 begins with a row */
            continue;
        if (read_tree(&file, &text, &schema, &e) != ASSAY_OK)
            fail_msg("way %d: %s", way, e.msg);
        assert_string_equal(assay_buf_str(&text), form->rows);
        assert_int_equal(assay_buf_addf(&type, "%s ", schema.col[0].native), ASSAY_OK);
        assert_int_equal(assay_shape_text(schema.col[0].shape, &type), ASSAY_OK);
        assert_string_equal(assay_buf_str(&type), form->type);
        assay_schema_release(&schema);
        assay_buf_release(&text);
        assay_buf_release(&type);
    }
}

struct lie {
    const char *what;
    struct tree_file file;
    enum assay_status status;
    const char *message;
};

#define LIST_OF_INT                                                                                                    \
    {"x", GROUP, OPT, NOTE_LIST}, {"list", GROUP, REP},                                                                \
    {                                                                                                                  \
        "element", INT32, OPT                                                                                          \
    }
#define LIST_OF_PAIRS                                                                                                  \
    {"x", GROUP, OPT, NOTE_LIST}, {"list", GROUP, REP}, {"element", GROUP, OPT, .children = 2}, {"a", INT32, OPT},     \
    {                                                                                                                  \
        "b", INT32, OPT                                                                                                \
    }
#define LISTS                                                                                                          \
    {"x", GROUP, OPT, NOTE_LIST}, {"list", GROUP, REP}, {"element", GROUP, OPT, NOTE_LIST}, {"list", GROUP, REP},      \
    {                                                                                                                  \
        "element", INT32, OPT                                                                                          \
    }
#define NO_FIT "the levels do not fit together: "

static const struct lie lies[] = {
    {"a repetition level above the most",
     {.part = {LISTS}, .leaf = {{"03", "55", 2, 5, 1}}, .rows = 1},
     ASSAY_EDATA,
     "column \"x.element.element\", page 0 at byte 4: a level above the most that the schema allows"},
    {"a definition level above the most",
     {.part = {LISTS}, .leaf = {{"00", "57", 2, 5, 1}}, .rows = 2},
     ASSAY_EDATA,
     "a level above the most that the schema allows"},
    {"a level wider than its width",
     {.part = {LIST_OF_INT}, .leaf = {{"02", "33", 1, 3, 1}}, .rows = 1},
     ASSAY_EDATA,
     "the levels end too early or are broken"},
    {"the first value continues a row",
     {.part = {LIST_OF_INT}, .leaf = {{"10", "33", 1, 3, 1}}, .rows = 1},
     ASSAY_EDATA,
     "the first value continues a row that has not begun"},
    {"a page of version 2 that continues a row",
     {.part = {LIST_OF_INT}, .leaf = {{"0|1", "3|3", 1, 3, 1}}, .rows = 1, .v2 = true},
     ASSAY_EDATA,
     "the first value continues a row that has not begun"},
    {"a page of version 2 with another number of rows",
     {.part = {LIST_OF_INT}, .leaf = {{"01", "33", 1, 3, 1}}, .rows = 1, .v2 = true, .v2_rows = 2},
     ASSAY_EDATA,
     "the page has not as many rows as its header says"},
    {"a second item of an empty list",
     {.part = {LIST_OF_INT}, .leaf = {{"010", "133", 1, 3, 1}}, .rows = 2},
     ASSAY_EDATA,
     NO_FIT "a row is longer or shorter than in another part"},
    {"an item below one that is null",
     {.part = {LIST_OF_INT}, .leaf = {{"01", "31", 1, 3, 1}}, .rows = 1},
     ASSAY_EDATA,
     NO_FIT "a part of what is null"},
    {"inner items where there is no inner list",
     {.part = {LISTS}, .leaf = {{"02", "25", 2, 5, 1}}, .rows = 1},
     ASSAY_EDATA,
     "the column has more values than its row group has rows"},
    {"a list longer in one leaf than in the other",
     {.part = {LIST_OF_PAIRS}, .leaf = {{"010", "444", 1, 4, 1}, {"00", "44", 1, 4, 1}}, .rows = 2},
     ASSAY_EDATA,
     "column \"x.element.b\", page 0 at byte 53: " NO_FIT "a row is longer or shorter than in another part"},
    {"a list shorter in one leaf than in the other",
     {.part = {LIST_OF_PAIRS}, .leaf = {{"00", "44", 1, 4, 1}, {"010", "444", 1, 4, 1}}, .rows = 2},
     ASSAY_EDATA,
     NO_FIT "a row is longer or shorter than in another part"},
    {"the last list longer in one leaf",
     {.part = {LIST_OF_PAIRS}, .leaf = {{"0", "4", 1, 4, 1}, {"01", "44", 1, 4, 1}}, .rows = 1},
     ASSAY_EDATA,
     "the column has more values than its row group has rows"},
    {"the last list shorter in one leaf",
     {.part = {LIST_OF_PAIRS}, .leaf = {{"01", "44", 1, 4, 1}, {"0", "4", 1, 4, 1}}, .rows = 1},
     ASSAY_EDATA,
     "the pages of the column end before its rows"},
    {"a struct that is null in one leaf only",
     {.part = {LIST_OF_PAIRS}, .leaf = {{"0", "2", 1, 4, 1}, {"0", "3", 1, 4, 1}}, .rows = 1},
     ASSAY_EDATA,
     NO_FIT "a group is null in one part and not in another"},
    {"a struct that is null in the other leaf only",
     {.part = {LIST_OF_PAIRS}, .leaf = {{"0", "3", 1, 4, 1}, {"0", "2", 1, 4, 1}}, .rows = 1},
     ASSAY_EDATA,
     NO_FIT "a part of what is null"},
    {"fewer rows than the group",
     {.part = {LIST_OF_INT}, .leaf = {{"011", "333", 1, 3, 1}}, .rows = 2},
     ASSAY_EDATA,
     "the pages of the column end before its rows"},
    {"more rows than the group",
     {.part = {LIST_OF_INT}, .leaf = {{"00", "33", 1, 3, 1}}, .rows = 1},
     ASSAY_EDATA,
     "the column has more values than its row group has rows"},
    {"fewer values than rows",
     {.part = {LIST_OF_INT}, .leaf = {{"0", "3", 1, 3, 1}}, .rows = 2},
     ASSAY_EDATA,
     "a column chunk has not as many values as its row group has rows"},
    {"values without a row",
     {.part = {LIST_OF_INT}, .leaf = {{"0", "3", 1, 3, 1}}, .rows = 0},
     ASSAY_EDATA,
     "a column chunk has not as many values as its row group has rows"},
    {"a list of two fields",
     {.part = {{"x", GROUP, OPT, NOTE_LIST, 2}, {"a", INT32, REP}, {"b", INT32, REP}},
      .leaf = {{"0", "0", 1, 2, 1}, {"0", "0", 1, 2, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "type group LIST (a list or map of another structure than the specification has) is not supported"},
    {"a list that repeats nothing",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"list", GROUP, REQ}, {"element", INT32, OPT}},
      .leaf = {{"0", "0", 0, 2, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "another structure"},
    {"a repeated list outside of any list",
     {.part = {{"x", GROUP, REP, NOTE_LIST}, {"element", INT32, REP}}, .leaf = {{"0", "0", 2, 2, 1}}, .rows = 1},
     ASSAY_ETYPE,
     "another structure"},
    {"a map without values",
     {.part = {{"x", GROUP, OPT, NOTE_MAP}, {"key_value", GROUP, REP}, {"key", INT32, REQ}},
      .leaf = {{"0", "0", 1, 2, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "type group MAP (a map without values) is not supported"},
    {"a map of three",
     {.part = {{"x", GROUP, OPT, NOTE_MAP},
               {"kv", GROUP, REP, .children = 3},
               {"k", INT32, REQ},
               {"v", INT32, REQ},
               {"w", INT32, REQ}},
      .leaf = {{"0", "0", 1, 2, 1}, {"0", "0", 1, 2, 1}, {"0", "0", 1, 2, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "a map that is not made of keys and values"},
    {"a map of lists without a mark",
     {.part = {{"x", GROUP, OPT, NOTE_MAP}, {"kv", GROUP, REP, .children = 2}, {"k", INT32, REQ}, {"v", INT32, REP}},
      .leaf = {{"0", "0", 1, 2, 1}, {"0", "0", 2, 3, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "a map that is not made of keys and values"},
    {"a map whose keys are structs",
     {.part = {{"x", GROUP, OPT, NOTE_MAP},
               {"kv", GROUP, REP, .children = 2},
               {"k", GROUP, REQ},
               {"a", INT32, REQ},
               {"v", INT32, REQ}},
      .leaf = {{"0", "0", 1, 2, 1}, {"0", "0", 1, 2, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "a map whose keys are json or nested"},
    {"two fields of one name",
     {.part = {{"x", GROUP, OPT, .children = 2}, {"a", INT32, REQ}, {"a", INT32, REQ}},
      .leaf = {{"0", "0", 0, 1, 1}, {"0", "0", 0, 1, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "two fields of one name"},
    {"a field without a name",
     {.part = {{"x", GROUP, OPT}, {"", INT32, REQ}}, .leaf = {{"0", "0", 0, 1, 1}}, .rows = 1},
     ASSAY_ETYPE,
     "a field without a usable name"},
    {"a variant",
     {.part = {{"x", GROUP, OPT, .children = 2, .logical = 16}, {"metadata", INT32, REQ}, {"value", INT32, REQ}},
      .leaf = {{"0", "0", 0, 1, 1}, {"0", "0", 0, 1, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "type group VARIANT is not supported"},
    {"a list of a type without meaning",
     {.part = {{"x", GROUP, OPT, NOTE_LIST}, {"list", GROUP, REP}, {"element", INT32, OPT, .logical = 17}},
      .leaf = {{"0", "0", 1, 3, 1}},
      .rows = 1},
     ASSAY_ETYPE,
     "type group LIST of INT32 GEOMETRY is not supported"},
};

static void lies_are_errors(void **state)
{
    const struct lie *lie = *state;
    struct assay_buf text = {0};
    struct assay_schema schema = {0};
    struct assay_err e = {0};
    const enum assay_status s = read_tree(&lie->file, &text, &schema, &e);
    if (s != lie->status || !strstr(e.msg, lie->message))
        fail_msg("status %d, \"%s\" instead of %d, \"%s\"", (int)s, e.msg, (int)lie->status, lie->message);
    assay_schema_release(&schema);
    assay_buf_release(&text);
}

/* Rows of ten million nulls in a few bytes: too large for the tree, no reason to stop, and no reason to take memory. */
static void a_row_too_large_spares_the_others(void **state)
{
    (void)state;
    static const struct tree_file file = {.part = {LIST_OF_INT}, .leaf = {{"0", "3", 1, 3, 1}}, .rows = 3};
    static const uint8_t levels[] = "\13\0\0\0\2\0\2\0\200\332\304\11\1\2\0" /* 0 0, ten million 1, 0 */
                                    "\13\0\0\0\2\3\2\3\200\332\304\11\2\2\3" /* 3 3, ten million 2, 3 */
                                    "\1\0\0\0\2\0\0\0\3\0\0";
    const struct hand_page page = {.values = 10000003, .bytes = levels, .n = sizeof levels, .encoding = 0};
    struct assay_scan_end end;
    struct assay_buf text = {0};
    struct assay_err e = {0};
    struct hand_file f;
    char path[] = "/tmp/assay-parquet-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(unlink(path), 0);
    hand_begin(&f);
    hand_page(&f, &page);
    tree_footer(&f, &file, (int64_t[]){4, (int64_t)f.out.len}, (int64_t[]){10000003});
    assert_int_equal(write(fd, f.out.ptr, f.out.len), (ssize_t)f.out.len);
    if (parquet_dump(fd, "f", NULL, 0, &text, NULL, &end, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_string_equal(assay_buf_str(&text),
                        "[1]\nbad: nested values that take more than 128 MiB of memory in one row\n[3]\n");
    close(fd);
    assay_buf_release(&f.out);
    assay_buf_release(&text);
}

int main(void)
{
    struct CMUnitTest tests[COUNT(forms) + COUNT(lies) + 8];
    size_t n = 0;
    for (size_t i = 0; i < COUNT(forms); i++)
        tests[n++] = (struct CMUnitTest){forms[i].what, forms_are_read, NULL, NULL, (void *)(uintptr_t)&forms[i]};
    for (size_t i = 0; i < COUNT(lies); i++)
        tests[n++] = (struct CMUnitTest){lies[i].what, lies_are_errors, NULL, NULL, (void *)(uintptr_t)&lies[i]};
    tests[n++] = (struct CMUnitTest)cmocka_unit_test(a_row_too_large_spares_the_others);
    return !!_cmocka_run_group_tests("parquet_nested", tests, n, NULL, NULL);
}
