/* Reading nested values: the parts of assay_resolve_shape. All return false with *why set for a defect. */
#ifndef ASSAY_CANON_NESTED_H
#define ASSAY_CANON_NESTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/canon.h"

#define ASSAY_NESTED_INLINE 64

/* One value that is being read. While the tree grows, what it holds of the scratch buffer is told by offsets, for that
 * buffer moves. */
struct assay_nest {
    struct assay_buf *scratch;
    const char **why;
    size_t start; /* of this value in scratch */
    size_t values;
    uint64_t *filled; /* absent fields become NULL, and are counted here; NULL: they stay absent */
    bool passing; /* the text in hand will be gone when the tree is read */
    struct assay_value *stack; /* children of the lists, structs and maps that are open */
    size_t n, cap;
    struct assay_value first[ASSAY_NESTED_INLINE];
};

/* A list, struct or map whose children are on the stack, from `base` on. */
struct assay_nest_open {
    size_t base;
    uint32_t fields; /* of a struct: how many have been read */
    size_t next; /* of a struct: the field that is expected */
};

bool assay_nest_defect(struct assay_nest *n, const char *sentence);
/* Any value under its shape, pushed. */
bool assay_nest_read(struct assay_nest *n, const struct assay_shape *s, const struct assay_value *v);
bool assay_nest_push_null(struct assay_nest *n);
/* A struct's field of that name: its name is pushed, and *field is what its value has to be. */
bool assay_nest_field(struct assay_nest *n, const struct assay_shape *s, struct assay_nest_open *o, const uint8_t *name,
                      size_t len, const struct assay_shape **field);
/* The end of a struct's fields: where they are to be filled, those that are absent are pushed as NULL; then as below.
 */
bool assay_nest_close_struct(struct assay_nest *n, const struct assay_shape *s, const struct assay_nest_open *o);
/* The children become one value of that kind, pushed in their place. bound: a list's, 1 for none. */
bool assay_nest_close(struct assay_nest *n, const struct assay_nest_open *o, enum assay_kind kind, int32_t bound);
/* Text that was put behind scratch->len at `at`, under its shape. */
bool assay_nest_unescaped(struct assay_nest *n, const struct assay_shape *s, size_t at, uint8_t flags);

/* nested_pg.c: PostgreSQL's text of a list, struct or map, pushed. p is not in scratch. */
bool assay_nest_pg(struct assay_nest *n, const struct assay_shape *s, const uint8_t *p, size_t len);
/* nested_json.c: the same of JSON text. */
bool assay_nest_json(struct assay_nest *n, const struct assay_shape *s, const uint8_t *p, size_t len);
/* Is it JSON, or PostgreSQL's text? docs/canonical-form.md section 5. */
bool assay_nest_is_json(enum assay_logical type, const uint8_t *p, size_t len);

/* cell_nested.c: the cell of a resolved list, struct or map; assay_cell_put for these types. */
bool assay_cell_put_nested(enum assay_logical type, const struct assay_value *v, struct assay_buf *out,
                           const char **why);

#endif
