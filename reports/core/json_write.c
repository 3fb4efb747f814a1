#include "json_write.h"

#include <inttypes.h>

static void begin(struct assay_jw *w, const char *key)
{
    if (w->filled >> w->depth & 1)
        assay_out_raw(w->o, ",");
    w->filled |= 1u << w->depth;
    if (key) {
        assay_out_json(w->o, key);
        assay_out_raw(w->o, ":");
    }
}

void assay_jw_open(struct assay_jw *w, const char *key, char bracket)
{
    begin(w, key);
    assay_out_raw(w->o, (char[]){bracket, 0});
    w->depth++;
    w->filled &= ~(1u << w->depth);
}

void assay_jw_close(struct assay_jw *w, char bracket)
{
    w->depth--;
    assay_out_raw(w->o, (char[]){bracket, 0});
}

void assay_jw_text(struct assay_jw *w, const char *key, const char *value)
{
    begin(w, key);
    assay_out_json(w->o, value);
}

void assay_jw_texts(struct assay_jw *w, const char *key, const char *const *value, size_t n)
{
    assay_jw_open(w, key, '[');
    for (size_t i = 0; i < n; i++)
        assay_jw_text(w, NULL, value[i]);
    assay_jw_close(w, ']');
}

void assay_jw_number(struct assay_jw *w, const char *key, uint64_t value)
{
    begin(w, key);
    assay_out_f(w->o, "%" PRIu64, value);
}

void assay_jw_bool(struct assay_jw *w, const char *key, bool value)
{
    begin(w, key);
    assay_out_raw(w->o, value ? "true" : "false");
}

void assay_jw_null(struct assay_jw *w, const char *key)
{
    begin(w, key);
    assay_out_raw(w->o, "null");
}
