/* Between the files of the HTML report. Private to reports/core/. */
#ifndef ASSAY_REPORT_HTML_H
#define ASSAY_REPORT_HTML_H

#include "render.h"

#define HTML_THIN "\xe2\x80\xaf" /* narrow no-break space between groups of digits */
#define HTML_MAX_SETS 200 /* datasets with a section of their own */
#define HTML_MAX_ROWS 200 /* rows of a findings table */
#define HTML_MAX_CELLS 2000 /* cells of a heat-map; beyond, a cell stands for several chunks */

extern const char assay_html_style[];

struct html_word {
    const char *word, *glyph, *css;
};
/* Word, glyph and class of a verdict: never colour alone. */
const struct html_word *assay_html_word(enum assay_rv v);
void assay_html_badge(struct assay_out *o, enum assay_rv v);
void assay_html_number(struct assay_out *o, uint64_t n);
/* A hash or id: its first 12 characters, the whole of it in the title. */
void assay_html_hash(struct assay_out *o, const char *id);
/* <th scope=col> for each name of a NULL-terminated list, in thead. A name that begins with '>' is right-aligned. */
void assay_html_heads(struct assay_out *o, const char *caption, const char *const *names);
/* Stable anchors, so that tickets can link: "dataset-ID" and, with a chunk id, "dataset-ID-CHUNK". */
void assay_html_anchor(struct assay_out *o, const struct assay_rep_dataset *d, const char *chunk);
/* A command to copy. */
void assay_html_command(struct assay_out *o, const struct assay_report *r, const char *verb,
                        const struct assay_rep_dataset *d, const char *segment, const char *more);

/* html_cells.c: a <td>; NULL is a dash. short: a word or name that is not broken over lines. time: RFC 3339 in UTC, to
 * the second. */
void assay_html_cell(struct assay_out *o, const char *text);
void assay_html_short_cell(struct assay_out *o, const char *text);
void assay_html_time_cell(struct assay_out *o, const char *t);
void assay_html_number_cell(struct assay_out *o, uint64_t n, bool known);
void assay_html_hash_cell(struct assay_out *o, const char *id);

void assay_html_schema(struct assay_out *o, const struct assay_rep_dataset *d);
void assay_html_heat(struct assay_out *o, const struct assay_rep_dataset *d);
/* Notes on what was left out and what was not read again; nothing where there is neither. */
void assay_html_scope(struct assay_out *o, const struct assay_rep_dataset *d);
/* waivers.c */
void assay_html_waivers(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d);
/* outside.c: datasets that are not in the run; what of a dataset was compared, and when it was not now. */
void assay_html_others(struct assay_out *o, const struct assay_report *r);
void assay_html_compared(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d);
void assay_html_dataset(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d);

#endif
