/* PostgreSQL's COPY ... (FORMAT text): fields between tabs, one row a line, backslash escapes, \N for NULL. As lines of
 * its own for a lexer that csv.c drives like the CSV one. */
#include <string.h>

#include "csv_lexer.h"

struct assay_csv_dialect assay_copy_default(void)
{
    return (struct assay_csv_dialect){.delimiter = '\t', .null_text = "\\N", .copy = true};
}

static void put_field(const struct assay_csv_lexer *lx, const struct assay_csv_sink *k, struct assay_csv_record *rec,
                      size_t from, size_t to, bool escaped)
{
    const size_t field = rec->fields++, n = to - from;
    if (field >= k->n || k->slot[field] < 0)
        return;
    const uint8_t *p = lx->buf + from;
    const bool null = n == lx->null_len && memcmp(p, lx->null_text, n) == 0; /* before escapes are resolved */
    struct assay_value *v = &k->v[k->slot[field]];
    *v = (struct assay_value){.kind = null ? ASSAY_K_NULL : ASSAY_K_LEXEME, .len = (uint32_t)n, .p = p};
    if (escaped && !null) {
        v->flags = ASSAY_CSV_ESCAPED;
        rec->escaped = true;
    }
}

/* The line "\." ends the data; a file may end behind it and nowhere else. */
static bool is_marker(const struct assay_csv_lexer *lx, size_t to)
{
    return to - lx->start == 2 && memcmp(lx->buf + lx->start, "\\.", 2) == 0;
}

enum assay_csv_step assay_copy_record(const struct assay_csv_lexer *lx, const struct assay_csv_sink *k,
                                      struct assay_csv_record *rec, size_t *next, uint64_t *lines)
{
    const uint8_t *buf = lx->buf;
    size_t from = lx->start, pos = lx->start;
    bool escaped = false;
    *rec = (struct assay_csv_record){.line = lx->line};
    *lines = 0;
    if (lx->start == lx->len)
        return lx->eof ? ASSAY_CSV_END : ASSAY_CSV_MORE;
    for (; pos < lx->len && buf[pos] != '\n'; pos++) {
        if (buf[pos] == lx->special.delimiter) {
            put_field(lx, k, rec, from, pos, escaped);
            from = pos + 1;
            escaped = false;
        } else if (buf[pos] == '\\') {
            escaped = true;
            *lines += pos + 1 < lx->len && buf[pos + 1] == '\n';
            pos++;
        } else if (buf[pos] == '\r' && (pos + 1 == lx->len ? !lx->eof : buf[pos + 1] == '\n')) {
            break; /* CR LF; at the end of the block what follows decides */
        } else if ((buf[pos] == '\r' || buf[pos] == '\0') && !rec->defect) {
            rec->defect = buf[pos] ? "carriage return that is not escaped" : "NUL byte";
        }
    }
    const size_t ends = pos + (pos + 1 < lx->len && buf[pos] == '\r');
    if (ends >= lx->len || buf[ends] != '\n') {
        if (!lx->eof)
            return ASSAY_CSV_MORE;
        if (pos > lx->len && !rec->defect)
            rec->defect = "file ends behind a backslash";
        pos = lx->len;
    }
    *next = pos < lx->len ? ends + 1 : lx->len;
    if (is_marker(lx, pos)) {
        if (!lx->eof && *next == lx->len)
            return ASSAY_CSV_MORE;
        if (*next == lx->len)
            return ASSAY_CSV_END;
        rec->defect = "data behind the end marker \\.";
    }
    rec->blank = pos == lx->start;
    put_field(lx, k, rec, from, pos, escaped);
    *lines += pos < lx->len;
    return ASSAY_CSV_RECORD;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that the escape at r stands for; *r moves behind it. */
static uint8_t escape(const uint8_t **r, const uint8_t *end)
{
    static const char letters[] = "bfnrtv", bytes[] = "\b\f\n\r\t\v";
    const uint8_t c = *(*r)++;
    const char *known = c ? strchr(letters, c) : NULL;
    unsigned code = 0;
    if (known)
        return (uint8_t)bytes[known - letters];
    if (c >= '0' && c <= '7') {
        code = c - '0';
        for (int i = 0; i < 2 && *r < end && **r >= '0' && **r <= '7'; i++)
            code = code * 8 + (*(*r)++ - '0');
        return (uint8_t)code;
    }
    if (c != 'x' || *r == end || hex_digit(**r) < 0)
        return c;
    for (int i = 0; i < 2 && *r < end && hex_digit(**r) >= 0; i++)
        code = code * 16 + (unsigned)hex_digit(*(*r)++);
    return (uint8_t)code;
}

void assay_copy_unescape(const struct assay_csv_lexer *lx, struct assay_value *v)
{
    uint8_t *p = lx->buf + (v->p - lx->buf), *w = p;
    const uint8_t *r = p, *end = p + v->len;
    while (r < end) {
        if (*r != '\\' || r + 1 == end) {
            *w++ = *r++;
        } else {
            r++;
            *w++ = escape(&r, end);
        }
    }
    v->len = (uint32_t)(w - p);
    v->flags = 0;
}

/* ---- the format: the CSV one under a dialect that says copy ---- */

static struct assay_locator as_copy(const struct assay_locator *loc)
{
    struct assay_locator l = *loc;
    if (!l.csv.copy)
        l.csv = assay_copy_default();
    return l;
}

static enum assay_status copy_schema(int fd, const char *name, const struct assay_locator *loc,
                                     struct assay_schema *out, struct assay_err *e)
{
    const struct assay_locator l = as_copy(loc);
    return assay_csv_format.schema(fd, name, &l, out, e);
}

static enum assay_status copy_scan(int fd, const char *name, const struct assay_locator *loc,
                                   const struct assay_scan_opts *o, struct assay_scan **out, struct assay_err *e)
{
    const struct assay_locator l = as_copy(loc);
    return assay_csv_format.scan(fd, name, &l, o, out, e);
}

static enum assay_status copy_next(struct assay_scan *s, struct assay_batch *b, struct assay_err *e)
{
    return assay_csv_format.next(s, b, e);
}

static void copy_end(struct assay_scan *s, struct assay_scan_end *end)
{
    assay_csv_format.end(s, end);
}

static void copy_free(struct assay_scan *s)
{
    assay_csv_format.scan_free(s);
}

/* No suffix is its own: the plan says format: copy, whose dialect then is in the resolved form. */
static const char *const suffixes[] = {NULL};

const struct assay_format_ops assay_copy_format = {
    .name = "copy",
    .suffixes = suffixes,
    .compressed = true,
    .schema = copy_schema,
    .scan = copy_scan,
    .next = copy_next,
    .end = copy_end,
    .scan_free = copy_free,
};
