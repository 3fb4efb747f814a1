#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/bytes.h"
#include "assay/checkpoint.h"
#include "assay/digest.h"
#include "assay/ledger_append.h"
#include "assay/ledger_proof.h"
#include "assay/publish.h"
#include "assay/tiles.h"
#include "file.h"
#include "store.h"
#include "tiles.h"

struct job {
    struct assay_ledger *l;
    const char *dir;
    struct assay_buf note; /* the newest checkpoint */
    struct assay_checkpoint head; /* borrows from note */
    struct assay_merkle tree;
    uint64_t *size; /* of the checkpoints that dir has, ascending */
    size_t n, at;
    struct assay_buf room;
    struct assay_err *e;
};

/* ---- checkpoints ---- */

static int by_size(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Their names are their sizes. Without the folder only the newest is known. */
static enum assay_status list_checkpoints(struct job *j)
{
    char path[ASSAY_MAX_PATH];
    snprintf(path, sizeof path, "%s/checkpoints", j->dir);
    DIR *d = opendir(path);
    if (!d && errno != ENOENT)
        return assay_fail(j->e, ASSAY_EIO, "%s: cannot read: %s", path, strerror(errno));
    size_t cap = 0;
    uint64_t size;
    for (struct dirent *f; d && (f = readdir(d));) {
        if (!assay_checkpoint_number(f->d_name, strlen(f->d_name), &size) || size >= j->head.size)
            continue;
        if (j->n + 1 >= cap) {
            cap = cap * 2 + 64;
            uint64_t *more = realloc(j->size, cap * sizeof *more);
            if (!more) {
                closedir(d);
                return assay_fail_nomem(j->e);
            }
            j->size = more;
        }
        j->size[j->n++] = size;
    }
    if (d)
        closedir(d);
    if (j->n)
        qsort(j->size, j->n, sizeof *j->size, by_size);
    return ASSAY_OK;
}

/* The tree is at this size: its checkpoint must say the same. */
static enum assay_status put_checkpoint(struct job *j, const struct assay_buf *note)
{
    struct assay_head_of_log head;
    struct assay_store_checkpoint row = {.size = j->tree.size, .note = *note};
    uint8_t root[32];
    unsigned long long size = j->tree.size;
    const char *wrong = assay_checkpoint_read((const char *)note->ptr, note->len, j->l->origin, &head);
    if (wrong)
        return assay_fail(j->e, ASSAY_ELEDGER, "checkpoint of size %llu: %s", size, wrong);
    assay_merkle_root(&j->tree, root);
    if (head.size != j->tree.size || memcmp(head.root, root, 32) != 0)
        return assay_fail(j->e, ASSAY_ELEDGER, "checkpoint of size %llu: its root is not that of the tiles' leaves",
                          size);
    row.frontier.ptr = j->tree.stack[0];
    row.frontier.len = 32 * (size_t)__builtin_popcountll(j->tree.size);
    return j->l->store->put_checkpoint(j->l->db, &row, j->e);
}

/* After the leaves, for they say which keys the ledger had. */
static enum assay_status check_signatures(struct job *j)
{
    struct assay_store_checkpoint row = {.note.max = ASSAY_MAX_LEAF, .frontier.max = ASSAY_MAX_LEAF};
    struct assay_err why = {0};
    bool found = true;
    enum assay_status s = ASSAY_OK;
    for (uint64_t from = 0; s == ASSAY_OK && found; from = row.size + 1) {
        s = j->l->store->checkpoint(j->l->db, from, &row, &found, j->e);
        if (s != ASSAY_OK || !found)
            break;
        s = assay_checkpoint_signed(&j->l->ring, row.size, j->tree.size, (const char *)row.note.ptr, row.note.len,
                                    &why);
        if (s != ASSAY_OK)
            s = assay_fail(j->e, s, "checkpoint of size %llu: %s", (unsigned long long)row.size, why.msg);
    }
    assay_store_checkpoint_release(&row);
    return s;
}

static enum assay_status reach(struct job *j)
{
    char path[ASSAY_MAX_PATH];
    struct assay_buf note = {.max = 2 * ASSAY_MAX_LEAF};
    while (j->at < j->n && j->size[j->at] < j->tree.size)
        j->at++;
    if (j->tree.size == j->head.size)
        return put_checkpoint(j, &j->note);
    if (j->at == j->n || j->size[j->at] != j->tree.size)
        return ASSAY_OK;
    snprintf(path, sizeof path, "%s/checkpoints/%llu", j->dir, (unsigned long long)j->tree.size);
    enum assay_status s = assay_slurp(path, ASSAY_MAX_LEAF, &note, j->e);
    if (s == ASSAY_OK)
        s = put_checkpoint(j, &note);
    assay_buf_release(&note);
    return s;
}

/* ---- leaves ---- */

static enum assay_status put_leaf(struct job *j, const char *note, size_t len)
{
    struct assay_head h;
    enum assay_role role;
    struct assay_err why = {0};
    uint8_t hash[32];
    struct assay_store_leaf row = {
        .idx = j->tree.size, .hash = hash, .hash_len = 32, .note = note, .note_len = len, .indexed = true};
    enum assay_status s = assay_leaf_read(note, len, &h, &role, &why);
    if (s != ASSAY_OK)
        return assay_fail(j->e, s, "leaf %llu: %s", (unsigned long long)row.idx, why.msg);
    assay_merkle_leaf(note, len, hash);
    if (assay_leaf_index(&h, role, &j->room, row.index) != ASSAY_OK)
        return assay_fail_nomem(j->e);
    s = j->l->store->put_leaf(j->l->db, &row, j->e);
    if (s == ASSAY_OK)
        s = assay_tree_grow(j->l, row.idx, j->e);
    if (s == ASSAY_OK && assay_stmt_is(h.kind, "key") &&
        (s = assay_ring_turn(&j->l->ring, row.idx, false, note, len, &why)) != ASSAY_OK)
        s = assay_fail(j->e, s, "leaf %llu: %s", (unsigned long long)row.idx, why.msg);
    assay_merkle_add(&j->tree, hash);
    return s == ASSAY_OK ? reach(j) : s;
}

static enum assay_status put_bundle(struct job *j, const struct assay_buf *b, unsigned width)
{
    struct assay_buf note = {.max = 2 * ASSAY_MAX_LEAF};
    size_t at = 0;
    enum assay_status s = ASSAY_OK;
    for (unsigned i = 0; i < width && s == ASSAY_OK; i++) {
        size_t len = b->len - at >= 2 ? assay_get_be16(b->ptr + at) : 0;
        if (b->len - at < 2 || b->len - at - 2 < len) {
            s = assay_fail(j->e, ASSAY_ELEDGER, "leaf %llu: its bundle ends before it does",
                           (unsigned long long)j->tree.size);
            break;
        }
        /* with a NUL behind it, as the store wants it */
        assay_buf_reset(&note);
        if (assay_buf_add(&note, b->ptr + at + 2, len) != ASSAY_OK || !assay_buf_str(&note))
            s = assay_fail_nomem(j->e);
        else
            s = put_leaf(j, (const char *)note.ptr, len);
        at += 2 + len;
    }
    if (s == ASSAY_OK && at != b->len)
        s = assay_fail(j->e, ASSAY_ELEDGER, "leaf %llu: its bundle has more behind it",
                       (unsigned long long)(j->tree.size - 1));
    assay_buf_release(&note);
    return s;
}

static enum assay_status put_leaves(struct job *j)
{
    struct assay_buf b = {.max = ASSAY_MAX_BUNDLE + 65537};
    char path[ASSAY_MAX_PATH];
    enum assay_status s = ASSAY_OK;
    for (uint64_t tile = 0; s == ASSAY_OK && tile * ASSAY_TILE < j->head.size; tile++) {
        uint64_t left = j->head.size - tile * ASSAY_TILE;
        unsigned width = left < ASSAY_TILE ? (unsigned)left : ASSAY_TILE;
        assay_buf_reset(&b);
        if (!assay_tile_path(j->dir, "entries", tile, width, path))
            s = assay_fail(j->e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
        if (s == ASSAY_OK)
            s = assay_slurp(path, ASSAY_MAX_BUNDLE, &b, j->e);
        if (s == ASSAY_OK)
            s = put_bundle(j, &b, width);
    }
    assay_buf_release(&b);
    return s;
}

/* ---- blobs ---- */

static enum assay_status put_blob(struct job *j, const char *path, const char *name)
{
    struct assay_buf body = {0};
    uint8_t want[32], have[32];
    if (strlen(name) != 64 || assay_unhex(name, want, 32))
        return ASSAY_OK;
    enum assay_status s = assay_slurp(path, ASSAY_MAX_BLOB, &body, j->e);
    if (s == ASSAY_OK) {
        assay_sha256(body.len ? (const void *)body.ptr : "", body.len, have);
        if (memcmp(want, have, 32) != 0)
            s = assay_fail(j->e, ASSAY_ELEDGER, "%s: its bytes do not hash to its name", path);
    }
    if (s == ASSAY_OK)
        s = j->l->store->put_blob(j->l->db, want, body.len ? (const void *)body.ptr : "", body.len, j->e);
    assay_buf_release(&body);
    return s;
}

static enum assay_status put_blobs(struct job *j)
{
    char dir[ASSAY_MAX_PATH], path[ASSAY_MAX_PATH];
    enum assay_status s = ASSAY_OK;
    for (unsigned i = 0; i < 256 && s == ASSAY_OK; i++) {
        snprintf(dir, sizeof dir, "%s/blob/%02x", j->dir, i);
        DIR *d = opendir(dir);
        for (struct dirent *f; d && s == ASSAY_OK && (f = readdir(d));)
            if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, f->d_name) < sizeof path)
                s = put_blob(j, path, f->d_name);
        if (d)
            closedir(d);
    }
    return s;
}

/* ---- the whole ---- */

/* A checkpoint beside the new ledger that is ahead of the tiles: there are newer ones somewhere. */
static enum assay_status not_behind(struct job *j)
{
    struct assay_head_of_log pub;
    bool found;
    enum assay_status s = assay_published_read(j->l, 0, &pub, &found, j->e);
    if (s == ASSAY_OK && found && pub.size > j->head.size)
        s = assay_fail(j->e, ASSAY_ELEDGER,
                       "published checkpoint %s is for %llu leaves, the tiles have %llu: newer ones are somewhere",
                       j->l->published, (unsigned long long)pub.size, (unsigned long long)j->head.size);
    return s;
}

static enum assay_status fill(struct job *j)
{
    enum assay_status s = j->l->store->begin(j->l->db, true, j->e);
    if (s != ASSAY_OK)
        return s;
    s = put_leaves(j);
    if (s == ASSAY_OK)
        s = check_signatures(j);
    if (s == ASSAY_OK)
        s = put_blobs(j);
    if (s == ASSAY_OK)
        return j->l->store->commit(j->l->db, j->e);
    j->l->store->rollback(j->l->db);
    return s;
}

static enum assay_status make(struct job *j, const char *path, const char *keys_dir)
{
    char *origin = strndup(j->head.origin, j->head.origin_len);
    enum assay_status s = origin ? assay_ledger_create(path, origin, j->e) : assay_fail_nomem(j->e);
    free(origin);
    if (s != ASSAY_OK)
        return s;
    j->l = assay_ledger_new(path, keys_dir, j->e);
    if (!j->l) {
        unlink(path);
        return j->e->code;
    }
    s = assay_ring_load(&j->l->ring, keys_dir, j->e);
    if (s == ASSAY_OK)
        s = assay_store_open(j->l, true, 0, j->e);
    if (s == ASSAY_OK)
        s = not_behind(j);
    if (s == ASSAY_OK)
        s = fill(j);
    if (s == ASSAY_OK)
        s = assay_checkpoint_publish(j->l, &j->note, j->e);
    assay_ledger_close(j->l);
    if (s != ASSAY_OK)
        unlink(path); /* made here, and not a ledger yet */
    return s;
}

enum assay_status assay_tiles_recover(const char *dir, const char *path, const char *keys_dir,
                                      struct assay_tiles_stats *out, struct assay_err *e)
{
    struct assay_err own = {0};
    struct job j = {.dir = dir, .note = {.max = 2 * ASSAY_MAX_LEAF}, .e = e ? e : &own};
    char file[ASSAY_MAX_PATH];
    enum assay_status s = ASSAY_OK;
    memset(out, 0, sizeof *out);
    if (strlen(dir) > ASSAY_MAX_PATH - 160)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH - 160);
    if (assay_file_exists(path))
        return assay_fail(e, ASSAY_EIO, "%s: exists already, a ledger is never overwritten: move it away", path);
    snprintf(file, sizeof file, "%s/checkpoint", dir);
    s = assay_slurp(file, ASSAY_MAX_LEAF, &j.note, j.e);
    if (s == ASSAY_OK)
        s = assay_checkpoint_vouched(keys_dir, (const char *)j.note.ptr, j.note.len, &j.head, j.e);
    if (s == ASSAY_OK)
        s = list_checkpoints(&j);
    if (s == ASSAY_OK)
        s = make(&j, path, keys_dir);
    out->leaves = j.head.size;
    free(j.size);
    assay_buf_release(&j.note);
    assay_buf_release(&j.room);
    return s;
}
