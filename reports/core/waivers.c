/* What reports say of waivers, in every format: those of the report's datasets, as they stood when the run was judged.
 */
#include <string.h>

#include "html.h"
#include "json_write.h"
#include "render.h"

static enum assay_waiver_state state_of(const struct assay_report *r, const struct assay_waiver *w)
{
    return assay_waiver_state(w, r->observed, r->ledger_size);
}

static void members(struct assay_jw *j, const struct assay_report *r, const struct assay_waiver *w, const char *set)
{
    assay_jw_text(j, "id", w->id);
    assay_jw_text(j, "dataset", set);
    assay_jw_text(j, "state", assay_waiver_state_name(state_of(r, w)));
    assay_jw_text(j, "by", w->by);
    assay_jw_text(j, "reason", w->reason);
    assay_jw_text(j, "until", w->until);
    assay_jw_text(j, "observed", w->observed);
    assay_jw_open(j, "discrepancies", '[');
    for (size_t i = 0; i < w->n; i++)
        assay_jw_text(j, NULL, w->item[i].id);
    assay_jw_close(j, ']');
    assay_jw_number(j, "leaf", w->leaf);
}

void assay_json_waivers(struct assay_jw *j, const struct assay_report *r)
{
    assay_jw_open(j, "waivers", '[');
    for (size_t i = 0; i < r->waivers.n; i++) {
        const char *set = assay_rep_set_name(r, r->waivers.w[i].dataset);
        if (!set)
            continue;
        assay_jw_open(j, NULL, '{');
        members(j, r, &r->waivers.w[i], set);
        assay_jw_close(j, '}');
    }
    assay_jw_close(j, ']');
}

void assay_ndjson_waivers(struct assay_jw *j, const struct assay_report *r)
{
    for (size_t i = 0; i < r->waivers.n; i++) {
        const char *set = assay_rep_set_name(r, r->waivers.w[i].dataset);
        if (!set)
            continue;
        *j = (struct assay_jw){.o = j->o};
        assay_jw_open(j, NULL, '{');
        assay_jw_text(j, "event", "waiver");
        members(j, r, &r->waivers.w[i], set);
        assay_jw_close(j, '}');
        assay_out_raw(j->o, "\n");
    }
}

void assay_text_waivers(struct assay_out *o, const struct assay_report *r)
{
    uint64_t shown = 0, rest = 0, over = 0;
    for (size_t i = r->waivers.n; i-- > 0;) {
        const struct assay_waiver *w = &r->waivers.w[i];
        const char *set = assay_rep_set_name(r, w->dataset);
        bool holds = set && state_of(r, w) == ASSAY_WAIVER_IN_FORCE;
        over += set && !holds;
        rest += holds && shown == ASSAY_TEXT_WAIVERS;
        if (!holds || shown == ASSAY_TEXT_WAIVERS)
            continue;
        shown++;
        assay_out_f(o, "waiver: %zu discrepanc%s of ", w->n, w->n == 1 ? "y" : "ies");
        assay_out_plain(o, set, 28);
        assay_out_f(o, " until %.10s, by ", w->until);
        assay_out_plain(o, w->by, 40);
        assay_out_raw(o, ": ");
        assay_out_plain(o, w->reason, 60);
        assay_out_raw(o, "\n");
    }
    if (rest || over)
        assay_out_f(o, "  %llu more waivers, %llu that count no more\n", (unsigned long long)rest,
                    (unsigned long long)over);
}

void assay_html_waivers(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Waiver", "State", ">Discrepancies", "Until", "By", "Reason", "Stated", NULL};
    size_t n = 0;
    for (size_t i = 0; i < r->waivers.n; i++)
        n += strcmp(r->waivers.w[i].dataset, d->id) == 0;
    if (!n)
        return;
    assay_out_raw(o, "<h3>Waivers</h3><div class=\"scroll\"><table>");
    assay_html_heads(o, "What the approver accepted, as it was then; it stays a difference", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0, shown = 0; i < r->waivers.n && shown < HTML_MAX_ROWS; i++) {
        const struct assay_waiver *w = &r->waivers.w[i];
        if (strcmp(w->dataset, d->id) != 0)
            continue;
        shown++;
        assay_out_raw(o, "<tr>");
        assay_html_hash_cell(o, w->id);
        assay_html_short_cell(o, assay_waiver_state_name(state_of(r, w)));
        assay_html_number_cell(o, w->n, true);
        assay_html_time_cell(o, w->until);
        assay_html_cell(o, w->by);
        assay_html_cell(o, w->reason);
        assay_html_time_cell(o, w->observed);
        assay_out_raw(o, "</tr>");
    }
    assay_out_raw(o, "</tbody></table></div>");
}
