/* The schema of one dataset in the HTML report: both sides now, over time, and of which segments. */
#include <string.h>

#include "assay/plan.h"
#include "html.h"

static void schema_cell(struct assay_out *o, const struct assay_rep_column *c, const char *name)
{
    assay_out_raw(o, "<td>");
    if (!c) {
        assay_out_raw(o, "\xe2\x80\x93");
    } else {
        if (strcmp(c->name, name) != 0) {
            assay_out_raw(o, "<b>");
            assay_out_html(o, c->name);
            assay_out_raw(o, "</b> ");
        }
        assay_out_html(o, c->native);
        assay_out_raw(o, c->nullable ? "" : " <span class=\"mute\">required</span>");
        if (c->key_pos)
            assay_out_f(o, " <span class=\"mute\">key %u</span>", c->key_pos);
    }
    assay_out_raw(o, "</td>");
}

static void partial(struct assay_out *o, const struct assay_rep_dataset *d)
{
    for (size_t i = 0; i < d->n_partial; i++) {
        const struct assay_rep_partial *x = &d->partial[i];
        if (!x->from)
            continue;
        assay_out_raw(o, "<p>Segments ");
        assay_out_html(o, x->from);
        assay_out_raw(o, " to ");
        assay_out_html(o, x->to);
        assay_out_raw(o, " were verified without column <b>");
        assay_out_html(o, x->column);
        assay_out_raw(o, "</b>: it did not exist before ");
        assay_out_html(o, x->since);
        assay_out_raw(o, ".</p>");
    }
}

static void schema(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Column", "Compared as", "Source", "Archive", "Difference", NULL};
    if (!d->n_changes)
        return;
    assay_out_f(o, "<details%s><summary>Columns: %zu, schema %s</summary><div class=\"scroll\"><table>",
                d->schema_verdict && strcmp(d->schema_verdict, "different") == 0 ? " open" : "", d->n_changes,
                d->schema_verdict ? d->schema_verdict : "unknown");
    assay_html_heads(o, "Column by column, as each side spells its types", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < d->n_changes; i++) {
        const struct assay_rep_change *c = &d->change[i];
        bool bad = strncmp(c->change, "only", 4) == 0 || strncmp(c->change, "gone", 4) == 0;
        assay_out_raw(o, "<tr><th scope=\"row\">");
        assay_out_html(o, c->name);
        assay_out_raw(o, "</th>");
        assay_html_cell(o, c->type ? c->type : "not compared");
        schema_cell(o, c->side[0], c->name);
        schema_cell(o, c->side[1], c->name);
        assay_out_f(o, bad ? "<td><span class=\"badge mismatch\">\xe2\x89\xa0 %s</span></td></tr>" : "<td>%s</td></tr>",
                    c->change);
    }
    assay_out_raw(o, "</tbody></table></div><p class=\"small mute\">Fingerprints: source ");
    assay_html_hash(o, d->side[0].fingerprint);
    assay_out_raw(o, ", archive ");
    assay_html_hash(o, d->side[1].fingerprint);
    assay_out_raw(o, "</p></details>");
}

static void eras(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Side", "Segments or files", "Files", "Since the ones before", NULL};
    if (!d->side[0].n_eras && !d->side[1].n_eras)
        return;
    assay_out_f(o, "<details><summary>Files of %zu schemas</summary><div class=\"scroll\"><table>",
                d->side[0].n_eras + d->side[1].n_eras);
    assay_html_heads(o, "Which files were written under which schema, in their order", heads);
    assay_out_raw(o, "<tbody>");
    for (int side = 0; side < 2; side++)
        for (size_t i = 0; i < d->side[side].n_eras; i++) {
            const struct assay_rep_era *x = &d->side[side].era[i];
            assay_out_raw(o, "<tr>");
            assay_html_cell(o, assay_side_name((enum assay_side_id)side));
            assay_out_raw(o, "<td>");
            assay_out_html(o, x->from ? x->from : x->first ? x->first : "-");
            assay_out_raw(o, " to ");
            assay_out_html(o, x->to ? x->to : x->last ? x->last : "-");
            assay_out_f(o, "</td><td>%llu</td><td>", (unsigned long long)x->objects);
            for (size_t k = 0; k < x->n_says; k++) {
                assay_out_raw(o, k ? "<br>" : "");
                assay_out_html(o, x->says[k]);
            }
            assay_out_raw(o, "</td></tr>");
        }
    assay_out_raw(o, "</tbody></table></div></details>");
}

static void spans(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Segments", ">Count", "Source's schema", "Archive's schema", "Without", NULL};
    if (!d->n_spans)
        return;
    assay_out_raw(o, "<details open><summary>Segments by schema</summary><div class=\"scroll\"><table>");
    assay_html_heads(o, "Which segments were archived under which schema, and since when that had been seen", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < d->n_spans && i < ASSAY_REPORT_MAX_DRIFT; i++) {
        const struct assay_rep_span *x = &d->span[i];
        assay_out_raw(o, "<tr><td>");
        assay_out_html(o, x->from);
        if (x->segments > 1) {
            assay_out_raw(o, " to ");
            assay_out_html(o, x->to);
        }
        assay_out_raw(o, "</td>");
        assay_html_number_cell(o, x->segments, true);
        for (int side = 0; side < 2; side++) {
            assay_out_raw(o, "<td class=\"nw\">");
            assay_html_hash(o, x->fingerprint[side]);
            if (x->age[side] && x->age[side]->since)
                assay_out_f(o, " <span class=\"mute\">since %.10s</span>", x->age[side]->since);
            assay_out_raw(o, "</td>");
        }
        assay_out_raw(o, "<td>");
        for (size_t k = 0; k < x->n_without; k++) {
            assay_out_raw(o, k ? ", " : "");
            assay_out_html(o, x->without[k]);
        }
        assay_out_raw(o, "</td></tr>");
    }
    assay_out_raw(o, "</tbody></table></div></details>");
}

static void drift(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Since", "Side", "Change", "For the values", "Run", NULL};
    size_t breaking = 0;
    if (!d->n_drift)
        return;
    for (size_t i = 0; i < d->n_drift; i++)
        breaking += d->drift[i].breaking;
    assay_out_f(o, "<details%s><summary>Schema over time: %zu change%s, %zu breaking</summary>",
                breaking ? " open" : "", d->n_drift, d->n_drift == 1 ? "" : "s", breaking);
    assay_out_raw(o, "<div class=\"scroll\"><table>");
    assay_html_heads(o, "What changed in the schema of either side, newest first", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < d->n_drift && i < ASSAY_REPORT_MAX_DRIFT; i++) {
        const struct assay_rep_drift *x = &d->drift[i];
        assay_out_raw(o, "<tr>");
        assay_html_time_cell(o, x->since);
        assay_html_cell(o, assay_side_name((enum assay_side_id)x->side));
        assay_html_cell(o, x->says);
        assay_out_f(o, x->breaking ? "<td><span class=\"badge mismatch\">\xe2\x89\xa0 %s</span></td>" : "<td>%s</td>",
                    x->cls);
        assay_html_hash_cell(o, x->since_run);
        assay_out_raw(o, "</tr>");
    }
    assay_out_raw(o, "</tbody></table></div></details>");
}

void assay_html_schema(struct assay_out *o, const struct assay_rep_dataset *d)
{
    partial(o, d);
    schema(o, d);
    eras(o, d);
    spans(o, d);
    drift(o, d);
}
