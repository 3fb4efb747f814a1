/* An archive of many years: which objects are of which schema, and which segments were verified without which column.
 */
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "collect.h"

void assay_era_take(struct assay_ledger *l, struct assay_collect *c, const struct assay_stmt *s,
                    struct assay_rep_side *side)
{
    struct assay_buf text = {0};
    uint8_t hash[32];
    const char *blob = assay_stmt_get(s, "text");
    if (side->n_eras >= ASSAY_MAX_ERAS || !assay_sha256_parse(blob, hash))
        return;
    if (!assay_grow(&side->era, side->n_eras, &side->cap_eras, sizeof *side->era)) {
        assay_fail_nomem(c->e);
        return;
    }
    enum assay_status st = assay_ledger_blob(l, hash, &text, c->e);
    if (st == ASSAY_ENOTFOUND)
        assay_fail(c->e, ASSAY_ELEDGER, "the ledger lacks blob %.12s, a schema of dataset %s", blob + 7, c->d->name);
    struct assay_rep_era x = {.from = assay_collect_text(c->r, s, "from"),
                              .to = assay_collect_text(c->r, s, "to"),
                              .first = assay_collect_text(c->r, s, "first"),
                              .last = assay_collect_text(c->r, s, "last"),
                              .fingerprint = assay_collect_text(c->r, s, "fingerprint"),
                              .text = st == ASSAY_OK ? assay_arena_copy(&c->r->arena, assay_buf_str(&text)) : NULL};
    assay_stmt_number(s, "objects", &x.objects);
    if (x.text)
        side->era[side->n_eras++] = x;
    assay_buf_release(&text);
}

enum assay_status assay_eras_newest(struct assay_report *r, struct assay_rep_side *s, struct assay_err *e)
{
    const struct assay_rep_era *last = s->n_eras ? &s->era[s->n_eras - 1] : NULL;
    return last ? assay_schema_take(r, s, last->text, strlen(last->text), e) : ASSAY_OK;
}

static enum assay_status compare(struct assay_report *r, const struct assay_rep_era *before, struct assay_rep_era *now,
                                 struct assay_err *e)
{
    struct assay_observed_schema a, b = {0};
    struct assay_drift *list = NULL;
    size_t n = 0;
    enum assay_status s = assay_observed_parse(before->text, strlen(before->text), &a, e);
    if (s == ASSAY_OK)
        s = assay_observed_parse(now->text, strlen(now->text), &b, e);
    for (size_t i = 0; s == ASSAY_OK && i < a.n; i++) /* what the plan reads of which file is for the plan to say */
        a.col[i].covered = false;
    if (s == ASSAY_OK && assay_drift_compare(&a, &b, NULL, 0, &list, &n) != ASSAY_OK)
        s = assay_fail_nomem(e);
    now->says = s == ASSAY_OK ? assay_arena_take(&r->arena, (n + 1) * sizeof *now->says) : NULL;
    for (size_t i = 0; now->says && i < n; i++) {
        struct assay_buf text = {0};
        if (assay_drift_say(&list[i], &text) == ASSAY_OK && assay_buf_str(&text))
            now->says[now->n_says++] = assay_arena_copy(&r->arena, (const char *)text.ptr);
        assay_buf_release(&text);
    }
    free(list);
    assay_observed_release(&a);
    assay_observed_release(&b);
    return s;
}

static enum assay_status add_partial(struct assay_report *r, struct assay_rep_dataset *d,
                                     const struct assay_rep_plan_column *c, struct assay_err *e)
{
    struct assay_rep_partial x = {.column = c->name, .since = c->since};
    const char *last = NULL;
    (void)r;
    for (size_t i = 0; i < d->n_chunks; i++) {
        const char *segment = d->chunk[i].segment;
        if (!segment || strcmp(segment, "*") == 0 || strcmp(segment, "null") == 0 ||
            (last && strcmp(last, segment) == 0) || assay_segment_order(segment, c->since) >= 0)
            continue;
        x.from = x.from ? x.from : segment;
        x.to = last = segment;
        x.segments++;
    }
    if (!assay_grow(&d->partial, d->n_partial, &d->cap_partial, sizeof *d->partial))
        return assay_fail_nomem(e);
    d->partial[d->n_partial++] = x;
    return ASSAY_OK;
}

enum assay_status assay_eras_settle(struct assay_report *r, struct assay_rep_dataset *d,
                                    const struct assay_rep_plan *plan, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (int side = 0; side < 2; side++)
        for (size_t i = 1; i < d->side[side].n_eras && s == ASSAY_OK; i++)
            s = compare(r, &d->side[side].era[i - 1], &d->side[side].era[i], e);
    for (size_t i = 0; i < plan->n && s == ASSAY_OK; i++)
        if (plan->column[i].since)
            s = add_partial(r, d, &plan->column[i], e);
    return s;
}
