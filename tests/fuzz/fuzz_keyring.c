/* A keyring from anywhere, and one with a good checksum: what parses must come back byte by byte. Under libFuzzer by
 * make fuzz; elsewhere the main below runs the files named on the command line (the corpus). */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../verify/ledger/keyring.h"
#include "../support/fuzz_main.h"
#include "assay/digest.h"
#include "assay/publish.h"

static bool parses(const char *text, size_t len)
{
    struct keyring_text t;
    struct assay_buf again = {0};
    if (assay_keyring_parse(text, len, &t, NULL) != ASSAY_OK)
        return false;
    if (assay_keyring_write(&t, &again) != ASSAY_OK || again.len != len || memcmp(again.ptr, text, len) != 0)
        abort();
    assay_keyring_text_release(&t);
    assay_buf_release(&again);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_buf b = {0};
    uint8_t hash[32];
    parses(size ? (const char *)data : "", size);
    if (assay_buf_add(&b, data, size) == ASSAY_OK) {
        assay_sha256(b.ptr ? b.ptr : (const uint8_t *)"", b.len, hash);
        if (assay_buf_adds(&b, "end ") == ASSAY_OK && assay_buf_addhex(&b, hash, 32) == ASSAY_OK &&
            assay_buf_addc(&b, '\n') == ASSAY_OK)
            parses((const char *)b.ptr, b.len);
    }
    assay_buf_release(&b);
    return 0;
}
