/* Any bytes as NDJSON: no crash, no hang, and the same values whatever the block size. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../verify/reader/ndjson.h"
#include "../support/fuzz_main.h"
#include "assay/digest.h"

static void hash_value(struct assay_sha256 *h, const struct assay_value *v)
{
    assay_sha256_update(h, &v->kind, 1);
    assay_sha256_update(h, &v->flags, 1);
    if (v->kind == ASSAY_K_NULL)
        return;
    if (v->kind == ASSAY_K_BOOL) {
        assay_sha256_update(h, &v->i, sizeof v->i);
        return;
    }
    if ((v->flags & ASSAY_V_QUOTED) && !assay_ndjson_utf8(v->p, v->len))
        abort();
    assay_sha256_update(h, &v->len, sizeof v->len);
    assay_sha256_update(h, v->p, v->len);
}

/* Everything that a scan delivers, as one digest. */
static void scan(int fd, const struct assay_ndjson_tuning *t, uint8_t out[32])
{
    static const char *const columns[] = {"a", "b", "a"};
    struct assay_scan_opts o = {.columns = columns, .n_columns = 3};
    struct assay_sha256 *h = assay_sha256_new();
    struct assay_scan *s = NULL;
    struct assay_err e = {0};
    struct assay_batch b = {0};
    if (!h || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    enum assay_status st = assay_ndjson_scan_tuned(fd, "fuzz.ndjson", &o, t, &s, &e);
    while (st == ASSAY_OK && (st = assay_ndjson_format.next(s, &b, &e)) == ASSAY_OK && b.rows) {
        for (size_t r = 0; r < b.rows; r++) { /* row by row: batches may end elsewhere */
            assay_sha256_update(h, &b.pos[r], sizeof b.pos[r]);
            for (size_t c = 0; c < b.cols; c++)
                hash_value(h, &b.v[r * b.cols + c]);
        }
    }
    if ((st == ASSAY_OK) != (e.code == ASSAY_OK))
        abort();
    assay_ndjson_format.scan_free(s);
    assay_sha256_update(h, e.msg, strlen(e.msg));
    assay_sha256_final(h, out);
    assay_sha256_free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 1 << 20)
        return 0;
    struct assay_locator loc = {.uri = "fuzz.ndjson"};
    struct assay_ndjson_tuning whole = {.block = 1u << 21, .max_cell = 4096};
    struct assay_ndjson_tuning pieces = whole;
    pieces.block = 1u + data[0];
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
        abort();
    uint8_t a[32], b[32];
    scan(fd, &whole, a);
    scan(fd, &pieces, b);
    if (memcmp(a, b, sizeof a) != 0)
        abort();
    struct assay_schema s = {0};
    if (lseek(fd, 0, SEEK_SET) != 0)
        abort();
    assay_ndjson_format.schema(fd, "fuzz.ndjson", &loc, &s, NULL);
    assay_schema_release(&s);
    close(fd);
    return 0;
}
