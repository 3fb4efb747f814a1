/* What is wrong with the archive's objects, beside the chunks that fall short because of it. */
#include <stdio.h>
#include <string.h>

#include "run.h"

static const struct {
    const char *status, *kind, *reason;
} object_kinds[] = {
    {"undecodable", "undecodable", "the file does not decode"},
    {"missing", "missing", "the file is gone"},
    {"truncated", "truncated", "the file is shorter than it was"},
    {"damaged", "damaged", "the file has other bytes than it had"},
    {"orphan", "orphan", "rows refer to rows that the other archive does not have"},
    {"extra", "unexpected", "the ledger does not know this file"},
};

static enum assay_status object_finding(struct run *r, const struct attested_object *o, const char *kind,
                                        const char *reason, uint32_t *findings)
{
    struct compared c = {.verdict = VERDICT_MISMATCH, .kind = kind, .reason = reason};
    char *segment = o->segment ? o->segment : (char *)"-";
    struct discrepancy d = {.segment = segment, .chunk = (char *)"-", .kind = (char *)kind, .object = o->name};
    c.unseen =
        o->content[0] || (o->status && strcmp(o->status, "missing") == 0) ? NULL
        : !o->name
            ? "rows of a table that have no place are counted, and the ledger holds nothing by which others would show"
        : o->reference ? "how many orphans there are was stated, but not which"
                       : "the file's SHA-256 was not stated";
    assay_run_waive(r, &d, &c, o->content, reason);
    if (c.waiver)
        r->out->waived++;
    else
        ++*findings;
    enum assay_status s = assay_run_verdict(r, segment, "-", &c, NULL, NULL, NULL, o->name);
    return s == ASSAY_OK ? assay_run_found(r, &d, &c) : s;
}

/* A table has no objects that could carry the finding. */
static enum assay_status judge_unplaced(struct run *r, uint32_t *findings)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    uint64_t n = a->in_objects ? 0 : assay_unplaced(a);
    char text[128];
    for (size_t i = 0; i < a->n_objects; i++)
        n = a->object[i].reference ? n : 0;
    if (n == 0)
        return ASSAY_OK;
    snprintf(text, sizeof text, "%llu rows of the archive have a key or window that does not decode",
             (unsigned long long)n);
    return object_finding(r, &(struct attested_object){0}, "undecodable", text, findings);
}

/* Each difference between a manifest's claim and what was read; "manifest-" and the claim's kind is its kind. */
static enum assay_status judge_denied(struct run *r, const struct attested_object *o, uint32_t *findings)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < o->n_denied && s == ASSAY_OK; i++) {
        char kind[32];
        size_t n = strcspn(o->denied[i], " ");
        snprintf(kind, sizeof kind, "manifest-%.*s", (int)(n < 16 ? n : 16), o->denied[i]);
        s = object_finding(r, o, kind, o->denied[i] + n + (o->denied[i][n] == ' '), findings);
    }
    return s;
}

enum assay_status assay_run_objects(struct run *r, uint32_t *findings)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    enum assay_status s = judge_unplaced(r, findings);
    for (size_t i = 0; i < a->n_objects && s == ASSAY_OK; i++) {
        const struct attested_object *o = &a->object[i];
        s = judge_denied(r, o, findings);
        if (o->n_denied && strcmp(o->status, "missing") == 0)
            continue; /* the manifest alone misses it */
        if (!o->scrubbed && strcmp(o->status, "missing") == 0 && r->out->rows[ASSAY_SOURCE] == 0)
            continue; /* there is nothing that it should hold */
        for (size_t k = 0; k < sizeof object_kinds / sizeof *object_kinds && s == ASSAY_OK; k++)
            if (strcmp(o->status, object_kinds[k].status) == 0)
                s = object_finding(r, o, object_kinds[k].kind, o->reason ? o->reason : object_kinds[k].reason,
                                   findings);
        if (s == ASSAY_OK && o->misplaced && strcmp(o->status, "ok") == 0) {
            char text[512];
            snprintf(text, sizeof text, "%llu rows belong to other segments than the file's%s%s",
                     (unsigned long long)o->misplaced, o->reason ? "; " : "", o->reason ? o->reason : "");
            s = object_finding(r, o, "misplaced", text, findings);
        }
    }
    return s;
}
