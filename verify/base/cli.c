/* The parser: argv against one row of the verb table. */
#include "assay/cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "assay/log.h"
#include "cli_private.h"

struct slot {
    const struct assay_opt *opt;
    const char **value; /* into args.pool */
    size_t n;
};

struct assay_args {
    const struct assay_verb *verb;
    struct slot slot[ASSAY_CLI_MAX_OPTS];
    size_t n_slots;
    const char **pool; /* values by option */
    const char **operand;
    size_t n_operands;
    char *const *after; /* inside argv, NULL when no "--" */
    struct given {
        size_t slot;
        const char *value;
    } * given; /* in the order of the command line */
    size_t n_given;
};

const struct assay_opt assay_cli_common[] = {
    {"help", 'h', ASSAY_OPT_FLAG, NULL, "Show this help."},
    {"quiet", 'q', ASSAY_OPT_FLAG, NULL, "Only the verdict and errors."},
    {"verbose", 'v', ASSAY_OPT_COUNT, NULL, "Say more; twice for debugging."},
    {"color", 0, ASSAY_OPT_STRING, "auto|always|never", "Colour; auto is a terminal without NO_COLOR."},
    {0},
};

const struct assay_opt *assay_cli_opt(const struct assay_verb *v, size_t i)
{
    size_t own = 0;
    while (v->opts && v->opts[own].name)
        own++;
    const struct assay_opt *o = i < own ? &v->opts[i] : NULL;
    if (!o && i - own < sizeof assay_cli_common / sizeof *assay_cli_common - 1)
        o = &assay_cli_common[i - own];
    return o;
}

bool assay_cli_is_choice(const char *arg)
{
    return arg && strchr(arg, '|') && strspn(arg, "abcdefghijklmnopqrstuvwxyz-|") == strlen(arg);
}

bool assay_cli_takes_value(const struct assay_opt *o)
{
    return o->type != ASSAY_OPT_FLAG && o->type != ASSAY_OPT_COUNT;
}

bool assay_cli_takes_command(const struct assay_verb *v)
{
    return v->operands && strstr(v->operands, "-- ");
}

static const struct slot *slot_of(const struct assay_args *a, const char *name)
{
    for (size_t i = 0; i < a->n_slots; i++)
        if (strcmp(a->slot[i].opt->name, name) == 0)
            return &a->slot[i];
    return NULL;
}

const char *assay_arg(const struct assay_args *a, const char *name)
{
    const struct slot *s = slot_of(a, name);
    return s && s->n && s->value ? s->value[s->n - 1] : NULL;
}

size_t assay_arg_list(const struct assay_args *a, const char *name, const char *const **out)
{
    const struct slot *s = slot_of(a, name);
    *out = s ? s->value : NULL;
    return s && s->value ? s->n : 0;
}

bool assay_arg_flag(const struct assay_args *a, const char *name)
{
    return assay_arg_count(a, name) > 0;
}

size_t assay_arg_count(const struct assay_args *a, const char *name)
{
    const struct slot *s = slot_of(a, name);
    return s ? s->n : 0;
}

long long assay_arg_number(const struct assay_args *a, const char *name, long long fallback)
{
    const char *v = assay_arg(a, name);
    return v ? strtoll(v, NULL, 10) : fallback;
}

size_t assay_arg_operands(const struct assay_args *a, const char *const **out)
{
    *out = a->operand;
    return a->n_operands;
}

const char *assay_arg_after(const struct assay_args *a, char *const **argv)
{
    *argv = a->after;
    return a->after ? a->after[0] : NULL;
}

int assay_arg_verbosity(const struct assay_args *a)
{
    size_t v = assay_arg_count(a, "verbose");
    return assay_arg_flag(a, "quiet") ? -1 : v > 2 ? 2 : (int)v;
}

/* ---- parsing ---- */

static bool is_number(const char *v)
{
    if (!*v || strspn(v, "0123456789") != strlen(v))
        return false;
    errno = 0;
    strtoll(v, NULL, 10);
    return errno == 0;
}

static bool is_one_of(const char *choices, const char *v)
{
    size_t n = strlen(v);
    for (const char *p = choices; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
        if (strncmp(p, v, n) == 0 && (p[n] == '|' || p[n] == '\0') && n)
            return true;
    return false;
}

static enum assay_status give(struct assay_args *a, size_t slot, const char *value, struct assay_err *e)
{
    const struct assay_opt *o = a->slot[slot].opt;
    if (o->type == ASSAY_OPT_NUMBER && !is_number(value))
        return assay_fail(e, ASSAY_EUSAGE, "--%s wants a whole number of 0 or more, got '%s'", o->name, value);
    if (assay_cli_takes_value(o) && assay_cli_is_choice(o->arg) && !is_one_of(o->arg, value))
        return assay_fail(e, ASSAY_EUSAGE, "--%s wants one of %s, got '%s'", o->name, o->arg, value);
    a->given[a->n_given++] = (struct given){slot, value};
    a->slot[slot].n++;
    return ASSAY_OK;
}

static enum assay_status unknown_option(const struct assay_args *a, const char *name, struct assay_err *e)
{
    const char *names[ASSAY_CLI_MAX_OPTS];
    for (size_t i = 0; i < a->n_slots; i++)
        names[i] = a->slot[i].opt->name;
    const char *near = assay_nearest(name, names, a->n_slots);
    if (near)
        return assay_fail(e, ASSAY_EUSAGE, "unknown option --%s; did you mean --%s?", name, near);
    return assay_fail(e, ASSAY_EUSAGE, "unknown option --%s", name);
}

static enum assay_status parse_long(struct assay_args *a, char **argv, int argc, int *i, struct assay_err *e)
{
    const char *word = argv[*i] + 2, *eq = strchr(word, '=');
    size_t len = eq ? (size_t)(eq - word) : strlen(word);
    size_t k = 0;
    while (k < a->n_slots && (strncmp(a->slot[k].opt->name, word, len) != 0 || a->slot[k].opt->name[len] != '\0'))
        k++;
    if (k == a->n_slots) {
        char name[80];
        snprintf(name, sizeof name, "%.*s", len < sizeof name ? (int)len : (int)sizeof name - 1, word);
        return unknown_option(a, name, e);
    }
    if (!assay_cli_takes_value(a->slot[k].opt)) {
        if (eq)
            return assay_fail(e, ASSAY_EUSAGE, "--%s takes no value", a->slot[k].opt->name);
        return give(a, k, NULL, e);
    }
    if (eq)
        return give(a, k, eq + 1, e);
    if (*i + 1 >= argc)
        return assay_fail(e, ASSAY_EUSAGE, "--%s wants a value: %s", a->slot[k].opt->name, a->slot[k].opt->arg);
    return give(a, k, argv[++*i], e);
}

/* "-qv", "-j4", "-j 4" */
static enum assay_status parse_short(struct assay_args *a, char **argv, int argc, int *i, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (const char *p = argv[*i] + 1; *p && s == ASSAY_OK; p++) {
        size_t k = 0;
        while (k < a->n_slots && a->slot[k].opt->letter != *p)
            k++;
        if (k == a->n_slots)
            return assay_fail(e, ASSAY_EUSAGE, "unknown option -%c in '%s'", *p, argv[*i]);
        if (!assay_cli_takes_value(a->slot[k].opt)) {
            s = give(a, k, NULL, e);
            continue;
        }
        if (p[1])
            return give(a, k, p + 1, e);
        if (*i + 1 >= argc)
            return assay_fail(e, ASSAY_EUSAGE, "-%c wants a value: %s", *p, a->slot[k].opt->arg);
        return give(a, k, argv[++*i], e);
    }
    return s;
}

static enum assay_status parse_words(struct assay_args *a, int argc, char **argv, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    bool only_operands = false;
    for (int i = 0; i < argc && s == ASSAY_OK; i++) {
        const char *w = argv[i];
        if (only_operands || w[0] != '-' || w[1] == '\0') {
            a->operand[a->n_operands++] = w;
        } else if (strcmp(w, "--") == 0) {
            if (assay_cli_takes_command(a->verb)) {
                a->after = argv + i + 1;
                break;
            }
            only_operands = true;
        } else if (w[1] == '-') {
            s = parse_long(a, argv, argc, &i, e);
        } else {
            s = parse_short(a, argv, argc, &i, e);
        }
    }
    return s;
}

/* Values of one option side by side, in the order given. */
static void group_values(struct assay_args *a)
{
    size_t at = 0;
    for (size_t k = 0; k < a->n_slots; k++) {
        if (!assay_cli_takes_value(a->slot[k].opt))
            continue;
        a->slot[k].value = a->pool + at;
        for (size_t g = 0; g < a->n_given; g++)
            if (a->given[g].slot == k)
                a->pool[at++] = a->given[g].value;
    }
}

static enum assay_status check_operands(const struct assay_args *a, struct assay_err *e)
{
    const struct assay_verb *v = a->verb;
    size_t min = (size_t)v->min_operands;
    if (a->n_operands < min)
        return assay_fail(e, ASSAY_EUSAGE, "%s wants %s, got %zu operand%s", v->name, v->operands, a->n_operands,
                          a->n_operands == 1 ? "" : "s");
    if (v->max_operands >= 0 && a->n_operands > (size_t)v->max_operands)
        return assay_fail(e, ASSAY_EUSAGE, "%s takes %s: '%s' is one operand too many", v->name,
                          v->operands && *v->operands ? v->operands : "no operands", a->operand[v->max_operands]);
    return ASSAY_OK;
}

/* The parser stops at the first mistake; a request for help may stand behind it. */
static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
            return true;
    return false;
}

static void args_release(struct assay_args *a)
{
    free(a->pool);
    free(a->operand);
    free(a->given);
}

/* argv: the words after the verb. */
static enum assay_status args_parse(struct assay_args *a, const struct assay_verb *v, int argc, char **argv,
                                    struct assay_err *e)
{
    size_t n = (size_t)argc + 1;
    a->verb = v;
    for (const struct assay_opt *o; a->n_slots < ASSAY_CLI_MAX_OPTS && (o = assay_cli_opt(v, a->n_slots));)
        a->slot[a->n_slots++].opt = o;
    /* Clustered letters ("-vvvv") give more options than words: count characters of short clusters too. */
    size_t most = n;
    for (int i = 0; i < argc; i++)
        most += argv[i][0] == '-' && argv[i][1] != '-' ? strlen(argv[i]) : 0;
    a->pool = calloc(most, sizeof *a->pool);
    a->operand = calloc(n, sizeof *a->operand);
    a->given = calloc(most, sizeof *a->given);
    if (!a->pool || !a->operand || !a->given)
        return assay_fail_nomem(e);
    enum assay_status s = parse_words(a, argc, argv, e);
    group_values(a);
    return s == ASSAY_OK ? check_operands(a, e) : s;
}

/* ---- running ---- */

const struct assay_verb *assay_verb_find(const struct assay_verb *verbs, int argc, char *const *argv, int *words)
{
    for (const struct assay_verb *v = verbs; v->name; v++) {
        const char *space = strchr(v->name, ' ');
        size_t len = space ? (size_t)(space - v->name) : strlen(v->name);
        *words = space ? 2 : 1;
        if (argc < *words || strlen(argv[0]) != len || strncmp(argv[0], v->name, len) != 0)
            continue;
        if (!space || strcmp(argv[1], space + 1) == 0)
            return v;
    }
    *words = 0;
    return NULL;
}

int assay_verb_unknown(const char *program, const struct assay_verb *verbs, const char *word)
{
    const char *names[64] = {NULL};
    size_t n = 0;
    for (const struct assay_verb *v = verbs; v->name && n < 64; v++)
        names[n++] = v->name;
    const char *near = assay_nearest(word, names, n);
    assay_log_init(program, 0);
    size_t len = strlen(word), members = 0;
    for (size_t i = 0; i < n; i++)
        members += strncmp(names[i], word, len) == 0 && names[i][len] == ' ';
    if (members) {
        assay_log(ASSAY_LOG_ERROR, "'%s' wants one more word:", word);
        for (size_t i = 0; i < n; i++)
            if (strncmp(names[i], word, len) == 0 && names[i][len] == ' ')
                fprintf(stderr, "  %s %s\n", program, names[i]);
        return ASSAY_EXIT_USAGE;
    }
    if (near)
        assay_log(ASSAY_LOG_ERROR, "unknown verb '%s'; did you mean '%s'?", word, near);
    else
        assay_log(ASSAY_LOG_ERROR, "unknown verb '%s'; '%s help' lists them", word, program);
    return ASSAY_EXIT_USAGE;
}

static int finish(int code)
{
    assay_progress(NULL);
    bool lost = fflush(stdout) || ferror(stdout);
    if (assay_interrupted())
        return 128 + assay_interrupt_signal();
    if (lost) {
        assay_log(ASSAY_LOG_ERROR, "standard output could not be written: %s", strerror(errno));
        return code == ASSAY_EXIT_OK ? ASSAY_EXIT_UNVERIFIED : code;
    }
    return code;
}

static int run_verb(const char *program, const struct assay_verb *v, int argc, char **argv)
{
    struct assay_args a = {0};
    struct assay_err e = {0};
    int code = ASSAY_EXIT_USAGE;
    enum assay_status s = args_parse(&a, v, argc, argv, &e);
    /* Asking for help is never wrong, whatever else is missing. */
    bool help = assay_arg_flag(&a, "help") || (s == ASSAY_EUSAGE && asks_for_help(argc, argv));
    s = help ? ASSAY_OK : s;
    assay_color_mode(s == ASSAY_OK ? assay_arg(&a, "color") : NULL);
    assay_log_init(program, s == ASSAY_OK ? assay_arg_verbosity(&a) : 0);
    if (s != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        fprintf(stderr, "usage: assay %s [OPTIONS] %s   (assay %s --help)\n", v->name, v->operands ? v->operands : "",
                v->name);
        code = s == ASSAY_EUSAGE ? ASSAY_EXIT_USAGE : (int)assay_err_exit(s);
    } else if (help) {
        assay_cli_help(stdout, "assay", v);
        code = finish(ASSAY_EXIT_OK);
    } else if (v->run) {
        assay_interrupt_install();
        code = finish(v->run(&a));
    } else {
        assay_log(ASSAY_LOG_ERROR, "%s belongs to %s", v->name, v->program);
    }
    args_release(&a);
    return code;
}

int assay_cli_main(int argc, char **argv, const char *program, const struct assay_verb *verbs)
{
    if (argc < 2) {
        assay_cli_overview(stderr, program, verbs);
        return ASSAY_EXIT_USAGE;
    }
    const char *first = argv[1];
    int words = 0;
    const struct assay_verb *v = assay_verb_find(verbs, argc - 1, argv + 1, &words);
    if (v)
        return run_verb(program, v, argc - 1 - words, argv + 1 + words);
    if (strcmp(first, "-h") == 0 || strcmp(first, "--help") == 0 || strcmp(first, "help") == 0) {
        const struct assay_verb *about = argc > 2 ? assay_verb_find(verbs, argc - 2, argv + 2, &words) : NULL;
        if (about)
            assay_cli_help(stdout, "assay", about);
        else if (argc > 2)
            return assay_verb_unknown(program, verbs, argv[2]);
        else
            assay_cli_overview(stdout, program, verbs);
        return finish(ASSAY_EXIT_OK);
    }
    if (strcmp(first, "--version") == 0) {
        printf("%s %s\n", program, ASSAY_VERSION);
        return finish(ASSAY_EXIT_OK);
    }
    char two[128];
    snprintf(two, sizeof two, "%s%s%s", first, argc > 2 && argv[2][0] != '-' ? " " : "",
             argc > 2 && argv[2][0] != '-' ? argv[2] : "");
    bool family = false; /* "ledger shwo": compare both words */
    for (const struct assay_verb *f = verbs; f->name; f++)
        family |= strchr(f->name, ' ') && strncmp(f->name, first, strlen(first)) == 0 && f->name[strlen(first)] == ' ';
    return assay_verb_unknown(program, verbs, family ? two : first);
}
