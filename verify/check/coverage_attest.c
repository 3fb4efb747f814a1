#include "assay/buf.h"
#include "assay/coverage.h"
#include "assay/limits.h"
#include "assay/writer.h"

#define MAX_NAMED 40 /* uncovered things named in the statement: a leaf has 65,535 bytes; all are in the blob */

/* "STATE KIND NAME" a line, what is covered too. */
static enum assay_status add_list(struct assay_writer *w, const struct assay_coverage *c, struct assay_sink *sink,
                                  struct assay_err *e)
{
    struct assay_buf text = {.max = ASSAY_MAX_BLOB};
    uint8_t hash[32];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < c->n && s == ASSAY_OK; i++)
        s = assay_buf_addf(&text, "%s\t%s\t%s\n", assay_cover_name(c->item[i].state), c->item[i].kind, c->item[i].name);
    if (s == ASSAY_OK)
        s = assay_sink_blob(sink, text.ptr ? text.ptr : (const uint8_t *)"", text.len, hash, e);
    assay_buf_release(&text);
    if (s == ASSAY_OK)
        assay_writer_hex(w, "text", "sha256:", hash, sizeof hash);
    return s;
}

enum assay_status assay_coverage_attest(const struct assay_coverage *c, const struct assay_err *why, const char *run,
                                        struct assay_sink *sink, struct assay_err *e)
{
    struct assay_writer w;
    enum assay_status s = ASSAY_OK;
    assay_writer_begin(&w, "coverage");
    assay_writer_add(&w, "role", "source");
    assay_writer_add(&w, "run", run);
    assay_writer_add(&w, "status", !c ? "unknown" : assay_coverage_full(c) ? "full" : "incomplete");
    assay_writer_add(&w, "reason", c ? NULL : why->msg);
    for (int k = 0; c && k < ASSAY_COVER_STATES; k++)
        assay_writer_addf(&w, assay_cover_name((enum assay_cover)k), "%zu", c->count[k]);
    for (size_t i = 0, said = 0; c && i < c->n && said < MAX_NAMED; i++) {
        const struct assay_cover_item *x = &c->item[i];
        if (x->state != ASSAY_COVER_NO && x->state != ASSAY_COVER_GONE)
            continue;
        assay_writer_addf(&w, "lacks", "%s %s%s", x->kind, x->name, x->state == ASSAY_COVER_GONE ? " (gone)" : "");
        said++;
    }
    if (c)
        s = add_list(&w, c, sink, e);
    if (w.status == ASSAY_OK)
        w.status = s;
    assay_writer_now(&w);
    s = assay_writer_send(&w, sink, e);
    return s == ASSAY_OK ? assay_sink_commit(sink, e) : s;
}
