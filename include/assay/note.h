/* C2SP signed notes and their Ed25519 keys: one grammar for statements (leaves) and checkpoints. */
#ifndef ASSAY_NOTE_H
#define ASSAY_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"

enum assay_role {
    ASSAY_ROLE_OWNER,
    ASSAY_ROLE_SOURCE,
    ASSAY_ROLE_ARCHIVE,
    ASSAY_ROLE_RECONCILE,
    ASSAY_ROLE_LEDGER,
    ASSAY_ROLE_APPROVER,
    ASSAY_ROLE_PURGER,
    ASSAY_ROLE_AUDITOR,
    ASSAY_ROLE_COUNT,
    ASSAY_ROLE_USUAL = ASSAY_ROLE_APPROVER /* so many every ledger has; the others' keys are made when asked for */
};
const char *assay_role_name(enum assay_role r);
int assay_role_by_name(const char *name); /* -1 when unknown */

struct assay_key; /* a private Ed25519 key with its name */
struct assay_verifier; /* a public key with its name */

/* Make a new key pair: PATH gets the PKCS#8 PEM (mode 0600, never overwritten), PATH.pub the C2SP vkey line. */
enum assay_status assay_key_generate(const char *path, const char *name, struct assay_err *e);
/* The same for a key that is there, under a URI of OpenSSL's store (a token's): PATH gets the URI, and once it is known
 * to sign, PATH.pub its public line. Files that say the same stay; ASSAY_EUSAGE: others are there, the URI names no
 * Ed25519 key that can sign, or holds a PIN. */
enum assay_status assay_key_refer(const char *path, const char *name, const char *uri, struct assay_err *e);
/* Load PATH and its PATH.pub (for the name). Refuses a file that others can read. */
enum assay_status assay_key_load(const char *path, struct assay_key **out, struct assay_err *e);
/* The same for a witness: its key signs cosignatures of checkpoints (C2SP tlog-cosignature, type 0x04), nothing else.
 */
enum assay_status assay_key_generate_witness(const char *path, const char *name, struct assay_err *e);
enum assay_status assay_key_load_witness(const char *path, struct assay_key **out, struct assay_err *e);
void assay_key_free(struct assay_key *k);
const char *assay_key_vkey(const struct assay_key *k); /* "name+hash+base64"; borrowed */
/* Parse one vkey line. */
enum assay_status assay_verifier_parse(const char *vkey, struct assay_verifier **out, struct assay_err *e);
void assay_verifier_free(struct assay_verifier *v);
const char *assay_verifier_vkey(const struct assay_verifier *v);
/* The public key as PEM, for openssl. Appends. */
enum assay_status assay_verifier_pem(const struct assay_verifier *v, struct assay_buf *out, struct assay_err *e);

/* text (ends in LF, no control characters but LF) -> complete signed note appended to out. */
enum assay_status assay_note_sign(const struct assay_key *k, const char *text, size_t len, struct assay_buf *out,
                                  struct assay_err *e);
/* A witness's line over a checkpoint's text, as of `when` (seconds since 1970): appended to out, the line alone. */
enum assay_status assay_note_cosign(const struct assay_key *k, uint64_t when, const char *text, size_t len,
                                    struct assay_buf *out, struct assay_err *e);
/* Length of the text inside a note (up to and with the LF before the last empty line); 0 when there is no split. */
size_t assay_note_text(const char *note, size_t len);
/* Split and check: *text_len is the length of the signed text inside note. ASSAY_ELEDGER with the reason when the
 * grammar is broken, the verifier's line is missing, or its signature is wrong. */
enum assay_status assay_note_verify(const struct assay_verifier *v, const char *note, size_t len, size_t *text_len,
                                    struct assay_err *e);

/* A further signature under a complete note; nothing when k has signed it already. */
enum assay_status assay_note_countersign(const struct assay_key *k, struct assay_buf *note, struct assay_err *e);

/* ---- statements: the text of a leaf ----
 * "assay/v1 KIND\n" then "key value\n" lines in the order added. Values are percent-encoded for control characters and
 * '%'. */
enum assay_status assay_stmt_begin(struct assay_buf *b, const char *kind);
enum assay_status assay_stmt_add(struct assay_buf *b, const char *key, const char *value);
enum assay_status assay_stmt_addf(struct assay_buf *b, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
enum assay_status assay_stmt_addhex(struct assay_buf *b, const char *key, const char *prefix, const void *bytes,
                                    size_t n);

/* A parsed statement; borrows nothing. */
struct assay_stmt {
    char *kind;
    struct {
        char *key, *value;
    } * field; /* decoded, in order */
    size_t n;
};
/* Parse the text of a note (a whole note or just its text). ASSAY_ELEDGER when it is not a statement. */
enum assay_status assay_stmt_parse(const char *text, size_t len, struct assay_stmt *out, struct assay_err *e);
const char *assay_stmt_get(const struct assay_stmt *s, const char *key); /* first of that key, NULL if none */
/* i-th value of a repeated key; NULL past the end. */
const char *assay_stmt_nth(const struct assay_stmt *s, const char *key, size_t i);
/* The first value of that key, when it is a number in decimal digits alone; else false, and *out stays as it was. */
bool assay_stmt_number(const struct assay_stmt *s, const char *key, uint64_t *out);
void assay_stmt_release(struct assay_stmt *s);
/* The i-th kind of statement and the roles that may state it, as bits 1 << enum assay_role; NULL past the end. */
const char *assay_stmt_kind(size_t i, unsigned *roles);

#endif
