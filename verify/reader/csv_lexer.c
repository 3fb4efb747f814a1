#include "csv_lexer.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"

#define MAX_RECORD (2ull * ASSAY_MAX_ROW) /* as written: quotes may be doubled, columns may be left out */

/* No quoting: a byte that ends a record before it could open a field. */
#define NO_QUOTE '\n'

static const char DEFECT_CR[] = "unquoted carriage return";
static const char DEFECT_NUL[] = "NUL byte";
static const char DEFECT_QUOTE[] = "quote inside an unquoted field";
static const char DEFECT_AFTER[] = "text after a closing quote";

static bool plain_byte(char c)
{
    return c > 0 && c != '\n' && c != '\r';
}

static enum assay_status check_dialect(const struct assay_csv_lexer *lx, const struct assay_csv_dialect *d,
                                       struct assay_err *e)
{
    const struct assay_csv_special *s = &lx->special;
    if (lx->copy)
        return plain_byte((char)s->delimiter) && s->delimiter != '\\'
                   ? ASSAY_OK
                   : assay_fail(e, ASSAY_EPLAN,
                                "%s: the delimiter must be a single ASCII byte other than line ends and the "
                                "backslash",
                                lx->name);
    if (!plain_byte((char)s->delimiter) || !plain_byte(d->quote ? d->quote : '"') ||
        !plain_byte(d->escape ? d->escape : '"'))
        return assay_fail(e, ASSAY_EPLAN,
                          "%s: delimiter, quote and escape must be single ASCII bytes other than line ends", lx->name);
    if (s->delimiter == s->quote || s->delimiter == s->escape)
        return assay_fail(e, ASSAY_EPLAN, "%s: the delimiter must differ from quote and escape", lx->name);
    for (const char *p = d->null_text; p && *p; p++)
        if ((uint8_t)*p == s->delimiter || (uint8_t)*p == s->quote || *p == '\n' || *p == '\r')
            return assay_fail(e, ASSAY_EPLAN, "%s: the null text holds a delimiter, quote or line end", lx->name);
    return ASSAY_OK;
}

enum assay_status assay_csv_lexer_init(struct assay_csv_lexer *lx, int fd, const char *name,
                                       const struct assay_csv_dialect *d, const struct assay_csv_tuning *t,
                                       struct assay_err *e)
{
    static const struct assay_csv_tuning none;
    t = t ? t : &none;
    *lx = (struct assay_csv_lexer){.name = name, .line = 1, .quoted_null = d->quoted_null, .copy = d->copy};
    lx->special.delimiter = (uint8_t)(d->delimiter ? d->delimiter : d->copy ? '\t' : ',');
    lx->special.quote = (uint8_t)(d->quote ? d->quote : NO_QUOTE);
    lx->special.escape = d->escape && d->quote ? (uint8_t)d->escape : lx->special.quote;
    lx->indexer = t->indexer ? t->indexer : assay_csv_index_best();
    lx->block = t->block ? t->block : ASSAY_CSV_BLOCK;
    lx->max_field = t->max_field ? t->max_field : ASSAY_MAX_CELL;
    lx->max_record = t->max_record ? t->max_record : (size_t)MAX_RECORD;
    lx->null_text = d->null_text ? d->null_text : "";
    lx->null_len = d->null_text ? strlen(d->null_text) : SIZE_MAX;
    enum assay_status s = check_dialect(lx, d, e);
    if (s == ASSAY_OK)
        s = assay_stream_open(fd, name, NULL, &lx->in, e);
    if (s == ASSAY_OK && d->encoding != ASSAY_TEXT_UTF8)
        s = assay_recoder_new(d->encoding, lx->in, name, t->block, &lx->recoder, e);
    if (s != ASSAY_OK) {
        assay_csv_lexer_release(lx);
        return s;
    }
    lx->cap = lx->block > 3 ? lx->block : 3; /* a byte order mark fits */
    lx->buf = calloc(1, lx->cap + ASSAY_CSV_SLACK);
    lx->idx = malloc((ASSAY_CSV_WINDOW + ASSAY_CSV_SLACK) * sizeof *lx->idx);
    if (lx->buf && lx->idx)
        return ASSAY_OK;
    assay_csv_lexer_release(lx);
    return assay_fail_nomem(e);
}

void assay_csv_lexer_release(struct assay_csv_lexer *lx)
{
    assay_recoder_free(lx->recoder);
    assay_stream_free(lx->in);
    lx->recoder = NULL;
    free(lx->buf);
    free(lx->idx);
    lx->in = NULL;
    lx->buf = NULL;
    lx->idx = NULL;
}

/* Room for as many bytes as are kept already, so that a long record is rescanned a logarithmic number of times. */
static enum assay_status make_room(struct assay_csv_lexer *lx, struct assay_err *e)
{
    size_t kept = lx->len - lx->start;
    if (kept > lx->max_record)
        return assay_fail(e, ASSAY_ELIMIT, "%s:%" PRIu64 ": record that starts here has more than %zu bytes", lx->name,
                          lx->line, lx->max_record);
    size_t want = kept + (kept > lx->block ? kept : lx->block);
    if (want > lx->cap) {
        uint8_t *p = realloc(lx->buf, want + ASSAY_CSV_SLACK);
        if (!p)
            return assay_fail_nomem(e);
        lx->buf = p;
        lx->cap = want;
    }
    memmove(lx->buf, lx->buf + lx->start, kept);
    lx->start = 0;
    lx->len = kept;
    return ASSAY_OK;
}

static enum assay_status read_some(struct assay_csv_lexer *lx, size_t n, struct assay_err *e)
{
    size_t got;
    enum assay_status s = lx->recoder ? assay_recoder_read(lx->recoder, lx->buf + lx->len, n, &got, e)
                                      : assay_stream_read(lx->in, lx->buf + lx->len, n, &got, e);
    if (s != ASSAY_OK)
        return s;
    lx->eof = got == 0;
    lx->bytes += got;
    lx->len += got;
    return ASSAY_OK;
}

/* Byte order marks (Unicode 3.10): UTF-8's is dropped, UTF-16 is named instead of being read as garbage. */
static enum assay_status read_first(struct assay_csv_lexer *lx, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    while (s == ASSAY_OK && lx->len < 3 && !lx->eof)
        s = read_some(lx, lx->cap - lx->len, e);
    if (s != ASSAY_OK)
        return s;
    if (lx->len >= 2 && (memcmp(lx->buf, "\xff\xfe", 2) == 0 || memcmp(lx->buf, "\xfe\xff", 2) == 0))
        return assay_fail(e, ASSAY_EDATA,
                          "%s: UTF-16 byte order mark, expected UTF-8; csv: {encoding: utf-16} reads it", lx->name);
    if (lx->len >= 3 && memcmp(lx->buf, "\xef\xbb\xbf", 3) == 0)
        lx->start = 3;
    return ASSAY_OK;
}

enum assay_status assay_csv_refill(struct assay_csv_lexer *lx, struct assay_err *e)
{
    bool first = lx->bytes == 0 && !lx->eof;
    enum assay_status s = make_room(lx, e);
    if (s == ASSAY_OK && first)
        s = read_first(lx, e);
    else if (s == ASSAY_OK)
        s = read_some(lx, lx->len > lx->block ? lx->len : lx->block, e);
    memset(lx->buf + lx->len, 0, ASSAY_CSV_SLACK);
    assay_csv_rewind(lx);
    return s;
}

void assay_csv_rewind(struct assay_csv_lexer *lx)
{
    lx->idx_i = lx->idx_n = 0;
    lx->indexed = lx->start;
}

static __attribute__((noinline)) size_t next_window(struct assay_csv_lexer *lx)
{
    lx->idx_i = lx->idx_n = 0;
    while (lx->indexed < lx->len && lx->idx_n == 0) {
        size_t to = lx->len - lx->indexed > ASSAY_CSV_WINDOW ? lx->indexed + ASSAY_CSV_WINDOW : lx->len;
        lx->idx_n = lx->indexer(&lx->special, lx->buf, lx->indexed, to, lx->idx);
        lx->indexed = to;
    }
    return lx->idx_n ? lx->idx[lx->idx_i++] : lx->len;
}

/* Position of the next special byte, or lx->len. The byte there is readable: the slack is zero. */
static inline size_t next_special(struct assay_csv_lexer *lx)
{
    return __builtin_expect(lx->idx_i < lx->idx_n, 1) ? lx->idx[lx->idx_i++] : next_window(lx);
}

struct field {
    size_t from, to; /* the value's bytes */
    size_t close; /* behind the closing quote */
    uint8_t flags;
};

static inline bool is_null(const struct assay_csv_lexer *lx, const uint8_t *p, size_t n)
{
    return n == lx->null_len && memcmp(p, lx->null_text, n) == 0;
}

/* kind, flags, scale and len as one store. */
static inline void set_plain(struct assay_value *v, bool null, const uint8_t *p, size_t n)
{
    uint64_t head = (null ? ASSAY_K_NULL : ASSAY_K_LEXEME) | (uint64_t)n << 32;
    memcpy(v, &head, sizeof head);
    v->p = p;
}

static inline void put(const struct assay_csv_lexer *lx, const struct assay_csv_sink *k, size_t field, size_t from,
                       size_t to)
{
    if (field < k->n && k->slot[field] >= 0)
        set_plain(&k->v[k->slot[field]], is_null(lx, lx->buf + from, to - from), lx->buf + from, to - from);
}

/* The common case, in registers: unquoted fields that end in delimiters, as far as the index goes. */
static inline void plain_fields(struct assay_csv_lexer *lx, const struct assay_csv_sink *k, size_t *fields,
                                size_t *from)
{
    const uint8_t *const buf = lx->buf, *p = buf + *from;
    const uint8_t delimiter = lx->special.delimiter;
    const int32_t *const slot = k->slot;
    struct assay_value *const v = k->v;
    const size_t null_len = lx->null_len, n = k->n;
    const uint32_t *at = lx->idx + lx->idx_i, *const end = lx->idx + lx->idx_n;
    size_t field = *fields;
    for (; at < end && buf[*at] == delimiter; at++, field++) {
        size_t len = (size_t)(buf + *at - p);
        if (field < n && slot[field] >= 0)
            set_plain(&v[slot[field]], len == null_len && is_null(lx, p, len), p, len);
        p = buf + *at + 1;
    }
    *fields = field;
    *from = (size_t)(p - buf);
    lx->idx_i = (size_t)(at - lx->idx);
}

static void put_quoted(const struct assay_csv_lexer *lx, const struct assay_csv_sink *k, size_t field,
                       const struct field *f)
{
    if (field >= k->n || k->slot[field] < 0)
        return;
    struct assay_value *v = &k->v[k->slot[field]];
    *v = (struct assay_value){.kind = ASSAY_K_LEXEME, .flags = f->flags};
    v->len = (uint32_t)(f->to - f->from);
    v->p = lx->buf + f->from;
    if (lx->quoted_null && !(f->flags & ASSAY_CSV_ESCAPED) && is_null(lx, v->p, v->len))
        v->kind = ASSAY_K_NULL;
}

/* From behind an opening quote to its closing one. An escape before anything but a quote or itself is an ordinary byte,
 * as in PostgreSQL. */
static enum assay_csv_step quoted(struct assay_csv_lexer *lx, struct field *f, struct assay_csv_record *rec,
                                  uint64_t *lines)
{
    const struct assay_csv_special sp = lx->special;
    uint64_t opened = rec->line + *lines;
    f->flags = ASSAY_V_QUOTED;
    for (;;) {
        size_t pos = next_special(lx);
        uint8_t c = lx->buf[pos];
        bool at_end = pos + 1 >= lx->len;
        if (pos == lx->len || (at_end && !lx->eof)) {
            rec->line = lx->eof ? opened : rec->line;
            return lx->eof ? ASSAY_CSV_UNTERMINATED : ASSAY_CSV_MORE;
        }
        uint8_t after = at_end ? 0 : lx->buf[pos + 1];
        if (c == sp.escape && !at_end && (after == sp.quote || (after == sp.escape && c != sp.quote))) {
            f->flags |= ASSAY_CSV_ESCAPED;
            rec->escaped = true;
            next_special(lx);
        } else if (c == sp.quote) {
            f->to = pos;
            f->close = pos + 1;
            return ASSAY_CSV_RECORD;
        } else if (c == '\n') {
            ++*lines;
        } else if (c == '\0' && !rec->defect) {
            rec->defect = DEFECT_NUL;
        }
    }
}

/* A byte that is none of delimiter, line end and opening quote, in or behind a field. */
static const char *stray(const struct assay_csv_lexer *lx, uint8_t c, bool behind)
{
    if (c == '\r')
        return DEFECT_CR;
    if (c == '\0')
        return DEFECT_NUL;
    if (c == lx->special.quote)
        return behind ? DEFECT_AFTER : DEFECT_QUOTE;
    return NULL;
}

static inline void end_field(const struct assay_csv_lexer *lx, const struct assay_csv_sink *k,
                             struct assay_csv_record *rec, struct field *f, size_t pos)
{
    if (__builtin_expect(!f->flags, 1)) {
        put(lx, k, rec->fields++, f->from, pos);
        return;
    }
    if (pos != f->close && !rec->defect)
        rec->defect = DEFECT_AFTER;
    put_quoted(lx, k, rec->fields++, f);
    f->flags = 0;
}

enum assay_csv_step assay_csv_record(struct assay_csv_lexer *lx, const struct assay_csv_sink *k,
                                     struct assay_csv_record *rec, size_t *next, uint64_t *lines)
{
    if (lx->copy)
        return assay_copy_record(lx, k, rec, next, lines);
    const uint8_t delimiter = lx->special.delimiter, quote = lx->special.quote;
    const uint8_t *buf = lx->buf;
    struct field f = {.from = lx->start};
    *rec = (struct assay_csv_record){.line = lx->line};
    *lines = 0;
    if (lx->start == lx->len)
        return lx->eof ? ASSAY_CSV_END : ASSAY_CSV_MORE;
    size_t start = lx->start, pos;
    for (;;) {
        if (!f.flags)
            plain_fields(lx, k, &rec->fields, &f.from);
        pos = next_special(lx);
        uint8_t c = buf[pos];
        if (c == delimiter) {
            end_field(lx, k, rec, &f, pos);
            f.from = pos + 1;
            continue;
        }
        if (c == '\n')
            break;
        if (c == '\r' && buf[pos + 1] == '\n') {
            next_special(lx);
            break;
        }
        if (c == quote && pos == f.from && !f.flags) {
            f.from++;
            enum assay_csv_step s = quoted(lx, &f, rec, lines);
            if (s != ASSAY_CSV_RECORD)
                return s;
        } else if (pos == lx->len) {
            if (!lx->eof)
                return ASSAY_CSV_MORE;
            break;
        } else if (!rec->defect) {
            rec->defect = f.flags && pos != f.close ? DEFECT_AFTER : stray(lx, c, f.flags != 0);
        }
    }
    rec->blank = pos == start;
    end_field(lx, k, rec, &f, pos);
    *next = pos + (pos < lx->len) + (buf[pos] == '\r');
    *lines += pos < lx->len;
    return ASSAY_CSV_RECORD;
}

void assay_csv_unescape(const struct assay_csv_lexer *lx, struct assay_value *v)
{
    if (lx->copy) {
        assay_copy_unescape(lx, v);
        return;
    }
    const uint8_t quote = lx->special.quote, escape = lx->special.escape;
    uint8_t *p = lx->buf + (v->p - lx->buf), *w;
    const uint8_t *r = p, *end = p + v->len;
    for (w = p; r < end; *w++ = *r++)
        if (*r == escape && r + 1 < end && (r[1] == quote || r[1] == escape))
            r++;
    v->len = (uint32_t)(w - p);
    v->flags = ASSAY_V_QUOTED;
    if (lx->quoted_null && is_null(lx, v->p, v->len))
        v->kind = ASSAY_K_NULL;
}

enum assay_status assay_csv_fail_unterminated(const struct assay_csv_lexer *lx, uint64_t line, struct assay_err *e)
{
    return assay_fail(e, ASSAY_EDATA, "%s:%" PRIu64 ": quoted field that starts here never ends", lx->name, line);
}

enum assay_status assay_csv_pull(struct assay_csv_lexer *lx, const struct assay_csv_sink *k,
                                 struct assay_csv_record *rec, size_t *next, uint64_t *lines, bool *have,
                                 struct assay_err *e)
{
    for (;;) {
        enum assay_csv_step step = assay_csv_record(lx, k, rec, next, lines);
        *have = step == ASSAY_CSV_RECORD;
        if (step == ASSAY_CSV_UNTERMINATED)
            return assay_csv_fail_unterminated(lx, rec->line, e);
        if (step != ASSAY_CSV_MORE)
            return ASSAY_OK;
        enum assay_status s = assay_csv_refill(lx, e);
        if (s != ASSAY_OK)
            return s;
    }
}
