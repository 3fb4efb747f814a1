/* The open object, read once from its first byte to its last by pread (never mmap: a file cut short would be SIGBUS),
 * hashed as it is read. */
#ifndef ASSAY_AVRO_INPUT_H
#define ASSAY_AVRO_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "assay/digest.h"
#include "assay/err.h"

#define ASSAY_AV_WINDOW (64u << 10)

struct assay_av_input {
    int fd; /* borrowed */
    const char *name; /* for messages; borrowed */
    struct assay_sha256 *sha; /* NULL: nothing is hashed */
    uint64_t size, read; /* of the file; bytes fetched so far */
    struct stat identity;
    uint8_t *window; /* fetched bytes at [pos, len) are still to be consumed */
    size_t pos, len;
};

enum assay_status assay_av_input_init(struct assay_av_input *in, int fd, const char *name, bool hashed, uint8_t *sha512,
                                      struct assay_err *e);
void assay_av_input_release(struct assay_av_input *in);
/* Offset of the next byte to be consumed, and how many there are. */
static inline uint64_t assay_av_input_at(const struct assay_av_input *in)
{
    return in->read - (in->len - in->pos);
}
static inline uint64_t assay_av_input_left(const struct assay_av_input *in)
{
    return in->size - assay_av_input_at(in);
}
/* Exactly n bytes; the caller has seen that as many are left. The file ending earlier is ASSAY_ECHANGED. */
enum assay_status assay_av_input_take(struct assay_av_input *in, void *out, size_t n, struct assay_err *e);
/* A zigzag varint. *why is NULL, or what is wrong with the bytes, which is no error yet. */
enum assay_status assay_av_input_long(struct assay_av_input *in, int64_t *out, const char **why, struct assay_err *e);
/* ASSAY_ECHANGED when the file is no longer the one that was opened. */
enum assay_status assay_av_input_same(const struct assay_av_input *in, struct assay_err *e);

#endif
