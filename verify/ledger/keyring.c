#include "assay/keyring.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/digest.h"
#include "assay/publish.h"
#include "file.h"
#include "keyfile.h"
#include "keyring.h"

#define WAIT_MS 30000 /* for another process that saves */

enum assay_status assay_keyring_file(const char *dir, const char *name, char out[ASSAY_MAX_PATH], struct assay_err *e)
{
    if ((size_t)snprintf(out, ASSAY_MAX_PATH, "%s%s", dir, name) >= ASSAY_MAX_PATH)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    return ASSAY_OK;
}

/* ---- reading ---- */

static enum assay_status read_file(const char *path, struct keyring_text *out, struct assay_err *e)
{
    struct assay_buf b = {.max = ASSAY_MAX_KEYRING + 65537};
    struct assay_err why = {0};
    enum assay_status s = assay_keyfile_private(path, &why);
    memset(out, 0, sizeof *out);
    if (s == ASSAY_ENOTFOUND)
        return ASSAY_OK;
    if (s == ASSAY_OK)
        s = assay_slurp(path, ASSAY_MAX_KEYRING, &b, &why);
    if (s != ASSAY_OK)
        assay_fail(e, s, "%s", why.msg);
    else if ((s = assay_keyring_parse((const char *)b.ptr, b.len, out, &why)) != ASSAY_OK)
        assay_fail(e, s, "%s: %s", path, why.msg);
    assay_buf_release(&b);
    return s;
}

/* What the file is now; zeros when it is not there. */
static void see(const char *path, struct stat *out)
{
    if (stat(path, out))
        *out = (struct stat){0};
}

/* A rotation that was stopped after it had published the keyring left its key in dataset.key.next. */
static enum assay_status finish_rotation(struct assay_keyring *k, const uint8_t id[16], struct assay_err *e)
{
    char next[ASSAY_MAX_PATH], now[ASSAY_MAX_PATH];
    uint8_t key[32], next_id[16];
    struct assay_err why = {0};
    enum assay_status s = assay_keyring_file(k->keys_dir, "/dataset.key.next", next, e);
    if (s == ASSAY_OK)
        s = assay_keyring_file(k->keys_dir, "/dataset.key", now, e);
    if (s != ASSAY_OK)
        return s;
    s = assay_dataset_key_read(next, key, &why);
    if (s == ASSAY_OK)
        assay_dataset_key_id(key, next_id);
    if (s != ASSAY_OK || memcmp(next_id, id, 16) != 0)
        s = assay_fail(e, ASSAY_ESTORE, "%s: belongs to another dataset key than %s", k->path, now);
    else if (rename(next, now) || assay_file_sync_dir(now))
        s = assay_fail_unwritten(e, errno, next, "cannot take the place of dataset.key");
    else
        memcpy(k->key, key, 32);
    OPENSSL_cleanse(key, sizeof key);
    return s;
}

static enum assay_status load(struct assay_keyring *k, struct assay_err *e)
{
    char file[ASSAY_MAX_PATH];
    uint8_t id[16];
    enum assay_status s = assay_keyring_file(k->keys_dir, "/dataset.key", file, e);
    if (s == ASSAY_OK)
        s = assay_dataset_key_read(file, k->key, e);
    if (s == ASSAY_OK) {
        see(k->path, &k->seen);
        s = read_file(k->path, &k->text, e);
    }
    if (s != ASSAY_OK)
        return s;
    assay_dataset_key_id(k->key, id);
    if (!k->text.epoch) {
        k->text.epoch = 1;
        memcpy(k->text.id, id, 16);
    }
    return memcmp(id, k->text.id, 16) == 0 ? ASSAY_OK : finish_rotation(k, k->text.id, e);
}

enum assay_status assay_keyring_open(const char *path, const char *keys_dir, struct assay_keyring **out,
                                     struct assay_err *e)
{
    struct assay_keyring *k = calloc(1, sizeof *k);
    if (!k || pthread_mutex_init(&k->lock, NULL)) {
        free(k);
        return assay_fail_nomem(e);
    }
    k->path = strdup(path);
    k->keys_dir = strdup(keys_dir);
    enum assay_status s = k->path && k->keys_dir ? load(k, e) : assay_fail_nomem(e);
    if (s != ASSAY_OK) {
        assay_keyring_close(k);
        return s;
    }
    *out = k;
    return ASSAY_OK;
}

void assay_keyring_close(struct assay_keyring *k)
{
    if (!k)
        return;
    assay_keyring_text_release(&k->text);
    pthread_mutex_destroy(&k->lock);
    free(k->path);
    free(k->keys_dir);
    OPENSSL_cleanse(k->key, sizeof k->key);
    free(k);
}

/* ---- one key ---- */

static enum assay_status make(struct assay_keyring *k, struct keyring_entry *x, uint8_t out[32], struct assay_err *e)
{
    enum assay_status s = assay_random(out, 32, e);
    if (s == ASSAY_OK && (assay_keyring_wrap_entry(k->key, x, out) != ASSAY_OK || !assay_keyring_insert(&k->text, x)))
        s = assay_fail_nomem(e);
    k->fresh += s == ASSAY_OK;
    return s;
}

/* A key that is not there may have been saved meanwhile, by the checker of the source that runs at the same time. The
 * file is read again when it is another one; a keyring under another dataset key is none of ours. */
static enum assay_status look_again(struct assay_keyring *k, bool *changed, struct assay_err *e)
{
    struct stat now;
    struct keyring_text t = {0};
    see(k->path, &now);
    *changed = !k->fresh && !k->keyless &&
               (now.st_ino != k->seen.st_ino || now.st_dev != k->seen.st_dev || now.st_size != k->seen.st_size ||
                now.st_mtim.tv_sec != k->seen.st_mtim.tv_sec || now.st_mtim.tv_nsec != k->seen.st_mtim.tv_nsec);
    if (!*changed)
        return ASSAY_OK;
    enum assay_status s = read_file(k->path, &t, e);
    k->seen = now;
    if (s == ASSAY_OK && t.epoch && memcmp(t.id, k->text.id, sizeof t.id) == 0) {
        struct keyring_text before = k->text;
        k->text = t;
        t = before;
    }
    assay_keyring_text_release(&t);
    return s;
}

static enum assay_status look_up(struct assay_keyring *k, struct keyring_entry *x, bool create, uint8_t out[32],
                                 struct assay_err *e)
{
    size_t at;
    bool changed = false;
    const struct keyring_entry *y = assay_keyring_find(&k->text, x->dataset, x->segment, x->ordinal, &at);
    enum assay_status s = y ? ASSAY_OK : look_again(k, &changed, e);
    if (s != ASSAY_OK)
        return s;
    if (changed)
        y = assay_keyring_find(&k->text, x->dataset, x->segment, x->ordinal, &at);
    if (!y && create)
        return make(k, x, out, e);
    if (!y)
        return assay_fail(e, ASSAY_ENOTFOUND, "%s: no key for chunk %u of segment %s", k->path, x->ordinal, x->segment);
    if (y->erased)
        return assay_fail(e, ASSAY_EERASED, "%s: the key of chunk %u of segment %s was erased", k->path, x->ordinal,
                          x->segment);
    s = assay_keyring_unwrap_entry(k->key, y, out);
    if (s == ASSAY_EDATA)
        return assay_fail(e, s, "%s: the key of chunk %u of segment %s does not open under dataset.key", k->path,
                          x->ordinal, x->segment);
    return s == ASSAY_OK ? s : assay_fail_nomem(e);
}

enum assay_status assay_keyring_chunk_key(struct assay_keyring *k, const char *dataset_id, const char *segment,
                                          uint32_t ordinal, bool create, uint8_t out[ASSAY_CHUNK_KEY_LEN],
                                          struct assay_err *e)
{
    struct keyring_entry x = {.ordinal = ordinal, .segment = segment, .fresh = true};
    if (!assay_keyring_names(dataset_id, segment) || ordinal == ASSAY_EVERY_CHUNK)
        return assay_fail(e, ASSAY_ELIMIT, "%s: a chunk that a keyring cannot name", k->path);
    memcpy(x.dataset, dataset_id, sizeof x.dataset);
    pthread_mutex_lock(&k->lock);
    enum assay_status s = look_up(k, &x, create, out, e);
    pthread_mutex_unlock(&k->lock);
    return s;
}

/* ---- saving ---- */

static enum assay_status merge_one(const struct assay_keyring *k, struct keyring_text *t, const struct keyring_entry *x,
                                   struct assay_err *e)
{
    size_t at;
    const struct keyring_entry *theirs = assay_keyring_find(t, x->dataset, x->segment, x->ordinal, &at);
    if (!theirs) {
        struct keyring_entry *y = assay_keyring_insert(t, x);
        if (!y)
            return assay_fail_nomem(e);
        y->fresh = false;
        return ASSAY_OK;
    }
    if (theirs->erased)
        return assay_fail(e, ASSAY_EERASED, "%s: the key of chunk %u of segment %s was erased meanwhile", k->path,
                          x->ordinal, x->segment);
    return assay_fail(e, ASSAY_ELOCKED, "%s: another process has made a key for chunk %u of segment %s; run again",
                      k->path, x->ordinal, x->segment);
}

static enum assay_status merge(const struct assay_keyring *k, struct keyring_text *t, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    if (k->keyless)
        return t->epoch ? ASSAY_OK : assay_fail(e, ASSAY_ENOTFOUND, "%s: there is no such keyring", k->path);
    if (!t->epoch) {
        t->epoch = 1;
        memcpy(t->id, k->text.id, 16);
    }
    if (memcmp(t->id, k->text.id, 16) != 0)
        return assay_fail(e, ASSAY_ELOCKED, "%s: the dataset key was rotated meanwhile; run again", k->path);
    for (size_t i = 0; i < k->text.n && k->fresh && s == ASSAY_OK; i++)
        if (k->text.entry[i].fresh)
            s = merge_one(k, t, &k->text.entry[i], e);
    return s;
}

/* The blocks of the file before, which no name leads to any more: a best effort, on a disk that writes in place. */
static void overwrite(int fd)
{
    static const uint8_t nothing[4096];
    struct stat st;
    if (fstat(fd, &st) || st.st_nlink)
        return;
    for (off_t left = st.st_size; left > 0; left -= (off_t)sizeof nothing)
        if (assay_file_write(fd, nothing, left < (off_t)sizeof nothing ? (size_t)left : sizeof nothing))
            return;
    (void)fsync(fd);
}

static enum assay_status publish(struct assay_keyring *k, const struct keyring_text *t, bool wipe_old,
                                 struct assay_err *e)
{
    struct assay_buf b = {.max = ASSAY_MAX_KEYRING};
    enum assay_status s = assay_keyring_write(t, &b);
    if (s != ASSAY_OK) {
        assay_buf_release(&b);
        return assay_fail(e, s, "%s: no room for a keyring of %zu chunks, the limit is %u bytes", k->path, t->n,
                          ASSAY_MAX_KEYRING);
    }
    int old = wipe_old ? open(k->path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    s = assay_publish_evidence(k->path, 0600, b.ptr, b.len, e);
    if (old >= 0) {
        if (s == ASSAY_OK)
            overwrite(old);
        close(old);
    }
    assay_buf_release(&b);
    return s;
}

enum assay_status assay_keyring_rewrite(struct assay_keyring *k, bool wipe_old,
                                        enum assay_status (*edit)(struct assay_keyring *k, struct keyring_text *t,
                                                                  void *ctx, struct assay_err *e),
                                        void *ctx, struct assay_err *e)
{
    char lock[ASSAY_MAX_PATH];
    struct keyring_text t = {0};
    int fd = -1;
    enum assay_status s = assay_keyring_file(k->path, ".lock", lock, e);
    if (s == ASSAY_OK)
        s = assay_file_lock(lock, "saving the keyring", WAIT_MS, &fd, e);
    if (s != ASSAY_OK)
        return s;
    s = read_file(k->path, &t, e);
    if (s == ASSAY_OK)
        s = merge(k, &t, e);
    if (s == ASSAY_OK && edit)
        s = edit(k, &t, ctx, e);
    if (s == ASSAY_OK)
        s = publish(k, &t, wipe_old, e);
    if (s == ASSAY_OK) {
        struct keyring_text before = k->text;
        k->text = t;
        t = before;
        k->fresh = 0;
    }
    assay_keyring_text_release(&t);
    assay_file_unlock(fd);
    return s;
}

enum assay_status assay_keyring_save(struct assay_keyring *k, struct assay_err *e)
{
    pthread_mutex_lock(&k->lock);
    enum assay_status s = k->fresh ? assay_keyring_rewrite(k, false, NULL, NULL, e) : ASSAY_OK;
    pthread_mutex_unlock(&k->lock);
    return s;
}
