#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "key.h"
#include "keyfile.h"
#include "store.h"

static enum assay_status load_role(struct assay_ring *r, enum assay_role role, struct assay_err *e)
{
    char path[ASSAY_MAX_PATH];
    struct assay_err why = {0};
    if ((size_t)snprintf(path, sizeof path, "%s/%s.key.pub", r->dir, assay_role_name(role)) >= sizeof path)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    enum assay_status s = assay_keyfile_verifier(path, &r->role[role], &why);
    if (s == ASSAY_ENOTFOUND)
        return ASSAY_OK;
    if (s != ASSAY_OK)
        return assay_fail(e, s, "%s", why.msg);
    if (r->role[role]->type != ASSAY_KEY_ED25519)
        return assay_fail(e, ASSAY_ELEDGER, "%s: a witness key cannot serve the role %s", path, assay_role_name(role));
    for (unsigned i = 0; i < role; i++)
        if (r->role[i] && memcmp(r->role[i]->pub, r->role[role]->pub, 32) == 0)
            return assay_fail(e, ASSAY_ELEDGER, "%s: the roles %s and %s have the same key; no key may serve two roles",
                              r->dir, assay_role_name((enum assay_role)i), assay_role_name(role));
    return ASSAY_OK;
}

enum assay_status assay_ring_load(struct assay_ring *r, const char *dir, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    if (!dir)
        return ASSAY_OK;
    if (!(r->dir = strdup(dir)))
        return assay_fail_nomem(e);
    for (int i = 0; i < ASSAY_ROLE_COUNT && s == ASSAY_OK; i++)
        s = load_role(r, (enum assay_role)i, e);
    return s;
}

void assay_ring_release(struct assay_ring *r)
{
    for (int i = 0; i < ASSAY_ROLE_COUNT; i++)
        assay_verifier_free(r->role[i]);
    assay_ring_forget(r);
    free(r->dir);
    memset(r, 0, sizeof *r);
}

enum assay_status assay_ring_get(const struct assay_ring *r, enum assay_role role, const struct assay_verifier **out,
                                 struct assay_err *e)
{
    *out = r->role[role];
    if (*out)
        return ASSAY_OK;
    return assay_fail(e, ASSAY_ESTORE,
                      "%s/%s.key.pub is missing: what the role %s signed cannot be checked; nothing is known to be "
                      "wrong: put it back, then run the same again",
                      r->dir ? r->dir : "(no keys directory)", assay_role_name(role), assay_role_name(role));
}
