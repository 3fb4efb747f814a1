#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "assay/init.h"
#include "assay/keys.h"
#include "assay/log.h"
#include "assay/reader.h"
#include "assay/session.h"
#include "cmd.h"

struct exam {
    unsigned failed;
};

static void say(struct exam *x, bool ok, const char *what, const char *detail)
{
    printf("%-4s %s%s%s\n", ok ? "ok" : "FAIL", what, detail && *detail ? ": " : "", detail ? detail : "");
    x->failed += !ok;
}

static void examine_keys(struct exam *x, const struct assay_session *s)
{
    uint8_t key[32];
    for (int r = 0; r < ASSAY_ROLE_COUNT; r++) {
        struct assay_err e = {0};
        struct assay_key *k = NULL;
        char what[64];
        enum assay_status st = assay_keys_load(s->keys_dir, (enum assay_role)r, &k, &e);
        snprintf(what, sizeof what, "signing key of role %s", assay_role_name((enum assay_role)r));
        if (st == ASSAY_ENOTFOUND) /* another machine may hold it */
            printf("-    %s: not here; statements of this role cannot be signed on this machine\n", what);
        else
            say(x, st == ASSAY_OK, what, st == ASSAY_OK ? NULL : e.msg);
        assay_key_free(k);
    }
    struct assay_err e = {0};
    bool ok = assay_dataset_key_load(s->keys_dir, key, &e) == ASSAY_OK;
    say(x, ok, "dataset key", ok ? "keep a second copy: without it no digest can be computed again" : e.msg);
    OPENSSL_cleanse(key, sizeof key);
}

static void examine_ledger(struct exam *x, const struct assay_session *s)
{
    struct assay_err e = {0};
    struct assay_ledger *l = NULL;
    struct assay_ledger_stats stats;
    char detail[128];
    enum assay_status st = assay_session_ledger(s, &l, &e);
    if (st == ASSAY_OK)
        st = assay_ledger_verify(l, &stats, &e);
    if (st == ASSAY_OK)
        snprintf(detail, sizeof detail, "%llu leaves, root %s", (unsigned long long)stats.leaves, stats.root);
    say(x, st == ASSAY_OK, "ledger", st == ASSAY_OK ? detail : e.msg);
    assay_ledger_close(l);
}

static void examine_side(struct exam *x, const struct assay_session *s, const struct assay_dataset *d,
                         enum assay_side_id side)
{
    struct assay_err e = {0};
    struct assay_locator loc = assay_plan_locator(s->plan, d, side);
    struct assay_reader *r = NULL;
    struct assay_schema schema = {0};
    const struct assay_part *part;
    size_t n = 0;
    char what[256], detail[128] = "";
    enum assay_status st = assay_reader_open(&loc, &r, &e);
    if (st == ASSAY_OK)
        st = r->ops->parts(r, 1, &part, &n, &e);
    if (st == ASSAY_OK && n == 0)
        st = assay_fail(&e, ASSAY_ENOTFOUND, "no file matches");
    if (st == ASSAY_OK)
        st = r->ops->schema(r, &schema, &e);
    for (size_t i = 0; i < d->n_cols && st == ASSAY_OK; i++)
        if (d->col[i].native[side] && assay_schema_find(&schema, d->col[i].native[side]) == SIZE_MAX)
            st = assay_fail(&e, ASSAY_ENOTFOUND, "there is no column \"%s\"", d->col[i].native[side]);
    snprintf(what, sizeof what, "dataset %s, %s", d->name, assay_side_name(side));
    if (st == ASSAY_OK)
        snprintf(detail, sizeof detail, "%zu columns%s", schema.n,
                 n && part[0].object                 ? ""
                 : strncmp(loc.uri, "exec:", 5) == 0 ? ", a command"
                                                     : ", a table");
    say(x, st == ASSAY_OK, what, st == ASSAY_OK ? detail : e.msg);
    assay_schema_release(&schema);
    if (r)
        r->ops->close(r);
}

static int list_profiles(void)
{
    struct assay_buf text = {0};
    struct assay_err e = {0};
    enum assay_status s = assay_profiles_show(&text, &e);
    const char *shown = s == ASSAY_OK ? assay_buf_str(&text) : NULL;
    if (shown)
        fputs(shown, stdout);
    else
        assay_log(ASSAY_LOG_ERROR, "%s", s == ASSAY_OK ? "out of memory" : e.msg);
    assay_buf_release(&text);
    return shown ? ASSAY_EXIT_OK : ASSAY_EXIT_UNVERIFIED;
}

int assay_cmd_doctor(struct assay_args *a)
{
    struct exam x = {0};
    struct assay_session s = {0};
    const char *const *operand;
    if (assay_arg_flag(a, "profiles"))
        return list_profiles();
    printf("assay %s, %s\n", ASSAY_VERSION, OpenSSL_version(OPENSSL_VERSION));
    if (assay_arg_operands(a, &operand) == 0)
        return ASSAY_EXIT_OK;
    int code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK) {
        examine_keys(&x, &s);
        examine_ledger(&x, &s);
        for (size_t i = 0; i < s.n_sets; i++)
            for (int side = ASSAY_SOURCE; side <= ASSAY_ARCHIVE; side++)
                examine_side(&x, &s, s.set[i], (enum assay_side_id)side);
        code = x.failed ? ASSAY_EXIT_UNVERIFIED : ASSAY_EXIT_OK;
    }
    assay_session_close(&s);
    return code;
}
