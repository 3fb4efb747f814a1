/* The keys directory: one signing key a role and the dataset key that hides digests from guessing. */
#ifndef ASSAY_KEYS_H
#define ASSAY_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/note.h"

/* The name that a role's key has in notes: "<origin>/<role>"; the ledger's own is the origin, as others expect of a log
 * (C2SP tlog-policy). Into out[cap]; origins have at most ASSAY_MAX_NAME bytes. */
void assay_keys_name(const char *origin, enum assay_role role, char *out, size_t cap);

/* Create keys_dir (0700) and in it ROLE.key and ROLE.key.pub of every usual role, and dataset.key. What exists is never
 * overwritten: a role of which only the .pub is there belongs to somebody else and stays so. The origin must not hold
 * white space or '+'. */
enum assay_status assay_keys_init(const char *keys_dir, const char *origin, struct assay_err *e);

/* The same for one role: ROLE.key and ROLE.key.pub, unless they are there. */
enum assay_status assay_keys_make(const char *keys_dir, const char *origin, enum assay_role role, struct assay_err *e);

/* The key of one role: keys_dir/ROLE.key. The caller frees it. */
enum assay_status assay_keys_load(const char *keys_dir, enum assay_role role, struct assay_key **out,
                                  struct assay_err *e);

/* The same to sign with, now: without it nothing can be stated, and no retry helps (ASSAY_ESTORE). */
enum assay_status assay_keys_sign_with(const char *keys_dir, enum assay_role role, struct assay_key **out,
                                       struct assay_err *e);

/* 32 random bytes as 64 hex digits and a LF into path (mode 0600, never overwritten). */
enum assay_status assay_dataset_key_generate(const char *path, struct assay_err *e);
/* keys_dir/dataset.key. Refuses a file that others can read, and one that is not there (ASSAY_ESTORE). The caller wipes
 * `out` when done. */
enum assay_status assay_dataset_key_load(const char *keys_dir, uint8_t out[32], struct assay_err *e);

#endif
