#include "assay/hold.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/buf.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "hold.h"

struct held { /* one database */
    struct assay_pg_hold *pg;
    char *copy, *frozen; /* SQLite: the copy, and as a locator names it */
};

struct assay_hold {
    struct held *held;
    size_t n_held, n;
    size_t *of; /* by locator: which of held, SIZE_MAX: none */
    char *dir; /* of the copies; NULL: none was made */
};

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool one_database(const struct assay_locator *a, const struct assay_locator *b)
{
    return strcmp(a->uri, b->uri) == 0 && same(a->snapshot, b->snapshot);
}

static enum assay_status hold_pg(struct held *x, const struct assay_locator *loc, size_t i, size_t n,
                                 struct assay_err *e)
{
    const struct assay_locator **list = calloc(n, sizeof *list);
    size_t k = 0;
    if (!list)
        return assay_fail_nomem(e);
    for (size_t j = i; j < n; j++)
        if (one_database(&loc[i], &loc[j]))
            list[k++] = &loc[j];
    enum assay_status s = assay_pg_hold_open(list, k, &x->pg, e);
    free(list);
    return s;
}

static enum assay_status make_dir(struct assay_hold *h, struct assay_err *e)
{
    const char *tmp = getenv("TMPDIR");
    if (h->dir)
        return ASSAY_OK;
    if (asprintf(&h->dir, "%s/assay-hold.XXXXXX", tmp && *tmp ? tmp : "/tmp") < 0) {
        h->dir = NULL;
        return assay_fail_nomem(e);
    }
    if (mkdtemp(h->dir))
        return ASSAY_OK;
    enum assay_status s = assay_fail(e, ASSAY_EIO, "making %s for a copy of the source: %s", h->dir, strerror(errno));
    free(h->dir);
    h->dir = NULL;
    return s;
}

static enum assay_status hold_sqlite(struct assay_hold *h, struct held *x, const struct assay_locator *loc,
                                     struct assay_err *e)
{
    enum assay_status s = make_dir(h, e);
    if (s != ASSAY_OK)
        return s;
    if (asprintf(&x->copy, "%s/%zu.db", h->dir, h->n_held) < 0) {
        x->copy = NULL;
        return assay_fail_nomem(e);
    }
    return assay_sqlite_freeze(loc, x->copy, &x->frozen, e);
}

static enum assay_status hold_one(struct assay_hold *h, const struct assay_locator *loc, size_t i, struct assay_err *e)
{
    bool pg = assay_pg_reader.accepts(&loc[i]), sqlite = !pg && assay_sqlite_reader.accepts(&loc[i]);
    h->of[i] = SIZE_MAX;
    if (!pg && !sqlite)
        return ASSAY_OK;
    for (size_t j = 0; j < i; j++)
        if (one_database(&loc[j], &loc[i])) {
            h->of[i] = h->of[j];
            return ASSAY_OK;
        }
    struct held *x = &h->held[h->n_held];
    enum assay_status s = pg ? hold_pg(x, loc, i, h->n, e) : hold_sqlite(h, x, &loc[i], e);
    h->of[i] = h->n_held++; /* also when it failed: the release looks at what there is */
    return s;
}

enum assay_status assay_hold_take(const struct assay_locator *loc, size_t n, struct assay_hold **out,
                                  struct assay_err *e)
{
    struct assay_hold *h = calloc(1, sizeof *h);
    enum assay_status s = ASSAY_OK;
    *out = NULL;
    if (!h || !(h->held = calloc(n + 1, sizeof *h->held)) || !(h->of = calloc(n + 1, sizeof *h->of)))
        s = assay_fail_nomem(e);
    for (size_t i = 0; s == ASSAY_OK && i < n; i++) {
        h->n = n;
        s = hold_one(h, loc, i, e);
    }
    if (s != ASSAY_OK) {
        assay_hold_release(h);
        return s;
    }
    *out = h;
    return ASSAY_OK;
}

const char *assay_hold_snapshot(const struct assay_hold *h, size_t i)
{
    const struct held *x = h->of[i] == SIZE_MAX ? NULL : &h->held[h->of[i]];
    return !x ? NULL : x->pg ? assay_pg_hold_snapshot(x->pg) : x->frozen;
}

const char *assay_hold_copy(const struct assay_hold *h, size_t i)
{
    return h->of[i] == SIZE_MAX ? NULL : h->held[h->of[i]].copy;
}

/* Every connection that has something to say. */
static enum assay_status look(struct assay_hold *h, const struct pollfd *p, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < h->n_held && s == ASSAY_OK; i++)
        if (h->held[i].pg && p[i].revents)
            s = assay_pg_hold_alive(h->held[i].pg, e);
    return s;
}

enum assay_status assay_hold_wait(struct assay_hold *h, int fd, struct assay_err *e)
{
    struct pollfd *p = calloc(h->n_held + 1, sizeof *p);
    enum assay_status s = p ? ASSAY_OK : assay_fail_nomem(e);
    for (bool open = true; open && s == ASSAY_OK;) {
        char skipped[256];
        for (size_t i = 0; i < h->n_held; i++)
            p[i] = (struct pollfd){.fd = h->held[i].pg ? assay_pg_hold_fd(h->held[i].pg) : -1, .events = POLLIN};
        p[h->n_held] = (struct pollfd){.fd = fd, .events = POLLIN};
        if (poll(p, h->n_held + 1, 1000) < 0 && errno != EINTR)
            s = assay_fail(e, ASSAY_EIO, "waiting while a snapshot is held: %s", strerror(errno));
        else if (assay_interrupted())
            s = assay_fail(e, ASSAY_EINTR, "interrupted while a snapshot was held");
        else
            s = look(h, p, e);
        if (s == ASSAY_OK && p[h->n_held].revents)
            open = read(fd, skipped, sizeof skipped) > 0;
    }
    free(p);
    return s;
}

void assay_hold_release(struct assay_hold *h)
{
    if (!h)
        return;
    for (size_t i = 0; h->held && i < h->n_held; i++) {
        assay_pg_hold_close(h->held[i].pg);
        if (h->held[i].copy)
            (void)unlink(h->held[i].copy);
        free(h->held[i].copy);
        free(h->held[i].frozen);
    }
    if (h->dir)
        (void)rmdir(h->dir);
    free(h->dir);
    free(h->held);
    free(h->of);
    free(h);
}
