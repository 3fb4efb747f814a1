#include <stdio.h>
#include <string.h>

#include "assay/base64.h"
#include "assay/checkpoint.h"
#include "assay/publish.h"
#include "store.h"

/* C2SP checkpoint: origin, decimal size, base64 root, one a line. Extension lines are refused: nobody audits them. */
enum assay_status assay_checkpoint_text(const char *origin, uint64_t size, const uint8_t root[32],
                                        struct assay_buf *out)
{
    char b64[45];
    assay_b64_encode(root, 32, b64);
    return assay_buf_addf(out, "%s\n%llu\n%s\n", origin, (unsigned long long)size, b64);
}

const char *assay_checkpoint_parse(const char *text, size_t len, const char *origin, struct assay_head_of_log *out)
{
    struct assay_checkpoint c;
    size_t n = strlen(origin);
    if (len <= n || memcmp(text, origin, n) != 0 || text[n] != '\n')
        return "its origin is not that of this ledger";
    const char *wrong = assay_checkpoint_split(text, len, &c);
    if (wrong)
        return wrong;
    out->size = c.size;
    memcpy(out->root, c.root, 32);
    return c.extended ? "it has extension lines" : NULL;
}

const char *assay_checkpoint_read(const char *note, size_t len, const char *origin, struct assay_head_of_log *out)
{
    const size_t text = len ? assay_note_text(note, len) : 0;
    return text ? assay_checkpoint_parse(note, text, origin, out) : "not a signed note";
}

enum assay_status assay_published_load(struct assay_ledger *l, struct assay_buf *note, struct assay_err *e)
{
    struct assay_err why = {0};
    enum assay_status s = assay_slurp(l->published, ASSAY_MAX_LEAF, note, &why);
    if (s == ASSAY_OK && note->len == 0)
        return assay_fail(e, ASSAY_ELEDGER, "published checkpoint %s: not a signed note", l->published);
    return s == ASSAY_OK || s == ASSAY_ENOTFOUND ? ASSAY_OK : assay_fail(e, s, "%s", why.msg);
}

enum assay_status assay_published_judge(struct assay_ledger *l, const struct assay_buf *note, uint64_t leaves,
                                        struct assay_head_of_log *out, bool *found, struct assay_err *e)
{
    struct assay_err why = {0};
    const struct assay_verifier *v;
    const char *text = (const char *)note->ptr;
    *found = note->len != 0;
    if (!*found)
        return ASSAY_OK;
    enum assay_status s = assay_ring_get(&l->ring, ASSAY_ROLE_LEDGER, &v, e);
    if (s != ASSAY_OK)
        return s;
    const char *wrong = assay_checkpoint_read(text, note->len, l->origin, out);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "published checkpoint %s: %s", l->published, wrong);
    s = assay_checkpoint_signed(&l->ring, out->size, leaves, text, note->len, &why);
    return s == ASSAY_OK ? s : assay_fail(e, s, "published checkpoint %s: %s", l->published, why.msg);
}

enum assay_status assay_published_read(struct assay_ledger *l, uint64_t leaves, struct assay_head_of_log *out,
                                       bool *found, struct assay_err *e)
{
    struct assay_buf note = {.max = 3 * ASSAY_MAX_LEAF};
    enum assay_status s = assay_published_load(l, &note, e);
    if (s == ASSAY_OK)
        s = assay_published_judge(l, &note, leaves, out, found, e);
    assay_buf_release(&note);
    return s;
}

enum assay_status assay_published_check(struct assay_ledger *l, const struct assay_head_of_log *pub, bool found,
                                        uint64_t n, bool *behind, struct assay_err *e)
{
    uint64_t rows;
    uint8_t root[32];
    enum assay_status s;
    *behind = false;
    if (!found) {
        /* Only a crash between the first commit and its publication leaves no file. */
        s = l->store->count(l->db, ASSAY_TABLE_CHECKPOINT, &rows, e);
        if (s == ASSAY_OK && rows > 1)
            return assay_fail(e, ASSAY_ELEDGER,
                              "published checkpoint %s is missing: without it nobody can tell whether the database "
                              "is an older copy; put the newest one back",
                              l->published);
        *behind = rows == 1;
        return s;
    }
    if (pub->size > n)
        return assay_fail(e, ASSAY_ELEDGER, "published checkpoint is for %llu leaves, the database has %llu",
                          (unsigned long long)pub->size, (unsigned long long)n);
    if ((s = assay_tree_root(l, pub->size, root, e)) != ASSAY_OK)
        return s;
    if (memcmp(root, pub->root, 32) != 0)
        return assay_fail(e, ASSAY_ELEDGER,
                          "published checkpoint of size %llu: its root is not that of the database's first %llu leaves",
                          (unsigned long long)pub->size, (unsigned long long)pub->size);
    *behind = pub->size < n;
    return ASSAY_OK;
}
