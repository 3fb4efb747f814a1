/* Destroying keys. It needs no key: copies of any epoch can be cleaned. */
#include <openssl/crypto.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/keyring.h"
#include "keyring.h"

struct erasure {
    const char *dataset, *segment;
    uint32_t ordinal;
    uint64_t n;
};

static bool of_segment(const struct keyring_text *t, size_t i, const char *dataset, const char *segment)
{
    return i < t->n && strcmp(t->entry[i].dataset, dataset) == 0 && strcmp(t->entry[i].segment, segment) == 0;
}

static void destroy(struct keyring_entry *x, uint64_t *n)
{
    *n += !x->erased;
    x->erased = true;
    OPENSSL_cleanse(x->wrapped, sizeof x->wrapped);
}

static enum assay_status erase(struct assay_keyring *k, struct keyring_text *t, void *ctx, struct assay_err *e)
{
    struct erasure *r = ctx;
    struct keyring_entry x = {.ordinal = r->ordinal, .segment = r->segment, .erased = true};
    bool every = r->ordinal == ASSAY_EVERY_CHUNK;
    size_t at;
    (void)k;
    struct keyring_entry *y = assay_keyring_find(t, r->dataset, r->segment, every ? 0 : r->ordinal, &at);
    if (every)
        for (; of_segment(t, at, r->dataset, r->segment); at++)
            destroy(&t->entry[at], &r->n);
    else if (y)
        destroy(y, &r->n);
    if (every || y)
        return ASSAY_OK;
    memcpy(x.dataset, r->dataset, sizeof x.dataset);
    r->n++;
    return assay_keyring_insert(t, &x) ? ASSAY_OK : assay_fail_nomem(e);
}

enum assay_status assay_keyring_erase(struct assay_keyring *k, const char *dataset_id, const char *segment,
                                      uint32_t ordinal, uint64_t *n, struct assay_err *e)
{
    struct erasure r = {dataset_id, segment, ordinal, 0};
    if (!assay_keyring_names(dataset_id, segment))
        return assay_fail(e, ASSAY_ELIMIT, "%s: a chunk that a keyring cannot name", k->path);
    pthread_mutex_lock(&k->lock);
    enum assay_status s = assay_keyring_rewrite(k, true, erase, &r, e);
    pthread_mutex_unlock(&k->lock);
    *n = r.n;
    return s;
}

enum assay_status assay_keyring_erase_copy(const char *path, const char *dataset_id, const char *segment,
                                           uint32_t ordinal, uint64_t *n, struct assay_err *e)
{
    struct assay_keyring k = {.path = (char *)path, .keyless = true, .lock = PTHREAD_MUTEX_INITIALIZER};
    enum assay_status s = assay_keyring_erase(&k, dataset_id, segment, ordinal, n, e);
    assay_keyring_text_release(&k.text);
    return s;
}

enum assay_status assay_keyring_commits(struct assay_keyring *k, const char *dataset_id, const char *segment,
                                        uint32_t ordinal, struct assay_buf *out, struct assay_err *e)
{
    bool every = ordinal == ASSAY_EVERY_CHUNK;
    uint8_t in[33] = {0x30}, commit[32];
    enum assay_status s = ASSAY_OK;
    size_t at;
    pthread_mutex_lock(&k->lock);
    bool found = assay_keyring_find(&k->text, dataset_id, segment, every ? 0 : ordinal, &at) != NULL;
    for (; s == ASSAY_OK && (every || found) && of_segment(&k->text, at, dataset_id, segment); at++) {
        const struct keyring_entry *x = &k->text.entry[at];
        if (!every && x->ordinal != ordinal)
            break;
        if (x->erased)
            continue;
        if ((s = assay_keyring_unwrap_entry(k->key, x, in + 1)) != ASSAY_OK) {
            assay_fail(e, s, "%s: the key of chunk %u of segment %s does not open", k->path, x->ordinal, segment);
            break;
        }
        assay_sha256(in, sizeof in, commit);
        if ((s = assay_buf_add(out, commit, sizeof commit)) != ASSAY_OK)
            s = assay_fail_nomem(e);
    }
    pthread_mutex_unlock(&k->lock);
    OPENSSL_cleanse(in, sizeof in);
    return s;
}
