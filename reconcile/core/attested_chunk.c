/* The chunks that a side attested. */
#include "assay/limits.h"
#include "attested_load.h"

static size_t slot_of(const struct loader *l, const char *id)
{
    uint8_t b[8] = {0};
    char head[17];
    uint64_t h = 0;
    snprintf(head, sizeof head, "%.16s", id);
    (void)assay_unhex(head, b, sizeof b);
    for (size_t i = 0; i < sizeof b; i++)
        h = h << 8 | b[i];
    size_t at = (size_t)h & (l->n_slots - 1);
    while (l->slot[at] && strcmp(l->out->chunk[l->slot[at] - 1].id, id) != 0)
        at = (at + 1) & (l->n_slots - 1);
    return at;
}

static enum assay_status room_for_chunk(struct loader *l)
{
    struct attested *a = l->out;
    if (a->n_chunks >= ASSAY_MAX_CHUNKS)
        return assay_fail(l->err, ASSAY_ELIMIT, "dataset %s has more than %d chunks", l->set->name, ASSAY_MAX_CHUNKS);
    if (a->n_chunks == l->cap_chunks) {
        size_t want = l->cap_chunks ? 2 * l->cap_chunks : 64;
        struct attested_chunk *grown = realloc(a->chunk, want * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(l->err);
        a->chunk = grown;
        l->cap_chunks = want;
    }
    if (2 * (a->n_chunks + 1) <= l->n_slots)
        return ASSAY_OK;
    size_t want = l->n_slots ? 2 * l->n_slots : 256;
    uint32_t *slot = calloc(want, sizeof *slot);
    if (!slot)
        return assay_fail_nomem(l->err);
    free(l->slot);
    l->slot = slot;
    l->n_slots = want;
    for (size_t i = 0; i < a->n_chunks; i++)
        l->slot[slot_of(l, a->chunk[i].id)] = (uint32_t)i + 1;
    return ASSAY_OK;
}

static size_t column_of(const struct assay_dataset *d, const char *name)
{
    for (size_t i = 0; i < d->n_cols; i++)
        if (strcmp(d->col[i].name, name) == 0)
            return i;
    return SIZE_MAX;
}

static enum assay_status bad_chunk(struct loader *l, const char *what)
{
    return assay_fail(l->err, ASSAY_ELEDGER, "a chunk statement of dataset %s: %s", l->set->name, what);
}

/* "SUM NAME" */
static enum assay_status take_sum(struct loader *l, struct attested_chunk *c, const char *line)
{
    char hex[33];
    size_t at = strlen(line) > 33 ? column_of(l->set, line + 33) : SIZE_MAX;
    snprintf(hex, sizeof hex, "%.32s", line);
    if (at == SIZE_MAX || assay_sum_parse(hex, &c->col[at]))
        return bad_chunk(l, "the sum of a column that the plan does not cover");
    return ASSAY_OK;
}

/* "SUM CHANGED NAME" */
static enum assay_status take_raw(struct loader *l, struct attested_chunk *c, const char *line)
{
    char hex[33], *end = NULL;
    size_t at = SIZE_MAX;
    unsigned long long changed = strlen(line) > 33 ? strtoull(line + 33, &end, 10) : 0;
    if (end && *end == ' ')
        at = column_of(l->set, end + 1);
    snprintf(hex, sizeof hex, "%.32s", line);
    if (at == SIZE_MAX || assay_sum_parse(hex, &c->raw[at]))
        return bad_chunk(l, "the raw sum of a column that the plan does not cover");
    c->changed[at] = changed;
    c->ruled[at] = true;
    return ASSAY_OK;
}

/* One line of a blob: of the columns of a statement, or of sums that are sealed. */
static enum assay_status take_line(struct loader *l, struct attested_chunk *c, const char *line)
{
    if (strncmp(line, "col ", 4) == 0)
        return take_sum(l, c, line + 4);
    if (strncmp(line, "raw ", 4) == 0)
        return take_raw(l, c, line + 4);
    if (strncmp(line, "sum-row ", 8) == 0)
        return assay_sum_parse(line + 8, &c->row) ? bad_chunk(l, "its sums are not 32 hex digits") : ASSAY_OK;
    if (strncmp(line, "sum-key ", 8) == 0)
        return assay_sum_parse(line + 8, &c->key) ? bad_chunk(l, "its sums are not 32 hex digits") : ASSAY_OK;
    return strncmp(line, "rule ", 5) == 0 ? ASSAY_OK /* for reports only */
                                          : bad_chunk(l, "an unknown line in its columns");
}

static enum assay_status take_lines(struct loader *l, struct attested_chunk *c, struct assay_buf *b)
{
    char *save = NULL;
    enum assay_status s = assay_buf_str(b) ? ASSAY_OK : assay_fail_nomem(l->err);
    for (char *line = s == ASSAY_OK ? strtok_r((char *)b->ptr, "\n", &save) : NULL; line && s == ASSAY_OK;
         line = strtok_r(NULL, "\n", &save))
        s = take_line(l, c, line);
    return s;
}

static enum assay_status load_blob(struct loader *l, const char *name, struct assay_buf *out)
{
    uint8_t hash[32];
    if (!assay_sha256_parse(name, hash))
        return bad_chunk(l, "its columns are no blob");
    return assay_ledger_blob(l->ledger, hash, out, l->err);
}

static enum assay_status take_blob(struct loader *l, struct attested_chunk *c, const char *name)
{
    struct assay_buf b = {0};
    enum assay_status s = load_blob(l, name, &b);
    if (s == ASSAY_OK)
        s = take_lines(l, c, &b);
    assay_buf_release(&b);
    return s;
}

/* Without the key the chunk is opaque, which is no failure. */
static enum assay_status take_sealed(struct loader *l, struct attested_chunk *c, const char *kind, const char *name)
{
    struct assay_buf sealed = {0}, plain = {0};
    enum assay_status s = load_blob(l, name, &sealed);
    if (s == ASSAY_OK) {
        s = assay_attested_unseal(l->open, l->set, kind, c->segment, c->ordinal, &sealed, &plain, l->err);
        c->opaque |= s == ASSAY_ENOTFOUND;
        s = s == ASSAY_OK ? take_lines(l, c, &plain) : s == ASSAY_ENOTFOUND ? ASSAY_OK : s;
    }
    assay_buf_release(&sealed);
    assay_buf_release(&plain);
    return s;
}

static enum assay_status take_columns(struct loader *l, const struct assay_stmt *s, struct attested_chunk *c)
{
    size_t n = l->set->n_cols;
    c->col = calloc(n + 1, sizeof *c->col);
    c->raw = calloc(n + 1, sizeof *c->raw);
    c->changed = calloc(n + 1, sizeof *c->changed);
    c->ruled = calloc(n + 1, sizeof *c->ruled);
    if (!c->col || !c->raw || !c->changed || !c->ruled)
        return assay_fail_nomem(l->err);
    const char *blob = assay_stmt_get(s, "columns"), *name;
    if (blob)
        return take_blob(l, c, blob);
    enum assay_status st = ASSAY_OK;
    if (c->sums[0]) {
        const char *raw = assay_stmt_get(s, "raw-sums");
        st = take_sealed(l, c, "sums", c->sums);
        return st == ASSAY_OK && raw ? take_sealed(l, c, "raw-sums", raw) : st;
    }
    size_t sums = 0; /* a column that did not exist in the segment has none, and the row form says so */
    for (; (name = assay_stmt_nth(s, "without", sums)); sums++)
        if (column_of(l->set, name) == SIZE_MAX)
            return bad_chunk(l, "it is without a column that the plan does not cover");
    for (size_t i = 0; i < s->n && st == ASSAY_OK; i++) {
        if (strcmp(s->field[i].key, "col") == 0) {
            st = take_sum(l, c, s->field[i].value);
            sums++;
        } else if (strcmp(s->field[i].key, "raw") == 0) {
            st = take_raw(l, c, s->field[i].value);
        }
    }
    return st == ASSAY_OK && sums != n ? bad_chunk(l, "it does not have a sum of every covered column") : st;
}

static enum assay_status take_findings(struct attested_chunk *c, const struct assay_stmt *s)
{
    struct assay_buf b = {0};
    const char *line;
    enum assay_status st = ASSAY_OK;
    c->finding = copy(assay_stmt_get(s, "finding"));
    while (c->defects && st == ASSAY_OK && (line = assay_stmt_nth(s, "finding", c->n_found)) != NULL) {
        st = assay_buf_addf(&b, "%s\n", line);
        c->n_found++;
    }
    c->found = copy(st == ASSAY_OK && b.len ? assay_buf_str(&b) : NULL);
    st = st == ASSAY_OK && b.len && !c->found ? ASSAY_ENOMEM : st;
    assay_buf_release(&b);
    return st;
}

/* All but id and leaf. */
static enum assay_status read_chunk(struct loader *l, const struct assay_stmt *s, struct attested_chunk *c)
{
    const char *segment = assay_stmt_get(s, "segment");
    const char *row = assay_stmt_get(s, "sum-row"), *key = assay_stmt_get(s, "sum-key");
    const char *sums = assay_stmt_get(s, "sums");
    if (!segment || (!sums && (!row || !key)))
        return bad_chunk(l, "segment, sum-row or sum-key is missing");
    copy_to(c->cut, sizeof c->cut, assay_stmt_get(s, "cut"));
    copy_to(c->sums, sizeof c->sums, sums);
    copy_to(c->run, sizeof c->run, assay_stmt_get(s, "run"));
    copy_to(c->form, sizeof c->form, assay_stmt_get(s, "form"));
    copy_to(c->root, sizeof c->root, assay_stmt_get(s, "root"));
    copy_to(c->keycommit, sizeof c->keycommit, assay_stmt_get(s, "keycommit"));
    copy_to(c->unsealed, sizeof c->unsealed, assay_stmt_get(s, "unsealed"));
    c->segment = copy(segment);
    c->lo = copy(assay_stmt_get(s, "lo-text"));
    c->hi = copy(assay_stmt_get(s, "hi-text"));
    c->ordinal = (uint32_t)number(s, "ordinal");
    c->rows = number(s, "rows");
    c->defects = number(s, "defects");
    if (!c->segment || take_findings(c, s) != ASSAY_OK)
        return assay_fail_nomem(l->err);
    if (c->root[0] && (strlen(c->root) != 71 || strlen(c->keycommit) != 64))
        return bad_chunk(l, "its root is no SHA-256 under a committed key");
    if (!sums && (assay_sum_parse(row, &c->row) || assay_sum_parse(key, &c->key)))
        return bad_chunk(l, "its sums are not 32 hex digits");
    return take_columns(l, s, c);
}

enum assay_status assay_attested_take_chunk(struct loader *l, const struct assay_stmt *s, uint64_t leaf)
{
    const char *id = assay_stmt_get(s, "chunk");
    if (!id || strlen(id) != 32)
        return bad_chunk(l, "chunk is missing");
    struct attested_run *run = assay_attested_run_of(l, s);
    if (!run || !run->used || leaf < run->start)
        return ASSAY_OK;
    run->stated += number(s, "rows");
    enum assay_status st = room_for_chunk(l);
    if (st != ASSAY_OK)
        return st;
    size_t at = slot_of(l, id);
    if (l->slot[at])
        return ASSAY_OK; /* newest first: this one is superseded */
    run->chunks++;
    struct attested_chunk *c = &l->out->chunk[l->out->n_chunks];
    *c = (struct attested_chunk){.leaf = leaf};
    copy_to(c->id, sizeof c->id, id);
    l->out->n_chunks++;
    l->slot[at] = (uint32_t)l->out->n_chunks;
    return read_chunk(l, s, c);
}

static int by_segment(const void *a, const void *b)
{
    const struct attested_chunk *x = a, *y = b;
    int c = strcmp(x->segment, y->segment);
    if (c || x->ordinal != y->ordinal)
        return c ? c : x->ordinal < y->ordinal ? -1 : 1;
    return strcmp(x->id, y->id);
}

void assay_attested_chunk_release(struct attested_chunk *c)
{
    free(c->segment);
    free(c->lo);
    free(c->finding);
    free(c->found);
    free(c->hi);
    free(c->col);
    free(c->raw);
    free(c->changed);
    free(c->ruled);
}

/* A checker without the ledger at hand cuts anew every time: of each segment only the cut stated last counts. */
void assay_attested_keep_cuts(struct attested *a)
{
    size_t to = 0;
    if (a->n_chunks)
        qsort(a->chunk, a->n_chunks, sizeof *a->chunk, by_segment);
    for (size_t i = 0, end; i < a->n_chunks; i = end) {
        size_t newest = i;
        for (end = i + 1; end < a->n_chunks && strcmp(a->chunk[end].segment, a->chunk[i].segment) == 0; end++)
            if (a->chunk[end].leaf > a->chunk[newest].leaf)
                newest = end;
        char cut[sizeof a->chunk->cut];
        memcpy(cut, a->chunk[newest].cut, sizeof cut);
        for (size_t k = i; k < end; k++)
            if (strcmp(a->chunk[k].cut, cut) == 0)
                a->chunk[to++] = a->chunk[k];
            else
                assay_attested_chunk_release(&a->chunk[k]);
    }
    a->n_chunks = to;
}

/* ---- everything about one chunk ---- */

struct about {
    struct loader l;
    const char *role, *id;
    size_t most;
};

static bool each_about(void *ctx, const struct assay_leaf *leaf)
{
    struct about *x = ctx;
    struct loader *l = &x->l;
    struct assay_stmt s = {0};
    l->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, l->err);
    const char *role = l->status == ASSAY_OK ? assay_stmt_get(&s, "role") : NULL;
    if (role && strcmp(s.kind, "chunk") == 0 && strcmp(role, x->role) == 0 && assay_attested_relevant(l, &s)) {
        struct attested_chunk *c = &l->out->chunk[l->out->n_chunks++];
        *c = (struct attested_chunk){.leaf = leaf->index};
        copy_to(c->id, sizeof c->id, x->id);
        l->status = read_chunk(l, &s, c);
    }
    assay_stmt_release(&s);
    return l->status == ASSAY_OK && l->out->n_chunks < x->most;
}

enum assay_status assay_attested_about(struct assay_ledger *ledger, const struct assay_dataset *d,
                                       enum assay_side_id side, const char *plan, const char *chunk,
                                       const struct attested_opener *open, size_t most, struct attested_chunk **out,
                                       size_t *n, struct assay_err *e)
{
    struct attested a = {.chunk = calloc(most, sizeof *a.chunk)};
    struct about x = {{.ledger = ledger, .set = d, .plan = plan, .open = open, .out = &a, .err = e},
                      assay_side_name(side),
                      chunk,
                      most};
    struct assay_ledger_query q = {.chunk = chunk, .newest_first = true}; /* by the one index that is narrow */
    *out = NULL;
    *n = 0;
    if (!a.chunk)
        return assay_fail_nomem(e);
    enum assay_status s = assay_ledger_each(ledger, &q, each_about, &x, e);
    if (s == ASSAY_OK)
        s = x.l.status;
    if (s != ASSAY_OK) {
        assay_attested_chunks_free(a.chunk, a.n_chunks);
        return s;
    }
    *out = a.chunk;
    *n = a.n_chunks;
    return ASSAY_OK;
}

void assay_attested_chunks_free(struct attested_chunk *c, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assay_attested_chunk_release(&c[i]);
    free(c);
}
