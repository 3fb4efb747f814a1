/* What the files of the front door share. */
#ifndef ASSAY_FRONT_H
#define ASSAY_FRONT_H

#include "assay/cli.h"

/* ---- front_export.c: an exporter between holding the sources and verifying them ---- */

struct assay_front_held { /* one dataset, as `assay hold` tells it; owned */
    char *set, *snapshot, *copy; /* snapshot and copy "" where there is none */
};
struct assay_front_export {
    struct assay_partner holder;
    struct assay_front_held *held;
    size_t n;
};

/* Start the holder (words: its argv, NULL-terminated), and wait until everything is held. Returns ASSAY_EXIT_OK or the
 * exit code to end with, having said why. End it in either case. */
int assay_front_hold(char *const *words, struct assay_front_export *out);
/* Run the exporter with what is held in its environment. ASSAY_EXIT_OK, or the exit code of the whole, said why. */
int assay_front_export(const struct assay_front_export *x, char *const *argv, const char *plan, const char *run);
/* Let go. */
void assay_front_release(struct assay_front_export *x);

#endif
