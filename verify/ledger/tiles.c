#include "assay/tiles.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "assay/bytes.h"
#include "assay/checkpoint.h"
#include "assay/digest.h"
#include "assay/ledger_proof.h"
#include "assay/publish.h"
#include "file.h"
#include "store.h"
#include "tiles.h"

bool assay_tile_path(const char *dir, const char *kind, uint64_t n, unsigned width, char out[ASSAY_MAX_PATH])
{
    char number[64];
    int at = (int)sizeof number - 1;
    number[at] = '\0';
    for (bool last = true; last || n; n /= 1000, last = false) {
        char part[8];
        int len = snprintf(part, sizeof part, last ? "%03u" : "x%03u/", (unsigned)(n % 1000));
        at -= len;
        memcpy(number + at, part, (size_t)len);
    }
    int len = width == ASSAY_TILE ? snprintf(out, ASSAY_MAX_PATH, "%s/tile/%s/%s", dir, kind, number + at)
                                  : snprintf(out, ASSAY_MAX_PATH, "%s/tile/%s/%s.p/%u", dir, kind, number + at, width);
    return len < ASSAY_MAX_PATH;
}

struct job {
    struct assay_ledger *l;
    const char *dir;
    uint64_t old, size; /* leaves published before, and now */
    struct assay_tiles_stats *stats;
    struct assay_buf bundle, hashes;
    enum assay_status status; /* of a callback */
    struct assay_err *e;
};

/* Write a file and the folders above it, unless it is there: what is published never changes. */
static enum assay_status put(struct job *j, const char *path, const void *bytes, size_t n)
{
    char up[ASSAY_MAX_PATH];
    if (assay_file_exists(path))
        return ASSAY_OK;
    snprintf(up, sizeof up, "%s", path);
    for (char *p = up + strlen(j->dir) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        if (mkdir(up, 0755) && errno != EEXIST)
            return assay_fail_unwritten(j->e, errno, up, "cannot create");
    }
    j->stats->files++;
    return assay_publish_evidence(path, 0644, bytes, n, j->e);
}

/* The partial tiles that a full one replaces (C2SP: they may go). */
static void drop_partials(struct job *j, const char *kind, uint64_t n)
{
    char path[ASSAY_MAX_PATH], *slash;
    for (unsigned w = 1; w < ASSAY_TILE; w++)
        if (assay_tile_path(j->dir, kind, n, w, path))
            unlink(path);
    if (assay_tile_path(j->dir, kind, n, 1, path) && (slash = strrchr(path, '/'))) {
        *slash = '\0';
        rmdir(path);
    }
}

static enum assay_status put_tile(struct job *j, const char *kind, uint64_t n, unsigned width, const void *bytes,
                                  size_t len)
{
    char path[ASSAY_MAX_PATH];
    if (!assay_tile_path(j->dir, kind, n, width, path))
        return assay_fail(j->e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    enum assay_status s = put(j, path, bytes, len);
    if (s == ASSAY_OK && width == ASSAY_TILE)
        drop_partials(j, kind, n);
    return s;
}

/* ---- entries and hashes ---- */

static enum assay_status flush(struct job *j, uint64_t tile)
{
    unsigned width = (unsigned)(j->hashes.len / 32);
    enum assay_status s = put_tile(j, "entries", tile, width, j->bundle.ptr, j->bundle.len);
    if (s == ASSAY_OK)
        s = put_tile(j, "0", tile, width, j->hashes.ptr, j->hashes.len);
    assay_buf_reset(&j->bundle);
    assay_buf_reset(&j->hashes);
    return s;
}

static bool one_leaf(void *ctx, const struct assay_store_leaf *row)
{
    struct job *j = ctx;
    uint8_t len[2], hash[32];
    if (row->idx >= j->size)
        return false;
    assay_merkle_leaf(row->note, row->note_len, hash);
    assay_put_be16(len, (uint16_t)row->note_len);
    if (row->note_len > ASSAY_MAX_LEAF || row->hash_len != 32 || memcmp(hash, row->hash, 32) != 0)
        j->status = assay_fail(j->e, ASSAY_ELEDGER, "leaf %llu: stored hash is not the hash of its note",
                               (unsigned long long)row->idx);
    else if (assay_buf_add(&j->bundle, len, 2) != ASSAY_OK ||
             assay_buf_add(&j->bundle, row->note, row->note_len) != ASSAY_OK ||
             assay_buf_add(&j->hashes, hash, 32) != ASSAY_OK)
        j->status = assay_fail_nomem(j->e);
    else if (row->idx % ASSAY_TILE == ASSAY_TILE - 1 || row->idx + 1 == j->size)
        j->status = flush(j, row->idx / ASSAY_TILE);
    return j->status == ASSAY_OK;
}

static enum assay_status put_leaves(struct job *j)
{
    enum assay_status s = j->l->store->leaves(j->l->db, j->old / ASSAY_TILE * ASSAY_TILE, one_leaf, j, j->e);
    return s == ASSAY_OK ? j->status : s;
}

/* Level L of C2SP is our node level L: the roots of 256^L leaves. */
static enum assay_status put_level(struct job *j, unsigned level)
{
    uint8_t node[ASSAY_TILE][32];
    char kind[4];
    size_t got;
    uint64_t count = j->size >> 8 * level;
    snprintf(kind, sizeof kind, "%u", level);
    enum assay_status s = ASSAY_OK;
    for (uint64_t tile = (j->old >> 8 * level) / ASSAY_TILE; s == ASSAY_OK && tile * ASSAY_TILE < count; tile++) {
        uint64_t first = tile * ASSAY_TILE;
        unsigned width = count - first < ASSAY_TILE ? (unsigned)(count - first) : ASSAY_TILE;
        s = j->l->store->hashes(j->l->db, level, first, width, node, &got, j->e);
        if (s == ASSAY_OK && got != width)
            s = assay_fail(j->e, ASSAY_ELEDGER, "tile node %u/%llu: missing", level, (unsigned long long)(first + got));
        if (s == ASSAY_OK)
            s = put_tile(j, kind, tile, width, node, 32 * (size_t)width);
    }
    return s;
}

/* ---- what is ours beside the tiles: every checkpoint, every blob ---- */

static enum assay_status put_checkpoints(struct job *j)
{
    struct assay_store_checkpoint row = {.note.max = ASSAY_MAX_LEAF, .frontier.max = ASSAY_MAX_LEAF};
    char path[ASSAY_MAX_PATH];
    bool found = true;
    enum assay_status s = ASSAY_OK;
    for (uint64_t from = j->old; s == ASSAY_OK && found && from <= j->size; from = row.size + 1) {
        s = j->l->store->checkpoint(j->l->db, from, &row, &found, j->e);
        if (s != ASSAY_OK || !found || row.size > j->size)
            break;
        snprintf(path, sizeof path, "%s/checkpoints/%llu", j->dir, (unsigned long long)row.size);
        s = put(j, path, row.note.ptr, row.note.len);
    }
    assay_store_checkpoint_release(&row);
    return s;
}

static bool one_blob(void *ctx, const uint8_t *name, size_t n)
{
    struct job *j = ctx;
    char hex[65], path[ASSAY_MAX_PATH];
    struct assay_buf body = {0};
    if (n != 32)
        return true; /* ledger verify names it */
    assay_hex(name, 32, hex);
    snprintf(path, sizeof path, "%s/blob/%.2s/%s", j->dir, hex, hex);
    if (assay_file_exists(path))
        return true;
    j->status = assay_ledger_blob(j->l, name, &body, j->e);
    if (j->status == ASSAY_OK)
        j->status = put(j, path, body.len ? (const void *)body.ptr : "", body.len);
    assay_buf_release(&body);
    return j->status == ASSAY_OK;
}

/* What dir shows already must be the beginning of this ledger. */
static enum assay_status read_old(struct job *j)
{
    char path[ASSAY_MAX_PATH];
    struct assay_buf note = {.max = 2 * ASSAY_MAX_LEAF};
    struct assay_checkpoint c;
    struct assay_err why = {0};
    snprintf(path, sizeof path, "%s/checkpoint", j->dir);
    enum assay_status s = assay_slurp(path, ASSAY_MAX_LEAF, &note, &why);
    if (s == ASSAY_OK) {
        s = assay_ledger_against(j->l, (const char *)note.ptr, note.len, &c, &why);
        j->old = s == ASSAY_OK ? c.size : 0;
    } else if (s == ASSAY_ENOTFOUND) {
        s = ASSAY_OK;
    }
    if (s != ASSAY_OK)
        assay_fail(j->e, s, "%s: %s", path, why.msg);
    assay_buf_release(&note);
    return s;
}

static enum assay_status put_all(struct job *j, const char *note, size_t len, bool blobs)
{
    char path[ASSAY_MAX_PATH];
    enum assay_status s = put_leaves(j);
    for (unsigned level = 1; s == ASSAY_OK && level < 8 && j->size >> 8 * level; level++)
        s = put_level(j, level);
    if (s == ASSAY_OK)
        s = put_checkpoints(j);
    if (s == ASSAY_OK && blobs && (s = j->l->store->blobs(j->l->db, one_blob, j, j->e)) == ASSAY_OK)
        s = j->status;
    snprintf(path, sizeof path, "%s/checkpoint", j->dir);
    return s == ASSAY_OK ? assay_publish_evidence(path, 0644, note, len, j->e) : s;
}

enum assay_status assay_tiles_publish(struct assay_ledger *l, const char *dir, bool blobs,
                                      struct assay_tiles_stats *out, struct assay_err *e)
{
    struct job j = {.l = l, .dir = dir, .stats = out, .e = e, .bundle = {.max = ASSAY_MAX_BUNDLE}};
    struct assay_buf note = {.max = ASSAY_MAX_LEAF};
    struct assay_checkpoint c;
    memset(out, 0, sizeof *out);
    if (strlen(dir) > ASSAY_MAX_PATH - 160)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH - 160);
    if (mkdir(dir, 0755) && errno != EEXIST)
        return assay_fail_unwritten(e, errno, dir, "cannot create");
    enum assay_status s =
        assay_buf_adds(&note, assay_ledger_checkpoint(l)) == ASSAY_OK ? ASSAY_OK : assay_fail_nomem(e);
    if (s == ASSAY_OK && !note.len)
        s = assay_fail(e, ASSAY_ENOTFOUND, "%s: is empty: there is nothing to publish", l->path);
    if (s == ASSAY_OK)
        s = assay_ledger_against(l, (const char *)note.ptr, note.len, &c, e);
    if (s == ASSAY_OK)
        s = read_old(&j);
    if (s == ASSAY_OK) {
        j.size = out->leaves = c.size;
        s = put_all(&j, (const char *)note.ptr, note.len, blobs);
    }
    assay_buf_release(&note);
    assay_buf_release(&j.bundle);
    assay_buf_release(&j.hashes);
    return s;
}
