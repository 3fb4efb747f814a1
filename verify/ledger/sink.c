#include "sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/digest.h"
#include "assay/keys.h"
#include "view.h"

#define QUEUE_BYTES (64u << 20) /* so much waits at most; then it is written out early, which harms nothing */
#define OPEN_WAIT_MS 2000 /* the other checker may be in the middle of a commit */
#define COMMIT_WAIT_MS 30000

struct entry {
    uint8_t *bytes;
    size_t len;
    bool blob;
};

struct assay_sink {
    enum assay_role role;
    struct assay_key *key;
    char *path, *keys_dir;
    struct assay_spool *spool; /* NULL: straight into the ledger at path */
    const struct assay_store *store; /* NULL for spools */
    struct assay_db *held; /* one run a role and ledger at a time */
    struct assay_view *view; /* of the ledger, from one opening to the next */
    struct assay_merkle run;
    uint8_t last[32]; /* hash of what the role stated last */
    bool has_last;
    struct entry *entry;
    size_t n, cap, bytes;
};

void assay_sink_free(struct assay_sink *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n; i++)
        free(s->entry[i].bytes);
    free(s->entry);
    assay_spool_close(s->spool);
    if (s->store)
        s->store->close(s->held);
    assay_view_free(s->view);
    assay_key_free(s->key);
    free(s->keys_dir);
    free(s->path);
    free(s);
}

static enum assay_status sink_new(const char *path, const char *keys_dir, enum assay_role role, struct assay_sink **out,
                                  struct assay_err *e)
{
    if (role == ASSAY_ROLE_LEDGER)
        return assay_fail(e, ASSAY_EUSAGE, "the ledger's own key states nothing but checkpoints");
    struct assay_sink *s = calloc(1, sizeof *s);
    if (!s)
        return assay_fail_nomem(e);
    s->role = role;
    s->path = strdup(path);
    s->keys_dir = strdup(keys_dir);
    enum assay_status st = s->path && s->keys_dir ? ASSAY_OK : assay_fail_nomem(e);
    if (st == ASSAY_OK)
        st = assay_keys_sign_with(keys_dir, role, &s->key, e);
    if (st != ASSAY_OK) {
        assay_sink_free(s);
        return st;
    }
    *out = s;
    return ASSAY_OK;
}

static void close_ledger(struct assay_sink *s, struct assay_ledger *l)
{
    s->view = l->view;
    l->view = NULL;
    assay_ledger_close(l);
}

/* ---- what the role stated before ---- */

#define CLOCK_SLACK_S 300 /* machines of one role may differ by so much */

struct before {
    struct assay_sink *s;
    char limit[32]; /* nothing that was stated is later than this */
    uint64_t known; /* leaves below are known to have a wrong time */
    struct assay_err *e;
    enum assay_status status;
};

/* The newest leaf begins our chain; the newest that has a time must not lie in the future. */
static bool look_back(void *ctx, const struct assay_leaf *leaf)
{
    struct before *b = ctx;
    struct assay_stmt st = {0};
    if (!b->s->has_last)
        memcpy(b->s->last, leaf->hash, 32);
    b->s->has_last = true;
    b->status = assay_stmt_parse(leaf->note, leaf->note_len, &st, b->e);
    const char *time = b->status == ASSAY_OK ? assay_stmt_get(&st, "observed") : NULL;
    bool more = b->status == ASSAY_OK && !time && leaf->index >= b->known;
    if (time && leaf->index >= b->known && strcmp(time, b->limit) > 0)
        b->status = assay_fail(b->e, ASSAY_ELEDGER,
                               "the clock was set back: role %s stated leaf %llu at %s, and it is not that late yet. "
                               "If it is that time which was wrong, say so: ASSAY_CLOCK_WRONG_UP_TO=%llu",
                               assay_role_name(b->s->role), (unsigned long long)leaf->index, time,
                               (unsigned long long)leaf->index);
    assay_stmt_release(&st);
    return more;
}

static enum assay_status read_before(struct assay_sink *s, struct assay_ledger *l, struct assay_err *e)
{
    struct before b = {.s = s, .e = e};
    const char *wrong = getenv("ASSAY_CLOCK_WRONG_UP_TO");
    struct assay_ledger_query q = {.role = assay_role_name(s->role), .newest_first = true};
    time_t late = time(NULL) + CLOCK_SLACK_S;
    struct tm tm;
    if (wrong && *wrong && strspn(wrong, "0123456789") == strlen(wrong))
        b.known = strtoull(wrong, NULL, 10) + 1;
    gmtime_r(&late, &tm);
    strftime(b.limit, sizeof b.limit, "%Y-%m-%dT%H:%M:%SZ", &tm);
    enum assay_status st = assay_ledger_each(l, &q, look_back, &b, e);
    return st == ASSAY_OK ? b.status : st;
}

enum assay_status assay_sink_ledger(const char *ledger_path, const char *keys_dir, enum assay_role role,
                                    struct assay_sink **out, struct assay_err *e)
{
    struct assay_sink *s = NULL;
    struct assay_ledger *l;
    enum assay_status st = sink_new(ledger_path, keys_dir, role, &s, e);
    if (st != ASSAY_OK)
        return st;
    s->store = assay_store_of(ledger_path);
    st = s->store->hold(ledger_path, assay_role_name(role), &s->held, e);
    /* Faults of the ledger should show before hours of reading, not after. */
    if (st == ASSAY_OK &&
        (st = assay_ledger_open_append_wait(ledger_path, keys_dir, OPEN_WAIT_MS, &s->view, &l, e)) == ASSAY_OK) {
        st = read_before(s, l, e);
        close_ledger(s, l);
    }
    if (st != ASSAY_OK) {
        assay_sink_free(s);
        return st;
    }
    *out = s;
    return ASSAY_OK;
}

enum assay_status assay_sink_spool(const char *path, const char *keys_dir, enum assay_role role,
                                   struct assay_sink **out, struct assay_err *e)
{
    struct assay_sink *s = NULL;
    enum assay_status st = sink_new(path, keys_dir, role, &s, e);
    if (st != ASSAY_OK)
        return st;
    if ((st = assay_spool_create(path, &s->spool, e)) != ASSAY_OK) {
        assay_sink_free(s);
        return st;
    }
    *out = s;
    return ASSAY_OK;
}

/* Takes the bytes over on success. */
static enum assay_status queue(struct assay_sink *s, uint8_t *bytes, size_t len, bool blob, struct assay_err *e)
{
    if (s->n == s->cap) {
        size_t cap = s->cap * 2 + 16;
        struct entry *p = realloc(s->entry, cap * sizeof *p);
        if (!p)
            return assay_fail_nomem(e);
        s->entry = p;
        s->cap = cap;
    }
    s->entry[s->n++] = (struct entry){bytes, len, blob};
    s->bytes += len;
    return ASSAY_OK;
}

static enum assay_status make_room(struct assay_sink *s, size_t len, struct assay_err *e)
{
    return s->n && s->bytes + len > QUEUE_BYTES ? assay_sink_commit(s, e) : ASSAY_OK;
}

/* The table of docs/ledger-format.md, before signing: what the ledger would refuse is not made. */
static enum assay_status check_text(struct assay_sink *s, const struct assay_buf *text, struct assay_err *e)
{
    struct assay_head h;
    enum assay_role role;
    const char *wrong = assay_stmt_head((const char *)text->ptr, text->len, &h);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "not a statement: %s", wrong);
    wrong = assay_stmt_signer(&h, &role);
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "a `%.*s` statement is refused: %s", (int)h.kind.n, h.kind.p, wrong);
    if (role != s->role)
        return assay_fail(e, ASSAY_ELEDGER, "a `%.*s` statement of role %s cannot be signed by role %s", (int)h.kind.n,
                          h.kind.p, assay_role_name(role), assay_role_name(s->role));
    if (assay_stmt_is(h.kind, "run-start"))
        s->run = (struct assay_merkle){0};
    return ASSAY_OK;
}

enum assay_status assay_sink_stmt(struct assay_sink *s, const struct assay_buf *text, struct assay_err *e)
{
    struct assay_buf note = {.max = 2 * ASSAY_MAX_LEAF}, linked = {.max = 2 * ASSAY_MAX_LEAF};
    uint8_t hash[32];
    enum assay_status st = check_text(s, text, e);
    if (st == ASSAY_OK && assay_buf_add(&linked, text->ptr, text->len) != ASSAY_OK)
        st = assay_fail_nomem(e);
    if (st == ASSAY_OK && s->has_last && assay_stmt_addhex(&linked, "prev-own", "sha256:", s->last, 32) != ASSAY_OK)
        st = assay_fail_nomem(e);
    if (st == ASSAY_OK)
        st = assay_note_sign(s->key, (const char *)linked.ptr, linked.len, &note, e);
    assay_buf_release(&linked);
    if (st == ASSAY_OK && note.len > ASSAY_MAX_LEAF)
        st = assay_fail(e, ASSAY_ELIMIT, "a leaf of %zu bytes, the limit is %d", note.len, ASSAY_MAX_LEAF);
    if (st == ASSAY_OK)
        st = make_room(s, note.len, e);
    if (st == ASSAY_OK) {
        assay_merkle_leaf(note.ptr, note.len, hash);
        st = queue(s, note.ptr, note.len, false, e);
    }
    if (st != ASSAY_OK) {
        assay_buf_release(&note);
        return st;
    }
    assay_merkle_add(&s->run, hash);
    memcpy(s->last, hash, 32);
    s->has_last = true;
    return ASSAY_OK;
}

enum assay_status assay_sink_blob(struct assay_sink *s, const void *bytes, size_t n, uint8_t out[32],
                                  struct assay_err *e)
{
    if (n > ASSAY_MAX_BLOB)
        return assay_fail(e, ASSAY_ELIMIT, "a blob of %zu bytes, the limit is %u", n, ASSAY_MAX_BLOB);
    enum assay_status st = make_room(s, n, e);
    if (st != ASSAY_OK)
        return st;
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        return assay_fail_nomem(e);
    if (n)
        memcpy(copy, bytes, n);
    assay_sha256(copy, n, out);
    if ((st = queue(s, copy, n, true, e)) != ASSAY_OK)
        free(copy);
    return st;
}

static enum assay_status commit_to_ledger(struct assay_sink *s, const struct assay_ledger_item *item,
                                          struct assay_err *e)
{
    struct assay_ledger *l;
    enum assay_status st = assay_ledger_open_append_wait(s->path, s->keys_dir, COMMIT_WAIT_MS, &s->view, &l, e);
    if (st != ASSAY_OK)
        return st;
    st = assay_ledger_append(l, item, s->n, e);
    close_ledger(s, l);
    /* Who waits for the lock looks every millisecond: a checker that commits without a pause would starve the other. */
    const struct timespec courtesy = {.tv_nsec = 2000 * 1000};
    nanosleep(&courtesy, NULL);
    return st;
}

enum assay_status assay_sink_commit(struct assay_sink *s, struct assay_err *e)
{
    if (!s->n)
        return ASSAY_OK;
    struct assay_ledger_item *item = calloc(s->n, sizeof *item);
    if (!item)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < s->n; i++)
        item[i] = (struct assay_ledger_item){s->entry[i].bytes, s->entry[i].len, s->entry[i].blob};
    enum assay_status st = s->spool ? assay_spool_write(s->spool, item, s->n, e) : commit_to_ledger(s, item, e);
    free(item);
    if (st != ASSAY_OK)
        return st; /* what is queued stays queued: the commit may be tried again */
    for (size_t i = 0; i < s->n; i++)
        free(s->entry[i].bytes);
    s->n = s->bytes = 0;
    return ASSAY_OK;
}

void assay_sink_run_root(const struct assay_sink *s, uint64_t *n, uint8_t root[32])
{
    *n = s->run.size;
    assay_merkle_root(&s->run, root);
}
