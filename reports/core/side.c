/* What one side stated in the run that was compared: run facts, schema, objects, chunks. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/plan.h"
#include "collect.h"

#define KEEP_OK_OBJECTS 1000 /* objects that are ok, kept for the list of the HTML report */
#define KEEP_TEXTS_BELOW 20000 /* chunks; beyond, the readable bounds of matching chunks are not kept */

/* The four bytes of a key id are the first six base64 digits of a signature (36 bits). False if those are not base64.
 */
static bool key_id(const char *sig, char out[9])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    uint64_t bits = 0;
    for (int i = 0; i < 6; i++) {
        const char *at = sig[i] ? strchr(digits, sig[i]) : NULL;
        if (!at)
            return false;
        bits = bits << 6 | (uint64_t)(at - digits);
    }
    snprintf(out, 9, "%08x", (unsigned)(bits >> 4));
    return true;
}

/* The signer of a note: name and key id of its first signature line, "name+id" as in the key file. */
static const char *signer(struct assay_report *r, const char *note)
{
    static const char dash[] = "\n\n\xe2\x80\x94 ";
    const char *p = strstr(note, dash);
    char out[256], id[9];
    if (!p)
        return NULL;
    p += sizeof dash - 1;
    size_t n = strcspn(p, " \n");
    if (n > 200 || p[n] != ' ' || !key_id(p + n + 1, id))
        return NULL;
    snprintf(out, sizeof out, "%.*s+%s", (int)n, p, id);
    return assay_arena_copy(&r->arena, out);
}

static bool take_start(struct assay_collect *c, const struct assay_stmt *s, struct assay_rep_side *side)
{
    struct assay_report *r = c->r;
    side->started = true;
    side->run = assay_collect_text(r, s, "run");
    side->locator = assay_collect_text(r, s, "locator");
    side->host = assay_collect_text(r, s, "host");
    side->uid = assay_collect_text(r, s, "uid");
    side->version = assay_collect_text(r, s, "version");
    side->scope = assay_collect_text(r, s, "scope");
    side->strength = assay_collect_text(r, s, "strength");
    side->started_at = assay_collect_text(r, s, "observed");
    return true;
}

static bool take_end(struct assay_collect *c, const struct assay_stmt *s, struct assay_rep_side *side)
{
    struct assay_report *r = c->r;
    side->ended = true;
    side->status = assay_collect_text(r, s, "status");
    side->reason = assay_collect_text(r, s, "reason");
    side->snapshot = assay_collect_text(r, s, "snapshot");
    side->as_of = assay_collect_text(r, s, "as-of");
    side->as_of_column = assay_collect_text(r, s, "as-of-column");
    assay_stmt_number(s, "beyond", &side->beyond);
    side->tiled = assay_collect_text(r, s, "tiled");
    side->key_unique = assay_collect_text(r, s, "key-unique");
    side->ended_at = assay_collect_text(r, s, "observed");
    assay_stmt_number(s, "rows", &side->rows);
    assay_stmt_number(s, "bytes", &side->bytes);
    assay_stmt_number(s, "unplaced", &side->unplaced);
    side->has_counted = assay_stmt_number(s, "counted", &side->counted);
    return true;
}

/* The counts of one column, made when it is seen first; NULL: out of memory. */
static struct assay_rep_changed *changed_of(struct assay_collect *c, struct assay_rep_side *side, const char *column)
{
    size_t i = 0;
    while (i < side->n_changed && strcmp(side->changed[i].column, column) != 0)
        i++;
    if (i < side->n_changed)
        return &side->changed[i];
    if (!assay_grow(&side->changed, i, &side->cap_changed, sizeof *side->changed)) {
        assay_fail_nomem(c->e);
        return NULL;
    }
    const char *copy = assay_arena_copy(&c->r->arena, column);
    if (!copy)
        return NULL;
    side->changed[side->n_changed++] = (struct assay_rep_changed){.column = copy};
    return &side->changed[i];
}

/* A `raw` line: "SUM CHANGED-CELLS NAME". */
static bool take_raw(struct assay_collect *c, struct assay_rep_side *side, const char *line)
{
    const char *n = strchr(line, ' '), *name = n ? strchr(n + 1, ' ') : NULL;
    struct assay_rep_changed *to = name ? changed_of(c, side, name + 1) : NULL;
    if (to)
        to->cells += strtoull(n + 1, NULL, 10);
    return to || !name;
}

/* A `rule` line: "CHANGED-CELLS ORDINAL NAME". */
static bool take_rule(struct assay_collect *c, struct assay_rep_side *side, const char *line)
{
    char *end = NULL;
    const uint64_t cells = strtoull(line, &end, 10);
    const unsigned long ordinal = end && *end == ' ' ? strtoul(end + 1, &end, 10) : ULONG_MAX;
    const bool fits = ordinal < 32 && *end == ' ';
    struct assay_rep_changed *to = fits ? changed_of(c, side, end + 1) : NULL;
    if (to) {
        to->rule[ordinal] += cells;
        to->by_rule = true;
    }
    return to || !fits;
}

static void take_bounds(struct assay_collect *c, const struct assay_stmt *s, struct assay_rep_chunk *k)
{
    const struct assay_rep_chunk *before = k > c->d->chunk ? k - 1 : NULL;
    const char *cut = assay_stmt_get(s, "cut");
    k->sealed[0] = assay_stmt_get(s, "lo-tag") != NULL;
    k->sealed[1] = assay_stmt_get(s, "hi-tag") != NULL;
    k->lo = k->sealed[0] ? ASSAY_BOUND_SEALED : assay_collect_text(c->r, s, "lo-text");
    k->hi = k->sealed[1] ? ASSAY_BOUND_SEALED : assay_collect_text(c->r, s, "hi-text");
    if (!cut || !(k->sealed[0] || k->sealed[1]))
        return;
    bool same = before && before->cut && strcmp(before->cut, cut) == 0;
    k->cut = same ? before->cut : assay_arena_copy(&c->r->arena, cut);
}

static bool take_chunk(struct assay_collect *c, const struct assay_stmt *s, struct assay_rep_side *side)
{
    const char *id = assay_stmt_get(s, "chunk");
    struct assay_rep_chunk *k = assay_chunk_named(c->d, id, c->e);
    if (!k)
        return false;
    side->chunks += !k->has[c->side];
    k->has[c->side] = true;
    if (!k->has_rows[c->side])
        k->has_rows[c->side] = assay_stmt_number(s, "rows", &k->rows[c->side]);
    assay_stmt_number(s, "ordinal", &k->ordinal);
    const char *raw;
    for (size_t i = 0; (raw = assay_stmt_nth(s, "rule", i)); i++)
        if (!take_rule(c, side, raw))
            return false;
    for (size_t i = 0; (raw = assay_stmt_nth(s, "raw", i)); i++)
        if (!take_raw(c, side, raw))
            return false;
    const char *segment = assay_stmt_get(s, "segment");
    if (!k->segment && segment) {
        /* chunks of a segment come one after the other: share its name */
        const struct assay_rep_chunk *before = k > c->d->chunk ? k - 1 : NULL;
        bool same = before && before->segment && strcmp(before->segment, segment) == 0;
        k->segment = same ? before->segment : assay_arena_copy(&c->r->arena, segment);
    }
    bool judged_bad = k->judged && k->verdict != ASSAY_RV_MATCH;
    if (!k->lo && !k->hi && (judged_bad || c->d->n_chunks < KEEP_TEXTS_BELOW))
        take_bounds(c, s, k);
    return true;
}

static bool object_ok(const char *status)
{
    return status && (strcmp(status, "ok") == 0 || strcmp(status, "intact") == 0 || strcmp(status, "manifest") == 0);
}

/* "COUNT WHAT": claims of a manifest that nothing was compared with. */
static bool take_unverified(struct assay_collect *c, const struct assay_stmt *s)
{
    struct assay_rep_dataset *d = c->d;
    const char *line;
    for (size_t i = 0; (line = assay_stmt_nth(s, "claims-unverified", i)); i++) {
        char *end = NULL;
        struct assay_rep_claim claim = {.side = c->side, .claims = strtoull(line, &end, 10)};
        if (*end != ' ')
            continue;
        d->claims_unverified += claim.claims;
        if (d->n_claims >= ASSAY_REPORT_MAX_OBJECTS)
            continue;
        if (!assay_grow(&d->claim, d->n_claims, &d->cap_claims, sizeof *d->claim)) {
            assay_fail_nomem(c->e);
            return false;
        }
        claim.manifest = assay_collect_text(c->r, s, "object");
        claim.what = assay_arena_copy(&c->r->arena, end + 1);
        d->claim[d->n_claims++] = claim;
    }
    return true;
}

static bool take_object(struct assay_collect *c, const struct assay_stmt *s, struct assay_rep_side *side)
{
    struct assay_rep_dataset *d = c->d;
    if (c->objects_known)
        return true;
    struct assay_rep_object o = {.side = c->side, .status = assay_collect_text(c->r, s, "status")};
    assay_stmt_number(s, "bytes", &o.bytes);
    assay_stmt_number(s, "misplaced", &o.misplaced);
    assay_stmt_number(s, "nonstandard", &o.nonstandard);
    side->nonstandard += o.nonstandard;
    const bool is_manifest = o.status && strcmp(o.status, "manifest") == 0;
    const char *denied = assay_stmt_get(s, "manifest");
    o.ok = object_ok(o.status) && !o.misplaced && !denied;
    if (denied && object_ok(o.status))
        o.status = assay_arena_copy(&c->r->arena, "manifest");
    if (!take_unverified(c, s))
        return false;
    const bool holds_rows = !is_manifest || denied;
    side->objects += holds_rows;
    side->objects_bad += !o.ok;
    side->object_bytes += holds_rows ? o.bytes : 0;
    if (c->side == ASSAY_ARCHIVE && holds_rows) {
        d->counts.objects++;
        d->counts.bytes_archive += o.bytes;
    }
    size_t n_ok = d->n_objects - d->n_bad;
    if (o.ok ? n_ok >= KEEP_OK_OBJECTS : d->n_bad >= ASSAY_REPORT_MAX_OBJECTS)
        return true;
    o.locator = assay_collect_text(c->r, s, "object");
    o.segment = assay_collect_text(c->r, s, "segment");
    o.reason = assay_collect_text(c->r, s, "reason");
    if (!o.reason)
        o.reason = assay_collect_text(c->r, s, "finding");
    if (!o.reason && denied)
        o.reason = assay_arena_copy(&c->r->arena, denied + strcspn(denied, " ") + 1);
    o.sha256 = assay_collect_text(c->r, s, "sha256");
    assay_stmt_number(s, "rows", &o.rows);
    if (o.misplaced && !o.reason)
        o.reason = assay_arena_copy(&c->r->arena, "holds rows of other segments");
    assay_stmt_number(s, "defects", &o.defects);
    if (!assay_grow(&d->object, d->n_objects, &d->cap_objects, sizeof *d->object)) {
        assay_fail_nomem(c->e);
        return false;
    }
    d->object[d->n_objects++] = o;
    d->n_bad += !o.ok;
    return true;
}

/* A reference that holds is nothing to tell; one that does not stands among the findings about objects. */
static bool take_reference(struct assay_collect *c, const struct assay_stmt *s, struct assay_rep_side *side)
{
    struct assay_rep_dataset *d = c->d;
    struct assay_rep_object o = {.side = c->side,
                                 .reference = true,
                                 .status = assay_collect_text(c->r, s, "status"),
                                 .locator = assay_collect_text(c->r, s, "object"),
                                 .reason = assay_collect_text(c->r, s, "reason")};
    assay_stmt_number(s, "rows", &o.rows);
    if (object_ok(o.status))
        return true;
    side->objects_bad++;
    if (d->n_bad >= ASSAY_REPORT_MAX_OBJECTS)
        return true;
    if (!assay_grow(&d->object, d->n_objects, &d->cap_objects, sizeof *d->object)) {
        assay_fail_nomem(c->e);
        return false;
    }
    d->object[d->n_objects++] = o;
    d->n_bad++;
    return true;
}

static bool take_schema(struct assay_collect *c, const struct assay_stmt *s, struct assay_rep_side *side)
{
    struct assay_ledger *l = c->more;
    struct assay_buf text = {0};
    uint8_t name[32];
    const char *v;
    if (assay_stmt_get(s, "objects")) {
        assay_era_take(l, c, s, side);
        return c->e->code == ASSAY_OK;
    }
    side->fingerprint = assay_collect_text(c->r, s, "fingerprint");
    for (size_t i = 0; (v = assay_stmt_nth(s, "uncovered", i)); i++) {
        if (!assay_grow(&side->uncovered, side->n_uncovered, &side->cap_uncovered, sizeof *side->uncovered)) {
            assay_fail_nomem(c->e);
            return false;
        }
        side->uncovered[side->n_uncovered++] = assay_arena_copy(&c->r->arena, v);
    }
    v = assay_stmt_get(s, "text");
    if (!v)
        return true;
    if (strncmp(v, "sha256:", 7) == 0)
        v += 7;
    if (assay_unhex(v, name, sizeof name) == 0) {
        enum assay_status st = assay_ledger_blob(l, name, &text, c->e);
        if (st == ASSAY_OK)
            assay_schema_take(c->r, side, text.ptr, text.len, c->e);
        else if (st == ASSAY_ENOTFOUND)
            assay_fail(c->e, ASSAY_ELEDGER, "the ledger lacks blob %.12s, the schema of dataset %s", v, c->d->name);
    }
    assay_buf_release(&text);
    return c->e->code == ASSAY_OK;
}

static bool take(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    static const struct {
        const char *kind;
        bool (*take)(struct assay_collect *c, const struct assay_stmt *s, struct assay_rep_side *side);
    } kinds[] = {
        {"run-start", take_start},     {"schema", take_schema}, {"object", take_object},
        {"reference", take_reference}, {"chunk", take_chunk},   {"run-end", take_end},
    };
    struct assay_rep_side *side = &c->d->side[c->side];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(s->kind, kinds[i].kind) != 0)
            continue;
        if (!side->key)
            side->key = signer(c->r, leaf->note);
        return kinds[i].take(c, s, side);
    }
    return true;
}

/* ---- which run of this side was compared? ---- */

struct wanted {
    const char *run;
    bool hashed; /* only a run that hashed rows: not a scrub */
};

static bool is_scrub(const char *scope)
{
    return scope && strcmp(scope, "scrub") == 0;
}

static bool take_run(struct assay_collect *c, const struct assay_stmt *s, const struct assay_leaf *leaf)
{
    struct wanted *w = c->more;
    if (c->d->has_verdict && leaf->index > c->d->verdict_leaf)
        return true; /* newest first: not yet there when the verdict was made */
    if (w->hashed && is_scrub(assay_stmt_get(s, "scope")))
        return true;
    w->run = assay_collect_text(c->r, s, "run");
    return false;
}

/* The newest run of this side that had begun when the verdict was made; run NULL: any. */
static enum assay_status newest(struct assay_ledger *l, struct assay_collect c, const char *run, struct wanted *out)
{
    struct assay_ledger_query q = {.kind = "run-start",
                                   .role = assay_side_name((enum assay_side_id)c.side),
                                   .dataset = c.d->id,
                                   .run = run,
                                   .newest_first = true};
    c.more = out;
    c.take = take_run;
    return assay_collect(l, &q, &c);
}

static enum assay_status read_run(struct assay_ledger *l, struct assay_collect c, const char *run)
{
    struct assay_ledger_query q = {.role = assay_side_name((enum assay_side_id)c.side), .dataset = c.d->id, .run = run};
    c.more = l;
    c.take = take;
    enum assay_status s = assay_collect(l, &q, &c);
    if (!c.d->side[c.side].run)
        c.d->side[c.side].run = run;
    return s;
}

/* A scrub states which objects are intact; what the rows are was stated by an earlier run, whose facts are shown. */
static enum assay_status read_below_scrub(struct assay_ledger *l, struct assay_collect c)
{
    struct assay_rep_side *side = &c.d->side[c.side], scrub = *side;
    struct wanted w = {.hashed = true};
    enum assay_status s = newest(l, c, NULL, &w);
    if (s != ASSAY_OK || !w.run)
        return s;
    side->run = side->status = NULL;
    side->ended = false;
    c.objects_known = scrub.objects > 0;
    s = read_run(l, c, w.run);
    side->scrub_run = scrub.run;
    if (!scrub.ended || !scrub.status || strcmp(scrub.status, "ok") != 0) {
        side->ended = scrub.ended;
        side->status = scrub.status;
        side->reason = scrub.reason;
    }
    return s;
}

enum assay_status assay_collect_side(struct assay_ledger *l, struct assay_report *r, struct assay_rep_dataset *d,
                                     int side, struct assay_err *e)
{
    struct assay_collect c = {.r = r, .d = d, .side = side, .e = e};
    struct wanted w = {.run = d->side_run[side]};
    enum assay_status s = ASSAY_OK;
    if (!w.run)
        s = newest(l, c, d->run, &w);
    if (s == ASSAY_OK && !w.run && d->has_verdict)
        s = newest(l, c, NULL, &w);
    if (s == ASSAY_OK && w.run)
        s = read_run(l, c, w.run);
    if (s == ASSAY_OK && is_scrub(d->side[side].scope))
        s = read_below_scrub(l, c);
    return s;
}
