/* assay purge permit: the approver's word that these chunks may be deleted at the source. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/buf.h"
#include "assay/digest.h"
#include "assay/grant.h"
#include "assay/keys.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/purge_place.h"
#include "assay/purge_run.h"
#include "assay/writer.h"
#include "purge_cmd.h"

struct permit {
    const struct assay_session *s;
    const struct assay_dataset *set;
    struct assay_ledger *ledger;
    struct assay_purge_gate gate;
    struct assay_grant grant;
    char plan[65];
    struct assay_purge_way *way;
    size_t n_ways;
    struct assay_buf where; /* rows may be deleted */
    struct assay_place place;
    const char *const *accept;
    size_t n_accept;
};

/* "KIND ROWS NAME" under "KIND:NAME", or a name without what stands behind it in parentheses. */
static bool covers(const char *accept, const char *way)
{
    const char *colon = strchr(accept, ':'), *space = strchr(way, ' '), *name = space ? strchr(space + 1, ' ') : NULL;
    if (!colon || !name || (size_t)(colon - accept) != (size_t)(space - way) ||
        memcmp(accept, way, (size_t)(colon - accept)) != 0)
        return false;
    size_t n = strlen(colon + 1);
    name++;
    return strncmp(name, colon + 1, n) == 0 && (!name[n] || strncmp(name + n, " (", 2) == 0);
}

static enum assay_status find_ways(struct permit *p, struct assay_err *e)
{
    struct assay_locator source = assay_plan_locator(p->s->plan, p->set, ASSAY_SOURCE);
    struct assay_schema schema = {0};
    struct assay_reader *r = NULL;
    enum assay_status s = assay_reader_open(&source, &r, e);
    if (s == ASSAY_OK)
        s = r->ops->schema(r, &schema, e);
    if (r)
        r->ops->close(r);
    if (s == ASSAY_OK)
        s = assay_purge_ways(&source, p->set, &schema, &p->way, &p->n_ways, e);
    assay_schema_release(&schema);
    return s;
}

/* Where rows would be deleted, which must be no archive. */
static enum assay_status find_place(struct permit *p, struct assay_err *e)
{
    struct assay_locator source = assay_plan_locator(p->s->plan, p->set, ASSAY_SOURCE);
    struct assay_err why = {0};
    enum assay_status s = assay_purge_where(p->set, &p->where);
    if (s != ASSAY_OK || !assay_buf_str(&p->where))
        return assay_fail_nomem(e);
    source.snapshot = NULL;
    s = assay_reader_place(&source, &p->place, e);
    if (s != ASSAY_OK)
        return s;
    s = assay_purge_apart(p->s->plan, &source, &p->place, &why);
    return s == ASSAY_EUSAGE ? assay_buf_addf(&p->grant.refused, "  %-12s  %s\n", "archive", why.msg)
           : s == ASSAY_OK   ? s
                             : assay_fail(e, s, "%s", why.msg);
}

static enum assay_status refuse_way(struct permit *p, const struct assay_purge_way *w)
{
    const char *text = w->text, *rows = text + strcspn(text, " ") + 1, *name = rows + strcspn(rows, " ") + 1;
    const char *more = strstr(name, " (");
    const int kind = (int)(rows - text - 1), short_name = (int)(more ? (size_t)(more - name) : strlen(name));
    if (w->never)
        return assay_buf_addf(&p->grant.refused, "  %-12.*s  %s: cannot be accepted: %s\n", kind, text, name, w->never);
    return assay_buf_addf(&p->grant.refused,
                          "  %-12.*s  %s (%.*s rows): not accepted; it would take --accept '%.*s:%.*s'\n", kind, text,
                          name, (int)strcspn(rows, " "), rows, kind, text, short_name, name);
}

static enum assay_status refuse_ways(struct permit *p)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < p->n_ways && s == ASSAY_OK; i++) {
        bool accepted = false;
        for (size_t k = 0; k < p->n_accept; k++)
            accepted |= covers(p->accept[k], p->way[i].text);
        if (!accepted || p->way[i].never)
            s = refuse_way(p, &p->way[i]);
    }
    return s;
}

static enum assay_status look(struct permit *p, struct assay_err *e)
{
    const struct assay_plan *plan = p->s->plan;
    uint8_t key[32];
    struct assay_err none = {0};
    const struct assay_blob_keys keys = {key, plan->keyring, p->s->keys_dir};
    enum assay_status s = assay_plan_hash(p->set, p->plan, NULL, e);
    if (s == ASSAY_OK)
        s = assay_purge_look(p->ledger, p->set->id, p->plan, time(NULL), (uint64_t)plan->purge.max_age, &p->gate, e);
    if (s != ASSAY_OK || assay_purge_refused(&p->gate))
        return s;
    const bool have = assay_dataset_key_load(p->s->keys_dir, key, &none) == ASSAY_OK; /* an approver need not */
    s = assay_grant_look(p->ledger, plan, p->set, have ? &keys : NULL, &p->gate, p->s->segments, p->s->n_segments,
                         &p->grant, e);
    OPENSSL_cleanse(key, sizeof key);
    if (s == ASSAY_OK)
        s = find_ways(p, e);
    if (s == ASSAY_OK)
        s = find_place(p, e);
    return s == ASSAY_OK ? refuse_ways(p) : s;
}

/* ---- the statement ---- */

static enum assay_status put_blobs(const struct permit *p, struct assay_sink *sink, uint8_t hash[3][32],
                                   struct assay_err *e)
{
    struct assay_buf list = {.max = ASSAY_MAX_BLOB};
    const struct assay_grant *g = &p->grant;
    enum assay_status s = assay_permit_list_text(&g->list, p->set->id, &list);
    if (s != ASSAY_OK)
        s = assay_fail(e, s, "the list of the permit is too long");
    if (s == ASSAY_OK)
        s = assay_sink_blob(sink, list.ptr, list.len, hash[0], e);
    if (s == ASSAY_OK)
        s = assay_sink_blob(sink, g->checkpoint.ptr, strnlen((const char *)g->checkpoint.ptr, g->checkpoint.len),
                            hash[1], e);
    if (s == ASSAY_OK && g->policy.len)
        s = assay_sink_blob(sink, g->policy.ptr, g->policy.len, hash[2], e);
    assay_buf_release(&list);
    return s;
}

static enum assay_status state(const struct permit *p, struct assay_sink *sink, struct assay_err *e)
{
    struct assay_writer w;
    char run[37];
    uint8_t hash[3][32];
    const struct assay_grant *g = &p->grant;
    enum assay_status s = assay_uuid_new(run, e);
    if (s == ASSAY_OK)
        s = put_blobs(p, sink, hash, e);
    if (s != ASSAY_OK)
        return s;
    assay_writer_begin(&w, "purge-permit");
    assay_writer_add(&w, "run", run);
    assay_writer_add(&w, "dataset", p->set->id);
    assay_writer_addf(&w, "plan", "sha256:%s", p->plan);
    assay_writer_add(&w, "verdict-run", p->gate.run);
    assay_writer_addf(&w, "verdict-leaf", "%llu", (unsigned long long)p->gate.leaf);
    assay_writer_add(&w, "source-run", p->gate.side_run[ASSAY_SOURCE]);
    assay_writer_add(&w, "archive-run", p->gate.side_run[ASSAY_ARCHIVE]);
    assay_writer_add(&w, "read", g->medium ? "medium" : "any");
    assay_writer_addf(&w, "max-age", "%lld", (long long)p->s->plan->purge.max_age);
    assay_writer_addf(&w, "chunks", "%zu", g->list.n);
    assay_writer_addf(&w, "rows", "%llu", (unsigned long long)g->list.rows);
    assay_writer_hex(&w, "set", "sha256:", hash[0], 32);
    for (size_t i = 0; i < p->n_ways; i++)
        assay_writer_add(&w, "obstacle", p->way[i].text);
    assay_writer_add(&w, "where", (const char *)p->where.ptr);
    assay_writer_add(&w, "place", p->place.lasting ? p->place.text : NULL);
    assay_writer_hex(&w, "checkpoint", "sha256:", hash[1], 32);
    if (g->policy.len) {
        assay_writer_hex(&w, "policy", "sha256:", hash[2], 32);
        assay_writer_addf(&w, "cosigned", "%u", g->cosigned);
    }
    assay_writer_now(&w);
    s = assay_writer_send(&w, sink, e);
    return s == ASSAY_OK ? assay_sink_commit(sink, e) : s;
}

struct newest {
    uint64_t leaf;
};

static bool first(void *ctx, const struct assay_leaf *leaf)
{
    ((struct newest *)ctx)->leaf = leaf->index;
    return false;
}

static enum assay_status sign(const struct permit *p, struct assay_err *e)
{
    const struct assay_session *s = p->s;
    struct assay_sink *sink = NULL;
    struct assay_ledger *l = NULL;
    struct newest n = {0};
    const struct assay_ledger_query q = {.kind = "purge-permit", .dataset = p->set->id, .newest_first = true};
    enum assay_status st = assay_sink_ledger(s->ledger_path, s->keys_dir, ASSAY_ROLE_APPROVER, &sink, e);
    if (st == ASSAY_OK)
        st = state(p, sink, e);
    if (st == ASSAY_OK)
        st = assay_session_ledger(s, &l, e);
    if (st == ASSAY_OK)
        st = assay_ledger_each(l, &q, first, &n, e);
    assay_ledger_close(l);
    assay_sink_free(sink);
    if (st == ASSAY_OK)
        printf("%s: permit %llu: %zu chunks, %llu rows may be deleted\n", p->set->name, (unsigned long long)n.leaf,
               p->grant.list.n, (unsigned long long)p->grant.list.rows);
    return st;
}

/* Says one dataset; its exit code. */
static int permit_one(struct permit *p, bool dry)
{
    struct assay_err e = {0};
    int code = ASSAY_EXIT_OK;
    enum assay_status s = look(p, &e);
    const bool gate = s == ASSAY_OK && assay_purge_refused(&p->gate);
    if (gate || (s == ASSAY_OK && p->grant.refused.len)) {
        printf("%s: no permit is given\n", p->set->name);
        if (gate)
            assay_purge_say_gate(&p->gate, p->s->plan->purge.max_age / 3600);
        else if (assay_buf_str(&p->grant.refused))
            fputs(assay_buf_str(&p->grant.refused), stdout);
        code = ASSAY_EXIT_DISCREPANCY;
    } else if (s == ASSAY_OK) {
        printf("  where         %s\n", (const char *)p->where.ptr);
        for (size_t i = 0; i < p->n_ways; i++)
            printf("  accepted      %s\n", p->way[i].text);
        if (p->grant.open)
            printf("  left out      %llu chunks of segments that are still open\n", (unsigned long long)p->grant.open);
        if (dry)
            printf("%s: %zu chunks, %llu rows would be permitted\n", p->set->name, p->grant.list.n,
                   (unsigned long long)p->grant.list.rows);
        else
            s = sign(p, &e);
    }
    if (s != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s: %s; no permit is given", p->set->name, e.msg);
        code = (int)assay_err_exit(e.code);
    }
    assay_purge_ways_free(p->way, p->n_ways);
    assay_grant_release(&p->grant);
    assay_buf_release(&p->where);
    return code;
}

int assay_cmd_purge_permit(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    struct assay_ledger *l = NULL;
    int code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && !s.plan->purge.given) {
        assay_log(ASSAY_LOG_ERROR, "%s: the plan has no section purge: it says what a permit takes", s.plan->path);
        code = ASSAY_EXIT_USAGE;
    } else if (code == ASSAY_EXIT_OK && assay_purge_open_ledger(&s, &l, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = (int)assay_err_exit(e.code);
    } else if (code == ASSAY_EXIT_OK) {
        code = -1;
        for (size_t i = 0; i < s.n_sets; i++) {
            struct permit p = {.s = &s, .set = s.set[i], .ledger = l};
            p.n_accept = assay_arg_list(a, "accept", &p.accept);
            code = assay_exit_worse(code, permit_one(&p, assay_arg_flag(a, "dry-run")));
        }
    }
    assay_ledger_close(l);
    assay_session_close(&s);
    return code < 0 ? ASSAY_EXIT_OK : code;
}
