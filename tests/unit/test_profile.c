/* Exporter profiles: every one that is delivered binds, wrong ones are refused at their place, and a plan that names
 * one resolves to what it would be with everything written out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../verify/plan/profile.h"
#include "assay/publish.h"

static char folder[] = "/tmp/assay-profile-XXXXXX";

static void write_file(const char *name, const char *text, char path[128])
{
    snprintf(path, 128, "%s/%s", folder, name);
    assert_int_equal(assay_publish(path, 0600, text, strlen(text), NULL), ASSAY_OK);
}

static void test_delivered(void **state)
{
    (void)state;
    char **names;
    size_t n;
    assert_int_equal(setenv("ASSAY_PROFILES", "verify/profiles", 1), 0);
    assert_int_equal(assay_profile_names(&names, &n, NULL), ASSAY_OK);
    assert_true(n >= 20);
    for (size_t i = 0; i < n; i++) {
        struct assay_profile *p;
        struct assay_err e = {0};
        struct assay_csv_dialect d;
        if (assay_profile_load(names[i], ".", &p, &e) != ASSAY_OK)
            fail_msg("%s", e.msg);
        assert_string_equal(p->name, names[i]);
        assert_true(p->n_quirks > 0);
        assert_true(assay_profile_dialect(p, &d));
        assert_int_equal(d.copy, strcmp(p->format, "copy") == 0);
        free((char *)(uintptr_t)d.null_text);
        assay_profile_free(p);
        free(names[i]);
    }
    free(names);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *says;
    } wrong[] = {
        {"title: a\nformat: csv\nquirks: [{says: a, see: b}]\n", ":1:1: missing key \"profile\" in a profile"},
        {"profile: a\ntitle: a\nformat: xls\nquirks: [{says: a, see: b}]\n", "unknown format \"xls\""},
        {"profile: a\ntitle: a\nformat: csv\nquirks: [{says: a}]\n", ":4:10: missing key \"see\" in a quirk"},
        {"profile: a\ntitle: a\nformat: csv\nquirks: []\n", ":4:9: quirks: 0 entries; expected 1 to 32"},
        {"profile: a\ntitle: a\nformat: avro\ncsv: {header: true}\nquirks: [{says: a, see: b}]\n",
         ":4:6: csv: has no meaning for format avro"},
        {"profile: a\ntitle: a\nformat: csv\ncsv: {headr: true}\nquirks: [{says: a, see: b}]\n",
         ":4:7: unknown key \"headr\" in csv; did you mean \"header\"?"},
        {"profile: a\ntitle: a\nformat: csv\nrules: {real: [rtrim]}\nquirks: [{says: a, see: b}]\n",
         ":4:9: unknown type \"real\""},
        {"profile: a\ntitle: a\nformat: csv\nother_side: {date: [{truncate: ms}]}\nquirks: [{says: a, see: b}]\n",
         "rule truncate does not apply to a column of type date"},
        {"profile: a\ntitle: a\nformat: csv\nrules: {all: [rtrim]}\nquirks: [{says: a, see: b}]\n",
         "rule rtrim does not apply to a column of type bytes"},
        {"profile: a\ntitle: a\nformat: csv\nmarks: [{quoting: most}]\nquirks: [{says: a, see: b}]\n",
         ":4:9: quoting: unknown word \"most\""},
        {"profile: a\ntitle: a\nformat: csv\nmarks: [{colour: red}]\nquirks: [{says: a, see: b}]\n",
         ":4:10: unknown key \"colour\" in a set of marks"},
    };
    (void)state;
    char path[128];
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct assay_profile *p = NULL;
        struct assay_err e = {0};
        write_file("a.yaml", wrong[i].text, path);
        assert_int_equal(assay_profile_load(path, ".", &p, &e), ASSAY_EPLAN);
        if (!strstr(e.msg, wrong[i].says) || !strstr(e.msg, "a.yaml:"))
            fail_msg("expected %s, found %s", wrong[i].says, e.msg);
    }
    struct assay_profile *p = NULL;
    struct assay_err e = {0};
    assert_int_equal(assay_profile_load("../etc", "/tmp", &p, &e), ASSAY_EPLAN); /* a path; there is no such file */
    assert_int_equal(assay_profile_load("No Name", ".", &p, NULL), ASSAY_EPLAN);
    assert_int_equal(setenv("ASSAY_PROFILES", folder, 1), 0);
    write_file("b.yaml", "profile: a\ntitle: a\nformat: csv\nquirks: [{says: a, see: b}]\n", path);
    assay_err_reset(&e);
    assert_int_equal(assay_profile_load("b", ".", &p, &e), ASSAY_EPLAN);
    assert_non_null(strstr(e.msg, ":1:10: profile: \"a\" in a file named b.yaml"));
}

#define PROFILE                                                                                                        \
    "profile: ours\ntitle: Ours\nformat: csv\ncsv: {delimiter: \";\", \"null\": \"-\", header: false}\n"               \
    "rules: {all: [{absent: \"null\"}], text: [nfc, trim], boolean: [{boolean: \"1/0\"}]}\n"                           \
    "other_side: {text: [{null_if: \"\"}]}\nquirks: [{says: a, see: b}]\n"
#define HEAD                                                                                                           \
    "assay: 1\norigin: o\ndatasets:\n  d:\n    id: 0f3c5e1a-7a57-4f0e-9c43-2b8f5b8a1d20\n"                             \
    "    source: {locator: \"sqlite:x\", table: t}\n"

static void resolve(const char *text, struct assay_buf *out)
{
    char path[128];
    struct assay_plan *p = NULL;
    struct assay_buf errors = {0};
    write_file("plan.yaml", text, path);
    if (assay_plan_load(path, &p, &errors, NULL) != ASSAY_OK)
        fail_msg("%s", assay_buf_str(&errors));
    assert_int_equal(assay_plan_resolved(&p->set[0], out), ASSAY_OK);
    assert_non_null(assay_buf_str(out));
    assay_buf_release(&errors);
    assay_plan_free(p);
}

/* Written out, with early rules first; what the side and the columns say themselves wins. */
static void test_expanded(void **state)
{
    (void)state;
    char path[128];
    struct assay_buf named = {0}, plain = {0};
    write_file("ours.yaml", PROFILE, path);
    resolve(HEAD "    archive: {locator: x.csv, profile: ./ours.yaml, csv: {header: true}}\n"
                 "    columns:\n      a: text\n      b: boolean\n      c: {type: text, archive: {rules: []}}\n"
                 "      d: {type: text, source: {rules: [rtrim]}}\n",
            &named);
    resolve(
        HEAD
        "    archive: {locator: x.csv, format: csv, csv: {delimiter: \";\", \"null\": \"-\", header: true}}\n"
        "    columns:\n"
        "      a: {type: text, source: {rules: [{null_if: \"\"}]}, archive: {rules: [{absent: \"null\"}, trim, nfc]}}\n"
        "      b: {type: boolean, archive: {rules: [{absent: \"null\"}, {boolean: \"1/0\"}]}}\n"
        "      c: {type: text, source: {rules: [{null_if: \"\"}]}}\n"
        "      d: {type: text, source: {rules: [rtrim]}, archive: {rules: [{absent: \"null\"}, trim, nfc]}}\n",
        &plain);
    assert_string_equal((char *)named.ptr, (char *)plain.ptr);
    assay_buf_release(&named);
    assay_buf_release(&plain);
}

static void test_misplaced(void **state)
{
    static const struct {
        const char *side, *says;
    } wrong[] = {
        {"{locator: \"sqlite:y\", table: t, profile: ./ours.yaml}", "profile: has a meaning for files only"},
        {"{locator: x.csv, profile: ./ours.yaml, format: avro}", "profile: ours is about format csv, not avro"},
        {"{locator: x.csv, profile: ./none.yaml}", "profile: "},
        {"{locator: x.csv, profile: no-such}", "profile: there is no profile \"no-such\""},
    };
    (void)state;
    char path[128], text[1024];
    write_file("ours.yaml", PROFILE, path);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct assay_plan *p = NULL;
        struct assay_buf errors = {0};
        snprintf(text, sizeof text, HEAD "    archive: %s\n    columns: {a: text}\n", wrong[i].side);
        write_file("plan.yaml", text, path);
        assert_int_equal(assay_plan_load(path, &p, &errors, NULL), ASSAY_EPLAN);
        if (!strstr(assay_buf_str(&errors), wrong[i].says))
            fail_msg("expected %s, found %s", wrong[i].says, assay_buf_str(&errors));
        assay_buf_release(&errors);
    }
}

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state)
{
    static const char *const files[] = {"a.yaml", "b.yaml", "ours.yaml", "plan.yaml"};
    (void)state;
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delivered),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_expanded),
        cmocka_unit_test(test_misplaced),
    };
    return !!cmocka_run_group_tests(tests, set_up, tear_down);
}
