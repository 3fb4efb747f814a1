/* Lists of permits from anywhere: no crash, and what is read is written again as it was. Under libFuzzer by make fuzz;
 * elsewhere the main of fuzz_main.h replays the corpus. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/permit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char dataset[] = "00000000-0000-4000-8000-000000000001";
    struct assay_permit_list l;
    struct assay_buf b = {0};
    if (assay_permit_list_parse(size ? (const char *)data : "", size, dataset, &l, NULL) != ASSAY_OK)
        return 0;
    if (assay_permit_list_text(&l, dataset, &b) != ASSAY_OK || b.len != size || memcmp(b.ptr, data, size) != 0)
        abort();
    assay_buf_release(&b);
    assay_permit_list_release(&l);
    return 0;
}
