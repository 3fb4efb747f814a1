/* Any bytes under the name of any codec: no crash, no hang, and the same content or an error whatever the sizes of
 * what is read and asked for. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../verify/reader/stream.h"
#include "../support/fuzz_main.h"

#define MOST (1u << 20)

static const char *const names[ASSAY_CODEC_COUNT] = {"f.csv",     "f.csv.gz", "f.csv.zst",
                                                     "f.csv.lz4", "f.csv.xz", "f.csv.bz2"};

static enum assay_status read_all(int fd, const char *name, const struct assay_stream_tuning *t, size_t piece,
                                  uint8_t out[32], uint64_t *bytes)
{
    uint8_t *p = malloc(piece);
    struct assay_sha256 *h = assay_sha256_new();
    struct assay_stream *s = NULL;
    struct assay_err e = {0};
    size_t got = 1;
    if (!p || !h || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    enum assay_status st = assay_stream_open(fd, name, t, &s, &e);
    for (*bytes = 0; st == ASSAY_OK && got; *bytes += got) {
        st = assay_stream_read(s, p, piece, &got, &e);
        assay_sha256_update(h, p, got);
    }
    if ((st == ASSAY_OK) != (e.code == ASSAY_OK) || *bytes > MOST + piece)
        abort();
    assay_stream_free(s);
    assay_sha256_final(h, out);
    assay_sha256_free(h);
    free(p);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2 || size > 1 << 20)
        return 0;
    const char *name = names[data[0] % ASSAY_CODEC_COUNT];
    struct assay_stream_tuning whole = {.block = 1u << 21, .max_bytes = MOST, .ratio_from = UINT64_MAX}, pieces = whole;
    pieces.block = 1u + data[1];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 2, size - 2) != (ssize_t)(size - 2))
        abort();
    uint8_t a[32], b[32];
    uint64_t n = 0, m = 0;
    enum assay_status x = read_all(fd, name, &whole, 2 * MOST, a, &n);
    enum assay_status y = read_all(fd, name, &pieces, 1 + (size_t)data[1] * 37, b, &m);
    if ((x == ASSAY_OK) != (y == ASSAY_OK) || (x == ASSAY_OK && (n != m || memcmp(a, b, sizeof a) != 0)))
        abort();
    close(fd);
    return 0;
}
