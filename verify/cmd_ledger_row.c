/* ledger prove --row, and verify-proof of what it writes. */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/canon.h"
#include "assay/keys.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/publish.h"
#include "assay/row_prove.h"
#include "cmd.h"
#include "target.h"

/* ---- making ---- */

static enum assay_status prove(struct assay_args *a, const struct assay_session *s, struct assay_row_proof *out,
                               struct assay_err *e)
{
    uint8_t key[32];
    struct assay_policy *policy = NULL;
    struct assay_ledger *ledger = NULL;
    const char *side = assay_arg(a, "side"), *path = assay_arg(a, "policy");
    struct assay_row_job j = {.plan = s->plan,
                              .set = s->set[0],
                              .keys_dir = s->keys_dir,
                              .dataset_key = key,
                              .segments = s->segments,
                              .n_segments = s->n_segments,
                              .side = side && strcmp(side, "source") == 0 ? ASSAY_SOURCE : ASSAY_ARCHIVE,
                              .reveal = assay_arg_flag(a, "reveal"),
                              .memory = (size_t)assay_arg_number(a, "memory", 0) << 20,
                              .spill_max = (uint64_t)assay_arg_number(a, "spill-max", 0) << 20};
    j.n_key = assay_arg_list(a, "row", &j.key);
    enum assay_status st = path ? assay_policy_load(path, &policy, e) : ASSAY_OK;
    if (st == ASSAY_OK)
        st = assay_dataset_key_load(s->keys_dir, key, e);
    if (st == ASSAY_OK)
        st = assay_session_ledger(s, &ledger, e);
    j.ledger = ledger;
    j.policy = policy;
    if (st == ASSAY_OK)
        st = assay_row_prove(&j, out, e);
    assay_progress(NULL);
    assay_ledger_close(ledger);
    assay_policy_free(policy);
    OPENSSL_cleanse(key, sizeof key);
    return st;
}

static void say_proved(const struct assay_row_proof *p, const char *out)
{
    size_t rows = 0;
    for (size_t i = 0; i < p->n_parts; i++)
        rows += p->part[i].n;
    if (p->included)
        printf("%s: %zu row%s of this key, by %zu chunk%s\n", out, rows, rows == 1 ? "" : "s", p->n_parts,
               p->n_parts == 1 ? "" : "s");
    else
        printf("%s: no row of this key, by %zu chunk%s; the keys of the rows around it are in the proof\n", out,
               p->n_parts, p->n_parts == 1 ? "" : "s");
}

int assay_ledger_prove_row(struct assay_args *a)
{
    const char *const *op, *out = assay_arg(a, "out") ? assay_arg(a, "out") : "-";
    struct assay_session s = {0};
    struct assay_err e = {0};
    struct assay_row_proof p = {0};
    struct assay_buf file = {.max = ASSAY_MAX_ROW_PROOF};
    int code = ASSAY_EXIT_USAGE;
    if (assay_arg_operands(a, &op) != 1)
        assay_log(ASSAY_LOG_ERROR, "ledger prove --row wants the PLAN");
    else
        code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && s.n_sets != 1) {
        assay_log(ASSAY_LOG_ERROR, "ledger prove --row is about one dataset: name it with --dataset");
        code = ASSAY_EXIT_USAGE;
    }
    if (code == ASSAY_EXIT_OK) {
        enum assay_status st = prove(a, &s, &p, &e);
        if (st == ASSAY_OK)
            st = assay_row_proof_write(&p, &file, &e);
        if (st == ASSAY_OK)
            st = assay_publish_evidence(out, 0600, file.ptr, file.len, &e);
        if (st == ASSAY_OK && strcmp(out, "-") != 0)
            say_proved(&p, out);
        code = assay_cmd_finish(st == ASSAY_OK ? ASSAY_EXIT_OK : assay_cmd_failed(st, &e));
    }
    assay_row_proof_release(&p);
    assay_buf_release(&file);
    assay_session_close(&s);
    return code;
}

/* ---- checking ---- */

/* Names may hold anything: control characters are shown as \xNN. */
static void put_text(const uint8_t *s, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (s[i] < 0x20 || s[i] == 0x7f)
            printf("\\x%02x", s[i]);
        else
            putchar(s[i]);
}

/* The column's name out of the statement's lines "col SUM NAME", where it has them all. */
static void put_name(const struct assay_stmt *s, size_t i)
{
    const char *line = assay_stmt_nth(s, "col", i), *name = line ? strchr(line, ' ') : NULL;
    if (name)
        put_text((const uint8_t *)name + 1, strlen(name + 1));
    else
        printf("column %zu", i + 1);
}

static enum assay_status print_row(const struct assay_row_leaf *l, const struct assay_stmt *s, struct assay_err *e)
{
    const uint8_t *p = l->row.ptr + 10;
    size_t left = l->row.len >= 10 ? l->row.len - 10 : 0;
    const size_t n = l->row.len >= 10 ? assay_get_be16(l->row.ptr + 8) : 0;
    for (size_t i = 0; i < n; i++) {
        struct assay_buf text = {0};
        bool null = false;
        const size_t len = assay_cell_len(p, left);
        enum assay_status st = len ? assay_cell_show(p, len, &null, &text) : ASSAY_OK;
        if (st != ASSAY_OK || !len) {
            assay_buf_release(&text);
            return st != ASSAY_OK ? assay_fail_nomem(e)
                                  : assay_fail(e, ASSAY_ELEDGER, "proof of a row: cell %zu of the row is none", i + 1);
        }
        printf("  ");
        put_name(s, i);
        printf(null ? ": NULL" : ": \"");
        if (!null)
            put_text(text.ptr, text.len);
        printf(null ? "\n" : "\"\n");
        assay_buf_release(&text);
        p += len;
        left -= len;
    }
    return left ? assay_fail(e, ASSAY_ELEDGER, "proof of a row: bytes are left behind its last cell") : ASSAY_OK;
}

static void print_part(const struct assay_row_proof *p, const struct assay_row_part *part,
                       const struct assay_row_claim *c)
{
    char shown[32];
    const char *said = assay_stmt_get(&c->stmt, "run"), *run = said ? said : "-";
    assay_checkpoint_short(&c->head, shown);
    printf("ok: ");
    if (p->included)
        printf("%zu row%s of this key", part->n, part->n == 1 ? "" : "s");
    else
        printf("no row of this key");
    printf(" in dataset %s, segment ", c->dataset);
    put_text((const uint8_t *)c->segment, strlen(c->segment));
    printf(", chunk %.12s of %llu rows, as attested by", c->chunk, (unsigned long long)c->rows);
    for (int side = 0; side < 2; side++)
        if (c->stated[side])
            printf("%s the %s (leaf %llu)", side && c->stated[0] ? " and" : "", side ? "archive" : "source",
                   (unsigned long long)c->index[side]);
    printf("; %.*s, tree %s, cosigned by %u witness%s\n", (int)c->head.origin_len, c->head.origin, shown, c->cosigned,
           c->cosigned == 1 ? "" : "es");
    printf("  stated in run ");
    put_text((const uint8_t *)run, strlen(run));
    printf(", in a tree of %llu leaves\n", (unsigned long long)c->head.size);
    for (size_t i = 0; p->included && i < part->n; i++)
        printf("  row %llu%s\n", (unsigned long long)part->leaf[i].index,
               part->leaf[i].revealed ? ", revealed:" : ": its digest alone");
}

/* What a proof takes for granted is said beside what it proves. */
static void print_assumed(const struct assay_row_proof *p, bool bounds_told, bool both, bool unsigned_leaf)
{
    printf("this takes for granted:\n");
    if (unsigned_leaf)
        printf("  - that the log took in only statements of those who may make them: the policy has no role lines\n");
    printf("  - when it was so, only the statements and the checkpoint's witnesses say; newer statements may say "
           "otherwise\n");
    if (p->included) {
        printf("  - nothing but SHA-256 and the signatures for the row being among those attested\n");
        return;
    }
    printf(
        "  - that the leaves stand in the order of their keys, each row once, as %s attested; whoever has the chunk's "
        "key and the rows can make the tree again\n",
        both ? "both checkers" : "one checker alone");
    if (!bounds_told)
        printf(
            "  - that a row of this key could only be in this chunk: its bounds are not in clear, and only who has the "
            "dataset key can check that\n");
    printf("  - that the segments above are all that a row of this key could be in\n");
}

struct summing {
    bool print; /* everything was found good once */
    bool bounds_told, both, unsigned_leaf;
    char dataset[37];
};

static enum assay_status check_part(const struct assay_row_proof *p, size_t i, const struct assay_policy *policy,
                                    const char *keys, struct summing *x, struct assay_err *e)
{
    struct assay_row_claim c;
    enum assay_status s = assay_row_part_vouched(&p->part[i], policy, keys, &c, e);
    if (s == ASSAY_OK)
        s = assay_row_part_check(p, &p->part[i], &c, e);
    if (s == ASSAY_OK && x->dataset[0] && strcmp(x->dataset, c.dataset) != 0)
        s = assay_fail(e, ASSAY_ELEDGER, "proof of a row: its parts are about different datasets");
    if (s == ASSAY_OK && x->print)
        print_part(p, &p->part[i], &c);
    for (size_t k = 0; k < p->part[i].n && s == ASSAY_OK && x->print; k++)
        if (p->part[i].leaf[k].revealed && p->included)
            s = print_row(&p->part[i].leaf[k], &c.stmt, e);
    memcpy(x->dataset, c.dataset, sizeof x->dataset);
    x->bounds_told &= c.bounds_told;
    x->both &= c.stated[0] && c.stated[1];
    x->unsigned_leaf |= c.unsigned_leaf;
    assay_row_claim_release(&c);
    return s;
}

enum assay_status assay_ledger_verify_row(const char *text, size_t len, const struct assay_policy *policy,
                                          const char *keys, struct assay_err *e)
{
    struct assay_row_proof p;
    struct summing x = {.bounds_told = true, .both = true};
    enum assay_status s = assay_row_proof_parse(text, len, &p, e);
    for (int pass = 0; pass < 2; pass++, x.print = true)
        for (size_t i = 0; i < p.n_parts && s == ASSAY_OK; i++)
            s = check_part(&p, i, policy, keys, &x, e);
    if (s == ASSAY_OK)
        print_assumed(&p, x.bounds_told, x.both, x.unsigned_leaf);
    assay_row_proof_release(&p);
    return s;
}
