/* Sizes of a PostgreSQL table: row counts, estimates, and its division into block ranges. */
#include "pg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"

#define MIN_PART_BLOCKS 256 /* a part under 2 MiB is not worth a connection */
#define MAX_PARTS 1024

void assay_pg_parts_release(struct assay_pg_reader *r)
{
    for (size_t i = 0; i < r->n_parts; i++)
        free(r->part[i].name);
    free(r->part);
    free(r->range);
    r->part = NULL;
    r->range = NULL;
    r->n_parts = 0;
}

static enum assay_status name_part(struct assay_pg_reader *r, size_t i, uint64_t blocks, struct assay_err *e)
{
    const struct assay_pg_part *g = &r->range[i];
    char name[64];
    if (r->n_parts == 1)
        snprintf(name, sizeof name, "all");
    else if (g->hi == UINT64_MAX)
        snprintf(name, sizeof name, "ctid %llu-", (unsigned long long)g->lo);
    else
        snprintf(name, sizeof name, "ctid %llu-%llu", (unsigned long long)g->lo, (unsigned long long)g->hi - 1);
    uint64_t hi = g->hi == UINT64_MAX ? blocks : g->hi;
    uint64_t width = blocks ? (uint64_t)r->rel.bytes / blocks : 0;
    r->part[i].name = strdup(name);
    r->part[i].bytes = hi > g->lo ? (hi - g->lo) * width : 0;
    return r->part[i].name ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status block_size(struct assay_pg_reader *r, uint64_t *size, struct assay_err *e)
{
    PGresult *res = NULL;
    enum assay_status s = assay_pg_exec(r, r->conn, "reading the block size for",
                                        "SELECT pg_catalog.current_setting('block_size')", NULL, &res, e);
    if (s == ASSAY_OK)
        *size = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
    PQclear(res);
    return s == ASSAY_OK && *size == 0 ? assay_fail(e, ASSAY_ESOURCE, "the server reports a block size of 0") : s;
}

/* How many parts are worth it. Every tuple has one ctid, so half-open block ranges with an open end tile the table
 * whatever its size has become. Range scans by ctid came with PostgreSQL 14. */
static enum assay_status divide(struct assay_pg_reader *r, size_t want, size_t *n, uint64_t *blocks,
                                struct assay_err *e)
{
    *n = 1;
    *blocks = 0;
    if (want < 2 || !r->rel.heap || PQserverVersion(r->conn) < 140000)
        return ASSAY_OK;
    uint64_t size = 8192;
    enum assay_status s = block_size(r, &size, e);
    if (s != ASSAY_OK)
        return s;
    *blocks = (uint64_t)r->rel.bytes / size;
    uint64_t most = *blocks / MIN_PART_BLOCKS;
    if (want > MAX_PARTS)
        want = MAX_PARTS;
    *n = most < 1 ? 1 : want < most ? want : (size_t)most;
    return ASSAY_OK;
}

static enum assay_status make_parts(struct assay_pg_reader *r, size_t want, struct assay_err *e)
{
    size_t n;
    uint64_t blocks;
    enum assay_status s = divide(r, want, &n, &blocks, e);
    if (s != ASSAY_OK || n == r->n_parts)
        return s;
    assay_pg_parts_release(r);
    r->part = calloc(n, sizeof *r->part);
    r->range = calloc(n, sizeof *r->range);
    if (!r->part || !r->range) {
        assay_pg_parts_release(r);
        return assay_fail_nomem(e);
    }
    r->n_parts = n;
    for (size_t i = 0; s == ASSAY_OK && i < n; i++) {
        r->range[i].lo = blocks / n * i;
        r->range[i].hi = i + 1 < n ? blocks / n * (i + 1) : UINT64_MAX;
        s = name_part(r, i, blocks, e);
    }
    return s;
}

enum assay_status assay_pg_parts(struct assay_reader *base, size_t want, const struct assay_part **out, size_t *n,
                                 struct assay_err *e)
{
    struct assay_pg_reader *r = (struct assay_pg_reader *)base;
    pthread_mutex_lock(&r->lock);
    enum assay_status s = make_parts(r, want, e);
    *out = r->part;
    *n = r->n_parts;
    pthread_mutex_unlock(&r->lock);
    return s;
}

enum assay_status assay_pg_count(struct assay_reader *base, uint64_t *rows, bool *known, struct assay_err *e)
{
    struct assay_pg_reader *r = (struct assay_pg_reader *)base;
    struct assay_buf sql = {0};
    PGresult *res = NULL;
    enum assay_status s = ASSAY_OK;
    *known = false;
    pthread_mutex_lock(&r->lock);
    if (!r->counted) {
        assay_buf_addf(&sql, "SELECT pg_catalog.count(*) FROM %s", r->rel.quoted);
        const char *text = assay_buf_str(&sql);
        s = text ? assay_pg_exec(r, r->conn, "counting the rows of", text, NULL, &res, e) : assay_fail_nomem(e);
        if (s == ASSAY_OK) {
            r->count = strtoull(PQgetvalue(res, 0, 0), NULL, 10);
            r->counted = true;
        }
        PQclear(res);
        assay_buf_release(&sql);
    }
    if (s == ASSAY_OK) {
        *rows = r->count;
        *known = true;
    }
    pthread_mutex_unlock(&r->lock);
    return s;
}

/* The planner's guess, which scales the last statistics to the present size: "... (cost=0.00..1.01 rows=17 width=4)".
 */
static uint64_t planner_rows(struct assay_pg_reader *r)
{
    struct assay_buf sql = {0};
    PGresult *res = NULL;
    uint64_t rows = 0;
    assay_buf_addf(&sql, "EXPLAIN SELECT FROM %s", r->rel.quoted);
    const char *text = assay_buf_str(&sql);
    if (text && assay_pg_exec(r, r->conn, "estimating", text, NULL, &res, NULL) == ASSAY_OK && PQntuples(res) > 0) {
        const char *at = strstr(PQgetvalue(res, 0, 0), " rows=");
        rows = at ? strtoull(at + 6, NULL, 10) : 0;
    }
    PQclear(res);
    assay_buf_release(&sql);
    return rows;
}

uint64_t assay_pg_estimate(struct assay_reader *base)
{
    struct assay_pg_reader *r = (struct assay_pg_reader *)base;
    pthread_mutex_lock(&r->lock);
    if (r->counted) {
        r->estimate = r->count;
    } else if (!r->estimated) {
        bool empty = r->rel.heap && r->rel.bytes == 0;
        r->estimate = empty ? 0 : r->rel.reltuples > 0 && r->rel.heap ? (uint64_t)r->rel.reltuples : planner_rows(r);
        r->estimated = true;
    }
    uint64_t rows = r->estimate;
    pthread_mutex_unlock(&r->lock);
    return rows;
}
