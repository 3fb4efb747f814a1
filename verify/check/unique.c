#include "unique.h"

#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "sorter.h"

#define MEMORY (64u << 20)

struct unique {
    struct sorter *sorter;
    struct assay_sha256 *sha;
    uint64_t duplicates;
};

enum assay_status assay_unique_new(struct unique **out, struct assay_err *e)
{
    struct unique *u = calloc(1, sizeof *u);
    if (!u || !(u->sha = assay_sha256_new())) {
        assay_unique_free(u);
        return assay_fail_nomem(e);
    }
    enum assay_status s = assay_sorter_new(MEMORY, &u->sorter, e);
    if (s != ASSAY_OK) {
        assay_unique_free(u);
        return s;
    }
    *out = u;
    return ASSAY_OK;
}

enum assay_status assay_unique_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct unique *u = ctx;
    uint8_t h[32];
    assay_sha256_update(u->sha, row->key, row->key_len);
    assay_sha256_final(u->sha, h);
    return assay_sorter_add(u->sorter, h, 16, NULL, 0, e);
}

enum assay_status assay_unique_finish(struct unique *u, struct assay_err *e)
{
    struct sorter_record r;
    uint8_t last[16] = {0};
    bool have, any = false;
    enum assay_status s = assay_sorter_finish(u->sorter, e);
    while (s == ASSAY_OK && (s = assay_sorter_next(u->sorter, &r, &have, e)) == ASSAY_OK && have) {
        u->duplicates += any && memcmp(last, r.key, sizeof last) == 0;
        memcpy(last, r.key, sizeof last);
        any = true;
    }
    return s;
}

uint64_t assay_unique_duplicates(const struct unique *u)
{
    return u->duplicates;
}

void assay_unique_free(struct unique *u)
{
    if (!u)
        return;
    assay_sorter_free(u->sorter);
    assay_sha256_free(u->sha);
    free(u);
}
