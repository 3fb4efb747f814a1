/* Connections of the PostgreSQL reader: pinned sessions, statements that a signal can stop, messages without secrets.
 */
#include "pg.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/buf.h"
#include "assay/log.h"

#define CONNECT_TIMEOUT_S 60
#define OLDEST_SERVER 110000 /* pg_index.indnkeyatts */
#define LOCK_TIMEOUT_S                                                                                                 \
    60 /* without a time-out of the user's: a migration that holds the table is waited for this long */

static void no_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
}

/* Replace every occurrence of `secret` in text by stars, in place. */
static void blot(char *text, const char *secret)
{
    size_t len = secret ? strlen(secret) : 0;
    if (len == 0)
        return;
    for (char *at = strstr(text, secret); at; at = strstr(at, secret))
        memset(at, '*', len);
}

/* Stars over what follows "password=" and over the password of a URI's user:password@. */
static void blot_conninfo(char *text)
{
    static const char *const word[] = {"password=", "password =", "sslpassword="};
    for (size_t i = 0; i < sizeof word / sizeof *word; i++) {
        for (char *at = strstr(text, word[i]); at; at = strstr(at + 1, word[i])) {
            char *p = at + strlen(word[i]);
            for (bool quoted = *p == '\''; *p && (quoted || !isspace((unsigned char)*p)) && *p != '&'; p++)
                *p = '*';
        }
    }
    for (char *at = strstr(text, "://"); at; at = strstr(at + 3, "://")) {
        size_t span = strcspn(at + 3, "/ \"");
        char *stop = memrchr(at + 3, '@', span);
        char *colon = stop ? memchr(at + 3, ':', (size_t)(stop - at - 3)) : NULL;
        if (colon)
            memset(colon + 1, '*', (size_t)(stop - colon - 1));
    }
}

static void first_line(const char *msg, char *out, size_t n)
{
    static const char *const lead[] = {"ERROR:", "FATAL:", "PANIC:"};
    for (size_t i = 0; i < sizeof lead / sizeof *lead; i++)
        if (strncmp(msg, lead[i], strlen(lead[i])) == 0)
            msg += strlen(lead[i]);
    while (*msg == ' ')
        msg++;
    size_t len = strcspn(msg, "\r\n");
    snprintf(out, n, "%.*s", (int)(len < n ? len : n - 1), msg);
    for (char *p = out; *p; p++)
        if (iscntrl((unsigned char)*p))
            *p = ' ';
}

static const char *field(const PGresult *res, int code)
{
    const char *text = res ? PQresultErrorField(res, code) : NULL;
    return text ? text : "";
}

/* A message that may quote values, said without them: false when it is none. */
static bool reworded(const PGresult *res, const char *state, char *line, size_t n)
{
    const char *constraint = field(res, PG_DIAG_CONSTRAINT_NAME), *table = field(res, PG_DIAG_TABLE_NAME);
    if (strncmp(state, "23", 2) == 0 && *constraint && *table) {
        snprintf(line, n, "violates constraint %s of table %s.%s", constraint, field(res, PG_DIAG_SCHEMA_NAME), table);
        return true;
    }
    if (strncmp(state, "P0", 2) != 0 && !strstr(field(res, PG_DIAG_CONTEXT), " at RAISE"))
        return false;
    snprintf(line, n, "a function of the database raised an exception (its text is withheld)");
    return true;
}

void assay_pg_cause(const struct assay_pg_reader *r, PGconn *conn, const PGresult *res, char *out, size_t n)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    char line[600];
    if (!state || !reworded(res, state, line, sizeof line))
        first_line(primary ? primary : PQerrorMessage(conn), line, sizeof line);
    blot(line, r->secret[0]);
    blot(line, r->secret[1]);
    blot_conninfo(line);
    /* Data exceptions and constraint violations quote the offending value. */
    char *quote = strchr(line, '"');
    if (quote && state && (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0))
        snprintf(quote, sizeof line - (size_t)(quote - line), "(value withheld)");
    snprintf(out, n, "%s%s%s%s", line[0] ? line : "no reason given", state ? " (SQLSTATE " : "", state ? state : "",
             state ? ")" : "");
}

bool assay_pg_gone(PGconn *conn, const PGresult *res)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    bool shutdown = state && (strncmp(state, "57P", 3) == 0 || strncmp(state, "08", 2) == 0);
    return shutdown || PQstatus(conn) == CONNECTION_BAD;
}

/* What the user can do about it, by SQLSTATE. */
static const struct {
    const char *state, *hint;
} hints[] = {
    {"42501", "; grant SELECT on it to this role, and BYPASSRLS where row-level security is in force"},
    {"57014", "; the statement was cancelled or ran into its time-out"},
    {"55P03", "; another session holds a lock on the table"},
    {"40001", "; on a standby, a long read can conflict with recovery: try again or read the primary"},
    {"53100", "; the server has no disk space left"},
    {"53300", "; the server has no free connection slot"},
};

enum assay_status assay_pg_fail(struct assay_pg_reader *r, PGconn *conn, const PGresult *res, const char *doing,
                                struct assay_err *e)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *hint = "";
    for (size_t i = 0; state && i < sizeof hints / sizeof *hints; i++)
        if (strcmp(hints[i].state, state) == 0)
            hint = hints[i].hint;
    char cause[700];
    assay_pg_cause(r, conn, res, cause, sizeof cause);
    const char *table = r->rel.show ? r->rel.show : r->loc.table ? r->loc.table : "";
    if (assay_pg_gone(conn, res))
        return assay_fail(e, ASSAY_ESOURCE, "%s %s: server closed the connection: %s", doing, table, cause);
    return assay_fail(e, ASSAY_ESOURCE, "%s %s: %s%s", doing, table, cause, hint);
}

/* A number as a connection parameter. */
static void put_number(char out[16], int n)
{
    snprintf(out, 16, "%d", n);
}

/* Look into the conninfo without connecting: syntax, secrets to scrub, a connect_timeout of the user's. */
static enum assay_status study_conninfo(struct assay_pg_reader *r, bool *has_timeout, struct assay_err *e)
{
    char *why = NULL;
    PQconninfoOption *opt = PQconninfoParse(r->loc.uri, &why);
    if (!opt) {
        char line[200];
        first_line(why ? why : "out of memory", line, sizeof line);
        line[strcspn(line, "\"")] = '\0'; /* what libpq quotes may be a piece of the password */
        PQfreemem(why);
        return assay_fail(e, ASSAY_EUSAGE, "the PostgreSQL connection string does not parse: %s", line);
    }
    enum assay_status s = ASSAY_OK;
    for (PQconninfoOption *o = opt; o->keyword; o++) {
        int slot = strcmp(o->keyword, "password") == 0 ? 0 : strcmp(o->keyword, "sslpassword") == 0 ? 1 : -1;
        if (slot >= 0 && o->val && !r->secret[slot] && !(r->secret[slot] = strdup(o->val)))
            s = assay_fail_nomem(e);
        if (strcmp(o->keyword, "connect_timeout") == 0 && o->val)
            *has_timeout = true;
    }
    PQconninfoFree(opt);
    return s;
}

static enum assay_status check_server(struct assay_pg_reader *r, PGconn *conn, struct assay_err *e)
{
    if (PQstatus(conn) != CONNECTION_OK) {
        char cause[700];
        assay_pg_cause(r, conn, NULL, cause, sizeof cause);
        return assay_fail(e, ASSAY_ESOURCE, "cannot connect to PostgreSQL: %s", cause);
    }
    int version = PQserverVersion(conn);
    if (version < OLDEST_SERVER)
        return assay_fail(e, ASSAY_ESOURCE, "PostgreSQL 11 or newer is needed, this server is version %d.%d",
                          version / 10000, version / 100 % 100);
    const char *datetimes = PQparameterStatus(conn, "integer_datetimes");
    const char *encoding = PQparameterStatus(conn, "client_encoding");
    if (!datetimes || strcmp(datetimes, "on") != 0)
        return assay_fail(e, ASSAY_ETYPE,
                          "the server keeps time stamps as floating point; this reader cannot decode them");
    if (!encoding || strcmp(encoding, "UTF8") != 0)
        return assay_fail(e, ASSAY_ESOURCE, "the server did not accept client_encoding UTF8");
    return ASSAY_OK;
}

PGconn *assay_pg_connect(struct assay_pg_reader *r, struct assay_err *e)
{
    bool has_timeout = false;
    if (study_conninfo(r, &has_timeout, e) != ASSAY_OK)
        return NULL;
    char seconds[16];
    put_number(seconds, r->loc.timeout_s > 0 ? r->loc.timeout_s : CONNECT_TIMEOUT_S);
    /* The conninfo goes in untouched, so that service files, .pgpass and PG* variables work; later entries override it.
     */
    const char *key[] = {"dbname", "client_encoding", "application_name", "connect_timeout", NULL};
    const char *val[] = {r->loc.uri, "UTF8", "assay", seconds, NULL};
    if (has_timeout && r->loc.timeout_s <= 0)
        key[3] = NULL;
    PGconn *conn = PQconnectdbParams(key, val, 1);
    if (!conn) {
        assay_fail_nomem(e);
        return NULL;
    }
    PQsetNoticeReceiver(conn, no_notice, NULL);
    if (check_server(r, conn, e) != ASSAY_OK) {
        PQfinish(conn);
        return NULL;
    }
    return conn;
}

void assay_pg_disconnect(struct assay_pg_reader *r)
{
    PQfinish(r->conn);
    r->conn = NULL;
    for (size_t i = 0; i < 2; i++) {
        if (r->secret[i])
            explicit_bzero(r->secret[i], strlen(r->secret[i]));
        free(r->secret[i]);
        r->secret[i] = NULL;
    }
}

void assay_pg_cancel(PGconn *conn)
{
    char why[256];
    PGcancel *c = PQgetCancel(conn);
    if (c)
        PQcancel(c, why, sizeof why);
    PQfreeCancel(c);
}

enum assay_status assay_pg_wait(PGconn *conn, struct assay_err *e)
{
    if (assay_interrupted())
        return assay_fail(e, ASSAY_EINTR, "interrupted while reading from PostgreSQL");
    /* TLS may hold decoded bytes that poll() does not see: look there first and often. */
    bool tls = PQsslInUse(conn) != 0;
    struct pollfd p = {.fd = PQsocket(conn), .events = POLLIN};
    if (p.fd >= 0 && poll(&p, 1, tls ? 10 : 250) < 0 && errno != EINTR)
        return assay_fail(e, ASSAY_EIO, "waiting for PostgreSQL: %s", strerror(errno));
    if (!PQconsumeInput(conn))
        return ASSAY_ESOURCE; /* the caller knows what was being read, and says so */
    return ASSAY_OK;
}

/* Wait for the next result. A broken connection is left to PQgetResult, which words it. */
static enum assay_status await_result(PGconn *conn, struct assay_err *e)
{
    while (PQisBusy(conn)) {
        enum assay_status s = assay_pg_wait(conn, e);
        if (s == ASSAY_ESOURCE)
            return ASSAY_OK;
        if (s == ASSAY_EINTR)
            assay_pg_cancel(conn);
        if (s != ASSAY_OK)
            return s;
    }
    return ASSAY_OK;
}

static bool succeeded(const PGresult *res)
{
    ExecStatusType t = PQresultStatus(res);
    return t == PGRES_COMMAND_OK || t == PGRES_TUPLES_OK || t == PGRES_COPY_OUT;
}

/* The last result of the statements sent, or the first that failed. */
static enum assay_status collect(PGconn *conn, PGresult **out, struct assay_err *e)
{
    PGresult *last = NULL;
    for (;;) {
        enum assay_status s = await_result(conn, e);
        if (s != ASSAY_OK) {
            PQclear(last);
            return s;
        }
        PGresult *res = PQgetResult(conn);
        if (!res)
            break;
        bool copying = PQresultStatus(res) == PGRES_COPY_OUT; /* more results only after its data */
        if (last && !succeeded(last)) {
            PQclear(res);
        } else {
            PQclear(last);
            last = res;
        }
        if (copying)
            break;
    }
    *out = last;
    return ASSAY_OK;
}

enum assay_status assay_pg_exec(struct assay_pg_reader *r, PGconn *conn, const char *doing, const char *sql,
                                const char *param, PGresult **out, struct assay_err *e)
{
    const char *const params[1] = {param};
    int sent = param ? PQsendQueryParams(conn, sql, 1, NULL, params, NULL, NULL, 0) : PQsendQuery(conn, sql);
    if (!sent)
        return assay_pg_fail(r, conn, NULL, doing, e);
    PGresult *res = NULL;
    enum assay_status s = collect(conn, &res, e);
    if (s != ASSAY_OK)
        return s;
    if (!succeeded(res))
        s = assay_pg_fail(r, conn, res, doing, e);
    if (s == ASSAY_OK && out)
        *out = res;
    else
        PQclear(res);
    return s;
}

enum assay_status assay_pg_exec_table(struct assay_pg_reader *r, const char *doing, const char *sql, PGresult **out,
                                      struct assay_err *e)
{
    char oid[16];
    snprintf(oid, sizeof oid, "%u", r->rel.oid);
    return assay_pg_exec(r, r->conn, doing, sql, oid, out, e);
}

/* Every setting that a value's text or a row's visibility could depend on. LOCAL: a pooled connection stays clean. */
static const char pinned[] = "SET LOCAL search_path = '';"
                             "SET LOCAL row_security = off;"
                             "SET LOCAL default_transaction_read_only = on;"
                             "SET LOCAL DateStyle = 'ISO, YMD';"
                             "SET LOCAL IntervalStyle = 'postgres';"
                             "SET LOCAL TimeZone = 'UTC';"
                             "SET LOCAL extra_float_digits = 3;"
                             "SET LOCAL bytea_output = 'hex';"
                             "SET LOCAL lc_monetary = 'C';"
                             "SET LOCAL xmlbinary = 'base64';"
                             "SET LOCAL quote_all_identifiers = off;"
                             /* the main session idles while scans run */
                             "SET LOCAL idle_in_transaction_session_timeout = 0;";

static enum assay_status begin(struct assay_pg_reader *r, PGconn *conn, const char *snapshot, bool write,
                               struct assay_err *e)
{
    struct assay_buf sql = {0};
    long long ms = r->loc.timeout_s > 0 ? (long long)r->loc.timeout_s * 1000 : 0;
    enum assay_status s = ASSAY_OK;
    char *literal = NULL;
    if (snapshot && !(literal = PQescapeLiteral(conn, snapshot, strlen(snapshot))))
        return assay_fail_nomem(e);
    assay_buf_adds(&sql, write ? "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE; SET LOCAL synchronous_commit = on;"
                               : "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;");
    if (literal)
        assay_buf_addf(&sql, "SET TRANSACTION SNAPSHOT %s;", literal);
    assay_buf_adds(&sql, pinned);
    assay_buf_addf(&sql, "SET LOCAL statement_timeout = %lld; SET LOCAL lock_timeout = %lld;", ms,
                   ms ? ms - ms / 10 : LOCK_TIMEOUT_S * 1000LL); /* a lock is named before the statement's time is up */
    if (PQserverVersion(conn) >= 170000)
        assay_buf_adds(&sql, "SET LOCAL transaction_timeout = 0;");
    const char *text = assay_buf_str(&sql);
    if (!text)
        s = assay_fail_nomem(e);
    else
        s = assay_pg_exec(r, conn,
                          snapshot ? "importing the snapshot for reading"
                          : write  ? "opening a transaction to delete from"
                                   : "opening a transaction to read",
                          text, NULL, NULL, e);
    PQfreemem(literal);
    assay_buf_release(&sql);
    return s;
}

enum assay_status assay_pg_begin(struct assay_pg_reader *r, PGconn *conn, const char *snapshot, struct assay_err *e)
{
    return begin(r, conn, snapshot, false, e);
}

enum assay_status assay_pg_begin_write(struct assay_pg_reader *r, PGconn *conn, struct assay_err *e)
{
    return begin(r, conn, NULL, true, e);
}
