/* What reports say, in every format, of what their run left out: datasets, segments, discrepancies that are open. */
#include <string.h>

#include "assay/plan.h"
#include "html.h"
#include "json_write.h"
#include "render.h"

#define NAMED 2 /* datasets named in the sentence */
#define NAME_CHARS 60

static bool is_good(enum assay_rv v)
{
    return v == ASSAY_RV_MATCH || v == ASSAY_RV_WAIVED;
}

bool assay_render_is_part(const struct assay_report *r)
{
    bool part = r->n_others || r->n_unread;
    for (size_t i = 0; i < r->n_sets; i++)
        part |= r->set[i].compared.part;
    return part;
}

static void counted(struct assay_out *o, uint64_t n, const char *one, const char *many, const char *sep)
{
    assay_out_number(o, n, sep);
    assay_out_raw(o, n == 1 ? one : many);
}

static void day(struct assay_out *o, const char *observed)
{
    assay_out_f(o, " of %.10s", observed ? observed : "?");
}

/* "mismatch of 2026-01-02, 3 open", "never read" */
static void word(struct assay_out *o, const struct assay_rep_other *x, const char *sep)
{
    if (!x->run) {
        assay_out_raw(o, "never read");
        return;
    }
    assay_out_raw(o, assay_rv_name(x->verdict));
    day(o, x->observed);
    if (x->n_open) {
        assay_out_raw(o, ", ");
        counted(o, x->n_open, " open", " open", sep);
    }
}

static bool segments(struct assay_out *o, const struct assay_rep_dataset *d, const char *sep, assay_put *put)
{
    if (!d->compared.part)
        return false;
    assay_out_number(o, d->counts.segments, sep);
    assay_out_raw(o, " of ");
    counted(o, d->compared.of, " segment of ", " segments of ", sep);
    put(o, d->name);
    if (d->compared.whole_run) {
        assay_out_f(o, " (all of them last: %s", assay_rv_name(d->compared.whole));
        day(o, d->compared.observed);
        assay_out_raw(o, ")");
    } else {
        assay_out_raw(o, " (all of them together never)");
    }
    return true;
}

static void plain(struct assay_out *o, const char *text)
{
    assay_out_plain(o, text, NAME_CHARS);
}

static void in_part(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        if (!r->set[i].compared.part)
            continue;
        if (n < NAMED)
            assay_out_raw(o, n ? ", " : "; only ");
        if (n++ < NAMED)
            segments(o, &r->set[i], sep, plain);
    }
    if (n > NAMED) {
        assay_out_raw(o, " and some segments of ");
        counted(o, n - NAMED, " dataset", " datasets", sep);
    }
}

static void open_elsewhere(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    uint64_t open = 0, segments_open = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        open += is_good(r->set[i].verdict) ? r->set[i].n_open : 0;
        segments_open += r->set[i].n_open_segments;
    }
    if (open) {
        assay_out_raw(o, "; ");
        counted(o, open, " discrepancy is open", " discrepancies are open", sep);
        assay_out_raw(o, " elsewhere");
    }
    if (segments_open) {
        assay_out_raw(o, "; ");
        counted(o, segments_open, " segment is", " segments are", sep);
        assay_out_raw(o, " still open, and not compared");
    }
}

/* When the rows of a side that were compared were read. */
static const char *read_at(const struct assay_rep_side *s)
{
    return s->ended_at ? s->ended_at : s->started_at ? s->started_at : "?";
}

/* The side that was read before the other one, by a run of its own; -1: one run read both. */
static int older_side(const struct assay_rep_dataset *d)
{
    const struct assay_rep_side *a = &d->side[ASSAY_SOURCE], *b = &d->side[ASSAY_ARCHIVE];
    if (!d->has_verdict || !a->run || !b->run || strcmp(a->run, b->run) == 0)
        return -1;
    return strcmp(read_at(a), read_at(b)) < 0 ? ASSAY_SOURCE : ASSAY_ARCHIVE;
}

/* "the archive of orders was last read 2026-01-02T03:04" */
static void side_of(struct assay_out *o, const struct assay_rep_dataset *d, int side, const char *did)
{
    assay_out_f(o, "; the %s of ", assay_side_name((enum assay_side_id)side));
    plain(o, d->name);
    assay_out_f(o, " %s ", did);
}

/* Of segments that the run did not read older statements were compared. */
static void kept(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    const char *since = NULL;
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        const struct assay_rep_dataset *d = &r->set[i];
        n += d->n_kept;
        if (d->n_kept && d->kept_since && (!since || strcmp(d->kept_since, since) < 0))
            since = d->kept_since;
    }
    if (!n)
        return;
    assay_out_raw(o, "; ");
    counted(o, n, " segment was", " segments were", sep);
    assay_out_f(o, " not read again since %.10s", since ? since : "?");
}

static void and_more(struct assay_out *o, uint64_t n, const char *sep)
{
    if (n <= 1)
        return;
    assay_out_raw(o, " (and ");
    counted(o, n - 1, " more dataset)", " more datasets)", sep);
}

static void read_apart(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    const struct assay_rep_dataset *oldest = NULL;
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        const struct assay_rep_dataset *d = &r->set[i];
        const int side = older_side(d);
        n += side >= 0;
        if (side >= 0 && (!oldest || strcmp(read_at(&d->side[side]), read_at(&oldest->side[older_side(oldest)])) < 0))
            oldest = d;
    }
    if (!oldest)
        return;
    const int side = older_side(oldest);
    side_of(o, oldest, side, "was last read");
    assay_out_f(o, "%.16s, not again since; its %s %.16s", read_at(&oldest->side[side]),
                assay_side_name((enum assay_side_id) !side), read_at(&oldest->side[!side]));
    and_more(o, n, sep);
}

static void read_again(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    const struct assay_rep_dataset *first = NULL;
    uint64_t n = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        const struct assay_rep_dataset *d = &r->set[i];
        const bool again = d->side[0].again || d->side[1].again;
        first = again && !first ? d : first;
        n += again;
    }
    for (int side = 0; first && side < 2; side++) {
        const struct assay_rep_side *s = &first->side[side];
        const bool well = s->again_status && strcmp(s->again_status, "ok") == 0;
        if (!s->again)
            continue;
        side_of(o, first, side, well ? "was read again" : "could not be read");
        assay_out_f(o, "%.16s%s", s->again, well ? ", and that is not compared" : "");
    }
    and_more(o, n, sep);
}

static void others(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    for (size_t i = 0; i < r->n_others && i < NAMED; i++) {
        assay_out_raw(o, i ? ", " : r->n_others == 1 ? "; the last word on " : "; the last words on others: ");
        plain(o, r->other[i].name);
        assay_out_raw(o, ": ");
        word(o, &r->other[i], sep);
    }
    if (r->n_others > NAMED) {
        assay_out_raw(o, ", and ");
        assay_out_number(o, r->n_others - NAMED, sep);
        assay_out_f(o, " more, none worse than %s", assay_rv_name(r->other[NAMED].verdict));
    }
}

void assay_render_outside(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    in_part(o, r, sep);
    open_elsewhere(o, r, sep);
    kept(o, r, sep);
    read_apart(o, r, sep);
    read_again(o, r, sep);
    others(o, r, sep);
}

/* ---- the formats ---- */

void assay_text_others(struct assay_out *o, const struct assay_report *r)
{
    for (size_t i = 0; i < r->n_others && i < ASSAY_TEXT_OTHERS; i++) {
        assay_out_raw(o, "  - ");
        assay_out_plain(o, r->other[i].name, 28);
        assay_out_raw(o, "  not in this run: ");
        word(o, &r->other[i], ",");
        assay_out_raw(o, "\n");
    }
    if (r->n_others > ASSAY_TEXT_OTHERS)
        assay_out_f(o, "  and %zu more datasets that are not in this run; --all shows them\n",
                    r->n_others - ASSAY_TEXT_OTHERS);
}

void assay_json_others(struct assay_jw *w, const struct assay_report *r)
{
    assay_jw_open(w, "others", '[');
    for (size_t i = 0; i < r->n_others; i++) {
        const struct assay_rep_other *x = &r->other[i];
        assay_jw_open(w, NULL, '{');
        assay_jw_text(w, "name", x->name);
        assay_jw_text(w, "id", x->id);
        assay_jw_text(w, "verdict", assay_rv_name(x->verdict));
        assay_jw_text(w, "run", x->run);
        assay_jw_text(w, "observed", x->observed);
        assay_jw_number(w, "open", x->n_open);
        assay_jw_close(w, '}');
    }
    assay_jw_close(w, ']');
}

void assay_json_compared(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    assay_jw_text(w, "run", d->run);
    assay_jw_text(w, "observed", d->observed);
    assay_jw_number(w, "open", d->n_open);
    assay_jw_open(w, "compared", '{');
    assay_jw_text(w, "scope", d->compared.part ? "part" : d->has_verdict ? "all" : "none");
    assay_jw_number(w, "segments", d->counts.segments);
    assay_jw_number(w, "of", d->compared.part ? d->compared.of : d->counts.segments);
    assay_jw_text(w, "all_run", d->compared.whole_run);
    assay_jw_text(w, "all_verdict", d->compared.whole_run ? assay_rv_name(d->compared.whole) : NULL);
    assay_jw_text(w, "all_observed", d->compared.observed);
    assay_jw_close(w, '}');
}

void assay_html_others(struct assay_out *o, const struct assay_report *r)
{
    static const char *const heads[] = {"Dataset", "Last word", "Of", "Run", ">Open", NULL};
    if (!r->n_others)
        return;
    assay_out_raw(o, "<div class=\"scroll\"><table>");
    assay_html_heads(o, "Not in this run: what the ledger says of them last", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < r->n_others; i++) {
        const struct assay_rep_other *x = &r->other[i];
        assay_out_raw(o, "<tr><th scope=\"row\">");
        assay_out_html(o, x->name);
        assay_out_raw(o, "</th><td class=\"nw\">");
        assay_html_badge(o, x->verdict);
        assay_out_raw(o, "</td>");
        assay_html_short_cell(o, x->run ? x->observed : "never read");
        assay_html_short_cell(o, x->run);
        assay_html_number_cell(o, x->n_open, true);
        assay_out_raw(o, "</tr>");
    }
    assay_out_raw(o, "</tbody></table></div>");
}

void assay_html_compared(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d)
{
    const bool older = d->run && r->run && strcmp(d->run, r->run) != 0;
    if (older) {
        assay_out_raw(o, "<p class=\"note\">Not in the newest run; this is run ");
        assay_out_html(o, d->run);
        day(o, d->observed);
        assay_out_raw(o, ".</p>");
    }
    const size_t before = o->buf.len;
    assay_out_raw(o, "<p class=\"note unverified\">Only ");
    if (segments(o, d, ",", assay_out_html))
        assay_out_raw(o, ".</p>");
    else
        o->buf.len = before;
}

void assay_text_compared(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d)
{
    if (d->compared.part) {
        assay_out_raw(o, "  segments ");
        assay_out_number(o, d->counts.segments, ",");
        assay_out_raw(o, " of ");
        assay_out_number(o, d->compared.of, ",");
    }
    if (d->run && r->run && strcmp(d->run, r->run) != 0) {
        assay_out_raw(o, " ");
        day(o, d->observed);
    }
}
