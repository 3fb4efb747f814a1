/* What holds of files whatever reads them: which format one has, by its suffix or by what the plan says, and what they
 * do not know. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "files.h"
#include "stream.h"

static const struct assay_format_ops *const formats[] = {&assay_csv_format, &assay_copy_format, &assay_parquet_format,
                                                         &assay_avro_format, &assay_ndjson_format};
#define N_FORMATS (sizeof formats / sizeof *formats)

static bool has_suffix(const struct assay_format_ops *f, const char *name)
{
    size_t n = f->compressed ? assay_codec_stem(name) : strlen(name);
    for (const char *const *s = f->suffixes; *s; s++) {
        size_t m = strlen(*s);
        if (n > m && strncasecmp(name + n - m, *s, m) == 0)
            return true;
    }
    return false;
}

static void list_formats(char *out, size_t cap, bool suffixes)
{
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < N_FORMATS; i++) {
        const char *const name[] = {formats[i]->name, NULL};
        for (const char *const *s = suffixes ? formats[i]->suffixes : name; *s && len < cap; s++)
            len += (size_t)snprintf(out + len, cap - len, "%s%s", len ? ", " : "", *s);
    }
}

enum assay_status assay_file_format(const struct assay_locator *loc, const char *name, bool strict,
                                    const struct assay_format_ops **out, struct assay_err *e)
{
    char known[128];
    const struct assay_format_ops *asked = NULL, *found = NULL;
    *out = NULL;
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (loc->format && strcmp(formats[i]->name, loc->format) == 0)
            asked = formats[i];
        if (has_suffix(formats[i], name))
            found = formats[i];
    }
    if (loc->format && !asked) {
        list_formats(known, sizeof known, false);
        return assay_fail(e, ASSAY_EPLAN, "unknown format \"%.64s\", expected one of %s", loc->format, known);
    }
    if (asked && (strict || found == asked))
        *out = asked;
    else if (!asked)
        *out = found;
    if (*out || !strict)
        return ASSAY_OK;
    list_formats(known, sizeof known, true);
    return assay_fail(e, ASSAY_EDATA,
                      "%s: the format is not known by its suffix, expected one of %s, or format: in the plan", name,
                      known);
}

enum assay_status assay_file_count(struct assay_reader *r, uint64_t *rows, bool *known, struct assay_err *e)
{
    (void)r, (void)e;
    *rows = 0;
    *known = false;
    return ASSAY_OK;
}

uint64_t assay_file_estimate(struct assay_reader *r)
{
    (void)r;
    return 0;
}

const char *assay_file_token(struct assay_reader *r)
{
    (void)r;
    return "";
}
