/* The command line: parser, nearest names, help and completion out of the tables, colour, the interrupt flag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "assay/cli.h"
#include "assay/log.h"

#define ARGC(v) ((int)(sizeof(v) / sizeof *(v)) - 1)

/* What the verb saw; written by its run function. */
static struct seen {
    int runs;
    char side[16], after[16];
    size_t n_sets, n_operands;
    char set[2][16], operand[4][16];
    long long jobs;
    bool force;
    int verbosity;
} seen;

static void copy(char *to, const char *from)
{
    snprintf(to, 16, "%s", from ? from : "(null)");
}

static int look(struct assay_args *a)
{
    const char *const *list;
    char *const *after;
    seen.runs++;
    copy(seen.side, assay_arg(a, "side"));
    seen.n_sets = assay_arg_list(a, "dataset", &list);
    for (size_t i = 0; i < seen.n_sets && i < 2; i++)
        copy(seen.set[i], list[i]);
    seen.n_operands = assay_arg_operands(a, &list);
    for (size_t i = 0; i < seen.n_operands && i < 4; i++)
        copy(seen.operand[i], list[i]);
    seen.jobs = assay_arg_number(a, "jobs", -1);
    seen.force = assay_arg_flag(a, "force");
    seen.verbosity = assay_arg_verbosity(a);
    copy(seen.after, assay_arg_after(a, &after));
    return 42;
}

static const struct assay_opt opts[] = {
    {"side", 0, ASSAY_OPT_STRING, "source|archive", "Side."},
    {"dataset", 'd', ASSAY_OPT_LIST, "NAME", "Dataset."},
    {"jobs", 'j', ASSAY_OPT_NUMBER, "N", "Jobs."},
    {"force", 'f', ASSAY_OPT_FLAG, NULL, "Force it, 'really'."},
    {0},
};
static const struct assay_verb verbs[] = {
    {"look", "PLAN [MORE]", "Look.", "  assay look plan.yaml\n", opts, 1, 2, look, "t"},
    {"run", "PLAN [-- COMMAND...]", "Run.", NULL, opts, 1, 1, look, "t"},
    {"book open", "FILE", "Open.", NULL, NULL, 1, 1, look, "t"},
    {"book shut", "", "Shut.", NULL, NULL, 0, 0, look, "t"},
    {0},
};

/* Standard error and output of one call, and its exit code. */
static char printed[16384];
static int run(int argc, char **argv)
{
    char path[] = "/tmp/assay-cli-XXXXXX";
    int fd = mkstemp(path), out = dup(1), err = dup(2);
    assert_true(fd >= 0 && out >= 0 && err >= 0);
    unlink(path);
    memset(&seen, 0, sizeof seen);
    fflush(NULL);
    dup2(fd, 1);
    dup2(fd, 2);
    int code = assay_cli_main(argc, argv, "t", verbs);
    fflush(NULL);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    ssize_t n = pread(fd, printed, sizeof printed - 1, 0);
    printed[n > 0 ? n : 0] = '\0';
    close(fd);
    return code;
}
#define RUN(...) run(ARGC(((char *[]){"t", __VA_ARGS__, NULL})), (char *[]){"t", __VA_ARGS__, NULL})

static void options_in_every_spelling(void **state)
{
    (void)state;
    assert_int_equal(RUN("look", "--side=source", "p.yaml", "--dataset", "a", "-db", "-fvv", "-j", "07"), 42);
    assert_string_equal(seen.side, "source");
    assert_int_equal(seen.n_sets, 2);
    assert_string_equal(seen.set[0], "a");
    assert_string_equal(seen.set[1], "b");
    assert_string_equal(seen.operand[0], "p.yaml");
    assert_int_equal(seen.jobs, 7);
    assert_true(seen.force);
    assert_int_equal(seen.verbosity, 2);
    assert_int_equal(RUN("look", "-", "-q"), 42);
    assert_string_equal(seen.operand[0], "-");
    assert_int_equal(seen.verbosity, -1);
    assert_int_equal(seen.jobs, -1);
    assert_string_equal(seen.side, "(null)");
    assert_int_equal(RUN("look", "p", "--dataset="), 42);
    assert_int_equal(seen.n_sets, 1);
    assert_string_equal(seen.set[0], "");
}

static void double_dash(void **state)
{
    (void)state;
    assert_int_equal(RUN("look", "--", "--side", "-f"), 42);
    assert_int_equal(seen.n_operands, 2);
    assert_string_equal(seen.operand[1], "-f");
    assert_string_equal(seen.after, "(null)");
    assert_int_equal(RUN("run", "p", "--", "make", "-f"), 42);
    assert_int_equal(seen.n_operands, 1);
    assert_string_equal(seen.after, "make");
    assert_false(seen.force);
}

static void usage_errors_run_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *word[3], *says;
    } bad[] = {
        {{"p", "--sied", "x"}, "did you mean --side?"},
        {{"p", "--jobs", "3x"}, "--jobs wants a whole number of 0 or more, got '3x'"},
        {{"p", "--jobs", "-3"}, "got '-3'"},
        {{"p", "--jobs", ""}, "got ''"},
        {{"p", "--jobs", "9223372036854775808"}, "whole number"},
        {{"p", "--side", "left"}, "--side wants one of source|archive, got 'left'"},
        {{"p", "--side", "sourc"}, "got 'sourc'"},
        {{"p", "--side=", NULL}, "got ''"},
        {{"p", "--side", NULL}, "--side wants a value"},
        {{"p", "-x", NULL}, "unknown option -x"},
        {{"p", "--force=1", NULL}, "--force takes no value"},
        {{"p", "--color=red", NULL}, "auto|always|never"},
        {{NULL, NULL, NULL}, "look wants PLAN [MORE], got 0 operands"},
        {{"a", "b", "c"}, "'c' is one operand too many"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *argv[6] = {(char *)(uintptr_t) "t", (char *)(uintptr_t) "look"};
        int argc = 2;
        for (int k = 0; k < 3 && bad[i].word[k]; k++)
            argv[argc++] = (char *)(uintptr_t)bad[i].word[k];
        assert_int_equal(run(argc, argv), 2);
        assert_int_equal(seen.runs, 0);
        if (!strstr(printed, bad[i].says))
            fail_msg("case %zu: wanted \"%s\", got: %s", i, bad[i].says, printed);
    }
}

static void verbs_of_two_words(void **state)
{
    (void)state;
    assert_int_equal(RUN("book", "open", "f"), 42);
    assert_string_equal(seen.operand[0], "f");
    assert_int_equal(RUN("book"), 2);
    assert_non_null(strstr(printed, "t book shut"));
    assert_int_equal(RUN("book", "opne", "f"), 2);
    assert_non_null(strstr(printed, "did you mean 'book open'?"));
    assert_int_equal(RUN("lok"), 2);
    assert_non_null(strstr(printed, "did you mean 'look'?"));
    assert_int_equal(RUN("zzzzzzzz"), 2);
    assert_null(strstr(printed, "did you mean"));
    assert_int_equal(run(1, (char *[]){(char *)(uintptr_t) "t", NULL}), 2);
}

static void help_leads_with_examples(void **state)
{
    (void)state;
    assert_int_equal(RUN("look", "--jobs", "x", "-h"), 0); /* asking for help is never wrong */
    assert_int_equal(seen.runs, 0);
    assert_int_equal(RUN("look", "-h"), 0);
    const char *examples = strstr(printed, "assay look plan.yaml"), *options = strstr(printed, "Options");
    assert_true(examples && options && examples < options);
    assert_non_null(strstr(printed, "-j, --jobs N"));
    assert_non_null(strstr(printed, "--color auto|always|never"));
    assert_int_equal(RUN("help", "book", "shut"), 0);
    assert_int_equal(RUN("--help"), 0);
    assert_non_null(strstr(printed, "book open"));
}

static void nearest(void **state)
{
    (void)state;
    static const char *const names[] = {"verify", "diff", "scrub", "reconcile"};
    assert_string_equal(assay_nearest("vrefiy", names, 4), "verify");
    assert_string_equal(assay_nearest("difff", names, 4), "diff");
    assert_string_equal(assay_nearest("recnocile", names, 4), "reconcile");
    assert_null(assay_nearest("x", names, 4));
    assert_null(assay_nearest("", names, 4));
    assert_null(assay_nearest("conciliate", names, 4));
    char endless[1000];
    memset(endless, 'd', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(assay_nearest(endless, names, 4));
}

/* Every verb of the suite has what help and completion print, and the scripts are accepted by the shells at hand. */
static void the_tables(void **state)
{
    (void)state;
    static const char *const shells[] = {"bash", "zsh", "fish"};
    for (const struct assay_verb *v = assay_verbs(); v->name; v++) {
        assert_non_null(v->summary);
        assert_non_null(v->program);
        assert_non_null(strstr(v->examples, v->name));
        for (const struct assay_opt *o = v->opts; o && o->name; o++) {
            assert_non_null(o->help);
            bool flag = o->type == ASSAY_OPT_FLAG || o->type == ASSAY_OPT_COUNT;
            assert_int_equal(flag, o->arg == NULL);
            for (const struct assay_opt *p = v->opts; p != o; p++) {
                assert_string_not_equal(p->name, o->name);
                assert_true(!o->letter || p->letter != o->letter);
            }
        }
    }
    for (size_t i = 0; i < 3; i++) {
        char cmd[64];
        snprintf(cmd, sizeof cmd, "command -v %s >/dev/null", shells[i]);
        if (system(cmd) != 0) {
            print_message("%s is not installed: its script was made, not parsed\n", shells[i]);
            snprintf(cmd, sizeof cmd, "cat >/dev/null");
        } else {
            snprintf(cmd, sizeof cmd, "%s -n", shells[i]);
        }
        FILE *f = popen(cmd, "w");
        assert_non_null(f);
        assay_cli_completion(f, shells[i], "assay", assay_verbs());
        assert_int_equal(pclose(f), 0);
    }
}

static void colour(void **state)
{
    (void)state;
    setenv("TERM", "xterm", 1);
    unsetenv("NO_COLOR");
    unsetenv("CLICOLOR_FORCE");
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    assay_color_mode(NULL);
    assert_false(assay_color_on(fd[1])); /* not a terminal */
    assay_color_mode("always");
    assert_true(assay_color_on(fd[1]));
    assay_color_mode("auto");
    setenv("CLICOLOR_FORCE", "1", 1);
    assert_true(assay_color_on(fd[1]));
    setenv("NO_COLOR", "1", 1);
    assert_false(assay_color_on(fd[1]));
    unsetenv("CLICOLOR_FORCE");
    unsetenv("NO_COLOR");
    close(fd[0]);
    close(fd[1]);
    setenv("LC_ALL", "en_US.UTF-8", 1);
    assert_true(assay_locale_utf8());
    setenv("LC_ALL", "C", 1);
    setenv("LANG", "en_US.UTF-8", 1);
    assert_false(assay_locale_utf8()); /* LC_ALL goes before LANG */
    unsetenv("LC_ALL");
}

static int log_evil(struct assay_args *a)
{
    (void)a;
    assay_log(ASSAY_LOG_WARN, "file %s", "a\033]0;x\007\nb\xc2\x9b");
    assay_progress("never on a pipe");
    return 0;
}

static void log_lets_no_escape_through(void **state)
{
    (void)state;
    static const struct assay_verb evil[] = {{"evil", "", "E.", NULL, NULL, 0, 0, log_evil, "t"}, {0}};
    int fd[2], err = dup(2);
    char text[256] = "";
    assert_int_equal(pipe(fd), 0);
    dup2(fd[1], 2);
    int code = assay_cli_main(2, (char *[]){(char *)(uintptr_t) "t", (char *)(uintptr_t) "evil", NULL}, "t", evil);
    dup2(err, 2);
    close(err);
    close(fd[1]);
    assert_true(read(fd[0], text, sizeof text - 1) > 0);
    close(fd[0]);
    assert_int_equal(code, 0);
    assert_string_equal(text, "t: warning: file a?]0;x??b??\n");
}

static int interrupted(struct assay_args *a)
{
    (void)a;
    raise(SIGTERM);
    raise(SIGTERM); /* at once: the same request delivered twice */
    return assay_interrupted() ? 0 : 9;
}

static void a_signal_ends_with_its_code(void **state)
{
    (void)state;
    static const struct assay_verb v[] = {{"i", "", "I.", NULL, NULL, 0, 0, interrupted, "t"}, {0}};
    int status;
    pid_t pid = fork();
    if (pid == 0)
        _exit(assay_cli_main(2, (char *[]){(char *)(uintptr_t) "t", (char *)(uintptr_t) "i", NULL}, "t", v));
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 128 + SIGTERM);
}

static void programs(void **state)
{
    (void)state;
    struct assay_err e = {0};
    char path[4096];
    int code;
    assert_int_equal(assay_program_find("t", "no-such-sibling", path, sizeof path, &e), ASSAY_ENOTFOUND);
    assert_non_null(strstr(e.msg, "no-such-sibling"));
    assay_err_reset(&e);
    char *const three[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                           (char *)(uintptr_t) "echo unseen; exit 3", NULL};
    assert_int_equal(assay_program_run("/bin/sh", three, ASSAY_CHILD_MUTE, &code, &e), ASSAY_OK);
    assert_int_equal(code, 3);
    char *const killed[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t) "kill -9 $$", NULL};
    assert_int_equal(assay_program_run("sh", killed, ASSAY_CHILD_MUTE, &code, &e), ASSAY_OK);
    assert_int_equal(code, 128 + SIGKILL);
    assert_int_equal(assay_program_run("/no/such/program", three, ASSAY_CHILD_MUTE, &code, &e), ASSAY_EIO);
    assert_non_null(strstr(e.msg, "No such file"));
    char *const lost[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t) "exit 127", NULL};
    assert_int_equal(assay_program_run("sh", lost, ASSAY_CHILD_TO_STDERR, &code, &e), ASSAY_OK); /* it did run */
    assert_int_equal(code, 127);
}

static void partners(void **state)
{
    (void)state;
    struct assay_err e = {0};
    struct assay_partner p;
    char line[8] = "";
    char *const echo[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
                          (char *)(uintptr_t) "echo held; cat >/dev/null; exit 5", NULL};
    assert_int_equal(assay_partner_start("/bin/sh", echo, &p, &e), ASSAY_OK);
    assert_int_equal(read(p.from, line, sizeof line), 5);
    assert_string_equal(line, "held\n");
    assert_int_equal(assay_partner_end(&p), 5); /* it read to the end of its input */
    assert_int_equal(assay_partner_end(&p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_in_every_spelling),
        cmocka_unit_test(double_dash),
        cmocka_unit_test(usage_errors_run_nothing),
        cmocka_unit_test(verbs_of_two_words),
        cmocka_unit_test(help_leads_with_examples),
        cmocka_unit_test(nearest),
        cmocka_unit_test(the_tables),
        cmocka_unit_test(colour),
        cmocka_unit_test(log_lets_no_escape_through),
        cmocka_unit_test(a_signal_ends_with_its_code),
        cmocka_unit_test(programs),
        cmocka_unit_test(partners),
    };
    return !!cmocka_run_group_tests(tests, NULL, NULL);
}
