/* mask: hmac - values that the archive holds masked. */
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "resolve.h"
#include "rule_spec.h"
#include "utf8.h"

#define HEX_LEN 64
static const char KEY_ID[] = "assay-mask/1 key id"; /* what is masked to name a key without telling it */

/* The plan hands over the key by assay_rule_set_key, never in an argument. */
bool assay_rule_parse_mask(const struct assay_rule_spec *spec, const char *arg, struct assay_rule *out)
{
    (void)spec, (void)out;
    return arg && strcmp(arg, "hmac") == 0;
}

bool assay_rule_wants_key(const struct assay_rule *r)
{
    return r->spec && r->spec->apply == assay_rule_mask && !r->key;
}

enum assay_status assay_rule_set_key(struct assay_rule *r, const uint8_t *key, size_t n, struct assay_err *why)
{
    uint8_t id[ASSAY_SHA256_LEN];
    char text[5 + 2 * 8 + 1] = "hmac:";
    if (n < ASSAY_MIN_MASK_KEY || n > ASSAY_MAX_MASK_KEY)
        return assay_fail(why, ASSAY_EPLAN, "a key of %zu bytes; expected %d to %d", n, ASSAY_MIN_MASK_KEY,
                          ASSAY_MAX_MASK_KEY);
    assay_hmac_sha256(key, n, KEY_ID, sizeof KEY_ID - 1, id);
    assay_hex(id, 8, text + 5);
    char *named = strdup(text);
    uint8_t *copy = malloc(n);
    if (!named || !copy) {
        free(named);
        free(copy);
        return assay_fail_nomem(why);
    }
    memcpy(copy, key, n);
    free(r->text);
    r->text = named;
    r->key = copy;
    r->n_key = n;
    return ASSAY_OK;
}

bool assay_rule_mask(const struct assay_rule *r, enum assay_logical type, struct assay_value *v,
                     struct assay_buf *scratch, const char **why)
{
    (void)type;
    uint8_t mac[ASSAY_SHA256_LEN];
    if (v->kind != ASSAY_K_TEXT)
        return true;
    if (!assay_utf8_valid(v->p, v->len)) { /* a mask would hide it */
        *why = "invalid UTF-8";
        return false;
    }
    uint8_t *dst = assay_room_for(scratch, HEX_LEN + 1, &v->p);
    if (!dst || !r->key) {
        *why = dst ? "a rule mask without its key" : ASSAY_WHY_NOMEM;
        return false;
    }
    assay_hmac_sha256(r->key, r->n_key, v->p, v->len, mac);
    assay_hex(mac, sizeof mac, (char *)dst);
    scratch->len += HEX_LEN;
    *v = (struct assay_value){.kind = ASSAY_K_TEXT, .len = HEX_LEN, .p = dst};
    return true;
}
