/* Bounds of chunks that the ledger has sealed, for who has the dataset key and asked for them. What is opened goes into
 * the model and nowhere else. */
#include <string.h>

#include "assay/canon.h"
#include "assay/cut.h"
#include "assay/digest.h"
#include "assay/limits.h"
#include "collect.h"

struct opener {
    struct assay_ledger *ledger;
    struct assay_report *r;
    const struct assay_rep_dataset *d;
    const struct assay_blob_keys *keys;
    enum assay_logical type[ASSAY_MAX_COLUMNS]; /* of the key, in its order */
    size_t n_key;
    const char *name; /* of the cut at hand, as statements cite it */
    enum assay_status status; /* what came of opening that one */
    struct assay_cut cut;
};

bool assay_rep_hides_bounds(const struct assay_rep_chunk *c)
{
    return (c->sealed[0] || c->sealed[1]) && !c->opened;
}

static enum assay_status key_types(struct opener *o, const struct assay_rep_plan *plan, struct assay_err *e)
{
    for (size_t i = 0; i < plan->n; i++)
        o->n_key += plan->column[i].key_pos > 0;
    for (size_t i = 0; i < plan->n; i++) {
        const struct assay_rep_plan_column *c = &plan->column[i];
        if (!c->key_pos)
            continue;
        if (c->key_pos > o->n_key || !c->type || !(o->type[c->key_pos - 1] = assay_type_by_name(c->type)))
            return assay_fail(e, ASSAY_EDATA, "the plan of dataset %s does not say what its key is", o->d->name);
    }
    return o->n_key ? ASSAY_OK
                    : assay_fail(e, ASSAY_ENOTFOUND, "the ledger has no plan of dataset %s with a key", o->d->name);
}

/* Neighbours share a cut: it is opened once. */
static enum assay_status open_cut(struct opener *o, const struct assay_rep_chunk *k, struct assay_err *e)
{
    struct assay_buf text = {0};
    uint8_t hash[32];
    if (o->name && strcmp(o->name, k->cut) == 0)
        return o->status;
    assay_cut_release(&o->cut);
    o->name = k->cut;
    o->status = assay_sha256_parse(k->cut, hash)
                    ? assay_ledger_blob(o->ledger, hash, &text, e)
                    : assay_fail(e, ASSAY_ELEDGER, "segment %s: its cut is no blob", k->segment);
    if (o->status == ASSAY_OK)
        o->status = assay_cut_unseal(o->d->id, k->segment, o->keys, &text, e);
    if (o->status == ASSAY_OK)
        o->status = assay_cut_parse((const char *)text.ptr, text.len, o->d->id, 0, k->segment, &o->cut, e);
    if (o->status == ASSAY_OK)
        memcpy(o->cut.hash, hash, sizeof hash); /* of what the ledger has: chunk ids are made of it */
    assay_buf_release(&text);
    return o->status;
}

static enum assay_status in_clear(struct opener *o, uint64_t i, const char **out)
{
    const struct assay_bound *b = &o->cut.bound[i];
    struct assay_buf text = {0};
    enum assay_status s = assay_key_show(o->type, o->n_key, b->p, b->len, &text);
    const char *shown = s == ASSAY_OK ? assay_buf_str(&text) : NULL;
    *out = shown ? assay_arena_copy(&o->r->arena, shown) : NULL;
    assay_buf_release(&text);
    return s != ASSAY_OK ? s : *out ? ASSAY_OK : ASSAY_ENOMEM;
}

static enum assay_status open_chunk(struct opener *o, struct assay_rep_chunk *k, struct assay_err *e)
{
    uint8_t id[16];
    char hex[33];
    const char *bound[2] = {k->lo, k->hi};
    enum assay_status s = open_cut(o, k, e);
    if (s != ASSAY_OK)
        return s;
    assay_cut_chunk_id(&o->cut, (uint32_t)k->ordinal, id);
    assay_hex(id, sizeof id, hex);
    if (o->cut.method != ASSAY_CUT_RANGE || k->ordinal >= o->cut.chunks || strcmp(hex, k->id) != 0 ||
        (k->sealed[0] && k->ordinal == 0) || (k->sealed[1] && k->ordinal + 1 == o->cut.chunks))
        return assay_fail(e, ASSAY_EDATA, "segment %s: chunk %s is none of its cut", k->segment, k->id);
    if (k->sealed[0])
        s = in_clear(o, k->ordinal - 1, &bound[0]);
    if (s == ASSAY_OK && k->sealed[1])
        s = in_clear(o, k->ordinal, &bound[1]);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "segment %s: the bounds of chunk %s cannot be shown", k->segment, k->id);
    k->lo = bound[0];
    k->hi = bound[1];
    k->opened = true;
    return ASSAY_OK;
}

enum assay_status assay_bounds_open(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                    const struct assay_rep_plan *plan, const struct assay_blob_keys *keys,
                                    struct assay_err *e)
{
    struct opener o = {.ledger = l, .r = r, .d = d, .keys = keys};
    struct assay_err why = {0};
    enum assay_status s = keys ? key_types(&o, plan, &why) : ASSAY_ENOTFOUND;
    const bool able = s == ASSAY_OK;
    for (size_t i = 0; i < d->n_chunks && s != ASSAY_ENOMEM; i++) {
        struct assay_rep_chunk *k = &d->chunk[i];
        if (!assay_rep_hides_bounds(k))
            continue;
        if (able && k->cut && k->segment)
            s = open_chunk(&o, k, &why);
        r->opened += k->opened;
        r->hidden += !k->opened;
    }
    if (r->hidden && why.msg[0] && !r->why_hidden)
        r->why_hidden = assay_arena_copy(&r->arena, why.msg);
    assay_cut_release(&o.cut);
    return s == ASSAY_ENOMEM ? assay_fail_nomem(e) : ASSAY_OK;
}
