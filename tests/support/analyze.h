/* Included before every file that clang-tidy reads, and by nothing else: tells its analyser, which does not look into
 * other files, what assay_fail() and its like return. */
#ifndef ASSAY_TESTS_ANALYZE_H
#define ASSAY_TESTS_ANALYZE_H

#include "assay/err.h"

#define assay_fail(e, code, ...) ((void)assay_fail((e), (code), __VA_ARGS__), (code))
#define assay_fail_nomem(e) ((void)assay_fail_nomem(e), ASSAY_ENOMEM)

#endif
