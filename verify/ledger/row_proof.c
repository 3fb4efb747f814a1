#include "assay/row_proof.h"

#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/proof.h"
#include "row_proof.h"

struct assay_row_leaf *assay_row_part_add(struct assay_row_part *p)
{
    struct assay_row_leaf *grown = reallocarray(p->leaf, p->n + 1, sizeof *grown);
    if (!grown)
        return NULL;
    p->leaf = grown;
    p->leaf[p->n] = (struct assay_row_leaf){.key.max = ASSAY_MAX_KEY, .row.max = ASSAY_MAX_ROW_PROOF};
    return &p->leaf[p->n++];
}

struct assay_row_part *assay_row_proof_add(struct assay_row_proof *p)
{
    struct assay_row_part *grown = reallocarray(p->part, p->n_parts + 1, sizeof *grown);
    if (!grown)
        return NULL;
    p->part = grown;
    p->part[p->n_parts] = (struct assay_row_part){0};
    return &p->part[p->n_parts++];
}

void assay_row_part_release(struct assay_row_part *p)
{
    for (size_t i = 0; i < p->n; i++) {
        assay_buf_release(&p->leaf[i].key);
        assay_buf_release(&p->leaf[i].row);
    }
    free(p->leaf);
    assay_buf_release(&p->statement[0]);
    assay_buf_release(&p->statement[1]);
    *p = (struct assay_row_part){0};
}

void assay_row_proof_release(struct assay_row_proof *p)
{
    for (size_t i = 0; i < p->n_parts; i++)
        assay_row_part_release(&p->part[i]);
    free(p->part);
    assay_buf_release(&p->key);
    *p = (struct assay_row_proof){0};
}

bool assay_row_proof_is(const char *text, size_t len)
{
    const size_t n = sizeof ROW_PROOF_MAGIC - 1;
    return len > n && memcmp(text, ROW_PROOF_MAGIC "\n", n + 1) == 0;
}

/* ---- writing ---- */

static enum assay_status put_leaf(const struct assay_row_leaf *l, struct assay_buf *out)
{
    enum assay_status s =
        assay_buf_addf(out, "row %llu %lu ", (unsigned long long)l->index, (unsigned long)l->occurrence);
    if (s == ASSAY_OK)
        s = assay_buf_addhex(out, l->rd, sizeof l->rd);
    if (s == ASSAY_OK)
        s = assay_buf_addc(out, ' ');
    if (s == ASSAY_OK)
        s = assay_buf_addhex(out, l->key.ptr, l->key.len);
    if (s == ASSAY_OK)
        s = assay_buf_addc(out, '\n');
    if (s == ASSAY_OK && l->revealed) {
        s = assay_buf_adds(out, "reveal ");
        s = s == ASSAY_OK ? assay_buf_addhex(out, l->salt, sizeof l->salt) : s;
        s = s == ASSAY_OK ? assay_buf_addc(out, ' ') : s;
        s = s == ASSAY_OK ? assay_buf_addhex(out, l->row.ptr, l->row.len) : s;
        s = s == ASSAY_OK ? assay_buf_addc(out, '\n') : s;
    }
    s = s == ASSAY_OK ? assay_proof_lines(&l->path, out, NULL) : s;
    return s == ASSAY_OK ? assay_buf_addc(out, '\n') : s;
}

static enum assay_status put_part(const struct assay_row_part *p, struct assay_buf *out)
{
    enum assay_status s = assay_buf_adds(out, "part\n");
    for (int i = 0; i < 2 && s == ASSAY_OK; i++) {
        const struct assay_buf *t = &p->statement[i];
        if (!t->len)
            continue;
        s = assay_buf_addf(out, "statement %zu\n", t->len);
        s = s == ASSAY_OK ? assay_buf_add(out, t->ptr, t->len) : s;
        s = s == ASSAY_OK ? assay_buf_addc(out, '\n') : s;
    }
    for (size_t i = 0; i < p->n && s == ASSAY_OK; i++)
        s = put_leaf(&p->leaf[i], out);
    return s;
}

enum assay_status assay_row_proof_write(const struct assay_row_proof *p, struct assay_buf *out, struct assay_err *e)
{
    enum assay_status s = assay_buf_addf(out, "%s\n%s\nkey ", ROW_PROOF_MAGIC, p->included ? "included" : "absent");
    s = s == ASSAY_OK ? assay_buf_addhex(out, p->key.ptr, p->key.len) : s;
    s = s == ASSAY_OK ? assay_buf_addc(out, '\n') : s;
    for (size_t i = 0; i < p->n_parts && s == ASSAY_OK; i++)
        s = put_part(&p->part[i], out);
    s = s == ASSAY_OK ? assay_buf_adds(out, "end\n") : s;
    return s == ASSAY_OK ? s : assay_fail(e, s, "the proof takes more than %u bytes", ASSAY_MAX_ROW_PROOF);
}
