#include "deleter.h"

#include <stdlib.h>
#include <string.h>

struct assay_deleter {
    const struct deleter_ops *ops;
    void *is;
    bool open; /* a transaction is */
};

enum assay_status assay_deleter_open(const struct assay_locator *loc, struct assay_deleter **out, struct assay_err *e)
{
    *out = NULL;
    const struct deleter_ops *ops = strncmp(loc->uri, "sqlite:", 7) == 0 ? &assay_sqlite_deleter
                                    : assay_pg_reader.accepts(loc)       ? &assay_pg_deleter
                                                                         : NULL;
    if (!ops || !loc->table || !*loc->table)
        return assay_fail(e, ASSAY_EUSAGE, "only rows of a database's table can be purged");
    struct assay_deleter *d = calloc(1, sizeof *d);
    if (!d)
        return assay_fail_nomem(e);
    d->ops = ops;
    enum assay_status s = ops->open(loc, &d->is, e);
    if (s != ASSAY_OK) {
        assay_deleter_close(d);
        return s;
    }
    *out = d;
    return ASSAY_OK;
}

void assay_deleter_close(struct assay_deleter *d)
{
    if (!d)
        return;
    assay_deleter_rollback(d);
    d->ops->close(d->is);
    free(d);
}

enum assay_status assay_deleter_place(struct assay_deleter *d, struct assay_place *out, struct assay_err *e)
{
    *out = (struct assay_place){0};
    return d->ops->place(d->is, out, e);
}

enum assay_status assay_deleter_begin(struct assay_deleter *d, struct assay_err *e)
{
    enum assay_status s = d->ops->begin(d->is, e);
    d->open = s == ASSAY_OK;
    return s;
}

enum assay_status assay_deleter_obstacles(struct assay_deleter *d, struct assay_obstacle **out, size_t *n,
                                          struct assay_err *e)
{
    struct obstacles l = {0};
    *out = NULL;
    *n = 0;
    return assay_obstacles_hand(&l, d->ops->obstacles(d->is, &l, e), out, n);
}

enum assay_status assay_deleter_tally(struct assay_deleter *d, struct assay_deleter_tally *out, struct assay_err *e)
{
    return d->ops->tally(d->is, out, e);
}

enum assay_status assay_deleter_settle(struct assay_deleter *d, struct assay_err *e)
{
    return d->ops->settle(d->is, e);
}

enum assay_status assay_deleter_commit(struct assay_deleter *d, bool *unknown, struct assay_err *e)
{
    *unknown = false;
    enum assay_status s = d->ops->commit(d->is, unknown, e);
    d->open = s != ASSAY_OK;
    return s;
}

void assay_deleter_rollback(struct assay_deleter *d)
{
    if (d->open)
        d->ops->rollback(d->is);
    d->open = false;
}

struct assay_reader *assay_deleter_reader(struct assay_deleter *d)
{
    return d->ops->reader(d->is);
}

void assay_deleter_doom(struct assay_deleter *d, const uint64_t *id, size_t n)
{
    d->ops->doom(d->is, id, n);
}
