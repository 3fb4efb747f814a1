/* Any bytes under any dialect: no crash, no hang, and the same values whatever the block size and indexer. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../verify/reader/csv_lexer.h"
#include "../support/fuzz_main.h"
#include "assay/digest.h"
#include "assay/reader.h"

static void hash_value(struct assay_sha256 *h, const struct assay_value *v)
{
    assay_sha256_update(h, &v->kind, 1);
    assay_sha256_update(h, &v->flags, 1);
    if (v->kind == ASSAY_K_NULL)
        return;
    assay_sha256_update(h, &v->len, sizeof v->len);
    assay_sha256_update(h, v->p, v->len);
}

/* Everything that a scan delivers, as one digest. */
static void scan(int fd, const struct assay_locator *loc, const struct assay_csv_tuning *t, uint8_t out[32])
{
    static const char *const columns[] = {"column1", "column2", "column1"};
    struct assay_scan_opts o = {.columns = columns, .n_columns = loc->csv.header ? 0 : 3};
    struct assay_sha256 *h = assay_sha256_new();
    struct assay_scan *s = NULL;
    struct assay_err e = {0};
    struct assay_batch b = {0};
    if (!h || lseek(fd, 0, SEEK_SET) != 0)
        abort();
    enum assay_status st = assay_csv_scan_tuned(fd, "fuzz.csv", loc, &o, t, &s, &e);
    while (st == ASSAY_OK && (st = assay_csv_format.next(s, &b, &e)) == ASSAY_OK && b.rows) {
        for (size_t r = 0; r < b.rows; r++) { /* row by row: batches may end elsewhere */
            assay_sha256_update(h, &b.pos[r], sizeof b.pos[r]);
            for (size_t c = 0; c < b.cols; c++)
                hash_value(h, &b.v[r * b.cols + c]);
        }
    }
    if ((st == ASSAY_OK) != (e.code == ASSAY_OK))
        abort();
    assay_csv_format.scan_free(s);
    assay_sha256_update(h, e.msg, strlen(e.msg));
    assay_sha256_final(h, out);
    assay_sha256_free(h);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const nulls[] = {"", "\\N", NULL, "NULL"};
    if (size < 2 || size > 1 << 20)
        return 0;
    struct assay_locator loc = {.uri = "fuzz.csv", .csv = assay_csv_default()};
    loc.csv.header = data[0] & 1;
    loc.csv.escape = data[0] & 2 ? '\\' : 0;
    loc.csv.quoted_null = data[0] & 4;
    loc.csv.quote = data[0] & 8 ? '\0' : '"';
    loc.csv.delimiter = data[0] & 16 ? '\t' : ',';
    loc.csv.null_text = nulls[data[0] >> 6];
    if (data[0] & 32)
        loc.csv = (struct assay_csv_dialect){
            .copy = true, .delimiter = loc.csv.delimiter, .header = loc.csv.header, .null_text = loc.csv.null_text};
    loc.csv.encoding = (enum assay_text_encoding)(data[1] >> 6); /* utf-8 and the three of UTF-16 */
    struct assay_csv_tuning whole = {.block = 1u << 21, .max_field = 4096};
    struct assay_csv_tuning pieces = whole;
    pieces.block = 1u + data[1];
    pieces.indexer = assay_csv_index_portable;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 2, size - 2) != (ssize_t)(size - 2))
        abort();
    uint8_t a[32], b[32];
    scan(fd, &loc, &whole, a);
    scan(fd, &loc, &pieces, b);
    if (memcmp(a, b, sizeof a) != 0)
        abort();
    struct assay_schema s = {0};
    if (lseek(fd, 0, SEEK_SET) != 0)
        abort();
    assay_csv_format.schema(fd, "fuzz.csv", &loc, &s, NULL);
    assay_schema_release(&s);
    close(fd);
    return 0;
}
