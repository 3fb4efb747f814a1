/* Chunk keys, before anybody can ask for them. */
#include <openssl/crypto.h>
#include <string.h>

#include "assay/keyring.h"
#include "sealer.h"

struct drawing {
    const struct assay_check *c;
    struct assay_keyring *ring;
};

static enum assay_status draw(const struct drawing *d, const char *segment, uint32_t chunks, struct assay_err *e)
{
    uint8_t key[ASSAY_CHUNK_KEY_LEN];
    enum assay_status s = ASSAY_OK;
    for (uint32_t i = 0; i < chunks && s == ASSAY_OK; i++) {
        struct assay_err why = {0};
        s = assay_keyring_chunk_key(d->ring, d->c->set->id, segment, i, true, key, &why);
        s = s == ASSAY_EERASED ? ASSAY_OK : s == ASSAY_OK ? s : assay_fail(e, s, "%s", why.msg);
    }
    OPENSSL_cleanse(key, sizeof key);
    return s;
}

static bool wanted(const struct assay_check *c, const char *segment)
{
    for (size_t i = 0; i < c->n_segments; i++)
        if (strcmp(c->segments[i], segment) == 0)
            return true;
    return c->n_segments == 0;
}

static bool has_cut(const struct assay_cutset *cuts, const char *segment)
{
    for (size_t i = 0; i < cuts->n; i++)
        if (strcmp(cuts->cut[i].name, segment) == 0)
            return true;
    return false;
}

enum assay_status assay_sealer_draw(const struct assay_check *c, const struct assay_cutset *cuts,
                                    const struct assay_part *part, size_t n_parts, struct assay_err *e)
{
    struct drawing d = {.c = c};
    const bool file_set = c->set->window.every == ASSAY_EVERY_NONE;
    if (!c->set->sealed || c->side != ASSAY_SOURCE)
        return ASSAY_OK;
    enum assay_status s = assay_keyring_open(c->plan->keyring, c->keys_dir, &d.ring, e);
    for (size_t i = 0; i < cuts->n && s == ASSAY_OK; i++)
        if (wanted(c, cuts->cut[i].name))
            s = draw(&d, cuts->cut[i].name, cuts->cut[i].chunks, e);
    for (size_t i = 0; i < n_parts && file_set && s == ASSAY_OK; i++)
        if (part[i].segment && wanted(c, part[i].segment) && !has_cut(cuts, part[i].segment))
            s = draw(&d, part[i].segment, 1, e);
    if (s == ASSAY_OK)
        s = assay_keyring_save(d.ring, e);
    assay_keyring_close(d.ring);
    return s;
}
