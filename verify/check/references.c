#include "references.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/diff.h"
#include "assay/digest.h"
#include "assay/hold.h"
#include "assay/lane.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/reader.h"
#include "attest.h"
#include "sorter.h"

#define MEMORY (64u << 20) /* bytes of keys held before a sorted run is spilled */
#define ROW_HEAD 10 /* row form[:8], u16 column count; then the cells */
#define NULL_TAG 0x00

enum { OWNER = 0, REFERS = 1 }; /* body of a record; the rows referred to sort first */

/* The archives that references lead through, as they were at one moment where they are in one database. */
struct archives {
    struct assay_locator *loc;
    size_t n;
    struct assay_hold *hold;
    struct assay_err why; /* they could not be held */
};

struct reference_check {
    const struct archives *archives;
    const struct assay_plan *plan;
    const struct assay_dataset *set;
    const struct assay_reference *ref;
    const uint8_t *secret;
    struct sorter *sorter;
    uint8_t whose; /* of the rows being read */
    const bool *of_key; /* by column of the rows being read */
    size_t n_cols;
    uint64_t rows[2], nulls, orphans, orphan_keys;
    struct assay_buf body; /* of the record being made */
    struct assay_sha256 *which; /* of the orphans, when they are stated; else NULL */
    enum assay_status (*each)(void *ctx, const struct assay_orphan *o, struct assay_err *e); /* or NULL: count only */
    void *ctx;
    bool mask;
    char doubt[512]; /* why it is unverified; "" if it is not */
};

/* A row with a NULL in its key refers to nothing (SQL: MATCH SIMPLE), and nothing refers to it. */
static bool has_null(const struct reference_check *x, const struct assay_lane_row *row)
{
    size_t at = ROW_HEAD;
    for (size_t i = 0; i < x->n_cols && at < row->row_len; i++) {
        if (x->of_key[i] && row->row[at] == NULL_TAG)
            return true;
        size_t len = assay_cell_len(row->row + at, row->row_len - at);
        if (len == 0)
            return false; /* a value that did not decode; the part is in doubt already */
        at += len;
    }
    return false;
}

static enum assay_status take_row(void *ctx, const struct assay_lane_row *row, struct assay_err *e)
{
    struct reference_check *x = ctx;
    if (has_null(x, row)) {
        x->nulls += x->whose == REFERS;
        return ASSAY_OK;
    }
    x->rows[x->whose]++;
    if (x->whose == OWNER)
        return assay_sorter_add(x->sorter, row->key, row->key_len, &x->whose, 1, e);
    uint8_t head[9] = {REFERS};
    assay_put_be64(head + 1, row->pos);
    assay_buf_reset(&x->body);
    /* Which row it is: its cells for a digest that no order of rows changes; for people its place, and the name of the
     * part with its NUL. */
    enum assay_status s = assay_buf_add(&x->body, head, x->which ? 1 : sizeof head);
    if (s == ASSAY_OK)
        s = x->which ? assay_buf_add(&x->body, row->row + ROW_HEAD, row->row_len - ROW_HEAD)
                     : assay_buf_add(&x->body, row->part, strlen(row->part) + 1);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    return assay_sorter_add(x->sorter, row->key, row->key_len, x->body.ptr, x->body.len, e);
}

/* The dataset reduced to the columns in question, which become its key; its window where the names or the being of
 * columns depend on it; and, if `rows`, what tells its rows apart. of_key: a flag for each column of out. */
static enum assay_status narrow(const struct assay_dataset *d, char *const *name, size_t n, bool rows,
                                struct assay_dataset *out, bool **of_key, struct assay_err *e)
{
    *out = *d;
    out->n_cols = 0;
    out->n_key = n;
    out->n_references = 0;
    out->col = calloc(d->n_cols + 1, sizeof *out->col);
    *of_key = calloc(d->n_cols + 1, sizeof **of_key);
    if (!out->col || !*of_key)
        return assay_fail_nomem(e);
    bool dated = assay_dataset_has_history(d);
    if (!dated)
        out->window = (struct assay_window){.timezone = d->window.timezone};
    for (size_t i = 0; i < d->n_cols; i++) {
        struct assay_plan_column c = d->col[i];
        const bool tells = rows && c.key_pos;
        c.key_pos = 0;
        for (size_t k = 0; k < n; k++)
            if (strcmp(c.name, name[k]) == 0)
                c.key_pos = (uint16_t)(k + 1);
        if (!c.key_pos && !tells && !(dated && strcmp(c.name, d->window.column) == 0))
            continue;
        (*of_key)[out->n_cols] = c.key_pos != 0;
        out->col[out->n_cols++] = c;
    }
    return ASSAY_OK;
}

static void doubt(struct reference_check *x, const char *dataset, const char *why)
{
    if (!x->doubt[0])
        snprintf(x->doubt, sizeof x->doubt, "the archive of %.60s: %.400s", dataset, why);
}

/* Parts that were not read whole, and rows whose key does not decode, leave it open whether a row is there. */
static void look_at_parts(struct reference_check *x, const struct assay_dataset *d,
                          const struct assay_part_result *part, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char text[128];
        if (part[i].status != ASSAY_OK)
            doubt(x, d->name, part[i].err.msg);
        else if (part[i].unplaced || part[i].defects) {
            snprintf(text, sizeof text, "%llu values or rows do not decode",
                     (unsigned long long)(part[i].unplaced + part[i].defects));
            doubt(x, d->name, text);
        }
    }
}

static void archives_release(struct archives *x)
{
    assay_hold_release(x->hold);
    free(x->loc);
}

/* Index of the dataset's archive among n locators, or n: they borrow from their datasets. */
static size_t archive_of(const struct assay_locator *loc, size_t n, const struct assay_dataset *d)
{
    size_t i = 0;
    while (i < n && loc[i].table != d->side[ASSAY_ARCHIVE].table)
        i++;
    return i;
}

/* A table that is alone in its database has a snapshot of its own, and files have none. */
static bool share_database(const struct assay_dataset *a, const struct assay_dataset *b)
{
    return a->side[ASSAY_ARCHIVE].table && b->side[ASSAY_ARCHIVE].table &&
           strcmp(a->side[ASSAY_ARCHIVE].uri, b->side[ASSAY_ARCHIVE].uri) == 0;
}

/* Held from before the first read to after the last: a row and what it refers to are of one moment. */
static enum assay_status hold_archives(const struct assay_plan *p, const struct assay_dataset *d, struct archives *out,
                                       struct assay_err *e)
{
    struct assay_locator *loc = calloc(d->n_references + 1, sizeof *loc);
    size_t n = 0;
    *out = (struct archives){.loc = loc};
    if (!loc)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < d->n_references; i++) {
        const struct assay_dataset *other = assay_plan_find(p, d->reference[i].dataset);
        if (!other || !share_database(d, other))
            continue;
        if (archive_of(loc, n, d) == n)
            loc[n++] = assay_plan_locator(p, d, ASSAY_ARCHIVE);
        if (archive_of(loc, n, other) == n)
            loc[n++] = assay_plan_locator(p, other, ASSAY_ARCHIVE);
    }
    struct assay_hold *hold = NULL;
    struct assay_err why = {0};
    const enum assay_status s = n ? assay_hold_take(loc, n, &hold, &why) : ASSAY_OK;
    out->n = n;
    out->hold = hold;
    out->why = why;
    return s == ASSAY_ENOMEM || s == ASSAY_EINTR ? assay_fail(e, s, "%s", why.msg) : ASSAY_OK;
}

static const char *snapshot_of(const struct archives *x, const struct assay_dataset *d)
{
    const size_t i = archive_of(x->loc, x->n, d);
    return x->hold && i < x->n ? assay_hold_snapshot(x->hold, i) : NULL;
}

static enum assay_status read_archive(struct reference_check *x, const struct assay_dataset *whole,
                                      const struct assay_dataset *d, struct assay_err *e)
{
    struct assay_locator loc = assay_plan_locator(x->plan, whole, ASSAY_ARCHIVE);
    struct assay_cutset none = {0};
    struct assay_lane_spec spec = {d, ASSAY_ARCHIVE, &none, x->secret, take_row, x, true, false};
    struct assay_reader *r = NULL;
    struct assay_part_result *result = NULL;
    struct assay_lane *lane = NULL;
    const struct assay_part *part = NULL;
    size_t n = 0;
    struct assay_err why = x->archives->why;
    enum assay_status s = archive_of(x->archives->loc, x->archives->n, whole) < x->archives->n ? why.code : ASSAY_OK;
    if (s == ASSAY_OK) {
        const char *held = snapshot_of(x->archives, whole);
        loc.snapshot = held ? held : loc.snapshot;
        s = assay_reader_open(&loc, &r, &why);
    }
    if (s == ASSAY_OK)
        s = r->ops->parts(r, 1, &part, &n, &why);
    if (s == ASSAY_OK && n == 0)
        doubt(x, whole->name, "no file matches");
    if (s == ASSAY_OK && n && !(result = calloc(n, sizeof *result)))
        s = assay_fail_nomem(&why);
    if (s == ASSAY_OK && n) {
        struct assay_scan_job job = {.reader = r, .spec = &spec, .part = part, .n_parts = n, .jobs = 1};
        s = assay_scan_parts(&job, result, &lane, &why);
    }
    if (s == ASSAY_OK)
        look_at_parts(x, whole, result, n);
    assay_lane_free(lane);
    free(result);
    if (r)
        r->ops->close(r);
    if (s == ASSAY_ENOMEM || s == ASSAY_EINTR)
        return assay_fail(e, s, "%s", why.msg);
    if (s != ASSAY_OK)
        doubt(x, whole->name, why.msg);
    return ASSAY_OK;
}

static enum assay_status read_side(struct reference_check *x, uint8_t whose, const struct assay_dataset *d,
                                   char *const *name, struct assay_err *e)
{
    struct assay_dataset reduced;
    bool *of_key = NULL;
    enum assay_status s = narrow(d, name, x->ref->n, x->which && whose == REFERS, &reduced, &of_key, e);
    x->whose = whose;
    x->of_key = of_key;
    x->n_cols = reduced.n_cols;
    if (s == ASSAY_OK)
        s = read_archive(x, d, &reduced, e);
    free(reduced.col);
    free(of_key);
    return s;
}

/* For people with the right to read the archive: which row it is. */
static enum assay_status name_orphan(const struct reference_check *x, const struct sorter_record *r,
                                     struct assay_err *e)
{
    struct assay_buf text = {0}, both = {0};
    enum assay_logical type[ASSAY_MAX_COLUMNS];
    uint8_t h[32];
    enum assay_status s = ASSAY_OK;
    for (size_t k = 0; k < x->ref->n; k++)
        for (size_t i = 0; i < x->set->n_cols; i++)
            if (strcmp(x->set->col[i].name, x->ref->column[k]) == 0)
                type[k] = x->set->col[i].type;
    if (!x->mask) {
        s = assay_key_show(type, x->ref->n, r->key, r->key_len, &text);
    } else if ((s = assay_buf_add(&both, x->secret, ASSAY_SECRET_LEN)) == ASSAY_OK &&
               (s = assay_buf_add(&both, r->key, r->key_len)) == ASSAY_OK) {
        assay_sha256(both.ptr, both.len, h);
        s = assay_buf_adds(&text, "#");
        if (s == ASSAY_OK)
            s = assay_buf_addhex(&text, h, 6);
    }
    const char *key = s == ASSAY_OK ? assay_buf_str(&text) : NULL;
    struct assay_orphan o = {x->ref, key, (const char *)r->body + 9, assay_get_be64(r->body + 1)};
    s = key ? x->each(x->ctx, &o, e) : assay_fail_nomem(e);
    assay_buf_release(&text);
    assay_buf_release(&both);
    return s;
}

static void take_orphan(struct assay_sha256 *which, const struct sorter_record *r)
{
    uint8_t len[8];
    assay_put_be32(len, (uint32_t)r->key_len);
    assay_put_be32(len + 4, (uint32_t)r->body_len);
    assay_sha256_update(which, len, sizeof len);
    assay_sha256_update(which, r->key, r->key_len);
    assay_sha256_update(which, r->body, r->body_len);
}

/* Walk the keys in order: those that nobody owns. */
static enum assay_status count_orphans(struct reference_check *x, struct assay_err *e)
{
    struct assay_buf key = {0};
    struct sorter_record r;
    bool have = false, any = false, owned = false, counted = false;
    enum assay_status s = assay_sorter_finish(x->sorter, e);
    while (s == ASSAY_OK && (s = assay_sorter_next(x->sorter, &r, &have, e)) == ASSAY_OK && have) {
        if (!any || key.len != r.key_len || memcmp(key.ptr, r.key, r.key_len) != 0) {
            assay_buf_reset(&key);
            if (assay_buf_add(&key, r.key, r.key_len) != ASSAY_OK)
                s = assay_fail_nomem(e);
            any = true;
            owned = counted = false;
        }
        owned = owned || r.body[0] == OWNER;
        if (owned)
            continue;
        x->orphans++;
        x->orphan_keys += !counted;
        counted = true;
        if (x->which)
            take_orphan(x->which, &r);
        if (x->each)
            s = name_orphan(x, &r, e);
    }
    assay_buf_release(&key);
    return s;
}

/* Under a key of the dataset: keys that are few could be guessed out of a plain digest. */
static enum assay_status add_which(const struct reference_check *x, const struct assay_check *c, struct assay_writer *w,
                                   struct assay_err *e)
{
    uint8_t key[32], digest[32];
    char info[64];
    snprintf(info, sizeof info, "assay/orphans/1%s", c->set->id);
    if (assay_hkdf(c->dataset_key, info, key, sizeof key) != ASSAY_OK)
        return assay_fail_nomem(e);
    assay_sha256_final(x->which, digest);
    assay_hmac_sha256(key, sizeof key, digest, sizeof digest, digest);
    OPENSSL_cleanse(key, sizeof key);
    assay_writer_hex(w, "orphan-set", "", digest, sizeof digest);
    return ASSAY_OK;
}

static enum assay_status state(const struct reference_check *x, const struct assay_check *c, const char *plan_hash,
                               struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    struct assay_writer w;
    const char *status = x->doubt[0] ? "unverified" : x->orphans ? "orphan" : "ok";
    assay_attest_begin(&w, c, "reference", plan_hash);
    assay_writer_add(&w, "object", x->ref->text);
    assay_writer_add(&w, "to", x->ref->id);
    assay_writer_add(&w, "status", status);
    assay_writer_addf(&w, "rows", "%llu", (unsigned long long)x->rows[REFERS]);
    assay_writer_addf(&w, "nulls", "%llu", (unsigned long long)x->nulls);
    assay_writer_addf(&w, "rows-to", "%llu", (unsigned long long)x->rows[OWNER]);
    if (!x->doubt[0]) {
        assay_writer_addf(&w, "orphans", "%llu", (unsigned long long)x->orphans);
        assay_writer_addf(&w, "orphan-keys", "%llu", (unsigned long long)x->orphan_keys);
    }
    if (!x->doubt[0] && x->orphans)
        st = add_which(x, c, &w, e);
    if (x->doubt[0])
        assay_writer_add(&w, "reason", x->doubt);
    else if (x->orphans)
        assay_writer_addf(&w, "reason", "%llu of %llu rows refer to no row (%llu different keys)",
                          (unsigned long long)x->orphans, (unsigned long long)x->rows[REFERS],
                          (unsigned long long)x->orphan_keys);
    if (strcmp(status, "ok") != 0)
        assay_log(ASSAY_LOG_WARN, "%s: reference %s: %s%llu orphans%s%s", x->set->name, x->ref->text,
                  x->doubt[0] ? "unverified, " : "", (unsigned long long)x->orphans, x->doubt[0] ? ": " : "", x->doubt);
    if (st != ASSAY_OK)
        w.status = st;
    return assay_writer_send(&w, c->sink, e);
}

static enum assay_status check(struct reference_check *x, struct assay_err *e)
{
    const struct assay_dataset *other = assay_plan_find(x->plan, x->ref->dataset);
    enum assay_status s = assay_sorter_new(MEMORY, &x->sorter, e);
    if (s == ASSAY_OK)
        s = read_side(x, REFERS, x->set, x->ref->column, e);
    if (s == ASSAY_OK && !other)
        doubt(x, x->ref->dataset, "not in this plan");
    if (s == ASSAY_OK && other)
        s = read_side(x, OWNER, other, x->ref->to, e);
    if (s == ASSAY_OK && !x->doubt[0])
        s = count_orphans(x, e);
    assay_sorter_free(x->sorter);
    assay_buf_release(&x->body);
    return s;
}

enum assay_status assay_references_attest(const struct assay_check *c, const char *plan_hash, const uint8_t *secret,
                                          struct assay_err *e)
{
    struct archives archives;
    enum assay_status s = hold_archives(c->plan, c->set, &archives, e);
    for (size_t i = 0; i < c->set->n_references && s == ASSAY_OK; i++) {
        struct reference_check x = {
            .archives = &archives, .plan = c->plan, .set = c->set, .ref = &c->set->reference[i], .secret = secret};
        x.which = assay_sha256_new();
        s = x.which ? check(&x, e) : assay_fail_nomem(e);
        if (s == ASSAY_OK)
            s = state(&x, c, plan_hash, e);
        assay_sha256_free(x.which);
    }
    archives_release(&archives);
    return s;
}

enum assay_status
assay_orphans_each(const struct assay_plan *p, const struct assay_dataset *d, const uint8_t *dataset_key, bool mask,
                   enum assay_status (*each)(void *ctx, const struct assay_orphan *o, struct assay_err *e), void *ctx,
                   struct assay_orphans *out, struct assay_err *e)
{
    uint8_t secret[ASSAY_SECRET_LEN];
    *out = (struct assay_orphans){0};
    enum assay_status s = assay_fast_secret(dataset_key, d->id, secret);
    if (s != ASSAY_OK)
        return assay_fail_nomem(e);
    struct archives archives;
    s = hold_archives(p, d, &archives, e);
    for (size_t i = 0; i < d->n_references && s == ASSAY_OK; i++) {
        struct reference_check x = {.archives = &archives,
                                    .plan = p,
                                    .set = d,
                                    .ref = &d->reference[i],
                                    .secret = secret,
                                    .each = each,
                                    .ctx = ctx,
                                    .mask = mask};
        s = check(&x, e);
        out->rows += x.orphans;
        if (x.doubt[0] && !out->doubt[0])
            memcpy(out->doubt, x.doubt, sizeof out->doubt);
    }
    archives_release(&archives);
    return s;
}
