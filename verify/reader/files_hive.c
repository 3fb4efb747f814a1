/* Hive partition columns: directories key=value, percent-encoded by the writer, absent from the files below. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "files.h"

#define HIVE_NULL "__HIVE_DEFAULT_PARTITION__" /* what Hive, Spark and DuckDB write for NULL */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decode once; a % that starts no pair of hex digits stands for itself. NUL-terminated for convenience. */
static char *decode(const char *p, size_t n, size_t *len)
{
    char *out = malloc(n + 1);
    size_t w = 0;
    for (size_t i = 0; out && i < n; i++) {
        int hi = p[i] == '%' && i + 2 < n ? hex_digit(p[i + 1]) : -1;
        int lo = hi >= 0 ? hex_digit(p[i + 2]) : -1;
        out[w++] = lo >= 0 ? (char)(hi * 16 + lo) : p[i];
        i += lo >= 0 ? 2 : 0;
    }
    if (out)
        out[w] = '\0';
    *len = w;
    return out;
}

static enum assay_status add(struct assay_hive *h, const char *part, size_t n, const char *eq, const char *file,
                             struct assay_err *e)
{
    struct assay_hive_column c = {0};
    const char *value = eq + 1;
    size_t key_len, value_len = n - (size_t)(value - part);
    bool null = value_len == strlen(HIVE_NULL) && memcmp(value, HIVE_NULL, value_len) == 0;
    struct assay_hive_column *grown = realloc(h->v, (h->n + 1) * sizeof *grown);
    if (grown)
        h->v = grown;
    c.name = decode(part, (size_t)(eq - part), &key_len);
    c.value = null ? NULL : decode(value, value_len, &c.len);
    enum assay_status s = ASSAY_OK;
    if (!grown || !c.name || (!null && !c.value))
        s = assay_fail_nomem(e);
    else if (key_len == 0 || strlen(c.name) != key_len)
        s = assay_fail(e, ASSAY_EDATA, "%s: partition column without a usable name", file);
    else if (assay_hive_find(h, c.name) != SIZE_MAX)
        s = assay_fail(e, ASSAY_EDATA, "%s: partition column \"%s\" stands twice in the path", file, c.name);
    if (s != ASSAY_OK) {
        free(c.name);
        free(c.value);
        return s;
    }
    h->v[h->n++] = c;
    return ASSAY_OK;
}

enum assay_status assay_hive_parse(const char *name, struct assay_hive *out, struct assay_err *e)
{
    *out = (struct assay_hive){0};
    enum assay_status s = ASSAY_OK;
    const char *file = name;
    for (const char *slash; s == ASSAY_OK && (slash = strchr(name, '/')); name = slash + 1) {
        const char *eq = memchr(name, '=', (size_t)(slash - name));
        if (eq && eq > name)
            s = add(out, name, (size_t)(slash - name), eq, file, e);
    }
    if (s != ASSAY_OK)
        assay_hive_release(out);
    return s;
}

void assay_hive_release(struct assay_hive *h)
{
    for (size_t i = 0; i < h->n; i++) {
        free(h->v[i].name);
        free(h->v[i].value);
    }
    free(h->v);
    *h = (struct assay_hive){0};
}

size_t assay_hive_find(const struct assay_hive *h, const char *name)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->v[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

enum assay_status assay_hive_claim(struct assay_file *f, struct assay_err *e)
{
    /* A path that does not parse makes no claim: the scan of its object says so. */
    if (!strchr(f->part.name, '=') || assay_hive_parse(f->part.name, &f->hive, NULL) != ASSAY_OK || !f->hive.n)
        return ASSAY_OK;
    if (!(f->claim = calloc(f->hive.n, sizeof *f->claim)))
        return assay_fail_nomem(e);
    f->part.claim = f->claim;
    for (size_t i = 0; i < f->hive.n; i++) {
        const struct assay_hive_column *c = &f->hive.v[i];
        if (f->part.segment && c->value && strstr(c->value, f->part.segment))
            continue; /* date=2001-01 of date={segment}: the name of a window, not a date */
        f->claim[f->part.n_claims++] = (struct assay_claim){c->name, assay_hive_value(c)};
    }
    return ASSAY_OK;
}

struct assay_value assay_hive_value(const struct assay_hive_column *c)
{
    struct assay_value v = {.kind = c->value ? ASSAY_K_LEXEME : ASSAY_K_NULL};
    v.len = (uint32_t)c->len;
    v.p = (const uint8_t *)c->value;
    return v;
}
