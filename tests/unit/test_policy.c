/* Policies: what each line may be, every refusal with its sentence, and what a checkpoint is worth under them. */
#include <cmocka.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/temp_dir.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/note.h"
#include "assay/policy.h"
#include "assay/publish.h"

#define LEDGER "example.com/ledger+60db519f+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define WITNESS "witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM"
#define FOO "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"

static char dir[] = "/tmp/assay-policy-XXXXXX";

static int enter(void **state)
{
    (void)state;
    return !mkdtemp(dir);
}

static int leave(void **state)
{
    (void)state;
    return temp_dir_remove(dir);
}

static struct assay_policy *policy(const char *text)
{
    struct assay_policy *p;
    struct assay_err e = {0};
    if (assay_policy_parse(text, strlen(text), &p, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return p;
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"", "policy: has no quorum line"},
        {"quorum none", "policy line 1: does not end in a line feed"},
        {"quorum none\nquorum none\n", "policy line 2: a second quorum line"},
        {"quorum\n", "policy line 1: expected `quorum NAME` or `quorum none`"},
        {"quorum w\n", "policy line 1: \"w\" is not defined on a line before"},
        {"quorum none\r\n", "policy: holds a control character"},
        {"\nlogs " LEDGER "\nquorum none\n", "policy line 2: expected a line of log, witness, group, quorum or role"},
        {"log\nquorum none\n", "policy line 1: expected `log VKEY [URL]`"},
        {"log " WITNESS "\nquorum none\n",
         "policy line 1: the key of a ledger must be of type 01, this one is of type 04"},
        {"witness w " LEDGER "\nquorum none\n",
         "policy line 1: the key of a witness must be of type 04, this one is of type 01"},
        {"log " LEDGER "\nlog " LEDGER "\nquorum none\n",
         "policy line 2: this ledger has the public key of another line"},
        {"witness a " WITNESS "\nwitness b " WITNESS "\nquorum none\n",
         "policy line 2: this witness has the public key of another line"},
        {"witness a " WITNESS "\ngroup a 1 a\nquorum none\n", "policy line 2: the name \"a\" is taken"},
        {"witness none " WITNESS "\nquorum none\n", "policy line 1: the name \"none\" is taken"},
        {"group g 1 g\nquorum none\n", "policy line 1: \"g\" is not defined on a line before"},
        {"witness a " WITNESS "\ngroup g 1 a\ngroup h 1 a\nquorum g\n",
         "policy line 3: \"a\" is a member of a group already"},
        {"witness a " WITNESS "\ngroup g 1 a a\nquorum g\n", "policy line 2: \"a\" is a member of a group already"},
        {"witness a " WITNESS "\ngroup g 0 a\nquorum g\n", "policy line 2: a group of 1 cannot have the threshold 0"},
        {"witness a " WITNESS "\ngroup g 2 a\nquorum g\n", "policy line 2: a group of 1 cannot have the threshold 2"},
        {"witness a " WITNESS "\ngroup g 01 a\nquorum g\n",
         "policy line 2: expected `all`, `any` or a number after the name of the group"},
        {"witness a " WITNESS "\ngroup g all\nquorum g\n", "policy line 2: expected `group NAME all|any|K MEMBER...`"},
        {"role owner " LEDGER "\nlog " LEDGER "\nquorum none\n",
         "policy line 2: the roles owner and ledger have the same key; no key may serve two roles"},
        {"role source " LEDGER "\nrole archive " LEDGER "\nquorum none\n",
         "policy line 2: the roles source and archive have the same key; no key may serve two roles"},
        {"role ledger " LEDGER "\nquorum none\n",
         "policy line 1: \"ledger\" is no role: owner, source, archive, reconcile, approver, purger or auditor"},
        {"role owner\nquorum none\n", "policy line 1: expected `role ROLE VKEY`"},
        {"log example.com/ledger+60db519e+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\nquorum none\n",
         "its key id is not that of its name and key"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_policy *p;
        struct assay_err e = {0};
        assert_int_equal(assay_policy_parse(cases[i].text, strlen(cases[i].text), &p, &e), ASSAY_ELEDGER);
        if (!strstr(e.msg, cases[i].says))
            fail_msg("\"%s\" instead of \"%s\"", e.msg, cases[i].says);
    }
}

/* The vkey line of the same public key under another name and type. */
static void renamed(const char *vkey, uint8_t type, const char *name, char out[256])
{
    uint8_t typed[36], in[128], h[32], b64[49];
    const char *key = strrchr(vkey, '+');
    while (key[-9] != '+') /* the key's own base64 may hold '+' */
        key = (const char *)memrchr(vkey, '+', (size_t)(key - vkey));
    assert_int_equal(EVP_DecodeBlock(typed, (const uint8_t *)key + 1, (int)strlen(key + 1)), 33);
    typed[0] = type;
    int n = snprintf((char *)in, sizeof in, "%s\n", name);
    memcpy(in + n, typed, 33);
    assay_sha256(in, (size_t)n + 33, h);
    EVP_EncodeBlock(b64, typed, 33);
    snprintf(out, 256, "%s+%02x%02x%02x%02x+%s", name, h[0], h[1], h[2], h[3], (char *)b64);
}

/* Keys are the same when the public key is, whatever name and type stand before it. */
static void test_same_key_other_name(void **state)
{
    static const struct {
        const char *lines;
        uint8_t type;
        const char *says;
    } cases[] = {
        {"log " LEDGER "\nwitness w %s\nquorum w\n", 4, "line 2: the roles ledger and witness have the same key"},
        {"log " LEDGER "\nrole approver %s\nquorum none\n", 1, "line 2: the roles ledger and approver have the same"},
        {"log " LEDGER "\nlog %s\nquorum none\n", 1, "line 2: this ledger has the public key of another line"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char vkey[256], text[1024];
        struct assay_policy *p;
        struct assay_err e = {0};
        renamed(LEDGER, cases[i].type, "somebody.example/else", vkey);
        snprintf(text, sizeof text, cases[i].lines, vkey);
        assert_int_equal(assay_policy_parse(text, strlen(text), &p, &e), ASSAY_ELEDGER);
        if (!strstr(e.msg, cases[i].says))
            fail_msg("\"%s\" instead of \"%s\"", e.msg, cases[i].says);
    }
}

static void test_lines(void **state)
{
    char path[64], text[1024];
    struct assay_key *log, *wit, *none;
    struct assay_err e = {0};
    struct assay_policy_witness w;
    (void)state;
    snprintf(path, sizeof path, "%s/log.key", dir);
    assert_int_equal(assay_key_generate(path, "example.com/a", &e), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &log, &e), ASSAY_OK);
    assert_int_equal(assay_key_load_witness(path, &none, &e), ASSAY_ELEDGER);
    assay_err_reset(&e);
    snprintf(path, sizeof path, "%s/other.key", dir);
    assert_int_equal(assay_key_generate_witness(path, "example.com/w", &e), ASSAY_OK);
    assert_int_equal(assay_key_load_witness(path, &wit, &e), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &none, &e), ASSAY_ELEDGER); /* signs no statements */
    snprintf(text, sizeof text, "log %s\nrole owner " FOO "\nwitness w %s https://w.example/\nquorum w\n",
             assay_key_vkey(log), assay_key_vkey(wit));
    struct assay_policy *p = policy(text);
    assert_true(assay_policy_witness(p, 0, &w));
    assert_string_equal(w.name, "w");
    assert_string_equal(w.url, "https://w.example/");
    assert_false(assay_policy_witness(p, 1, &w));
    assert_non_null(assay_policy_log(p, 0));
    assert_null(assay_policy_log(p, 1));
    assert_true(assay_policy_names(p, "owner"));
    assert_false(assay_policy_names(p, "source"));
    assert_true(assay_policy_allows(p, "owner", FOO));
    assert_false(assay_policy_allows(p, "owner", assay_key_vkey(log)));
    assay_policy_free(p);
    assay_key_free(log);
    assay_key_free(wit);
}

static struct assay_policy_verdict judge(const char *text, const char *note, const char *says)
{
    struct assay_policy *p = policy(text);
    struct assay_policy_verdict v;
    struct assay_err e = {0};
    enum assay_status s = assay_policy_judge(p, note, strlen(note), &v, &e);
    assert_int_equal(s, says ? ASSAY_ELEDGER : ASSAY_OK);
    if (says && !strstr(e.msg, says))
        fail_msg("\"%s\" instead of \"%s\"", e.msg, says);
    assay_policy_free(p);
    return v;
}

static void test_published_checkpoint(void **state)
{
    struct assay_buf note = {0};
    (void)state;
    assert_int_equal(assay_slurp("tests/vectors/note/ledger-8.note", 8192, &note, NULL), ASSAY_OK);
    char *text = (char *)assay_buf_str(&note);
    struct assay_policy_verdict v = judge("log " LEDGER "\nwitness w " WITNESS "\nquorum w\n", text, NULL);
    assert_true(v.quorum);
    assert_int_equal(v.cosigned, 1);
    assert_int_equal(v.first, 1700000000);
    assert_int_equal(v.last, 1700000000);
    assert_int_equal(v.head.size, 8);
    v = judge("log " LEDGER "\nquorum none\n", text, NULL);
    assert_true(v.quorum);
    assert_int_equal(v.cosigned, 0);
    judge("log " FOO "\nquorum none\n", text, "the policy has no log of the origin \"example.com/ledger\"");
    judge("quorum none\n", text, "the policy has no log of the origin");
    judge("log " LEDGER "\nquorum none\n", "example.com/ledger\n8\n\n", "not a checkpoint");
    char *line = strstr(text, "witness.example");
    line[40] ^= 1; /* in the base64: the time or signature changes, the key id does not */
    judge("log " LEDGER "\nwitness w " WITNESS "\nquorum w\n", text, "the cosignature by witness.example/w1");
    judge("log " LEDGER "\nquorum none\n", text, NULL); /* nobody asks for it */
    *(line - 4) = '\0';
    v = judge("log " LEDGER "\nwitness w " WITNESS "\nquorum w\n", text, NULL);
    assert_false(v.quorum);
    text[3] ^= 1;
    judge("log " LEDGER "\nquorum none\n", text, "no log of the origin");
    assay_buf_release(&note);
}

/* The two-level example of the specification, under every set of cosigners. */
static void test_quorum(void **state)
{
    enum { N = 5 };
    static const char *const name[N] = {"X1", "X2", "X3", "Y1", "Y2"};
    struct assay_key *key[N], *log;
    struct assay_buf text = {0}, note = {0};
    struct assay_err e = {0};
    char path[64], file[64];
    (void)state;
    snprintf(path, sizeof path, "%s/q.key", dir);
    assert_int_equal(assay_key_generate(path, "example.com/q", &e), ASSAY_OK);
    assert_int_equal(assay_key_load(path, &log, &e), ASSAY_OK);
    assay_buf_addf(&text, "# as in tlog-policy\n\n\tlog  %s  https://example.com/q \n", assay_key_vkey(log));
    for (int i = 0; i < N; i++) {
        snprintf(file, sizeof file, "%s/%s.key", dir, name[i]);
        assert_int_equal(assay_key_generate_witness(file, name[i], &e), ASSAY_OK);
        assert_int_equal(assay_key_load_witness(file, &key[i], &e), ASSAY_OK);
        assay_buf_addf(&text, "witness %s %s\n", name[i], assay_key_vkey(key[i]));
    }
    assay_buf_adds(&text, "group X 2 X1 X2 X3\ngroup Y any Y1 Y2\ngroup X-and-Y all X Y\nquorum X-and-Y\n");
    static const char head[] = "example.com/q\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";
    for (unsigned set = 0; set < 1u << N; set++) {
        assay_buf_reset(&note);
        assert_int_equal(assay_note_sign(log, head, sizeof head - 1, &note, &e), ASSAY_OK);
        for (unsigned i = 0; i < N; i++)
            if (set & 1u << i)
                assert_int_equal(assay_note_cosign(key[i], 1000 + i, head, sizeof head - 1, &note, &e), ASSAY_OK);
        struct assay_policy_verdict v = judge(assay_buf_str(&text), assay_buf_str(&note), NULL);
        assert_int_equal(v.cosigned, __builtin_popcount(set));
        assert_int_equal(v.quorum, __builtin_popcount(set & 7) >= 2 && (set & 24) != 0);
        assert_int_equal(v.first, set ? 1000 + __builtin_ctz(set) : 0);
    }
    assay_buf_release(&text);
    assay_buf_release(&note);
    for (int i = 0; i < N; i++)
        assay_key_free(key[i]);
    assay_key_free(log);
}

/* More than any limit: an error, no overflow. */
static void test_limits(void **state)
{
    struct assay_buf text = {0};
    struct assay_policy *p;
    struct assay_err e = {0};
    (void)state;
    assay_buf_adds(&text, "group g all");
    for (int i = 0; i < 1000; i++)
        assay_buf_adds(&text, " w");
    assay_buf_adds(&text, "\nquorum none\n");
    assert_int_equal(assay_policy_parse((char *)text.ptr, text.len, &p, &e), ASSAY_ELIMIT);
    assert_string_equal(e.msg, "policy line 1: too many words");
    assay_buf_reset(&text);
    for (int i = 0; i < 300000; i++)
        assay_buf_addc(&text, '\n');
    assay_err_reset(&e);
    assert_int_equal(assay_policy_parse((char *)text.ptr, text.len, &p, &e), ASSAY_ELIMIT);
    assay_buf_release(&text);
}

/* What goes into a bundle of evidence: a policy of its own again, and the same one. */
static void test_witness_lines(void **state)
{
    (void)state;
    static const char wanted[] = "witness w " WITNESS " http://w.example/\ngroup g 1 w\ngroup h 1 g\nquorum h\n";
    struct assay_policy *p = policy("# c\nlog " LEDGER " http://x/\nwitness\tw  " WITNESS " http://w.example/\n"
                                    "group g all w\n\ngroup h any g\nquorum  h\nrole owner " FOO "\n"),
                        *q;
    struct assay_buf text = {0}, again = {0};
    assert_int_equal(assay_policy_witnesses(p, &text), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), wanted);
    q = policy(assay_buf_str(&text));
    assert_int_equal(assay_policy_witnesses(q, &again), ASSAY_OK);
    assert_string_equal(assay_buf_str(&again), wanted);
    assay_policy_free(p);
    assay_policy_free(q);
    assay_buf_reset(&text);
    p = policy("witness w " WITNESS "\nquorum none\n");
    assert_int_equal(assay_policy_witnesses(p, &text), ASSAY_OK);
    assert_string_equal(assay_buf_str(&text), "witness w " WITNESS "\nquorum none\n");
    assay_policy_free(p);
    assay_buf_release(&text);
    assay_buf_release(&again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_same_key_other_name),
        cmocka_unit_test(test_published_checkpoint),
        cmocka_unit_test(test_quorum),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_witness_lines),
        cmocka_unit_test(test_lines),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
