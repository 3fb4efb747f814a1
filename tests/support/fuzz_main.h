/* One fuzz target, two lives: under libFuzzer it has no main; else it replays the files of its command line. */
#ifndef ASSAY_FUZZ_MAIN_H
#define ASSAY_FUZZ_MAIN_H

#include <stddef.h>
#include <stdint.h>

#include "assay/buf.h"
#include "assay/publish.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#ifdef ASSAY_FUZZ_MAIN
#include <stdio.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct assay_buf b = {0};
        struct assay_err e = {0};
        if (assay_slurp(argv[i], 1u << 24, &b, &e) != ASSAY_OK) {
            fprintf(stderr, "%s\n", e.msg);
            return 1;
        }
        LLVMFuzzerTestOneInput(b.ptr, b.len);
        assay_buf_release(&b);
    }
    return 0;
}
#endif

#endif
