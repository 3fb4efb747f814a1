/* Epochs of the dataset key: rotation, what is known of earlier keys, and the check of everything. */
#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/keyring.h"
#include "assay/keys.h"
#include "assay/publish.h"
#include "file.h"
#include "keyfile.h"
#include "keyring.h"

struct rotation {
    char next[ASSAY_MAX_PATH]; /* where the new key waits */
    uint8_t key[32];
};

static enum assay_status rewrap_past(const uint8_t old[32], const uint8_t new[32], struct keyring_past *p,
                                     struct assay_err *e)
{
    uint8_t key[32];
    enum assay_status s = assay_keyring_unwrap_past(old, p, key);
    if (s == ASSAY_OK)
        s = assay_keyring_wrap_past(new, p, key);
    OPENSSL_cleanse(key, sizeof key);
    return s == ASSAY_OK ? s : assay_fail(e, s, "the dataset key of epoch %u does not open", p->epoch);
}

static enum assay_status rewrap_chunk(const uint8_t old[32], const uint8_t new[32], struct keyring_entry *x,
                                      struct assay_err *e)
{
    uint8_t key[32];
    if (x->erased)
        return ASSAY_OK;
    enum assay_status s = assay_keyring_unwrap_entry(old, x, key);
    if (s == ASSAY_OK)
        s = assay_keyring_wrap_entry(new, x, key);
    OPENSSL_cleanse(key, sizeof key);
    return s == ASSAY_OK ? s
                         : assay_fail(e, s, "the key of chunk %u of segment %s does not open", x->ordinal, x->segment);
}

/* The key of this epoch joins the earlier ones. */
static enum assay_status add_past(struct keyring_text *t, const uint8_t old[32], const uint8_t new[32],
                                  struct assay_err *e)
{
    if (t->epoch == ASSAY_MAX_EPOCHS)
        return assay_fail(e, ASSAY_ELIMIT, "a keyring holds %d dataset keys at most", ASSAY_MAX_EPOCHS);
    struct keyring_past *more = reallocarray(t->past, t->n_past + 1, sizeof *more);
    if (!more)
        return assay_fail_nomem(e);
    t->past = more;
    t->past[t->n_past] = (struct keyring_past){.epoch = t->epoch};
    memcpy(t->past[t->n_past].id, t->id, 16);
    if (assay_keyring_wrap_past(new, &t->past[t->n_past], old) != ASSAY_OK)
        return assay_fail_nomem(e);
    t->n_past++;
    t->epoch++;
    assay_dataset_key_id(new, t->id);
    return ASSAY_OK;
}

static enum assay_status rotate(struct assay_keyring *k, struct keyring_text *t, void *ctx, struct assay_err *e)
{
    struct rotation *r = ctx;
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < t->n_past && s == ASSAY_OK; i++)
        s = rewrap_past(k->key, r->key, &t->past[i], e);
    for (size_t i = 0; i < t->n && s == ASSAY_OK; i++)
        s = rewrap_chunk(k->key, r->key, &t->entry[i], e);
    if (s == ASSAY_OK)
        s = add_past(t, k->key, r->key, e);
    return s == ASSAY_OK && t->n_certs ? assay_escrow_write(k, t, r->key, e) : s;
}

/* The key that waits; one that an earlier rotation left before it published anything counts for nothing. */
static enum assay_status make_next(struct rotation *r, struct assay_err *e)
{
    if (unlink(r->next) && errno != ENOENT)
        return assay_fail_unwritten(e, errno, r->next, "cannot remove");
    enum assay_status s = assay_dataset_key_generate(r->next, e);
    return s == ASSAY_OK ? assay_dataset_key_read(r->next, r->key, e) : s;
}

enum assay_status assay_keyring_rotate(struct assay_keyring *k, struct assay_err *e)
{
    struct rotation r = {0};
    char now[ASSAY_MAX_PATH] = "";
    pthread_mutex_lock(&k->lock);
    enum assay_status s = assay_keyring_file(k->keys_dir, "/dataset.key.next", r.next, e);
    if (s == ASSAY_OK)
        s = assay_keyring_file(k->keys_dir, "/dataset.key", now, e);
    if (s == ASSAY_OK)
        s = make_next(&r, e);
    if (s == ASSAY_OK)
        s = assay_keyring_rewrite(k, true, rotate, &r, e);
    if (s == ASSAY_OK && (rename(r.next, now) || assay_file_sync_dir(now)))
        s = assay_fail_unwritten(e, errno, r.next, "cannot take the place of dataset.key");
    if (s == ASSAY_OK)
        memcpy(k->key, r.key, 32);
    OPENSSL_cleanse(r.key, sizeof r.key);
    pthread_mutex_unlock(&k->lock);
    return s;
}

enum assay_status assay_keyring_epoch_key(struct assay_keyring *k, const uint8_t id[16], uint8_t out[32],
                                          struct assay_err *e)
{
    enum assay_status s = ASSAY_ENOTFOUND;
    pthread_mutex_lock(&k->lock);
    if (memcmp(id, k->text.id, 16) == 0) {
        memcpy(out, k->key, 32);
        s = ASSAY_OK;
    }
    for (size_t i = 0; i < k->text.n_past && s == ASSAY_ENOTFOUND; i++)
        if (memcmp(id, k->text.past[i].id, 16) == 0)
            s = assay_keyring_unwrap_past(k->key, &k->text.past[i], out);
    pthread_mutex_unlock(&k->lock);
    return s == ASSAY_OK ? s : assay_fail(e, s, "%s: has no such dataset key, of no epoch", k->path);
}

static enum assay_status check_all(struct assay_keyring *k, struct assay_keyring_facts *out, struct assay_err *e)
{
    uint8_t key[32];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < k->text.n_past && s == ASSAY_OK; i++)
        if ((s = assay_keyring_unwrap_past(k->key, &k->text.past[i], key)) != ASSAY_OK)
            assay_fail(e, s, "%s: the dataset key of epoch %u does not open", k->path, k->text.past[i].epoch);
    for (size_t i = 0; i < k->text.n && s == ASSAY_OK; i++) {
        const struct keyring_entry *x = &k->text.entry[i];
        out->erased += x->erased;
        out->keys += !x->erased;
        if (!x->erased && (s = assay_keyring_unwrap_entry(k->key, x, key)) != ASSAY_OK)
            assay_fail(e, s, "%s: the key of chunk %u of segment %s of dataset %s does not open", k->path, x->ordinal,
                       x->segment, x->dataset);
    }
    OPENSSL_cleanse(key, sizeof key);
    return s;
}

enum assay_status assay_keyring_check(struct assay_keyring *k, struct assay_keyring_facts *out, struct assay_err *e)
{
    memset(out, 0, sizeof *out);
    pthread_mutex_lock(&k->lock);
    out->epoch = k->text.epoch;
    assay_hex(k->text.id, 16, out->key_id);
    out->past = k->text.n_past;
    out->recipients = k->text.n_certs;
    out->escrowed = assay_escrow_there(k, &k->text);
    enum assay_status s = check_all(k, out, e);
    pthread_mutex_unlock(&k->lock);
    return s;
}
