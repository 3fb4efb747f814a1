/* The signing keys of the roles: made, rotated, revoked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "assay/keys.h"
#include "assay/ledger_append.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/publish.h"
#include "assay/writer.h"
#include "cmd.h"

struct change {
    const struct assay_session *s;
    enum assay_role role;
    const char *reason, *store; /* a token's key instead of a new one; NULL */
    bool rotate, revoke;
    char file[ASSAY_MAX_PATH], next[ASSAY_MAX_PATH]; /* ROLE.key, and where its successor waits */
    struct assay_verifier *old;
    struct assay_key *owner, *old_key, *next_key; /* the last two NULL where they do not sign */
};

/* FILE.pub */
static enum assay_status public_key(const char *file, struct assay_verifier **out, struct assay_err *e)
{
    char path[ASSAY_MAX_PATH + 8];
    struct assay_buf line = {.max = 2 * 65536};
    snprintf(path, sizeof path, "%s.pub", file);
    enum assay_status s = assay_slurp(path, 8192, &line, e);
    if (s == ASSAY_OK)
        s = assay_buf_str(&line) ? assay_verifier_parse((const char *)line.ptr, out, e) : assay_fail_nomem(e);
    assay_buf_release(&line);
    return s;
}

static enum assay_status put_in_place(const struct change *c, struct assay_err *e)
{
    char from[ASSAY_MAX_PATH + 8], to[ASSAY_MAX_PATH + 8];
    snprintf(from, sizeof from, "%s.pub", c->next);
    snprintf(to, sizeof to, "%s.pub", c->file);
    /* The private one first: what is left of a stop in between is found again by its public half. */
    if (rename(c->next, c->file) && errno != ENOENT)
        return assay_fail_unwritten(e, errno, c->file, "its successor cannot take its place");
    if (rename(from, to))
        return assay_fail_unwritten(e, errno, to, "its successor cannot take its place");
    return ASSAY_OK;
}

struct search {
    const char *vkey;
    bool found;
};

static bool is_stated(void *ctx, const struct assay_leaf *leaf)
{
    struct search *x = ctx;
    struct assay_stmt st = {0};
    if (assay_stmt_parse(leaf->note, leaf->note_len, &st, NULL) == ASSAY_OK) {
        const char *new = assay_stmt_get(&st, "new");
        x->found = new &&strcmp(new, x->vkey) == 0;
    }
    assay_stmt_release(&st);
    return !x->found;
}

/* A change that was stopped after the ledger had it. *done: it is finished now. */
static enum assay_status finish_earlier(const struct change *c, bool *done, struct assay_err *e)
{
    struct assay_verifier *v = NULL;
    struct assay_ledger *l = NULL;
    struct assay_err none = {0};
    struct assay_ledger_query q = {.kind = "key", .newest_first = true};
    *done = false;
    if (public_key(c->next, &v, &none) != ASSAY_OK)
        return ASSAY_OK;
    struct search x = {assay_verifier_vkey(v), false};
    enum assay_status s = assay_session_ledger(c->s, &l, e);
    if (s == ASSAY_OK)
        s = assay_ledger_each(l, &q, is_stated, &x, e);
    assay_ledger_close(l);
    assay_verifier_free(v);
    *done = s == ASSAY_OK && x.found;
    return *done ? put_in_place(c, e) : s;
}

static enum assay_status load_keys(struct change *c, struct assay_err *e)
{
    char name[ASSAY_MAX_NAME + 32];
    enum assay_status s = public_key(c->file, &c->old, e);
    if (s == ASSAY_OK)
        s = assay_keys_load(c->s->keys_dir, ASSAY_ROLE_OWNER, &c->owner, e);
    if (s == ASSAY_OK && !c->revoke)
        s = assay_key_load(c->file, &c->old_key, e);
    if (s != ASSAY_OK || !c->rotate)
        return s;
    assay_keys_name(c->s->plan->origin, c->role, name, sizeof name);
    if (c->store)
        s = assay_key_refer(c->next, name, c->store, e);
    else if (access(c->next, F_OK) != 0)
        s = assay_key_generate(c->next, name, e);
    return s == ASSAY_OK ? assay_key_load(c->next, &c->next_key, e) : s;
}

static enum assay_status write_note(const struct change *c, struct assay_buf *note, struct assay_err *e)
{
    struct assay_writer w;
    assay_writer_begin(&w, "key");
    assay_writer_add(&w, "of", assay_role_name(c->role));
    assay_writer_add(&w, "status", c->revoke ? "revoked" : "rotated");
    assay_writer_add(&w, "old", assay_verifier_vkey(c->old));
    assay_writer_add(&w, "new", c->next_key ? assay_key_vkey(c->next_key) : NULL);
    assay_writer_add(&w, "reason", c->reason);
    assay_writer_now(&w);
    enum assay_status s = w.status == ASSAY_OK
                              ? assay_note_sign(c->owner, (const char *)w.text.ptr, w.text.len, note, e)
                              : assay_fail(e, w.status, "cannot write the statement");
    if (s == ASSAY_OK && c->old_key)
        s = assay_note_countersign(c->old_key, note, e);
    if (s == ASSAY_OK && c->next_key)
        s = assay_note_countersign(c->next_key, note, e);
    assay_buf_release(&w.text);
    return s;
}

static enum assay_status append(const struct change *c, const struct assay_buf *note, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_ledger_item item = {note->ptr, note->len, false};
    enum assay_status s = assay_ledger_open_append(c->s->ledger_path, c->s->keys_dir, &l, e);
    if (s == ASSAY_OK)
        s = assay_ledger_append(l, &item, 1, e);
    if (s == ASSAY_OK)
        printf("leaf %llu: the key of role %s is %s\n", (unsigned long long)assay_ledger_size(l) - 1,
               assay_role_name(c->role), c->revoke ? "revoked" : "rotated");
    assay_ledger_close(l);
    return s;
}

static enum assay_status change_key(struct change *c, struct assay_err *e)
{
    struct assay_buf note = {.max = ASSAY_MAX_LEAF};
    bool done;
    enum assay_status s = finish_earlier(c, &done, e);
    if (s == ASSAY_OK && done) {
        printf("a change that was stopped is finished: the key of role %s is in its place\n", assay_role_name(c->role));
        return s;
    }
    if (s == ASSAY_OK)
        s = load_keys(c, e);
    if (s == ASSAY_OK)
        s = write_note(c, &note, e);
    if (s == ASSAY_OK)
        s = append(c, &note, e);
    if (s == ASSAY_OK && c->rotate)
        s = put_in_place(c, e);
    assay_buf_release(&note);
    return s;
}

static enum assay_status make_key(const struct change *c, struct assay_err *e)
{
    struct assay_verifier *v = NULL;
    char name[ASSAY_MAX_NAME + 32];
    assay_keys_name(c->s->plan->origin, c->role, name, sizeof name);
    enum assay_status s = c->store ? assay_key_refer(c->file, name, c->store, e)
                                   : assay_keys_make(c->s->keys_dir, c->s->plan->origin, c->role, e);
    if (s == ASSAY_OK)
        s = public_key(c->file, &v, e);
    if (s == ASSAY_OK)
        printf("%s\n", assay_verifier_vkey(v));
    assay_verifier_free(v);
    return s;
}

static enum assay_status arguments(struct assay_args *a, struct change *c, struct assay_err *e)
{
    const char *name = assay_arg(a, "role");
    int role = name ? assay_role_by_name(name) : -1;
    c->rotate = assay_arg_flag(a, "rotate");
    c->revoke = assay_arg_flag(a, "revoke");
    c->reason = assay_arg(a, "reason");
    c->store = assay_arg(a, "store");
    if (role < 0)
        return assay_fail(e, ASSAY_EUSAGE, "--role: name the role whose key it is");
    if (role == ASSAY_ROLE_LEDGER && c->revoke)
        return assay_fail(e, ASSAY_EUSAGE,
                          "--revoke: the ledger's own key signs its own successor (--rotate) or has "
                          "none; after a theft, begin another ledger under another origin");
    if ((c->rotate || c->revoke) && (!c->reason || !c->reason[0]))
        return assay_fail(e, ASSAY_EUSAGE, "--reason: say why; it stays in the ledger");
    if (c->store && c->revoke && !c->rotate)
        return assay_fail(e, ASSAY_EUSAGE,
                          "--store: a key that is revoked has another one in its place only with --rotate");
    c->role = (enum assay_role)role;
    if ((size_t)snprintf(c->file, sizeof c->file, "%s/%s.key", c->s->keys_dir, name) >= sizeof c->file ||
        (size_t)snprintf(c->next, sizeof c->next, "%s/%s.key.next", c->s->keys_dir, name) >= sizeof c->next)
        return assay_fail(e, ASSAY_ELIMIT, "path of more than %d bytes", ASSAY_MAX_PATH);
    return ASSAY_OK;
}

int assay_cmd_ledger_key(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    struct change c = {.s = &s};
    int code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && arguments(a, &c, &e) == ASSAY_OK)
        (void)(c.rotate || c.revoke ? change_key(&c, &e) : make_key(&c, &e));
    if (e.code != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = (int)assay_err_exit(e.code);
    }
    assay_verifier_free(c.old);
    assay_key_free(c.owner);
    assay_key_free(c.old_key);
    assay_key_free(c.next_key);
    assay_session_close(&s);
    return code;
}
