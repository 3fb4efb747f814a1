/* Rules: a value, a rule, and what comes out of reading it as the checker does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/canon_value.h"
#include "assay/canon.h"
#include "assay/rule.h"

#define L(x) ASSAY_L_##x

/* kind "d" and "f": a double and a float32 by their decimal text; others as in vectors. want "!": a defect. */
struct example {
    enum assay_logical type;
    const char *rule, *arg, *kind, *input, *want;
};

static const struct example examples[] = {
    {L(TEXT), "encoding", "windows-1252", "bytes", "caf\xe9 \x80", "café €"},
    {L(TEXT), "encoding", "windows-1252", "lexeme", "\x81", "!"},
    {L(TEXT), "encoding", "iso-8859-1", "text", "\x81", "\xc2\x81"},
    {L(TEXT), "encoding", "koi8-r", "text", "\xf6", "Ж"},
    {L(TEXT), "encoding", "utf-8-as-windows-1252", "text", "CafÃ© â‚¬", "Café €"},
    {L(TEXT), "encoding", "utf-8-as-windows-1252", "text", "Ã\xc2\x81", "Á"},
    {L(TEXT), "encoding", "utf-8-as-windows-1252", "text", "Café", "!"},
    {L(TEXT), "encoding", "utf-8-as-iso-8859-1", "text", "€", "!"},
    {L(TEXT), "json", NULL, "text", "{ \"b\": 1.50, \"a\":[\"\\u00e9\",null] }", "{\"a\":[\"é\",null],\"b\":1.5}"},
    {L(TEXT), "json", NULL, "text", "{\"a\":1,\"a\":2}", "{\"a\":2}"},
    {L(TEXT), "json", NULL, "text", "{\"a\":1,}", "{\"a\":1,}"}, /* no JSON */
    {L(TEXT), "json", NULL, "text", "\"\\u0000\"", "\"\\u0000\""}, /* nor is this, here */
    {L(TEXT), "json", NULL, "text", "", ""},
    {L(TEXT), "json", NULL, "text", "1e50", "1e+50"},
    {L(TEXT), "nfc", NULL, "text", "e\xcc\x81", "é"},
    {L(TEXT), "nfc", NULL, "text", "\xe2\x84\xab", "Å"},
    {L(TEXT), "nfc", NULL, "text", "a\xcc\x81\xcc\xa8", "ą\xcc\x81"},
    {L(TEXT), "nfc", NULL, "text", "\xef\xac\x81", "\xef\xac\x81"}, /* fi: only the compatibility forms fold it */
    {L(TEXT), "nfc", NULL, "text", "\xcc", "!"},
    {L(JSON), "as", "json", "string", "[1, 2]", "[1,2]"},
    {L(JSON), "as", "json", "string", "x", "!"},
    {L(JSON), "as", "json", "dec:2", "150", "1.5"},
    {L(JSON), "as", "json", "bool", "1", "true"},
    {L(JSON), "as", "json", "d", "nan", "!"},
    {L(JSON), "as", "json", "decspecial", "1", "!"},
    {L(JSON), "as", "json", "date", "0", "!"},
    {L(JSON), "as", "json_string", "string", "te\"x\\t\n", "\"te\\\"x\\\\t\\u000a\""},
    {L(JSON), "as", "json_string", "string", "", "\"\""},
    {L(JSON), "as", "json_string", "string", "\xff", "!"},
    {L(JSON), "as", "json_string", "lexeme", "1", "1"},
    {L(BYTES), "encoding", "hex", "text", "00fF10", "\\x00ff10"},
    {L(BYTES), "encoding", "hex", "text", "00f", "!"},
    {L(BYTES), "encoding", "hex", "text", "\\x00", "!"},
    {L(BYTES), "encoding", "hex", "bytes", "00", "\\x3030"},
    {L(BYTES), "encoding", "base64", "text", "AP8Q", "\\x00ff10"},
    {L(BYTES), "encoding", "base64", "text", "QQ==", "\\x41"},
    {L(BYTES), "encoding", "base64", "text", "QUI=", "\\x4142"},
    {L(BYTES), "encoding", "base64", "text", "", "\\x"},
    {L(BYTES), "encoding", "base64", "text", "QR==", "!"}, /* bits behind the last byte */
    {L(BYTES), "encoding", "base64", "text", "QQ=", "!"},
    {L(BYTES), "encoding", "base64", "text", "QQ", "!"},
    {L(BYTES), "encoding", "base64", "text", "Q===", "!"},
    {L(BYTES), "encoding", "base64", "text", "QQ==QQ==", "!"},
    {L(BYTES), "encoding", "escapes", "text", "\\x00A\\xFF", "\\x0041ff"},
    {L(BYTES), "encoding", "escapes", "text", "\\x0", "!"},
    {L(BYTES), "encoding", "escapes", "text", "a\\", "!"},
    {L(BYTES), "encoding", "escapes", "text", "a\n", "!"},
    {L(DATE), "as", "date", "lexeme", "2024-02-29T00:00:00.000", "2024-02-29"},
    {L(DATE), "as", "date", "ts:0", "86400", "1970-01-02"},
    {L(DATE), "as", "date", "ts:1", "86400", "!"},
    {L(DATE), "as", "date", "ts:0", "-1", "!"},
    {L(DATE), "as", "date", "ts:0", "9223372036854775807", "infinity"},
    {L(DATE), "as", "date", "tstz:0", "0", "!"},
    {L(DATE), "as", "date", "lexeme", "2024-02-29 00:00:00Z", "!"},
    {L(DATE), "as", "date", "lexeme", "2024-02-29", "2024-02-29"},
    {L(TIME), "timezone", "UTC", "timetz:7200", "36000000000000", "08:00:00"},
    {L(TIME), "timezone", "+02:00", "timetz:-7200", "82800000000000", "03:00:00"},
    {L(TIME), "timezone", "UTC", "timetz:3600", "0", "23:00:00"},
    {L(TIME), "timezone", "UTC", "timetz:0", "86400000000000", "00:00:00"},
    {L(TIME), "timezone", "UTC", "lexeme", "10:00:00.5+02", "08:00:00.5"},
    {L(TIME), "timezone", "UTC", "lexeme", "24:00:00", "24:00:00"},
    {L(TIME), "timezone", "UTC", "timetz:90000", "0", "!"},
    {L(FLOAT64), "null_if", "NaN", "d", "nan", "NULL"},
    {L(FLOAT64), "null_if", "NaN", "d", "inf", "Infinity"},
    {L(FLOAT32), "null_if", "-Infinity", "f", "-inf", "NULL"},
    {L(FLOAT64), "null_if", "-Infinity", "d", "inf", "Infinity"},
    {L(FLOAT64), "null_if", "1", "d", "1", "1"},
    {L(TEXT), "absent", "null", "absent", "", "NULL"},
    {L(TEXT), "absent", "null", "text", "", ""},
    {L(INTEGER), "constant", "5", "absent", "", "5"},
    {L(INTEGER), "constant", "5", "lexeme", "6", "6"},
    {L(DATE), "constant", "5", "absent", "", "!"},
    {L(INTERVAL), "justify", NULL, "lexeme", "24:00:00", "1 day"},
    {L(INTERVAL), "justify", NULL, "lexeme", "1 mon -24:00:00", "29 days"},
    {L(INTERVAL), "justify", NULL, "lexeme", "-35 days -00:00:00.5", "-1 mons -5 days -00:00:00.5"},
    {L(INTERVAL), "justify", NULL, "lexeme", "2147483647 mons 30 days", "!"},
    {L(TEXT), "mask", "hmac", "text", "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
    {L(TEXT), "mask", "hmac", "text", "\xff", "!"},
    {L(TEXT), "rtrim", NULL, "text", "ab  ", "ab"},
    {L(TEXT), "rtrim", NULL, "text", " a\t ", " a\t"},
    {L(TEXT), "rtrim", NULL, "text", "   ", ""},
    {L(BOOLEAN), "rtrim", NULL, "text", "true ", "true"},
    {L(INTEGER), "trim", NULL, "lexeme", " 5\r\n", "5"},
    {L(TEXT), "trim", NULL, "text", "\t a b\n", "a b"},
    {L(TEXT), "null_if", "<null>", "text", "<null>", "NULL"},
    {L(TEXT), "null_if", "<null>", "text", "<NULL>", "<NULL>"},
    {L(TEXT), "null_if", "", "text", "", "NULL"},
    {L(INTEGER), "null_if", "-1", "int", "-1", "-1"},
    {L(INTEGER), "null_if", "-1", "lexeme", "-1", "NULL"},
    {L(BOOLEAN), "boolean", "yes,ja/no,nein", "text", "ja", "true"},
    {L(BOOLEAN), "boolean", "yes,ja/no,nein", "text", "nein", "false"},
    {L(BOOLEAN), "boolean", "yes,ja/no,nein", "text", "Ja", "!"},
    {L(BOOLEAN), "boolean", "yes/no", "text", "true", "!"},
    {L(BOOLEAN), "boolean", "-1/0", "int", "-1", "true"},
    {L(BOOLEAN), "boolean", "0/1", "uint", "1", "false"},
    {L(BOOLEAN), "boolean", "0/1", "bool", "1", "true"},
    {L(TIMESTAMP), "epoch", "s", "int", "-1", "1969-12-31 23:59:59"},
    {L(TIMESTAMP), "epoch", "ms", "int", "-1", "1969-12-31 23:59:59.999"},
    {L(TIMESTAMPTZ), "epoch", "us", "lexeme", "1700000000123456", "2023-11-14 22:13:20.123456+00"},
    {L(TIMESTAMP), "epoch", "ns", "int", "1", "1970-01-01 00:00:00.000000001"},
    {L(TIMESTAMP), "epoch", "s", "lexeme", "1700000000.5", "2023-11-14 22:13:20.5"},
    {L(TIMESTAMP), "epoch", "s", "lexeme", "1e-10", "!"},
    {L(TIMESTAMP), "epoch", "ns", "lexeme", "0.5", "!"},
    {L(TIMESTAMP), "epoch", "s", "int", "9223372036854775807", "!"},
    {L(TIMESTAMP), "epoch", "s", "lexeme", "99999999999999999999999999999999999", "!"},
    {L(TIMESTAMP), "epoch", "s", "d", "1700000000.123", "2023-11-14 22:13:20.123"},
    {L(TIMESTAMP), "epoch", "s", "d", "-0.5", "1969-12-31 23:59:59.5"},
    {L(TIMESTAMP), "epoch", "s", "d", "inf", "!"},
    {L(TIMESTAMP), "epoch", "s", "text", "2024-01-01 00:00", "2024-01-01 00:00:00"},
    {L(DATE), "epoch", "s", "int", "86400", "1970-01-02"},
    {L(DATE), "epoch", "ms", "int", "-86400000", "1969-12-31"},
    {L(DATE), "epoch", "s", "int", "86401", "!"},
    {L(TIMESTAMP), "epoch", "julian", "d", "2440587.5", "1970-01-01 00:00:00"},
    {L(TIMESTAMP), "epoch", "julian", "d", "2460340.75", "2024-01-31 06:00:00"},
    {L(TIMESTAMP), "epoch", "julian", "int", "0", "4714-11-24 12:00:00 BC"},
    {L(DATE), "epoch", "julian", "lexeme", "2460340.5", "2024-01-31"},
    {L(DATE), "epoch", "julian", "int", "2460340", "!"},
    {L(TIMESTAMP), "epoch", "julian", "d", "nan", "!"},
    {L(TIMESTAMP), "epoch", "julian", "d", "-1", "!"},
    {L(TIMESTAMPTZ), "timezone", "+02:00", "ts", "7200", "1970-01-01 00:00:00+00"},
    {L(TIMESTAMPTZ), "timezone", "-05:30", "text", "2024-01-31 23:30:00", "2024-02-01 05:00:00+00"},
    {L(TIMESTAMPTZ), "timezone", "+02:00", "text", "2024-01-31 23:30:00+00", "2024-01-31 23:30:00+00"},
    {L(TIMESTAMPTZ), "timezone", "UTC", "text", "infinity", "infinity"},
    {L(TIMESTAMPTZ), "timezone", "+01:00", "ts", "9223372036854775807", "infinity"},
    {L(TIMESTAMPTZ), "timezone", "+01:00", "ts", "-9223372036854775807", "!"},
    {L(TIMESTAMP), "timezone", "+02:00", "tstz", "0", "1970-01-01 02:00:00"},
    {L(TIMESTAMP), "timezone", "+02:00", "text", "2024-01-31T22:00:00Z", "2024-02-01 00:00:00"},
    {L(TIMESTAMP), "timezone", "+02:00", "text", "2024-01-31T22:00:00", "2024-01-31 22:00:00"},
    {L(TIMESTAMP), "truncate", "ms", "lexeme", "2024-01-01 00:00:00.0019999", "2024-01-01 00:00:00.001"},
    {L(TIMESTAMP), "truncate", "s", "lexeme", "1969-12-31 23:59:59.9", "1969-12-31 23:59:59"},
    {L(TIMESTAMP), "truncate", "us", "lexeme", "infinity", "infinity"},
    {L(TIME), "truncate", "s", "lexeme", "23:59:59.999", "23:59:59"},
    {L(TIMETZ), "truncate", "s", "lexeme", "23:59:59.999+02", "23:59:59+02"},
    {L(INTERVAL), "truncate", "s", "lexeme", "-00:00:00.5", "-00:00:01"},
    {L(TIMESTAMP), "round", "ms", "lexeme", "2024-01-01 00:00:00.0015", "2024-01-01 00:00:00.002"},
    {L(TIMESTAMP), "round", "ms", "lexeme", "1969-12-31 23:59:59.9995", "1970-01-01 00:00:00"},
    {L(TIMESTAMPTZ), "round", "s", "lexeme", "2024-01-01 00:00:00.499999999Z", "2024-01-01 00:00:00+00"},
    {L(TIME), "round", "us", "lexeme", "23:59:59.9999999", "24:00:00"},
    {L(INTERVAL), "round", "s", "lexeme", "1 day 00:00:00.5", "1 day 00:00:01"},
    {L(DECIMAL), "round", "2", "dec:3", "1005", "1.01"},
    {L(DECIMAL), "round", "2", "dec:3", "-1005", "-1.01"},
    {L(DECIMAL), "round", "2", "dec:3", "1004", "1"},
    {L(DECIMAL), "round", "0", "lexeme", "0.5", "1"},
    {L(DECIMAL), "round", "0", "lexeme", "-0.4", "0"},
    {L(DECIMAL), "round", "0", "dec:19", "5000000000000000000", "1"},
    {L(DECIMAL), "round", "0", "dec:20", "9000000000000000000", "0"},
    {L(DECIMAL), "round", "1", "lexeme", "99999999999999999999.95", "100000000000000000000"},
    {L(DECIMAL), "round", "1", "lexeme", "12345678901234567890123.44", "12345678901234567890123.4"},
    {L(DECIMAL), "round", "5", "lexeme", "1e-70000", "0"},
    {L(DECIMAL), "round", "3", "lexeme", "0.00049999999999999999999999", "0"},
    {L(DECIMAL), "round", "3", "lexeme", "-0.00050000000000000000000001", "-0.001"},
    {L(DECIMAL), "round", "2", "lexeme", "NaN", "NaN"},
    {L(FLOAT64), "digits", "6", "d", "0.30000000000000004", "0.3"},
    {L(FLOAT64), "digits", "15", "d", "0.30000000000000004", "0.3"},
    {L(FLOAT64), "digits", "17", "d", "0.30000000000000004", "0.30000000000000004"},
    {L(FLOAT64), "digits", "1", "d", "-1.7976931348623157e308", "!"},
    {L(FLOAT64), "digits", "3", "d", "-0", "-0"},
    {L(FLOAT64), "digits", "3", "d", "nan", "NaN"},
    {L(FLOAT32), "digits", "3", "f", "0.123456", "0.12300000339746475"},
    {L(FLOAT64), "fold_zero", NULL, "d", "-0", "0"},
    {L(FLOAT64), "fold_zero", NULL, "lexeme", "-0.0", "0"},
    {L(FLOAT32), "as", "float32", "d", "0.1", "0.10000000149011612"},
    {L(FLOAT32), "as", "float32", "d", "0.10000000149011612", "0.10000000149011612"},
    {L(FLOAT32), "as", "float32", "d", "0.1000000001", "!"},
    {L(FLOAT32), "as", "float32", "d", "1e300", "!"},
    {L(FLOAT32), "as", "float32", "d", "-inf", "-Infinity"},
    {L(FLOAT32), "as", "float32", "d", "3.4028235e38", "3.4028234663852886e+38"},
    {L(FLOAT32), "as", "float32", "int", "16777217", "!"},
    {L(FLOAT64), "as", "float32", "d", "0.1", "0.10000000149011612"},
    {L(FLOAT64), "as", "float32", "lexeme", "1e39", "!"},
    {L(FLOAT64), "as", "float64", "dec:2", "110", "1.1"},
    {L(FLOAT64), "as", "float64", "dec:2", "0", "0"},
    {L(FLOAT64), "as", "float64", "int", "9007199254740993", "9.007199254740992e+15"},
    {L(FLOAT64), "as", "float64", "decspecial", "3", "-Infinity"},
    {L(FLOAT64), "as", "float64", "decdigits:0", "-1", "-1"},
    {L(FLOAT64), "as", "float64", "decdigits:30000", "1", "!"},
    {L(DECIMAL), "as", "decimal(2)", "d", "1.1", "1.1"},
    {L(DECIMAL), "as", "decimal(2)", "d", "-0", "0"},
    {L(DECIMAL), "as", "decimal(2)", "d", "1.125", "!"},
    {L(DECIMAL), "as", "decimal(1)", "d", "0.30000000000000004", "!"},
    {L(DECIMAL), "as", "decimal(17)", "d", "0.30000000000000004", "0.30000000000000004"},
    {L(DECIMAL), "as", "decimal(2)", "d", "9007199254740993", "9007199254740992"},
    {L(DECIMAL), "as", "decimal(2)", "d", "1e300", "1e+300"},
    {L(DECIMAL), "as", "decimal(400)", "d", "5e-324", "5e-324"},
    {L(DECIMAL), "as", "decimal(1)", "f", "0.1", "0.1"},
    {L(DECIMAL), "as", "decimal(2)", "d", "nan", "NaN"},
    {L(DECIMAL), "as", "decimal(2)", "d", "-inf", "-Infinity"},
    {L(DECIMAL), "as", "decimal(0)", "dec:2", "115", "1.15"},
    {L(INTEGER), "as", "decimal(0)", "d", "5", "5"},
    {L(INTEGER), "as", "decimal(0)", "d", "5.5", "!"},
    {L(INTEGER), "as", "decimal(0)", "d", "nan", "!"},
    {L(TEXT), "as", "text", "int", "-5", "-5"},
    {L(TEXT), "as", "text", "uint", "18446744073709551615", "18446744073709551615"},
    {L(TEXT), "as", "text", "dec:2", "120", "1.20"},
    {L(TEXT), "as", "text", "dec:2", "0", "0.00"},
    {L(TEXT), "as", "text", "dec:-3", "12", "12000"},
    {L(TEXT), "as", "text", "decdigits:1", "123456789012345678901234567890123456789012345678905",
     "12345678901234567890123456789012345678901234567890.5"},
    {L(TEXT), "as", "text", "decspecial", "1", "NaN"},
    {L(TEXT), "as", "text", "bool", "1", "true"},
    {L(TEXT), "as", "text", "d", "0.1", "0.1"},
    {L(TEXT), "as", "text", "f", "0.1", "0.1"},
    {L(TEXT), "as", "text", "bytes", "abc", "abc"},
    {L(TEXT), "as", "text", "bytes", "\xff", "!"},
    {L(TEXT), "as", "text", "date", "0", "1970-01-01"},
    {L(TEXT), "as", "text", "date", "99999999999", "!"},
    {L(TEXT), "as", "text", "tstz:500000000", "0", "1970-01-01 00:00:00.5+00"},
    {L(TEXT), "as", "text", "uuid", "0123456789abcdef", "30313233-3435-3637-3839-616263646566"},
    {L(TEXT), "as", "text", "text", "x", "x"},
    {L(TEXT), "case", "lower", "text", "ABC\xc3\x84z@[", "abc\xc3\x84z@["},
    {L(TEXT), "case", "upper", "text", "abc\xc3\xa4Z`{", "ABC\xc3\xa4Z`{"},
    {L(TEXT), "newline", "lf", "text", "a\r\nb\rc\n\r\r\n", "a\nb\nc\n\n\n"},
    {L(TEXT), "newline", "lf", "text", "abc", "abc"},
};

static void value_of(const struct example *x, struct canon_store *store, struct assay_value *v)
{
    if (strcmp(x->kind, "d") == 0)
        *v = (struct assay_value){.kind = ASSAY_K_F64, .f = strtod(x->input, NULL)};
    else if (strcmp(x->kind, "f") == 0)
        *v = (struct assay_value){.kind = ASSAY_K_F32, .f = (double)strtof(x->input, NULL)};
    else
        assert_true(canon_value_parse(x->kind, (const uint8_t *)x->input, strlen(x->input), store, v));
}

/* Apply in the rule's place; show what comes out, or "!". */
static void run(const struct example *x, const struct assay_rule *r, struct assay_buf *out)
{
    struct canon_store store;
    struct assay_buf scratch = {0}, cell = {0};
    struct assay_value v;
    const char *why = NULL;
    bool is_null;
    value_of(x, &store, &v);
    const bool early = assay_rule_is_early(r);
    const bool ok = (!early || assay_rule_apply(r, x->type, &v, &scratch, &why)) &&
                    assay_resolve(x->type, &v, &v, &scratch, &why) &&
                    (early || assay_rule_apply(r, x->type, &v, &scratch, &why)) &&
                    assay_cell_put(x->type, &v, &cell, &why);
    if (ok) {
        assert_int_equal(assay_cell_show(cell.ptr, cell.len, &is_null, out), ASSAY_OK);
    } else {
        assert_non_null(why);
        assert_int_equal(assay_buf_adds(out, "!"), ASSAY_OK);
    }
    assay_buf_release(&scratch);
    assay_buf_release(&cell);
}

static const uint8_t rfc4231_key[] = {11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11, 11};

static void test_examples(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *x = &examples[i];
        struct assay_rule r;
        struct assay_err e = {0};
        struct assay_buf out = {0};
        if (assay_rule_parse(x->rule, x->arg, x->type, &r, &e) != ASSAY_OK)
            fail_msg("%s: %s: %s", x->rule, x->arg, e.msg);
        assert_string_equal(assay_rule_name(&r), x->rule);
        if (assay_rule_wants_key(&r)) /* RFC 4231, test case 1 */
            assert_int_equal(assay_rule_set_key(&r, rfc4231_key, sizeof rfc4231_key, &e), ASSAY_OK);
        run(x, &r, &out);
        if (strcmp(assay_buf_str(&out), x->want) != 0)
            fail_msg("%s: %s on %s %s: expected %s, found %s", x->rule, x->arg ? x->arg : "", x->kind, x->input,
                     x->want, assay_buf_str(&out));
        assay_buf_release(&out);
        assay_rule_release(&r);
    }
}

/* NULL passes every rule under every type that takes it. */
static void test_null_passes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        struct assay_rule r;
        struct assay_value v = {.kind = ASSAY_K_NULL};
        struct assay_buf scratch = {0};
        const char *why = NULL;
        assert_int_equal(assay_rule_parse(examples[i].rule, examples[i].arg, examples[i].type, &r, NULL), ASSAY_OK);
        assert_true(assay_rule_apply(&r, examples[i].type, &v, &scratch, &why));
        assert_int_equal(v.kind, ASSAY_K_NULL);
        assay_rule_release(&r);
    }
}

static void test_refused(void **state)
{
    static const struct {
        enum assay_logical type;
        const char *rule, *arg, *says;
    } refused[] = {
        {L(TEXT), "rtrm", NULL, "unknown rule \"rtrm\"; did you mean \"rtrim\"?"},
        {L(TEXT), "frobnicate", NULL, "unknown rule \"frobnicate\""},
        {L(BYTES), "trim", NULL, "rule trim does not apply to a column of type bytes"},
        {L(DATE), "truncate", "ms", "rule truncate does not apply to a column of type date"},
        {L(TIMESTAMP), "truncate", "ns", "rule truncate: expected s, ms or us, found \"ns\""},
        {L(TIMESTAMP), "truncate", "julian", "rule truncate: expected s, ms or us, found \"julian\""},
        {L(TIMESTAMP), "truncate", NULL, "rule truncate: expected s, ms or us, found \"\""},
        {L(DECIMAL), "round", "ms", "rule round: expected a number of digits, 0 to 16383, found \"ms\""},
        {L(DECIMAL), "round", "16384", "rule round: expected a number of digits, 0 to 16383, found \"16384\""},
        {L(DECIMAL), "round", "-1", "rule round: expected a number of digits, 0 to 16383, found \"-1\""},
        {L(TIMESTAMP), "round", "2", "rule round: expected s, ms or us, found \"2\""},
        {L(FLOAT64), "round", "2", "rule round does not apply to a column of type float64"},
        {L(FLOAT64), "digits", "0", "rule digits: expected a number of digits, 1 to 17, found \"0\""},
        {L(FLOAT64), "digits", "18", "rule digits: expected a number of digits, 1 to 17, found \"18\""},
        {L(TEXT), "rtrim", "x", "rule rtrim: expected no argument, found \"x\""},
        {L(FLOAT64), "as", "text", "rule as: expected float32; or float64, found \"text\""},
        {L(DECIMAL), "as", "decimal", "rule as: expected decimal(n), n up to 400, found \"decimal\""},
        {L(DECIMAL), "as", "decimal()", "rule as: expected decimal(n), n up to 400, found \"decimal()\""},
        {L(DECIMAL), "as", "decimal(401)", "rule as: expected decimal(n), n up to 400, found \"decimal(401)\""},
        {L(INTEGER), "as", "decimal(1)", "rule as: expected decimal(0), found \"decimal(1)\""},
        {L(TIMESTAMPTZ), "timezone", "+2", "rule timezone: expected UTC or +HH:MM, found \"+2\""},
        {L(TIMESTAMPTZ), "timezone", "+24:00", "rule timezone: expected UTC or +HH:MM, found \"+24:00\""},
        {L(TIMESTAMPTZ), "timezone", "+01:60", "rule timezone: expected UTC or +HH:MM, found \"+01:60\""},
        {L(TIMESTAMPTZ), "timezone", "Europe/Berlin", "rule timezone: expected UTC or +HH:MM, found \"Europe/Berlin\""},
        {L(TEXT), "case", "title", "rule case: expected lower or upper, found \"title\""},
        {L(TEXT), "newline", "crlf", "rule newline: expected lf, found \"crlf\""},
        {L(TEXT), "null_if", NULL, "rule null_if: expected a text, found \"\""},
        {L(DATE), "epoch", "min", "rule epoch: expected s, ms, us, ns or julian, found \"min\""},
    };
    static const char *const bad_words[] = {"yes", "yes/", "/no", "yes/no/x", "yes,/no", "a/a", "a,a/b", "", NULL};
    (void)state;
    struct assay_rule r;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct assay_err e = {0};
        assert_int_equal(assay_rule_parse(refused[i].rule, refused[i].arg, refused[i].type, &r, &e), ASSAY_EPLAN);
        assert_string_equal(e.msg, refused[i].says);
    }
    for (size_t i = 0; i < sizeof bad_words / sizeof *bad_words; i++)
        assert_int_equal(assay_rule_parse("boolean", bad_words[i], L(BOOLEAN), &r, NULL), ASSAY_EPLAN);
}

/* Every listed rule can be declared for some type; the list has no doubles. */
static void test_list(void **state)
{
    (void)state;
    size_t n = 0;
    for (const char *name; (name = assay_rule_nth(n)); n++) {
        bool tested = strcmp(name, "drop_bounds") == 0; /* below */
        for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
            tested = tested || strcmp(examples[i].rule, name) == 0;
        if (!tested)
            fail_msg("rule %s has no example", name);
        for (size_t k = 0; k < n; k++)
            assert_string_not_equal(assay_rule_nth(k), name);
    }
    assert_int_equal(n, 21);
}

static void cell_of(const struct assay_shape *shape, const char *text, const struct assay_rule *r,
                    struct assay_buf *out)
{
    struct assay_buf scratch = {0};
    const char *why = "";
    struct assay_value v = {.kind = ASSAY_K_LEXEME, .len = (uint32_t)strlen(text), .p = (const uint8_t *)text};
    uint64_t filled = 0;
    const bool fills = r && assay_rule_fills(r, 1) == 0;
    if (!assay_resolve_shape(shape, &v, &v, &scratch, fills ? &filled : NULL, &why))
        fail_msg("%s: %s", text, why);
    if (r)
        assert_true(assay_rule_apply(r, shape->type, &v, &scratch, &why));
    assert_true(assay_cell_put(shape->type, &v, out, &why));
    assay_buf_release(&scratch);
}

/* An absent field is NULL under the rule, on every level, and nothing else is. */
static void test_fill(void **state)
{
    static const struct {
        const char *shape, *text, *full;
    } cases[] = {
        {"struct<a: integer, b: text>", "{\"a\": 1}", "{\"a\": 1, \"b\": null}"},
        {"struct<a: integer, b: text>", "{}", "(,)"},
        {"struct<a: integer, b: text>", "{\"b\": \"x\"}", "(,x)"},
        {"list<struct<a: integer, b: struct<c: integer>>>", "[{}, null, {\"b\": {}}, {\"b\": {\"c\": 1}, \"a\": 3}]",
         "[{\"a\": null, \"b\": null}, null, {\"a\": null, \"b\": {\"c\": null}}, {\"a\": 3, \"b\": {\"c\": 1}}]"},
        {"map<text, struct<a: integer>>", "{\"k\": {}}", "{\"k\": {\"a\": null}}"},
        {"struct<a: map<text, integer>, b: list<integer>>", "{\"a\": {}}", "{\"a\": {}, \"b\": null}"},
    };
    struct assay_rule r = {0};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf with = {0}, full = {0}, without = {0};
        struct assay_shape *shape = NULL;
        const char *why;
        assert_true(assay_shape_parse(cases[i].shape, &shape, &why));
        assert_int_equal(assay_rule_parse("absent", "null", shape->type, &r, NULL), ASSAY_OK);
        cell_of(shape, cases[i].text, &r, &with);
        cell_of(shape, cases[i].text, NULL, &without);
        cell_of(shape, cases[i].full, NULL, &full);
        if (with.len != full.len || memcmp(with.ptr, full.ptr, full.len) != 0)
            fail_msg("%s under %s", cases[i].text, cases[i].shape);
        assert_false(without.len == full.len && memcmp(without.ptr, full.ptr, full.len) == 0);
        assay_rule_release(&r);
        assay_shape_free(shape);
        assay_buf_release(&with);
        assay_buf_release(&full);
        assay_buf_release(&without);
    }
}

/* Bounds are dropped on every level, and nothing else is. */
static void test_drop_bounds(void **state)
{
    static const struct {
        const char *shape, *bounded, *plain;
    } lists[] = {
        {"list<integer>", "[0:1]={1,2}", "{1,2}"},
        {"list<list<integer>>", "[0:1][5:6]={{1,NULL},{3,4}}", "{{1,NULL},{3,4}}"},
        {"struct<a: list<integer>, b: text>", "(\"[-1:0]={1,2}\",x)", "(\"{1,2}\",x)"},
        {"list<integer>", "{1,2}", "{1,2}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        struct assay_shape *shape;
        struct assay_rule r;
        struct assay_buf ruled = {0}, plain = {0}, raw = {0};
        const char *why = NULL;
        assert_true(assay_shape_parse(lists[i].shape, &shape, &why));
        assert_int_equal(assay_rule_parse("drop_bounds", NULL, shape->type, &r, NULL), ASSAY_OK);
        assert_false(assay_rule_is_early(&r));
        cell_of(shape, lists[i].bounded, &r, &ruled);
        cell_of(shape, lists[i].bounded, NULL, &raw);
        cell_of(shape, lists[i].plain, NULL, &plain);
        assert_int_equal(ruled.len, plain.len);
        assert_memory_equal(ruled.ptr, plain.ptr, plain.len);
        assert_int_equal(raw.len != plain.len, i < 3);
        assay_buf_release(&ruled);
        assay_buf_release(&plain);
        assay_buf_release(&raw);
        assay_rule_release(&r);
        assay_shape_free(shape);
    }
}

/* The key is known by its id, and without it nothing is masked. */
static void test_mask_key(void **state)
{
    (void)state;
    struct assay_rule r;
    struct assay_buf scratch = {0};
    struct assay_err e = {0};
    const char *why = NULL;
    struct assay_value v = {.kind = ASSAY_K_TEXT, .len = 1, .p = (const uint8_t *)"x"};
    assert_int_equal(assay_rule_parse("mask", "sha256", L(TEXT), &r, &e), ASSAY_EPLAN);
    assert_int_equal(assay_rule_parse("mask", "hmac", L(TEXT), &r, NULL), ASSAY_OK);
    assert_true(assay_rule_wants_key(&r));
    assert_false(assay_rule_apply(&r, L(TEXT), &v, &scratch, &why));
    assert_string_equal(why, "a rule mask without its key");
    assert_int_equal(assay_rule_set_key(&r, rfc4231_key, 15, NULL), ASSAY_EPLAN);
    assert_int_equal(assay_rule_set_key(&r, rfc4231_key, sizeof rfc4231_key, NULL), ASSAY_OK);
    assert_false(assay_rule_wants_key(&r));
    assert_string_equal(r.text, "hmac:300bd4a8ea04b2ef");
    assay_rule_release(&r);
    assay_buf_release(&scratch);
}

/* The resolved plan names the Unicode of the normal form. */
static void test_nfc_version(void **state)
{
    (void)state;
    struct assay_rule r, same;
    assert_int_equal(assay_rule_parse("nfc", NULL, L(TEXT), &r, NULL), ASSAY_OK);
    assert_true(strlen(r.text) >= 6);
    assert_int_equal(assay_rule_parse("nfc", r.text, L(TEXT), &same, NULL), ASSAY_OK);
    assay_rule_release(&same);
    assert_int_equal(assay_rule_parse("nfc", "3.2.0", L(TEXT), &same, NULL), ASSAY_EPLAN);
    assay_rule_release(&r);
}

/* A value that one rule left in scratch survives the next rule, which makes scratch grow. */
static void test_chain_in_scratch(void **state)
{
    (void)state;
    struct assay_rule lower, upper;
    struct assay_buf scratch = {0};
    const char *why = NULL;
    struct assay_value v = {.kind = ASSAY_K_TEXT, .len = 11, .p = (const uint8_t *)"Hello World"};
    assert_int_equal(assay_rule_parse("case", "lower", L(TEXT), &lower, NULL), ASSAY_OK);
    assert_int_equal(assay_rule_parse("case", "upper", L(TEXT), &upper, NULL), ASSAY_OK);
    for (int i = 0; i < 100; i++) {
        assert_true(assay_rule_apply(&lower, L(TEXT), &v, &scratch, &why));
        assert_true(assay_rule_apply(&upper, L(TEXT), &v, &scratch, &why));
    }
    assert_memory_equal(v.p, "HELLO WORLD", 11);
    assay_rule_release(&lower);
    assay_rule_release(&upper);
    assay_buf_release(&scratch);
}

/* What a reader claims to be a time is checked before a rule computes with it. */
static void test_ranges(void **state)
{
    static const struct assay_interval torn = {0, 0, 0, 1000000000};
    const struct {
        enum assay_logical type;
        struct assay_value v;
    } values[] = {
        {L(TIME), {.kind = ASSAY_K_TIME, .i = INT64_MAX}},
        {L(TIME), {.kind = ASSAY_K_TIME, .i = -1}},
        {L(TIMETZ), {.kind = ASSAY_K_TIMETZ, .i = 86400000000001}},
        {L(TIMESTAMP), {.kind = ASSAY_K_TS, .aux = 1000000000}},
        {L(TIMESTAMPTZ), {.kind = ASSAY_K_TSTZ, .aux = -1}},
        {L(TIMESTAMP), {.kind = ASSAY_K_TS, .i = INT64_MAX - 1, .aux = 999999999}},
        {L(INTERVAL), {.kind = ASSAY_K_INTERVAL, .p = (const uint8_t *)&torn}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct assay_rule r;
        struct assay_value v = values[i].v;
        struct assay_buf scratch = {0};
        const char *why = NULL;
        assert_int_equal(assay_rule_parse("round", "ms", values[i].type, &r, NULL), ASSAY_OK);
        assert_false(assay_rule_apply(&r, values[i].type, &v, &scratch, &why));
        assert_non_null(why);
        assay_rule_release(&r);
        assay_buf_release(&scratch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_examples),    cmocka_unit_test(test_null_passes),      cmocka_unit_test(test_refused),
        cmocka_unit_test(test_list),        cmocka_unit_test(test_chain_in_scratch), cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_mask_key),    cmocka_unit_test(test_drop_bounds),      cmocka_unit_test(test_fill),
        cmocka_unit_test(test_nfc_version),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
