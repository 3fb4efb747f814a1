#include "obstacles.h"

#include <stdlib.h>
#include <string.h>

#include "assay/grow.h"
#include "assay/limits.h"
#include "pg.h"

const char *assay_obstacle_name(enum assay_obstacle_kind k)
{
    static const char *const names[ASSAY_OBSTACLE_KINDS] = {"cascade",   "set-null", "set-default",  "reference",
                                                            "trigger",   "rule",     "row-security", "publication",
                                                            "uncovered", "no-table"};
    return names[k];
}

static const char *never(enum assay_obstacle_kind k)
{
    if (k == ASSAY_OBSTACLE_RULE)
        return "a rule on DELETE puts another statement in the place of the one whose rows are checked";
    return k == ASSAY_OBSTACLE_NO_TABLE ? "its rows have no place of their own by which they could be deleted" : NULL;
}

void assay_obstacles_own(struct obstacles *l)
{
    struct assay_obstacle *o = &l->v[l->n - 1];
    if (o->kind == ASSAY_OBSTACLE_SET_NULL || o->kind == ASSAY_OBSTACLE_SET_DEFAULT)
        o->never = "it would change rows of the table itself, which are permitted as they are";
}

enum assay_status assay_obstacles_add(struct obstacles *l, enum assay_obstacle_kind kind, const char *name,
                                      struct assay_err *e)
{
    if (l->n == ASSAY_MAX_OBSTACLES)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d foreign keys, triggers and rules stand in the way of deleting",
                          ASSAY_MAX_OBSTACLES);
    if (!assay_grow(&l->v, l->n, &l->cap, sizeof *l->v))
        return assay_fail_nomem(e);
    l->v[l->n] = (struct assay_obstacle){.kind = kind, .name = strdup(name), .never = never(kind)};
    if (!l->v[l->n].name)
        return assay_fail_nomem(e);
    l->n++;
    return ASSAY_OK;
}

static int by_kind(const void *a, const void *b)
{
    const struct assay_obstacle *x = a, *y = b;
    return x->kind != y->kind ? (x->kind < y->kind ? -1 : 1) : strcmp(x->name, y->name);
}

enum assay_status assay_obstacles_hand(struct obstacles *l, enum assay_status so_far, struct assay_obstacle **out,
                                       size_t *n)
{
    if (so_far != ASSAY_OK) {
        assay_reader_obstacles_free(l->v, l->n);
        return so_far;
    }
    if (l->n)
        qsort(l->v, l->n, sizeof *l->v, by_kind);
    *out = l->v;
    *n = l->n;
    return ASSAY_OK;
}

enum assay_status assay_reader_obstacles(const struct assay_locator *loc, struct assay_obstacle **out, size_t *n,
                                         struct assay_err *e)
{
    struct obstacles l = {0};
    enum assay_status s;
    *out = NULL;
    *n = 0;
    if (strncmp(loc->uri, "sqlite:", 7) == 0)
        s = assay_sqlite_obstacles(loc, &l, e);
    else if (assay_pg_reader.accepts(loc))
        s = assay_pg_obstacles(loc, &l, e);
    else
        s = assay_fail(e, ASSAY_EUSAGE, "only rows of a database's table can be purged");
    return assay_obstacles_hand(&l, s, out, n);
}

void assay_reader_obstacles_free(struct assay_obstacle *o, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(o[i].name);
    free(o);
}
