/* The verbs over chunk keys: the keyring itself, and erasing. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/keyring.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/publish.h"
#include "assay/writer.h"
#include "cmd.h"

#define MAX_COMMITS 500 /* named in one statement: a leaf has 65,535 bytes */

static int failed(const struct assay_err *e)
{
    assay_log(ASSAY_LOG_ERROR, "%s", e->msg);
    return (int)assay_err_exit(e->code);
}

/* ---- ledger keyring ---- */

static void show_recipients(const struct assay_keyring *k, const struct assay_keyring_facts *f)
{
    struct assay_buf name = {0};
    for (size_t i = 0; i < f->recipients; i++) {
        assay_buf_reset(&name);
        if (assay_keyring_recipient(k, i, &name) == ASSAY_OK)
            printf("recipient   %s\n", assay_buf_str(&name));
    }
    assay_buf_release(&name);
}

static enum assay_status show(struct assay_keyring *k, const char *path, struct assay_err *e)
{
    struct assay_keyring_facts f;
    enum assay_status s = assay_keyring_check(k, &f, e);
    if (s != ASSAY_OK)
        return s;
    printf("keyring     %s\nepoch       %u, dataset key %s, %zu before it\n", path, f.epoch, f.key_id, f.past);
    printf("chunk keys  %llu, all open; %llu erased\n", (unsigned long long)f.keys, (unsigned long long)f.erased);
    show_recipients(k, &f);
    printf("escrow      %s\n", f.escrowed     ? "there, for these recipients"
                               : f.recipients ? "MISSING, or for others: name the recipients again"
                                              : "none: a lost dataset.key would be lost for good; name recipients");
    return ASSAY_OK;
}

/* The key of one chunk, for whoever is shown all of its rows. */
static enum assay_status reveal(struct assay_args *a, const struct assay_session *s, struct assay_keyring *k,
                                struct assay_err *e)
{
    uint8_t key[ASSAY_CHUNK_KEY_LEN];
    char hex[2 * sizeof key + 1];
    const long long ordinal = assay_arg_number(a, "chunk", -1);
    if (s->n_sets != 1 || s->n_segments != 1 || ordinal < 0 || ordinal >= ASSAY_EVERY_CHUNK)
        return assay_fail(e, ASSAY_EUSAGE, "--reveal: name one --dataset, one --segment and one --chunk");
    enum assay_status st = assay_keyring_chunk_key(k, s->set[0]->id, s->segments[0], (uint32_t)ordinal, false, key, e);
    if (st == ASSAY_OK) {
        assay_hex(key, sizeof key, hex);
        printf("%s\n", hex);
    }
    OPENSSL_cleanse(key, sizeof key);
    OPENSSL_cleanse(hex, sizeof hex);
    return st;
}

static enum assay_status act(struct assay_args *a, struct assay_keyring *k, struct assay_err *e)
{
    const char *const *cert;
    size_t n = assay_arg_list(a, "recipient", &cert);
    enum assay_status s = n ? assay_keyring_escrow(k, cert, n, e) : ASSAY_OK;
    if (s == ASSAY_OK && assay_arg_flag(a, "rotate")) {
        s = assay_keyring_rotate(k, e);
        if (s == ASSAY_OK)
            assay_log(ASSAY_LOG_WARN, "the dataset key is a new one: bring it to every checker, and verify both sides "
                                      "again, for fast digests of before compare with none of after");
    }
    return s;
}

int assay_cmd_ledger_keyring(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    struct assay_keyring *k = NULL;
    const char *escrow = assay_arg(a, "recover"), *private_key = assay_arg(a, "private-key");
    int code = assay_session_open(a, &s);
    if (code != ASSAY_EXIT_OK)
        goto done;
    if (!escrow != !private_key)
        assay_fail(&e, ASSAY_EUSAGE, "--recover and --private-key go together");
    if (e.code == ASSAY_OK && escrow)
        (void)assay_escrow_recover(escrow, private_key, s.keys_dir, &e);
    if (e.code == ASSAY_OK && assay_keyring_open(s.plan->keyring, s.keys_dir, &k, &e) == ASSAY_OK &&
        act(a, k, &e) == ASSAY_OK)
        (void)(assay_arg_flag(a, "reveal") ? reveal(a, &s, k, &e) : show(k, s.plan->keyring, &e));
    if (e.code != ASSAY_OK)
        code = failed(&e);
done:
    assay_keyring_close(k);
    assay_session_close(&s);
    return code;
}

/* ---- ledger erase ---- */

struct erasing {
    const struct assay_dataset *set;
    const char *segment, *reason;
    uint32_t ordinal;
    const char *path; /* of the plan's keyring; borrowed */
    const char *const *copy; /* and others */
    size_t n_copies;
    struct assay_buf commits;
    char chunk[33]; /* its id, "" for all of the segment */
    bool known; /* the ledger has such a chunk */
    uint64_t keys;
};

static bool is_the_chunk(void *ctx, const struct assay_leaf *leaf)
{
    struct erasing *x = ctx;
    struct assay_stmt st = {0};
    if (assay_stmt_parse(leaf->note, leaf->note_len, &st, NULL) == ASSAY_OK) {
        const char *ordinal = assay_stmt_get(&st, "ordinal"), *id = assay_stmt_get(&st, "chunk");
        bool every = x->ordinal == ASSAY_EVERY_CHUNK;
        x->known = every || (ordinal && id && strtoull(ordinal, NULL, 10) == x->ordinal);
        if (x->known && !every)
            snprintf(x->chunk, sizeof x->chunk, "%s", id);
    }
    assay_stmt_release(&st);
    return !x->known;
}

/* A mistyped name would destroy nothing and be stated for ever. */
static enum assay_status find_chunk(const struct assay_session *s, struct erasing *x, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_ledger_query q = {.kind = "chunk", .dataset = x->set->id, .segment = x->segment, .newest_first = true};
    enum assay_status st = assay_session_ledger(s, &l, e);
    if (st == ASSAY_OK)
        st = assay_ledger_each(l, &q, is_the_chunk, x, e);
    assay_ledger_close(l);
    if (st == ASSAY_OK && !x->known)
        st = assay_fail(e, ASSAY_EUSAGE, "the ledger knows no such chunk of segment %s of dataset %s", x->segment,
                        x->set->name);
    return st;
}

/* Every copy is asked for before one is touched. */
static enum assay_status prepare(const struct assay_session *s, struct erasing *x, struct assay_err *e)
{
    struct assay_keyring *k = NULL;
    struct assay_buf probe = {.max = ASSAY_MAX_KEYRING + 65537};
    enum assay_status st = assay_keyring_open(x->path, s->keys_dir, &k, e);
    if (st == ASSAY_OK)
        st = assay_keyring_commits(k, x->set->id, x->segment, x->ordinal, &x->commits, e);
    assay_keyring_close(k);
    for (size_t i = 0; i < x->n_copies && st == ASSAY_OK; i++) {
        assay_buf_reset(&probe);
        st = assay_slurp(x->copy[i], ASSAY_MAX_KEYRING, &probe, e);
    }
    assay_buf_release(&probe);
    return st;
}

static enum assay_status destroy(struct erasing *x, struct assay_err *e)
{
    uint64_t n;
    enum assay_status s = assay_keyring_erase_copy(x->path, x->set->id, x->segment, x->ordinal, &x->keys, e);
    for (size_t i = 0; i < x->n_copies && s == ASSAY_OK; i++)
        s = assay_keyring_erase_copy(x->copy[i], x->set->id, x->segment, x->ordinal, &n, e);
    return s;
}

static enum assay_status state(struct erasing *x, struct assay_sink *sink, struct assay_err *e)
{
    struct assay_writer w;
    assay_writer_begin(&w, "erasure");
    assay_writer_add(&w, "dataset", x->set->id);
    assay_writer_add(&w, "segment", x->segment);
    assay_writer_add(&w, "chunk", x->chunk[0] ? x->chunk : NULL);
    if (x->ordinal != ASSAY_EVERY_CHUNK)
        assay_writer_addf(&w, "ordinal", "%u", x->ordinal);
    assay_writer_addf(&w, "keys", "%llu", (unsigned long long)x->keys);
    assay_writer_addf(&w, "copies", "%zu", x->n_copies + 1);
    for (size_t i = 0; i < x->commits.len / 32 && i < MAX_COMMITS; i++)
        assay_writer_hex(&w, "keycommit", "", x->commits.ptr + 32 * i, 32);
    assay_writer_add(&w, "reason", x->reason);
    assay_writer_now(&w);
    enum assay_status s = assay_writer_send(&w, sink, e);
    return s == ASSAY_OK ? assay_sink_commit(sink, e) : s;
}

static enum assay_status erase(const struct assay_session *s, struct erasing *x, bool dry, struct assay_err *e)
{
    struct assay_sink *sink = NULL;
    enum assay_status st = find_chunk(s, x, e);
    if (st == ASSAY_OK)
        st = prepare(s, x, e);
    if (st == ASSAY_OK && dry) {
        printf("would destroy %zu chunk keys in %zu keyrings\n", x->commits.len / 32, x->n_copies + 1);
        return ASSAY_OK;
    }
    /* Who could not state it must not do it. */
    if (st == ASSAY_OK)
        st = assay_sink_ledger(s->ledger_path, s->keys_dir, ASSAY_ROLE_OWNER, &sink, e);
    if (st == ASSAY_OK)
        st = destroy(x, e);
    if (st == ASSAY_OK)
        st = state(x, sink, e);
    if (st == ASSAY_OK)
        printf("destroyed %llu chunk keys in %zu keyrings; the ledger says why\n", (unsigned long long)x->keys,
               x->n_copies + 1);
    assay_sink_free(sink);
    return st;
}

static enum assay_status arguments(struct assay_args *a, const struct assay_session *s, struct erasing *x,
                                   struct assay_err *e)
{
    long long ordinal = assay_arg_number(a, "chunk", ASSAY_EVERY_CHUNK);
    if (s->n_sets != 1 || s->n_segments != 1)
        return assay_fail(e, ASSAY_EUSAGE, "name one --dataset and one --segment");
    if (ordinal > ASSAY_EVERY_CHUNK || (assay_arg(a, "chunk") && ordinal == ASSAY_EVERY_CHUNK))
        return assay_fail(e, ASSAY_EUSAGE, "--chunk: chunks are numbered from 0 in their segment");
    x->set = s->set[0];
    x->segment = s->segments[0];
    x->ordinal = (uint32_t)ordinal;
    x->reason = assay_arg(a, "reason");
    if (!x->reason || !x->reason[0])
        return assay_fail(e, ASSAY_EUSAGE, "--reason: say why; it stays in the ledger, so no personal data");
    x->n_copies = assay_arg_list(a, "keyring", &x->copy);
    x->path = s->plan->keyring;
    return ASSAY_OK;
}

int assay_cmd_ledger_erase(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    struct erasing x = {0};
    int code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && arguments(a, &s, &x, &e) == ASSAY_OK)
        (void)erase(&s, &x, assay_arg_flag(a, "dry-run"), &e);
    if (e.code != ASSAY_OK)
        code = failed(&e);
    assay_buf_release(&x.commits);
    assay_session_close(&s);
    return code;
}
