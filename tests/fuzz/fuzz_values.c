/* Any bytes as a value of any type: what is accepted makes one whole cell that can be shown, and key bytes that can be
 * shown. data[0] is the type, data[1] the kind, the rest the text or the bytes. */
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/buf.h"
#include "assay/canon.h"

static const uint8_t kinds[] = {ASSAY_K_LEXEME,    ASSAY_K_TEXT,     ASSAY_K_BYTES,
                                ASSAY_K_PGNUMERIC, ASSAY_K_DECBYTES, ASSAY_K_JSON};

static void must(bool ok)
{
    if (!ok)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    const enum assay_logical type = (enum assay_logical)(1 + data[0] % (ASSAY_L_LIST - 1));
    const struct assay_value v = {.kind = kinds[data[1] % sizeof kinds],
                                  .scale = (int16_t)(data[1] / 6),
                                  .len = (uint32_t)(size - 2),
                                  .p = data + 2};
    struct assay_value r = {0};
    struct assay_buf scratch = {0}, cell = {0}, key = {0}, text = {0};
    const char *why = NULL;
    bool is_null = true;
    if (assay_resolve(type, &v, &r, &scratch, &why)) {
        if (assay_cell_put(type, &r, &cell, &why)) {
            must(assay_cell_len(cell.ptr, cell.len) == cell.len && assay_cell_len(cell.ptr, cell.len - 1) == 0);
            must(assay_cell_show(cell.ptr, cell.len, &is_null, &text) == ASSAY_OK && !is_null);
        } else
            must(why != NULL && cell.len == 0);
        assay_buf_reset(&text);
        if (assay_key_put(type, &r, &key, &why))
            must(assay_key_show(&type, 1, key.ptr, key.len, &text) == ASSAY_OK);
    } else
        must(why != NULL);
    assay_buf_release(&scratch);
    assay_buf_release(&cell);
    assay_buf_release(&key);
    assay_buf_release(&text);
    return 0;
}
