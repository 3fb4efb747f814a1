#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/merkle.h"
#include "assay/note.h"
#include "assay/proof.h"
#include "assay/publish.h"
#include "evidence_private.h"
#include "model.h"
#include "render.h"

#define MAX_PART (1u << 20) /* bytes of a script or text */

/* Hand a finished text over as a file; `s`: how writing it went. */
static enum assay_status add_text(struct assay_evidence *v, const char *name, enum assay_status s,
                                  struct assay_buf *text)
{
    s = s == ASSAY_OK ? assay_bundle_add(v->out, name, text->ptr, text->len, v->e)
                      : assay_fail(v->e, s, "no room for %s", name);
    assay_buf_release(text);
    return s;
}

/* ---- keys ---- */

/* The key id in "name+id+key". */
static void id_of(const char *vkey, char out[9])
{
    const char *plus = strchr(vkey, '+');
    snprintf(out, 9, "%.8s", plus ? plus + 1 : "");
}

static enum assay_status add_pem(struct assay_evidence *v, const char *role, const struct assay_verifier *key)
{
    char name[64], id[9];
    struct assay_buf pem = {0};
    id_of(assay_verifier_vkey(key), id);
    snprintf(name, sizeof name, "keys/%s-%s.pem", role, id);
    enum assay_status s = assay_verifier_pem(key, &pem, v->e);
    return add_text(v, name, s, &pem);
}

static enum assay_status add_key(struct assay_evidence *v, enum assay_role r, const struct assay_verifier *key,
                                 struct assay_buf *policy)
{
    enum assay_status s = r == ASSAY_ROLE_LEDGER ? assay_buf_adds(policy, "log ")
                                                 : assay_buf_addf(policy, "role %s ", assay_role_name(r));
    if (s == ASSAY_OK)
        s = assay_buf_addf(policy, "%s\n", assay_verifier_vkey(key));
    return s == ASSAY_OK ? add_pem(v, assay_role_name(r), key) : s;
}

static enum assay_status put_kinds(struct assay_buf *out)
{
    const char *kind;
    unsigned roles;
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; s == ASSAY_OK && (kind = assay_stmt_kind(i, &roles)); i++) {
        s = assay_buf_adds(out, kind);
        for (unsigned r = 0; r < ASSAY_ROLE_COUNT && s == ASSAY_OK; r++)
            if (roles & 1u << r)
                s = assay_buf_addf(out, " %s", assay_role_name((enum assay_role)r));
        if (s == ASSAY_OK)
            s = assay_buf_addc(out, '\n');
    }
    return s;
}

/* The witnesses' lines and keys of the policy that was asked for. */
static enum assay_status add_witnesses(struct assay_evidence *v, struct assay_buf *policy)
{
    const struct assay_policy *p = v->scope->policy;
    struct assay_policy_witness w;
    enum assay_status s = p ? assay_policy_witnesses(p, policy) : assay_buf_adds(policy, "quorum none\n");
    for (size_t i = 0; p && s == ASSAY_OK && assay_policy_witness(p, i, &w); i++)
        s = add_pem(v, "witness", w.key);
    return s;
}

/* The keys of a role stand in the order in which they followed each other: the first one is in use at leaf 0. */
enum assay_status assay_evidence_keys(struct assay_evidence *v)
{
    struct assay_buf kinds = {0}, policy = {.max = ASSAY_BUNDLE_MAX};
    const struct assay_verifier *key;
    enum assay_status s = ASSAY_OK;
    for (int r = 0; r < ASSAY_ROLE_COUNT && s == ASSAY_OK; r++)
        for (size_t nth = 0; s == ASSAY_OK && (key = assay_ledger_nth_signer(v->l, (enum assay_role)r, nth)); nth++)
            s = add_key(v, (enum assay_role)r, key, &policy);
    if (s == ASSAY_OK)
        s = add_witnesses(v, &policy);
    if (s == ASSAY_OK)
        s = put_kinds(&kinds);
    enum assay_status first = add_text(v, "policy", s, &policy), second = add_text(v, "kinds", s, &kinds);
    return first == ASSAY_OK ? second : first;
}

/* ---- proofs ---- */

static enum assay_status put_proof(struct assay_evidence *v, uint64_t leaf, const struct assay_merkle_proof *path)
{
    const struct assay_proof p = {
        .index = leaf, .path = *path, .checkpoint = v->checkpoint, .checkpoint_len = strlen(v->checkpoint)};
    struct assay_buf text = {0};
    char name[64];
    snprintf(name, sizeof name, "proofs/%09llu.tlog-proof", (unsigned long long)leaf);
    return add_text(v, name, assay_proof_write(&p, &text, NULL), &text);
}

/* With all leaves there the root can be computed, and proofs would only repeat it. */
enum assay_status assay_evidence_proofs(struct assay_evidence *v)
{
    enum assay_status s = ASSAY_OK;
    if (!assay_evidence_partial(v) || v->n_leaves == 0)
        return s;
    struct assay_merkle_proof *path = calloc(v->n_leaves, sizeof *path);
    if (!path)
        return assay_fail_nomem(v->e);
    assay_merkle_prove_many(v->hash, v->size, v->leaf, path, v->n_leaves);
    for (size_t i = 0; i < v->n_leaves && s == ASSAY_OK; i++)
        s = put_proof(v, v->leaf[i], &path[i]);
    free(path);
    return s;
}

/* ---- archived files ---- */

/* By name and dataset, the newest statement first. */
static int by_object(const void *a, const void *b)
{
    const struct assay_evidence_object *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    if (!c)
        c = strcmp(x->dataset, y->dataset);
    return c ? c : (x->leaf < y->leaf) - (x->leaf > y->leaf);
}

/* By name and content, each once. */
static int by_line(const void *a, const void *b)
{
    const struct assay_evidence_object *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c ? c : strcmp(x->sha256, y->sha256);
}

static size_t newest_of_each(struct assay_evidence_object *o, size_t n)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        if (to && strcmp(o[i].name, o[to - 1].name) == 0 && strcmp(o[i].dataset, o[to - 1].dataset) == 0) {
            free(o[i].name);
            continue;
        }
        o[to++] = o[i];
    }
    return to;
}

enum assay_status assay_evidence_objects(struct assay_evidence *v)
{
    struct assay_buf text = {0};
    enum assay_status s = ASSAY_OK;
    if (v->n_objects) {
        qsort(v->object, v->n_objects, sizeof *v->object, by_object);
        v->n_objects = newest_of_each(v->object, v->n_objects);
        qsort(v->object, v->n_objects, sizeof *v->object, by_line);
    }
    for (size_t i = 0; i < v->n_objects && s == ASSAY_OK; i++)
        if (i == 0 || by_line(&v->object[i], &v->object[i - 1]) != 0)
            s = assay_buf_addf(&text, "%s  %s\n", v->object[i].sha256, v->object[i].name);
    return add_text(v, "objects.sha256", s, &text);
}

/* ---- what a person reads ---- */

/* Paths of this machine are left out: the same ledger elsewhere gives the same bytes. */
enum assay_status assay_evidence_report(struct assay_evidence *v)
{
    const struct assay_report_scope scope = {.run = v->scope->run,
                                             .dataset = (const char *const *)v->id,
                                             .n_datasets = v->n_ids,
                                             .plan_ids = v->scope->plan_ids,
                                             .plan_names = v->scope->plan_names,
                                             .n_plan_ids = v->scope->n_plan_ids,
                                             .whole_ledger = true,
                                             .all = !v->scope->run};
    struct assay_report *r = NULL;
    struct assay_buf html = {.max = ASSAY_BUNDLE_MAX}, json = {.max = ASSAY_BUNDLE_MAX};
    enum assay_status s = assay_report_build(v->l, &scope, &r, v->e);
    if (s != ASSAY_OK)
        return s;
    r->ledger_checked = r->bundled = true;
    s = add_text(v, "report.html", assay_render_html(r, &html), &html);
    if (s == ASSAY_OK)
        s = add_text(v, "report.json", assay_render_json(r, &json), &json);
    assay_report_free(r);
    return s;
}

static enum assay_status head_of_verify(struct assay_evidence *v, struct assay_buf *out)
{
    uint8_t hash[32];
    enum assay_status s = assay_buf_addf(
        out, "Evidence of the ledger %s\n\ncheckpoint: %llu leaves, root %s\nin this bundle: %zu of them\n", v->origin,
        (unsigned long long)v->size, v->root, v->n_leaves);
    for (size_t i = 0; i < v->out->n && s == ASSAY_OK; i++) {
        const struct assay_bundle_file *f = &v->out->file[i];
        if (strcmp(f->name, "policy") != 0 && strcmp(f->name, "kinds") != 0)
            continue;
        assay_sha256(f->bytes, f->len, hash);
        s = assay_buf_addf(out, "%s: SHA-256 ", f->name);
        if (s == ASSAY_OK)
            s = assay_buf_addhex(out, hash, 32);
        if (s == ASSAY_OK)
            s = assay_buf_addc(out, '\n');
    }
    return s == ASSAY_OK ? assay_buf_addc(out, '\n') : s;
}

enum assay_status assay_evidence_parts(struct assay_evidence *v)
{
    static const char *const part[] = {"METHOD.txt", "VERIFY.txt", "chunk_root.py", "verify.sh"};
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < sizeof part / sizeof *part && s == ASSAY_OK; i++) {
        struct assay_buf path = {0}, text = {.max = 2 * MAX_PART};
        if (strcmp(part[i], "VERIFY.txt") == 0)
            s = head_of_verify(v, &text);
        if (s == ASSAY_OK)
            s = assay_path_join(v->scope->parts, part[i], &path);
        if (s != ASSAY_OK)
            assay_fail_nomem(v->e);
        else
            s = assay_slurp((const char *)path.ptr, MAX_PART, &text, v->e);
        assay_buf_release(&path);
        s = add_text(v, part[i], s, &text);
    }
    return s;
}
