/* The text of a keyring file and what it holds. Reading and writing it is pure; nothing in it is readable without the
 * dataset key, but who holds which chunk. */
#ifndef ASSAY_LEDGER_KEYRING_H
#define ASSAY_LEDGER_KEYRING_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "assay/buf.h"
#include "assay/cipher.h"
#include "assay/err.h"
#include "assay/limits.h"

struct keyring_entry {
    char dataset[37];
    bool erased;
    bool fresh; /* not in the file yet */
    uint32_t ordinal;
    const char *segment; /* one of keyring_text.name */
    uint8_t wrapped[ASSAY_WRAPPED_LEN];
};

struct keyring_past {
    uint32_t epoch;
    uint8_t id[16];
    uint8_t wrapped[ASSAY_WRAPPED_LEN];
};

struct keyring_cert {
    uint8_t *der;
    size_t n;
};

struct keyring_text { /* all-zero is one without an epoch */
    uint32_t epoch;
    uint8_t id[16]; /* of the dataset key of this epoch */
    struct keyring_past *past;
    struct keyring_cert *cert;
    struct keyring_entry *entry; /* sorted by dataset, segment, ordinal */
    char **name; /* segments, each once while neighbours */
    size_t n_past, n_certs, n, cap, n_names;
};

/* ASSAY_EDATA names the line. out is released on failure. */
enum assay_status assay_keyring_parse(const char *text, size_t len, struct keyring_text *out, struct assay_err *e);
enum assay_status assay_keyring_write(const struct keyring_text *t, struct assay_buf *out);
void assay_keyring_text_release(struct keyring_text *t);
/* The chunk's entry, or NULL; *at: where it is, or would be. */
struct keyring_entry *assay_keyring_find(const struct keyring_text *t, const char *dataset, const char *segment,
                                         uint32_t ordinal, size_t *at);
/* A copy of `like`, segment and all, at its place; NULL when out of memory. It must not be there yet. */
struct keyring_entry *assay_keyring_insert(struct keyring_text *t, const struct keyring_entry *like);
/* Is this a name that the file can hold? */
bool assay_keyring_names(const char *dataset, const char *segment);

struct assay_keyring {
    char *path, *keys_dir;
    uint8_t key[32]; /* the dataset key of this epoch */
    struct keyring_text text;
    size_t fresh;
    struct stat seen; /* the file as it was read last */
    bool keyless; /* opened to erase only: any dataset key's, and none is known */
    pthread_mutex_t lock;
};

/* ---- keyring_wrap.c ---- */
enum assay_status assay_keyring_wrap_entry(const uint8_t key[32], struct keyring_entry *x, const uint8_t chunk_key[32]);
enum assay_status assay_keyring_unwrap_entry(const uint8_t key[32], const struct keyring_entry *x,
                                             uint8_t chunk_key[32]);
enum assay_status assay_keyring_wrap_past(const uint8_t key[32], struct keyring_past *p, const uint8_t old[32]);
enum assay_status assay_keyring_unwrap_past(const uint8_t key[32], const struct keyring_past *p, uint8_t old[32]);

/* ---- keyring.c ---- */
/* Read the file anew under its lock, add our fresh keys, let `edit` (NULL: nothing) change it, publish it. */
enum assay_status assay_keyring_rewrite(struct assay_keyring *k, bool wipe_old,
                                        enum assay_status (*edit)(struct assay_keyring *k, struct keyring_text *t,
                                                                  void *ctx, struct assay_err *e),
                                        void *ctx, struct assay_err *e);
enum assay_status assay_keyring_file(const char *dir, const char *name, char out[ASSAY_MAX_PATH], struct assay_err *e);

/* ---- escrow.c ---- */
/* Write the escrow of t's epoch, whose key this is, for t's recipients. */
enum assay_status assay_escrow_write(const struct assay_keyring *k, const struct keyring_text *t, const uint8_t key[32],
                                     struct assay_err *e);
/* Is it there? */
bool assay_escrow_there(const struct assay_keyring *k, const struct keyring_text *t);

#endif
