/* What a verdict of the HTML report does not speak of, or speaks of by older statements. */
#include "html.h"

void assay_html_scope(struct assay_out *o, const struct assay_rep_dataset *d)
{
    static const struct {
        const char *lead;
        bool (*say)(struct assay_out *, const struct assay_rep_dataset *, const char *, assay_put *);
    } notes[] = {{"Not in scope: ", assay_render_out_of_scope}, {"Not read again ", assay_render_kept}};
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        const size_t before = o->buf.len;
        assay_out_raw(o, "<p class=\"note unverified\">");
        assay_out_raw(o, notes[i].lead);
        if (notes[i].say(o, d, ",", assay_out_html))
            assay_out_raw(o, "</p>");
        else
            o->buf.len = before;
    }
}
