/* Which objects were written under which schema: runs of objects, in their order, whose columns are the same. */
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/drift.h"
#include "assay/limits.h"
#include "attest.h"

struct era {
    uint8_t print[32], text[32]; /* fingerprint; blob of the text */
    const struct assay_part *first, *last;
    size_t objects;
    struct assay_schema schema;
};

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct assay_column *)a)->name, ((const struct assay_column *)b)->name);
}

/* What is no fact about the file's structure must not tell schemas apart: guessed types, the order of columns. */
static enum assay_status fingerprint(struct assay_schema *s, uint8_t out[32])
{
    struct assay_schema sorted = {.n = s->n, .col = calloc(s->n + 1, sizeof *s->col)};
    if (!sorted.col)
        return ASSAY_ENOMEM;
    for (size_t i = 0; i < s->n; i++) {
        if (!assay_drift_declares(s->col[i].native))
            s->col[i].logical = ASSAY_L_TEXT;
        sorted.col[i] = s->col[i];
    }
    qsort(sorted.col, sorted.n, sizeof *sorted.col, by_name);
    enum assay_status st = assay_schema_fingerprint(&sorted, out);
    free(sorted.col); /* its strings are those of s */
    return st;
}

static enum assay_status state(const struct assay_check *c, const char *plan_hash, struct era *x, struct assay_err *e)
{
    struct assay_buf text = {0};
    struct assay_writer w;
    enum assay_status s = assay_schema_text(&x->schema, &text);
    if (s == ASSAY_OK)
        s = assay_sink_blob(c->sink, text.ptr ? text.ptr : (const uint8_t *)"", text.len, x->text, e);
    assay_buf_release(&text);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "cannot state the schema of %s", x->first->name);
    assay_attest_begin(&w, c, "schema", plan_hash);
    assay_writer_hex(&w, "fingerprint", "sha256:", x->print, 32);
    assay_writer_hex(&w, "text", "sha256:", x->text, 32);
    assay_writer_addf(&w, "objects", "%zu", x->objects);
    assay_writer_add(&w, "from", x->first->segment);
    assay_writer_add(&w, "to", x->last->segment);
    assay_writer_add(&w, "first", x->first->name);
    assay_writer_add(&w, "last", x->last->name);
    return assay_writer_send(&w, c->sink, e);
}

/* Goes on with the last era, or begins one. The schema is taken over. */
static enum assay_status extend(struct era *era, size_t *n, const struct assay_part *p, struct assay_schema *s,
                                struct assay_err *e)
{
    struct era x = {.first = p, .schema = *s};
    *s = (struct assay_schema){0};
    if (fingerprint(&x.schema, x.print) != ASSAY_OK) {
        assay_schema_release(&x.schema);
        return assay_fail_nomem(e);
    }
    if (*n && memcmp(era[*n - 1].print, x.print, 32) == 0)
        assay_schema_release(&x.schema);
    else
        era[(*n)++] = x;
    era[*n - 1].last = p;
    era[*n - 1].objects++;
    return ASSAY_OK;
}

enum assay_status assay_attest_eras(const struct assay_check *c, const char *plan_hash, struct assay_reader *r,
                                    const struct assay_part_result *part, size_t n, struct assay_err *e)
{
    size_t eras = 0;
    enum assay_status s = ASSAY_OK;
    if (n < 2 || n > ASSAY_MAX_SCHEMA_OBJECTS || !r->ops->object_schema)
        return ASSAY_OK;
    struct era *era = calloc(ASSAY_MAX_ERAS, sizeof *era);
    if (!era)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < n && s == ASSAY_OK && eras < ASSAY_MAX_ERAS; i++) {
        struct assay_schema seen = {0};
        struct assay_err ignored = {0}; /* what is wrong with the object stands in its own statement */
        if (part[i].skipped || !part[i].part || !part[i].part->object ||
            r->ops->object_schema(r, i, &seen, &ignored) != ASSAY_OK)
            continue;
        s = extend(era, &eras, part[i].part, &seen, e);
    }
    for (size_t i = 0; i < eras && eras > 1 && s == ASSAY_OK; i++)
        s = state(c, plan_hash, &era[i], e);
    for (size_t i = 0; i < eras; i++)
        assay_schema_release(&era[i].schema);
    free(era);
    return s;
}
