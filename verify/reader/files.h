/* Finding the objects of a file locator: one file, a directory, a glob, or a pattern with one "{segment}".
 * Private to verify/reader and its tests. */
#ifndef ASSAY_FILES_H
#define ASSAY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "assay/err.h"
#include "assay/reader.h"
#include "assay/value.h"

#define ASSAY_FILES_MAX_DEPTH 64 /* nested directories below the locator */

/* ---- Hive partition columns ---- */

struct assay_hive_column {
    char *name; /* decoded; owned */
    char *value; /* decoded; owned; NULL: __HIVE_DEFAULT_PARTITION__ */
    size_t len;
};
struct assay_hive {
    struct assay_hive_column *v; /* owned; in path order */
    size_t n;
};
/* Columns of the directories key=value in a name. A key that stands twice is ASSAY_EDATA. */
enum assay_status assay_hive_parse(const char *name, struct assay_hive *out, struct assay_err *e);
void assay_hive_release(struct assay_hive *h);
/* Index of the column, or SIZE_MAX. */
size_t assay_hive_find(const struct assay_hive *h, const char *name);
struct assay_value assay_hive_value(const struct assay_hive_column *c);

/* ---- objects ---- */

/* One object: what the reader shows, and how to open it. */
struct assay_file {
    struct assay_part part; /* name and segment owned */
    char *real; /* target when the name is a symbolic link, else NULL; owned */
    const struct assay_format_ops *format; /* how it is read */
    struct assay_hive hive; /* what its path says; owned */
    struct assay_claim *claim; /* the same as the part has it; owned */
};

struct assay_file_list {
    struct assay_file *v; /* owned; sorted by name bytes */
    size_t n, cap;
};

/* The partition columns of the file's path become claims of its part. ASSAY_ENOMEM is the only failure. */
enum assay_status assay_hive_claim(struct assay_file *f, struct assay_err *e);

/* The format of a file by its name, or by loc->format. ASSAY_EPLAN for an unknown format: key, ASSAY_EDATA for an
 * unknown suffix when *out is wanted at any price (strict); without strict, *out is NULL then. */
enum assay_status assay_file_format(const struct assay_locator *loc, const char *name, bool strict,
                                    const struct assay_format_ops **out, struct assay_err *e);

/* Of assay_reader_ops, for readers of files: no count that is independent of the rows, no estimate, no snapshot. */
enum assay_status assay_file_count(struct assay_reader *r, uint64_t *rows, bool *known, struct assay_err *e);
uint64_t assay_file_estimate(struct assay_reader *r);
const char *assay_file_token(struct assay_reader *r);

/* All objects of the locator. None is no error when the locator is a pattern. On failure the list is empty. */
enum assay_status assay_files_find(const struct assay_locator *loc, struct assay_file_list *out, struct assay_err *e);
void assay_files_release(struct assay_file_list *l);
/* Path that can be opened: base_dir and name joined, an absolute name as it is. ASSAY_ELIMIT. */
enum assay_status assay_files_path(const struct assay_locator *loc, const char *name, char *out, size_t cap,
                                   struct assay_err *e);
/* Open for reading without following a link, check that it is a regular file, take its identity. The fd is the
 * caller's. */
enum assay_status assay_file_open(const struct assay_locator *loc, const struct assay_file *f, int *fd, struct stat *id,
                                  struct assay_err *e);
/* files_marks.c */
enum assay_status assay_file_marks(const struct assay_locator *loc, const struct assay_file *f, struct assay_marks *out,
                                   struct assay_err *e);
/* Everything from where fd stands to its end. */
struct assay_sha256;
enum assay_status assay_file_hash(int fd, const char *name, struct assay_sha256 *h, uint64_t *bytes,
                                  struct assay_err *e);
/* medium.c: drop from the page cache what is there of a file of that size. false: some of it stayed, or nobody knows.
 */
bool assay_file_evict(int fd, uint64_t size);
/* Is the open file still what it was when `id` was taken? ASSAY_ECHANGED. */
enum assay_status assay_file_unchanged(int fd, const struct stat *id, const char *name, struct assay_err *e);

/* One path component against one pattern component: * ? [a-z] [!a-z] and one {segment}, which takes one or more bytes,
 * as few and as far left as the rest allows. A component without * or ? also matches a name that equals it. *from and
 * *len: what {segment} took (len 0 without one). Never looks at the locale: bytes are bytes. */
bool assay_match_component(const char *pattern, const char *name, size_t *from, size_t *len);
bool assay_match_is_pattern(const char *component);

#endif
