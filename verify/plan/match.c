/* Columns that belong together, and the CSV dialect under which most of them do. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dataset.h"
#include "survey.h"

/* Letters and digits only, lower case: "Order ID", "order_id" and "orderId" are one name. */
static void fold(const char *name, char out[128])
{
    size_t n = 0;
    for (; *name && n < 127; name++)
        if (isalnum((unsigned char)*name) || (unsigned char)*name >= 0x80)
            out[n++] = (char)tolower((unsigned char)*name);
    out[n] = '\0';
}

static bool same(const char *a, const char *b, int looseness)
{
    char x[128], y[128];
    if (looseness == 0)
        return strcmp(a, b) == 0;
    if (looseness == 1)
        return strcasecmp(a, b) == 0;
    fold(a, x);
    fold(b, y);
    return x[0] && strcmp(x, y) == 0;
}

enum assay_status assay_match(const struct assay_schema *source, const struct assay_schema *archive, bool by_position,
                              struct assay_pairing *out, struct assay_err *e)
{
    bool *taken = calloc(archive->n + 1, sizeof *taken);
    out->n = 0;
    out->archive_of = malloc((source->n + 1) * sizeof *out->archive_of);
    if (!taken || !out->archive_of) {
        free(taken);
        free(out->archive_of);
        out->archive_of = NULL;
        return assay_fail_nomem(e);
    }
    for (size_t i = 0; i < source->n; i++)
        out->archive_of[i] = by_position && i < archive->n ? i : SIZE_MAX;
    for (int looseness = 0; looseness < 3 && !by_position; looseness++)
        for (size_t i = 0; i < source->n; i++)
            for (size_t k = 0; k < archive->n && out->archive_of[i] == SIZE_MAX; k++)
                if (!taken[k] && same(source->col[i].name, archive->col[k].name, looseness)) {
                    out->archive_of[i] = k;
                    taken[k] = true;
                }
    for (size_t i = 0; i < source->n; i++)
        out->n += out->archive_of[i] != SIZE_MAX;
    free(taken);
    return ASSAY_OK;
}

/* Source columns that the archive has, under the dialect in loc. */
static size_t score(const struct assay_survey *source, const struct assay_locator *loc, size_t *columns, bool *csv)
{
    struct assay_reader *r = NULL;
    struct assay_schema schema = {0};
    struct assay_pairing pair = {0};
    size_t n = 0;
    *columns = 0;
    *csv = false;
    if (assay_reader_open(loc, &r, NULL) == ASSAY_OK && r->ops->schema(r, &schema, NULL) == ASSAY_OK &&
        assay_match(&source->schema, &schema, false, &pair, NULL) == ASSAY_OK) {
        n = pair.n;
        *columns = schema.n;
        *csv = schema.n && strcmp(schema.col[0].native, "csv") == 0;
    }
    free(pair.archive_of);
    assay_schema_release(&schema);
    if (r)
        r->ops->close(r);
    return n;
}

static const char delimiters[] = {',', ';', '\t', '|'};

/* No header that fits: the delimiter that makes as many fields as the source has columns, which are then paired in
 * order. */
static bool find_headless(const struct assay_survey *source, struct assay_locator *loc)
{
    struct assay_locator with = *loc;
    size_t columns;
    bool csv;
    with.csv.header = false;
    for (size_t i = 0; i < sizeof delimiters; i++) {
        with.csv.delimiter = delimiters[i];
        score(source, &with, &columns, &csv);
        if (csv && columns == source->schema.n) {
            loc->csv = with.csv;
            return true;
        }
    }
    return false;
}

/* Delimiter and header by trying: a wrong delimiter makes one column of whole lines. */
static void find_delimiter(const struct assay_survey *source, struct assay_locator *loc, bool *by_position)
{
    struct assay_locator with = *loc;
    size_t best = 0, best_columns = 0, columns;
    bool csv;
    score(source, &with, &columns, &csv);
    if (!columns) { /* not UTF-8: what has a byte order mark says what it is */
        with.csv.encoding = ASSAY_TEXT_UTF16;
        score(source, &with, &columns, &csv);
        loc->csv.encoding = with.csv.encoding = csv && columns ? ASSAY_TEXT_UTF16 : ASSAY_TEXT_UTF8;
    }
    for (size_t i = 0; i < sizeof delimiters; i++) {
        with.csv.delimiter = delimiters[i];
        size_t n = score(source, &with, &columns, &csv);
        if (!csv && columns)
            return; /* a typed format: nothing to find */
        if (csv && (n > best || (n == best && columns > best_columns))) {
            best = n;
            best_columns = columns;
            loc->csv.delimiter = delimiters[i];
        }
    }
    *by_position = best == 0 && find_headless(source, loc);
}

static bool is_word(const struct assay_value *v, const char *word)
{
    return !(v->flags & ASSAY_V_QUOTED) && v->kind == ASSAY_K_LEXEME && v->len == strlen(word) &&
           memcmp(v->p, word, v->len) == 0;
}

static size_t count_word(const struct assay_sampled *c, const char *word, bool quoted_too)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++) {
        struct assay_value v = c->v[i];
        if (v.kind == ASSAY_K_TEXT)
            v.kind = ASSAY_K_LEXEME;
        if (quoted_too)
            v.flags = 0;
        n += is_word(&v, word);
    }
    return n;
}

/* An unquoted word that the archive has where the source has NULLs, while it has no empty field at all. */
static const char *find_null_word(const struct assay_survey *source, const struct assay_survey *archive,
                                  const struct assay_pairing *pair)
{
    static const char *const words[] = {"\\N", "NULL", "null", "NA", "None"};
    size_t empties = 0;
    for (size_t i = 0; i < archive->schema.n; i++)
        empties += archive->col[i].nulls;
    for (size_t w = 0; w < sizeof words / sizeof words[0] && empties == 0; w++) {
        size_t nulls = 0, texts = 0;
        for (size_t i = 0; i < source->schema.n; i++) {
            if (pair->archive_of[i] == SIZE_MAX)
                continue;
            size_t n = count_word(&archive->col[pair->archive_of[i]], words[w], false);
            nulls += source->col[i].nulls ? n : 0;
            texts += count_word(&source->col[i], words[w], true) + (source->col[i].nulls ? 0 : n);
        }
        if (nulls && !texts)
            return words[w];
    }
    return NULL;
}

/* Exporters that quote everything write NULL as "": seen where the source has NULLs and no empty text. */
static bool finds_quoted_null(const struct assay_survey *source, const struct assay_survey *archive,
                              const struct assay_pairing *pair)
{
    size_t quoted = 0;
    for (size_t i = 0; i < source->schema.n; i++) {
        if (pair->archive_of[i] == SIZE_MAX)
            continue;
        size_t n = archive->col[pair->archive_of[i]].quoted_empty;
        if (n && (!source->col[i].nulls || count_word(&source->col[i], "", true)))
            return false;
        quoted += n;
    }
    return quoted > 0;
}

enum assay_status assay_match_dialect(const struct assay_survey *source, struct assay_locator *loc,
                                      struct assay_survey *archive, bool *by_position, struct assay_err *e)
{
    struct assay_pairing pair = {0};
    *by_position = false;
    if (!assay_uri_is_database(loc->uri))
        find_delimiter(source, loc, by_position);
    enum assay_status s = assay_survey_open(loc, archive, e);
    if (s != ASSAY_OK || !archive->untyped)
        return s;
    s = assay_match(&source->schema, &archive->schema, *by_position, &pair, e);
    const char *word = s == ASSAY_OK ? find_null_word(source, archive, &pair) : NULL;
    bool quoted = s == ASSAY_OK && !word && finds_quoted_null(source, archive, &pair);
    free(pair.archive_of);
    if (s == ASSAY_OK && (word || quoted)) {
        assay_survey_close(archive);
        if (word)
            loc->csv.null_text = word;
        loc->csv.quoted_null = quoted;
        s = assay_survey_open(loc, archive, e);
    }
    if (s != ASSAY_OK)
        assay_survey_close(archive);
    return s;
}
