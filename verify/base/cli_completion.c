/* Shell completion scripts, generated from the verb and option tables. */
#include <string.h>

#include "cli_private.h"

/* Single-quoted for the shell; the tables hold our own text, but an apostrophe may occur in it. */
static void quoted(FILE *f, const char *s)
{
    fputc('\'', f);
    for (; *s; s++) {
        if (*s == '\'')
            fputs("'\\''", f);
        else
            fputc(*s, f);
    }
    fputc('\'', f);
}

/* The choices of a closed list separated by spaces. */
static void choices(FILE *f, const char *arg)
{
    for (; *arg; arg++)
        fputc(*arg == '|' ? ' ' : *arg, f);
}

/* Print each distinct first word of the verb names; second words only for `family` when it is not NULL. */
static void verb_words(FILE *f, const struct assay_verb *verbs, const char *family)
{
    for (const struct assay_verb *v = verbs; v->name; v++) {
        const char *space = strchr(v->name, ' ');
        size_t len = space ? (size_t)(space - v->name) : strlen(v->name);
        if (family) {
            if (space && strlen(family) == len && strncmp(v->name, family, len) == 0)
                fprintf(f, "%s ", space + 1);
            continue;
        }
        bool seen = false;
        for (const struct assay_verb *w = verbs; w != v; w++)
            seen |= strncmp(w->name, v->name, len) == 0 && (w->name[len] == ' ' || w->name[len] == '\0');
        if (!seen)
            fprintf(f, "%.*s ", (int)len, v->name);
    }
}

static void bash_verb(FILE *f, const struct assay_verb *v)
{
    const struct assay_opt *o;
    fprintf(f, "    '%s') opts='", v->name);
    for (size_t i = 0; (o = assay_cli_opt(v, i)); i++)
        fprintf(f, "--%s ", o->name);
    fputs("'\n        case $prev in\n", f);
    for (size_t i = 0; (o = assay_cli_opt(v, i)); i++) {
        if (!assay_cli_takes_value(o))
            continue;
        fprintf(f, "        --%s) ", o->name);
        if (assay_cli_is_choice(o->arg)) {
            fputs("COMPREPLY=($(compgen -W '", f);
            choices(f, o->arg);
            fputs("' -- \"$cur\")); return ;;\n", f);
        } else {
            fputs("COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", f);
        }
    }
    fputs("        esac ;;\n", f);
}

static void bash_script(FILE *f, const char *program, const struct assay_verb *verbs)
{
    fprintf(f, "# bash completion of %s; made by: %s completion bash\n_%s() {\n", program, program, program);
    fputs("    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb=${COMP_WORDS[1]} opts=\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        COMPREPLY=($(compgen -W '",
          f);
    verb_words(f, verbs, NULL);
    fputs("' -- \"$cur\")); return\n    fi\n    case $verb in\n", f);
    const char *last = "";
    for (const struct assay_verb *v = verbs; v->name; v++) {
        const char *space = strchr(v->name, ' ');
        char family[32];
        if (!space)
            continue;
        snprintf(family, sizeof family, "%.*s", (int)(space - v->name), v->name);
        if (strncmp(last, family, strlen(family)) == 0 && last[strlen(family)] == ' ')
            continue;
        last = v->name;
        fprintf(f, "    %s) if [ \"$COMP_CWORD\" -eq 2 ]; then COMPREPLY=($(compgen -W '", family);
        verb_words(f, verbs, family);
        fputs("' -- \"$cur\")); return; fi\n        verb=\"$verb ${COMP_WORDS[2]}\" ;;\n", f);
    }
    fputs("    esac\n    case $verb in\n", f);
    for (const struct assay_verb *v = verbs; v->name; v++)
        bash_verb(f, v);
    fprintf(f,
            "    esac\n    case $cur in\n    -*) COMPREPLY=($(compgen -W \"$opts\" -- \"$cur\")) ;;\n"
            "    *) COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n    esac\n}\ncomplete -o filenames -F _%s %s\n",
            program, program);
}

/* A description inside zsh's [..]: brackets and colons would end it. */
static void zsh_text(FILE *f, const char *s)
{
    for (; *s; s++)
        fputs(*s == '\'' ? "'\\''" : *s == '[' ? "(" : *s == ']' ? ")" : *s == ':' ? " -" : (char[]){*s, 0}, f);
}

static void zsh_option(FILE *f, const struct assay_opt *o)
{
    fprintf(f, " \\\n            '%s--%s%s[", o->type == ASSAY_OPT_LIST || o->type == ASSAY_OPT_COUNT ? "*" : "",
            o->name, assay_cli_takes_value(o) ? "=" : "");
    zsh_text(f, o->help);
    fputc(']', f);
    if (assay_cli_takes_value(o)) {
        fputs(": :", f);
        if (assay_cli_is_choice(o->arg)) {
            fputc('(', f);
            choices(f, o->arg);
            fputc(')', f);
        } else {
            fputs("_files", f);
        }
    }
    fputc('\'', f);
}

static void zsh_script(FILE *f, const char *program, const struct assay_verb *verbs)
{
    fprintf(f, "#compdef %s\n# zsh completion of %s; made by: %s completion zsh\n_%s() {\n", program, program, program,
            program);
    fputs("    local verb=$words[2]\n    if (( CURRENT == 2 )); then\n        local -a verbs=(", f);
    for (const struct assay_verb *v = verbs; v->name; v++) {
        if (strchr(v->name, ' '))
            continue;
        fprintf(f, "\n            '%s:", v->name);
        zsh_text(f, v->summary);
        fputc('\'', f);
    }
    fputs("\n            ", f);
    for (const struct assay_verb *v = verbs; v->name; v++) /* families once, without a summary of their own */
        if (strchr(v->name, ' ') && (v == verbs || strncmp(v[-1].name, v->name, strcspn(v->name, " ") + 1) != 0))
            fprintf(f, "'%.*s' ", (int)strcspn(v->name, " "), v->name);
    fputs(")\n        _describe verb verbs; return\n    fi\n    case $verb in\n", f);
    for (const struct assay_verb *v = verbs; v->name; v++) {
        const char *space = strchr(v->name, ' ');
        if (!space || (v != verbs && strncmp(v[-1].name, v->name, (size_t)(space - v->name) + 1) == 0))
            continue;
        char family[32];
        snprintf(family, sizeof family, "%.*s", (int)(space - v->name), v->name);
        fprintf(f, "    %s) if (( CURRENT == 3 )); then compadd ", family);
        verb_words(f, verbs, family);
        fputs("; return; fi\n        verb=\"$verb $words[3]\" ;;\n", f);
    }
    fputs("    esac\n    case $verb in\n", f);
    for (const struct assay_verb *v = verbs; v->name; v++) {
        const struct assay_opt *o;
        fprintf(f, "    '%s') _arguments", v->name);
        for (size_t i = 0; (o = assay_cli_opt(v, i)); i++)
            zsh_option(f, o);
        fputs(" \\\n            '*: :_files' ;;\n", f);
    }
    fprintf(f, "    esac\n}\n_%s \"$@\"\n", program);
}

static void fish_verb(FILE *f, const char *program, const struct assay_verb *v)
{
    const char *space = strchr(v->name, ' ');
    const struct assay_opt *o;
    char cond[128];
    if (space) {
        int n = (int)(space - v->name);
        fprintf(
            f, "complete -c %s -n '__fish_seen_subcommand_from %.*s; and not __fish_seen_subcommand_from %s' -a %s -d ",
            program, n, v->name, space + 1, space + 1);
        quoted(f, v->summary);
        snprintf(cond, sizeof cond, "__fish_seen_subcommand_from %.*s; and __fish_seen_subcommand_from %s", n, v->name,
                 space + 1);
        fprintf(f, "\ncomplete -c %s -n __fish_use_subcommand -a %.*s\n", program, n, v->name);
    } else {
        fprintf(f, "complete -c %s -n __fish_use_subcommand -a %s -d ", program, v->name);
        quoted(f, v->summary);
        snprintf(cond, sizeof cond, "__fish_seen_subcommand_from %s", v->name);
        fputc('\n', f);
    }
    for (size_t i = 0; (o = assay_cli_opt(v, i)); i++) {
        fprintf(f, "complete -c %s -n '%s' -l %s", program, cond, o->name);
        if (o->letter)
            fprintf(f, " -s %c", o->letter);
        if (assay_cli_takes_value(o) && assay_cli_is_choice(o->arg)) {
            fputs(" -x -a '", f);
            choices(f, o->arg);
            fputc('\'', f);
        } else if (assay_cli_takes_value(o)) {
            fputs(" -r", f);
        }
        fputs(" -d ", f);
        quoted(f, o->help);
        fputc('\n', f);
    }
}

void assay_cli_completion(FILE *f, const char *shell, const char *program, const struct assay_verb *verbs)
{
    if (strcmp(shell, "bash") == 0) {
        bash_script(f, program, verbs);
    } else if (strcmp(shell, "zsh") == 0) {
        zsh_script(f, program, verbs);
    } else if (strcmp(shell, "fish") == 0) {
        fprintf(f, "# fish completion of %s; made by: %s completion fish\n", program, program);
        for (const struct assay_verb *v = verbs; v->name; v++)
            fish_verb(f, program, v);
    }
}
