/* The parts of one dataset's mapping. Private to verify/plan/. Each function adds its errors to b->diag. */
#ifndef ASSAY_PLAN_DATASET_H
#define ASSAY_PLAN_DATASET_H

#include "assay/plan.h"
#include "bind.h"

/* dataset.c: the whole mapping of one dataset. */
void assay_bind_dataset(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d);
void assay_dataset_release(struct assay_dataset *d);
/* Is it "sealed"? text NULL: nothing is said, and `otherwise` holds. */
bool assay_bind_digest(struct assay_bind *b, const yaml_node_t *at, const char *text, bool otherwise);

/* side.c */
void assay_bind_side(struct assay_bind *b, const yaml_node_t *node, enum assay_side_id id, struct assay_side *side);
/* Does the locator name a database (and so a table) rather than files? */
bool assay_uri_is_database(const char *uri);
/* exec:COMMAND */
bool assay_uri_is_command(const char *uri);
void assay_side_release(struct assay_side *side);

/* column.c: fills d->col sorted by name; checks native names. */
void assay_bind_columns(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d);
void assay_plan_column_release(struct assay_plan_column *c);
struct assay_plan_column *assay_bind_find_column(const struct assay_dataset *d, const char *name);
/* "; did you mean" among the covered columns. */
const char *assay_bind_column_hint(const struct assay_bind *b, const struct assay_dataset *d, const char *name,
                                   char out[80]);

/* column_type.c: fills c->type and c->shape. */
void assay_bind_type(struct assay_bind *b, const yaml_node_t *node, struct assay_plan_column *c);
/* history.c: the former names of one column; after the window, whether segments that history names exist. */
void assay_bind_former_names(struct assay_bind *b, const yaml_node_t *node, enum assay_side_id id,
                             struct assay_plan_column *c);
void assay_bind_history(struct assay_bind *b, const yaml_node_t *at, struct assay_dataset *d);

/* reference.c: one dataset's references; when all datasets are bound, whether what they name exists. */
void assay_bind_references(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d);
void assay_bind_check_references(struct assay_bind *b, const yaml_node_t *at, const struct assay_plan *p,
                                 struct assay_dataset *d);
void assay_references_release(struct assay_dataset *d);

/* window.c: after the columns. */
void assay_bind_window(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d);
/* A bound of values of that type, given as text; a date that bounds time stamps becomes its midnight in the zone (NULL:
 * UTC). Says what is wrong with it. */
void assay_bind_bound(struct assay_bind *b, const yaml_node_t *at, const char *key, enum assay_logical type,
                      const char *zone, char **text);

/* "90s", "30m", "12h", "3d", "2w" in seconds; integer: a plain number. */
bool assay_bind_span(const char *s, bool integer, int64_t *out);

/* purge.c: the section of that name, after the datasets. */
void assay_bind_purge(struct assay_bind *b, const yaml_node_t *node, struct assay_plan *p);
void assay_purge_plan_release(struct assay_purge_plan *x);

/* as_of.c: after the columns. */
void assay_bind_as_of(struct assay_bind *b, const yaml_node_t *node, struct assay_dataset *d);

#endif
