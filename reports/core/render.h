/* Model -> bytes. Every renderer is a pure function of the model: the same ledger gives the same bytes. */
#ifndef ASSAY_REPORT_RENDER_H
#define ASSAY_REPORT_RENDER_H

#include "escape.h"
#include "model.h"

#define ASSAY_REPORT_TEXT_LINES 40

struct assay_text_opts {
    bool color, utf8, quiet; /* quiet: the verdict sentence only */
};
enum assay_status assay_render_text(const struct assay_report *r, const struct assay_text_opts *o,
                                    struct assay_buf *out);
enum assay_status assay_render_json(const struct assay_report *r, struct assay_buf *out);
enum assay_status assay_render_ndjson(const struct assay_report *r, struct assay_buf *out);
enum assay_status assay_render_html(const struct assay_report *r, struct assay_buf *out);

/* The verdict in one sentence; the same words in every format. sep groups digits. */
void assay_render_sentence(struct assay_out *o, const struct assay_report *r, const char *sep);
/* outside.c: does the report speak of some datasets or segments only? Words about what it leaves out, each after "; ";
 * and the lines, members and tables of the formats. */
bool assay_render_is_part(const struct assay_report *r);
void assay_render_outside(struct assay_out *o, const struct assay_report *r, const char *sep);
#define ASSAY_TEXT_OTHERS 2 /* and one line for the rest */
void assay_text_others(struct assay_out *o, const struct assay_report *r);
void assay_text_compared(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d);
/* What makes it green without being equal: rules, uncovered columns. Nothing when there is none of it; false then. */
bool assay_render_caveats(struct assay_out *o, const struct assay_report *r, const char *sep);
typedef void assay_put(struct assay_out *o, const char *text); /* writes and escapes */
/* What of a dataset was not compared: rows after as_of, segments still open. Nothing when there is none; false then. */
bool assay_render_out_of_scope(struct assay_out *o, const struct assay_rep_dataset *d, const char *sep, assay_put *put);
/* What was compared by older statements, since when: "since TIME: N segments (A, B), rows S/A". Likewise. */
bool assay_render_kept(struct assay_out *o, const struct assay_rep_dataset *d, const char *sep, assay_put *put);
/* waivers.c: a line for each that is in force, the newest first, at most so many, and one for the others. */
#define ASSAY_TEXT_WAIVERS 3
void assay_text_waivers(struct assay_out *o, const struct assay_report *r);
/* The next command to type for the worst dataset, or a general one. `put` writes and escapes. */
void assay_render_next(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d,
                       void (*put)(struct assay_out *o, const char *text));
/* Columns that either side does not cover. */
size_t assay_render_uncovered(const struct assay_rep_dataset *d);

#endif
