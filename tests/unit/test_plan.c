/* Plans: every wrong one is named at its place with one exact sentence, right ones bind, the resolved form never moves.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/coverage.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/plan.h"
#include "assay/publish.h"

static const char base[] = "assay: 1\n"
                           "origin: assay.local/sales\n"
                           "datasets:\n"
                           "  flights:\n"
                           "    id: 0f3c1111-2222-4333-8444-555566667777\n"
                           "    source: {locator: 'sqlite:app.db', table: flights}\n"
                           "    archive: {locator: 'archive/{segment}.csv'}\n"
                           "    key: [id]\n"
                           "    window: {column: date, every: month}\n"
                           "    columns:\n"
                           "      id: integer\n"
                           "      date: timestamp\n"
                           "      delay: {type: decimal, archive: {name: Delay, rules: [{null_if: NA}]}}\n"
                           "    uncovered: [source.note]\n";

static char dir[] = "/tmp/assay-plan-XXXXXX";

static int enter(void **state)
{
    (void)state;
    return !mkdtemp(dir) || chdir(dir);
}

static int leave(void **state)
{
    (void)state;
    unlink("plan.yaml");
    unlink("secret");
    return chdir("/") || rmdir(dir);
}

static enum assay_status load(const char *text, size_t n, struct assay_plan **p, struct assay_buf *errors)
{
    struct assay_err e = {0};
    assert_int_equal(assay_publish("plan.yaml", 0600, text, n, &e), ASSAY_OK);
    enum assay_status s = assay_plan_load("plan.yaml", p, errors, &e);
    assert_int_equal(s, e.code);
    assert_true((s == ASSAY_OK) == (*p != NULL));
    if (s != ASSAY_OK)
        assert_true(errors->len > 0);
    return s;
}

/* The base plan with the first `find` replaced; the caller frees. */
static char *edit(const char *find, const char *with)
{
    const char *at = strstr(base, find);
    char *out = NULL;
    assert_non_null(at);
    assert_true(asprintf(&out, "%.*s%s%s", (int)(at - base), base, with, at + strlen(find)) > 0);
    return out;
}

static const struct bad {
    const char *find, *with, *says; /* find NULL: `with` is the whole file */
} bad[] = {
    /* as_of */
    {"    uncovered:", "    as_of: {column: dat, at: 2024-01-01}\n    uncovered:",
     "plan.yaml:14:21: as_of: column \"dat\" is not among the columns; did you mean \"date\"?\n"},
    {"    uncovered:", "    as_of: {column: delay, at: 1}\n    uncovered:",
     "plan.yaml:14:21: as_of: column \"delay\" is decimal; expected a date, timestamp, timestamptz or integer\n"},
    {"    uncovered:", "    as_of: {column: date}\n    uncovered:", "plan.yaml:14:12: missing key \"at\" in as_of\n"},
    /* the high-water mark */
    {"every: month}", "every: month, lag: 3}",
     "plan.yaml:9:47: lag: expected a number and s, m, h, d or w, such as 3d, found \"3\"\n"},
    {"every: month}", "every: month, closed_until: soon}",
     "plan.yaml:9:56: closed_until: \"soon\" is not a valid timestamp: not a time stamp\n"},
    {"every: month}", "every: month, closed_until: 2024-01-01, lag: 1d}",
     "plan.yaml:9:73: lag: closed_until is given, too; expected one of them\n"},
    /* coverage */
    {"datasets:", "coverage: all\ndatasets:",
     "plan.yaml:3:11: coverage: expected full (or no such key), found \"all\"\n"},
    {"datasets:", "ignore: tmp\ndatasets:", "plan.yaml:3:9: ignore: expected a list, found text\n"},
    {"datasets:", "ignore: [a, '']\ndatasets:", "plan.yaml:3:13: ignore: is empty\n"},
    /* the file as YAML */
    {NULL, "", "plan.yaml: the plan is empty\n"},
    {NULL, "# only a comment\n", "plan.yaml: the plan is empty\n"},
    {NULL, "assay: [1\n", "plan.yaml:2:1: not YAML: did not find expected ',' or ']' while parsing a flow sequence\n"},
    {NULL, "assay: 1\n---\nassay: 1\n", "plan.yaml:2:1: a second document starts here; a plan is one document\n"},
    {NULL, "%YAML 1.1\n---\nassay: 1\n",
     "plan.yaml:1:1: a line that starts with % (a directive) is not supported in a plan\n"},
    {NULL, "assay: &a 1\n", "plan.yaml:1:8: anchors (&name) are not supported in a plan\n"},
    {NULL, "assay: *a\n", "plan.yaml:1:8: aliases (*name) are not supported in a plan\n"},
    {NULL, "assay: !!int 1\n", "plan.yaml:1:8: tags (!name) are not supported in a plan\n"},
    {NULL, "- assay\n", "plan.yaml:1:1: the plan: expected a mapping, found a list\n"},
    {NULL, "assay\n", "plan.yaml:1:1: the plan: expected a mapping, found text\n"},
    {NULL, "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", "plan.yaml:1:33: nested too deeply\n"},
    {NULL, "assay: 1\n\tkeys: x\n",
     "plan.yaml:2:1: not YAML: found a tab character that violates indentation while scanning a plain scalar\n"},
    {NULL, "{}\n",
     "plan.yaml:1:1: missing key \"assay\" in the plan\n"
     "plan.yaml:1:1: missing key \"origin\" in the plan\n"
     "plan.yaml:1:1: missing key \"datasets\" in the plan\n"},
    /* the plan */
    {"assay: 1", "assay: 2", "plan.yaml:1:8: assay: expected 1 to 1, found 2\n"},
    {"assay: 1", "assay: 01", "plan.yaml:1:8: assay: expected an integer in plain decimal digits\n"},
    {"assay: 1", "assay: '1'", "plan.yaml:1:8: assay: expected an integer in plain decimal digits\n"},
    {"assay: 1", "assay: 1\nasay: 1", "plan.yaml:2:1: unknown key \"asay\" in the plan; did you mean \"assay\"?\n"},
    {"assay: 1", "assay: 1\nassay: 1", "plan.yaml:2:1: key \"assay\" twice in the plan; the other is in line 1\n"},
    {"origin: assay.local/sales", "origin: a b", "plan.yaml:2:9: origin: must not hold spaces or +\n"},
    {"origin: assay.local/sales", "origin: [a]", "plan.yaml:2:9: origin: expected text, found a list\n"},
    {"origin: assay.local/sales", "origin:", "plan.yaml:2:8: origin: expected text, found nothing\n"},
    {"origin: assay.local/sales", "origin: \"a\\0b\"", "plan.yaml:2:9: origin: holds a NUL character\n"},
    {"origin: assay.local/sales", "origin: \"a\\nb\"", "plan.yaml:2:9: origin: holds a control character\n"},
    {"origin: assay.local/sales", "origin: x\n[a]: b", "plan.yaml:3:1: a key of the plan is a list; expected text\n"},
    {NULL, "assay: 1\norigin: x\ndatasets: {}\n", "plan.yaml:3:11: datasets: 0 datasets; expected 1 to 4096\n"},
    {NULL, "assay: 1\norigin: x\ndatasets:\n", "plan.yaml:3:10: datasets: expected a mapping, found nothing\n"},
    /* a dataset */
    {"    id: 0f3c1111-2222-4333-8444-555566667777\n", "", "plan.yaml:5:5: missing key \"id\" in a dataset\n"},
    {"0f3c1111-", "0f3c1111", "plan.yaml:5:9: id: expected a UUID such as 123e4567-e89b-42d3-a456-426614174000\n"},
    {"0f3c1111", "0f3c111g", "plan.yaml:5:9: id: expected a UUID such as 123e4567-e89b-42d3-a456-426614174000\n"},
    {"    key: [id]", "    retention: forever\n    key: [id]",
     "plan.yaml:8:16: retention: expected a number and d, w, m or y, such as 10y\n"},
    {"    key: [id]", "    chunk_rows: 15\n    key: [id]",
     "plan.yaml:8:17: chunk_rows: expected 16 to 16777216, found 15\n"},
    {"    key: [id]", "    chunk_rows: 16777217\n    key: [id]",
     "plan.yaml:8:17: chunk_rows: expected 16 to 16777216, found 16777217\n"},
    {"    key: [id]", "    chunk_rows: 1e6\n    key: [id]",
     "plan.yaml:8:17: chunk_rows: expected an integer in plain decimal digits\n"},
    {"    key: [id]", "    reprocess: []\n    key: [id]", "plan.yaml:8:16: reprocess: 0 words; expected 1 to 256\n"},
    {"    key: [id]", "    reprocess: ./x.sh\n    key: [id]",
     "plan.yaml:8:16: reprocess: expected a list, found text\n"},
    {"    key: [id]", "    reprocess: [x, '{segmnt}', '{\"a\"}']\n    key: [id]",
     "plan.yaml:8:20: reprocess: unknown placeholder {segmnt}; did you mean \"segment\"?\n"},
    {"  flights:\n", "  ? \"a\\tb\"\n  :\n", "plan.yaml:4:5: dataset name: holds a control character\n"},
    /* sides */
    {", table: flights", "", "plan.yaml:6:13: missing key \"table\" in source: its locator is a database\n"},
    {"locator: 'sqlite:app.db', ", "", "plan.yaml:6:13: missing key \"locator\" in source\n"},
    {"'sqlite:app.db'", "'sqlite:{segment}.db'",
     "plan.yaml:6:23: locator: {segment} has a meaning for files and commands only, not for a database\n"},
    {"table: flights", "table: flights, format: csv",
     "plan.yaml:6:64: format: has a meaning for files only, not for a database\n"},
    {"table: flights", "table: flights, csv: {header: true}",
     "plan.yaml:6:61: csv: has a meaning for files only, not for a database\n"},
    {"table: flights", "table: flights, snapshot: 0001",
     "plan.yaml:6:66: snapshot: has a meaning for PostgreSQL only\n"},
    {"table: flights", "table: flights, timeout: soon",
     "plan.yaml:6:65: timeout: expected an integer in plain decimal digits\n"},
    {"{segment}.csv'", "{segment}.csv', table: t",
     "plan.yaml:7:56: table: has a meaning for databases only, and the locator names files\n"},
    {"{segment}", "{segment}/{segment}", "plan.yaml:7:24: locator: {segment} stands twice; expected once\n"},
    {"{segment}.csv'", "{segment}.csv', format: cvs",
     "plan.yaml:7:57: format: unknown format \"cvs\"; did you mean \"csv\"?\n"},
    {"{segment}.csv'", "{segment}.csv', format: parquet, csv: {header: true}",
     "plan.yaml:7:71: csv: has no meaning for format parquet\n"},
    {"{segment}.csv'", "{segment}.csv', csv: {delimeter: ';'}",
     "plan.yaml:7:55: unknown key \"delimeter\" in csv; did you mean \"delimiter\"?\n"},
    {"{segment}.csv'", "{segment}.csv', csv: {delimiter: '||'}",
     "plan.yaml:7:66: delimiter: expected one printable ASCII character or tab\n"},
    {"{segment}.csv'", "{segment}.csv', csv: {delimiter: '\"'}",
     "plan.yaml:7:54: csv: delimiter and quote are the same character\n"},
    {"{segment}.csv'", "{segment}.csv', csv: {header: yes}",
     "plan.yaml:7:63: header: expected true or false, found yes\n"},
    {"{segment}.csv'", "{segment}.csv', csv: {null: null, quoted_null: true}",
     "plan.yaml:7:54: csv: quoted_null has no meaning when null is null\n"},
    {"    window: {column: date, every: month}\n", "",
     "plan.yaml:7:14: locator: {segment} on one side only needs a window; without one use * for any file name\n"},
    /* key */
    {"key: [id]", "key: id", "plan.yaml:8:10: key: expected a list, found text\n"},
    {"key: [id]", "key: [idd]", "plan.yaml:8:11: key: column \"idd\" is not among the columns; did you mean \"id\"?\n"},
    {"key: [id]", "key: [id, id]", "plan.yaml:8:15: key: column \"id\" stands twice\n"},
    {"key: [id]", "key: [{a: b}]", "plan.yaml:8:11: key: expected text, found a mapping\n"},
    /* window */
    {"column: date", "column: dates",
     "plan.yaml:9:22: window: column \"dates\" is not among the columns; did you mean \"date\"?\n"},
    {"column: date, ", "", "plan.yaml:9:13: missing key \"column\" in window\n"},
    {"every: month", "every: week",
     "plan.yaml:9:35: every: expected hour, day, month, year or {step: N}, found \"week\"\n"},
    {"every: month", "every: mounth",
     "plan.yaml:9:35: every: expected hour, day, month, year or {step: N}, found \"mounth\"\n"},
    {"every: month", "every: {step: 0}", "plan.yaml:9:42: step: expected 1 to 999999999999999999, found 0\n"},
    {"every: month", "every: {step: 10}",
     "plan.yaml:9:22: window: column \"date\" is timestamp, which cannot be cut by step\n"},
    {"column: date", "column: id", "plan.yaml:9:22: window: column \"id\" is integer, which cannot be cut by month\n"},
    {"column: date", "column: delay",
     "plan.yaml:9:22: window: column \"delay\" is decimal, which cannot be cut by month\n"},
    {"every: month", "every: month, timezone: Europe/Berlin",
     "plan.yaml:9:52: timezone: expected UTC or a fixed offset such as +02:00, found \"Europe/Berlin\"\n"},
    {"every: month", "every: month, timezone: '+02:00'",
     "plan.yaml:9:52: timezone: the window column is no timestamptz; only UTC is possible\n"},
    {"every: month", "every: month, from: 2002-01-01, to: 2001-01-01",
     "plan.yaml:9:64: to: is not after from; the window is empty\n"},
    {"every: month", "every: month, from: 2002-01-01, to: 2002-01-01",
     "plan.yaml:9:64: to: is not after from; the window is empty\n"},
    {"every: month", "every: month, from: 2001-02-30",
     "plan.yaml:9:48: from: \"2001-02-30\" is not a valid timestamp: not a time stamp\n"},
    {"every: month", "every: month, to: soon",
     "plan.yaml:9:46: to: \"soon\" is not a valid timestamp: not a time stamp\n"},
    /* columns */
    {"      id: integer\n      date: timestamp\n      delay: {type: decimal, archive: {name: Delay, rules: [{null_if: "
     "NA}]}}\n",
     "", "plan.yaml:10:13: columns: expected a mapping, found nothing\n"},
    {"id: integer", "id: int8", "plan.yaml:11:11: column \"id\": unknown type \"int8\"; did you mean \"integer\"?\n"},
    {"date: timestamp", "date: timestmap",
     "plan.yaml:12:13: column \"date\": unknown type \"timestmap\"; did you mean \"timestamp\"?\n"},
    {"id: integer", "id: list<integer>", "plan.yaml:8:11: key: column \"id\" is a list, which cannot be a key\n"},
    {"date: timestamp", "date: list<timestamp>",
     "plan.yaml:9:22: window: column \"date\" is list, which cannot be cut by month\n"},
    {"type: decimal", "type: list<list<int8>>",
     "plan.yaml:13:31: column \"delay\": unknown type \"int8\"; did you mean \"integer\"?\n"},
    {"type: decimal", "type: \"struct<\\u00e9: text>\"",
     "plan.yaml:13:21: column \"delay\": type: a field name is missing\n"},
    {"type: decimal", "type: 'map<text, json'",
     "plan.yaml:13:36: column \"delay\": type: expected \">\" behind the value of a map\n"},
    {"type: decimal", "type: \"struct<a: text, a: text>\"",
     "plan.yaml:13:46: column \"delay\": type: a field name stands twice\n"},
    {"id: integer", "id: integer\n      id: text",
     "plan.yaml:12:7: key \"id\" twice in columns; the other is in line 11\n"},
    {"type: decimal, ", "", "plan.yaml:13:14: missing key \"type\" in column \"delay\"\n"},
    {"name: Delay", "nmae: Delay",
     "plan.yaml:13:40: unknown key \"nmae\" in archive of column \"delay\"; did you mean \"name\"?\n"},
    {"name: Delay", "name: id", "plan.yaml:13:7: columns \"id\" and \"delay\" both read \"id\" of the archive\n"},
    {"name: Delay", "name: ''", "plan.yaml:13:46: name: is empty\n"},
    {"name: Delay", "name: '${env:HOME}'",
     "plan.yaml:13:46: name: ${...} is not allowed here: this text is copied into the ledger as it stands\n"},
    {"{null_if: NA}", "{null_if: '${env:HOME}'}",
     "plan.yaml:13:71: null_if: ${...} is not allowed here: this text is copied into the ledger as it stands\n"},
    {"{null_if: NA}", "{null_if: NA, rtrim: x}", "plan.yaml:13:61: a rule is one name with one argument, found 2\n"},
    {"{null_if: NA}", "{null_if: null}", "plan.yaml:13:71: null_if: expected text, found nothing\n"},
    {"{null_if: NA}", "{boolean: {yes: [a], no: [b]}}",
     "plan.yaml:13:71: rule boolean: expected text, or {true: [WORD, ...], false: [WORD, ...]}\n"},
    {"{null_if: NA}", "nul_if",
     "plan.yaml:13:61: column \"delay\": unknown rule \"nul_if\"; did you mean \"null_if\"?\n"},
    {"{null_if: NA}", "{truncate: ms}",
     "plan.yaml:13:61: column \"delay\": rule truncate does not apply to a column of type decimal\n"},
    {"{null_if: NA}", "{round: -1}",
     "plan.yaml:13:61: column \"delay\": rule round: expected a number of digits, 0 to 16383, found \"-1\"\n"},
    {"{null_if: NA}", "{as: float64}",
     "plan.yaml:13:61: column \"delay\": rule as: expected decimal(n), n up to 400, found \"float64\"\n"},
    {"{null_if: NA}", "{rtrim: x}",
     "plan.yaml:13:61: column \"delay\": rule rtrim: expected no argument, found \"x\"\n"},
    {"rules: [{null_if: NA}]", "rules: rtrim", "plan.yaml:13:60: rules: expected a list, found text\n"},
    /* uncovered */
    {"source.note", "note", "plan.yaml:14:17: uncovered: expected source.NAME or archive.NAME, found \"note\"\n"},
    {"source.note", "source.", "plan.yaml:14:17: uncovered: expected source.NAME or archive.NAME, found \"source.\"\n"},
    {"source.note", "archive.Delay", "plan.yaml:14:17: uncovered: \"archive.Delay\" is read by column \"delay\"\n"},
    {"source.note", "source.note, source.note", "plan.yaml:14:16: uncovered: \"source.note\" stands twice\n"},
    /* interpolation */
    {"sqlite:app.db", "sqlite:${env:ASSAY_TEST_UNSET}",
     "plan.yaml:6:23: locator: environment variable ASSAY_TEST_UNSET is not set\n"},
    {"sqlite:app.db", "sqlite:${env:A-B}",
     "plan.yaml:6:23: locator: \"A-B\" is not the name of an environment variable\n"},
    {"sqlite:app.db", "sqlite:${HOME}",
     "plan.yaml:6:23: locator: unknown ${HOME}; expected ${env:NAME}, ${env:NAME:-default} or ${file:PATH}, or $$ for "
     "a "
     "plain $\n"},
    {"sqlite:app.db", "sqlite:${env:HOME", "plan.yaml:6:23: locator: ${ without its }\n"},
    {"sqlite:app.db", "${file:none}", "plan.yaml:6:23: locator: ./none: cannot open: No such file or directory\n"},
};

static void test_bad_plans(void **state)
{
    (void)state;
    size_t wrong = 0;
    unsetenv("ASSAY_TEST_UNSET");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct assay_buf errors = {0};
        struct assay_plan *p;
        char *text = bad[i].find ? edit(bad[i].find, bad[i].with) : strdup(bad[i].with);
        assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_EPLAN);
        if (strcmp(assay_buf_str(&errors), bad[i].says) != 0) {
            print_error("expected: %sfound:    %s", bad[i].says, (const char *)errors.ptr);
            wrong++;
        }
        assay_buf_release(&errors);
        free(text);
    }
    assert_int_equal(wrong, 0);
}

static void test_base_binds(void **state)
{
    (void)state;
    struct assay_buf errors = {0};
    struct assay_plan *p;
    assert_int_equal(load(base, strlen(base), &p, &errors), ASSAY_OK);
    assert_int_equal(errors.len, 0);
    assert_string_equal(p->ledger, "ledger.db");
    assert_string_equal(p->keys, "keys");
    assert_string_equal(p->base_dir, ".");
    assert_int_equal(p->n_sets, 1);
    const struct assay_dataset *d = assay_plan_find(p, "flights");
    assert_ptr_equal(d, p->set);
    assert_null(assay_plan_find(p, "flight"));
    assert_int_equal(d->n_cols, 3);
    assert_string_equal(d->col[0].name, "date");
    assert_string_equal(d->col[1].name, "delay");
    assert_string_equal(d->col[2].name, "id");
    assert_string_equal(d->col[1].native[ASSAY_SOURCE], "delay");
    assert_string_equal(d->col[1].native[ASSAY_ARCHIVE], "Delay");
    assert_int_equal(d->col[1].n_rules[ASSAY_SOURCE], 0);
    assert_int_equal(d->col[1].n_rules[ASSAY_ARCHIVE], 1);
    assert_int_equal(d->col[2].key_pos, 1);
    assert_int_equal(d->n_key, 1);
    assert_int_equal(d->chunk_rows, ASSAY_DEFAULT_CHUNK_ROWS);
    assert_int_equal(d->window.every, ASSAY_EVERY_MONTH);
    assert_string_equal(d->window.timezone, "UTC");
    assert_null(d->reprocess);
    struct assay_locator loc = assay_plan_locator(p, d, ASSAY_ARCHIVE);
    assert_string_equal(loc.uri, "archive/{segment}.csv");
    assert_int_equal(loc.csv.delimiter, ',');
    assert_string_equal(loc.csv.null_text, "");
    assert_true(loc.csv.header);
    assay_plan_free(p);
}

static const char rich[] =
    "assay: 1\norigin: x\nledger: /var/l.db\nkeys: k\ndatasets:\n"
    "  \"größe, mit Komma\":\n"
    "    id: ABCDEF01-2222-4333-8444-555566667777\n"
    "    owner: ops@example.org\n    retention: 10y\n"
    "    source: {locator: 'host=db user=u', table: public.t, timeout: 60, snapshot: 00000003-1}\n"
    "    archive:\n      locator: a/*.tsv\n      format: csv\n"
    "      csv: {delimiter: tab, quote: null, escape: '\\', header: false, null: '\\N', quoted_null: false}\n"
    "    window: {column: n, every: {step: 100000}, from: '-5', to: '12'}\n"
    "    chunk_rows: 16\n"
    "    columns: {n: integer, 'a b': {type: text, source: {name: A}}}\n"
    "    reprocess: ['./x.sh', '{dataset}', '$$1', '']\n";

static void test_coverage_binds(void **state)
{
    (void)state;
    struct assay_plan *p = NULL;
    struct assay_buf errors = {0};
    char *text = edit("datasets:", "coverage: full\nignore: [public.log, 'tmp_*']\ndatasets:");
    assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_OK);
    assert_true(p->full_coverage);
    assert_int_equal(p->n_ignore, 2);
    assert_string_equal(p->ignore[1], "tmp_*");
    assay_plan_free(p);
    free(text);
    text = edit("", "");
    assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_OK);
    assert_false(p->full_coverage);
    assay_plan_free(p);
    free(text);
    assay_buf_release(&errors);
}

static void test_as_of_binds(void **state)
{
    (void)state;
    struct assay_plan *p = NULL;
    struct assay_buf errors = {0}, form = {0};
    char *text = edit("    uncovered:", "    as_of: {column: date, at: 2024-06-01}\n    uncovered:");
    assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_OK);
    assert_string_equal(p->set[0].as_of.column, "date");
    assert_string_equal(p->set[0].as_of.at, "2024-06-01 00:00:00"); /* midnight */
    assert_int_equal(assay_plan_resolved(&p->set[0], &form), ASSAY_OK);
    assert_non_null(strstr(assay_buf_str(&form), "\"as_of\":{\"at\":\"2024-06-01 00:00:00\",\"column\":\"date\"}"));
    assay_plan_free(p);
    free(text);
    assay_buf_release(&form);
    assay_buf_release(&errors);
}

static void test_mark_binds(void **state)
{
    (void)state;
    struct assay_plan *p = NULL;
    struct assay_buf errors = {0}, with = {0}, without = {0};
    char *text = edit("every: month}", "every: month, lag: 2w}");
    assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_OK);
    assert_true(p->set[0].window.has_lag);
    assert_int_equal(p->set[0].window.lag, 14 * 86400);
    assert_int_equal(assay_plan_resolved(&p->set[0], &with), ASSAY_OK);
    assay_plan_free(p);
    free(text);
    text = edit("every: month}", "every: month, closed_until: 2024-06-01}");
    assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_OK);
    assert_string_equal(p->set[0].window.closed_until, "2024-06-01 00:00:00");
    assert_int_equal(assay_plan_resolved(&p->set[0], &without), ASSAY_OK);
    assay_plan_free(p);
    free(text);
    assert_string_equal(assay_buf_str(&with), assay_buf_str(&without)); /* old statements stay those of this plan */
    assay_buf_release(&with);
    assay_buf_release(&without);
    assay_buf_release(&errors);
}

static void test_ignored_names(void **state)
{
    (void)state;
    assert_true(assay_coverage_ignores("tmp_*", "public.tmp_x", 7));
    assert_true(assay_coverage_ignores("tmp_*", "a.b.tmp_x", 4));
    assert_false(assay_coverage_ignores("tmp_*", "tmp_s.x", 6)); /* that is the schema */
    assert_true(assay_coverage_ignores("tmp_s.*", "tmp_s.x", 6));
    assert_false(assay_coverage_ignores("public.log", "public.logs", 7));
    assert_true(assay_coverage_ignores("log", "log", 0));
    assert_false(assay_coverage_ignores("og", "log", 0));
}

static void test_rich_binds(void **state)
{
    (void)state;
    struct assay_buf errors = {0};
    struct assay_plan *p;
    assert_int_equal(load(rich, strlen(rich), &p, &errors), ASSAY_OK);
    const struct assay_dataset *d = p->set;
    assert_string_equal(p->ledger, "/var/l.db");
    assert_string_equal(d->id, "abcdef01-2222-4333-8444-555566667777");
    assert_int_equal(d->side[ASSAY_SOURCE].timeout_s, 60);
    assert_string_equal(d->side[ASSAY_SOURCE].snapshot, "00000003-1");
    const struct assay_csv_dialect *c = &d->side[ASSAY_ARCHIVE].csv;
    assert_int_equal(c->delimiter, '\t');
    assert_int_equal(c->quote, 0);
    assert_int_equal(c->escape, '\\');
    assert_false(c->header);
    assert_string_equal(c->null_text, "\\N");
    assert_int_equal(d->window.every, ASSAY_EVERY_STEP);
    assert_int_equal(d->window.step, 100000);
    assert_int_equal(d->n_key, 0);
    assert_string_equal(d->reprocess[2], "$1");
    assert_string_equal(d->reprocess[3], "");
    assert_null(d->reprocess[4]);
    assay_plan_free(p);
}

/* A date as a bound of time stamps is its midnight in the zone of the window. */
static void test_date_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *type, *window, *from;
    } cases[] = {
        {"timestamp", "every: month, from: 2001-01-01", "2001-01-01 00:00:00"},
        {"timestamp", "every: month, from: 2001-01-01 05:00:00", "2001-01-01 05:00:00"},
        {"timestamptz", "every: month, from: 2001-01-01", "2001-01-01 00:00:00+00"},
        {"timestamptz", "every: month, from: 2001-01-01, timezone: '+05:30'", "2001-01-01 00:00:00+05:30"},
        {"date", "every: month, from: 2001-01-01", "2001-01-01"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_buf errors = {0};
        struct assay_plan *p;
        char with[80], *text = edit("every: month", cases[i].window), *both;
        snprintf(with, sizeof with, "date: %s\n", cases[i].type);
        char *at = strstr(text, "date: timestamp\n");
        assert_non_null(at);
        assert_true(asprintf(&both, "%.*s%s%s", (int)(at - text), text, with, at + strlen("date: timestamp\n")) > 0);
        assert_int_equal(load(both, strlen(both), &p, &errors), ASSAY_OK);
        assert_string_equal(p->set->window.from, cases[i].from);
        assay_plan_free(p);
        free(both);
        free(text);
    }
}

static void test_missing_file(void **state)
{
    (void)state;
    struct assay_buf errors = {0};
    struct assay_err e = {0};
    struct assay_plan *p;
    unlink("plan.yaml");
    assert_int_equal(assay_plan_load("plan.yaml", &p, &errors, &e), ASSAY_EPLAN);
    assert_string_equal(e.msg, "plan.yaml: cannot open: No such file or directory");
    assert_null(p);
    assay_buf_release(&errors);
}

static void test_at_most_twenty(void **state)
{
    (void)state;
    struct assay_buf text = {0}, errors = {0};
    struct assay_plan *p;
    size_t lines = 0;
    for (int i = 0; i < 50; i++)
        assay_buf_addf(&text, "k%d: 1\n", i);
    assert_int_equal(load(assay_buf_str(&text), text.len, &p, &errors), ASSAY_EPLAN);
    for (size_t i = 0; i < errors.len; i++)
        lines += errors.ptr[i] == '\n';
    assert_int_equal(lines, 20);
    assay_buf_release(&text);
    assay_buf_release(&errors);
}

static void test_two_datasets_one_id(void **state)
{
    (void)state;
    struct assay_buf text = {0}, errors = {0};
    struct assay_plan *p;
    const char *body = strstr(base, "    id:");
    assay_buf_addf(&text, "%s  more:\n%s", base, body);
    assert_int_equal(load(assay_buf_str(&text), text.len, &p, &errors), ASSAY_EPLAN);
    assert_string_equal(assay_buf_str(&errors), "plan.yaml:15:3: datasets \"flights\" and \"more\" have the same id\n");
    assay_buf_release(&text);
    assay_buf_release(&errors);
}

static void test_interpolation(void **state)
{
    (void)state;
    static const struct {
        const char *locator, *want;
    } cases[] = {
        {"sqlite:${env:ASSAY_T}.db", "sqlite:value.db"},
        {"sqlite:${env:ASSAY_UNSET:-d e f}.db", "sqlite:d e f.db"},
        {"sqlite:${env:ASSAY_EMPTY:-x}", "sqlite:x"},
        {"sqlite:${env:ASSAY_EMPTY}", "sqlite:"},
        {"sqlite:${file:secret}", "sqlite:s3cret/x"},
        {"sqlite:$$${env:ASSAY_T}$", "sqlite:$value$"},
        {"sqlite:$5 $$$$", "sqlite:$5 $$"},
        {"sqlite:${env:ASSAY_NEST}", "sqlite:${env:ASSAY_T}"}, /* expanded once only */
    };
    setenv("ASSAY_T", "value", 1);
    setenv("ASSAY_EMPTY", "", 1);
    setenv("ASSAY_NEST", "${env:ASSAY_T}", 1);
    unsetenv("ASSAY_UNSET");
    assert_int_equal(assay_publish("secret", 0600, "s3cret/x\r\n", 10, NULL), ASSAY_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_buf errors = {0};
        struct assay_plan *p;
        char *text = edit("sqlite:app.db", cases[i].locator);
        assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_OK);
        assert_string_equal(p->set->side[ASSAY_SOURCE].uri, cases[i].want);
        assay_plan_free(p);
        free(text);
    }
    unlink("secret");
}

/* What a variable or a file holds appears in no message, whatever is wrong with it. */
static void test_secrets_stay_out_of_messages(void **state)
{
    (void)state;
    static const char *const edits[][2] = {
        {"table: flights", "table: \"${env:ASSAY_SECRET}\", format: csv"},
        {"table: flights", "table: flights, timeout: ${env:ASSAY_SECRET}"},
        {"'sqlite:app.db'", "'${env:ASSAY_SECRET}'"},
        {"assay: 1", "assay: ${env:ASSAY_SECRET}"},
        {"    key: [id]", "    retention: '${env:ASSAY_SECRET}'\n    key: [id]"},
        {"0f3c1111-2222-4333-8444-555566667777", "'${env:ASSAY_SECRET}'"},
    };
    setenv("ASSAY_SECRET", "hunter2hunter2", 1);
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct assay_buf errors = {0};
        struct assay_plan *p;
        char *text = edit(edits[i][0], edits[i][1]);
        assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_EPLAN);
        assert_null(strstr(assay_buf_str(&errors), "hunter2"));
        assay_buf_release(&errors);
        free(text);
    }
}

static const char resolved[] =
    "{\"archive\":{\"csv\":{\"delimiter\":\",\",\"escape\":null,\"header\":true,\"null\":\"\",\"quote\":\"\\\"\","
    "\"quoted_"
    "null\":false},\"format\":null,\"kind\":\"files\"},\"assay\":1,\"canon\":1,\"chunk_rows\":65536,\"columns\":[{"
    "\"archive\":{\"name\":\"date\",\"rules\":[]},\"key\":0,\"name\":\"date\",\"source\":{\"name\":\"date\",\"rules\":["
    "]},"
    "\"type\":\"timestamp\"},{\"archive\":{\"name\":\"Delay\",\"rules\":[[\"null_if\",\"NA\"]]},\"key\":0,\"name\":"
    "\"delay\",\"source\":{\"name\":\"delay\",\"rules\":[]},\"type\":\"decimal\"},{\"archive\":{\"name\":\"id\","
    "\"rules\":[]}"
    ",\"key\":1,\"name\":\"id\",\"source\":{\"name\":\"id\",\"rules\":[]},\"type\":\"integer\"}],\"id\":\"0f3c1111-"
    "2222-4333-"
    "8444-555566667777\",\"source\":{\"kind\":\"table\"},\"uncovered\":[\"source.note\"],\"window\":{\"column\":"
    "\"date\","
    "\"every\":\"month\",\"from\":null,\"step\":0,\"timezone\":\"UTC\",\"to\":null}}";

static void resolve(const char *text, struct assay_buf *out)
{
    struct assay_buf errors = {0};
    struct assay_plan *p;
    assert_int_equal(load(text, strlen(text), &p, &errors), ASSAY_OK);
    assert_int_equal(assay_plan_resolved(p->set, out), ASSAY_OK);
    assay_plan_free(p);
}

/* Every statement cites the hash of these bytes: a change here orphans all evidence that was ever written. */
static void test_resolved_bytes(void **state)
{
    (void)state;
    struct assay_buf out = {0};
    uint8_t h[32];
    char hex[65];
    resolve(base, &out);
    assert_string_equal(assay_buf_str(&out), resolved);
    assay_sha256(out.ptr, out.len, h);
    assay_hex(h, 32, hex);
    assert_string_equal(hex, "877d53dc9d63e111405dac3e35df853785a83e67cd286ae99c750b2239b7386c");
    assay_buf_release(&out);
}

/* Names, places and order in the file are no part of what is hashed. */
static void test_resolved_ignores(void **state)
{
    (void)state;
    static const char *const edits[][2] = {
        {"  flights:", "  flight_records:"},
        {"sqlite:app.db", "postgresql://user:pa55@host/db"},
        {"table: flights", "table: t, timeout: 5"},
        {"archive/{segment}.csv", "other/{segment}.csv"},
        {"assay.local/sales", "elsewhere"},
        {"      id: integer\n      date: timestamp\n", "      date: timestamp\n      id: {type: integer}\n"},
        {"0f3c1111", "0F3C1111"},
        {"    key: [id]", "    reprocess: [x]\n    owner: me\n    retention: 1y\n    key: [id]"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct assay_buf out = {0};
        char *text = edit(edits[i][0], edits[i][1]);
        resolve(text, &out);
        assert_string_equal(assay_buf_str(&out), resolved);
        assay_buf_release(&out);
        free(text);
    }
}

/* Keys of a sealed dataset are sealed unless it says otherwise. Public ones are not spelled: a plan of the time when
 * they were the rule keeps its bytes, and what they meant. */
static void test_resolved_keys(void **state)
{
    (void)state;
    static const struct {
        const char *with, *says;
        bool sealed;
    } cases[] = {
        {"    digest: sealed\n", "\"digest\":\"sealed\",\"id\":", true},
        {"    digest: sealed\n    keys: sealed\n", "\"digest\":\"sealed\",\"id\":", true},
        {"    digest: sealed\n    keys: public\n", "\"digest\":\"sealed\",\"id\":", false},
        {"    digest: fast\n", NULL, false},
        {"    keys: public\n", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct assay_buf out = {0};
        char line[128];
        snprintf(line, sizeof line, "%s    key: [id]", cases[i].with);
        char *text = edit("    key: [id]", line);
        resolve(text, &out);
        const char *form = assay_buf_str(&out);
        assert_true(!cases[i].says || strstr(form, cases[i].says));
        assert_int_equal(strstr(form, "\"keys\":\"sealed\",\"sketch\":16,\"source\":") != NULL, cases[i].sealed);
        assert_int_equal(strstr(form, "\"keys\"") != NULL, cases[i].sealed);
        if (!cases[i].says)
            assert_string_equal(form, resolved);
        assay_buf_release(&out);
        free(text);
    }
}

static void test_resolved_notices(void **state)
{
    (void)state;
    static const char *const edits[][2] = {
        {"id: integer", "id: decimal"},
        {"type: decimal", "type: list<decimal>"},
        {"type: decimal", "type: 'map<text, decimal>'"},
        {"name: Delay", "name: DELAY"},
        {"null_if: NA", "null_if: N/A"},
        {"key: [id]", "key: []"},
        {"every: month", "every: day"},
        {"every: month", "every: month, from: 2001-01-01"},
        {"[source.note]", "[]"},
        {"0f3c1111", "0f3c1112"},
        {"{segment}.csv'", "{segment}.csv', csv: {null: NA}"},
        {"    key: [id]", "    chunk_rows: 4096\n    key: [id]"},
    };
    for (size_t i = 0; i < sizeof edits / sizeof edits[0]; i++) {
        struct assay_buf out = {0};
        char *text = edit(edits[i][0], edits[i][1]);
        resolve(text, &out);
        assert_string_not_equal(assay_buf_str(&out), resolved);
        assay_buf_release(&out);
        free(text);
    }
}

static void test_resolved_holds_no_secret(void **state)
{
    (void)state;
    struct assay_buf out = {0};
    char *text = edit("'sqlite:app.db', table: flights",
                      "'postgresql://u:${env:ASSAY_SECRET}@h/d', table: '${env:ASSAY_SECRET}'}\n"
                      "    owner: '${env:ASSAY_SECRET}'\n    reprocess: ['${env:ASSAY_SECRET}']\n    #");
    setenv("ASSAY_SECRET", "hunter2hunter2", 1);
    resolve(text, &out);
    assert_null(strstr(assay_buf_str(&out), "hunter2"));
    assert_string_equal(assay_buf_str(&out), resolved);
    assay_buf_release(&out);
    free(text);
}

/* Inputs whose cost could be quadratic or worse end at once. */
static void test_hostile(void **state)
{
    (void)state;
    static const char *const unit[] = {"[",      "a: {", "- ", "? ",  "&a ",  "%TAG ! x\n",
                                       "k: 1\n", "\"",   "'a", "|\n", "\xff", "\xef\xbb\xbf"};
    for (size_t i = 0; i < sizeof unit / sizeof unit[0]; i++) {
        struct assay_buf text = {0}, errors = {0};
        struct assay_plan *p;
        while (text.len < 200000)
            assay_buf_adds(&text, unit[i]);
        assert_int_equal(load(assay_buf_str(&text), text.len, &p, &errors), ASSAY_EPLAN);
        assay_buf_release(&text);
        assay_buf_release(&errors);
    }
    static char big[ASSAY_MAX_PLAN_BYTES + 1];
    struct assay_buf errors = {0};
    struct assay_plan *p;
    memset(big, ' ', sizeof big);
    assert_int_equal(load(big, sizeof big, &p, &errors), ASSAY_EPLAN);
    assert_string_equal(assay_buf_str(&errors), "plan.yaml: 1048577 bytes, the limit is 1048576\n");
    assay_buf_release(&errors);
}

/* Read before the tests leave the working directory, which is the repository's root for make and for tests/run.sh. */
static struct assay_buf manual;

/* The example of docs/plan.md loads. */
static void test_example_of_the_manual(void **state)
{
    (void)state;
    struct assay_buf errors = {0};
    struct assay_plan *p;
    const char *text = assay_buf_str(&manual);
    const char *from = strstr(text, "```yaml\n");
    assert_non_null(from); /* run the tests from the root of the repository */
    from += strlen("```yaml\n");
    const char *to = strstr(from, "```");
    assert_non_null(to);
    if (load(from, (size_t)(to - from), &p, &errors) != ASSAY_OK)
        fail_msg("%s", assay_buf_str(&errors));
    assert_int_equal(p->n_sets, 2);
    assay_plan_free(p);
}

int main(void)
{
    assay_slurp("docs/plan.md", 1u << 20, &manual, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bad_plans),
        cmocka_unit_test(test_base_binds),
        cmocka_unit_test(test_mark_binds),
        cmocka_unit_test(test_as_of_binds),
        cmocka_unit_test(test_coverage_binds),
        cmocka_unit_test(test_ignored_names),
        cmocka_unit_test(test_rich_binds),
        cmocka_unit_test(test_date_bounds),
        cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_at_most_twenty),
        cmocka_unit_test(test_two_datasets_one_id),
        cmocka_unit_test(test_interpolation),
        cmocka_unit_test(test_secrets_stay_out_of_messages),
        cmocka_unit_test(test_resolved_bytes),
        cmocka_unit_test(test_resolved_ignores),
        cmocka_unit_test(test_resolved_keys),
        cmocka_unit_test(test_resolved_notices),
        cmocka_unit_test(test_resolved_holds_no_secret),
        cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_example_of_the_manual),
    };
    int failed = cmocka_run_group_tests(tests, enter, leave);
    assay_buf_release(&manual);
    return !!failed;
}
