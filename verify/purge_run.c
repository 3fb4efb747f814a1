/* assay purge run: deletes at the source what a permit lists. */
#include "assay/purge_run.h"

#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/keys.h"
#include "assay/log.h"
#include "purge_cmd.h"

static void say(void *ctx, const struct assay_permit_chunk *c, enum assay_purge_outcome o, const char *why)
{
    static const char *const word[] = {"deleted", "settled", NULL, "ABORTED", "would delete"};
    const struct assay_dataset *d = ctx;
    if (!word[o])
        return;
    printf("  %-12s  %s, segment %s, chunk %u (%.8s): %llu rows%s%s\n", word[o], d->name, c->segment, c->ordinal,
           c->chunk, o == ASSAY_PURGE_ABORTED ? 0ULL : (unsigned long long)c->rows, why ? ": " : "", why ? why : "");
}

static void say_result(const struct assay_purge_job *j, const struct assay_purge_result *r)
{
    const uint64_t *n = r->chunks;
    if (!j->execute) {
        printf("%s: %llu chunks, %llu rows would be deleted", j->set->name, (unsigned long long)n[ASSAY_PURGE_WOULD],
               (unsigned long long)r->rows);
    } else {
        printf("%s: %llu chunks, %llu rows deleted", j->set->name, (unsigned long long)n[ASSAY_PURGE_DELETED],
               (unsigned long long)r->rows);
    }
    if (n[ASSAY_PURGE_SETTLED])
        printf(", %llu were deleted by a run that was stopped", (unsigned long long)n[ASSAY_PURGE_SETTLED]);
    if (n[ASSAY_PURGE_ALREADY])
        printf(", %llu earlier", (unsigned long long)n[ASSAY_PURGE_ALREADY]);
    if (n[ASSAY_PURGE_ABORTED])
        printf(", %llu %s", (unsigned long long)n[ASSAY_PURGE_ABORTED],
               j->execute ? "aborted: nothing of them was deleted" : "would not be");
    printf("\n");
    if (!j->execute)
        printf("Nothing was deleted: this was a dry run. Then: --execute\n");
}

static int run_one(const struct assay_session *s, uint64_t permit, const struct assay_args *a)
{
    struct assay_err e = {0};
    struct assay_locator source;
    struct assay_purge_result r = {0};
    uint8_t key[32];
    char *uri = NULL;
    struct assay_purge_job j = {.plan = s->plan,
                                .set = s->set[0],
                                .source = &source,
                                .ledger_path = s->ledger_path,
                                .keys_dir = s->keys_dir,
                                .dataset_key = key,
                                .permit = permit,
                                .execute = assay_arg_flag(a, "execute"),
                                .now = time(NULL),
                                .memory = (size_t)assay_arg_number(a, "memory", 0) << 20,
                                .say = say,
                                .ctx = (void *)s->set[0]};
    enum assay_status st = assay_plan_purge_locator(s->plan, s->set[0], &source, &uri, &e);
    if (st == ASSAY_OK)
        st = assay_dataset_key_load(s->keys_dir, key, &e);
    if (st == ASSAY_OK)
        st = assay_purge_run(&j, &r, &e);
    OPENSSL_cleanse(key, sizeof key);
    if (uri)
        OPENSSL_cleanse(uri, strlen(uri));
    free(uri);
    if (st != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        return r.refused ? ASSAY_EXIT_DISCREPANCY : (int)assay_err_exit(e.code);
    }
    say_result(&j, &r);
    return r.chunks[ASSAY_PURGE_ABORTED] ? ASSAY_EXIT_DISCREPANCY : ASSAY_EXIT_OK;
}

/* The dataset that the permit is for, unless one is named. */
static int choose(struct assay_session *s, uint64_t permit)
{
    struct assay_err e = {0};
    struct assay_ledger *l = NULL;
    struct assay_permit p = {0};
    size_t n = 0;
    enum assay_status st = assay_session_ledger(s, &l, &e);
    if (st == ASSAY_OK)
        st = assay_permit_load(l, permit, &p, &e);
    for (size_t i = 0; st == ASSAY_OK && i < s->n_sets; i++)
        if (strcmp(s->set[i]->id, p.dataset) == 0)
            s->set[n++] = s->set[i];
    if (st == ASSAY_OK && n != 1)
        st = assay_fail(&e, ASSAY_EUSAGE, "permit %llu is for no dataset that was chosen", (unsigned long long)permit);
    s->n_sets = n;
    assay_permit_release(&p);
    assay_ledger_close(l);
    if (st == ASSAY_OK)
        return ASSAY_EXIT_OK;
    assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
    return (int)assay_err_exit(e.code);
}

int assay_cmd_purge_run(struct assay_args *a)
{
    struct assay_session s;
    const long long permit = assay_arg_number(a, "permit", -1);
    int code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && permit < 0) {
        assay_log(ASSAY_LOG_ERROR, "--permit: name the leaf of the permit; nothing is deleted without one");
        code = ASSAY_EXIT_USAGE;
    }
    if (code == ASSAY_EXIT_OK)
        code = choose(&s, (uint64_t)permit);
    if (code == ASSAY_EXIT_OK)
        code = run_one(&s, (uint64_t)permit, a);
    assay_session_close(&s);
    return code;
}
