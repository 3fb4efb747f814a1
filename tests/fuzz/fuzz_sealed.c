/* What comes back from a ledger about a sealed chunk: block lists and sketches. The input is u16 length of the block
 * list, the block list, the sketch. Whatever they hold, no row is named without the root. Under libFuzzer by make fuzz;
 * elsewhere the main below runs the files named on the command line (the corpus). */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/bytes.h"
#include "assay/naming.h"
#include "assay/sealed.h"

#define ROWS 1500

static void add_rows(struct assay_naming *n)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        uint8_t key[4], rd[32];
        assay_put_be32(key, i);
        memset(rd, (int)i, sizeof rd);
        if (assay_naming_add(n, key, sizeof key, rd, NULL) != ASSAY_OK)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_naming_source source = {{0}, NULL, NULL, 0, 0};
    struct assay_naming_result r;
    struct assay_naming *n;
    size_t blocks = size < 2 ? 0 : assay_get_be16(data);
    if (size < 2 || blocks > size - 2)
        return 0;
    source.blocks = data + 2;
    source.blocks_len = blocks;
    source.sketch = size - 2 - blocks ? data + 2 + blocks : NULL;
    source.sketch_len = size - 2 - blocks;
    if (assay_naming_new(&source, 1u << 20, &n, NULL) != ASSAY_OK)
        return 0;
    add_rows(n);
    if (assay_naming_end(n, &r, NULL) == ASSAY_OK && (r.equal || r.named || r.n_rows)) /* of the root 00…00 */
        abort();
    assay_naming_free(n);
    return 0;
}
