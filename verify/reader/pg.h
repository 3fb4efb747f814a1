/* What the files of the PostgreSQL reader share. Libpq is used by verify/reader/pg*.c alone. */
#ifndef ASSAY_PG_H
#define ASSAY_PG_H

#include <libpq-fe.h>
#include <pthread.h>

#include "assay/reader.h"
#include "pg_decode.h"

/* The relation a locator names. */
struct assay_pg_rel {
    char *show; /* schema.name, for people */
    char *quoted; /* "schema"."name", for SQL */
    uint32_t oid;
    char kind; /* pg_class.relkind: r p v m f */
    bool heap; /* block ranges by ctid are meaningful: a heap without inheritance children */
    bool may_lock;
    int64_t bytes;
    double reltuples;
};

struct assay_pg_part {
    uint64_t lo, hi; /* blocks [lo, hi); hi UINT64_MAX: open-ended */
};

struct assay_pg_reader {
    struct assay_reader base;
    struct assay_locator loc;
    PGconn *conn; /* holds the snapshot; guarded by lock */
    pthread_mutex_t lock; /* conn, part, n_parts, estimate, count */
    char *secret[2]; /* passwords of the URI, for scrubbing messages; may be NULL */
    char *snapshot; /* exported id that scans import */
    int64_t as_of; /* when it was taken, at the earliest; seconds since 1970 */
    char *token;
    struct assay_pg_rel rel;
    struct assay_schema schema;
    struct assay_pg_field *field; /* one per schema column; what they point to lives in types */
    struct assay_pool types;
    struct assay_part *part; /* borrowed out */
    struct assay_pg_part *range;
    size_t n_parts;
    bool estimated, counted;
    uint64_t estimate, count;
    /* Of who deletes: scans run on conn itself, in its transaction, and the position of a row is its id: the place of
     * its relation in kin, block and offset (pg_id.c). */
    bool writer;
    uint32_t *kin; /* relations that rows came from */
    size_t n_kin, cap_kin;
    const uint64_t *doomed; /* a scan deletes these, and delivers what was deleted; NULL: it reads */
    size_t n_doomed;
};

/* ---- pg_conn.c: connection, session, statements, messages ---- */

/* Connect by the locator; r->secret is filled on the way. NULL with e filled. */
PGconn *assay_pg_connect(struct assay_pg_reader *r, struct assay_err *e);
/* End r->conn and forget the secrets. */
void assay_pg_disconnect(struct assay_pg_reader *r);
/* BEGIN a read-only repeatable-read transaction with every setting pinned. snapshot NULL: none is imported yet. */
enum assay_status assay_pg_begin(struct assay_pg_reader *r, PGconn *conn, const char *snapshot, struct assay_err *e);
/* The same, but read and write, and durable when it is committed. */
enum assay_status assay_pg_begin_write(struct assay_pg_reader *r, PGconn *conn, struct assay_err *e);
/* Run one statement (or, without parameters, several) and wait; a signal cancels it. *out is a result without error;
 * NULL when the caller does not want it. `doing` begins the message: "counting the rows of". */
enum assay_status assay_pg_exec(struct assay_pg_reader *r, PGconn *conn, const char *doing, const char *sql,
                                const char *param, PGresult **out, struct assay_err *e);
/* The same on the reader's own connection; $1 is the oid of its table. */
enum assay_status assay_pg_exec_table(struct assay_pg_reader *r, const char *doing, const char *sql, PGresult **out,
                                      struct assay_err *e);
/* Wait until the connection has something to read. ASSAY_EINTR after a signal, ASSAY_ESOURCE when the connection broke.
 */
enum assay_status assay_pg_wait(PGconn *conn, struct assay_err *e);
/* Record a server's or libpq's error: first line, no secrets, no values. res may be NULL. */
enum assay_status assay_pg_fail(struct assay_pg_reader *r, PGconn *conn, const PGresult *res, const char *doing,
                                struct assay_err *e);
/* Did the server end the connection (rather than refuse the statement)? */
bool assay_pg_gone(PGconn *conn, const PGresult *res);
/* Ask the server to stop what the connection is doing; errors are ignored. */
void assay_pg_cancel(PGconn *conn);
/* The cause of an error as text into out[n]: first line, no secrets, no values. */
void assay_pg_cause(const struct assay_pg_reader *r, PGconn *conn, const PGresult *res, char *out, size_t n);

/* ---- pg_schema.c: catalog ---- */

/* Resolve loc.table into r->rel; run before and again inside the snapshot. */
enum assay_status assay_pg_resolve(struct assay_pg_reader *r, struct assay_err *e);
void assay_pg_rel_release(struct assay_pg_rel *rel);
/* For who asks about the table and reads no rows: r, empty, is connected and in a transaction, and its table found.
 * Also on failure assay_pg_leave ends it. */
enum assay_status assay_pg_visit(const struct assay_locator *loc, struct assay_pg_reader *r, struct assay_err *e);
void assay_pg_leave(struct assay_pg_reader *r);
/* Fill schema and field. */
enum assay_status assay_pg_load_columns(struct assay_pg_reader *r, struct assay_err *e);

/* ---- pg_snapshot.c ---- */

/* Lock r->rel against DDL and TRUNCATE; before the transaction's snapshot is taken. */
enum assay_status assay_pg_lock(struct assay_pg_reader *r, struct assay_err *e);
/* Import loc.snapshot, if there is one. */
enum assay_status assay_pg_import(struct assay_pg_reader *r, struct assay_err *e);
/* Fills snapshot and token. */
enum assay_status assay_pg_export(struct assay_pg_reader *r, struct assay_err *e);

/* ---- pg_types.c: from the catalog's types to how a value travels and what it is ---- */

struct assay_pg_types; /* the types of a relation's columns, and those within them */
enum assay_status assay_pg_types_load(struct assay_pg_reader *r, struct assay_pg_types **out, struct assay_err *e);
void assay_pg_types_free(struct assay_pg_types *t); /* NULL is a no-op */
/* A column of that type, declared with that many dimensions: sets all of *f but its name, and *shape, both in r->types.
 * What cannot be decoded travels as text, whatever its shape. */
enum assay_status assay_pg_types_column(struct assay_pg_reader *r, const struct assay_pg_types *t, uint32_t oid,
                                        unsigned dims, struct assay_pg_field *f, struct assay_shape *shape,
                                        struct assay_err *e);

/* ---- pg_part.c: block ranges, counts, samples ---- */

enum assay_status assay_pg_parts(struct assay_reader *base, size_t want, const struct assay_part **out, size_t *n,
                                 struct assay_err *e);
uint64_t assay_pg_estimate(struct assay_reader *base);
enum assay_status assay_pg_count(struct assay_reader *base, uint64_t *rows, bool *known, struct assay_err *e);
void assay_pg_parts_release(struct assay_pg_reader *r);

/* ---- pg_copy.c: the COPY statement of a scan ---- */

/* Append the statement. *filtered: it delivers less than the part. field[i] is how o->columns[i] is to travel. */
enum assay_status assay_pg_copy_sql(struct assay_pg_reader *r, size_t part, const struct assay_scan_opts *o,
                                    const struct assay_pg_field *field, struct assay_buf *sql, bool *filtered,
                                    struct assay_err *e);

/* ---- pg_id.c: ids of rows ---- */

/* Before the columns of a row stand its tableoid and ctid: take them off the tuple of *n bytes at *p, which gets a
 * field count of `fields` again. ASSAY_EDATA: no such tuple. */
enum assay_status assay_pg_take_id(struct assay_pg_reader *r, uint8_t **p, size_t *n, size_t fields, uint64_t *id,
                                   struct assay_err *e);
/* Append the condition that is true of the doomed rows. */
enum assay_status assay_pg_doomed(const struct assay_pg_reader *r, struct assay_buf *sql);

/* ---- pg_scan.c ---- */

enum assay_status assay_pg_scan_open(struct assay_reader *base, size_t part, const struct assay_scan_opts *o,
                                     struct assay_scan **out, struct assay_err *e);
enum assay_status assay_pg_scan_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e);
void assay_pg_scan_end(struct assay_scan *base, struct assay_scan_end *end);
void assay_pg_scan_free(struct assay_scan *base);

#endif
