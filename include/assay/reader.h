/* Readers: one vtable for tables and for files, registered in one table (verify/reader/reader.c).
 * A reader delivers typed rows in batches and never hashes values; whoever consumes them never knows which reader it
 * has. */
#ifndef ASSAY_READER_H
#define ASSAY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/err.h"
#include "assay/schema.h"
#include "assay/value.h"

#define ASSAY_BATCH_ROWS 256 /* most rows a batch */

/* Of text files. The byte order of utf-16 is that of its mark; those from shift_jis on have a table. */
enum assay_text_encoding {
    ASSAY_TEXT_UTF8 = 0,
    ASSAY_TEXT_UTF16,
    ASSAY_TEXT_UTF16LE,
    ASSAY_TEXT_UTF16BE,
    ASSAY_TEXT_SHIFT_JIS,
    ASSAY_TEXT_CP932,
    ASSAY_TEXT_EUC_JP,
    ASSAY_TEXT_EUC_KR,
    ASSAY_TEXT_CP949,
    ASSAY_TEXT_GBK,
    ASSAY_TEXT_ENCODINGS
};
extern const char *const assay_text_encodings[ASSAY_TEXT_ENCODINGS]; /* "utf-8", ... */
bool assay_text_encoding_parse(const char *name, enum assay_text_encoding *out); /* false: not one of them */

struct assay_csv_dialect {
    char delimiter; /* default ',' */
    char quote; /* default '"' */
    char escape; /* 0: the quote doubled (RFC 4180) */
    bool header; /* default true */
    const char *null_text; /* unquoted text that means NULL; default "" (PostgreSQL); NULL: nothing means NULL */
    bool copy; /* PostgreSQL's COPY text: nothing quotes, the backslash escapes */
    bool quoted_null; /* a quoted null_text means NULL too (psql --csv, sqlite3 -csv); default false */
    enum assay_text_encoding encoding; /* of the file, decompressed; what is no character is a defect of its value */
};

/* Where a side is and how to read it. All strings borrowed for the life of the reader. */
struct assay_locator {
    const char *uri; /* "postgresql://...", "service=..." is passed untouched to libpq, "sqlite:PATH", "exec:COMMAND",
                        or a path: file, directory, glob, or a pattern with one "{segment}" */
    const char *table; /* tables: name, optionally schema-qualified; NULL for files */
    const char *format; /* files: "csv", "copy", "parquet", "avro" or "ndjson"; NULL: by suffix; exec: required */
    const char *base_dir; /* relative paths are relative to this */
    struct assay_csv_dialect csv;
    const char *snapshot; /* postgresql: an exported snapshot to import, or NULL to make one's own */
    /* exec: what {segment}, {lo} and {hi} in a word of the command become; NULL: "all", and no bounds. */
    const char *segments, *lo, *hi;
    bool from_medium; /* files: drop what the page cache has of an object before it is read */
    int timeout_s; /* statement and connect time-out, seconds; 0: 60 to connect, none for statements */
};

/* What a path says of every row of its object: a Hive partition column. */
struct assay_claim {
    const char *column; /* native name */
    struct assay_value value;
};

/* One independently readable part of a side: an archived object, or a range of a table. */
struct assay_part {
    char *name; /* object: its locator relative to base_dir, '/' separated; table: "ctid 0-9999" or "all" */
    char *segment; /* the text that "{segment}" matched, or NULL */
    bool object; /* true for files: the scan's end carries sha256 and bytes */
    uint64_t bytes; /* size in bytes when known, for balancing work; else 0 */
    const struct assay_claim *claim; /* borrowed from the reader; also of columns that the object holds itself */
    size_t n_claims;
};

struct assay_batch {
    size_t rows, cols; /* value (r, c) is v[r * cols + c]; rows 0 = end of the part */
    const struct assay_value *v; /* owned by the scan, valid until its next call */
    const uint64_t *pos; /* per row: line number (CSV) ; NULL: first_pos + r */
    uint64_t first_pos; /* 1-based ordinal of the first row in the part, when pos is NULL */
    /* Of ASSAY_V_STABLE values: under one epoch of a scan a pointer keeps its bytes. Below 2^32; 0: no promise. */
    uint64_t epoch;
    const char *const
        *row_defect; /* NULL, or per row NULL or a sentence: row structure broken (CSV: too few or many fields) */
};

/* Known after a scan has come to its clean end. */
struct assay_scan_end {
    uint64_t rows; /* rows delivered, broken ones included */
    bool counted; /* claimed_rows is an independent count (Parquet footer, Avro blocks, COPY's command tag) */
    uint64_t claimed_rows;
    uint64_t nonstandard; /* values that were read although the format does not have them: NaN in JSON */
    bool hashed; /* objects: sha256 and bytes are those of the very bytes decoded */
    uint8_t sha256[32];
    uint64_t bytes;
    bool from_medium; /* objects: no page of it was in the page cache when its reading began */
};

/* [lo, hi): lexemes in ISO form, of years 1 to 9999 where they are dates; NULL: open. Not both. */
struct assay_range {
    const char *lo, *hi;
};

struct assay_scan_opts {
    const char *const *columns; /* native names to deliver, in this order; a name the side lacks is ASSAY_ENOTFOUND */
    size_t n_columns;
    /* NULL, or what each column is taken for: under text a database delivers a nested one as it prints it. */
    const enum assay_logical *types;
    bool sample; /* a cheap sample for cutting is enough; a reader may ignore this and deliver all rows */
    uint64_t sample_rows; /* about how many */
    /* Objects: where SHA-512 of the stored bytes goes beside SHA-256, 64 bytes, at the clean end. NULL: nobody asks. */
    uint8_t *sha512;
    /* Generous pre-filter: deliver at least the rows whose window column is in one of these ranges, is NULL, or is
     * nothing that the engine orders as the declared type does. A reader may ignore it. NULL: no filter. */
    const char *window_column;
    enum assay_logical window_type; /* date, timestamp, timestamptz or integer */
    const struct assay_range *window;
    size_t n_windows; /* 0: only NULLs, and what has no order */
};

/* What an exporter leaves in its files besides the rows. */
struct assay_marks {
    struct assay_buf head; /* the first bytes of a text object, decompressed, at most ASSAY_MAX_MARKS; else empty */
    struct assay_buf made; /* lines "created_by TEXT" and "metadata KEY", of formats that say so */
};
void assay_marks_release(struct assay_marks *m);

struct assay_reader;
struct assay_scan;

struct assay_reader_ops {
    const char *name; /* "postgresql", "sqlite", "files", "mem" */
    bool (*accepts)(const struct assay_locator *loc);
    enum assay_status (*open)(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e);
    /* Observed schema. For files: that of the first object; objects that differ fail at scan with ASSAY_EDATA. */
    enum assay_status (*schema)(struct assay_reader *r, struct assay_schema *out, struct assay_err *e);
    /* Parts, in a stable order; at most `want` for tables (0: reader's choice), one per object for files. Borrowed from
     * the reader. */
    enum assay_status (*parts)(struct assay_reader *r, size_t want, const struct assay_part **out, size_t *n,
                               struct assay_err *e);
    /* Independent row count at the same snapshot; *known false when the side has none. */
    enum assay_status (*count)(struct assay_reader *r, uint64_t *rows, bool *known, struct assay_err *e);
    bool count_apart; /* count may run in one thread while parts are scanned in others */
    /* Cheap estimate of rows, 0 when unknown. */
    uint64_t (*estimate)(struct assay_reader *r);
    /* What names the snapshot: exported snapshot id and LSN, data_version, or "" for files. Borrowed. */
    const char *(*token)(struct assay_reader *r);
    /* Seconds since 1970 at which what is read was the present; 0: when the reader was opened. NULL: likewise. */
    int64_t (*as_of)(struct assay_reader *r);
    /* Start reading part `part`. Scans of different parts may run in different threads at once. */
    enum assay_status (*scan)(struct assay_reader *r, size_t part, const struct assay_scan_opts *o,
                              struct assay_scan **out, struct assay_err *e);
    enum assay_status (*next)(struct assay_scan *s, struct assay_batch *b, struct assay_err *e);
    /* Valid only after next() delivered rows == 0 with ASSAY_OK. */
    void (*end)(struct assay_scan *s, struct assay_scan_end *end);
    void (*scan_free)(struct assay_scan *s); /* NULL is a no-op */
    /* Identity of an object as it stands now: whole-file SHA-256 and size, without decoding, and SHA-512 unless sha512
     * is NULL. NULL for tables. */
    enum assay_status (*hash_object)(struct assay_reader *r, size_t part, uint8_t sha256[32], uint8_t *sha512,
                                     uint64_t *bytes, struct assay_err *e);
    /* The marks of one object, into a zeroed *out. NULL for tables. */
    enum assay_status (*marks)(struct assay_reader *r, size_t part, struct assay_marks *out, struct assay_err *e);
    /* Columns of one object, which may differ from those of another. NULL for tables. */
    enum assay_status (*object_schema)(struct assay_reader *r, size_t part, struct assay_schema *out,
                                       struct assay_err *e);
    void (*close)(struct assay_reader *r); /* NULL is a no-op; all scans freed before */
};

/* First member of every reader and scan. */
struct assay_reader {
    const struct assay_reader_ops *ops;
};
struct assay_scan {
    const struct assay_reader_ops *ops;
};

/* Find the reader that accepts the locator and open it. Messages name the locator without its password. */
enum assay_status assay_reader_open(const struct assay_locator *loc, struct assay_reader **out, struct assay_err *e);

/* The locator as it may be shown: password and secret query parameters replaced by ***. Appends to out. */
struct assay_buf;
enum assay_status assay_locator_show(const char *uri, struct assay_buf *out);

/* Would a file of that name, as the locator's objects are named, be one of them if it were there? Looks at no file. */
bool assay_files_wants(const struct assay_locator *loc, const char *name);

/* The defaults: PostgreSQL's CSV, and its COPY text. */
struct assay_csv_dialect assay_csv_default(void);
struct assay_csv_dialect assay_copy_default(void);

/* ---- file formats behind the "files" reader (verify/reader/files_format.c keeps their table) ---- */

struct assay_format_ops {
    const char *name; /* "csv", "copy", "parquet", "avro", "ndjson" */
    const char *const *suffixes; /* NULL-terminated: ".csv", ".tsv" */
    bool compressed; /* .gz, .zst, .lz4, .xz or .bz2 may stand behind the suffix; the format decompresses */
    /* Schema of one open object. fd is a regular file at offset 0; name is for messages. */
    enum assay_status (*schema)(int fd, const char *name, const struct assay_locator *loc, struct assay_schema *out,
                                struct assay_err *e);
    /* Start decoding: deliver the columns named in o, in that order. fd stays owned by the caller and open until
     * scan_free. The returned scan's `ops` member is filled by files.c. */
    enum assay_status (*scan)(int fd, const char *name, const struct assay_locator *loc,
                              const struct assay_scan_opts *o, struct assay_scan **out, struct assay_err *e);
    enum assay_status (*next)(struct assay_scan *s, struct assay_batch *b, struct assay_err *e);
    void (*end)(struct assay_scan *s, struct assay_scan_end *end);
    void (*scan_free)(struct assay_scan *s);
    /* Append what the file says of its writer, as lines of assay_marks.made. NULL: it says nothing, its bytes are text.
     */
    enum assay_status (*marks)(int fd, const char *name, struct assay_buf *out, struct assay_err *e);
};

extern const struct assay_reader_ops assay_exec_reader, assay_pg_reader, assay_sqlite_reader, assay_files_reader;
extern const struct assay_format_ops assay_csv_format, assay_parquet_format, assay_avro_format, assay_ndjson_format,
    assay_copy_format;

#endif
