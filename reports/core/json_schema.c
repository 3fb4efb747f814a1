/* The schema of one dataset in the JSON report: both sides, over time, and of which segments. */
#include <string.h>

#include "assay/plan.h"
#include "json_write.h"
#include "model.h"
#include "render.h"

static void schema_side(struct assay_jw *w, const char *key, const struct assay_rep_column *c)
{
    if (!c) {
        assay_jw_null(w, key);
        return;
    }
    assay_jw_open(w, key, '{');
    assay_jw_text(w, "name", c->name);
    assay_jw_text(w, "native", c->native);
    assay_jw_text(w, "logical", c->logical);
    assay_jw_bool(w, "nullable", c->nullable);
    assay_jw_close(w, '}');
}

/* Of one side over time; a change between the two sides has none of side, since, class, says and before. */
static void drift(struct assay_jw *w, const struct assay_rep_drift *x)
{
    assay_jw_open(w, NULL, '{');
    assay_jw_text(w, "column", x->now ? x->now->name : x->before ? x->before->name : NULL);
    assay_jw_null(w, "type");
    assay_jw_text(w, "change", x->kind);
    schema_side(w, "source", x->side == 0 ? x->now : NULL);
    schema_side(w, "archive", x->side == 1 ? x->now : NULL);
    assay_jw_text(w, "side", assay_side_name((enum assay_side_id)x->side));
    schema_side(w, "before", x->before);
    assay_jw_text(w, "class", x->cls);
    assay_jw_bool(w, "covered", x->covered);
    assay_jw_text(w, "says", x->says);
    assay_jw_open(w, "since", '{');
    assay_jw_text(w, "run", x->since_run);
    assay_jw_text(w, "observed", x->since);
    assay_jw_close(w, '}');
    assay_jw_close(w, '}');
}

static void eras(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    assay_jw_open(w, "objects", '[');
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < d->side[side].n_eras; i++) {
            const struct assay_rep_era *x = &d->side[side].era[i];
            assay_jw_open(w, NULL, '{');
            assay_jw_text(w, "side", assay_side_name((enum assay_side_id)side));
            assay_jw_text(w, "from", x->from);
            assay_jw_text(w, "to", x->to);
            assay_jw_text(w, "first", x->first);
            assay_jw_text(w, "last", x->last);
            assay_jw_number(w, "objects", x->objects);
            assay_jw_text(w, "fingerprint", x->fingerprint);
            assay_jw_texts(w, "changes", x->says, x->n_says);
            assay_jw_close(w, '}');
        }
    assay_jw_close(w, ']');
    assay_jw_open(w, "partial", '[');
    for (size_t i = 0; i < d->n_partial; i++) {
        const struct assay_rep_partial *x = &d->partial[i];
        assay_jw_open(w, NULL, '{');
        assay_jw_text(w, "column", x->column);
        assay_jw_text(w, "since", x->since);
        assay_jw_text(w, "from", x->from);
        assay_jw_text(w, "to", x->to);
        assay_jw_number(w, "segments", x->segments);
        assay_jw_close(w, '}');
    }
    assay_jw_close(w, ']');
}

/* Which segments were archived under which schema. */
static void spans(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    assay_jw_open(w, "segments", '[');
    for (size_t i = 0; i < d->n_spans; i++) {
        const struct assay_rep_span *x = &d->span[i];
        assay_jw_open(w, NULL, '{');
        assay_jw_text(w, "from", x->from);
        assay_jw_text(w, "to", x->to);
        assay_jw_number(w, "segments", x->segments);
        for (int side = 0; side < 2; side++) {
            assay_jw_open(w, assay_side_name((enum assay_side_id)side), '{');
            assay_jw_text(w, "fingerprint", x->fingerprint[side]);
            assay_jw_text(w, "run", x->age[side] ? x->age[side]->run : NULL);
            assay_jw_text(w, "since", x->age[side] ? x->age[side]->since : NULL);
            assay_jw_close(w, '}');
        }
        assay_jw_texts(w, "without", x->without, x->n_without);
        assay_jw_close(w, '}');
    }
    assay_jw_close(w, ']');
}

void assay_json_schema(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    assay_jw_open(w, "schema", '{');
    assay_jw_text(w, "source", d->side[0].fingerprint);
    assay_jw_text(w, "archive", d->side[1].fingerprint);
    assay_jw_text(w, "verdict", d->schema_verdict ? d->schema_verdict : "unknown");
    assay_jw_open(w, "changes", '[');
    for (size_t i = 0; i < d->n_changes; i++) {
        const struct assay_rep_change *c = &d->change[i];
        if (strcmp(c->change, "same") == 0)
            continue;
        assay_jw_open(w, NULL, '{');
        assay_jw_text(w, "column", c->name);
        assay_jw_text(w, "type", c->type);
        assay_jw_text(w, "change", c->change);
        schema_side(w, "source", c->side[0]);
        schema_side(w, "archive", c->side[1]);
        assay_jw_close(w, '}');
    }
    for (size_t i = 0; i < d->n_drift && i < ASSAY_REPORT_MAX_DRIFT; i++)
        drift(w, &d->drift[i]);
    assay_jw_close(w, ']');
    if (d->n_partial || d->side[0].n_eras || d->side[1].n_eras)
        eras(w, d);
    if (d->n_spans)
        spans(w, d);
    assay_jw_close(w, '}');
}
