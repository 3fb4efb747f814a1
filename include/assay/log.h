/* Diagnostics: the only module that prints to stderr and the only one that may hold state (level, colour, interrupt flag). */
#ifndef ASSAY_LOG_H
#define ASSAY_LOG_H

#include <stdbool.h>

enum assay_level { ASSAY_LOG_ERROR, ASSAY_LOG_WARN, ASSAY_LOG_INFO, ASSAY_LOG_DEBUG };
void assay_log_init(const char *program, int verbosity /* -1 quiet, 0, 1, 2 */);
void assay_log(enum assay_level l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* One progress line on a terminal, at most ten a second; nothing elsewhere. NULL ends it. */
void assay_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* SIGINT and SIGTERM set a flag; the second one ends the process at once. */
void assay_interrupt_install(void);
bool assay_interrupted(void);

#endif
