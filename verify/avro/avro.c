/* The "avro" file format: schema and scan over one open object container file. Columns that cannot be read are named,
 * and passed over. Read, hashed and decoded in one go from the first byte to the last. */
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/log.h"
#include "assay/reader.h"
#include "block.h"
#include "decimal.h"
#include "value.h"

#define BATCH_BYTES (128u << 10) /* of values: a batch should stay in the second-level cache */
#define NESTED_BYTES (1u << 20) /* of nested values: no further row is begun in a batch that has as many */
#define NOT_ASKED SIZE_MAX

struct scan {
    struct assay_scan base;
    struct assay_av_input in;
    struct assay_av_header header;
    struct assay_av_block block;
    char *name;
    size_t *slot; /* column of the file -> column of the batch, or NOT_ASKED */
    size_t *same; /* column of the batch -> an earlier one of the same name, or itself */
    struct assay_value *values;
    union assay_av_store *stores;
    struct assay_items items;
    size_t cols, max_rows;
    struct assay_av_cursor cursor;
    uint64_t block_left; /* rows of the block still to come */
    uint64_t rows, claimed, empty_rows;
    bool ended;
    uint8_t sha256[32];
};

static struct scan *self(struct assay_scan *s)
{
    return (struct scan *)(void *)s;
}

static enum assay_status avro_schema(int fd, const char *name, const struct assay_locator *loc,
                                     struct assay_schema *out, struct assay_err *e)
{
    (void)loc;
    struct assay_av_input in;
    struct assay_av_header header = {0};
    enum assay_status s = assay_av_input_init(&in, fd, name, false, NULL, e);
    if (s == ASSAY_OK)
        s = assay_av_header_read(&header, &in, e);
    if (s == ASSAY_OK)
        s = assay_av_schema_observed(&header.schema, out, e);
    assay_av_header_release(&header);
    assay_av_input_release(&in);
    return s;
}

static enum assay_status avro_marks(int fd, const char *name, struct assay_buf *out, struct assay_err *e)
{
    struct assay_av_input in;
    struct assay_av_header header = {0};
    enum assay_status s = assay_av_input_init(&in, fd, name, false, NULL, e);
    if (s == ASSAY_OK)
        s = assay_av_header_read(&header, &in, e);
    if (s == ASSAY_OK && header.marks.len && assay_buf_add(out, header.marks.ptr, header.marks.len) != ASSAY_OK)
        s = assay_fail_nomem(e);
    assay_av_header_release(&header);
    assay_av_input_release(&in);
    return s;
}

static enum assay_status refuse(const struct scan *s, const struct assay_av_column *c, struct assay_err *e)
{
    struct assay_buf native = {0};
    const char *text = assay_av_native(&s->header.schema, c->node, &native) == ASSAY_OK ? assay_buf_str(&native) : NULL;
    enum assay_status st = ASSAY_ETYPE;
    if (text)
        assay_fail(e, st, "%s: column \"%s\": %s (%s)", s->name, c->name, c->refused, text);
    else
        st = assay_fail_nomem(e);
    assay_buf_release(&native);
    return st;
}

static enum assay_status choose_columns(struct scan *s, const struct assay_scan_opts *o, struct assay_err *e)
{
    const struct assay_av_schema *schema = &s->header.schema;
    s->slot = malloc((schema->columns + 1) * sizeof *s->slot);
    if (!s->slot)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < schema->columns; i++)
        s->slot[i] = NOT_ASKED;
    for (size_t c = 0; c < s->cols; c++) {
        size_t i = 0;
        while (i < schema->columns && strcmp(schema->column[i].name, o->columns[c]) != 0)
            i++;
        if (i == schema->columns)
            return assay_fail(e, ASSAY_ENOTFOUND, "%s: no column \"%s\"", s->name, o->columns[c]);
        if (schema->column[i].refused)
            return refuse(s, &schema->column[i], e);
        if (s->slot[i] == NOT_ASKED)
            s->slot[i] = c;
        s->same[c] = s->slot[i];
    }
    return ASSAY_OK;
}

static void avro_free(struct assay_scan *base)
{
    struct scan *s = self(base);
    if (!s)
        return;
    assay_av_block_release(&s->block);
    assay_av_header_release(&s->header);
    assay_av_input_release(&s->in);
    free(s->slot);
    free(s->same);
    free(s->values);
    free(s->stores);
    assay_items_release(&s->items);
    free(s->name);
    free(s);
}

static size_t clamp(size_t v, size_t lo, size_t hi)
{
    return v < lo ? lo : v > hi ? hi : v;
}

static enum assay_status avro_scan(int fd, const char *name, const struct assay_locator *loc,
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
    s->cols = o->n_columns;
    s->max_rows = clamp(BATCH_BYTES / sizeof *s->values / s->cols, 32, ASSAY_BATCH_ROWS);
    s->name = strdup(name);
    s->same = calloc(s->cols, sizeof *s->same);
    s->values = calloc(s->max_rows * s->cols, sizeof *s->values);
    s->stores = calloc(s->max_rows * s->cols, sizeof *s->stores);
    if (!s->name || !s->same || !s->values || !s->stores) {
        assay_fail_nomem(e);
        goto fail;
    }
    st = assay_av_input_init(&s->in, fd, s->name, true, o->sha512, e);
    if (st == ASSAY_OK)
        st = assay_av_header_read(&s->header, &s->in, e);
    if (st == ASSAY_OK)
        st = choose_columns(s, o, e);
    if (st != ASSAY_OK)
        goto fail;
    s->cursor.schema = &s->header.schema;
    s->cursor.legacy = s->header.legacy;
    *out = &s->base;
    return ASSAY_OK;
fail:
    avro_free(&s->base);
    return st;
}

static enum assay_status finish(struct scan *s, struct assay_err *e)
{
    enum assay_status st = assay_av_input_same(&s->in, e);
    if (st != ASSAY_OK)
        return st;
    assay_sha256_final(s->in.sha, s->sha256);
    s->ended = true;
    return ASSAY_OK;
}

/* Blocks until one has rows, or the end of the file. A block is left only when its rows have used it up. */
static enum assay_status next_block(struct scan *s, struct assay_err *e)
{
    bool end = false;
    enum assay_status st = ASSAY_OK;
    while (st == ASSAY_OK && s->block_left == 0 && !end) {
        if (s->cursor.p != s->cursor.end)
            return assay_fail(e, ASSAY_EDATA, "%s: block %llu at byte %llu: bytes left over after its rows", s->name,
                              (unsigned long long)s->block.number, (unsigned long long)s->block.at);
        if (assay_interrupted())
            return assay_fail(e, ASSAY_EINTR, "%s: stopped by a signal at byte %llu", s->name,
                              (unsigned long long)assay_av_input_at(&s->in));
        st = assay_av_block_read(&s->block, &s->header, &s->in, &end, e);
        if (st != ASSAY_OK || end)
            continue;
        s->block_left = s->block.rows;
        s->claimed += s->block.rows;
        s->cursor.p = s->block.p;
        s->cursor.end = s->block.p + s->block.len;
        s->empty_rows += s->block.len ? 0 : s->block.rows;
        if (s->empty_rows > ASSAY_MAX_AVRO_EMPTY_ROWS)
            st = assay_fail(e, ASSAY_ELIMIT, "%s: block %llu at byte %llu: too many rows that take no byte", s->name,
                            (unsigned long long)s->block.number, (unsigned long long)s->block.at);
    }
    return st == ASSAY_OK && end ? finish(s, e) : st;
}

static const char *read_column(struct scan *s, const struct assay_av_column *c, size_t to)
{
    if (to == NOT_ASKED)
        return assay_av_skip(&s->cursor, c->node);
    if (c->shape)
        return assay_av_nested(&s->cursor, c->node, &s->items, &s->values[to]);
    return assay_av_value(&s->cursor, c->node, &s->values[to], &s->stores[to]);
}

static enum assay_status decode_row(struct scan *s, size_t row, struct assay_err *e)
{
    const struct assay_av_schema *schema = &s->header.schema;
    const size_t from = row * s->cols;
    assay_items_row(&s->items);
    for (size_t i = 0; i < schema->columns; i++) {
        const size_t to = s->slot[i];
        const char *why = read_column(s, &schema->column[i], to == NOT_ASKED ? NOT_ASKED : from + to);
        if (why)
            return assay_fail(e, s->cursor.status, "%s: block %llu at byte %llu: row %llu of it, column \"%s\": %s",
                              s->name, (unsigned long long)s->block.number, (unsigned long long)s->block.at,
                              (unsigned long long)(s->block.rows - s->block_left + row + 1), schema->column[i].name,
                              why);
    }
    for (size_t c = 0; c < s->cols; c++)
        if (s->same[c] != c)
            s->values[from + c] = s->values[from + s->same[c]];
    return ASSAY_OK;
}

static enum assay_status decode(struct scan *s, struct assay_batch *b, struct assay_err *e)
{
    enum assay_status st = s->ended || s->block_left ? ASSAY_OK : next_block(s, e);
    const size_t most = s->block_left < s->max_rows ? (size_t)s->block_left : s->max_rows;
    size_t rows = 0;
    assay_items_reset(&s->items);
    for (; st == ASSAY_OK && rows < most && s->items.pool.taken < NESTED_BYTES; rows++)
        st = decode_row(s, rows, e);
    if (st != ASSAY_OK)
        return st;
    if (s->header.legacy)
        for (size_t i = 0; i < rows * s->cols; i++)
            assay_av_doubt(&s->values[i]);
    *b = (struct assay_batch){.rows = rows, .cols = s->cols, .v = s->values, .first_pos = s->rows + 1};
    s->rows += rows;
    s->block_left -= rows;
    return ASSAY_OK;
}

static enum assay_status avro_next(struct assay_scan *base, struct assay_batch *b, struct assay_err *e)
{
    struct scan *s = self(base);
    enum assay_status st = decode(s, b, e);
    struct assay_err changed = {0};
    /* Bytes that do not decode because someone is writing them are no finding about the archive. */
    if ((st == ASSAY_EDATA || st == ASSAY_ELIMIT) && assay_av_input_same(&s->in, &changed) == ASSAY_ECHANGED) {
        st = changed.code;
        if (e)
            *e = changed;
    }
    return st;
}

static void avro_end(struct assay_scan *base, struct assay_scan_end *end)
{
    const struct scan *s = self(base);
    *end = (struct assay_scan_end){.rows = s->rows, .counted = true, .claimed_rows = s->claimed, .hashed = true};
    memcpy(end->sha256, s->sha256, sizeof end->sha256);
    end->bytes = s->in.size;
}

static const char *const suffixes[] = {".avro", NULL};

const struct assay_format_ops assay_avro_format = {
    .name = "avro",
    .suffixes = suffixes,
    .schema = avro_schema,
    .scan = avro_scan,
    .next = avro_next,
    .end = avro_end,
    .scan_free = avro_free,
    .marks = avro_marks,
};
