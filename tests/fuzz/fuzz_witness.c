/* What comes over the wire: requests to a witness, its answers, time stamp responses. Nothing that is not signed by the
 * log is ever cosigned, nothing that the witness has not signed is taken. Under libFuzzer by make fuzz; elsewhere the
 * main of fuzz_main.h replays the corpus. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/fuzz_main.h"
#include "assay/anchor.h"
#include "assay/note.h"
#include "assay/stamp.h"
#include "assay/witness.h"

#define LEDGER "example.com/ledger+60db519f+AddamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea"
#define WITNESS "witness.example/w1+04d2d833+BD1AF8PoQ4lakrcKp00bfrycmCzPLsSWjMDNVfEq9GYM"

static const char note[] =
    "example.com/ledger\n8\nXcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=\n\n"
    "— example.com/ledger "
    "YNtRn2gzE9LAJwGMgl/BVkntTh9PpiPy/kV5jU1IrHQ8tEC00JHqKCIoEpwgkM2AgFamiFXF1o00jTDXQucFLBEpCgc=\n";

/* A witness that knows the one log, in a folder that is gone when this ends. */
static void check_request(const char *text, size_t size)
{
    static struct assay_witness *w;
    struct assay_witness_answer a = {0};
    if (!w) {
        char dir[] = "/tmp/assay-fuzz-XXXXXX", key[64], policy[64], state[64], command[64];
        static const char lines[] = "log " LEDGER "\nquorum none\n";
        if (!mkdtemp(dir))
            abort();
        snprintf(key, sizeof key, "%s/w.key", dir);
        snprintf(policy, sizeof policy, "%s/policy", dir);
        snprintf(state, sizeof state, "%s/state", dir);
        if (assay_key_generate_witness(key, "w", NULL) != ASSAY_OK ||
            assay_publish(policy, 0600, lines, sizeof lines - 1, NULL) != ASSAY_OK ||
            assay_witness_open(state, key, policy, &w, NULL) != ASSAY_OK)
            abort();
        snprintf(command, sizeof command, "rm -rf %s", dir);
        if (system(command))
            abort();
    }
    assay_witness_add(w, text, size, 1000, &a, NULL);
    /* The state's folder is gone: even the signed checkpoint of the corpus can only get 500. */
    if (a.status == 200 || a.status == 0)
        abort();
    assay_buf_release(&a.body);
}

static void check_answer(const struct assay_buf *body)
{
    struct assay_witness_reply r = {0};
    struct assay_verifier *v;
    enum assay_ask next;
    if (assay_verifier_parse(WITNESS, &v, NULL) != ASSAY_OK)
        abort();
    static const long statuses[] = {200, 409};
    for (size_t i = 0; i < 2; i++)
        if (assay_witness_judge(v, note, sizeof note - 1, 8, 4, statuses[i], "text/x.tlog.size", body, &next, &r,
                                NULL) == ASSAY_OK &&
            next == ASSAY_ASK_OLDER && r.seen > 8)
            abort();
    assay_buf_release(&r.lines);
    assay_verifier_free(v);
}

static void check_stamp(const struct assay_buf *body)
{
    struct assay_stamp st;
    if (assay_stamp_check(body, NULL, "x", 1, NULL, &st, NULL) == ASSAY_OK)
        abort(); /* nobody has stamped this */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct assay_buf body = {0};
    if (assay_buf_add(&body, data, size) != ASSAY_OK || !assay_buf_str(&body))
        return 0;
    check_request((const char *)body.ptr, size);
    check_answer(&body);
    check_stamp(&body);
    assay_buf_release(&body);
    return 0;
}
