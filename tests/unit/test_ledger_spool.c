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
        struct assay_buf note = ledger_fixture_note(&f, ASSAY_ROLE_SOURCE, ASSAY_ROLE_SOURCE, i);
        assert_int_equal(assay_sink_stmt(s, &text, &e), ASSAY_OK);
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
        T(test_sink),
        T(test_spool),
        T(test_broken_spools),
        T(test_hostile_spools),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
