#include "key.h"

#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdlib.h>
#include <string.h>

#include "assay/base64.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/publish.h"
#include "keyfile.h"
#include "text.h"

#define MAX_KEY_FILE 8192

static const char *const role_name[ASSAY_ROLE_COUNT] = {"owner",  "source",   "archive", "reconcile",
                                                        "ledger", "approver", "purger",  "auditor"};

const char *assay_role_name(enum assay_role r)
{
    return (unsigned)r < ASSAY_ROLE_COUNT ? role_name[r] : "?";
}

int assay_role_by_name(const char *name)
{
    for (int i = 0; i < ASSAY_ROLE_COUNT; i++)
        if (strcmp(name, role_name[i]) == 0)
            return i;
    return -1;
}

/* C2SP signed-note: SHA-256(name || LF || type || public key)[:4]. */
static void key_id(const char *name, size_t name_len, const uint8_t typed[33], uint8_t id[4])
{
    uint8_t h[32], in[ASSAY_MAX_NAME + 1 + 33]; /* the callers have checked the name's length */
    memcpy(in, name, name_len);
    in[name_len] = '\n';
    memcpy(in + name_len + 1, typed, 33);
    assay_sha256(in, name_len + 1 + 33, h);
    memcpy(id, h, 4);
}

void assay_verifier_free(struct assay_verifier *v)
{
    if (!v)
        return;
    EVP_PKEY_free(v->pkey);
    free(v->name);
    free(v->vkey);
    free(v);
}

bool assay_verifier_speaks_for(const struct assay_verifier *v, const char *origin, size_t len)
{
    if (v->name_len < len || memcmp(v->name, origin, len) != 0)
        return false;
    return v->name_len == len || strcmp(v->name + len, "/ledger") == 0;
}

const char *assay_verifier_vkey(const struct assay_verifier *v)
{
    return v->vkey;
}

/* Fill v from "name+hex(id)+base64(type || key)" of len bytes. NULL when good, else what is wrong with it. */
static const char *parse_vkey(struct assay_verifier *v, const char *vkey, size_t len)
{
    uint8_t typed[33], id[4];
    char hex[9];
    size_t n;
    const char *plus = memchr(vkey, '+', len);
    if (!plus || !assay_text_is_name(vkey, (size_t)(plus - vkey)) || plus - vkey > ASSAY_MAX_NAME)
        return "no valid key name before the first '+'";
    size_t rest = len - (size_t)(plus - vkey) - 1;
    if (rest < 10 || plus[9] != '+')
        return "no key id of 8 hex digits";
    memcpy(hex, plus + 1, 8);
    hex[8] = '\0';
    if (assay_unhex(hex, v->id, 4))
        return "no key id of 8 hex digits";
    if (assay_b64_decode(plus + 10, rest - 9, typed, sizeof typed, &n) || n < 1)
        return "its key is not base64 of at most 33 bytes";
    if (typed[0] != ASSAY_KEY_ED25519 && typed[0] != ASSAY_KEY_COSIGNATURE)
        return "a key type other than Ed25519";
    if (n != sizeof typed)
        return "an Ed25519 key that is not 32 bytes long";
    v->name_len = (size_t)(plus - vkey);
    key_id(vkey, v->name_len, typed, id);
    if (memcmp(id, v->id, 4) != 0)
        return "its key id is not that of its name and key";
    v->type = typed[0];
    memcpy(v->pub, typed + 1, 32);
    return NULL;
}

enum assay_status assay_verifier_parse(const char *vkey, struct assay_verifier **out, struct assay_err *e)
{
    size_t len = strcspn(vkey, "\n");
    if (vkey[len] == '\n' && vkey[len + 1])
        return assay_fail(e, ASSAY_ELEDGER, "public key: more than one line");
    struct assay_verifier *v = calloc(1, sizeof *v);
    if (!v)
        return assay_fail_nomem(e);
    const char *wrong = parse_vkey(v, vkey, len);
    if (wrong) {
        assay_verifier_free(v);
        return assay_fail(e, ASSAY_ELEDGER, "public key \"%.*s\": %s", len < 120 ? (int)len : 120, vkey, wrong);
    }
    v->vkey = strndup(vkey, len);
    v->name = strndup(vkey, v->name_len);
    v->pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, v->pub, 32);
    if (!v->vkey || !v->name || !v->pkey) {
        assay_verifier_free(v);
        return assay_fail_nomem(e);
    }
    *out = v;
    return ASSAY_OK;
}

enum assay_status assay_verifier_pem(const struct assay_verifier *v, struct assay_buf *out, struct assay_err *e)
{
    char *pem;
    BIO *bio = BIO_new(BIO_s_mem());
    enum assay_status s = ASSAY_ENOMEM;
    if (bio && PEM_write_bio_PUBKEY(bio, v->pkey) == 1) {
        long n = BIO_get_mem_data(bio, &pem);
        s = assay_buf_add(out, pem, (size_t)n);
    }
    BIO_free(bio);
    return s == ASSAY_OK ? s : assay_fail_nomem(e);
}

void assay_key_free(struct assay_key *k)
{
    if (!k)
        return;
    EVP_PKEY_free(k->pkey);
    assay_verifier_free(k->pub);
    free(k);
}

const char *assay_key_vkey(const struct assay_key *k)
{
    return k->pub->vkey;
}

/* The vkey line of a private key under a name, with a LF. */
static enum assay_status vkey_of(EVP_PKEY *pkey, uint8_t type, const char *name, struct assay_buf *out,
                                 struct assay_err *e)
{
    uint8_t typed[33] = {type}, id[4];
    char b64[45];
    size_t n = 32;
    if (strlen(name) > ASSAY_MAX_NAME || !assay_text_is_name(name, strlen(name)))
        return assay_fail(e, ASSAY_EUSAGE, "key name \"%.80s\": must not be empty or hold white space or '+'", name);
    if (EVP_PKEY_get_raw_public_key(pkey, typed + 1, &n) != 1 || n != 32)
        return assay_fail_nomem(e);
    key_id(name, strlen(name), typed, id);
    assay_b64_encode(typed, sizeof typed, b64);
    enum assay_status s = assay_buf_addf(out, "%s+%02x%02x%02x%02x+%s\n", name, id[0], id[1], id[2], id[3], b64);
    return s == ASSAY_OK ? s : assay_fail(e, s, "no room for a public key line");
}

static enum assay_status write_pub(EVP_PKEY *pkey, uint8_t type, const char *path, const char *name,
                                   struct assay_err *e)
{
    char pub[ASSAY_MAX_PATH];
    struct assay_buf line = {0};
    if ((size_t)snprintf(pub, sizeof pub, "%s.pub", path) >= sizeof pub)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    enum assay_status s = vkey_of(pkey, type, name, &line, e);
    if (s == ASSAY_OK)
        s = assay_keyfile_create(pub, 0644, line.ptr, line.len, e);
    assay_buf_release(&line);
    return s;
}

static enum assay_status generate(const char *path, uint8_t type, const char *name, struct assay_err *e)
{
    enum assay_status s;
    char *pem;
    if (!assay_text_is_name(name, strlen(name)))
        return assay_fail(e, ASSAY_EUSAGE, "key name \"%.80s\": must not be empty or hold white space or '+'", name);
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    BIO *bio = pkey ? BIO_new(BIO_s_secmem()) : NULL;
    if (!bio || PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
        s = assay_fail_nomem(e);
        goto done;
    }
    long n = BIO_get_mem_data(bio, &pem);
    s = assay_keyfile_create(path, 0600, pem, (size_t)n, e);
    if (s == ASSAY_OK)
        s = write_pub(pkey, type, path, name, e);
done:
    BIO_free(bio); /* secure memory is wiped */
    EVP_PKEY_free(pkey);
    return s;
}

enum assay_status assay_key_generate(const char *path, const char *name, struct assay_err *e)
{
    return generate(path, ASSAY_KEY_ED25519, name, e);
}

enum assay_status assay_key_generate_witness(const char *path, const char *name, struct assay_err *e)
{
    return generate(path, ASSAY_KEY_COSIGNATURE, name, e);
}

/* The first private key that OpenSSL's store finds under a URI: a token's, through whatever provider is configured. A
 * PIN stands in the URI (the file is as secret as a key) or comes from the provider's configuration, never from a
 * terminal. */
static EVP_PKEY *from_store(const char *uri)
{
    EVP_PKEY *pkey = NULL;
    OSSL_STORE_CTX *c = OSSL_STORE_open(uri, UI_null(), NULL, NULL, NULL);
    if (c)
        OSSL_STORE_expect(c, OSSL_STORE_INFO_PKEY);
    while (c && !pkey && !OSSL_STORE_eof(c)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(c);
        if (!info)
            break;
        if (OSSL_STORE_INFO_get_type(info) == OSSL_STORE_INFO_PKEY)
            pkey = OSSL_STORE_INFO_get1_PKEY(info);
        OSSL_STORE_INFO_free(info);
    }
    OSSL_STORE_close(c);
    return pkey;
}

static EVP_PKEY *from_pem(const struct assay_buf *pem)
{
    static char no_password[] = ""; /* never prompt on a terminal */
    BIO *bio = BIO_new_mem_buf(pem->ptr, (int)pem->len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password) : NULL;
    BIO_free(bio);
    return pkey;
}

enum assay_status assay_keyfile_pem(const char *path, EVP_PKEY **out, struct assay_err *e)
{
    static const char store[] = "store ";
    struct assay_buf b = {.max = MAX_KEY_FILE + 65537};
    enum assay_status s = assay_keyfile_read(path, MAX_KEY_FILE, &b, e);
    if (s != ASSAY_OK)
        return s;
    bool token = b.len > sizeof store && memcmp(b.ptr, store, sizeof store - 1) == 0 && b.ptr[b.len - 1] == '\n';
    if (token)
        b.ptr[b.len - 1] = '\0';
    *out = token ? from_store((const char *)b.ptr + sizeof store - 1) : from_pem(&b);
    OPENSSL_cleanse(b.ptr, b.cap);
    assay_buf_release(&b);
    if (*out)
        return ASSAY_OK;
    if (token)
        return assay_fail(e, ASSAY_EIO,
                          "%s: OpenSSL's store finds no private key under its URI: is the provider configured?", path);
    return assay_fail(e, ASSAY_EDATA, "%s: not an unencrypted private key in PEM", path);
}

static enum assay_status read_private(const char *path, EVP_PKEY **out, struct assay_err *e)
{
    struct assay_err why = {0};
    enum assay_status s = assay_keyfile_pem(path, out, &why);
    if (s == ASSAY_OK && EVP_PKEY_is_a(*out, "ED25519"))
        return s;
    if (s != ASSAY_OK && s != ASSAY_EDATA)
        return assay_fail(e, s, "%s", why.msg);
    EVP_PKEY_free(*out);
    *out = NULL;
    return assay_fail(e, ASSAY_EIO, "%s: not an unencrypted Ed25519 private key in PEM", path);
}

static enum assay_status load(const char *path, uint8_t type, struct assay_key **out, struct assay_err *e)
{
    char pub[ASSAY_MAX_PATH];
    uint8_t raw[32];
    size_t n = sizeof raw;
    if ((size_t)snprintf(pub, sizeof pub, "%s.pub", path) >= sizeof pub)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    struct assay_key *k = calloc(1, sizeof *k);
    if (!k)
        return assay_fail_nomem(e);
    enum assay_status s = read_private(path, &k->pkey, e);
    if (s == ASSAY_OK)
        s = assay_keyfile_verifier(pub, &k->pub, e);
    if (s == ASSAY_OK && (EVP_PKEY_get_raw_public_key(k->pkey, raw, &n) != 1 || memcmp(raw, k->pub->pub, 32) != 0 ||
                          k->pub->type != type))
        s = assay_fail(e, ASSAY_ELEDGER, "%s: is not the public key of %s", pub, path);
    if (s != ASSAY_OK) {
        assay_key_free(k);
        return s;
    }
    *out = k;
    return ASSAY_OK;
}

enum assay_status assay_key_load(const char *path, struct assay_key **out, struct assay_err *e)
{
    return load(path, ASSAY_KEY_ED25519, out, e);
}

enum assay_status assay_key_load_witness(const char *path, struct assay_key **out, struct assay_err *e)
{
    return load(path, ASSAY_KEY_COSIGNATURE, out, e);
}

enum assay_status assay_key_heal_pub(const char *path, const char *name, struct assay_err *e)
{
    EVP_PKEY *pkey = NULL;
    enum assay_status s = read_private(path, &pkey, e);
    if (s == ASSAY_OK)
        s = write_pub(pkey, ASSAY_KEY_ED25519, path, name, e);
    EVP_PKEY_free(pkey);
    return s;
}

enum assay_status assay_keyfile_verifier(const char *path, struct assay_verifier **out, struct assay_err *e)
{
    struct assay_buf line = {.max = MAX_KEY_FILE + 65537};
    struct assay_err why = {0};
    enum assay_status s = assay_slurp(path, MAX_KEY_FILE, &line, e);
    if (s == ASSAY_OK && (!assay_buf_str(&line) || memchr(line.ptr, 0, line.len)))
        s = assay_fail(e, ASSAY_ELEDGER, "%s: not a public key line", path);
    if (s == ASSAY_OK) {
        s = assay_verifier_parse((const char *)line.ptr, out, &why);
        if (s != ASSAY_OK)
            assay_fail(e, s, "%s: %s", path, why.msg);
    }
    assay_buf_release(&line);
    return s;
}
