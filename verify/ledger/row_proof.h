/* What the files about proofs of rows share. */
#ifndef ASSAY_LEDGER_ROW_PROOF_H
#define ASSAY_LEDGER_ROW_PROOF_H

#define ROW_PROOF_MAGIC "assay-row-proof/1"

#endif
