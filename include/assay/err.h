/* Status codes and the first-cause error record. Library code never prints and never exits:
 * it fills one struct assay_err and passes it up untouched; main() prints it once. */
#ifndef ASSAY_ERR_H
#define ASSAY_ERR_H

enum assay_status {
    ASSAY_OK = 0,
    ASSAY_EUSAGE, /* command line: nothing ran (exit 2) */
    ASSAY_EPLAN, /* plan file: nothing ran (exit 2) */
    ASSAY_ENOMEM, /* an allocation failed (exit 3) */
    ASSAY_EIO, /* a local file could not be read or written (exit 3) */
    ASSAY_ESOURCE, /* a side could not be reached or broke off (exit 3) */
    ASSAY_EDATA, /* bytes were read but do not decode: truncated, corrupt, hostile */
    ASSAY_ETYPE, /* a type outside the allow-list: unverified, never guessed */
    ASSAY_ELIMIT, /* one of the ceilings in limits.h */
    ASSAY_ECHANGED, /* the object changed while it was read */
    ASSAY_ELEDGER, /* ledger or evidence broken (exit 4) */
    ASSAY_ELOCKED, /* another run holds the lock (exit 11) */
    ASSAY_ENOTFOUND, /* the named thing does not exist */
    ASSAY_EINTR, /* stopped by a signal */
    ASSAY_EERASED, /* a chunk's key was destroyed: its digests cannot be checked any more, on purpose */
    ASSAY_ESTORE /* the ledger or what belongs to it (checkpoint, spool, keyring, bundle) cannot be written, or a key is
                  * not there or of no use: nothing is broken, nothing lost, but no retry helps (exit 4) */
};

/* Process exit codes, design section 7. */
enum assay_exit {
    ASSAY_EXIT_OK = 0,
    ASSAY_EXIT_DISCREPANCY = 1,
    ASSAY_EXIT_USAGE = 2,
    ASSAY_EXIT_UNVERIFIED = 3,
    ASSAY_EXIT_LEDGER = 4,
    ASSAY_EXIT_LOCKED = 11
};

struct assay_err {
    enum assay_status code; /* ASSAY_OK: no error recorded yet */
    char msg[1024]; /* one sentence, no trailing newline, never a secret or a row value */
};

/* Record the first cause and return `code`. A record that already holds an error is left as it is;
 * `e` may be NULL. Never fails, never allocates. */
enum assay_status assay_fail(struct assay_err *e, enum assay_status code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Record "out of memory" and return ASSAY_ENOMEM. */
enum assay_status assay_fail_nomem(struct assay_err *e);

/* Forget the recorded error, so that the record can be used again. */
void assay_err_reset(struct assay_err *e);

/* The exit code that a program ends with when an operation failed with `code`. */
enum assay_exit assay_err_exit(enum assay_status code);

/* The exit code of several operations one after the other: 4 before 1 before 3 before 0. 2 and 11 say that nothing ran;
 * they stay only as long as nothing else is known. a < 0: there was none before b. */
int assay_exit_worse(int a, int b);

#endif
