/* The classifier: puts rules on trial, and asks what no rule can say. */
#include "difference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"

#define DEFECT_TAG '!'
#define MAX_TRIAL_CELL 65536 /* longer values are compared by their ends only, if at all */

void assay_difference_add(struct assay_differences *out, enum assay_difference_kind kind,
                          enum assay_difference_side side, int32_t n)
{
    for (size_t i = 0; i < out->n; i++)
        if (out->d[i].kind == kind && out->d[i].side == side && out->d[i].n == n)
            return;
    if (out->n < ASSAY_MAX_DIFFERENCES)
        out->d[out->n++] = (struct assay_difference){.kind = (uint8_t)kind, .side = (uint8_t)side, .n = n};
}

/* ---- cells back to values ---- */

static bool number_value(enum assay_logical type, const uint8_t *p, size_t n, struct side_value *s)
{
    const char *why = NULL;
    if (p[1]) {
        s->v = (struct assay_value){.kind = ASSAY_K_DECSPECIAL, .i = p[1]};
        return true;
    }
    const int32_t e = (int32_t)assay_get_be32(p + 2);
    if (e < -32767 || e > 32767 || n - 10 > 4096)
        return false;
    const uint8_t zero = 0;
    struct assay_value raw = {.kind = ASSAY_K_DECBYTES, .scale = (int16_t)-e, .len = (uint32_t)(n - 10), .p = p + 10};
    if (n == 10) {
        raw.p = &zero;
        raw.len = 1;
    }
    return assay_resolve(type, &raw, &s->v, &s->scratch, &why);
}

static bool fixed_value(const uint8_t *p, struct assay_value *v)
{
    const uint64_t word = assay_get_be64(p + 1);
    switch (p[0]) {
    case 'F':
        v->kind = ASSAY_K_F64;
        v->u = word;
        return true;
    case 'C':
        *v = (struct assay_value){.kind = ASSAY_K_TIME, .i = (int64_t)word};
        return true;
    case 'c':
        *v = (struct assay_value){.kind = ASSAY_K_TIMETZ, .aux = (int32_t)assay_get_be32(p + 9), .i = (int64_t)word};
        return true;
    default:
        *v = (struct assay_value){
            .kind = p[0] == 'Z' ? ASSAY_K_TSTZ : ASSAY_K_TS, .aux = (int32_t)assay_get_be32(p + 9), .i = (int64_t)word};
        return true;
    }
}

bool assay_difference_value(enum assay_logical type, struct side_value *s)
{
    const uint8_t *p = s->cell;
    s->v = (struct assay_value){0};
    switch (p[0]) {
    case 0x00:
        return true;
    case 'L':
        s->v = (struct assay_value){.kind = ASSAY_K_BOOL, .i = p[1]};
        return true;
    case 'N':
        return number_value(type, p, s->len, s);
    case 'T':
    case 'B':
        s->v = (struct assay_value){
            .kind = p[0] == 'T' ? ASSAY_K_TEXT : ASSAY_K_BYTES, .len = (uint32_t)(s->len - 5), .p = p + 5};
        return true;
    case 'D':
        s->v = (struct assay_value){.kind = ASSAY_K_DATE, .i = (int32_t)assay_get_be32(p + 1)};
        return true;
    case 'I':
        s->interval = (struct assay_interval){(int32_t)assay_get_be32(p + 1), (int32_t)assay_get_be32(p + 5),
                                              (int64_t)assay_get_be64(p + 9), (int32_t)assay_get_be32(p + 17)};
        s->v = (struct assay_value){.kind = ASSAY_K_INTERVAL, .p = (const uint8_t *)&s->interval};
        return s->interval.ns >= 0 && s->interval.ns <= 999999999;
    case 'F':
    case 'C':
    case 'c':
    case 'S':
    case 'Z':
        return fixed_value(p, &s->v);
    default:
        return false;
    }
}

/* '!' u32 length, the reason, and perhaps NUL, kind, and the raw value as text or as the bits of a double. */
static bool defect_value(struct side_value *s)
{
    const uint8_t *why = s->cell + 5, *end = s->cell + s->len, *nul = memchr(why, '\0', (size_t)(end - why));
    s->v = (struct assay_value){.kind = ASSAY_K_BAD};
    if (!nul || end - nul < 2)
        return false;
    const size_t n = (size_t)(end - nul) - 2;
    const uint8_t kind = nul[1] & 0x7f, flags = nul[1] & 0x80 ? ASSAY_V_STRING : 0;
    if (kind == ASSAY_K_TEXT || kind == ASSAY_K_LEXEME)
        s->v = (struct assay_value){.kind = kind, .flags = flags, .len = (uint32_t)n, .p = nul + 2};
    else if (kind == ASSAY_K_BAD) { /* an absent member is the only such value that is kept */
        s->v.flags = ASSAY_V_ABSENT;
        return true;
    } else if (n == 8 && (kind == ASSAY_K_F64 || kind == ASSAY_K_INT)) {
        s->v.kind = kind;
        s->v.u = assay_get_be64(nul + 2);
    }
    return s->v.kind != ASSAY_K_BAD;
}

static bool look_at(struct assay_classifier *c, int side, const uint8_t *cell, size_t n)
{
    struct side_value *s = &c->side[side];
    assay_buf_reset(&s->scratch);
    s->cell = cell;
    s->len = n;
    s->defect = n >= 5 && cell[0] == DEFECT_TAG;
    s->known = n > 0 && n <= MAX_TRIAL_CELL && (s->defect ? defect_value(s) : assay_difference_value(c->type, s));
    return s->known;
}

/* ---- rules on trial ---- */

bool assay_difference_nomem(struct assay_classifier *c, const char *why)
{
    if (why == ASSAY_WHY_NOMEM)
        c->status = ASSAY_ENOMEM;
    return false;
}

bool assay_difference_cell(struct assay_classifier *c, enum assay_logical type, const struct assay_value *v,
                           struct assay_buf *out)
{
    struct assay_value r = *v;
    const char *why = NULL;
    assay_buf_reset(&c->work);
    if (!assay_is_resolved(type, v) && !assay_resolve(type, v, &r, &c->work, &why))
        return assay_difference_nomem(c, why);
    return assay_cell_put(type, &r, out, &why) || assay_difference_nomem(c, why);
}

/* The cell of one side under the rule, into c->cell[side]. */
static bool try_on(struct assay_classifier *c, const struct assay_rule *rule, int side)
{
    struct side_value *s = &c->side[side];
    struct assay_buf scratch = {0};
    struct assay_value v = s->v;
    const char *why = NULL;
    assay_buf_reset(&c->cell[side]);
    bool ok = !s->defect || assay_rule_is_early(rule);
    if (ok)
        ok = assay_rule_apply(rule, c->type, &v, &scratch, &why) || assay_difference_nomem(c, why);
    if (ok)
        ok = assay_difference_cell(c, c->type, &v, &c->cell[side]);
    assay_buf_release(&scratch);
    return ok;
}

static bool is_cell(const struct assay_buf *b, const struct side_value *s)
{
    return !s->defect && b->len == s->len && memcmp(b->ptr, s->cell, b->len) == 0;
}

static void put_on_trial(struct assay_classifier *c, const struct classifier_rule *r, struct assay_differences *out)
{
    bool done[2], settled = false;
    for (int i = 0; i < 2; i++) {
        done[i] = c->side[i].v.kind != ASSAY_K_NULL && try_on(c, &r->rule, i);
        if (!(r->when & ONLY_BOTH) && done[i] && is_cell(&c->cell[i], &c->side[1 - i])) {
            assay_difference_add(out, (enum assay_difference_kind)r->d.kind, (enum assay_difference_side)i, r->d.n);
            settled = true;
        }
    }
    if (r->when & (ON_BOTH | ONLY_BOTH) && !settled && done[0] && done[1] && c->cell[0].len == c->cell[1].len &&
        memcmp(c->cell[0].ptr, c->cell[1].ptr, c->cell[0].len) == 0)
        assay_difference_add(out, (enum assay_difference_kind)r->d.kind, ASSAY_DS_BOTH, r->d.n);
}

/* Rules worth a trial; {n} of `from` to `to` step by `step` stands for the argument. A rule that does not exist (yet),
 * or not for the type, is left out when the classifier is made. */
static const struct {
    enum assay_difference_kind kind;
    const char *rule, *arg; /* arg "%d": n; "*": the n-th word of the kind; NULL: none */
    int from, to, step;
    unsigned when; /* enum classifier_when */
} trials[] = {
    {ASSAY_DK_NULL_EMPTY, "null_if", "", 0, 0, 1, WHEN_NULL},
    {ASSAY_DK_ABSENT, "absent", "null", 0, 0, 1, WHEN_DEFECT},
    {ASSAY_DK_SENTINEL, "null_if", "*", 0, 99, 1, WHEN_NULL},
    {ASSAY_DK_RTRIM, "rtrim", NULL, 0, 0, 1, WHEN_ANY | ON_BOTH},
    {ASSAY_DK_TRIM, "trim", NULL, 0, 0, 1, WHEN_ANY | ON_BOTH},
    {ASSAY_DK_NEWLINE, "newline", "lf", 0, 0, 1, WHEN_ANY | ON_BOTH},
    {ASSAY_DK_NFC, "nfc", NULL, 0, 0, 1, WHEN_ANY | ON_BOTH},
    {ASSAY_DK_CASE, "case", "lower", 0, 0, 1, WHEN_ANY | ON_BOTH},
    {ASSAY_DK_JSON, "json", NULL, 0, 0, 1, ONLY_BOTH | DOCUMENTS},
    {ASSAY_DK_ENCODING, "encoding", "*", 0, 99, 1, WHEN_DEFECT},
    {ASSAY_DK_MOJIBAKE, "encoding", "utf-8-as-*", 0, 99, 1, WHEN_ANY},
    {ASSAY_DK_JSON_STRING, "as", "json", 0, 0, 1, WHEN_DEFECT},
    {ASSAY_DK_BOOLEAN_WORDS, "boolean", "*", 0, 99, 1, WHEN_DEFECT},
    {ASSAY_DK_TIME_CUT, "truncate", "*", 0, 2, 1, WHEN_ANY},
    {ASSAY_DK_TIME_ROUNDED, "round", "*", 0, 2, 1, WHEN_ANY},
    {ASSAY_DK_INTERVAL, "justify", NULL, 0, 0, 1, WHEN_ANY | ON_BOTH},
    {ASSAY_DK_EPOCH, "epoch", "*", 0, 9, 1, WHEN_DEFECT},
    {ASSAY_DK_ZERO_SIGN, "fold_zero", NULL, 0, 0, 1, WHEN_ANY},
    {ASSAY_DK_FLOAT32, "as", "float32", 0, 0, 1, WHEN_ANY},
    {ASSAY_DK_FLOAT_DIGITS, "digits", "%d", 17, 3, -1, WHEN_ANY | ON_BOTH},
    {ASSAY_DK_TYPED_DOUBLE, "as", "decimal(%d)", 0, 18, 1, WHEN_DEFECT},
    {ASSAY_DK_DECIMAL_ROUNDED, "round", "%d", 12, 0, -1, WHEN_ANY},
};

static bool argument(size_t t, int n, char out[64])
{
    const char *arg = trials[t].arg, *hole = arg ? strstr(arg, "%d") : NULL, *star = arg ? strchr(arg, '*') : NULL;
    const char *word = star ? assay_difference_word(trials[t].kind, n) : NULL;
    out[0] = '\0';
    if (star && !word)
        return false;
    if (hole)
        snprintf(out, 64, "%.*s%d%s", (int)(hole - arg), arg, n, hole + 2);
    else if (star)
        snprintf(out, 64, "%.*s%s", (int)(star - arg), arg, word);
    else if (arg)
        snprintf(out, 64, "%s", arg);
    return true;
}

enum assay_status assay_classifier_new(enum assay_logical type, const struct assay_shape *shape,
                                       struct assay_classifier **out)
{
    struct assay_classifier *c = calloc(1, sizeof *c);
    if (!c)
        return ASSAY_ENOMEM;
    c->type = type;
    if (type >= ASSAY_L_JSON && (shape || type == ASSAY_L_JSON) && assay_inside_new(shape, &c->inside) != ASSAY_OK) {
        free(c);
        return ASSAY_ENOMEM;
    }
    for (size_t t = 0; t < sizeof trials / sizeof *trials; t++)
        for (int n = trials[t].from; n != trials[t].to + trials[t].step; n += trials[t].step) {
            struct assay_err why = {0};
            struct assay_rule rule;
            char arg[64];
            if (!argument(t, n, arg) ||
                assay_rule_parse(trials[t].rule, trials[t].arg ? arg : NULL, type, &rule, &why) != ASSAY_OK)
                continue;
            struct classifier_rule *grown = realloc(c->rule, (c->n_rules + 1) * sizeof *grown);
            if (!grown) {
                assay_rule_release(&rule);
                assay_classifier_free(c);
                return ASSAY_ENOMEM;
            }
            c->rule = grown;
            grown[c->n_rules++] =
                (struct classifier_rule){{.kind = (uint8_t)trials[t].kind, .n = n}, rule, trials[t].when};
        }
    *out = c;
    return ASSAY_OK;
}

void assay_classifier_free(struct assay_classifier *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->n_rules; i++)
        assay_rule_release(&c->rule[i].rule);
    free(c->rule);
    assay_inside_free(c->inside);
    for (int i = 0; i < 2; i++) {
        assay_buf_release(&c->side[i].scratch);
        assay_buf_release(&c->cell[i]);
        assay_buf_release(&c->middle[i].value.scratch);
        assay_buf_release(&c->middle[i].raw);
        assay_buf_release(&c->middle[i].cell);
    }
    assay_buf_release(&c->work);
    free(c);
}

/* null_if speaks of text and of floats that are not finite; a zero in a column of numbers may be text in the file that
 * it was read from. */
static void typed_sentinel(struct assay_classifier *c, struct assay_differences *out)
{
    const int side = c->side[0].v.kind == ASSAY_K_NULL;
    const struct side_value *s = &c->side[side];
    bool is_null = false;
    const char *word;
    assay_buf_reset(&c->work);
    if (s->defect || s->v.kind == ASSAY_K_TEXT || s->v.kind == ASSAY_K_BYTES || s->v.kind == ASSAY_K_NULL ||
        assay_cell_show(s->cell, s->len, &is_null, &c->work) != ASSAY_OK)
        return;
    for (int32_t i = 0; (word = assay_difference_word(ASSAY_DK_SENTINEL, i)); i++)
        if (strlen(word) == c->work.len && memcmp(word, c->work.ptr, c->work.len) == 0)
            assay_difference_add(out, ASSAY_DK_SENTINEL, (enum assay_difference_side)side, i);
}

static int by_kind(const void *a, const void *b)
{
    const struct assay_difference *x = a, *y = b;
    return (int)x->kind - (int)y->kind;
}

/* qsort is not stable, and the order of trials within a kind is one of preference. */
static void sort_by_kind(struct assay_differences *out)
{
    for (size_t i = 1; i < out->n; i++) {
        const struct assay_difference d = out->d[i];
        size_t k = i;
        for (; k && by_kind(&out->d[k - 1], &d) > 0; k--)
            out->d[k] = out->d[k - 1];
        out->d[k] = d;
    }
}

static bool is_document(const struct side_value *s)
{
    return !s->defect && s->v.kind == ASSAY_K_TEXT && s->v.len > 1 && (s->v.p[0] == '{' || s->v.p[0] == '[');
}

bool assay_difference_applies(const struct assay_classifier *c, const struct classifier_rule *r)
{
    const struct side_value *s = &c->side[0], *a = &c->side[1];
    const bool null = s->v.kind == ASSAY_K_NULL || a->v.kind == ASSAY_K_NULL, defect = s->defect || a->defect;
    return (null || !(r->when & WHEN_NULL)) && (defect || !(r->when & WHEN_DEFECT)) &&
           (!(r->when & DOCUMENTS) || (is_document(s) && is_document(a)));
}

void assay_difference_step(struct assay_classifier *c, struct assay_differences *out)
{
    for (size_t i = 0; i < c->n_rules; i++)
        if (assay_difference_applies(c, &c->rule[i]))
            put_on_trial(c, &c->rule[i], out);
    if (c->side[0].v.kind == ASSAY_K_NULL || c->side[1].v.kind == ASSAY_K_NULL)
        typed_sentinel(c, out);
    for (int i = 0; i < 2; i++) {
        assay_difference_of_text(c, i, out);
        assay_difference_of_time(c, i, out);
        assay_difference_of_number(c, i, out);
    }
}

enum assay_status assay_classify(struct assay_classifier *c, const uint8_t *source, size_t n_source,
                                 const uint8_t *archive, size_t n_archive, struct assay_differences *out)
{
    out->n = 0;
    c->status = ASSAY_OK;
    bool source_known = look_at(c, 0, source, n_source), archive_known = look_at(c, 1, archive, n_archive);
    const struct side_value *s = &c->side[0], *a = &c->side[1];
    if (source_known && archive_known) {
        assay_difference_step(c, out);
        sort_by_kind(out);
        if (out->n == 0)
            assay_difference_pairs(c, out);
    }
    if (c->inside && !s->defect && !a->defect && s->len && a->len && s->cell[0] && a->cell[0])
        assay_difference_inside(c, out);
    if (out->n == 0 && !s->defect && !a->defect && s->len && a->len) {
        if (a->cell[0] == 0x00)
            assay_difference_add(out, ASSAY_DK_NULLED, ASSAY_DS_ARCHIVE, 0);
        else if (s->cell[0] == 0x00)
            assay_difference_add(out, ASSAY_DK_FILLED, ASSAY_DS_ARCHIVE, 0);
    }
    if (out->n == 0 && (s->defect || a->defect))
        assay_difference_add(out, ASSAY_DK_UNDECODABLE, a->defect ? ASSAY_DS_ARCHIVE : ASSAY_DS_SOURCE, 0);
    return c->status;
}
