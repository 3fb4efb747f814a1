#include "key.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "assay/base64.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/publish.h"
#include "file.h"
#include "keyfile.h"
#include "keystore.h"
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
    return v->name_len == len && memcmp(v->name, origin, len) == 0;
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
    v->pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", ASSAY_NOT_BY_TOKEN, v->pub, 32);
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

int assay_verifier_check(const struct assay_verifier *v, const uint8_t sig[64], const void *text, size_t len)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ERR_clear_error();
    int ok = -1;
    if (ctx && EVP_DigestVerifyInit_ex(ctx, NULL, NULL, NULL, ASSAY_NOT_BY_TOKEN, v->pkey, NULL) == 1)
        ok = EVP_DigestVerify(ctx, sig, 64, text, len);
    /* A wrong signature leaves no error behind; an allocation that failed inside the library does. */
    if (ok != 1 && (ok < 0 || ERR_peek_error()))
        ok = -1;
    EVP_MD_CTX_free(ctx);
    return ok;
}

enum assay_status assay_key_sign(const struct assay_key *k, const void *text, size_t len, uint8_t sig[64],
                                 struct assay_err *e)
{
    size_t n = 64;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool ok = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k->pkey) == 1 &&
              EVP_DigestSign(ctx, sig, &n, text, len) == 1 && n == 64;
    EVP_MD_CTX_free(ctx);
    if (!assay_keystore_is_token(k->pkey))
        return ok ? ASSAY_OK : assay_fail(e, ASSAY_ENOMEM, "the note could not be signed: out of memory");
    if (!ok)
        return assay_fail(e, ASSAY_ELEDGER, "the token does not sign with the key %s: is it gone, or not for signing?",
                          k->pub->name);
    /* What a token returns came through software that is not ours. */
    return assay_verifier_check(k->pub, sig, text, len) == 1
               ? ASSAY_OK
               : assay_fail(e, ASSAY_ELEDGER, "what the token signed with the key %s is not good under its public key",
                            k->pub->name);
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
        return assay_keystore_is_token(pkey)
                   ? assay_fail(e, ASSAY_ELEDGER, "%s: the token does not tell the public half of this key", name)
                   : assay_fail_nomem(e);
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
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, ASSAY_NOT_BY_TOKEN, "ED25519");
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

static EVP_PKEY *from_pem(const struct assay_buf *pem)
{
    static char no_password[] = ""; /* never prompt on a terminal */
    BIO *bio = BIO_new_mem_buf(pem->ptr, (int)pem->len);
    EVP_PKEY *pkey = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, no_password) : NULL;
    BIO_free(bio);
    return pkey;
}

static const char by_store[] = "store ";

enum assay_status assay_keyfile_pem(const char *path, EVP_PKEY **out, struct assay_err *e)
{
    struct assay_buf b = {.max = MAX_KEY_FILE + 65537};
    const size_t skip = sizeof by_store - 1;
    enum assay_status s = assay_keyfile_read(path, MAX_KEY_FILE, &b, e);
    if (s != ASSAY_OK)
        return s;
    if (b.len > skip + 1 && memcmp(b.ptr, by_store, skip) == 0 && b.ptr[b.len - 1] == '\n') {
        b.ptr[b.len - 1] = '\0';
        s = assay_keystore_open(path, path, (const char *)b.ptr + skip, out, e);
    } else if (!(*out = from_pem(&b))) {
        s = assay_fail(e, ASSAY_EDATA, "%s: not an unencrypted private key in PEM", path);
    }
    OPENSSL_cleanse(b.ptr, b.cap);
    assay_buf_release(&b);
    return s;
}

/* Any other than Ed25519 is freed. */
static enum assay_status only_ed25519(const char *what, EVP_PKEY **key, struct assay_err *e)
{
    const char *type = EVP_PKEY_get0_type_name(*key);
    if (EVP_PKEY_is_a(*key, "ED25519"))
        return ASSAY_OK;
    enum assay_status s =
        assay_keystore_is_token(*key)
            ? assay_fail(e, ASSAY_ELEDGER, "%s: the token's key is of type %.20s, not Ed25519", what, type ? type : "?")
            : assay_fail(e, ASSAY_ESTORE, "%s: not an unencrypted Ed25519 private key in PEM", what);
    EVP_PKEY_free(*key);
    *key = NULL;
    return s;
}

static enum assay_status read_private(const char *path, EVP_PKEY **out, struct assay_err *e)
{
    struct assay_err why = {0};
    enum assay_status s = assay_keyfile_pem(path, out, &why);
    if (s == ASSAY_OK)
        return only_ed25519(path, out, e);
    return s == ASSAY_EDATA ? assay_fail(e, ASSAY_ESTORE, "%s: not an unencrypted Ed25519 private key in PEM", path)
                            : assay_fail(e, s, "%s", why.msg);
}

/* Not every token tells the public half of a private key; then only a signature shows whose it is. */
static bool belongs(const struct assay_key *k, uint8_t type)
{
    uint8_t raw[32];
    size_t n = sizeof raw;
    if (k->pub->type != type)
        return false;
    if (EVP_PKEY_get_raw_public_key(k->pkey, raw, &n) != 1)
        return assay_keystore_is_token(k->pkey);
    return memcmp(raw, k->pub->pub, 32) == 0;
}

/* Before a run has begun: does the token sign, and with the private half of this public key? What is signed is no text
 * of a note, for it does not end in a line feed. */
static enum assay_status prove(const struct assay_key *k, struct assay_err *e)
{
    static const char text[] = "assay: no statement";
    uint8_t sig[64];
    return assay_key_sign(k, text, sizeof text - 1, sig, e);
}

static enum assay_status load(const char *path, uint8_t type, struct assay_key **out, struct assay_err *e)
{
    char pub[ASSAY_MAX_PATH];
    if ((size_t)snprintf(pub, sizeof pub, "%s.pub", path) >= sizeof pub)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    struct assay_key *k = calloc(1, sizeof *k);
    if (!k)
        return assay_fail_nomem(e);
    enum assay_status s = read_private(path, &k->pkey, e);
    if (s == ASSAY_OK)
        s = assay_keyfile_verifier(pub, &k->pub, e);
    if (s == ASSAY_OK && !belongs(k, type))
        s = assay_fail(e, ASSAY_ELEDGER, "%s: is not the public key of %s", pub, path);
    if (s == ASSAY_OK && assay_keystore_is_token(k->pkey))
        s = prove(k, e);
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

/* Is there a file with exactly these bytes? ASSAY_ENOTFOUND: none at all; another one: ASSAY_EUSAGE. */
static enum assay_status same(const char *path, const struct assay_buf *wanted, const char *else_what,
                              struct assay_err *e)
{
    struct assay_buf b = {.max = MAX_KEY_FILE + 65537};
    if (!assay_file_exists(path))
        return ASSAY_ENOTFOUND;
    enum assay_status s = assay_buf_reserve(&b, MAX_KEY_FILE + 65536); /* at once: it may get to hold a secret */
    s = s == ASSAY_OK ? assay_slurp(path, MAX_KEY_FILE, &b, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK && (b.len != wanted->len || memcmp(b.ptr, wanted->ptr, b.len) != 0))
        s = assay_fail(e, ASSAY_EUSAGE, "%s is there already, %s", path, else_what);
    if (b.ptr)
        OPENSSL_cleanse(b.ptr, b.cap);
    assay_buf_release(&b);
    return s;
}

static enum assay_status put(const char *path, mode_t mode, const struct assay_buf *b, const char *else_what,
                             struct assay_err *e)
{
    enum assay_status s = same(path, b, else_what, e);
    return s == ASSAY_ENOTFOUND ? assay_keyfile_create(path, mode, b->ptr, b->len, e) : s;
}

/* The key under the URI, proved to sign, and its public line under the name. */
static enum assay_status under_uri(const char *path, const char *uri, const char *name, struct assay_buf *line,
                                   struct assay_err *e)
{
    struct assay_key k = {0};
    struct assay_err why = {0};
    enum assay_status s = assay_keystore_open(path, "--store", uri, &k.pkey, &why);
    if (s == ASSAY_OK)
        s = only_ed25519("--store", &k.pkey, &why);
    if (s == ASSAY_OK)
        s = vkey_of(k.pkey, ASSAY_KEY_ED25519, name, line, &why);
    if (s == ASSAY_OK)
        s = assay_buf_str(line) ? assay_verifier_parse((const char *)line->ptr, &k.pub, &why) : assay_fail_nomem(&why);
    if (s == ASSAY_OK)
        s = prove(&k, &why);
    EVP_PKEY_free(k.pkey);
    assay_verifier_free(k.pub);
    /* Nothing is broken yet: what was asked for cannot be done. */
    return s == ASSAY_OK ? s : assay_fail(e, s == ASSAY_ELEDGER ? ASSAY_EUSAGE : s, "%s", why.msg);
}

enum assay_status assay_key_refer(const char *path, const char *name, const char *uri, struct assay_err *e)
{
    char pub[ASSAY_MAX_PATH];
    struct assay_buf line = {0}, text = {0};
    if ((size_t)snprintf(pub, sizeof pub, "%s.pub", path) >= sizeof pub)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    if (strcasestr(uri, "pin-value"))
        return assay_fail(e, ASSAY_EUSAGE,
                          "--store: everybody can read a PIN on a command line: OPENSSL_CONF or pin-source= in the URI "
                          "names a file that has it");
    if (!*uri || strlen(uri) > MAX_KEY_FILE / 2 || strcspn(uri, "\r\n") != strlen(uri))
        return assay_fail(e, ASSAY_EUSAGE, "--store: one line of at most %d bytes", MAX_KEY_FILE / 2);
    enum assay_status s = under_uri(path, uri, name, &line, e);
    if (s == ASSAY_OK && assay_buf_addf(&text, "%s%s\n", by_store, uri) != ASSAY_OK)
        s = assay_fail_nomem(e);
    if (s == ASSAY_OK && (s = same(pub, &line, "of another key: --rotate changes a key", e)) == ASSAY_ENOTFOUND)
        s = ASSAY_OK;
    if (s == ASSAY_OK)
        s = put(path, 0600, &text, "and not this URI: --rotate changes a key", e);
    if (s == ASSAY_OK)
        s = put(pub, 0644, &line, "of another key: --rotate changes a key", e);
    assay_buf_release(&text);
    assay_buf_release(&line);
    return s;
}
