/* The HTML report: one file, no script, no network; readable on screen, in the dark and on paper. */
#include <stdio.h>
#include <string.h>

#include "html.h"

const struct html_word *assay_html_word(enum assay_rv v)
{
    static const struct html_word word[] = {
        [ASSAY_RV_UNVERIFIED] = {"unverified", "?", "unverified"},
        [ASSAY_RV_MATCH] = {"match", "=", "match"},
        [ASSAY_RV_MISMATCH] = {"mismatch", "\xe2\x89\xa0", "mismatch"},
        [ASSAY_RV_WAIVED] = {"waived", "\xc2\xb1", "waived"},
    };
    return &word[v < ASSAY_RV_COUNT ? v : ASSAY_RV_UNVERIFIED];
}

void assay_html_badge(struct assay_out *o, enum assay_rv v)
{
    const struct html_word *w = assay_html_word(v);
    assay_out_f(o, "<span class=\"badge %s\">%s %s</span>", w->css, w->glyph, w->word);
}

void assay_html_anchor(struct assay_out *o, const struct assay_rep_dataset *d, const char *chunk)
{
    char id[64];
    size_t n = strnlen(d->id, sizeof id - 1);
    for (size_t i = 0; i < n; i++) {
        bool plain = (d->id[i] >= 'a' && d->id[i] <= 'z') || (d->id[i] >= '0' && d->id[i] <= '9') || d->id[i] == '-';
        id[i] = '_';
        if (plain)
            id[i] = d->id[i];
    }
    id[n] = '\0';
    assay_out_f(o, chunk ? "dataset-%s-%.12s" : "dataset-%s", id, chunk ? chunk : "");
}

void assay_html_number(struct assay_out *o, uint64_t n)
{
    assay_out_number(o, n, HTML_THIN);
}

void assay_html_hash(struct assay_out *o, const char *id)
{
    if (!id) {
        assay_out_raw(o, "\xe2\x80\x93");
        return;
    }
    const char *hex = strncmp(id, "sha256:", 7) == 0 ? id + 7 : id;
    struct assay_out cut = {0};
    assay_out_plain(&cut, hex, 12);
    if (cut.buf.len > 3 && strlen(hex) > 12)
        cut.buf.len -= 3; /* the title says the rest */
    assay_out_raw(o, "<code title=\"");
    assay_out_html(o, id);
    assay_out_raw(o, "\">");
    assay_out_html(o, assay_buf_str(&cut.buf));
    assay_out_raw(o, "</code>");
    assay_buf_release(&cut.buf);
}

void assay_html_heads(struct assay_out *o, const char *caption, const char *const *names)
{
    assay_out_f(o, "<caption>%s</caption><thead><tr>", caption);
    for (; *names; names++)
        assay_out_f(o, "<th scope=\"col\"%s>%s</th>", **names == '>' ? " class=\"r\"" : "", *names + (**names == '>'));
    assay_out_raw(o, "</tr></thead>");
}

void assay_html_command(struct assay_out *o, const struct assay_report *r, const char *verb,
                        const struct assay_rep_dataset *d, const char *segment, const char *more)
{
    assay_out_f(o, "<pre class=\"cmd\">assay %s ", verb);
    assay_out_shell(o, r->plan_path ? r->plan_path : "PLAN", assay_out_html);
    if (d) {
        assay_out_raw(o, " --dataset ");
        assay_out_shell(o, d->name, assay_out_html);
    }
    if (segment && strcmp(segment, "*") != 0 && strcmp(segment, "-") != 0) {
        assay_out_raw(o, " --segment ");
        assay_out_shell(o, segment, assay_out_html);
    }
    assay_out_html(o, more);
    assay_out_raw(o, "</pre>");
}

/* ---- the page ---- */

static enum assay_rv shown_verdict(const struct assay_report *r)
{
    return r->error ? ASSAY_RV_UNVERIFIED : r->verdict;
}

static void head(struct assay_out *o, const struct assay_report *r)
{
    assay_out_raw(
        o, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
           "base-uri 'none'; form-action 'none'\">"
           "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
           "<meta name=\"referrer\" content=\"no-referrer\"><meta name=\"generator\" content=\"assay " ASSAY_VERSION
           "\"><title>");
    const struct html_word *w = assay_html_word(shown_verdict(r));
    assay_out_f(o, "%s %s", w->glyph, w->word);
    if (r->n_sets) {
        assay_out_raw(o, ": ");
        assay_out_html(o, r->set[0].name);
        if (r->n_sets > 1)
            assay_out_f(o, " and %zu more", r->n_sets - 1);
    }
    assay_out_raw(o, " \xe2\x80\x93 assay</title><style>");
    assay_out_raw(o, assay_html_style);
    assay_out_raw(
        o, "</style></head>\n<body><a class=\"skip\" href=\"#main\">Skip to the verdict</a>"
           "<header><div class=\"wrap bar\"><div><b>assay</b> <span>what was archived, checked against what there "
           "was</span></div><nav aria-label=\"Sections\"><a href=\"#verdict\">Verdict</a>"
           "<a href=\"#datasets\">Datasets</a><a href=\"#trust\">Trust</a></nav></div></header>\n"
           "<main id=\"main\" class=\"wrap\">");
}

static void sentence(struct assay_out *o, const struct assay_report *r)
{
    struct assay_out plain = {0};
    assay_render_sentence(&plain, r, HTML_THIN);
    const char *text = assay_buf_str(&plain.buf), *strength = text ? strstr(text, " (strength") : NULL;
    if (!text) {
        o->status = ASSAY_ENOMEM;
    } else {
        size_t n = strength ? (size_t)(strength - text) : strlen(text);
        plain.buf.ptr[n] = '\0';
        assay_out_raw(o, "<h1>");
        assay_out_html(o, text);
        assay_out_raw(o, "</h1>");
    }
    assay_buf_release(&plain.buf);
}

static bool only_fast(const struct assay_report *r)
{
    for (size_t i = 0; i < r->n_sets; i++)
        if (!r->set[i].strength || strcmp(r->set[i].strength, "sealed") != 0)
            return true;
    return false;
}

static void banner(struct assay_out *o, const struct assay_report *r)
{
    const struct html_word *w = assay_html_word(shown_verdict(r));
    assay_out_f(o, "<div class=\"banner %s\" id=\"verdict\"><div class=\"g\" aria-hidden=\"true\">%s</div><div>",
                w->css, w->glyph);
    sentence(o, r);
    if (only_fast(r))
        assay_out_raw(o, "<p>Strength fast: it finds accidents; it is not proof against somebody who forges sums.</p>");
    assay_out_raw(o, "<p class=\"small mute\">run ");
    assay_out_html(o, r->run ? r->run : "none");
    if (r->observed) {
        assay_out_raw(o, " \xc2\xb7 stated ");
        assay_out_html(o, r->observed);
    }
    assay_out_f(o, " \xc2\xb7 exit code %d</p></div></div>", r->exit_code);
}

static void tile(struct assay_out *o, const char *css, const char *title, uint64_t rows, const char *unit)
{
    assay_out_f(o, "<li class=\"tile %s\"><h2>%s</h2><p class=\"n\">", css, title);
    assay_html_number(o, rows);
    assay_out_f(o, " <small>%s</small></p><p>", unit);
}

static void tiles(struct assay_out *o, const struct assay_report *r)
{
    static const enum assay_rv order[] = {ASSAY_RV_MATCH, ASSAY_RV_MISMATCH, ASSAY_RV_UNVERIFIED, ASSAY_RV_WAIVED};
    static const char *const title[] = {"= Matched", "\xe2\x89\xa0 In mismatched chunks", "? Unverified",
                                        "\xc2\xb1 Waived"};
    const struct assay_rep_counts *c = &r->counts;
    size_t rules = 0, uncovered = 0;
    assay_out_raw(o, "<ul class=\"tiles\" aria-label=\"Totals by verdict\">");
    for (size_t i = 0; i < (c->waived ? 4 : 3); i++) {
        tile(o, assay_html_word(order[i])->css, title[i], c->rows_by[order[i]], "rows");
        assay_html_number(o, c->chunks[order[i]]);
        assay_out_raw(o, c->chunks[order[i]] == 1 ? " chunk \xc2\xb7 " : " chunks \xc2\xb7 ");
        assay_out_bytes(o, c->bytes_by[order[i]]);
        assay_out_raw(o, "</p></li>");
    }
    for (size_t i = 0; i < r->n_sets; i++) {
        rules += r->set[i].n_rules;
        uncovered += assay_render_uncovered(&r->set[i]);
    }
    if (c->purged) {
        tile(o, "accepted", "Purged at the source", c->purged, "rows");
        assay_out_raw(o, "held against what was deleted</p></li>");
    }
    tile(o, "accepted", "~ Accepted under rules", c->cells_accepted, "cells");
    assay_out_f(o, "%zu rule%s \xc2\xb7 %zu column%s not covered</p></li></ul>", rules, rules == 1 ? "" : "s",
                uncovered, uncovered == 1 ? "" : "s");
}

static void stack(struct assay_out *o, const struct assay_rep_counts *c)
{
    static const enum assay_rv order[] = {ASSAY_RV_MATCH, ASSAY_RV_WAIVED, ASSAY_RV_MISMATCH, ASSAY_RV_UNVERIFIED};
    uint64_t all = assay_rep_chunks(c);
    assay_out_raw(o, "<div class=\"stack\" aria-hidden=\"true\">");
    for (size_t i = 0; all && i < sizeof order / sizeof *order; i++)
        if (c->chunks[order[i]]) {
            double share = 100.0 * (double)c->chunks[order[i]] / (double)all;
            /* what exists must be seen, however small its share */
            assay_out_f(o, "<i class=\"%s\" style=\"flex:%.3f 0 %s\"></i>", assay_html_word(order[i])->css, share,
                        "4px");
        }
    assay_out_raw(o, "</div>");
}

static void set_row(struct assay_out *o, const struct assay_rep_dataset *d, size_t index)
{
    const uint64_t cols[] = {d->counts.rows[0], d->counts.rows[1], d->counts.chunks[ASSAY_RV_MATCH],
                             d->counts.chunks[ASSAY_RV_MISMATCH], d->counts.chunks[ASSAY_RV_UNVERIFIED]};
    assay_out_raw(o, "<tr><th scope=\"row\">");
    if (index < HTML_MAX_SETS) {
        assay_out_raw(o, "<a href=\"#");
        assay_html_anchor(o, d, NULL);
        assay_out_raw(o, "\">");
    }
    assay_out_html(o, d->name);
    assay_out_raw(o, index < HTML_MAX_SETS ? "</a></th><td class=\"nw\">" : "</th><td class=\"nw\">");
    assay_html_badge(o, d->verdict);
    assay_out_raw(o, "</td>");
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++) {
        assay_out_raw(o, "<td class=\"r\">");
        assay_html_number(o, cols[i]);
        assay_out_raw(o, "</td>");
    }
    assay_out_raw(o, "<td>");
    stack(o, &d->counts);
    assay_out_raw(o, "</td><td class=\"r\">");
    assay_html_number(o, d->counts.objects);
    assay_out_raw(o, "</td><td class=\"r\">");
    assay_html_number(o, d->n_open);
    assay_out_raw(o, "</td></tr>");
}

static void sets(struct assay_out *o, const struct assay_report *r)
{
    static const char *const heads[] = {
        "Dataset",       "Verdict", ">Rows source", ">Rows archive", ">= match", ">\xe2\x89\xa0 mismatch",
        ">? unverified", "Chunks",  ">Objects",     ">Open",         NULL};
    assay_out_raw(o, "<section id=\"datasets\" aria-labelledby=\"datasets-h\"><h2 id=\"datasets-h\">Datasets</h2>");
    if (!r->n_sets) {
        assay_out_raw(o, "<p>None in scope.</p></section>");
        return;
    }
    assay_out_raw(o, "<div class=\"scroll\"><table>");
    assay_html_heads(o, "Worst first; chunks by verdict", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < r->n_sets; i++)
        set_row(o, &r->set[i], i);
    assay_out_raw(o, "</tbody></table></div>");
    assay_html_others(o, r);
    assay_out_raw(o, "<p class=\"small mute\">Next:</p><pre class=\"cmd\">");
    assay_render_next(o, r, &r->set[0], assay_out_html);
    assay_out_raw(o, "</pre></section>\n");
}

static void trust(struct assay_out *o, const struct assay_report *r)
{
    char run[64] = "";
    if (r->run)
        snprintf(run, sizeof run, " --run %.36s", r->run);
    assay_out_raw(
        o, "<section id=\"trust\" aria-labelledby=\"trust-h\"><h2 id=\"trust-h\">Why to trust this, and how to check it"
           "</h2><p>This page was made from the ledger alone. Every number in it comes from statements that the "
           "checkers signed; the ledger is an append-only Merkle tree over those.</p>");
    assay_out_f(o, "<p class=\"note %s\">%s ", r->independence ? "unverified" : "match", r->independence ? "?" : "=");
    assay_out_raw(o, r->independence ? "Independence of the two checkers is not claimed: "
                                     : "The two sides were attested on two hosts and under two keys.");
    assay_out_html(o, r->independence);
    assay_out_raw(o, "</p><dl><dt>Ledger</dt><dd>");
    assay_out_html(o, r->ledger_path ? r->ledger_path : "\xe2\x80\x93");
    assay_out_raw(o, "</dd><dt>Leaves</dt><dd>");
    assay_html_number(o, r->ledger_size);
    assay_out_raw(o, "</dd><dt>Root</dt><dd><code>");
    assay_out_html(o, r->root && *r->root ? r->root : "no checkpoint");
    assay_out_raw(o, "</code></dd><dt>Checked</dt><dd>");
    assay_out_raw(o, r->ledger_checked ? "every leaf, signature, role and checkpoint, when this page was made"
                                       : "not when this page was made");
    assay_out_raw(o, "</dd></dl>");
    if (r->checkpoint && *r->checkpoint) {
        assay_out_raw(o, "<h3>Newest checkpoint</h3><pre>");
        /* line by line: the escaper spells out control characters */
        for (const char *p = r->checkpoint; *p;) {
            char line[2048]; /* a key name has at most 1024 bytes */
            size_t n = strcspn(p, "\n");
            snprintf(line, sizeof line, "%.*s", n < sizeof line ? (int)n : (int)sizeof line - 1, p);
            assay_out_html(o, line);
            assay_out_raw(o, "\n");
            p += n + (p[n] == '\n');
        }
        assay_out_raw(o, "</pre>");
    }
    assay_out_raw(o, "<h3>Check it yourself</h3>");
    if (r->bundled)
        assay_out_raw(o, "<p class=\"small mute\">In the folder that this page lies in, without assay (VERIFY.txt says "
                         "what it checks):</p><pre class=\"cmd\">sh verify.sh</pre><p class=\"small mute\">With assay, "
                         "where the ledger is:</p>");
    assay_html_command(o, r, "ledger verify", NULL, NULL, "");
    assay_html_command(o, r, "ledger log", NULL, NULL, run);
    assay_out_raw(o, "<p class=\"small mute\">The same ledger gives this page again, byte for byte, and its machine "
                     "twin:</p><pre class=\"cmd\">assay report ");
    assay_out_shell(o, r->plan_path ? r->plan_path : "PLAN", assay_out_html);
    assay_out_html(o, r->one_run ? run : "");
    assay_out_raw(o, r->every ? " --all" : "");
    assay_out_raw(o, " --report html:again.html --report json:result.json</pre></section>\n");
}

static void words(struct assay_out *o)
{
    assay_out_raw(o,
                  "<section aria-labelledby=\"words-h\"><h2 id=\"words-h\">Words</h2><dl>"
                  "<dt>match</dt><dd>both sides attested the same rows, cell by cell, for the covered columns</dd>"
                  "<dt>mismatch</dt><dd>the attestations differ, or the archive is missing, short or undecodable</dd>"
                  "<dt>unverified</dt><dd>it could not be found out; never counted as equal</dd>"
                  "<dt>accepted</dt><dd>cells that are equal only after a rule that the plan declares</dd>"
                  "<dt>chunk</dt><dd>a half-open key range, or a hash bucket, inside a segment</dd></dl></section>");
}

enum assay_status assay_render_html(const struct assay_report *r, struct assay_buf *out)
{
    struct assay_out o = {.buf.max = out->max};
    head(&o, r);
    banner(&o, r);
    tiles(&o, r);
    sets(&o, r);
    for (size_t i = 0; i < r->n_sets && i < HTML_MAX_SETS; i++)
        assay_html_dataset(&o, r, &r->set[i]);
    if (r->n_sets > HTML_MAX_SETS)
        assay_out_f(&o, "<p class=\"mute\">%zu more datasets have no section here.</p>", r->n_sets - HTML_MAX_SETS);
    trust(&o, r);
    words(&o);
    assay_out_raw(&o, "</main><footer class=\"wrap\">assay " ASSAY_VERSION
                      " \xc2\xb7 one file, no script, nothing loaded from anywhere</footer></body></html>\n");
    if (o.status == ASSAY_OK)
        o.status = assay_buf_add(out, o.buf.ptr, o.buf.len);
    assay_buf_release(&o.buf);
    return o.status;
}
