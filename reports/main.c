/* assay-report: reads the ledger and reports; as a witness it sees other ledgers' checkpoints alone. */
#include "cmd.h"

int main(int argc, char **argv)
{
    static const struct assay_verb_run run[] = {
        {"report", assay_cmd_report},
        {"evidence", assay_cmd_evidence},
        {"serve", assay_cmd_serve},
        {0},
    };
    return assay_program_main(argc, argv, "assay-report", run);
}
