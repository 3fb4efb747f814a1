/* Segments: the window value of a row decides which segment it belongs to. Pure.
 * Every dataset has "-inf", "+inf" and "null", so that no row belongs nowhere. */
#ifndef ASSAY_SEGMENT_H
#define ASSAY_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/plan.h"
#include "assay/value.h"

/* A segment is a number: the period since 1970 (hours, days, months), the year, or the multiple of the step. */
typedef int64_t assay_segment;
#define ASSAY_SEG_NEG INT64_MIN /* "-inf" */
#define ASSAY_SEG_NULL (INT64_MIN + 1) /* "null" */
#define ASSAY_SEG_POS INT64_MAX /* "+inf" */
#define ASSAY_SEG_ALL 0 /* "all": the one segment of a dataset without a window */

/* A segment of a file set (no window, "{segment}" in the locator) is numbered by its name; one that is called "all" is
 * ASSAY_SEG_ALL. */
assay_segment assay_segment_of_file_set(const char *name);

struct assay_point { /* a window value on a line: seconds and ns, days, or an integer */
    int64_t major;
    int32_t minor;
};

bool assay_point_parse(enum assay_logical type, const char *text, struct assay_point *out);
/* Does the resolved value lie behind the point? NULL does not. */
bool assay_point_passed(const struct assay_point *at, const struct assay_value *v);

/* A window made ready. Holds a cache of the last period: one router a thread. */
struct assay_router {
    enum assay_every every;
    enum assay_logical type;
    int64_t step, tz_offset;
    bool has_from, has_to;
    struct assay_point from, to;
    int64_t cached_lo, cached_hi; /* major values [lo, hi) known to be ... */
    assay_segment cached; /* ... of this segment */
};

/* type: of the window column. ASSAY_EPLAN when from, to or timezone cannot be read. */
enum assay_status assay_router_init(struct assay_router *r, const struct assay_window *w, enum assay_logical type,
                                    struct assay_err *e);
/* That of a dataset's window. */
enum assay_status assay_router_of(struct assay_router *r, const struct assay_dataset *d, struct assay_err *e);
/* v is resolved (canon.h), before any late rule. */
assay_segment assay_router_segment(struct assay_router *r, const struct assay_value *v);

/* Does the segment end at or before the mark? "null" and "-inf" always do (but for a `from` behind the mark), "+inf"
 * never does. */
bool assay_segment_closed(const struct assay_router *r, assay_segment s, const struct assay_point *mark);
/* A value of the window's column as a lexeme, from seconds, days or an integer (assay_point.major). Appends. */
enum assay_status assay_point_show(const struct assay_router *r, int64_t major, struct assay_buf *out);
/* Where the segment begins, as assay_point.major; not for the end segments. */
int64_t assay_segment_start(const struct assay_router *r, assay_segment s);

/* "2001-01", "2001-01-31", "2001-01-31T05", "2001", "400000", "-inf", "+inf", "null", "all". Appends. */
enum assay_status assay_segment_name(const struct assay_router *r, assay_segment s, struct assay_buf *out);
/* The reverse; false when the text is no segment of that window. */
bool assay_segment_parse(const struct assay_router *r, const char *name, assay_segment *out);
/* The same; without a window any name is that of a segment of a file set. */
bool assay_segment_find(const struct assay_router *r, const char *name, assay_segment *out);
/* Window bounds [lo, hi) as lexemes of the window column's type; *has false for -inf, +inf, null and all. Appends. */
enum assay_status assay_segment_bounds(const struct assay_router *r, assay_segment s, bool *has, struct assay_buf *lo,
                                       struct assay_buf *hi);

#endif
