#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "assay/canon.h"
#include "assay/lane.h"

#include "../../verify/chunk/fastcell.h"
#include "../../verify/chunk/fasthash.h"

static uint64_t seed = 42;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* Numbers of every length, and many trailing zeros. */
static int64_t random_number(void)
{
    int64_t v = (int64_t)(next_random() >> (next_random() % 64));
    for (uint64_t z = next_random() % 6; z && v < INT64_MAX / 10 && v > INT64_MIN / 10; z--)
        v *= 10;
    return next_random() % 2 ? v : -v;
}

static void assert_same_cell(enum assay_logical type, const struct assay_value *v)
{
    struct assay_buf b = {0};
    assay_sum fast;
    const char *why;
    if (fastcell(type, v, &fast)) {
        assert_true(assay_cell_put(type, v, &b, &why));
        assert_in_range(b.len, 1, IMAGE_MOST);
        assert_true(fast == image_of_bytes(b.ptr, b.len));
    }
    assay_buf_release(&b);
}

/* Every length up to the longest that is its own image, and bytes that are no ASCII anywhere in it. */
static void test_fast_texts_are_the_cells(void **state)
{
    (void)state;
    for (size_t n = 0; n <= IMAGE_TEXT_MOST; n++) {
        uint8_t text[IMAGE_TEXT_MOST] = {0};
        struct assay_value v = {.kind = ASSAY_K_TEXT, .len = (uint32_t)n, .p = text};
        struct assay_buf b = {0};
        assay_sum fast;
        const char *why;
        for (size_t i = 0; i < n; i++)
            text[i] = (uint8_t)(next_random() % 127 + 1);
        assert_true(image_of_ascii(text, n, &fast));
        assert_true(assay_cell_put(ASSAY_L_TEXT, &v, &b, &why));
        assert_true(fast == image_of_bytes(b.ptr, b.len));
        assay_buf_release(&b);
        for (size_t i = 0; i < n; i++) {
            text[i] ^= 0x80;
            assert_false(image_of_ascii(text, n, &fast));
            text[i] ^= 0x80;
        }
    }
}

static void test_fast_cells_are_the_cells(void **state)
{
    static const int64_t edge[] = {
        0, 1, -1, 10, -10, 127, 128, -128, -129, INT64_MAX, INT64_MIN, INT64_MIN + 1, 1000000000000000000};
    (void)state;
    for (size_t i = 0; i < 200000; i++) {
        int64_t n = i < sizeof edge / sizeof *edge ? edge[i] : random_number();
        struct assay_value v = {.kind = ASSAY_K_INT, .i = n};
        assert_same_cell(ASSAY_L_INTEGER, &v);
        assert_same_cell(ASSAY_L_DECIMAL, &v);
        v.kind = ASSAY_K_DEC;
        v.scale = (int16_t)(next_random() % 65536 - 32768);
        assert_same_cell(ASSAY_L_DECIMAL, &v);
        v = (struct assay_value){.kind = ASSAY_K_F64, .u = next_random()};
        assert_same_cell(ASSAY_L_FLOAT64, &v);
        v = (struct assay_value){
            .kind = ASSAY_K_TS, .i = n % (1ll << 41), .aux = (int32_t)(next_random() % 1100000000)};
        assert_same_cell(ASSAY_L_TIMESTAMP, &v);
        v.kind = ASSAY_K_TSTZ;
        assert_same_cell(ASSAY_L_TIMESTAMPTZ, &v);
        v = (struct assay_value){.kind = ASSAY_K_DATE, .i = n % (1ll << 33)};
        assert_same_cell(ASSAY_L_DATE, &v);
        v = (struct assay_value){.kind = ASSAY_K_BOOL, .i = n % 3};
        assert_same_cell(ASSAY_L_BOOLEAN, &v);
    }
}

/* ---- a dataset of three columns, built by hand ---- */

static const uint8_t secret[ASSAY_SECRET_LEN] = {1, 2, 3, [191] = 9};

static char name_a[] = "a", name_id[] = "id", name_t[] = "t", set_name[] = "s",
            set_id[] = "00000000-0000-4000-8000-000000000000";

static struct assay_plan_column columns[] = {
    {.name = name_a, .type = ASSAY_L_TEXT, .native = {name_a, name_a}},
    {.name = name_id, .type = ASSAY_L_INTEGER, .key_pos = 1, .native = {name_id, name_id}},
    {.name = name_t, .type = ASSAY_L_TIMESTAMP, .native = {name_t, name_t}},
};

static struct assay_dataset dataset(void)
{
    static char utc[] = "UTC";
    return (struct assay_dataset){.name = set_name,
                                  .id = set_id,
                                  .col = columns,
                                  .n_cols = 3,
                                  .n_key = 1,
                                  .chunk_rows = 100,
                                  .window = {.column = name_t, .every = ASSAY_EVERY_MONTH, .timezone = utc}};
}

#define ROWS 1000

static void make_rows(struct assay_value *v)
{
    static const char *const word[] = {"x", "", "longer than the others", "y"};
    for (int64_t i = 0; i < ROWS; i++) {
        const char *w = word[i % 4];
        v[3 * i] = i % 7
                       ? (struct assay_value){.kind = ASSAY_K_TEXT, .len = (uint32_t)strlen(w), .p = (const uint8_t *)w}
                       : (struct assay_value){.kind = ASSAY_K_NULL};
        v[3 * i + 1] = (struct assay_value){.kind = ASSAY_K_INT, .i = i * 10};
        v[3 * i + 2] = (struct assay_value){.kind = ASSAY_K_TS, .i = i * 7200, .aux = (int32_t)i};
    }
    v[2].kind = ASSAY_K_NULL; /* a row of segment "null" */
}

static struct assay_lane *run_claimed(const struct assay_lane_spec *spec, const struct assay_value *v, size_t rows,
                                      size_t a_batch, const struct assay_claim *claim, size_t n_claims)
{
    struct assay_lane *l = NULL;
    struct assay_err e = {0};
    char part_name[] = "part";
    struct assay_part part = {.name = part_name, .claim = claim, .n_claims = n_claims};
    assert_int_equal(assay_lane_new(spec, &l, &e), ASSAY_OK);
    assert_int_equal(assay_lane_part(l, &part, &e), ASSAY_OK);
    for (size_t i = 0; i < rows; i += a_batch) {
        struct assay_batch b = {
            .rows = rows - i < a_batch ? rows - i : a_batch, .cols = 3, .v = v + 3 * i, .first_pos = i + 1};
        assert_int_equal(assay_lane_batch(l, &b, &e), ASSAY_OK);
    }
    return l;
}

static struct assay_lane *run_lane(const struct assay_lane_spec *spec, const struct assay_value *v, size_t rows,
                                   size_t a_batch)
{
    return run_claimed(spec, v, rows, a_batch, NULL, 0);
}

static void assert_same_sums(struct assay_lane *x, struct assay_lane *y)
{
    const struct assay_lane_segment *a, *b;
    size_t n, m;
    struct assay_err e = {0};
    assert_int_equal(assay_lane_segments(x, &a, &n, &e), ASSAY_OK);
    assert_int_equal(assay_lane_segments(y, &b, &m, &e), ASSAY_OK);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        assert_true(a[i].segment == b[i].segment);
        assert_string_equal(a[i].cut->name, b[i].cut->name);
        for (uint32_t k = 0; k < a[i].cut->chunks; k++) {
            assert_int_equal(a[i].chunk[k].rows, b[i].chunk[k].rows);
            assert_memory_equal(a[i].chunk[k].sum, b[i].chunk[k].sum, 5 * sizeof(assay_sum));
        }
    }
}

static void test_order_batches_and_lanes_do_not_matter(void **state)
{
    struct assay_dataset d = dataset();
    struct assay_cutset none = {0};
    struct assay_lane_spec spec = {&d, ASSAY_SOURCE, &none, secret, NULL, NULL, false, false};
    struct assay_value *v = calloc(3 * ROWS, sizeof *v), *w = calloc(3 * ROWS, sizeof *w);
    struct assay_err e = {0};
    (void)state;
    make_rows(v);
    for (size_t i = 0; i < ROWS; i++) /* 7 and 1000 are coprime: a permutation */
        memcpy(w + 3 * i, v + 3 * (i * 7 % ROWS), 3 * sizeof *v);
    struct assay_lane *one = run_lane(&spec, v, ROWS, ROWS), *two = run_lane(&spec, w, ROWS, 33),
                      *three = run_lane(&spec, v, 400, 77), *rest = run_lane(&spec, v + 1200, 600, 128);
    assert_same_sums(one, two);
    assert_int_equal(assay_lane_merge(three, rest, &e), ASSAY_OK);
    assert_same_sums(one, three);
    assay_lane_free(one);
    assay_lane_free(two);
    assay_lane_free(three);
    assay_lane_free(rest);
    free(v);
    free(w);
}

/* What a path says of a column, against its rows: text, a number in another spelling, NULL, no number at all. */
static void test_rows_that_deny_their_path_are_counted(void **state)
{
    static const char x[] = "x", five[] = "+50", word[] = "word";
    const struct assay_claim claims[] = {
        {name_a, {.kind = ASSAY_K_LEXEME, .len = 1, .p = (const uint8_t *)x}},
        {name_id, {.kind = ASSAY_K_LEXEME, .len = 3, .p = (const uint8_t *)five}},
        {name_a, {.kind = ASSAY_K_NULL}},
        {name_id, {.kind = ASSAY_K_LEXEME, .len = 4, .p = (const uint8_t *)word}},
        {"not covered", {.kind = ASSAY_K_NULL}},
    };
    uint64_t fits[] = {0, 1, 0, ROWS, ROWS};
    struct assay_dataset d = dataset();
    struct assay_cutset none = {0};
    struct assay_lane_spec spec = {&d, ASSAY_ARCHIVE, &none, secret, NULL, NULL, false, false};
    struct assay_value *v = calloc(3 * ROWS, sizeof *v);
    (void)state;
    make_rows(v);
    for (size_t i = 0; i < ROWS; i++) {
        fits[0] += i % 7 && i % 4 == 0;
        fits[2] += i % 7 == 0;
    }
    for (size_t k = 0; k < sizeof claims / sizeof *claims; k++) {
        struct assay_lane *l = run_claimed(&spec, v, ROWS, 100, &claims[k], 1);
        struct assay_lane_part_counts n = assay_lane_counts(l);
        assert_int_equal(n.misplaced, ROWS - fits[k]);
        assert_int_equal(n.rows, ROWS);
        assert_int_equal(n.unplaced, 0);
        assay_lane_free(l);
    }
    free(v);
}

/* The definition of docs/digests.md, straight: one row, no blocks, no short cuts. */
static void test_sums_of_one_row_by_definition(void **state)
{
    struct assay_dataset d = dataset();
    struct assay_cutset none = {0};
    struct assay_lane_spec spec = {&d, ASSAY_SOURCE, &none, secret, NULL, NULL, false, false};
    struct assay_value *v = calloc(3 * ROWS, sizeof *v);
    const struct assay_lane_segment *seg;
    size_t n;
    struct assay_err e = {0};
    const char *why;
    (void)state;
    make_rows(v);
    struct assay_lane *l = run_lane(&spec, v + 3 * 5, 1, 1);
    assert_int_equal(assay_lane_segments(l, &seg, &n, &e), ASSAY_OK);
    assert_int_equal(n, 1);
    assert_string_equal(seg[0].cut->name, "1970-01");
    struct assay_buf key = {0}, cell = {0};
    uint8_t len[4] = {0};
    uint64_t f[2] = {assay_get_le64(assay_lane_form(l)), 3};
    assay_buf_add(&key, len, 4);
    assert_true(assay_key_put(ASSAY_L_INTEGER, &v[16], &key, &why));
    assay_put_be32(key.ptr, (uint32_t)key.len - 4);
    assay_sum k = fasthash(key.ptr, key.len, secret);
    assert_true(seg[0].chunk[0].sum[1] == k);
    for (size_t c = 0; c < 3; c++) {
        assay_buf_reset(&cell);
        assert_true(assay_cell_put(columns[c].type, &v[15 + c], &cell, &why));
        assay_sum h = cell.len <= 15 ? image_of_bytes(cell.ptr, cell.len) : fasthash(cell.ptr, cell.len, secret);
        assay_sum pair = fastpair(k, h, secret);
        assert_true(seg[0].chunk[0].sum[2 + c] == pair);
        f[0] = f[0] * UINT64_C(0x9e3779b185ebca87) + (uint64_t)pair;
        f[1] = f[1] * UINT64_C(0xc2b2ae3d27d4eb4f) + (uint64_t)(pair >> 64);
    }
    assert_true(seg[0].chunk[0].sum[0] == fasthash(f, sizeof f, secret));
    assay_buf_release(&key);
    assay_buf_release(&cell);
    assay_lane_free(l);
    free(v);
}

/* Two rows that swap a value, an equal row twice, and a secret that must count on three bytes of input. */
static void test_what_must_show_does_show(void **state)
{
    uint8_t other[ASSAY_SECRET_LEN] = {7};
    struct assay_dataset d = dataset();
    struct assay_cutset none = {0};
    struct assay_lane_spec spec = {&d, ASSAY_SOURCE, &none, secret, NULL, NULL, false, false};
    struct assay_value *v = calloc(3 * ROWS, sizeof *v), swap;
    const struct assay_lane_segment *a, *b;
    size_t n;
    struct assay_err e = {0};
    (void)state;
    assert_true(fasthash("abc", 3, secret) != fasthash("abc", 3, other));
    make_rows(v);
    struct assay_lane *one = run_lane(&spec, v + 3, 20, 20);
    swap = v[3 * 5];
    v[3 * 5] = v[3 * 6];
    v[3 * 6] = swap;
    struct assay_lane *two = run_lane(&spec, v + 3, 20, 20);
    assert_int_equal(assay_lane_segments(one, &a, &n, &e), ASSAY_OK);
    assert_int_equal(assay_lane_segments(two, &b, &n, &e), ASSAY_OK);
    assert_true(a->chunk->sum[1] == b->chunk->sum[1]);
    assert_true(a->chunk->sum[2] != b->chunk->sum[2]);
    assert_true(a->chunk->sum[0] != b->chunk->sum[0]);
    assert_true(a->chunk->sum[3] == b->chunk->sum[3]);
    assay_lane_free(one);
    assay_lane_free(two);
    free(v);
}

static void test_rows_that_have_no_place_are_counted(void **state)
{
    struct assay_dataset d = dataset();
    struct assay_cutset none = {0};
    struct assay_lane_spec spec = {&d, ASSAY_ARCHIVE, &none, secret, NULL, NULL, false, false};
    static const char bad[] = "twelve";
    struct assay_value v[9] = {{.kind = ASSAY_K_NULL},
                               {.kind = ASSAY_K_LEXEME, .len = 6, .p = (const uint8_t *)bad},
                               {.kind = ASSAY_K_NULL},
                               {.kind = ASSAY_K_NULL},
                               {.kind = ASSAY_K_NULL},
                               {.kind = ASSAY_K_NULL},
                               {.kind = ASSAY_K_BYTES, .len = 6, .p = (const uint8_t *)bad},
                               {.kind = ASSAY_K_INT, .i = 7},
                               {.kind = ASSAY_K_NULL}};
    const struct assay_finding *f;
    (void)state;
    struct assay_lane *l = run_lane(&spec, v, 3, 3);
    struct assay_lane_part_counts n = assay_lane_counts(l);
    assert_int_equal(n.rows, 3);
    assert_int_equal(n.unplaced, 1);
    assert_int_equal(n.defects, 1);
    assert_int_equal(assay_lane_findings(l, &f), 2);
    assert_non_null(strstr(f[0].text, "part:1: id: "));
    assert_false(f[0].placed);
    assert_non_null(strstr(f[1].text, "part:3: a: "));
    assert_null(strstr(f[0].text, bad)); /* findings never hold a value */
    assay_lane_free(l);
}

/* Two files one after the other: the second one's dictionary lies where the first one's was, under the same epoch. */
static void test_a_remembered_hash_dies_with_its_part(void **state)
{
    struct assay_dataset d = dataset();
    struct assay_cutset none = {0};
    struct assay_lane_spec spec = {&d, ASSAY_ARCHIVE, &none, secret, NULL, NULL, false, false};
    char text[] = "old", one[] = "1", two[] = "2";
    struct assay_value v[3] = {{.kind = ASSAY_K_TEXT, .len = 3, .p = (const uint8_t *)text, .flags = ASSAY_V_STABLE},
                               {.kind = ASSAY_K_INT, .i = 1},
                               {.kind = ASSAY_K_NULL}};
    struct assay_batch b = {.rows = 1, .cols = 3, .v = v, .first_pos = 1, .epoch = 1};
    const struct assay_part first = {.name = one}, second = {.name = two};
    const struct assay_lane_segment *s;
    struct assay_lane *l[2];
    struct assay_err e = {0};
    assay_sum sum[2];
    size_t n;
    (void)state;
    for (int remembered = 0; remembered < 2; remembered++) {
        assert_int_equal(assay_lane_new(&spec, &l[remembered], &e), ASSAY_OK);
        memcpy(text, "old", 3);
        b.epoch = (uint64_t)remembered;
        assert_int_equal(assay_lane_part(l[remembered], &first, &e), ASSAY_OK);
        assert_int_equal(assay_lane_batch(l[remembered], &b, &e), ASSAY_OK);
        memcpy(text, "new", 3);
        assert_int_equal(assay_lane_part(l[remembered], &second, &e), ASSAY_OK);
        assert_int_equal(assay_lane_batch(l[remembered], &b, &e), ASSAY_OK);
        assert_int_equal(assay_lane_segments(l[remembered], &s, &n, &e), ASSAY_OK);
        sum[remembered] = s->chunk->sum[0];
        assay_lane_free(l[remembered]);
    }
    assert_true(sum[0] == sum[1]);
}

static const struct assay_lane_segment *segment_named(const struct assay_lane_segment *s, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(s[i].cut->name, name) == 0)
            return &s[i];
    fail_msg("no segment %s", name);
    return NULL;
}

static struct assay_lane *run_columns(const struct assay_dataset *d, const struct assay_value *v, size_t rows)
{
    struct assay_cutset none = {0};
    struct assay_lane_spec spec = {d, ASSAY_SOURCE, &none, secret, NULL, NULL, false, false};
    struct assay_lane *l = NULL;
    struct assay_err e = {0};
    char part_name[] = "part";
    const struct assay_part part = {.name = part_name};
    const struct assay_batch b = {.rows = rows, .cols = d->n_cols, .v = v, .first_pos = 1};
    assert_int_equal(assay_lane_new(&spec, &l, &e), ASSAY_OK);
    assert_int_equal(assay_lane_part(l, &part, &e), ASSAY_OK);
    assert_int_equal(assay_lane_batch(l, &b, &e), ASSAY_OK);
    return l;
}

static void same_sums(const struct assay_lane_segment *a, const struct assay_lane_segment *b, size_t skipped, size_t n)
{
    assert_memory_equal(a->form, b->form, 32);
    assert_int_equal(a->chunk[0].rows, b->chunk[0].rows);
    for (size_t i = 0; i < 2 + n; i++)
        assert_true(a->chunk[0].sum[i < 2 ? i : i + skipped] == b->chunk[0].sum[i]);
}

/* Segments before `since` are hashed as if the plan did not have the column; all others, and rows without a date, as if
 * it always had. */
static void test_a_column_that_came_later(void **state)
{
    static char march[] = "1970-03";
    const char *const early[] = {"1970-01", "1970-02"}, *const late[] = {"1970-03", "null"};
    struct assay_plan_column dated[3] = {columns[0], columns[1], columns[2]};
    struct assay_dataset d = dataset(), full = dataset(), without = dataset();
    struct assay_value *v = calloc(3 * ROWS, sizeof *v), *w = calloc(2 * ROWS, sizeof *w);
    const struct assay_lane_segment *s, *all, *less;
    struct assay_err e = {0};
    size_t n, n_all, n_less;
    (void)state;
    make_rows(v);
    for (size_t i = 0; i < ROWS; i++)
        memcpy(w + 2 * i, v + 3 * i + 1, 2 * sizeof *w);
    dated[0].since = march;
    d.col = dated;
    without.col = columns + 1;
    without.n_cols = 2;
    struct assay_lane *a = run_columns(&d, v, ROWS), *b = run_columns(&full, v, ROWS),
                      *c = run_columns(&without, w, ROWS);
    assert_int_equal(assay_lane_segments(a, &s, &n, &e), ASSAY_OK);
    assert_int_equal(assay_lane_segments(b, &all, &n_all, &e), ASSAY_OK);
    assert_int_equal(assay_lane_segments(c, &less, &n_less, &e), ASSAY_OK);
    for (size_t i = 0; i < 2; i++) {
        const struct assay_lane_segment *x = segment_named(s, n, early[i]), *y = segment_named(s, n, late[i]);
        assert_non_null(x->has);
        assert_false(x->has[0]);
        assert_true(x->has[1] && x->has[2]);
        same_sums(x, segment_named(less, n_less, early[i]), 1, 2);
        assert_true(memcmp(x->form, y->form, 32) != 0);
        assert_null(y->has);
        same_sums(y, segment_named(all, n_all, late[i]), 0, 3);
    }
    assay_lane_free(a);
    assay_lane_free(b);
    assay_lane_free(c);
    free(v);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fast_texts_are_the_cells),
        cmocka_unit_test(test_fast_cells_are_the_cells),
        cmocka_unit_test(test_order_batches_and_lanes_do_not_matter),
        cmocka_unit_test(test_sums_of_one_row_by_definition),
        cmocka_unit_test(test_what_must_show_does_show),
        cmocka_unit_test(test_rows_that_have_no_place_are_counted),
        cmocka_unit_test(test_rows_that_deny_their_path_are_counted),
        cmocka_unit_test(test_a_remembered_hash_dies_with_its_part),
        cmocka_unit_test(test_a_column_that_came_later),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
