/* Any text under any shape: what is accepted makes one whole cell that can be shown, and the same cell again when the
 * bytes that it was read from are gone. data up to the first line feed is the shape, the byte behind it the kind, the
 * rest the text. */
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/buf.h"
#include "assay/canon.h"

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void check_cell(const struct assay_buf *cell)
{
    struct assay_buf text = {0};
    bool is_null = true;
    must(assay_cell_len(cell->ptr, cell->len) == cell->len && assay_cell_len(cell->ptr, cell->len - 1) == 0);
    must(assay_cell_show(cell->ptr, cell->len, &is_null, &text) == ASSAY_OK && !is_null);
    assay_buf_release(&text);
}

static void check_value(const struct assay_shape *shape, const struct assay_value *v)
{
    struct assay_buf scratch = {0}, again = {0}, cell = {0}, twice = {0};
    struct assay_value r = {0}, r2 = {0};
    const char *why = NULL;
    uint64_t filled = 0, none = 0;
    const bool read = assay_resolve_shape(shape, v, &r, &scratch, NULL, &why);
    must(read || why);
    if (read && assay_cell_put(shape->type, &r, &cell, &why)) {
        check_cell(&cell);
        if (shape->type >= ASSAY_L_LIST) { /* a tree reads as itself */
            must(assay_resolve_shape(shape, &r, &r2, &again, NULL, &why));
            must(assay_cell_put(shape->type, &r2, &twice, &why));
            must(twice.len == cell.len && memcmp(twice.ptr, cell.ptr, cell.len) == 0);
            assay_buf_reset(&again);
            if (assay_resolve_shape(shape, v, &r2, &again, &filled, &why)) { /* once filled, nothing is absent */
                assay_buf_reset(&scratch);
                must(assay_resolve_shape(shape, &r2, &r, &scratch, &none, &why) && none == 0);
                assay_buf_reset(&twice);
                if (assay_cell_put(shape->type, &r, &twice, &why))
                    must((filled == 0) == (twice.len == cell.len && memcmp(twice.ptr, cell.ptr, cell.len) == 0));
            }
        }
    }
    assay_buf_release(&scratch);
    assay_buf_release(&again);
    assay_buf_release(&cell);
    assay_buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t kinds[] = {ASSAY_K_LEXEME, ASSAY_K_TEXT, ASSAY_K_JSON};
    const uint8_t *end = memchr(data, '\n', size);
    struct assay_shape *shape = NULL, *copy;
    struct assay_buf text = {0};
    const char *why = NULL;
    if (!end || size - (size_t)(end - data) < 2)
        return 0;
    char *spelled = calloc(1, (size_t)(end - data) + 1);
    must(spelled != NULL);
    memcpy(spelled, data, (size_t)(end - data));
    if (assay_shape_parse(spelled, &shape, &why)) {
        must(assay_shape_text(shape, &text) == ASSAY_OK && assay_buf_str(&text));
        must(assay_shape_parse((const char *)text.ptr, &copy, &why));
        const struct assay_value v = {
            .kind = kinds[end[1] % sizeof kinds], .len = (uint32_t)(size - (size_t)(end + 2 - data)), .p = end + 2};
        check_value(copy, &v);
        assay_shape_free(copy);
        assay_shape_free(shape);
    } else
        must(why != NULL);
    assay_buf_release(&text);
    free(spelled);
    return 0;
}
