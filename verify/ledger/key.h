/* What key.c and note.c share: the inside of keys. */
#ifndef ASSAY_LEDGER_KEY_H
#define ASSAY_LEDGER_KEY_H

#include <openssl/evp.h>
#include <stdint.h>

#include "assay/note.h"

#define ASSAY_KEY_ED25519 0x01 /* C2SP signed-note: Ed25519 over the text */
#define ASSAY_KEY_COSIGNATURE 0x04 /* C2SP tlog-cosignature: Ed25519 over time and text; of witnesses */

/* What is not done with a token's key is OpenSSL's own work, whatever the order of providers in its configuration. */
#define ASSAY_NOT_BY_TOKEN "provider!=pkcs11"

struct assay_verifier {
    char *vkey; /* the whole line */
    char *name;
    size_t name_len;
    uint8_t type;
    uint8_t id[4];
    uint8_t pub[32];
    EVP_PKEY *pkey;
};

struct assay_key {
    EVP_PKEY *pkey;
    struct assay_verifier *pub;
};

/* A log's key has the name of the log (C2SP tlog-policy): no key of another log speaks for this origin. */
bool assay_verifier_speaks_for(const struct assay_verifier *v, const char *origin, size_t len);

/* 1 good, 0 bad, -1 could not be checked. Thread-safe. */
int assay_verifier_check(const struct assay_verifier *v, const uint8_t sig[64], const void *text, size_t len);
/* ASSAY_ELEDGER: the token that has the key does not sign, or not with this key. */
enum assay_status assay_key_sign(const struct assay_key *k, const void *text, size_t len, uint8_t sig[64],
                                 struct assay_err *e);

enum assay_note_check {
    ASSAY_NOTE_GOOD,
    ASSAY_NOTE_GRAMMAR, /* not a signed note */
    ASSAY_NOTE_MISSING, /* no line of this verifier */
    ASSAY_NOTE_BAD, /* its signature does not verify */
    ASSAY_NOTE_TROUBLE /* could not be checked: out of memory inside the crypto library */
};
/* The judgement behind assay_note_verify; *why gets a static phrase for ASSAY_NOTE_GRAMMAR. Thread-safe. */
enum assay_note_check assay_note_check(const struct assay_verifier *v, const char *note, size_t len, size_t *text_len,
                                       const char **why);
/* The same; *when gets the newest time of its cosignatures, 0 when its key makes none. */
enum assay_note_check assay_note_check_at(const struct assay_verifier *v, const char *note, size_t len,
                                          size_t *text_len, uint64_t *when, const char **why);
/* Append the signature lines of this verifier: worth what assay_note_check says of the note. */
enum assay_status assay_note_copy_lines(const struct assay_verifier *v, const char *note, size_t len,
                                        struct assay_buf *out);

#endif
