#include <jansson.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "assay/diff.h"
#include "assay/keys.h"
#include "assay/log.h"
#include "assay/session.h"
#include "cmd.h"

struct printer {
    const struct assay_dataset *set;
    uint64_t shown, limit; /* limit 0: all */
    bool json;
    char segment[256];
    char chunk[33];
};

/* Values may hold anything: control characters are shown as \xNN, so that a terminal stays as it is. */
static void put_text(const char *s, FILE *f)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            fprintf(f, "\\x%02x", (unsigned char)*s);
        else
            fputc(*s, f);
}

static void put_value(const struct assay_diff_cell *c, int side, FILE *f)
{
    if (!c->present[side])
        fputs("-", f);
    else if (!c->value[side])
        fputs("NULL", f);
    else {
        fputc('"', f);
        put_text(c->value[side], f);
        fputc('"', f);
    }
}

static void print_text(struct printer *p, const struct assay_diff_row *r)
{
    static const char sign[] = {
        [ASSAY_DIFF_MISSING] = '-', [ASSAY_DIFF_EXTRA] = '+', [ASSAY_DIFF_DUPLICATE] = '*', [ASSAY_DIFF_CHANGED] = '~'};
    if (strcmp(p->segment, r->segment) != 0 || strcmp(p->chunk, r->chunk) != 0) {
        snprintf(p->segment, sizeof p->segment, "%s", r->segment);
        snprintf(p->chunk, sizeof p->chunk, "%s", r->chunk);
        printf("%s, segment %s, chunk %.12s\n", p->set->name, r->segment, r->chunk);
    }
    printf("  %c %-9s ", sign[r->kind], assay_diff_kind_name(r->kind));
    put_text(r->key, stdout);
    if (r->times > 1)
        printf(" (%llu times)", (unsigned long long)r->times);
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct assay_diff_cell *c = &r->cell[i];
        fputs(i ? ", " : "  ", stdout);
        put_text(c->column, stdout);
        fputs(": ", stdout);
        put_value(c, c->present[0] ? 0 : 1, stdout);
        if (c->present[0] && c->present[1]) {
            fputs(" -> ", stdout);
            put_value(c, 1, stdout);
        }
    }
    printf("  [%s %s:%llu]\n", r->kind == ASSAY_DIFF_MISSING ? "source" : "archive", r->part,
           (unsigned long long)r->pos);
}

static json_t *text_or_null(const char *s)
{
    return s ? json_string_nocheck(s) : json_null();
}

static void print_json(const struct printer *p, const struct assay_diff_row *r)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < r->n_cells; i++) {
        const struct assay_diff_cell *c = &r->cell[i];
        json_t *o = json_pack("{s:o}", "column", text_or_null(c->column));
        if (c->present[0])
            json_object_set_new(o, "source", text_or_null(c->value[0]));
        if (c->present[1])
            json_object_set_new(o, "archive", text_or_null(c->value[1]));
        json_array_append_new(cells, o);
    }
    json_t *row = json_pack("{s:s,s:o,s:s,s:s,s:o,s:o,s:I,s:I,s:o}", "kind", assay_diff_kind_name(r->kind), "dataset",
                            text_or_null(p->set->name), "segment", r->segment, "chunk", r->chunk, "key",
                            text_or_null(r->key), "where", text_or_null(r->part), "pos", (json_int_t)r->pos, "times",
                            (json_int_t)r->times, "cells", cells);
    if (row)
        json_dumpf(row, stdout, JSON_COMPACT | JSON_SORT_KEYS);
    putchar('\n');
    json_decref(row);
}

static enum assay_status print_row(void *ctx, const struct assay_diff_row *r, struct assay_err *e)
{
    struct printer *p = ctx;
    if (p->limit && p->shown >= p->limit)
        return ASSAY_OK;
    p->shown++;
    if (p->json)
        print_json(p, r);
    else
        print_text(p, r);
    return ferror(stdout) ? assay_fail(e, ASSAY_EIO, "standard output cannot be written") : ASSAY_OK;
}

static void sum_up(const struct printer *p, const struct assay_diff_result *r)
{
    uint64_t all = 0;
    FILE *f = p->json ? stderr : stdout;
    for (int k = 0; k < ASSAY_DIFF_KINDS; k++)
        all += r->rows[k];
    if (all > p->shown && p->limit)
        fprintf(f, "  ... and more: --limit %llu was reached\n", (unsigned long long)p->limit);
    fprintf(f, "%s: %llu missing, %llu extra, %llu duplicate, %llu changed", p->set->name,
            (unsigned long long)r->rows[ASSAY_DIFF_MISSING], (unsigned long long)r->rows[ASSAY_DIFF_EXTRA],
            (unsigned long long)r->rows[ASSAY_DIFF_DUPLICATE], (unsigned long long)r->rows[ASSAY_DIFF_CHANGED]);
    if (r->broken_parts)
        fprintf(f, "; %u files or parts could not be read whole", r->broken_parts);
    fputc('\n', f);
}

/* Exit code 1 when rows differ, 0 when none do. */
static int diff_set(struct assay_args *a, struct assay_session *s, const struct assay_dataset *d, const uint8_t *key)
{
    struct assay_err e = {0};
    struct assay_diff_result r = {0};
    struct printer p = {
        .set = d, .limit = (uint64_t)assay_arg_number(a, "limit", 100), .json = assay_arg_flag(a, "json")};
    struct assay_diff_job j = {.plan = s->plan,
                               .set = d,
                               .dataset_key = key,
                               .segments = s->segments,
                               .n_segments = s->n_segments,
                               .all = assay_arg_flag(a, "all"),
                               .mask = assay_arg_flag(a, "mask") || assay_arg_flag(a, "mask-keys"),
                               .mask_keys = assay_arg_flag(a, "mask-keys"),
                               .jobs = s->jobs,
                               .memory = (size_t)assay_arg_number(a, "memory", 0) << 20,
                               .row = print_row,
                               .ctx = &p};
    j.n_chunks = assay_arg_list(a, "chunk", &j.chunks);
    enum assay_status st = assay_session_ledger(s, &j.ledger, &e);
    if (st == ASSAY_OK)
        st = assay_diff(&j, &r, &e);
    assay_progress(NULL);
    assay_ledger_close(j.ledger);
    if (st != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        return (int)assay_err_exit(st);
    }
    if (r.chunks == 0 && r.unverified) {
        assay_log(
            ASSAY_LOG_ERROR,
            "%s: the newest comparison says unverified and names no chunk; see assay report, or compare with --all",
            d->name);
        return ASSAY_EXIT_UNVERIFIED;
    }
    if (r.chunks == 0 && (j.n_chunks || j.n_segments)) {
        assay_log(ASSAY_LOG_ERROR, "%s: the newest comparison names no such chunk that differs: nothing was compared",
                  d->name);
        return ASSAY_EXIT_UNVERIFIED;
    }
    sum_up(&p, &r);
    bool differs = r.broken_parts || r.rows[0] + r.rows[1] + r.rows[2] + r.rows[3];
    return differs ? ASSAY_EXIT_DISCREPANCY : ASSAY_EXIT_OK;
}

static enum assay_status print_orphan(void *ctx, const struct assay_orphan *o, struct assay_err *e)
{
    struct printer *p = ctx;
    if (p->limit && p->shown >= p->limit)
        return ASSAY_OK;
    p->shown++;
    if (p->json) {
        json_t *row = json_pack("{s:s,s:o,s:o,s:o,s:o,s:I}", "kind", "orphan", "dataset", text_or_null(p->set->name),
                                "reference", text_or_null(o->reference->text), "key", text_or_null(o->key), "where",
                                text_or_null(o->part), "pos", (json_int_t)o->pos);
        if (row)
            json_dumpf(row, stdout, JSON_COMPACT | JSON_SORT_KEYS);
        putchar('\n');
        json_decref(row);
    } else {
        printf("%s, reference %s\n  ! orphan    ", p->set->name, o->reference->text);
        put_text(o->key, stdout);
        printf("  [archive %s:%llu]\n", o->part, (unsigned long long)o->pos);
    }
    return ferror(stdout) ? assay_fail(e, ASSAY_EIO, "standard output cannot be written") : ASSAY_OK;
}

/* Rows of the archive whose reference leads nowhere. */
static int orphans_of(struct assay_args *a, const struct assay_session *s, const struct assay_dataset *d,
                      const uint8_t *key)
{
    struct assay_err e = {0};
    struct assay_orphans r;
    struct printer p = {
        .set = d, .limit = (uint64_t)assay_arg_number(a, "limit", 100), .json = assay_arg_flag(a, "json")};
    enum assay_status st =
        assay_orphans_each(s->plan, d, key, assay_arg_flag(a, "mask-keys"), print_orphan, &p, &r, &e);
    assay_progress(NULL);
    if (st != ASSAY_OK || r.doubt[0]) {
        assay_log(ASSAY_LOG_ERROR, "%s", st == ASSAY_OK ? r.doubt : e.msg);
        return st == ASSAY_OK ? ASSAY_EXIT_UNVERIFIED : (int)assay_err_exit(st);
    }
    fprintf(p.json ? stderr : stdout, "%s: %llu orphans\n", d->name, (unsigned long long)r.rows);
    return r.rows ? ASSAY_EXIT_DISCREPANCY : ASSAY_EXIT_OK;
}

static int drill_down(struct assay_args *a, struct assay_session *s, const struct assay_dataset *d, const uint8_t *key)
{
    if (assay_arg_flag(a, "source-gone"))
        return assay_diff_gone(a, s, d, key);
    return assay_arg_flag(a, "orphans") ? orphans_of(a, s, d, key) : diff_set(a, s, d, key);
}

int assay_cmd_diff(struct assay_args *a)
{
    struct assay_session s;
    struct assay_err e = {0};
    uint8_t key[32];
    int worst = -1, code = assay_session_open(a, &s);
    if (code == ASSAY_EXIT_OK && assay_dataset_key_load(s.keys_dir, key, &e) != ASSAY_OK) {
        assay_log(ASSAY_LOG_ERROR, "%s", e.msg);
        code = (int)assay_err_exit(e.code);
    }
    if (code != ASSAY_EXIT_OK)
        worst = code;
    for (size_t i = 0; code == ASSAY_EXIT_OK && i < s.n_sets && worst != ASSAY_EXIT_LEDGER && !assay_interrupted(); i++)
        worst = assay_exit_worse(worst, drill_down(a, &s, s.set[i], key));
    OPENSSL_cleanse(key, sizeof key);
    assay_session_close(&s);
    return worst < 0 ? ASSAY_EXIT_UNVERIFIED : worst;
}
