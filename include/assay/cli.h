/* Command tables: verbs and options are data. Help, completion and man pages come from them. */
#ifndef ASSAY_CLI_H
#define ASSAY_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "assay/err.h"

enum assay_opt_type { ASSAY_OPT_FLAG, ASSAY_OPT_STRING, ASSAY_OPT_COUNT, ASSAY_OPT_LIST /* repeatable string */, ASSAY_OPT_NUMBER };

struct assay_opt {
    const char *name;  /* long name without dashes; NULL ends the table */
    char letter;       /* short form or 0 */
    enum assay_opt_type type;
    const char *arg;   /* placeholder in help: "FILE"; NULL for flags */
    const char *help;  /* one sentence */
};

struct assay_args;

struct assay_verb {
    const char *name;      /* "verify"; two words for "ledger log" */
    const char *operands;  /* "PLAN", "SOURCE ARCHIVE", "[FILE]" */
    const char *summary;   /* one sentence */
    const char *examples;  /* shown first by -h; lines starting with "  assay ..." */
    const struct assay_opt *opts; /* own options; the common ones (-h -q -v --color) are added */
    int min_operands, max_operands; /* max -1: any number */
    int (*run)(struct assay_args *a); /* returns the exit code; NULL in the front door's table */
    const char *program;   /* "assay-verify": who owns it */
};

/* Values by option name after parsing; all borrowed from argv. */
const char *assay_arg(const struct assay_args *a, const char *name);           /* last value or NULL */
size_t assay_arg_list(const struct assay_args *a, const char *name, const char *const **out);
bool assay_arg_flag(const struct assay_args *a, const char *name);
long long assay_arg_number(const struct assay_args *a, const char *name, long long fallback); /* already checked */
size_t assay_arg_operands(const struct assay_args *a, const char *const **out);
const char *assay_arg_after(const struct assay_args *a, char *const **argv);   /* after "--": NULL-terminated, or NULL */

/* The whole of a program's main: find the verb (nearest name when unknown), parse, run. Exit code returned. */
int assay_cli_main(int argc, char **argv, const char *program, const struct assay_verb *verbs);
void assay_cli_help(FILE *f, const char *program, const struct assay_verb *v);
void assay_cli_completion(FILE *f, const char *shell, const char *program, const struct assay_verb *verbs);
/* The nearest of n names within edit distance 3, or NULL. */
const char *assay_nearest(const char *word, const char *const *names, size_t n);

#endif
