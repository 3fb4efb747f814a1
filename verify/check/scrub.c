#include "assay/scrub.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/note.h"
#include "assay/reader.h"
#include "attest.h"
#include "manifest.h"

struct object {
    char *name, *segment;
    uint64_t leaf, bytes;
    uint8_t sha256[32];
    bool known; /* the ledger has its hash */
    bool paper; /* no data: a manifest, or another file that one consists of */
    bool bad; /* and says that it does not decode */
    size_t part; /* SIZE_MAX: not there now */
    enum assay_object_state state;
    uint64_t now_bytes;
    uint8_t now[32];
    struct assay_err err;
    char why[160]; /* of papers: what has become of one, in a sentence */
};

struct scrub {
    const struct assay_check *c;
    struct object *o;
    size_t n, cap;
    struct assay_reader *reader;
    pthread_mutex_t lock;
    size_t next;
    enum assay_status status;
    struct assay_err *err;
    uint64_t first; /* lowest leaf index that counts */
};

const char *assay_object_state_name(enum assay_object_state s)
{
    static const char *const names[] = {"intact", "damaged",    "truncated",  "missing",
                                        "extra",  "unreadable", "undecodable"};
    return names[s];
}

static struct object *add(struct scrub *x, const char *name, const char *segment)
{
    if (x->n == x->cap) {
        size_t want = x->cap ? 2 * x->cap : 64;
        struct object *grown = realloc(x->o, want * sizeof *grown);
        if (!grown)
            return NULL;
        x->o = grown;
        x->cap = want;
    }
    struct object *o = &x->o[x->n];
    *o = (struct object){.part = SIZE_MAX, .name = strdup(name), .segment = segment ? strdup(segment) : NULL};
    if (!o->name || (segment && !o->segment)) {
        free(o->name);
        free(o->segment);
        return NULL;
    }
    x->n++;
    return o;
}

/* ---- what the ledger knows: objects of the newest whole verification, and of what came later ---- */

struct whole { /* run-starts of everything, newest first */
    struct {
        char run[37];
        uint64_t leaf;
    } * start;
    size_t n;
    uint64_t ended; /* leaf of the run-end that is looked for */
    enum assay_status status;
    struct assay_err *err;
};

static bool find_start(void *ctx, const struct assay_leaf *leaf)
{
    struct whole *w = ctx;
    struct assay_stmt s = {0};
    w->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, w->err);
    if (w->status == ASSAY_OK) {
        const char *scope = assay_stmt_get(&s, "scope"), *run = assay_stmt_get(&s, "run");
        void *grown =
            scope && run && strcmp(scope, "all") == 0 ? realloc(w->start, (w->n + 1) * sizeof *w->start) : NULL;
        if (grown) {
            w->start = grown;
            snprintf(w->start[w->n].run, sizeof w->start->run, "%s", run);
            w->start[w->n++].leaf = leaf->index;
        } else if (scope && run && strcmp(scope, "all") == 0) {
            w->status = assay_fail_nomem(w->err);
        }
    }
    assay_stmt_release(&s);
    return w->status == ASSAY_OK;
}

static bool find_end(void *ctx, const struct assay_leaf *leaf)
{
    struct whole *w = ctx;
    struct assay_stmt s = {0};
    w->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, w->err);
    if (w->status == ASSAY_OK) {
        const char *status = assay_stmt_get(&s, "status");
        if (status && strcmp(status, "ok") == 0)
            w->ended = leaf->index;
    }
    assay_stmt_release(&s);
    return false; /* the newest of its run */
}

/* Where the newest whole verification began that ended well: one that broke off does not make the ledger forget. */
static enum assay_status find_whole(struct scrub *x)
{
    struct whole w = {.err = x->err};
    struct assay_ledger_query q = {
        .kind = "run-start", .role = "archive", .dataset = x->c->set->id, .newest_first = true};
    enum assay_status s = assay_ledger_each(x->c->ledger, &q, find_start, &w, x->err);
    if (s == ASSAY_OK)
        s = w.status;
    q.kind = "run-end";
    for (size_t i = 0; i < w.n && s == ASSAY_OK && !x->first; i++) {
        q.run = w.start[i].run;
        w.ended = 0;
        s = assay_ledger_each(x->c->ledger, &q, find_end, &w, x->err);
        if (s == ASSAY_OK)
            s = w.status;
        if (w.ended > w.start[i].leaf)
            x->first = w.start[i].leaf;
    }
    free(w.start);
    return s;
}

static enum assay_status take(struct scrub *x, const struct assay_stmt *s, uint64_t leaf)
{
    const char *name = assay_stmt_get(s, "object"), *status = assay_stmt_get(s, "status"),
               *sha = assay_stmt_get(s, "sha256"), *bytes = assay_stmt_get(s, "bytes");
    bool bad = status && strcmp(status, "undecodable") == 0, paper = status && strcmp(status, "manifest") == 0;
    if (!name || !status || !sha || !bytes || (strcmp(status, "ok") != 0 && !bad && !paper))
        return ASSAY_OK;
    struct object *o = add(x, name, assay_stmt_get(s, "segment"));
    if (!o)
        return assay_fail_nomem(x->err);
    o->leaf = leaf;
    o->known = true;
    o->bad = bad;
    o->paper = paper;
    o->bytes = strtoull(bytes, NULL, 10);
    if (assay_unhex(sha, o->sha256, 32))
        return assay_fail(x->err, ASSAY_ELEDGER, "leaf %llu: its sha256 is not 64 hex digits",
                          (unsigned long long)leaf);
    return ASSAY_OK;
}

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct scrub *x = ctx;
    struct assay_stmt s = {0};
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, x->err);
    if (x->status == ASSAY_OK)
        x->status = take(x, &s, leaf->index);
    assay_stmt_release(&s);
    return x->status == ASSAY_OK;
}

/* By name, the newest statement first. */
static int by_name(const void *a, const void *b)
{
    const struct object *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c ? c : x->leaf > y->leaf ? -1 : x->leaf < y->leaf;
}

static enum assay_status load_known(struct scrub *x)
{
    enum assay_status s = find_whole(x);
    if (s != ASSAY_OK)
        return s;
    struct assay_ledger_query q = {.kind = "object", .role = "archive", .dataset = x->c->set->id, .from = x->first};
    s = assay_ledger_each(x->c->ledger, &q, each, x, x->err);
    if (s == ASSAY_OK)
        s = x->status;
    if (s != ASSAY_OK)
        return s;
    if (x->n)
        qsort(x->o, x->n, sizeof *x->o, by_name);
    size_t to = 0;
    for (size_t i = 0; i < x->n; i++)
        if (to && strcmp(x->o[to - 1].name, x->o[i].name) == 0) {
            free(x->o[i].name);
            free(x->o[i].segment);
        } else {
            x->o[to++] = x->o[i];
        }
    x->n = to;
    if (to == 0)
        return assay_fail(x->err, ASSAY_ENOTFOUND,
                          "dataset %s: the ledger knows no object of its archive: run assay check first",
                          x->c->set->name);
    return ASSAY_OK;
}

/* ---- what is there now ---- */

static bool in_scope(const struct assay_check *c, const char *segment)
{
    for (size_t i = 0; i < c->n_segments; i++)
        if (segment && strcmp(c->segments[i], segment) == 0)
            return true;
    return c->n_segments == 0;
}

static int find_object(const void *name, const void *o)
{
    return strcmp(name, ((const struct object *)o)->name);
}

static enum assay_status look(struct scrub *x)
{
    struct assay_locator loc = assay_plan_locator(x->c->plan, x->c->set, ASSAY_ARCHIVE);
    const struct assay_part *part;
    size_t n = 0, known = x->n;
    enum assay_status s = assay_reader_open(&loc, &x->reader, x->err);
    if (s == ASSAY_OK)
        s = x->reader->ops->parts(x->reader, 0, &part, &n, x->err);
    if (s == ASSAY_ENOTFOUND) { /* all of it is gone */
        assay_err_reset(x->err);
        return ASSAY_OK;
    }
    if (s == ASSAY_OK && n && !part[0].object)
        return assay_fail(x->err, ASSAY_EUSAGE, "dataset %s: its archive is no set of files; scrub reads files",
                          x->c->set->name);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++) {
        struct object *o = known ? bsearch(part[i].name, x->o, known, sizeof *x->o, find_object) : NULL;
        if (!o && !(o = add(x, part[i].name, part[i].segment)))
            s = assay_fail_nomem(x->err);
        else
            o->part = i;
    }
    if (s == ASSAY_OK)
        qsort(x->o, x->n, sizeof *x->o, by_name);
    return s;
}

static enum assay_status hash_paper(const struct scrub *x, struct object *o)
{
    struct assay_buf text = {0};
    enum assay_status s = assay_manifest_file(x->c->plan->base_dir, o->name, ASSAY_MAX_BAG, &text, &o->err);
    if (s == ASSAY_OK) {
        assay_sha256(text.ptr ? (const char *)text.ptr : "", text.len, o->now);
        o->now_bytes = text.len;
    }
    assay_buf_release(&text);
    return s;
}

/* A manifest is what the files were held against: whoever changes both alike is found out by this. */
static void examine_paper(const struct scrub *x, struct object *o)
{
    char was[65], is[65];
    enum assay_status s = hash_paper(x, o);
    if (s == ASSAY_ENOTFOUND || s == ASSAY_EDATA) {
        assay_err_reset(&o->err);
        o->state = ASSAY_OBJECT_MISSING;
        snprintf(o->why, sizeof o->why, "%s",
                 s == ASSAY_EDATA ? "no regular file is there any more: there was one when the archive was verified"
                                  : "it is gone, and was there when the archive was verified");
    } else if (s != ASSAY_OK) {
        o->state = ASSAY_OBJECT_UNREADABLE;
    } else if (o->bytes == o->now_bytes && memcmp(o->sha256, o->now, 32) == 0) {
        o->state = ASSAY_OBJECT_INTACT;
    } else {
        o->state = o->now_bytes < o->bytes ? ASSAY_OBJECT_TRUNCATED : ASSAY_OBJECT_DAMAGED;
        assay_hex(o->sha256, 32, was);
        assay_hex(o->now, 32, is);
        snprintf(o->why, sizeof o->why,
                 "it was changed since the archive was verified: SHA-256 %.12s of %llu bytes, it had %.12s of %llu", is,
                 (unsigned long long)o->now_bytes, was, (unsigned long long)o->bytes);
    }
}

static void examine(struct scrub *x, struct object *o)
{
    if (o->part == SIZE_MAX && o->paper) {
        examine_paper(x, o);
        return;
    }
    if (o->part == SIZE_MAX) {
        o->state = ASSAY_OBJECT_MISSING;
        return;
    }
    enum assay_status s = x->reader->ops->hash_object(x->reader, o->part, o->now, NULL, &o->now_bytes, &o->err);
    if (s == ASSAY_ENOTFOUND)
        o->state = ASSAY_OBJECT_MISSING;
    else if (s != ASSAY_OK)
        o->state = ASSAY_OBJECT_UNREADABLE;
    else if (!o->known)
        o->state = ASSAY_OBJECT_EXTRA;
    else if (o->bytes == o->now_bytes && memcmp(o->sha256, o->now, 32) == 0)
        o->state = o->bad ? ASSAY_OBJECT_UNDECODABLE : ASSAY_OBJECT_INTACT;
    else
        o->state = o->now_bytes < o->bytes ? ASSAY_OBJECT_TRUNCATED : ASSAY_OBJECT_DAMAGED;
}

static void *work(void *arg)
{
    struct scrub *x = arg;
    for (;;) {
        pthread_mutex_lock(&x->lock);
        size_t i = assay_interrupted() ? x->n : x->next++;
        pthread_mutex_unlock(&x->lock);
        if (i >= x->n)
            return NULL;
        if (in_scope(x->c, x->o[i].segment))
            examine(x, &x->o[i]);
    }
}

static void work_all(struct scrub *x)
{
    pthread_t t[64];
    unsigned n = 0;
    while (n + 1 < x->c->jobs && n < 64 && n + 1 < x->n && pthread_create(&t[n], NULL, work, x) == 0)
        n++;
    work(x);
    for (unsigned i = 0; i < n; i++)
        pthread_join(t[i], NULL);
}

/* ---- what is stated ---- */

static enum assay_status attest_object(const struct scrub *x, const char *plan_hash, const struct object *o)
{
    struct assay_writer w;
    assay_attest_begin(&w, x->c, "object", plan_hash);
    assay_writer_add(&w, "object", o->name);
    assay_writer_add(&w, "segment", o->segment);
    assay_writer_add(&w, "status", assay_object_state_name(o->state));
    if (o->state != ASSAY_OBJECT_MISSING && o->state != ASSAY_OBJECT_UNREADABLE) {
        assay_writer_hex(&w, "sha256", "", o->now, 32);
        assay_writer_addf(&w, "bytes", "%llu", (unsigned long long)o->now_bytes);
    }
    if (o->err.code != ASSAY_OK)
        assay_writer_add(&w, "reason", o->err.msg);
    else if (*o->why)
        assay_writer_add(&w, "reason", o->why);
    else if (o->state == ASSAY_OBJECT_TRUNCATED)
        assay_writer_addf(&w, "reason", "%llu bytes, the ledger has %llu", (unsigned long long)o->now_bytes,
                          (unsigned long long)o->bytes);
    return assay_writer_send(&w, x->c->sink, x->err);
}

static enum assay_status start(const struct scrub *x, const char *plan_hash)
{
    struct assay_writer w;
    assay_attest_begin(&w, x->c, "run-start", plan_hash);
    assay_writer_add(&w, "version", ASSAY_VERSION);
    assay_writer_add(&w, "scope", "scrub");
    assay_writer_now(&w);
    return assay_writer_send(&w, x->c->sink, x->err);
}

static enum assay_status state_all(struct scrub *x, const char *plan_hash, assay_scrub_fn *tell, void *ctx,
                                   struct assay_scrub_result *out)
{
    enum assay_status s = start(x, plan_hash);
    for (size_t i = 0; i < x->n && s == ASSAY_OK; i++) {
        const struct object *o = &x->o[i];
        if (!in_scope(x->c, o->segment))
            continue;
        out->objects[o->state]++;
        out->bytes += o->now_bytes;
        tell(ctx, o->name, o->state, o->err.code != ASSAY_OK ? o->err.msg : *o->why ? o->why : NULL);
        s = attest_object(x, plan_hash, o);
    }
    struct attest_end end = {.bytes = out->bytes, .tiled = "unknown", .unique = "unknown", .status = s};
    if (assay_interrupted())
        s = end.status = assay_fail(x->err, ASSAY_EINTR, "interrupted");
    struct assay_err late = {0};
    enum assay_status ended = assay_attest_end(x->c, plan_hash, &end, &late);
    return s != ASSAY_OK ? s : ended == ASSAY_OK ? ended : assay_fail(x->err, ended, "%s", late.msg);
}

enum assay_status assay_scrub(const struct assay_check *c, assay_scrub_fn *tell, void *ctx,
                              struct assay_scrub_result *out, struct assay_err *e)
{
    struct scrub x = {.c = c, .lock = PTHREAD_MUTEX_INITIALIZER, .err = e};
    char hash[65];
    *out = (struct assay_scrub_result){0};
    enum assay_status s = assay_plan_hash(c->set, hash, NULL, e);
    if (s == ASSAY_OK)
        s = load_known(&x);
    if (s == ASSAY_OK)
        s = look(&x);
    if (s == ASSAY_OK) {
        work_all(&x);
        s = assay_interrupted() ? assay_fail(e, ASSAY_EINTR, "interrupted") : state_all(&x, hash, tell, ctx, out);
    }
    for (size_t i = 0; i < x.n; i++) {
        free(x.o[i].name);
        free(x.o[i].segment);
    }
    free(x.o);
    if (x.reader)
        x.reader->ops->close(x.reader);
    return s;
}
