/* Tampering is a table: the intact copy verifies first; then one damage, one exact sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/ledger_fixture.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/merkle.h"
#include "assay/publish.h"

/* 300 leaves in commits of 40, 1, 215 (a full tile) and 44. */
static struct ledger_fixture intact;

static int enter(void **state)
{
    static const unsigned batch[] = {40, 1, 215, 44};
    unsigned at = 0;
    (void)state;
    ledger_fixture_make(&intact);
    for (size_t i = 0; i < 4; at += batch[i++])
        ledger_fixture_fill(&intact, at, batch[i]);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    ledger_fixture_remove(&intact);
    return 0;
}

/* ---- the attacker: owns the file, so no trigger stops him, and recomputes what needs no key ---- */

static void sql_leaf_hash(sqlite3_context *ctx, int n, sqlite3_value **v)
{
    uint8_t h[32];
    (void)n;
    assay_merkle_leaf(sqlite3_value_blob(v[0]), (size_t)sqlite3_value_bytes(v[0]), h);
    sqlite3_result_blob(ctx, h, 32, SQLITE_TRANSIENT);
}

/* resign(number, role that is said, role whose key signs): a whole test note. */
static void sql_note(sqlite3_context *ctx, int n, sqlite3_value **v)
{
    (void)n;
    struct assay_buf b =
        ledger_fixture_note(&intact, (enum assay_role)sqlite3_value_int(v[1]), (enum assay_role)sqlite3_value_int(v[2]),
                            (unsigned)sqlite3_value_int(v[0]));
    sqlite3_result_blob(ctx, b.ptr, (int)b.len, SQLITE_TRANSIENT);
    assay_buf_release(&b);
}

/* sign(text): as another statement of the source, or whatever text. */
static void sql_sign(sqlite3_context *ctx, int n, sqlite3_value **v)
{
    struct assay_key *k;
    struct assay_buf b = {0};
    (void)n;
    assert_int_equal(assay_keys_load(intact.keys, (enum assay_role)sqlite3_value_int(v[1]), &k, NULL), ASSAY_OK);
    assert_int_equal(
        assay_note_sign(k, (const char *)sqlite3_value_text(v[0]), (size_t)sqlite3_value_bytes(v[0]), &b, NULL),
        ASSAY_OK);
    sqlite3_result_blob(ctx, b.ptr, (int)b.len, SQLITE_TRANSIENT);
    assay_buf_release(&b);
    assay_key_free(k);
}

static void run(sqlite3 *db, const char *sql)
{
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
}

static void attack(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    struct assay_buf drop = {0}, again = {0};
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_create_function(db, "leaf_hash", 1, SQLITE_UTF8, NULL, sql_leaf_hash, NULL, NULL);
    sqlite3_create_function(db, "note", 3, SQLITE_UTF8, NULL, sql_note, NULL, NULL);
    sqlite3_create_function(db, "sign", 2, SQLITE_UTF8, NULL, sql_sign, NULL, NULL);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'", -1, &q, NULL),
                     SQLITE_OK);
    while (sqlite3_step(q) == SQLITE_ROW) {
        assay_buf_addf(&drop, "DROP TRIGGER %s;", (const char *)sqlite3_column_text(q, 0));
        assay_buf_addf(&again, "%s;", (const char *)sqlite3_column_text(q, 1));
    }
    sqlite3_finalize(q);
    assert_true(drop.len > 0);
    run(db, assay_buf_str(&drop));
    run(db, sql);
    if (!strstr(sql, "DROP TRIGGER")) /* some rows are about them */
        run(db, assay_buf_str(&again));
    run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assay_buf_release(&drop);
    assay_buf_release(&again);
}

#define REHASH "UPDATE leaf SET hash = leaf_hash(note);"
#define SWAP(table)                                                                                                    \
    "UPDATE " table " SET idx = 1000 WHERE idx = 5; UPDATE " table " SET idx = 5 WHERE idx = 6;"                       \
    "UPDATE " table " SET idx = 6 WHERE idx = 1000;"

/* A run's end in place of leaf 17; the run has four leaves before it. */
#define RUN_END(lines)                                                                                                 \
    "UPDATE leaf SET note = sign(replace('assay/v1 run-end;role source;run run-1;dataset set-0;status ok;" lines "', " \
    "';', char(10)), 1) WHERE idx = 17;" REHASH
#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const struct tamper {
    const char *what, *sql, *says;
    const char *append_says; /* what an appender says; NULL: it is not his to find (he looks at the tail alone) */
} tampers[] = {
    {"a byte of a note", "UPDATE leaf SET note = CAST(replace(note, 'rows 119', 'rows 118') AS BLOB) WHERE idx = 17",
     "leaf 17: stored hash is not the hash of its note", NULL},
    {"a hash", "UPDATE leaf SET hash = zeroblob(32) WHERE idx = 17", "leaf 17: stored hash is not the hash of its note",
     NULL},
    {"a note and its hash",
     "UPDATE leaf SET note = CAST(replace(note, 'rows 119', 'rows 118') AS BLOB) WHERE idx = 17;" REHASH,
     "leaf 17: signature does not verify", NULL},
    {"two notes and their hashes: the first is named",
     "UPDATE leaf SET note = CAST(replace(note, 'rows ', 'rows 9') AS BLOB) WHERE idx IN (17, 250);" REHASH,
     "leaf 17: signature does not verify", NULL},
    {"a forged signature before a broken hash",
     "UPDATE leaf SET note = CAST(replace(note, 'rows ', 'rows 9') AS BLOB) WHERE idx = 17;" REHASH
     "UPDATE leaf SET hash = zeroblob(32) WHERE idx = 20",
     "leaf 17: signature does not verify", NULL},
    {"a broken hash before a forged signature",
     "UPDATE leaf SET note = CAST(replace(note, 'rows ', 'rows 9') AS BLOB) WHERE idx = 17;" REHASH
     "UPDATE leaf SET hash = zeroblob(32) WHERE idx = 3",
     "leaf 3: stored hash is not the hash of its note", NULL},
    {"another statement signed by the right key",
     "UPDATE leaf SET note = note(900, 1, 1) WHERE idx = 17;" REHASH
     "UPDATE leaf_index SET run='run-90', dataset='set-0', segment='2024-01', chunk=printf('%032x', 900) WHERE idx = "
     "17",
     "leaf 18: what role source stated before it is not in the ledger before it", NULL},
    {"the same, late",
     "UPDATE leaf SET note = note(900, 1, 1) WHERE idx = 299;" REHASH
     "UPDATE leaf_index SET run='run-90', dataset='set-0', segment='2024-01', chunk=printf('%032x', 900) WHERE idx = "
     "299",
     "checkpoint of size 300: root differs", "checkpoint of size 300: root differs from the stored leaves"},
    {"a statement signed by the wrong role", "UPDATE leaf SET note = note(17, 1, 2) WHERE idx = 17;" REHASH,
     "leaf 17: not signed by the key of role source, but by that of role archive", NULL},
    {"a broken first line",
     "UPDATE leaf SET note = sign(CAST(x'61737361792f76312077616976657220' AS TEXT) || char(10), 1) WHERE idx = "
     "17;" REHASH,
     "leaf 17: not a statement: its first line is not \"assay/v1 KIND\"", NULL},
    {"not a statement", "UPDATE leaf SET note = sign('hello' || char(10), 1) WHERE idx = 17;" REHASH,
     "leaf 17: not a statement: it does not begin with \"assay/v1 \"", NULL},
    {"two words in one statement",
     "UPDATE leaf SET note = sign('assay/v1 verdict' || char(10) || 'verdict match' || char(10) || 'verdict mismatch' "
     "|| char(10), 3) WHERE idx = 17;" REHASH,
     "leaf 17: not a statement: it repeats a key that may stand only once", NULL},
    {"a run's end without a count", RUN_END("root sha256:" ZEROS ";"),
     "leaf 17: it does not say how many leaves its run has, and their root", NULL},
    {"a run's end without a root", RUN_END("leaves 4;"),
     "leaf 17: it does not say how many leaves its run has, and their root", NULL},
    {"a run's end with another count", RUN_END("leaves 999;root sha256:" ZEROS ";"),
     "leaf 17: it says that its run has 999 leaves before it, the ledger has 4", NULL},
    {"a run's end with another root", RUN_END("leaves 4;root sha256:" ZEROS ";"),
     "leaf 17: the root of its run's leaves is another one than it says: one was kept back, changed or moved", NULL},
    {"an unknown kind", "UPDATE leaf SET note = sign('assay/v1 weather' || char(10), 1) WHERE idx = 17;" REHASH,
     "leaf 17: a `weather` statement is refused: no role may state this kind", NULL},
    {"not a note", "UPDATE leaf SET note = x'00' WHERE idx = 17;" REHASH,
     "leaf 17: not a signed note: no empty line parts text and signatures", NULL},
    {"a missing leaf", "DELETE FROM leaf WHERE idx = 12", "leaf 12: missing", NULL},
    {"the first leaf missing", "DELETE FROM leaf WHERE idx = 0", "leaf 0: missing", NULL},
    {"the last leaf missing", "DELETE FROM leaf WHERE idx = 299", "checkpoint of size 300: the database has 299 leaves",
     "checkpoint of size 300: the database has 299 leaves"},
    {"all leaves missing", "DELETE FROM leaf", "checkpoint of size 40: the database has 0 leaves",
     "checkpoint of size 300: the database has 0 leaves"},
    {"two leaves swapped", SWAP("leaf") SWAP("leaf_index"),
     "leaf 5: what role source stated before it is not in the ledger before it", NULL},
    {"a leaf slipped in at the end",
     "INSERT INTO leaf SELECT 300, leaf_hash(n), n FROM (SELECT note(300, 1, 1) AS n);"
     "INSERT INTO leaf_index VALUES (300, 'chunk', 'source', 'set-0', 'run-30', '2024-01', printf('%032x', 300))",
     "leaf 300: no checkpoint covers it", "checkpoint of size 300: the database has 301 leaves"},
    {"the tail cut off, checkpoints too",
     "DELETE FROM leaf WHERE idx >= 256; DELETE FROM leaf_index WHERE idx >= 256; DELETE FROM checkpoint WHERE size > "
     "256",
     "published checkpoint is for 300 leaves, the database has 256",
     "published checkpoint is for 300 leaves, the database has 256"},
    {"the tail cut off inside a tile",
     "DELETE FROM leaf WHERE idx >= 41; DELETE FROM leaf_index WHERE idx >= 41; DELETE FROM checkpoint WHERE size > 41;"
     "DELETE FROM node",
     "published checkpoint is for 300 leaves, the database has 41",
     "published checkpoint is for 300 leaves, the database has 41"},
    {"everything cut off", "DELETE FROM leaf; DELETE FROM leaf_index; DELETE FROM checkpoint; DELETE FROM node",
     "published checkpoint is for 300 leaves, the database has 0",
     "published checkpoint is for 300 leaves, the database has 0"},
    {"a checkpoint's signature",
     "UPDATE checkpoint SET note = CAST(replace(note, '/test ', '/tesx ') AS BLOB) WHERE size = 40",
     "checkpoint of size 40: not signed by the key of role ledger", NULL},
    {"a checkpoint's size",
     "UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 41) WHERE size = 40",
     "checkpoint of size 40: its note is for 41 leaves", NULL},
    {"a checkpoint's place", "UPDATE checkpoint SET size = 39 WHERE size = 40",
     "checkpoint of size 39: its note is for 40 leaves", NULL},
    {"a checkpoint signed by somebody else",
     "UPDATE checkpoint SET note = sign(substr(note, 1, instr(note, char(10, 10))), 1) WHERE size = 300",
     "checkpoint of size 300: not signed by the key of role ledger, but by that of role source",
     "checkpoint of size 300: not signed by the key of role ledger, but by that of role source"},
    {"a checkpoint of another log",
     "UPDATE checkpoint SET note = CAST(replace(note, 'local/test', 'local/tess') AS BLOB) WHERE size = 41",
     "checkpoint of size 41: its origin is not that of this ledger", NULL},
    {"a checkpoint with an extension line",
     "UPDATE checkpoint SET note = sign(substr(note, 1, instr(note, char(10, 10))) || 'more' || char(10), 4) WHERE "
     "size = 41",
     "checkpoint of size 41: it has extension lines", NULL},
    {"rubbish for a checkpoint", "UPDATE checkpoint SET note = x'00' WHERE size = 41",
     "checkpoint of size 41: not a signed note", NULL},
    {"the last checkpoint missing", "DELETE FROM checkpoint WHERE size = 300", "leaf 256: no checkpoint covers it",
     "checkpoint of size 256: the database has 300 leaves"},
    {"a frontier", "UPDATE checkpoint SET frontier = zeroblob(length(frontier)) WHERE size = 300",
     "checkpoint of size 300: frontier differs", "checkpoint of size 300: root differs from its frontier"},
    {"a short frontier", "UPDATE checkpoint SET frontier = x'00' WHERE size = 300",
     "checkpoint of size 300: frontier differs", "checkpoint of size 300: its frontier is broken"},
    {"a tile node", "UPDATE node SET hash = zeroblob(32)", "tile node 1/0: differs from its leaves",
     "checkpoint of size 300: root differs from the stored leaves"},
    {"a tile node missing", "DELETE FROM node", "tile node 1/0: missing", "tile node 1/0: missing"},
    {"a tile node too many", "INSERT INTO node VALUES (1, 7, zeroblob(32))",
     "the node table has 2 rows, 300 leaves make 1", NULL},
    {"an index row changed", "UPDATE leaf_index SET kind = 'verdict' WHERE idx = 17",
     "leaf 17: its row in leaf_index is not what the leaf says", NULL},
    {"an index row's NULL", "UPDATE leaf_index SET chunk = NULL WHERE idx = 17",
     "leaf 17: its row in leaf_index is not what the leaf says", NULL},
    {"an index row's role", "UPDATE leaf_index SET role = 'archive' WHERE idx = 17",
     "leaf 17: its row in leaf_index is not what the leaf says", NULL},
    {"an index row hidden", "DELETE FROM leaf_index WHERE idx = 17",
     "leaf 17: its row in leaf_index is not what the leaf says", NULL},
    {"an index row too many", "INSERT INTO leaf_index VALUES (999, 'chunk', 'source', NULL, NULL, NULL, NULL)",
     "leaf_index has 301 rows for 300 leaves", NULL},
    {"a blob's bytes", "UPDATE blob SET body = CAST('{\"a plan\":2}' AS BLOB)", "its bytes do not hash to its name",
     NULL},
    {"a blob's name", "UPDATE blob SET sha256 = zeroblob(32)", " is missing", NULL},
    {"a blob missing", "DELETE FROM blob", " is missing", NULL},
    {"an index that hides the blobs",
     "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name "
     "= 'sqlite_autoindex_leaf_1') WHERE name = 'sqlite_autoindex_blob_1'; PRAGMA schema_version = 1000",
     " is missing", NULL},
    {"the origin", "UPDATE meta SET value = 'somebody/else'", "its origin is not that of this ledger",
     "its origin is not that of this ledger"},
    {"no origin", "DELETE FROM meta", "has no origin", "has no origin"},
    {"the triggers", "DROP TRIGGER IF EXISTS leaf_no_update", "trigger meta_no_update is missing",
     "trigger meta_no_update is missing"},
    {"a foreign trigger", "CREATE TRIGGER zz AFTER INSERT ON leaf BEGIN DELETE FROM leaf_index; END",
     "holds tables, triggers or views that are not a ledger's",
     "holds tables, triggers or views that are not a ledger's"},
    {"an index of SQLite's", "DROP INDEX leaf_index_run", "index leaf_index_run is missing",
     "index leaf_index_run is missing"},
    {"a view for a table",
     "CREATE TABLE l2 AS SELECT * FROM leaf; DROP TABLE leaf; CREATE VIEW leaf AS SELECT * FROM l2; DROP TRIGGER IF "
     "EXISTS x",
     "table leaf is missing", "table leaf is missing"},
    {"a table without its checks",
     "ALTER TABLE blob RENAME TO b2; CREATE TABLE blob (sha256, body); INSERT INTO blob SELECT * FROM b2; DROP TABLE "
     "b2",
     "table blob is not as it was created", "table blob is not as it was created"},
    {"the application id", "PRAGMA application_id = 7", "not a ledger: its application id is 7",
     "not a ledger: its application id is 7"},
    {"the format version", "PRAGMA user_version = 2", "ledger format 2, this program knows 1",
     "ledger format 2, this program knows 1"},
};

static void test_tampers(void **state)
{
    (void)state;
    size_t wrong = 0;
    for (size_t i = 0; i < sizeof tampers / sizeof *tampers; i++) {
        const struct tamper *t = &tampers[i];
        struct ledger_fixture f;
        struct assay_ledger *l = NULL;
        struct assay_err e = {0};
        enum assay_status s;
        ledger_fixture_copy(&intact, &f);
        assert_string_equal(ledger_fixture_verify(&f, NULL), ""); /* the intact copy first */
        attack(f.db, t->sql);
        const char *says = ledger_fixture_verify(&f, &s);
        bool exact = strncmp(t->says, "leaf ", 5) == 0 || strncmp(t->says, "checkpoint of", 13) == 0;
        if (s != ASSAY_ELEDGER || (exact ? strcmp(says, t->says) != 0 : !strstr(says, t->says))) {
            print_error("%s: expected \"%s\", got %d \"%s\"\n", t->what, t->says, s, says);
            wrong++;
        }
        s = t->append_says ? assay_ledger_open_append(f.db, f.keys, &l, &e) : ASSAY_OK;
        if (t->append_says && (s != ASSAY_ELEDGER || !strstr(e.msg, t->append_says))) {
            print_error("%s: an appender should say \"%s\", got %d \"%s\"\n", t->what, t->append_says, s, e.msg);
            wrong++;
        }
        assay_ledger_close(s == ASSAY_OK ? l : NULL);
        ledger_fixture_remove(&f);
    }
    assert_int_equal(wrong, 0);
}

/* ---- who only reads: nothing is handed out before it was judged ---- */

static bool count_one(void *ctx, const struct assay_leaf *leaf)
{
    (void)leaf;
    ++*(size_t *)ctx;
    return true;
}

/* The note of a leaf in a full tile, whose node nobody touched, is another one, with its hash and its index row; rows
 * of leaf_index that hide a leaf; the checkpoint and its leaves cut off. */
static const struct {
    const char *sql, *says;
} lies[] = {
    {"UPDATE leaf SET note = note(900, 1, 1) WHERE idx = 17;" REHASH
     "UPDATE leaf_index SET run='run-90', dataset='set-0', segment='2024-01', chunk=printf('%032x', 900) WHERE idx = "
     "17",
     "checkpoint of size 300: root differs from the stored leaves"},
    {"UPDATE leaf_index SET kind = 'anchor' WHERE idx BETWEEN 13 AND 26",
     "leaf 13: its row in leaf_index is not what the leaf says"},
    {"UPDATE leaf SET hash = zeroblob(32) WHERE idx = 17", "leaf 17: stored hash is not the hash of its note"},
    {"UPDATE checkpoint SET note = (SELECT note FROM checkpoint WHERE size = 256) WHERE size = 300",
     "checkpoint of size 300: its note is for 256 leaves"},
};

static void test_reader(void **state)
{
    (void)state;
    const struct assay_ledger_query chunks = {.kind = "chunk"}, none = {.kind = "verdict"};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct ledger_fixture f;
        struct assay_err e = {0};
        size_t n = 0;
        ledger_fixture_copy(&intact, &f);
        struct assay_ledger *l = ledger_fixture_open(&f, false);
        assert_int_equal(assay_ledger_each(l, &chunks, count_one, &n, &e), ASSAY_OK);
        assert_int_equal(n, 300);
        attack(f.db, lies[i].sql);
        assay_ledger_close(l);
        l = ledger_fixture_open(&f, false);
        /* Whatever is asked for: it could be what is hidden. */
        assert_int_equal(assay_ledger_each(l, &none, count_one, &n, &e), ASSAY_ELEDGER);
        assert_string_equal(e.msg, lies[i].says);
        assay_ledger_close(l);
        ledger_fixture_remove(&f);
    }
}

/* What changes behind an opened ledger is not handed out either. */
static void test_reader_raced(void **state)
{
    (void)state;
    const struct assay_ledger_query chunks = {.kind = "chunk"};
    struct ledger_fixture f;
    struct assay_err e = {0};
    size_t n = 0;
    ledger_fixture_copy(&intact, &f);
    struct assay_ledger *l = ledger_fixture_open(&f, false);
    assert_int_equal(assay_ledger_each(l, &chunks, count_one, &n, &e), ASSAY_OK);
    attack(f.db, "UPDATE leaf_index SET kind = 'anchor' WHERE idx BETWEEN 13 AND 26");
    n = 0;
    assert_int_equal(assay_ledger_each(l, &chunks, count_one, &n, &e), ASSAY_OK);
    assert_int_equal(n, 300);
    attack(f.db, "UPDATE leaf SET note = note(900, 1, 1) WHERE idx = 17;" REHASH);
    assert_int_equal(assay_ledger_each(l, &chunks, count_one, &n, &e), ASSAY_ELEDGER);
    assert_string_equal(e.msg, "leaf 17: is gone or changed since the ledger was opened");
    assay_ledger_close(l);
    ledger_fixture_remove(&f);
}

/* The indexes' trees are made to skip leaves 13 to 26, and their text is put back: tables and schema are as they were.
 */
static void bend(const char *path)
{
    attack(path,
           "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = replace(replace(sql, '(chunk)', "
           "'(CASE WHEN idx BETWEEN 13 AND 26 THEN ''zz'' ELSE chunk END)'), '(kind, dataset)', "
           "'(CASE WHEN idx BETWEEN 13 AND 26 THEN ''zz'' ELSE kind END, dataset)') WHERE type = 'index' AND name "
           "LIKE 'leaf_index_%'; PRAGMA schema_version = 1000");
    attack(path, "REINDEX leaf_index_chunk; REINDEX leaf_index_kind; PRAGMA writable_schema = ON; "
                 "UPDATE sqlite_schema SET sql = 'CREATE INDEX leaf_index_chunk ON leaf_index (chunk)' "
                 "WHERE name = 'leaf_index_chunk'; UPDATE sqlite_schema SET sql = "
                 "'CREATE INDEX leaf_index_kind ON leaf_index (kind, dataset)' WHERE name = 'leaf_index_kind'; "
                 "PRAGMA schema_version = 2000");
}

static int chunks_by_index(const char *path)
{
    sqlite3 *db;
    sqlite3_stmt *q;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT count(idx) FROM leaf_index INDEXED BY leaf_index_kind "
                                        "WHERE kind = 'chunk'",
                                        -1, &q, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int n = sqlite3_column_int(q, 0);
    sqlite3_finalize(q);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return n;
}

static void test_bent_index(void **state)
{
    (void)state;
    const struct assay_ledger_query chunks = {.kind = "chunk"};
    struct ledger_fixture f;
    struct assay_err e = {0};
    size_t n = 0;
    ledger_fixture_copy(&intact, &f);
    bend(f.db);
    assert_int_equal(chunks_by_index(f.db), 286); /* it does hide them */
    struct assay_ledger *l = ledger_fixture_open(&f, false);
    assay_ledger_as_stored(l);
    assert_int_equal(assay_ledger_each(l, &chunks, count_one, &n, &e), ASSAY_OK);
    assert_int_equal(n, 300);
    assay_ledger_close(l);
    l = ledger_fixture_open(&f, false);
    n = 0;
    assert_int_equal(assay_ledger_each(l, &chunks, count_one, &n, &e), ASSAY_OK);
    assert_int_equal(n, 300);
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&f, NULL), ""); /* all that anything is found by is as it was */
    ledger_fixture_remove(&f);
}

static void keep_note(void *ctx, const struct assay_leaf *leaf)
{
    assert_int_equal(assay_buf_add(ctx, leaf->note, leaf->note_len), ASSAY_OK);
}

/* The unique index of leaf hashes finds nothing: an old statement could be stated again, and be the newest. */
static void test_bent_hashes(void **state)
{
    (void)state;
    struct ledger_fixture f;
    struct assay_err e = {0};
    struct assay_buf note = {0};
    ledger_fixture_copy(&intact, &f);
    attack(f.db, "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema "
                 "WHERE name = 'sqlite_autoindex_blob_1') WHERE name = 'sqlite_autoindex_leaf_1'; "
                 "PRAGMA schema_version = 1000");
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    assert_int_equal(assay_ledger_leaf(l, 17, keep_note, &note, &e), ASSAY_OK);
    const struct assay_ledger_item again = {note.ptr, note.len, false};
    if (assay_ledger_append(l, &again, 1, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_int_equal(assay_ledger_size(l), 300);
    assay_ledger_close(l);
    assay_buf_release(&note);
    ledger_fixture_remove(&f);
}

/* ---- the file beside the database ---- */

static void published_says(struct ledger_fixture *f, const char *note, const char *says)
{
    struct assay_err e = {0};
    struct assay_ledger *l = NULL;
    if (note)
        assert_int_equal(assay_publish(f->published, 0644, note, strlen(note), NULL), ASSAY_OK);
    else
        assert_int_equal(unlink(f->published), 0);
    enum assay_status s;
    const char *got = ledger_fixture_verify(f, &s);
    if (s != ASSAY_ELEDGER || !strstr(got, says))
        fail_msg("expected \"%s\", got %d \"%s\"", says, s, got);
    if (assay_ledger_open_append(f->db, f->keys, &l, &e) != ASSAY_ELEDGER || !strstr(e.msg, says))
        fail_msg("an appender should say \"%s\", got \"%s\"", says, e.msg);
}

static void test_published(void **state)
{
    struct ledger_fixture f, other;
    struct assay_buf note = {0};
    struct assay_key *k;
    (void)state;
    ledger_fixture_copy(&intact, &f);
    published_says(&f, NULL, "is missing: without it nobody can tell whether the database is an older copy");
    published_says(&f, "", "not a signed note");
    published_says(&f, "assay.local/test\n300\n", "not a signed note");
    ledger_fixture_make(&other);
    ledger_fixture_fill(&other, 0, 3);
    assert_int_equal(assay_slurp(other.published, 4096, &note, NULL), ASSAY_OK);
    published_says(&f, assay_buf_str(&note), "not signed by the key of role ledger");
    ledger_fixture_remove(&other);
    assay_buf_reset(&note);
    /* Signed by our own ledger key, but for another tree: a fork. */
    assert_int_equal(assay_keys_load(f.keys, ASSAY_ROLE_LEDGER, &k, NULL), ASSAY_OK);
    static const char fork[] = "assay.local/test\n41\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    assert_int_equal(assay_note_sign(k, fork, sizeof fork - 1, &note, NULL), ASSAY_OK);
    assay_key_free(k);
    published_says(&f, assay_buf_str(&note),
                   "published checkpoint of size 41: its root is not that of the database's first 41 leaves");
    assay_buf_release(&note);
    ledger_fixture_remove(&f);
}

/* ---- bytes of the file ---- */

struct root {
    char b64[45];
    uint64_t leaves;
};

static enum assay_status root_of(const struct ledger_fixture *f, struct root *out)
{
    struct assay_ledger *l = NULL;
    struct assay_ledger_stats st;
    enum assay_status s = assay_ledger_open(f->db, f->keys, &l, NULL);
    if (s == ASSAY_OK)
        s = assay_ledger_verify(l, &st, NULL);
    assay_ledger_close(l);
    if (s == ASSAY_OK) {
        memcpy(out->b64, st.root, sizeof out->b64);
        out->leaves = st.leaves;
    }
    return s;
}

/* A changed byte either is found, or lies where it changes nothing: then the very same tree verifies. */
static void test_any_byte(void **state)
{
    struct ledger_fixture small, f;
    struct assay_buf db = {0};
    struct root want = {0}, got = {0};
    size_t found = 0, harmless = 0;
    (void)state;
    ledger_fixture_make(&small);
    ledger_fixture_fill(&small, 0, 12);
    sqlite3 *h;
    assert_int_equal(sqlite3_open(small.db, &h), SQLITE_OK);
    run(h, "PRAGMA wal_checkpoint(TRUNCATE)");
    sqlite3_close(h);
    assert_int_equal(root_of(&small, &want), ASSAY_OK);
    ledger_fixture_copy(&small, &f);
    assert_int_equal(assay_slurp(small.db, 1u << 22, &db, NULL), ASSAY_OK);
    int fd = open(f.db, O_WRONLY);
    for (size_t at = 0; at < db.len; at += at < 4096 ? 13 : 211) {
        uint8_t changed = (uint8_t)(db.ptr[at] ^ (1u << at % 8));
        assert_int_equal(pwrite(fd, &changed, 1, (off_t)at), 1);
        if (root_of(&f, &got) == ASSAY_OK) {
            assert_string_equal(got.b64, want.b64);
            assert_int_equal(got.leaves, want.leaves);
            harmless++;
        } else {
            found++;
        }
        assert_int_equal(pwrite(fd, db.ptr + at, 1, (off_t)at), 1);
    }
    for (size_t at = 0; at < db.len; at += 4096 * 3 + 100) { /* and cut short */
        assert_int_equal(ftruncate(fd, (off_t)at), 0);
        assert_int_not_equal(root_of(&f, &got), ASSAY_OK);
        assert_int_equal(pwrite(fd, db.ptr, db.len, 0), (ssize_t)db.len);
    }
    close(fd);
    assert_true(found > 20 && harmless > 20);
    assert_int_equal(root_of(&f, &got), ASSAY_OK);
    assay_buf_release(&db);
    ledger_fixture_remove(&f);
    ledger_fixture_remove(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tampers),    cmocka_unit_test(test_reader),      cmocka_unit_test(test_reader_raced),
        cmocka_unit_test(test_bent_index), cmocka_unit_test(test_bent_hashes), cmocka_unit_test(test_published),
        cmocka_unit_test(test_any_byte),
    };
    return !!cmocka_run_group_tests(tests, enter, leave);
}
