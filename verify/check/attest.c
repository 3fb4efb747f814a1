#include "attest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "assay/blob.h"
#include "assay/canon.h"
#include "assay/digest.h"
#include "assay/publish.h"
#include "choice.h"

#define MAX_INLINE_BYTES 32768 /* column sums of more go into a blob: a leaf has 65,535 bytes */

void assay_attest_begin(struct assay_writer *w, const struct assay_check *c, const char *kind, const char *plan_hash)
{
    assay_writer_begin(w, kind);
    assay_writer_add(w, "role", assay_side_name(c->side));
    assay_writer_add(w, "run", c->run);
    assay_writer_add(w, "dataset", c->set->id);
    assay_writer_addf(w, "plan", "sha256:%s", plan_hash);
}

/* Which machine this is, without saying its name: the same host under two roles must show. */
static void host_id(char out[17])
{
    struct assay_buf b = {0};
    uint8_t h[32];
    char name[256] = "";
    if (assay_slurp("/etc/machine-id", 4096, &b, NULL) != ASSAY_OK) {
        gethostname(name, sizeof name - 1);
        (void)assay_buf_adds(&b, name);
    }
    assay_sha256(b.ptr ? b.ptr : (const uint8_t *)"", b.len, h);
    assay_hex(h, 8, out);
    assay_buf_release(&b);
}

/* "all", or names with commas between; "since-mark" stands for what was open at the mark in a line of its own. */
static void add_scope(struct assay_writer *w, const struct choice *x)
{
    struct assay_buf b = {0};
    if (x->since)
        w->status = assay_buf_adds(&b, "since-mark");
    for (size_t i = 0; i < x->n_names && w->status == ASSAY_OK && b.len < MAX_INLINE_BYTES; i++)
        w->status = assay_buf_addf(&b, "%s%s", b.len ? "," : "", x->name[i]);
    assay_writer_add(w, "scope", x->all ? "all" : assay_buf_str(&b));
    if (x->since)
        assay_writer_add(w, "since", x->mark_text);
    assay_buf_release(&b);
}

enum assay_status assay_attest_start(const struct assay_check *c, const char *plan_hash, const struct choice *scope,
                                     struct assay_err *e)
{
    struct assay_writer w;
    struct assay_buf shown = {0};
    char host[17], info[64];
    uint8_t key[16];
    host_id(host);
    snprintf(info, sizeof info, "assay/check/1%s", c->set->id);
    if (assay_hkdf(c->dataset_key, info, key, sizeof key) != ASSAY_OK)
        return assay_fail_nomem(e);
    if (assay_locator_show(c->set->side[c->side].uri, &shown) != ASSAY_OK || !assay_buf_str(&shown))
        return assay_fail_nomem(e);
    assay_attest_begin(&w, c, "run-start", plan_hash);
    assay_writer_addf(&w, "canon", "%d", ASSAY_CANON_VERSION);
    assay_writer_add(&w, "strength", c->set->sealed ? "sealed" : "fast");
    assay_writer_hex(&w, "dataset-key", "", key, sizeof key);
    assay_writer_add(&w, "host", host);
    assay_writer_addf(&w, "uid", "%lu", (unsigned long)geteuid());
    assay_writer_add(&w, "version", ASSAY_VERSION);
    assay_writer_add(&w, "locator", (char *)shown.ptr);
    add_scope(&w, scope);
    assay_writer_now(&w);
    assay_buf_release(&shown);
    return assay_writer_send(&w, c->sink, e);
}

enum assay_status assay_attest_schema(const struct assay_check *c, const char *plan_hash, const struct assay_schema *s,
                                      struct assay_err *e)
{
    struct assay_buf text = {0};
    struct assay_writer w;
    uint8_t print[32], blob[32];
    enum assay_status st = assay_schema_text(s, &text);
    if (st == ASSAY_OK)
        st = assay_sink_blob(c->sink, text.ptr ? text.ptr : (const uint8_t *)"", text.len, blob, e);
    assay_buf_release(&text);
    if (st == ASSAY_OK)
        st = assay_schema_fingerprint(s, print);
    if (st != ASSAY_OK)
        return assay_fail(e, st, "cannot state the schema");
    assay_attest_begin(&w, c, "schema", plan_hash);
    assay_writer_hex(&w, "fingerprint", "sha256:", print, 32);
    assay_writer_hex(&w, "text", "sha256:", blob, 32);
    for (size_t i = 0; i < s->n; i++)
        if (!assay_dataset_reads(c->set, c->side, s->col[i].name))
            assay_writer_add(&w, "uncovered", s->col[i].name);
    return assay_writer_send(&w, c->sink, e);
}

static const char *object_status(const struct assay_part_result *p)
{
    switch (p->status) {
    case ASSAY_OK:
        return p->unplaced ? "undecodable" : "ok";
    case ASSAY_ENOTFOUND:
        return "missing";
    case ASSAY_ECHANGED:
        return "changed";
    case ASSAY_EIO:
        return "unreadable";
    default:
        return "undecodable";
    }
}

/* Lines "KIND SENTENCE" of a manifest's check. */
static void add_denied(struct assay_writer *w, const struct assay_buf *denied)
{
    char line[1024];
    for (size_t from = 0, n; from < denied->len; from += n + 1) {
        const char *p = (const char *)denied->ptr + from, *end = memchr(p, '\n', denied->len - from);
        n = end ? (size_t)(end - p) : denied->len - from;
        snprintf(line, sizeof line, "%.*s", (int)n, p);
        assay_writer_add(w, "manifest", line);
    }
}

static enum assay_status attest_object(const struct assay_check *c, const char *plan_hash,
                                       const struct assay_part_result *p, const struct assay_lane *lane,
                                       struct assay_err *e)
{
    const struct assay_finding *f;
    if (!p->part) /* never begun: the run was stopped */
        return ASSAY_OK;
    size_t n = assay_lane_findings(lane, &f), len = strlen(p->part->name);
    struct assay_writer w;
    assay_attest_begin(&w, c, "object", plan_hash);
    assay_writer_add(&w, "object", p->part->name);
    assay_writer_add(&w, "segment", p->part->segment);
    assay_writer_add(&w, "status", object_status(p));
    if (p->end.hashed) {
        assay_writer_hex(&w, "sha256", "", p->end.sha256, 32);
        assay_writer_addf(&w, "bytes", "%llu", (unsigned long long)p->end.bytes);
    }
    assay_writer_addf(&w, "rows", "%llu", (unsigned long long)p->rows);
    if (c->side == ASSAY_ARCHIVE && c->plan->purge.given)
        assay_writer_add(&w, "read", p->end.from_medium ? "medium" : "cache");
    if (p->misplaced)
        assay_writer_addf(&w, "misplaced", "%llu", (unsigned long long)p->misplaced);
    if (p->unplaced)
        assay_writer_addf(&w, "defects", "%llu", (unsigned long long)p->unplaced);
    if (p->end.nonstandard)
        assay_writer_addf(&w, "nonstandard", "%llu", (unsigned long long)p->end.nonstandard);
    if (p->status != ASSAY_OK)
        assay_writer_add(&w, "reason", p->err.msg);
    for (size_t i = 0, said = 0; i < n && said < ASSAY_MAX_FINDINGS; i++)
        if (!f[i].placed && strncmp(f[i].text, p->part->name, len) == 0 && f[i].text[len] == ':') {
            assay_writer_add(&w, "finding", f[i].text);
            said++;
        }
    add_denied(&w, &p->denied);
    return assay_writer_send(&w, c->sink, e);
}

/* Some objects in the form of sha256sum, as a blob and a leaf. */
static enum assay_status attest_set(const struct assay_check *c, const char *plan_hash, const char *segment,
                                    const struct assay_part_result *const *part, size_t n, struct assay_err *e)
{
    struct assay_buf list = {.max = ASSAY_MAX_BLOB};
    struct assay_writer w;
    uint8_t hash[32];
    char hex[65];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        assay_hex(part[i]->end.sha256, 32, hex);
        s = assay_buf_addf(&list, "%s  %s\n", part[i]->end.hashed ? hex : "unreadable", part[i]->part->name);
    }
    if (s == ASSAY_OK)
        s = assay_sink_blob(c->sink, list.ptr ? list.ptr : (const uint8_t *)"", list.len, hash, e);
    assay_buf_release(&list);
    if (s != ASSAY_OK)
        return assay_fail(e, s, "cannot state the set of objects");
    assay_attest_begin(&w, c, "object-set", plan_hash);
    assay_writer_add(&w, "segment", segment ? segment : "*");
    assay_writer_addf(&w, "objects", "%zu", n);
    assay_writer_hex(&w, "set", "sha256:", hash, 32);
    return assay_writer_send(&w, c->sink, e);
}

/* By segment, else in their order. */
static int by_segment(const void *a, const void *b)
{
    const struct assay_part_result *const *x = a, *const *y = b;
    const char *s = (*x)->part->segment, *t = (*y)->part->segment;
    int c = s && t ? strcmp(s, t) : 0;
    return c ? c : *x < *y ? -1 : *x > *y;
}

/* One a segment that locators name, or one in all. */
static enum assay_status attest_sets(const struct assay_check *c, const char *plan_hash,
                                     const struct assay_part_result *part, size_t n, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    size_t found = 0;
    bool in_segments = n && part[0].part && part[0].part->segment;
    const struct assay_part_result **list = calloc(n + 1, sizeof *list);
    if (!list)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < n; i++)
        if (!part[i].skipped)
            list[found++] = &part[i];
    qsort(list, found, sizeof(const struct assay_part_result *), by_segment);
    if (!in_segments)
        s = attest_set(c, plan_hash, NULL, list, found, e);
    for (size_t from = 0, to; in_segments && from < found && s == ASSAY_OK; from = to) {
        for (to = from + 1; to < found && strcmp(list[from]->part->segment, list[to]->part->segment) == 0;)
            to++;
        s = attest_set(c, plan_hash, list[from]->part->segment, list + from, to - from, e);
    }
    free(list);
    return s;
}

enum assay_status assay_attest_objects(const struct assay_check *c, const char *plan_hash,
                                       const struct assay_part_result *part, size_t n, const struct assay_lane *lane,
                                       struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    if (n && part[0].part && !part[0].part->object)
        return ASSAY_OK;
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        if (!part[i].skipped)
            s = attest_object(c, plan_hash, &part[i], lane, e);
    return s == ASSAY_OK ? attest_sets(c, plan_hash, part, n, e) : s;
}

enum assay_status assay_attest_missing(const struct assay_check *c, const char *plan_hash, const char *reason,
                                       struct assay_err *e)
{
    struct assay_writer w;
    struct assay_buf shown = {0};
    if (assay_locator_show(c->set->side[c->side].uri, &shown) != ASSAY_OK || !assay_buf_str(&shown)) {
        assay_buf_release(&shown);
        return assay_fail_nomem(e);
    }
    assay_attest_begin(&w, c, "object", plan_hash);
    assay_writer_add(&w, "object", (char *)shown.ptr);
    assay_writer_add(&w, "status", "missing");
    assay_writer_add(&w, "reason", reason);
    assay_buf_release(&shown);
    return assay_writer_send(&w, c->sink, e);
}

static void add_bound(struct assay_writer *w, const struct assay_check *c, const char *key, const char *text_key,
                      const struct assay_bound *b)
{
    enum assay_logical type[ASSAY_MAX_COLUMNS];
    struct assay_buf text = {0};
    for (size_t i = 0; i < c->set->n_cols; i++)
        if (c->set->col[i].key_pos)
            type[c->set->col[i].key_pos - 1] = c->set->col[i].type;
    assay_writer_hex(w, key, "", b->p, b->len);
    if (w->status == ASSAY_OK)
        w->status = assay_key_show(type, c->set->n_key, b->p, b->len, &text);
    assay_writer_add(w, text_key, assay_buf_str(&text));
    assay_buf_release(&text);
}

/* Equal tags are equal bounds: that chunks tile shows without a key. */
static void add_bound_tag(struct assay_writer *w, const struct assay_check *c, const char *key, const char *segment,
                          const struct assay_bound *b)
{
    uint8_t tag[16];
    if (w->status == ASSAY_OK)
        w->status = assay_bound_tag(c->dataset_key, c->set->id, segment, b->p, b->len, tag);
    assay_writer_hex(w, key, "", tag, sizeof tag);
}

static void add_bounds(struct assay_writer *w, const struct assay_check *c, const struct assay_cut *cut,
                       uint32_t ordinal)
{
    const struct assay_bound *lo = ordinal > 0 ? &cut->bound[ordinal - 1] : NULL,
                             *hi = ordinal + 1 < cut->chunks ? &cut->bound[ordinal] : NULL;
    if (lo && c->set->keys_sealed)
        add_bound_tag(w, c, "lo-tag", cut->name, lo);
    else if (lo)
        add_bound(w, c, "lo", "lo-text", lo);
    if (hi && c->set->keys_sealed)
        add_bound_tag(w, c, "hi-tag", cut->name, hi);
    else if (hi)
        add_bound(w, c, "hi", "hi-text", hi);
}

/* Where the lines about columns go: into the statement, or into a blob; those that both sides have alike into another
 * one than those about rules. */
struct lines {
    struct assay_writer *w;
    struct assay_buf *sums, *raw; /* NULL: into the statement; they may be one */
};

static enum assay_status put_line(const struct lines *to, const char *key, const char *line)
{
    struct assay_writer *w = to->w;
    struct assay_buf *blob = strcmp(key, "col") == 0 ? to->sums : to->raw;
    if (blob)
        return assay_buf_addf(blob, "%s %s\n", key, line);
    assay_writer_add(w, key, line);
    return w->status;
}

/* "col SUM NAME", for a ruled column "raw SUM CHANGED-CELLS NAME", and where it has several rules for each that changed
 * any "rule CHANGED-CELLS ORDINAL NAME". */
static enum assay_status column_sums(const struct assay_check *c, const struct assay_lane *lane, const bool *has,
                                     const struct assay_tally *t, const struct lines *to)
{
    char sum[33], line[ASSAY_MAX_NAME + 128];
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < c->set->n_cols && s == ASSAY_OK; i++) {
        size_t ruled = assay_lane_ruled(lane, i);
        if (has && !has[i])
            continue;
        assay_sum_hex(t->sum[2 + i], sum);
        snprintf(line, sizeof line, "%s %s", sum, c->set->col[i].name);
        s = put_line(to, "col", line);
        if (ruled == SIZE_MAX || s != ASSAY_OK)
            continue;
        assay_sum_hex(t->sum[2 + c->set->n_cols + ruled], sum);
        snprintf(line, sizeof line, "%s %llu %s", sum, (unsigned long long)t->changed[ruled], c->set->col[i].name);
        s = put_line(to, "raw", line);
        const size_t rules = c->set->col[i].n_rules[c->side];
        const uint64_t *by_rule = t->changed + assay_lane_by_rule(lane, i);
        for (size_t k = 0; rules > 1 && k < rules && s == ASSAY_OK; k++) {
            snprintf(line, sizeof line, "%llu %zu %s", (unsigned long long)by_rule[k], k, c->set->col[i].name);
            if (by_rule[k])
                s = put_line(to, "rule", line);
        }
    }
    return s;
}

static enum assay_status add_columns(const struct assay_check *c, const struct assay_lane *lane, const bool *has,
                                     const struct assay_tally *t, struct assay_writer *w, struct assay_err *e)
{
    struct assay_buf blob = {0};
    uint8_t hash[32];
    size_t bytes = 0;
    for (size_t i = 0; i < c->set->n_cols; i++)
        bytes += (assay_lane_ruled(lane, i) == SIZE_MAX ? 1 : 2 + c->set->col[i].n_rules[c->side]) *
                 (64 + 3 * strlen(c->set->col[i].name));
    struct lines to = {w, NULL, NULL};
    if (bytes <= MAX_INLINE_BYTES)
        return column_sums(c, lane, has, t, &to);
    to.sums = to.raw = &blob;
    enum assay_status s = column_sums(c, lane, has, t, &to);
    if (s == ASSAY_OK)
        s = assay_sink_blob(c->sink, blob.ptr, blob.len, hash, e);
    assay_writer_hex(w, "columns", "sha256:", hash, 32);
    assay_buf_release(&blob);
    return s;
}

static enum assay_status add_sealed(struct assay_writer *w, struct sealer *sealer, const struct assay_cut *cut,
                                    uint32_t ordinal, const char *kind, const struct assay_buf *plain,
                                    struct assay_err *e)
{
    uint8_t name[32];
    if (!plain->len)
        return ASSAY_OK;
    enum assay_status s = assay_sealer_store(sealer, cut, ordinal, kind, plain, name, e);
    if (s == ASSAY_OK)
        assay_writer_hex(w, kind, "sha256:", name, sizeof name);
    return s;
}

/* Whoever has the dataset key could try rows until the sums of a few fit: they die with the chunk's key. */
static enum assay_status add_small(const struct assay_check *c, const struct assay_lane *lane,
                                   const struct assay_lane_segment *seg, uint32_t ordinal, struct sealer *sealer,
                                   struct assay_writer *w, struct assay_err *e)
{
    const struct assay_tally *t = &seg->chunk[ordinal];
    struct assay_buf sums = {0}, raw = {0};
    const struct lines to = {w, &sums, &raw};
    char row[33], key[33];
    assay_sum_hex(t->sum[0], row);
    assay_sum_hex(t->sum[1], key);
    enum assay_status s = assay_buf_addf(&sums, "sum-row %s\nsum-key %s\n", row, key);
    if (s == ASSAY_OK)
        s = column_sums(c, lane, seg->has, t, &to);
    s = s == ASSAY_OK ? add_sealed(w, sealer, seg->cut, ordinal, "sums", &sums, e) : assay_fail_nomem(e);
    if (s == ASSAY_OK)
        s = add_sealed(w, sealer, seg->cut, ordinal, "raw-sums", &raw, e);
    assay_buf_release(&sums);
    assay_buf_release(&raw);
    return s;
}

static void add_seal(struct assay_writer *w, const struct sealed_chunk *s)
{
    assay_writer_add(w, "unsealed", s->why);
    if (s->why)
        return;
    assay_writer_hex(w, "root", "sha256:", s->root, sizeof s->root);
    assay_writer_hex(w, "keycommit", "", s->commit, sizeof s->commit);
    assay_writer_hex(w, "blocks", "sha256:", s->blocks, sizeof s->blocks);
    if (s->has_sketch)
        assay_writer_hex(w, "sketch", "sha256:", s->sketch, sizeof s->sketch);
}

enum assay_status assay_attest_chunk(const struct assay_check *c, const char *plan_hash, const struct assay_lane *lane,
                                     const struct assay_lane_segment *seg, uint32_t ordinal, struct sealer *sealer,
                                     struct assay_err *e)
{
    const struct assay_cut *cut = seg->cut;
    const struct sealed_chunk *sealed = sealer ? assay_sealer_chunk(sealer, cut, ordinal) : NULL;
    const struct assay_tally *t = &seg->chunk[ordinal];
    const struct assay_finding *f;
    size_t n = assay_lane_findings(lane, &f);
    struct assay_writer w;
    uint8_t id[16];
    char sum[33];
    assay_cut_chunk_id(cut, ordinal, id);
    assay_attest_begin(&w, c, "chunk", plan_hash);
    assay_writer_add(&w, "segment", cut->name);
    assay_writer_hex(&w, "cut", "sha256:", cut->hash, 32);
    assay_writer_hex(&w, "chunk", "", id, sizeof id);
    assay_writer_addf(&w, "ordinal", "%u", ordinal);
    assay_writer_add(&w, "method", assay_cut_method_name(cut->method));
    if (cut->method == ASSAY_CUT_RANGE)
        add_bounds(&w, c, cut, ordinal);
    assay_writer_addf(&w, "canon", "%d", ASSAY_CANON_VERSION);
    assay_writer_add(&w, "strength", sealed && !sealed->why ? "sealed" : "fast");
    assay_writer_hex(&w, "form", "sha256:", seg->form, 32);
    for (size_t i = 0; seg->has && i < c->set->n_cols; i++)
        if (!seg->has[i])
            assay_writer_add(&w, "without", c->set->col[i].name);
    assay_writer_addf(&w, "rows", "%llu", (unsigned long long)t->rows);
    const bool small = sealed && c->set->keys_sealed && t->rows && t->rows < ASSAY_SMALL_CHUNK;
    if (!small) {
        assay_sum_hex(t->sum[0], sum);
        assay_writer_add(&w, "sum-row", sum);
        assay_sum_hex(t->sum[1], sum);
        assay_writer_add(&w, "sum-key", sum);
    }
    if (sealed)
        add_seal(&w, sealed);
    enum assay_status s =
        small ? add_small(c, lane, seg, ordinal, sealer, &w, e) : add_columns(c, lane, seg->has, t, &w, e);
    if (w.status == ASSAY_OK)
        w.status = s;
    if (t->defects)
        assay_writer_addf(&w, "defects", "%llu", (unsigned long long)t->defects);
    for (size_t i = 0, said = 0; t->defects && i < n && said < ASSAY_MAX_FINDINGS; i++)
        if (f[i].placed && f[i].segment == seg->segment && f[i].ordinal == ordinal) {
            assay_writer_add(&w, "finding", f[i].text);
            said++;
        }
    return assay_writer_send(&w, c->sink, e);
}

enum assay_status assay_attest_end(const struct assay_check *c, const char *plan_hash, const struct attest_end *x,
                                   struct assay_err *e)
{
    struct assay_writer w;
    uint64_t leaves;
    uint8_t root[32];
    assay_sink_run_root(c->sink, &leaves, root);
    assay_attest_begin(&w, c, "run-end", plan_hash);
    assay_writer_add(&w, "status", x->status == ASSAY_OK ? "ok" : x->status == ASSAY_EINTR ? "interrupted" : "failed");
    assay_writer_add(&w, "reason", x->reason);
    assay_writer_add(&w, "snapshot", x->token && *x->token ? x->token : NULL);
    assay_writer_addf(&w, "rows", "%llu", (unsigned long long)x->rows);
    if (x->has_count)
        assay_writer_addf(&w, "counted", "%llu", (unsigned long long)x->counted);
    if (x->unplaced)
        assay_writer_addf(&w, "unplaced", "%llu", (unsigned long long)x->unplaced);
    if (c->set->as_of.column) {
        assay_writer_add(&w, "as-of", c->set->as_of.at);
        assay_writer_add(&w, "as-of-column", c->set->as_of.column);
        assay_writer_addf(&w, "beyond", "%llu", (unsigned long long)x->beyond);
    }
    assay_writer_add(&w, "closed-until", x->mark);
    assay_writer_add(&w, "tiled", x->tiled);
    assay_writer_add(&w, "key-unique", x->unique);
    assay_writer_addf(&w, "leaves", "%llu", (unsigned long long)leaves);
    assay_writer_hex(&w, "root", "sha256:", root, 32);
    if (x->bytes)
        assay_writer_addf(&w, "bytes", "%llu", (unsigned long long)x->bytes);
    assay_writer_now(&w);
    enum assay_status s = assay_writer_send(&w, c->sink, e);
    return s == ASSAY_OK ? assay_sink_commit(c->sink, e) : s;
}
