/* assay-reconcile: compares statements, never opens data. */
#include "cmd.h"

int main(int argc, char **argv)
{
    static const struct assay_verb_run run[] = {
        {"reconcile", assay_cmd_reconcile},
        {"reprocess", assay_cmd_reprocess},
        {"ledger waive", assay_cmd_ledger_waive},
        {0},
    };
    return assay_program_main(argc, argv, "assay-reconcile", run);
}
