/* What a PostgreSQL database holds: every schema but the system's, partitions and inheritance children too. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "pg.h"
#include "relations.h"

#define NOT_SYSTEM                                                                                                     \
    "n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname::pg_catalog.text "                            \
    "OPERATOR(pg_catalog.!~) '^pg_(toast|temp)'"

static const char relations_sql[] =
    "SELECT c.oid, n.nspname, c.relname, c.relkind, c.relispartition FROM pg_catalog.pg_class c "
    "JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND " NOT_SYSTEM " ORDER BY n.nspname, c.relname";
static const char parents_sql[] = "SELECT i.inhrelid, i.inhparent FROM pg_catalog.pg_inherits i "
                                  "JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) i.inhrelid "
                                  "WHERE c.relkind IN ('r', 'p', 'f') ORDER BY i.inhrelid, i.inhseqno";
/* Columns that a child has of its own. */
static const char extra_sql[] =
    "SELECT a.attrelid, a.attname FROM pg_catalog.pg_attribute a "
    "WHERE a.attnum OPERATOR(pg_catalog.>) 0 AND NOT a.attisdropped AND a.attinhcount OPERATOR(pg_catalog.=) 0 "
    "AND a.attrelid IN (SELECT inhrelid FROM pg_catalog.pg_inherits) ORDER BY a.attrelid, a.attnum";

struct link {
    size_t child, parent; /* in the list */
};

struct catalog {
    struct assay_pg_reader r;
    struct relations *l;
    struct place {
        uint32_t oid;
        size_t at;
    } * place; /* sorted by oid */
    struct link *link;
    size_t n_links;
};

static int by_oid(const void *a, const void *b)
{
    uint32_t x = ((const struct place *)a)->oid, y = ((const struct place *)b)->oid;
    return x < y ? -1 : x > y;
}

/* In the list, or SIZE_MAX: of the system, or newer than the list. */
static size_t find(const struct catalog *c, uint32_t oid)
{
    const struct place key = {oid, 0};
    const struct place *p = c->l->n ? bsearch(&key, c->place, c->l->n, sizeof key, by_oid) : NULL;
    return p ? p->at : SIZE_MAX;
}

static uint32_t oid_at(const PGresult *res, int row, int col)
{
    return (uint32_t)strtoul(PQgetvalue(res, row, col), NULL, 10);
}

static const char *kind_of(char relkind, bool *apart)
{
    *apart = relkind == 'v' || relkind == 'm' || relkind == 'f';
    switch (relkind) {
    case 'v':
        return "view";
    case 'm':
        return "materialized view";
    case 'f':
        return "foreign table";
    case 'p':
        return "partitioned table";
    default:
        return "table";
    }
}

static enum assay_status query(struct catalog *c, const char *sql, PGresult **res, struct assay_err *e)
{
    return assay_pg_exec(&c->r, c->r.conn, "listing what the database holds", sql, NULL, res, e);
}

static enum assay_status list(struct catalog *c, struct assay_err *e)
{
    PGresult *res = NULL;
    enum assay_status s = query(c, relations_sql, &res, e);
    int n = s == ASSAY_OK ? PQntuples(res) : 0;
    if (s == ASSAY_OK && !(c->place = calloc((size_t)n + 1, sizeof *c->place)))
        s = assay_fail_nomem(e);
    for (int i = 0; i < n && s == ASSAY_OK; i++) {
        struct assay_relation *x = assay_relations_add(c->l, PQgetvalue(res, i, 1), PQgetvalue(res, i, 2), e);
        if (!x) {
            s = n > ASSAY_MAX_RELATIONS ? ASSAY_ELIMIT : ASSAY_ENOMEM;
            break;
        }
        x->kind = kind_of(PQgetvalue(res, i, 3)[0], &x->apart);
        if (PQgetvalue(res, i, 4)[0] == 't' && !x->apart)
            x->kind = PQgetvalue(res, i, 3)[0] == 'p' ? "partitioned table" : "partition";
        c->place[i].oid = oid_at(res, i, 0);
        c->place[i].at = (size_t)i;
    }
    PQclear(res);
    if (s == ASSAY_OK && c->l->n)
        qsort(c->place, c->l->n, sizeof *c->place, by_oid);
    return s;
}

static enum assay_status link_parents(struct catalog *c, struct assay_err *e)
{
    PGresult *res = NULL;
    enum assay_status s = query(c, parents_sql, &res, e);
    int n = s == ASSAY_OK ? PQntuples(res) : 0;
    if (s == ASSAY_OK && !(c->link = calloc((size_t)n + 1, sizeof *c->link)))
        s = assay_fail_nomem(e);
    for (int i = 0; i < n && s == ASSAY_OK; i++) {
        struct link x = {find(c, oid_at(res, i, 0)), find(c, oid_at(res, i, 1))};
        if (x.child == SIZE_MAX || x.parent == SIZE_MAX)
            continue;
        struct assay_relation *child = &c->l->v[x.child];
        c->link[c->n_links++] = x;
        if (child->parent == SIZE_MAX)
            child->parent = x.parent;
        if (strcmp(child->kind, "table") == 0)
            child->kind = "child table";
    }
    PQclear(res);
    return s;
}

static enum assay_status list_extra(struct catalog *c, struct assay_err *e)
{
    PGresult *res = NULL;
    enum assay_status s = query(c, extra_sql, &res, e);
    for (int i = 0; s == ASSAY_OK && i < PQntuples(res); i++) {
        size_t at = find(c, oid_at(res, i, 0));
        if (at == SIZE_MAX)
            continue;
        struct assay_relation *x = &c->l->v[at];
        char **grown = realloc(x->extra, (x->n_extra + 1) * sizeof *grown);
        char *name = grown ? strdup(PQgetvalue(res, i, 1)) : NULL;
        x->extra = grown ? grown : x->extra;
        if (name)
            x->extra[x->n_extra++] = name;
        else
            s = assay_fail_nomem(e);
    }
    PQclear(res);
    return s;
}

static void drop_extra(struct assay_relation *x)
{
    for (size_t k = 0; k < x->n_extra; k++)
        free(x->extra[k]);
    x->n_extra = 0;
}

/* A parent's rows include its children's; a partitioned table has no rows but those of its partitions. */
static bool spread(struct catalog *c)
{
    bool more = false;
    for (size_t i = 0; i < c->n_links; i++) {
        struct assay_relation *child = &c->l->v[c->link[i].child];
        if (c->l->v[c->link[i].parent].covered && !child->covered)
            child->covered = more = true;
    }
    for (size_t i = 0; i < c->l->n; i++) {
        struct assay_relation *x = &c->l->v[i];
        size_t parts = 0, open = 0;
        if (x->covered || strcmp(x->kind, "partitioned table") != 0)
            continue;
        for (size_t k = 0; k < c->n_links; k++) {
            parts += c->link[k].parent == i;
            open += c->link[k].parent == i && !c->l->v[c->link[k].child].covered;
        }
        if (parts && !open)
            x->covered = more = true;
    }
    return more;
}

static enum assay_status cover(struct catalog *c, const struct assay_locator *const *loc, size_t n, bool *found,
                               struct assay_err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct assay_err why = {0};
        c->r.loc.table = loc[i]->table;
        enum assay_status s = assay_pg_resolve(&c->r, &why);
        found[i] = s == ASSAY_OK;
        if (s != ASSAY_OK && s != ASSAY_ENOTFOUND)
            return assay_fail(e, s, "%s", why.msg);
        size_t at = found[i] ? find(c, c->r.rel.oid) : SIZE_MAX;
        if (at == SIZE_MAX)
            continue;
        c->l->v[at].covered = true;
        drop_extra(&c->l->v[at]); /* its own dataset says which columns it reads */
    }
    while (spread(c))
        ;
    return ASSAY_OK;
}

enum assay_status assay_pg_relations(const struct assay_locator *const *loc, size_t n, bool *found, struct relations *l,
                                     struct assay_err *e)
{
    struct catalog c = {.r = {.loc = *loc[0]}, .l = l};
    struct assay_err own = {0};
    enum assay_status s = (c.r.conn = assay_pg_connect(&c.r, &own)) ? ASSAY_OK : own.code;
    c.r.loc.table = NULL;
    if (s == ASSAY_OK)
        s = assay_pg_begin(&c.r, c.r.conn, NULL, &own);
    if (s == ASSAY_OK)
        s = list(&c, &own);
    if (s == ASSAY_OK)
        s = link_parents(&c, &own);
    if (s == ASSAY_OK)
        s = list_extra(&c, &own);
    if (s == ASSAY_OK)
        s = cover(&c, loc, n, found, &own);
    assay_pg_disconnect(&c.r);
    assay_pg_rel_release(&c.r.rel);
    free(c.place);
    free(c.link);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s", own.msg);
}
