/* Avro files from anywhere: schema, then every column on its own, every value touched. Under libFuzzer by make fuzz;
 * elsewhere the main below runs the files named on the command line (the corpus). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../support/fuzz_main.h"
#include "../support/parquet_text.h"
#include "assay/publish.h"

#define MOST_ROWS 200000 /* a few bytes may rightly hold millions of nulls */

static void scan_column(int fd, const char *name, enum assay_logical logical)
{
    struct assay_scan_opts o = {.columns = &name, .n_columns = 1};
    struct assay_scan *scan = NULL;
    struct assay_batch b = {0};
    struct assay_buf text = {0};
    struct assay_err e = {0};
    struct assay_scan_end end;
    uint64_t rows = 0;
    enum assay_status s = assay_avro_format.scan(fd, "fuzz", NULL, &o, &scan, &e);
    if ((s == ASSAY_ETYPE) > (logical == ASSAY_L_NONE))
        abort();
    while (s == ASSAY_OK && rows < MOST_ROWS && (s = assay_avro_format.next(scan, &b, &e)) == ASSAY_OK && b.rows) {
        rows += b.rows;
        assay_buf_reset(&text);
        parquet_rows(&text, &b);
    }
    if ((s == ASSAY_OK) != (e.code == ASSAY_OK) || b.rows > ASSAY_BATCH_ROWS)
        abort();
    if (s == ASSAY_OK && b.rows == 0) {
        assay_avro_format.end(scan, &end);
        if (end.rows != rows || end.rows != end.claimed_rows)
            abort();
    }
    assay_avro_format.scan_free(scan);
    assay_buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_schema schema = {0};
    struct assay_err e = {0};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    if (assay_avro_format.schema(fd, "fuzz", NULL, &schema, &e) == ASSAY_OK)
        for (size_t i = 0; i < schema.n && i < 64; i++)
            scan_column(fd, schema.col[i].name, schema.col[i].logical);
    else if (schema.n)
        abort();
    assay_schema_release(&schema);
    close(fd);
    return 0;
}
