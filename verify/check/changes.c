#include "changes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/drift.h"
#include "assay/log.h"

#define SAID_CHANGES 20 /* the rest stands in the report */

struct earlier {
    const struct assay_check *c;
    struct assay_observed_schema schema;
    char run[37], when[40];
    enum assay_status status;
    struct assay_err *err;
};

static enum assay_status take(struct earlier *x, const struct assay_stmt *s)
{
    const char *run = assay_stmt_get(s, "run"), *text = assay_stmt_get(s, "text"), *name;
    struct assay_buf blob = {0};
    uint8_t hash[32];
    if (!run || !assay_sha256_parse(text, hash))
        return assay_fail(x->err, ASSAY_ELEDGER, "a schema statement of dataset %s is not whole", x->c->set->name);
    snprintf(x->run, sizeof x->run, "%s", run);
    enum assay_status st = assay_ledger_blob(x->c->ledger, hash, &blob, x->err);
    if (st == ASSAY_OK)
        st = assay_observed_parse(blob.ptr, blob.len, &x->schema, x->err);
    for (size_t i = 0; st == ASSAY_OK && (name = assay_stmt_nth(s, "uncovered", i)); i++) {
        size_t at = assay_observed_find(&x->schema, name);
        if (at != SIZE_MAX)
            x->schema.col[at].covered = false;
    }
    assay_buf_release(&blob);
    return st;
}

/* Newest first: the first of another run. */
static bool each_schema(void *ctx, const struct assay_leaf *leaf)
{
    struct earlier *x = ctx;
    struct assay_stmt s = {0};
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, x->err);
    const char *run = x->status == ASSAY_OK ? assay_stmt_get(&s, "run") : NULL;
    if (run && strcmp(run, x->c->run) != 0 && !assay_stmt_get(&s, "objects")) /* not one about some objects */
        x->status = take(x, &s);
    assay_stmt_release(&s);
    return x->status == ASSAY_OK && !x->run[0];
}

static bool each_start(void *ctx, const struct assay_leaf *leaf)
{
    struct earlier *x = ctx;
    struct assay_stmt s = {0};
    if (assay_stmt_parse(leaf->note, leaf->note_len, &s, NULL) == ASSAY_OK) {
        const char *when = assay_stmt_get(&s, "observed");
        snprintf(x->when, sizeof x->when, "%s", when ? when : "");
    }
    assay_stmt_release(&s);
    return false;
}

static enum assay_status find_earlier(struct earlier *x)
{
    struct assay_ledger_query q = {
        .kind = "schema", .role = assay_side_name(x->c->side), .dataset = x->c->set->id, .newest_first = true};
    enum assay_status s = assay_ledger_each(x->c->ledger, &q, each_schema, x, x->err);
    if (s == ASSAY_OK)
        s = x->status;
    if (s == ASSAY_OK && x->run[0]) {
        q.kind = "run-start";
        q.run = x->run;
        s = assay_ledger_each(x->c->ledger, &q, each_start, x, x->err);
    }
    return s;
}

static enum assay_status observed_now(const struct assay_check *c, const struct assay_schema *now,
                                      struct assay_observed_schema *out, struct assay_err *e)
{
    struct assay_buf text = {0};
    enum assay_status s = assay_schema_text(now, &text);
    s = s == ASSAY_OK ? assay_observed_parse(text.ptr, text.len, out, e) : assay_fail_nomem(e);
    for (size_t i = 0; s == ASSAY_OK && i < out->n; i++)
        out->col[i].covered = assay_dataset_reads(c->set, c->side, out->col[i].name);
    assay_buf_release(&text);
    return s;
}

static enum assay_status say(const struct earlier *x, const struct assay_drift *d, size_t n, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < n && i < SAID_CHANGES && s == ASSAY_OK; i++) {
        struct assay_buf text = {0};
        s = assay_drift_say(&d[i], &text);
        if (s == ASSAY_OK && assay_buf_str(&text))
            assay_log(ASSAY_LOG_WARN, "%s %s: schema changed since %.10s (run %.8s): %s", x->c->set->name,
                      assay_side_name(x->c->side), x->when, x->run, assay_buf_str(&text));
        assay_buf_release(&text);
    }
    if (n > SAID_CHANGES)
        assay_log(ASSAY_LOG_WARN, "... and %zu more changes; the report has them", n - SAID_CHANGES);
    return s == ASSAY_OK ? s : assay_fail_nomem(e);
}

enum assay_status assay_changes_say(const struct assay_check *c, const struct assay_schema *now, struct assay_err *e)
{
    struct earlier x = {.c = c, .err = e};
    struct assay_observed_schema observed = {0};
    struct assay_drift *d = NULL;
    size_t n = 0;
    enum assay_status s = c->ledger ? find_earlier(&x) : ASSAY_OK;
    if (s == ASSAY_OK && x.run[0] && (s = observed_now(c, now, &observed, e)) == ASSAY_OK) {
        s = assay_drift_compare(&x.schema, &observed, NULL, 0, &d, &n);
        s = s == ASSAY_OK ? say(&x, d, n, e) : assay_fail_nomem(e);
    }
    free(d);
    assay_observed_release(&observed);
    assay_observed_release(&x.schema);
    return s;
}
