/* The chunk heat-map: one cell a chunk in key order, one band of rows a segment; aggregated above HTML_MAX_CELLS. */
#include <stdlib.h>
#include <string.h>

#include "html.h"

#define CELL 16
#define STEP 18
#define ACROSS 48 /* cells in a row */
#define LABEL 118 /* room for the segment's name */
#define LABEL_SEGMENTS 60 /* more segments than this run on, and a row is named by where it begins */
#define TWIN_OPEN 8 /* a table twin of at most so many rows needs no click */

struct cell {
    enum assay_rv verdict;
    uint64_t n, bad;
    const struct assay_rep_chunk *first, *last, *worst;
};

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static size_t real_chunks(const struct assay_rep_dataset *d, size_t *segments)
{
    size_t n = 0;
    const char *last = NULL;
    *segments = 0;
    for (size_t i = 0; i < d->n_chunks; i++) {
        if (d->chunk[i].whole)
            continue;
        *segments += n == 0 || !same(last, d->chunk[i].segment);
        last = d->chunk[i].segment;
        n++;
    }
    return n;
}

static void bounds(struct assay_out *o, const struct assay_rep_chunk *a, const struct assay_rep_chunk *b)
{
    if (!a->lo && !b->hi)
        return;
    if (assay_rep_hides_bounds(a) || assay_rep_hides_bounds(b)) {
        assay_out_raw(o, " \xc2\xb7 bounds are sealed");
        return;
    }
    assay_out_raw(o, " [");
    assay_out_html(o, a->lo ? a->lo : "-\xe2\x88\x9e");
    assay_out_raw(o, ", ");
    assay_out_html(o, b->hi ? b->hi : "+\xe2\x88\x9e");
    assay_out_raw(o, ")");
}

static void cell_title(struct assay_out *o, const struct cell *c)
{
    assay_out_raw(o, "<title>");
    assay_out_html(o, c->first->segment);
    if (c->n == 1)
        assay_out_f(o, " \xc2\xb7 chunk %.12s", c->first->id);
    else
        assay_out_f(o, " \xc2\xb7 %llu chunks", (unsigned long long)c->n);
    bounds(o, c->first, c->last);
    assay_out_f(o, " \xc2\xb7 %s", assay_html_word(c->verdict)->word);
    if (c->n > 1 && c->bad)
        assay_out_f(o, " (%llu of them)", (unsigned long long)c->bad);
    if (c->worst->kind) {
        assay_out_raw(o, " \xc2\xb7 ");
        assay_out_html(o, c->worst->kind);
    }
    if (c->worst->columns) {
        assay_out_raw(o, ": ");
        assay_out_html(o, c->worst->columns);
    }
    if (c->n == 1 && (c->first->has_rows[0] || c->first->has_rows[1])) {
        assay_out_raw(o, " \xc2\xb7 rows ");
        assay_html_number(o, c->first->rows[0]);
        assay_out_raw(o, " / ");
        assay_html_number(o, c->first->rows[1]);
    }
    assay_out_raw(o, "</title>");
}

static void put_cell(struct assay_out *o, const struct cell *c, const struct assay_rep_dataset *d, unsigned x,
                     unsigned y)
{
    static const char *const css[] = {"cu", "cm", "cx", "cw"};
    bool link = c->verdict != ASSAY_RV_MATCH && c->worst->judged && d->n_worst <= HTML_MAX_ROWS; /* the row exists */
    if (link) {
        assay_out_raw(o, "<a href=\"#");
        assay_html_anchor(o, d, c->worst->id);
        assay_out_raw(o, "\">");
    }
    assay_out_f(o, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"%d\" height=\"%d\" rx=\"2\">", css[c->verdict], x, y,
                CELL, CELL);
    cell_title(o, c);
    assay_out_raw(o, "</rect>");
    if (c->verdict != ASSAY_RV_MATCH)
        assay_out_f(o, "<text class=\"%s\" x=\"%u\" y=\"%u\" text-anchor=\"middle\" pointer-events=\"none\">%s</text>",
                    c->verdict == ASSAY_RV_UNVERIFIED ? "gu" : "gx", x + CELL / 2, y + 12,
                    assay_html_word(c->verdict)->glyph);
    if (link)
        assay_out_raw(o, "</a>");
}

static void add(struct cell *c, const struct assay_rep_chunk *k)
{
    if (!c->n || assay_rv_rank(k->verdict) < assay_rv_rank(c->verdict)) {
        c->verdict = k->verdict;
        c->worst = k;
        c->bad = 0;
    }
    if (!c->n)
        c->first = k;
    c->bad += k->verdict == c->verdict;
    c->last = k;
    c->n++;
}

/* The name beside a row: of the segment that it begins with. */
static void row_label(struct assay_out *o, const char *segment, unsigned row)
{
    struct assay_out cut = {0}; /* shortened first, escaped after */
    assay_out_plain(&cut, segment, 17);
    assay_out_f(o, "<text x=\"%d\" y=\"%u\" text-anchor=\"end\">", LABEL - 8, row * STEP + 12);
    assay_out_html(o, assay_buf_str(&cut.buf));
    assay_out_raw(o, "</text>");
    assay_buf_release(&cut.buf);
}

/* Walk the chunks; with o NULL only the height is found. bands: every segment begins a row. */
static unsigned draw(struct assay_out *o, const struct assay_rep_dataset *d, size_t per_cell, bool bands)
{
    unsigned col = 0, row = 0;
    bool begun = false;
    for (size_t i = 0; i < d->n_chunks;) {
        struct cell c = {0};
        size_t from = i;
        const char *segment = NULL;
        for (; i < d->n_chunks && c.n < per_cell; i++) {
            const struct assay_rep_chunk *k = &d->chunk[i];
            if (k->whole)
                continue;
            if (c.n && bands && !same(segment, k->segment))
                break;
            segment = k->segment;
            add(&c, k);
        }
        if (!c.n)
            break;
        const struct assay_rep_chunk *before = from ? &d->chunk[from - 1] : NULL;
        bool first =
            !begun || (bands && before && !same(before->segment, segment)) || (bands && before && before->whole);
        if (first || col == ACROSS) {
            row += begun;
            col = 0;
        }
        if (o && (first || (col == 0 && !bands)))
            row_label(o, c.first->segment, row);
        if (o)
            put_cell(o, &c, d, LABEL + col * STEP, row * STEP);
        begun = true;
        col++;
    }
    return (row + 1) * STEP;
}

static void legend(struct assay_out *o, size_t per_cell)
{
    static const struct {
        const char *css, *glyph_css, *glyph, *word;
    } entry[] = {{"cm", "", "", "match"},
                 {"cx", "gx", "\xe2\x89\xa0", "mismatch"},
                 {"cu", "gu", "?", "unverified"},
                 {"cw", "gx", "\xc2\xb1", "waived"}};
    assay_out_raw(o, "<p class=\"legend\">");
    for (size_t i = 0; i < sizeof entry / sizeof *entry; i++)
        assay_out_f(o,
                    "<span><svg class=\"heat\" style=\"display:inline;margin:0 .35rem 0 0\" width=\"16\" height=\"16\" "
                    "aria-hidden=\"true\"><rect class=\"%s\" x=\"1\" y=\"1\" width=\"14\" height=\"14\" rx=\"2\"/>"
                    "<text class=\"%s\" x=\"8\" y=\"12\" text-anchor=\"middle\">%s</text></svg>%s</span>",
                    entry[i].css, entry[i].glyph_css, entry[i].glyph, entry[i].word);
    if (per_cell > 1)
        assay_out_f(o, "<span>one cell stands for up to %zu chunks and shows the worst of them</span>", per_cell);
    assay_out_raw(o, "</p>");
}

struct band {
    const char *segment;
    uint64_t n[ASSAY_RV_COUNT], rows[2];
};

static void band_row(struct assay_out *o, const struct band *b)
{
    assay_out_raw(o, "<tr><th scope=\"row\">");
    assay_out_html(o, b->segment ? b->segment : "?");
    assay_out_raw(o, "</th><td class=\"nw\">");
    assay_html_badge(o, b->n[ASSAY_RV_MISMATCH]     ? ASSAY_RV_MISMATCH
                        : b->n[ASSAY_RV_UNVERIFIED] ? ASSAY_RV_UNVERIFIED
                        : b->n[ASSAY_RV_WAIVED]     ? ASSAY_RV_WAIVED
                                                    : ASSAY_RV_MATCH);
    const uint64_t cols[] = {b->n[ASSAY_RV_MATCH], b->n[ASSAY_RV_MISMATCH], b->n[ASSAY_RV_UNVERIFIED], b->rows[0],
                             b->rows[1]};
    for (size_t i = 0; i < sizeof cols / sizeof *cols; i++) {
        assay_out_raw(o, "</td><td class=\"r\">");
        assay_html_number(o, cols[i]);
    }
    assay_out_raw(o, "</td></tr>");
}

/* The same facts by segment, for screen readers, print and search. */
static void twin(struct assay_out *o, const struct assay_rep_dataset *d, size_t segments)
{
    static const char *const heads[] = {"Segment",     "Verdict",      ">Match",        ">Mismatch",
                                        ">Unverified", ">Rows source", ">Rows archive", NULL};
    struct band b = {0};
    size_t shown = 0;
    bool any = false;
    assay_out_f(o, "<details%s><summary>The same by segment, as a table</summary><div class=\"scroll\"><table>",
                segments <= TWIN_OPEN ? " open" : "");
    assay_html_heads(o, "Chunks and rows of each segment, in key order", heads);
    assay_out_raw(o, "<tbody>");
    for (size_t i = 0; i < d->n_chunks; i++) {
        const struct assay_rep_chunk *k = &d->chunk[i];
        if (k->whole)
            continue;
        if (any && !same(b.segment, k->segment)) {
            if (shown++ < HTML_MAX_CELLS)
                band_row(o, &b);
            b = (struct band){0};
        }
        any = true;
        b.segment = k->segment;
        b.n[k->verdict]++;
        b.rows[0] += k->rows[0];
        b.rows[1] += k->rows[1];
    }
    if (any && shown++ < HTML_MAX_CELLS)
        band_row(o, &b);
    assay_out_raw(o, "</tbody></table></div>");
    if (shown > HTML_MAX_CELLS)
        assay_out_f(o, "<p class=\"mute\">and %zu more segments</p>", shown - HTML_MAX_CELLS);
    assay_out_raw(o, "</details>");
}

void assay_html_heat(struct assay_out *o, const struct assay_rep_dataset *d)
{
    size_t segments, n = real_chunks(d, &segments);
    if (!n)
        return;
    size_t per_cell = (n + HTML_MAX_CELLS - 1) / HTML_MAX_CELLS;
    bool bands = segments <= LABEL_SEGMENTS;
    unsigned height = draw(NULL, d, per_cell, bands);
    unsigned width = LABEL + ACROSS * STEP;
    assay_out_raw(o, "<h3>Chunks in key order</h3>");
    legend(o, per_cell);
    assay_out_f(
        o,
        "<div class=\"scroll\"><svg class=\"heat\" role=\"group\" aria-label=\"%zu chunks in %zu segments: %llu match, "
        "%llu mismatch, %llu unverified; the table below says the same\" width=\"%u\" height=\"%u\" "
        "viewBox=\"0 0 %u %u\">",
        n, segments, (unsigned long long)d->counts.chunks[ASSAY_RV_MATCH],
        (unsigned long long)d->counts.chunks[ASSAY_RV_MISMATCH],
        (unsigned long long)d->counts.chunks[ASSAY_RV_UNVERIFIED], width, height, width, height);
    draw(o, d, per_cell, bands);
    assay_out_raw(o, "</svg></div>");
    twin(o, d, segments);
}
