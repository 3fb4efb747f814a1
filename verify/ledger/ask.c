/* Asking a witness: the request and what its answer is worth. The wire is http.c's. */
#include <string.h>

#include "assay/anchor.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/proof.h"
#include "key.h"

enum assay_status assay_witness_request(struct assay_ledger *l, uint64_t old, const char *note, size_t len,
                                        struct assay_buf *out, struct assay_err *e)
{
    struct assay_merkle_proof proof;
    struct assay_checkpoint c;
    size_t text = assay_note_text(note, len);
    const char *wrong = text ? assay_checkpoint_split(note, text, &c) : "not a signed note";
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "checkpoint: %s", wrong);
    enum assay_status s = assay_ledger_prove_growth(l, old, c.size, &proof, e);
    if (s != ASSAY_OK)
        return s;
    assay_buf_reset(out);
    s = assay_buf_addf(out, "old %llu\n", (unsigned long long)old);
    if (s == ASSAY_OK)
        s = assay_proof_lines(&proof, out, NULL);
    if (s == ASSAY_OK)
        s = assay_buf_addc(out, '\n');
    if (s == ASSAY_OK)
        s = assay_buf_add(out, note, len);
    return s == ASSAY_OK ? s : assay_fail(e, s, "no room for a request");
}

/* 200: lines of signatures. Only those that verify over our checkpoint are taken. */
static enum assay_status given(const struct assay_verifier *by, const char *note, size_t len,
                               const struct assay_buf *body, struct assay_witness_reply *out, struct assay_err *e)
{
    struct assay_buf whole = {.max = 3 * ASSAY_MAX_WITNESS_BODY};
    const char *why = "";
    size_t text;
    /* Without the lines that the checkpoint has already: a cosignature of yesterday is no answer. */
    size_t base = assay_note_text(note, len) + 1;
    enum assay_note_check c = ASSAY_NOTE_GRAMMAR;
    enum assay_status s = assay_buf_add(&whole, note, base);
    if (s == ASSAY_OK)
        s = assay_buf_add(&whole, body->ptr, body->len);
    if (s == ASSAY_OK)
        c = assay_note_check_at(by, (const char *)whole.ptr, whole.len, &text, &out->when, &why);
    if (s != ASSAY_OK || c == ASSAY_NOTE_TROUBLE)
        s = assay_fail_nomem(e);
    else if (c == ASSAY_NOTE_GOOD)
        s = assay_note_copy_lines(by, (const char *)whole.ptr, whole.len, &out->lines);
    else
        s = assay_fail(e, ASSAY_ELEDGER, "it answers %s by %s over this checkpoint",
                       c == ASSAY_NOTE_MISSING ? "no cosignature"
                       : c == ASSAY_NOTE_BAD   ? "a false cosignature"
                                               : "no signature line",
                       by->vkey);
    assay_buf_release(&whole);
    (void)len;
    return s;
}

static enum assay_status conflict(uint64_t size, uint64_t old, const char *type, const struct assay_buf *body,
                                  struct assay_witness_reply *out, struct assay_err *e)
{
    size_t n = body->len;
    if (strncmp(type, "text/x.tlog.size", 16) != 0 || n < 2 || body->ptr[n - 1] != '\n' ||
        !assay_checkpoint_number((const char *)body->ptr, n - 1, &out->seen))
        return assay_fail(e, ASSAY_ESOURCE, "it answers 409 without saying how much it has seen");
    if (out->seen > size)
        return assay_fail(
            e, ASSAY_ELEDGER,
            "it has seen %llu leaves of this ledger, which has %llu: leaves are gone, or this is an older "
            "copy",
            (unsigned long long)out->seen, (unsigned long long)size);
    if (out->seen == old)
        return assay_fail(e, ASSAY_ELEDGER,
                          "it has seen another root for %llu leaves: there are two histories under one name",
                          (unsigned long long)out->seen);
    return ASSAY_OK;
}

enum assay_status assay_witness_judge(const struct assay_verifier *by, const char *note, size_t len, uint64_t size,
                                      uint64_t old, long status, const char *type, const struct assay_buf *body,
                                      enum assay_ask *ask, struct assay_witness_reply *out, struct assay_err *e)
{
    *ask = status == 409 ? ASSAY_ASK_OLDER : ASSAY_ASK_GIVEN;
    switch (status) {
    case 200:
        return given(by, note, len, body, out, e);
    case 409:
        return conflict(size, old, type, body, out, e);
    case 422:
        return assay_fail(
            e, ASSAY_ELEDGER,
            "what it has seen at %llu leaves is not the beginning of this ledger: there are two histories "
            "under one name",
            (unsigned long long)old);
    case 403:
        return assay_fail(e, ASSAY_ESOURCE, "it knows this ledger under another key (403)");
    case 404:
        return assay_fail(e, ASSAY_ESOURCE, "it does not know this ledger, or the address is wrong (404)");
    default:
        return assay_fail(e, ASSAY_ESOURCE, "it answers with status %ld", status);
    }
}
