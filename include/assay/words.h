/* A command as words: from text that quotes them, and back. There is no shell: nothing is expanded. */
#ifndef ASSAY_WORDS_H
#define ASSAY_WORDS_H

#include <stddef.h>

#include "assay/buf.h"
#include "assay/err.h"

struct assay_words {
    char **v; /* owned; NULL-terminated, as execvp wants it */
    size_t n;
};

/* White space parts words; '...' holds them as they are, "..." with \" and \\ inside, and a backslash outside of quotes
 * takes the next byte as it is. ASSAY_EPLAN: a quote that is not closed, no word at all, more than ASSAY_MAX_WORDS, or
 * an unquoted word that only a shell would understand (| > < ; & && || and the like). On failure out is empty. */
enum assay_status assay_words_split(const char *text, struct assay_words *out, struct assay_err *e);
void assay_words_release(struct assay_words *w);
/* Append a word, quoted where it must be, behind a blank when out is not empty: what assay_words_split reads back. */
enum assay_status assay_words_add(struct assay_buf *out, const char *word);

#endif
