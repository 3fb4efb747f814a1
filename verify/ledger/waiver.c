#include "assay/waiver.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "assay/digest.h"

struct load {
    struct assay_waivers *all;
    struct assay_err *err;
    enum assay_status status;
};

static bool is_id(const char *s)
{
    uint8_t bytes[16];
    return s && strlen(s) == 32 && assay_unhex(s, bytes, sizeof bytes) == 0;
}

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct assay_waived *)a)->id, ((const struct assay_waived *)b)->id);
}

static bool copy(const struct assay_stmt *s, const char *key, char **out)
{
    const char *v = assay_stmt_get(s, key);
    *out = v ? strdup(v) : NULL;
    return !v || *out;
}

/* "ID SEEN" lines. */
static enum assay_status take_items(const struct assay_stmt *s, struct assay_waiver *w, struct assay_err *e)
{
    const char *line;
    size_t n = 0;
    while (assay_stmt_nth(s, "discrepancy", n))
        n++;
    w->item = calloc(n + 1, sizeof *w->item);
    if (!w->item)
        return assay_fail_nomem(e);
    for (; w->n < n; w->n++) {
        struct assay_waived *x = &w->item[w->n];
        line = assay_stmt_nth(s, "discrepancy", w->n);
        if (strlen(line) != 65 || line[32] != ' ')
            return assay_fail(e, ASSAY_ELEDGER, "a waiver's discrepancy is not an id and a fingerprint");
        snprintf(x->id, sizeof x->id, "%.32s", line);
        snprintf(x->seen, sizeof x->seen, "%.32s", line + 33);
        if (!is_id(x->id) || !is_id(x->seen))
            return assay_fail(e, ASSAY_ELEDGER, "a waiver's discrepancy is not an id and a fingerprint");
    }
    qsort(w->item, w->n, sizeof *w->item, by_id);
    return ASSAY_OK;
}

static void release_one(struct assay_waiver *w)
{
    free(w->id);
    free(w->dataset);
    free(w->by);
    free(w->reason);
    free(w->until);
    free(w->observed);
    free(w->item);
}

static enum assay_status take_back(struct load *x, const struct assay_stmt *s, const char *id, uint64_t leaf)
{
    const char *dataset = assay_stmt_get(s, "dataset");
    for (size_t i = 0; i < x->all->n; i++)
        if (strcmp(x->all->w[i].id, id) == 0 && dataset && strcmp(x->all->w[i].dataset, dataset) == 0 &&
            x->all->w[i].withdrawn == UINT64_MAX)
            x->all->w[i].withdrawn = leaf;
    return ASSAY_OK;
}

static enum assay_status take(struct load *x, const struct assay_stmt *s, uint64_t leaf)
{
    struct assay_waivers *all = x->all;
    struct assay_waiver w = {.leaf = leaf, .withdrawn = UINT64_MAX};
    char until[32];
    const char *id = assay_stmt_get(s, "id"), *status = assay_stmt_get(s, "status");
    if (is_id(id) && status && strcmp(status, "withdrawn") == 0)
        return take_back(x, s, id, leaf);
    if (all->n == all->cap) {
        size_t want = all->cap ? 2 * all->cap : 16;
        struct assay_waiver *grown = reallocarray(all->w, want, sizeof *grown);
        if (!grown)
            return assay_fail_nomem(x->err);
        all->w = grown;
        all->cap = want;
    }
    bool room = copy(s, "id", &w.id) && copy(s, "dataset", &w.dataset) && copy(s, "by", &w.by) &&
                copy(s, "reason", &w.reason) && copy(s, "until", &w.until) && copy(s, "observed", &w.observed);
    enum assay_status st = room ? take_items(s, &w, x->err) : assay_fail_nomem(x->err);
    if (st == ASSAY_OK &&
        (!is_id(w.id) || !w.dataset || !w.by || !w.reason || !w.until || !status || strcmp(status, "granted") != 0 ||
         !assay_waiver_time(w.until, until) || strcmp(until, w.until) != 0))
        st = assay_fail(x->err, ASSAY_ELEDGER, "leaf %llu: a waiver is not whole", (unsigned long long)leaf);
    if (st == ASSAY_OK)
        all->w[all->n++] = w;
    else
        release_one(&w);
    return st;
}

static bool each(void *ctx, const struct assay_leaf *leaf)
{
    struct load *x = ctx;
    struct assay_stmt s = {0};
    x->status = assay_stmt_parse(leaf->note, leaf->note_len, &s, x->err);
    if (x->status == ASSAY_OK)
        x->status = take(x, &s, leaf->index);
    assay_stmt_release(&s);
    return x->status == ASSAY_OK;
}

enum assay_status assay_waivers_load(struct assay_ledger *l, const char *dataset, struct assay_waivers *out,
                                     struct assay_err *e)
{
    struct load x = {.all = out, .err = e};
    struct assay_ledger_query q = {.kind = "waiver", .dataset = dataset};
    *out = (struct assay_waivers){0};
    enum assay_status s = assay_ledger_each(l, &q, each, &x, e);
    return s == ASSAY_OK ? x.status : s;
}

void assay_waivers_release(struct assay_waivers *all)
{
    for (size_t i = 0; i < all->n; i++)
        release_one(&all->w[i]);
    free(all->w);
    *all = (struct assay_waivers){0};
}

enum assay_waiver_state assay_waiver_state(const struct assay_waiver *w, const char *when, uint64_t at)
{
    return w->withdrawn < at                      ? ASSAY_WAIVER_WITHDRAWN
           : !when || strcmp(when, w->until) >= 0 ? ASSAY_WAIVER_EXPIRED
                                                  : ASSAY_WAIVER_IN_FORCE;
}

const char *assay_waiver_state_name(enum assay_waiver_state s)
{
    static const char *const name[] = {"in force", "expired", "withdrawn"};
    return name[s];
}

const struct assay_waiver *assay_waivers_find(const struct assay_waivers *all, const char *dataset, const char *id,
                                              const char *seen, const char *when, uint64_t at)
{
    for (size_t i = all->n; i-- > 0;) {
        const struct assay_waiver *w = &all->w[i];
        struct assay_waived key = {0};
        snprintf(key.id, sizeof key.id, "%s", id);
        if (w->leaf >= at || strcmp(w->dataset, dataset) != 0 ||
            assay_waiver_state(w, when, at) != ASSAY_WAIVER_IN_FORCE)
            continue;
        const struct assay_waived *x = bsearch(&key, w->item, w->n, sizeof *w->item, by_id);
        if (x && (!seen || strcmp(x->seen, seen) == 0))
            return w;
    }
    return NULL;
}

void assay_waiver_seen(const char *a, const char *b, char out[33])
{
    uint8_t h[96];
    assay_sha256(a, strlen(a), h);
    assay_sha256(b, strlen(b), h + 32);
    assay_sha256(h, 64, h + 64);
    assay_hex(h + 64, 16, out);
}

bool assay_waiver_time(const char *text, char out[32])
{
    struct tm tm = {0}, back;
    unsigned us = 0;
    int n = 0;
    const char *p = strptime(text, "%Y-%m-%d", &tm);
    if (p && *p) {
        p = strptime(p, "T%H:%M:%S", &tm);
        if (p && sscanf(p, ".%6u%n", &us, &n) == 1 && n == 7)
            p += n;
        p = p && strcmp(p, "Z") == 0 ? p + 1 : NULL;
    }
    struct tm asked = tm;
    time_t t = timegm(&tm);
    if (!p || !gmtime_r(&t, &back) || back.tm_mday != asked.tm_mday || back.tm_sec != asked.tm_sec)
        return false;
    size_t len = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &back);
    if (len != 19) /* years of four digits: times are compared as text */
        return false;
    snprintf(out + len, 32 - len, ".%06uZ", us % 1000000);
    return true;
}
