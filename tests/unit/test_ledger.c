/* The ledger at work: append, read, query, refuse, spool. Damage is in test_ledger_tamper.c, failures in
 * test_ledger_fault.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../verify/ledger/store_sqlite.h"
#include "../support/ledger_fixture.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/publish.h"

static struct ledger_fixture f;

static int enter(void **state)
{
    (void)state;
    ledger_fixture_make(&f);
    return 0;
}

static int leave(void **state)
{
    (void)state;
    ledger_fixture_remove(&f);
    return 0;
}

static const char plan[] = "{\"a plan\":1}";
static const struct assay_ledger_item plan_item = {plan, sizeof plan - 1, true};

static struct assay_ledger_item item(const struct assay_buf *b)
{
    return (struct assay_ledger_item){b->ptr, b->len, false};
}

/* ---- create and open ---- */

static void test_create(void **state)
{
    struct assay_err e = {0};
    struct assay_ledger *l;
    char other[128];
    (void)state;
    assert_int_equal(assay_ledger_create(f.db, "assay.local/test", &e), ASSAY_EIO);
    assert_non_null(strstr(e.msg, "exists already"));
    snprintf(other, sizeof other, "%s/other.db", f.dir);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_create(other, "two words", &e), ASSAY_EUSAGE);
    assert_int_equal(access(other, F_OK), -1);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_open(other, f.keys, &l, &e), ASSAY_ENOTFOUND);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_open_append(other, f.keys, &l, &e), ASSAY_ENOTFOUND);
    assert_int_equal(access(other, F_OK), -1);

    l = ledger_fixture_open(&f, false);
    assert_int_equal(assay_ledger_size(l), 0);
    assert_string_equal(assay_ledger_checkpoint(l), "");
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_append(l, NULL, 0, &e), ASSAY_EUSAGE); /* open for reading */
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    assay_ledger_close(NULL);
}

static void test_not_a_ledger(void **state)
{
    static const char *const bodies[] = {"", "rubbish that is longer than nothing", "SQLite format 3"};
    struct assay_ledger *l;
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/odd.db", f.dir);
    for (size_t i = 0; i < 3; i++) {
        struct assay_err e = {0};
        assert_int_equal(assay_publish(path, 0600, bodies[i], strlen(bodies[i]), NULL), ASSAY_OK);
        assert_int_equal(assay_ledger_open(path, f.keys, &l, &e), ASSAY_ELEDGER);
        assert_non_null(strstr(e.msg, "not a ledger"));
    }
    struct assay_err e = {0};
    assert_int_equal(assay_ledger_open(f.dir, f.keys, &l, &e), ASSAY_EIO);
    assert_non_null(strstr(e.msg, "not a regular file"));
}

/* ---- reading ---- */

struct seen {
    uint64_t index[64];
    size_t n, stop_at;
};

static bool see(void *ctx, const struct assay_leaf *leaf)
{
    struct seen *s = ctx;
    assert_true(s->n < 64);
    assert_int_equal(strlen(leaf->note), leaf->note_len);
    s->index[s->n++] = leaf->index;
    return s->n != s->stop_at;
}

static struct seen query(const struct assay_ledger_query *q, size_t stop_at)
{
    struct assay_ledger *l = ledger_fixture_open(&f, false);
    struct seen s = {.stop_at = stop_at};
    struct assay_err e = {0};
    if (assay_ledger_each(l, q, see, &s, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assay_ledger_close(l);
    return s;
}

static void test_queries(void **state)
{
    (void)state;
    struct assay_buf v = ledger_fixture_note(&f, ASSAY_ROLE_RECONCILE, ASSAY_ROLE_RECONCILE, 5);
    struct assay_buf a = ledger_fixture_note(&f, ASSAY_ROLE_ARCHIVE, ASSAY_ROLE_ARCHIVE, 5);
    struct assay_ledger_item more[] = {item(&v), item(&a)};
    ledger_fixture_fill(&f, 0, 30);
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    assert_int_equal(assay_ledger_append(l, more, 2, NULL), ASSAY_OK);
    assay_ledger_close(l);

    const struct {
        struct assay_ledger_query q;
        size_t n;
        uint64_t first;
    } table[] = {
        {{.kind = NULL}, 32, 0},
        {{.from = 25}, 7, 25},
        {{.from = UINT64_MAX}, 0, 0},
        {{.newest_first = true}, 32, 31},
        {{.kind = "verdict"}, 1, 30},
        {{.role = "archive"}, 1, 31},
        {{.role = "reconcile"}, 1, 30},
        {{.kind = "chunk", .dataset = "set-1"}, 16, 1},
        {{.run = "run-2"}, 10, 20},
        {{.segment = "2024-03", .role = "source"}, 3, 2},
        {{.chunk = "00000000000000000000000000000005"}, 3, 5},
        {{.chunk = "00000000000000000000000000000005", .newest_first = true}, 3, 31},
        {{.kind = "chunk' OR 1=1 --"}, 0, 0},
        {{.kind = "plan"}, 0, 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct seen s = query(&table[i].q, 0);
        assert_int_equal(s.n, table[i].n);
        if (s.n)
            assert_int_equal(s.index[0], table[i].first);
        for (size_t k = 1; k < s.n; k++)
            assert_true(table[i].q.newest_first ? s.index[k] < s.index[k - 1] : s.index[k] > s.index[k - 1]);
    }
    assert_int_equal(query(&table[0].q, 3).n, 3); /* the callback stops it */
    assay_buf_release(&v);
    assay_buf_release(&a);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

static void same_note(void *ctx, const struct assay_leaf *leaf)
{
    const struct assay_buf *want = ctx;
    assert_int_equal(leaf->note_len, want->len);
    assert_memory_equal(leaf->note, want->ptr, want->len);
}

static void test_leaf_and_blob(void **state)
{
    (void)state;
    struct assay_err e = {0};
    struct assay_buf note = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 0), body = {0};
    uint8_t hash[32];
    uint64_t index;
    ledger_fixture_fill(&f, 0, 3);
    struct assay_ledger *l = ledger_fixture_open(&f, false);
    assert_int_equal(assay_ledger_leaf(l, 0, same_note, &note, &e), ASSAY_OK); /* Ed25519 is deterministic */
    assay_merkle_leaf(note.ptr, note.len, hash);
    assert_int_equal(assay_ledger_find(l, hash, &index, &e), ASSAY_OK);
    assert_int_equal(index, 0);
    assert_int_equal(assay_ledger_leaf(l, 3, same_note, &note, &e), ASSAY_ENOTFOUND);
    assert_non_null(strstr(e.msg, "no leaf 3, it has 3"));
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_leaf(l, UINT64_MAX, same_note, &note, &e), ASSAY_ENOTFOUND);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_blob(l, hash, &body, &e), ASSAY_ENOTFOUND);
    assay_sha256(plan, sizeof plan - 1, hash);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_find(l, hash, &index, &e), ASSAY_ENOTFOUND);
    assert_int_equal(assay_ledger_blob(l, hash, &body, NULL), ASSAY_OK);
    assert_int_equal(body.len, sizeof plan - 1);
    assert_memory_equal(body.ptr, plan, body.len);
    assay_ledger_close(l);
    assay_buf_release(&note);
    assay_buf_release(&body);
}

/* ---- what is refused ---- */

static void refuse(const struct assay_ledger_item *items, size_t n, enum assay_status want, const char *says)
{
    struct assay_err e = {0};
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    uint64_t before = assay_ledger_size(l);
    enum assay_status s = assay_ledger_append(l, items, n, &e);
    assert_int_equal(assay_ledger_size(l), before);
    assay_ledger_close(l);
    if (s != want || !strstr(e.msg, says))
        fail_msg("expected %d \"%s\", got %d \"%s\"", want, says, s, e.msg);
}

static void test_wrong_signer(void **state)
{
    static const struct {
        enum assay_role says, signs;
        const char *sentence;
    } table[] = {
        {ASSAY_ROLE_SOURCE, ASSAY_ROLE_ARCHIVE,
         "a `chunk` statement is refused: not signed by the key of role source, but by that of role archive"},
        {ASSAY_ROLE_ARCHIVE, ASSAY_ROLE_SOURCE,
         "a `chunk` statement is refused: not signed by the key of role archive, but by that of role source"},
        {ASSAY_ROLE_OWNER, ASSAY_ROLE_SOURCE,
         "a `plan` statement is refused: not signed by the key of role owner, but by that of role source"},
        {ASSAY_ROLE_RECONCILE, ASSAY_ROLE_LEDGER,
         "a `verdict` statement is refused: not signed by the key of role reconcile, but by that of role ledger"},
        {ASSAY_ROLE_LEDGER, ASSAY_ROLE_LEDGER, "a `checkpoint` statement is refused: no role may state this kind"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct assay_buf good = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 1);
        struct assay_buf bad = ledger_fixture_note(&f, table[i].says, table[i].signs, 2);
        struct assay_ledger_item items[] = {plan_item, item(&good), item(&bad)};
        refuse(items, 3, ASSAY_ELEDGER, table[i].sentence); /* and the good one before it is not written */
        assay_buf_release(&good);
        assay_buf_release(&bad);
    }
}

static void test_foreign_and_broken_notes(void **state)
{
    (void)state;
    struct ledger_fixture other;
    ledger_fixture_make(&other);
    struct assay_buf foreign = ledger_fixture_note(&other, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 1);
    struct assay_ledger_item items[] = {plan_item, item(&foreign)};
    refuse(items, 2, ASSAY_ELEDGER, "not signed by the key of role source");
    ledger_fixture_remove(&other);
    assay_buf_release(&foreign);

    struct assay_buf note = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 1);
    items[1] = item(&note);
    note.ptr[note.len - 10] ^= 1;
    refuse(items, 2, ASSAY_ELEDGER, "refused: ");
    note.ptr[note.len - 10] ^= 1;
    char *rows = strstr(assay_buf_str(&note), "rows 7");
    assert_non_null(rows);
    rows[5] = '8';
    refuse(items, 2, ASSAY_ELEDGER, "a `chunk` statement is refused: signature does not verify");
    rows[5] = '7';
    refuse(&items[1], 1, ASSAY_ELEDGER, "which is not in the store"); /* without its blob */
    items[1].len = 40;
    refuse(items, 2, ASSAY_ELEDGER, "not a signed note");
    struct assay_ledger_item empty = {"", 0, false};
    refuse(&empty, 1, ASSAY_ELEDGER, "not a signed note");
    static char big[ASSAY_MAX_LEAF + 1];
    struct assay_ledger_item large = {big, sizeof big, false};
    refuse(&large, 1, ASSAY_ELIMIT, "a leaf of 65536 bytes, the limit is 65535");
    assay_buf_release(&note);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

static void copy_file(const char *dir, const char *from, const char *to)
{
    char a[160], b[160];
    struct assay_buf body = {0};
    snprintf(a, sizeof a, "%s/%s", dir, from);
    snprintf(b, sizeof b, "%s/%s", dir, to);
    assert_int_equal(assay_slurp(a, 65536, &body, NULL), ASSAY_OK);
    assert_int_equal(assay_publish(b, 0600, body.ptr, body.len, NULL), ASSAY_OK);
    assay_buf_release(&body);
}

static void test_one_key_two_roles(void **state)
{
    struct assay_err e = {0};
    struct assay_ledger *l;
    (void)state;
    ledger_fixture_fill(&f, 0, 1);
    copy_file(f.keys, "source.key", "archive.key");
    copy_file(f.keys, "source.key.pub", "archive.key.pub");
    assert_int_equal(assay_ledger_open(f.db, f.keys, &l, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "the roles source and archive have the same key; no key may serve two roles"));
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_open_append(f.db, f.keys, &l, &e), ASSAY_ELEDGER);
}

/* Reading needs the public halves only; what cannot be checked is said, and is no damage. */
static void test_public_keys_only(void **state)
{
    char pub[80], path[320];
    struct assay_err e = {0};
    struct assay_ledger *l;
    struct assay_ledger_stats st;
    (void)state;
    ledger_fixture_fill(&f, 0, 5);
    snprintf(pub, sizeof pub, "%s/public", f.dir);
    snprintf(path, sizeof path, "mkdir %s && cp %s/*.pub %s", pub, f.keys, pub);
    assert_int_equal(system(path), 0);
    assert_int_equal(assay_ledger_open(f.db, pub, &l, &e), ASSAY_OK);
    assert_int_equal(assay_ledger_verify(l, &st, &e), ASSAY_OK);
    assert_int_equal(st.leaves, 5);
    assert_int_equal(st.blobs, 1);
    assert_int_equal(st.checkpoints, 1);
    assert_int_equal(strlen(st.root), 44);
    assay_ledger_close(l);
    assert_int_equal(assay_ledger_open_append(f.db, pub, &l, &e), ASSAY_ESTORE);
    assert_non_null(strstr(e.msg, "ledger.key is missing: nothing can be signed as role ledger here"));
    snprintf(path, sizeof path, "%s/source.key.pub", pub);
    assert_int_equal(unlink(path), 0);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_open(f.db, pub, &l, &e), ASSAY_OK);
    assert_int_equal(assay_ledger_verify(l, &st, &e), ASSAY_ESTORE);
    assert_non_null(strstr(e.msg, "source.key.pub is missing: what the role source signed cannot be checked"));
    assay_ledger_close(l);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_open(f.db, NULL, &l, &e), ASSAY_OK);
    assert_int_equal(assay_ledger_verify(l, &st, &e), ASSAY_ESTORE);
    assay_ledger_close(l);
}

static void test_idempotent(void **state)
{
    (void)state;
    struct assay_buf one = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 1);
    struct assay_buf two = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 2);
    struct assay_ledger_item items[] = {plan_item, item(&one), item(&one), plan_item};
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    assert_int_equal(assay_ledger_append(l, items, 4, NULL), ASSAY_OK);
    assert_int_equal(assay_ledger_size(l), 1);
    assert_int_equal(assay_ledger_append(l, items, 4, NULL), ASSAY_OK);
    assert_int_equal(assay_ledger_append(l, NULL, 0, NULL), ASSAY_OK);
    assert_int_equal(assay_ledger_size(l), 1);
    items[2] = item(&two);
    assert_int_equal(assay_ledger_append(l, items, 4, NULL), ASSAY_OK);
    assert_int_equal(assay_ledger_size(l), 2);
    assay_ledger_close(l);
    assay_buf_release(&one);
    assay_buf_release(&two);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

/* The guards of the file itself, for those who write SQL by hand. */
static void test_guards(void **state)
{
    static const char *const attempts[] = {
        "UPDATE leaf SET note = x'00' WHERE idx = 1",
        "DELETE FROM leaf WHERE idx = 2",
        "DELETE FROM leaf",
        "INSERT OR REPLACE INTO leaf SELECT 1, randomblob(32), note FROM leaf WHERE idx = 0",
        "INSERT OR REPLACE INTO leaf SELECT 3, hash, note FROM leaf WHERE idx = 0",
        "INSERT INTO leaf VALUES (5, randomblob(32), x'00')",
        "INSERT INTO leaf VALUES (-1, randomblob(32), x'00')",
        "INSERT OR IGNORE INTO leaf VALUES (1, randomblob(32), x'00')",
        "INSERT INTO leaf VALUES (1, randomblob(32), x'00') ON CONFLICT DO UPDATE SET note = x'00'",
        "INSERT INTO leaf VALUES (3, 'a text of thirty-two characters.', x'00')",
        "UPDATE checkpoint SET note = x'00'",
        "DELETE FROM checkpoint",
        "INSERT OR REPLACE INTO checkpoint VALUES (3, x'00', x'00')",
        "INSERT INTO checkpoint VALUES (4, x'00', x'00')",
        "UPDATE blob SET body = x'00'",
        "DELETE FROM blob",
        "INSERT OR REPLACE INTO blob SELECT sha256, x'00' FROM blob",
        "INSERT OR REPLACE INTO blob (rowid, sha256, body) SELECT rowid, randomblob(32), x'00' FROM blob",
        "UPDATE meta SET value = 'x'",
        "INSERT OR REPLACE INTO meta VALUES ('origin', 'x')",
        "DELETE FROM meta",
    };
    sqlite3 *db;
    (void)state;
    ledger_fixture_fill(&f, 0, 3);
    assert_int_equal(sqlite3_open(f.db, &db), SQLITE_OK);
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++)
        if (sqlite3_exec(db, attempts[i], NULL, NULL, NULL) == SQLITE_OK)
            fail_msg("%s: was allowed", attempts[i]);
    sqlite3_close(db);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    assert_int_equal(ledger_fixture_size(&f), 3);
}

/* ---- the tree behind it: two levels of tiles, every path to every root ---- */

static void test_tree_of_two_levels(void **state)
{
    enum { N = 66000 };
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    struct assay_merkle m = {0};
    sqlite3_stmt *q;
    (void)state;
    static uint8_t roots[N + 1][32];
    assert_int_equal(sqlite3_exec(l->db->handle, "DROP TRIGGER leaf_in_order; BEGIN", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(assay_lite_prepare(l->db, "INSERT INTO leaf VALUES (?1, ?2, x'00')", &q, NULL), ASSAY_OK);
    assay_merkle_root(&m, roots[0]);
    for (uint64_t i = 0; i < N; i++) {
        uint8_t h[32];
        assay_merkle_leaf(&i, sizeof i, h);
        assay_merkle_add(&m, h);
        assay_merkle_root(&m, roots[i + 1]);
        sqlite3_bind_int64(q, 1, (sqlite3_int64)i);
        sqlite3_bind_blob(q, 2, h, 32, SQLITE_STATIC);
        assert_int_equal(sqlite3_step(q), SQLITE_DONE);
        sqlite3_reset(q);
        assert_int_equal(assay_tree_grow(l, i, NULL), ASSAY_OK);
    }
    sqlite3_finalize(q);
    static const uint64_t sizes[] = {0,    1,     2,     255,   256,   257,   511,   512,   513,
                                     4095, 32768, 65279, 65535, 65536, 65537, 65791, 65792, N};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint8_t root[32];
        assert_int_equal(assay_tree_root(l, sizes[i], root, NULL), ASSAY_OK);
        assert_memory_equal(root, roots[sizes[i]], 32);
    }
    uint64_t nodes;
    assert_int_equal(assay_lite_number(l->db, "SELECT count(*) FROM node", 0, &nodes, NULL), ASSAY_OK);
    assert_int_equal(nodes, N / 256 + N / 65536);
    assay_ledger_close(l); /* drops the transaction */
}

/* ---- before it signs ---- */

static enum assay_status append_two(struct assay_ledger *l, struct assay_err *e)
{
    struct assay_buf a = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 5);
    struct assay_buf b = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 6);
    struct assay_ledger_item items[] = {item(&a), item(&b)};
    enum assay_status s = assay_ledger_append(l, items, 2, e);
    assay_buf_release(&a);
    assay_buf_release(&b);
    return s;
}

/* A root that was computed wrong, in memory or from the file, is never signed: the two paths differ. */
static void test_two_paths(void **state)
{
    struct assay_err e = {0};
    (void)state;
    ledger_fixture_fill(&f, 0, 5);
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    l->tree.stack[0][9] ^= 1; /* a bit of memory */
    assert_int_equal(append_two(l, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "the two computations of the root at size 7 differ; nothing is signed"));
    l->tree.stack[0][9] ^= 1;
    assert_int_equal(assay_lite_exec(l->db,
                                     "DROP TRIGGER leaf_no_update; UPDATE leaf SET hash = randomblob(32) WHERE idx = 3",
                                     "damage", NULL),
                     ASSAY_OK);
    assay_err_reset(&e);
    assert_int_equal(append_two(l, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "the two computations of the root at size 7 differ; nothing is signed"));
    assert_int_equal(assay_ledger_size(l), 5);
    assay_ledger_close(l);
}

/* What is stored is not what was handed in: found on reading back. */
static void test_read_back(void **state)
{
    struct assay_err e = {0};
    (void)state;
    ledger_fixture_fill(&f, 0, 5);
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    assert_int_equal(assay_lite_exec(l->db,
                                     "DROP TRIGGER leaf_no_update; CREATE TEMP TRIGGER t AFTER INSERT ON main.leaf "
                                     "BEGIN UPDATE leaf SET note = x'00' WHERE idx = NEW.idx; END",
                                     "damage", NULL),
                     ASSAY_OK);
    assert_int_equal(append_two(l, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "leaf 5: what was read back is not what was stored"));
    assert_int_equal(assay_ledger_size(l), 5);
    assay_ledger_close(l);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, enter, leave)
    const struct CMUnitTest of_sqlite[] = {
        T(test_not_a_ledger), T(test_guards), T(test_two_paths), T(test_read_back), T(test_tree_of_two_levels),
    };
    const struct CMUnitTest tests[] = {
        T(test_create),
        T(test_queries),
        T(test_leaf_and_blob),
        T(test_wrong_signer),
        T(test_foreign_and_broken_notes),
        T(test_one_key_two_roles),
        T(test_public_keys_only),
        T(test_idempotent),
    };
    if (!ledger_fixture_remote() && cmocka_run_group_tests(of_sqlite, NULL, NULL))
        return 1;
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
