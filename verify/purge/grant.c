#include "assay/grant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/anchor.h"
#include "assay/attested_source.h"
#include "assay/check.h"
#include "assay/digest.h"
#include "assay/ledger_proof.h"
#include "assay/limits.h"
#include "assay/policy.h"
#include "assay/publish.h"
#include "assay/segment.h"

struct look {
    struct assay_ledger *ledger;
    const struct assay_plan *plan;
    const struct assay_dataset *set;
    const struct assay_blob_keys *keys;
    const struct assay_purge_gate *gate;
    const char *const *segments;
    size_t n_segments;
    struct assay_router router;
    struct assay_cutset cuts;
    struct attested_source side[2];
    struct assay_grant *out;
    struct assay_err *e;
    enum assay_status status;
    uint64_t cached; /* files that did not come from the medium, or not well */
    char first[ASSAY_MAX_NAME + 1]; /* of them */
};

void assay_grant_release(struct assay_grant *g)
{
    assay_permit_list_release(&g->list);
    assay_buf_release(&g->checkpoint);
    assay_buf_release(&g->policy);
    assay_buf_release(&g->refused);
}

static enum assay_status set_up(struct look *k)
{
    const struct assay_dataset *d = k->set;
    char hash[65];
    enum assay_status s = assay_cuts_now(k->ledger, d, k->keys, hash, &k->router, &k->cuts, k->e);
    for (int i = ASSAY_SOURCE; i <= ASSAY_ARCHIVE && s == ASSAY_OK; i++)
        s = assay_sealed_attested_load(k->ledger, d, (enum assay_side_id)i, hash, k->gate->side_run[i], &k->cuts,
                                       &k->side[i], k->e);
    return s;
}

/* ---- chunk by chunk ---- */

static bool wanted(const struct look *k, const char *segment)
{
    for (size_t i = 0; i < k->n_segments; i++)
        if (strcmp(k->segments[i], segment) == 0)
            return true;
    return k->n_segments == 0;
}

static bool closed(const struct look *k, const struct assay_cut *cut)
{
    struct assay_point mark;
    if (!k->gate->closed_until[0])
        return true;
    return assay_point_parse(k->router.type, k->gate->closed_until, &mark) &&
           assay_segment_closed(&k->router, cut->segment, &mark);
}

static const char *why_not(const struct attested_root *s, const struct attested_root *a)
{
    if (!s)
        return "the source's run did not attest it";
    if (!a)
        return "the archive's run did not attest it";
    if (s->why)
        return s->why;
    if (a->why)
        return "the archive was not sealed there";
    if (s->rows != a->rows || memcmp(s->root, a->root, sizeof s->root) != 0)
        return "the sealed roots of source and archive differ";
    return memcmp(s->commit, a->commit, sizeof s->commit) ? "the two sides were sealed under different keys" : NULL;
}

static enum assay_status add_chunk(struct look *k, const struct assay_cut *cut, uint32_t ordinal)
{
    uint8_t id[16];
    struct assay_permit_chunk c = {.ordinal = ordinal, .segment = cut->name};
    assay_cut_chunk_id(cut, ordinal, id);
    assay_hex(id, sizeof id, c.chunk);
    const struct attested_root *s = assay_sealed_attested_find(&k->side[ASSAY_SOURCE], c.chunk),
                               *a = assay_sealed_attested_find(&k->side[ASSAY_ARCHIVE], c.chunk);
    const char *why = why_not(s, a);
    if (why)
        return assay_buf_addf(&k->out->refused, "  not-paired    segment %s, chunk %u: %s\n", cut->name, ordinal, why);
    c.rows = s->rows;
    c.leaf[0] = s->leaf;
    c.leaf[1] = a->leaf;
    memcpy(c.root, s->root, sizeof c.root);
    memcpy(c.commit, s->commit, sizeof c.commit);
    return assay_permit_list_add(&k->out->list, &c, k->e);
}

static enum assay_status add_chunks(struct look *k)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < k->n_segments && s == ASSAY_OK; i++) {
        assay_segment at;
        if (!assay_segment_find(&k->router, k->segments[i], &at) || !assay_cutset_find(&k->cuts, at))
            s = assay_fail(k->e, ASSAY_EUSAGE, "dataset %s: the ledger has no segment \"%s\"", k->set->name,
                           k->segments[i]);
    }
    for (size_t i = 0; i < k->cuts.n && s == ASSAY_OK; i++) {
        const struct assay_cut *cut = &k->cuts.cut[i];
        if (!wanted(k, cut->name))
            continue;
        if (!closed(k, cut))
            k->out->open += cut->chunks;
        for (uint32_t o = 0; closed(k, cut) && o < cut->chunks && s == ASSAY_OK; o++)
            s = add_chunk(k, cut, o);
    }
    if (s == ASSAY_OK && !k->out->list.n && !k->out->refused.len)
        s = assay_buf_adds(&k->out->refused, "  nothing       no closed segment has a chunk\n");
    return s;
}

/* ---- how the archive was read ---- */

static bool each_object(void *ctx, const struct assay_leaf *leaf)
{
    struct look *k = ctx;
    struct assay_stmt s = {0};
    if ((k->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, k->e)) != ASSAY_OK)
        return false;
    const char *status = assay_stmt_get(&s, "status"), *read = assay_stmt_get(&s, "read"),
               *object = assay_stmt_get(&s, "object");
    if (!status || strcmp(status, "manifest") != 0) {
        k->out->objects++;
        if (!read || strcmp(read, "medium") != 0 || !status || strcmp(status, "ok") != 0) {
            if (k->cached++ == 0)
                snprintf(k->first, sizeof k->first, "%s", object ? object : "?");
        }
    }
    assay_stmt_release(&s);
    return true;
}

static enum assay_status check_medium(struct look *k)
{
    const struct assay_ledger_query q = {
        .kind = "object", .role = "archive", .dataset = k->set->id, .run = k->gate->side_run[ASSAY_ARCHIVE]};
    enum assay_status s = assay_ledger_each(k->ledger, &q, each_object, k, k->e);
    if (s == ASSAY_OK)
        s = k->status;
    if (s != ASSAY_OK)
        return s;
    k->out->medium = k->out->objects && !k->cached;
    if (!k->out->objects && assay_side_has_objects(&k->set->side[ASSAY_ARCHIVE]))
        return assay_buf_addf(&k->out->refused, "  no-objects    run %s states no file that it read in the archive\n",
                              k->gate->side_run[ASSAY_ARCHIVE]);
    if (k->out->medium || k->plan->purge.read_any)
        return ASSAY_OK;
    if (!k->out->objects)
        return assay_buf_addf(&k->out->refused, "  not-medium    run %s read no file of the archive\n",
                              k->gate->side_run[ASSAY_ARCHIVE]);
    return assay_buf_addf(&k->out->refused,
                          "  not-medium    of %llu files %llu were not read from the medium, the first: %s\n",
                          (unsigned long long)k->out->objects, (unsigned long long)k->cached, k->first);
}

/* ---- the checkpoint over all of it ---- */

static uint64_t last_leaf(const struct look *k)
{
    uint64_t last = k->gate->leaf;
    for (size_t i = 0; i < k->out->list.n; i++)
        for (int side = 0; side < 2; side++)
            if (k->out->list.chunk[i].leaf[side] > last)
                last = k->out->list.chunk[i].leaf[side];
    return last;
}

/* Who stated what the permit rests on, and who is to sign it, must be those that the policy names. */
static enum assay_status check_roles(struct look *k, const struct assay_policy *p)
{
    static const enum assay_role roles[] = {ASSAY_ROLE_LEDGER,    ASSAY_ROLE_SOURCE,   ASSAY_ROLE_ARCHIVE,
                                            ASSAY_ROLE_RECONCILE, ASSAY_ROLE_APPROVER, ASSAY_ROLE_PURGER};
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; assay_policy_has_roles(p) && i < sizeof roles / sizeof *roles && s == ASSAY_OK; i++) {
        const char *vkey = assay_ledger_vkey(k->ledger, roles[i]), *name = assay_role_name(roles[i]);
        if (vkey && !assay_policy_allows(p, name, vkey))
            s = assay_buf_addf(&k->out->refused, "  not-believed  the policy does not have the key of the role %s\n",
                               name);
    }
    return s;
}

static enum assay_status check_policy(struct look *k, const struct assay_policy *p)
{
    struct assay_policy_verdict v = {0};
    const struct assay_buf *note = &k->out->checkpoint;
    enum assay_status s = check_roles(k, p);
    if (s == ASSAY_OK)
        s = assay_policy_judge(p, (const char *)note->ptr, note->len, &v, k->e);
    if (s != ASSAY_OK)
        return s;
    k->out->cosigned = v.cosigned;
    if (v.quorum && v.head.size > last_leaf(k))
        return ASSAY_OK;
    return assay_buf_addf(&k->out->refused,
                          "  not-cosigned  no checkpoint over leaf %llu has the cosignatures that the policy's quorum "
                          "asks for: assay ledger witness\n",
                          (unsigned long long)last_leaf(k));
}

static enum assay_status check_checkpoint(struct look *k)
{
    struct assay_policy *p = NULL;
    struct assay_buf path = {0};
    struct assay_grant *g = k->out;
    g->checkpoint.max = 2 * ASSAY_MAX_LEAF;
    g->policy.max = ASSAY_MAX_BLOB;
    if (!k->plan->purge.policy)
        return assay_ledger_covering(k->ledger, NULL, last_leaf(k), &g->checkpoint, k->e);
    enum assay_status s = assay_path_join(k->plan->base_dir, k->plan->purge.policy, &path);
    if (s == ASSAY_OK)
        s = assay_slurp((const char *)path.ptr, ASSAY_MAX_POLICY, &g->policy, k->e);
    if (s == ASSAY_OK)
        s = assay_policy_parse((const char *)g->policy.ptr, g->policy.len, &p, k->e);
    if (s == ASSAY_OK)
        s = assay_ledger_covering(k->ledger, p, last_leaf(k), &g->checkpoint, k->e);
    if (s == ASSAY_OK)
        s = check_policy(k, p);
    assay_policy_free(p);
    assay_buf_release(&path);
    return s;
}

enum assay_status assay_grant_look(struct assay_ledger *l, const struct assay_plan *p, const struct assay_dataset *d,
                                   const struct assay_blob_keys *keys, const struct assay_purge_gate *gate,
                                   const char *const *segments, size_t n, struct assay_grant *out, struct assay_err *e)
{
    struct look k = {.ledger = l,
                     .plan = p,
                     .set = d,
                     .keys = keys,
                     .gate = gate,
                     .segments = segments,
                     .n_segments = n,
                     .out = out,
                     .e = e};
    *out = (struct assay_grant){.refused = {.max = ASSAY_MAX_BLOB}};
    enum assay_status s = set_up(&k);
    if (s == ASSAY_OK)
        s = add_chunks(&k);
    if (s == ASSAY_OK)
        s = check_medium(&k);
    if (s == ASSAY_OK)
        s = check_checkpoint(&k);
    for (int i = 0; i < 2; i++)
        assay_sealed_attested_release(&k.side[i]);
    assay_cutset_release(&k.cuts);
    return s;
}
