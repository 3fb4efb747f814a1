/* Locators: which reader takes them, and how they are shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "assay/buf.h"
#include "assay/reader.h"

static void shown(void **state)
{
    (void)state;
    static const struct {
        const char *uri, *want;
    } cases[] = {
        {"archive/x.csv", "archive/x.csv"},
        {"sqlite:data.db", "sqlite:data.db"},
        {"archive/month={segment}/x.csv", "archive/month={segment}/x.csv"},
        {"postgresql://host/db", "postgresql://host/db"},
        {"postgresql://", "postgresql://"},
        {"postgresql://user@host:5432/db", "postgresql://user@host:5432/db"},
        {"postgresql://user:hunter2@host/db", "postgresql://user:***@host/db"},
        {"postgres://user:hunter2@host:5432/db?sslmode=require", "postgres://user:***@host:5432/db?sslmode=require"},
        {"postgresql://user:@host/db", "postgresql://user:***@host/db"},
        {"postgresql://:hunter2@host/db", "postgresql://:***@host/db"},
        {"postgresql://user:hun@ter2@host/db", "postgresql://user:***@host/db"},
        {"postgresql://user:hun/ter2@host/db", "postgresql://user:***@host/db"},
        {"postgresql://user:hun?ter2@host/db", "postgresql://user:***@host/db"},
        {"postgresql://user:hun:ter2@[::1]:5432/db", "postgresql://user:***@[::1]:5432/db"},
        {"postgresql://host/db?password=hunter2&user=u", "postgresql://host/db?password=***&user=u"},
        {"postgresql://host/db?user=u&sslpassword=hunter2", "postgresql://host/db?user=u&sslpassword=***"},
        {"postgresql://host/db?pass%77ord=hunter2", "postgresql://host/db?pass%77ord=***"},
        {"postgresql://host/db?PASSWORD=hunter2#x", "postgresql://host/db?PASSWORD=***#x"},
        {"postgresql://host/db?user=a@b", "postgresql://host/db?user=a@b"},
        {"postgresql://host/db?oauth_client_secret=hunter2", "postgresql://host/db?oauth_client_secret=***"},
        {"https://u:hunter2@h/x?token=hunter2", "https://u:***@h/x?token=***"},
        {"service=sales", "service=sales"},
        {"service=sales password=hunter2", "service=sales password=***"},
        {"host=/tmp password = 'hun ter\\'2' dbname=x", "host=/tmp password = *** dbname=x"},
        {"password=hun\\ ter2 host=h", "password=*** host=h"},
        {"password='hunter2", "password=***"},
        {"password=", "password=***"},
        {"host=h  sslpassword=hunter2", "host=h  sslpassword=***"},
        {"dbname=postgresql://u:hunter2@h/db user=x", "dbname=*** user=x"},
        {"dbname='host=h password=hunter2'", "dbname=***"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf b = {0};
        assert_int_equal(assay_buf_adds(&b, "at "), ASSAY_OK);
        assert_int_equal(assay_locator_show(cases[i].uri, &b), ASSAY_OK);
        const char *got = assay_buf_str(&b);
        assert_non_null(got);
        assert_string_equal(got + 3, cases[i].want);
        assert_null(strstr(got, "hunter"));
        assay_buf_release(&b);
    }
}

/* Whatever stands before and behind the secret, no six bytes of it come through. */
static void secrets_stay_inside(void **state)
{
    (void)state;
    static const char *const before[] = {"postgresql://u:",     "postgres://:", "postgresql://h/d?password=",
                                         "service=s password=", "password='",   "host=h password = "};
    static const char *const behind[] = {"@h/db", "@h:1/db?x=y", "&a=b", " dbname=d", "' dbname=d", ""};
    for (size_t i = 0; i < sizeof before / sizeof *before; i++) {
        for (size_t j = 0; j < sizeof behind / sizeof *behind; j++) {
            bool uri = strstr(before[i], "://"), creds = uri && !strchr(before[i], '?');
            if (creds && behind[j][0] != '@')
                continue; /* without '@' there are no credentials in the string */
            struct assay_buf b = {0}, text = {0};
            assert_int_equal(assay_buf_addf(&text, "%sSECRET%s", before[i], behind[j]), ASSAY_OK);
            assert_int_equal(assay_locator_show(assay_buf_str(&text), &b), ASSAY_OK);
            assert_null(strstr(assay_buf_str(&b), "SECRET"));
            assay_buf_release(&b);
            assay_buf_release(&text);
        }
    }
}

static void who_accepts(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        bool files;
    } cases[] = {
        {"archive/x.csv", true},   {"./user=5/x.csv", true},     {"archive/month={segment}/x.csv", true},
        {"year=2024/x.csv", true}, {"*.parquet", true},          {"a:b.csv", true},
        {"sub/a://b.csv", true},   {"hostnames.csv", true},      {"postgresql://h/d", false},
        {"postgres://h/d", false}, {"postgresql:x", false},      {"sqlite:x.db", false},
        {"service=sales", false},  {"service = sales", false},   {"host=/tmp dbname=d", false},
        {"dbname=d", false},       {"s3://bucket/x.csv", false}, {"mysql://h/d", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_locator loc = {.uri = cases[i].uri};
        assert_int_equal(assay_files_reader.accepts(&loc), cases[i].files);
    }
}

static void nobody_accepts(void **state)
{
    (void)state;
    struct assay_locator loc = {.uri = "mysql://u:hunter2@h/d"};
    struct assay_reader *r = NULL;
    struct assay_err e = {0};
    assert_int_equal(assay_reader_open(&loc, &r, &e), ASSAY_EUSAGE);
    assert_string_equal(
        e.msg, "no reader for mysql://u:***@h/d: expected postgresql://..., sqlite:PATH, exec:COMMAND or a path");
    assay_err_reset(&e);
    loc.uri = "";
    assert_int_equal(assay_reader_open(&loc, &r, &e), ASSAY_EUSAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown),
        cmocka_unit_test(secrets_stay_inside),
        cmocka_unit_test(who_accepts),
        cmocka_unit_test(nobody_accepts),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
