/* Rows and the names of their members. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "ndjson.h"

enum assay_status assay_ndjson_names_init(struct assay_ndjson_names *t, size_t max, struct assay_err *e)
{
    *t = (struct assay_ndjson_names){.max = max ? max : ASSAY_MAX_NDJSON_MEMBERS};
    t->v = calloc(t->max, sizeof *t->v);
    t->sorted = calloc(t->max, sizeof *t->sorted);
    t->order = calloc(t->max, sizeof *t->order);
    if (t->v && t->sorted && t->order)
        return ASSAY_OK;
    assay_ndjson_names_release(t);
    return assay_fail_nomem(e);
}

void assay_ndjson_names_release(struct assay_ndjson_names *t)
{
    for (size_t i = 0; t->v && i < t->n; i++)
        free(t->v[i].p);
    free(t->v);
    free(t->sorted);
    free(t->order);
    *t = (struct assay_ndjson_names){0};
}

static int compare(const struct assay_ndjson_name *a, const uint8_t *p, size_t n)
{
    int c = memcmp(a->p, p, a->len < n ? a->len : n);
    return c ? c : (a->len > n) - (a->len < n);
}

enum assay_status assay_ndjson_name(struct assay_ndjson_names *t, const uint8_t *p, size_t n, size_t *out,
                                    struct assay_err *e)
{
    size_t lo = 0, hi = t->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = compare(&t->v[t->sorted[mid]], p, n);
        *out = t->sorted[mid];
        if (c == 0)
            return ASSAY_OK;
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (t->n == t->max)
        return assay_fail(e, ASSAY_ELIMIT, "more than %zu different member names", t->max);
    char *copy = malloc(n + 1);
    if (!copy)
        return assay_fail_nomem(e);
    memcpy(copy, p, n);
    copy[n] = '\0';
    t->v[t->n] = (struct assay_ndjson_name){.p = copy,
                                            .len = (uint32_t)n,
                                            .column = t->all ? (int32_t)t->n : -1,
                                            .plain = assay_ndjson_plain((uint8_t *)copy, n)};
    memmove(t->sorted + lo + 1, t->sorted + lo, (t->n - lo) * sizeof *t->sorted);
    t->sorted[lo] = (uint32_t)t->n;
    *out = t->n++;
    return ASSAY_OK;
}

/* The name of the i-th member is most often that of the i-th member before. */
static bool member(const struct assay_ndjson_names *t, size_t i, struct assay_ndjson_cursor *c,
                   struct assay_value *name, struct assay_value *value)
{
    const struct assay_ndjson_name *before = i < t->max && t->order[i] < t->n ? &t->v[t->order[i]] : NULL;
    c->likely = before && before->plain ? (const uint8_t *)before->p : NULL;
    c->likely_len = before ? before->len : 0;
    return assay_ndjson_member(c, name, value);
}

/* Remember the name of the i-th member. */
static enum assay_status find(struct assay_ndjson_names *t, size_t i, const struct assay_value *name, size_t *out,
                              struct assay_err *e)
{
    enum assay_status s = assay_ndjson_name(t, name->p, name->len, out, e);
    if (s == ASSAY_OK && i < t->max)
        t->order[i] = (uint32_t)*out;
    return s;
}

static const char NO_NAME[] = "member without a name";

static const char *check_name(const struct assay_value *name)
{
    if (name->kind == ASSAY_K_BAD)
        return (const char *)name->p;
    if (name->len == 0)
        return NO_NAME;
    return name->len > ASSAY_MAX_NAME ? "member name is too long" : NULL;
}

enum assay_status assay_ndjson_row(struct assay_ndjson_names *t, const struct assay_ndjson_line *line,
                                   struct assay_value *v, const char **defect, bool *cut, struct assay_err *e)
{
    struct assay_ndjson_cursor c = {.p = line->p, .end = line->p + line->n};
    struct assay_value name, value;
    size_t id;
    bool text = assay_ndjson_utf8(line->p, line->n); /* before strings are decoded in place */
    t->row++;
    bool more = assay_ndjson_begin(&c);
    for (size_t i = 0; more && (more = member(t, i, &c, &name, &value)) && text; i++) {
        if (c.guessed) {
            id = t->order[i];
        } else {
            c.defect = name.p ? check_name(&name) : NO_NAME;
            if (c.defect)
                break;
            enum assay_status s = find(t, i, &name, &id, e);
            if (s != ASSAY_OK)
                return s;
        }
        struct assay_ndjson_name *known = &t->v[id];
        if (known->row == t->row)
            c.defect = "member name stands twice";
        if (c.defect)
            break;
        known->row = t->row;
        if (known->column >= 0)
            v[known->column] = value;
    }
    t->nonstandard += c.nonstandard;
    *cut = c.cut;
    *defect = !text && !c.cut ? "invalid UTF-8" : c.defect;
    return ASSAY_OK;
}
