#include "assay/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "assay/checkpoint.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/merkle.h"
#include "assay/policy.h"
#include "assay/proof.h"
#include "assay/publish.h"
#include "file.h"
#include "key.h"

struct assay_witness {
    char *dir;
    int lock;
    struct assay_key *key;
    struct assay_policy *policy;
};

/* One request taken apart; all borrowed from its body. */
struct request {
    uint64_t old;
    struct assay_merkle_proof proof;
    const char *note;
    size_t note_len, text_len;
    struct assay_checkpoint head;
    const struct assay_verifier *log;
};
/* What was cosigned last. */
struct seen {
    uint64_t size, when;
    uint8_t root[32];
};

void assay_witness_close(struct assay_witness *w)
{
    if (!w)
        return;
    assay_policy_free(w->policy);
    assay_key_free(w->key);
    assay_file_unlock(w->lock);
    free(w->dir);
    free(w);
}

const char *assay_witness_vkey(const struct assay_witness *w)
{
    return assay_key_vkey(w->key);
}

enum assay_status assay_witness_open(const char *state_dir, const char *key_path, const char *policy_path,
                                     struct assay_witness **out, struct assay_err *e)
{
    char lock[ASSAY_MAX_PATH];
    if ((size_t)snprintf(lock, sizeof lock, "%s/lock", state_dir) >= sizeof lock)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    struct assay_witness *w = calloc(1, sizeof *w);
    if (!w)
        return assay_fail_nomem(e);
    w->lock = -1;
    enum assay_status s = (w->dir = strdup(state_dir)) ? ASSAY_OK : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = assay_policy_load(policy_path, &w->policy, e);
    if (s == ASSAY_OK && !assay_policy_log(w->policy, 0))
        s = assay_fail(e, ASSAY_EUSAGE, "%s: names no log: there is nothing to witness", policy_path);
    if (s == ASSAY_OK)
        s = assay_key_load_witness(key_path, &w->key, e);
    if (s == ASSAY_OK && mkdir(state_dir, 0700) && errno != EEXIST)
        s = assay_fail_unwritten(e, errno, state_dir, "cannot create");
    if (s == ASSAY_OK)
        s = assay_file_lock(lock, "a witness with this state", 0, &w->lock, e);
    if (s != ASSAY_OK) {
        assay_witness_close(w);
        return s;
    }
    *out = w;
    return ASSAY_OK;
}

/* ---- the request ---- */

static bool parse(const char *body, size_t len, struct request *r)
{
    const char *p = body, *end = body + len, *lf = len ? memchr(body, '\n', len) : NULL;
    if (!lf || lf - p < 5 || memcmp(p, "old ", 4) != 0 ||
        !assay_checkpoint_number(p + 4, (size_t)(lf - p - 4), &r->old))
        return false;
    p = lf + 1;
    if (assay_proof_read_lines(&p, end, 63, &r->proof))
        return false;
    r->note = p;
    r->note_len = (size_t)(end - p);
    r->text_len = assay_note_text(r->note, r->note_len);
    return r->text_len && !assay_checkpoint_split(r->note, r->text_len, &r->head);
}

/* 0 when the checkpoint is signed by a log of the policy, else the status to answer. */
static unsigned signed_by_known(const struct assay_witness *w, struct request *r)
{
    const char *why;
    size_t text;
    r->log = assay_policy_log_of(w->policy, r->head.origin, r->head.origin_len, r->note, r->note_len);
    if (!r->log)
        return 404;
    switch (assay_note_check(r->log, r->note, r->note_len, &text, &why)) {
    case ASSAY_NOTE_GOOD:
        return r->old > r->head.size ? 400 : 0;
    case ASSAY_NOTE_GRAMMAR:
        return 400;
    case ASSAY_NOTE_TROUBLE:
        return 500;
    default:
        return 403;
    }
}

/* 0 when the tree grew out of what was seen, else the status to answer. */
static unsigned grown(const struct request *r, const struct seen *seen)
{
    const uint8_t(*proof)[32] = (const uint8_t(*)[32])r->proof.hash;
    if (r->old != seen->size)
        return 409;
    if (r->old == r->head.size && memcmp(r->head.root, seen->root, 32) != 0)
        return 409;
    if (r->old == 0)
        return r->proof.n ? 422 : 0;
    return assay_merkle_check_consistency(r->old, r->head.size, proof, r->proof.n, seen->root, r->head.root) ? 0 : 422;
}

/* ---- state ---- */

static enum assay_status state_path(const struct assay_witness *w, const char *origin, size_t len,
                                    char out[ASSAY_MAX_PATH], struct assay_err *e)
{
    uint8_t h[32];
    char hex[65];
    assay_sha256(origin, len, h);
    assay_hex(h, 32, hex);
    if ((size_t)snprintf(out, ASSAY_MAX_PATH, "%s/%s", w->dir, hex) >= ASSAY_MAX_PATH)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    return ASSAY_OK;
}

/* A state that does not carry our own cosignature is not ours: better no answer than a forgotten tree. */
static enum assay_status recall(const struct assay_witness *w, const char *path, struct seen *out, struct assay_err *e)
{
    struct assay_buf note = {.max = 2 * ASSAY_MAX_WITNESS_BODY};
    struct assay_checkpoint c;
    struct assay_err why = {0};
    const char *wrong;
    size_t text = 0;
    *out = (struct seen){0};
    assay_merkle_empty(out->root);
    enum assay_status s = assay_slurp(path, ASSAY_MAX_WITNESS_BODY, &note, &why);
    if (s == ASSAY_ENOTFOUND)
        return ASSAY_OK;
    if (s != ASSAY_OK) {
        assay_fail(e, s, "%s", why.msg);
    } else if (assay_note_check_at(w->key->pub, (const char *)note.ptr, note.len, &text, &out->when, &wrong) !=
                   ASSAY_NOTE_GOOD ||
               assay_checkpoint_split((const char *)note.ptr, text, &c)) {
        s = assay_fail(e, ASSAY_ELEDGER, "%s: is not a checkpoint that this witness cosigned; put its copy back", path);
    } else {
        out->size = c.size;
        memcpy(out->root, c.root, 32);
    }
    assay_buf_release(&note);
    return s;
}

/* Text, the log's own lines, ours: what others had signed besides is not kept. */
static enum assay_status remember(const char *path, const struct request *r, const struct assay_buf *line,
                                  struct assay_err *e)
{
    struct assay_buf note = {.max = 2 * ASSAY_MAX_WITNESS_BODY};
    enum assay_status s = assay_buf_add(&note, r->note, r->text_len + 1);
    if (s == ASSAY_OK)
        s = assay_note_copy_lines(r->log, r->note, r->note_len, &note);
    if (s == ASSAY_OK)
        s = assay_buf_add(&note, line->ptr, line->len);
    if (s == ASSAY_OK)
        s = assay_publish_evidence(path, 0600, note.ptr, note.len, e);
    else
        assay_fail(e, s, "no room for a checkpoint of %zu bytes", r->note_len);
    assay_buf_release(&note);
    return s;
}

/* ---- answers ---- */

static enum assay_status answer(struct assay_witness_answer *out, unsigned status, enum assay_status s)
{
    static const struct {
        unsigned status;
        const char *says;
    } known[] = {
        {400, "not an add-checkpoint request, or its old size is beyond the checkpoint's\n"},
        {403, "the checkpoint is not signed by the key that this witness knows for its origin\n"},
        {404, "this witness does not know that origin\n"},
        {413, "the request is too long\n"},
        {422, "the consistency proof does not verify\n"},
        {500, "this witness is in trouble; nothing was cosigned\n"},
    };
    out->status = status;
    out->type = "text/plain; charset=utf-8";
    assay_buf_reset(&out->body);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].status == status)
            assay_buf_adds(&out->body, known[i].says);
    return s;
}

static enum assay_status conflict(struct assay_witness_answer *out, uint64_t size)
{
    answer(out, 409, ASSAY_OK);
    out->type = "text/x.tlog.size";
    return assay_buf_addf(&out->body, "%llu\n", (unsigned long long)size);
}

enum assay_status assay_witness_add(struct assay_witness *w, const char *body, size_t len, uint64_t now,
                                    struct assay_witness_answer *out, struct assay_err *e)
{
    struct request r = {0};
    struct seen seen;
    char path[ASSAY_MAX_PATH];
    unsigned refused;
    out->body.max = ASSAY_MAX_WITNESS_BODY;
    if (len > ASSAY_MAX_WITNESS_BODY)
        return answer(out, 413, ASSAY_OK);
    if (!parse(body, len, &r))
        return answer(out, 400, ASSAY_OK);
    if ((refused = signed_by_known(w, &r)) != 0)
        return answer(out, refused, ASSAY_OK);
    enum assay_status s = state_path(w, r.head.origin, r.head.origin_len, path, e);
    if (s == ASSAY_OK)
        s = recall(w, path, &seen, e);
    if (s != ASSAY_OK)
        return answer(out, 500, s);
    if ((refused = grown(&r, &seen)) != 0)
        return refused == 409 ? conflict(out, seen.size) : answer(out, refused, ASSAY_OK);
    /* A clock that was set back must not make a larger tree look older than a smaller one. */
    uint64_t when = now > seen.when ? now : seen.when;
    answer(out, 200, ASSAY_OK);
    s = assay_note_cosign(w->key, when, r.note, r.text_len, &out->body, e);
    if (s == ASSAY_OK)
        s = remember(path, &r, &out->body, e);
    return s == ASSAY_OK ? s : answer(out, 500, s);
}

enum assay_status assay_witness_latest(struct assay_witness *w, const char *hex, struct assay_witness_answer *out,
                                       struct assay_err *e)
{
    char path[ASSAY_MAX_PATH];
    uint8_t h[32];
    struct assay_err why = {0};
    out->body.max = 2 * ASSAY_MAX_WITNESS_BODY;
    if (strlen(hex) != 64 || assay_unhex(hex, h, 32) ||
        (size_t)snprintf(path, sizeof path, "%s/%s", w->dir, hex) >= sizeof path)
        return answer(out, 404, ASSAY_OK);
    answer(out, 200, ASSAY_OK);
    enum assay_status s = assay_slurp(path, ASSAY_MAX_WITNESS_BODY, &out->body, &why);
    if (s == ASSAY_ENOTFOUND)
        return answer(out, 404, ASSAY_OK);
    return s == ASSAY_OK ? s : answer(out, 500, assay_fail(e, s, "%s", why.msg));
}
