/* What need not be read again: read from verdicts and discrepancies. In doubt, nothing is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/note.h"
#include "choice.h"

struct found { /* one discrepancy, as stated last */
    char id[33];
    size_t age; /* statements that are newer */
    bool open;
    char *segment;
};

struct looking {
    const char *plan; /* "sha256:..." */
    struct known *out;
    char run[40]; /* whose verdicts are at hand */
    bool decided, lost; /* lost: something is wrong that belongs to no one segment */
    struct found *found;
    size_t n_found, cap_found;
    enum assay_status status;
    struct assay_err *err;
};

static bool is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

static enum assay_status add_name(struct looking *x, const char *segment)
{
    struct known *k = x->out;
    if (k->n_names && strcmp(k->name[k->n_names - 1], segment) == 0)
        return ASSAY_OK;
    char **grown = realloc(k->name, (k->n_names + 1) * sizeof *grown);
    if (!grown)
        return assay_fail_nomem(x->err);
    k->name = grown;
    if (!(grown[k->n_names] = strdup(segment)))
        return assay_fail_nomem(x->err);
    k->n_names++;
    return ASSAY_OK;
}

/* Newest first. The newest comparison of everything that ended in a match decides; what was found since in parts, or
 * could not be verified, adds to what must be read. */
static enum assay_status take_verdict(struct looking *x, const struct assay_stmt *s)
{
    const char *segment = assay_stmt_get(s, "segment"), *chunk = assay_stmt_get(s, "chunk"),
               *verdict = assay_stmt_get(s, "verdict"), *mark = assay_stmt_get(s, "closed-until"),
               *run = assay_stmt_get(s, "run");
    if (!segment || !chunk || !verdict || !run)
        return assay_fail(x->err, ASSAY_ELEDGER, "a verdict statement is not whole");
    if (x->decided && strcmp(run, x->run) != 0)
        return ASSAY_ENOTFOUND; /* the rest is older */
    if (strcmp(segment, "*") == 0) {
        if (!x->decided && is(assay_stmt_get(s, "scope"), "all") && strcmp(verdict, "match") == 0) {
            x->decided = true;
            snprintf(x->run, sizeof x->run, "%s", run);
            snprintf(x->out->mark, sizeof x->out->mark, "%s", mark ? mark : "");
        }
        return ASSAY_OK;
    }
    if (strcmp(verdict, "match") == 0)
        return ASSAY_OK;
    x->lost = x->lost || strcmp(segment, "-") == 0;
    return add_name(x, segment);
}

static enum assay_status take_discrepancy(struct looking *x, const struct assay_stmt *s)
{
    const char *id = assay_stmt_get(s, "id"), *segment = assay_stmt_get(s, "segment"),
               *state = assay_stmt_get(s, "state");
    if (!id || !segment || !state || strlen(id) != 32)
        return assay_fail(x->err, ASSAY_ELEDGER, "a discrepancy statement is not whole");
    if (x->n_found == x->cap_found) {
        const size_t want = x->cap_found ? 2 * x->cap_found : 64;
        struct found *grown = realloc(x->found, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(x->err);
        x->found = grown;
        x->cap_found = want;
    }
    struct found *f = &x->found[x->n_found];
    *f = (struct found){.age = x->n_found, .open = strcmp(state, "closed") != 0, .segment = strdup(segment)};
    memcpy(f->id, id, 33);
    x->n_found += f->segment != NULL;
    return f->segment ? ASSAY_OK : assay_fail_nomem(x->err);
}

static bool parse(struct looking *x, const struct assay_leaf *leaf,
                  enum assay_status (*take)(struct looking *, const struct assay_stmt *), bool any_plan)
{
    struct assay_stmt s = {0};
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, x->err);
    if (x->status == ASSAY_OK && (any_plan || is(assay_stmt_get(&s, "plan"), x->plan)))
        x->status = take(x, &s);
    assay_stmt_release(&s);
    return x->status == ASSAY_OK;
}

static bool each_verdict(void *ctx, const struct assay_leaf *leaf)
{
    return parse(ctx, leaf, take_verdict, false);
}

static bool each_discrepancy(void *ctx, const struct assay_leaf *leaf)
{
    return parse(ctx, leaf, take_discrepancy, true);
}

static int by_id_and_age(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    const int c = strcmp(x->id, y->id);
    return c ? c : x->age < y->age ? -1 : x->age > y->age;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The last statement about an id holds. */
static enum assay_status add_open(struct looking *x)
{
    enum assay_status s = ASSAY_OK;
    if (x->n_found > 1)
        qsort(x->found, x->n_found, sizeof *x->found, by_id_and_age);
    for (size_t i = 0; i < x->n_found && s == ASSAY_OK; i++) {
        const struct found *f = &x->found[i];
        if (!f->open || (i && strcmp(f->id, x->found[i - 1].id) == 0))
            continue;
        x->lost = x->lost || strcmp(f->segment, "-") == 0;
        s = add_name(x, f->segment);
    }
    return s;
}

static void sort_names(struct known *k)
{
    size_t to = 0;
    if (k->n_names)
        qsort(k->name, k->n_names, sizeof *k->name, by_text);
    for (size_t i = 0; i < k->n_names; i++)
        if (to && strcmp(k->name[to - 1], k->name[i]) == 0)
            free(k->name[i]);
        else
            k->name[to++] = k->name[i];
    k->n_names = to;
}

enum assay_status assay_known_load(struct assay_ledger *l, const struct assay_dataset *d, const char *plan_hash,
                                   struct known *out, struct assay_err *e)
{
    char plan[80];
    struct looking x = {.plan = plan, .out = out, .err = e};
    struct assay_ledger_query verdicts = {.kind = "verdict", .dataset = d->id, .newest_first = true};
    struct assay_ledger_query found = {.kind = "discrepancy", .dataset = d->id, .newest_first = true};
    snprintf(plan, sizeof plan, "sha256:%s", plan_hash);
    *out = (struct known){0};
    enum assay_status s = assay_ledger_each(l, &verdicts, each_verdict, &x, e);
    if (s == ASSAY_OK && x.status != ASSAY_ENOTFOUND)
        s = x.status;
    x.status = ASSAY_OK;
    if (s == ASSAY_OK)
        s = assay_ledger_each(l, &found, each_discrepancy, &x, e);
    if (s == ASSAY_OK)
        s = x.status;
    if (s == ASSAY_OK)
        s = add_open(&x);
    for (size_t i = 0; i < x.n_found; i++)
        free(x.found[i].segment);
    free(x.found);
    sort_names(out);
    if (x.lost || s != ASSAY_OK)
        out->mark[0] = '\0';
    return s;
}
