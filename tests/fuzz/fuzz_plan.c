/* Plans from anywhere: load, and for what binds the resolved form. Under libFuzzer by make fuzz; elsewhere the main
 * below runs the files named on the command line (the corpus). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../support/fuzz_main.h"
#include "assay/plan.h"
#include "assay/publish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_buf errors = {0}, out = {0};
    struct assay_plan *p = NULL;
    char path[64];
    snprintf(path, sizeof path, "/tmp/assay-fuzz-plan-%ld", (long)getpid());
    if (assay_publish(path, 0600, data, size, NULL) != ASSAY_OK)
        return 0;
    enum assay_status s = assay_plan_load(path, &p, &errors, NULL);
    unlink(path);
    if (s == ASSAY_OK && (!p || errors.len))
        abort();
    if (s != ASSAY_OK && (p || !errors.len))
        abort();
    for (size_t i = 0; p && i < p->n_sets; i++)
        if (assay_plan_resolved(&p->set[i], &out) != ASSAY_OK)
            abort();
    assay_plan_free(p);
    assay_buf_release(&errors);
    assay_buf_release(&out);
    return 0;
}
