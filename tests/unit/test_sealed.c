#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"
#include "assay/sealed.h"

static struct assay_err e;

/* ---- rows of a vector, sorted here, so that the tree sees them as a checker would ---- */

struct row {
    uint8_t key[512], rd[32];
    size_t key_len;
};

static int by_key_and_digest(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    size_t n = x->key_len < y->key_len ? x->key_len : y->key_len;
    int c = memcmp(x->key, y->key, n);
    if (c == 0 && x->key_len != y->key_len)
        c = x->key_len < y->key_len ? -1 : 1;
    return c ? c : memcmp(x->rd, y->rd, 32);
}

static size_t hex_bytes(const char *hex, size_t digits, uint8_t *out)
{
    char text[8192];
    assert_true(digits < sizeof text);
    memcpy(text, hex, digits);
    text[digits] = '\0';
    assert_int_equal(assay_unhex(text, out, digits / 2), 0);
    return digits / 2;
}

static void digest(const struct assay_sealed_key *k, const uint8_t *row, size_t len, struct row *r)
{
    uint8_t salt[16];
    assay_sealed_salt(k, r->key, r->key_len, salt);
    assay_sealed_row(salt, row, len, r->rd);
}

static size_t make_rows(uint32_t n, const struct assay_sealed_key *k, struct row *out)
{
    for (uint32_t i = 0; i < n; i++) {
        uint8_t row[4];
        assay_put_be32(row, i);
        assay_put_be32(out[i].key, (uint32_t)(i * UINT64_C(7919) % n));
        out[i].key_len = 4;
        digest(k, row, sizeof row, &out[i]);
    }
    return n;
}

static size_t read_rows(char *text, const struct assay_sealed_key *k, struct row *out)
{
    size_t n = 0;
    char *save = NULL;
    for (char *item = strtok_r(text, ",", &save); item; item = strtok_r(NULL, ",", &save)) {
        uint8_t row[4096];
        if (*item == '=') {
            n += make_rows((uint32_t)strtoul(item + 1, NULL, 10), k, out + n);
            continue;
        }
        char *colon = strchr(item, ':'), *star = strchr(item, '*');
        size_t times = star ? strtoull(star + 1, NULL, 10) : 1;
        size_t len = hex_bytes(colon + 1, star ? (size_t)(star - colon - 1) : strlen(colon + 1), row);
        struct row *r = &out[n++];
        if (*item == '-') {
            assay_sha256(row, len, r->key);
            r->key_len = 32;
        } else {
            r->key_len = hex_bytes(item, (size_t)(colon - item), r->key);
        }
        digest(k, row, len, r);
        for (; times > 1; times--)
            out[n++] = *r;
    }
    qsort(out, n, sizeof *out, by_key_and_digest);
    return n;
}

static void assert_hex(const void *bytes, size_t n, const char *want)
{
    char hex[2 * 64 + 1];
    assay_hex(bytes, n, hex);
    assert_string_equal(hex, want);
}

static void check_line(char *line)
{
    char *field[7], *save = line;
    for (size_t i = 0; i < 7; i++)
        assert_non_null(field[i] = strsep(&save, "\t\n"));
    struct row *row = calloc(4096, sizeof *row);
    struct assay_sealed_tree t = {0};
    struct assay_sealed_key k;
    uint8_t key[32], h[32], text[32];
    assert_non_null(row);
    assert_int_equal(assay_unhex(field[0], key, 32), 0);
    assay_sealed_key_init(&k, key);
    assay_sealed_commit(key, h);
    assert_hex(h, 32, field[2]);
    size_t n = read_rows(field[1], &k, row);
    if (n) {
        uint8_t x[8];
        assay_put_be64(x, assay_sealed_locator(row->rd, 0));
        assert_hex(row->rd, 32, field[3]);
        assert_hex(x, 8, field[4]);
    }
    for (size_t i = 0; i < n; i++)
        assert_int_equal(assay_sealed_tree_add(&t, row[i].key, row[i].key_len, row[i].rd, &e), ASSAY_OK);
    assert_int_equal(assay_sealed_tree_end(&t, h, &e), ASSAY_OK);
    assert_hex(h, 32, field[5]);
    assay_sha256(t.blocks.ptr, t.blocks.len, text);
    assert_hex(text, 32, field[6]);
    struct assay_sealed_block block[8];
    uint64_t rows;
    assert_int_equal(assay_sealed_blocks_count(t.blocks.ptr, t.blocks.len), (n + 1023) / 1024);
    assert_true(assay_sealed_blocks_read(t.blocks.ptr, t.blocks.len, h, block, &rows));
    assert_int_equal(rows, n);
    assay_sealed_tree_release(&t);
    free(row);
}

static void test_vectors(void **state)
{
    (void)state;
    FILE *f = fopen("tests/vectors/sealed.tsv", "r");
    char *line = NULL;
    size_t cap = 0, n = 0;
    assert_non_null(f);
    while (getline(&line, &cap, f) > 0)
        if (*line != '#') {
            check_line(line);
            n++;
        }
    assert_true(n >= 15);
    free(line);
    fclose(f);
}

static void test_out_of_order_is_refused(void **state)
{
    (void)state;
    struct assay_sealed_tree t = {0};
    const uint8_t low[32] = {1}, high[32] = {2};
    struct assay_err why = {0};
    assert_int_equal(assay_sealed_tree_add(&t, (const uint8_t *)"b", 1, high, &e), ASSAY_OK);
    assert_int_equal(assay_sealed_tree_add(&t, (const uint8_t *)"b", 1, low, &why), ASSAY_EUSAGE);
    assay_err_reset(&why);
    assert_int_equal(assay_sealed_tree_add(&t, (const uint8_t *)"a", 1, high, &why), ASSAY_EUSAGE);
    assay_err_reset(&why);
    assert_int_equal(assay_sealed_tree_add(&t, (const uint8_t *)"", 0, high, &why), ASSAY_EUSAGE);
    assert_int_equal(assay_sealed_tree_add(&t, (const uint8_t *)"b", 1, high, &e), ASSAY_OK);
    assert_int_equal(t.occurrence, 1);
    assert_int_equal(assay_sealed_tree_add(&t, (const uint8_t *)"b\0", 2, low, &e), ASSAY_OK);
    assert_int_equal(t.occurrence, 0);
    assay_sealed_tree_release(&t);
}

/* ---- the list of block roots comes back from a ledger: every change of it is seen ---- */

static void test_block_list_is_bound_to_the_root(void **state)
{
    (void)state;
    struct assay_sealed_tree t = {0};
    uint8_t root[32], key[4], rd[32] = {7};
    struct assay_sealed_block block[4];
    uint64_t rows;
    for (uint32_t i = 0; i < 2500; i++) {
        assay_put_be32(key, i);
        assert_int_equal(assay_sealed_tree_add(&t, key, sizeof key, rd, &e), ASSAY_OK);
    }
    assert_int_equal(assay_sealed_tree_end(&t, root, &e), ASSAY_OK);
    assert_true(assay_sealed_blocks_read(t.blocks.ptr, t.blocks.len, root, block, &rows));
    assert_int_equal(assay_get_be32(block[2].key), 2048);
    for (size_t n = 0; n < t.blocks.len; n++)
        assert_false(assay_sealed_blocks_count(t.blocks.ptr, n) == 3 &&
                     assay_sealed_blocks_read(t.blocks.ptr, n, root, block, &rows));
    uint8_t *copy = malloc(t.blocks.len);
    assert_non_null(copy);
    memcpy(copy, t.blocks.ptr, t.blocks.len);
    for (size_t i = 0; i < t.blocks.len; i++) {
        bool names_a_key = i >= 23 && (i - 23) % 40 >= 36, counts_rows = i >= 15 && i < 23;
        copy[i] ^= 0x80;
        if (!names_a_key && !counts_rows) /* the root says nothing about those; the blob's seal does */
            assert_false(assay_sealed_blocks_count(copy, t.blocks.len) == 3 &&
                         assay_sealed_blocks_read(copy, t.blocks.len, root, block, &rows));
        copy[i] ^= 0x80;
    }
    free(copy);
    assay_sealed_tree_release(&t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_out_of_order_is_refused),
        cmocka_unit_test(test_block_list_is_bound_to_the_root),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
