/* The objects that a side attested, and what scrubs found since. */
#include "attested_load.h"

#include <stdio.h>

static enum assay_status take_denied(struct loader *l, const struct assay_stmt *s, struct attested_object *o)
{
    const char *line;
    while ((line = assay_stmt_nth(s, "manifest", o->n_denied))) {
        char **grown = realloc(o->denied, (o->n_denied + 1) * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        o->denied = grown;
        if (!(grown[o->n_denied] = strdup(line)))
            return assay_fail_nomem(l->err);
        o->n_denied++;
    }
    return ASSAY_OK;
}

static bool is_manifest(const struct assay_stmt *s)
{
    const char *status = assay_stmt_get(s, "status");
    return status && strcmp(status, "manifest") == 0;
}

enum assay_status assay_attested_take_object(struct loader *l, const struct assay_stmt *s, uint64_t leaf)
{
    struct attested *a = l->out;
    const char *name = assay_stmt_get(s, "object");
    if (!name)
        return assay_fail(l->err, ASSAY_ELEDGER, "an object statement of dataset %s names no object", l->set->name);
    struct attested_run *run = assay_attested_run_of(l, s);
    if (run && (!run->used || leaf < run->start))
        return ASSAY_OK;
    if (run && strcmp(s->kind, "object") == 0 && !is_manifest(s))
        run->objects++;
    if (a->n_objects == l->cap_objects) {
        size_t want = l->cap_objects ? 2 * l->cap_objects : 64;
        struct attested_object *grown = realloc(a->object, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        a->object = grown;
        l->cap_objects = want;
    }
    struct attested_object *o = &a->object[a->n_objects++];
    *o = (struct attested_object){
        .leaf = leaf, .misplaced = number(s, "misplaced"), .defects = number(s, "defects"), .rows = number(s, "rows")};
    o->name = copy(name);
    o->segment = copy(assay_stmt_get(s, "segment"));
    o->status = copy(assay_stmt_get(s, "status"));
    o->scrubbed = run == NULL;
    o->reference = strcmp(s->kind, "reference") == 0;
    const char *content = assay_stmt_get(s, o->reference ? "orphan-set" : "sha256");
    snprintf(o->content, sizeof o->content, "%s", content ? content : "");
    enum assay_status st = take_denied(l, s, o);
    if (st != ASSAY_OK)
        return st;
    const char *why = assay_stmt_get(s, "reason");
    o->reason = copy(why ? why : assay_stmt_get(s, "finding"));
    return o->name && o->status ? ASSAY_OK : assay_fail(l->err, ASSAY_ELEDGER, "an object statement is not whole");
}

static int by_name(const void *a, const void *b)
{
    const struct attested_object *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c ? c : x->leaf > y->leaf ? -1 : x->leaf < y->leaf;
}

void assay_attested_object_release(struct attested_object *o)
{
    free(o->name);
    free(o->segment);
    free(o->status);
    free(o->reason);
    for (size_t i = 0; i < o->n_denied; i++)
        free(o->denied[i]);
    free(o->denied);
}

/* Which of the statements i..end about one object, newest first, holds. "intact" says that the bytes are those of the
 * last check, so that what this one found in them still holds. */
static size_t newest_finding(const struct attested *a, size_t i, size_t end)
{
    size_t k = i;
    if (!a->object[i].scrubbed || strcmp(a->object[i].status, "intact") != 0)
        return i;
    while (k < end && a->object[k].scrubbed)
        k++;
    return k < end ? k : i;
}

void assay_attested_keep_objects(struct attested *a)
{
    size_t to = 0;
    if (a->n_objects)
        qsort(a->object, a->n_objects, sizeof *a->object, by_name);
    for (size_t i = 0, end; i < a->n_objects; i = end) {
        for (end = i + 1; end < a->n_objects && strcmp(a->object[i].name, a->object[end].name) == 0;)
            end++;
        size_t keep = newest_finding(a, i, end);
        for (size_t k = i; k < end; k++)
            if (k != keep)
                assay_attested_object_release(&a->object[k]);
        a->object[keep].leaf = a->object[i].leaf; /* when it was said last */
        a->object[to++] = a->object[keep];
    }
    a->n_objects = to;
}
