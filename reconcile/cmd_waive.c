/* ledger waive: the approver accepts discrepancies that are known, as they are now, until a date. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/log.h"
#include "assay/session.h"
#include "assay/waiver.h"
#include "assay/writer.h"
#include "cmd.h"
#include "core/discrepancy.h"

#define MAX_NAMED 500 /* discrepancies in one statement: a leaf has 65,535 bytes */
#define MAX_TEXT 4096 /* bytes of who and why */

struct names {
    const char *const *v;
    size_t n;
};

struct looked {
    bool found;
    char seen[33]; /* as it was compared, "" when that is not stated */
    char unseen[200]; /* why not, "" when that is not stated either */
};

struct waiving {
    const struct assay_session *s;
    const struct assay_dataset *set;
    const char *by, *reason, *cause, *withdraw;
    char until[32], now[32];
    struct names discrepancy, segment, chunk, column;
    struct assay_buf cause_columns; /* with commas between */
    struct discrepancies known;
    struct looked *looked; /* one of each known: the newest verdict about it */
    size_t *chosen, n_chosen;
    bool dry;
};

static bool listed(const struct names *l, const char *name)
{
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->v[i], name) == 0)
            return true;
    return false;
}

static bool in_list(const char *list, const char *word, size_t n)
{
    for (const char *p = list; *p; p += strcspn(p, ",") + (p[strcspn(p, ",")] == ','))
        if (strcspn(p, ",") == n && memcmp(p, word, n) == 0)
            return true;
    return false;
}

/* Every column that differs is one of those meant. */
static bool columns_meant(const struct waiving *x, const char *columns)
{
    if (!columns)
        return false;
    for (const char *p = columns; *p;) {
        size_t n = strcspn(p, ",");
        bool named = x->column.n == 0;
        for (size_t i = 0; i < x->column.n && !named; i++)
            named = strlen(x->column.v[i]) == n && memcmp(x->column.v[i], p, n) == 0;
        if (!named || (x->cause && !in_list((const char *)x->cause_columns.ptr, p, n)))
            return false;
        p += n + (p[n] == ',');
    }
    return true;
}

static bool is_meant(const struct waiving *x, const struct discrepancy *d)
{
    return strcmp(d->state, "closed") != 0 && (!x->discrepancy.n || listed(&x->discrepancy, d->id)) &&
           (!x->segment.n || listed(&x->segment, d->segment)) && (!x->chunk.n || listed(&x->chunk, d->chunk)) &&
           ((!x->column.n && !x->cause) || columns_meant(x, d->columns));
}

/* ---- what was seen, out of the newest verdict about each ---- */

static bool take_seen(void *ctx, const struct assay_leaf *leaf)
{
    struct waiving *x = ctx;
    struct assay_stmt st = {0};
    if (assay_stmt_parse(leaf->note, leaf->note_len, &st, NULL) == ASSAY_OK) {
        const char *id = assay_stmt_get(&st, "discrepancy"), *seen = assay_stmt_get(&st, "seen"),
                   *unseen = assay_stmt_get(&st, "unseen");
        const struct discrepancy *d = id ? assay_discrepancies_find(&x->known, id) : NULL;
        struct looked *k = d ? &x->looked[d - x->known.d] : NULL;
        if (k && !k->found) {
            k->found = true;
            snprintf(k->seen, sizeof k->seen, "%s", seen && strlen(seen) == 32 ? seen : "");
            snprintf(k->unseen, sizeof k->unseen, "%s", unseen ? unseen : "");
        }
    }
    assay_stmt_release(&st);
    return true;
}

static bool take_cause(void *ctx, const struct assay_leaf *leaf)
{
    struct waiving *x = ctx;
    struct assay_stmt st = {0};
    if (assay_stmt_parse(leaf->note, leaf->note_len, &st, NULL) == ASSAY_OK) {
        const char *id = assay_stmt_get(&st, "id"), *columns = assay_stmt_get(&st, "columns");
        if (id && columns && strcmp(id, x->cause) == 0)
            (void)assay_buf_adds(&x->cause_columns, columns);
    }
    assay_stmt_release(&st);
    return x->cause_columns.len == 0;
}

static enum assay_status find_cause(struct waiving *x, struct assay_ledger *l, struct assay_err *e)
{
    struct assay_ledger_query q = {.kind = "cause", .dataset = x->set->id, .newest_first = true};
    if (!x->cause)
        return ASSAY_OK;
    enum assay_status s = assay_ledger_each(l, &q, take_cause, x, e);
    if (s == ASSAY_OK && !x->cause_columns.len)
        s = assay_fail(e, ASSAY_EUSAGE, "the ledger knows no cause %s of dataset %s that is about columns", x->cause,
                       x->set->name);
    return s == ASSAY_OK && !assay_buf_str(&x->cause_columns) ? assay_fail_nomem(e) : s;
}

/* What has no fingerprint cannot be waived: chosen by its id that is an error, chosen with others it stays open. */
static enum assay_status refuse(const struct waiving *x, size_t i, struct assay_err *e)
{
    const struct looked *k = &x->looked[i];
    const char *id = x->known.d[i].id;
    if (!k->unseen[0])
        return assay_fail(e, ASSAY_EUSAGE, "discrepancy %s: no verdict says what was seen: run assay check first", id);
    if (x->discrepancy.n)
        return assay_fail(e, ASSAY_EUSAGE, "discrepancy %s cannot be waived: %s", id, k->unseen);
    assay_log(ASSAY_LOG_WARN, "discrepancy %s stays open, it cannot be waived: %s", id, k->unseen);
    return ASSAY_OK;
}

static enum assay_status choose(struct waiving *x, struct assay_err *e)
{
    for (size_t i = 0; i < x->discrepancy.n; i++)
        if (!assay_discrepancies_find(&x->known, x->discrepancy.v[i]))
            return assay_fail(e, ASSAY_EUSAGE, "the ledger knows no discrepancy %s of dataset %s", x->discrepancy.v[i],
                              x->set->name);
    for (size_t i = 0; i < x->known.n; i++) {
        if (!is_meant(x, &x->known.d[i]))
            continue;
        if (x->looked[i].seen[0])
            x->chosen[x->n_chosen++] = i;
        else if (refuse(x, i, e) != ASSAY_OK)
            return e->code;
    }
    return x->n_chosen
               ? ASSAY_OK
               : assay_fail(e, ASSAY_EUSAGE, "dataset %s has no open discrepancy of that kind to waive", x->set->name);
}

static enum assay_status look(struct waiving *x, struct assay_ledger *l, struct assay_err *e)
{
    struct assay_ledger_query q = {.kind = "verdict", .dataset = x->set->id, .newest_first = true};
    enum assay_status s = assay_discrepancies_load(l, x->set, &x->known, e);
    if (s != ASSAY_OK)
        return s;
    x->looked = calloc(x->known.n + 1, sizeof *x->looked);
    x->chosen = calloc(x->known.n + 1, sizeof *x->chosen);
    if (!x->looked || !x->chosen)
        return assay_fail_nomem(e);
    s = assay_ledger_each(l, &q, take_seen, x, e);
    if (s == ASSAY_OK)
        s = find_cause(x, l, e);
    return s == ASSAY_OK ? choose(x, e) : s;
}

/* ---- stating it ---- */

static void end_of(struct assay_writer *w, const struct waiving *x)
{
    assay_writer_add(w, "by", x->by);
    assay_writer_add(w, "reason", x->reason);
    assay_writer_add(w, "observed", x->now);
}

static enum assay_status grant(const struct waiving *x, size_t from, size_t to, struct assay_sink *sink,
                               struct assay_err *e)
{
    struct assay_writer w;
    char id[33], nth[96];
    snprintf(nth, sizeof nth, "%s %s %zu", x->until, x->now, from);
    assay_waiver_seen(x->known.d[x->chosen[from]].id, nth, id);
    assay_writer_begin(&w, "waiver");
    assay_writer_add(&w, "id", id);
    assay_writer_add(&w, "dataset", x->set->id);
    assay_writer_add(&w, "status", "granted");
    for (size_t i = from; i < to; i++)
        assay_writer_addf(&w, "discrepancy", "%s %s", x->known.d[x->chosen[i]].id, x->looked[x->chosen[i]].seen);
    for (size_t i = 0; i < x->column.n; i++)
        assay_writer_add(&w, "column", x->column.v[i]);
    assay_writer_add(&w, "cause", x->cause);
    assay_writer_add(&w, "until", x->until);
    end_of(&w, x);
    printf("%s%s: %zu discrepancies of %s until %s\n", x->dry ? "would be waiver " : "waiver ", id, to - from,
           x->set->name, x->until);
    if (!x->dry)
        return assay_writer_send(&w, sink, e);
    for (size_t i = from; i < to; i++) {
        const struct discrepancy *d = &x->known.d[x->chosen[i]];
        printf("  %s  %s  %s%s%s\n", d->id, d->segment, d->kind, d->columns ? ": " : "",
               d->columns  ? d->columns
               : d->object ? d->object
                           : "");
    }
    assay_buf_release(&w.text);
    return ASSAY_OK;
}

static enum assay_status grant_all(const struct waiving *x, struct assay_sink *sink, struct assay_err *e)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0; i < x->n_chosen && s == ASSAY_OK; i += MAX_NAMED)
        s = grant(x, i, x->n_chosen - i > MAX_NAMED ? i + MAX_NAMED : x->n_chosen, sink, e);
    return s;
}

static enum assay_status withdraw(const struct waiving *x, struct assay_ledger *l, struct assay_sink *sink,
                                  struct assay_err *e)
{
    struct assay_waivers all;
    struct assay_writer w;
    bool found = false;
    enum assay_status s = assay_waivers_load(l, x->set->id, &all, e);
    for (size_t i = 0; i < all.n; i++)
        found = found || (strcmp(all.w[i].id, x->withdraw) == 0 && all.w[i].withdrawn == UINT64_MAX);
    assay_waivers_release(&all);
    if (s != ASSAY_OK || !found)
        return s != ASSAY_OK ? s
                             : assay_fail(e, ASSAY_EUSAGE, "dataset %s has no waiver %s", x->set->name, x->withdraw);
    printf("waiver %s %s\n", x->withdraw, x->dry ? "would be withdrawn" : "is withdrawn");
    if (x->dry)
        return ASSAY_OK;
    assay_writer_begin(&w, "waiver");
    assay_writer_add(&w, "id", x->withdraw);
    assay_writer_add(&w, "dataset", x->set->id);
    assay_writer_add(&w, "status", "withdrawn");
    end_of(&w, x);
    return assay_writer_send(&w, sink, e);
}

static enum assay_status waive(struct waiving *x, struct assay_err *e)
{
    struct assay_ledger *l = NULL;
    struct assay_sink *sink = NULL;
    enum assay_status s = assay_session_ledger(x->s, &l, e);
    if (s == ASSAY_OK && !x->withdraw)
        s = look(x, l, e);
    if (s == ASSAY_OK && !x->dry)
        s = assay_sink_ledger(x->s->ledger_path, x->s->keys_dir, ASSAY_ROLE_APPROVER, &sink, e);
    if (s == ASSAY_OK)
        s = x->withdraw ? withdraw(x, l, sink, e) : grant_all(x, sink, e);
    if (s == ASSAY_OK && sink)
        s = assay_sink_commit(sink, e);
    assay_sink_free(sink);
    assay_ledger_close(l);
    return s;
}

static enum assay_status arguments(struct assay_args *a, struct waiving *x, struct assay_err *e)
{
    const char *until = assay_arg(a, "until");
    x->by = assay_arg(a, "by");
    x->reason = assay_arg(a, "reason");
    x->cause = assay_arg(a, "cause");
    x->withdraw = assay_arg(a, "withdraw");
    x->dry = assay_arg_flag(a, "dry-run");
    x->discrepancy.n = assay_arg_list(a, "discrepancy", &x->discrepancy.v);
    x->chunk.n = assay_arg_list(a, "chunk", &x->chunk.v);
    x->column.n = assay_arg_list(a, "column", &x->column.v);
    x->segment = (struct names){x->s->segments, x->s->n_segments};
    if (x->s->n_sets != 1)
        return assay_fail(e, ASSAY_EUSAGE, "--dataset: name the one that it is about");
    x->set = x->s->set[0];
    if (!x->by || !x->by[0] || strlen(x->by) > MAX_TEXT)
        return assay_fail(e, ASSAY_EUSAGE, "--by: say who answers for it");
    if (!x->reason || !x->reason[0] || strlen(x->reason) > MAX_TEXT)
        return assay_fail(e, ASSAY_EUSAGE, "--reason: say why; it stays in the ledger");
    assay_time_now(x->now);
    if (x->withdraw)
        return ASSAY_OK;
    if (!x->discrepancy.n && !x->segment.n && !x->chunk.n && !x->column.n && !x->cause)
        return assay_fail(e, ASSAY_EUSAGE,
                          "say what is waived: --discrepancy, --segment, --chunk, --column or --cause");
    if (!until || !assay_waiver_time(until, x->until))
        return assay_fail(e, ASSAY_EUSAGE, "--until: a date such as 2027-01-31; a waiver without an end is none");
    if (strcmp(x->until, x->now) <= 0)
        return assay_fail(e, ASSAY_EUSAGE, "--until: %s is over", x->until);
    return ASSAY_OK;
}

int assay_cmd_ledger_waive(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    struct waiving x = {.s = &s};
    int code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && arguments(a, &x, &e) == ASSAY_OK)
        (void)waive(&x, &e);
    if (e.code != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = (int)assay_err_exit(e.code);
    }
    assay_buf_release(&x.cause_columns);
    assay_discrepancies_release(&x.known);
    free(x.looked);
    free(x.chosen);
    assay_session_close(&s);
    return code;
}
