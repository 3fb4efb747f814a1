#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool assay_ledger_is_remote(const char *location)
{
    static const char *const begins[] = {"postgresql://", "postgres://", "service="};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++)
        if (strncmp(location, begins[i], strlen(begins[i])) == 0)
            return true;
    return false;
}

const struct assay_store *assay_store_of(const char *location)
{
    return assay_ledger_is_remote(location) ? &assay_store_pg : &assay_store_sqlite;
}

char *assay_store_published(const char *location, const char *keys_dir)
{
    const char *beside = assay_ledger_is_remote(location) ? keys_dir ? keys_dir : "ledger" : location;
    size_t n = strlen(beside);
    char *out;
    while (n > 1 && beside[n - 1] == '/')
        n--;
    return asprintf(&out, "%.*s.checkpoint", (int)n, beside) < 0 ? NULL : out;
}

enum assay_status assay_store_open(struct assay_ledger *l, bool write, int wait_ms, struct assay_err *e)
{
    struct assay_buf origin = {.max = ASSAY_MAX_NAME + 1};
    uint64_t n;
    enum assay_status s = l->store->open(l->path, write, wait_ms, &l->db, e);
    if (s == ASSAY_OK)
        s = l->store->origin(l->db, &origin, e);
    if (s == ASSAY_OK) {
        const char *text = assay_buf_str(&origin);
        l->origin = text ? strdup(text) : NULL;
        s = l->origin ? assay_store_size(l, &n, e) : assay_fail_nomem(e);
    }
    assay_buf_release(&origin);
    return s;
}

enum assay_status assay_store_size(struct assay_ledger *l, uint64_t *out, struct assay_err *e)
{
    enum assay_status s = l->store->size(l->db, out, e);
    if (s == ASSAY_OK)
        l->size = *out;
    return s;
}

void assay_store_checkpoint_release(struct assay_store_checkpoint *c)
{
    assay_buf_release(&c->note);
    assay_buf_release(&c->frontier);
}

int assay_store_patience(const char *role)
{
    return strcmp(role, assay_role_name(ASSAY_ROLE_OWNER)) == 0 ? 30000 : 0;
}
