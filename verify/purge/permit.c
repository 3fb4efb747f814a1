/* A permit out of the ledger. */
#include "assay/permit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"

void assay_permit_release(struct assay_permit *p)
{
    for (size_t i = 0; i < p->n_obstacles; i++)
        free(p->obstacle[i]);
    free(p->obstacle);
    free(p->where);
    free(p->place);
    assay_permit_list_release(&p->list);
    *p = (struct assay_permit){0};
}

static bool copy(char *out, size_t max, const struct assay_stmt *s, const char *key)
{
    const char *v = assay_stmt_get(s, key);
    return v && (size_t)snprintf(out, max, "%s", v) < max;
}

static enum assay_status take_obstacles(const struct assay_stmt *s, struct assay_permit *p, struct assay_err *e)
{
    size_t n = 0;
    while (assay_stmt_nth(s, "obstacle", n))
        n++;
    if (!(p->obstacle = calloc(n + 1, sizeof *p->obstacle)))
        return assay_fail_nomem(e);
    for (; p->n_obstacles < n; p->n_obstacles++)
        if (!(p->obstacle[p->n_obstacles] = strdup(assay_stmt_nth(s, "obstacle", p->n_obstacles))))
            return assay_fail_nomem(e);
    return ASSAY_OK;
}

static bool keep(const struct assay_stmt *s, const char *key, char **out)
{
    const char *v = assay_stmt_get(s, key);
    *out = v ? strdup(v) : NULL;
    return !v || *out;
}

struct load {
    struct assay_permit *p;
    uint8_t list[32];
    enum assay_status status;
    struct assay_err *e;
};

static enum assay_status take(struct load *x, const struct assay_stmt *s)
{
    struct assay_permit *p = x->p;
    char list[72], plan[72];
    const char *age = assay_stmt_get(s, "max-age");
    if (strcmp(s->kind, "purge-permit") != 0)
        return assay_fail(x->e, ASSAY_EUSAGE, "leaf %llu is no permit, but a statement of kind %s",
                          (unsigned long long)p->leaf, s->kind);
    if (!copy(p->run, sizeof p->run, s, "run") || !copy(p->dataset, sizeof p->dataset, s, "dataset") ||
        !copy(plan, sizeof plan, s, "plan") || strncmp(plan, "sha256:", 7) != 0 ||
        !copy(p->verdict_run, sizeof p->verdict_run, s, "verdict-run") || !age ||
        !copy(p->observed, sizeof p->observed, s, "observed") || !copy(list, sizeof list, s, "set") ||
        !assay_sha256_parse(list, x->list))
        return assay_fail(x->e, ASSAY_ELEDGER, "leaf %llu: the permit is not whole", (unsigned long long)p->leaf);
    snprintf(p->plan, sizeof p->plan, "%s", plan + 7);
    if (!keep(s, "where", &p->where) || !keep(s, "place", &p->place))
        return assay_fail_nomem(x->e);
    p->max_age = strtoull(age, NULL, 10);
    return take_obstacles(s, p, x->e);
}

static void each(void *ctx, const struct assay_leaf *leaf)
{
    struct load *x = ctx;
    struct assay_stmt s = {0};
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, x->e);
    if (x->status == ASSAY_OK)
        x->status = take(x, &s);
    assay_stmt_release(&s);
}

enum assay_status assay_permit_load(struct assay_ledger *l, uint64_t leaf, struct assay_permit *out,
                                    struct assay_err *e)
{
    *out = (struct assay_permit){.leaf = leaf};
    struct load x = {.p = out, .e = e};
    struct assay_buf text = {.max = ASSAY_MAX_BLOB};
    enum assay_status s = assay_ledger_leaf(l, leaf, each, &x, e);
    if (s == ASSAY_OK)
        s = x.status;
    if (s == ASSAY_OK)
        s = assay_ledger_blob(l, x.list, &text, e);
    if (s == ASSAY_OK)
        s = assay_permit_list_parse(text.len ? (const char *)text.ptr : "", text.len, out->dataset, &out->list, e);
    assay_buf_release(&text);
    if (s != ASSAY_OK)
        assay_permit_release(out);
    return s;
}

struct end {
    const struct assay_permit *p;
    struct assay_permit_end *out;
    enum assay_status status;
    struct assay_err *e;
};

static bool each_withdrawal(void *ctx, const struct assay_leaf *leaf)
{
    struct end *x = ctx;
    struct assay_stmt s = {0};
    uint64_t permit;
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, x->e);
    if (x->status == ASSAY_OK && assay_stmt_number(&s, "permit", &permit) && permit == x->p->leaf)
        *x->out = (struct assay_permit_end){leaf->index, true};
    assay_stmt_release(&s);
    return x->status == ASSAY_OK && !x->out->withdrawn;
}

enum assay_status assay_permit_ended(struct assay_ledger *l, const struct assay_permit *p, struct assay_permit_end *out,
                                     struct assay_err *e)
{
    const struct assay_ledger_query q = {.kind = "purge-withdraw", .dataset = p->dataset, .from = p->leaf + 1};
    struct end x = {.p = p, .out = out, .e = e};
    uint64_t key;
    *out = (struct assay_permit_end){.leaf = UINT64_MAX};
    enum assay_status s = assay_ledger_each(l, &q, each_withdrawal, &x, e);
    if (s == ASSAY_OK)
        s = x.status;
    if (s == ASSAY_OK)
        s = assay_ledger_key_end(l, ASSAY_ROLE_APPROVER, p->leaf, &key, e);
    if (s == ASSAY_OK && key < out->leaf)
        *out = (struct assay_permit_end){.leaf = key};
    return s;
}
