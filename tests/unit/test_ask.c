/* Asking a witness: what each of its answers is worth. */
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "assay/anchor.h"
#include "assay/note.h"
#include "assay/publish.h"

#define WITNESS "witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM"

static void test_answers(void **state)
{
    static const struct {
        long status;
        const char *type, *body;
        enum assay_status want;
        const char *says;
    } cases[] = {
        {200, "text/plain", "", ASSAY_ELEDGER, "it answers no signature line by witness.example/w1"},
        {200, "text/plain", "nonsense\n", ASSAY_ELEDGER, "it answers no signature line"},
        {200, "text/plain", "— other.example AAAAAAAAAAA=\n", ASSAY_ELEDGER, "it answers no cosignature"},
        {200, "text/plain",
         "— witness.example/w1 "
         "BNLYMwAAAABlU/EALVIfs4w252hbB6k2noBoP/veML5b2lgJIypSyPYdhyPE4J8vtqN+r5Fn8tQywBj5ghuwcm8lIfub87NdnDidDg==\n",
         ASSAY_ELEDGER, "it answers a false cosignature"},
        {409, "text/x.tlog.size", "9\n", ASSAY_ELEDGER,
         "it has seen 9 leaves of this ledger, which has 8: leaves are gone"},
        {409, "text/x.tlog.size", "4\n", ASSAY_ELEDGER, "it has seen another root for 4 leaves"},
        {409, "text/x.tlog.size", "5\n", ASSAY_OK, ""},
        {409, "text/x.tlog.size", "05\n", ASSAY_ESOURCE, "it answers 409 without saying how much it has seen"},
        {409, "text/x.tlog.size", "5", ASSAY_ESOURCE, "it answers 409 without saying"},
        {409, "text/plain", "5\n", ASSAY_ESOURCE, "it answers 409 without saying"},
        {422, "", "", ASSAY_ELEDGER, "what it has seen at 4 leaves is not the beginning of this ledger"},
        {403, "", "", ASSAY_ESOURCE, "it knows this ledger under another key"},
        {404, "", "", ASSAY_ESOURCE, "it does not know this ledger"},
        {500, "", "", ASSAY_ESOURCE, "it answers with status 500"},
        {302, "", "", ASSAY_ESOURCE, "it answers with status 302"},
    };
    struct assay_buf note = {0};
    struct assay_verifier *v;
    (void)state;
    assert_int_equal(assay_slurp("tests/vectors/note/ledger-8.note", 8192, &note, NULL), ASSAY_OK);
    assert_int_equal(assay_verifier_parse(WITNESS, &v, NULL), ASSAY_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf body = {0};
        struct assay_witness_reply r = {0};
        struct assay_err e = {0};
        enum assay_ask next;
        assay_buf_adds(&body, cases[i].body);
        assert_int_equal(assay_witness_judge(v, (char *)note.ptr, note.len, 8, 4, cases[i].status, cases[i].type, &body,
                                             &next, &r, &e),
                         cases[i].want);
        if (!strstr(e.msg, cases[i].says))
            fail_msg("\"%s\" instead of \"%s\"", e.msg, cases[i].says);
        if (cases[i].want == ASSAY_OK) {
            assert_int_equal(next, ASSAY_ASK_OLDER);
            assert_int_equal(r.seen, 5);
        }
        assert_int_equal(r.lines.len, 0);
        assay_buf_release(&body);
    }
    /* The published cosignature, and a stranger's beside it: only the one that we know is taken. */
    struct assay_buf body = {0};
    struct assay_witness_reply r = {0};
    enum assay_ask next;
    const char *line = strstr(assay_buf_str(&note), "— witness.example");
    assay_buf_adds(&body, "— other.example AAAAAAAAAAA=\n");
    assay_buf_adds(&body, line);
    assert_int_equal(assay_witness_judge(v, (char *)note.ptr, note.len, 8, 4, 200, "", &body, &next, &r, NULL),
                     ASSAY_OK);
    assert_int_equal(next, ASSAY_ASK_GIVEN);
    assert_int_equal(r.when, 1700000000);
    assert_string_equal(assay_buf_str(&r.lines), line);
    assay_buf_release(&r.lines);
    assay_buf_release(&body);
    assay_buf_release(&note);
    assay_verifier_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_answers)};
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
