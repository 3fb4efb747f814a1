/* RFC 6962 trees: published roots, published proofs with their expected verdicts, two computations against each other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/checkpoint.h"
#include "assay/digest.h"
#include "assay/merkle.h"
#include "assay/note.h"
#include "assay/publish.h"

#define MAX_PROOF 80

/* certificate-transparency's eight leaves and the roots of 0 to 8 of them. */
static const char *const leaf_hex[8] = {
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
};
static const char *const root_hex[9] = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
};

static void assert_hex(const uint8_t h[32], const char *want)
{
    char hex[65];
    assay_hex(h, 32, hex);
    assert_string_equal(hex, want);
}

static void test_published_roots(void **state)
{
    (void)state;
    struct assay_merkle m = {0};
    uint8_t leaf[8][32], body[16], root[32];
    for (size_t n = 0; n <= 8; n++) {
        assay_merkle_root(&m, root);
        assert_hex(root, root_hex[n]);
        assay_merkle_root_of((const uint8_t(*)[32])leaf, n, root);
        assert_hex(root, root_hex[n]);
        if (n == 8)
            break;
        size_t len = strlen(leaf_hex[n]) / 2;
        assert_int_equal(assay_unhex(leaf_hex[n], body, len), 0);
        assay_merkle_leaf(body, len, leaf[n]);
        assay_merkle_add(&m, leaf[n]);
    }
}

static void test_leaf_and_node(void **state)
{
    (void)state;
    uint8_t h[32], body[512];
    assay_merkle_leaf("L123456", 7, h);
    assert_hex(h, "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
    /* The published node vector has children of 4 bytes; ours are always 32, so hash the same bytes by hand. */
    assay_sha256("\x01N123N456", 9, h);
    assert_hex(h, "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb");
    uint8_t left[32], right[32], cat[65] = {1};
    assay_merkle_leaf("a", 1, left);
    assay_merkle_leaf("b", 1, right);
    memcpy(cat + 1, left, 32);
    memcpy(cat + 33, right, 32);
    assay_sha256(cat, sizeof cat, body);
    assay_merkle_node(left, right, left); /* in place */
    assert_memory_equal(left, body, 32);
}

/* Compact range and recursion are different programs: they must agree at every size. */
static void test_two_computations(void **state)
{
    (void)state;
    enum { N = 1100 };
    static uint8_t leaf[N][32];
    struct assay_merkle m = {0};
    uint8_t a[32], b[32];
    for (uint32_t i = 0; i < N; i++) {
        assay_merkle_leaf(&i, sizeof i, leaf[i]);
        assay_merkle_add(&m, leaf[i]);
        assert_int_equal(m.size, i + 1);
        assay_merkle_root(&m, a);
        assay_merkle_root_of((const uint8_t(*)[32])leaf, i + 1, b);
        assert_memory_equal(a, b, 32);
    }
}

/* Base64 as Go writes it; at most cap bytes. */
static size_t decode(const char *text, uint8_t *out, size_t cap)
{
    size_t len = strlen(text);
    uint8_t tmp[256];
    assert_true(len % 4 == 0 && len / 4 * 3 <= sizeof tmp);
    int n = len ? EVP_DecodeBlock(tmp, (const uint8_t *)text, (int)len) : 0;
    assert_true(n >= 0);
    for (size_t i = len; i > 0 && text[i - 1] == '='; i--)
        n--;
    assert_true((size_t)n <= cap);
    memcpy(out, tmp, (size_t)n);
    return (size_t)n;
}

/* Some cases hold words ("don't care 1") for hashes: padded with zeros. False when there is none or it is longer
 * than a hash: our interface cannot even be asked. */
static bool get_hash(json_t *c, const char *key, uint8_t out[32])
{
    json_t *v = json_object_get(c, key);
    uint8_t tmp[200] = {0};
    size_t n = json_is_string(v) ? decode(json_string_value(v), tmp, sizeof tmp) : 0;
    memcpy(out, tmp, 32);
    return n > 0 && n <= 32;
}

static bool get_proof(json_t *c, uint8_t (*proof)[32], size_t *n)
{
    json_t *v = json_object_get(c, "proof"), *h;
    size_t i;
    uint8_t tmp[200];
    *n = 0;
    json_array_foreach(v, i, h)
    {
        assert_true(i < MAX_PROOF);
        if (decode(json_string_value(h), tmp, sizeof tmp) != 32)
            return false;
        memcpy(proof[(*n)++], tmp, 32);
    }
    return true;
}

static uint64_t get_number(json_t *c, const char *key)
{
    const char *text = json_string_value(json_object_get(c, key)); /* from 2^53 on, where no double is exact */
    if (text)
        return strtoull(text, NULL, 10);
    double v = json_real_value(json_object_get(c, key)); /* 2^64 - 1 is no jansson integer */
    assert_true(v < 9007199254740992.0 || v == 18446744073709551616.0);
    return v < 9007199254740992.0 ? (uint64_t)v : UINT64_MAX;
}

struct claim { /* what a case says: `part` is in the tree of `root` */
    uint8_t part[32], root[32], hash[MAX_PROOF][32];
    const uint8_t (*proof)[32];
    size_t n;
};

static bool get_claim(json_t *c, const char *part, const char *root, struct claim *out)
{
    bool whole = get_hash(c, root, out->root);
    whole = get_hash(c, part, out->part) && whole;
    out->proof = (const uint8_t(*)[32])out->hash;
    return get_proof(c, out->hash, &out->n) && whole;
}

static bool inclusion_holds(json_t *c)
{
    struct claim x;
    return get_claim(c, "leafHash", "root", &x) &&
           assay_merkle_check_inclusion(get_number(c, "leafIdx"), get_number(c, "treeSize"), x.part, x.proof, x.n,
                                        x.root);
}

static bool consistency_holds(json_t *c)
{
    struct claim x;
    return get_claim(c, "root1", "root2", &x) &&
           assay_merkle_check_consistency(get_number(c, "size1"), get_number(c, "size2"), x.proof, x.n, x.part, x.root);
}

static bool in_subtree_holds(json_t *c)
{
    struct claim x;
    return get_claim(c, "leafHash", "root", &x) &&
           assay_merkle_check_in_subtree(get_number(c, "leafIdx"), get_number(c, "start"), get_number(c, "end"), x.part,
                                         x.proof, x.n, x.root);
}

static bool subtree_holds(json_t *c)
{
    struct claim x;
    return get_claim(c, "root1", "root2", &x) &&
           assay_merkle_check_subtree(get_number(c, "start"), get_number(c, "end"), get_number(c, "size"), x.proof, x.n,
                                      x.part, x.root);
}

static void run_cases(const char *path, bool (*holds)(json_t *), size_t want)
{
    json_error_t why;
    size_t i, wrong = 0, good = 0;
    json_t *c, *all = json_load_file(path, JSON_DECODE_INT_AS_REAL, &why);
    if (!all)
        fail_msg("%s:%d: %s", path, why.line, why.text);
    assert_int_equal(json_array_size(all), want);
    json_array_foreach(all, i, c)
    {
        bool expect = !json_is_true(json_object_get(c, "wantErr"));
        good += expect;
        if (holds(c) == expect)
            continue;
        wrong++;
        print_error("%s: %s: expected %s\n", json_string_value(json_object_get(c, "file")),
                    json_string_value(json_object_get(c, "desc")), expect ? "a valid proof" : "a refusal");
    }
    assert_true(good > 0 && good < want);
    json_decref(all);
    assert_int_equal(wrong, 0);
}

static void test_published_inclusion(void **state)
{
    (void)state;
    run_cases("tests/vectors/merkle/inclusion.json", inclusion_holds, 98);
}

static void test_published_consistency(void **state)
{
    (void)state;
    run_cases("tests/vectors/merkle/consistency.json", consistency_holds, 98);
}

static void test_published_subtrees(void **state)
{
    (void)state;
    run_cases("tests/vectors/merkle/subtree-inclusion.json", in_subtree_holds, 204);
    run_cases("tests/vectors/merkle/subtree-consistency.json", subtree_holds, 285);
}

/* RFC 6962 section 2.1.1, as written there. */
static size_t make_path(uint64_t m, const uint8_t (*leaf)[32], uint64_t n, uint8_t (*out)[32])
{
    if (n == 1)
        return 0;
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    bool left = m < k;
    size_t len = left ? make_path(m, leaf, k, out) : make_path(m - k, leaf + k, n - k, out);
    assay_merkle_root_of(left ? leaf + k : leaf, left ? n - k : k, out[len]);
    return len + 1;
}

/* RFC 6962 section 2.1.2. */
static size_t make_subproof(uint64_t m, const uint8_t (*leaf)[32], uint64_t n, bool whole, uint8_t (*out)[32])
{
    size_t len;
    if (m == n) {
        if (whole)
            return 0;
        assay_merkle_root_of(leaf, n, out[0]);
        return 1;
    }
    uint64_t k = 1;
    while (k * 2 < n)
        k *= 2;
    if (m <= k) {
        len = make_subproof(m, leaf, k, whole, out);
        assay_merkle_root_of(leaf + k, n - k, out[len]);
    } else {
        len = make_subproof(m - k, leaf + k, n - k, false, out);
        assay_merkle_root_of(leaf, k, out[len]);
    }
    return len + 1;
}

/* Every proof of every small tree holds, and no proof with one bit flipped does. */
static enum assay_status range_of(void *ctx, uint64_t first, uint64_t n, uint8_t out[32], struct assay_err *e)
{
    (void)e;
    const uint8_t(*leaf)[32] = ctx;
    assert_true(n > 0 && (n == 1 || first % (UINT64_C(1) << (63 - __builtin_clzll(n))) == 0));
    assay_merkle_root_of(leaf + first, n, out);
    return ASSAY_OK;
}

static void same_proof(const struct assay_merkle_proof *have, const uint8_t (*want)[32], size_t n)
{
    assert_int_equal(have->n, n);
    if (n)
        assert_memory_equal(have->hash, want, 32 * n);
}

static void test_all_small_proofs(void **state)
{
    struct assay_merkle_proof made;
    (void)state;
    enum { N = 35 };
    uint8_t leaf[N][32], proof[MAX_PROOF][32], root[32], old[32];
    for (uint32_t i = 0; i < N; i++)
        assay_merkle_leaf(&i, sizeof i, leaf[i]);
    for (uint64_t n = 1; n <= N; n++) {
        assay_merkle_root_of((const uint8_t(*)[32])leaf, n, root);
        for (uint64_t m = 0; m < n; m++) {
            size_t len = make_path(m, (const uint8_t(*)[32])leaf, n, proof);
            assert_int_equal(assay_merkle_prove_inclusion(m, n, range_of, leaf, &made, NULL), ASSAY_OK);
            same_proof(&made, (const uint8_t(*)[32])proof, len);
            assert_true(assay_merkle_check_inclusion(m, n, leaf[m], (const uint8_t(*)[32])proof, len, root));
            if (len) {
                proof[len / 2][7] ^= 1;
                assert_false(assay_merkle_check_inclusion(m, n, leaf[m], (const uint8_t(*)[32])proof, len, root));
            }
            if (!m)
                continue;
            len = make_subproof(m, (const uint8_t(*)[32])leaf, n, true, proof);
            assert_int_equal(assay_merkle_prove_consistency(m, n, range_of, leaf, &made, NULL), ASSAY_OK);
            same_proof(&made, (const uint8_t(*)[32])proof, len);
            assay_merkle_root_of((const uint8_t(*)[32])leaf, m, old);
            assert_true(assay_merkle_check_consistency(m, n, (const uint8_t(*)[32])proof, len, old, root));
            if (len) {
                proof[len - 1][0] ^= 0x80;
                assert_false(assay_merkle_check_consistency(m, n, (const uint8_t(*)[32])proof, len, old, root));
            }
        }
    }
}

/* Many proofs in one pass are what the checker accepts, each for its own leaf alone. */
static void test_paths(void **state)
{
    (void)state;
    enum { N = 70 };
    uint8_t leaf[N][32], work[N][32], root[32];
    static struct assay_merkle_proof path[N];
    uint64_t index[N];
    for (uint32_t i = 0; i < N; i++)
        assay_merkle_leaf(&i, sizeof i, leaf[i]);
    for (uint64_t n = 1; n <= N; n++) {
        assay_merkle_root_of((const uint8_t(*)[32])leaf, n, root);
        memcpy(work, leaf, sizeof work);
        for (uint64_t i = 0; i < n; i++)
            index[i] = n - 1 - i;
        assay_merkle_prove_many(work, n, index, path, n);
        for (uint64_t i = 0; i < n; i++) {
            const uint8_t(*node)[32] = (const uint8_t(*)[32])path[i].hash;
            uint64_t at = index[i];
            assert_true(assay_merkle_check_inclusion(at, n, leaf[at], node, path[i].n, root));
            assert_true(n == 1 || !assay_merkle_check_inclusion(at, n, leaf[(at + 1) % n], node, path[i].n, root));
        }
    }
}

static void test_no_proof(void **state)
{
    (void)state;
    uint8_t leaf[4][32] = {{0}};
    struct assay_merkle_proof made;
    struct assay_err e = {0};
    assert_int_equal(assay_merkle_prove_inclusion(4, 4, range_of, leaf, &made, &e), ASSAY_ENOTFOUND);
    assert_string_equal(e.msg, "leaf 4 is not in a tree of 4");
    assay_err_reset(&e);
    assert_int_equal(assay_merkle_prove_consistency(5, 4, range_of, leaf, &made, &e), ASSAY_ENOTFOUND);
    assert_string_equal(e.msg, "a tree of 4 leaves has no beginning of 5");
    assert_int_equal(assay_merkle_prove_consistency(0, 4, range_of, leaf, &made, NULL), ASSAY_OK);
    assert_int_equal(made.n, 0);
    assert_int_equal(assay_merkle_prove_consistency(4, 4, range_of, leaf, &made, NULL), ASSAY_OK);
    assert_int_equal(made.n, 0);
}

/* The roots of all sixteen signed heads of the published log, from its fifteen entries. */
static void test_published_log(void **state)
{
    (void)state;
    static const char *const entry[15] = {"one",  "two", "three",  "four",  "five",     "six",     "seven", "eit",
                                          "nain", "ten", "ileven", "twelf", "threeten", "fourten", "fivten"};
    struct assay_merkle m = {0};
    struct assay_checkpoint c;
    uint8_t h[32], root[32];
    for (size_t i = 0; i <= 15; i++) {
        char path[64];
        struct assay_buf note = {0};
        snprintf(path, sizeof path, "tests/vectors/tessera/checkpoint.%zu", i);
        assert_int_equal(assay_slurp(path, 8192, &note, NULL), ASSAY_OK);
        size_t text = assay_note_text((const char *)note.ptr, note.len);
        assert_null(assay_checkpoint_split((const char *)note.ptr, text, &c));
        assert_int_equal(c.size, i);
        assert_int_equal(c.origin_len, strlen("example.com/log/testdata"));
        assay_merkle_root(&m, root);
        assert_memory_equal(c.root, root, 32);
        assay_buf_release(&note);
        if (i == 15)
            break;
        assay_merkle_leaf(entry[i], strlen(entry[i]), h);
        assay_merkle_add(&m, h);
    }
}

/* A real tile and entry bundle: the bundle's entries hash to the tile, the tile to the root in the checkpoint. */
static void test_tile(void **state)
{
    (void)state;
    struct assay_buf tile = {0}, entries = {0}, head = {0};
    uint8_t h[32], root[32], want[32];
    assert_int_equal(assay_slurp("tests/vectors/tessera/tile-0-000.p-15", 8192, &tile, NULL), ASSAY_OK);
    assert_int_equal(assay_slurp("tests/vectors/tessera/entries-000.p-15", 8192, &entries, NULL), ASSAY_OK);
    assert_int_equal(assay_slurp("tests/vectors/tessera/checkpoint.15", 8192, &head, NULL), ASSAY_OK);
    assert_int_equal(tile.len, 480);
    size_t at = 0;
    for (size_t i = 0; i < 15; i++) {
        size_t len = (size_t)entries.ptr[at] << 8 | entries.ptr[at + 1];
        assay_merkle_leaf(entries.ptr + at + 2, len, h);
        assert_memory_equal(h, tile.ptr + 32 * i, 32);
        at += 2 + len;
    }
    assert_int_equal(at, entries.len);
    assay_merkle_root_of((const uint8_t(*)[32])tile.ptr, 15, root);
    char b64[45];
    memcpy(b64, strchr(strchr((const char *)head.ptr, '\n') + 1, '\n') + 1, 44);
    b64[44] = '\0';
    assert_int_equal(decode(b64, want, 32), 32);
    assert_memory_equal(root, want, 32);
    assay_buf_release(&tile);
    assay_buf_release(&entries);
    assay_buf_release(&head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_roots),
        cmocka_unit_test(test_leaf_and_node),
        cmocka_unit_test(test_two_computations),
        cmocka_unit_test(test_published_inclusion),
        cmocka_unit_test(test_published_consistency),
        cmocka_unit_test(test_published_subtrees),
        cmocka_unit_test(test_all_small_proofs),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_no_proof),
        cmocka_unit_test(test_published_log),
        cmocka_unit_test(test_tile),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
