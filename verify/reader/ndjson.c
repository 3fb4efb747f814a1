/* NDJSON objects: batches. Values point into the block that was read; strings were decoded there. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "files.h"
#include "ndjson.h"

#define BATCH_VALUES (1u << 18) /* values a batch: 4 MiB, so that wide files take fewer rows */

static const char ABSENT[] = "member is absent";
static const char BLANK[] = "blank line";

struct ndjson_scan {
    struct assay_scan base;
    struct assay_ndjson_lines lines;
    struct assay_ndjson_names names;
    int fd; /* not owned */
    struct assay_sha256 *hash; /* of the stored bytes */
    struct stat before;
    size_t max_cell;
    uint64_t rows;
    bool need_more; /* the block ends inside the next line: no use asking again */
    bool ended, closed; /* no more lines; the bytes were checked to be those of one file */
    uint8_t sha256[32];
    struct assay_err pending; /* what broke behind the rows just delivered */

    struct assay_ndjson_line held; /* the line in hand */
    bool holds;
    uint64_t blanks, blank_line; /* blank lines not yet said: at the end of the file they mean nothing */

    size_t cols, batch_rows;
    uint32_t *name_of; /* column -> name */
    int32_t *same_as; /* column -> earlier column that asks for the same member, -1: none */
    struct assay_value *v;
    uint64_t *pos;
    const char **defect;
};

static void ndjson_scan_free(struct assay_scan *base)
{
    struct ndjson_scan *s = (struct ndjson_scan *)base;
    if (!s)
        return;
    assay_ndjson_lines_release(&s->lines);
    assay_ndjson_names_release(&s->names);
    assay_sha256_free(s->hash);
    free(s->name_of);
    free(s->same_as);
    free(s->v);
    free(s->pos);
    free(s->defect);
    free(s);
}

/* ---- opening ---- */

static enum assay_status allocate(struct ndjson_scan *s, size_t cols, struct assay_err *e)
{
    size_t rows = BATCH_VALUES / (cols ? cols : 1);
    s->cols = cols;
    s->batch_rows = rows > ASSAY_BATCH_ROWS ? ASSAY_BATCH_ROWS : rows;
    s->name_of = calloc(cols + 1, sizeof *s->name_of);
    s->same_as = calloc(cols + 1, sizeof *s->same_as);
    s->v = calloc(s->batch_rows * cols + 1, sizeof *s->v);
    s->pos = calloc(s->batch_rows, sizeof *s->pos);
    s->defect = calloc(s->batch_rows, sizeof *s->defect);
    return s->name_of && s->same_as && s->v && s->pos && s->defect ? ASSAY_OK : assay_fail_nomem(e);
}

static enum assay_status want_columns(struct ndjson_scan *s, const struct assay_scan_opts *o, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    for (size_t c = 0; c < o->n_columns && st == ASSAY_OK; c++) {
        size_t id = 0;
        st = assay_ndjson_name(&s->names, (const uint8_t *)o->columns[c], strlen(o->columns[c]), &id, e);
        if (st != ASSAY_OK)
            break;
        struct assay_ndjson_name *n = &s->names.v[id];
        s->name_of[c] = (uint32_t)id;
        s->same_as[c] = n->column;
        if (n->column < 0)
            n->column = (int32_t)c;
    }
    return st;
}

/* A member that no row of the sample has is a column that the object lacks. Without a sound row nobody can tell. */
static enum assay_status check_columns(struct ndjson_scan *s, const char *name, const struct assay_ndjson_tuning *t,
                                       struct assay_err *e)
{
    size_t rows;
    enum assay_status st = assay_ndjson_look(s->fd, name, t, &s->names, &rows, e);
    s->names.nonstandard = 0; /* the sample is read again */
    for (size_t c = 0; st == ASSAY_OK && rows && c < s->cols; c++)
        if (!s->names.v[s->name_of[c]].row)
            st = assay_fail(e, ASSAY_ENOTFOUND, "%s: no column \"%s\" in the first lines", name,
                            s->names.v[s->name_of[c]].p);
    return st;
}

enum assay_status assay_ndjson_scan_tuned(int fd, const char *name, const struct assay_scan_opts *o,
                                          const struct assay_ndjson_tuning *t, struct assay_scan **out,
                                          struct assay_err *e)
{
    if (o->n_columns > ASSAY_MAX_COLUMNS)
        return assay_fail(e, ASSAY_ELIMIT, "%s: %zu columns asked for, the limit is %d", name, o->n_columns,
                          ASSAY_MAX_COLUMNS);
    struct ndjson_scan *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->fd = fd;
    s->max_cell = t && t->max_cell ? t->max_cell : ASSAY_MAX_CELL;
    enum assay_status st = ASSAY_OK;
    if (fstat(fd, &s->before))
        st = assay_fail(e, ASSAY_EIO, "%s: cannot stat", name);
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL); /* a hint: failing is harmless */
    if (st == ASSAY_OK && !(s->hash = assay_sha256_new_beside(o->sha512)))
        st = assay_fail_nomem(e);
    if (st == ASSAY_OK)
        st = assay_ndjson_names_init(&s->names, t ? t->max_names : 0, e);
    if (st == ASSAY_OK)
        st = allocate(s, o->n_columns, e);
    if (st == ASSAY_OK)
        st = want_columns(s, o, e);
    if (st == ASSAY_OK)
        st = check_columns(s, name, t, e);
    if (st == ASSAY_OK)
        st = assay_ndjson_lines_init(&s->lines, fd, name, t, e);
    if (st != ASSAY_OK) {
        ndjson_scan_free(&s->base);
        return st;
    }
    assay_stream_hash(s->lines.in, s->hash);
    s->need_more = true;
    *out = &s->base;
    return ASSAY_OK;
}

static enum assay_status ndjson_scan_new(int fd, const char *name, const struct assay_locator *loc,
                                         const struct assay_scan_opts *o, struct assay_scan **out, struct assay_err *e)
{
    (void)loc;
    return assay_ndjson_scan_tuned(fd, name, o, NULL, out, e);
}

/* ---- rows ---- */

static struct assay_value bad(const char *why)
{
    struct assay_value v = {.kind = ASSAY_K_BAD, .len = (uint32_t)strlen(why)};
    v.p = (const uint8_t *)why;
    return v;
}

/* All values of a broken row say why. */
static void mark_defect(struct ndjson_scan *s, size_t row, const char *why)
{
    s->defect[row] = why;
    for (size_t c = 0; c < s->cols; c++)
        s->v[row * s->cols + c] = bad(why);
}

/* Absent members, members asked for twice, and the ceiling of a value. */
static enum assay_status finish_row(struct ndjson_scan *s, struct assay_value *v, struct assay_err *e)
{
    for (size_t c = 0; c < s->cols; c++) {
        if (s->same_as[c] >= 0)
            v[c] = v[s->same_as[c]];
        else if (s->names.v[s->name_of[c]].row != s->names.row) {
            v[c] = bad(ABSENT);
            v[c].flags = ASSAY_V_ABSENT;
        } else if (v[c].kind == ASSAY_K_LEXEME && v[c].len > s->max_cell)
            return assay_fail(e, ASSAY_ELIMIT, "%s:%" PRIu64 ": value of more than %zu bytes", s->lines.name,
                              s->held.no, s->max_cell);
    }
    return ASSAY_OK;
}

static enum assay_status parse_row(struct ndjson_scan *s, size_t row, bool *defects, struct assay_err *e)
{
    struct assay_value *v = s->v + row * s->cols;
    struct assay_err why = {0};
    const char *defect;
    bool cut;
    enum assay_status st = assay_ndjson_row(&s->names, &s->held, v, &defect, &cut, &why);
    if (st != ASSAY_OK)
        return assay_fail(e, st, "%s:%" PRIu64 ": %s", s->lines.name, s->held.no, why.msg);
    if (cut && !s->held.ended)
        return assay_fail(e, ASSAY_EDATA, "%s:%" PRIu64 ": truncated: the last line ends inside its object",
                          s->lines.name, s->held.no);
    s->pos[row] = s->held.no;
    s->defect[row] = NULL;
    if (!defect)
        return finish_row(s, v, e);
    mark_defect(s, row, defect);
    *defects = true;
    return ASSAY_OK;
}

static bool is_blank(const struct assay_ndjson_line *line)
{
    size_t i = 0;
    while (i < line->n && (line->p[i] == ' ' || line->p[i] == '\t' || line->p[i] == '\r'))
        i++;
    return i == line->n;
}

/* Hold the next line that is not blank. false: the block or the file ends. */
static bool hold_line(struct ndjson_scan *s)
{
    while (!s->holds) {
        enum assay_ndjson_step step = assay_ndjson_line(&s->lines, &s->held);
        s->need_more = step == ASSAY_NDJSON_MORE;
        s->ended = step == ASSAY_NDJSON_END;
        if (step != ASSAY_NDJSON_LINE)
            return false;
        s->holds = !is_blank(&s->held);
        if (!s->holds && s->blanks++ == 0)
            s->blank_line = s->held.no;
    }
    return true;
}

/* Rows of the block in hand, up to a batch. An error waits for the next call when rows are there already. */
static enum assay_status fill(struct ndjson_scan *s, size_t *rows, bool *defects, struct assay_err *e)
{
    while (*rows < s->batch_rows && hold_line(s)) {
        if (s->blanks) {
            s->blanks--;
            s->pos[*rows] = s->blank_line++;
            mark_defect(s, (*rows)++, BLANK);
            *defects = true;
            continue;
        }
        enum assay_status st = parse_row(s, *rows, defects, &s->pending);
        s->holds = false;
        if (st != ASSAY_OK)
            return *rows ? ASSAY_OK : assay_fail(e, st, "%s", s->pending.msg);
        ++*rows;
    }
    return ASSAY_OK;
}

/* The bytes hashed are those of one state of the file, or the scan fails. */
static enum assay_status clean_end(struct ndjson_scan *s, struct assay_err *e)
{
    enum assay_status st = assay_file_unchanged(s->fd, &s->before, s->lines.name, e);
    if (st == ASSAY_OK && (uint64_t)s->before.st_size != assay_stream_stored(s->lines.in))
        st = assay_fail(e, ASSAY_ECHANGED, "%s: changed during read", s->lines.name);
    if (st != ASSAY_OK)
        return st;
    assay_sha256_final(s->hash, s->sha256);
    assay_stream_hash(s->lines.in, NULL);
    s->closed = true;
    return ASSAY_OK;
}

static enum assay_status ndjson_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct ndjson_scan *s = (struct ndjson_scan *)base;
    size_t rows = 0;
    bool defects = false;
    enum assay_status st = ASSAY_OK;
    if (s->pending.code != ASSAY_OK)
        return assay_fail(e, s->pending.code, "%s", s->pending.msg);
    while (st == ASSAY_OK && rows == 0 && !s->ended) {
        if (s->need_more)
            st = assay_ndjson_refill(&s->lines, e);
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

static void ndjson_end(struct assay_scan *base, struct assay_scan_end *end)
{
    const struct ndjson_scan *s = (const struct ndjson_scan *)base;
    *end = (struct assay_scan_end){.rows = s->rows,
                                   .nonstandard = s->names.nonstandard,
                                   .hashed = true,
                                   .bytes = assay_stream_stored(s->lines.in)};
    memcpy(end->sha256, s->sha256, sizeof end->sha256);
}

static const char *const suffixes[] = {".ndjson", ".jsonl", ".json", NULL};

const struct assay_format_ops assay_ndjson_format = {
    .name = "ndjson",
    .suffixes = suffixes,
    .compressed = true,
    .schema = assay_ndjson_schema,
    .scan = ndjson_scan_new,
    .next = ndjson_next,
    .end = ndjson_end,
    .scan_free = ndjson_scan_free,
};
