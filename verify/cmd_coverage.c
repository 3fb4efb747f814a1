/* assay plan --coverage: what the sources hold and no dataset reads. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/coverage.h"
#include "assay/log.h"
#include "assay/session.h"
#include "cmd.h"

/* Worst first. */
static const struct {
    enum assay_cover state;
    const char *title;
} sections[] = {
    {ASSAY_COVER_NO, "in no dataset"},
    {ASSAY_COVER_GONE, "named by a dataset, but gone"},
    {ASSAY_COVER_IGNORED, "ignored, as the plan says"},
    {ASSAY_COVER_APART, "no rows of its own (archive what it shows, if need be)"},
    {ASSAY_COVER_UNUSED, "patterns of ignore that fit nothing"},
    {ASSAY_COVER_YES, "covered"},
};

static void print_text(const struct assay_coverage *c, bool all)
{
    for (size_t k = 0; k < sizeof sections / sizeof *sections; k++) {
        enum assay_cover state = sections[k].state;
        if (!c->count[state])
            continue;
        printf("%s: %zu\n", sections[k].title, c->count[state]);
        for (size_t i = 0; (all || state != ASSAY_COVER_YES) && i < c->n; i++)
            if (c->item[i].state == state)
                printf("  %-18s %s%s%s\n", c->item[i].kind, c->item[i].name, c->item[i].source ? "  in " : "",
                       c->item[i].source ? c->item[i].source : "");
    }
    printf("coverage is %s\n", assay_coverage_full(c) ? "full" : "not full");
}

static json_t *item(const struct assay_cover_item *x)
{
    return json_pack("{s:s, s:s, s:s, s:o}", "state", assay_cover_name(x->state), "kind", x->kind, "name", x->name,
                     "source", x->source ? json_string(x->source) : json_null());
}

static int print_json(const struct assay_coverage *c, bool wanted)
{
    json_t *items = json_array(), *counts = json_object(), *all;
    bool ok = items && counts;
    for (size_t i = 0; ok && i < c->n; i++)
        ok = json_array_append_new(items, item(&c->item[i])) == 0;
    for (int k = 0; ok && k < ASSAY_COVER_STATES; k++)
        ok = json_object_set_new(counts, assay_cover_name((enum assay_cover)k),
                                 json_integer((json_int_t)c->count[k])) == 0;
    all = json_pack("{s:b, s:b, s:o, s:o}", "full", (int)assay_coverage_full(c), "required", (int)wanted, "counts",
                    counts, "items", items);
    char *text = ok && all ? json_dumps(all, JSON_INDENT(2)) : NULL;
    if (text)
        printf("%s\n", text);
    else
        assay_log(ASSAY_LOG_ERROR, "out of memory");
    free(text);
    json_decref(all);
    return text ? ASSAY_EXIT_OK : ASSAY_EXIT_UNVERIFIED;
}

int assay_plan_show_coverage(const struct assay_session *s, const struct assay_args *a)
{
    struct assay_coverage c;
    struct assay_err e = {0};
    int code = ASSAY_EXIT_OK;
    if (assay_coverage_take(s->plan, &c, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "coverage cannot be said: %s", e.msg);
        return ASSAY_EXIT_UNVERIFIED;
    }
    if (assay_arg_flag(a, "json"))
        code = print_json(&c, s->plan->full_coverage);
    else
        print_text(&c, assay_arg_verbosity(a) > 0);
    if (code == ASSAY_EXIT_OK && s->plan->full_coverage && !assay_coverage_full(&c)) {
        assay_log(ASSAY_LOG_WARN, "the plan wants full coverage: %zu are in no dataset, %zu are gone",
                  c.count[ASSAY_COVER_NO], c.count[ASSAY_COVER_GONE]);
        code = ASSAY_EXIT_UNVERIFIED;
    }
    assay_coverage_release(&c);
    return code;
}
