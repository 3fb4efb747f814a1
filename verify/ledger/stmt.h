/* Statements without allocation: what a leaf says of itself, and who may say so. */
#ifndef ASSAY_LEDGER_STMT_H
#define ASSAY_LEDGER_STMT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "assay/note.h"

struct assay_text {
    const char *p; /* NULL: absent */
    size_t n;
};
#define ASSAY_TEXT(literal)                                                                                            \
    {                                                                                                                  \
        (literal), sizeof(literal) - 1                                                                                 \
    }

/* Inline: a literal's length is then known when this is compiled, and a ledger of a million leaves asks often. */
static inline bool assay_text_same(struct assay_text a, struct assay_text b)
{
    return a.p && b.p ? a.n == b.n && memcmp(a.p, b.p, a.n) == 0 : a.p == b.p;
}
static inline bool assay_stmt_is(struct assay_text t, const char *word)
{
    return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

/* The next "key value" line at *p. False at the end or at a broken line (then *p != end). */
bool assay_stmt_line(const char **p, const char *end, struct assay_text *key, struct assay_text *value);

enum assay_head_field {
    ASSAY_HEAD_ROLE,
    ASSAY_HEAD_DATASET,
    ASSAY_HEAD_RUN,
    ASSAY_HEAD_SEGMENT,
    ASSAY_HEAD_CHUNK,
    ASSAY_HEAD_FIELDS
};
/* The columns of leaf_index: kind and the role that signed, then the fields of the head from dataset on. */
enum { ASSAY_INDEX_KIND, ASSAY_INDEX_ROLE, ASSAY_INDEX_FIELDS = ASSAY_INDEX_ROLE + ASSAY_HEAD_FIELDS };
/* What the index of leaves holds; values as they are spelled in the text. */
struct assay_head {
    struct assay_text kind, field[ASSAY_HEAD_FIELDS];
    const char *first, *end; /* the "key value" lines */
};
/* Check the grammar of a whole statement text and find its head. NULL when good, else what is wrong (static). */
const char *assay_stmt_head(const char *text, size_t len, struct assay_head *out);
/* Decode one value into out (NUL-terminated; its room must be value.n + 1). False when it is not a valid value. */
bool assay_stmt_decode(struct assay_text value, char *out, size_t *n);

/* Whose key must have signed this statement, by the table of docs/ledger-format.md. NULL when good, else what is
 * wrong: a kind that is not in the table, a role that may not state it. */
const char *assay_stmt_signer(const struct assay_head *h, enum assay_role *out);
/* `prev-own sha256:...`, the hash of the leaf that the same role stated before. 1: out is set; 0: there is none; -1: it
 * is not a hash, or stands twice. */
int assay_stmt_prev_own(const struct assay_head *h, uint8_t out[32]);
/* If this line cites a blob of the store ("plan sha256:..."): its digest. */
bool assay_stmt_cites(struct assay_text key, struct assay_text value, uint8_t sha256[32]);

#endif
