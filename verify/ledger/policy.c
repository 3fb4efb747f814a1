#include "assay/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/limits.h"
#include "assay/publish.h"
#include "key.h"
#include "stmt.h"

enum kind { WITNESS, GROUP };
struct member {
    enum kind kind;
    char *name;
    char *url;
    struct assay_verifier *key; /* of a witness */
    unsigned need; /* of a group: how many of its members */
    unsigned parent; /* 1 + index of the group that has it as a member; 0: none */
    bool quorum; /* what the quorum line names */
};
struct named_key {
    char role[16];
    struct assay_verifier *key;
};

struct assay_policy {
    struct named_key key[ASSAY_MAX_POLICY_LINES]; /* of log and role lines; a log's role is "ledger" */
    size_t n_keys;
    struct member member[ASSAY_MAX_POLICY_LINES]; /* witnesses and groups, one name space */
    size_t n_members;
    bool none, decided; /* quorum none; there was a quorum line */
};

/* The words of one line: blanks and tabs part them. */
struct words {
    struct assay_text word[ASSAY_MAX_POLICY_LINES + 3];
    size_t n;
};

static bool is(struct assay_text t, const char *word)
{
    return t.n == strlen(word) && memcmp(t.p, word, t.n) == 0;
}

static bool split_line(const char *p, const char *end, struct words *out)
{
    out->n = 0;
    while (p < end) {
        if (*p == ' ' || *p == '\t') {
            p++;
            continue;
        }
        if (out->n == sizeof out->word / sizeof *out->word)
            return false;
        const char *from = p;
        while (p < end && *p != ' ' && *p != '\t')
            p++;
        out->word[out->n++] = (struct assay_text){from, (size_t)(p - from)};
    }
    return true;
}

static char *copy(struct assay_text t)
{
    return strndup(t.p, t.n);
}

static struct member *find(struct assay_policy *p, struct assay_text name)
{
    for (size_t i = 0; i < p->n_members; i++)
        if (is(name, p->member[i].name))
            return &p->member[i];
    return NULL;
}

/* C2SP: keys are the same when the public key is, whatever their names. Here no key may stand in two lines at all. */
static const char *holder(const struct assay_policy *p, const struct assay_verifier *v)
{
    for (size_t i = 0; i < p->n_keys; i++)
        if (memcmp(p->key[i].key->pub, v->pub, 32) == 0)
            return p->key[i].role;
    for (size_t i = 0; i < p->n_members; i++)
        if (p->member[i].key && memcmp(p->member[i].key->pub, v->pub, 32) == 0)
            return "witness";
    return NULL;
}

static enum assay_status read_key(struct assay_policy *p, struct assay_text t, uint8_t type, const char *role,
                                  struct assay_verifier **out, struct assay_err *e)
{
    struct assay_err why = {0};
    char *vkey = copy(t);
    if (!vkey)
        return assay_fail_nomem(e);
    enum assay_status s = assay_verifier_parse(vkey, out, &why);
    free(vkey);
    if (s != ASSAY_OK)
        return assay_fail(e, s == ASSAY_ENOMEM ? s : ASSAY_ELEDGER, "%s", why.msg);
    const char *other = holder(p, *out);
    if ((*out)->type != type)
        s = assay_fail(e, ASSAY_ELEDGER, "the key of a %s must be of type %02x, this one is of type %02x", role, type,
                       (*out)->type);
    else if (other && strcmp(other, role) == 0)
        s = assay_fail(e, ASSAY_ELEDGER, "this %s has the public key of another line", role);
    else if (other)
        s = assay_fail(e, ASSAY_ELEDGER, "the roles %s and %s have the same key; no key may serve two roles", other,
                       role);
    if (s != ASSAY_OK) {
        assay_verifier_free(*out);
        *out = NULL;
    }
    return s;
}

static enum assay_status add_key(struct assay_policy *p, struct assay_text role, struct assay_text vkey,
                                 struct assay_err *e)
{
    if (p->n_keys == ASSAY_MAX_POLICY_LINES)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d keys", ASSAY_MAX_POLICY_LINES);
    struct named_key *k = &p->key[p->n_keys];
    snprintf(k->role, sizeof k->role, "%.*s", (int)role.n, role.p);
    enum assay_status s = read_key(p, vkey, ASSAY_KEY_ED25519, k->role, &k->key, e);
    p->n_keys += s == ASSAY_OK;
    return s;
}

static enum assay_status put_log(struct assay_policy *p, const struct words *w, struct assay_err *e)
{
    if (w->n != 2 && w->n != 3)
        return assay_fail(e, ASSAY_ELEDGER, "expected `log VKEY [URL]`");
    return add_key(p, (struct assay_text){"ledger", 6}, w->word[1], e);
}

static enum assay_status put_role(struct assay_policy *p, const struct words *w, struct assay_err *e)
{
    /* The roles of design section 6 but ledger and witness, which have lines of their own. */
    static const char *const roles[] = {"owner", "source", "archive", "reconcile", "approver", "purger", "auditor"};
    if (w->n != 3)
        return assay_fail(e, ASSAY_ELEDGER, "expected `role ROLE VKEY`");
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (is(w->word[1], roles[i]))
            return add_key(p, w->word[1], w->word[2], e);
    return assay_fail(e, ASSAY_ELEDGER,
                      "\"%.*s\" is no role: owner, source, archive, reconcile, approver, purger or auditor",
                      w->word[1].n > 40 ? 40 : (int)w->word[1].n, w->word[1].p);
}

static enum assay_status new_member(struct assay_policy *p, enum kind kind, struct assay_text name, struct member **out,
                                    struct assay_err *e)
{
    if (p->n_members == ASSAY_MAX_POLICY_LINES)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d witnesses and groups", ASSAY_MAX_POLICY_LINES);
    if (is(name, "none") || find(p, name))
        return assay_fail(e, ASSAY_ELEDGER, "the name \"%.*s\" is taken", name.n > 80 ? 80 : (int)name.n, name.p);
    *out = &p->member[p->n_members];
    **out = (struct member){.kind = kind, .name = copy(name)};
    return (*out)->name ? ASSAY_OK : assay_fail_nomem(e);
}

static void drop_member(struct member *m)
{
    assay_verifier_free(m->key);
    free(m->name);
    free(m->url);
    *m = (struct member){0};
}

static enum assay_status put_witness(struct assay_policy *p, const struct words *w, struct assay_err *e)
{
    struct member *m;
    if (w->n != 3 && w->n != 4)
        return assay_fail(e, ASSAY_ELEDGER, "expected `witness NAME VKEY [URL]`");
    enum assay_status s = new_member(p, WITNESS, w->word[1], &m, e);
    if (s != ASSAY_OK)
        return s;
    s = read_key(p, w->word[2], ASSAY_KEY_COSIGNATURE, "witness", &m->key, e);
    if (s == ASSAY_OK && w->n == 4 && !(m->url = copy(w->word[3])))
        s = assay_fail_nomem(e);
    if (s != ASSAY_OK)
        drop_member(m);
    p->n_members += s == ASSAY_OK;
    return s;
}

static enum assay_status threshold(struct assay_text t, unsigned n, unsigned *out, struct assay_err *e)
{
    uint64_t k = 0;
    if (is(t, "all"))
        k = n;
    else if (is(t, "any"))
        k = 1;
    else if (!assay_checkpoint_number(t.p, t.n, &k))
        return assay_fail(e, ASSAY_ELEDGER, "expected `all`, `any` or a number after the name of the group");
    if (k < 1 || k > n)
        return assay_fail(e, ASSAY_ELEDGER, "a group of %u cannot have the threshold %llu", n, (unsigned long long)k);
    *out = (unsigned)k;
    return ASSAY_OK;
}

static enum assay_status put_group(struct assay_policy *p, const struct words *w, struct assay_err *e)
{
    struct member *m, *g;
    if (w->n < 4)
        return assay_fail(e, ASSAY_ELEDGER, "expected `group NAME all|any|K MEMBER...`");
    enum assay_status s = new_member(p, GROUP, w->word[1], &g, e);
    if (s == ASSAY_OK)
        s = threshold(w->word[2], (unsigned)(w->n - 3), &g->need, e);
    for (size_t i = 3; i < w->n && s == ASSAY_OK; i++) {
        int shown = w->word[i].n > 80 ? 80 : (int)w->word[i].n;
        if (!(m = find(p, w->word[i])))
            s = assay_fail(e, ASSAY_ELEDGER, "\"%.*s\" is not defined on a line before", shown, w->word[i].p);
        else if (m->parent)
            s = assay_fail(e, ASSAY_ELEDGER, "\"%.*s\" is a member of a group already", shown, w->word[i].p);
        else
            m->parent = (unsigned)p->n_members + 1;
    }
    if (s != ASSAY_OK && p->n_members < ASSAY_MAX_POLICY_LINES)
        drop_member(&p->member[p->n_members]);
    p->n_members += s == ASSAY_OK;
    return s;
}

static enum assay_status put_quorum(struct assay_policy *p, const struct words *w, struct assay_err *e)
{
    struct member *m;
    if (w->n != 2)
        return assay_fail(e, ASSAY_ELEDGER, "expected `quorum NAME` or `quorum none`");
    if (p->decided)
        return assay_fail(e, ASSAY_ELEDGER, "a second quorum line");
    p->decided = true;
    p->none = is(w->word[1], "none");
    if (p->none)
        return ASSAY_OK;
    if (!(m = find(p, w->word[1])))
        return assay_fail(e, ASSAY_ELEDGER, "\"%.*s\" is not defined on a line before",
                          w->word[1].n > 80 ? 80 : (int)w->word[1].n, w->word[1].p);
    m->quorum = true;
    return ASSAY_OK;
}

static enum assay_status put_line(struct assay_policy *p, const struct words *w, struct assay_err *e)
{
    static const struct {
        const char *word;
        enum assay_status (*put)(struct assay_policy *, const struct words *, struct assay_err *);
    } lines[] = {
        {"log", put_log}, {"witness", put_witness}, {"group", put_group}, {"quorum", put_quorum}, {"role", put_role}};
    if (w->n == 0 || w->word[0].p[0] == '#')
        return ASSAY_OK;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (is(w->word[0], lines[i].word))
            return lines[i].put(p, w, e);
    return assay_fail(e, ASSAY_ELEDGER, "expected a line of log, witness, group, quorum or role");
}

static bool octets_ok(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (((unsigned char)text[i] < 0x20 && text[i] != '\t' && text[i] != '\n') || text[i] == 0x7f)
            return false;
    return true;
}

static enum assay_status read_lines(struct assay_policy *p, struct words *w, const char *text, size_t len,
                                    struct assay_err *e)
{
    const char *end = text + len;
    enum assay_status s = ASSAY_OK;
    for (unsigned line = 1; text < end && s == ASSAY_OK; line++) {
        struct assay_err why = {0};
        const char *lf = memchr(text, '\n', (size_t)(end - text));
        if (!lf)
            return assay_fail(e, ASSAY_ELEDGER, "policy line %u: does not end in a line feed", line);
        if (!split_line(text, lf, w))
            return assay_fail(e, ASSAY_ELIMIT, "policy line %u: too many words", line);
        s = put_line(p, w, &why);
        if (s != ASSAY_OK)
            assay_fail(e, s, "policy line %u: %s", line, why.msg);
        text = lf + 1;
    }
    if (s == ASSAY_OK && !p->decided)
        s = assay_fail(e, ASSAY_ELEDGER, "policy: has no quorum line");
    return s;
}

enum assay_status assay_policy_parse(const char *text, size_t len, struct assay_policy **out, struct assay_err *e)
{
    if (len > ASSAY_MAX_POLICY)
        return assay_fail(e, ASSAY_ELIMIT, "policy of %zu bytes, the limit is %u", len, ASSAY_MAX_POLICY);
    if (!octets_ok(text, len))
        return assay_fail(e, ASSAY_ELEDGER, "policy: holds a control character");
    struct assay_policy *p = calloc(1, sizeof *p);
    struct words *w = malloc(sizeof *w);
    enum assay_status s = p && w ? read_lines(p, w, text, len, e) : assay_fail_nomem(e);
    free(w);
    if (s != ASSAY_OK) {
        assay_policy_free(p);
        return s;
    }
    *out = p;
    return ASSAY_OK;
}

enum assay_status assay_policy_load(const char *path, struct assay_policy **out, struct assay_err *e)
{
    struct assay_buf text = {.max = 2 * ASSAY_MAX_POLICY};
    struct assay_err why = {0};
    enum assay_status s = assay_slurp(path, ASSAY_MAX_POLICY, &text, e);
    if (s == ASSAY_OK && (s = assay_policy_parse(text.len ? (char *)text.ptr : "", text.len, out, &why)) != ASSAY_OK)
        assay_fail(e, s, "%s: %s", path, why.msg);
    assay_buf_release(&text);
    return s;
}

void assay_policy_free(struct assay_policy *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_keys; i++)
        assay_verifier_free(p->key[i].key);
    for (size_t i = 0; i < p->n_members; i++)
        drop_member(&p->member[i]);
    free(p);
}

/* ---- asking ---- */

const struct assay_verifier *assay_policy_log(const struct assay_policy *p, size_t i)
{
    for (size_t k = 0; k < p->n_keys; k++)
        if (strcmp(p->key[k].role, "ledger") == 0 && i-- == 0)
            return p->key[k].key;
    return NULL;
}

bool assay_policy_witness(const struct assay_policy *p, size_t i, struct assay_policy_witness *out)
{
    for (size_t k = 0; k < p->n_members; k++) {
        const struct member *m = &p->member[k];
        if (m->kind != WITNESS || i-- != 0)
            continue;
        *out = (struct assay_policy_witness){m->name, m->url, m->key};
        return true;
    }
    return false;
}

static enum assay_status put_member(const struct assay_policy *p, size_t i, struct assay_buf *out)
{
    const struct member *m = &p->member[i];
    if (m->kind == WITNESS)
        return assay_buf_addf(out, m->url ? "witness %s %s %s\n" : "witness %s %s\n", m->name, m->key->vkey, m->url);
    enum assay_status s = assay_buf_addf(out, "group %s %u", m->name, m->need);
    for (size_t k = 0; k < i && s == ASSAY_OK; k++)
        if (p->member[k].parent == i + 1)
            s = assay_buf_addf(out, " %s", p->member[k].name);
    return s == ASSAY_OK ? assay_buf_addc(out, '\n') : s;
}

enum assay_status assay_policy_witnesses(const struct assay_policy *p, struct assay_buf *out)
{
    const char *wanted = "none";
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < p->n_members && s == ASSAY_OK; i++) {
        s = put_member(p, i, out);
        wanted = p->member[i].quorum ? p->member[i].name : wanted;
    }
    return s == ASSAY_OK ? assay_buf_addf(out, "quorum %s\n", wanted) : s;
}

bool assay_policy_has_roles(const struct assay_policy *p)
{
    for (size_t k = 0; k < p->n_keys; k++)
        if (strcmp(p->key[k].role, "ledger") != 0)
            return true;
    return false;
}

bool assay_policy_names(const struct assay_policy *p, const char *role)
{
    for (size_t k = 0; k < p->n_keys; k++)
        if (strcmp(p->key[k].role, role) == 0)
            return true;
    return false;
}

bool assay_policy_allows(const struct assay_policy *p, const char *role, const char *vkey)
{
    for (size_t k = 0; k < p->n_keys; k++)
        if (strcmp(p->key[k].role, role) == 0 && strcmp(p->key[k].key->vkey, vkey) == 0)
            return true;
    return false;
}

enum assay_status assay_policy_vouches(const struct assay_policy *p, const char *role, const char *note, size_t len,
                                       struct assay_err *e)
{
    const char *why;
    size_t text;
    for (size_t k = 0; k < p->n_keys; k++) {
        if (strcmp(p->key[k].role, role) != 0)
            continue;
        enum assay_note_check c = assay_note_check(p->key[k].key, note, len, &text, &why);
        if (c == ASSAY_NOTE_GOOD)
            return ASSAY_OK;
        if (c == ASSAY_NOTE_TROUBLE)
            return assay_fail_nomem(e);
        if (c == ASSAY_NOTE_BAD)
            return assay_fail(e, ASSAY_ELEDGER, "the signature by %s does not verify", p->key[k].key->vkey);
    }
    return assay_fail(e, ASSAY_ELEDGER, "no key that the policy has for the role %s signed it", role);
}

const struct assay_verifier *assay_policy_log_of(const struct assay_policy *p, const char *origin, size_t len,
                                                 const char *note, size_t note_len)
{
    const struct assay_verifier *v, *first = NULL;
    const char *why;
    size_t text;
    for (size_t i = 0; (v = assay_policy_log(p, i)); i++) {
        if (!assay_verifier_speaks_for(v, origin, len))
            continue;
        if (assay_note_check(v, note, note_len, &text, &why) != ASSAY_NOTE_MISSING)
            return v;
        first = first ? first : v;
    }
    return first;
}

/* Members stand before the groups they are in: one pass in order settles every group. */
static bool quorum(const struct assay_policy *p, const bool *cosigned)
{
    unsigned have[ASSAY_MAX_POLICY_LINES] = {0};
    bool met = p->none;
    for (size_t i = 0; i < p->n_members; i++) {
        const struct member *m = &p->member[i];
        bool good = m->kind == WITNESS ? cosigned[i] : have[i] >= m->need;
        if (good && m->parent)
            have[m->parent - 1]++;
        met = met || (good && m->quorum);
    }
    return met;
}

static enum assay_status judge_witness(const struct member *m, const char *note, size_t len, bool *good,
                                       struct assay_policy_verdict *out, struct assay_err *e)
{
    const char *why;
    size_t text;
    uint64_t when = 0;
    enum assay_note_check c = assay_note_check_at(m->key, note, len, &text, &when, &why);
    if (c == ASSAY_NOTE_TROUBLE)
        return assay_fail_nomem(e);
    if (c == ASSAY_NOTE_BAD)
        return assay_fail(e, ASSAY_ELEDGER, "the cosignature by %s does not verify", m->key->vkey);
    *good = c == ASSAY_NOTE_GOOD;
    if (!*good)
        return ASSAY_OK;
    out->first = out->cosigned && out->first < when ? out->first : when;
    out->last = out->last > when ? out->last : when;
    out->cosigned++;
    return ASSAY_OK;
}

enum assay_status assay_policy_judge(const struct assay_policy *p, const char *note, size_t len,
                                     struct assay_policy_verdict *out, struct assay_err *e)
{
    bool cosigned[ASSAY_MAX_POLICY_LINES] = {false};
    memset(out, 0, sizeof *out);
    size_t text = assay_note_text(note, len);
    const char *wrong = text ? assay_checkpoint_split(note, text, &out->head) : "no empty line parts it and signatures";
    if (wrong)
        return assay_fail(e, ASSAY_ELEDGER, "not a checkpoint: %s", wrong);
    const struct assay_verifier *v = assay_policy_log_of(p, out->head.origin, out->head.origin_len, note, len);
    if (!v)
        return assay_fail(e, ASSAY_ELEDGER, "the policy has no log of the origin \"%.*s\"",
                          out->head.origin_len > 200 ? 200 : (int)out->head.origin_len, out->head.origin);
    enum assay_status s = assay_note_verify(v, note, len, &text, e);
    for (size_t i = 0; i < p->n_members && s == ASSAY_OK; i++)
        if (p->member[i].kind == WITNESS)
            s = judge_witness(&p->member[i], note, len, &cosigned[i], out, e);
    out->quorum = quorum(p, cosigned);
    return s;
}
