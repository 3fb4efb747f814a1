#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/base64.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/merkle.h"
#include "assay/note.h"
#include "evidence_private.h"

/* ---- a set of hashes ---- */

static bool put(uint8_t (*slot)[32], bool *used, size_t cap, const uint8_t hash[32])
{
    uint64_t at;
    memcpy(&at, hash, sizeof at);
    for (at %= cap; used[at]; at = (at + 1) % cap)
        if (memcmp(slot[at], hash, 32) == 0)
            return false;
    memcpy(slot[at], hash, 32);
    used[at] = true;
    return true;
}

enum assay_status assay_hash_set_add(struct assay_hash_set *h, const uint8_t hash[32], bool *added)
{
    if (2 * h->n >= h->cap) {
        struct assay_hash_set bigger = {.cap = h->cap * 2 + 256, .n = h->n};
        bigger.slot = calloc(bigger.cap, sizeof *bigger.slot);
        bigger.used = calloc(bigger.cap, sizeof *bigger.used);
        if (!bigger.slot || !bigger.used) {
            assay_hash_set_release(&bigger);
            return ASSAY_ENOMEM;
        }
        for (size_t i = 0; i < h->cap; i++)
            if (h->used[i])
                put(bigger.slot, bigger.used, bigger.cap, h->slot[i]);
        assay_hash_set_release(h);
        *h = bigger;
    }
    *added = put(h->slot, h->used, h->cap, hash);
    h->n += *added;
    return ASSAY_OK;
}

void assay_hash_set_release(struct assay_hash_set *h)
{
    free(h->slot);
    free(h->used);
    *h = (struct assay_hash_set){0};
}

/* ---- the checkpoint ---- */

static enum assay_status read_checkpoint(struct assay_evidence *v)
{
    const char *note = assay_ledger_checkpoint(v->l);
    unsigned long long size;
    if (!*note)
        return assay_fail(v->e, ASSAY_ENOTFOUND, "the ledger is empty: there is nothing to show evidence of");
    /* It was verified just now: three lines, the second a number, the third 44 characters. */
    const size_t origin = strcspn(note, "\n");
    if (origin >= sizeof v->origin || sscanf(note + origin, "\n%20llu\n%44s\n", &size, v->root) != 2)
        return assay_fail(v->e, ASSAY_ELEDGER, "the newest checkpoint is none");
    memcpy(v->origin, note, origin);
    v->size = size;
    v->checkpoint = strdup(note);
    v->hash = size < SIZE_MAX / 64 ? calloc(size, sizeof *v->hash) : NULL;
    if (!v->checkpoint || !v->hash)
        return assay_fail_nomem(v->e);
    return assay_bundle_add(v->out, "checkpoint", note, strlen(note), v->e);
}

/* ---- leaves ---- */

static enum assay_status add_blob(struct assay_evidence *v, const uint8_t sha256[32])
{
    struct assay_buf body = {.max = ASSAY_MAX_BLOB};
    struct assay_err why = {0};
    char name[6 + 65] = "blobs/";
    bool added;
    if (assay_hash_set_add(&v->blobs, sha256, &added) != ASSAY_OK)
        return assay_fail_nomem(v->e);
    if (!added)
        return ASSAY_OK;
    enum assay_status s = assay_ledger_blob(v->l, sha256, &body, &why);
    assay_hex(sha256, 32, name + 6);
    if (s == ASSAY_OK)
        s = assay_bundle_add(v->out, name, body.ptr, body.len, v->e);
    else if (s == ASSAY_ENOTFOUND)
        s = ASSAY_OK; /* not a blob of the store: the hash of something else */
    else
        assay_fail(v->e, s, "%s", why.msg);
    assay_buf_release(&body);
    return s;
}

static enum assay_status add_cited(struct assay_evidence *v, const struct assay_stmt *stmt)
{
    uint8_t hash[32];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < stmt->n && s == ASSAY_OK; i++) {
        if (assay_sha256_parse(stmt->field[i].value, hash))
            s = add_blob(v, hash);
    }
    return s;
}

/* Names that stand in a leaf as they are, that a line of sha256sum carries as they are, too, and that mean a file below
 * the folder of the plan. */
static bool listable(const char *name)
{
    struct assay_buf leaf = {0};
    bool plain = *name && *name != '/' && !strchr(name, '\\') && !strstr(name, "://") &&
                 assay_stmt_add(&leaf, "object", name) == ASSAY_OK && !memchr(leaf.ptr, '%', leaf.len);
    assay_buf_release(&leaf);
    return plain;
}

static enum assay_status add_object(struct assay_evidence *v, const struct assay_stmt *stmt, uint64_t index)
{
    const char *role = assay_stmt_get(stmt, "role"), *status = assay_stmt_get(stmt, "status"),
               *name = assay_stmt_get(stmt, "object"), *sha256 = assay_stmt_get(stmt, "sha256"),
               *dataset = assay_stmt_get(stmt, "dataset");
    if (strcmp(stmt->kind, "object") != 0 || !dataset || !role || strcmp(role, "archive") != 0 || !status || !name ||
        !sha256 || strlen(sha256) != 64 || !listable(name) ||
        (strcmp(status, "ok") != 0 && strcmp(status, "intact") != 0))
        return ASSAY_OK;
    if (v->n_objects == v->cap_objects) {
        size_t cap = v->cap_objects * 2 + 64;
        struct assay_evidence_object *p = realloc(v->object, cap * sizeof *p);
        if (!p)
            return assay_fail_nomem(v->e);
        v->object = p;
        v->cap_objects = cap;
    }
    struct assay_evidence_object *o = &v->object[v->n_objects];
    *o = (struct assay_evidence_object){.name = strdup(name), .leaf = index};
    if (!o->name)
        return assay_fail_nomem(v->e);
    memcpy(o->sha256, sha256, sizeof o->sha256);
    snprintf(o->dataset, sizeof o->dataset, "%s", dataset);
    v->n_objects++;
    return ASSAY_OK;
}

static enum assay_status add_leaf(struct assay_evidence *v, const struct assay_leaf *leaf,
                                  const struct assay_stmt *stmt)
{
    char name[64];
    if (v->n_leaves == v->cap_leaves) {
        size_t cap = v->cap_leaves * 2 + 256;
        uint64_t *p = realloc(v->leaf, cap * sizeof *p);
        if (!p)
            return assay_fail_nomem(v->e);
        v->leaf = p;
        v->cap_leaves = cap;
    }
    v->leaf[v->n_leaves++] = leaf->index;
    snprintf(name, sizeof name, "leaves/%09llu", (unsigned long long)leaf->index);
    enum assay_status s = assay_bundle_add(v->out, name, leaf->note, leaf->note_len, v->e);
    if (s == ASSAY_OK)
        s = add_cited(v, stmt);
    return s == ASSAY_OK ? add_object(v, stmt, leaf->index) : s;
}

static bool take_leaf(void *ctx, const struct assay_leaf *leaf)
{
    struct assay_evidence *v = ctx;
    struct assay_stmt stmt;
    if (leaf->index >= v->size)
        return false;
    if (leaf->index != v->n_hashes) {
        v->status = assay_fail(v->e, ASSAY_ELEDGER, "leaf %llu: missing", (unsigned long long)v->n_hashes);
        return false;
    }
    memcpy(v->hash[v->n_hashes++], leaf->hash, 32);
    v->status = assay_stmt_parse(leaf->note, leaf->note_len, &stmt, v->e);
    if (v->status != ASSAY_OK)
        return false;
    if (assay_evidence_wants(v, &stmt))
        v->status = add_leaf(v, leaf, &stmt);
    assay_stmt_release(&stmt);
    return v->status == ASSAY_OK;
}

static enum assay_status take_leaves(struct assay_evidence *v)
{
    const struct assay_ledger_query all = {0};
    enum assay_status s = assay_ledger_each(v->l, &all, take_leaf, v, v->e);
    if (s == ASSAY_OK)
        s = v->status;
    if (s == ASSAY_OK && v->n_hashes != v->size)
        s = assay_fail(v->e, ASSAY_ELEDGER, "leaf %llu: missing", (unsigned long long)v->n_hashes);
    return s;
}

static void release(struct assay_evidence *v)
{
    free(v->checkpoint);
    free(v->hash);
    free(v->leaf);
    for (size_t i = 0; i < v->n_ids; i++)
        free(v->id[i]);
    free(v->id);
    free(v->chosen);
    assay_hash_set_release(&v->blobs);
    for (size_t i = 0; i < v->n_objects; i++)
        free(v->object[i].name);
    free(v->object);
}

enum assay_status assay_evidence_build(struct assay_ledger *l, const struct assay_evidence_scope *scope,
                                       struct assay_bundle *out, struct assay_evidence_stats *stats,
                                       struct assay_err *e)
{
    struct assay_evidence v = {.l = l, .scope = scope, .out = out, .e = e};
    static enum assay_status (*const step[])(struct assay_evidence *) = {
        read_checkpoint,        assay_evidence_cosigned, assay_evidence_choose, take_leaves,
        assay_evidence_anchors, assay_evidence_proofs,   assay_evidence_keys,   assay_evidence_objects,
        assay_evidence_report,  assay_evidence_parts,
    };
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < sizeof step / sizeof *step && s == ASSAY_OK; i++)
        s = step[i](&v);
    stats->leaves = v.n_leaves;
    stats->size = v.size;
    memcpy(stats->root, v.root, sizeof stats->root);
    release(&v);
    return s;
}
