/* Profiles from anywhere: load, and for what binds its dialect. Under libFuzzer by make fuzz; elsewhere the main below
 * runs the files named on the command line (the corpus). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../../verify/plan/profile.h"
#include "../support/fuzz_main.h"
#include "assay/publish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_profile *p = NULL;
    struct assay_csv_dialect d = {0};
    struct assay_err e = {0};
    char path[64];
    snprintf(path, sizeof path, "/tmp/assay-fuzz-profile-%ld", (long)getpid());
    if (assay_publish(path, 0600, data, size, NULL) != ASSAY_OK)
        return 0;
    enum assay_status s = assay_profile_load(path, ".", &p, &e);
    unlink(path);
    if ((s == ASSAY_OK) != (p != NULL) || (s == ASSAY_OK) != (e.code == ASSAY_OK))
        abort();
    if (p && !assay_profile_dialect(p, &d))
        abort();
    free((char *)(uintptr_t)d.null_text);
    assay_profile_free(p);
    return 0;
}
