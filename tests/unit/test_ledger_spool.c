/* Sinks, and spools that carry statements to a ledger elsewhere: whole, twice, cut, changed, hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/ledger_fixture.h"
#include "assay/keys.h"
#include "assay/merkle.h"
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

static struct assay_buf signed_text(const struct assay_buf *text)
{
    struct assay_buf note = {0};
    struct assay_key *k;
    assert_int_equal(assay_keys_load(f.keys, ASSAY_ROLE_SOURCE, &k, NULL), ASSAY_OK);
    assert_int_equal(assay_note_sign(k, (const char *)text->ptr, text->len, &note, NULL), ASSAY_OK);
    assay_key_free(k);
    return note;
}

/* A role's statements are a chain: one that is kept back shows in the next, and in no other role's. */
static void test_withheld(void **state)
{
    static const uint8_t nowhere[32] = {7};
    struct assay_err e = {0};
    uint8_t hash[32];
    (void)state;
    ledger_fixture_fill(&f, 0, 2);
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    const struct {
        const uint8_t *prev;
        enum assay_role of;
        const char *says;
    } table[] = {
        {nowhere, ASSAY_ROLE_SOURCE, "what role source stated before it, leaf hash 0700"},
        {NULL, ASSAY_ROLE_SOURCE, ""},
    };
    for (size_t i = 0; i < 2; i++) {
        struct assay_buf text = ledger_fixture_text(ASSAY_ROLE_SOURCE, 50);
        struct assay_buf first = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, 0);
        assay_merkle_leaf(first.ptr, first.len, hash);
        assert_int_equal(assay_stmt_addhex(&text, "prev-own", "sha256:", table[i].prev ? table[i].prev : hash, 32),
                         ASSAY_OK);
        struct assay_buf note = signed_text(&text);
        struct assay_ledger_item item = {note.ptr, note.len, false};
        assay_err_reset(&e);
        enum assay_status s = assay_ledger_append(l, &item, 1, &e);
        assert_int_equal(s, table[i].prev ? ASSAY_ELEDGER : ASSAY_OK);
        if (!strstr(e.msg, table[i].says))
            fail_msg("%s", e.msg);
        assay_buf_release(&note);
        assay_buf_release(&text);
        assay_buf_release(&first);
    }
    /* Not a hash, or twice. */
    for (int i = 0; i < 2; i++) {
        struct assay_buf text = ledger_fixture_text(ASSAY_ROLE_SOURCE, 60);
        for (int k = 0; k <= i; k++)
            assert_int_equal(assay_stmt_addhex(&text, "prev-own", "sha256:", hash, i ? 32 : 31), ASSAY_OK);
        struct assay_buf note = signed_text(&text);
        struct assay_ledger_item item = {note.ptr, note.len, false};
        assay_err_reset(&e);
        assert_int_equal(assay_ledger_append(l, &item, 1, &e), ASSAY_ELEDGER);
        assert_non_null(
            strstr(e.msg, i ? "it repeats a key that may stand only once" : "its prev-own is not one hash"));
        assay_buf_release(&note);
        assay_buf_release(&text);
    }
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

/* What was stated at a time that has not come yet: the clock was set back, or wrong then; never silently both. */
static void test_clock_set_back(void **state)
{
    struct assay_err e = {0};
    struct assay_sink *s;
    (void)state;
    ledger_fixture_fill(&f, 0, 2);
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_SOURCE, &s, &e), ASSAY_OK);
    struct assay_buf text = ledger_fixture_text(ASSAY_ROLE_SOURCE, 70);
    assert_int_equal(assay_stmt_add(&text, "observed", "2999-01-01T00:00:00.000000Z"), ASSAY_OK);
    assert_int_equal(assay_sink_stmt(s, &text, &e), ASSAY_OK);
    assert_int_equal(assay_sink_commit(s, &e), ASSAY_OK);
    assay_sink_free(s);
    assay_buf_release(&text);
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_SOURCE, &s, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "the clock was set back: role source stated leaf 2 at 2999-01-01T00:00:00.000000Z"));
    assay_err_reset(&e);
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_ARCHIVE, &s, &e), ASSAY_OK); /* another clock */
    assay_sink_free(s);
    assert_int_equal(setenv("ASSAY_CLOCK_WRONG_UP_TO", "1", 1), 0);
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_SOURCE, &s, &e), ASSAY_ELEDGER);
    assay_err_reset(&e);
    assert_int_equal(setenv("ASSAY_CLOCK_WRONG_UP_TO", "2", 1), 0);
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_SOURCE, &s, &e), ASSAY_OK);
    assay_sink_free(s);
    assert_int_equal(unsetenv("ASSAY_CLOCK_WRONG_UP_TO"), 0);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

static void test_sink(void **state)
{
    struct assay_err e = {0};
    struct assay_sink *s, *t;
    struct assay_merkle m = {0};
    uint8_t hash[32], root[32], want[32];
    uint64_t n;
    (void)state;
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_LEDGER, &s, &e), ASSAY_EUSAGE);
    assay_err_reset(&e);
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_SOURCE, &s, &e), ASSAY_OK);
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_SOURCE, &t, &e), ASSAY_ELOCKED);
    assert_non_null(strstr(e.msg, "is running with the role source"));
    assay_err_reset(&e);
    assert_int_equal(assay_sink_ledger(f.db, f.keys, ASSAY_ROLE_ARCHIVE, &t, &e), ASSAY_OK); /* side by side */
    assert_int_equal(assay_sink_blob(s, plan, sizeof plan - 1, hash, &e), ASSAY_OK);
    for (unsigned i = 0; i < 5; i++) {
        struct assay_buf text = ledger_fixture_text(ASSAY_ROLE_SOURCE, i);
        assert_int_equal(assay_sink_stmt(s, &text, &e), ASSAY_OK);
        if (i) /* each names the one before */
            assert_int_equal(assay_stmt_addhex(&text, "prev-own", "sha256:", hash, 32), ASSAY_OK);
        struct assay_buf note = signed_text(&text);
        assay_merkle_leaf(note.ptr, note.len, hash);
        assay_merkle_add(&m, hash);
        assay_buf_release(&note);
        assay_buf_release(&text);
        if (i == 1) {
            assert_int_equal(assay_sink_commit(s, &e), ASSAY_OK);
            assert_int_equal(ledger_fixture_size(&f), 2);
        }
    }
    assay_sink_run_root(s, &n, root);
    assay_merkle_root(&m, want);
    assert_int_equal(n, 5);
    assert_memory_equal(root, want, 32);
    struct assay_buf foreign = ledger_fixture_text(ASSAY_ROLE_ARCHIVE, 1);
    assert_int_equal(assay_sink_stmt(s, &foreign, &e), ASSAY_ELEDGER);
    assert_string_equal(e.msg, "a `chunk` statement of role archive cannot be signed by role source");
    assay_err_reset(&e);
    assert_int_equal(assay_sink_stmt(t, &foreign, &e), ASSAY_OK);
    assert_int_equal(assay_sink_commit(t, &e), ASSAY_OK);
    assay_sink_free(t);
    assay_sink_free(s); /* three statements were not committed: dropped */
    assay_sink_free(NULL);
    assay_buf_release(&foreign);
    assert_int_equal(ledger_fixture_size(&f), 3);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

static void make_spool(const char *path)
{
    struct assay_err e = {0};
    struct assay_sink *s;
    uint8_t hash[32];
    assert_int_equal(assay_sink_spool(path, f.keys, ASSAY_ROLE_ARCHIVE, &s, &e), ASSAY_OK);
    assert_int_equal(access(path, F_OK), -1); /* nothing before the first commit */
    assert_int_equal(assay_sink_commit(s, &e), ASSAY_OK);
    assert_int_equal(access(path, F_OK), -1);
    assert_int_equal(assay_sink_blob(s, plan, sizeof plan - 1, hash, &e), ASSAY_OK);
    assert_int_equal(assay_sink_blob(s, "", 0, hash, &e), ASSAY_OK);
    assert_int_equal(assay_sink_blob(s, "\0end 1 \n", 8, hash, &e), ASSAY_OK);
    for (unsigned i = 0; i < 6; i++) {
        struct assay_buf text = ledger_fixture_text(ASSAY_ROLE_ARCHIVE, i);
        assert_int_equal(assay_sink_stmt(s, &text, &e), ASSAY_OK);
        assay_buf_release(&text);
        if (i % 3 == 2)
            assert_int_equal(assay_sink_commit(s, &e), ASSAY_OK); /* two batches */
    }
    assay_sink_free(s);
}

static void test_spool(void **state)
{
    struct assay_err e = {0};
    struct assay_sink *s;
    char path[96];
    uint64_t n;
    (void)state;
    snprintf(path, sizeof path, "%s/one.spool", f.dir);
    make_spool(path);
    assert_int_equal(assay_sink_spool(path, f.keys, ASSAY_ROLE_ARCHIVE, &s, &e), ASSAY_EIO);
    assert_non_null(strstr(e.msg, "exists already"));
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    assert_int_equal(assay_ledger_take_spool(l, path, &n, NULL), ASSAY_OK);
    assert_int_equal(n, 6);
    assert_int_equal(assay_ledger_take_spool(l, path, &n, NULL), ASSAY_OK); /* again: nothing new */
    assert_int_equal(n, 0);
    assert_int_equal(assay_ledger_size(l), 6);
    assay_err_reset(&e);
    assert_int_equal(assay_ledger_take_spool(l, "/nonexistent", &n, &e), ASSAY_ENOTFOUND);
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

/* Cut at every byte and with every byte changed: never more than whole batches of good notes gets in. */
static void test_broken_spools(void **state)
{
    struct assay_buf whole = {0};
    char path[96], broken[96];
    uint64_t n;
    (void)state;
    snprintf(path, sizeof path, "%s/one.spool", f.dir);
    snprintf(broken, sizeof broken, "%s/broken.spool", f.dir);
    make_spool(path);
    assert_int_equal(assay_slurp(path, 65536, &whole, NULL), ASSAY_OK);
    const char *first_end = strstr(assay_buf_str(&whole) + 60, "\nend 6 ");
    if (!first_end) /* the blob with a NUL hides it from strstr */
        first_end = memmem(whole.ptr, whole.len, "\nend 6 ", 7);
    assert_non_null(first_end);
    size_t batch = (size_t)((const uint8_t *)strchr(first_end + 1, '\n') - whole.ptr) + 1;
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    for (size_t cut = 0; cut < whole.len; cut += 7) {
        struct assay_err e = {0};
        assert_int_equal(assay_publish(broken, 0600, whole.ptr, cut, NULL), ASSAY_OK);
        enum assay_status s = assay_ledger_take_spool(l, broken, &n, &e);
        if (cut == batch)
            continue;
        assert_int_equal(s, ASSAY_EDATA);
        assert_int_equal(assay_ledger_size(l), cut >= batch ? 3 : 0);
    }
    assert_int_equal(assay_ledger_size(l), 3);
    for (size_t at = 0; at < batch; at += 5) {
        struct assay_err e = {0};
        whole.ptr[at] ^= 4;
        assert_int_equal(assay_publish(broken, 0600, whole.ptr, whole.len, NULL), ASSAY_OK);
        whole.ptr[at] ^= 4;
        assert_int_not_equal(assay_ledger_take_spool(l, broken, &n, &e), ASSAY_OK);
        assert_int_equal(assay_ledger_size(l), 3);
    }
    assay_ledger_close(l);
    assay_buf_release(&whole);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
}

static void test_hostile_spools(void **state)
{
    static const struct {
        const char *body, *says;
    } table[] = {
        {"", "does not begin with \"assay-spool/1\""},
        {"assay-spool/2\n", "does not begin with \"assay-spool/1\""},
        {"assay-spool/1\nnote 65536\n", "a note of 65536 bytes is over the limit"},
        {"assay-spool/1\nblob 268435457\n", "a blob of 268435457 bytes is over the limit"},
        {"assay-spool/1\nnote 99999999999\n", "neither note, blob nor end"},
        {"assay-spool/1\nnote -1\n", "neither note, blob nor end"},
        {"assay-spool/1\nnote 01\n", "neither note, blob nor end"},
        {"assay-spool/1\nnote 5\nab", "ends inside batch 1"},
        {"assay-spool/1\nnote 1\nabc\n", "an entry of batch 1 is longer than it says"},
        {"assay-spool/1\nnothing\n", "neither note, blob nor end"},
        {"assay-spool/1\nend 1 0\n", "the end line of batch 1 does not fit its bytes"},
        {"assay-spool/1\nblob 1\nx\n", "ends inside batch 1"},
    };
    char path[96];
    uint64_t n;
    (void)state;
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    snprintf(path, sizeof path, "%s/hostile.spool", f.dir);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct assay_err e = {0};
        assert_int_equal(assay_publish(path, 0600, table[i].body, strlen(table[i].body), NULL), ASSAY_OK);
        assert_int_not_equal(assay_ledger_take_spool(l, path, &n, &e), ASSAY_OK);
        if (!strstr(e.msg, table[i].says))
            fail_msg("spool %zu: expected \"%s\", got \"%s\"", i, table[i].says, e.msg);
    }
    assay_ledger_close(l);
    assert_int_equal(ledger_fixture_size(&f), 0);
}

int main(void)
{
#define T(t) cmocka_unit_test_setup_teardown(t, enter, leave)
    const struct CMUnitTest tests[] = {
        T(test_sink),  T(test_withheld),      T(test_clock_set_back),
        T(test_spool), T(test_broken_spools), T(test_hostile_spools),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
