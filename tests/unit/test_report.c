/* Reports out of a ledger that this test writes: verdicts, exit codes, golden files of every format, hostile names.
 * ASSAY_UPDATE_GOLDEN=1 writes the golden files anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../reports/core/model.h"
#include "../../reports/core/render.h"
#include "../support/ledger_fixture.h"
#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/ledger_append.h"
#include "assay/publish.h"

#define RUN "11111111-1111-4111-8111-111111111111"
#define OLD_RUN "00000000-0000-4000-8000-000000000000"
#define FLIGHTS "aaaaaaaa-0000-4000-8000-000000000001"
#define AIRPORTS "aaaaaaaa-0000-4000-8000-000000000002"
#define HOSTILE "aaaaaaaa-0000-4000-8000-000000000003"
#define EVIL "<script>alert(1)</script>\"' onload=x \xe2\x80\xae"
#define TIME "2026-01-02T03:04:05.000000Z"

struct fixture {
    char dir[64], ledger[96], keys[96];
    struct assay_sink *sink[ASSAY_ROLE_COUNT];
    struct assay_buf text;
    const char *run; /* of the statements that are written */
    const char *scope; /* of the verdict on airports */
};

/* ---- writing statements ---- */

static void begin(struct fixture *f, const char *kind)
{
    assay_buf_reset(&f->text);
    assert_int_equal(assay_stmt_begin(&f->text, kind), ASSAY_OK);
}

static void add(struct fixture *f, const char *key, const char *value)
{
    assert_int_equal(assay_stmt_add(&f->text, key, value), ASSAY_OK);
}

static void add_number(struct fixture *f, const char *key, uint64_t n)
{
    assert_int_equal(assay_stmt_addf(&f->text, key, "%llu", (unsigned long long)n), ASSAY_OK);
}

static void end(struct fixture *f, enum assay_role role)
{
    struct assay_err e = {0};
    if (assay_sink_stmt(f->sink[role], &f->text, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
}

static enum assay_role role_of(int side)
{
    return side ? ASSAY_ROLE_ARCHIVE : ASSAY_ROLE_SOURCE;
}

/* "role run dataset plan", with which every statement of a checker begins. */
static void begin_side(struct fixture *f, const char *kind, int side, const char *set, const char *plan)
{
    begin(f, kind);
    add(f, "role", side ? "archive" : "source");
    add(f, "run", f->run);
    add(f, "dataset", set);
    add(f, "plan", plan);
}

static const char *plan_of(struct fixture *f, const char *set, const char *name, const char *json, char out[80])
{
    struct assay_err e = {0};
    uint8_t sha[32];
    assert_int_equal(assay_sink_blob(f->sink[ASSAY_ROLE_OWNER], json, strlen(json), sha, &e), ASSAY_OK);
    memcpy(out, "sha256:", 8);
    assay_hex(sha, 32, out + 7);
    begin(f, "plan");
    add(f, "dataset", set);
    add(f, "name", name);
    add(f, "plan", out);
    add(f, "canon", "1");
    add(f, "observed", TIME);
    end(f, ASSAY_ROLE_OWNER);
    return out;
}

static void run_start(struct fixture *f, int side, const char *set, const char *plan)
{
    begin_side(f, "run-start", side, set, plan);
    add(f, "canon", "1");
    add(f, "strength", "fast");
    add(f, "host", "00112233aabbccdd");
    add(f, "uid", "1000");
    add(f, "version", "0.1.0");
    add(f, "locator", side ? "out/flights/*.csv.gz" : "postgresql://app@db.example/flights");
    add(f, "scope", "all");
    add(f, "observed", TIME);
    end(f, role_of(side));
}

static void run_end(struct fixture *f, int side, const char *set, const char *plan, const char *status, uint64_t rows)
{
    begin_side(f, "run-end", side, set, plan);
    add(f, "status", status);
    if (strcmp(status, "ok") != 0)
        add(f, "reason", "out/x.parquet: page 3 of column <b>: checksum differs");
    add(f, "snapshot", side ? "files" : "0/16B3748");
    add_number(f, "rows", rows);
    add_number(f, "counted", rows);
    add(f, "tiled", "yes");
    add(f, "key-unique", "yes");
    ledger_fixture_end_run(f->sink[role_of(side)], &f->text);
    add(f, "observed", "2026-01-02T03:09:41.000000Z");
    end(f, role_of(side));
}

static void schema(struct fixture *f, int side, const char *set, const char *plan, const char *text,
                   const char *uncovered)
{
    struct assay_err e = {0};
    char name[80] = "sha256:";
    uint8_t sha[32];
    assert_int_equal(assay_sink_blob(f->sink[role_of(side)], text, strlen(text), sha, &e), ASSAY_OK);
    assay_hex(sha, 32, name + 7);
    begin_side(f, "schema", side, set, plan);
    add(f, "fingerprint", name);
    add(f, "text", name);
    if (uncovered)
        add(f, "uncovered", uncovered);
    end(f, role_of(side));
}

static void chunk_id(char out[33], const char *set, unsigned segment, unsigned ordinal)
{
    uint8_t sha[32];
    char text[128];
    snprintf(text, sizeof text, "%s/%u/%u", set, segment, ordinal);
    assay_sha256(text, strlen(text), sha);
    assay_hex(sha, 16, out);
}

/* The ledger refuses a statement that cites a blob it does not hold. */
static void add_cut(struct fixture *f, int side)
{
    struct assay_err e = {0};
    uint8_t sha[32];
    assert_int_equal(assay_sink_blob(f->sink[role_of(side)], "cut", 3, sha, &e), ASSAY_OK);
    assert_int_equal(assay_stmt_addhex(&f->text, "cut", "sha256:", sha, sizeof sha), ASSAY_OK);
}

static void chunk(struct fixture *f, int side, const char *set, const char *plan, const char *segment, unsigned s,
                  unsigned o, uint64_t rows, const char *raw)
{
    char id[33], lo[32];
    chunk_id(id, set, s, o);
    begin_side(f, "chunk", side, set, plan);
    add(f, "segment", segment);
    add_cut(f, side);
    add(f, "chunk", id);
    add_number(f, "ordinal", o);
    add(f, "method", "range");
    snprintf(lo, sizeof lo, "%u", s * 100000 + o * 1000);
    add(f, "lo-text", lo);
    snprintf(lo, sizeof lo, "%u", s * 100000 + (o + 1) * 1000);
    add(f, "hi-text", lo);
    add(f, "canon", "1");
    add(f, "strength", "fast");
    add_number(f, "rows", rows);
    add(f, "sum-row", "00000000000000000000000000000000");
    add(f, "sum-key", "00000000000000000000000000000000");
    if (raw)
        add(f, "raw", raw);
    end(f, role_of(side));
}

static void object(struct fixture *f, const char *set, const char *plan, const char *name, const char *segment,
                   const char *status, uint64_t bytes)
{
    begin_side(f, "object", 1, set, plan);
    add(f, "object", name);
    add(f, "segment", segment);
    add(f, "status", status);
    if (strcmp(status, "missing") != 0)
        add(f, "sha256", "2222222222222222222222222222222222222222222222222222222222222222");
    add_number(f, "bytes", bytes);
    if (strcmp(status, "ok") != 0)
        add(f, "reason", "the data set's manifest names it, the directory does not hold it");
    end(f, ASSAY_ROLE_ARCHIVE);
}

static void begin_verdict(struct fixture *f, const char *set, const char *plan, const char *segment, const char *id,
                          const char *verdict)
{
    begin(f, "verdict");
    add(f, "run", f->run);
    add(f, "dataset", set);
    add(f, "plan", plan);
    add(f, "segment", segment);
    add(f, "chunk", id);
    add(f, "verdict", verdict);
}

static void end_verdict(struct fixture *f)
{
    add(f, "observed", "2026-01-02T03:10:00.000000Z");
    end(f, ASSAY_ROLE_RECONCILE);
}

/* One line "KIND COLUMNS" about a chunk; no kind: match. */
static void verdict(struct fixture *f, const char *set, const char *plan, const char *segment, unsigned s, unsigned o,
                    const char *kind, const char *columns, uint64_t rows_source, uint64_t rows_archive)
{
    char id[33];
    chunk_id(id, set, s, o);
    begin_verdict(f, set, plan, segment, id, kind ? "mismatch" : "match");
    add_number(f, "rows-source", rows_source);
    add_number(f, "rows-archive", rows_archive);
    if (kind)
        add(f, "kind", kind);
    if (columns)
        add(f, "columns", columns);
    if (kind)
        add(f, "reason", "the sums differ");
    end_verdict(f);
}

static void discrepancy(struct fixture *f, const char *set, const char *id, const char *segment, const char *kind,
                        const char *columns, const char *state, const char *run)
{
    begin(f, "discrepancy");
    add(f, "id", id);
    add(f, "dataset", set);
    add(f, "segment", segment);
    add(f, "chunk", "-");
    add(f, "kind", kind);
    if (columns)
        add(f, "columns", columns);
    add(f, "state", state);
    add(f, "reason", "the sums differ");
    add(f, "run", run);
    add(f, "observed", TIME);
    end(f, ASSAY_ROLE_RECONCILE);
}

/* ---- the scenario: one dataset of each verdict ---- */

#define PLAN_JSON                                                                                                      \
    "{\"columns\":[{\"archive\":{\"name\":\"delay\",\"rules\":[]},\"key\":0,\"name\":\"delay\",\"source\":{\"name\":"  \
    "\"delay\",\"rules\":[[\"round\",\"2\"]]},\"type\":\"decimal\"},{\"archive\":{\"name\":\"flight\",\"rules\":[]},"  \
    "\"key\":1,\"name\":\"id\",\"source\":{\"name\":\"id\",\"rules\":[]},\"type\":\"integer\"},{\"archive\":{"         \
    "\"name\":"                                                                                                        \
    "\"ts\",\"rules\":[]},\"key\":0,\"name\":\"ts\",\"source\":{\"name\":\"ts\",\"rules\":[[\"truncate\",\"ms\"]]},"   \
    "\"type\":\"timestamp\"}]}"
#define SOURCE_SCHEMA                                                                                                  \
    "id\tbigint\tinteger\trequired\t1\nts\ttimestamp without time zone\ttimestamp\tnullable\t0\n"                      \
    "delay\tnumeric(8,3)\tdecimal\tnullable\t0\nnote\\\\\ttext\ttext\tnullable\t0\n"
#define ARCHIVE_SCHEMA                                                                                                 \
    "flight\tCSV field\ttext\tnullable\t0\nts\tCSV field\ttext\tnullable\t0\ndelay\tCSV field\ttext\tnullable\t0\n"

static void cause(struct fixture *f, const char *set, const char *run, const char *nth, const char *kind,
                  const char *columns, const char *evidence)
{
    const bool cut = strcmp(kind, "time-cut") == 0;
    begin(f, "cause");
    add(f, "id", cut ? "f1000000000000000000000000000000" : "f2000000000000000000000000000000");
    add(f, "run", run);
    add(f, "dataset", set);
    add(f, "nth", nth);
    add(f, "kind", kind);
    add(f, "columns", columns);
    add(f, "chunks", cut ? "3" : "1");
    add(f, "rows", cut ? "195135" : "1");
    add(f, "scope", cut ? "systemic" : "isolated");
    add(f, "evidence", evidence);
    add(f, "rule", cut ? "truncate: ms" : "no rule: export again");
    if (cut)
        add(f, "side", "source");
    add(f, "hint", "the exporter or its format holds fewer digits");
    end(f, ASSAY_ROLE_RECONCILE);
}

static void write_flights(struct fixture *f, unsigned segments, unsigned chunks)
{
    char plan[80], name[64], segment[32];
    uint64_t all = 0, lost = 0;
    plan_of(f, FLIGHTS, "flights", PLAN_JSON, plan);
    run_start(f, 0, FLIGHTS, plan);
    run_start(f, 1, FLIGHTS, plan);
    schema(f, 0, FLIGHTS, plan, SOURCE_SCHEMA, "note\\");
    schema(f, 1, FLIGHTS, plan, ARCHIVE_SCHEMA, NULL);
    for (unsigned s = 0; s < segments; s++) {
        snprintf(segment, sizeof segment, "%u-%02u", 2001 + s / 12, s % 12 + 1);
        for (unsigned o = 0; o < chunks; o++) {
            uint64_t rows = 65000 + s * 7 + o, gone = s == 2 && o == 1 ? 1 : s == 4 ? rows : 0;
            bool changed = s > 5 && s < 9 && o == 3 % chunks;
            chunk(f, 0, FLIGHTS, plan, segment, s, o, rows, o == 0 ? "00000000000000000000000000000000 12 ts" : NULL);
            if (s != 4)
                chunk(f, 1, FLIGHTS, plan, segment, s, o, rows - gone, NULL);
            verdict(f, FLIGHTS, plan, segment, s, o,
                    gone == rows ? "missing"
                    : gone       ? "lost"
                    : changed    ? "changed"
                                 : NULL,
                    changed ? "delay, ts" : NULL, rows, rows - gone);
            all += rows;
            lost += gone;
        }
        snprintf(name, sizeof name, "out/flights/%s.csv.gz", segment);
        object(f, FLIGHTS, plan, name, segment, s == 4 ? "missing" : "ok", s == 4 ? 0 : 7340032 + s * 1000);
    }
    run_end(f, 0, FLIGHTS, plan, "ok", all);
    run_end(f, 1, FLIGHTS, plan, "ok", all - lost);
    discrepancy(f, FLIGHTS, "d1000000000000000000000000000000", "2001-03", "lost", NULL, "open", RUN);
    discrepancy(f, FLIGHTS, "d2000000000000000000000000000000", "2001-05", "missing", NULL, "open", OLD_RUN);
    discrepancy(f, FLIGHTS, "d2000000000000000000000000000000", "2001-05", "missing", NULL, "requested", RUN);
    discrepancy(f, FLIGHTS, "d3000000000000000000000000000000", "2001-07", "changed", "delay, ts", "open", RUN);
    discrepancy(f, FLIGHTS, "d4000000000000000000000000000000", "2001-12", "lost", NULL, "closed", RUN);
    discrepancy(f, FLIGHTS, "d5000000000000000000000000000000", "2001-11", "lost", NULL, "closed", OLD_RUN);
    cause(f, FLIGHTS, OLD_RUN, "1", "time-cut", "ts", "of an older run");
    cause(f, FLIGHTS, RUN, "1", "unexplained", "ts", "of an earlier look at this run");
    cause(f, FLIGHTS, RUN, "1", "time-cut", "ts", "in the archive, time stamps were cut to the ms");
    cause(f, FLIGHTS, RUN, "2", "unexplained", "delay,no\"te", "<b>the values</b> differ in no way that is known");
    begin(f, "request");
    add(f, "id", "e1000000000000000000000000000000");
    add(f, "dataset", FLIGHTS);
    add(f, "segment", "2001-05");
    add(f, "discrepancy", "d2000000000000000000000000000000");
    add(f, "attempt", "1");
    add(f, "outcome", "0");
    add(f, "observed", TIME);
    end(f, ASSAY_ROLE_RECONCILE);
}

static void write_airports(struct fixture *f, const char *verdict_word)
{
    char plan[80];
    plan_of(f, AIRPORTS, "airports", "{\"columns\":[]}", plan);
    run_start(f, 0, AIRPORTS, plan);
    run_start(f, 1, AIRPORTS, plan);
    for (int side = 0; side < 2; side++) {
        for (unsigned o = 0; o < 5; o++)
            chunk(f, side, AIRPORTS, plan, "all", 0, o, o < 4 ? 650 : 614, NULL);
        run_end(f, side, AIRPORTS, plan, "ok", 3214);
    }
    begin_verdict(f, AIRPORTS, plan, "*", "*", verdict_word);
    if (f->scope)
        add(f, "scope", f->scope);
    add_number(f, "chunks", 5);
    add_number(f, "rows-source", 3214);
    add_number(f, "rows-archive", 3214);
    add_number(f, "accepted", 17);
    end_verdict(f);
}

static void write_hostile(struct fixture *f)
{
    char plan[80];
    plan_of(f, HOSTILE, EVIL, "{\"columns\":[]}", plan);
    run_start(f, 0, HOSTILE, plan);
    run_start(f, 1, HOSTILE, plan);
    chunk(f, 0, HOSTILE, plan, EVIL, 0, 0, 10, NULL);
    object(f, HOSTILE, plan, EVIL, EVIL, "undecodable", 100);
    run_end(f, 0, HOSTILE, plan, "ok", 10);
    run_end(f, 1, HOSTILE, plan, "failed", 0);
    begin_verdict(f, HOSTILE, plan, "*", "*", "unverified");
    add(f, "reason", "the archive could not be read: " EVIL);
    end_verdict(f);
}

/* ---- opening ---- */

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->run = RUN;
    struct assay_err e = {0};
    snprintf(f->dir, sizeof f->dir, "/tmp/assay-report-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->ledger, sizeof f->ledger, "%s/assay.ledger", f->dir);
    snprintf(f->keys, sizeof f->keys, "%s/keys", f->dir);
    if (assay_keys_init(f->keys, "assay.test/report", &e) != ASSAY_OK ||
        assay_ledger_create(f->ledger, "assay.test/report", &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    for (int r = 0; r < ASSAY_ROLE_USUAL; r++)
        if (r != ASSAY_ROLE_LEDGER &&
            assay_sink_ledger(f->ledger, f->keys, (enum assay_role)r, &f->sink[r], &e) != ASSAY_OK)
            fail_msg("%s", e.msg);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    char cmd[128];
    for (int r = 0; r < ASSAY_ROLE_USUAL; r++)
        assay_sink_free(f->sink[r]);
    assay_buf_release(&f->text);
    snprintf(cmd, sizeof cmd, "rm -rf '%s'", f->dir);
    int rc = system(cmd);
    free(f);
    return rc;
}

static struct assay_report *build(struct fixture *f, const struct assay_report_scope *scope, enum assay_status expect)
{
    static const enum assay_role order[] = {ASSAY_ROLE_OWNER, ASSAY_ROLE_SOURCE, ASSAY_ROLE_ARCHIVE,
                                            ASSAY_ROLE_RECONCILE};
    struct assay_err e = {0};
    struct assay_ledger *l;
    struct assay_report *r = NULL;
    for (size_t i = 0; i < 4; i++)
        if (assay_sink_commit(f->sink[order[i]], &e) != ASSAY_OK)
            fail_msg("%s", e.msg);
    if (assay_ledger_open(f->ledger, f->keys, &l, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    enum assay_status s = assay_report_build(l, scope, &r, &e);
    assay_ledger_close(l);
    if (s != expect)
        fail_msg("status %d: %s", s, e.msg);
    return r;
}

/* What a new key makes new at each run must not be in a golden file. */
static void pin(struct assay_report *r)
{
    r->ledger_size = 4711;
    r->root = "rootrootrootrootrootrootrootrootrootrootroo=";
    r->checkpoint = "assay.test/report\n4711\nrootrootrootrootrootrootrootrootrootrootroo=\n";
    r->ledger_path = "assay.ledger";
    r->plan_path = "plan.yaml";
    r->ledger_checked = true;
    for (size_t i = 0; i < r->n_sets; i++)
        for (int k = 0; k < 2; k++)
            if (r->set[i].side[k].key)
                r->set[i].side[k].key = k ? "assay.test/report/archive+00000000" : "assay.test/report/source+00000000";
}

static void same_as_golden(const char *name, struct assay_buf *got)
{
    char path[128];
    struct assay_buf want = {0};
    struct assay_err e = {0};
    snprintf(path, sizeof path, "tests/golden/%s", name);
    if (getenv("ASSAY_UPDATE_GOLDEN"))
        assert_int_equal(assay_publish(path, 0644, got->ptr, got->len, &e), ASSAY_OK);
    if (assay_slurp(path, 1u << 24, &want, &e) != ASSAY_OK)
        fail_msg("%s", e.msg);
    assert_non_null(assay_buf_str(got));
    assert_non_null(assay_buf_str(&want));
    assert_string_equal((char *)got->ptr, (char *)want.ptr);
    assay_buf_release(&want);
}

static size_t lines(const struct assay_buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->len; i++)
        n += b->ptr[i] == '\n';
    return n;
}

/* ---- tests ---- */

static void golden_files(void **state)
{
    struct fixture *f = *state;
    struct assay_buf out = {0};
    const struct assay_text_opts utf8 = {.utf8 = true}, ascii = {0};
    write_flights(f, 14, 6);
    write_airports(f, "match");
    write_hostile(f);
    struct assay_report *r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 1);
    assert_int_equal(r->n_sets, 3);
    assert_string_equal(r->set[0].name, "flights");
    assert_string_equal(r->set[1].id, HOSTILE);
    assert_int_equal(r->set[1].verdict, ASSAY_RV_UNVERIFIED);
    assert_int_equal(r->set[2].verdict, ASSAY_RV_MATCH);
    assert_int_equal(r->set[0].counts.chunks[ASSAY_RV_MISMATCH], 1 + 6 + 3);
    assert_int_equal(r->set[0].counts.segments, 14);
    assert_int_equal(r->set[0].n_open, 3);
    assert_int_equal(r->set[0].n_closed, 1);
    assert_string_equal(r->set[0].schema_verdict, "converted");
    assert_int_equal(r->set[0].rule[1].cells, 12 * 14);
    pin(r);
    assert_int_equal(assay_render_text(r, &utf8, &out), ASSAY_OK);
    assert_true(lines(&out) <= ASSAY_REPORT_TEXT_LINES);
    same_as_golden("report.txt", &out);
    assay_buf_reset(&out);
    assert_int_equal(assay_render_text(r, &ascii, &out), ASSAY_OK);
    for (size_t i = 0; i < out.len; i++)
        assert_true(out.ptr[i] == '\n' || (out.ptr[i] >= 0x20 && out.ptr[i] < 0x7f));
    assay_buf_reset(&out);
    assert_int_equal(assay_render_json(r, &out), ASSAY_OK);
    same_as_golden("report.json", &out);
    assay_buf_reset(&out);
    assert_int_equal(assay_render_ndjson(r, &out), ASSAY_OK);
    same_as_golden("report.ndjson", &out);
    assay_buf_reset(&out);
    assert_int_equal(assay_render_html(r, &out), ASSAY_OK);
    same_as_golden("report.html", &out);
    /* hostile names: no markup of theirs, no override character, no script at all */
    assert_null(strstr((char *)out.ptr, "<script"));
    assert_null(strstr((char *)out.ptr, "\xe2\x80\xae"));
    assert_non_null(strstr((char *)out.ptr, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39; onload=x [U+202E]"));
    assay_buf_release(&out);
    assay_report_free(r);
}

/* The result document, read back by a JSON parser. */
static void json_document(void **state)
{
    struct fixture *f = *state;
    struct assay_buf out = {0};
    write_flights(f, 14, 6);
    write_airports(f, "match");
    struct assay_report *r = build(f, &(struct assay_report_scope){.run = RUN}, ASSAY_OK);
    assert_int_equal(assay_render_json(r, &out), ASSAY_OK);
    json_t *j = json_loadb((char *)out.ptr, out.len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(j);
    assert_int_equal(json_integer_value(json_object_get(j, "schema_version")), 1);
    assert_string_equal(json_string_value(json_object_get(j, "run_id")), RUN);
    assert_string_equal(json_string_value(json_object_get(j, "verdict")), "mismatch");
    assert_int_equal(json_integer_value(json_object_get(j, "exit_code")), 1);
    assert_true(json_is_false(json_object_get(j, "truncated")));
    const json_t *set = json_array_get(json_object_get(j, "datasets"), 0);
    const json_t *chunks = json_object_get(set, "chunks"), *first = json_array_get(chunks, 0);
    assert_int_equal(json_array_size(chunks), 10);
    assert_string_equal(json_string_value(json_object_get(first, "segment")), "2001-03");
    assert_string_equal(json_string_value(json_object_get(first, "kind")), "lost");
    assert_int_equal(json_integer_value(json_object_get(json_object_get(first, "rows"), "archive")), 65014);
    const json_t *changed = json_array_get(chunks, 9), *columns = json_object_get(changed, "columns");
    assert_int_equal(json_array_size(columns), 2);
    assert_string_equal(json_string_value(json_array_get(columns, 1)), "ts");
    const json_t *causes = json_object_get(j, "causes"), *cut = json_array_get(causes, 0);
    assert_int_equal(json_array_size(causes), 2);
    assert_string_equal(json_string_value(json_object_get(cut, "kind")), "time-cut");
    assert_string_equal(json_string_value(json_object_get(cut, "rule")), "truncate: ms");
    assert_string_equal(json_string_value(json_object_get(cut, "side")), "source");
    assert_string_equal(json_string_value(json_array_get(json_object_get(cut, "columns"), 0)), "ts");
    assert_string_equal(json_string_value(json_object_get(json_array_get(causes, 1), "scope")), "isolated");
    json_decref(j);
    assay_buf_release(&out);
    assay_report_free(r);
}

static void all_equal(void **state)
{
    struct fixture *f = *state;
    struct assay_buf out = {0};
    const struct assay_text_opts quiet = {.quiet = true};
    write_airports(f, "match");
    struct assay_report *r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 0);
    assert_int_equal(r->counts.cells_accepted, 17);
    assert_non_null(r->independence); /* one host */
    assert_int_equal(assay_render_text(r, &quiet, &out), ASSAY_OK);
    assert_string_equal(assay_buf_str(&out), "MATCH: 3,214 rows in 5 chunks of 1 dataset are equal on both sides "
                                             "(strength fast: finds accidents, is not proof)\n");
    assay_buf_release(&out);
    assay_report_free(r);
}

/* A "match" that the run facts contradict is not green. */
static void match_without_end(void **state)
{
    struct fixture *f = *state;
    char plan[80];
    plan_of(f, FLIGHTS, "flights", "{}", plan);
    run_start(f, 0, FLIGHTS, plan);
    run_start(f, 1, FLIGHTS, plan);
    chunk(f, 0, FLIGHTS, plan, "all", 0, 0, 5, NULL);
    chunk(f, 1, FLIGHTS, plan, "all", 0, 0, 5, NULL);
    run_end(f, 0, FLIGHTS, plan, "ok", 5);
    verdict(f, FLIGHTS, plan, "all", 0, 0, NULL, NULL, 5, 5);
    struct assay_report *r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 3);
    assert_int_equal(r->counts.chunks[ASSAY_RV_MATCH], 0);
    assert_int_equal(r->counts.chunks[ASSAY_RV_UNVERIFIED], 1);
    assert_string_equal(r->set[0].reason, "the run of the archive has no end: it was stopped or is still going");
    assay_report_free(r);
}

/* Attested, never compared: unverified, and so are a chunk without a verdict and an empty ledger. */
static void not_compared(void **state)
{
    struct fixture *f = *state;
    char plan[80];
    struct assay_report *r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 3);
    assert_int_equal(r->n_sets, 0);
    assay_report_free(r);
    plan_of(f, FLIGHTS, "flights", "{}", plan);
    for (int side = 0; side < 2; side++) {
        run_start(f, side, FLIGHTS, plan);
        chunk(f, side, FLIGHTS, plan, "all", 0, 0, 5, NULL);
        chunk(f, side, FLIGHTS, plan, "all", 0, 1, 5, NULL);
        run_end(f, side, FLIGHTS, plan, "ok", 10);
    }
    r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 3);
    assert_int_equal(r->set[0].verdict, ASSAY_RV_UNVERIFIED);
    assay_report_free(r);
    verdict(f, FLIGHTS, plan, "all", 0, 0, NULL, NULL, 5, 5);
    r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 3);
    assert_int_equal(r->counts.chunks[ASSAY_RV_MATCH], 1);
    assert_int_equal(r->counts.chunks[ASSAY_RV_UNVERIFIED], 1);
    assay_report_free(r);
}

/* A broken ledger: the same envelope, exit code 4, no verdict, nothing claimed. */
static void broken(void **state)
{
    (void)state;
    struct assay_buf out = {0};
    const struct assay_err why = {ASSAY_ELEDGER, "leaf 7: <wrong>"};
    struct assay_report *r = assay_report_broken(&(struct assay_report_scope){.plan_path = "p.yaml"}, &why);
    assert_non_null(r);
    assert_int_equal(r->exit_code, 4);
    assert_int_equal(assay_render_json(r, &out), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&out), "\"verdict\":\"unverified\",\"exit_code\":4"));
    assert_non_null(strstr(assay_buf_str(&out), "\"independence\":{\"claimed\":false"));
    assay_buf_reset(&out);
    assert_int_equal(assay_render_html(r, &out), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&out), "<h1>UNVERIFIED: leaf 7: &lt;wrong&gt;</h1>"));
    assay_buf_reset(&out);
    assert_int_equal(assay_render_text(r, &(struct assay_text_opts){0}, &out), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&out), "next: assay ledger verify p.yaml"));
    assay_buf_release(&out);
    assay_report_free(r);
}

/* After a scrub the verdict names its run; who hashed the rows, and where, is shown from the run before it. */
static void after_a_scrub(void **state)
{
    static const char scrub[] = "22222222-2222-4222-8222-222222222222";
    struct fixture *f = *state;
    char plan[80];
    write_airports(f, "match");
    assay_report_free(build(f, &(struct assay_report_scope){0}, ASSAY_OK));
    plan_of(f, AIRPORTS, "airports", "{\"columns\":[]}", plan);
    for (int i = 0; i < 3; i++) {
        begin(f, i == 0 ? "run-start" : i == 1 ? "object" : "run-end");
        add(f, "role", "archive");
        add(f, "run", scrub);
        add(f, "dataset", AIRPORTS);
        add(f, "plan", plan);
        if (i == 0)
            add(f, "scope", "scrub");
        if (i == 1) {
            add(f, "object", "airports.csv");
            add(f, "status", "intact");
            add_number(f, "bytes", 99);
        }
        if (i == 2) {
            add(f, "status", "ok");
            ledger_fixture_end_run(f->sink[ASSAY_ROLE_ARCHIVE], &f->text);
        }
        end(f, ASSAY_ROLE_ARCHIVE);
    }
    begin(f, "verdict");
    add(f, "run", OLD_RUN);
    add(f, "dataset", AIRPORTS);
    add(f, "plan", plan);
    add(f, "segment", "*");
    add(f, "chunk", "*");
    add(f, "verdict", "match");
    add(f, "source-run", RUN);
    add(f, "archive-run", scrub);
    add_number(f, "chunks", 5);
    end_verdict(f);
    struct assay_report *r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    const struct assay_rep_side *archive = &r->set[0].side[1];
    assert_int_equal(r->exit_code, 0);
    assert_string_equal(r->run, OLD_RUN);
    assert_string_equal(archive->run, RUN);
    assert_string_equal(archive->scrub_run, scrub);
    assert_int_equal(archive->rows, 3214);
    assert_int_equal(archive->objects, 1);
    assert_non_null(archive->host);
    assert_int_equal(r->counts.rows[1], 3214);
    assay_report_free(r);
}

static void scope(void **state)
{
    struct fixture *f = *state;
    static const char *const airports[] = {"airports"}, *const nobody[] = {"nobody"};
    static const char *const ids[] = {AIRPORTS, "bbbbbbbb-0000-4000-8000-000000000009"};
    static const char *const names[] = {"airports", "late"};
    write_flights(f, 3, 2);
    write_airports(f, "match");
    struct assay_report *r = build(f, &(struct assay_report_scope){.dataset = airports, .n_datasets = 1}, ASSAY_OK);
    assert_int_equal(r->exit_code, 0);
    assert_int_equal(r->n_sets, 1);
    assay_report_free(r);
    build(f, &(struct assay_report_scope){.dataset = nobody, .n_datasets = 1}, ASSAY_ENOTFOUND);
    build(f, &(struct assay_report_scope){.run = OLD_RUN}, ASSAY_ENOTFOUND);
    /* a dataset of the plan that could not even begin is not passed over */
    struct assay_report_scope all = {.plan_ids = ids, .plan_names = names, .n_plan_ids = 2, .all = true};
    r = build(f, &all, ASSAY_OK);
    assert_int_equal(r->exit_code, 3);
    assert_int_equal(r->n_sets, 2);
    assert_string_equal(r->set[0].name, "late");
    assay_report_free(r);
}

#define NEW_RUN "22222222-2222-4222-8222-222222222222"

static void says(const struct assay_report *r, const char *begin, const char *then)
{
    struct assay_buf out = {0};
    assert_int_equal(assay_render_text(r, &(struct assay_text_opts){.quiet = true}, &out), ASSAY_OK);
    const char *text = assay_buf_str(&out);
    assert_non_null(text);
    if (strncmp(text, begin, strlen(begin)) != 0 || !strstr(text, then))
        fail_msg("%s", text);
    assay_buf_release(&out);
}

/* What the newest run did not reach is told, and counts unless one run was asked for. */
static void outside_the_run(void **state)
{
    struct fixture *f = *state;
    static const char *const airports[] = {"airports"};
    static const char *const ids[] = {AIRPORTS, FLIGHTS, "bbbbbbbb-0000-4000-8000-000000000009"};
    static const char *const names[] = {"airports", "flights", "late"};
    struct assay_report_scope plan = {.plan_path = "p.yaml", .plan_ids = ids, .plan_names = names, .n_plan_ids = 3};
    write_flights(f, 3, 2);
    f->run = NEW_RUN;
    write_airports(f, "match");
    struct assay_report *r = build(f, &plan, ASSAY_OK);
    assert_int_equal(r->n_sets, 1);
    assert_int_equal(r->n_others, 2);
    assert_string_equal(r->other[0].run, RUN);
    assert_int_equal(r->other[0].n_open, 3);
    assert_null(r->other[1].run);
    assert_int_equal(r->verdict, ASSAY_RV_MISMATCH);
    assert_int_equal(r->exit_code, 1);
    says(r,
         "MISMATCH outside of what was compared last, where 3,214 rows in 5 chunks of 1 of 3 datasets of the plan are",
         "; the last words on others: flights: mismatch of 2026-01-02, 3 open, late: never read (");
    assay_report_free(r);
    plan.all = true;
    r = build(f, &plan, ASSAY_OK);
    assert_int_equal(r->n_sets, 3);
    assert_int_equal(r->n_others, 0);
    assert_string_equal(r->set[0].run, RUN);
    assert_int_equal(r->set[0].verdict, ASSAY_RV_MISMATCH);
    assert_string_equal(r->set[1].reason, "the source was never read");
    assert_string_equal(r->set[2].run, NEW_RUN);
    assert_int_equal(r->exit_code, 1);
    assay_report_free(r);
    plan.all = false;
    plan.run = NEW_RUN;
    r = build(f, &plan, ASSAY_OK);
    assert_int_equal(r->exit_code, 0);
    says(r, "MATCH in part: 3,214 rows in 5 chunks of 1 of 3 datasets of the plan are",
         "flights: mismatch of 2026-01-02");
    assay_report_free(r);
    plan.run = NULL;
    plan.dataset = airports;
    plan.n_datasets = 1;
    r = build(f, &plan, ASSAY_OK);
    assert_int_equal(r->exit_code, 0);
    assert_int_equal(r->n_unread, 2);
    says(r, "MATCH in part: 3,214 rows in 5 chunks of 1 of 3 datasets of the plan are", " equal on both sides (");
    assay_report_free(r);
    plan.n_datasets = 0;
    plan.n_plan_ids = 1;
    r = build(f, &plan, ASSAY_OK);
    assert_int_equal(r->exit_code, 0);
    says(r, "MATCH: 3,214 rows in 5 chunks of 1 dataset are", " equal on both sides (");
    assay_report_free(r);
}

/* The same of segments: what is open in others keeps the exit code up. */
static void outside_the_segments(void **state)
{
    struct fixture *f = *state;
    f->scope = "all";
    write_airports(f, "unverified");
    f->run = NEW_RUN;
    f->scope = "part";
    write_airports(f, "match");
    struct assay_report *r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_true(r->set[0].compared.part);
    assert_int_equal(r->exit_code, 3);
    says(r, "UNVERIFIED outside of what was compared last, where 3,214 rows",
         "; only 1 of 1 segment of airports (all of them last: unverified of 2026-01-02)");
    assay_report_free(r);
    discrepancy(f, AIRPORTS, "d1000000000000000000000000000000", "other", "lost", NULL, "open", RUN);
    r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->set[0].verdict, ASSAY_RV_MATCH);
    assert_int_equal(r->set[0].stands, ASSAY_RV_MISMATCH);
    assert_int_equal(r->exit_code, 1);
    says(r, "MISMATCH outside of what was compared last, where", "; 1 discrepancy is open elsewhere");
    assay_report_free(r);
    r = build(f, &(struct assay_report_scope){.run = NEW_RUN}, ASSAY_OK);
    assert_int_equal(r->exit_code, 0);
    says(r, "MATCH in part: ", "; 1 discrepancy is open elsewhere");
    assay_report_free(r);
}

/* One line of a later run of a side. */
static void later(struct fixture *f, const char *kind, int side, const char *run, const char *key, const char *value,
                  const char *observed)
{
    begin(f, kind);
    add(f, "role", side ? "archive" : "source");
    add(f, "run", run);
    add(f, "dataset", AIRPORTS);
    add(f, "plan", "sha256:90aad265a2cf5903fc8931f3c4b1ea8564891d628745a5dbac8cbc5baf6cb65e");
    add(f, key, value);
    if (strcmp(kind, "run-end") == 0)
        ledger_fixture_end_run(f->sink[role_of(side)], &f->text);
    add(f, "observed", observed);
    end(f, role_of(side));
}

/* What a side stated after the comparison has no part in it, and what was read long before the other side is told. */
static void read_after_the_verdict(void **state)
{
    static const char scrub[] = "33333333-3333-4333-8333-333333333333",
                      third[] = "44444444-4444-4444-8444-444444444444";
    struct fixture *f = *state;
    write_airports(f, "match");
    later(f, "run-start", 1, scrub, "scope", "scrub", TIME);
    later(f, "run-end", 1, scrub, "status", "ok", TIME);
    later(f, "run-start", 0, NEW_RUN, "scope", "all", "2027-01-02T03:00:00.000000Z");
    struct assay_report *r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 0); /* a scrub reads no rows, and what has no end says nothing yet */
    assay_report_free(r);
    later(f, "run-end", 0, NEW_RUN, "status", "ok", "2027-01-02T03:04:00.000000Z");
    r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->set[0].verdict, ASSAY_RV_MATCH);
    assert_int_equal(r->exit_code, 3);
    says(r, "UNVERIFIED outside of what was compared last, where 3,214 rows",
         "; the source of airports was read again 2027-01-02T03:04, and that is not compared (");
    assay_report_free(r);
    r = build(f, &(struct assay_report_scope){.run = RUN}, ASSAY_OK);
    assert_int_equal(r->exit_code, 0);
    says(r, "MATCH: 3,214 rows",
         "; the source of airports was read again 2027-01-02T03:04, and that is not compared (");
    assay_report_free(r);
    begin(f, "verdict"); /* compared, with what the archive stated a year ago */
    add(f, "run", third);
    add(f, "dataset", AIRPORTS);
    add(f, "plan", "sha256:90aad265a2cf5903fc8931f3c4b1ea8564891d628745a5dbac8cbc5baf6cb65e");
    add(f, "segment", "*");
    add(f, "chunk", "*");
    add(f, "verdict", "match");
    add(f, "source-run", NEW_RUN);
    add(f, "archive-run", RUN);
    add_number(f, "chunks", 5);
    end_verdict(f);
    r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 0);
    says(r, "MATCH: ",
         "; the archive of airports was last read 2026-01-02T03:09, not again since; its source 2027-01-02T03:04");
    assay_report_free(r);
    later(f, "run-start", 1, NEW_RUN, "scope", "all", "2027-01-02T04:00:00.000000Z");
    later(f, "run-end", 1, NEW_RUN, "status", "failed", "2027-01-02T04:04:00.000000Z");
    r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(r->exit_code, 3);
    says(r, "UNVERIFIED outside of", "; the archive of airports could not be read 2027-01-02T04:04 (");
    assay_report_free(r);
}

/* Whatever the size: forty lines of text, ten thousand chunks of JSON and a word about the rest. */
static void bounded(void **state)
{
    struct fixture *f = *state;
    char plan[80], segment[32];
    struct assay_buf out = {0};
    const struct assay_text_opts o = {0};
    plan_of(f, FLIGHTS, "flights", "{}", plan);
    for (unsigned i = 0; i < ASSAY_REPORT_MAX_CHUNKS + 5; i++) {
        snprintf(segment, sizeof segment, "s%u", i / 10);
        verdict(f, FLIGHTS, plan, segment, i / 10, i % 10, "changed", "x", 1, 1);
    }
    struct assay_report *r = build(f, &(struct assay_report_scope){0}, ASSAY_OK);
    assert_int_equal(assay_render_text(r, &o, &out), ASSAY_OK);
    assert_true(lines(&out) <= ASSAY_REPORT_TEXT_LINES);
    assert_non_null(strstr(assay_buf_str(&out), "and 9,885 more findings"));
    assay_buf_reset(&out);
    assert_int_equal(assay_render_json(r, &out), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&out), "\"truncated\":true"));
    assay_buf_reset(&out);
    assert_int_equal(assay_render_html(r, &out), ASSAY_OK);
    assert_true(out.len < 4u << 20);
    assay_buf_release(&out);
    assay_report_free(r);
}

/* The published schema, by python3-jsonschema where it is installed. */
static void schema_of_the_document(void **state)
{
    (void)state;
    if (system("python3 -c 'import jsonschema' 2>/dev/null") != 0) {
        print_message("skipped: python3-jsonschema is not installed\n");
        skip();
    }
    assert_int_equal(system("python3 -c 'import json,jsonschema;"
                            "jsonschema.Draft7Validator(json.load(open(\"docs/result.schema.json\")))"
                            ".validate(json.load(open(\"tests/golden/report.json\")))'"),
                     0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(golden_files, setup, teardown),
        cmocka_unit_test_setup_teardown(json_document, setup, teardown),
        cmocka_unit_test_setup_teardown(all_equal, setup, teardown),
        cmocka_unit_test_setup_teardown(match_without_end, setup, teardown),
        cmocka_unit_test_setup_teardown(not_compared, setup, teardown),
        cmocka_unit_test(broken),
        cmocka_unit_test_setup_teardown(after_a_scrub, setup, teardown),
        cmocka_unit_test_setup_teardown(scope, setup, teardown),
        cmocka_unit_test_setup_teardown(outside_the_run, setup, teardown),
        cmocka_unit_test_setup_teardown(outside_the_segments, setup, teardown),
        cmocka_unit_test_setup_teardown(read_after_the_verdict, setup, teardown),
        cmocka_unit_test_setup_teardown(bounded, setup, teardown),
        cmocka_unit_test(schema_of_the_document),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
