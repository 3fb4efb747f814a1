/* Manifests as text: what is taken from them, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/manifest.h"
#include "assay/reader.h"

#define HASH "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static void test_package(void **state)
{
    static const char text[] =
        "\xef\xbb\xbf{\"name\":\"x\",\"resources\":["
        "{\"name\":\"b\",\"path\":\"b.csv\",\"hash\":\"sha256:" HASH "\",\"bytes\":9007199254740993,\"assay:rows\":3,"
        "\"assay:segment\":\"2001\",\"assay:from\":\"2001-01-01\",\"assay:to\":\"2002-01-01\","
        "\"schema\":{\"fields\":[{\"name\":\"id\",\"type\":\"integer\"},{\"name\":\"v\"}]}},"
        "{\"path\":[\"sub/a.csv\",\"./a.csv\"],\"hash\":\"sha256:" HASH "\",\"bytes\":7,\"schema\":\"s.json\"},"
        "{\"path\":\"https://example.org/z.csv\"},{\"data\":[]},"
        "{\"path\":\"c.csv\",\"hash\":\"d41d8cd98f00b204e9800998ecf8427e\",\"bytes\":null,"
        "\"stats\":{\"bytes\":5,\"rows\":2}}],"
        "\"assay:lineage\":{\"dataset\":\"d\",\"exporter\":\"psql 15\",\"more\":1}}";
    struct assay_manifest m;
    struct assay_err e = {0};
    (void)state;
    assert_int_equal(assay_manifest_datapackage(text, sizeof text - 1, "m", &m, &e), ASSAY_OK);
    assert_int_equal(m.n, 4);
    assert_string_equal(m.entry[0].path, "a.csv");
    assert_string_equal(m.entry[3].path, "sub/a.csv");
    assert_false(m.entry[0].has_sha256 || m.entry[0].has_bytes || m.entry[0].has_rows);
    const struct assay_manifest_entry *b = assay_manifest_find(&m, "b.csv"), *c = assay_manifest_find(&m, "c.csv");
    if (!b || !c) {
        fail();
        return;
    }
    assert_true(b->has_sha256 && b->has_bytes && b->has_rows);
    assert_true(b->bytes == 9007199254740993u && b->rows == 3 && b->sha256[1] == 0x11);
    assert_string_equal(b->segment, "2001");
    assert_string_equal(b->from, "2001-01-01");
    assert_string_equal(b->to, "2002-01-01");
    assert_int_equal(m.schema[b->schema].n, 2);
    assert_string_equal(m.schema[b->schema].field[0].type, "integer");
    assert_null(m.schema[b->schema].field[1].type);
    assert_true(!c->has_sha256 && c->has_bytes && c->bytes == 5 && c->rows == 2 && c->schema == SIZE_MAX);
    assert_null(assay_manifest_find(&m, "d.csv"));
    assert_int_equal(m.n_unverified, 2);
    assert_true(m.unverified[0].claims == 1 && m.unverified[1].claims == 1);
    assert_string_equal(m.unverified[0].what, "schema elsewhere");
    assert_string_equal(m.unverified[1].what, "md5");
    assert_string_equal(m.dataset, "d");
    assert_string_equal(m.exporter, "psql 15");
    assay_manifest_release(&m);
    assay_manifest_release(&m);
}

static void test_refused_packages(void **state)
{
    static const char *const cases[][2] = {
        {"", "m:1:0: no JSON"},
        {"{\"resources\":[", "no JSON"},
        {"{\"resources\":[]}x", "no JSON"},
        {"{\"resources\":[],\"resources\":[]}", "no JSON"},
        {"[]", "no list of resources"},
        {"{\"resources\":{}}", "no list of resources"},
        {"{\"resources\":[1]}", "a resource is no object"},
        {"{\"resources\":[{\"path\":1}]}", "a path is no text"},
        {"{\"resources\":[{\"path\":\"a\"},{\"path\":\"./a\"}]}", "names a twice"},
        {"{\"resources\":[{\"path\":\"a\",\"hash\":\"sha256:00\"}]}", "64 lower-case hex digits"},
        {"{\"resources\":[{\"path\":\"a\",\"hash\":5}]}", "hash is no text"},
        {"{\"resources\":[{\"path\":\"a\",\"bytes\":-1}]}", "bytes is no count"},
        {"{\"resources\":[{\"path\":\"a\",\"bytes\":1.5}]}", "bytes is no count"},
        {"{\"resources\":[{\"path\":\"a\",\"bytes\":\"1\"}]}", "bytes is no count"},
        {"{\"resources\":[{\"path\":\"a\",\"bytes\":99999999999999999999}]}", "no JSON"},
        {"{\"resources\":[{\"path\":\"a\",\"assay:rows\":true}]}", "assay:rows is no count"},
        {"{\"resources\":[{\"path\":\"a\",\"schema\":{\"fields\":1}}]}", "schema without a list of fields"},
        {"{\"resources\":[{\"path\":\"a\",\"schema\":{\"fields\":[{}]}}]}", "a field of a schema has no name"},
        {"{\"resources\":[{\"path\":\"a\",\"schema\":{\"fields\":[7]}}]}", "a field of a schema has no name"},
    };
    static const char *const paths[] = {"",   "/a", "..",    "../a",   "a/..",  "a/../b", "a//b",    "a/",
                                        "./", ".",  "a/./b", "a\\\\b", "././a", "a/b/..", "\\u0000", "a\\u0000b"};
    (void)state;
    struct assay_manifest m;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_err e = {0};
        assert_int_equal(assay_manifest_datapackage(cases[i][0], strlen(cases[i][0]), "m", &m, &e), ASSAY_EDATA);
        if (!strstr(e.msg, cases[i][1]))
            fail_msg("%s: \"%s\"", cases[i][0], e.msg);
        assert_true(m.n == 0 && !m.entry && !m.schema);
    }
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct assay_err e = {0};
        char text[128];
        snprintf(text, sizeof text, "{\"resources\":[{\"path\":\"%s\"}]}", paths[i]);
        if (assay_manifest_datapackage(text, strlen(text), "m", &m, &e) != ASSAY_EDATA)
            fail_msg("%s was accepted", paths[i]);
    }
}

static void test_bag(void **state)
{
    static const char text[] = HASH "  data/b.csv\r\n\n" HASH "\t*data/a%0Ab%25%41.csv\n" HASH " data/c d";
    static const char *const refused[][2] = {
        {HASH, "m:1: expected 64 hex digits"},
        {HASH "  data/a\nx  data/b\n", "m:2: expected"},
        {HASH "0  data/a", "m:1: expected"},
        {HASH "  data/../a\n", "below its folder"},
        {HASH "  /etc/passwd\n", "below its folder"},
        {HASH "  data/a\n" HASH "  data/a\n", "names data/a twice"},
        {HASH "  data/%0A/../x\n", "below its folder"},
    };
    struct assay_manifest m;
    struct assay_err e = {0};
    (void)state;
    assert_int_equal(assay_manifest_bag(text, sizeof text - 1, "m", assay_bag_digests, &m, &e), ASSAY_OK);
    assert_int_equal(m.n, 3);
    assert_string_equal(m.entry[0].path, "data/a\nb%%41.csv");
    assert_string_equal(m.entry[1].path, "data/b.csv");
    assert_string_equal(m.entry[2].path, "data/c d");
    assert_true(m.entry[0].has_sha256 && !m.entry[0].has_bytes);
    assay_manifest_release(&m);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assay_err_reset(&e);
        assert_int_equal(assay_manifest_bag(refused[i][0], strlen(refused[i][0]), "m", assay_bag_digests, &m, &e),
                         ASSAY_EDATA);
        if (!strstr(e.msg, refused[i][1]))
            fail_msg("%zu: \"%s\"", i, e.msg);
    }
}

/* SHA-512 is taken; weaker and rarer digests are counted by name and never taken for one that is compared. */
static void test_digests(void **state)
{
    static const char list[] = HASH HASH "  data/b.csv\n" HASH HASH "  data/a.csv\n";
    static const char package[] =
        "{\"resources\":[{\"path\":\"a\",\"hash\":\"sha512:" HASH HASH "\"},{\"path\":\"b\",\"hash\":\"sha1:00\"},"
        "{\"path\":\"c\",\"hash\":\"" HASH
        "\"},{\"path\":\"d\",\"hash\":\"md5:00\"},{\"path\":\"e\",\"hash\":\"M\\nD:1\"}]}";
    static const struct {
        const char *name, *text;
    } weak[] = {{"sha1", "00112233445566778899aabbccddeeff00112233  data/a\n"},
                {"md5", "00112233445566778899aabbccddeeff  data/a\n"}};
    struct assay_manifest m;
    struct assay_err e = {0};
    (void)state;
    assert_string_equal(assay_bag_digests[1].name, "sha512");
    assert_int_equal(assay_manifest_bag(list, sizeof list - 1, "m", &assay_bag_digests[1], &m, &e), ASSAY_OK);
    assert_true(m.n == 2 && m.entry[0].has_sha512 && !m.entry[0].has_sha256 && m.n_unverified == 0);
    assert_true(m.entry[0].sha512[1] == 0x11 && m.entry[1].sha512[63] == 0xff);
    assay_manifest_release(&m);
    assert_int_equal(assay_manifest_bag(list, sizeof list - 1, "m", assay_bag_digests, &m, &e), ASSAY_EDATA);
    for (size_t i = 0; i < 2; i++) {
        const struct assay_bag_digest *d = assay_bag_digests;
        while (strcmp(d->name, weak[i].name) != 0)
            d++;
        assert_int_equal(assay_manifest_bag(weak[i].text, strlen(weak[i].text), "m", d, &m, &e), ASSAY_OK);
        assert_true(m.n == 1 && !m.entry[0].has_sha256 && !m.entry[0].has_sha512 && m.n_unverified == 1);
        assert_true(strcmp(m.unverified[0].what, weak[i].name) == 0 && m.unverified[0].claims == 1);
        assay_manifest_release(&m);
    }
    assert_int_equal(assay_manifest_datapackage(package, sizeof package - 1, "m", &m, &e), ASSAY_OK);
    assert_true(m.entry[0].has_sha512 && !m.entry[0].has_sha256 && !m.entry[2].has_sha256);
    assert_int_equal(m.n_unverified, 3);
    assert_string_equal(m.unverified[0].what, "sha1");
    assert_string_equal(m.unverified[1].what, "md5");
    assert_int_equal(m.unverified[1].claims, 2);
    assert_string_equal(m.unverified[2].what, "other digests");
    for (size_t i = 0; i < 20; i++) {
        char name[8];
        snprintf(name, sizeof name, "x%zu", i);
        assay_manifest_leave(&m, name, strlen(name), 1);
    }
    assert_true(m.n_unverified <= ASSAY_MANIFEST_UNVERIFIED);
    uint64_t all = 0;
    for (size_t i = 0; i < m.n_unverified; i++)
        all += m.unverified[i].claims;
    assert_int_equal(all, 24);
    assay_manifest_release(&m);
}

static void test_declaration(void **state)
{
    static const struct {
        const char *text;
        enum assay_status want;
    } cases[] = {
        {"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", ASSAY_OK},
        {"BagIt-Version: 0.97\r\nTag-File-Character-Encoding: UTF-8", ASSAY_OK},
        {"BagIt-Version: 2.0\nTag-File-Character-Encoding: UTF-8\n", ASSAY_EDATA},
        {"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-16\n", ASSAY_EDATA},
        {"BagIt-Version: 1.0\n", ASSAY_EDATA},
        {"", ASSAY_EDATA},
        {"\xef\xbb\xbf"
         "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
         ASSAY_EDATA},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(assay_manifest_bag_declaration(cases[i].text, strlen(cases[i].text), "b", NULL),
                         cases[i].want);
}

static void test_oxum(void **state)
{
    static const struct {
        const char *text;
        enum assay_status want;
        bool has;
        uint64_t octets, files;
    } cases[] = {
        {"Source-Organization: x\nPayload-Oxum: 279164409832.1198\n", ASSAY_OK, true, 279164409832u, 1198},
        {"payload-oxum:0.0 \r\n", ASSAY_OK, true, 0, 0},
        {"Bag-Size: 1\n", ASSAY_OK, false, 0, 0},
        {"", ASSAY_OK, false, 0, 0},
        {"Payload-Oxum: 1\n", ASSAY_EDATA, false, 0, 0},
        {"Payload-Oxum: 1.\n", ASSAY_EDATA, false, 0, 0},
        {"Payload-Oxum: .1\n", ASSAY_EDATA, false, 0, 0},
        {"Payload-Oxum: 1.2.3\n", ASSAY_EDATA, false, 0, 0},
        {"Payload-Oxum: -1.2\n", ASSAY_EDATA, false, 0, 0},
        {"Payload-Oxum: 9999999999999999999.1\n", ASSAY_EDATA, false, 0, 0},
        {"Payload-Oxum: 1.2\nPayload-Oxum: 1.2\n", ASSAY_EDATA, false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t octets = 0, files = 0;
        bool has = false;
        assert_int_equal(
            assay_manifest_bag_oxum(cases[i].text, strlen(cases[i].text), "b", &has, &octets, &files, NULL),
            cases[i].want);
        if (cases[i].want == ASSAY_OK)
            assert_true(has == cases[i].has && octets == cases[i].octets && files == cases[i].files);
    }
}

/* Which names a locator would take: the same as finding them. */
static void test_wanted(void **state)
{
    static const struct {
        const char *uri, *name;
        bool wants;
    } cases[] = {
        {"a.csv", "a.csv", true},
        {"a.csv", "b.csv", false},
        {"d", "d/a.csv", true},
        {"d", "d/e/f=1/a.parquet", true},
        {"d", "d/readme.txt", false},
        {"d", "d/_tmp/a.csv", false},
        {"d", "d/.a.csv", false},
        {"d", "e/a.csv", false},
        {"d", "d", true},
        {"d/", "d/a.csv.gz", true},
        {"./d", "d/a.csv", true},
        {"d/*.csv", "d/a.csv", true},
        {"d/*.csv", "d/e/a.csv", false},
        {"d/*.csv", "d/a.ndjson", false},
        {"d/*/x.csv", "d/e/x.csv", true},
        {"d/{segment}.csv", "d/2001.csv", true},
        {"d/{segment}/", "d/2001/a.csv", true},
        {"d/m-{segment}/*.csv", "d/m-1/x.csv", true},
        {"d/m-{segment}/*.csv", "d/n-1/x.csv", false},
        {"/d/*.csv", "/d/a.csv", true},
        {"/d/*.csv", "d/a.csv", false},
        {"/base/d/*.csv", "d/a.csv", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_locator loc = {.uri = cases[i].uri, .base_dir = "/base"};
        if (assay_files_wants(&loc, cases[i].name) != cases[i].wants)
            fail_msg("%s and %s", cases[i].uri, cases[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_package),     cmocka_unit_test(test_refused_packages), cmocka_unit_test(test_bag),
        cmocka_unit_test(test_declaration), cmocka_unit_test(test_wanted),           cmocka_unit_test(test_oxum),
        cmocka_unit_test(test_digests),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
