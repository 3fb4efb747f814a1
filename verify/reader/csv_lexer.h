/* The CSV tokeniser: RFC 4180 and PostgreSQL's COPY ... CSV. Bytes in one growing block, values that point into it.
 * Private to verify/reader and its tests. */
#ifndef ASSAY_CSV_LEXER_H
#define ASSAY_CSV_LEXER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/digest.h"
#include "assay/err.h"
#include "assay/reader.h"
#include "assay/value.h"
#include "recode.h"
#include "stream.h"

#define ASSAY_CSV_BLOCK (256u << 10) /* bytes a read: parsed while still in the second-level cache */
#define ASSAY_CSV_WINDOW 16384u /* bytes indexed at a time */
#define ASSAY_CSV_SLACK 64u /* readable bytes behind the block, and spare entries behind an index */
#define ASSAY_CSV_ESCAPED 0x80u /* value flag inside the lexer: doubled quotes or escapes are still in it */

/* The bytes at which the tokeniser stops: these and everything up to 0x0D (NUL, tab, LF, CR). */
struct assay_csv_special {
    uint8_t delimiter, quote, escape; /* escape == quote: the quote doubled */
};

/* Positions of all special bytes of p[from..to) to out, ascending; the number of them. Up to ASSAY_CSV_SLACK bytes
 * behind `to` are read, and as many entries behind the last one are written. All indexers give the same answer. */
typedef size_t assay_csv_indexer(const struct assay_csv_special *s, const uint8_t *p, size_t from, size_t to,
                                 uint32_t *out);
assay_csv_indexer assay_csv_index_portable;
/* All indexers that this machine can run: the portable one, the fastest, others; NULL past the end. */
assay_csv_indexer *assay_csv_indexer_nth(size_t i);
/* The fastest indexer of this machine. */
assay_csv_indexer *assay_csv_index_best(void);

/* What tests make small. Zero members mean the defaults. */
struct assay_csv_tuning {
    size_t block; /* bytes a read */
    size_t max_field; /* bytes of one field */
    size_t max_record; /* bytes of one record as written, below 4 GiB */
    assay_csv_indexer *indexer; /* NULL: the best */
};

struct assay_csv_lexer {
    struct assay_stream *in; /* owned */
    struct assay_recoder *recoder; /* between in and buf; NULL: the bytes are UTF-8; owned */
    const char *name; /* for messages; not owned */
    struct assay_csv_special special;
    assay_csv_indexer *indexer;
    const char *null_text; /* not owned */
    size_t null_len; /* SIZE_MAX: nothing means NULL */
    bool quoted_null, copy;
    size_t block, max_field, max_record;
    uint64_t bytes; /* read so far, decompressed */

    uint8_t *buf; /* owned; cap + ASSAY_CSV_SLACK bytes */
    size_t start; /* first byte of the next record */
    size_t len, cap;
    bool eof;
    uint64_t line; /* 1-based number of the line that starts at `start` */

    uint32_t *idx; /* owned; positions of special bytes */
    size_t idx_i, idx_n;
    size_t indexed; /* bytes before this one are indexed */
};

/* Where fields go: field f of the record to v[slot[f]], or nowhere when slot[f] is negative or f >= n. */
struct assay_csv_sink {
    const int32_t *slot;
    size_t n;
    struct assay_value *v;
};

struct assay_csv_record {
    uint64_t line; /* where it starts */
    size_t fields;
    bool blank; /* nothing between two line ends */
    bool escaped; /* some value carries ASSAY_CSV_ESCAPED */
    const char *defect; /* static sentence, or NULL */
};

enum assay_csv_step {
    ASSAY_CSV_RECORD, /* one record; its values live until the next refill */
    ASSAY_CSV_MORE, /* the block ends inside a record: refill, then ask again */
    ASSAY_CSV_END, /* clean end of file */
    ASSAY_CSV_UNTERMINATED /* end of file inside a quoted field; rec->line is the line of its opening quote */
};

/* Check the dialect (ASSAY_EPLAN), open the stream and allocate. fd must stand at the first byte. A leading BOM is
 * dropped at the first refill. */
enum assay_status assay_csv_lexer_init(struct assay_csv_lexer *lx, int fd, const char *name,
                                       const struct assay_csv_dialect *d, const struct assay_csv_tuning *t,
                                       struct assay_err *e);
void assay_csv_lexer_release(struct assay_csv_lexer *lx);
/* Drop what was consumed and read on. ASSAY_EIO, ASSAY_ENOMEM; ASSAY_ELIMIT when the record in hand is over max_record;
 * ASSAY_EDATA for a file in UTF-16. All values delivered before become invalid. */
enum assay_status assay_csv_refill(struct assay_csv_lexer *lx, struct assay_err *e);
/* Tokenise the record at lx->start without consuming it; *next is where the following one starts and *lines how many
 * line ends lie before that. */
enum assay_csv_step assay_csv_record(struct assay_csv_lexer *lx, const struct assay_csv_sink *k,
                                     struct assay_csv_record *rec, size_t *next, uint64_t *lines);
/* Go on behind the record that assay_csv_record has just found. */
static inline void assay_csv_consume(struct assay_csv_lexer *lx, size_t next, uint64_t lines)
{
    lx->start = next;
    lx->line += lines;
}
/* Go back to the start of the record that assay_csv_record has just found. */
void assay_csv_rewind(struct assay_csv_lexer *lx);
/* Resolve doubled quotes and escapes of one value in place, then NULL spellings of quoted fields. */
void assay_csv_unescape(const struct assay_csv_lexer *lx, struct assay_value *v);
/* Step and refill until there is a record, the end or an error: ASSAY_OK with *have false is the end. The record is not
 * consumed. */
enum assay_status assay_csv_pull(struct assay_csv_lexer *lx, const struct assay_csv_sink *k,
                                 struct assay_csv_record *rec, size_t *next, uint64_t *lines, bool *have,
                                 struct assay_err *e);
/* csv_copy.c: the same two for COPY text; assay_csv_record and assay_csv_unescape call them where lx->copy is set. */
enum assay_csv_step assay_copy_record(const struct assay_csv_lexer *lx, const struct assay_csv_sink *k,
                                      struct assay_csv_record *rec, size_t *next, uint64_t *lines);
void assay_copy_unescape(const struct assay_csv_lexer *lx, struct assay_value *v);
/* The sentence for ASSAY_CSV_UNTERMINATED. */
enum assay_status assay_csv_fail_unterminated(const struct assay_csv_lexer *lx, uint64_t line, struct assay_err *e);

/* Start a scan with other than the default tuning (tests); assay_csv_format.scan is this with NULL. */
enum assay_status assay_csv_scan_tuned(int fd, const char *name, const struct assay_locator *loc,
                                       const struct assay_scan_opts *o, const struct assay_csv_tuning *t,
                                       struct assay_scan **out, struct assay_err *e);

/* ---- types from a sample: a proposal for `init`, nothing is ever decoded by it ---- */

struct assay_csv_guess {
    uint32_t fits; /* bit per enum assay_logical that every value so far fits */
    bool any;
};
void assay_csv_guess_add(struct assay_csv_guess *g, const uint8_t *p, size_t n);
/* The strictest type that fits all values; text when there was none. */
enum assay_logical assay_csv_guess_type(const struct assay_csv_guess *g);

#endif
