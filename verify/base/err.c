#include "assay/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum assay_status assay_fail(struct assay_err *e, enum assay_status code, const char *fmt, ...)
{
    if (e && e->code == ASSAY_OK) {
        va_list ap;
        va_start(ap, fmt);
        e->code = code;
        vsnprintf(e->msg, sizeof e->msg, fmt, ap);
        va_end(ap);
    }
    return code;
}

enum assay_status assay_fail_nomem(struct assay_err *e)
{
    return assay_fail(e, ASSAY_ENOMEM, "out of memory");
}

void assay_err_reset(struct assay_err *e)
{
    e->code = ASSAY_OK;
    e->msg[0] = '\0';
}

enum assay_exit assay_err_exit(enum assay_status code)
{
    switch (code) {
    case ASSAY_OK:
        return ASSAY_EXIT_OK;
    case ASSAY_EUSAGE:
    case ASSAY_EPLAN:
        return ASSAY_EXIT_USAGE;
    case ASSAY_ELEDGER:
    case ASSAY_ESTORE:
        return ASSAY_EXIT_LEDGER;
    case ASSAY_ELOCKED:
        return ASSAY_EXIT_LOCKED;
    default:
        return ASSAY_EXIT_UNVERIFIED;
    }
}

static bool nothing_ran(int code)
{
    return code == ASSAY_EXIT_USAGE || code == ASSAY_EXIT_LOCKED;
}

static int rank(int code)
{
    return code == ASSAY_EXIT_LEDGER ? 3 : code == ASSAY_EXIT_DISCREPANCY ? 2 : code != ASSAY_EXIT_OK;
}

int assay_exit_worse(int a, int b)
{
    if (a < 0 || (nothing_ran(a) && nothing_ran(b)))
        return a < 0 ? b : a;
    a = nothing_ran(a) ? ASSAY_EXIT_UNVERIFIED : a;
    b = nothing_ran(b) ? ASSAY_EXIT_UNVERIFIED : b;
    return rank(a) >= rank(b) ? a : b;
}
