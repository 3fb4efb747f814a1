/* Help of one verb (examples first) and the overview of a program, from the tables. */
#include <string.h>

#include "cli_private.h"

#define WRAP 78

/* Print text wrapped at WRAP columns, continuation lines indented; `at` is the column where it starts. */
static void wrapped(FILE *f, const char *text, int at, int indent)
{
    while (*text) {
        size_t len = strcspn(text, " ");
        if (at + (int)len > WRAP && at > indent) {
            fprintf(f, "\n%*s", indent, "");
            at = indent;
        }
        fprintf(f, "%.*s", (int)len, text);
        at += (int)len;
        text += len;
        if (*text == ' ') {
            text++;
            if (at + 1 + (int)strcspn(text, " ") <= WRAP) {
                fputc(' ', f);
                at++;
            } else if (*text) {
                fprintf(f, "\n%*s", indent, "");
                at = indent;
            }
        }
    }
    fputc('\n', f);
}

static void option_line(FILE *f, const struct assay_opt *o)
{
    char left[80];
    int n = snprintf(left, sizeof left, "  %c%c%c --%s%s%s", o->letter ? '-' : ' ', o->letter ? o->letter : ' ',
                     o->letter ? ',' : ' ', o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    const int indent = 30;
    if (n < indent - 1) {
        fprintf(f, "%-*s", indent, left);
    } else {
        fprintf(f, "%s\n%*s", left, indent, "");
    }
    wrapped(f, o->help, indent, indent);
    /* repeatable options say so in the help, not in every sentence of the table */
    if (o->type == ASSAY_OPT_LIST)
        fprintf(f, "%*s(may be given more than once)\n", indent, "");
}

void assay_cli_help(FILE *f, const char *program, const struct assay_verb *v)
{
    fprintf(f, "%s %s: ", program, v->name);
    wrapped(f, v->summary, (int)(strlen(program) + strlen(v->name) + 3), 2);
    if (v->examples && *v->examples)
        fprintf(f, "\nExamples\n%s", v->examples);
    fprintf(f, "\nUsage\n  %s %s [OPTIONS]%s%s\n\nOptions\n", program, v->name, v->operands && *v->operands ? " " : "",
            v->operands ? v->operands : "");
    const struct assay_opt *o;
    for (size_t i = 0; (o = assay_cli_opt(v, i)); i++)
        option_line(f, o);
}

void assay_cli_overview(FILE *f, const char *program, const struct assay_verb *verbs)
{
    fprintf(f, "%s: is what was archived exactly what there was, is it still, and can that be proved?\n\n", program);
    fprintf(f, "The first minute\n  assay init SOURCE ARCHIVE --table T --output plan.yaml\n  assay check plan.yaml\n\n"
               "Verbs\n");
    int widest = 0;
    for (const struct assay_verb *v = verbs; v->name; v++)
        widest = (int)strlen(v->name) > widest ? (int)strlen(v->name) : widest;
    for (const struct assay_verb *v = verbs; v->name; v++) {
        fprintf(f, "  %-*s  ", widest, v->name);
        wrapped(f, v->summary, widest + 4, widest + 4);
    }
    fprintf(f, "\nExit codes: 0 equal, 1 discrepancies, 2 usage or plan, 3 not everything could be verified,\n"
               "4 ledger or evidence broken or not writable, 11 another run holds the lock.\n"
               "'assay help VERB' shows examples and options.\n");
}
