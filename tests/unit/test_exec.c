/* Commands as words, what of them may be shown, and commands that end as they should and otherwise. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../verify/reader/exec.h"
#include "assay/reader.h"
#include "assay/words.h"

static void test_words(void **state)
{
    static const struct {
        const char *text, *words; /* each word and a bar; "!...": the complaint */
    } cases[] = {
        {"a", "a|"},
        {"  a\tb  c\n", "a|b|c|"},
        {"a 'b c' \"d e\" f\\ g", "a|b c|d e|f g|"},
        {"a'b'\"c\"d", "abcd|"},
        {"a '' \"\"", "a|||"},
        {"a 'b\\c' \"d\\\\e\\\"f\\g\"", "a|b\\c|d\\e\"f\\g|"},
        {"a $HOME `x` *.csv #b", "a|$HOME|`x`|*.csv|#b|"},
        {"a '|' \"x\" '>'", "a|||x|>|"},
        {"a b=c\\", "a|b=c\\|"},
        {"", "!name of a command is missing"},
        {"'' a", "!name of a command is missing"},
        {"a 'b", "!quote is not closed"},
        {"a \"b\\\"", "!quote is not closed"},
        {"a | b", "!| is for a shell"},
        {"a > b", "!> is for a shell"},
        {"a && b", "!&& is for a shell"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_words w, again;
        struct assay_err e = {0};
        char got[256] = "";
        enum assay_status s = assay_words_split(cases[i].text, &w, &e);
        if (*cases[i].words == '!') {
            assert_int_equal(s, ASSAY_EPLAN);
            assert_non_null(strstr(e.msg, cases[i].words + 1));
            assert_true(w.n == 0 && !w.v);
            continue;
        }
        assert_int_equal(s, ASSAY_OK);
        struct assay_buf text = {0};
        for (size_t k = 0; k < w.n; k++) {
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s|", w.v[k]);
            assert_int_equal(assay_words_add(&text, w.v[k]), ASSAY_OK);
        }
        assert_string_equal(got, cases[i].words);
        assert_null(w.v[w.n]);
        assert_int_equal(assay_words_split(assay_buf_str(&text), &again, &e), ASSAY_OK);
        assert_int_equal(again.n, w.n);
        for (size_t k = 0; k < w.n; k++)
            assert_string_equal(again.v[k], w.v[k]);
        assay_words_release(&w);
        assay_words_release(&again);
        assay_buf_release(&text);
    }
}

static void test_shown(void **state)
{
    static const char *const cases[][2] = {
        {"exec:./x.sh a b", "exec:./x.sh a b"},
        {"exec:x --password hunter2 --user me", "exec:x --password *** --user me"},
        {"exec:x --password=hunter2 y", "exec:x --password=*** y"},
        {"exec:curl -H 'Authorization: Bearer abc' u", "exec:curl -H 'Authorization: ***' u"},
        {"exec:x API_KEY=hunter2", "exec:x API_KEY=***"},
        {"exec:x --url=postgres://me:hunter2@h/d?sslmode=require",
         "exec:x --url=postgres://me:***@h/d?sslmode=require"},
        {"exec:psql 'host=h password=hunter2 user=u'", "exec:psql 'host=h password=*** user=u'"},
        {"exec:x https://h/q?token=hunter2&b=1", "exec:x https://h/q?token=***&b=1"},
        {"exec:x 'unclosed hunter2", "exec:***"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct assay_buf b = {0};
        assert_int_equal(assay_locator_show(cases[i][0], &b), ASSAY_OK);
        assert_string_equal(assay_buf_str(&b), cases[i][1]);
        assay_buf_release(&b);
    }
}

static void test_masked(void **state)
{
    struct assay_secrets s = {0};
    struct assay_buf b = {0}, shown = {0};
    (void)state;
    assert_int_equal(setenv("ASSAY_TEST_TOKEN", "of-the-environment", 1), 0);
    assert_int_equal(assay_secrets_of_environment(&s), ASSAY_OK);
    assert_int_equal(assay_secret_word("postgres://me:hunter2@h/d", NULL, &shown, &s), ASSAY_OK);
    assert_int_equal(assay_secret_word("hunter2-and-more", "--secret", &shown, &s), ASSAY_OK);
    assert_int_equal(assay_secrets_mask(&s,
                                        "login hunter2 failed,\nhunter2-and-more; of-the-environment password=other "
                                        "x://u:third@h\n",
                                        &b),
                     ASSAY_OK);
    assert_string_equal(assay_buf_str(&b), "login *** failed,\n***; *** password=*** x://u:***@h\n");
    assay_secrets_release(&s);
    assay_buf_release(&b);
    assay_buf_release(&shown);
    unsetenv("ASSAY_TEST_TOKEN");
}

struct ran {
    enum assay_status status;
    uint64_t bytes;
    char out[256];
    struct assay_err e;
};

static struct ran sh(const char *script, int timeout_s, uint64_t max_bytes)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, strdup(script), NULL};
    struct assay_secrets secrets = {0};
    struct assay_exec_job j = {.argv = argv, .timeout_s = timeout_s, .max_bytes = max_bytes, .name = "it"};
    struct assay_buf shown = {0};
    struct ran r = {0};
    assert_int_equal(assay_secret_word("--token=hunter2", NULL, &shown, &secrets), ASSAY_OK);
    j.secrets = &secrets;
    j.out = memfd_create("out", MFD_CLOEXEC);
    r.status = assay_exec_run(&j, &r.bytes, &r.e);
    ssize_t n = pread(j.out, r.out, sizeof r.out - 1, 0);
    assert_true(n >= 0);
    assert_int_equal(r.status, r.e.code);
    close(j.out);
    assay_secrets_release(&secrets);
    assay_buf_release(&shown);
    free(argv[2]);
    return r;
}

static void expect(const char *script, int timeout_s, uint64_t max, enum assay_status want, const char *says)
{
    struct ran r = sh(script, timeout_s, max);
    if (r.status != want || (says && !strstr(r.e.msg, says)))
        fail_msg("%s: status %d, \"%s\"", script, (int)r.status, r.e.msg);
}

static void test_runs(void **state)
{
    (void)state;
    struct ran r = sh("printf 'a\\nb'; echo not here >&2", 0, 0);
    assert_int_equal(r.status, ASSAY_OK);
    assert_string_equal(r.out, "a\nb");
    assert_int_equal(r.bytes, 3);
    r = sh("cat; pwd -P >/dev/null; head -c 3000000 /dev/zero", 0, 0); /* nothing on stdin; more than a pipe holds */
    assert_int_equal(r.status, ASSAY_OK);
    assert_int_equal(r.bytes, 3000000);
    expect("echo 1; exit 3", 0, 0, ASSAY_ESOURCE, "it: ended with exit status 3 after 2 bytes of output");
    expect("echo why >&2; exit 1", 0, 0, ASSAY_ESOURCE, "output: why");
    expect("for i in 1 2 3 4 5; do echo line $i >&2; done; exit 1", 0, 0, ASSAY_ESOURCE, ": line 3 | line 4 | line 5");
    expect("echo bad password hunter2 >&2; exit 1", 0, 0, ASSAY_ESOURCE, ": bad password ***");
    expect("printf 'a\\033[31m\\000b' >&2; exit 1", 0, 0, ASSAY_ESOURCE, ": a [31m b");
    expect("kill -9 $$", 0, 0, ASSAY_ESOURCE, "ended by signal 9");
    expect("head -c 100000 /dev/zero", 0, 99999, ASSAY_ELIMIT, "more than 99999 bytes");
    expect("head -c 99999 /dev/zero", 0, 99999, ASSAY_OK, NULL);
    /* a child that keeps stderr open does not hold us */
    expect("sleep 60 >/dev/null & echo ok", 0, 0, ASSAY_OK, NULL);
    char long_line[80] = "head -c 20000 /dev/zero | tr '\\0' x >&2; exit 1";
    r = sh(long_line, 0, 0);
    assert_int_equal(r.status, ASSAY_ESOURCE);
    assert_in_range(strlen(r.e.msg), 300, 400);
}

/* What hangs is stopped with all that it started, even when it does not listen. */
static void test_stopped(void **state)
{
    (void)state;
    char pid_file[] = "/tmp/assay-exec-XXXXXX", script[256];
    int fd = mkstemp(pid_file);
    assert_true(fd >= 0);
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* orphans become ours to wait for */
    snprintf(script, sizeof script, "trap '' TERM; sleep 1000 & echo $! >%s; echo stuck >&2; wait; sleep 1000",
             pid_file);
    expect(script, 1, 0, ASSAY_ESOURCE, "did not end within 1 s and was stopped: stuck");
    char text[32] = "";
    assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
    pid_t grandchild = (pid_t)strtol(text, NULL, 10);
    assert_true(grandchild > 1);
    int status = 0;
    assert_int_equal(waitpid(grandchild, &status, 0), grandchild);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    close(fd);
    unlink(pid_file);
}

static void test_cannot_start(void **state)
{
    (void)state;
    char *argv[] = {(char[]){"./no/such/program"}, NULL};
    struct assay_secrets none = {0};
    struct assay_exec_job j = {.argv = argv, .name = "it", .secrets = &none, .out = -1};
    struct assay_err e = {0};
    uint64_t bytes;
    assert_int_equal(assay_exec_run(&j, &bytes, &e), ASSAY_ESOURCE);
    assert_string_equal(e.msg, "it: cannot run ./no/such/program: No such file or directory");
    assay_err_reset(&e);
    j.dir = "/no/such/folder";
    assert_int_equal(assay_exec_run(&j, &bytes, &e), ASSAY_ESOURCE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words), cmocka_unit_test(test_shown),   cmocka_unit_test(test_masked),
        cmocka_unit_test(test_runs),  cmocka_unit_test(test_stopped), cmocka_unit_test(test_cannot_start),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
