/* One YAML document under limits, and the error lines of one plan file. Private to verify/plan/. */
#ifndef ASSAY_PLAN_YAML_H
#define ASSAY_PLAN_YAML_H

#include <stdbool.h>
#include <stddef.h>

#include <yaml.h>

#include "assay/buf.h"
#include "assay/err.h"

#define ASSAY_PLAN_MAX_ERRORS 20

/* Errors of one file, kept until flushed so that they come out in the order of the file. */
struct assay_diag {
    const char *path; /* as given by the user; borrowed */
    size_t n;
    bool nomem; /* an allocation failed: the whole load ends with ASSAY_ENOMEM */
    struct assay_diag_line {
        size_t line, column; /* 1-based; 0: about the file as a whole */
        char *text;
    } line[ASSAY_PLAN_MAX_ERRORS];
};

/* Add one sentence at a position; mark NULL: about the file. Beyond the maximum it is dropped. Control characters in
 * the sentence become '?', so that one error is one line. */
void assay_diag_add(struct assay_diag *d, const yaml_mark_t *at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Append all lines, sorted by position, to out (may be NULL); record the first one in e. ASSAY_OK when there is none.
 */
enum assay_status assay_diag_flush(struct assay_diag *d, struct assay_buf *out, struct assay_err *e);
void assay_diag_release(struct assay_diag *d);

/* Parse bytes as exactly one document without aliases, anchors, tags or directives, at most ASSAY_MAX_PLAN_DEPTH deep.
 * true: the caller yaml_document_delete()s *doc. false: at least one line was added to d. */
bool assay_yaml_parse(const struct assay_buf *bytes, yaml_document_t *doc, struct assay_diag *d);

#endif
