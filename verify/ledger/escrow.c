/* The dataset key in a CMS message (RFC 5652, 5083): AES-256-GCM, its key for every recipient by RSA-OAEP or by ECDH
 * and AES key wrap. Its content is the file dataset.key as it is, so that openssl alone brings it back. */
#include <openssl/pem.h> /* before cms.h, which else leaves out what is for PEM */

#include <openssl/cms.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/keyring.h"
#include "assay/publish.h"
#include "file.h"
#include "keyfile.h"
#include "keyring.h"

#define MAX_ESCROW (1u << 20)
#define FLAGS (CMS_BINARY | CMS_KEY_PARAM)

static enum assay_status escrow_path(const struct assay_keyring *k, uint32_t epoch, char out[ASSAY_MAX_PATH],
                                     struct assay_err *e)
{
    char name[40];
    snprintf(name, sizeof name, ".escrow-%u.pem", epoch);
    return assay_keyring_file(k->path, name, out, e);
}

static X509 *certificate(const struct keyring_cert *c)
{
    const unsigned char *p = c->der;
    X509 *x = d2i_X509(NULL, &p, (long)c->n);
    if (x && p == c->der + c->n)
        return x;
    X509_free(x);
    return NULL;
}

/* SHA-1 and PKCS #1 version 1.5 are OpenSSL's defaults here. */
static bool add_recipient(CMS_ContentInfo *cms, X509 *cert)
{
    CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, cert, FLAGS);
    EVP_PKEY_CTX *x = ri ? CMS_RecipientInfo_get0_pkey_ctx(ri) : NULL;
    if (!x)
        return false;
    switch (EVP_PKEY_get_base_id(X509_get0_pubkey(cert))) {
    case EVP_PKEY_RSA:
        return EVP_PKEY_CTX_set_rsa_padding(x, RSA_PKCS1_OAEP_PADDING) > 0 &&
               EVP_PKEY_CTX_set_rsa_oaep_md(x, EVP_sha256()) > 0;
    case EVP_PKEY_EC:
        return EVP_PKEY_CTX_set_ecdh_kdf_md(x, EVP_sha256()) > 0;
    default:
        return false;
    }
}

static bool encrypt(const struct keyring_text *t, BIO *in, BIO *out)
{
    CMS_ContentInfo *cms = CMS_encrypt(NULL, NULL, EVP_aes_256_gcm(), CMS_BINARY | CMS_PARTIAL);
    bool ok = cms != NULL;
    for (size_t i = 0; i < t->n_certs && ok; i++) {
        X509 *cert = certificate(&t->cert[i]);
        ok = cert && add_recipient(cms, cert);
        X509_free(cert);
    }
    ok = ok && CMS_final(cms, in, NULL, CMS_BINARY) == 1 && PEM_write_bio_CMS(out, cms) == 1;
    CMS_ContentInfo_free(cms);
    return ok;
}

enum assay_status assay_escrow_write(const struct assay_keyring *k, const struct keyring_text *t, const uint8_t key[32],
                                     struct assay_err *e)
{
    char path[ASSAY_MAX_PATH], text[66], *pem;
    enum assay_status s = escrow_path(k, t->epoch, path, e);
    if (s != ASSAY_OK)
        return s;
    assay_hex(key, 32, text);
    text[64] = '\n';
    BIO *in = BIO_new_mem_buf(text, 65), *out = BIO_new(BIO_s_mem());
    if (!in || !out || !encrypt(t, in, out))
        s = assay_fail(e, ASSAY_EIO, "%s: OpenSSL cannot encrypt for these recipients", path);
    if (s == ASSAY_OK) {
        long n = BIO_get_mem_data(out, &pem);
        s = assay_publish_evidence(path, 0644, pem, (size_t)n, e);
    }
    BIO_free(in);
    BIO_free(out);
    OPENSSL_cleanse(text, sizeof text);
    return s;
}

/* ---- is it there, and for these recipients? ---- */

static CMS_ContentInfo *read_escrow(const char *path, struct assay_err *e)
{
    struct assay_buf b = {.max = MAX_ESCROW + 65537};
    CMS_ContentInfo *cms = NULL;
    if (assay_slurp(path, MAX_ESCROW, &b, e) == ASSAY_OK) {
        BIO *in = BIO_new_mem_buf(b.ptr, (int)b.len);
        cms = in ? PEM_read_bio_CMS(in, NULL, NULL, NULL) : NULL;
        BIO_free(in);
        if (!cms)
            assay_fail(e, ASSAY_EDATA, "%s: not a CMS message in PEM", path);
    }
    assay_buf_release(&b);
    return cms;
}

static bool is_for(CMS_RecipientInfo *ri, X509 *cert)
{
    if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_TRANS)
        return CMS_RecipientInfo_ktri_cert_cmp(ri, cert) == 0;
    if (CMS_RecipientInfo_type(ri) != CMS_RECIPINFO_AGREE)
        return false;
    STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(ri);
    return sk_CMS_RecipientEncryptedKey_num(keys) == 1 &&
           CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, 0), cert) == 0;
}

/* A set: DER sorts it. */
static bool is_among(STACK_OF(CMS_RecipientInfo) * to, const struct keyring_cert *c)
{
    X509 *cert = certificate(c);
    bool found = false;
    for (int i = 0; cert && i < sk_CMS_RecipientInfo_num(to) && !found; i++)
        found = is_for(sk_CMS_RecipientInfo_value(to, i), cert);
    X509_free(cert);
    return found;
}

bool assay_escrow_there(const struct assay_keyring *k, const struct keyring_text *t)
{
    char path[ASSAY_MAX_PATH];
    if (!t->n_certs || escrow_path(k, t->epoch, path, NULL) != ASSAY_OK)
        return false;
    CMS_ContentInfo *cms = read_escrow(path, NULL);
    STACK_OF(CMS_RecipientInfo) *to = cms ? CMS_get0_RecipientInfos(cms) : NULL;
    bool same = to && (size_t)sk_CMS_RecipientInfo_num(to) == t->n_certs;
    for (size_t i = 0; i < t->n_certs && same; i++)
        same = is_among(to, &t->cert[i]);
    CMS_ContentInfo_free(cms);
    return same;
}

/* ---- recipients ---- */

static enum assay_status read_certificate(const char *path, struct keyring_cert *out, struct assay_err *e)
{
    struct assay_buf b = {.max = 4 * ASSAY_MAX_CERTIFICATE + 65537};
    unsigned char *der = NULL;
    enum assay_status s = assay_slurp(path, 4 * (size_t)ASSAY_MAX_CERTIFICATE, &b, e);
    if (s != ASSAY_OK)
        return s;
    BIO *in = BIO_new_mem_buf(b.ptr, (int)b.len);
    X509 *cert = in ? PEM_read_bio_X509(in, NULL, NULL, NULL) : NULL;
    int kind = cert ? EVP_PKEY_get_base_id(X509_get0_pubkey(cert)) : 0;
    int n = cert ? i2d_X509(cert, &der) : 0;
    if (n <= 0 || n > ASSAY_MAX_CERTIFICATE || (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC))
        s = assay_fail(e, ASSAY_EDATA, "%s: not a certificate in PEM of an RSA or EC key, of at most %d bytes", path,
                       ASSAY_MAX_CERTIFICATE);
    else if (!(out->der = malloc((size_t)n)))
        s = assay_fail_nomem(e);
    else
        memcpy(out->der, der, out->n = (size_t)n);
    OPENSSL_free(der);
    X509_free(cert);
    BIO_free(in);
    assay_buf_release(&b);
    return s;
}

static bool same_key(const struct keyring_cert *a, const struct keyring_cert *b)
{
    X509 *x = certificate(a), *y = certificate(b);
    bool same = x && y && EVP_PKEY_eq(X509_get0_pubkey(x), X509_get0_pubkey(y)) == 1;
    X509_free(x);
    X509_free(y);
    return same;
}

struct recipients {
    const char *const *path;
    size_t n;
};

static enum assay_status take_certificates(struct keyring_text *t, const struct recipients *r, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < t->n_certs; i++)
        free(t->cert[i].der);
    free(t->cert);
    t->n_certs = 0;
    if (!(t->cert = calloc(r->n, sizeof *t->cert)))
        return assay_fail_nomem(e);
    for (size_t i = 0; i < r->n && s == ASSAY_OK; i++) {
        if ((s = read_certificate(r->path[i], &t->cert[i], e)) != ASSAY_OK)
            break;
        t->n_certs++;
        for (size_t j = 0; j < i && s == ASSAY_OK; j++)
            if (same_key(&t->cert[j], &t->cert[i]))
                s = assay_fail(e, ASSAY_EUSAGE, "%s and %s hold the same key: two recipients are two keys", r->path[j],
                               r->path[i]);
    }
    return s;
}

static enum assay_status set_recipients(struct assay_keyring *k, struct keyring_text *t, void *ctx, struct assay_err *e)
{
    enum assay_status s = take_certificates(t, ctx, e);
    return s == ASSAY_OK ? assay_escrow_write(k, t, k->key, e) : s;
}

enum assay_status assay_keyring_escrow(struct assay_keyring *k, const char *const *cert, size_t n, struct assay_err *e)
{
    struct recipients r = {cert, n};
    if (n < 2 || n > ASSAY_MAX_RECIPIENTS)
        return assay_fail(e, ASSAY_EUSAGE, "an escrow has 2 to %d recipients, not %zu", ASSAY_MAX_RECIPIENTS, n);
    pthread_mutex_lock(&k->lock);
    enum assay_status s = assay_keyring_rewrite(k, false, set_recipients, &r, e);
    pthread_mutex_unlock(&k->lock);
    return s;
}

enum assay_status assay_keyring_recipient(const struct assay_keyring *k, size_t i, struct assay_buf *out)
{
    uint8_t print[32];
    char *text;
    if (i >= k->text.n_certs)
        return ASSAY_ENOTFOUND;
    X509 *cert = certificate(&k->text.cert[i]);
    BIO *name = cert ? BIO_new(BIO_s_mem()) : NULL;
    enum assay_status s = ASSAY_EDATA;
    /* RFC 2253 escapes control characters. */
    if (name && X509_NAME_print_ex(name, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253) >= 0) {
        long n = BIO_get_mem_data(name, &text);
        assay_sha256(k->text.cert[i].der, k->text.cert[i].n, print);
        s = assay_buf_add(out, text, (size_t)n);
        if (s == ASSAY_OK)
            s = assay_buf_adds(out, " sha256:");
        if (s == ASSAY_OK)
            s = assay_buf_addhex(out, print, sizeof print);
    }
    BIO_free(name);
    X509_free(cert);
    return s;
}

/* ---- recovery ---- */

static enum assay_status decrypt(const char *escrow, EVP_PKEY *key, char text[66], struct assay_err *e)
{
    uint8_t probe[32];
    CMS_ContentInfo *cms = read_escrow(escrow, e);
    if (!cms)
        return e->code;
    BIO *out = BIO_new(BIO_s_secmem());
    int n = -1;
    if (out && CMS_decrypt_set1_pkey(cms, key, NULL) == 1 && CMS_decrypt(cms, NULL, NULL, NULL, out, CMS_BINARY) == 1)
        n = BIO_read(out, text, 66);
    BIO_free(out);
    CMS_ContentInfo_free(cms);
    bool good = n == 65 && text[64] == '\n';
    text[64] = '\0';
    good = good && assay_unhex(text, probe, 32) == 0;
    text[64] = '\n';
    OPENSSL_cleanse(probe, sizeof probe);
    return good ? ASSAY_OK
                : assay_fail(e, ASSAY_EDATA, "%s: this private key does not open it to a dataset key", escrow);
}

enum assay_status assay_escrow_recover(const char *escrow, const char *private_key, const char *keys_dir,
                                       struct assay_err *e)
{
    char path[ASSAY_MAX_PATH], text[66] = "";
    struct assay_err own = {0};
    EVP_PKEY *key = NULL;
    enum assay_status s = assay_keyring_file(keys_dir, "/dataset.key", path, &own);
    if (s == ASSAY_OK)
        s = assay_keyfile_pem(private_key, &key, &own);
    if (s == ASSAY_OK)
        s = decrypt(escrow, key, text, &own);
    if (s == ASSAY_OK)
        s = assay_keyfile_create(path, 0600, text, 65, &own);
    OPENSSL_cleanse(text, sizeof text);
    EVP_PKEY_free(key);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", own.msg);
}
