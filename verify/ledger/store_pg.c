#include "store_pg.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schema_pg.h"

#define OLDEST_SERVER 110000 /* sha256() */
#define FORMAT "1"
#define CONNECT_S "60"
#define MAX_ARGS 9

static void no_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
}

/* ---- what went wrong ---- */

/* By the first characters of the SQLSTATE, the first that fits. */
struct meaning {
    const char *state;
    enum assay_status code;
    const char *says; /* before the server's words; NULL: nothing */
    const char *advice; /* of what could not be written */
};
static const struct meaning meanings[] = {
    {"53100", ASSAY_ESTORE, "the server's disk is full", "make room there"},
    {"53", ASSAY_ESTORE, "the server lacks resources", "give it more"},
    {"58", ASSAY_ESTORE, "the server cannot use its files",
     "have it mended, see that `assay ledger verify` is content"},
    {"25006", ASSAY_ESTORE, "the server takes no writes", "connect to one that does"},
    {"0A000", ASSAY_ESTORE, "the server takes no writes", "connect to one that does"}, /* a standby, asked to begin */
    {"42501", ASSAY_ESTORE, "this account may not do that", "grant it the right"},
    {"55P03", ASSAY_ELOCKED, "another program holds the database", NULL},
    {"40", ASSAY_ELOCKED, "another program holds the database", NULL},
    {"42", ASSAY_ELEDGER, NULL, NULL}, /* a table, column or function is not there */
    {"23", ASSAY_ELEDGER, NULL, NULL}, /* a constraint */
    {"P0001", ASSAY_ELEDGER, NULL, NULL}, /* a guard */
    {"XX", ASSAY_ELEDGER, NULL, NULL}, /* a broken page or index */
};

static const struct meaning *meaning_of(const char *state)
{
    for (size_t i = 0; state && i < sizeof meanings / sizeof *meanings; i++)
        if (strncmp(state, meanings[i].state, strlen(meanings[i].state)) == 0)
            return &meanings[i];
    return NULL;
}

/* The SQLSTATE, or a better one: a server that cannot write its log dies, and libpq keeps its last words without
 * theirs; a quota and a limit of size are internal errors to it. */
static const char *state_of(const char *state, const char *line)
{
    static const char *const no_room[] = {"No space left on device", "Disk quota exceeded", "File too large"};
    const bool doubtful = state ? strncmp(state, "XX", 2) == 0 : strstr(line, "PANIC:") != NULL;
    for (size_t i = 0; doubtful && i < sizeof no_room / sizeof *no_room; i++)
        if (strstr(line, no_room[i]))
            return "53100";
    return state;
}

enum assay_status assay_pgs_fail(struct assay_db *db, PGresult *res, const char *doing, struct assay_err *e)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char line[300];
    snprintf(line, sizeof line, "%s", primary ? primary : PQerrorMessage(db->conn));
    line[strcspn(line, "\r\n")] = '\0';
    for (char *p = line; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
    const struct meaning *m = meaning_of(state_of(state, line));
    enum assay_status s;
    bool gone = PQstatus(db->conn) == CONNECTION_BAD || (state && strncmp(state, "57P", 3) == 0);
    if (m && m->advice)
        s = assay_fail(e, m->code, "%s: %s: %s: %s; nothing attested before is lost: %s, then run the same again",
                       db->path, doing, m->says, line, m->advice);
    else if (gone || !state)
        s = assay_fail(e, ASSAY_ESOURCE, "%s: %s: the server closed the connection: %s", db->path, doing, line);
    else if (m)
        s = assay_fail(e, m->code, "%s: %s: %s", db->path, doing, m->says ? m->says : line);
    else
        s = assay_fail(e, ASSAY_EIO, "%s: %s: %s (SQLSTATE %s)", db->path, doing, line, state);
    PQclear(res);
    return s;
}

/* ---- statements ---- */

static enum assay_status take(struct assay_db *db, PGresult *res, const char *doing, PGresult **out,
                              struct assay_err *e)
{
    ExecStatusType st = PQresultStatus(res);
    if (out)
        *out = NULL;
    if (st != PGRES_TUPLES_OK && st != PGRES_COMMAND_OK)
        return assay_pgs_fail(db, res, doing, e);
    if (out)
        *out = res;
    else
        PQclear(res);
    return ASSAY_OK;
}

static enum assay_status with_args(struct assay_db *db, const char *name, const char *sql,
                                   const struct assay_pgs_arg *arg, size_t n, const char *doing, PGresult **out,
                                   struct assay_err *e)
{
    const char *value[MAX_ARGS];
    int length[MAX_ARGS], format[MAX_ARGS];
    for (size_t i = 0; i < n && i < MAX_ARGS; i++) {
        value[i] = arg[i].p;
        length[i] = (int)arg[i].n;
        format[i] = 1;
    }
    PGresult *res = name ? PQexecPrepared(db->conn, name, (int)n, value, length, format, 1)
                         : PQexecParams(db->conn, sql, (int)n, NULL, value, length, format, 1);
    return take(db, res, doing, out, e);
}

enum assay_status assay_pgs_run(struct assay_db *db, const char *sql, const struct assay_pgs_arg *arg, size_t n,
                                const char *doing, PGresult **out, struct assay_err *e)
{
    return with_args(db, NULL, sql, arg, n, doing, out, e);
}

enum assay_status assay_pgs_kept(struct assay_db *db, unsigned bit, const char *sql, const struct assay_pgs_arg *arg,
                                 size_t n, const char *doing, PGresult **out, struct assay_err *e)
{
    char name[16];
    snprintf(name, sizeof name, "assay_%u", bit);
    if (!(db->prepared & UINT64_C(1) << bit)) {
        enum assay_status s = take(db, PQprepare(db->conn, name, sql, 0, NULL), doing, NULL, e);
        if (s != ASSAY_OK)
            return s;
        db->prepared |= UINT64_C(1) << bit;
    }
    return with_args(db, name, NULL, arg, n, doing, out, e);
}

/* One or several statements without parameters. */
static enum assay_status exec(struct assay_db *db, const char *sql, const char *doing, struct assay_err *e)
{
    return take(db, PQexec(db->conn, sql), doing, NULL, e);
}

/* ---- connecting ---- */

/* The location stands in plans, reports and messages: a password has no place in it. */
static enum assay_status check_location(const char *location, struct assay_err *e)
{
    char *why = NULL;
    enum assay_status s = ASSAY_OK;
    PQconninfoOption *opt = PQconninfoParse(location, &why);
    PQfreemem(why); /* quotes what may be a piece of a password */
    if (!opt)
        return assay_fail(e, ASSAY_EUSAGE, "the ledger's connection string does not parse");
    for (PQconninfoOption *o = opt; o->keyword && s == ASSAY_OK; o++)
        if (o->val && (strcmp(o->keyword, "password") == 0 || strcmp(o->keyword, "sslpassword") == 0))
            s = assay_fail(e, ASSAY_EUSAGE,
                           "the ledger's connection string holds a password, and would be shown in reports: put it "
                           "into ~/.pgpass or a service file");
    PQconninfoFree(opt);
    return s;
}

static enum assay_status connect_db(struct assay_db *db, struct assay_err *e)
{
    char host[64] = "", name[96];
    if (gethostname(host, sizeof host - 1))
        host[0] = '\0';
    snprintf(name, sizeof name, "assay %ld at %s", (long)getpid(), host); /* who waits for our lock sees it */
    const char *const key[] = {"connect_timeout", "dbname", "application_name", "client_encoding", NULL};
    const char *const value[] = {CONNECT_S, db->path, name, "UTF8", NULL};
    enum assay_status s = check_location(db->path, e);
    if (s != ASSAY_OK)
        return s;
    db->conn = PQconnectdbParams(key, value, 1);
    if (!db->conn)
        return assay_fail_nomem(e);
    if (PQstatus(db->conn) != CONNECTION_OK) {
        char line[300];
        snprintf(line, sizeof line, "%s", PQerrorMessage(db->conn));
        line[strcspn(line, "\r\n")] = '\0';
        return assay_fail(e, ASSAY_ESOURCE, "ledger %s: cannot connect: %s", db->path, line);
    }
    PQsetNoticeReceiver(db->conn, no_notice, NULL);
    if (PQserverVersion(db->conn) < OLDEST_SERVER)
        return assay_fail(e, ASSAY_EUSAGE, "ledger %s: PostgreSQL 11 is the oldest server that can hold one", db->path);
    return ASSAY_OK;
}

/* A commit that a crash takes back after its checkpoint was published would make the log sign two roots for one
 * size: not even a role that is set up to commit asynchronously does so here. */
static enum assay_status setup_session(struct assay_db *db, bool write, struct assay_err *e)
{
    enum assay_status s =
        exec(db,
             "SET search_path = ''; SET row_security = off; SET client_min_messages = error; SET lock_timeout = '60s';"
             "SELECT set_config(name, '0', false) FROM pg_settings WHERE name IN ('statement_timeout', "
             "'idle_session_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');"
             "SELECT set_config(name, 'on', false) FROM pg_settings WHERE name = 'synchronous_commit' AND setting = "
             "'off'",
             "cannot open", e);
    if (s == ASSAY_OK && !write)
        s = exec(db, "SET default_transaction_read_only = on", "cannot open", e);
    return s;
}

static struct assay_db *db_new(const char *location, struct assay_err *e)
{
    struct assay_db *db = calloc(1, sizeof *db);
    if (db && !(db->path = strdup(location))) {
        free(db);
        db = NULL;
    }
    if (!db)
        assay_fail_nomem(e);
    return db;
}

static void close_db(struct assay_db *db)
{
    if (!db)
        return;
    /* The end of a session is not waited for: who opens the ledger next would still find its locks. */
    if (PQstatus(db->conn) == CONNECTION_OK)
        PQclear(PQexec(db->conn, "SELECT pg_catalog.pg_advisory_unlock_all()"));
    PQfinish(db->conn);
    free(db->path);
    free(db);
}

/* ---- locks: advisory, of the session ---- */

static enum assay_status held_by(struct assay_db *db, unsigned which, const char *what, struct assay_err *e)
{
    char sql[512], who[128] = "another session";
    PGresult *res;
    snprintf(sql, sizeof sql,
             "SELECT a.pid::text, a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid WHERE "
             "l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = "
             "current_database()) AND l.classid = " ASSAY_PG_LOCK_CLASS " AND l.objid = %u AND l.objsubid = 2",
             which);
    if (assay_pgs_run(db, sql, NULL, 0, "cannot lock", &res, NULL) == ASSAY_OK) {
        if (PQntuples(res))
            snprintf(who, sizeof who, "%.60s (server process %.20s)", PQgetvalue(res, 0, 1), PQgetvalue(res, 0, 0));
        PQclear(res);
    }
    return assay_fail(e, ASSAY_ELOCKED, "%s: %s is %s; try again when it has ended", db->path, who, what);
}

/* The server queues who waits. */
static enum assay_status lock(struct assay_db *db, unsigned which, int wait_ms, const char *what, struct assay_err *e)
{
    char sql[160];
    PGresult *res = NULL;
    struct assay_err why = {0};
    snprintf(sql, sizeof sql, "SET lock_timeout = %d", wait_ms > 0 ? wait_ms : 1);
    enum assay_status s = exec(db, sql, "cannot lock", e);
    if (s != ASSAY_OK)
        return s;
    snprintf(sql, sizeof sql, "SELECT %s(" ASSAY_PG_LOCK_CLASS ", %u)%s",
             wait_ms > 0 ? "pg_advisory_lock" : "pg_try_advisory_lock", which, wait_ms > 0 ? " IS NOT NULL" : "");
    s = assay_pgs_run(db, sql, NULL, 0, "cannot lock", &res, &why);
    bool got = s == ASSAY_OK && PQgetlength(res, 0, 0) == 1 && PQgetvalue(res, 0, 0)[0];
    PQclear(res);
    if (s == ASSAY_ELOCKED || (s == ASSAY_OK && !got))
        return held_by(db, which, what, e);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "%s", why.msg);
    return exec(db, "SET lock_timeout = '60s'", "cannot lock", e);
}

static enum assay_status hold(const char *location, const char *role, struct assay_db **held, struct assay_err *e)
{
    char what[64];
    int r = assay_role_by_name(role);
    struct assay_db *db = *held = db_new(location, e);
    if (!db)
        return ASSAY_ENOMEM;
    snprintf(what, sizeof what, "running with the role %s", role);
    enum assay_status s = connect_db(db, e);
    if (s == ASSAY_OK)
        s = setup_session(db, false, e);
    return s == ASSAY_OK ? lock(db, (unsigned)r + 1, assay_store_patience(role), what, e) : s;
}

/* ---- the schema ---- */

/* *oid: that of the schema in binary, as a parameter; false when there is none. */
static enum assay_status find_schema(struct assay_db *db, uint8_t oid[4], bool *found, struct assay_err *e)
{
    PGresult *res;
    enum assay_status s =
        assay_pgs_run(db, "SELECT oid FROM pg_namespace WHERE nspname = 'assay'", NULL, 0, "cannot open", &res, e);
    if (s != ASSAY_OK)
        return s;
    *found = PQntuples(res) == 1 && PQgetlength(res, 0, 0) == 4;
    if (*found)
        memcpy(oid, PQgetvalue(res, 0, 0), 4);
    PQclear(res);
    return ASSAY_OK;
}

static bool concerns(const char *line, size_t n, bool all)
{
    return all || (n > 7 && strncmp(line, "column ", 7) == 0) || (n > 6 && strncmp(line, "table ", 6) == 0);
}

/* Two sorted lists, line by line: the first difference is named. */
static enum assay_status compare(struct assay_db *db, const PGresult *res, bool all, struct assay_err *e)
{
    const char *want = ASSAY_PG_DESCRIBED;
    int row = 0, rows = PQntuples(res);
    for (;;) {
        size_t n = strcspn(want, "\n"), have = 0;
        const char *line = NULL;
        if (*want && !concerns(want, n, all)) {
            want += n + 1;
            continue;
        }
        if (row < rows) {
            line = PQgetvalue(res, row, 0);
            have = (size_t)PQgetlength(res, row, 0);
            if (!concerns(line, have, all)) {
                row++;
                continue;
            }
        }
        if (!line && !*want)
            return ASSAY_OK;
        int c = !line ? -1 : !*want ? 1 : memcmp(want, line, n < have ? n : have);
        if (c == 0)
            c = (n > have) - (n < have);
        if (c < 0)
            return assay_fail(e, ASSAY_ELEDGER, "%s: %.*s is missing, or not as it was created", db->path,
                              (int)(n < 80 ? n : 80), want);
        if (c > 0)
            return assay_fail(e, ASSAY_ELEDGER, "%s: %.*s is not a ledger's", db->path, (int)(have < 80 ? have : 80),
                              line);
        row++;
        want += n + 1;
    }
}

static enum assay_status same_schema(struct assay_db *db, bool all, struct assay_err *e)
{
    uint8_t oid[4];
    bool found;
    PGresult *res;
    enum assay_status s = find_schema(db, oid, &found, e);
    if (s == ASSAY_OK && !found)
        s = assay_fail(e, ASSAY_ENOTFOUND, "ledger %s: does not exist: the database has no schema \"assay\"", db->path);
    if (s == ASSAY_OK)
        s = assay_pgs_run(db, ASSAY_PG_DESCRIBE, &(struct assay_pgs_arg){oid, 4}, 1, "cannot open", &res, e);
    if (s != ASSAY_OK)
        return s;
    s = compare(db, res, all, e);
    PQclear(res);
    return s;
}

static enum assay_status check_format(struct assay_db *db, struct assay_err *e)
{
    PGresult *res;
    enum assay_status s = assay_pgs_run(db, "SELECT value FROM assay.meta WHERE key = 'format'", NULL, 0,
                                        "cannot read its format", &res, e);
    if (s != ASSAY_OK)
        return s;
    const char *format = PQntuples(res) ? PQgetvalue(res, 0, 0) : "(none)";
    if (strcmp(format, FORMAT) != 0)
        s = assay_fail(e, ASSAY_ELEDGER, "%s: ledger format %.20s, this program knows " FORMAT, db->path, format);
    PQclear(res);
    return s;
}

static enum assay_status intact(struct assay_db *db, struct assay_err *e)
{
    return same_schema(db, true, e);
}

/* ---- opening and creating ---- */

static enum assay_status open_db(const char *location, bool write, int wait_ms, struct assay_db **out,
                                 struct assay_err *e)
{
    struct assay_db *db = *out = db_new(location, e);
    if (!db)
        return ASSAY_ENOMEM;
    enum assay_status s = connect_db(db, e);
    if (s == ASSAY_OK)
        s = setup_session(db, write, e);
    if (s == ASSAY_OK && write)
        s = lock(db, 0, wait_ms, "appending to this ledger", e);
    if (s == ASSAY_OK)
        s = same_schema(db, write, e);
    return s == ASSAY_OK ? check_format(db, e) : s;
}

static enum assay_status begin(struct assay_db *db, bool write, struct assay_err *e)
{
    /* The lock once more, of the transaction: a pooler between us may hand each transaction to another session. */
    enum assay_status s = write ? exec(db,
                                       "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SELECT "
                                       "pg_advisory_xact_lock(" ASSAY_PG_LOCK_CLASS ", 0)",
                                       "cannot begin", e)
                                : exec(db, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", "cannot read", e);
    db->begun = true;
    return s;
}

static enum assay_status commit(struct assay_db *db, struct assay_err *e)
{
    PGresult *res = PQexec(db->conn, "COMMIT");
    /* COMMIT of a transaction that failed says ROLLBACK and no error. */
    if (PQresultStatus(res) == PGRES_COMMAND_OK && strcmp(PQcmdStatus(res), "COMMIT") != 0) {
        PQclear(res);
        return assay_fail(e, ASSAY_EIO, "%s: cannot commit: the transaction had failed", db->path);
    }
    enum assay_status s = take(db, res, "cannot commit", NULL, e);
    db->begun = s != ASSAY_OK;
    return s;
}

static void rollback(struct assay_db *db)
{
    if (db->begun)
        PQclear(PQexec(db->conn, "ROLLBACK"));
    db->begun = false;
}

static enum assay_status fill(struct assay_db *db, const char *origin, struct assay_err *e)
{
    const struct assay_pgs_arg arg = {origin, strlen(origin)};
    uint8_t oid[4];
    bool found;
    if (strcmp(PQparameterStatus(db->conn, "server_encoding"), "UTF8") != 0)
        return assay_fail(e, ASSAY_EUSAGE, "%s: a ledger needs a database in UTF8", db->path);
    enum assay_status s = find_schema(db, oid, &found, e);
    if (s == ASSAY_OK && found)
        s = assay_fail(e, ASSAY_EIO, "%s: exists already, a ledger is never overwritten", db->path);
    if (s == ASSAY_OK)
        s = exec(db, "BEGIN; " ASSAY_PG_DDL, "cannot create", e);
    if (s == ASSAY_OK)
        s = assay_pgs_run(db, "INSERT INTO assay.meta VALUES ('format', '" FORMAT "'), ('origin', $1)", &arg, 1,
                          "cannot create", NULL, e);
    return s == ASSAY_OK ? commit(db, e) : s;
}

static enum assay_status create(const char *location, const char *origin, struct assay_err *e)
{
    struct assay_db *db = db_new(location, e);
    if (!db)
        return ASSAY_ENOMEM;
    enum assay_status s = connect_db(db, e);
    if (s == ASSAY_OK)
        s = setup_session(db, true, e);
    if (s == ASSAY_OK)
        s = fill(db, origin, e);
    close_db(db); /* what is not committed is gone */
    return s;
}

const struct assay_store assay_store_pg = {
    .create = create,
    .open = open_db,
    .close = close_db,
    .hold = hold,
    .intact = intact,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .origin = assay_pgs_origin,
    .size = assay_pgs_size,
    .count = assay_pgs_count,
    .leaves = assay_pgs_leaves,
    .select = assay_pgs_select,
    .find = assay_pgs_find,
    .hashes = assay_pgs_hashes,
    .checkpoint = assay_pgs_checkpoint,
    .has_blob = assay_pgs_has_blob,
    .blob = assay_pgs_blob,
    .blobs = assay_pgs_blobs,
    .put_leaf = assay_pgs_put_leaf,
    .put_node = assay_pgs_put_node,
    .put_checkpoint = assay_pgs_put_checkpoint,
    .put_blob = assay_pgs_put_blob,
};
