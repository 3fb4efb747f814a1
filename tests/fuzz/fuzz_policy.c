/* Policies, proof files and old reports from anywhere: no crash, and under no policy does a checkpoint hold that its
 * log has not signed. Under libFuzzer by make fuzz; elsewhere the main of fuzz_main.h replays the corpus. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/policy.h"
#include "assay/proof.h"

static const char note[] =
    "example.com/ledger\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n"
    "— example.com/ledger "
    "YNtRn2gzE9LAJwGMgl/BVkntTh9PpiPy/kV5jU1IrHQ8tEC00JHqKCIoEpwgkM2AgFamiFXF1o00jTDXQucFLBEpCgc=\n";

static void check_policy(const char *text, size_t size)
{
    struct assay_policy *p;
    struct assay_policy_verdict v;
    struct assay_policy_witness w;
    if (assay_policy_parse(text, size, &p, NULL) != ASSAY_OK)
        return;
    if (assay_policy_judge(p, note, sizeof note - 1, &v, NULL) == ASSAY_OK && v.cosigned)
        abort(); /* nobody cosigned it */
    for (size_t i = 0; assay_policy_witness(p, i, &w); i++)
        if (!w.key || !w.name)
            abort();
    assay_policy_free(p);
}

/* What parses is written again as it was. */
static void check_proof(const char *text, size_t size)
{
    struct assay_proof p;
    struct assay_buf b = {0};
    struct assay_checkpoint c;
    uint8_t leaf[32] = {0};
    if (assay_proof_parse(text, size, &p, NULL) == ASSAY_OK) {
        if (assay_proof_write(&p, &b, NULL) != ASSAY_OK)
            abort();
        if (p.extra.len && (b.len != size || memcmp(b.ptr, text, size) != 0))
            abort();
        assay_proof_check(&p, leaf, &c, NULL);
    }
    assay_buf_release(&b);
    assay_proof_release(&p);
}

static void check_find(const char *text, size_t size)
{
    struct assay_buf b = {.max = 1u << 20};
    struct assay_checkpoint c;
    if (assay_checkpoint_find(text, size, &b, NULL) == ASSAY_OK && b.len)
        (void)assay_checkpoint_split((const char *)b.ptr, b.len, &c);
    assay_buf_release(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size ? (const char *)data : "";
    check_policy(text, size);
    check_proof(text, size);
    check_find(text, size);
    return 0;
}
