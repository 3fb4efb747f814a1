/* Command tables: verbs and options are data. Help, completion and man pages come from them. */
#ifndef ASSAY_CLI_H
#define ASSAY_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "assay/err.h"

enum assay_opt_type {
    ASSAY_OPT_FLAG,
    ASSAY_OPT_STRING,
    ASSAY_OPT_COUNT,
    ASSAY_OPT_LIST /* repeatable string */,
    ASSAY_OPT_NUMBER
};

struct assay_opt {
    const char *name; /* long name without dashes; NULL ends the table */
    char letter; /* short form or 0 */
    enum assay_opt_type type;
    const char *arg; /* placeholder in help: "FILE"; NULL for flags. Lower-case words joined by '|' are a closed
                      * list: the parser refuses anything else, completion offers them */
    const char *help; /* one sentence */
};

struct assay_args;

struct assay_verb {
    const char *name; /* "verify"; two words for "ledger log"; NULL ends the table */
    const char *operands; /* "PLAN", "SOURCE ARCHIVE", "[FILE]"; with "-- " in it, words after "--" are a command
                           * (assay_arg_after), else they are operands */
    const char *summary; /* one sentence */
    const char *examples; /* shown first by -h; lines starting with "  assay ..." */
    const struct assay_opt *opts; /* own options; the common ones (-h -q -v --color) are added */
    int min_operands, max_operands; /* max -1: any number */
    int (*run)(struct assay_args *a); /* returns the exit code; NULL in the front door's table */
    const char *program; /* "assay-verify": who owns it */
};

/* Values by option name after parsing; all borrowed from argv. */
const char *assay_arg(const struct assay_args *a, const char *name); /* last value or NULL */
size_t assay_arg_list(const struct assay_args *a, const char *name, const char *const **out);
bool assay_arg_flag(const struct assay_args *a, const char *name);
long long assay_arg_number(const struct assay_args *a, const char *name,
                           long long fallback); /* already checked: >= 0 */
size_t assay_arg_count(const struct assay_args *a, const char *name); /* how often it was given */
size_t assay_arg_operands(const struct assay_args *a, const char *const **out);
const char *assay_arg_after(const struct assay_args *a, char *const **argv); /* after "--": NULL-terminated, or NULL */
int assay_arg_verbosity(const struct assay_args *a); /* -1 quiet, 0, 1, 2: from -q and -v */

/* The whole of a program's main: find the verb (nearest name when unknown), parse, run. Exit code returned: the verb's,
 * 2 for usage errors, 3 when standard output could not be written, 128 + signal when a signal stopped the verb. */
int assay_cli_main(int argc, char **argv, const char *program, const struct assay_verb *verbs);
void assay_cli_help(FILE *f, const char *program, const struct assay_verb *v);
/* All verbs of a table, one line each. */
void assay_cli_overview(FILE *f, const char *program, const struct assay_verb *verbs);
/* shell: "bash", "zsh", "fish"; anything else writes nothing. */
void assay_cli_completion(FILE *f, const char *shell, const char *program, const struct assay_verb *verbs);
/* The nearest of n names within edit distance 3, or NULL. */
const char *assay_nearest(const char *word, const char *const *names, size_t n);

/* The verb that argv[0..argc) begins with; *words is how many words its name took. NULL when none matches. */
const struct assay_verb *assay_verb_find(const struct assay_verb *verbs, int argc, char *const *argv, int *words);
/* "unknown verb", with the nearest name, to standard error. Returns ASSAY_EXIT_USAGE. */
int assay_verb_unknown(const char *program, const struct assay_verb *verbs, const char *word);

/* ---- the verbs of the whole suite (verify/base/cli_verbs.c); run is NULL everywhere, program names the owner ---- */
const struct assay_verb *assay_verbs(void);

struct assay_verb_run {
    const char *name; /* as in assay_verbs(); NULL ends the table */
    int (*run)(struct assay_args *a);
};
/* main() of one program: binds the functions to the suite's verbs and runs assay_cli_main with those. */
int assay_program_main(int argc, char **argv, const char *program, const struct assay_verb_run *run);

/* ---- sibling programs (verify/base/cli_program.c) ---- */

/* Path of a sibling program: beside the real path of argv0, else in the compiled-in directory. out: max bytes.
 * ASSAY_ENOTFOUND names the places searched. */
enum assay_status assay_program_find(const char *argv0, const char *program, char *out, size_t max,
                                     struct assay_err *e);
/* What becomes of a child's standard output. */
enum assay_child_out { ASSAY_CHILD_SHOWN = 0, ASSAY_CHILD_MUTE /* /dev/null */, ASSAY_CHILD_TO_STDERR };
/* Run path (looked up in PATH when it has no slash) with argv (NULL-terminated) and wait. SIGINT and SIGTERM that this
 * process receives meanwhile are passed on. *code: its exit code, or 128 + signal. ASSAY_EIO: it could not be run. */
enum assay_status assay_program_run(const char *path, char *const *argv, enum assay_child_out out, int *code,
                                    struct assay_err *e);

/* ---- a sibling that runs beside this one (verify/base/cli_partner.c) ---- */

struct assay_partner {
    int pid; /* 0: none */
    int to, from; /* its standard input and output */
};
/* path is looked up in PATH when it has no slash. */
enum assay_status assay_partner_start(const char *path, char *const *argv, struct assay_partner *out,
                                      struct assay_err *e);
/* Close its standard input, at which it ends, and wait. Returns its exit code, or 128 + signal; 0 when there is none.
 */
int assay_partner_end(struct assay_partner *p);

#endif
