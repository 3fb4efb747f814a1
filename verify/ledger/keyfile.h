/* Files in the keys directory. */
#ifndef ASSAY_LEDGER_KEYFILE_H
#define ASSAY_LEDGER_KEYFILE_H

#include <openssl/types.h>
#include <stddef.h>
#include <sys/types.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/note.h"

/* A new file, never overwriting (O_EXCL), synced with its directory; on failure nothing is left behind. */
enum assay_status assay_keyfile_create(const char *path, mode_t mode, const void *bytes, size_t n, struct assay_err *e);
/* Is it there, and nobody else's to read? ASSAY_ENOTFOUND, ASSAY_ESTORE. */
enum assay_status assay_keyfile_private(const char *path, struct assay_err *e);
/* Read a secret; refuses a file that group or others can read. Appends; the caller wipes the buffer. */
enum assay_status assay_keyfile_read(const char *path, size_t max, struct assay_buf *out, struct assay_err *e);
/* A dataset key from a file of its own form; the caller wipes `out`. */
enum assay_status assay_dataset_key_read(const char *path, uint8_t out[32], struct assay_err *e);
/* A private key: unencrypted PEM, or the line "store URI" for what OpenSSL's store opens. The caller frees it.
 * ASSAY_EDATA: neither; ASSAY_ELEDGER: the store does not give it. */
enum assay_status assay_keyfile_pem(const char *path, EVP_PKEY **out, struct assay_err *e);
/* Parse the vkey line in path. ASSAY_ENOTFOUND when there is no such file. */
enum assay_status assay_keyfile_verifier(const char *path, struct assay_verifier **out, struct assay_err *e);
/* Write the missing PATH.pub of a private key (a crash came between the two files). */
enum assay_status assay_key_heal_pub(const char *path, const char *name, struct assay_err *e);

#endif
