/* assay-report: reads the ledger, nothing else. */
#include "cmd.h"

int main(int argc, char **argv)
{
    static const struct assay_verb_run run[] = {
        {"report", assay_cmd_report},
        {"evidence", assay_cmd_evidence},
        {0},
    };
    return assay_program_main(argc, argv, "assay-report", run);
}
