/* `key` statements: who has to sign them, and which key counts for which leaf. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/ledger_fixture.h"
#include "assay/keys.h"

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

static struct assay_key *key_at(const char *name)
{
    char path[160];
    struct assay_key *k = NULL;
    struct assay_err e = {0};
    snprintf(path, sizeof path, "%s/%s", f.keys, name);
    if (assay_key_load(path, &k, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return k;
}

static struct assay_key *new_key(const char *name)
{
    char path[160];
    struct assay_err e = {0};
    snprintf(path, sizeof path, "%s/%s", f.keys, name);
    if (assay_key_generate(path, "assay.local/test/source", &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    return key_at(name);
}

/* signers: NULL-terminated; the first makes the note. */
static struct assay_buf turn(const char *of, const char *status, const struct assay_key *old,
                             const struct assay_key *new, const struct assay_key *const *signers)
{
    struct assay_buf text = {0}, note = {0};
    assert_int_equal(assay_stmt_begin(&text, "key"), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&text, "of", of), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&text, "status", status), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&text, "old", assay_key_vkey(old)), ASSAY_OK);
    if (new)
        assert_int_equal(assay_stmt_add(&text, "new", assay_key_vkey(new)), ASSAY_OK);
    assert_int_equal(assay_note_sign(signers[0], (char *)text.ptr, text.len, &note, NULL), ASSAY_OK);
    for (size_t i = 1; signers[i]; i++)
        assert_int_equal(assay_note_countersign(signers[i], &note, NULL), ASSAY_OK);
    assay_buf_release(&text);
    return note;
}

/* says NULL: it is taken in. */
static void appended(struct assay_buf note, const char *says)
{
    struct assay_err e = {0};
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    struct assay_ledger_item item = {note.ptr, note.len, false};
    enum assay_status s = assay_ledger_append(l, &item, 1, &e);
    if (says ? s != ASSAY_ELEDGER || !strstr(e.msg, says) : s != ASSAY_OK)
        fail_msg("expected \"%s\", got %d: %s", says ? says : "ok", (int)s, e.msg);
    assay_ledger_close(l);
    assay_buf_release(&note);
}

static struct assay_buf chunk_by(const struct assay_key *k, unsigned n)
{
    struct assay_buf text = ledger_fixture_text(ASSAY_ROLE_SOURCE, n), note = {0};
    assert_int_equal(assay_note_sign(k, (char *)text.ptr, text.len, &note, NULL), ASSAY_OK);
    assay_buf_release(&text);
    return note;
}

/* Every key that the role has had, in their order. */
static void all_of(const char *role, const struct assay_key *const *key, size_t n)
{
    struct assay_ledger *l;
    struct assay_err e = {0};
    struct assay_ledger_stats st;
    enum assay_role r = (enum assay_role)assay_role_by_name(role);
    assert_int_equal(assay_ledger_open(f.db, f.keys, &l, &e), ASSAY_OK);
    assert_int_equal(assay_ledger_verify(l, &st, &e), ASSAY_OK);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(assay_verifier_vkey(assay_ledger_nth_signer(l, r, i)), assay_key_vkey(key[i]));
    assert_null(assay_ledger_nth_signer(l, r, n));
    assay_ledger_close(l);
}

static void test_rotation(void **state)
{
    (void)state;
    struct assay_key *owner = key_at("owner.key"), *archive = key_at("archive.key"), *a = key_at("source.key"),
                     *b = new_key("b"), *c = new_key("c");
    const struct assay_key *all[] = {owner, a, b, NULL}, *lone[] = {owner, NULL}, *no_old[] = {owner, b, NULL},
                           *self[] = {a, b, NULL}, *next[] = {owner, b, c, NULL}, *other[] = {owner, a, archive, NULL},
                           *back[] = {owner, c, a, NULL};
    ledger_fixture_fill(&f, 0, 3);
    /* Who has not signed, and what is not the key in use. */
    appended(turn("source", "rotated", a, b, lone), "its new key has not signed it");
    appended(turn("source", "rotated", a, b, no_old), "its old key has not signed it");
    appended(turn("source", "rotated", a, b, self), "not signed by the key of role owner");
    appended(turn("source", "rotated", b, c, next), "its old key is not the one in use");
    appended(turn("source", "rotated", a, archive, other), "its new key serves another role");
    appended(turn("source", "rotated", a, NULL, lone), "needs one that follows");
    appended(turn("source", "rotated", a, a, all), "both keys are the same");
    appended(turn("ledger", "revoked", a, b, all), "with its consent or not at all");
    appended(turn("nobody", "rotated", a, b, all), "which role's key");
    appended(turn("source", "lost", a, b, all), "which role's key");
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");

    appended(chunk_by(a, 10), NULL);
    uint64_t at = ledger_fixture_size(&f);
    char says[96];
    snprintf(says, sizeof says, "signed by a key of role source that leaf %llu put out of use", (unsigned long long)at);
    appended(turn("source", "rotated", a, b, all), NULL);
    appended(chunk_by(a, 11), says);
    appended(chunk_by(b, 11), NULL);
    appended(turn("source", "rotated", b, a, all), "its new key has been in use before");
    appended(turn("source", "rotated", b, c, next), NULL);
    appended(chunk_by(b, 12), "put out of use");
    appended(chunk_by(c, 12), NULL);
    appended(turn("source", "rotated", c, a, back), "its new key has been in use before");
    /* The keys directory still has the first one: the chain holds. */
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    snprintf(says, sizeof says, "the key of role source was revoked by leaf %llu",
             (unsigned long long)ledger_fixture_size(&f));
    appended(turn("source", "revoked", c, NULL, lone), NULL);
    appended(chunk_by(c, 13), says);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    const struct assay_key *was[] = {a, b, c};
    all_of("source", was, 3);
    all_of("owner", (const struct assay_key *[]){owner}, 1);
    assay_key_free(owner);
    assay_key_free(archive);
    assay_key_free(a);
    assay_key_free(b);
    assay_key_free(c);
}

/* One batch: what follows the change in it is judged by the new key, and a batch that fails leaves the old one. */
static void test_in_one_batch(void **state)
{
    (void)state;
    struct assay_err e = {0};
    struct assay_key *owner = key_at("owner.key"), *a = key_at("source.key"), *b = new_key("b");
    const struct assay_key *all[] = {owner, a, b, NULL};
    ledger_fixture_fill(&f, 0, 1);
    struct assay_buf change = turn("source", "rotated", a, b, all), by_a = chunk_by(a, 5), by_b = chunk_by(b, 5);
    struct assay_ledger_item bad[] = {{change.ptr, change.len, false}, {by_a.ptr, by_a.len, false}};
    struct assay_ledger_item good[] = {{change.ptr, change.len, false}, {by_b.ptr, by_b.len, false}};
    struct assay_ledger *l = ledger_fixture_open(&f, true);
    assert_int_equal(assay_ledger_append(l, bad, 2, &e), ASSAY_ELEDGER);
    assert_int_equal(assay_ledger_append(l, &bad[1], 1, NULL), ASSAY_OK);
    assert_int_equal(assay_ledger_append(l, good, 2, NULL), ASSAY_OK);
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&f, NULL), "");
    assay_buf_release(&change);
    assay_buf_release(&by_a);
    assay_buf_release(&by_b);
    assay_key_free(owner);
    assay_key_free(a);
    assay_key_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_rotation, enter, leave),
        cmocka_unit_test_setup_teardown(test_in_one_batch, enter, leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
