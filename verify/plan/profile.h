/* Exporter profiles: what is known of a program that writes archives, as YAML data (verify/profiles/). A plan that
 * names one is expanded while it is bound: dialect and rules stand in the resolved form as if they had been written
 * out. Private to verify/plan/. */
#ifndef ASSAY_PLAN_PROFILE_H
#define ASSAY_PLAN_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "assay/plan.h"
#include "bind.h"

#define ASSAY_PROFILE_LISTS 32 /* entries of one list in a profile */

struct assay_profile_list {
    char *v[ASSAY_PROFILE_LISTS]; /* owned */
    size_t n;
};

/* One set of marks; all that are given must hold. Text marks are globs. */
struct assay_profile_mark {
    char *created_by, *files, *beside, *pattern; /* pattern: 9 is any digit; of all values of some column */
    char *line_end; /* crlf or lf: of a text file */
    char *quoting; /* of a CSV file. all: every field; spaces: a field with a space and nothing else that needs it;
                      needed: none such */
    char *empties; /* lost: the other side has empty texts, this one has NULLs and no "" */
    bool copy; /* lines with tabs and backslash escapes */
    struct assay_profile_list metadata, columns, words; /* words: all values of some column */
};

struct assay_profile_quirk {
    char *says, *see;
};

struct assay_profile {
    char *name, *title, *format; /* format: of the files */
    yaml_document_t doc;
    bool has_doc;
    const yaml_node_t *csv; /* in doc; or NULL */
    const yaml_node_t *rules[2][ASSAY_L_COUNT]; /* [0] of the side with the profile, [1] of the other; NONE: of all */
    struct assay_profile_list own; /* globs: columns that the exporter adds */
    struct assay_profile_mark mark[ASSAY_PROFILE_LISTS];
    size_t n_marks;
    struct assay_profile_quirk quirk[ASSAY_PROFILE_LISTS];
    size_t n_quirks;
};

/* A name (of the installed ones), or a path with a slash, relative to base_dir. ASSAY_EPLAN with place and reason. */
enum assay_status assay_profile_load(const char *name, const char *base_dir, struct assay_profile **out,
                                     struct assay_err *e);
void assay_profile_free(struct assay_profile *p);
/* Names of the installed profiles, sorted; each and the list are the caller's. */
enum assay_status assay_profile_names(char ***out, size_t *n, struct assay_err *e);

/* The dialect of its files; null_text is the caller's to free. false: out of memory. */
bool assay_profile_dialect(const struct assay_profile *p, struct assay_csv_dialect *out);

/* side.c: the dialect of the profile into *c (null_text owned by c); column.c: its rules for one type, in order. They
 * add to b->diag what does not bind. */
void assay_bind_dialect(struct assay_bind *b, const yaml_node_t *node, const char *format, struct assay_csv_dialect *c);
void assay_bind_profile_rules(struct assay_bind *b, const struct assay_profile *p, bool other, enum assay_side_id id,
                              struct assay_plan_column *c);
/* side.c: the formats of files. */
bool assay_is_format(const char *name);

#endif
