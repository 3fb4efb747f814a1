/* Proleptic Gregorian calendar in eras of 400 years = 146,097 days, counted from 0000-03-01 so that the leap day is
 * the last of its year (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms"). */
#include "assay/canon.h"

#define ERA_DAYS 146097
#define EPOCH_OFFSET 719468 /* days from 0000-03-01 to 1970-01-01 */

int64_t assay_days_from_civil(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    const int64_t era = (y >= 0 ? y : y - 399) / 400;
    const int64_t yoe = y - era * 400;
    const int64_t doy = (int64_t)((153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1);
    const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * ERA_DAYS + doe - EPOCH_OFFSET;
}

void assay_civil_from_days(int64_t days, int64_t *y, unsigned *m, unsigned *d)
{
    days += EPOCH_OFFSET;
    const int64_t era = (days >= 0 ? days : days - (ERA_DAYS - 1)) / ERA_DAYS;
    const int64_t doe = days - era * ERA_DAYS;
    const int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const int64_t mp = (5 * doy + 2) / 153;
    *d = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
    *m = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
    *y = yoe + era * 400 + (*m <= 2);
}
