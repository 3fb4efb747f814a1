/* Pairs of values, and the classes of their difference: what must be named, and what must not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/difference.h"
#include "assay/value.h"

#define L(x) ASSAY_L_##x

/* source and archive: lexemes; NULL is NULL; "!text" a value that did not decode, "!=" and digits a raw double.
 * first: the class that is preferred, "" for none at all. also, not: another that must, must not be among them. */
struct example {
    enum assay_logical type;
    const char *source, *archive, *first, *also, *not ;
};

static const struct example examples[] = {
    {L(TIMESTAMP), "2024-01-01 10:20:30.123456", "2024-01-01 10:20:30.123", "time-cut:ms@source", NULL, "time-cut:s@"},
    {L(TIMESTAMP), "2024-01-01 10:20:30.123", "2024-01-01 10:20:30.123456", "time-cut:ms@archive", NULL, "@source"},
    {L(TIMESTAMP), "2024-01-01 10:20:30.123456789", "2024-01-01 10:20:30.123456", "time-cut:us@source", NULL, "ms"},
    {L(TIMESTAMP), "2024-01-01 10:20:30.000456", "2024-01-01 10:20:30", "time-cut:ms@source", "time-cut:s@source",
     "us"},
    {L(TIMESTAMP), "1969-12-31 23:59:59.9", "1969-12-31 23:59:59", "time-cut:s@source", NULL, "rounded"},
    {L(TIMESTAMP), "2024-01-01 10:20:30.9", "2024-01-01 10:20:31", "time-rounded:s@source", NULL, "cut"},
    {L(TIMESTAMPTZ), "2024-01-01 10:20:30.1236+00", "2024-01-01 10:20:30.124+00", "time-rounded:ms@source", NULL,
     "cut"},
    {L(TIMESTAMP), "2024-01-01 10:20:30.123456", "2024-01-01 10:20:30.124", "", NULL, NULL},
    {L(TIMESTAMP), "2024-01-01 10:20:30", "2024-01-01 10:20:31", "", NULL, NULL},
    {L(TIMESTAMP), "2024-01-01 10:20:30", "2024-01-01 10:20:00", "time-cut:minute@source", NULL, "hour"},
    {L(TIMESTAMP), "2024-01-01 10:20:30", "2024-01-01 00:00:00", "time-cut:day@source", NULL, "hour"},
    {L(TIMESTAMP), "2024-01-01 10:20:30", "2024-01-01 12:20:30", "time-shift:+02%3A00@archive", NULL, NULL},
    {L(TIMESTAMP), "2024-01-01 10:20:30", "2024-01-01 04:50:30", "time-shift:-05%3A30@archive", NULL, NULL},
    {L(TIMESTAMP), "2024-01-01 10:20:30", "2024-01-01 12:20:31", "", NULL, NULL},
    {L(TIMESTAMP), "2024-01-01 10:20:30", "2024-01-01 12:27:30", "", NULL, NULL},
    {L(TIMESTAMP), "2024-01-01 10:20:30", "2024-01-02 01:20:30", "", NULL, NULL},
    {L(TIMESTAMP), "2024-01-05 10:20:30", "2024-01-04 10:20:30", "day-shift:-1@archive", NULL, "time-shift"},
    {L(DATE), "2024-01-05", "2024-01-06", "day-shift:+1@archive", NULL, NULL},
    {L(DATE), "2024-01-05", "2028-01-06", "day-shift:+1462@archive", NULL, NULL},
    {L(DATE), "2024-01-05", "2024-05-01", "day-month@archive", NULL, "shift"},
    {L(DATE), "2024-01-05", "2024-03-05", "", NULL, NULL},
    {L(TIMESTAMPTZ), "2024-01-01 10:20:30+00", "!2024-01-01 12:20:30", "time-zone:+02%3A00@archive", NULL, NULL},
    {L(TIMESTAMPTZ), "2024-01-01 10:20:30+00", "!2024-01-01 12:21:30", "undecodable@archive", NULL, NULL},
    {L(TIMESTAMP), "2023-11-14 22:13:20", "!1700000000", "epoch:s@archive", NULL, NULL},
    {L(TIMESTAMP), "2023-11-14 22:13:20", "!1700000000000", "epoch:ms@archive", NULL, NULL},
    {L(TIMESTAMP), "2023-11-14 22:13:20", "!1700000001", "undecodable@archive", NULL, NULL},
    {L(TIMESTAMP), "infinity", "2024-01-01 10:20:30", "", NULL, NULL},

    {L(DECIMAL), "1.23456", "1.23", "decimal-rounded:2@source", "decimal-cut:2@source", "rounded:1"},
    {L(DECIMAL), "1.23", "1.23456", "decimal-rounded:2@archive", NULL, "@source"},
    {L(DECIMAL), "1.239", "1.23", "decimal-cut:2@source", NULL, "rounded"},
    {L(DECIMAL), "1.2034", "1.2", "decimal-rounded:2@source", "decimal-cut:1@source", NULL},
    {L(DECIMAL), "-1.239", "-1.23", "decimal-cut:2@source", NULL, "rounded"},
    {L(DECIMAL), "123.45", "120", "", NULL, NULL},
    {L(DECIMAL), "1.239", "-1.23", "", NULL, NULL},
    {L(DECIMAL), "1.2", "1.4", "", NULL, NULL},
    {L(DECIMAL), "12.34", "1234", "decimal-point:+2@archive", NULL, NULL},
    {L(DECIMAL), "12.34", "1235", "", NULL, NULL},
    {L(INTEGER), "9007199254740993", "9007199254740992", "through-double@archive", NULL, NULL},
    {L(INTEGER), "9007199254740993", "9007199254740994", "", NULL, NULL},
    {L(INTEGER), "9007199254740992", "9007199254740993", "through-double@source", NULL, NULL},
    {L(INTEGER), "10", "11", "", NULL, NULL},
    {L(DECIMAL), "12.34", "12.339999999999999857", "through-double@archive", NULL, "cut"},
    {L(DECIMAL), "123456789012345678.91", "123456789012345680", "through-double@archive", NULL, NULL},
    {L(DECIMAL), "100000000000000000000000000000000000000.01", "100000000000000000000000000000000000000.02", "", NULL,
     "double"},
    {L(DECIMAL), "12.34", "!=12.34", "typed-double:2@archive", "typed-double:3@archive", "typed-double:1@"},
    {L(DECIMAL), "12.34", "!=12.35", "undecodable@archive", NULL, NULL},
    {L(DECIMAL), "!=12.34", "12.34", "typed-double:2@source", NULL, NULL},
    {L(FLOAT64), "0.30000000000000004", "0.3", "float-digits:16@source", "float-digits:15@source", NULL},
    {L(FLOAT64), "0.1", "0.10000000149011612", "float32@source", NULL, NULL},
    {L(FLOAT64), "0.1", "0.2", "", NULL, NULL},
    {L(FLOAT64), "-0", "0", "zero-sign@source", NULL, NULL},
    {L(FLOAT64), "0.30000000000000004", "0.31", "", NULL, NULL},

    {L(TEXT), NULL, "", "null-empty@archive", NULL, "sentinel"},
    {L(TEXT), "", NULL, "null-empty@source", NULL, NULL},
    {L(TEXT), NULL, "N/A", "sentinel:N/A@archive", NULL, NULL},
    {L(TEXT), NULL, "<null>", "sentinel:<null>@archive", NULL, NULL},
    {L(TEXT), NULL, "Smith", "filled@archive", NULL, NULL},
    {L(TEXT), "Smith", NULL, "nulled@archive", NULL, NULL},
    {L(INTEGER), NULL, "0", "sentinel:0@archive", NULL, NULL},
    {L(INTEGER), "7", NULL, "nulled@archive", NULL, "sentinel"},
    {L(DATE), NULL, "1970-01-01", "sentinel:1970-01-01@archive", NULL, NULL},
    {L(FLOAT64), "NaN", NULL, "sentinel:NaN@source", NULL, NULL},
    {L(FLOAT32), "-inf", NULL, "sentinel:-Infinity@source", NULL, NULL},
    {L(INTEGER), NULL, "!N/A", "sentinel:N/A@archive", NULL, NULL},
    {L(TEXT), "abc  ", "abc", "trailing-blanks@source", NULL, "blanks@archive"},
    {L(TEXT), "abc", "abc  ", "trailing-blanks@archive", NULL, "blanks@source"},
    {L(TEXT), " abc\t", "abc", "outer-blanks@source", NULL, "trailing"},
    {L(TEXT), "abc ", "abd", "", NULL, NULL},
    {L(TEXT), "a bc", "abc", "", NULL, NULL},
    {L(INTEGER), "12", "!12  ", "trailing-blanks@archive", NULL, NULL},
    {L(INTEGER), "12", "!13  ", "undecodable@archive", NULL, NULL},
    {L(TEXT), "Berlin", "BERLIN", "letter-case@both", NULL, NULL},
    {L(TEXT), "Berlin", "berlin", "letter-case@source", NULL, NULL},
    {L(TEXT), "Berlin", "BERLIM", "", NULL, NULL},
    {L(TEXT), "a\r\nb", "a\nb", "line-ends@source", NULL, NULL},
    {L(TEXT), "a\nb", "a\r\nb", "line-ends@archive", NULL, NULL},
    {L(TEXT), "a\nb", "a b", "", NULL, NULL},
    {L(TEXT), "M\xc3\xbcller", "M\xc3\x83\xc2\xbcller", "mojibake:windows-1252@archive", "mojibake:iso-8859-1@archive",
     NULL},
    {L(TEXT), "\xe2\x82\xac 5", "\xc3\xa2\xe2\x80\x9a\xc2\xac 5", "mojibake:windows-1252@archive", NULL, "8859"},
    {L(TEXT), "M\xc3\x83\xc2\xbcller", "M\xc3\xbcller", "mojibake:windows-1252@source", NULL, NULL},
    {L(TEXT), "caf\xc3\xa9", "cafe\xcc\x81", "unicode-form@archive", NULL, NULL},
    {L(TEXT), "caf\xc3\xa9", "!caf\xe9", "encoding:windows-1252@archive", "encoding:iso-8859-1@archive", NULL},
    {L(INTERVAL), "1 mon", "30 days", "interval-justified@archive", NULL, NULL},
    {L(INTERVAL), "1 mon", "31 days", "", NULL, NULL},
    {L(TEXT), "M\xc3\xbcller", "M?ller", "characters-replaced@archive", NULL, NULL},
    {L(TEXT), "M\xc3\xbcller", "M\xef\xbf\xbdller", "characters-replaced@archive", NULL, NULL},
    {L(TEXT), "M\xc3\xbcller", "Moller", "", NULL, NULL},
    {L(TEXT), "abcdefghij", "abcdef", "text-cut:6@archive", NULL, NULL},
    {L(TEXT), "\xc3\xa4\xc3\xb6\xc3\xbc", "\xc3\xa4\xc3\xb6", "text-cut:2@archive", NULL, NULL},
    {L(TEXT), "abcdefghij", "abcdeg", "", NULL, NULL},
    {L(TEXT), "{\"a\":1,\"b\":[1.0]}", "{ \"b\": [1.0], \"a\": 1 }", "json-rewritten@both", NULL, NULL},
    {L(TEXT), "{\"a\":1}", "{\"a\":2}", "", NULL, NULL},
    {L(TEXT), "t", "true", "boolean-spelling@both", NULL, "number"},
    {L(TEXT), "t", "false", "", NULL, NULL},
    {L(BOOLEAN), "true", "!ja", "boolean-words:ja/nein@archive", NULL, NULL},
    {L(BOOLEAN), "false", "!N", "boolean-words:Y/N@archive", "boolean-words:J/N@archive", "boolean-words:ja"},
    {L(BOOLEAN), "true", "!nein", "undecodable@archive", NULL, NULL},
    {L(TEXT), "1.50", "1.5", "number-spelling@both", NULL, NULL},
    {L(TEXT), "007", "7", "number-spelling@both", NULL, NULL},
    {L(TEXT), "1.50", "1.51", "", NULL, NULL},
    {L(TEXT), "2024-01-31 10:00:00", "2024-01-31T10:00:00", "time-spelling@both", NULL, NULL},
    {L(TEXT), "2024-01-31 10:00:00", "2024-01-31T10:00:01", "", NULL, NULL},

    /* two steps */
    {L(TIMESTAMP), "2024-01-01 10:20:30.723456", "2024-01-01 11:20:30", "time-cut:s@source&time-shift:+01%3A00@archive",
     NULL, "rounded"},
    {L(TIMESTAMP), "2024-01-01 11:20:30", "2024-01-01 10:20:30.7", "time-cut:s@archive&time-shift:-01%3A00@archive",
     NULL, "rounded"},
    {L(TIMESTAMP), "2024-01-01 10:20:30.9", "2024-01-02 10:20:31", "time-rounded:s@source&day-shift:+1@archive", NULL,
     "cut"},
    {L(TIMESTAMP), "2024-01-01 10:20:30.5", "2024-01-01 11:20:31.4", "", NULL, NULL}, /* 31 either way, and no cause */
    {L(TIMESTAMP), "2024-01-01 10:20:30.123456", "2024-01-01 11:20:00", "", NULL, NULL},
    {L(TIMESTAMP), "2023-11-14 22:13:20", "!1700003600", "epoch:s@archive&time-shift:+01%3A00@archive", NULL, NULL},
    {L(TIMESTAMPTZ), "2024-01-01 10:20:30.123456+00", "!2024-01-01 12:20:30",
     "time-cut:s@source&time-zone:+02%3A00@archive", NULL, NULL},
    {L(TEXT), "M\xc3\xbcller  ", "M\xc3\x83\xc2\xbcller", "trailing-blanks@source&mojibake:windows-1252@archive",
     "mojibake:iso-8859-1@archive", "archive&mojibake"},
    {L(TEXT), "M\xc3\xbcller", "M\xc3\x83\xc2\xbcller  ", "trailing-blanks@archive&mojibake:windows-1252@archive", NULL,
     NULL},
    {L(TEXT), " \t", NULL, "outer-blanks@source&null-empty@source", NULL, "nulled"},
    {L(TEXT), NULL, "  ", "trailing-blanks@archive&null-empty@archive", NULL, "filled"},
    {L(TEXT), NULL, " x ", "filled@archive", NULL, "&"},
    {L(TEXT), "Berlin ", "BERLIN", "trailing-blanks@source&letter-case@both", NULL, NULL},
    {L(TEXT), "Berlin ", "BERLIM", "", NULL, NULL},
    {L(TEXT), "a\r\nb  ", "a\nb", "trailing-blanks@source&line-ends@source", NULL, NULL},
    {L(TEXT),
     "Stra\xc3\x9f"
     "e 12345, ganz hinten  ",
     "Stra?e 12345, ganz hinten", "trailing-blanks@source&characters-replaced@archive", NULL, NULL},
    {L(TEXT), "  abcdefgh-ijkl", "abcdefgh", "outer-blanks@source&text-cut:8@archive", NULL, NULL},
    {L(TEXT), "  abcdefgh-ijkl", "abc", "", NULL, NULL},
    {L(TEXT), " 1.50", "1.5", "outer-blanks@source&number-spelling@both", NULL, NULL},
    {L(BOOLEAN), "true", "! ja", "outer-blanks@archive&boolean-words:ja/nein@archive", NULL, NULL},
    {L(DECIMAL), "1.23456", "!=1.23", "typed-double:2@archive&decimal-rounded:2@source", NULL, "typed-double:1@"},
    {L(DECIMAL), "12.34", "1000", "", NULL, NULL}, /* rounded to one digit it would be anything */
    {L(DECIMAL), "1.2", "1.4", "", NULL, NULL},
    {L(INTERVAL), "1 mon 00:00:01.5", "30 days 00:00:01", "time-cut:s@source&interval-justified@archive", NULL, NULL},
};

static void put(enum assay_logical type, const char *text, struct assay_buf *out)
{
    uint8_t head[5] = {'!'}, bits[8];
    const char *why = "a reason";
    struct assay_value v = {0}, r;
    struct assay_buf scratch = {0};
    assay_buf_reset(out);
    if (text && text[0] == '!') {
        double x = 0;
        const bool is_double = text[1] == '=' && sscanf(text + 2, "%lf", &x) == 1;
        const size_t n = is_double ? 8 : strlen(text + 1);
        memcpy(&v.f, &x, sizeof x);
        assay_put_be64(bits, v.u);
        assay_put_be32(head + 1, (uint32_t)(strlen(why) + 2 + n));
        assert_int_equal(assay_buf_add(out, head, sizeof head), ASSAY_OK);
        assert_int_equal(assay_buf_adds(out, why), ASSAY_OK);
        assert_int_equal(assay_buf_addc(out, 0), ASSAY_OK);
        assert_int_equal(assay_buf_addc(out, is_double ? ASSAY_K_F64 : ASSAY_K_LEXEME), ASSAY_OK);
        assert_int_equal(assay_buf_add(out, is_double ? bits : (const uint8_t *)text + 1, n), ASSAY_OK);
        return;
    }
    if (text)
        v = (struct assay_value){.kind = ASSAY_K_LEXEME, .len = (uint32_t)strlen(text), .p = (const uint8_t *)text};
    if (!assay_resolve(type, &v, &r, &scratch, &why) || !assay_cell_put(type, &r, out, &why))
        fail_msg("\"%s\": %s", text, why);
    assay_buf_release(&scratch);
}

static void say_classes(const struct assay_differences *set, struct assay_buf *out)
{
    for (size_t i = 0; i < set->n; i++) {
        struct assay_difference_name name;
        const size_t from = out->len;
        assert_int_equal(assay_difference_text(&set->d[i], "other", out), ASSAY_OK);
        assert_true(assay_difference_parse((char *)out->ptr + from, out->len - from, &name));
        assert_int_equal(name.side, set->d[i].side);
        assert_int_equal(name.inside, set->d[i].inside);
        assert_int_equal(assay_buf_addc(out, set->d[i].with_next ? '&' : ','), ASSAY_OK);
    }
}

static void classes_of(const struct example *x, char text[2048])
{
    struct assay_classifier *c;
    struct assay_differences set;
    struct assay_buf cell[2] = {{0}, {0}}, out = {0};
    assert_int_equal(assay_classifier_new(x->type, NULL, &c), ASSAY_OK);
    put(x->type, x->source, &cell[0]);
    put(x->type, x->archive, &cell[1]);
    assert_int_equal(assay_classify(c, cell[0].ptr, cell[0].len, cell[1].ptr, cell[1].len, &set), ASSAY_OK);
    say_classes(&set, &out);
    snprintf(text, 2048, "%.*s", (int)out.len, out.len ? (const char *)out.ptr : "");
    assay_buf_release(&cell[0]);
    assay_buf_release(&cell[1]);
    assay_buf_release(&out);
    assay_classifier_free(c);
}

static void test_examples(void **state)
{
    (void)state;
    int bad = 0;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *x = &examples[i];
        char text[2048];
        classes_of(x, text);
        const size_t n = strlen(x->first);
        const bool good = (n ? strncmp(text, x->first, n) == 0 && text[n] == ',' : text[0] == '\0') &&
                          (!x->also || strstr(text, x->also)) && (!x->not || !strstr(text, x->not ));
        if (!good) {
            print_error("%s -> %s: %s, wanted %s, %s, not %s\n", x->source, x->archive, text, x->first,
                        x->also ? x->also : "-", x->not ? x->not : "-");
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

static const struct {
    const char *type, *source, *archive, *classes /* how they begin */, *paths;
} nested[] = {
    {"list<text>", "{a,\"b  \",c}", "{a,b,c}", "trailing-blanks@source/inside,outer-blanks@source/inside,", "[] 1 "},
    {"list<text>", "{\"a \",\"\tb\"}", "{a,b}", "outer-blanks@source/inside,", "[] 2 "},
    {"list<text>", "{a,b}", "{a,b,c}", "", ""},
    {"list<text>", "{a,b}", "{b,a}", "", "[] 1 "},
    {"list<text>", "{a,NULL}", "{a,\"\"}", "null-empty@archive/inside,", "[] 1 "},
    {"list<integer>", "[0:1]={1,2}", "{1,2}", "array-bounds@source,", ""},
    {"list<integer>", "[0:1]={1,2}", "{1,NULL}", "array-bounds@source&nulled@archive/inside,", "[] 1 "},
    {"list<list<integer>>", "[0:0][5:5]={{1}}", "{{1}}", "array-bounds@source,", ""},
    {"struct<at: timestamp, note: text>", "(\"2024-01-01 10:20:30.723\",\"x \")", "(\"2024-01-01 10:20:30\",x)",
     "time-cut:s@source/inside&trailing-blanks@source/inside,time-cut:s@source/inside&outer-blanks@source/inside,",
     "at 1 note 1 "},
    {"list<struct<price: decimal>>", "[{\"price\": 1.239}]", "[{\"price\": 1.23}]", "decimal-cut:2@source/inside,",
     "[].price 1 "},
    {"struct<a: integer, b: text>", "{\"a\": 1, \"b\": null}", "{\"a\": 1}", "null-fields@archive,", "b 1 "},
    {"struct<a: integer, b: text>", "{\"a\": 1, \"b\": \"x\"}", "{\"a\": 1}", "", ""},
    {"map<text, text>", "{\"a\": \"x\"}", "{\"a\": \"X\"}", "letter-case@archive/inside,", "{} 1 "},
    {"map<text, text>", "{\"Sesame\": \"x\"}", "{\"sesame\": \"x\"}", "", ""},
    {"json", "{\"a\": 1, \"Sesame\": \"x  \"}", "{\"a\": 1, \"Sesame\": \"x\"}",
     "trailing-blanks@source/inside,outer-blanks@source/inside,", ""},
    {"json", "[9007199254740993]", "[9007199254740992]", "through-double@archive/inside,", ""},
    {"json", "{\"a\": 5}", "{\"a\": \"5\"}", "json-string@archive/inside,", ""},
    {"json", "{\"a\": {\"b\": 1}}", "{\"a\": \"{\\\"b\\\": 1}\"}", "json-string@archive/inside,", ""},
    {"json", "{\"a\": 5}", "{\"a\": \"6\"}", "", ""},
    {"json", "{\"a\": 5, \"b\": null, \"c\": null}", "{\"a\": 5}", "null-members@archive/inside,", ""},
    {"json", "{\"a\": [1]}", "{\"a\": null}", "nulled@archive/inside,", ""},
    {"struct<d: json>", "{\"d\": [true]}", "{\"d\": [false]}", "", "d 1 "},
};

static void put_nested(const struct assay_shape *shape, const char *text, struct assay_buf *out)
{
    struct assay_buf scratch = {0};
    const char *why = "";
    struct assay_value v = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)strlen(text), .p = (const uint8_t *)text};
    if (!assay_resolve_shape(shape, &v, &v, &scratch, NULL, &why) || !assay_cell_put(shape->type, &v, out, &why))
        fail_msg("%s: %s", text, why);
    assay_buf_release(&scratch);
}

static void paths_of(const struct assay_classifier *c, char out[512])
{
    uint64_t count;
    const char *path;
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; (path = assay_classifier_path(c, i, &count)); i++)
        at += (size_t)snprintf(out + at, 512 - at, "%s %u ", path, (unsigned)count);
}

static void test_nested(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof nested / sizeof *nested; i++) {
        struct assay_shape *shape;
        struct assay_classifier *c;
        struct assay_differences set;
        struct assay_buf cell[2] = {{0}, {0}}, text = {0};
        const char *why;
        char paths[512];
        assert_true(assay_shape_parse(nested[i].type, &shape, &why));
        assert_int_equal(assay_classifier_new(shape->type, shape->child ? shape : NULL, &c), ASSAY_OK);
        put_nested(shape, nested[i].source, &cell[0]);
        put_nested(shape, nested[i].archive, &cell[1]);
        assert_int_equal(assay_classify(c, cell[0].ptr, cell[0].len, cell[1].ptr, cell[1].len, &set), ASSAY_OK);
        say_classes(&set, &text);
        paths_of(c, paths);
        const char *said = text.len ? assay_buf_str(&text) : "", *want = nested[i].classes;
        if ((*want ? strncmp(said, want, strlen(want)) != 0 : *said != '\0') || strcmp(paths, nested[i].paths) != 0)
            fail_msg("%s -> %s: %s; %s", nested[i].source, nested[i].archive, said, paths);
        assay_classifier_forget(c);
        paths_of(c, paths);
        assert_string_equal(paths, "");
        assay_classifier_free(c);
        assay_shape_free(shape);
        assay_buf_release(&cell[0]);
        assay_buf_release(&cell[1]);
        assay_buf_release(&text);
    }
}

/* No class may hold what a value holds. */
static void test_value_free(void **state)
{
    (void)state;
    const struct example secret = {L(TEXT), "Sesame-4711 ", "Sesame-4711", "", NULL, NULL};
    char text[2048];
    classes_of(&secret, text);
    assert_string_equal(text, "trailing-blanks@source,outer-blanks@source,text-cut:11@archive,");
}

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *text, *rule;
    } rules[] = {
        {"time-cut:ms@source", "truncate: ms"},
        {"time-cut:day@source", ""},
        {"null-empty@archive", "null_if: \"\""},
        {"sentinel:%5CN@archive", "null_if: \"\\N\""},
        {"typed-double:2@archive", "as: decimal(2)"},
        {"time-zone:+02%3A00@archive", "timezone: +02:00"},
        {"boolean-words:ja/nein@archive", "boolean: ja/nein"},
        {"mojibake:iso-8859-1@archive", "encoding: utf-8-as-iso-8859-1"},
        {"letter-case@both", "case: lower"},
        {"letter-case@both/inside", ""},
        {"array-bounds@source", "drop_bounds"},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        struct assay_difference_name name;
        char rule[300];
        assert_true(assay_difference_parse(rules[i].text, strlen(rules[i].text), &name));
        assay_difference_rule(&name, rule, sizeof rule);
        assert_string_equal(rule, rules[i].rule);
    }
}

static void test_bad_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "time-cut:ms",
                                      "time-cut@nowhere",
                                      "unknown@source",
                                      "@source",
                                      "sentinel:%5@archive",
                                      "sentinel:%00@archive",
                                      "sentinel:%zz@archive",
                                      "rtrim@source/insid",
                                      "trailing-blanks@/inside"};
    struct assay_difference_name name;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(assay_difference_parse(bad[i], strlen(bad[i]), &name));
    char longest[400];
    snprintf(longest, sizeof longest, "other-column:%0300d@archive", 0);
    assert_false(assay_difference_parse(longest, strlen(longest), &name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples), cmocka_unit_test(test_nested),    cmocka_unit_test(test_value_free),
        cmocka_unit_test(test_rules),    cmocka_unit_test(test_bad_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
