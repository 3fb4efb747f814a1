/* Thin over OpenSSL's TS_ functions, which have no manual pages: what they check and what they do not was read in
 * crypto/ts/ts_rsp_verify.c. They take the digest's name from the token itself, so that is compared here. */
#include "assay/stamp.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "assay/digest.h"

static enum assay_status add_der(const TS_REQ *req, struct assay_buf *out)
{
    uint8_t *der = NULL;
    int n = i2d_TS_REQ(req, &der);
    enum assay_status s = n > 0 ? assay_buf_add(out, der, (size_t)n) : ASSAY_ENOMEM;
    OPENSSL_free(der);
    return s;
}

static bool set_nonce(TS_REQ *req)
{
    uint8_t raw[9] = {1}; /* never zero, never negative */
    ASN1_INTEGER *nonce = ASN1_INTEGER_new();
    BIGNUM *bn = RAND_bytes(raw + 1, 8) == 1 ? BN_bin2bn(raw, sizeof raw, NULL) : NULL;
    bool ok = nonce && bn && BN_to_ASN1_INTEGER(bn, nonce) && TS_REQ_set_nonce(req, nonce) == 1;
    BN_free(bn);
    ASN1_INTEGER_free(nonce);
    return ok;
}

static bool set_imprint(TS_REQ *req, const void *bytes, size_t n)
{
    uint8_t hash[32];
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *algo = X509_ALGOR_new();
    assay_sha256(bytes, n, hash);
    bool ok = imprint && algo && X509_ALGOR_set0(algo, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 &&
              TS_MSG_IMPRINT_set_algo(imprint, algo) == 1 && TS_MSG_IMPRINT_set_msg(imprint, hash, sizeof hash) == 1 &&
              TS_REQ_set_msg_imprint(req, imprint) == 1;
    X509_ALGOR_free(algo);
    TS_MSG_IMPRINT_free(imprint);
    return ok;
}

enum assay_status assay_stamp_request(const void *bytes, size_t n, struct assay_buf *out, struct assay_err *e)
{
    TS_REQ *req = TS_REQ_new();
    enum assay_status s = ASSAY_ENOMEM;
    if (req && TS_REQ_set_version(req, 1) == 1 && set_imprint(req, bytes, n) && set_nonce(req) &&
        TS_REQ_set_cert_req(req, 1) == 1)
        s = add_der(req, out);
    TS_REQ_free(req);
    return s == ASSAY_OK ? s : assay_fail(e, s, "a time stamp request could not be made");
}

/* ---- the response ---- */

static enum assay_status refuse(struct assay_err *e, const char *what)
{
    char why[200] = "";
    unsigned long code = ERR_peek_last_error();
    if (code)
        ERR_error_string_n(code, why, sizeof why);
    ERR_clear_error();
    return assay_fail(e, ASSAY_EDATA, "the time stamp %s%s%s", what, *why ? ": " : "", why);
}

static enum assay_status granted(TS_RESP *resp, struct assay_err *e)
{
    TS_STATUS_INFO *info = TS_RESP_get_status_info(resp);
    const ASN1_INTEGER *code = info ? TS_STATUS_INFO_get0_status(info) : NULL;
    long status = code ? ASN1_INTEGER_get(code) : -1;
    if (status == 0 || status == 1) /* granted, granted with modifications */
        return TS_RESP_get_tst_info(resp) ? ASSAY_OK : refuse(e, "response holds no token");
    return assay_fail(e, ASSAY_EDATA, "the time stamp was not granted: the authority answers with status %ld", status);
}

static enum assay_status read_time(TS_TST_INFO *info, struct assay_stamp *out, struct assay_err *e)
{
    const ASN1_GENERALIZEDTIME *t = TS_TST_INFO_get_time(info);
    struct tm tm = {0};
    time_t when;
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1 || (when = timegm(&tm)) < 0 ||
        !strftime(out->text, sizeof out->text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return refuse(e, "has no time");
    out->when = (uint64_t)when;
    return ASSAY_OK;
}

static enum assay_status check_imprint(TS_TST_INFO *info, const void *bytes, size_t n, struct assay_err *e)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    X509_ALGOR *algo = imprint ? TS_MSG_IMPRINT_get_algo(imprint) : NULL;
    const ASN1_OCTET_STRING *msg = imprint ? TS_MSG_IMPRINT_get_msg(imprint) : NULL;
    const ASN1_OBJECT *object = NULL;
    uint8_t hash[32];
    if (algo)
        X509_ALGOR_get0(&object, NULL, NULL, algo);
    assay_sha256(bytes, n, hash);
    if (!msg || !object || OBJ_obj2nid(object) != NID_sha256 || ASN1_STRING_length(msg) != 32 ||
        memcmp(ASN1_STRING_get0_data(msg), hash, 32) != 0)
        return assay_fail(e, ASSAY_EDATA, "the time stamp is not over the SHA-256 of this checkpoint");
    return ASSAY_OK;
}

/* Whom to believe: the certificates of ca_file, or, when nobody says, those of the token itself. */
static X509_STORE *store_for(TS_RESP *resp, const char *ca_file, time_t when, struct assay_err *e)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = store ? X509_STORE_get0_param(store) : NULL;
    bool ok = param;
    if (ok && ca_file && X509_STORE_load_file(store, ca_file) != 1) {
        X509_STORE_free(store);
        ERR_clear_error();
        assay_fail(e, ASSAY_EUSAGE, "--tsa-ca %s: no certificates (PEM) can be read there", ca_file);
        return NULL;
    }
    STACK_OF(X509) *own = ok && !ca_file ? PKCS7_get0_signers(TS_RESP_get_token(resp), NULL, 0) : NULL;
    for (int i = 0; i < sk_X509_num(own) && ok; i++)
        ok = X509_STORE_add_cert(store, sk_X509_value(own, i)) == 1;
    sk_X509_free(own);
    if (ok && !ca_file)
        ok = X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1;
    if (ok) {
        X509_VERIFY_PARAM_set_time(param, when);
        return store;
    }
    X509_STORE_free(store);
    assay_fail_nomem(e);
    return NULL;
}

static void name_authority(TS_RESP *resp, struct assay_stamp *out)
{
    STACK_OF(X509) *signer = PKCS7_get0_signers(TS_RESP_get_token(resp), NULL, 0);
    snprintf(out->authority, sizeof out->authority, "unknown");
    if (sk_X509_num(signer) > 0)
        X509_NAME_oneline(X509_get_subject_name(sk_X509_value(signer, 0)), out->authority, (int)sizeof out->authority);
    sk_X509_free(signer);
}

static enum assay_status check_signature(TS_RESP *resp, const struct assay_buf *request, const char *ca_file,
                                         struct assay_stamp *out, struct assay_err *e)
{
    const uint8_t *p = request ? request->ptr : NULL;
    TS_REQ *req = request ? d2i_TS_REQ(NULL, &p, (long)request->len) : NULL;
    TS_VERIFY_CTX *ctx = req ? TS_REQ_to_TS_VERIFY_CTX(req, NULL) : TS_VERIFY_CTX_new();
    X509_STORE *store = ctx ? store_for(resp, ca_file, (time_t)out->when, e) : NULL;
    enum assay_status s = ASSAY_OK;
    if (!ctx || (request && !req)) {
        s = assay_fail_nomem(e);
    } else if (!store) {
        s = e && e->code != ASSAY_OK ? e->code : ASSAY_ENOMEM;
    } else {
        TS_VERIFY_CTX_add_flags(ctx, TS_VFY_VERSION | TS_VFY_SIGNATURE);
        TS_VERIFY_CTX_set_store(ctx, store); /* the context's from now on */
        store = NULL;
        if (TS_RESP_verify_response(ctx, resp) != 1)
            s = refuse(e, ca_file ? "is not signed by an authority of --tsa-ca" : "is not rightly signed");
        out->trusted = s == ASSAY_OK && ca_file;
    }
    X509_STORE_free(store);
    TS_VERIFY_CTX_free(ctx);
    TS_REQ_free(req);
    return s;
}

enum assay_status assay_stamp_check(const struct assay_buf *response, const struct assay_buf *request,
                                    const void *bytes, size_t n, const char *ca_file, struct assay_stamp *out,
                                    struct assay_err *e)
{
    const uint8_t *p = response->ptr;
    struct assay_err own = {0};
    e = e ? e : &own;
    memset(out, 0, sizeof *out);
    ERR_clear_error();
    TS_RESP *resp = response->len ? d2i_TS_RESP(NULL, &p, (long)response->len) : NULL;
    if (!resp || p != response->ptr + response->len) {
        TS_RESP_free(resp);
        ERR_clear_error();
        return assay_fail(e, ASSAY_EDATA, "the answer is not an RFC 3161 response");
    }
    enum assay_status s = granted(resp, e);
    if (s == ASSAY_OK)
        s = read_time(TS_RESP_get_tst_info(resp), out, e);
    if (s == ASSAY_OK)
        s = check_imprint(TS_RESP_get_tst_info(resp), bytes, n, e);
    if (s == ASSAY_OK)
        s = check_signature(resp, request, ca_file, out, e);
    if (s == ASSAY_OK)
        name_authority(resp, out);
    TS_RESP_free(resp);
    ERR_clear_error();
    return s;
}

enum assay_status assay_stamp_certificate(const struct assay_buf *response, struct assay_buf *pem, struct assay_err *e)
{
    const uint8_t *p = response->ptr;
    TS_RESP *resp = response->len ? d2i_TS_RESP(NULL, &p, (long)response->len) : NULL;
    STACK_OF(X509) *signer = resp ? PKCS7_get0_signers(TS_RESP_get_token(resp), NULL, 0) : NULL;
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;
    enum assay_status s = ASSAY_EDATA;
    if (bio && sk_X509_num(signer) > 0 && PEM_write_bio_X509(bio, sk_X509_value(signer, 0)) == 1) {
        long n = BIO_get_mem_data(bio, &text);
        s = assay_buf_add(pem, text, (size_t)n);
    }
    BIO_free(bio);
    sk_X509_free(signer);
    TS_RESP_free(resp);
    ERR_clear_error();
    return s == ASSAY_OK ? s : assay_fail(e, s, "the certificate of the time stamp cannot be read");
}
