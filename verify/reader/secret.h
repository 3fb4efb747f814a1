/* Locators, words of commands and what commands say, as they may be shown: passwords, tokens and keys become ***.
 * Private to verify/reader. */
#ifndef ASSAY_SECRET_H
#define ASSAY_SECRET_H

#include <stddef.h>

#include "assay/buf.h"
#include "assay/err.h"

/* The values that were hidden, so that they can be hidden in other texts, too. */
struct assay_secrets {
    char **v; /* owned */
    size_t n;
};

/* Append the word as it may be shown: --password=X, token=X, --token X (before: the word in front, or NULL),
 * Authorization: X, URIs and connection strings. found: what was hidden is added, or NULL. */
enum assay_status assay_secret_word(const char *word, const char *before, struct assay_buf *out,
                                    struct assay_secrets *found);
/* Add the values of environment variables with such names. */
enum assay_status assay_secrets_of_environment(struct assay_secrets *s);
/* Append text with every one of the secrets replaced by ***, and what looks like one besides. */
enum assay_status assay_secrets_mask(const struct assay_secrets *s, const char *text, struct assay_buf *out);
void assay_secrets_release(struct assay_secrets *s); /* the values are overwritten */

#endif
