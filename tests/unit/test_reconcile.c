/* Statements in, verdicts out: what must never pass for a match, and what must not be called a difference. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/reconcile.h"
#include "assay/waiver.h"
#include "assay/writer.h"

#include "../support/statements.h"

#define R1 "00000000-0000-4000-8000-000000000001"
#define R2 "00000000-0000-4000-8000-000000000002"
#define R3 "00000000-0000-4000-8000-000000000003"
#define RESULT "00000000-0000-4000-8000-00000000000f"
#define JAN "11111111111111111111111111111111"
#define FEB "22222222222222222222222222222222"
#define CUT NO_BYTES

static char name_id[] = "id", set_name[] = "s", set_id[] = "00000000-0000-4000-8000-000000000000", utc[] = "UTC";
static struct assay_plan_column column = {
    .name = name_id, .type = ASSAY_L_INTEGER, .key_pos = 1, .native = {name_id, name_id}};
static const struct assay_dataset set = {.name = set_name,
                                         .id = set_id,
                                         .col = &column,
                                         .n_cols = 1,
                                         .n_key = 1,
                                         .chunk_rows = 100,
                                         .window = {.timezone = utc}};

static struct statements on = {.set = &set};

static int set_up(void **state)
{
    (void)state;
    statements_set_up(&on);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    on.set = &set;
    statements_tear_down(&on);
    return 0;
}

static void chunk(const char *segment, const char *id, const char *rows)
{
    char sum[33], cell[40];
    snprintf(sum, sizeof sum, "%032x", (unsigned)atoi(rows));
    snprintf(cell, sizeof cell, "%s id", sum);
    statements_say(&on, "chunk", "segment", segment, "cut", CUT, "chunk", id, "ordinal", "0", "form", CUT, "rows", rows,
                   "sum-row", sum, "sum-key", sum, "col", cell, (char *)NULL);
}

static void end(const char *status, const char *rows, const char *tiled, const char *unique)
{
    statements_say(&on, "run-end", "status", status, "rows", rows, "tiled", tiled, "key-unique", unique, (char *)NULL);
    statements_commit(&on);
}

/* A whole run of one side that found so many rows in either month. */
static void whole(int of, const char *id, const char *jan, const char *feb)
{
    char rows[16];
    statements_begin(&on, of, id, "all");
    chunk("2024-01", JAN, jan);
    chunk("2024-02", FEB, feb);
    snprintf(rows, sizeof rows, "%d", atoi(jan) + atoi(feb));
    end("ok", rows, "yes", "yes");
}

static struct assay_reconciled reconcile(const char *of)
{
    static struct assay_reconciled r; /* its reason points into it */
    struct assay_err e = {0};
    struct assay_ledger *l = ledger_fixture_open(&on.f, false);
    assert_int_equal(assay_sink_ledger(on.f.db, on.f.keys, ASSAY_ROLE_RECONCILE, &on.sink, &e), ASSAY_OK);
    if (assay_reconcile(l, on.sink, on.set, of, of ? of : RESULT, ASSAY_RECONCILE_ALL, &r, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assay_sink_free(on.sink);
    assay_ledger_close(l);
    assert_string_equal(ledger_fixture_verify(&on.f, NULL), "");
    return r;
}

static void assert_unverified(const struct assay_reconciled *r, const char *why)
{
    assert_int_equal(assay_reconciled_exit(r), ASSAY_EXIT_UNVERIFIED);
    assert_int_equal(r->matched, 0);
    assert_non_null(r->reason);
    if (!strstr(r->reason, why))
        fail_msg("\"%s\" instead of \"%s\"", r->reason, why);
}

static void test_equal_statements_match(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "4");
    struct assay_reconciled r = reconcile(R1);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_OK);
    assert_int_equal(r.matched, 2);
    r = reconcile(NULL);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_OK);
}

static void test_a_row_of_an_archive_table_without_a_place(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R1, "all");
    chunk("2024-01", JAN, "3");
    chunk("2024-02", FEB, "4");
    statements_say(&on, "run-end", "status", "ok", "rows", "7", "counted", "8", "unplaced", "1", "tiled", "no",
                   "key-unique", "unknown", (char *)NULL);
    statements_commit(&on);
    struct assay_reconciled r = reconcile(R1);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_DISCREPANCY);
    assert_int_equal(r.opened, 1);
    whole(ASSAY_SOURCE, R2, "3", "4");
    whole(ASSAY_ARCHIVE, R2, "3", "4");
    r = reconcile(R2);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_OK);
    assert_int_equal(r.closed, 1);
}

static void test_a_scrub_does_not_heal_a_failed_check(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R2, "all");
    statements_say(&on, "run-end", "status", "failed", "reason", "no such column", "rows", "0", "tiled", "unknown",
                   "key-unique", "unknown", (char *)NULL);
    statements_commit(&on);
    statements_begin(&on, ASSAY_ARCHIVE, R3, "scrub");
    end("ok", "0", "unknown", "unknown");
    struct assay_reconciled r = reconcile(NULL);
    assert_unverified(&r, "no such column");
}

static void test_a_run_without_an_end(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R2, "all");
    chunk("2024-01", JAN, "3");
    statements_commit(&on);
    struct assay_reconciled r = reconcile(NULL);
    assert_unverified(&r, "has no end");
    r = reconcile(R2);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_UNVERIFIED);
}

/* A on.second attempt under the same id that was killed: the end of the first one is not its end. */
static void test_the_end_of_an_earlier_attempt(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R1, "all");
    statements_commit(&on);
    struct assay_reconciled r = reconcile(R1);
    assert_unverified(&r, "has no end");
}

/* January is still that of the run whose key was not unique, or whose chunks did not add up. */
static void test_a_partial_run_does_not_speak_for_the_rest(void **state)
{
    static const char *const fact[][3] = {{"yes", "no", "key is not unique"}, {"no", "yes", "not tiled"}};
    for (size_t i = 0; i < 2; i++) {
        statements_begin(&on, ASSAY_SOURCE, R1, "all");
        chunk("2024-01", JAN, "3");
        chunk("2024-02", FEB, "4");
        end("ok", "7", fact[i][0], fact[i][1]);
        whole(ASSAY_ARCHIVE, R1, "3", "4");
        statements_begin(&on, ASSAY_SOURCE, R2, "2024-02");
        chunk("2024-02", FEB, "4");
        end("ok", "4", "unknown", "yes");
        struct assay_reconciled r = reconcile(NULL);
        assert_unverified(&r, fact[i][2]);
        tear_down(state);
        set_up(state);
    }
}

static void test_chunks_that_a_run_withholds(void **state)
{
    (void)state;
    for (int of = 0; of < 2; of++) {
        statements_begin(&on, of, R1, "all");
        chunk("2024-01", JAN, "3");
        end("ok", "7", "yes", "yes");
    }
    struct assay_reconciled r = reconcile(R1);
    assert_unverified(&r, "stated 7 rows in all");
}

static void test_statements_that_come_late(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "3");
    on.second = 0; /* of long ago, carried here only now */
    whole(ASSAY_ARCHIVE, R2, "3", "4");
    struct assay_reconciled r = reconcile(NULL);
    assert_unverified(&r, "came late");
}

static void test_nothing_is_closed_without_proof(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "3");
    struct assay_reconciled r = reconcile(R1);
    assert_int_equal(r.opened, 1);
    whole(ASSAY_ARCHIVE, R2, "3", "4");
    statements_begin(&on, ASSAY_SOURCE, R2, "all");
    chunk("2024-01", JAN, "3");
    chunk("2024-02", FEB, "4");
    end("ok", "7", "no", "yes");
    r = reconcile(R2);
    assert_unverified(&r, "not tiled");
    assert_int_equal(r.closed, 0);
    assert_int_equal(r.open, 1);
    whole(ASSAY_SOURCE, R3, "3", "4");
    whole(ASSAY_ARCHIVE, R3, "3", "4");
    r = reconcile(R3);
    assert_int_equal(r.closed, 1);
}

static void test_intact_bytes_keep_what_was_found_in_them(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R1, "all");
    statements_say(&on, "object", "object", "jan.csv", "segment", "2024-01", "status", "ok", "rows", "4", "misplaced",
                   "1", (char *)NULL);
    chunk("2024-01", JAN, "3");
    chunk("2024-02", FEB, "4");
    end("ok", "7", "unknown", "unknown");
    struct assay_reconciled r = reconcile(R1);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_DISCREPANCY);
    statements_begin(&on, ASSAY_ARCHIVE, R2, "scrub");
    statements_say(&on, "object", "object", "jan.csv", "segment", "2024-01", "status", "intact", (char *)NULL);
    end("ok", "0", "unknown", "unknown");
    r = reconcile(NULL);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_DISCREPANCY);
    assert_int_equal(r.closed, 0);
    statements_begin(&on, ASSAY_ARCHIVE, R3, "scrub"); /* but what a scrub finds counts */
    statements_say(&on, "object", "object", "feb.csv", "segment", "2024-02", "status", "missing", (char *)NULL);
    end("ok", "0", "unknown", "unknown");
    r = reconcile(NULL);
    assert_int_equal(r.opened, 1);
    assert_int_equal(r.open, 2);
}

static void test_an_unread_file_loses_no_rows(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R1, "all");
    statements_say(&on, "object", "object", "jan.csv", "segment", "2024-01", "status", "changed", "rows", "1",
                   (char *)NULL);
    chunk("2024-01", JAN, "1");
    chunk("2024-02", FEB, "3");
    end("ok", "4", "unknown", "unknown");
    struct assay_reconciled r = reconcile(R1);
    assert_int_equal(r.mismatched, 1); /* February's rows are gone whatever January's file holds */
    assert_int_equal(r.opened, 1);
    assert_int_equal(r.unverified, 2);
}

/* Who states second could copy the sums of the other side out of the ledger, and has read nothing. */
static void test_rows_of_files_that_nobody_read(void **state)
{
    (void)state;
    static char files[] = "ar/*.csv", table[] = "t";
    struct assay_dataset of_files = set;
    of_files.side[ASSAY_SOURCE] = (struct assay_side){.uri = files, .table = table};
    of_files.side[ASSAY_ARCHIVE].uri = files;
    on.set = &of_files;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "4");
    struct assay_reconciled r = reconcile(R1);
    assert_unverified(&r, "of the archive states rows, and no file that they were read from");
    whole(ASSAY_SOURCE, R2, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R2, "all");
    statements_say(&on, "object", "object", "ar/datapackage.json", "status", "manifest", (char *)NULL);
    chunk("2024-01", JAN, "3");
    chunk("2024-02", FEB, "4");
    end("ok", "7", "yes", "yes");
    r = reconcile(R2);
    assert_unverified(&r, "no file that they were read from");
    whole(ASSAY_SOURCE, R3, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R3, "all");
    statements_say(&on, "object", "object", "ar/all.csv", "status", "ok", "rows", "7", (char *)NULL);
    chunk("2024-01", JAN, "3");
    chunk("2024-02", FEB, "4");
    end("ok", "7", "yes", "yes");
    r = reconcile(R3);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_OK);
    assert_int_equal(r.matched, 2);
}

static void test_a_segment_that_only_the_archive_has(void **state)
{
    (void)state;
    statements_begin(&on, ASSAY_SOURCE, R1, "all");
    chunk("2024-01", JAN, "3");
    end("ok", "3", "yes", "yes");
    whole(ASSAY_ARCHIVE, R1, "3", "4");
    struct assay_reconciled r = reconcile(R1);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_DISCREPANCY);
    assert_int_equal(r.mismatched, 1);
    statements_begin(&on, ASSAY_SOURCE, R2, "2024-01"); /* a part of the source says nothing about February */
    chunk("2024-01", JAN, "3");
    end("ok", "3", "unknown", "yes");
    whole(ASSAY_ARCHIVE, R2, "3", "4");
    r = reconcile(R2);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_UNVERIFIED);
}

/* A partial run with a cut of its own: January's older chunks are history, on that side only. */
static void test_one_cut_a_segment(void **state)
{
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "4");
    statements_begin(&on, ASSAY_SOURCE, R2, "2024-01");
    uint8_t blob[32] = {0};
    char sum[33], cell[40], cut[72] = "sha256:";
    struct assay_err e = {0};
    assert_int_equal(assay_sink_blob(on.sink, "x", 1, blob, &e), ASSAY_OK);
    assay_hex(blob, 32, cut + 7);
    snprintf(sum, sizeof sum, "%032x", 5u);
    snprintf(cell, sizeof cell, "%s id", sum);
    statements_say(&on, "chunk", "segment", "2024-01", "cut", cut, "chunk", "33333333333333333333333333333333",
                   "ordinal", "0", "form", CUT, "rows", "5", "sum-row", sum, "sum-key", sum, "col", cell, (char *)NULL);
    end("ok", "5", "unknown", "yes");
    struct assay_reconciled r = reconcile(NULL);
    assert_int_equal(assay_reconciled_exit(&r), ASSAY_EXIT_UNVERIFIED);
    assert_int_equal(r.matched, 1); /* February */
    assert_int_equal(r.rows[ASSAY_SOURCE], 9);
}

static void test_a_segment_that_nobody_has(void **state)
{
    (void)state;
    for (int of = 0; of < 2; of++) {
        statements_begin(&on, of, R1, "2024-01,2042-01");
        chunk("2024-01", JAN, "3");
        end("ok", "3", "unknown", "yes");
    }
    struct assay_reconciled r = reconcile(R1);
    assert_unverified(&r, "2042-01");
}

static void test_damage_that_is_repaired(void **state)
{
    static const char *const found[] = {"damaged", "intact"}, *const run_id[] = {R2, R3};
    struct assay_reconciled r;
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    statements_begin(&on, ASSAY_ARCHIVE, R1, "all");
    statements_say(&on, "object", "object", "jan.csv", "segment", "2024-01", "status", "ok", "rows", "3", (char *)NULL);
    chunk("2024-01", JAN, "3");
    chunk("2024-02", FEB, "4");
    end("ok", "7", "unknown", "unknown");
    for (int i = 0; i < 2; i++) {
        statements_begin(&on, ASSAY_ARCHIVE, run_id[i], "scrub");
        statements_say(&on, "object", "object", "jan.csv", "segment", "2024-01", "status", found[i], (char *)NULL);
        end("ok", "0", "unknown", "unknown");
        r = reconcile(NULL);
        assert_int_equal(assay_reconciled_exit(&r), i ? ASSAY_EXIT_OK : ASSAY_EXIT_DISCREPANCY);
        assert_int_equal(r.closed, i);
    }
}

/* Two machines with a dataset.key each: every sum differs, and not one row. */
static void test_digests_under_different_keys(void **state)
{
    (void)state;
    for (int of = 0; of < 2; of++) {
        statements_begin(&on, of, R1, "all");
        statements_say(&on, "run-start", "scope", "all", "observed", "2024-01-02", "dataset-key", of ? JAN : FEB,
                       (char *)NULL);
        chunk("2024-01", JAN, of ? "3" : "4");
        end("ok", of ? "3" : "4", "yes", "yes");
    }
    struct assay_reconciled r = reconcile(R1);
    assert_unverified(&r, "different dataset keys");
    assert_int_equal(r.mismatched, 0);
}

/* ---- waivers ---- */

static bool take_seen(void *ctx, const struct assay_leaf *leaf)
{
    struct assay_stmt s = {0};
    char *line = ctx;
    assert_int_equal(assay_stmt_parse(leaf->note, leaf->note_len, &s, NULL), ASSAY_OK);
    const char *id = assay_stmt_get(&s, "discrepancy"), *seen = assay_stmt_get(&s, "seen");
    if (id && seen)
        snprintf(line, 66, "%s %s", id, seen);
    assay_stmt_release(&s);
    return !line[0];
}

/* The newest mismatch, as a waiver names it. */
static void last_seen(char line[66])
{
    struct assay_ledger_query q = {.kind = "verdict", .newest_first = true};
    struct assay_err e = {0};
    struct assay_ledger *l = ledger_fixture_open(&on.f, false);
    line[0] = '\0';
    assert_int_equal(assay_ledger_each(l, &q, take_seen, line, &e), ASSAY_OK);
    assay_ledger_close(l);
    assert_int_equal(strlen(line), 65);
}

static void waive(const char *id, const char *status, const char *line, const char *until)
{
    struct assay_writer w;
    struct assay_err e = {0};
    struct assay_sink *sink;
    assert_int_equal(assay_keys_make(on.f.keys, "assay.local/test", ASSAY_ROLE_APPROVER, &e), ASSAY_OK);
    assert_int_equal(assay_sink_ledger(on.f.db, on.f.keys, ASSAY_ROLE_APPROVER, &sink, &e), ASSAY_OK);
    assay_writer_begin(&w, "waiver");
    assay_writer_add(&w, "id", id);
    assay_writer_add(&w, "dataset", set_id);
    assay_writer_add(&w, "status", status);
    assay_writer_add(&w, "discrepancy", line);
    assay_writer_add(&w, "until", until);
    assay_writer_add(&w, "by", "J. Doe");
    assay_writer_add(&w, "reason", "known");
    assay_writer_now(&w);
    assert_int_equal(assay_writer_send(&w, sink, &e), ASSAY_OK);
    assert_int_equal(assay_sink_commit(sink, &e), ASSAY_OK);
    assay_sink_free(sink);
}

static void assert_waived(bool waived)
{
    struct assay_reconciled r = reconcile(NULL);
    assert_int_equal(r.waived, waived);
    assert_int_equal(r.mismatched, !waived);
    assert_int_equal(r.matched, 1);
    assert_int_equal(assay_reconciled_exit(&r), waived ? ASSAY_EXIT_OK : ASSAY_EXIT_DISCREPANCY);
}

static void test_a_waiver_holds_until_its_date_for_what_was_seen(void **state)
{
    char line[66], other[66];
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "2");
    assert_waived(false);
    last_seen(line);
    memcpy(other, line, sizeof other);
    other[64] = line[64] == '0' ? '1' : '0';
    waive("00000000000000000000000000000001", "granted", other, "9999-01-01T00:00:00.000000Z");
    assert_waived(false); /* something else was seen */
    waive("00000000000000000000000000000002", "granted", line, "2024-01-01T00:00:00.000000Z");
    assert_waived(false); /* expired */
    waive("00000000000000000000000000000003", "granted", line, "9999-01-01T00:00:00.000000Z");
    assert_waived(true);
    assert_waived(true); /* again, in another run */
    waive("00000000000000000000000000000003", "withdrawn", NULL, NULL);
    assert_waived(false);
    waive("00000000000000000000000000000004", "granted", line, "9999-01-01T00:00:00.000000Z");
    whole(ASSAY_ARCHIVE, R2, "3", "1");
    assert_waived(false); /* one more row is lost */
}

/* January has a value that does not decode, in a file of these bytes (NULL: which were not stated). */
static void undecodable(const char *run, const char *sha256)
{
    statements_begin(&on, ASSAY_ARCHIVE, run, "all");
    statements_say(&on, "object", "object", "jan.csv", "segment", "2024-01", "status", "ok", "rows", "3",
                   sha256 ? "sha256" : NULL, sha256, (char *)NULL);
    statements_say(&on, "chunk", "segment", "2024-01", "cut", CUT, "chunk", JAN, "ordinal", "0", "form", CUT, "rows",
                   "3", "sum-row", JAN, "sum-key", JAN, "col", JAN " id", "defects", "1", "finding",
                   "jan.csv:2: id: no integer", (char *)NULL);
    chunk("2024-02", FEB, "4");
    end("ok", "7", "yes", "yes");
}

static void test_a_waiver_of_what_does_not_decode_is_about_its_bytes(void **state)
{
    char line[66], again[66];
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    undecodable(R1, JAN FEB);
    assert_waived(false);
    last_seen(line);
    waive("00000000000000000000000000000001", "granted", line, "9999-01-01T00:00:00.000000Z");
    assert_waived(true);
    undecodable(R2, FEB JAN);
    assert_waived(false); /* the same sums, other bytes */
    last_seen(again);
    assert_string_not_equal(line, again);
    undecodable(R3, NULL);
    assert_waived(false); /* nothing says which bytes: nothing covers it */
    last_seen(line);
    assert_string_equal(line, again); /* no newer verdict has a fingerprint */
    undecodable(R3, JAN FEB);
    assert_waived(true);
}

static void test_a_broken_waiver_is_none(void **state)
{
    struct assay_waivers all;
    struct assay_err e = {0};
    char line[66];
    (void)state;
    whole(ASSAY_SOURCE, R1, "3", "4");
    whole(ASSAY_ARCHIVE, R1, "3", "2");
    assert_waived(false);
    last_seen(line);
    line[32] = '_';
    waive("00000000000000000000000000000001", "granted", line, "9999-01-01T00:00:00.000000Z");
    struct assay_ledger *l = ledger_fixture_open(&on.f, false);
    assert_int_equal(assay_waivers_load(l, NULL, &all, &e), ASSAY_ELEDGER);
    assert_non_null(strstr(e.msg, "is not an id and a fingerprint"));
    assay_waivers_release(&all);
    assay_ledger_close(l);
}

static void test_times_of_waivers(void **state)
{
    static const struct {
        const char *text, *time;
    } t[] = {
        {"2027-01-31", "2027-01-31T00:00:00.000000Z"},
        {"2027-01-31T12:34:56Z", "2027-01-31T12:34:56.000000Z"},
        {"2027-01-31T12:34:56.123456Z", "2027-01-31T12:34:56.123456Z"},
        {"2027-02-29", NULL},
        {"2027-01-31T12:34:56", NULL},
        {"2027-01-31 12:34:56Z", NULL},
        {"2027-01-31T12:34:56.1Z", NULL},
        {"2027-01-31T24:00:00Z", NULL},
        {"2027-01-31x", NULL},
        {"20270-01-31", NULL},
        {"tomorrow", NULL},
        {"", NULL},
    };
    char out[32];
    (void)state;
    for (size_t i = 0; i < sizeof t / sizeof *t; i++) {
        bool good = assay_waiver_time(t[i].text, out);
        if (good != (t[i].time != NULL))
            fail_msg("%s: %s", t[i].text, good ? out : "refused");
        if (good)
            assert_string_equal(out, t[i].time);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define TEST(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
        TEST(test_equal_statements_match),
        TEST(test_a_row_of_an_archive_table_without_a_place),
        TEST(test_a_scrub_does_not_heal_a_failed_check),
        TEST(test_a_run_without_an_end),
        TEST(test_the_end_of_an_earlier_attempt),
        TEST(test_a_partial_run_does_not_speak_for_the_rest),
        TEST(test_chunks_that_a_run_withholds),
        TEST(test_statements_that_come_late),
        TEST(test_nothing_is_closed_without_proof),
        TEST(test_intact_bytes_keep_what_was_found_in_them),
        TEST(test_an_unread_file_loses_no_rows),
        TEST(test_rows_of_files_that_nobody_read),
        TEST(test_a_segment_that_only_the_archive_has),
        TEST(test_one_cut_a_segment),
        TEST(test_a_segment_that_nobody_has),
        TEST(test_damage_that_is_repaired),
        TEST(test_digests_under_different_keys),
        TEST(test_a_waiver_holds_until_its_date_for_what_was_seen),
        TEST(test_a_waiver_of_what_does_not_decode_is_about_its_bytes),
        TEST(test_a_broken_waiver_is_none),
        TEST(test_times_of_waivers),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
