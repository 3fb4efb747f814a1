/* CSV objects: header, schema, batches. Values point into the block that was read; nothing is copied. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/reader.h"
#include "csv_lexer.h"

#define SAMPLE_RECORDS 1000 /* looked at for the proposed types */
#define SAMPLE_BYTES (16u << 20) /* and no more than this */
#define BATCH_VALUES (1u << 18) /* values a batch: 4 MiB, so that wide files take fewer rows */
#define DEFECT_LEN 64 /* bytes of a composed sentence */
#define MAX_FIELDS ASSAY_MAX_COLUMNS

struct csv_scan {
    struct assay_scan base;
    struct assay_csv_lexer lx;
    int fd; /* not owned */
    struct assay_sha256 *hash; /* of the stored bytes */
    struct stat before;
    uint64_t rows;
    bool need_more; /* the block ends inside the next record: no use asking again */
    bool ended, closed; /* no more records; the bytes were checked to be those of one file */
    uint8_t sha256[32];

    size_t n_fields; /* of the header or, without one, of the first record */
    size_t cols, batch_rows;
    int32_t *slot; /* field -> column of the batch, -1: not wanted */
    int32_t *same_as; /* column -> earlier column that asks for the same field, -1: none; NULL: no such column */
    struct assay_value *v;
    uint64_t *pos;
    const char **defect;
    char (*text)[DEFECT_LEN]; /* composed sentences, one a row */
};

/* The first record as names. */
struct names {
    struct assay_value *v; /* MAX_FIELDS */
    int32_t *slot;
    size_t n;
};

struct assay_csv_dialect assay_csv_default(void)
{
    return (struct assay_csv_dialect){.delimiter = ',', .quote = '"', .header = true, .null_text = ""};
}

/* A file named .tsv or .tsv.gz under the default comma is separated by tabs. */
static struct assay_csv_dialect dialect_of(const struct assay_locator *loc, const char *name)
{
    struct assay_csv_dialect d = loc->csv;
    if (d.copy)
        return d;
    size_t n = assay_codec_stem(name);
    if ((d.delimiter == '\0' || d.delimiter == ',') && n >= 4 && strncasecmp(name + n - 4, ".tsv", 4) == 0)
        d.delimiter = '\t';
    return d;
}

static void names_release(struct names *h)
{
    free(h->v);
    free(h->slot);
}

static enum assay_status check_name(const struct assay_csv_lexer *lx, const struct names *h, size_t i, uint64_t line,
                                    struct assay_err *e)
{
    const struct assay_value *v = &h->v[i];
    if (v->len == 0)
        return assay_fail(e, ASSAY_EDATA, "%s:%" PRIu64 ": column %zu of the header has no name", lx->name, line,
                          i + 1);
    if (v->len > ASSAY_MAX_NAME)
        return assay_fail(e, ASSAY_ELIMIT, "%s:%" PRIu64 ": name of column %zu has more than %d bytes", lx->name, line,
                          i + 1, ASSAY_MAX_NAME);
    return ASSAY_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct assay_value *x = *(struct assay_value *const *)a, *y = *(struct assay_value *const *)b;
    int c = memcmp(x->p, y->p, x->len < y->len ? x->len : y->len);
    return c ? c : (x->len > y->len) - (x->len < y->len);
}

static enum assay_status check_distinct(const struct assay_csv_lexer *lx, const struct names *h, uint64_t line,
                                        struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    struct assay_value **sorted = malloc((h->n ? h->n : 1) * sizeof *sorted);
    if (!sorted)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < h->n; i++)
        sorted[i] = &h->v[i];
    qsort(sorted, h->n, sizeof *sorted, by_name);
    for (size_t i = 1; i < h->n && s == ASSAY_OK; i++)
        if (by_name(&sorted[i - 1], &sorted[i]) == 0)
            s = assay_fail(e, ASSAY_EDATA, "%s:%" PRIu64 ": column name \"%.*s\" stands twice in the header", lx->name,
                           line, (int)sorted[i]->len, (const char *)sorted[i]->p);
    free(sorted);
    return s;
}

static enum assay_status check_first(const struct assay_csv_lexer *lx, const struct assay_csv_record *rec, bool header,
                                     struct assay_err *e)
{
    if (rec->fields > MAX_FIELDS)
        return assay_fail(e, ASSAY_ELIMIT, "%s:%" PRIu64 ": %zu columns, the limit is %d", lx->name, rec->line,
                          rec->fields, MAX_FIELDS);
    if (header && rec->defect)
        return assay_fail(e, ASSAY_EDATA, "%s:%" PRIu64 ": header: %s", lx->name, rec->line, rec->defect);
    return ASSAY_OK;
}

/* Read the header, or count the fields of the first record and leave it where it is. *h is for names_release in any
 * case; its values die at the next refill. n = 0: an empty file without header. */
static enum assay_status read_names(struct assay_csv_lexer *lx, bool header, struct names *h, struct assay_err *e)
{
    struct assay_csv_record rec;
    size_t next;
    uint64_t lines;
    bool have;
    h->n = 0;
    h->v = calloc(MAX_FIELDS, sizeof *h->v);
    h->slot = malloc(MAX_FIELDS * sizeof *h->slot);
    if (!h->v || !h->slot)
        return assay_fail_nomem(e);
    for (int32_t i = 0; i < MAX_FIELDS; i++)
        h->slot[i] = i;
    struct assay_csv_sink k = {.slot = h->slot, .n = MAX_FIELDS, .v = h->v};
    enum assay_status s = assay_csv_pull(lx, &k, &rec, &next, &lines, &have, e);
    if (s != ASSAY_OK)
        return s;
    if (!have)
        return header ? assay_fail(e, ASSAY_EDATA, "%s: empty file, expected a header", lx->name) : ASSAY_OK;
    if ((s = check_first(lx, &rec, header, e)) != ASSAY_OK)
        return s;
    h->n = rec.fields;
    if (!header) {
        assay_csv_rewind(lx);
        return ASSAY_OK;
    }
    for (size_t i = 0; i < h->n && s == ASSAY_OK; i++) {
        if (h->v[i].flags & ASSAY_CSV_ESCAPED)
            assay_csv_unescape(lx, &h->v[i]);
        s = check_name(lx, h, i, rec.line, e);
    }
    assay_csv_consume(lx, next, lines);
    return s == ASSAY_OK ? check_distinct(lx, h, rec.line, e) : s;
}

/* "column7" -> 6; SIZE_MAX when it is no such name. */
static size_t numbered(const char *name)
{
    unsigned n = 0;
    char back[32];
    if (sscanf(name, "column%5u", &n) != 1 || n == 0)
        return SIZE_MAX;
    snprintf(back, sizeof back, "column%u", n);
    return strcmp(back, name) == 0 ? n - 1 : SIZE_MAX;
}

static size_t find_name(const struct names *h, bool header, const char *name)
{
    size_t len = strlen(name), i = 0;
    if (!header) {
        i = numbered(name);
        return i < h->n ? i : SIZE_MAX;
    }
    while (i < h->n && (h->v[i].len != len || memcmp(h->v[i].p, name, len) != 0))
        i++;
    return i < h->n ? i : SIZE_MAX;
}

/* ---- schema ---- */

static enum assay_status add_columns(const struct names *h, bool header, const char *native,
                                     const struct assay_csv_guess *g, struct assay_schema *out, struct assay_err *e)
{
    char name[ASSAY_MAX_NAME + 1];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < h->n && s == ASSAY_OK; i++) {
        snprintf(name, sizeof name, "column%zu", i + 1);
        if (header)
            snprintf(name, sizeof name, "%.*s", (int)h->v[i].len, (const char *)h->v[i].p);
        s = assay_schema_add(out, name, native, g ? assay_csv_guess_type(&g[i]) : ASSAY_L_TEXT, true, e);
    }
    return s;
}

/* Types of the first records. A file that breaks in there has a schema all the same: the scan will say what is wrong.
 */
static void sample(struct assay_csv_lexer *lx, const struct names *h, struct assay_csv_guess *g)
{
    struct assay_csv_sink k = {.slot = h->slot, .n = h->n, .v = h->v};
    struct assay_csv_record rec;
    size_t next;
    uint64_t lines;
    bool have = true;
    for (int r = 0; r < SAMPLE_RECORDS && lx->bytes < SAMPLE_BYTES; r++) {
        if (assay_csv_pull(lx, &k, &rec, &next, &lines, &have, NULL) != ASSAY_OK || !have)
            return;
        assay_csv_consume(lx, next, lines);
        for (size_t i = 0; i < h->n && rec.fields == h->n && !rec.defect; i++) {
            if (h->v[i].flags & ASSAY_CSV_ESCAPED)
                assay_csv_unescape(lx, &h->v[i]);
            if (h->v[i].kind != ASSAY_K_NULL)
                assay_csv_guess_add(&g[i], h->v[i].p, h->v[i].len);
        }
    }
}

static enum assay_status csv_schema(int fd, const char *name, const struct assay_locator *loc, struct assay_schema *out,
                                    struct assay_err *e)
{
    struct assay_csv_dialect d = dialect_of(loc, name);
    struct assay_csv_lexer lx;
    struct names h = {0};
    struct assay_schema cols = {0};
    enum assay_status s = assay_csv_lexer_init(&lx, fd, name, &d, NULL, e);
    if (s != ASSAY_OK)
        return s;
    struct assay_csv_guess *g = calloc(MAX_FIELDS, sizeof *g);
    s = g ? read_names(&lx, d.header, &h, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK && h.n == 0)
        s = assay_fail(e, ASSAY_EDATA, "%s: empty file without header, its columns are not known", name);
    if (s == ASSAY_OK) /* the names die when the sample reads on */
        s = add_columns(&h, d.header, d.copy ? "copy" : "csv", NULL, &cols, e);
    if (s == ASSAY_OK) {
        sample(&lx, &h, g);
        for (size_t i = 0; i < cols.n; i++)
            cols.col[i].logical = assay_csv_guess_type(&g[i]);
        *out = cols;
    } else {
        assay_schema_release(&cols);
    }
    free(g);
    names_release(&h);
    assay_csv_lexer_release(&lx);
    return s;
}

/* ---- scan ---- */

static void csv_scan_free(struct assay_scan *base)
{
    struct csv_scan *s = (struct csv_scan *)base;
    if (!s)
        return;
    assay_csv_lexer_release(&s->lx);
    assay_sha256_free(s->hash);
    free(s->slot);
    free(s->same_as);
    free(s->v);
    free(s->pos);
    free(s->defect);
    free(s->text);
    free(s);
}

static enum assay_status allocate(struct csv_scan *s, size_t n_fields, size_t cols, struct assay_err *e)
{
    size_t rows = BATCH_VALUES / (cols ? cols : 1);
    s->n_fields = n_fields;
    s->cols = cols;
    s->batch_rows = rows > ASSAY_BATCH_ROWS ? ASSAY_BATCH_ROWS : rows ? rows : 1;
    s->slot = malloc((n_fields + 1) * sizeof *s->slot);
    s->v = calloc(s->batch_rows * cols + 1, sizeof *s->v);
    s->pos = malloc(s->batch_rows * sizeof *s->pos);
    s->defect = calloc(s->batch_rows, sizeof *s->defect);
    s->text = malloc(s->batch_rows * sizeof *s->text);
    if (!s->slot || !s->v || !s->pos || !s->defect || !s->text)
        return assay_fail_nomem(e);
    for (size_t f = 0; f < n_fields; f++)
        s->slot[f] = -1;
    return ASSAY_OK;
}

static enum assay_status ask_twice(struct csv_scan *s, size_t column, int32_t first, struct assay_err *e)
{
    if (!s->same_as) {
        s->same_as = malloc(s->cols * sizeof *s->same_as);
        if (!s->same_as)
            return assay_fail_nomem(e);
        for (size_t c = 0; c < s->cols; c++)
            s->same_as[c] = -1;
    }
    s->same_as[column] = first;
    return ASSAY_OK;
}

static enum assay_status map_columns(struct csv_scan *s, const struct names *h, bool header,
                                     const struct assay_scan_opts *o, struct assay_err *e)
{
    for (size_t c = 0; c < o->n_columns; c++) {
        size_t f = find_name(h, header, o->columns[c]);
        if (f == SIZE_MAX && h->n == 0 && !header && numbered(o->columns[c]) != SIZE_MAX)
            continue; /* an empty object: no row will ask for it */
        if (f == SIZE_MAX)
            return assay_fail(e, ASSAY_ENOTFOUND, "%s: no column \"%s\"", s->lx.name, o->columns[c]);
        if (s->slot[f] < 0)
            s->slot[f] = (int32_t)c;
        else if (ask_twice(s, c, s->slot[f], e) != ASSAY_OK)
            return ASSAY_ENOMEM;
    }
    return ASSAY_OK;
}

enum assay_status assay_csv_scan_tuned(int fd, const char *name, const struct assay_locator *loc,
                                       const struct assay_scan_opts *o, const struct assay_csv_tuning *t,
                                       struct assay_scan **out, struct assay_err *e)
{
    struct assay_csv_dialect d = dialect_of(loc, name);
    struct names h = {0};
    if (o->n_columns > ASSAY_MAX_COLUMNS)
        return assay_fail(e, ASSAY_ELIMIT, "%s: %zu columns asked for, the limit is %d", name, o->n_columns,
                          ASSAY_MAX_COLUMNS);
    struct csv_scan *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->fd = fd;
    enum assay_status st = assay_csv_lexer_init(&s->lx, fd, name, &d, t, e);
    if (st == ASSAY_OK && fstat(fd, &s->before))
        st = assay_fail(e, ASSAY_EIO, "%s: cannot stat", name);
    if (st == ASSAY_OK && !(s->hash = assay_sha256_new_beside(o->sha512)))
        st = assay_fail_nomem(e);
    if (st == ASSAY_OK)
        assay_stream_hash(s->lx.in, s->hash);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint: failing is harmless */
    if (st == ASSAY_OK)
        st = read_names(&s->lx, d.header, &h, e);
    if (st == ASSAY_OK)
        st = allocate(s, h.n, o->n_columns, e);
    if (st == ASSAY_OK)
        st = map_columns(s, &h, d.header, o, e);
    names_release(&h);
    if (st != ASSAY_OK) {
        csv_scan_free(&s->base);
        return st;
    }
    *out = &s->base;
    return ASSAY_OK;
}

static enum assay_status csv_scan_new(int fd, const char *name, const struct assay_locator *loc,
                                      const struct assay_scan_opts *o, struct assay_scan **out, struct assay_err *e)
{
    return assay_csv_scan_tuned(fd, name, loc, o, NULL, out, e);
}

/* All values of a broken row say why; the sentence lives as long as the batch. */
static void mark_defect(struct csv_scan *s, size_t row, const struct assay_csv_record *rec)
{
    const char *why = rec->defect;
    if (!why) {
        char *text = s->text[row];
        if (rec->blank)
            snprintf(text, DEFECT_LEN, "blank line, expected %zu fields", s->n_fields);
        else
            snprintf(text, DEFECT_LEN, "%zu field%s, expected %zu", rec->fields, rec->fields == 1 ? "" : "s",
                     s->n_fields);
        why = text;
    }
    s->defect[row] = why;
    struct assay_value bad = {.kind = ASSAY_K_BAD};
    bad.len = (uint32_t)strlen(why);
    bad.p = (const uint8_t *)why;
    for (size_t c = 0; c < s->cols; c++)
        s->v[row * s->cols + c] = bad;
}

static bool finish_row(struct csv_scan *s, size_t row, const struct assay_csv_record *rec)
{
    struct assay_value *v = s->v + row * s->cols;
    s->pos[row] = rec->line;
    s->defect[row] = NULL;
    if (rec->defect || rec->fields != s->n_fields) {
        mark_defect(s, row, rec);
        return true;
    }
    for (size_t c = 0; rec->escaped && c < s->cols; c++)
        if (v[c].flags & ASSAY_CSV_ESCAPED)
            assay_csv_unescape(&s->lx, &v[c]);
    for (size_t c = 0; s->same_as && c < s->cols; c++)
        if (s->same_as[c] >= 0)
            v[c] = v[s->same_as[c]];
    return false;
}

/* Only a record longer than one field may be can hold such a field. */
static enum assay_status check_fields(const struct csv_scan *s, size_t row, const struct assay_csv_record *rec,
                                      struct assay_err *e)
{
    const struct assay_value *v = s->v + row * s->cols;
    for (size_t c = 0; c < s->cols; c++)
        if ((!s->same_as || s->same_as[c] < 0) && v[c].len > s->lx.max_field && rec->fields == s->n_fields)
            return assay_fail(e, ASSAY_ELIMIT,
                              "%s:%" PRIu64 ": field of more than %zu bytes in the record that starts here", s->lx.name,
                              rec->line, s->lx.max_field);
    return ASSAY_OK;
}

/* Records of the block in hand, up to a batch. An error is kept for the next call when rows are there already. */
static enum assay_status fill(struct csv_scan *s, size_t *rows, bool *defects, struct assay_err *e)
{
    struct assay_csv_sink k = {.slot = s->slot, .n = s->n_fields};
    struct assay_csv_record rec;
    size_t next;
    uint64_t lines;
    while (*rows < s->batch_rows) {
        k.v = s->v + *rows * s->cols;
        enum assay_csv_step step = assay_csv_record(&s->lx, &k, &rec, &next, &lines);
        if (step != ASSAY_CSV_RECORD) {
            s->need_more = step == ASSAY_CSV_MORE;
            s->ended = step == ASSAY_CSV_END;
            assay_csv_rewind(&s->lx);
            return step == ASSAY_CSV_UNTERMINATED && *rows == 0 ? assay_csv_fail_unterminated(&s->lx, rec.line, e)
                                                                : ASSAY_OK;
        }
        if (next - s->lx.start > s->lx.max_field) {
            enum assay_status st = check_fields(s, *rows, &rec, *rows ? NULL : e);
            if (st != ASSAY_OK) {
                assay_csv_rewind(&s->lx);
                return *rows ? ASSAY_OK : st;
            }
        }
        assay_csv_consume(&s->lx, next, lines);
        *defects |= finish_row(s, (*rows)++, &rec);
    }
    return ASSAY_OK;
}

static bool same_instant(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/* The bytes hashed are those of one state of the file, or the scan fails. */
static enum assay_status clean_end(struct csv_scan *s, struct assay_err *e)
{
    struct stat now;
    if (fstat(s->fd, &now))
        return assay_fail(e, ASSAY_EIO, "%s: cannot stat", s->lx.name);
    if ((uint64_t)now.st_size != assay_stream_stored(s->lx.in) || now.st_size != s->before.st_size ||
        !same_instant(now.st_mtim, s->before.st_mtim) || !same_instant(now.st_ctim, s->before.st_ctim))
        return assay_fail(e, ASSAY_ECHANGED, "%s: changed during read", s->lx.name);
    assay_sha256_final(s->hash, s->sha256);
    assay_stream_hash(s->lx.in, NULL);
    s->closed = true;
    return ASSAY_OK;
}

static enum assay_status csv_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct csv_scan *s = (struct csv_scan *)base;
    size_t rows = 0;
    bool defects = false;
    enum assay_status st = ASSAY_OK;
    while (st == ASSAY_OK && rows == 0 && !s->ended) {
        if (s->need_more)
            st = assay_csv_refill(&s->lx, e);
        s->need_more = false;
        if (st == ASSAY_OK)
            st = fill(s, &rows, &defects, e);
    }
    if (st == ASSAY_OK && rows == 0 && !s->closed)
        st = clean_end(s, e);
    if (st != ASSAY_OK)
        return st;
    s->rows += rows;
    *b = (struct assay_batch){.rows = rows, .cols = s->cols, .v = s->v, .pos = s->pos};
    b->row_defect = defects ? s->defect : NULL;
    return ASSAY_OK;
}

static void csv_end(struct assay_scan *base, struct assay_scan_end *end)
{
    const struct csv_scan *s = (const struct csv_scan *)base;
    *end = (struct assay_scan_end){.rows = s->rows, .hashed = true, .bytes = assay_stream_stored(s->lx.in)};
    memcpy(end->sha256, s->sha256, sizeof end->sha256);
}

static const char *const suffixes[] = {".csv", ".tsv", NULL};

const struct assay_format_ops assay_csv_format = {
    .name = "csv",
    .suffixes = suffixes,
    .compressed = true,
    .schema = csv_schema,
    .scan = csv_scan_new,
    .next = csv_next,
    .end = csv_end,
    .scan_free = csv_scan_free,
};
