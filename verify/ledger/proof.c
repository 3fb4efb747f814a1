#include "assay/proof.h"

#include <stdlib.h>
#include <string.h>

#include "assay/base64.h"
#include "assay/limits.h"
#include "assay/note.h"

static const char magic[] = "c2sp.org/tlog-proof@v1\n";

enum assay_status assay_proof_lines(const struct assay_merkle_proof *path, struct assay_buf *out, struct assay_err *e)
{
    char b64[46];
    for (size_t i = 0; i < path->n; i++) {
        size_t n = assay_b64_encode(path->hash[i], 32, b64);
        b64[n++] = '\n';
        enum assay_status s = assay_buf_add(out, b64, n);
        if (s != ASSAY_OK)
            return assay_fail(e, s, "no room for a proof");
    }
    return ASSAY_OK;
}

const char *assay_proof_read_lines(const char **p, const char *end, size_t max, struct assay_merkle_proof *out)
{
    size_t got;
    out->n = 0;
    for (;;) {
        const char *lf = *p < end ? memchr(*p, '\n', (size_t)(end - *p)) : NULL;
        if (!lf)
            return "no empty line ends the proof";
        if (lf == *p) {
            *p = lf + 1;
            return NULL;
        }
        if (out->n == max || out->n == sizeof out->hash / sizeof *out->hash)
            return "the proof has too many lines";
        if (assay_b64_decode(*p, (size_t)(lf - *p), out->hash[out->n], 32, &got) || got != 32)
            return "a line of the proof is not a hash in base64";
        out->n++;
        *p = lf + 1;
    }
}

static enum assay_status put_extra(const struct assay_buf *extra, struct assay_buf *out)
{
    char *b64 = malloc(4 * ((extra->len + 2) / 3) + 1);
    if (!b64)
        return ASSAY_ENOMEM;
    assay_b64_encode(extra->ptr, extra->len, b64);
    enum assay_status s = assay_buf_addf(out, "extra %s\n", b64);
    free(b64);
    return s;
}

enum assay_status assay_proof_write(const struct assay_proof *p, struct assay_buf *out, struct assay_err *e)
{
    enum assay_status s = assay_buf_adds(out, magic);
    if (s == ASSAY_OK && p->extra.len)
        s = put_extra(&p->extra, out);
    if (s == ASSAY_OK)
        s = assay_buf_addf(out, "index %llu\n", (unsigned long long)p->index);
    if (s == ASSAY_OK)
        s = assay_proof_lines(&p->path, out, NULL);
    if (s == ASSAY_OK)
        s = assay_buf_addc(out, '\n');
    if (s == ASSAY_OK)
        s = assay_buf_add(out, p->checkpoint, p->checkpoint_len);
    return s == ASSAY_OK ? s : assay_fail(e, s, "no room for a proof file");
}

/* The rest of the line at *p after `word`; false when it begins otherwise. */
static bool take(const char **p, const char *end, const char *word, const char **value, size_t *n)
{
    size_t w = strlen(word);
    const char *lf = *p < end ? memchr(*p, '\n', (size_t)(end - *p)) : NULL;
    if (!lf || (size_t)(lf - *p) < w || memcmp(*p, word, w) != 0)
        return false;
    *value = *p + w;
    *n = (size_t)(lf - *value);
    *p = lf + 1;
    return true;
}

static const char *parse(const char *text, size_t len, struct assay_proof *out)
{
    const char *p = text, *end = text + len, *v;
    size_t n;
    if (!take(&p, end, "c2sp.org/tlog-proof@v1", &v, &n) || n)
        return "its first line is not c2sp.org/tlog-proof@v1";
    if (take(&p, end, "extra ", &v, &n) && assay_b64_decode(v, n, out->extra.ptr, out->extra.cap, &out->extra.len))
        return "its extra data is not base64";
    if (!take(&p, end, "index ", &v, &n) || !assay_checkpoint_number(v, n, &out->index))
        return "it has no line `index N`";
    const char *wrong = assay_proof_read_lines(&p, end, 63, &out->path);
    out->checkpoint = p;
    out->checkpoint_len = (size_t)(end - p);
    return wrong;
}

enum assay_status assay_proof_parse(const char *text, size_t len, struct assay_proof *out, struct assay_err *e)
{
    memset(out, 0, sizeof *out);
    if (len > ASSAY_MAX_PROOF)
        return assay_fail(e, ASSAY_ELIMIT, "proof of %zu bytes, the limit is %u", len, ASSAY_MAX_PROOF);
    if (assay_buf_reserve(&out->extra, len + 1) != ASSAY_OK)
        return assay_fail_nomem(e);
    const char *wrong = parse(text, len, out);
    return wrong ? assay_fail(e, ASSAY_ELEDGER, "not a proof: %s", wrong) : ASSAY_OK;
}

void assay_proof_release(struct assay_proof *p)
{
    assay_buf_release(&p->extra);
}

enum assay_status assay_proof_check(const struct assay_proof *p, const uint8_t leaf[32], struct assay_checkpoint *head,
                                    struct assay_err *e)
{
    size_t text = assay_note_text(p->checkpoint, p->checkpoint_len);
    const char *wrong = text ? assay_checkpoint_split(p->checkpoint, text, head) : "it is not a signed note";
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "the proof's checkpoint: %s", wrong);
    if (assay_merkle_check_inclusion(p->index, head->size, leaf, (const uint8_t(*)[32])p->path.hash, p->path.n,
                                     head->root))
        return ASSAY_OK;
    return assay_fail(e, ASSAY_ELEDGER, "the leaf is not number %llu of the tree of %llu that its checkpoint signs",
                      (unsigned long long)p->index, (unsigned long long)head->size);
}
