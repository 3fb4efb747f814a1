/* What a plan means, in words. Opens no side unless asked to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/log.h"
#include "assay/session.h"
#include "cmd.h"

static void print_side(const struct assay_dataset *d, enum assay_side_id id)
{
    const struct assay_side *s = &d->side[id];
    struct assay_buf shown = {0};
    const char *text = assay_locator_show(s->uri, &shown) == ASSAY_OK ? assay_buf_str(&shown) : NULL;
    printf("  %-9s %s", assay_side_name(id), text ? text : "(out of memory)");
    if (s->table)
        printf(", table %s", s->table);
    else
        printf(", %s", s->format ? s->format : "format by suffix");
    if (s->timeout_s)
        printf(", time-out %d s", s->timeout_s);
    printf("\n");
    assay_buf_release(&shown);
}

/* Range chunks need an order that the engine shares and keys that no rule touches. */
static const char *chunking(const struct assay_dataset *d)
{
    const char *how = "chunks are key ranges";
    if (d->n_key == 0)
        return "rows are compared as a multiset, chunks are hash buckets";
    for (size_t i = 0; i < d->n_cols; i++) {
        const struct assay_plan_column *c = &d->col[i];
        if (!c->key_pos)
            continue;
        if (!assay_type_of(c->type)->ordered || c->n_rules[ASSAY_SOURCE] || c->n_rules[ASSAY_ARCHIVE])
            return "chunks are hash buckets";
        if (c->type == ASSAY_L_TEXT)
            how = "chunks are key ranges where the source compares text bytewise, else hash buckets";
    }
    return how;
}

static void print_key(const struct assay_dataset *d)
{
    printf("  %-9s ", "key");
    for (size_t k = 1; k <= d->n_key; k++)
        for (size_t i = 0; i < d->n_cols; i++)
            if (d->col[i].key_pos == k)
                printf("%s%s", k > 1 ? ", " : "", d->col[i].name);
    printf("%s%s of about %u rows\n", d->n_key ? ": " : "none: ", chunking(d), d->chunk_rows);
}

static void print_strength(const struct assay_dataset *d)
{
    if (!d->sealed)
        return;
    printf("  %-9s sealed: a root of every chunk under a key of its own", "digest");
    if (d->sketch)
        printf("; of up to %u lost or changed rows a chunk the keys can be told when the source is gone", d->sketch);
    printf("\n");
}

static void print_window(const struct assay_dataset *d)
{
    static const char *const unit[] = {"", "hour", "day", "month", "year", ""};
    const struct assay_window *w = &d->window;
    if (w->every == ASSAY_EVERY_NONE) {
        printf("  %-9s none: one segment, \"all\"\n", "window");
        return;
    }
    printf("  %-9s %s, one segment ", "window", w->column);
    if (w->every == ASSAY_EVERY_STEP)
        printf("per %lld", (long long)w->step);
    else
        printf("a %s in %s", unit[w->every], w->timezone);
    if (w->from)
        printf(", from %s", w->from);
    if (w->to)
        printf(", before %s", w->to);
    printf("; and -inf, +inf and null, so that no row belongs nowhere\n");
    if (w->closed_until)
        printf("  %-9s segments that end after %s are open, and not compared\n", "", w->closed_until);
    if (w->has_lag)
        printf("  %-9s segments that end less than %lld%s before %s are open, and not compared\n", "",
               (long long)w->lag, w->every == ASSAY_EVERY_STEP ? "" : " seconds",
               w->every == ASSAY_EVERY_STEP ? "the highest segment with rows" : "the run");
}

static void print_as_of(const struct assay_dataset *d)
{
    if (d->as_of.column)
        printf("  %-9s rows with %s after %s are not in scope, on either side\n", "as of", d->as_of.column,
               d->as_of.at);
}

static void print_rules(const struct assay_plan_column *c, enum assay_side_id id)
{
    bool renamed = c->native[id] && strcmp(c->native[id], c->name) != 0;
    if (!renamed && !c->n_rules[id])
        return;
    printf("  %s:", assay_side_name(id));
    if (renamed)
        printf(" \"%s\"", c->native[id]);
    for (size_t i = 0; i < c->n_rules[id]; i++) {
        const struct assay_rule *r = &c->rule[id][i];
        printf("%s %s%s%s", i || renamed ? "," : "", assay_rule_name(r), r->text[0] ? " " : "", r->text);
    }
}

static void print_type(const struct assay_plan_column *c)
{
    struct assay_buf text = {0};
    const char *shape = c->shape && assay_shape_text(c->shape, &text) == ASSAY_OK ? assay_buf_str(&text) : NULL;
    printf("%s", shape ? shape : assay_type_of(c->type)->name);
    assay_buf_release(&text);
}

static void print_columns(const struct assay_dataset *d)
{
    int width = 0;
    for (size_t i = 0; i < d->n_cols; i++) {
        size_t n = strlen(d->col[i].name);
        width = n > (size_t)width && n <= 40 ? (int)n : width;
    }
    printf("  %-9s %zu\n", "columns", d->n_cols);
    for (size_t i = 0; i < d->n_cols; i++) {
        const struct assay_plan_column *c = &d->col[i];
        printf("    %-*s ", width, c->name);
        print_type(c);
        print_rules(c, ASSAY_SOURCE);
        print_rules(c, ASSAY_ARCHIVE);
        if (c->since)
            printf("  since %s", c->since);
        for (size_t k = 0; k < c->n_former; k++)
            printf("  archive before %s: %s", c->former[k].until, c->former[k].name);
        printf("\n");
    }
    for (size_t i = 0; i < d->n_uncovered; i++)
        printf("  %-9s %s\n", i ? "" : "uncovered", d->uncovered[i]);
}

static bool is_uncovered(const struct assay_dataset *d, enum assay_side_id id, const char *native)
{
    const char *side = assay_side_name(id);
    size_t n = strlen(side);
    for (size_t i = 0; i < d->n_uncovered; i++)
        if (strncmp(d->uncovered[i], side, n) == 0 && strcmp(d->uncovered[i] + n + 1, native) == 0)
            return true;
    return false;
}

/* Columns that the plan reads and the side lacks, and the other way round. */
static size_t compare_schema(const struct assay_dataset *d, enum assay_side_id id, const struct assay_schema *s)
{
    size_t wrong = 0;
    for (size_t i = 0; i < d->n_cols; i++)
        if (d->col[i].native[id] && assay_schema_find(s, d->col[i].native[id]) == SIZE_MAX) {
            printf("            lacks column \"%s\", which the plan reads\n", d->col[i].native[id]);
            wrong++;
        }
    for (size_t i = 0; i < s->n; i++)
        if (!assay_dataset_reads(d, id, s->col[i].name) && !is_uncovered(d, id, s->col[i].name)) {
            printf("            column \"%s\" (%s) is neither read nor named as uncovered\n", s->col[i].name,
                   s->col[i].native);
            wrong++;
        }
    return wrong;
}

static enum assay_status probe_side(const struct assay_plan *p, const struct assay_dataset *d, enum assay_side_id id,
                                    size_t *wrong, struct assay_err *e)
{
    struct assay_locator loc = assay_plan_locator(p, d, id);
    struct assay_reader *r = NULL;
    struct assay_schema schema = {0};
    const struct assay_part *part = NULL;
    size_t n = 0;
    uint64_t bytes = 0;
    enum assay_status s = assay_reader_open(&loc, &r, e);
    if (s == ASSAY_OK)
        s = r->ops->schema(r, &schema, e);
    if (s == ASSAY_OK)
        s = r->ops->parts(r, 0, &part, &n, e);
    if (s == ASSAY_OK) {
        for (size_t i = 0; i < n; i++)
            bytes += part[i].bytes;
        uint64_t rows = r->ops->estimate(r);
        printf("  probed    %s: %zu %s", assay_side_name(id), n, n && part[0].object ? "objects" : "parts");
        if (bytes)
            printf(", %llu bytes", (unsigned long long)bytes);
        if (rows)
            printf(", about %llu rows", (unsigned long long)rows);
        printf("\n");
        *wrong += compare_schema(d, id, &schema);
    }
    assay_schema_release(&schema);
    if (r)
        r->ops->close(r);
    return s;
}

static int probe(const struct assay_plan *p, const struct assay_dataset *d)
{
    int code = ASSAY_EXIT_OK;
    for (int id = ASSAY_SOURCE; id <= ASSAY_ARCHIVE; id++) {
        struct assay_err e = {0};
        size_t wrong = 0;
        if (probe_side(p, d, (enum assay_side_id)id, &wrong, &e) != ASSAY_OK)
            assay_log(ASSAY_LOG_ERROR, "dataset %s, %s: %s", d->name, assay_side_name((enum assay_side_id)id), e.msg);
        if (wrong || e.code != ASSAY_OK)
            code = ASSAY_EXIT_UNVERIFIED;
    }
    return code;
}

static int explain(const struct assay_plan *p, const struct assay_dataset *d, bool resolved, bool probing)
{
    struct assay_buf form = {0};
    uint8_t hash[32];
    char hex[65];
    int code = ASSAY_EXIT_OK;
    const char *text = assay_plan_resolved(d, &form) == ASSAY_OK ? assay_buf_str(&form) : NULL;
    if (!text) {
        assay_log(ASSAY_LOG_ERROR, "out of memory");
        code = ASSAY_EXIT_UNVERIFIED;
    } else if (resolved) {
        printf("%s\n", text);
    } else {
        assay_sha256(form.ptr, form.len, hash);
        assay_hex(hash, sizeof hash, hex);
        printf("dataset %s\n  %-9s %s\n", d->name, "id", d->id);
        print_side(d, ASSAY_SOURCE);
        print_side(d, ASSAY_ARCHIVE);
        print_key(d);
        print_strength(d);
        print_window(d);
        print_as_of(d);
        print_columns(d);
        printf("  %-9s sha256:%s\n", "plan", hex);
        code = probing ? probe(p, d) : code;
    }
    assay_buf_release(&form);
    return code;
}

int assay_cmd_plan(struct assay_args *a)
{
    struct assay_session s;
    int code = assay_session_open(a, &s);
    bool coverage = assay_arg_flag(a, "coverage");
    if (coverage && code == ASSAY_EXIT_OK)
        code = assay_plan_show_coverage(&s, a);
    for (size_t i = 0; !coverage && code != ASSAY_EXIT_USAGE && i < s.n_sets; i++) {
        int one = explain(s.plan, s.set[i], assay_arg_flag(a, "resolved"), assay_arg_flag(a, "probe"));
        code = one == ASSAY_EXIT_OK ? code : one;
    }
    assay_session_close(&s);
    return code;
}
