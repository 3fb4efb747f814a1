/* Cells of the HTML report's tables. */
#include <stdio.h>
#include <string.h>

#include "html.h"

#define SHORT_WORD 28 /* bytes of a word or a name that is not broken over lines */

void assay_html_cell(struct assay_out *o, const char *text)
{
    assay_out_raw(o, "<td>");
    assay_out_html(o, text ? text : "\xe2\x80\x93");
    assay_out_raw(o, "</td>");
}

/* RFC 3339 in UTC, to the second; as it is when it is not that. */
void assay_html_time_cell(struct assay_out *o, const char *t)
{
    size_t n = t ? strlen(t) : 0;
    if (n < 20 || t[10] != 'T' || t[n - 1] != 'Z') {
        assay_html_cell(o, t);
        return;
    }
    char text[24];
    snprintf(text, sizeof text, "%.10s %.8sZ", t, t + 11);
    assay_out_raw(o, "<td class=\"nw\">");
    assay_out_html(o, text);
    assay_out_raw(o, "</td>");
}

void assay_html_number_cell(struct assay_out *o, uint64_t n, bool known)
{
    assay_out_raw(o, "<td class=\"r\">");
    if (known)
        assay_html_number(o, n);
    else
        assay_out_raw(o, "\xe2\x80\x93");
    assay_out_raw(o, "</td>");
}

void assay_html_hash_cell(struct assay_out *o, const char *id)
{
    assay_out_raw(o, "<td class=\"nw\">");
    assay_html_hash(o, id);
    assay_out_raw(o, "</td>");
}

void assay_html_short_cell(struct assay_out *o, const char *text)
{
    if (!text || strlen(text) > SHORT_WORD) {
        assay_html_cell(o, text);
        return;
    }
    assay_out_raw(o, "<td class=\"nw\">");
    assay_out_html(o, text);
    assay_out_raw(o, "</td>");
}
