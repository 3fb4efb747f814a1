#include "keystore.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <stdint.h>
#include <string.h>

#include "assay/buf.h"
#include "file.h"

#define PKCS11 "pkcs11:"
#define MAX_URI 8192
#define WAIT_MS 10000 /* for others of this folder to have opened their keys; then without waiting for them */

/* Attributes of RFC 7512 that say which token, and which module of it. */
static const char *const of_token[] = {"token=", "manufacturer=", "serial=", "model=", "library-", "slot-", "module-"};

bool assay_keystore_is_token(const EVP_PKEY *key)
{
    static const char *const openssl[] = {"default", "fips", "base", "legacy"};
    const OSSL_PROVIDER *from = EVP_PKEY_get0_provider(key);
    const char *name = from ? OSSL_PROVIDER_get0_name(from) : openssl[0];
    for (size_t i = 0; i < sizeof openssl / sizeof *openssl; i++)
        if (strcmp(name, openssl[i]) == 0)
            return false;
    return true;
}

/* What OpenSSL's store shows next of one type; NULL: nothing more. */
static OSSL_STORE_INFO *next(OSSL_STORE_CTX *c, int type)
{
    while (c && !OSSL_STORE_eof(c)) {
        OSSL_STORE_INFO *info = OSSL_STORE_load(c);
        if (!info || OSSL_STORE_INFO_get_type(info) == type)
            return info;
        OSSL_STORE_INFO_free(info);
    }
    return NULL;
}

/* A provider asks for a PIN by itself where it has none, on the terminal or, without one, from standard input, whatever
 * its caller says: only the default method reaches it. */
static OSSL_STORE_CTX *begin(const char *uri, int type)
{
    UI_set_default_method(UI_null());
    ERR_clear_error();
    OSSL_STORE_CTX *c = OSSL_STORE_open(uri, UI_null(), NULL, NULL, NULL);
    if (c)
        OSSL_STORE_expect(c, type);
    return c;
}

/* Is there a public key under what is left of the URI: nothing but what says which token, or all but the type? Public
 * keys are shown without a PIN, so that looking costs none of the tries that a token allows. */
static bool shows_public(const char *uri, bool token_only)
{
    struct assay_buf b = {.max = MAX_URI + 16};
    enum assay_status s = assay_buf_add(&b, PKCS11, strlen(PKCS11));
    const char *end = uri + strcspn(uri, "?");
    for (const char *p = uri + strlen(PKCS11); s == ASSAY_OK && p < end;) {
        size_t n = strcspn(p, ";?");
        bool take = !token_only && strncmp(p, "type=", 5) != 0;
        for (size_t i = 0; token_only && i < sizeof of_token / sizeof *of_token; i++)
            take = take || strncmp(p, of_token[i], strlen(of_token[i])) == 0;
        if (take && b.len > strlen(PKCS11))
            s = assay_buf_add(&b, ";", 1);
        if (take && s == ASSAY_OK)
            s = assay_buf_add(&b, p, n);
        p += n + (p + n < end);
    }
    OSSL_STORE_CTX *c = s == ASSAY_OK && assay_buf_str(&b) ? begin((const char *)b.ptr, OSSL_STORE_INFO_PUBKEY) : NULL;
    OSSL_STORE_INFO *info = next(c, OSSL_STORE_INFO_PUBKEY);
    bool found = info != NULL;
    OSSL_STORE_INFO_free(info);
    OSSL_STORE_close(c);
    assay_buf_release(&b);
    return found;
}

/* A provider says of all that goes wrong behind the URI no more than that there is nothing: looked at from outside. */
static enum assay_status why_none(const char *what, const char *uri, struct assay_err *e)
{
    if (strncmp(uri, PKCS11, strlen(PKCS11)) != 0)
        return assay_fail(e, ASSAY_ELEDGER, "%s: OpenSSL's store finds no private key under its URI", what);
    if (shows_public(uri, false))
        return assay_fail(e, ASSAY_ELEDGER,
                          "%s: the token shows the public half of this key alone: the PIN is wrong, missing or locked, "
                          "or the private half is gone",
                          what);
    if (shows_public(uri, true))
        return assay_fail(e, ASSAY_ELEDGER, "%s: the token is there, but shows no key that fits its URI", what);
    return assay_fail(e, ASSAY_ELEDGER, "%s: no token fits its URI (or one that shows no key)", what);
}

static enum assay_status not_opened(const char *what, const char *uri, struct assay_err *e)
{
    unsigned long last = ERR_peek_last_error();
    int scheme = (int)strcspn(uri, ":");
    bool unknown = ERR_GET_LIB(last) == ERR_LIB_OSSL_STORE || ERR_GET_REASON(last) == ERR_R_UNSUPPORTED;
    if (unknown && uri[scheme] && scheme <= 16)
        return assay_fail(
            e, ASSAY_ELEDGER,
            "%s: no provider that OpenSSL has loaded opens \"%.*s:\" URIs: does OPENSSL_CONF name one, and a "
            "file with the PIN that is there?",
            what, scheme, uri);
    if (strncmp(uri, PKCS11, strlen(PKCS11)) == 0)
        return assay_fail(e, ASSAY_ELEDGER,
                          "%s: OpenSSL's provider cannot begin with its PKCS#11 module: is the one that OPENSSL_CONF "
                          "names there?",
                          what);
    return why_none(what, uri, e);
}

/* A key can be shown twice: providers copy keys that were used into the session, beside the one on the token. */
static EVP_PKEY *next_key(OSSL_STORE_CTX *c)
{
    OSSL_STORE_INFO *info = next(c, OSSL_STORE_INFO_PKEY);
    EVP_PKEY *key = info ? OSSL_STORE_INFO_get1_PKEY(info) : NULL;
    OSSL_STORE_INFO_free(info);
    return key;
}

static bool asks_for_other(const char *uri)
{
    const char *type = strstr(uri, ":type=");
    if (!type)
        type = strstr(uri, ";type=");
    return type && strncmp(type + 1, "type=private", strlen("type=private")) != 0;
}

static bool same_key(const EVP_PKEY *a, const EVP_PKEY *b)
{
    uint8_t raw[2][64];
    size_t n[2] = {sizeof raw[0], sizeof raw[1]};
    /* EVP_PKEY_eq denies it of a key on a token and its copy. */
    if (EVP_PKEY_get_raw_public_key(a, raw[0], &n[0]) == 1 && EVP_PKEY_get_raw_public_key(b, raw[1], &n[1]) == 1)
        return n[0] == n[1] && memcmp(raw[0], raw[1], n[0]) == 0;
    return EVP_PKEY_eq(a, b) == 1;
}

static enum assay_status take(const char *what, const char *uri, EVP_PKEY **out, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    OSSL_STORE_CTX *c = begin(uri, OSSL_STORE_INFO_PKEY);
    EVP_PKEY *key = next_key(c), *more;
    if (!c)
        s = not_opened(what, uri, e);
    else if (!key)
        s = why_none(what, uri, e);
    while (key && s == ASSAY_OK && (more = next_key(c))) {
        if (!same_key(key, more))
            s = assay_fail(e, ASSAY_ELEDGER,
                           "%s: more than one private key fits its URI: say which by object= or id=", what);
        EVP_PKEY_free(more);
    }
    if (s == ASSAY_OK)
        *out = key;
    else
        EVP_PKEY_free(key);
    OSSL_STORE_close(c);
    ERR_clear_error();
    return s;
}

enum assay_status assay_keystore_open(const char *path, const char *what, const char *uri, EVP_PKEY **out,
                                      struct assay_err *e)
{
    bool pkcs11 = strncmp(uri, PKCS11, strlen(PKCS11)) == 0;
    if (pkcs11 && asks_for_other(uri))
        return assay_fail(e, ASSAY_ELEDGER, "%s: its URI asks for something else than type=private", what);
    /* OpenSSL takes any URI for a path first. */
    if (pkcs11 && assay_file_exists(uri))
        return assay_fail(e, ASSAY_ELEDGER, "%s: a file in the current folder is called like its URI", what);
    /* One after the other: SoftHSM writes its token's state at each login, and who reads that meanwhile is told that
     * there is no token. Signing needs no such care. */
    int lock = assay_file_lock_folder(path, WAIT_MS);
    enum assay_status s = take(what, uri, out, e);
    assay_file_unlock(lock);
    return s;
}
