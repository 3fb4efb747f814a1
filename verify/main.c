/* assay-verify: the checker. Reads data, appends statements, prints rows. */
#include "cmd.h"

int main(int argc, char **argv)
{
    static const struct assay_verb_run run[] = {
        {"init", assay_cmd_init},
        {"plan", assay_cmd_plan},
        {"hold", assay_cmd_hold},
        {"verify", assay_cmd_verify},
        {"diff", assay_cmd_diff},
        {"sample", assay_cmd_sample},
        {"scrub", assay_cmd_scrub},
        {"ledger log", assay_cmd_ledger_log},
        {"ledger show", assay_cmd_ledger_show},
        {"ledger verify", assay_cmd_ledger_verify},
        {"ledger append", assay_cmd_ledger_append},
        {"ledger witness", assay_cmd_ledger_witness},
        {"ledger timestamp", assay_cmd_ledger_timestamp},
        {"ledger publish", assay_cmd_ledger_publish},
        {"ledger recover", assay_cmd_ledger_recover},
        {"ledger prove", assay_cmd_ledger_prove},
        {"ledger verify-proof", assay_cmd_ledger_verify_proof},
        {"ledger key", assay_cmd_ledger_key},
        {"ledger keyring", assay_cmd_ledger_keyring},
        {"ledger erase", assay_cmd_ledger_erase},
        {"doctor", assay_cmd_doctor},
        {0},
    };
    return assay_program_main(argc, argv, "assay-verify", run);
}
