/* Diagnostics: the only module that prints to stderr and the only one that may hold state (level, colour, interrupt
 * flag). */
#ifndef ASSAY_LOG_H
#define ASSAY_LOG_H

#include <stdbool.h>

enum assay_level { ASSAY_LOG_ERROR, ASSAY_LOG_WARN, ASSAY_LOG_INFO, ASSAY_LOG_DEBUG };
/* program is borrowed for ever. */
void assay_log_init(const char *program, int verbosity /* -1 quiet, 0, 1, 2 */);
/* Quiet shows errors, 0 adds warnings, 1 adds info, 2 adds debug. Control characters are shown as '?'. Any thread. */
void assay_log(enum assay_level l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A message for each line of text; NULL is none. */
void assay_log_lines(enum assay_level l, const char *text);
/* One progress line on a terminal, at most ten a second; nothing elsewhere. NULL ends it. */
void assay_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* SIGINT and SIGTERM set a flag; a second one, at least half a second later, ends the process at once. */
void assay_interrupt_install(void);
bool assay_interrupted(void);
/* The signal that set the flag, 0 if none. */
int assay_interrupt_signal(void);

/* --color: "auto" (default; NULL is auto), "always" or "never". */
void assay_color_mode(const char *mode);
/* May escape sequences go to this descriptor? auto: a terminal, NO_COLOR unset or empty, TERM not "dumb";
 * CLICOLOR_FORCE non-empty and not "0" forces it. */
bool assay_color_on(int fd);
/* Does the environment's locale (LC_ALL, LC_CTYPE, LANG) say UTF-8? */
bool assay_locale_utf8(void);

#endif
