/* The canonical form as a filter, for differential tests against the oracle (docs/canonical-form.md section 8).
 *
 *   in:   type TAB kind[:aux] TAB hex of the input bytes      e.g.  integer TAB lexeme TAB 31; the type may be a shape
 *   out:  hex of the cell TAB hex of the key bytes (of nested types "-"), or "!" and a sentence for a defect; one line
 * for each line read.
 *
 * Before that, rules may be given as arguments NAME=ARG or NAME; they are applied as the checker does (early, read,
 * late), and lines of a type that a rule does not apply to give "!" and the sentence. Lines that are empty or start
 * with "#" give an empty line. A line that is not in this form ends the program with status 2. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/canon_value.h"
#include "assay/canon.h"
#include "assay/rule.h"

#define MAX_RULES 8

struct rules {
    char **arg;
    int n;
};

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c | 0x20) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* In place; returns the length or -1. */
static long unhex(char *p)
{
    const size_t n = strlen(p);
    for (size_t i = 0; i + 1 < n; i += 2) {
        const int hi = hex_digit(p[i]), lo = hex_digit(p[i + 1]);
        if (hi < 0 || lo < 0)
            return -1;
        p[i / 2] = (char)(hi << 4 | lo);
    }
    return n % 2 ? -1 : (long)(n / 2);
}

static void print_hex(const struct assay_buf *b, char end)
{
    for (size_t i = 0; i < b->len; i++)
        printf("%02x", b->ptr[i]);
    putchar(end);
}

static bool apply_all(const struct assay_rule *rule, int n, bool early, enum assay_logical type, struct assay_value *v,
                      struct assay_buf *scratch, const char **why)
{
    for (int i = 0; i < n; i++)
        if (assay_rule_is_early(&rule[i]) == early && !assay_rule_apply(&rule[i], type, v, scratch, why))
            return false;
    return true;
}

static bool parse_rules(const struct rules *given, enum assay_logical type, struct assay_rule *rule,
                        struct assay_err *e)
{
    for (int i = 0; i < given->n; i++) {
        char name[64];
        const char *eq = strchr(given->arg[i], '=');
        snprintf(name, sizeof name, "%.*s", eq ? (int)(eq - given->arg[i]) : 63, given->arg[i]);
        const bool mask = eq && strcmp(name, "mask") == 0; /* the argument is the key itself */
        const char *arg = mask ? "hmac" : eq ? eq + 1 : NULL;
        if (assay_rule_parse(name, arg, type, &rule[i], e) != ASSAY_OK ||
            (mask && assay_rule_set_key(&rule[i], (const uint8_t *)eq + 1, strlen(eq + 1), e) != ASSAY_OK))
            return false;
    }
    return true;
}

static bool put_key(enum assay_logical type, const struct assay_value *v, struct assay_buf *key, const char **why)
{
    return type >= ASSAY_L_LIST || assay_key_put(type, v, key, why);
}

static void answer(const struct assay_shape *shape, struct assay_value v, const struct rules *given)
{
    const enum assay_logical type = shape->type;
    struct assay_buf cell = {0}, key = {0}, scratch = {0};
    struct assay_rule rule[MAX_RULES] = {0};
    struct assay_err e = {0};
    const char *why = "";
    uint64_t filled = 0;
    if (!parse_rules(given, type, rule, &e)) {
        printf("!%s\n", e.msg);
    } else if (apply_all(rule, given->n, true, type, &v, &scratch, &why) &&
               assay_resolve_shape(shape, &v, &v, &scratch,
                                   assay_rule_fills(rule, (size_t)given->n) < (size_t)given->n ? &filled : NULL,
                                   &why) &&
               apply_all(rule, given->n, false, type, &v, &scratch, &why) && assay_cell_put(type, &v, &cell, &why) &&
               put_key(type, &v, &key, &why)) {
        print_hex(&cell, '\t');
        if (type >= ASSAY_L_LIST)
            putchar('-');
        print_hex(&key, '\n');
    } else {
        printf("!%s\n", why);
    }
    for (int i = 0; i < given->n; i++)
        assay_rule_release(&rule[i]);
    assay_buf_release(&cell);
    assay_buf_release(&key);
    assay_buf_release(&scratch);
}

static bool one_line(char *line, const struct rules *given)
{
    char *kind = strchr(line, '\t');
    char *hex = kind ? strchr(kind + 1, '\t') : NULL;
    struct canon_tree tree = {.n = 0};
    struct assay_shape *shape = NULL;
    struct assay_value v;
    const char *why;
    if (!hex)
        return false;
    *kind++ = '\0';
    *hex++ = '\0';
    const long n = unhex(hex);
    if (n < 0 || !assay_shape_parse(line, &shape, &why))
        return false;
    const bool ok = canon_any_parse(kind, (const uint8_t *)hex, (size_t)n, &tree, &v);
    if (ok)
        answer(shape, v, given);
    assay_shape_free(shape);
    return ok;
}

int main(int argc, char **argv)
{
    const struct rules given = {argv + 1, argc - 1};
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    int status = 0;
    if (given.n > MAX_RULES)
        return 2;
    while (status == 0 && (n = getline(&line, &cap, stdin)) > 0) {
        if (line[n - 1] == '\n')
            line[n - 1] = '\0';
        if (*line == '\0' || *line == '#')
            putchar('\n');
        else if (!one_line(line, &given))
            status = 2;
    }
    free(line);
    return status;
}
