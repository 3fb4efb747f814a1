/* Proofs of rows: whatever is read can be written and read again, and is not believed: nobody's key is known, and no
 * tree has the root 00…00. Under libFuzzer by make fuzz; elsewhere the main below runs the files named on the command
 * line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/policy.h"
#include "assay/row_proof.h"

static const char policy[] =
    "log example.com/ledger+60db519f+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea\nquorum none\n";

static void look(const struct assay_row_proof *p)
{
    struct assay_policy *believed;
    const struct assay_row_claim nothing = {.rows = p->part[0].n ? p->part[0].leaf[0].index % 1000 + 1 : 0};
    struct assay_row_claim c;
    if (assay_policy_parse(policy, sizeof policy - 1, &believed, NULL) != ASSAY_OK)
        abort();
    for (size_t i = 0; i < p->n_parts && i < 4; i++) {
        if (assay_row_part_vouched(&p->part[i], believed, NULL, &c, NULL) == ASSAY_OK)
            abort();
        assay_row_claim_release(&c);
        if (assay_row_part_check(p, &p->part[i], &nothing, NULL) == ASSAY_OK)
            abort();
    }
    assay_policy_free(believed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_row_proof p, q;
    struct assay_buf text = {0}, again = {0};
    if (assay_row_proof_parse((const char *)data, size, &p, NULL) != ASSAY_OK) {
        assay_row_proof_release(&p);
        return 0;
    }
    look(&p);
    if (assay_row_proof_write(&p, &text, NULL) != ASSAY_OK ||
        assay_row_proof_parse((const char *)text.ptr, text.len, &q, NULL) != ASSAY_OK ||
        assay_row_proof_write(&q, &again, NULL) != ASSAY_OK || again.len != text.len ||
        memcmp(again.ptr, text.ptr, text.len) != 0)
        abort();
    assay_row_proof_release(&p);
    assay_row_proof_release(&q);
    assay_buf_release(&text);
    assay_buf_release(&again);
    return 0;
}
