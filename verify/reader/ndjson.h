/* NDJSON: one JSON object (RFC 8259) a line. Lines of one growing block, a lexer that decodes strings in place, and the
 * table of member names. Private to verify/reader and its tests. */
#ifndef ASSAY_NDJSON_H
#define ASSAY_NDJSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/err.h"
#include "assay/reader.h"
#include "assay/value.h"
#include "stream.h"

/* What tests make small. Zero members mean the defaults. */
struct assay_ndjson_tuning {
    size_t block; /* bytes a read */
    size_t max_line; /* bytes of one line as written */
    size_t max_cell; /* bytes of one value */
    size_t max_names; /* different member names */
};

/* ---- lines ---- */

struct assay_ndjson_lines {
    struct assay_stream *in; /* owned */
    const char *name; /* for messages; not owned */
    size_t block, max_line;
    uint64_t bytes; /* read so far, decompressed */
    uint8_t *buf; /* owned */
    size_t start; /* first byte of the next line */
    size_t seen; /* bytes from there on known to hold no line end */
    size_t len, cap;
    bool eof;
    uint64_t line; /* 1-based number of the line that starts at `start` */
};

/* One line without its line feed; writable, valid until the next refill. */
struct assay_ndjson_line {
    uint8_t *p;
    size_t n;
    uint64_t no;
    bool ended; /* by a line feed; false: the file ended */
};

enum assay_ndjson_step { ASSAY_NDJSON_LINE, ASSAY_NDJSON_MORE, ASSAY_NDJSON_END };

enum assay_status assay_ndjson_lines_init(struct assay_ndjson_lines *l, int fd, const char *name,
                                          const struct assay_ndjson_tuning *t, struct assay_err *e);
void assay_ndjson_lines_release(struct assay_ndjson_lines *l);
/* Drop what was consumed and read on. The stream's errors; ASSAY_ELIMIT for a line over max_line; ASSAY_EDATA for
 * UTF-16. A leading BOM is dropped. */
enum assay_status assay_ndjson_refill(struct assay_ndjson_lines *l, struct assay_err *e);
/* The next line, consumed. MORE: the block ends inside it. */
enum assay_ndjson_step assay_ndjson_line(struct assay_ndjson_lines *l, struct assay_ndjson_line *out);

/* ---- members of one line ---- */

struct assay_ndjson_cursor {
    uint8_t *p, *end;
    const uint8_t *likely; /* what the next member's name may well be, as it is written; or NULL */
    size_t likely_len;
    bool guessed; /* it was */
    bool any; /* a member was there already */
    bool cut; /* the line ended where more had to come */
    uint32_t nonstandard; /* NaN and infinities so far, nested ones too: JSON does not have them */
    const char *defect; /* static sentence, or NULL */
};

/* White space, then the opening brace. false: defect. */
bool assay_ndjson_begin(struct assay_ndjson_cursor *c);
/* The next member; strings are decoded in place. Its value: LEXEME (numbers; NaN, Infinity, -Infinity; objects and
 * arrays as written), LEXEME with ASSAY_V_QUOTED (strings), BOOL, NULL, or BAD for a string that is no Unicode text or
 * holds NUL; so may be its name. false: the end of the object and the line, or a defect. */
bool assay_ndjson_member(struct assay_ndjson_cursor *c, struct assay_value *name, struct assay_value *v);
/* Was the value written as an object or array? */
static inline bool assay_ndjson_nested(const struct assay_value *v)
{
    return v->kind == ASSAY_K_LEXEME && !(v->flags & ASSAY_V_QUOTED) && v->len && (*v->p == '{' || *v->p == '[');
}
/* Does a string's text stand in JSON as it is? */
bool assay_ndjson_plain(uint8_t *p, size_t n);
/* RFC 3629. */
bool assay_ndjson_utf8(const uint8_t *p, size_t n);

/* ---- names ---- */

struct assay_ndjson_name {
    char *p; /* owned; len bytes and a NUL */
    uint32_t len;
    int32_t column; /* where its value goes, -1: nowhere */
    bool plain; /* is written as it is, without escapes */
    uint64_t row; /* last row that had it; 0: none */
};

struct assay_ndjson_names {
    struct assay_ndjson_name *v; /* owned; by first appearance */
    uint32_t *sorted; /* owned; indices by name bytes */
    uint32_t *order; /* owned; index of the i-th member of the last row: members mostly come in one order */
    size_t n, max;
    bool all; /* every new name is a column of its own, numbered as it comes */
    uint64_t nonstandard; /* NaN and infinities of all rows */
    uint64_t row; /* number of the row in hand */
};

enum assay_status assay_ndjson_names_init(struct assay_ndjson_names *t, size_t max, struct assay_err *e);
void assay_ndjson_names_release(struct assay_ndjson_names *t);
/* Index of a name, which is added when it is new. ASSAY_ELIMIT, ASSAY_ENOMEM. */
enum assay_status assay_ndjson_name(struct assay_ndjson_names *t, const uint8_t *p, size_t n, size_t *out,
                                    struct assay_err *e);

/* Parse one line into v[column] of the names that have one; names seen carry t->row. *defect: why the row is broken,
 * or NULL; *cut: because the line ended too early. Fails only as assay_ndjson_name does. */
enum assay_status assay_ndjson_row(struct assay_ndjson_names *t, const struct assay_ndjson_line *line,
                                   struct assay_value *v, const char **defect, bool *cut, struct assay_err *e);

/* ---- the first lines ---- */

#define ASSAY_NDJSON_SAMPLE 1000 /* lines looked at */

/* Names and proposed types from the first lines of the object. */
enum assay_status assay_ndjson_schema(int fd, const char *name, const struct assay_locator *loc,
                                      struct assay_schema *out, struct assay_err *e);
/* Read lines until all names of t have been seen, or the sample ends; *rows: how many rows were sound. The fd is
 * rewound.
 */
enum assay_status assay_ndjson_look(int fd, const char *name, const struct assay_ndjson_tuning *tune,
                                    struct assay_ndjson_names *t, size_t *rows, struct assay_err *e);

/* Start a scan with other than the default tuning (tests); assay_ndjson_format.scan is this with NULL. */
enum assay_status assay_ndjson_scan_tuned(int fd, const char *name, const struct assay_scan_opts *o,
                                          const struct assay_ndjson_tuning *t, struct assay_scan **out,
                                          struct assay_err *e);

#endif
