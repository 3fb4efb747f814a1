/* Differences of dates and times. */
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "difference.h"

#define DAY 86400
#define MOST_ZONE (14 * 3600) /* offsets of time zones run from -12:00 to +14:00 */
#define MOST_SECONDS (INT64_C(1) << 60) /* beyond are infinities, and what no calendar holds */
#define MOST_DAYS 13 /* the calendars are so far apart by 2100 */
#define EXCEL_DAYS 1462 /* between spreadsheets that count from 1900 and from 1904 */

static bool is_stamp(const struct side_value *s)
{
    return !s->defect && (s->v.kind == ASSAY_K_TS || s->v.kind == ASSAY_K_TSTZ) && s->v.i > -MOST_SECONDS &&
           s->v.i < MOST_SECONDS;
}

static int64_t floor_to(int64_t x, int64_t unit)
{
    const int64_t rest = x % unit;
    return x - (rest < 0 ? rest + unit : rest);
}

/* Seconds cut to what no rule cuts to. */
static void of_long_units(const struct side_value *fine, const struct side_value *coarse,
                          enum assay_difference_side side, struct assay_differences *out)
{
    static const int64_t unit[] = {60, 3600, DAY};
    if (coarse->v.aux)
        return;
    for (int i = 0; i < 3; i++)
        if (floor_to(fine->v.i, unit[i]) == coarse->v.i)
            assay_difference_add(out, ASSAY_DK_TIME_CUT, side, 3 + i);
}

static void of_zone(const struct side_value *s, const struct side_value *a, struct assay_differences *out)
{
    const int64_t d = a->v.i - s->v.i;
    if (s->v.aux != a->v.aux || d == 0 || d < -MOST_ZONE || d > MOST_ZONE || d % 900 != 0)
        return;
    assay_difference_add(out, ASSAY_DK_TIME_SHIFT, ASSAY_DS_ARCHIVE, (int32_t)d);
}

static void of_days(int64_t d, struct assay_differences *out)
{
    if (d != 0 && ((d >= -MOST_DAYS && d <= MOST_DAYS) || d == EXCEL_DAYS || d == -EXCEL_DAYS))
        assay_difference_add(out, ASSAY_DK_DAY_SHIFT, ASSAY_DS_ARCHIVE, (int32_t)d);
}

static void of_day_month(int64_t source, int64_t archive, struct assay_differences *out)
{
    int64_t y, z;
    unsigned m, d, n, e;
    assay_civil_from_days(source, &y, &m, &d);
    assay_civil_from_days(archive, &z, &n, &e);
    if (y == z && m == e && d == n && m != d)
        assay_difference_add(out, ASSAY_DK_DAY_MONTH, ASSAY_DS_ARCHIVE, 0);
}

static bool is_date(const struct side_value *s)
{
    return !s->defect && s->v.kind == ASSAY_K_DATE && s->v.i > INT32_MIN && s->v.i < INT32_MAX;
}

/* Naive text under timestamptz is a defect; which zone makes it the other side's instant? */
static void of_naive(struct assay_classifier *c, int side, struct assay_differences *out)
{
    struct assay_value local;
    const struct side_value *naive = &c->side[side], *other = &c->side[1 - side];
    const char *why = NULL;
    assay_buf_reset(&c->work);
    if (c->type != ASSAY_L_TIMESTAMPTZ || !naive->defect || !is_stamp(other) ||
        !assay_resolve(ASSAY_L_TIMESTAMP, &naive->v, &local, &c->work, &why) || local.aux != other->v.aux)
        return;
    if (local.i <= -MOST_SECONDS || local.i >= MOST_SECONDS)
        return;
    const int64_t d = local.i - other->v.i;
    if (d >= -MOST_ZONE && d <= MOST_ZONE && d % 900 == 0)
        assay_difference_add(out, ASSAY_DK_TIME_ZONE, (enum assay_difference_side)side, (int32_t)d);
}

void assay_difference_of_time(struct assay_classifier *c, int side, struct assay_differences *out)
{
    const struct side_value *mine = &c->side[side], *theirs = &c->side[1 - side];
    of_naive(c, side, out);
    if (is_stamp(mine) && is_stamp(theirs)) {
        of_long_units(mine, theirs, (enum assay_difference_side)side, out);
        if (side == 1)
            return;
        of_zone(mine, theirs, out);
        if (mine->v.aux == theirs->v.aux && (theirs->v.i - mine->v.i) % DAY == 0)
            of_days((theirs->v.i - mine->v.i) / DAY, out);
        if (mine->v.aux == theirs->v.aux &&
            floor_to(mine->v.i, DAY) - mine->v.i == floor_to(theirs->v.i, DAY) - theirs->v.i)
            of_day_month(floor_to(mine->v.i, DAY) / DAY, floor_to(theirs->v.i, DAY) / DAY, out);
    }
    if (side == 0 && is_date(mine) && is_date(theirs)) {
        of_days(theirs->v.i - mine->v.i, out);
        of_day_month(mine->v.i, theirs->v.i, out);
    }
}
