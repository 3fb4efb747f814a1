#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/log.h"
#include "assay/purge.h"
#include "assay/purge_chunk.h"
#include "assay/purge_place.h"
#include "assay/purge_run.h"
#include "assay/writer.h"
#include "progress.h"

#define SETTLED_NOW UINT64_MAX /* as the leaf of a chunk that is gone: by this run's own statement */

struct run {
    const struct assay_purge_job *job;
    struct assay_purge_result *out;
    struct assay_ledger *ledger;
    struct assay_sink *sink; /* NULL: dry run */
    struct assay_permit permit;
    struct purge_progress progress;
    struct assay_purger_spec spec;
    struct assay_purger *purger;
    struct assay_err stale; /* nothing more may be deleted, and why; what a stopped run left unsaid is still found */
    char id[37];
};

/* ---- what the permit rests on ---- */

/* Of the dataset and plan at hand. */
static enum assay_status check_permit(const struct run *r, struct assay_err *e)
{
    const struct assay_dataset *d = r->job->set;
    const unsigned long long leaf = r->permit.leaf;
    char plan[65];
    if (strcmp(r->permit.dataset, d->id) != 0)
        return assay_fail(e, ASSAY_EUSAGE, "permit %llu is for another dataset than %s", leaf, d->name);
    enum assay_status s = assay_plan_hash(d, plan, NULL, e);
    if (s == ASSAY_OK && strcmp(plan, r->permit.plan) != 0)
        s = assay_fail(e, ASSAY_EUSAGE, "dataset %s: permit %llu was given under another plan", d->name, leaf);
    return s;
}

/* Has nobody taken it back? Asked before every chunk. */
static enum assay_status check_standing(const struct run *r, struct assay_err *e)
{
    struct assay_permit_end end;
    const char *name = r->job->set->name;
    const unsigned long long permit = r->permit.leaf;
    enum assay_status s = assay_permit_ended(r->ledger, &r->permit, &end, e);
    if (s != ASSAY_OK || end.leaf == UINT64_MAX)
        return s;
    r->out->refused = true;
    return end.withdrawn
               ? assay_fail(e, ASSAY_EUSAGE,
                            "dataset %s: permit %llu was withdrawn by leaf %llu: nothing more is deleted under it",
                            name, permit, (unsigned long long)end.leaf)
               : assay_fail(
                     e, ASSAY_EUSAGE,
                     "dataset %s: permit %llu was signed by a key of the approver that leaf %llu put out of use: "
                     "nothing more is deleted under it",
                     name, permit, (unsigned long long)end.leaf);
}

/* At every start, whatever was deleted under the permit before: an archive that lost rows since must keep them at the
 * source. A newer comparison is as good as the permitted one once a run has begun, if it is a match throughout: what
 * was deleted is compared by its root. */
static enum assay_status check_fresh(const struct run *r, struct assay_err *e)
{
    struct assay_purge_gate g;
    const struct assay_dataset *d = r->job->set;
    enum assay_status s = check_standing(r, e);
    if (s == ASSAY_OK)
        s = assay_purge_look(r->ledger, d->id, r->permit.plan, r->job->now, r->permit.max_age, &g, e);
    if (s != ASSAY_OK)
        return s;
    r->out->refused = true;
    for (int i = 0; i < ASSAY_PURGE_REASONS; i++)
        if (g.stands[i])
            return assay_fail(e, ASSAY_EUSAGE,
                              "dataset %s: what permit %llu rests on holds no longer: %s (run %s of %s)", d->name,
                              (unsigned long long)r->permit.leaf, assay_purge_reason_name((enum assay_purge_reason)i),
                              g.run, g.observed);
    if (!r->progress.begun && strcmp(g.run, r->permit.verdict_run) != 0)
        return assay_fail(e, ASSAY_EUSAGE,
                          "dataset %s: permit %llu rests on run %s, and there is a newer comparison: run %s", d->name,
                          (unsigned long long)r->permit.leaf, r->permit.verdict_run, g.run);
    r->out->refused = false;
    return ASSAY_OK;
}

/* "KIND ROWS NAME": where the rows begin, and where the name does. */
static bool split(const char *way, size_t *kind, uint64_t *rows, const char **name)
{
    const char *space = strchr(way, ' ');
    char *end = NULL;
    if (!space)
        return false;
    *kind = (size_t)(space - way);
    *rows = strtoull(space + 1, &end, 10);
    *name = end + 1;
    return *end == ' ';
}

/* Is the way that was found one that is permitted? Rows that cascades already took are fewer. */
static bool permitted(const char *found, const char *given, bool fewer)
{
    size_t k[2];
    uint64_t rows[2];
    const char *name[2];
    return split(found, &k[0], &rows[0], &name[0]) && split(given, &k[1], &rows[1], &name[1]) && k[0] == k[1] &&
           memcmp(found, given, k[0]) == 0 && strcmp(name[0], name[1]) == 0 &&
           (rows[0] == rows[1] || (fewer && rows[0] < rows[1]));
}

/* A permit of an older version may list what nobody can accept. */
static enum assay_status check_way(const struct run *r, const struct assay_purge_way *w, bool fewer,
                                   struct assay_err *e)
{
    const char *name = r->job->set->name;
    if (w->never)
        return assay_fail(e, ASSAY_EUSAGE, "dataset %s: no permit can list what stands in the way: %s: %s", name,
                          w->text, w->never);
    for (size_t k = 0; k < r->permit.n_obstacles; k++)
        if (permitted(w->text, r->permit.obstacle[k], fewer))
            return ASSAY_OK;
    return assay_fail(e, ASSAY_EUSAGE, "dataset %s: permit %llu does not list what stands in the way now: %s", name,
                      (unsigned long long)r->permit.leaf, w->text);
}

static enum assay_status check_ways(const struct run *r, struct assay_err *e)
{
    struct assay_purge_way *way;
    size_t n;
    enum assay_status s = assay_purge_ways(r->job->source, r->job->set, assay_purger_schema(r->purger), &way, &n, e);
    if (s != ASSAY_OK)
        return s;
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        s = check_way(r, &way[i], r->progress.begun, e);
    r->out->refused = s != ASSAY_OK;
    assay_purge_ways_free(way, n);
    return s;
}

/* Once more in each transaction: a trigger or a foreign key can be made while a long run goes on. */
static enum assay_status allow(void *ctx, const struct assay_obstacle *o, size_t n_obstacles, struct assay_err *e)
{
    const struct run *r = ctx;
    struct assay_purge_way *way;
    size_t n;
    enum assay_status s = assay_purge_ways_of(o, n_obstacles, r->job->set, assay_purger_schema(r->purger), &way, &n, e);
    for (size_t i = 0; i < n && s == ASSAY_OK; i++)
        s = check_way(r, &way[i], true, e);
    assay_purge_ways_free(way, n);
    return s;
}

/* ---- statements ---- */

static void begin_stmt(const struct run *r, struct assay_writer *w, const char *kind)
{
    assay_writer_begin(w, kind);
    assay_writer_add(w, "run", r->id);
    assay_writer_add(w, "dataset", r->job->set->id);
    assay_writer_addf(w, "plan", "sha256:%s", r->permit.plan);
    assay_writer_addf(w, "permit", "%llu", (unsigned long long)r->permit.leaf);
}

static enum assay_status send(struct run *r, struct assay_writer *w, struct assay_err *e)
{
    assay_writer_now(w);
    enum assay_status s = assay_writer_send(w, r->sink, e);
    return s == ASSAY_OK ? assay_sink_commit(r->sink, e) : s;
}

static enum assay_status state_begin(struct run *r, struct assay_err *e)
{
    struct assay_writer w;
    begin_stmt(r, &w, "purge-begin");
    assay_writer_addf(&w, "chunks", "%zu", r->permit.list.n);
    assay_writer_addf(&w, "rows", "%llu", (unsigned long long)r->permit.list.rows);
    return send(r, &w, e);
}

static enum assay_status state_chunk(struct run *r, const struct assay_permit_chunk *c, enum assay_purge_outcome o,
                                     const char *why, struct assay_err *e)
{
    static const char *const status[] = {"deleted", "settled", NULL, "aborted", NULL};
    struct assay_writer w;
    begin_stmt(r, &w, "purge-chunk");
    assay_writer_add(&w, "segment", c->segment);
    assay_writer_add(&w, "chunk", c->chunk);
    assay_writer_addf(&w, "ordinal", "%u", c->ordinal);
    assay_writer_add(&w, "status", status[o]);
    assay_writer_addf(&w, "rows", "%llu", o == ASSAY_PURGE_ABORTED ? 0ULL : (unsigned long long)c->rows);
    if (o != ASSAY_PURGE_ABORTED)
        assay_writer_hex(&w, "root", "sha256:", c->root, sizeof c->root);
    assay_writer_add(&w, "reason", why);
    return send(r, &w, e);
}

static enum assay_status state_done(struct run *r, struct assay_err *e)
{
    const uint64_t *n = r->out->chunks;
    struct assay_writer w;
    begin_stmt(r, &w, "purge-done");
    assay_writer_add(&w, "status", n[ASSAY_PURGE_ABORTED] || r->stale.code != ASSAY_OK ? "incomplete" : "ok");
    assay_writer_addf(&w, "deleted", "%llu",
                      (unsigned long long)(n[ASSAY_PURGE_DELETED] + n[ASSAY_PURGE_SETTLED] + n[ASSAY_PURGE_ALREADY]));
    assay_writer_addf(&w, "aborted", "%llu", (unsigned long long)n[ASSAY_PURGE_ABORTED]);
    assay_writer_addf(&w, "rows", "%llu", (unsigned long long)r->out->rows);
    return send(r, &w, e);
}

/* ---- chunks ---- */

static enum assay_status settle(struct run *r, const struct assay_permit_chunk *c, enum assay_purge_outcome o,
                                const char *why, struct assay_err *e)
{
    enum assay_status s = r->sink && o != ASSAY_PURGE_ALREADY ? state_chunk(r, c, o, why, e) : ASSAY_OK;
    if (s != ASSAY_OK)
        return s;
    r->out->chunks[o]++;
    r->out->rows += o == ASSAY_PURGE_DELETED || o == ASSAY_PURGE_WOULD ? c->rows : 0;
    r->job->say(r->job->ctx, c, o, why);
    return ASSAY_OK;
}

/* What an engine refuses concerns the chunk; what ends the connection, or the ledger, ends the run. */
static bool ends_run(enum assay_status s, const struct assay_purge_seen *seen)
{
    return s == ASSAY_ENOMEM || s == ASSAY_EINTR || s == ASSAY_ELEDGER || s == ASSAY_ESTORE || s == ASSAY_ELOCKED ||
           !seen->begun || seen->unknown;
}

static enum assay_status delete_chunk(struct run *r, const struct assay_permit_chunk *c, struct assay_err *e)
{
    struct assay_purge_seen seen;
    struct assay_err why = {0};
    enum assay_status s = assay_purger_delete(r->purger, c, &seen, &why);
    if (s != ASSAY_OK && ends_run(s, &seen))
        return assay_fail(e, s, "dataset %s, segment %s, chunk %u: %s%s", r->job->set->name, c->segment, c->ordinal,
                          why.msg, seen.unknown ? "; whether it was deleted is found at the next start" : "");
    if (s != ASSAY_OK)
        return settle(r, c, ASSAY_PURGE_ABORTED, why.msg, e);
    return seen.state == ASSAY_PURGE_AS_PERMITTED ? settle(r, c, ASSAY_PURGE_DELETED, NULL, e)
                                                  : settle(r, c, ASSAY_PURGE_ABORTED, seen.why, e);
}

static enum assay_status try_out(struct run *r, const struct assay_permit_chunk *c, struct assay_err *e)
{
    struct assay_purge_seen seen;
    enum assay_status s = assay_purger_look(r->purger, c, &seen, e);
    if (s != ASSAY_OK)
        return s;
    return seen.state == ASSAY_PURGE_AS_PERMITTED ? settle(r, c, ASSAY_PURGE_WOULD, NULL, e)
                                                  : settle(r, c, ASSAY_PURGE_ABORTED, seen.why, e);
}

/* An earlier run may have come further than it could say. Before anything is deleted: a stop in the middle of it must
 * not leave two chunks in doubt where one run can leave one. */
static enum assay_status settle_lost(struct run *r, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < r->permit.list.n && s == ASSAY_OK; i++) {
        struct purge_chunk_progress *c = &r->progress.chunk[i];
        struct assay_purge_seen seen;
        if (!c->in_flight)
            continue;
        s = assay_purger_look(r->purger, &r->permit.list.chunk[i], &seen, e);
        if (s != ASSAY_OK || seen.state != ASSAY_PURGE_EMPTY)
            continue;
        c->gone = SETTLED_NOW;
        s = settle(r, &r->permit.list.chunk[i], ASSAY_PURGE_SETTLED, "committed, statement lost", e);
    }
    return s;
}

static enum assay_status each_chunk(struct run *r, struct assay_err *e)
{
    enum assay_status s = settle_lost(r, e);
    for (size_t i = 0; i < r->permit.list.n && s == ASSAY_OK; i++) {
        if (r->progress.chunk[i].gone == SETTLED_NOW)
            continue;
        if (assay_interrupted())
            return assay_fail(e, ASSAY_EINTR, "interrupted after %zu of %zu chunks", i, r->permit.list.n);
        assay_progress("%s: chunk %zu of %zu", r->job->set->name, i + 1, r->permit.list.n);
        s = r->stale.code == ASSAY_OK ? check_standing(r, &r->stale) : ASSAY_OK;
        if (s != ASSAY_OK && s != ASSAY_EUSAGE)
            return assay_fail(e, s, "%s", r->stale.msg);
        s = ASSAY_OK;
        if (r->stale.code != ASSAY_OK && !r->progress.chunk[i].in_flight)
            continue;
        const struct assay_permit_chunk *c = &r->permit.list.chunk[i];
        if (r->progress.chunk[i].gone)
            s = settle(r, c, ASSAY_PURGE_ALREADY, NULL, e);
        else if (r->stale.code != ASSAY_OK)
            s = settle(r, c, ASSAY_PURGE_ABORTED, "the permit is stale", e);
        else
            s = r->sink ? delete_chunk(r, c, e) : try_out(r, c, e);
    }
    assay_progress(NULL);
    return s;
}

static bool all_gone(const struct run *r)
{
    for (size_t i = 0; i < r->permit.list.n; i++)
        if (!r->progress.chunk[i].gone)
            return false;
    return true;
}

/* The sink comes first: it is the lock that keeps a second purge out, and nothing is read before it is held. */
static enum assay_status prepare(struct run *r, struct assay_err *e)
{
    const struct assay_purge_job *j = r->job;
    struct assay_ledger_stats stats;
    enum assay_status s = assay_uuid_new(r->id, e);
    if (s == ASSAY_OK && j->execute)
        s = assay_sink_ledger(j->ledger_path, j->keys_dir, ASSAY_ROLE_PURGER, &r->sink, e);
    if (s == ASSAY_OK)
        s = assay_ledger_open(j->ledger_path, j->keys_dir, &r->ledger, e);
    if (s == ASSAY_OK)
        s = assay_ledger_verify(r->ledger, &stats, e);
    if (s == ASSAY_OK)
        s = assay_permit_load(r->ledger, j->permit, &r->permit, e);
    if (s == ASSAY_OK)
        s = check_permit(r, e);
    if (s == ASSAY_OK)
        s = assay_purge_progress_load(r->ledger, &r->permit, &r->progress, e);
    if (s == ASSAY_OK)
        s = check_fresh(r, &r->stale);
    if (s == ASSAY_EUSAGE && r->sink && r->progress.any_in_flight)
        s = ASSAY_OK;
    else if (s != ASSAY_OK && r->stale.code != ASSAY_OK)
        return assay_fail(e, s, "%s", r->stale.msg);
    if (s != ASSAY_OK)
        return s;
    r->spec = (struct assay_purger_spec){.plan = j->plan,
                                         .set = j->set,
                                         .source = j->source,
                                         .ledger = r->ledger,
                                         .keys_dir = j->keys_dir,
                                         .dataset_key = j->dataset_key,
                                         .memory = j->memory,
                                         .allow = allow,
                                         .ctx = r};
    s = assay_purger_open(&r->spec, &r->purger, e);
    if (s == ASSAY_OK)
        s = assay_purge_right_place(j->plan, j->set, &r->permit, j->source, assay_purger_place(r->purger), e);
    return s == ASSAY_OK && r->stale.code == ASSAY_OK ? check_ways(r, e) : s;
}

enum assay_status assay_purge_run(const struct assay_purge_job *j, struct assay_purge_result *out, struct assay_err *e)
{
    struct run r = {.job = j, .out = out};
    *out = (struct assay_purge_result){0};
    enum assay_status s = prepare(&r, e);
    const bool nothing_left = s == ASSAY_OK && r.progress.begun && !r.progress.unfinished && all_gone(&r);
    if (s == ASSAY_OK && r.sink && !nothing_left)
        s = state_begin(&r, e);
    if (s == ASSAY_OK)
        s = each_chunk(&r, e);
    if (s == ASSAY_OK && r.sink && !nothing_left)
        s = state_done(&r, e);
    if (s == ASSAY_OK && r.stale.code != ASSAY_OK)
        s = assay_fail(e, r.stale.code, "%s", r.stale.msg);
    assay_purger_close(r.purger);
    assay_purge_progress_release(&r.progress);
    assay_permit_release(&r.permit);
    assay_ledger_close(r.ledger);
    assay_sink_free(r.sink);
    return s;
}
