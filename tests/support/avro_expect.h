/* An Avro file and the one status and sentence that reading it has to end with. */
#ifndef ASSAY_TESTS_AVRO_EXPECT_H
#define ASSAY_TESTS_AVRO_EXPECT_H

#include <cmocka.h>

#include "avro_writer.h"

/* Read all; returns the status, the sentence stays in e. */
static inline enum assay_status avro_read(const struct assay_buf *file, struct assay_err *e)
{
    struct assay_scan_end end;
    int fd = avro_file(file->ptr, file->len);
    assay_err_reset(e);
    enum assay_status s = avro_dump(fd, NULL, 0, NULL, &end, e);
    close(fd);
    return s;
}

static inline void avro_expect(const struct assay_buf *file, enum assay_status status, const char *sentence)
{
    struct assay_err e = {0};
    enum assay_status s = avro_read(file, &e);
    if (s != status || (sentence && strcmp(e.msg, sentence) != 0))
        fail_msg("status %d: %s\n  expected %d: %s", s, e.msg, status, sentence ? sentence : "");
}

#endif
