/* Statements: what is written comes back, every broken line is refused, the table of signers holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../verify/ledger/stmt.h"
#include "../../verify/ledger/text.h"
#include "assay/limits.h"
#include "assay/note.h"

static void test_exact_text(void **state)
{
    struct assay_buf b = {0};
    (void)state;
    assert_int_equal(assay_stmt_begin(&b, "run-start"), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&b, "role", "source"), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&b, "empty", ""), ASSAY_OK);
    assert_int_equal(assay_stmt_addf(&b, "rows", "%d of %s", 7, "10%"), ASSAY_OK);
    assert_int_equal(assay_stmt_addhex(&b, "sum", "sha256:", "\x00\xff", 2), ASSAY_OK);
    assert_int_equal(assay_stmt_addhex(&b, "lo", NULL, "\x0a", 1), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&b, "segment", "a b\tc\n%\x7f\r é \xff\xc3"), ASSAY_OK);
    assert_string_equal(assay_buf_str(&b), "assay/v1 run-start\n"
                                           "role source\n"
                                           "empty \n"
                                           "rows 7 of 10%25\n"
                                           "sum sha256:00ff\n"
                                           "lo 0a\n"
                                           "segment a b%09c%0a%25%7f%0d é %ff%c3\n");
    assay_buf_release(&b);
}

static void test_round_trip(void **state)
{
    struct assay_buf b = {0};
    struct assay_stmt s;
    char value[300];
    size_t n = 0;
    (void)state;
    for (int c = 1; c < 256; c++) /* every byte there is in a C string */
        value[n++] = (char)c;
    value[n] = '\0';
    assert_int_equal(assay_stmt_begin(&b, "object"), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&b, "object", value), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&b, "finding", "one"), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&b, "finding", " two "), ASSAY_OK);
    assert_int_equal(assay_stmt_parse((char *)b.ptr, b.len, &s, NULL), ASSAY_OK);
    assert_string_equal(s.kind, "object");
    assert_int_equal(s.n, 3);
    assert_string_equal(assay_stmt_get(&s, "object"), value);
    assert_string_equal(assay_stmt_get(&s, "finding"), "one");
    assert_string_equal(assay_stmt_nth(&s, "finding", 1), " two ");
    assert_null(assay_stmt_nth(&s, "finding", 2));
    assert_null(assay_stmt_get(&s, "absent"));
    assay_stmt_release(&s);
    /* A whole note as well: its signature lines are not fields. */
    assert_int_equal(assay_buf_adds(&b, "\n— k AAAAAAA=\n"), ASSAY_OK);
    assert_int_equal(assay_stmt_parse((char *)b.ptr, b.len, &s, NULL), ASSAY_OK);
    assert_int_equal(s.n, 3);
    assay_stmt_release(&s);
    assay_stmt_release(&s);
    assay_buf_release(&b);
}

static void test_refused_on_writing(void **state)
{
    static const char *const words[] = {"", "Upper", "two words", "under_score", "a\n", "é"};
    struct assay_buf b = {0}, small = {.max = 24};
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        assert_int_equal(assay_stmt_begin(&b, words[i]), ASSAY_EUSAGE);
        assert_int_equal(assay_stmt_add(&b, words[i], "v"), ASSAY_EUSAGE);
        assert_int_equal(b.len, 0);
    }
    assert_int_equal(assay_stmt_begin(&small, "chunk"), ASSAY_OK);
    assert_int_equal(assay_stmt_add(&small, "segment", "much too long"), ASSAY_ELIMIT);
    assert_int_equal(small.len, 15); /* as it was */
    assay_buf_release(&b);
    assay_buf_release(&small);
}

static void test_broken_texts(void **state)
{
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"", "it does not begin with \"assay/v1 \""},
        {"assay/v2 chunk\n", "it does not begin with \"assay/v1 \""},
        {"assay/v1 ", "it does not begin with \"assay/v1 \""},
        {"assay/v1 \n", "its first line is not \"assay/v1 KIND\""},
        {"assay/v1 chunk", "its first line is not \"assay/v1 KIND\""},
        {"assay/v1 Chunk\n", "its first line is not \"assay/v1 KIND\""},
        {"assay/v1 chunk \n", "its first line is not \"assay/v1 KIND\""},
        {"assay/v1 chunk\nrole\n", "a line is not \"key value\""},
        {"assay/v1 chunk\nrole source", "a line is not \"key value\""},
        {"assay/v1 chunk\n role source\n", "a line is not \"key value\""},
        {"assay/v1 chunk\nRole source\n", "a line is not \"key value\""},
        {"assay/v1 chunk\n\nrole source\n", "a line is not \"key value\""},
        {"assay/v1 chunk\nrole a\tb\n", "it holds a control character or is not UTF-8"},
        {"assay/v1 chunk\nrole \xff\n", "it holds a control character or is not UTF-8"},
        {"assay/v1 chunk\nsegment %\n", "a value has a broken percent escape"},
        {"assay/v1 chunk\nsegment %0\n", "a value has a broken percent escape"},
        {"assay/v1 chunk\nsegment %0A\n", "a value has a broken percent escape"},
        {"assay/v1 chunk\nsegment %zz\n", "a value has a broken percent escape"},
        {"assay/v1 chunk\nsegment %00\n", "a value has a broken percent escape"},
        {"assay/v1 chunk\nsegment %41\n", "a value has a broken percent escape"}, /* one value, one spelling */
        {"assay/v1 chunk\nrole source\nrole archive\n", "it repeats a key that may stand only once"},
        {"assay/v1 chunk\nchunk a\nchunk b\n", "it repeats a key that may stand only once"},
        {"assay/v1 verdict\nverdict match\nrows 1\nverdict mismatch\n", "it repeats a key that may stand only once"},
        {"assay/v1 verdict\nverdict match\nverdict match\n", "it repeats a key that may stand only once"},
        {"assay/v1 chunk\ncol 1 a\nrows 1\ncol 2 b\nrows 1\n", "it repeats a key that may stand only once"},
        {"assay/v1 schema\nfinding a\nfinding b\n",
         "it repeats a key that may stand only once"}, /* of a chunk it may */
        {"assay/v1 chunk\nfrom a\nform b\nforms c\nform d\n", "it repeats a key that may stand only once"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct assay_head h;
        const char *says = assay_stmt_head(bad[i].text, strlen(bad[i].text), &h);
        if (!says || strcmp(says, bad[i].says) != 0)
            fail_msg("\"%s\": expected \"%s\", got \"%s\"", bad[i].text, bad[i].says, says ? says : "(good)");
        if (strstr(bad[i].text, "\n\n"))
            continue; /* the parser takes what follows for signatures */
        struct assay_stmt s;
        struct assay_err e = {0};
        assert_int_equal(assay_stmt_parse(bad[i].text, strlen(bad[i].text), &s, &e), ASSAY_ELEDGER);
        assert_null(s.kind);
    }
}

static void test_head(void **state)
{
    static const char text[] = "assay/v1 chunk\nrole archive\nrun r\ndataset d\nsegment 2024%25\nrows 3\nchunk c\n";
    struct assay_head h;
    char room[16];
    size_t n;
    (void)state;
    assert_null(assay_stmt_head(text, sizeof text - 1, &h));
    assert_int_equal(h.kind.n, 5);
    assert_memory_equal(h.field[ASSAY_HEAD_SEGMENT].p, "2024%25", 7);
    assert_true(assay_stmt_decode(h.field[ASSAY_HEAD_SEGMENT], room, &n));
    assert_string_equal(room, "2024%");
    assert_int_equal(n, 5);
    static const char bare[] = "assay/v1 plan\n";
    assert_null(assay_stmt_head(bare, sizeof bare - 1, &h));
    for (int i = 0; i < ASSAY_HEAD_FIELDS; i++)
        assert_null(h.field[i].p);
}

/* Keys that docs/ledger-format.md marks with `*`, each twice, and another one between; all others once. */
static void test_repeated(void **state)
{
    static const struct {
        const char *kind, *keys[6];
    } table[] = {
        {"schema", {"uncovered"}},
        {"object", {"manifest", "finding", "claims-unverified"}},
        {"chunk", {"without", "col", "raw", "rule", "finding"}},
        {"sample", {"constant", "cells", "inside"}},
        {"coverage", {"lacks"}},
        {"verdict", {"open", "kept"}},
        {"request", {"discrepancy"}},
        {"erasure", {"keycommit"}},
        {"waiver", {"discrepancy", "column"}},
        {"purge-permit", {"obstacle"}},
    };
    struct assay_head h;
    char text[4096];
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (size_t k = 0; table[i].keys[k]; k++) {
            const char *key = table[i].keys[k];
            int n =
                snprintf(text, sizeof text, "assay/v1 %s\n%s a\nrows 1\n%s b\n%s b\n", table[i].kind, key, key, key);
            assert_null(assay_stmt_head(text, (size_t)n, &h));
        }
    /* So many different keys, and one more. */
    int n = snprintf(text, sizeof text, "assay/v1 chunk\n");
    for (int i = 0; i < ASSAY_MAX_KEYS; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "key-%d v\n", i);
    assert_null(assay_stmt_head(text, (size_t)n, &h));
    n += snprintf(text + n, sizeof text - (size_t)n, "more v\n");
    assert_string_equal(assay_stmt_head(text, (size_t)n, &h), "it has too many different keys");
}

/* Every kind of docs/ledger-format.md with every role. */
static void test_signers(void **state)
{
    static const struct {
        const char *kind, *roles;
    } table[] = {
        {"plan", "owner"},
        {"run-start", "source archive"},
        {"schema", "source archive"},
        {"cut", "source archive"},
        {"object", "source archive"},
        {"object-set", "source archive"},
        {"chunk", "source archive"},
        {"run-end", "source archive"},
        {"verdict", "reconcile"},
        {"discrepancy", "reconcile"},
        {"request", "reconcile"},
        {"erasure", "owner"},
        {"key", "owner"},
        {"checkpoint", ""},
        {"weather", ""},
        {"chunks", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int r = -1; r < ASSAY_ROLE_COUNT; r++) {
            char text[128];
            struct assay_head h;
            enum assay_role got = ASSAY_ROLE_LEDGER;
            const char *role = r < 0 ? NULL : assay_role_name((enum assay_role)r);
            snprintf(text, sizeof text, "assay/v1 %s\n%s%s%s", table[i].kind, role ? "role " : "", role ? role : "",
                     role ? "\n" : "");
            assert_null(assay_stmt_head(text, strlen(text), &h));
            bool alone = table[i].roles[0] && !strchr(table[i].roles, ' ');
            bool may = role ? strstr(table[i].roles, role) != NULL : alone;
            const char *says = assay_stmt_signer(&h, &got);
            if (may != (says == NULL))
                fail_msg("%s: expected %s, got %s", text, may ? "a signer" : "a refusal", says ? says : "a signer");
            if (may)
                assert_string_equal(assay_role_name(got), role ? role : table[i].roles);
        }
}

static void test_citations(void **state)
{
#define H "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
    static const struct {
        const char *key, *value;
        bool cites;
    } table[] = {
        {"plan", "sha256:" H, true},
        {"cut", "sha256:" H, true},
        {"columns", "sha256:" H, true},
        {"set", "sha256:" H, true},
        {"object-set", "sha256:" H, true},
        {"text", "sha256:" H, true},
        {"fingerprint", "sha256:" H, false},
        {"root", "sha256:" H, false},
        {"host", "sha256:" H, false},
        {"plan", H, false},
        {"plan", "sha256:" H "0", false},
        {"columns", "a,b", false},
        {"plan",
         "sha256:"
         "00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff",
         false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint8_t hash[32];
        struct assay_text k = {table[i].key, strlen(table[i].key)}, v = {table[i].value, strlen(table[i].value)};
        assert_int_equal(assay_stmt_cites(k, v, hash), table[i].cites);
        if (table[i].cites)
            assert_int_equal(hash[31], 0xff);
    }
}

/* Eight bytes are looked at together: every byte value at every place among plain ones, beside every neighbour that
 * could lend to it, must be judged as it would be alone. */
static void test_characters_of_a_note(void **state)
{
    static const uint8_t neighbours[] = {' ', '!', '\n', 0x7e, 0x7f, 'a'};
    char text[21];
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++)
        for (size_t at = 0; at < sizeof text; at++)
            for (size_t k = 0; k < sizeof neighbours; k++) {
                memset(text, neighbours[k], sizeof text);
                text[at] = (char)byte;
                assert_int_equal(assay_text_is_note(text, sizeof text), (byte >= 0x20 && byte < 0x80) || byte == '\n');
            }
    for (size_t at = 0; at < sizeof text; at++) {
        memset(text, 'a', sizeof text);
        memcpy(text + at, "\xe2\x82\xac", at + 3 <= sizeof text ? 3 : sizeof text - at);
        assert_int_equal(assay_text_is_note(text, sizeof text), at + 3 <= sizeof text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_text),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused_on_writing),
        cmocka_unit_test(test_broken_texts),
        cmocka_unit_test(test_head),
        cmocka_unit_test(test_repeated),
        cmocka_unit_test(test_signers),
        cmocka_unit_test(test_citations),
        cmocka_unit_test(test_characters_of_a_note),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
