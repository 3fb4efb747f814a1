/* The tokens of JSON (RFC 8259): what the tree of json and nested values have in common. */
#ifndef ASSAY_CANON_JSON_LEX_H
#define ASSAY_CANON_JSON_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"

struct assay_json_text {
    const uint8_t *p, *end; /* what is left */
    const char **why; /* the first defect */
};

extern const char ASSAY_WHY_NOT_JSON[];

/* All that return bool: false is a defect, said in *why. */
void assay_json_space(struct assay_json_text *t);
/* White space, then c. */
bool assay_json_expect(struct assay_json_text *t, uint8_t c);
/* White space, then c, or nothing is taken. No defect. */
bool assay_json_take(struct assay_json_text *t, uint8_t c);
bool assay_json_word(struct assay_json_text *t, const char *word);
bool assay_json_number(struct assay_json_text *t);
/* Behind an opening quote: the unescaped bytes, appended to out while that is at most `most` long; valid UTF-8. */
bool assay_json_string(struct assay_json_text *t, struct assay_buf *out, size_t most);
/* The same without a copy: *plain says that there was no escape, so that the bytes up to t->p - 1 are the text. What is
 * escaped is checked only when it is read. */
bool assay_json_skip_string(struct assay_json_text *t, bool *plain);
/* One whole value, in `depth` arrays and objects. NaN, Infinity and -Infinity pass. Strings are checked as by
 * assay_json_skip_string. */
bool assay_json_skip(struct assay_json_text *t, unsigned depth);
/* NaN, Infinity or -Infinity, taken. No defect. */
bool assay_json_special(struct assay_json_text *t);

#endif
