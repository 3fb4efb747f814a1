/* What a sketch and a root make of an archive when the source is gone: all differences up to the capacity by name,
 * beyond it none. Thousands of random chunks against a model of plain multisets. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/naming.h"
#include "assay/sealed.h"
#include "assay/sketch.h"

#define MOST 8192
#define KEY_BYTES 6

static struct assay_err e;
static uint64_t seed = 0x9e3779b97f4a7c15;

static uint64_t next_random(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

static size_t below(size_t n)
{
    return n ? (size_t)(next_random() % n) : 0;
}

struct row {
    uint32_t key, value;
    uint8_t rd[32];
    uint32_t occurrence;
};

struct rows {
    struct row r[MOST];
    size_t n;
};

static struct rows source, archive;
static struct assay_sealed_key chunk_key;

static size_t key_bytes(const struct row *r, uint8_t out[KEY_BYTES])
{
    assay_put_be32(out, r->key);
    memset(out + 4, 'k', 2);
    return 4 + r->key % 3; /* of several lengths, none a prefix of another */
}

static int by_key_and_digest(const void *a, const void *b)
{
    const struct row *x = a, *y = b;
    return x->key != y->key ? (x->key < y->key ? -1 : 1) : memcmp(x->rd, y->rd, 32);
}

static void put(struct rows *rows, uint32_t key, uint32_t value)
{
    assert_true(rows->n < MOST);
    struct row *r = &rows->r[rows->n++];
    uint8_t k[KEY_BYTES], salt[16], v[4];
    *r = (struct row){.key = key, .value = value};
    assay_sealed_salt(&chunk_key, k, key_bytes(r, k), salt);
    assay_put_be32(v, value);
    assay_sealed_row(salt, v, sizeof v, r->rd);
}

static void settle(struct rows *rows)
{
    qsort(rows->r, rows->n, sizeof *rows->r, by_key_and_digest);
    for (size_t i = 0; i < rows->n; i++)
        rows->r[i].occurrence =
            i && by_key_and_digest(&rows->r[i - 1], &rows->r[i]) == 0 ? rows->r[i - 1].occurrence + 1 : 0;
}

/* What the checker of the source leaves behind. */
struct left {
    struct assay_buf sketch;
    struct assay_sealed_tree tree;
    struct assay_naming_source is;
};

static void seal(struct left *out, uint32_t capacity)
{
    struct assay_sketch *s;
    uint32_t words = assay_sealed_words(KEY_BYTES);
    *out = (struct left){0};
    assert_int_equal(assay_sketch_new(capacity, words, &s, &e), ASSAY_OK);
    for (size_t i = 0; i < source.n; i++) {
        const struct row *r = &source.r[i];
        uint8_t k[KEY_BYTES];
        uint64_t payload[ASSAY_MAX_SKETCH_WORDS];
        size_t n = key_bytes(r, k);
        assert_int_equal(assay_sealed_tree_add(&out->tree, k, n, r->rd, &e), ASSAY_OK);
        assay_sealed_payload(k, n, r->occurrence, r->rd, words, payload);
        assay_sketch_add(s, assay_sealed_locator(r->rd, r->occurrence), payload);
    }
    assert_int_equal(assay_sealed_tree_end(&out->tree, out->is.root, &e), ASSAY_OK);
    assert_int_equal(assay_sealed_sketch_put(s, capacity, words, &out->sketch), ASSAY_OK);
    assay_sketch_free(s);
    out->is.sketch = out->sketch.ptr;
    out->is.sketch_len = out->sketch.len;
    out->is.blocks = out->tree.blocks.ptr;
    out->is.blocks_len = out->tree.blocks.len;
}

static struct assay_naming *name(const struct left *l, struct assay_naming_result *out)
{
    struct assay_naming *n;
    assert_int_equal(assay_naming_new(&l->is, 16u << 20, &n, &e), ASSAY_OK);
    for (size_t i = 0; i < archive.n; i++) {
        uint8_t k[KEY_BYTES];
        size_t len = key_bytes(&archive.r[i], k);
        assert_int_equal(assay_naming_add(n, k, len, archive.r[i].rd, &e), ASSAY_OK);
    }
    assert_int_equal(assay_naming_end(n, out, &e), ASSAY_OK);
    return n;
}

static void release(struct left *l)
{
    assay_buf_release(&l->sketch);
    assay_sealed_tree_release(&l->tree);
}

/* Rows of a that b does not have, as often; with this key, or of any. */
static size_t surplus(const struct rows *a, const struct rows *b, const uint32_t *key)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < a->n;) {
        int c = k < b->n ? by_key_and_digest(&a->r[i], &b->r[k]) : -1;
        n += c < 0 && (!key || *key == a->r[i].key);
        i += c <= 0;
        k += c >= 0;
    }
    return n;
}

static void assert_names(const struct assay_naming_result *r)
{
    size_t told[2] = {0, 0}; /* differences of the source, of the archive */
    for (size_t i = 0; i < r->n_rows; i++) {
        uint32_t key = assay_get_be32(r->row[i].key);
        size_t lost = surplus(&source, &archive, &key), more = surplus(&archive, &source, &key);
        size_t named[ASSAY_NAMED_KINDS] = {0};
        for (size_t k = 0; k < r->n_rows; k++)
            named[r->row[k].kind] += assay_get_be32(r->row[k].key) == key;
        assert_int_equal(named[ASSAY_NAMED_CORRUPTED], lost < more ? lost : more);
        assert_int_equal(named[ASSAY_NAMED_LOST], lost > more ? lost - more : 0);
        assert_int_equal(named[ASSAY_NAMED_INVENTED] + named[ASSAY_NAMED_DOUBLED], more > lost ? more - lost : 0);
        told[0] += r->row[i].kind == ASSAY_NAMED_LOST || r->row[i].kind == ASSAY_NAMED_CORRUPTED;
        told[1] += r->row[i].kind != ASSAY_NAMED_LOST;
    }
    assert_int_equal(told[0], surplus(&source, &archive, NULL));
    assert_int_equal(told[1], surplus(&archive, &source, NULL));
}

static void take_away(size_t i)
{
    archive.n--;
    archive.r[i] = archive.r[archive.n];
}

static void damage(void)
{
    uint32_t fresh = 1u << 30;
    switch (below(4)) {
    case 0:
        if (archive.n)
            take_away(below(archive.n));
        break;
    case 1: {
        if (!archive.n)
            break;
        size_t i = below(archive.n);
        uint32_t key = archive.r[i].key;
        take_away(i);
        put(&archive, key, fresh + (uint32_t)below(1000));
        break;
    }
    case 2:
        put(&archive, (uint32_t)below(1u << 20), fresh);
        break;
    default:
        if (archive.n) {
            struct row r = archive.r[below(archive.n)];
            archive.r[archive.n++] = r;
        }
    }
}

static void one_chunk(size_t rows, uint32_t keys, uint32_t capacity, size_t damages)
{
    struct left l;
    struct assay_naming_result r;
    source.n = archive.n = 0;
    for (size_t i = 0; i < rows; i++)
        put(&source, (uint32_t)below(keys), (uint32_t)below(3));
    settle(&source);
    seal(&l, capacity);
    memcpy(&archive, &source, sizeof archive);
    for (size_t i = 0; i < damages; i++)
        damage();
    settle(&archive);
    size_t d = surplus(&source, &archive, NULL) + surplus(&archive, &source, NULL);
    struct assay_naming *n = name(&l, &r);
    assert_int_equal(r.equal, d == 0);
    assert_int_equal(r.named, d > 0 && d <= capacity);
    if (r.named)
        assert_names(&r);
    assert_true(r.named || r.n_rows == 0);
    assert_true(r.equal || r.named || r.n_ranges > 0 || rows == 0);
    assay_naming_free(n);
    release(&l);
}

static void test_random_chunks(void **state)
{
    (void)state;
    const uint8_t key[32] = {4, 2};
    assay_sealed_key_init(&chunk_key, key);
    for (size_t i = 0; i < 4000; i++)
        one_chunk(below(40), (uint32_t)(1 + below(60)), (uint32_t)(1 + below(20)), below(16));
    for (size_t i = 0; i < 20; i++)
        one_chunk(3000 + below(2000), 1u << 20, 16, below(20));
}

/* ---- more than the sketch can name ---- */

static void test_ranges(void **state)
{
    (void)state;
    struct left l;
    struct assay_naming_result r;
    source.n = archive.n = 0;
    for (uint32_t i = 0; i < 5000; i++)
        put(&source, i, 0);
    settle(&source);
    seal(&l, 16);
    for (uint32_t i = 0; i < 5000;
         i++) /* all of block 1 and some of block 2 are gone, one row of the last has changed */
        if (i < 1024 || i >= 2100)
            put(&archive, i, i == 4999);
    settle(&archive);
    struct assay_naming *n = name(&l, &r);
    assert_false(r.equal || r.named);
    assert_int_equal(r.n_rows, 0);
    assert_int_equal(r.n_ranges, 2);
    assert_int_equal(assay_get_be32(r.range[0].lo), 1024);
    assert_int_equal(assay_get_be32(r.range[0].hi), 3072);
    assert_int_equal(r.range[0].rows[0], 2048);
    assert_int_equal(r.range[0].rows[1], 2048 - 1076);
    assert_int_equal(assay_get_be32(r.range[1].lo), 4096);
    assert_null(r.range[1].hi);
    assert_int_equal(r.range[1].rows[1], 5000 - 4096);
    assay_naming_free(n);
    release(&l);
}

static void test_nothing_is_left_in_the_archive(void **state)
{
    (void)state;
    struct left l;
    struct assay_naming_result r;
    for (size_t rows = 0; rows <= 20; rows += 5) {
        source.n = archive.n = 0;
        for (uint32_t i = 0; i < rows; i++)
            put(&source, i, 0);
        settle(&source);
        seal(&l, 16);
        struct assay_naming *n = name(&l, &r);
        assert_int_equal(r.equal, rows == 0);
        assert_int_equal(r.named, rows > 0 && rows <= 16);
        assert_int_equal(r.n_rows, r.named ? rows : 0);
        assert_int_equal(r.n_ranges, rows > 16);
        assay_naming_free(n);
        release(&l);
    }
}

/* Without the root nothing is believed: a sketch of other rows names none. */
static void test_a_sketch_of_something_else_names_nothing(void **state)
{
    (void)state;
    struct left l, other;
    struct assay_naming_result r;
    source.n = archive.n = 0;
    for (uint32_t i = 0; i < 20; i++)
        put(&source, i, 0);
    settle(&source);
    seal(&l, 16);
    memcpy(&archive, &source, sizeof archive);
    put(&source, 99, 0);
    settle(&source);
    seal(&other, 16);
    take_away(3);
    settle(&archive);
    l.is.sketch = other.is.sketch;
    struct assay_naming *n = name(&l, &r);
    assert_false(r.equal || r.named);
    assert_int_equal(r.n_rows, 0);
    assay_naming_free(n);
    l.is.blocks = other.is.blocks; /* nor do block roots that do not make the root */
    struct assay_err why = {0};
    assert_int_equal(assay_naming_new(&l.is, 1u << 20, &n, &e), ASSAY_OK);
    assert_int_equal(assay_naming_end(n, &r, &why), ASSAY_EDATA);
    assay_naming_free(n);
    release(&l);
    release(&other);
}

static void test_hostile_sketches(void **state)
{
    (void)state;
    struct left l;
    struct assay_naming *n;
    struct assay_naming_result r;
    source.n = archive.n = 0;
    for (uint32_t i = 0; i < 20; i++)
        put(&source, i, 0);
    settle(&source);
    seal(&l, 4);
    for (size_t len = 0; len < l.sketch.len; len++) {
        struct assay_err why = {0};
        l.is.sketch_len = len;
        assert_true(assay_naming_new(&l.is, 1u << 20, &n, &why) != ASSAY_OK);
    }
    l.is.sketch_len = l.sketch.len;
    for (size_t i = 0; i < l.sketch.len; i++) {
        struct assay_err why = {0};
        l.sketch.ptr[i] ^= 1;
        if (assay_naming_new(&l.is, 1u << 20, &n, &why) == ASSAY_OK) {
            assert_int_equal(assay_naming_end(n, &r, &why), ASSAY_OK);
            assert_false(r.named);
            assay_naming_free(n);
        }
        l.sketch.ptr[i] ^= 1;
    }
    release(&l);
}

static void test_memory_is_bounded(void **state)
{
    (void)state;
    struct left l;
    struct assay_naming *n;
    struct assay_err why = {0};
    enum assay_status s = ASSAY_OK;
    source.n = 0;
    seal(&l, 1);
    assert_int_equal(assay_naming_new(&l.is, 1000, &n, &e), ASSAY_OK);
    for (uint8_t i = 0; i < 100 && s == ASSAY_OK; i++)
        s = assay_naming_add(n, &i, 1, l.is.root, &why);
    assert_int_equal(s, ASSAY_ELIMIT);
    assay_naming_free(n);
    release(&l);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_chunks),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_nothing_is_left_in_the_archive),
        cmocka_unit_test(test_a_sketch_of_something_else_names_nothing),
        cmocka_unit_test(test_hostile_sketches),
        cmocka_unit_test(test_memory_is_bounded),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
