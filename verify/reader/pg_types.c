/* How PostgreSQL's types travel and what they are: domains stand for what they are over, arrays are lists, composite
 * types structs, hstore a map of texts. A type outside the allow-list is its text; a nested type with one inside
 * travels as text as a whole, and is read by its shape like that of any archive. */
#include "pg.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

#define MAX_DEPTH (ASSAY_MAX_NESTING / 2) /* of a type: values may have dimensions beyond it */
#define MAX_DIMENSIONS 6

/* Every type that a column has or holds, one row each, a composite one a row per field. $1 is the relation. true arrays
 * only: int2vector and oidvector have an element type, too, but print otherwise; so do arrays of box, by their ';'. */
static const char types_sql[] =
    "WITH RECURSIVE t(oid) AS (SELECT a.atttypid FROM pg_catalog.pg_attribute a"
    "  WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped"
    " UNION SELECT r.next FROM t JOIN pg_catalog.pg_type y ON y.oid = t.oid, LATERAL ("
    "  SELECT y.typbasetype WHERE y.typtype = 'd'"
    "  UNION ALL SELECT i.oid FROM pg_catalog.pg_type i WHERE i.oid = y.typelem AND i.typarray = y.oid"
    "   AND i.typdelim = ','"
    "  UNION ALL SELECT f.atttypid FROM pg_catalog.pg_attribute f WHERE y.typtype = 'c' AND f.attrelid = y.typrelid"
    "   AND f.attnum > 0 AND NOT f.attisdropped) r(next))"
    " SELECT y.oid, CASE WHEN y.typtype IN ('d', 'e', 'c') THEN y.typtype::text WHEN i.oid IS NOT NULL THEN 'a'"
    "   WHEN y.typname = 'hstore' AND EXISTS (SELECT FROM pg_catalog.pg_depend p JOIN pg_catalog.pg_extension x"
    "    ON x.oid = p.refobjid WHERE p.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND p.objid = y.oid"
    "    AND p.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND p.deptype = 'e'"
    "    AND x.extname = 'hstore') THEN 'h' ELSE 'b' END,"
    "  CASE WHEN y.typtype = 'd' THEN y.typbasetype ELSE i.oid END, y.typndims,"
    "  EXISTS (SELECT FROM pg_catalog.pg_cast k WHERE k.castsource = y.oid AND k.casttarget = 25),"
    "  f.attname, f.atttypid, f.attndims"
    " FROM t JOIN pg_catalog.pg_type y ON y.oid = t.oid"
    " LEFT JOIN pg_catalog.pg_type i ON i.oid = y.typelem AND i.typarray = y.oid AND i.typdelim = ','"
    " LEFT JOIN pg_catalog.pg_attribute f ON y.typtype = 'c' AND f.attrelid = y.typrelid AND f.attnum > 0"
    "  AND NOT f.attisdropped ORDER BY y.oid, f.attnum";

enum { T_OID, T_CLASS, T_NEXT, T_DIMS, T_CAST, T_FIELD, T_FIELD_TYPE, T_FIELD_DIMS };

struct type {
    uint32_t oid;
    int first, rows; /* in the result */
};

struct assay_pg_types {
    PGresult *res;
    struct type *type; /* by oid */
    size_t n;
};

struct builder {
    const struct assay_pg_types *types;
    struct assay_pool *pool;
    size_t nodes;
    bool text; /* something in it cannot be decoded */
    bool opaque; /* it has no shape either */
};

static uint32_t number(const PGresult *res, int row, int col)
{
    return (uint32_t)strtoul(PQgetvalue(res, row, col), NULL, 10);
}

void assay_pg_types_free(struct assay_pg_types *t)
{
    if (!t)
        return;
    PQclear(t->res);
    free(t->type);
    free(t);
}

enum assay_status assay_pg_types_load(struct assay_pg_reader *r, struct assay_pg_types **out, struct assay_err *e)
{
    struct assay_pg_types *t = calloc(1, sizeof *t);
    enum assay_status s = t ? ASSAY_OK : assay_fail_nomem(e);
    *out = NULL;
    if (s == ASSAY_OK)
        s = assay_pg_exec_table(r, "reading the types of", types_sql, &t->res, e);
    int rows = s == ASSAY_OK ? PQntuples(t->res) : 0;
    if (s == ASSAY_OK && !(t->type = calloc((size_t)rows + 1, sizeof *t->type)))
        s = assay_fail_nomem(e);
    for (int i = 0; s == ASSAY_OK && i < rows; i++) {
        uint32_t id = number(t->res, i, T_OID);
        if (t->n == 0 || t->type[t->n - 1].oid != id)
            t->type[t->n++] = (struct type){.oid = id, .first = i};
        t->type[t->n - 1].rows++;
    }
    if (s != ASSAY_OK) {
        assay_pg_types_free(t);
        return s;
    }
    *out = t;
    return ASSAY_OK;
}

static int by_oid(const void *key, const void *type)
{
    uint32_t a = *(const uint32_t *)key, b = ((const struct type *)type)->oid;
    return (a > b) - (a < b);
}

static const struct type *find(const struct assay_pg_types *t, uint32_t oid)
{
    return t->n ? bsearch(&oid, t->type, t->n, sizeof *t->type, by_oid) : NULL;
}

/* Zeroed memory for n of them, or NULL. */
static void *take(struct builder *b, size_t n, size_t size)
{
    void *p = assay_pool_take(b->pool, n * size);
    return p ? memset(p, 0, n * size) : NULL;
}

static bool build(struct builder *b, uint32_t oid, unsigned dims, unsigned depth, struct assay_pg_field *f,
                  struct assay_shape *s);

static bool build_array(struct builder *b, uint32_t element, unsigned dims, unsigned depth, struct assay_pg_field *f,
                        struct assay_shape *s)
{
    struct assay_pg_field *child = take(b, 1, sizeof *child);
    f->wire = ASSAY_PGW_ARRAY;
    f->child = child;
    f->n_child = 1;
    dims = dims < 1 ? 1 : dims > MAX_DIMENSIONS ? MAX_DIMENSIONS : dims;
    for (unsigned d = 0; d < dims; d++) {
        s->type = ASSAY_L_LIST;
        s->n = 1;
        if (!(s->child = take(b, 1, sizeof *s->child)))
            return false;
        s = s->child;
    }
    return child && build(b, element, 0, depth + dims, child, s);
}

static bool build_record(struct builder *b, const struct type *t, unsigned depth, struct assay_pg_field *f,
                         struct assay_shape *s)
{
    const PGresult *res = b->types->res;
    size_t n = PQgetisnull(res, t->first, T_FIELD) ? 0 : (size_t)t->rows;
    struct assay_pg_field *child = take(b, n, sizeof *child);
    s->type = ASSAY_L_STRUCT;
    s->child = take(b, n, sizeof *s->child);
    s->n = f->n_child = n;
    f->wire = ASSAY_PGW_RECORD;
    f->child = child;
    for (size_t i = 0; child && s->child && i < n; i++) {
        int row = t->first + (int)i;
        const char *name = PQgetvalue(res, row, T_FIELD);
        char *copy = take(b, strlen(name) + 1, 1);
        if (!copy || !build(b, number(res, row, T_FIELD_TYPE), number(res, row, T_FIELD_DIMS), depth + 1, &child[i],
                            &s->child[i]))
            return false;
        child[i].name = s->child[i].name = memcpy(copy, name, strlen(name) + 1);
    }
    return child && s->child;
}

static bool build_map(struct builder *b, struct assay_pg_field *f, struct assay_shape *s)
{
    f->wire = ASSAY_PGW_HSTORE;
    s->type = ASSAY_L_MAP;
    s->n = 2;
    if (!(s->child = take(b, 2, sizeof *s->child)))
        return false;
    s->child[0].type = s->child[1].type = ASSAY_L_TEXT;
    b->nodes += 2;
    return true;
}

static void build_scalar(struct builder *b, uint32_t oid, bool is_enum, struct assay_pg_field *f, struct assay_shape *s)
{
    const struct assay_pg_type *t = assay_pg_type_of(oid);
    s->type = t->logical;
    f->wire = is_enum ? ASSAY_PGW_TEXT : t->wire; /* enum_send sends the label */
    b->text = b->text || f->wire == ASSAY_PGW_AS_TEXT;
}

/* false: out of memory. */
static bool build(struct builder *b, uint32_t oid, unsigned dims, unsigned depth, struct assay_pg_field *f,
                  struct assay_shape *s)
{
    const PGresult *res = b->types->res;
    const struct type *t = find(b->types, oid);
    f->oid = oid; /* elements and fields name the domain, not what it is over */
    for (unsigned n = 0; t && PQgetvalue(res, t->first, T_CLASS)[0] == 'd' && n < MAX_DEPTH; n++) {
        unsigned own = number(res, t->first, T_DIMS);
        dims = own > dims ? own : dims;
        t = find(b->types, number(res, t->first, T_NEXT));
    }
    char class = t ? PQgetvalue(res, t->first, T_CLASS)[0] : 'b';
    f->cast = t && PQgetvalue(res, t->first, T_CAST)[0] == 't';
    s->type = ASSAY_L_TEXT;
    if (++b->nodes > ASSAY_MAX_COLUMNS || depth > MAX_DEPTH || class == 'd') {
        b->opaque = true;
        return true;
    }
    if (class == 'a')
        return build_array(b, number(res, t->first, T_NEXT), dims, depth, f, s);
    if (class == 'c')
        return build_record(b, t, depth, f, s);
    if (class == 'h')
        return build_map(b, f, s);
    build_scalar(b, t ? t->oid : oid, class == 'e', f, s);
    return true;
}

enum assay_status assay_pg_types_column(struct assay_pg_reader *r, const struct assay_pg_types *t, uint32_t oid,
                                        unsigned dims, struct assay_pg_field *f, struct assay_shape *shape,
                                        struct assay_err *e)
{
    struct builder b = {.types = t, .pool = &r->types};
    *f = (struct assay_pg_field){0};
    *shape = (struct assay_shape){0};
    if (!build(&b, oid, dims, 0, f, shape))
        return assay_fail_nomem(e);
    if (b.opaque)
        *shape = (struct assay_shape){.type = ASSAY_L_TEXT};
    if (b.opaque || b.text)
        *f = (struct assay_pg_field){.wire = ASSAY_PGW_AS_TEXT, .cast = f->cast};
    return ASSAY_OK;
}
