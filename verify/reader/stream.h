/* The bytes of an object that may be stored compressed: plain, gzip (RFC 1952), zstd (RFC 8878), lz4 frames, xz,
 * bzip2. Nothing that was delivered counts before the clean end. Private to verify/reader and its tests. */
#ifndef ASSAY_STREAM_H
#define ASSAY_STREAM_H

#include <stddef.h>
#include <stdint.h>

#include "assay/digest.h"
#include "assay/err.h"

enum assay_codec {
    ASSAY_CODEC_PLAIN = 0,
    ASSAY_CODEC_GZIP,
    ASSAY_CODEC_ZSTD,
    ASSAY_CODEC_LZ4,
    ASSAY_CODEC_XZ,
    ASSAY_CODEC_BZIP2,
    ASSAY_CODEC_COUNT
};

/* By the last suffix: .gz, .zst, .lz4, .xz, .bz2 in any case; else plain. */
enum assay_codec assay_codec_of(const char *name);
/* Bytes of the name before that suffix: "a.csv.gz" -> 5. The whole length of a plain name. */
size_t assay_codec_stem(const char *name);

/* What tests make small. Zero members mean the defaults of limits.h. */
struct assay_stream_tuning {
    size_t block; /* stored bytes a read of a compressed object */
    uint64_t max_bytes, ratio_from;
    uint32_t max_ratio;
};

struct assay_stream;

/* fd: a regular file at offset 0, not owned; name: for messages and the codec, not owned. ASSAY_EDATA when the first
 * bytes are not those of the codec that the name promises, or those of a codec that it does not. */
enum assay_status assay_stream_open(int fd, const char *name, const struct assay_stream_tuning *t,
                                    struct assay_stream **out, struct assay_err *e);
/* Every stored byte read from now on is hashed. h is not owned; NULL ends it. */
void assay_stream_hash(struct assay_stream *s, struct assay_sha256 *h);
/* Up to n bytes to p. *got 0: the clean end, all stored bytes were read. ASSAY_EDATA: truncated, corrupt, or more
 * behind the end; ASSAY_ELIMIT; ASSAY_EIO. After an error every call gives that status again. */
enum assay_status assay_stream_read(struct assay_stream *s, uint8_t *p, size_t n, size_t *got, struct assay_err *e);
/* Stored bytes read so far. */
uint64_t assay_stream_stored(const struct assay_stream *s);
void assay_stream_free(struct assay_stream *s); /* NULL is a no-op */

#endif
