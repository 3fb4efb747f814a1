/* RFC 3161: a stamp outlives its certificate; everything that is not as it must be has its sentence. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/publish.h"
#include "assay/stamp.h"

#define DIR "tests/vectors/stamp/"
#define AT 1795900193 /* 2026-11-28T21:09:53Z; the certificate expired two minutes later */

static struct assay_buf slurp(const char *path)
{
    struct assay_buf b = {0};
    struct assay_err e = {0};
    if (assay_slurp(path, 1u << 20, &b, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return b;
}

struct vectors {
    struct assay_buf data, token, query;
};

static struct vectors load(void)
{
    struct vectors v = {slurp("tests/vectors/note/ledger-8.note"), slurp(DIR "token.tsr"), slurp(DIR "q.tsq")};
    return v;
}

static void release(struct vectors *v)
{
    assay_buf_release(&v->data);
    assay_buf_release(&v->token);
    assay_buf_release(&v->query);
}

static void refused(const struct assay_buf *token, const struct assay_buf *query, const struct assay_buf *data,
                    const char *ca, const char *says)
{
    struct assay_stamp st;
    struct assay_err e = {0};
    assert_int_equal(assay_stamp_check(token, query, data->ptr, data->len, ca, &st, &e), ASSAY_EDATA);
    assert_false(st.trusted);
    if (!strstr(e.msg, says))
        fail_msg("\"%s\" instead of \"%s\"", e.msg, says);
}

static void test_expired_authority(void **state)
{
    (void)state;
    struct vectors v = load();
    struct assay_stamp st;
    struct assay_err e = {0};
    const char *const ca[] = {DIR "ca.pem", NULL};
    for (int with_query = 0; with_query < 2; with_query++)
        for (int i = 0; i < 2; i++) {
            if (assay_stamp_check(&v.token, with_query ? &v.query : NULL, v.data.ptr, v.data.len, ca[i], &st, &e) !=
                ASSAY_OK)
                fail_msg("%s", e.msg);
            assert_int_equal(st.when, AT);
            assert_string_equal(st.text, "2026-11-28T21:09:53Z");
            assert_string_equal(st.authority, "/CN=an authority that expired");
            assert_int_equal(st.trusted, i == 0);
        }
    release(&v);
}

/* What goes into a bundle of evidence; openssl judges the token by it alone. */
static void test_certificate(void **state)
{
    (void)state;
    struct vectors v = load();
    struct assay_buf pem = {0}, none = {0};
    struct assay_err e = {0};
    char path[] = "/tmp/assay-stamp-XXXXXX", command[500];
    int fd = mkstemp(path);
    assert_int_equal(assay_stamp_certificate(&v.token, &pem, &e), ASSAY_OK);
    assert_int_equal(write(fd, pem.ptr, pem.len), pem.len);
    close(fd);
    snprintf(command, sizeof command,
             "openssl ts -verify -data tests/vectors/note/ledger-8.note -in " DIR
             "token.tsr -CAfile %s -partial_chain -attime %d >/dev/null 2>&1",
             path, AT);
    assert_int_equal(system(command), 0);
    unlink(path);
    assert_int_equal(assay_stamp_certificate(&v.data, &pem, &e), ASSAY_EDATA);
    assert_int_equal(assay_stamp_certificate(&none, &pem, &e), ASSAY_EDATA);
    assay_buf_release(&pem);
    release(&v);
}

/* openssl agrees, at the token's own time and not a day later. */
static void test_openssl_agrees(void **state)
{
    (void)state;
    char command[400];
    for (int late = 0; late < 2; late++) {
        snprintf(command, sizeof command,
                 "openssl ts -verify -data tests/vectors/note/ledger-8.note -in " DIR "token.tsr -CAfile " DIR
                 "ca.pem -attime %d >/dev/null 2>&1",
                 AT + late * 86400);
        assert_int_equal(system(command) != 0, late);
    }
}

static void test_refused(void **state)
{
    (void)state;
    struct vectors v = load();
    struct assay_buf sha512 = slurp(DIR "sha512.tsr"), rejected = slurp(DIR "rejected.tsr"), empty = {0};
    refused(&v.token, NULL, &v.data, DIR "other-ca.pem", "is not signed by an authority of --tsa-ca");
    struct assay_stamp st;
    struct assay_err e = {0};
    assert_int_equal(assay_stamp_check(&v.token, NULL, v.data.ptr, v.data.len, DIR "none.pem", &st, &e), ASSAY_EUSAGE);
    assert_non_null(strstr(e.msg, "no certificates (PEM) can be read there"));
    refused(&v.token, NULL, &v.token, DIR "ca.pem", "not over the SHA-256 of this checkpoint");
    refused(&sha512, NULL, &v.data, DIR "ca.pem", "not over the SHA-256 of this checkpoint");
    refused(&rejected, NULL, &v.data, DIR "ca.pem", "was not granted: the authority answers with status 2");
    refused(&empty, NULL, &v.data, NULL, "the answer is not an RFC 3161 response");
    refused(&v.data, NULL, &v.data, NULL, "the answer is not an RFC 3161 response");
    /* An answer to another request, over the same bytes: the nonce differs. */
    struct assay_buf other = {0};
    assert_int_equal(assay_stamp_request(v.data.ptr, v.data.len, &other, NULL), ASSAY_OK);
    refused(&v.token, &other, &v.data, DIR "ca.pem", "the time stamp is not signed by an authority of --tsa-ca");
    /* Something behind the response. */
    assay_buf_addc(&v.token, 0);
    refused(&v.token, NULL, &v.data, NULL, "the answer is not an RFC 3161 response");
    assay_buf_release(&other);
    assay_buf_release(&sha512);
    assay_buf_release(&rejected);
    release(&v);
}

/* No changed byte moves the time or the imprint, and none crashes. */
static void test_every_byte(void **state)
{
    (void)state;
    struct vectors v = load();
    for (size_t i = 0; i < v.token.len; i++) {
        struct assay_stamp st;
        v.token.ptr[i] ^= 1;
        if (assay_stamp_check(&v.token, NULL, v.data.ptr, v.data.len, DIR "ca.pem", &st, NULL) == ASSAY_OK)
            assert_int_equal(st.when, AT);
        v.token.ptr[i] ^= 1;
    }
    for (size_t n = 0; n < v.token.len; n += 7) {
        struct assay_buf cut = {.ptr = v.token.ptr, .len = n};
        struct assay_stamp st;
        assert_int_equal(assay_stamp_check(&cut, NULL, v.data.ptr, v.data.len, NULL, &st, NULL), ASSAY_EDATA);
    }
    release(&v);
}

static void test_request(void **state)
{
    (void)state;
    struct assay_buf a = {0}, b = {0};
    assert_int_equal(assay_stamp_request("x", 1, &a, NULL), ASSAY_OK);
    assert_int_equal(assay_stamp_request("x", 1, &b, NULL), ASSAY_OK);
    assert_int_equal(a.len, b.len);
    assert_memory_not_equal(a.ptr, b.ptr, a.len); /* the nonce */
    assert_int_equal(assay_publish("/tmp/assay-stamp.tsq", 0600, a.ptr, a.len, NULL), ASSAY_OK);
    FILE *f = popen("openssl ts -query -in /tmp/assay-stamp.tsq -text 2>/dev/null; rm -f /tmp/assay-stamp.tsq", "r");
    char text[2000] = "";
    assert_non_null(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    pclose(f);
    assert_non_null(strstr(text, "Hash Algorithm: sha256"));
    assert_non_null(strstr(text, "Certificate required: yes"));
    assert_non_null(strstr(text, "Nonce: 0x01"));
    assay_buf_release(&a);
    assay_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expired_authority), cmocka_unit_test(test_openssl_agrees),
        cmocka_unit_test(test_certificate),       cmocka_unit_test(test_refused),
        cmocka_unit_test(test_every_byte),        cmocka_unit_test(test_request),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
