/* The verbs over a ledger: log, show, append. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/approve.h"
#include "assay/digest.h"
#include "assay/ledger_append.h"
#include "assay/limits.h"
#include "assay/log.h"
#include "assay/plan.h"
#include "cmd.h"
#include "target.h"

/* ---- log and show ---- */

/* A value for a terminal: control characters (C0, DEL, C1) show as '?'. */
static void put_value(const char *v)
{
    for (const unsigned char *p = (const unsigned char *)v; *p; p++) {
        bool c1 = p[0] == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0;
        if (*p < 0x20 || *p == 0x7f || c1)
            putchar('?');
        else
            putchar(*p);
        p += c1;
    }
}

static const char *or_dash(const struct assay_stmt *s, const char *key)
{
    const char *v = assay_stmt_get(s, key);
    return v ? v : "-";
}

static void print_line(const struct assay_leaf *leaf, const struct assay_stmt *s)
{
    static const char *const more[] = {"name", "verdict", "state",      "status",  "scope", "object",
                                       "rows", "tiled",   "key-unique", "columns", "reason"};
    static const char *const place[] = {"segment", "chunk"};
    printf("%8llu  %-27s  %-11s  %-7s", (unsigned long long)leaf->index, or_dash(s, "observed"), s->kind,
           or_dash(s, "role"));
    for (size_t i = 0; i < sizeof place / sizeof *place; i++) {
        fputs("  ", stdout);
        put_value(or_dash(s, place[i]));
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        const char *v = assay_stmt_get(s, more[i]);
        if (!v || strncmp(v, "sha256:", 7) == 0)
            continue;
        printf("  %s=", more[i]);
        put_value(v);
    }
    putchar('\n');
}

/* {"index","hash","kind","fields":{key: value, or an array where the key repeats}}; NULL when out of memory. */
static json_t *leaf_json(const struct assay_leaf *leaf, const struct assay_stmt *s)
{
    char hex[65];
    assay_hex(leaf->hash, 32, hex);
    json_t *fields = json_object();
    for (size_t i = 0; i < s->n && fields; i++) {
        json_t *v = json_string(s->field[i].value); /* NULL when it is not UTF-8: then as latin-1 is no better */
        json_t *old = json_object_get(fields, s->field[i].key);
        if (!v)
            v = json_null();
        if (!old)
            json_object_set_new(fields, s->field[i].key, v);
        else if (json_is_array(old))
            json_array_append_new(old, v);
        else
            json_object_set_new(fields, s->field[i].key, json_pack("[Oo]", old, v));
    }
    return json_pack("{s:I,s:s,s:s,s:o*}", "index", (json_int_t)leaf->index, "hash", hex, "kind", s->kind, "fields",
                     fields);
}

struct log {
    bool json;
    long long left; /* < 0: all */
    struct assay_err e;
};

static bool log_leaf(void *ctx, const struct assay_leaf *leaf)
{
    struct log *log = ctx;
    struct assay_stmt s;
    if (log->left == 0)
        return false;
    if (log->left > 0)
        log->left--;
    if (assay_stmt_parse(leaf->note, leaf->note_len, &s, &log->e) != ASSAY_OK)
        return false;
    if (log->json) {
        json_t *j = leaf_json(leaf, &s);
        if (!j || json_dumpf(j, stdout, JSON_COMPACT) || putchar('\n') == EOF)
            assay_fail(&log->e, ASSAY_EIO, "standard output: cannot write leaf %llu", (unsigned long long)leaf->index);
        json_decref(j);
    } else {
        print_line(leaf, &s);
    }
    assay_stmt_release(&s);
    return log->e.code == ASSAY_OK && !ferror(stdout);
}

int assay_cmd_ledger_log(struct assay_args *a)
{
    struct assay_target t;
    struct assay_ledger *l = NULL;
    struct log log = {.json = assay_arg_flag(a, "json")};
    long long limit = assay_arg_number(a, "limit", 100), from = assay_arg_number(a, "from", 0);
    int code = assay_target_open(a, false, &t);
    if (code == ASSAY_EXIT_OK) {
        const char *dataset = assay_arg(a, "dataset");
        const struct assay_dataset *d = t.plan && dataset ? assay_plan_find(t.plan, dataset) : NULL;
        struct assay_ledger_query q = {
            .kind = assay_arg(a, "kind"),
            .role = assay_arg(a, "role"),
            .dataset = d ? d->id : dataset,
            .run = assay_arg(a, "run"),
            .segment = assay_arg(a, "segment"),
            .from = from < 0 ? 0 : (uint64_t)from,
            .newest_first = assay_arg_flag(a, "reverse"),
        };
        log.left = limit <= 0 ? -1 : limit;
        enum assay_status s = assay_ledger_open(t.ledger, t.keys, &l, &log.e);
        if (s == ASSAY_OK)
            assay_ledger_as_stored(l);
        if (s == ASSAY_OK)
            s = assay_ledger_each(l, &q, log_leaf, &log, &log.e);
        if (s != ASSAY_OK || log.e.code != ASSAY_OK)
            code = assay_cmd_failed(log.e.code, &log.e);
        code = assay_cmd_finish(code);
        assay_ledger_close(l);
    }
    assay_target_release(&t);
    return code;
}

static void show_leaf(void *ctx, const struct assay_leaf *leaf)
{
    struct assay_err *e = ctx;
    struct assay_stmt s;
    if (assay_stmt_parse(leaf->note, leaf->note_len, &s, e) != ASSAY_OK)
        return;
    json_t *j = leaf_json(leaf, &s);
    if (!j || json_object_set_new(j, "note", json_stringn(leaf->note, leaf->note_len)) ||
        json_dumpf(j, stdout, JSON_INDENT(2)) || putchar('\n') == EOF)
        assay_fail(e, ASSAY_EIO, "standard output: cannot write leaf %llu", (unsigned long long)leaf->index);
    json_decref(j);
    assay_stmt_release(&s);
}

static void show_note(void *ctx, const struct assay_leaf *leaf)
{
    (void)ctx;
    fwrite(leaf->note, 1, leaf->note_len, stdout);
}

static enum assay_status show_blob(struct assay_ledger *l, const uint8_t hash[32], struct assay_err *e)
{
    struct assay_buf body = {0};
    enum assay_status s = assay_ledger_blob(l, hash, &body, e);
    if (s == ASSAY_OK && body.len)
        fwrite(body.ptr, 1, body.len, stdout);
    assay_buf_release(&body);
    return s;
}

/* INDEX, the hash of a leaf, the sha256 of a blob, or "checkpoint". */
static enum assay_status show(struct assay_ledger *l, const char *what, bool json, struct assay_err *e)
{
    uint8_t hash[32];
    uint64_t index = 0;
    struct assay_err none = {0};
    void (*each)(void *, const struct assay_leaf *) = json ? show_leaf : show_note;
    const char *hex = strncmp(what, "sha256:", 7) == 0 ? what + 7 : what;
    if (strcmp(what, "checkpoint") == 0) {
        fputs(assay_ledger_checkpoint(l), stdout);
        return ASSAY_OK;
    }
    if (strlen(hex) == 64 && assay_unhex(hex, hash, 32) == 0) {
        enum assay_status s = hex == what ? assay_ledger_find(l, hash, &index, &none) : ASSAY_ENOTFOUND;
        if (s == ASSAY_OK)
            return assay_ledger_leaf(l, index, each, e, e);
        if (s != ASSAY_ENOTFOUND)
            return assay_fail(e, s, "%s", none.msg);
        s = show_blob(l, hash, &none);
        if (s == ASSAY_ENOTFOUND)
            return assay_fail(e, s, "neither a leaf nor a blob has the hash %s", hex);
        return s == ASSAY_OK ? s : assay_fail(e, s, "%s", none.msg);
    }
    size_t n = strlen(what);
    if (n == 0 || n > 18 || strspn(what, "0123456789") != n)
        return assay_fail(e, ASSAY_EUSAGE,
                          "\"%.80s\": expected a leaf's index, 64 hex digits of a leaf or blob, or \"checkpoint\"",
                          what);
    return assay_ledger_leaf(l, strtoull(what, NULL, 10), each, e, e);
}

int assay_cmd_ledger_show(struct assay_args *a)
{
    struct assay_target t;
    struct assay_ledger *l = NULL;
    struct assay_err e = {0};
    int code = assay_target_open(a, true, &t);
    if (code == ASSAY_EXIT_OK) {
        enum assay_status s = assay_ledger_open(t.ledger, t.keys, &l, &e);
        if (s == ASSAY_OK)
            assay_ledger_as_stored(l);
        if (s == ASSAY_OK)
            s = show(l, t.operand, assay_arg_flag(a, "json"), &e);
        if (s != ASSAY_OK || e.code != ASSAY_OK)
            code = assay_cmd_failed(e.code, &e);
        code = assay_cmd_finish(code);
        assay_ledger_close(l);
    }
    assay_target_release(&t);
    return code;
}

/* ---- append ---- */

/* Statements cite plans: one whose checkers are all far away comes into the ledger here, by its owner's signature.
 * Without the owner's key the ledger has it already, or refuses what cites it. */
static enum assay_status approve_plans(const struct assay_target *t, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_err why = {0};
    enum assay_status s = t->plan ? assay_ledger_open(t->ledger, t->keys, &l, e) : ASSAY_OK;
    for (size_t i = 0; t->plan && i < t->plan->n_sets && s == ASSAY_OK; i++) {
        s = assay_plan_approve(l, t->ledger, t->keys, &t->plan->set[i], &why);
        if (s != ASSAY_OK && s != ASSAY_ESTORE)
            assay_fail(e, s, "%s", why.msg);
        else
            s = ASSAY_OK;
        assay_err_reset(&why);
    }
    assay_ledger_close(l);
    return s;
}

int assay_cmd_ledger_append(struct assay_args *a)
{
    struct assay_target t;
    struct assay_ledger *l = NULL;
    struct assay_err e = {0};
    uint64_t n = 0;
    int code = assay_target_open(a, true, &t);
    if (code == ASSAY_EXIT_OK) {
        enum assay_status s = approve_plans(&t, &e);
        if (s == ASSAY_OK)
            s = assay_ledger_open_append(t.ledger, t.keys, &l, &e);
        if (s == ASSAY_OK)
            s = assay_ledger_take_spool(l, t.operand, &n, &e);
        if (l && assay_arg_flag(a, "json"))
            printf("{\"appended\": %llu, \"leaves\": %llu}\n", (unsigned long long)n,
                   (unsigned long long)assay_ledger_size(l));
        else if (l)
            printf("%llu leaves appended, the ledger has %llu\n", (unsigned long long)n,
                   (unsigned long long)assay_ledger_size(l));
        if (s != ASSAY_OK)
            code = assay_cmd_failed(s, &e);
        code = assay_cmd_finish(code);
        assay_ledger_close(l);
    }
    assay_target_release(&t);
    return code;
}
