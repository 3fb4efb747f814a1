/* One dataset of the HTML report: its sides, chunks, findings, objects, discrepancies, rules. */
#include <stdio.h>
#include <string.h>

#include "assay/plan.h"
#include "html.h"

#define MAX_OK_OBJECTS 200
#define OPEN_FINDINGS 12 /* rows of the findings table that need no click */

static void term(struct assay_out *o, const char *name, const char *value)
{
    if (!value || !*value)
        return;
    assay_out_f(o, "<dt>%s</dt><dd>", name);
    assay_out_html(o, value);
    assay_out_raw(o, "</dd>");
}

static void number_term(struct assay_out *o, const char *name, uint64_t n)
{
    assay_out_f(o, "<dt>%s</dt><dd>", name);
    assay_html_number(o, n);
    assay_out_raw(o, "</dd>");
}

static void side_card(struct assay_out *o, const struct assay_rep_side *s, const char *title)
{
    assay_out_f(o, "<div class=\"card\"><h3>%s</h3>", title);
    if (!s->started && !s->ended) {
        assay_out_raw(o, "<p class=\"note unverified\">? Not read in this run.</p></div>");
        return;
    }
    assay_out_raw(o, "<dl>");
    term(o, "Locator", s->locator);
    term(o, "Snapshot", s->snapshot);
    term(o, "Started", s->started_at);
    term(o, "Ended", s->ended_at);
    term(o, "Status", s->ended ? s->status : "no end: stopped, or still going");
    term(o, "Reason", s->reason);
    number_term(o, "Rows hashed", s->rows);
    if (s->has_counted)
        number_term(o, "Rows counted apart", s->counted);
    term(o, "Tiled", s->tiled);
    term(o, "Key unique", s->key_unique);
    if (s->unplaced)
        number_term(o, "Rows not placed", s->unplaced);
    number_term(o, "Chunks attested", s->chunks);
    if (s->objects) {
        number_term(o, "Objects", s->objects);
        assay_out_raw(o, "<dt>Bytes</dt><dd>");
        assay_out_bytes(o, s->object_bytes);
        assay_out_raw(o, "</dd>");
    }
    term(o, "Host", s->host);
    term(o, "Signed by", s->key);
    term(o, "Version", s->version);
    term(o, "Run", s->run);
    term(o, "Scrubbed by run", s->scrub_run);
    term(o, "Read again, not compared", s->again);
    assay_out_raw(o, "</dl></div>");
}

static void finding_row(struct assay_out *o, const struct assay_rep_dataset *d, const struct assay_rep_chunk *c)
{
    assay_out_raw(o, "<tr id=\"");
    assay_html_anchor(o, d, c->whole ? c->id + 1 : c->id);
    assay_out_raw(o, "\"><td class=\"nw\">");
    assay_html_badge(o, c->verdict);
    assay_out_raw(o, "</td>");
    assay_html_short_cell(o, c->segment);
    if (c->whole)
        assay_out_raw(o, "<td>whole</td>");
    else
        assay_html_hash_cell(o, c->id);
    assay_out_raw(o, "<td>");
    if (assay_rep_hides_bounds(c)) {
        assay_out_f(o, "number %llu; bounds are sealed", (unsigned long long)c->ordinal);
    } else if (c->lo || c->hi) {
        assay_out_raw(o, "[");
        assay_out_html(o, c->lo ? c->lo : "\xe2\x88\x92\xe2\x88\x9e");
        assay_out_raw(o, ", ");
        assay_out_html(o, c->hi ? c->hi : "+\xe2\x88\x9e");
        assay_out_raw(o, ")");
    }
    assay_out_raw(o, "</td>");
    assay_html_short_cell(o, c->kind);
    assay_html_cell(o, c->columns);
    assay_html_number_cell(o, c->rows[0], c->has_rows[0]);
    assay_html_number_cell(o, c->rows[1], c->has_rows[1]);
    assay_html_cell(o, c->reason);
    assay_out_raw(o, "</tr>");
}

static void more(struct assay_out *o, uint64_t n, const char *what)
{
    if (!n)
        return;
    assay_out_raw(o, "<p class=\"mute\">and ");
    assay_html_number(o, n);
    assay_out_f(o, " more %s; all of them are in the NDJSON report</p>", what);
}

static void finding_table(struct assay_out *o, const struct assay_rep_dataset *d, size_t from, size_t to)
{
    static const char *const heads[] = {"Verdict", "Segment",      "Chunk",         "Key range", "Kind",
                                        "Columns", ">Rows source", ">Rows archive", "Reason",    NULL};
    assay_out_raw(o, "<div class=\"scroll\"><table>");
    assay_html_heads(o, from ? "The rest of them" : "Worst first", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = from; i < to; i++)
        finding_row(o, d, &d->chunk[d->worst[i]]);
    assay_out_raw(o, "</tbody></table></div>");
}

/* Names with commas between; a blank behind each, so that lines can break there. */
static void list_cell(struct assay_out *o, const char *names)
{
    struct assay_buf text = {0};
    enum assay_status st = ASSAY_OK;
    for (const char *p = names; p && *p && st == ASSAY_OK; p++)
        st = assay_buf_adds(&text, (const char[]){*p, *p == ',' ? ' ' : '\0', '\0'});
    assay_html_cell(o, st == ASSAY_OK && text.len ? assay_buf_str(&text) : names);
    assay_buf_release(&text);
}

static void causes(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Kind",  "Columns", "Evidence", ">Chunks", ">Rows",
                                        "Scope", "Rule",    "Hint",     NULL};
    const size_t most = d->n_causes < HTML_MAX_ROWS ? d->n_causes : HTML_MAX_ROWS;
    if (!d->n_causes)
        return;
    assay_out_raw(o, "<h3>Causes</h3><div class=\"scroll\"><table>");
    assay_html_heads(o, "What explains the differences; widest first", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < most; i++) {
        const struct assay_rep_cause *x = &d->cause[i];
        assay_out_raw(o, "<tr>");
        assay_html_short_cell(o, x->kind);
        list_cell(o, x->columns);
        assay_html_cell(o, x->evidence);
        assay_html_number_cell(o, x->chunks, true);
        assay_html_number_cell(o, x->rows, true);
        assay_html_short_cell(o, x->scope);
        assay_out_raw(o, "<td>");
        assay_out_html(o, x->rule ? x->rule : "");
        if (x->side) {
            assay_out_raw(o, " (");
            assay_out_html(o, x->side);
            assay_out_raw(o, ")");
        }
        assay_out_raw(o, "</td>");
        assay_html_cell(o, x->hint);
        assay_out_raw(o, "</tr>");
    }
    assay_out_raw(o, "</tbody></table></div>");
    more(o, d->n_causes - most, "causes");
}

static void findings(struct assay_out *o, const struct assay_rep_dataset *d)
{
    size_t most = d->n_worst < HTML_MAX_ROWS ? d->n_worst : HTML_MAX_ROWS;
    size_t open = most > OPEN_FINDINGS + OPEN_FINDINGS / 2 ? OPEN_FINDINGS : most;
    if (!d->n_worst)
        return;
    assay_out_raw(o, "<h3>Chunks that do not match</h3>");
    finding_table(o, d, 0, open);
    if (open < most) {
        assay_out_f(o, "<details><summary>%zu more</summary>", most - open);
        finding_table(o, d, open, most);
        assay_out_raw(o, "</details>");
    }
    more(o, d->n_worst - most, "chunks");
}

static void object_rows(struct assay_out *o, const struct assay_rep_dataset *d, bool ok, size_t most)
{
    size_t shown = 0;
    for (size_t i = 0; i < d->n_objects && shown < most; i++) {
        const struct assay_rep_object *x = &d->object[i];
        if (x->ok != ok)
            continue;
        shown++;
        assay_out_raw(o, "<tr><th scope=\"row\">");
        assay_out_html(o, x->locator ? x->locator : "?");
        assay_out_raw(o, "</th><td class=\"nw\">");
        assay_out_f(o, "<span class=\"badge %s\">%s ", ok ? "match" : "mismatch", ok ? "=" : "\xe2\x89\xa0");
        assay_out_html(o, x->status ? x->status : "unknown");
        assay_out_raw(o, "</span></td><td class=\"r\">");
        assay_out_bytes(o, x->bytes);
        assay_out_raw(o, "</td>");
        assay_html_number_cell(o, x->rows, true);
        assay_html_hash_cell(o, x->sha256);
        assay_html_cell(o, x->reason);
        assay_out_raw(o, "</tr>");
    }
}

static void objects(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Object", "State", ">Bytes", ">Rows", "SHA-256", "Reason", NULL};
    uint64_t bad = d->side[0].objects_bad + d->side[1].objects_bad, all = d->side[0].objects + d->side[1].objects;
    if (!all)
        return;
    if (bad) {
        assay_out_raw(o, "<h3>Objects that are not ok</h3><div class=\"scroll\"><table>");
        assay_html_heads(o, "Files or object versions that could not be taken as they are", heads);
        assay_out_raw(o, "<tbody>");
        object_rows(o, d, false, HTML_MAX_ROWS);
        assay_out_raw(o, "</tbody></table></div>");
        more(o, bad > HTML_MAX_ROWS ? bad - HTML_MAX_ROWS : 0, "objects");
    }
    if (all == bad)
        return;
    assay_out_raw(o, "<details><summary>");
    assay_html_number(o, all - bad);
    assay_out_raw(o, " objects that are ok</summary><div class=\"scroll\"><table>");
    assay_html_heads(o, "Archived objects with their whole-file SHA-256", heads);
    assay_out_raw(o, "<tbody>");
    object_rows(o, d, true, MAX_OK_OBJECTS);
    assay_out_raw(o, "</tbody></table></div>");
    more(o, all - bad > MAX_OK_OBJECTS ? all - bad - MAX_OK_OBJECTS : 0, "objects");
    assay_out_raw(o, "</details>");
}

/* found -> requested -> closed, the state reached in words and weight, not in colour alone */
static void steps(struct assay_out *o, const char *state)
{
    static const char *const step[] = {"open", "requested", "closed"};
    size_t at = state && strcmp(state, "closed") == 0 ? 2 : state && strcmp(state, "requested") == 0 ? 1 : 0;
    if (state && strcmp(state, "waived") == 0) {
        assay_out_raw(o, "<td class=\"steps waived\"><b>\xe2\x97\x8f waived</b></td>");
        return;
    }
    assay_out_f(o, "<td class=\"steps %s\">", at == 2 ? "match" : at == 1 ? "unverified" : "mismatch");
    for (size_t i = 0; i < 3; i++)
        assay_out_f(o,
                    i == at  ? "%s<b>\xe2\x97\x8f %s</b>"
                    : i < at ? "%s\xe2\x97\x8f %s"
                             : "%s<span class=\"off\">\xe2\x97\x8b %s</span>",
                    i ? " \xe2\x86\x92 " : "", step[i]);
    assay_out_raw(o, "</td>");
}

static void discrepancies(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Discrepancy",       "State",  "Segment", "Kind",
                                        "Columns or object", "Reason", "Stated",  NULL};
    if (!d->n_disc)
        return;
    assay_out_raw(o, "<h3>Discrepancies and what becomes of them</h3><div class=\"scroll\"><table>");
    assay_html_heads(o, "Open first; a discrepancy keeps its id over all runs until a run closes it", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < d->n_disc && i < HTML_MAX_ROWS; i++) {
        const struct assay_rep_discrepancy *x = &d->disc[i];
        assay_out_raw(o, "<tr id=\"finding-");
        assay_out_html(o, x->id);
        assay_out_raw(o, "\">");
        assay_html_hash_cell(o, x->id);
        steps(o, x->state);
        assay_html_short_cell(o, x->segment);
        assay_html_short_cell(o, x->kind);
        assay_html_cell(o, x->columns ? x->columns : x->object);
        assay_html_cell(o, x->reason);
        assay_html_time_cell(o, x->observed);
        assay_out_raw(o, "</tr>");
    }
    assay_out_raw(o, "</tbody></table></div>");
    more(o, d->n_disc > HTML_MAX_ROWS ? d->n_disc - HTML_MAX_ROWS : 0, "discrepancies");
    if (!d->n_open)
        return;
    const char *segment = d->n_worst ? d->chunk[d->worst[0]].segment : NULL;
    assay_out_raw(o, "<p class=\"small mute\">Name the rows, order a new export, then check again:</p>");
    assay_html_command(o, r, "diff", d, segment, "");
    assay_html_command(o, r, "reprocess", d, NULL, " --dry-run");
    assay_html_command(o, r, "check", d, NULL, "");
}

static void requests(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Request", "Segment", ">Attempt", ">Discrepancies", "Outcome", "Stated", NULL};
    if (!d->n_requests)
        return;
    assay_out_raw(o, "<details><summary>Reprocess requests</summary><div class=\"scroll\"><table>");
    assay_html_heads(o, "Orders for a new export, oldest first", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < d->n_requests && i < HTML_MAX_ROWS; i++) {
        const struct assay_rep_request *x = &d->request[i];
        assay_out_raw(o, "<tr>");
        assay_html_hash_cell(o, x->id);
        assay_html_short_cell(o, x->segment);
        assay_html_number_cell(o, x->attempt, true);
        assay_html_number_cell(o, x->discrepancies, true);
        assay_html_cell(o, x->outcome ? x->outcome : "none yet");
        assay_html_time_cell(o, x->observed);
        assay_out_raw(o, "</tr>");
    }
    assay_out_raw(o, "</tbody></table></div></details>");
}

static void rules(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const char *const heads[] = {"Column", "Side", "Rule", ">Cells changed", NULL};
    if (d->n_rules) {
        assay_out_f(o, "<details><summary>Rules in force: %zu; accepted under them: ", d->n_rules);
        assay_html_number(o, d->counts.cells_accepted);
        assay_out_raw(o, " cells</summary><div class=\"scroll\"><table>");
        assay_html_heads(o, "What the plan lets a column be changed by before it is compared", heads);
        assay_out_raw(o, "<tbody>");
        for (size_t i = 0; i < d->n_rules && i < HTML_MAX_ROWS; i++) {
            assay_out_raw(o, "<tr><th scope=\"row\">");
            assay_out_html(o, d->rule[i].column);
            assay_out_raw(o, "</th>");
            assay_html_cell(o, d->rule[i].side);
            assay_html_cell(o, d->rule[i].rule);
            assay_html_number_cell(o, d->rule[i].cells, true);
            assay_out_raw(o, "</tr>");
        }
        assay_out_raw(o, "</tbody></table></div></details>");
    }
    if (!assay_render_uncovered(d))
        return;
    assay_out_raw(o, "<p class=\"note accepted\">Not covered, so not compared: ");
    for (int s = 0, n = 0; s < 2; s++)
        for (size_t i = 0; i < d->side[s].n_uncovered && n < HTML_MAX_ROWS; i++, n++) {
            assay_out_raw(o, n ? ", <code>" : "<code>");
            assay_out_html(o, d->side[s].uncovered[i]);
            assay_out_f(o, "</code> (%s)", assay_side_name((enum assay_side_id)s));
        }
    assay_out_raw(o, "</p>");
}

void assay_html_dataset(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d)
{
    assay_out_raw(o, "<section class=\"long\" id=\"");
    assay_html_anchor(o, d, NULL);
    assay_out_raw(o, "\" aria-labelledby=\"");
    assay_html_anchor(o, d, "name");
    assay_out_raw(o, "\"><h2 id=\"");
    assay_html_anchor(o, d, "name");
    assay_out_raw(o, "\">");
    assay_out_html(o, d->name);
    assay_html_badge(o, d->verdict);
    assay_out_raw(o, "</h2><p class=\"small mute\">");
    assay_out_html(o, d->id);
    assay_out_raw(o, " \xc2\xb7 strength ");
    assay_out_html(o, d->strength ? d->strength : "unknown");
    assay_out_raw(o, " \xc2\xb7 plan ");
    assay_html_hash(o, d->plan);
    assay_out_raw(o, "</p>");
    if (d->reason) {
        assay_out_f(o, "<p class=\"note %s\">%s ", assay_html_word(d->verdict)->css,
                    assay_html_word(d->verdict)->glyph);
        assay_out_html(o, d->reason);
        assay_out_raw(o, "</p>");
    }
    assay_html_compared(o, r, d);
    assay_html_scope(o, d);
    if ((d->verdict == ASSAY_RV_MISMATCH || d->verdict == ASSAY_RV_UNVERIFIED) && !d->n_open)
        assay_html_command(o, r, d->verdict == ASSAY_RV_MISMATCH ? "diff" : "check", d,
                           d->n_worst ? d->chunk[d->worst[0]].segment : NULL, "");
    causes(o, d);
    findings(o, d);
    discrepancies(o, r, d);
    assay_html_waivers(o, r, d);
    objects(o, d);
    assay_html_heat(o, d);
    assay_out_raw(o, "<h3>The two sides</h3><div class=\"cards\">");
    side_card(o, &d->side[0], "Source");
    side_card(o, &d->side[1], "Archive");
    assay_out_raw(o, "</div>");
    assay_html_schema(o, d);
    rules(o, d);
    requests(o, d);
    assay_out_raw(o, "</section>\n");
}
