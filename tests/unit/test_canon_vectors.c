/* The vectors of the canonical form: tests/vectors/canon-*.tsv, format in docs/canonical-form.md section 8. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "../../verify/canon/shape.h"
#include "../support/canon_value.h"
#include "assay/canon.h"

#define MAX_FIELDS 4

/* One line of a vector file, split at tabs. */
struct line {
    char *field[MAX_FIELDS];
    int n, number;
};

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* \\ \t \n \r \xHH, in place; returns the length. */
static size_t unescape(char *p)
{
    char *q = p;
    const char *start = p;
    for (; *p; p++) {
        if (*p != '\\') {
            *q++ = *p;
            continue;
        }
        p++;
        if (*p == 'x') {
            *q++ = (char)((unsigned)hex_digit(p[1]) << 4 | (unsigned)hex_digit(p[2]));
            p += 2;
        } else {
            *q++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : '\\';
        }
    }
    return (size_t)(q - start);
}

static void split(char *text, struct line *l)
{
    l->n = 0;
    for (char *p = text; l->n < MAX_FIELDS;) {
        l->field[l->n++] = p;
        p = strchr(p, '\t');
        if (!p)
            return;
        *p++ = '\0';
    }
}

/* Calls `each` for every line; returns how many lines were not comments. */
static int for_each(const char *path, void (*each)(struct line *, void *), void *ctx)
{
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("cannot open %s: run from the root of the repository", path);
    char *text = NULL;
    size_t cap = 0;
    int rows = 0;
    struct line l = {0};
    for (ssize_t n; (n = getline(&text, &cap, f)) > 0;) {
        l.number++;
        if (text[n - 1] == '\n')
            text[n - 1] = '\0';
        rows += *text != '#';
        split(text, &l);
        each(&l, ctx);
    }
    free(text);
    fclose(f);
    return rows;
}

static void to_hex(const struct assay_buf *b, size_t from, char *out, size_t room)
{
    assert_true(2 * (b->len - from) < room);
    *out = '\0';
    for (size_t i = from; i < b->len; i++)
        snprintf(out + 2 * (i - from), 3, "%02x", b->ptr[i]);
}

/* Cell and key as the checker makes them; false: a defect, said in *why. */
static bool canon(struct line *l, struct assay_buf *cell, struct assay_buf *key, const char **why)
{
    struct canon_tree tree = {.n = 0};
    struct assay_shape *shape = NULL;
    struct assay_value v;
    struct assay_buf scratch = {0};
    if (l->n != 4)
        fail_msg("line %d: expected 4 fields, found %d", l->number, l->n);
    const size_t len = unescape(l->field[2]);
    if (!assay_shape_parse(l->field[0], &shape, why) ||
        !canon_any_parse(l->field[1], (const uint8_t *)l->field[2], len, &tree, &v))
        fail_msg("line %d: not a value: %s %s", l->number, l->field[0], l->field[1]);
    *why = NULL;
    const bool ok = assay_resolve_shape(shape, &v, &v, &scratch, NULL, why) &&
                    assay_cell_put(shape->type, &v, cell, why) &&
                    (shape->type >= ASSAY_L_LIST || assay_key_put(shape->type, &v, key, why));
    assay_buf_release(&scratch);
    assay_shape_free(shape);
    return ok;
}

static void check(struct line *l, bool ok, const char *why, const struct assay_buf *got)
{
    char hex[16384];
    const bool want_defect = l->field[3][0] == '!';
    to_hex(got, 0, hex, sizeof hex);
    if (ok && want_defect)
        fail_msg("line %d: expected a defect, found %s", l->number, hex);
    if (!ok && !want_defect)
        fail_msg("line %d: expected %s, found the defect \"%s\"", l->number, l->field[3], why);
    if (ok && strcmp(hex, l->field[3]) != 0)
        fail_msg("line %d: expected %s, found %s", l->number, l->field[3], hex);
    if (!ok)
        assert_non_null(why);
}

/* A cell has one length, no shorter piece of it is a cell, and it can be shown. */
static void check_cell_len(struct line *l, const struct assay_buf *cell)
{
    struct assay_buf text = {0};
    bool is_null = false;
    if (assay_cell_len(cell->ptr, cell->len) != cell->len)
        fail_msg("line %d: assay_cell_len does not find the end", l->number);
    for (size_t n = 0; n < cell->len; n++)
        if (assay_cell_len(cell->ptr, n) != 0)
            fail_msg("line %d: assay_cell_len takes %zu bytes for a cell", l->number, n);
    if (assay_cell_show(cell->ptr, cell->len, &is_null, &text) != ASSAY_OK)
        fail_msg("line %d: the cell cannot be shown", l->number);
    assert_int_equal(is_null, cell->ptr[0] == 0);
    assay_buf_release(&text);
}

static void each_cell(struct line *l, void *ctx)
{
    struct assay_buf cell = {0}, key = {0};
    const char *why;
    (void)ctx;
    if (l->field[0][0] == '#')
        return;
    const bool ok = canon(l, &cell, &key, &why);
    check(l, ok, why, &cell);
    if (ok)
        check_cell_len(l, &cell);
    assay_buf_release(&cell);
    assay_buf_release(&key);
}

static void test_cells(void **state)
{
    (void)state;
    assert_true(for_each("tests/vectors/canon-cells.tsv", each_cell, NULL) >= 400);
}

static void test_nested_cells(void **state)
{
    (void)state;
    assert_true(for_each("tests/vectors/canon-nested.tsv", each_cell, NULL) >= 150);
}

/* The key before, inside an ascending block. */
struct block {
    struct assay_buf before;
    bool open;
    int blocks;
};

static void each_key(struct line *l, void *ctx)
{
    struct block *b = ctx;
    struct assay_buf cell = {0}, key = {0}, text = {0};
    const char *why;
    if (l->field[0][0] == '#') {
        b->blocks += strcmp(l->field[0], "# ascending") == 0;
        b->open = strcmp(l->field[0], "# ascending") == 0;
        assay_buf_reset(&b->before);
        return;
    }
    const bool ok = canon(l, &cell, &key, &why);
    if (!ok)
        assay_buf_reset(&key);
    check(l, ok, why, &key);
    if (ok) {
        const enum assay_logical type = assay_type_by_name(l->field[0]);
        assert_int_equal(assay_key_show(&type, 1, key.ptr, key.len, &text), ASSAY_OK);
        for (size_t n = 0; n < key.len; n++)
            assert_int_equal(assay_key_show(&type, 1, key.ptr, n, &text), ASSAY_EDATA);
    }
    if (b->open && b->before.len && key.len) {
        const size_t n = b->before.len < key.len ? b->before.len : key.len;
        const int c = memcmp(b->before.ptr, key.ptr, n);
        if (c >= 0) /* equal up to the shorter one would mean that one is a prefix of the other */
            fail_msg("line %d: the key does not sort behind the one before", l->number);
    }
    assay_buf_reset(&b->before);
    assert_int_equal(assay_buf_add(&b->before, key.ptr, key.len), ASSAY_OK);
    assay_buf_release(&text);
    assay_buf_release(&cell);
    assay_buf_release(&key);
}

static void test_keys(void **state)
{
    struct block b = {0};
    (void)state;
    assert_true(for_each("tests/vectors/canon-keys.tsv", each_key, &b) >= 100);
    assert_int_equal(b.blocks, 10);
    assay_buf_release(&b.before);
}

static void each_row_form(struct line *l, void *ctx)
{
    struct assay_form_column col[16];
    size_t n = 0;
    uint8_t digest[32];
    char hex[65] = "!";
    (void)ctx;
    if (l->field[0][0] == '#')
        return;
    assert_int_equal(l->n, 2);
    l->field[0][unescape(l->field[0])] = '\0';
    for (char *save, *c = strtok_r(l->field[0], ",", &save); c; c = strtok_r(NULL, ",", &save)) {
        char *type = strchr(c, ':');
        char *pos = strrchr(c, ':');
        *type++ = *pos++ = '\0';
        col[n++] = (struct assay_form_column){c, assay_type_by_name(type), (uint16_t)atoi(pos), NULL};
    }
    const enum assay_status st = assay_row_form(col, n, digest);
    assert_true(st == ASSAY_OK || st == ASSAY_EUSAGE);
    for (size_t i = 0; i < 32 && st == ASSAY_OK; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
    assert_string_equal(hex, l->field[1]);
}

static void test_row_forms(void **state)
{
    (void)state;
    assert_true(for_each("tests/vectors/canon-rowform.tsv", each_row_form, NULL) >= 10);
}

/* Parsed, printed and parsed again; the copy is the same; the form is that of the row form. */
static void each_shape(struct line *l, void *ctx)
{
    struct assay_shape *shape = NULL, *again = NULL, *copy;
    struct assay_buf text = {0}, form = {0};
    const char *why = NULL;
    char hex[16384];
    (void)ctx;
    if (l->field[0][0] == '#')
        return;
    l->field[0][unescape(l->field[0])] = '\0';
    if (l->n == 2) {
        assert_string_equal(l->field[1], "!");
        if (assay_shape_parse(l->field[0], &shape, &why))
            fail_msg("line %d: %s is taken for a type", l->number, l->field[0]);
        assert_non_null(why);
        return;
    }
    assert_int_equal(l->n, 3);
    if (!assay_shape_parse(l->field[0], &shape, &why))
        fail_msg("line %d: %s: %s", l->number, l->field[0], why);
    copy = assay_shape_copy(shape);
    assay_shape_free(shape);
    assert_int_equal(assay_shape_text(copy, &text), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), l->field[1]);
    assert_true(assay_shape_parse((const char *)text.ptr, &again, &why));
    assert_int_equal(assay_shape_form(again, &form), ASSAY_OK);
    to_hex(&form, 0, hex, sizeof hex);
    assert_string_equal(hex, l->field[2]);
    assay_shape_free(again);
    assay_shape_free(copy);
    assay_buf_release(&text);
    assay_buf_release(&form);
}

static void test_shapes(void **state)
{
    (void)state;
    assert_true(for_each("tests/vectors/canon-shapes.tsv", each_shape, NULL) >= 40);
}

/* What is inside is part of the row form; integer and decimal are one, and so are orders of fields. */
static void test_row_forms_of_shapes(void **state)
{
    static const char *const shapes[] = {
        "list<integer>",      "list<text>",         "list<list<integer>>",         "struct<>",
        "struct<a: integer>", "struct<b: integer>", "struct<a: integer, b: text>", "struct<a: text, b: integer>",
        "map<text, integer>", "map<integer, text>"};
    static const char *const same[] = {"list<integer>", "list<decimal>", "struct<a: integer, b: text>",
                                       "struct<b: text, a: decimal>"};
    enum { N = sizeof shapes / sizeof *shapes };
    uint8_t form[N + 4][32];
    struct assay_shape *shape = NULL;
    const char *why;
    (void)state;
    for (size_t i = 0; i < N + 4; i++) {
        assert_true(assay_shape_parse(i < N ? shapes[i] : same[i - N], &shape, &why));
        const struct assay_form_column col = {"c", shape->type, 0, shape};
        assert_int_equal(assay_row_form(&col, 1, form[i]), ASSAY_OK);
        for (size_t k = 0; i < N && k < i; k++)
            assert_memory_not_equal(form[k], form[i], 32);
        assay_shape_free(shape);
    }
    assert_memory_equal(form[N], form[N + 1], 32);
    assert_memory_equal(form[N + 2], form[N + 3], 32);
    const struct assay_form_column lacking = {"c", ASSAY_L_LIST, 0, NULL};
    assert_int_equal(assay_row_form(&lacking, 1, form[0]), ASSAY_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells),  cmocka_unit_test(test_nested_cells),
        cmocka_unit_test(test_keys),   cmocka_unit_test(test_row_forms),
        cmocka_unit_test(test_shapes), cmocka_unit_test(test_row_forms_of_shapes),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
