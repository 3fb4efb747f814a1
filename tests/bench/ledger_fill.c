/* ledger_fill LEDGER KEYS N: a new ledger of N leaves, signed as a source's checker signs them; for make bench. */
#include <stdio.h>
#include <stdlib.h>

#include "assay/digest.h"
#include "assay/keys.h"
#include "assay/ledger_append.h"
#include "assay/log.h"
#include "assay/note.h"

#define COMMIT 20000 /* leaves a transaction */

static enum assay_status statement(unsigned long n, const uint8_t plan[32], struct assay_buf *b)
{
    uint8_t sum[32];
    assay_sha256(&n, sizeof n, sum);
    assay_buf_reset(b);
    enum assay_status s = assay_stmt_begin(b, "chunk");
    if (s == ASSAY_OK)
        s = assay_stmt_add(b, "role", "source");
    if (s == ASSAY_OK)
        s = assay_stmt_addf(b, "run", "%08lx", n / 1000);
    if (s == ASSAY_OK)
        s = assay_stmt_add(b, "dataset", "orders");
    if (s == ASSAY_OK)
        s = assay_stmt_addhex(b, "plan", "sha256:", plan, 32);
    if (s == ASSAY_OK)
        s = assay_stmt_addf(b, "segment", "%lu", 2000 + n % 25);
    if (s == ASSAY_OK)
        s = assay_stmt_addf(b, "chunk", "%lu", n);
    if (s == ASSAY_OK)
        s = assay_stmt_addf(b, "rows", "%d", 65536);
    if (s == ASSAY_OK)
        s = assay_stmt_addhex(b, "sum-row", "", sum, 16);
    return s == ASSAY_OK ? assay_stmt_addhex(b, "sum-key", "", sum + 16, 16) : s;
}

static enum assay_status fill(struct assay_sink *s, unsigned long n, struct assay_err *e)
{
    static const char plan[] = "a plan";
    uint8_t cited[32];
    struct assay_buf text = {0};
    enum assay_status st = assay_sink_blob(s, plan, sizeof plan - 1, cited, e);
    for (unsigned long i = 1; i <= n && st == ASSAY_OK; i++) {
        st = statement(i, cited, &text);
        if (st == ASSAY_OK)
            st = assay_sink_stmt(s, &text, e);
        if (st == ASSAY_OK && (i % COMMIT == 0 || i == n))
            st = assay_sink_commit(s, e);
    }
    assay_buf_release(&text);
    return st;
}

int main(int argc, char **argv)
{
    struct assay_err e = {0};
    struct assay_sink *s = NULL;
    if (argc != 4)
        return ASSAY_EXIT_USAGE;
    assay_log_init("ledger_fill", 0);
    enum assay_status st = assay_keys_init(argv[2], "assay.local/bench", &e);
    if (st == ASSAY_OK)
        st = assay_ledger_create(argv[1], "assay.local/bench", &e);
    if (st == ASSAY_OK)
        st = assay_sink_ledger(argv[1], argv[2], ASSAY_ROLE_SOURCE, &s, &e);
    if (st == ASSAY_OK)
        st = fill(s, strtoul(argv[3], NULL, 10), &e);
    assay_sink_free(s);
    if (st != ASSAY_OK)
        fprintf(stderr, "ledger_fill: %s\n", e.msg);
    return (int)assay_err_exit(st);
}
