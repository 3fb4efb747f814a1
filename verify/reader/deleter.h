/* What a deleter of one database is made of. Private to verify/reader/. */
#ifndef ASSAY_READER_DELETER_H
#define ASSAY_READER_DELETER_H

#include "assay/deleter.h"
#include "obstacles.h"
#include "place.h"

struct deleter_ops {
    enum assay_status (*open)(const struct assay_locator *loc, void **out, struct assay_err *e);
    enum assay_status (*place)(void *d, struct assay_place *out, struct assay_err *e);
    enum assay_status (*begin)(void *d, struct assay_err *e);
    enum assay_status (*obstacles)(void *d, struct obstacles *l, struct assay_err *e);
    enum assay_status (*tally)(void *d, struct assay_deleter_tally *out, struct assay_err *e);
    enum assay_status (*settle)(void *d, struct assay_err *e);
    enum assay_status (*commit)(void *d, bool *unknown, struct assay_err *e);
    void (*rollback)(void *d);
    struct assay_reader *(*reader)(void *d);
    void (*doom)(void *d, const uint64_t *id, size_t n);
    void (*close)(void *d); /* NULL is a no-op */
};
extern const struct deleter_ops assay_sqlite_deleter, assay_pg_deleter;

#endif
