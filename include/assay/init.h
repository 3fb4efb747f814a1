/* `assay init`: look at both sides and write a plan that works as it is, with the keys and the ledger it names. */
#ifndef ASSAY_INIT_H
#define ASSAY_INIT_H

#include <stdbool.h>
#include <stddef.h>

#include "assay/buf.h"
#include "assay/err.h"

struct assay_init {
    const char *source, *archive; /* locators, relative to the working directory */
    const char *const *tables; /* names; n_tables 0: every table that has a partner in the archive */
    size_t n_tables;
    const char *output; /* NULL: "plan.yaml"; "-": the plan to stdout, and no keys and no ledger are made */
    const char *keys, *ledger; /* as written into the plan; NULL: "keys" and "ledger.db" beside it */
    const char *origin; /* NULL: "assay.local/" and the name of the plan's directory */
    const char *name; /* of the dataset, when there is one; NULL: the table's or the file's */
    const char *key; /* comma-separated columns; NULL: the source's primary key */
    const char *window, *every; /* NULL: by the names of the archive's files */
    const char *profile; /* of the archive's exporter: a name, a path, or "auto"; NULL: none is looked for */
    const char *format; /* of the archive's files; NULL: by suffix */
    bool force; /* replace an existing plan; keys and ledger are never replaced */
};

/* Reads a bounded sample of both sides, writes only the plan, what is missing of the keys directory, the ledger when
 * there is none, and (when the source's locator holds a password) KEYS/source.uri, mode 0600, which the plan then
 * refers to. Appends to `said` one line for each thing made. ASSAY_EUSAGE when the plan exists and force is not set. */
enum assay_status assay_init(const struct assay_init *o, struct assay_buf *said, struct assay_err *e);

/* The installed exporter profiles for people: name, title, and below each what is known of the exporter. Appends. */
enum assay_status assay_profiles_show(struct assay_buf *out, struct assay_err *e);

#endif
