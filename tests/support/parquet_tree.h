/* Parquet files of one nested column, from levels written out as digits: what the Dremel paper calls striped records.
 */
#ifndef ASSAY_TESTS_PARQUET_TREE_H
#define ASSAY_TESTS_PARQUET_TREE_H

#include "parquet_writer.h"

enum { GROUP = -1, REQ = 0, OPT = 1, REP = 2 };
enum { NOTE_MAP = 2, NOTE_KEY_VALUE = 3, NOTE_LIST = 4, NOTE_DATE = 7 }; /* converted types, plus one */

struct tree_part {
    const char *name;
    int physical; /* GROUP or a physical type */
    int repetition, converted, children;
    int logical; /* field of the union LogicalType, with an empty struct */
};

/* One leaf of INT32: pages parted by '|', a digit an entry. Its values count up from `first`. */
struct tree_leaf {
    const char *rep, *def;
    int max_rep, max_def, first;
};

struct tree_file {
    struct tree_part part[12];
    struct tree_leaf leaf[4];
    int rows;
    bool v2, bit_packed;
    int v2_rows; /* 0: as many as the page begins */
    const char *key; /* of the key-value metadata */
};

static inline int tree_width(int most)
{
    return most > 3 ? 3 : most > 1 ? 2 : most;
}

/* Runs of one level each, so that a level may be any digit. */
static inline void tree_runs(struct assay_buf *out, const char *level, size_t n, int most, bool with_length)
{
    struct assay_buf runs = {0};
    for (size_t i = 0; i < n && tree_width(most); i++)
        if (assay_buf_addc(&runs, 2) != ASSAY_OK || assay_buf_addc(&runs, (uint8_t)(level[i] - '0')) != ASSAY_OK)
            abort();
    const uint32_t len = (uint32_t)runs.len;
    if (with_length && tree_width(most) && assay_buf_add(out, &len, 4) != ASSAY_OK)
        abort();
    if (assay_buf_add(out, runs.ptr, runs.len) != ASSAY_OK)
        abort();
    assay_buf_release(&runs);
}

/* From the most significant bit on. */
static inline void tree_bits(struct assay_buf *out, const char *level, size_t n, int most)
{
    const int width = tree_width(most);
    uint8_t bytes[64] = {0};
    for (size_t i = 0; i < n * (size_t)width; i++)
        if ((level[i / (size_t)width] - '0') >> (width - 1 - (int)(i % (size_t)width)) & 1)
            bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
    if (assay_buf_add(out, bytes, (n * (size_t)width + 7) / 8) != ASSAY_OK)
        abort();
}

static inline int tree_page(struct hand_file *f, const struct tree_file *t, const struct tree_leaf *l, const char *rep,
                            const char *def, int value)
{
    const size_t n = strcspn(def, "|");
    struct assay_buf bytes = {0};
    struct hand_page page = {.type = t->v2 ? 3 : 0, .values = (int32_t)n};
    if (t->bit_packed) {
        tree_bits(&bytes, rep, n, l->max_rep);
        tree_bits(&bytes, def, n, l->max_def);
        page.level_encoding = page.rep_encoding = 4;
    } else {
        tree_runs(&bytes, rep, n, l->max_rep, !t->v2);
        page.rep_bytes = (int32_t)bytes.len;
        tree_runs(&bytes, def, n, l->max_def, !t->v2);
        page.level_bytes = (int32_t)bytes.len - page.rep_bytes;
    }
    for (size_t i = 0; i < n; i++) {
        page.rows += rep[i] == '0';
        if (def[i] - '0' == l->max_def && assay_buf_add(&bytes, &(int32_t){value++}, 4) != ASSAY_OK)
            abort();
    }
    if (t->v2_rows)
        page.rows = t->v2_rows;
    page.bytes = bytes.ptr;
    page.n = bytes.len;
    hand_page(f, &page);
    assay_buf_release(&bytes);
    return value;
}

static inline void tree_schema(struct hand_file *f, const struct tree_file *t)
{
    size_t n = 0;
    while (n < sizeof t->part / sizeof *t->part && t->part[n].name)
        n++;
    put_list(f, 2, W_STRUCT, n + 1);
    put_struct(f, 0);
    put_text(f, 4, "root");
    put_int(f, 5, 1);
    put_end(f);
    for (const struct tree_part *p = t->part; p < t->part + n; p++) {
        put_struct(f, 0);
        if (p->physical != GROUP)
            put_int(f, 1, p->physical);
        put_int(f, 3, p->repetition);
        put_text(f, 4, p->name);
        if (p->physical == GROUP)
            put_int(f, 5, p->children ? p->children : 1);
        if (p->converted)
            put_int(f, 6, p->converted - 1);
        if (p->logical) {
            put_struct(f, 10);
            put_struct(f, p->logical);
            put_end(f);
            put_end(f);
        }
        put_end(f);
    }
}

static inline void tree_chunk(struct hand_file *f, const struct tree_part *p, int64_t at, int64_t end, int64_t values)
{
    put_struct(f, 0);
    put_int(f, 2, 0);
    put_struct(f, 3);
    put_int(f, 1, p->physical);
    put_list(f, 2, W_I32, 1);
    put_zigzag(f, 0);
    put_list(f, 3, W_BINARY, 1);
    put_varint(f, strlen(p->name));
    put_bytes(f, p->name, strlen(p->name));
    put_int(f, 4, 0);
    put_int(f, 5, values);
    put_int(f, 6, end - at);
    put_int(f, 7, end - at);
    put_int(f, 9, at);
    put_end(f);
    put_end(f);
}

/* The chunk of leaf i is the bytes [at[i], at[i + 1]). */
static inline void tree_footer(struct hand_file *f, const struct tree_file *t, const int64_t *at, const int64_t *values)
{
    const size_t from = f->out.len;
    size_t leaves = 0;
    while (leaves < 4 && t->leaf[leaves].def)
        leaves++;
    f->last[0] = 0;
    put_int(f, 1, 1);
    tree_schema(f, t);
    put_int(f, 3, t->rows);
    put_list(f, 4, W_STRUCT, 1);
    put_struct(f, 0);
    put_list(f, 1, W_STRUCT, leaves);
    size_t leaf = 0;
    for (const struct tree_part *p = t->part; leaf < leaves; p++)
        if (p->physical != GROUP) {
            tree_chunk(f, p, at[leaf], at[leaf + 1], values[leaf]);
            leaf++;
        }
    put_int(f, 2, at[leaves] - 4);
    put_int(f, 3, t->rows);
    put_end(f);
    if (t->key) {
        put_list(f, 5, W_STRUCT, 1);
        put_struct(f, 0);
        put_text(f, 1, t->key);
        put_end(f);
    }
    put_byte(f, 0);
    hand_close(f, from);
}

static inline struct hand_file tree_write(const struct tree_file *t)
{
    struct hand_file f;
    int64_t at[5] = {0}, values[4] = {0};
    size_t leaves = 0;
    hand_begin(&f);
    for (; leaves < 4 && t->leaf[leaves].def; leaves++) {
        const struct tree_leaf *l = &t->leaf[leaves];
        const char *rep = l->rep, *def = l->def;
        int value = l->first;
        at[leaves] = (int64_t)f.out.len;
        for (; *def; def += strcspn(def, "|"), rep += strcspn(rep, "|")) {
            def += *def == '|';
            rep += *rep == '|';
            values[leaves] += (int64_t)strcspn(def, "|");
            value = tree_page(&f, t, l, rep, def, value);
        }
    }
    at[leaves] = (int64_t)f.out.len;
    tree_footer(&f, t, at, values);
    return f;
}

#endif
