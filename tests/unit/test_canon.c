/* What vectors cannot say: limits, memory, text for people, the calendar. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/canon.h"
#include "assay/limits.h"

static struct assay_value lexeme(const char *text)
{
    return (struct assay_value){.kind = ASSAY_K_LEXEME, .len = (uint32_t)strlen(text), .p = (const uint8_t *)text};
}

/* NULL, or why the value is a defect. */
static const char *cell_of(enum assay_logical type, struct assay_value v, struct assay_buf *cell)
{
    struct assay_buf scratch = {0};
    const char *why = NULL;
    if (assay_resolve(type, &v, &v, &scratch, &why) && assay_cell_put(type, &v, cell, &why))
        why = NULL;
    else
        assert_non_null(why);
    assay_buf_release(&scratch);
    return why;
}

static void shows(enum assay_logical type, const char *text, const char *want)
{
    struct assay_buf cell = {0}, out = {0};
    bool is_null = true;
    const char *why = cell_of(type, lexeme(text), &cell);
    if (why)
        fail_msg("%s: %s", text, why);
    assert_int_equal(assay_cell_show(cell.ptr, cell.len, &is_null, &out), ASSAY_OK);
    assert_false(is_null);
    assert_string_equal(assay_buf_str(&out), want);
    assay_buf_release(&cell);
    assay_buf_release(&out);
}

static void test_show(void **state)
{
    (void)state;
    shows(ASSAY_L_BOOLEAN, "T", "true");
    shows(ASSAY_L_INTEGER, "-0", "0");
    shows(ASSAY_L_INTEGER, "-00120", "-120");
    shows(ASSAY_L_DECIMAL, "5.00", "5");
    shows(ASSAY_L_DECIMAL, "-.050", "-0.05");
    shows(ASSAY_L_DECIMAL, "123456789012345678901234567890.5", "123456789012345678901234567890.5");
    shows(ASSAY_L_DECIMAL, "12e-70000", "1.2e-69999");
    shows(ASSAY_L_DECIMAL, "-1e200000", "-1e+200000");
    shows(ASSAY_L_DECIMAL, "-inf", "-Infinity");
    shows(ASSAY_L_FLOAT64, "0.1", "0.1");
    shows(ASSAY_L_FLOAT64, "-0", "-0");
    shows(ASSAY_L_FLOAT64, "1e14", "100000000000000");
    shows(ASSAY_L_FLOAT64, "1e15", "1e+15");
    shows(ASSAY_L_FLOAT64, "1.5e-5", "1.5e-05");
    shows(ASSAY_L_FLOAT64, "5e-324", "5e-324");
    shows(ASSAY_L_FLOAT64, "9007199254740993e0", "9.007199254740992e+15");
    /* 2^-44: the nearest decimal of 16 digits ends in 801 and is another double, the next one up reads back */
    shows(ASSAY_L_FLOAT64, "5.684341886080801486968994140625e-14", "5.684341886080802e-14");
    shows(ASSAY_L_FLOAT64, "nan", "NaN");
    shows(ASSAY_L_TEXT, "a\tb", "a\tb");
    shows(ASSAY_L_BYTES, "\\xAB00", "\\xab00");
    shows(ASSAY_L_DATE, "-0043-03-15", "0044-03-15 BC");
    shows(ASSAY_L_DATE, "+12345-01-01", "12345-01-01");
    shows(ASSAY_L_DATE, "-INFINITY", "-infinity");
    shows(ASSAY_L_TIME, "24:00", "24:00:00");
    shows(ASSAY_L_TIME, "01:02:03.400", "01:02:03.4");
    shows(ASSAY_L_TIMETZ, "10:00:00.000000001-05:30", "10:00:00.000000001-05:30");
    shows(ASSAY_L_TIMESTAMP, "1969-12-31T23:59:59.5", "1969-12-31 23:59:59.5");
    shows(ASSAY_L_TIMESTAMP, "2016-12-31 23:59:60", "2017-01-01 00:00:00");
    shows(ASSAY_L_TIMESTAMPTZ, "0044-03-15 01:00:00+02 BC", "0044-03-14 23:00:00+00 BC");
    shows(ASSAY_L_TIMESTAMPTZ, "infinity", "infinity");
    shows(ASSAY_L_INTERVAL, "P1Y2M-3DT4H5M6.789S", "1 year 2 mons -3 days +04:05:06.789");
    shows(ASSAY_L_INTERVAL, "-00:00:00.5", "-00:00:00.5");
    shows(ASSAY_L_INTERVAL, "P0D", "00:00:00");
    shows(ASSAY_L_UUID, "{A0EEBC999C0B4EF8BB6D6BB9BD380A11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
    shows(ASSAY_L_JSON, " {\"b\" : [1.0, \"x\\n\"], \"a\" : null} ", "{\"a\":null,\"b\":[1,\"x\\u000a\"]}");
}

/* What is shown is read back as the same cell. */
static void test_show_is_accepted(void **state)
{
    static const struct {
        enum assay_logical type;
        const char *text;
    } values[] = {
        {ASSAY_L_BOOLEAN, "0"},
        {ASSAY_L_DECIMAL, "-0.000000000000000000000000000000000000000000012345"},
        {ASSAY_L_DECIMAL, "98765432109876543210987654321098765432109876543210"},
        {ASSAY_L_FLOAT64, "2.2250738585072014e-308"},
        {ASSAY_L_FLOAT64, "5.684341886080802e-14"},
        {ASSAY_L_DATE, "-5877641-06-24"},
        {ASSAY_L_TIMETZ, "23:59:59.9+15:59:59"},
        {ASSAY_L_TIMESTAMP, "-5877641-06-24 00:00:00.000000001"},
        {ASSAY_L_TIMESTAMPTZ, "294276-12-31 23:59:59.999999-15:59:59"},
        {ASSAY_L_INTERVAL, "-1 years -1 mons +5 days -2562047788015215:30:08"},
        {ASSAY_L_JSON, "{\"\\u0001\":[-1e-400,true,{}]}"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct assay_buf cell = {0}, again = {0}, text = {0};
        bool is_null;
        const char *why = cell_of(values[i].type, lexeme(values[i].text), &cell);
        if (why)
            fail_msg("%s: %s", values[i].text, why);
        assert_int_equal(assay_cell_show(cell.ptr, cell.len, &is_null, &text), ASSAY_OK);
        why = cell_of(values[i].type, lexeme(assay_buf_str(&text)), &again);
        if (why)
            fail_msg("%s, shown as %s: %s", values[i].text, assay_buf_str(&text), why);
        assert_int_equal(cell.len, again.len);
        assert_memory_equal(cell.ptr, again.ptr, cell.len);
        assay_buf_release(&cell);
        assay_buf_release(&again);
        assay_buf_release(&text);
    }
}

/* 5 * 10^(zeros) - ..., in `digits` digits, all 7. */
static char *sevens(size_t digits, const char *tail)
{
    char *text = malloc(digits + strlen(tail) + 1);
    assert_non_null(text);
    memset(text, '7', digits);
    strcpy(text + digits, tail);
    return text;
}

static void test_digit_limit(void **state)
{
    (void)state;
    static const struct {
        size_t digits;
        const char *tail;
        bool ok;
    } cases[] = {{200000, "", true},          {200001, "", false},
                 {200000, "000", true},       {200000, "e200000", true},
                 {200000, "e200001", false},  {200000, "e-200000", true},
                 {200000, "e-200001", false}, {1, "e99999999999999999999999", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = sevens(cases[i].digits, cases[i].tail);
        struct assay_buf cell = {0};
        const char *why = cell_of(ASSAY_L_DECIMAL, lexeme(text), &cell);
        if ((why == NULL) != cases[i].ok)
            fail_msg("%zu digits%s: %s", cases[i].digits, cases[i].tail, why ? why : "accepted");
        if (!why)
            assert_int_equal(assay_cell_len(cell.ptr, cell.len), cell.len);
        assay_buf_release(&cell);
        free(text);
    }
}

/* The longest coefficient goes to two's complement and back without a digit lost. */
static void test_long_decimal_round_trip(void **state)
{
    (void)state;
    char *text = sevens(5003, "");
    struct assay_buf cell = {0}, again = {0}, out = {0};
    bool is_null;
    text[0] = '-';
    assert_null(cell_of(ASSAY_L_DECIMAL, lexeme(text), &cell));
    const struct assay_value v = {.kind = ASSAY_K_DECBYTES, .len = (uint32_t)cell.len - 10, .p = cell.ptr + 10};
    assert_null(cell_of(ASSAY_L_DECIMAL, v, &again));
    assert_int_equal(cell.len, again.len);
    assert_memory_equal(cell.ptr, again.ptr, cell.len);
    assert_int_equal(assay_cell_show(cell.ptr, cell.len, &is_null, &out), ASSAY_OK);
    assert_memory_equal(out.ptr, "-7.77777", 8);
    assay_buf_release(&cell);
    assay_buf_release(&again);
    assay_buf_release(&out);
    free(text);
}

static void test_decbytes_sign_extension(void **state)
{
    (void)state;
    uint8_t bytes[100000];
    struct assay_buf cell = {0}, want = {0};
    memset(bytes, 0xff, sizeof bytes);
    struct assay_value v = {.kind = ASSAY_K_DECBYTES, .len = sizeof bytes, .p = bytes};
    assert_null(cell_of(ASSAY_L_DECIMAL, v, &cell));
    assert_null(cell_of(ASSAY_L_DECIMAL, lexeme("-1"), &want));
    assert_int_equal(cell.len, want.len);
    assert_memory_equal(cell.ptr, want.ptr, want.len);
    bytes[0] = 0x7f;
    assay_buf_reset(&cell);
    assert_non_null(cell_of(ASSAY_L_DECIMAL, v, &cell));
    assay_buf_release(&cell);
    assay_buf_release(&want);
}

static void test_defect_leaves_out_unchanged(void **state)
{
    (void)state;
    static const struct {
        enum assay_logical type;
        const char *text;
    } values[] = {{ASSAY_L_TEXT, "abcdefgh\xff"}, {ASSAY_L_JSON, "{\"a\":[1,2,"}, {ASSAY_L_JSON, "[1e200001]"}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct assay_buf cell = {0};
        assert_int_equal(assay_buf_adds(&cell, "xyz"), ASSAY_OK);
        assert_non_null(cell_of(values[i].type, lexeme(values[i].text), &cell));
        assert_int_equal(cell.len, 3);
        assay_buf_release(&cell);
    }
}

/* A buffer at its ceiling: said as "out of memory", nothing written. */
static void test_no_room(void **state)
{
    (void)state;
    static const struct {
        enum assay_logical type;
        const char *text;
    } values[] = {{ASSAY_L_INTEGER, "5"},
                  {ASSAY_L_DECIMAL, "123456789012345678901234567890123456789012345678901234567890"},
                  {ASSAY_L_TEXT, "abc"},
                  {ASSAY_L_TIMESTAMP, "2024-01-01 00:00"},
                  {ASSAY_L_JSON, "[1,\"a\",{\"b\":2}]"}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        for (size_t max = 1; max < 7; max++) {
            struct assay_buf cell = {.max = max}, key = {.max = max}, scratch = {0};
            struct assay_value v = lexeme(values[i].text);
            const char *why = NULL;
            assert_true(assay_resolve(values[i].type, &v, &v, &scratch, &why));
            assert_false(assay_cell_put(values[i].type, &v, &cell, &why));
            assert_ptr_equal(why, ASSAY_WHY_NOMEM);
            assert_int_equal(cell.len, 0);
            if (!assay_key_put(values[i].type, &v, &key, &why)) {
                assert_ptr_equal(why, ASSAY_WHY_NOMEM);
                assert_int_equal(key.len, 0);
            }
            assay_buf_release(&cell);
            assay_buf_release(&key);
            assay_buf_release(&scratch);
        }
    }
}

/* Resolved values of one row share a scratch; a value may itself lie in it. */
static void test_scratch_may_move(void **state)
{
    (void)state;
    const char digits[] = "123456789012345678901234567890";
    struct assay_buf scratch = {0}, cell = {0}, want = {0};
    const char *why = NULL;
    assert_int_equal(assay_buf_adds(&scratch, digits), ASSAY_OK);
    struct assay_value v = {.kind = ASSAY_K_DECDIGITS, .scale = 2, .len = sizeof digits - 1, .p = scratch.ptr};
    for (int i = 0; i < 50; i++) /* each round appends a copy of what lies in scratch already */
        assert_true(assay_resolve(ASSAY_L_DECIMAL, &v, &v, &scratch, &why));
    assert_true(assay_cell_put(ASSAY_L_DECIMAL, &v, &cell, &why));
    assert_null(cell_of(ASSAY_L_DECIMAL, lexeme("1234567890123456789012345678.90"), &want));
    assert_int_equal(cell.len, want.len);
    assert_memory_equal(cell.ptr, want.ptr, want.len);
    assay_buf_release(&scratch);
    assay_buf_release(&cell);
    assay_buf_release(&want);
}

static void test_bad_and_unknown(void **state)
{
    (void)state;
    struct assay_buf cell = {0};
    const struct assay_value bad = {.kind = ASSAY_K_BAD, .len = 4, .p = (const uint8_t *)"torn"};
    for (int t = ASSAY_L_BOOLEAN; t < ASSAY_L_COUNT; t++)
        assert_string_equal(cell_of((enum assay_logical)t, bad, &cell), "torn");
    assert_non_null(cell_of(ASSAY_L_NONE, lexeme("1"), &cell));
    assert_int_equal(cell.len, 0);
    assay_buf_release(&cell);
}

/* Values that were not resolved are refused by cells and keys, not misread. */
static void test_unresolved_is_refused(void **state)
{
    (void)state;
    struct assay_buf out = {0};
    for (int t = ASSAY_L_BOOLEAN; t < ASSAY_L_COUNT; t++)
        for (int k = ASSAY_K_BOOL; k <= ASSAY_K_BAD; k++) {
            static const uint8_t bytes[64];
            const char *why = NULL;
            struct assay_value v = {.kind = (uint8_t)k, .p = bytes};
            const bool resolved = assay_is_resolved((enum assay_logical)t, &v);
            if (!resolved && k == ASSAY_K_BYTES)
                assert_false(assay_cell_put((enum assay_logical)t, &v, &out, &why));
            if (!resolved && k == ASSAY_K_TEXT)
                assert_false(assay_key_put((enum assay_logical)t, &v, &out, &why));
            if (resolved && k != ASSAY_K_BOOL && k != ASSAY_K_DATE && k != ASSAY_K_TIME && k != ASSAY_K_TIMETZ &&
                k != ASSAY_K_JSON)
                assert_true(assay_cell_put((enum assay_logical)t, &v, &out, &why));
        }
    assay_buf_release(&out);
}

static void test_composite_key_show(void **state)
{
    (void)state;
    static const enum assay_logical types[] = {ASSAY_L_INTEGER, ASSAY_L_TEXT, ASSAY_L_TIMESTAMPTZ,
                                               ASSAY_L_FLOAT64, ASSAY_L_DATE, ASSAY_L_BYTES};
    static const char *const texts[] = {"-1200", "a,\x01", "2024-01-31 00:00+02", "-0", "infinity", "\\x00ff"};
    struct assay_buf key = {0}, out = {0}, scratch = {0};
    const char *why = NULL;
    for (size_t i = 0; i < 6; i++) {
        struct assay_value v = lexeme(texts[i]);
        assert_true(assay_resolve(types[i], &v, &v, &scratch, &why));
        assert_true(assay_key_put(types[i], &v, &key, &why));
    }
    assert_int_equal(assay_key_show(types, 6, key.ptr, key.len, &out), ASSAY_OK);
    assert_string_equal(assay_buf_str(&out), "-1200, a,\x01, 2024-01-30 22:00:00+00, 0, infinity, \\x00ff");
    assert_int_equal(assay_key_show(types, 5, key.ptr, key.len, &out), ASSAY_EDATA);
    assay_buf_release(&key);
    assay_buf_release(&out);
    assay_buf_release(&scratch);
}

/* Random bytes never end in a read outside, whatever they claim to be (run under the sanitizers). */
static void test_hostile_bytes(void **state)
{
    (void)state;
    static const uint8_t tags[] = {0, 'L', 'N', 'F', 'T', 'B', 'D', 'C', 'c', 'S', 'Z', 'I', 'U', 'J', '[', '{', 0x10};
    uint64_t seed = 12345;
    struct assay_buf out = {0};
    for (int i = 0; i < 50000; i++) {
        uint8_t bytes[40];
        for (size_t k = 0; k < sizeof bytes; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            const uint8_t r = (uint8_t)(seed >> 56);
            bytes[k] = r & 1 ? tags[r / 2 % sizeof tags] : r & 2 ? (uint8_t)(seed >> 40) : 0;
        }
        uint8_t *exact = malloc(sizeof bytes); /* so that the sanitizer sees one byte too far */
        assert_non_null(exact);
        memcpy(exact, bytes, sizeof bytes);
        bool is_null;
        const enum assay_logical type = (enum assay_logical)(1 + i % (ASSAY_L_COUNT - 1));
        assay_buf_reset(&out);
        assert_true(assay_cell_len(exact, sizeof bytes) <= sizeof bytes);
        (void)assay_cell_show(exact, sizeof bytes, &is_null, &out);
        (void)assay_key_show(&type, 1, exact, sizeof bytes, &out);
        free(exact);
    }
    assay_buf_release(&out);
}

/* Every byte in every place of a uuid: a digit there or a defect. */
static void test_uuid_digits(void **state)
{
    (void)state;
    for (int at = 0; at < 32; at++)
        for (int c = 0; c < 256; c++) {
            char text[33] = "00000000000000000000000000000000";
            struct assay_buf cell = {0};
            struct assay_value v = lexeme(text);
            text[at] = (char)c;
            const char *digits = "0123456789abcdefABCDEF", *is = c ? strchr(digits, c) : NULL;
            const char *why = cell_of(ASSAY_L_UUID, v, &cell);
            assert_int_equal(why == NULL, is != NULL);
            const long value = is ? (is - digits > 15 ? is - digits - 6 : is - digits) : 0;
            assert_true(!is || cell.ptr);
            if (is && cell.ptr)
                assert_int_equal(cell.ptr[1 + at / 2], at % 2 ? value : value << 4);
            assay_buf_release(&cell);
        }
}

static void test_calendar(void **state)
{
    (void)state;
    int64_t y;
    unsigned m, d;
    assert_int_equal(assay_days_from_civil(1970, 1, 1), 0);
    assert_int_equal(assay_days_from_civil(2000, 3, 1), 11017);
    assert_int_equal(assay_days_from_civil(0, 1, 1), -719528);
    for (int64_t day = -1000000; day < 1000000; day += 1) {
        assay_civil_from_days(day, &y, &m, &d);
        if (assay_days_from_civil(y, m, d) != day)
            fail_msg("day %lld", (long long)day);
    }
    assay_civil_from_days(-146097ll * 100000 - 719528, &y, &m, &d);
    assert_true(y == -40000000 && m == 1 && d == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_show),
        cmocka_unit_test(test_show_is_accepted),
        cmocka_unit_test(test_digit_limit),
        cmocka_unit_test(test_long_decimal_round_trip),
        cmocka_unit_test(test_decbytes_sign_extension),
        cmocka_unit_test(test_defect_leaves_out_unchanged),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_scratch_may_move),
        cmocka_unit_test(test_bad_and_unknown),
        cmocka_unit_test(test_unresolved_is_refused),
        cmocka_unit_test(test_composite_key_show),
        cmocka_unit_test(test_hostile_bytes),
        cmocka_unit_test(test_uuid_digits),
        cmocka_unit_test(test_calendar),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
