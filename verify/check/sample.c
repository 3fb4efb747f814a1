#include "assay/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tally.h"

#define MOST_LOOSE 400 /* rows of each side that are paired without a key */

struct loose { /* a row without a partner */
    uint8_t *row;
    size_t len;
    bool paired;
};

struct sample {
    const struct assay_sample_job *job;
    struct assay_sample_result *out;
    struct tally tally;
    char plan[80];
    char segment[256], chunk[33]; /* that the tally is about */
    struct loose loose[2][MOST_LOOSE];
    size_t n_loose[2];
};

static enum assay_status state(struct sample *s, const char *chunk, struct assay_err *e)
{
    struct assay_writer w;
    if (!s->tally.keys && !s->tally.looked)
        return ASSAY_OK;
    assay_writer_begin(&w, "sample");
    assay_writer_add(&w, "role", s->job->role);
    assay_writer_add(&w, "run", s->job->run);
    assay_writer_add(&w, "dataset", s->job->diff.set->id);
    assay_writer_add(&w, "plan", s->plan);
    assay_writer_add(&w, "segment", s->segment);
    assay_writer_add(&w, "chunk", chunk);
    assay_tally_write(&s->tally, &w);
    assay_writer_now(&w);
    assay_tally_reset(&s->tally);
    s->out->statements++;
    return assay_writer_send(&w, s->job->sink, e);
}

/* ---- rows without a key: which of the missing ones became which of the extra ones? ---- */

static void forget_loose(struct sample *s)
{
    for (int i = 0; i < 2; i++) {
        for (size_t k = 0; k < s->n_loose[i]; k++)
            free(s->loose[i][k].row);
        s->n_loose[i] = 0;
    }
}

static enum assay_status keep_loose(struct sample *s, const struct assay_diff_pair *p)
{
    const int side = p->row[0] ? 0 : 1;
    if (s->n_loose[side] == MOST_LOOSE)
        return ASSAY_OK;
    struct loose *l = &s->loose[side][s->n_loose[side]];
    *l = (struct loose){.row = malloc(p->row_len[side] + 1), .len = p->row_len[side]};
    if (!l->row)
        return ASSAY_ENOMEM;
    memcpy(l->row, p->row[side], l->len);
    s->n_loose[side]++;
    return ASSAY_OK;
}

/* The partner that has the most columns in common, at least half of them. */
static enum assay_status pair_up(struct sample *s, struct loose *mine, struct assay_err *e)
{
    struct loose *best = NULL;
    size_t most = s->job->diff.set->n_cols / 2, same;
    for (size_t k = 0; k < s->n_loose[1]; k++) {
        struct loose *l = &s->loose[1][k];
        if (l->paired)
            continue;
        enum assay_status st = assay_tally_alike(&s->tally, (const uint8_t *[]){mine->row, l->row},
                                                 (size_t[]){mine->len, l->len}, &same, e);
        if (st != ASSAY_OK)
            return st;
        if (same > most) {
            most = same;
            best = l;
        }
    }
    if (!best)
        return ASSAY_OK;
    best->paired = true;
    return assay_tally_changed(&s->tally, (const uint8_t *[]){mine->row, best->row}, (size_t[]){mine->len, best->len},
                               e);
}

/* The segment is over: its chunk was stated. */
static enum assay_status pair_loose(struct sample *s, struct assay_err *e)
{
    enum assay_status st = ASSAY_OK;
    for (size_t k = 0; k < s->n_loose[0] && st == ASSAY_OK; k++)
        st = pair_up(s, &s->loose[0][k], e);
    if (st == ASSAY_OK && s->tally.looked)
        st = state(s, "-", e);
    forget_loose(s);
    return st;
}

static enum assay_status take(void *ctx, const struct assay_diff_pair *p, struct assay_err *e)
{
    struct sample *s = ctx;
    enum assay_status st = ASSAY_OK;
    if (strcmp(s->chunk, p->chunk) != 0) {
        st = state(s, s->chunk, e);
        if (st == ASSAY_OK && strcmp(s->segment, p->segment) != 0)
            st = pair_loose(s, e);
        snprintf(s->chunk, sizeof s->chunk, "%s", p->chunk);
        snprintf(s->segment, sizeof s->segment, "%s", p->segment);
    }
    if (st == ASSAY_OK && s->job->diff.set->n_key == 0 &&
        (p->kind == ASSAY_DIFF_MISSING || p->kind == ASSAY_DIFF_EXTRA) && keep_loose(s, p) != ASSAY_OK)
        st = assay_fail_nomem(e);
    return st == ASSAY_OK ? assay_tally_pair(&s->tally, p, e) : st;
}

enum assay_status assay_sample(const struct assay_sample_job *j, struct assay_sample_result *out, struct assay_err *e)
{
    struct assay_diff_job diff = j->diff;
    struct sample *s = calloc(1, sizeof *s);
    char hash[65];
    *out = (struct assay_sample_result){0};
    if (!s)
        return assay_fail_nomem(e);
    s->job = j;
    s->out = out;
    diff.row = NULL;
    diff.pair = take;
    diff.ctx = s;
    enum assay_status st = assay_plan_hash(diff.set, hash, NULL, e);
    snprintf(s->plan, sizeof s->plan, "sha256:%s", st == ASSAY_OK ? hash : "");
    if (st == ASSAY_OK && assay_tally_init(&s->tally, diff.set, j->max_rows) != ASSAY_OK)
        st = assay_fail_nomem(e);
    if (st == ASSAY_OK)
        st = assay_diff(&diff, &out->diff, e);
    if (st == ASSAY_OK)
        st = state(s, s->chunk, e);
    if (st == ASSAY_OK)
        st = pair_loose(s, e);
    if (st == ASSAY_OK || out->diff.late) {
        struct assay_err why = {0};
        enum assay_status c = assay_sink_commit(j->sink, &why);
        if (st == ASSAY_OK && c != ASSAY_OK)
            st = assay_fail(e, c, "%s", why.msg);
    }
    forget_loose(s);
    if (s->tally.set)
        assay_tally_release(&s->tally);
    free(s);
    return st;
}
