/* The front door: finds the program that owns a verb and becomes it; drives the steps of `assay check`. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/cli.h"
#include "assay/digest.h"
#include "assay/log.h"
#include "front.h"

#define EXIT_SIGNAL 128

/* ---- assay check ---- */

/* The command line of one child. Words are borrowed. */
struct words {
    const char **word; /* NULL-terminated */
    size_t n, cap;
};

static void add(struct words *w, const char *word)
{
    if (w->n + 1 < w->cap)
        w->word[w->n++] = word;
}

static void add_list(struct words *w, const struct assay_args *a, const char *opt, const char *flag)
{
    const char *const *v;
    size_t n = assay_arg_list(a, opt, &v);
    for (size_t i = 0; i < n; i++) {
        add(w, flag);
        add(w, v[i]);
    }
}

struct check {
    const struct assay_args *a;
    const char *plan;
    char run[37];
    int worst; /* of the steps before the report, by `worse` */
    bool ran; /* did a step get past its plan and its lock? */
    struct assay_front_export export; /* what is held for an exporter, if there is one */
};

/* Design section 7: 4 before 1 before 3 before 0. What is not one of these (a crash, a signal, a usage error of a later
 * step) means that something could not be verified. */
static int worse(int a, int b)
{
    static const int rank[] = {[ASSAY_EXIT_LEDGER] = 3, [ASSAY_EXIT_DISCREPANCY] = 2, [ASSAY_EXIT_UNVERIFIED] = 1};
    int x = a == ASSAY_EXIT_OK || a == 1 || a == 3 || a == 4 ? a : ASSAY_EXIT_UNVERIFIED;
    int y = b == ASSAY_EXIT_OK || b == 1 || b == 3 || b == 4 ? b : ASSAY_EXIT_UNVERIFIED;
    return rank[x] >= rank[y] ? x : y;
}

static bool nothing_ran(int code)
{
    return code == ASSAY_EXIT_USAGE || code == ASSAY_EXIT_LOCKED;
}

/* Under which snapshots the source is read: those that the exporter was handed, or that the user gave. false: no
 * memory.
 */
static bool add_snapshots(struct words *w, const struct check *c, char **text)
{
    add_list(w, c->a, "snapshot", "--snapshot");
    for (size_t i = 0; i < c->export.n; i++) {
        const struct assay_front_held *h = &c->export.held[i];
        if (!h->snapshot[0])
            continue;
        if (asprintf(&text[i], "%s=%s", h->set, h->snapshot) < 0) {
            text[i] = NULL;
            return false;
        }
        add(w, "--snapshot");
        add(w, text[i]);
    }
    return true;
}

/* Run one step: PROGRAM VERB --run R [--side S] [FLAG] ... PLAN. */
static int step(struct check *c, const char *program, const char *verb, const char *side, const char *flag)
{
    struct assay_err e = {0};
    char path[PATH_MAX];
    bool report = strcmp(verb, "report") == 0, scrub = strcmp(verb, "scrub") == 0;
    bool reads = side || scrub || strcmp(verb, "sample") == 0;
    const char *const *sets, *const *segs, *const *reps, *const *snaps;
    size_t cap =
        32 + 2 * (assay_arg_list(c->a, "dataset", &sets) + assay_arg_list(c->a, "segment", &segs) +
                  assay_arg_list(c->a, "report", &reps) + assay_arg_list(c->a, "snapshot", &snaps) + c->export.n);
    struct words w = {calloc(cap, sizeof(char *)), 0, cap};
    char **snapshot = calloc(c->export.n + 1, sizeof *snapshot);
    int code = ASSAY_EXIT_UNVERIFIED;
    if (!w.word || !snapshot) {
        assay_fail_nomem(&e);
        goto fail;
    }
    add(&w, program);
    add(&w, verb);
    if (c->run[0]) {
        add(&w, "--run");
        add(&w, c->run);
    }
    add_list(&w, c->a, "dataset", "--dataset");
    if (side) {
        add(&w, "--side");
        add(&w, side);
    }
    if (flag)
        add(&w, flag);
    if (assay_arg_flag(c->a, "since-mark") && (side || strcmp(verb, "reconcile") == 0))
        add(&w, "--since-mark");
    if (strcmp(verb, "sample") == 0)
        add_list(&w, c->a, "snapshot", "--snapshot");
    if (reads) {
        add_list(&w, c->a, "segment", "--segment");
        add_list(&w, c->a, "jobs", "--jobs");
    }
    if (side && strcmp(side, "source") == 0 && !add_snapshots(&w, c, snapshot)) {
        assay_fail_nomem(&e);
        goto fail;
    }
    if (report)
        add_list(&w, c->a, "report", "--report");
    if (report && !assay_arg_flag(c->a, "no-reveal"))
        add(&w, "--reveal"); /* who runs both checkers has the keys */
    if (report && !assay_arg_count(c->a, "dataset"))
        add(&w, "--all"); /* a dataset that could not even begin must not be missing from the result */
    add_list(&w, c->a, "color", "--color");
    static const char *const loud[] = {"-q", NULL, "-v", "-vv"};
    const char *v = loud[assay_arg_verbosity(c->a) + 1];
    if (v)
        add(&w, v);
    add(&w, "--");
    add(&w, c->plan);
    if (assay_program_find("assay", program, path, sizeof path, &e) != ASSAY_OK)
        goto fail;
    assay_log(ASSAY_LOG_INFO, "%s%s%s", verb, side ? " --side " : "", side ? side : "");
    bool mute = !report && !scrub && assay_arg_verbosity(c->a) < 1;
    if (assay_program_run(path, (char *const *)w.word, mute ? ASSAY_CHILD_MUTE : ASSAY_CHILD_SHOWN, &code, &e) !=
        ASSAY_OK)
        goto fail;
    if (code >= EXIT_SIGNAL && !assay_interrupted())
        assay_log(ASSAY_LOG_ERROR, "%s %s was ended by signal %d", program, verb, code - EXIT_SIGNAL);
fail:
    if (e.code != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = ASSAY_EXIT_UNVERIFIED;
    }
    for (size_t i = 0; snapshot && i < c->export.n; i++)
        free(snapshot[i]);
    free(snapshot);
    free(w.word);
    return code;
}

/* Hold the sources still and run the exporter. The snapshot stays held until the source is verified. */
static int export_first(struct check *c, char *const *exporter)
{
    const char *const *sets;
    size_t cap = 16 + 2 * assay_arg_list(c->a, "dataset", &sets);
    struct words w = {calloc(cap, sizeof(char *)), 0, cap};
    if (!w.word) {
        assay_log(ASSAY_LOG_ERROR, "out of memory");
        return ASSAY_EXIT_UNVERIFIED;
    }
    add(&w, "assay-verify");
    add(&w, "hold");
    add_list(&w, c->a, "dataset", "--dataset");
    add_list(&w, c->a, "color", "--color");
    add(&w, "--");
    add(&w, c->plan);
    int code = assay_front_hold((char *const *)w.word, &c->export);
    free(w.word);
    return code == ASSAY_EXIT_OK ? assay_front_export(&c->export, exporter, c->plan, c->run) : code;
}

/* Attest one side. false: stop, *code is the exit code of the whole. */
static bool attest(struct check *c, const char *side, int *code)
{
    int r = step(c, "assay-verify", "verify", side, NULL);
    if (assay_interrupted()) {
        assay_log(ASSAY_LOG_WARN, "interrupted; what was attested before stays in the ledger under run %s", c->run);
        *code = EXIT_SIGNAL + assay_interrupt_signal();
        return false;
    }
    if (nothing_ran(r) && !c->ran) {
        *code = r;
        return false;
    }
    c->ran = true;
    c->worst = worse(c->worst, r);
    *code = c->worst;
    return c->worst != ASSAY_EXIT_LEDGER;
}

/* Causes explain verdicts and never change them: what cannot be sampled is explained from sums alone. */
static void explain(struct check *c)
{
    if (!assay_arg_flag(c->a, "no-sample") && step(c, "assay-verify", "sample", NULL, NULL) != ASSAY_EXIT_OK &&
        !assay_interrupted())
        assay_log(ASSAY_LOG_WARN, "rows that differ were not looked at: causes are found from sums alone");
    if (!assay_interrupted())
        step(c, "assay-reconcile", "reconcile", NULL, "--causes-only");
}

static int compare_and_report(struct check *c)
{
    int r = step(c, "assay-reconcile", "reconcile", NULL, "--no-causes");
    if (assay_interrupted())
        return EXIT_SIGNAL + assay_interrupt_signal();
    if (r != ASSAY_EXIT_OK && r != ASSAY_EXIT_DISCREPANCY && r != ASSAY_EXIT_UNVERIFIED) {
        assay_log(ASSAY_LOG_ERROR, "the two sides were not compared; run %s has no result", c->run);
        return worse(c->worst, r);
    }
    c->worst = worse(c->worst, r);
    if (r != ASSAY_EXIT_OK)
        explain(c);
    if (assay_interrupted())
        return EXIT_SIGNAL + assay_interrupt_signal();
    r = step(c, "assay-report", "report", NULL, NULL);
    if (assay_interrupted())
        return EXIT_SIGNAL + assay_interrupt_signal();
    /* The result document decides; but a step that did not end well never becomes a success. */
    return r == ASSAY_EXIT_OK || c->worst == ASSAY_EXIT_LEDGER || nothing_ran(r) || r >= EXIT_SIGNAL
               ? worse(r, c->worst)
               : r;
}

/* What excludes what; ASSAY_EXIT_USAGE, said why. */
static int check_options(const struct assay_args *a, char *const *exporter)
{
    const char *const *list, *wrong = NULL;
    bool source = assay_arg_flag(a, "source-only"), archive = assay_arg_flag(a, "archive-only");
    if (assay_arg(a, "run") && strlen(assay_arg(a, "run")) != 36)
        wrong = "--run wants a UUID of 36 characters";
    else if (assay_arg_flag(a, "since-mark") && assay_arg_list(a, "segment", &list))
        wrong = "--since-mark and --segment exclude each other";
    else if (source && archive)
        wrong = "--source-only and --archive-only exclude each other";
    else if (exporter && !exporter[0])
        wrong = "there is no command after --";
    else if (exporter && archive)
        wrong = "--archive-only reads no source that an exporter could share a snapshot with";
    else if (exporter && assay_arg_list(a, "snapshot", &list))
        wrong = "--snapshot is for an export made before; a command after -- gets one from assay";
    if (wrong)
        assay_log(ASSAY_LOG_ERROR, "%s", wrong);
    return wrong ? ASSAY_EXIT_USAGE : ASSAY_EXIT_OK;
}

static int verify_sides(struct check *c, char *const *exporter)
{
    bool source = !assay_arg_flag(c->a, "archive-only"), archive = !assay_arg_flag(c->a, "source-only");
    int code = exporter ? export_first(c, exporter) : ASSAY_EXIT_OK;
    if (code != ASSAY_EXIT_OK || (source && !attest(c, "source", &code)))
        return code;
    assay_front_release(&c->export); /* the archive needs no snapshot of the source */
    if (archive && !attest(c, "archive", &code))
        return code;
    if (source && archive)
        return compare_and_report(c);
    assay_log(ASSAY_LOG_WARN, "only the %s was attested, under run %s; nothing was compared",
              source ? "source" : "archive", c->run);
    return code;
}

static int cmd_check(struct assay_args *a)
{
    struct assay_err e = {0};
    struct check c = {.a = a};
    const char *const *operand;
    char *const *exporter = NULL;
    assay_arg_operands(a, &operand);
    assay_arg_after(a, &exporter);
    c.plan = operand[0];
    int code = check_options(a, exporter);
    if (code != ASSAY_EXIT_OK)
        return code;
    if (assay_arg(a, "run")) {
        memcpy(c.run, assay_arg(a, "run"), sizeof c.run);
    } else if (assay_uuid_new(c.run, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        return ASSAY_EXIT_UNVERIFIED;
    }
    code = verify_sides(&c, exporter);
    assay_front_release(&c.export);
    return code;
}

/* What a scrub finds becomes a discrepancy like any other: the newest statements are compared afterwards. */
static int cmd_scrub(struct assay_args *a)
{
    struct check c = {.a = a};
    const char *const *operand;
    assay_arg_operands(a, &operand);
    c.plan = operand[0];
    int scrubbed = step(&c, "assay-verify", "scrub", NULL, NULL);
    if (nothing_ran(scrubbed) || scrubbed == ASSAY_EXIT_LEDGER || scrubbed >= EXIT_SIGNAL)
        return scrubbed;
    int compared = step(&c, "assay-reconcile", "reconcile", NULL, NULL);
    return compared == ASSAY_EXIT_LEDGER || nothing_ran(compared) || compared >= EXIT_SIGNAL ? worse(scrubbed, compared)
                                                                                             : scrubbed;
}

/* ---- the small verbs of the front door ---- */

static int cmd_version(struct assay_args *a)
{
    if (assay_arg_flag(a, "json"))
        printf("{\"name\":\"assay\",\"version\":\"%s\",\"canon\":1}\n", ASSAY_VERSION);
    else
        printf("assay %s\n", ASSAY_VERSION);
    return ASSAY_EXIT_OK;
}

static int cmd_completion(struct assay_args *a)
{
    static const char *const shells[] = {"bash", "zsh", "fish"};
    const char *const *operand;
    assay_arg_operands(a, &operand);
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(operand[0], shells[i]) == 0) {
            assay_cli_completion(stdout, shells[i], "assay", assay_verbs());
            return ASSAY_EXIT_OK;
        }
    assay_log(ASSAY_LOG_ERROR, "no completion for '%s': bash, zsh and fish are known", operand[0]);
    return ASSAY_EXIT_USAGE;
}

static int cmd_help(struct assay_args *a)
{
    const char *const *operand;
    size_t n = assay_arg_operands(a, &operand);
    int words;
    const struct assay_verb *v = assay_verb_find(assay_verbs(), (int)n, (char *const *)operand, &words);
    if (n == 0)
        assay_cli_overview(stdout, "assay", assay_verbs());
    else if (v)
        assay_cli_help(stdout, "assay", v);
    else
        return assay_verb_unknown("assay", assay_verbs(), operand[0]);
    return ASSAY_EXIT_OK;
}

static int exec_owner(char **argv, const struct assay_verb *v)
{
    struct assay_err e = {0};
    char path[PATH_MAX];
    assay_log_init("assay", 0);
    if (assay_program_find(argv[0], v->program, path, sizeof path, &e) == ASSAY_OK) {
        argv[0] = path;
        execv(path, argv);
        assay_fail(&e, ASSAY_EIO, "%s: cannot run it: %s", path, strerror(errno));
    }
    assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    return ASSAY_EXIT_UNVERIFIED;
}

int main(int argc, char **argv)
{
    static const struct assay_verb_run own[] = {
        {"check", cmd_check},     {"scrub", cmd_scrub},           {"help", cmd_help},
        {"version", cmd_version}, {"completion", cmd_completion}, {0},
    };
    int words;
    const struct assay_verb *v = argc > 1 ? assay_verb_find(assay_verbs(), argc - 1, argv + 1, &words) : NULL;
    bool mine = false;
    for (const struct assay_verb_run *r = own; v && r->name; r++)
        mine = mine || strcmp(r->name, v->name) == 0;
    if (v && !mine)
        return exec_owner(argv, v);
    if (v)
        return assay_program_main(argc, argv, "assay", own);
    return assay_cli_main(argc, argv, "assay", assay_verbs());
}
