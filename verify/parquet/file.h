/* The open object: bounded reads by pread (never mmap: a file cut short would be SIGBUS), its identity, its running
 * SHA-256. */
#ifndef ASSAY_PARQUET_FILE_H
#define ASSAY_PARQUET_FILE_H

#include <stdint.h>
#include <sys/stat.h>

#include "assay/digest.h"
#include "assay/err.h"

struct assay_pq_file {
    int fd; /* borrowed */
    const char *name; /* for messages; borrowed */
    uint64_t size;
    struct stat identity;
    uint64_t hashed; /* bytes already given to the digest */
    /* The bytes hashed last, kept for the decoder when they are not too many: it then decodes the very bytes hashed. */
    uint8_t *window;
    size_t window_cap, window_len;
    uint64_t window_at;
};

/* Take the identity. ASSAY_EDATA unless it is a regular file of a size that Parquet can have. */
enum assay_status assay_pq_file_init(struct assay_pq_file *f, int fd, const char *name, struct assay_err *e);
/* Exactly n bytes at `at`; the file ending earlier than its identity says is ASSAY_ECHANGED. */
enum assay_status assay_pq_file_read(const struct assay_pq_file *f, uint64_t at, void *out, size_t n,
                                     struct assay_err *e);
/* Hash on, sequentially, up to byte `upto`: reading just ahead of the decoder keeps the page cache warm for it. Up to
 * 32 MiB are kept as the window. */
enum assay_status assay_pq_file_hash(struct assay_pq_file *f, struct assay_sha256 *h, uint64_t upto,
                                     struct assay_err *e);
/* The n bytes at `at` as they were hashed, valid until the next assay_pq_file_hash and readable for 64 bytes beyond
 * (zeros or what follows); NULL when they are not at hand. */
uint8_t *assay_pq_file_view(const struct assay_pq_file *f, uint64_t at, uint64_t n);
void assay_pq_file_release(struct assay_pq_file *f);
/* ASSAY_ECHANGED when the file is no longer the one that was opened. */
enum assay_status assay_pq_file_same(const struct assay_pq_file *f, struct assay_err *e);

#endif
