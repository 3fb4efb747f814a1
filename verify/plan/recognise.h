/* Which exporter wrote these files? Private to verify/plan/. */
#ifndef ASSAY_PLAN_RECOGNISE_H
#define ASSAY_PLAN_RECOGNISE_H

#include "profile.h"
#include "survey.h"

struct assay_recognised {
    struct assay_profile *profile; /* owned; NULL: none */
    char why[400]; /* the marks that told, or why none did */
};

/* The installed profile whose marks hold in more respects than those of any other. Two that hold alike are none. Where
 * no profiles are installed none is recognised, which is no failure. */
enum assay_status assay_recognise(const struct assay_survey *source, const struct assay_survey *archive,
                                  struct assay_recognised *out, struct assay_err *e);

#endif
