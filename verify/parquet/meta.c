#include "meta.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/limits.h"

#define MAGIC "PAR1"
#define MAGIC_ENCRYPTED "PARE"
#define TAIL 8 /* footer length and magic */
#define SIGNATURE 28 /* nonce and tag behind the metadata of a plain footer in a file with encrypted columns */
#define MAX_ELEMENTS 65536 /* of the schema tree: an element costs the file three bytes, and us seventy */

/* The walk over the footer. */
struct walk {
    struct assay_pq_thrift t;
    struct assay_pq_meta *m;
    const char *file;
    struct assay_err *e;
    struct assay_pq_leaf *leaf; /* NULL until the schema was read */
    size_t group_cap;
    int64_t num_rows; /* as claimed; -1: absent */
    bool has_groups, has_signature;
};

static enum assay_status bad(struct walk *w, const char *why)
{
    return assay_fail(w->e, ASSAY_EDATA, "%s: footer: %s, at byte %llu", w->file, why,
                      (unsigned long long)(w->m->footer_at + (uint64_t)(w->t.p - w->t.begin)));
}

static enum assay_status read_schema(struct walk *w, const struct assay_pq_field *f)
{
    uint32_t n = assay_pq_thrift_list(&w->t, f, TH_STRUCT);
    if (w->t.err || w->leaf)
        return bad(w, w->t.err ? w->t.err : "the schema is given twice");
    if (n > MAX_ELEMENTS)
        return assay_fail(w->e, ASSAY_ELIMIT, "%s: footer: more than %d schema elements", w->file, MAX_ELEMENTS);
    struct assay_pq_element *el = NULL;
    size_t have = 0, cap = 0;
    enum assay_status s = ASSAY_OK;
    for (; have < n && s == ASSAY_OK; have++) {
        if (have == cap) {
            cap = cap ? cap * 2 : 64;
            struct assay_pq_element *grown = realloc(el, cap * sizeof *grown);
            if (!grown) {
                s = assay_fail_nomem(w->e);
                break;
            }
            el = grown;
        }
        assay_pq_element_read(&w->t, &el[have]);
        if (w->t.err)
            s = bad(w, w->t.err);
    }
    if (s == ASSAY_OK)
        s = assay_pq_schema_columns(w->m, w->file, el, n, &w->leaf, w->e);
    free(el);
    return s;
}

/* ColumnMetaData, the fields that decoding needs; -1: absent. */
struct chunk_fields {
    int64_t type, codec, values, size, data_at, dictionary_at;
    struct assay_pq_span path; /* its last element */
    uint32_t path_parts;
};

static void read_path(struct assay_pq_thrift *t, const struct assay_pq_field *f, struct chunk_fields *c)
{
    c->path_parts = assay_pq_thrift_list(t, f, TH_BINARY);
    for (uint32_t i = 0; i < c->path_parts && !t->err; i++)
        c->path = assay_pq_thrift_string(t);
}

static void read_chunk_fields(struct assay_pq_thrift *t, struct chunk_fields *c)
{
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(t, &f);)
        switch (f.id) {
        case 1:
            c->type = assay_pq_thrift_int(t, &f);
            break;
        case 3:
            read_path(t, &f, c);
            break;
        case 4:
            c->codec = assay_pq_thrift_int(t, &f);
            break;
        case 5:
            c->values = assay_pq_thrift_int(t, &f);
            break;
        case 7:
            c->size = assay_pq_thrift_int(t, &f);
            break;
        case 9:
            c->data_at = assay_pq_thrift_int(t, &f);
            break;
        case 11:
            c->dictionary_at = assay_pq_thrift_int(t, &f);
            break;
        default:
            assay_pq_thrift_skip(t, &f);
        }
}

static enum assay_status check_chunk(struct walk *w, const struct chunk_fields *c, const struct assay_pq_leaf *leaf,
                                     struct assay_pq_chunk *out)
{
    if (c->type < 0 || c->codec < 0 || c->codec > INT32_MAX || c->values < 0 || c->size < 0 || c->data_at < 0)
        return bad(w, "a column chunk lacks a field or has a negative one");
    if (c->type != leaf->physical)
        return bad(w, "a column chunk has another physical type than the schema");
    if ((leaf->flat && c->path_parts != 1) || c->path.len != leaf->name.len ||
        (leaf->name.len && memcmp(c->path.p, leaf->name.p, leaf->name.len) != 0))
        return bad(w, "a column chunk has another name than the schema");
    if (c->values == 0 && c->size == 0) { /* an empty row group: pyarrow leaves the offsets zero */
        *out = (struct assay_pq_chunk){.start = strlen(MAGIC), .codec = (uint32_t)c->codec};
        return ASSAY_OK;
    }
    int64_t start = c->data_at;
    if (c->dictionary_at > 0 && (c->dictionary_at < start || c->values == 0))
        start = c->dictionary_at;
    if (start < (int64_t)strlen(MAGIC) || (uint64_t)start > w->m->footer_at ||
        (uint64_t)c->size > w->m->footer_at - (uint64_t)start || c->data_at - start > c->size)
        return bad(w, "a column chunk lies outside the file's data");
    *out = (struct assay_pq_chunk){.start = (uint64_t)start,
                                   .size = (uint64_t)c->size,
                                   .values = (uint64_t)c->values,
                                   .codec = (uint32_t)c->codec};
    return ASSAY_OK;
}

static enum assay_status read_chunk(struct walk *w, const struct assay_pq_leaf *leaf, struct assay_pq_chunk *out)
{
    struct chunk_fields c = {-1, -1, -1, -1, -1, -1, {0}, 0};
    bool other_file = false, cipher = false;
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(&w->t, &f);)
        if (f.id == 1)
            other_file = assay_pq_thrift_bytes(&w->t, &f).len > 0;
        else if (f.id == 3 && assay_pq_thrift_struct(&w->t, &f))
            read_chunk_fields(&w->t, &c);
        else {
            cipher = cipher || f.id == 8 || f.id == 9;
            assay_pq_thrift_skip(&w->t, &f);
        }
    if (w->t.err)
        return bad(w, w->t.err);
    if (cipher) { /* the other columns may be plain */
        *out = (struct assay_pq_chunk){.start = strlen(MAGIC), .encrypted = true};
        return ASSAY_OK;
    }
    if (other_file)
        return assay_fail(w->e, ASSAY_ETYPE, "%s: the data of a column lies in another file, which is not supported",
                          w->file);
    return check_chunk(w, &c, leaf, out);
}

static enum assay_status grow_groups(struct walk *w)
{
    if (w->m->groups < w->group_cap)
        return ASSAY_OK;
    size_t cap = w->group_cap ? w->group_cap * 2 : 1;
    uint64_t *rows = realloc(w->m->group_rows, cap * sizeof *rows);
    if (rows)
        w->m->group_rows = rows;
    struct assay_pq_chunk *chunk =
        rows ? reallocarray(w->m->chunk, cap * (w->m->leaves + (size_t)1), sizeof *chunk) : NULL;
    if (!chunk)
        return assay_fail_nomem(w->e);
    w->m->chunk = chunk;
    w->group_cap = cap;
    return ASSAY_OK;
}

static enum assay_status read_chunks(struct walk *w, const struct assay_pq_field *f)
{
    struct assay_pq_meta *m = w->m;
    uint32_t n = assay_pq_thrift_list(&w->t, f, TH_STRUCT);
    if (w->t.err)
        return bad(w, w->t.err);
    if (n != m->leaves)
        return bad(w, "a row group has not as many columns as the schema");
    enum assay_status s = ASSAY_OK;
    for (uint32_t i = 0; i < n && s == ASSAY_OK; i++)
        s = read_chunk(w, &w->leaf[i], &m->chunk[m->groups * m->leaves + i]);
    return s;
}

/* Nested columns may have more values than rows, and none without a row. */
static bool fits_rows(const struct assay_pq_chunk *c, bool flat, uint64_t rows)
{
    return c->encrypted || c->values == rows || (!flat && c->values > rows && rows > 0);
}

static enum assay_status read_group(struct walk *w)
{
    struct assay_pq_meta *m = w->m;
    int64_t rows = -1;
    int chunks = 0;
    enum assay_status s = grow_groups(w);
    struct assay_pq_field f = {0};
    while (s == ASSAY_OK && assay_pq_thrift_field(&w->t, &f))
        if (f.id == 1 && chunks++ == 0)
            s = read_chunks(w, &f);
        else if (f.id == 3)
            rows = assay_pq_thrift_int(&w->t, &f);
        else
            assay_pq_thrift_skip(&w->t, &f);
    if (s != ASSAY_OK)
        return s;
    if (w->t.err || chunks != 1 || rows < 0)
        return bad(w, w->t.err ? w->t.err : "a row group lacks its columns or its number of rows");
    for (uint32_t i = 0; i < m->leaves; i++)
        if (!fits_rows(&m->chunk[m->groups * m->leaves + i], w->leaf[i].flat, (uint64_t)rows))
            return bad(w, "a column chunk has not as many values as its row group has rows");
    if ((uint64_t)rows > ASSAY_MAX_PARQUET_ROWS - m->rows)
        return assay_fail(w->e, ASSAY_ELIMIT, "%s: more than %llu rows", w->file, ASSAY_MAX_PARQUET_ROWS);
    m->group_rows[m->groups++] = (uint64_t)rows;
    m->rows += (uint64_t)rows;
    return ASSAY_OK;
}

static enum assay_status read_groups(struct walk *w, const struct assay_pq_field *f)
{
    uint32_t n = assay_pq_thrift_list(&w->t, f, TH_STRUCT);
    if (w->t.err || w->has_groups || !w->leaf)
        return bad(w, w->t.err        ? w->t.err
                      : w->has_groups ? "the row groups are given twice"
                                      : "the row groups come before the schema");
    w->has_groups = true;
    if (n > ASSAY_MAX_PARQUET_ROW_GROUPS)
        return assay_fail(w->e, ASSAY_ELIMIT, "%s: more than %u row groups", w->file, ASSAY_MAX_PARQUET_ROW_GROUPS);
    enum assay_status s = ASSAY_OK;
    for (uint32_t i = 0; i < n && s == ASSAY_OK; i++)
        s = read_group(w);
    return s;
}

static bool is(struct assay_pq_span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.p, text, s.len) == 0;
}

/* Before 3.0 Spark wrote dates in the hybrid calendar, before 3.1 INT96 too. */
static bool older(struct assay_pq_span version, int major, int minor)
{
    int v[2] = {0, 0};
    size_t at = 0;
    for (int k = 0; k < 2; k++, at++)
        for (; at < version.len && version.p[at] >= '0' && version.p[at] <= '9' && v[k] < 1000; at++)
            v[k] = v[k] * 10 + (version.p[at] - '0');
    return v[0] < major || (v[0] == major && v[1] < minor);
}

/* Spark marks files whose dates before the switch of calendars are not proleptic Gregorian, and leaves its version; of
 * early ones only the key of its own schema tells that it was Spark. */
struct spark {
    bool has_schema, has_version;
};

/* One line; what does not fit is left out. */
static void mark(struct walk *w, const char *kind, struct assay_pq_span text)
{
    struct assay_buf *b = &w->m->marks;
    const size_t from = b->len;
    b->max = ASSAY_MAX_MARKS;
    enum assay_status s = assay_buf_adds(b, kind);
    for (size_t i = 0; i < text.len && s == ASSAY_OK; i++)
        s = assay_buf_addc(b, text.p[i] < 0x20 || text.p[i] == 0x7f ? '?' : text.p[i]);
    if (s != ASSAY_OK || assay_buf_addc(b, '\n') != ASSAY_OK)
        b->len = from;
}

static void read_key_value(struct walk *w, struct spark *seen)
{
    struct assay_pq_span key = {0}, value = {0};
    for (struct assay_pq_field f = {0}; assay_pq_thrift_field(&w->t, &f);)
        if (f.id == 1)
            key = assay_pq_thrift_bytes(&w->t, &f);
        else if (f.id == 2)
            value = assay_pq_thrift_bytes(&w->t, &f);
        else
            assay_pq_thrift_skip(&w->t, &f);
    mark(w, "metadata ", key);
    const bool version = is(key, "org.apache.spark.version");
    seen->has_version = seen->has_version || version;
    seen->has_schema = seen->has_schema || is(key, "org.apache.spark.sql.parquet.row.metadata");
    w->m->legacy_dates =
        w->m->legacy_dates || is(key, "org.apache.spark.legacyDateTime") || (version && older(value, 3, 0));
    w->m->legacy_int96 =
        w->m->legacy_int96 || is(key, "org.apache.spark.legacyINT96") || (version && older(value, 3, 1));
}

static void read_key_values(struct walk *w, const struct assay_pq_field *list)
{
    struct spark seen = {0};
    uint32_t n = assay_pq_thrift_list(&w->t, list, TH_STRUCT);
    for (uint32_t i = 0; i < n && !w->t.err; i++)
        read_key_value(w, &seen);
    if (seen.has_schema && !seen.has_version)
        w->m->legacy_dates = w->m->legacy_int96 = true;
}

static enum assay_status read_fields(struct walk *w)
{
    enum assay_status s = ASSAY_OK;
    struct assay_pq_field f = {0};
    while (s == ASSAY_OK && assay_pq_thrift_field(&w->t, &f))
        switch (f.id) {
        case 2:
            s = read_schema(w, &f);
            break;
        case 3:
            w->num_rows = assay_pq_thrift_int(&w->t, &f);
            break;
        case 4:
            s = read_groups(w, &f);
            break;
        case 5:
            read_key_values(w, &f);
            break;
        case 6:
            mark(w, "created_by ", assay_pq_thrift_bytes(&w->t, &f));
            break;
        case 8: /* the footer is plain, and signed: some columns are encrypted */
            w->has_signature = true;
            assay_pq_thrift_skip(&w->t, &f);
            break;
        default:
            assay_pq_thrift_skip(&w->t, &f);
        }
    if (s != ASSAY_OK)
        return s;
    if (w->t.err)
        return bad(w, w->t.err);
    if (w->t.end - w->t.p != (w->has_signature ? SIGNATURE : 0))
        return bad(w, "bytes follow the end of the metadata");
    if (!w->has_groups || w->num_rows < 0)
        return bad(w, "the row groups or the number of rows are missing");
    if ((uint64_t)w->num_rows != w->m->rows)
        return assay_fail(w->e, ASSAY_EDATA, "%s: footer: claims %lld rows, its row groups hold %llu", w->file,
                          (long long)w->num_rows, (unsigned long long)w->m->rows);
    return ASSAY_OK;
}

/* The bytes of the footer, found from both ends of the file. */
static enum assay_status load(struct assay_pq_meta *m, const struct assay_pq_file *f, uint8_t **out, size_t *n,
                              struct assay_err *e)
{
    uint8_t head[4], tail[TAIL];
    enum assay_status s = assay_pq_file_read(f, 0, head, sizeof head, e);
    if (s == ASSAY_OK)
        s = assay_pq_file_read(f, f->size - TAIL, tail, sizeof tail, e);
    if (s != ASSAY_OK)
        return s;
    if (memcmp(tail + 4, MAGIC_ENCRYPTED, 4) == 0)
        return assay_fail(e, ASSAY_ETYPE, "%s: unverified: encrypted (Parquet modular encryption, magic PARE)",
                          f->name);
    if (memcmp(tail + 4, MAGIC, 4) != 0)
        return assay_fail(e, ASSAY_EDATA, "%s: does not end with PAR1: no Parquet file, or cut short", f->name);
    if (memcmp(head, MAGIC, 4) != 0)
        return assay_fail(e, ASSAY_EDATA, "%s: does not begin with PAR1", f->name);
    uint64_t len = assay_get_le32(tail);
    if (len == 0 || len > f->size - TAIL - sizeof head)
        return assay_fail(e, ASSAY_EDATA, "%s: footer of %llu bytes in a file of %llu", f->name,
                          (unsigned long long)len, (unsigned long long)f->size);
    if (len > ASSAY_MAX_PARQUET_FOOTER)
        return assay_fail(e, ASSAY_ELIMIT, "%s: footer of %llu bytes, the limit is %u", f->name,
                          (unsigned long long)len, ASSAY_MAX_PARQUET_FOOTER);
    *n = (size_t)len;
    m->footer_at = f->size - TAIL - len;
    if (!(*out = malloc(*n)))
        return assay_fail_nomem(e);
    return assay_pq_file_read(f, m->footer_at, *out, *n, e);
}

/* What the row groups and the key-value metadata have to say about a column. */
static enum assay_status finish_column(const struct assay_pq_meta *m, struct assay_pq_column *c, struct assay_err *e)
{
    assay_pq_type_legacy(&c->type, m->legacy_int96, m->legacy_dates);
    for (uint32_t i = 0; c->tree && i < c->tree->leaves; i++)
        assay_pq_type_legacy(&c->tree->leaf[i].type, m->legacy_int96, m->legacy_dates);
    bool encrypted = false;
    for (size_t g = 0; g < m->groups && !encrypted; g++)
        for (uint32_t i = 0; i < c->leaves && !encrypted; i++)
            encrypted = m->chunk[g * m->leaves + c->leaf + i].encrypted;
    if (!encrypted)
        return ASSAY_OK;
    char *native = NULL;
    if (asprintf(&native, "encrypted %s", c->native) < 0)
        return assay_fail_nomem(e);
    free(c->native);
    c->native = native;
    c->refused = "encrypted (Parquet modular encryption)";
    return ASSAY_OK;
}

enum assay_status assay_pq_meta_read(struct assay_pq_meta *m, const struct assay_pq_file *f, struct assay_err *e)
{
    uint8_t *footer = NULL;
    size_t n = 0;
    *m = (struct assay_pq_meta){0};
    enum assay_status s = load(m, f, &footer, &n, e);
    if (s == ASSAY_OK) {
        struct walk w = {.m = m, .file = f->name, .e = e, .num_rows = -1};
        assay_pq_thrift_init(&w.t, footer, n);
        s = read_fields(&w);
        free(w.leaf);
    }
    free(footer);
    for (size_t i = 0; i < m->columns && s == ASSAY_OK; i++)
        s = finish_column(m, &m->column[i], e);
    if (s != ASSAY_OK)
        assay_pq_meta_release(m);
    return s;
}

void assay_pq_meta_release(struct assay_pq_meta *m)
{
    for (size_t i = 0; i < m->columns; i++) {
        free(m->column[i].name);
        free(m->column[i].native);
        assay_pq_type_release(&m->column[i].type);
        assay_pq_tree_free(m->column[i].tree);
    }
    free(m->column);
    free(m->group_rows);
    free(m->chunk);
    assay_buf_release(&m->marks);
    *m = (struct assay_pq_meta){0};
}
