/* The high-water mark of a run of the source: up to where its segments are closed. */
#include <time.h>

#include "assay/lane.h"
#include "attest.h"
#include "choice.h"

/* The highest segment that holds rows; false when none but the end segments does. */
static bool highest(const struct assay_lane_segment *seg, size_t n, assay_segment *out)
{
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        uint64_t rows = 0;
        for (uint32_t k = 0; k < seg[i].cut->chunks; k++)
            rows += seg[i].chunk[k].rows;
        bool end =
            seg[i].segment == ASSAY_SEG_NEG || seg[i].segment == ASSAY_SEG_POS || seg[i].segment == ASSAY_SEG_NULL;
        if (!rows || end || (any && seg[i].segment < *out))
            continue;
        *out = seg[i].segment;
        any = true;
    }
    return any;
}

/* Of a run that did not read everything the highest segment is no more than a hint: the mark never moves back. */
static enum assay_status by_rows(const struct assay_router *r, const struct choice *scope, bool any, assay_segment top,
                                 int64_t lag, struct assay_buf *out)
{
    const int64_t at = any ? assay_segment_start(r, top) - lag : 0;
    if (scope->all)
        return any ? assay_point_show(r, at, out) : ASSAY_OK;
    if (scope->since && (!any || at < scope->mark.major))
        return assay_buf_adds(out, scope->mark_text);
    return scope->since ? assay_point_show(r, at, out) : ASSAY_OK;
}

enum assay_status assay_mark_find(const struct assay_check *c, const struct assay_router *r, const struct choice *scope,
                                  const struct assay_lane_segment *seg, size_t n, int64_t began, struct assay_buf *out)
{
    const struct assay_window *w = &c->set->window;
    assay_segment top = ASSAY_SEG_NEG;
    if (c->side != ASSAY_SOURCE || w->every == ASSAY_EVERY_NONE)
        return ASSAY_OK;
    if (w->closed_until)
        return assay_buf_adds(out, w->closed_until);
    if (!w->has_lag)
        return ASSAY_OK;
    if (w->every != ASSAY_EVERY_STEP)
        return assay_point_show(r, began - w->lag, out);
    const bool any = highest(seg, n, &top);
    return by_rows(r, scope, any, top, w->lag, out);
}
