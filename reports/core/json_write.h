/* Streaming JSON: commas by themselves, keys in the order written. */
#ifndef ASSAY_REPORT_JSON_WRITE_H
#define ASSAY_REPORT_JSON_WRITE_H

#include "escape.h"

struct assay_jw {
    struct assay_out *o;
    unsigned depth;
    uint32_t filled; /* bit d: the container at depth d has a member; depth stays below 16 */
};

/* key NULL: inside a list. */
void assay_jw_open(struct assay_jw *w, const char *key, char bracket); /* '{' or '[' */
void assay_jw_close(struct assay_jw *w, char bracket); /* '}' or ']' */
void assay_jw_text(struct assay_jw *w, const char *key, const char *value); /* NULL: null */
void assay_jw_texts(struct assay_jw *w, const char *key, const char *const *value, size_t n); /* a list of them */
void assay_jw_number(struct assay_jw *w, const char *key, uint64_t value);
void assay_jw_bool(struct assay_jw *w, const char *key, bool value);
void assay_jw_null(struct assay_jw *w, const char *key);

struct assay_report;
/* waivers.c: the member "waivers"; the same as one event a line. */
void assay_json_waivers(struct assay_jw *w, const struct assay_report *r);
void assay_ndjson_waivers(struct assay_jw *w, const struct assay_report *r);
struct assay_rep_dataset;
/* json_schema.c: the member "schema" of a dataset. */
/* outside.c: datasets that are not in the run; of one dataset which run it is and what was compared. */
void assay_json_others(struct assay_jw *w, const struct assay_report *r);
void assay_json_compared(struct assay_jw *w, const struct assay_rep_dataset *d);
void assay_json_schema(struct assay_jw *w, const struct assay_rep_dataset *d);

#endif
