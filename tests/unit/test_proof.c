/* tlog-proof files: written, read back, every byte of one counts; what is refused and why. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/merkle.h"
#include "assay/note.h"
#include "assay/proof.h"
#include "assay/publish.h"

#define H0 "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n"
#define MAGIC "c2sp.org/tlog-proof@v1\n"

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "its first line is not c2sp.org/tlog-proof@v1"},
        {"c2sp.org/tlog-proof@v2\nindex 0\n\n", "its first line is not c2sp.org/tlog-proof@v1"},
        {"c2sp.org/tlog-proof@v1 \nindex 0\n\n", "its first line is not c2sp.org/tlog-proof@v1"},
        {MAGIC "extra abc\nindex 0\n\n", "its extra data is not base64"},
        {MAGIC "extra\nindex 0\n\n", "it has no line `index N`"},
        {MAGIC "index 00\n\n", "it has no line `index N`"},
        {MAGIC "index -1\n\n", "it has no line `index N`"},
        {MAGIC "index 9223372036854775808\n\n", "it has no line `index N`"},
        {MAGIC "index 0\n" H0, "no empty line ends the proof"},
        {MAGIC "index 0\nbjQLnP\n\n", "a line of the proof is not a hash in base64"},
        {MAGIC "index 0\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1=\n\n",
         "a line of the proof is not a hash in base64"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_proof p;
        struct assay_err e = {0};
        assert_int_equal(assay_proof_parse(cases[i].text, strlen(cases[i].text), &p, &e), ASSAY_ELEDGER);
        if (!strstr(e.msg, cases[i].says))
            fail_msg("\"%s\" instead of \"%s\"", e.msg, cases[i].says);
        assay_proof_release(&p);
    }
    struct assay_buf many = {0};
    struct assay_proof p;
    struct assay_err e = {0};
    assay_buf_adds(&many, MAGIC "index 0\n");
    for (int i = 0; i < 64; i++)
        assay_buf_adds(&many, H0);
    assay_buf_adds(&many, "\n");
    assert_int_equal(assay_proof_parse((char *)many.ptr, many.len, &p, &e), ASSAY_ELEDGER);
    assert_string_equal(e.msg, "not a proof: the proof has too many lines");
    assay_proof_release(&p);
    assay_buf_release(&many);
}

static enum assay_status range_of(void *ctx, uint64_t first, uint64_t n, uint8_t out[32], struct assay_err *e)
{
    (void)e;
    const uint8_t(*leaf)[32] = ctx;
    assay_merkle_root_of(leaf + first, n, out);
    return ASSAY_OK;
}

/* The eight published leaves under the published, cosigned head. */
static void leaves(uint8_t leaf[8][32])
{
    static const char *const body[8] = {"",         "\x00", "\x10",     "\x20\x21",
                                        "\x30\x31", "@ABC", "PQRSTUVW", "`abcdefghijklmno"};
    static const size_t n[8] = {0, 1, 1, 2, 2, 4, 8, 16};
    for (int i = 0; i < 8; i++)
        assay_merkle_leaf(body[i], n[i], leaf[i]);
}

static void test_round_trip(void **state)
{
    uint8_t leaf[8][32];
    struct assay_buf note = {0}, file = {0};
    struct assay_checkpoint head;
    struct assay_err e = {0};
    (void)state;
    leaves(leaf);
    assert_int_equal(assay_slurp("tests/vectors/note/ledger-8.note", 8192, &note, NULL), ASSAY_OK);
    for (uint64_t i = 0; i < 8; i++) {
        struct assay_proof p = {.index = i, .checkpoint = (char *)note.ptr, .checkpoint_len = note.len}, q;
        if (i % 2)
            assay_buf_adds(&p.extra, "the leaf itself");
        assay_buf_reset(&file);
        assert_int_equal(assay_merkle_prove_inclusion(i, 8, range_of, leaf, &p.path, &e), ASSAY_OK);
        assert_int_equal(assay_proof_write(&p, &file, &e), ASSAY_OK);
        assert_int_equal(assay_proof_parse((char *)file.ptr, file.len, &q, &e), ASSAY_OK);
        assert_int_equal(q.index, i);
        assert_int_equal(q.extra.len, p.extra.len);
        assert_int_equal(q.checkpoint_len, note.len);
        assert_memory_equal(q.checkpoint, note.ptr, note.len);
        assert_int_equal(assay_proof_check(&q, leaf[i], &head, &e), ASSAY_OK);
        assert_int_equal(head.size, 8);
        assert_int_equal(assay_proof_check(&q, leaf[(i + 1) % 8], &head, &e), ASSAY_ELEDGER);
        assert_string_equal(strstr(e.msg, " of the tree"), " of the tree of 8 that its checkpoint signs");
        assay_err_reset(&e);
        q.index ^= 1;
        assert_int_equal(assay_proof_check(&q, leaf[i], &head, NULL), ASSAY_ELEDGER);
        assay_proof_release(&p);
        assay_proof_release(&q);
    }
    assay_buf_release(&file);
    assay_buf_release(&note);
}

/* Up to the checkpoint's signatures (which assay_proof_check leaves to the policy) no byte may change. */
static void test_every_byte(void **state)
{
    uint8_t leaf[8][32];
    struct assay_buf note = {0}, file = {0};
    struct assay_checkpoint head;
    (void)state;
    leaves(leaf);
    assert_int_equal(assay_slurp("tests/vectors/note/ledger-8.note", 8192, &note, NULL), ASSAY_OK);
    struct assay_proof p = {.index = 5, .checkpoint = (char *)note.ptr, .checkpoint_len = note.len}, q;
    assert_int_equal(assay_merkle_prove_inclusion(5, 8, range_of, leaf, &p.path, NULL), ASSAY_OK);
    assert_int_equal(assay_proof_write(&p, &file, NULL), ASSAY_OK);
    size_t origin = file.len - note.len;
    for (size_t i = 0; i < file.len - note.len + 66; i++) {
        if (i >= origin && i < origin + strlen("example.com/ledger"))
            continue; /* signed, and judged with the signature */
        file.ptr[i] ^= 1;
        bool good = assay_proof_parse((char *)file.ptr, file.len, &q, NULL) == ASSAY_OK &&
                    assay_proof_check(&q, leaf[5], &head, NULL) == ASSAY_OK;
        if (good)
            fail_msg("byte %zu does not count", i);
        assay_proof_release(&q);
        file.ptr[i] ^= 1;
    }
    assay_buf_release(&file);
    assay_buf_release(&note);
}

/* A checkpoint as notes, proofs and reports carry it. */
static void test_find(void **state)
{
    static const struct {
        const char *text, *finds; /* NULL: nothing */
    } cases[] = {
        {"o\n1\nr\n\n— x y\n", "o\n1\nr\n\n— x y\n"},
        {MAGIC "index 0\n\no\n1\nr\n", "o\n1\nr\n"},
        {"{\"ledger\":{\"checkpoint\":\"o\\n1\\n\"}}", "o\n1\n"},
        {"{\"ledger\":{\"checkpoint\":\"o\"}}\n{\"more\":1}\n", "o"},
        {"<html><h3>Newest checkpoint</h3><pre>a&lt;b&amp;amp;&#39;\n</pre>", "a<b&amp;'\n"},
        {"<html><h3>Newest checkpoint</h3><pre>a&bad", "a&bad"},
        {"", NULL},
        {"<html></html>", NULL},
        {"{", NULL},
        {"{\"ledger\":{\"checkpoint\":\"\"}}", NULL},
        {"{\"ledger\":[]}", NULL},
        {MAGIC, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf out = {0};
        struct assay_err e = {0};
        enum assay_status s = assay_checkpoint_find(cases[i].text, strlen(cases[i].text), &out, &e);
        assert_int_equal(s, cases[i].finds ? ASSAY_OK : ASSAY_ELEDGER);
        if (cases[i].finds)
            assert_string_equal(assay_buf_str(&out), cases[i].finds);
        assay_buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_every_byte),
        cmocka_unit_test(test_find),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
