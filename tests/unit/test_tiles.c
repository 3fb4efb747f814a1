/* Tiles of a ledger that has more than one, published as it grows, and made again from them. */
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/ledger_fixture.h"
#include "assay/publish.h"
#include "assay/tiles.h"

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

static struct assay_tiles_stats publish(const char *dir)
{
    struct assay_ledger *l = ledger_fixture_open(&f, false);
    struct assay_tiles_stats st;
    struct assay_err e = {0};
    if (assay_tiles_publish(l, dir, true, &st, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assay_ledger_close(l);
    return st;
}

/* Size of a file of the tiles; -1 when there is none. */
static long size_of(const char *dir, const char *name)
{
    char path[200];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &st) ? -1 : (long)st.st_size;
}

static void test_grow_and_recover(void **state)
{
    (void)state;
    char dir[100], once[100], db[96], command[400];
    struct assay_tiles_stats st;
    struct assay_err e = {0};
    snprintf(dir, sizeof dir, "%s/tiles", f.dir);
    snprintf(once, sizeof once, "%s/once", f.dir);
    snprintf(db, sizeof db, "%s/again.db", f.dir);
    ledger_fixture_fill(&f, 0, 200);
    assert_int_equal(publish(dir).leaves, 200);
    assert_int_equal(size_of(dir, "tile/0/000.p/200"), 200 * 32);
    assert_int_equal(size_of(dir, "tile/1/000.p/1"), -1);
    ledger_fixture_fill(&f, 200, 56);
    publish(dir);
    assert_int_equal(size_of(dir, "tile/0/000"), 8192); /* as C2SP has it for a tree of 256 */
    assert_int_equal(size_of(dir, "tile/0/000.p"), -1);
    assert_int_equal(size_of(dir, "tile/entries/000.p"), -1);
    assert_int_equal(size_of(dir, "tile/1/000.p/1"), 32);
    assert_int_equal(size_of(dir, "tile/0/001.p"), -1);
    ledger_fixture_fill(&f, 256, 344);
    assert_int_equal(publish(dir).leaves, 600);
    assert_int_equal(size_of(dir, "tile/0/001"), 8192);
    assert_int_equal(size_of(dir, "tile/0/002.p/88"), 88 * 32);
    assert_int_equal(size_of(dir, "tile/1/000.p/2"), 64);
    assert_true(size_of(dir, "tile/entries/001") > 256 * 100);
    assert_int_equal(publish(dir).files, 0);

    /* Published at once, what is full is the same. */
    publish(once);
    snprintf(command, sizeof command, "cd %s && rm -rf tiles/tile/1/000.p/1 && diff -r tiles once", f.dir);
    assert_int_equal(system(command), 0);

    if (assay_tiles_recover(once, db, f.keys, &st, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_int_equal(st.leaves, 600);
    struct ledger_fixture g = f;
    snprintf(g.db, sizeof g.db, "%s", db);
    assert_string_equal(ledger_fixture_verify(&g, NULL), "");
    /* And it goes on: the next leaf is the next. */
    ledger_fixture_fill(&g, 600, 1);
    assert_int_equal(ledger_fixture_size(&g), 601);
    assert_string_equal(ledger_fixture_verify(&g, NULL), "");
    assert_int_equal(assay_tiles_recover(once, db, f.keys, &st, &e), ASSAY_EIO);
    assert_non_null(strstr(e.msg, "exists already"));
}

/* What is not there, or not ours, leaves nothing behind. */
static void test_broken(void **state)
{
    (void)state;
    static const struct {
        const char *command, *says;
    } cases[] = {
        {"rm once/tile/entries/001", "tile/entries/001"},
        {"truncate -s -1 once/tile/entries/001", "leaf 511: its bundle ends before it does"},
        {"printf x >> once/tile/entries/001", "leaf 511: its bundle has more behind it"},
        {"cp once/tile/entries/000 once/tile/entries/001", ""},
        {"rm once/checkpoint", "once/checkpoint"},
        {"cp once/checkpoints/200 once/checkpoints/256", "checkpoint of size 256: its root is not that"},
        {"head -c 100 once/checkpoint > x && mv x once/checkpoint", "not a signed note"},
        {"mkdir -p once/blob/00 && echo x > once/blob/00/$(printf '%064d' 0)", "its bytes do not hash to its name"},
    };
    char once[100], db[100], command[600];
    snprintf(db, sizeof db, "%s/new.db", f.dir);
    snprintf(once, sizeof once, "%s/once", f.dir);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_tiles_stats st;
        struct assay_err e = {0};
        snprintf(command, sizeof command, "cd %s && rm -rf keep && cp -r once keep && %s", f.dir, cases[i].command);
        assert_int_equal(system(command), 0);
        enum assay_status s = assay_tiles_recover(once, db, f.keys, &st, &e);
        assert_int_not_equal(s, ASSAY_OK);
        if (!strstr(e.msg, cases[i].says))
            fail_msg("\"%s\" instead of \"%s\"", e.msg, cases[i].says);
        assert_int_equal(access(db, F_OK), -1);
        snprintf(command, sizeof command, "cd %s && rm -rf once && mv keep once", f.dir);
        assert_int_equal(system(command), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_grow_and_recover), cmocka_unit_test(test_broken)};
    return !!cmocka_run_group_tests(tests, enter, leave);
}
