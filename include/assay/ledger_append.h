/* The ledger, writing. Never included by reports/. */
#ifndef ASSAY_LEDGER_APPEND_H
#define ASSAY_LEDGER_APPEND_H

#include "assay/ledger.h"

/* Create an empty ledger database at path (must not exist) with its origin line. */
enum assay_status assay_ledger_create(const char *path, const char *origin, struct assay_err *e);
/* Open for appending, under an exclusive lock (ASSAY_ELOCKED, naming the holder). Needs the ledger role's private key
 * in keys_dir. Refuses (ASSAY_ELEDGER) when the database is behind the published checkpoint. */
enum assay_status assay_ledger_open_append(const char *path, const char *keys_dir, struct assay_ledger **out,
                                           struct assay_err *e);
/* Append complete signed notes and blobs in one transaction, then sign and publish a checkpoint. Every note's role and
 * signature are checked first; nothing is written on failure. Idempotent per note: one already in the log is skipped.
 */
struct assay_ledger_item {
    const void *bytes;
    size_t len;
    bool blob; /* false: a signed note */
};
enum assay_status assay_ledger_append(struct assay_ledger *l, const struct assay_ledger_item *item, size_t n,
                                      struct assay_err *e);

/* ---- where a checker's statements go: the ledger itself, or a spool file to be carried to it ---- */
struct assay_sink;
/* Statements signed by the role's key of keys_dir. */
enum assay_status assay_sink_ledger(const char *ledger_path, const char *keys_dir, enum assay_role role,
                                    struct assay_sink **out, struct assay_err *e);
/* The same into a spool file ("-" is stdout), published as a whole at commit. Format in docs/ledger-format.md. */
enum assay_status assay_sink_spool(const char *path, const char *keys_dir, enum assay_role role,
                                   struct assay_sink **out, struct assay_err *e);
/* Sign the statement text and queue it. */
enum assay_status assay_sink_stmt(struct assay_sink *s, const struct assay_buf *text, struct assay_err *e);
/* Queue a blob; out gets its SHA-256. */
enum assay_status assay_sink_blob(struct assay_sink *s, const void *bytes, size_t n, uint8_t out[32],
                                  struct assay_err *e);
/* Write out what is queued. May be called many times: each commit is durable. */
enum assay_status assay_sink_commit(struct assay_sink *s, struct assay_err *e);
/* Count and RFC 6962 root of the leaves queued through this sink since the last `run-start` (for run-end). */
void assay_sink_run_root(const struct assay_sink *s, uint64_t *n, uint8_t root[32]);
void assay_sink_free(struct assay_sink *s); /* what is not committed is dropped */
/* Take in a spool (path or "-"): checks signatures, appends. */
enum assay_status assay_ledger_take_spool(struct assay_ledger *l, const char *path, uint64_t *n, struct assay_err *e);

#endif
