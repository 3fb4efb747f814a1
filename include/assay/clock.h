/* Time that only goes forward, for deadlines and durations; what is attested has the calendar's. */
#ifndef ASSAY_CLOCK_H
#define ASSAY_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some fixed moment. clock_gettime is safe in a signal handler (POSIX.1-2017 2.4.3). */
static inline int64_t assay_clock_ns(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Never 0. */
static inline int64_t assay_clock_ms(void)
{
    return assay_clock_ns() / 1000000 + 1;
}

#endif
