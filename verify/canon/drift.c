/* Two schemas of one side, column by column. */
#include "assay/drift.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

/* ---- the text of a schema statement ---- */

/* Undo the escapes of assay_schema_text in place. */
static void unescape(char *p)
{
    char *to = p;
    for (; *p; p++) {
        if (*p == '\\' && p[1]) {
            p++;
            *to++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
}

/* One line: name, native, logical, nullable|required, key position; tabs between. */
static bool take_line(char *line, struct assay_observed *out)
{
    char *field[5], *p = line;
    for (size_t i = 0; i < 5; i++) {
        char *tab = strchr(p, '\t');
        field[i] = p;
        if ((i < 4) != (tab != NULL))
            return false;
        if (!tab)
            break;
        *tab = '\0';
        p = tab + 1;
    }
    unescape(field[0]);
    unescape(field[1]);
    unescape(field[2]);
    *out = (struct assay_observed){.name = field[0],
                                   .native = field[1],
                                   .logical = field[2],
                                   .nullable = strcmp(field[3], "nullable") == 0,
                                   .covered = true,
                                   .key_pos = (unsigned)strtoul(field[4], NULL, 10)};
    return true;
}

enum assay_status assay_observed_parse(const void *text, size_t len, struct assay_observed_schema *out,
                                       struct assay_err *e)
{
    size_t lines = 0;
    *out = (struct assay_observed_schema){0};
    for (size_t i = 0; i < len; i++)
        lines += ((const char *)text)[i] == '\n';
    if (lines > ASSAY_MAX_COLUMNS || (len && (memchr(text, '\0', len) || ((const char *)text)[len - 1] != '\n')))
        return assay_fail(e, ASSAY_ELEDGER, "a schema in the ledger is not in the form of one");
    out->text = malloc(len + 1);
    out->col = calloc(lines + 1, sizeof *out->col);
    if (!out->text || !out->col) {
        assay_observed_release(out);
        return assay_fail_nomem(e);
    }
    if (len)
        memcpy(out->text, text, len);
    out->text[len] = '\0';
    for (char *line = out->text; out->n < lines;) {
        char *end = strchr(line, '\n');
        *end = '\0';
        if (!take_line(line, &out->col[out->n++])) {
            assay_observed_release(out);
            return assay_fail(e, ASSAY_ELEDGER, "a schema in the ledger is not in the form of one");
        }
        line = end + 1;
    }
    return ASSAY_OK;
}

size_t assay_observed_find(const struct assay_observed_schema *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (strcmp(s->col[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

void assay_observed_release(struct assay_observed_schema *s)
{
    free(s->col);
    free(s->text);
    *s = (struct assay_observed_schema){0};
}

/* ---- comparing ---- */

const char *assay_drift_kind_name(enum assay_drift_kind k)
{
    static const char *const names[ASSAY_DRIFT_KINDS] = {"added",    "dropped", "renamed",  "perhaps renamed",
                                                         "retyped",  "widened", "narrowed", "nullable",
                                                         "required", "key"};
    return names[k];
}

const char *assay_drift_class_name(enum assay_drift_class c)
{
    static const char *const names[] = {"compatible", "lossy", "breaking"};
    return names[c];
}

struct pairing {
    const struct assay_observed_schema *before, *now;
    size_t *was; /* per column of now: its column before, or SIZE_MAX */
    size_t *is; /* per column of before: its column now, or SIZE_MAX */
    bool *proven; /* per column of now: the rename is */
    struct assay_drift *out;
    size_t n;
};

static void join(struct pairing *p, size_t was, size_t is, bool proven)
{
    p->was[is] = was;
    p->is[was] = is;
    p->proven[is] = proven;
}

static const char *left_of(const struct assay_observed_schema *s, size_t i)
{
    return i ? s->col[i - 1].name : "";
}

/* A column of the same type at the same place, where only one was dropped and one added behind one neighbour. */
static bool same_place(const struct pairing *p, size_t was, size_t is)
{
    const struct assay_observed *a = &p->before->col[was], *b = &p->now->col[is];
    if (strcmp(a->native, b->native) != 0 || a->key_pos != b->key_pos)
        return false;
    return strcmp(left_of(p->before, was), left_of(p->now, is)) == 0 || was == is;
}

static void pair_up(struct pairing *p, const struct assay_drift_proof *proof, size_t n_proofs)
{
    for (size_t i = 0; i < p->before->n; i++)
        p->is[i] = SIZE_MAX;
    for (size_t i = 0; i < p->now->n; i++) {
        p->was[i] = SIZE_MAX;
        size_t at = assay_observed_find(p->before, p->now->col[i].name);
        if (at != SIZE_MAX && p->is[at] == SIZE_MAX)
            join(p, at, i, false);
    }
    for (size_t k = 0; k < n_proofs; k++) {
        size_t was = assay_observed_find(p->before, proof[k].before), is = assay_observed_find(p->now, proof[k].now);
        if (was != SIZE_MAX && is != SIZE_MAX && p->is[was] == SIZE_MAX && p->was[is] == SIZE_MAX)
            join(p, was, is, true);
    }
    for (size_t is = 0; is < p->now->n; is++) {
        size_t found = SIZE_MAX, n = 0;
        for (size_t was = 0; p->was[is] == SIZE_MAX && was < p->before->n; was++)
            if (p->is[was] == SIZE_MAX && same_place(p, was, is)) {
                found = was;
                n++;
            }
        if (n == 1)
            join(p, found, is, false);
    }
}

static void add(struct pairing *p, enum assay_drift_kind kind, enum assay_drift_class cls,
                const struct assay_observed *before, const struct assay_observed *now)
{
    p->out[p->n++] = (struct assay_drift){kind, cls, before, now};
}

static void compare_columns(struct pairing *p, size_t is)
{
    const struct assay_observed *b = &p->now->col[is];
    if (p->was[is] == SIZE_MAX) {
        add(p, ASSAY_DRIFT_ADDED, ASSAY_DRIFT_COMPATIBLE, NULL, b);
        return;
    }
    const struct assay_observed *a = &p->before->col[p->was[is]];
    enum assay_drift_kind kind;
    enum assay_drift_class cls;
    if (strcmp(a->name, b->name) != 0)
        add(p, p->proven[is] ? ASSAY_DRIFT_RENAMED : ASSAY_DRIFT_PERHAPS_RENAMED,
            a->covered && !b->covered ? ASSAY_DRIFT_BREAKING : ASSAY_DRIFT_COMPATIBLE, a, b);
    if (assay_drift_of_type(a->native, b->native, &kind, &cls))
        add(p, kind, cls, a, b);
    if (a->nullable != b->nullable)
        add(p, b->nullable ? ASSAY_DRIFT_NULLABLE : ASSAY_DRIFT_REQUIRED,
            b->nullable ? ASSAY_DRIFT_COMPATIBLE : ASSAY_DRIFT_LOSSY, a, b);
    if (a->key_pos != b->key_pos)
        add(p, ASSAY_DRIFT_KEY, ASSAY_DRIFT_BREAKING, a, b);
}

enum assay_status assay_drift_compare(const struct assay_observed_schema *before,
                                      const struct assay_observed_schema *now, const struct assay_drift_proof *proof,
                                      size_t n_proofs, struct assay_drift **out, size_t *n)
{
    struct pairing p = {.before = before, .now = now};
    p.was = calloc(now->n + 1, sizeof *p.was);
    p.is = calloc(before->n + 1, sizeof *p.is);
    p.proven = calloc(now->n + 1, sizeof *p.proven);
    p.out = calloc(4 * now->n + before->n + 1, sizeof *p.out); /* at most four changes a column */
    bool ok = p.was && p.is && p.proven && p.out;
    if (ok) {
        pair_up(&p, proof, n_proofs);
        for (size_t i = 0; i < now->n; i++)
            compare_columns(&p, i);
        for (size_t i = 0; i < before->n; i++)
            if (p.is[i] == SIZE_MAX)
                add(&p, ASSAY_DRIFT_DROPPED, before->col[i].covered ? ASSAY_DRIFT_BREAKING : ASSAY_DRIFT_LOSSY,
                    &before->col[i], NULL);
    } else {
        free(p.out);
        p.out = NULL;
    }
    free(p.was);
    free(p.is);
    free(p.proven);
    *out = p.out;
    *n = p.n;
    return ok ? ASSAY_OK : ASSAY_ENOMEM;
}

static enum assay_status say_key(const struct assay_drift *d, struct assay_buf *out)
{
    const unsigned pos[] = {d->before->key_pos, d->now->key_pos};
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < 2 && s == ASSAY_OK; i++) {
        if (i)
            s = assay_buf_adds(out, " -> ");
        if (s == ASSAY_OK)
            s = pos[i] ? assay_buf_addf(out, "position %u", pos[i]) : assay_buf_adds(out, "not in the key");
    }
    return s;
}

enum assay_status assay_drift_say(const struct assay_drift *d, struct assay_buf *out)
{
    const struct assay_observed *a = d->before, *b = d->now;
    bool rename = d->kind == ASSAY_DRIFT_RENAMED || d->kind == ASSAY_DRIFT_PERHAPS_RENAMED;
    enum assay_status s =
        assay_buf_addf(out, "%s \"%s\"", assay_drift_kind_name(d->kind), rename || !b ? a->name : b->name);
    if (s != ASSAY_OK)
        return s;
    if (rename)
        s = assay_buf_addf(out, " -> \"%s\"", b->name);
    else if (!a || !b)
        s = assay_buf_addf(out, ": %s", a ? a->native : b->native);
    else if (d->kind == ASSAY_DRIFT_KEY) {
        s = assay_buf_adds(out, ": ");
        if (s == ASSAY_OK)
            s = say_key(d, out);
    } else if (d->kind != ASSAY_DRIFT_NULLABLE && d->kind != ASSAY_DRIFT_REQUIRED)
        s = assay_buf_addf(out, ": %s -> %s", a->native, b->native);
    if (s == ASSAY_OK)
        s = assay_buf_addf(out, " (%s%s)", assay_drift_class_name(d->cls),
                           b && !b->covered                                     ? "; not covered by the plan"
                           : !b && a->covered && d->kind == ASSAY_DRIFT_DROPPED ? "; the plan read it"
                                                                                : "");
    return s;
}
