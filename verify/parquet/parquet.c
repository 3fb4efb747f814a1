/* The "parquet" file format: schema and scan over one open object. Columns outside the allow-list are named, never
 * guessed at. The file is hashed a little ahead of the decoder, through the same descriptor. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "nested.h"

#define BATCH_BYTES (128u << 10) /* of values: a batch should stay in the second-level cache */
#define NESTED_BYTES (1u << 20) /* of nested values: no further row is begun in a batch that has as many */
#define READ_AHEAD_ALL (16u << 20) /* shared by all columns */
#define READ_AHEAD_MOST (256u << 10)
#define READ_AHEAD_LEAST (8u << 10)

struct scan {
    struct assay_scan base;
    struct assay_pq_file file;
    char *name;
    struct assay_pq_meta meta;
    struct assay_pq_context ctx;
    struct assay_sha256 *sha;
    struct assay_pq_cursor **cursor; /* one a column, NULL for a nested one ... */
    struct assay_pq_nested *nested; /* ... whose place here is used instead */
    size_t nested_columns;
    struct assay_items items;
    struct assay_value *values;
    size_t cols, max_rows;
    size_t next_group;
    uint64_t group_left, rows; /* rows of the open group still to come; rows delivered */
    bool in_group, ended;
    uint8_t sha256[32];
};

static struct scan *self(struct assay_scan *s)
{
    return (struct scan *)(void *)s;
}

static enum assay_status parquet_schema(int fd, const char *name, const struct assay_locator *loc,
                                        struct assay_schema *out, struct assay_err *e)
{
    (void)loc;
    struct assay_pq_file file;
    struct assay_pq_meta meta;
    enum assay_status s = assay_pq_file_init(&file, fd, name, e);
    if (s == ASSAY_OK)
        s = assay_pq_meta_read(&meta, &file, e);
    if (s != ASSAY_OK)
        return s;
    s = assay_pq_schema_observed(&meta, out, e);
    assay_pq_meta_release(&meta);
    return s;
}

static enum assay_status parquet_marks(int fd, const char *name, struct assay_buf *out, struct assay_err *e)
{
    struct assay_pq_file file;
    struct assay_pq_meta meta;
    enum assay_status s = assay_pq_file_init(&file, fd, name, e);
    if (s == ASSAY_OK)
        s = assay_pq_meta_read(&meta, &file, e);
    if (s != ASSAY_OK)
        return s;
    if (meta.marks.len && assay_buf_add(out, meta.marks.ptr, meta.marks.len) != ASSAY_OK)
        s = assay_fail_nomem(e);
    assay_pq_meta_release(&meta);
    return s;
}

static enum assay_status find_column(const struct scan *s, const char *name, const struct assay_pq_column **out,
                                     struct assay_err *e)
{
    const struct assay_pq_column *found = NULL;
    for (size_t i = 0; i < s->meta.columns; i++) {
        if (strcmp(s->meta.column[i].name, name) != 0)
            continue;
        if (found)
            return assay_fail(e, ASSAY_EDATA, "%s: two columns are named \"%s\"", s->name, name);
        found = &s->meta.column[i];
    }
    if (!found)
        return assay_fail(e, ASSAY_ENOTFOUND, "%s: no column \"%s\"", s->name, name);
    if (found->refused)
        return assay_fail(e, ASSAY_ETYPE, "%s: column \"%s\": type %s is not supported", s->name, name, found->native);
    *out = found;
    return ASSAY_OK;
}

static size_t clamp(size_t v, size_t lo, size_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static enum assay_status make_cursors(struct scan *s, const struct assay_scan_opts *o, struct assay_err *e)
{
    s->cursor = calloc(o->n_columns, sizeof(struct assay_pq_cursor *));
    s->nested = calloc(o->n_columns, sizeof *s->nested);
    if (!s->cursor || !s->nested)
        return assay_fail_nomem(e);
    for (s->cols = 0; s->cols < o->n_columns; s->cols++) {
        const struct assay_pq_column *column = NULL;
        enum assay_status st = find_column(s, o->columns[s->cols], &column, e);
        if (st == ASSAY_OK && column->tree) {
            st = assay_pq_nested_init(&s->nested[s->cols], column, &s->ctx, e);
            s->nested_columns++;
        }
        if (st != ASSAY_OK)
            return st;
        if (column->tree)
            continue;
        struct assay_pq_cursor *c = calloc(1, sizeof *c);
        if (!c)
            return assay_fail_nomem(e);
        c->column = column;
        c->ctx = &s->ctx;
        s->cursor[s->cols] = c;
    }
    size_t leaves = s->cols;
    for (size_t i = 0; i < s->cols; i++)
        leaves += s->nested[i].streams;
    s->ctx.read_ahead = clamp(READ_AHEAD_ALL / leaves, READ_AHEAD_LEAST, READ_AHEAD_MOST);
    return ASSAY_OK;
}

static void parquet_free(struct assay_scan *base)
{
    struct scan *s = self(base);
    if (!s)
        return;
    for (size_t i = 0; i < s->cols; i++) {
        if (s->cursor[i])
            assay_pq_cursor_release(s->cursor[i]);
        free(s->cursor[i]);
        assay_pq_nested_release(&s->nested[i]);
    }
    free(s->cursor);
    free(s->nested);
    assay_items_release(&s->items);
    free(s->values);
    assay_pq_file_release(&s->file);
    assay_pq_meta_release(&s->meta);
    assay_pq_codec_release(&s->ctx.codec);
    assay_sha256_free(s->sha);
    free(s->name);
    free(s);
}

static enum assay_status parquet_scan(int fd, const char *name, const struct assay_locator *loc,
                                      const struct assay_scan_opts *o, struct assay_scan **out, struct assay_err *e)
{
    (void)loc;
    *out = NULL;
    if (o->n_columns == 0)
        return assay_fail(e, ASSAY_EUSAGE, "%s: no columns were asked for", name);
    struct scan *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    enum assay_status st = ASSAY_ENOMEM;
    s->max_rows = clamp(BATCH_BYTES / sizeof *s->values / o->n_columns, 32, ASSAY_BATCH_ROWS);
    s->name = strdup(name);
    s->sha = assay_sha256_new_beside(o->sha512);
    s->values = calloc(s->max_rows * o->n_columns, sizeof *s->values);
    if (!s->name || !s->sha || !s->values) {
        assay_fail_nomem(e);
        goto fail;
    }
    s->ctx.file = &s->file;
    st = assay_pq_file_init(&s->file, fd, s->name, e);
    if (st == ASSAY_OK)
        st = assay_pq_meta_read(&s->meta, &s->file, e);
    if (st == ASSAY_OK)
        st = make_cursors(s, o, e);
    if (st != ASSAY_OK)
        goto fail;
    *out = &s->base;
    return ASSAY_OK;
fail:
    parquet_free(&s->base);
    return st;
}

static enum assay_status open_group(struct scan *s, struct assay_err *e)
{
    const struct assay_pq_chunk *chunk = &s->meta.chunk[s->next_group * s->meta.leaves];
    uint64_t upto = 0;
    s->ctx.group = s->next_group;
    for (size_t i = 0; i < s->cols; i++) {
        const struct assay_pq_column *column = s->cursor[i] ? s->cursor[i]->column : s->nested[i].column;
        const struct assay_pq_chunk *c = &chunk[column->leaf];
        for (const struct assay_pq_chunk *end = c + column->leaves; c < end; c++)
            upto = c->start + c->size > upto ? c->start + c->size : upto;
    }
    enum assay_status st = assay_pq_file_hash(&s->file, s->sha, upto, e);
    for (size_t i = 0; i < s->cols && st == ASSAY_OK; i++)
        st = s->cursor[i] ? assay_pq_cursor_open(s->cursor[i], &chunk[s->cursor[i]->column->leaf], e)
                          : assay_pq_nested_open(&s->nested[i], chunk, e);
    s->group_left = s->meta.group_rows[s->next_group++];
    s->in_group = st == ASSAY_OK;
    return st;
}

static enum assay_status close_group(struct scan *s, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < s->cols && st == ASSAY_OK; i++)
        st = s->cursor[i] ? assay_pq_cursor_close(s->cursor[i], e) : assay_pq_nested_close(&s->nested[i], e);
    s->in_group = false;
    return st;
}

/* Rows to deliver next, all of them inside one page of every flat column; 0 at the end of the last group. */
static enum assay_status window(struct scan *s, size_t *rows, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    *rows = 0;
    while (st == ASSAY_OK && !(s->in_group && s->group_left)) {
        if (s->in_group)
            st = close_group(s, e);
        else if (s->next_group == s->meta.groups)
            return ASSAY_OK;
        else
            st = open_group(s, e);
    }
    uint64_t n = s->group_left < s->max_rows ? s->group_left : s->max_rows;
    for (size_t i = 0; i < s->cols && st == ASSAY_OK; i++) {
        if (!s->cursor[i])
            continue;
        st = assay_pq_cursor_load(s->cursor[i], e);
        n = s->cursor[i]->left < n ? s->cursor[i]->left : n;
    }
    *rows = (size_t)n;
    return st;
}

static enum assay_status finish(struct scan *s, struct assay_err *e)
{
    enum assay_status st = assay_pq_file_hash(&s->file, s->sha, s->file.size, e);
    if (st == ASSAY_OK)
        st = assay_pq_file_same(&s->file, e);
    if (st != ASSAY_OK)
        return st;
    assay_sha256_final(s->sha, s->sha256);
    s->ended = true;
    return ASSAY_OK;
}

/* The nested columns of at most *rows rows; fewer when they take much memory. */
static enum assay_status decode_nested(struct scan *s, size_t *rows, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    size_t r = 0;
    assay_items_reset(&s->items);
    for (; r < *rows && st == ASSAY_OK && s->items.pool.taken < NESTED_BYTES; r++) {
        assay_items_row(&s->items);
        for (size_t i = 0; i < s->cols && st == ASSAY_OK; i++)
            if (!s->cursor[i])
                st = assay_pq_nested_row(&s->nested[i], &s->items, &s->values[r * s->cols + i], e);
    }
    *rows = r;
    return st;
}

static enum assay_status decode(struct scan *s, struct assay_batch *b, struct assay_err *e)
{
    size_t rows = 0;
    enum assay_status st = s->ended ? ASSAY_OK : window(s, &rows, e);
    if (st == ASSAY_OK && s->nested_columns)
        st = decode_nested(s, &rows, e);
    for (size_t i = 0; i < s->cols && rows && st == ASSAY_OK; i++)
        if (s->cursor[i])
            st = assay_pq_cursor_take(s->cursor[i], rows, s->values + i, s->cols, e);
    if (st == ASSAY_OK && rows == 0 && !s->ended)
        st = finish(s, e);
    if (st != ASSAY_OK)
        return st;
    *b = (struct assay_batch){
        .rows = rows, .cols = s->cols, .v = s->values, .first_pos = s->rows + 1, .epoch = s->next_group};
    s->rows += rows;
    s->group_left -= rows;
    return ASSAY_OK;
}

static enum assay_status parquet_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct scan *s = self(base);
    enum assay_status st = decode(s, b, e);
    struct assay_err changed = {0};
    /* Bytes that do not decode because someone is writing them are no finding about the archive. */
    if ((st == ASSAY_EDATA || st == ASSAY_ELIMIT) && assay_pq_file_same(&s->file, &changed) == ASSAY_ECHANGED) {
        st = changed.code;
        if (e)
            *e = changed;
    }
    return st;
}

static void parquet_end(struct assay_scan *base, struct assay_scan_end *end)
{
    const struct scan *s = self(base);
    *end = (struct assay_scan_end){.rows = s->rows, .counted = true, .claimed_rows = s->meta.rows, .hashed = true};
    memcpy(end->sha256, s->sha256, sizeof end->sha256);
    end->bytes = s->file.size;
}

static const char *const suffixes[] = {".parquet", ".parq", NULL};

const struct assay_format_ops assay_parquet_format = {
    .name = "parquet",
    .suffixes = suffixes,
    .schema = parquet_schema,
    .scan = parquet_scan,
    .next = parquet_next,
    .end = parquet_end,
    .scan_free = parquet_free,
    .marks = parquet_marks,
};
