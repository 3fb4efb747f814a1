/* The verdict of each dataset and of the run: the worst of what the ledger says. A report never makes a verdict better;
 * where the run facts contradict a "match", it says unverified. */
#include "judge.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/plan.h"

static bool is(const char *a, const char *b)
{
    return a && strcmp(a, b) == 0;
}

static void say(struct assay_report *r, struct assay_rep_dataset *d, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void say(struct assay_report *r, struct assay_rep_dataset *d, const char *fmt, ...)
{
    char text[600];
    va_list ap;
    if (d->reason)
        return;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    d->reason = assay_arena_copy(&r->arena, text);
}

/* What the run facts of one side say against a verdict; true when there is something. */
static bool doubts_side(struct assay_report *r, struct assay_rep_dataset *d, int i)
{
    const struct assay_rep_side *s = &d->side[i];
    const char *name = assay_side_name((enum assay_side_id)i);
    if (!s->started && !s->ended)
        say(r, d, d->run ? "the %s was not read in this run" : "the %s was never read", name);
    else if (!s->ended)
        say(r, d, "the run of the %s has no end: it was stopped or is still going", name);
    else if (!is(s->status, "ok"))
        say(r, d, "the run of the %s %s%s%s", name, is(s->status, "interrupted") ? "was interrupted" : "failed",
            s->reason ? ": " : "", s->reason ? s->reason : "");
    else if (is(s->tiled, "no") && !(i == ASSAY_ARCHIVE && s->unplaced)) /* the verdict speaks of those rows */
        say(r, d, "not tiled: the chunks of the %s do not add up to its independent row count", name);
    else if (i == ASSAY_SOURCE && is(s->key_unique, "no"))
        say(r, d, "key is not unique at the source");
    else
        return false;
    return true;
}

/* Files of segments that are not compared yet are not judged either. */
static bool is_open(const struct assay_rep_dataset *d, const char *segment)
{
    for (size_t i = 0; segment && i < d->n_open_kept; i++)
        if (is(d->open[i].segment, segment))
            return true;
    return false;
}

/* What was found about it is a verdict of its own. */
static bool is_waived(const struct assay_rep_dataset *d, const struct assay_rep_object *o)
{
    if (is(o->status, "unreadable") || is(o->status, "changed"))
        return false;
    for (size_t i = 0; i < d->n_waived_objects; i++)
        if (is(o->locator, d->waived_object[i]))
            return true;
    return false;
}

static bool doubts_objects(struct assay_report *r, struct assay_rep_dataset *d)
{
    for (size_t i = 0; i < d->n_objects; i++) {
        const struct assay_rep_object *o = &d->object[i];
        if (o->ok || is(o->status, "extra") || is_open(d, o->segment) || is_waived(d, o))
            continue;
        say(r, d, "object %.200s is %s", o->locator ? o->locator : "?", o->status ? o->status : "of unknown state");
        return true;
    }
    return false;
}

static void judge_set(struct assay_report *r, struct assay_rep_dataset *d)
{
    enum assay_rv worst = d->has_verdict ? ASSAY_RV_MATCH : ASSAY_RV_UNVERIFIED;
    const struct assay_rep_chunk *at = d->n_worst ? &d->chunk[d->worst[0]] : NULL;
    d->counts.waived += d->counts.chunks[ASSAY_RV_WAIVED];
    if (at && at->verdict != ASSAY_RV_WAIVED)
        worst = at->verdict;
    else if (d->counts.chunks[ASSAY_RV_UNVERIFIED])
        worst = ASSAY_RV_UNVERIFIED;
    else if (d->counts.waived && worst == ASSAY_RV_MATCH)
        worst = ASSAY_RV_WAIVED;
    if (d->object_mismatches)
        worst = ASSAY_RV_MISMATCH;
    d->verdict = worst;
    if (worst == ASSAY_RV_MISMATCH)
        return;
    bool doubted = doubts_side(r, d, ASSAY_SOURCE) || doubts_side(r, d, ASSAY_ARCHIVE) || doubts_objects(r, d);
    if (at && at->verdict != ASSAY_RV_WAIVED)
        say(r, d, "%s", at->reason ? at->reason : "chunks could not be compared");
    if (!d->has_verdict) {
        say(r, d, "the two sides were not reconciled");
        doubted = true;
    }
    if (worst == ASSAY_RV_MATCH && assay_rep_chunks(&d->counts) == 0) {
        say(r, d, "empty scope: no chunk was compared");
        doubted = true;
    }
    if (doubted)
        d->verdict = ASSAY_RV_UNVERIFIED;
    /* What is no longer green must not be counted as such. */
    if (d->verdict == ASSAY_RV_UNVERIFIED && (worst == ASSAY_RV_MATCH || worst == ASSAY_RV_WAIVED)) {
        d->counts.chunks[ASSAY_RV_UNVERIFIED] += d->counts.chunks[ASSAY_RV_MATCH];
        d->counts.rows_by[ASSAY_RV_UNVERIFIED] += d->counts.rows_by[ASSAY_RV_MATCH];
        d->counts.chunks[ASSAY_RV_MATCH] = d->counts.rows_by[ASSAY_RV_MATCH] = 0;
    }
}

/* What a run found equal says nothing of what is still open elsewhere, nor of segments that it did not read, nor of
 * what a side stated after it. */
static enum assay_rv with_the_rest(const struct assay_rep_dataset *d)
{
    const bool good = d->verdict == ASSAY_RV_MATCH || d->verdict == ASSAY_RV_WAIVED;
    if (good && d->n_open)
        return ASSAY_RV_MISMATCH;
    const bool again = d->side[ASSAY_SOURCE].again || d->side[ASSAY_ARCHIVE].again,
               rest = d->compared.whole_run && d->compared.whole == ASSAY_RV_UNVERIFIED;
    return good && (again || rest) ? ASSAY_RV_UNVERIFIED : d->verdict;
}

void assay_report_judge_set(struct assay_report *r, struct assay_rep_dataset *d)
{
    judge_set(r, d);
    d->stands = with_the_rest(d);
}

/* Bytes by the worst verdict of the segment that the object belongs to; of the dataset where none is named. */
static void count_bytes(struct assay_rep_dataset *d)
{
    uint64_t kept = 0;
    for (size_t i = 0; i < d->n_objects; i++) {
        const struct assay_rep_object *o = &d->object[i];
        enum assay_rv v = o->ok && !o->segment                ? d->verdict
                          : o->ok                             ? ASSAY_RV_MATCH
                          : d->verdict == ASSAY_RV_UNVERIFIED ? ASSAY_RV_UNVERIFIED
                                                              : ASSAY_RV_MISMATCH;
        if (o->side != ASSAY_ARCHIVE)
            continue;
        for (size_t k = 0; o->ok && o->segment && k < d->n_worst; k++) {
            const struct assay_rep_chunk *c = &d->chunk[d->worst[k]];
            if (assay_rv_rank(c->verdict) < assay_rv_rank(v) && (is(c->segment, o->segment) || is(c->segment, "*")))
                v = c->verdict;
        }
        if (v == ASSAY_RV_MATCH && d->verdict == ASSAY_RV_UNVERIFIED)
            v = ASSAY_RV_UNVERIFIED;
        d->counts.bytes_by[v] += o->bytes;
        kept += o->bytes;
    }
    /* Objects beyond those kept in the model share the verdict of the dataset. */
    if (d->counts.bytes_archive > kept)
        d->counts.bytes_by[d->verdict] += d->counts.bytes_archive - kept;
}

static void add_counts(struct assay_rep_counts *to, const struct assay_rep_counts *c)
{
    to->segments += c->segments;
    to->objects += c->objects;
    to->bytes_archive += c->bytes_archive;
    to->cells_accepted += c->cells_accepted;
    to->waived += c->waived;
    to->purged += c->purged;
    for (int i = 0; i < 2; i++)
        to->rows[i] += c->rows[i];
    for (int i = 0; i < ASSAY_RV_COUNT; i++) {
        to->chunks[i] += c->chunks[i];
        to->rows_by[i] += c->rows_by[i];
        to->bytes_by[i] += c->bytes_by[i];
    }
}

static void find_independence(struct assay_report *r)
{
    for (size_t i = 0; i < r->n_sets; i++) {
        const struct assay_rep_side *a = &r->set[i].side[0], *b = &r->set[i].side[1];
        if (a->key && b->key && strcmp(a->key, b->key) == 0)
            r->independence = "both sides were attested under one key";
        else if (!a->host || !b->host)
            r->independence = r->independence ? r->independence : "it is not known where both sides were read";
        else if (strcmp(a->host, b->host) == 0)
            r->independence = "both sides were attested on one host";
    }
    if (!r->n_sets)
        r->independence = "nothing was attested";
}

static int by_verdict(const void *pa, const void *pb)
{
    const struct assay_rep_dataset *a = pa, *b = pb;
    int c = assay_rv_rank(a->verdict) - assay_rv_rank(b->verdict);
    if (c)
        return c;
    if (a->counts.chunks[a->verdict] != b->counts.chunks[b->verdict] && a->verdict != ASSAY_RV_MATCH)
        return a->counts.chunks[a->verdict] > b->counts.chunks[b->verdict] ? -1 : 1;
    c = strcmp(a->name, b->name);
    return c ? c : strcmp(a->id, b->id);
}

static int worst_other(const void *pa, const void *pb)
{
    const struct assay_rep_other *a = pa, *b = pb;
    int c = assay_rv_rank(a->verdict) - assay_rv_rank(b->verdict);
    if (!c)
        c = (a->run != NULL) - (b->run != NULL);
    c = c ? c : strcmp(a->name, b->name);
    return c ? c : strcmp(a->id, b->id);
}

static void make_worse(enum assay_rv *v, enum assay_rv by)
{
    if (assay_rv_rank(by) < assay_rv_rank(*v))
        *v = by;
}

/* A run that was asked for by name is judged alone. Else the question is how all that is in scope stands. */
static enum assay_rv with_others(const struct assay_report *r, enum assay_rv worst)
{
    for (size_t i = 0; i < r->n_sets && !r->one_run; i++)
        make_worse(&worst, r->set[i].stands);
    for (size_t i = 0; i < r->n_others && !r->one_run; i++)
        make_worse(&worst, r->other[i].verdict);
    return worst;
}

void assay_report_judge(struct assay_report *r)
{
    enum assay_rv worst = r->n_sets ? ASSAY_RV_MATCH : ASSAY_RV_UNVERIFIED;
    for (size_t i = 0; i < r->n_sets; i++) {
        struct assay_rep_dataset *d = &r->set[i];
        for (size_t k = 0; k < d->n_chunks; k++)
            d->counts.cells_accepted += d->chunk[k].judged ? d->chunk[k].accepted : 0;
        if (!d->strength)
            d->strength = d->side[0].strength ? d->side[0].strength : d->side[1].strength;
        assay_report_judge_set(r, d);
        count_bytes(d);
        add_counts(&r->counts, &d->counts);
        make_worse(&worst, d->verdict);
    }
    if (r->n_others)
        qsort(r->other, r->n_others, sizeof *r->other, worst_other);
    if (r->n_sets)
        qsort(r->set, r->n_sets, sizeof *r->set, by_verdict);
    if ((worst == ASSAY_RV_MATCH || worst == ASSAY_RV_WAIVED) && assay_coverage_lacking(r))
        worst = ASSAY_RV_UNVERIFIED; /* the plan asks for the whole source */
    r->inside = worst;
    r->verdict = worst = with_others(r, worst);
    r->exit_code = worst == ASSAY_RV_MISMATCH     ? ASSAY_EXIT_DISCREPANCY
                   : worst == ASSAY_RV_UNVERIFIED ? ASSAY_EXIT_UNVERIFIED
                                                  : ASSAY_EXIT_OK;
    if (!r->n_sets)
        r->error = assay_arena_copy(&r->arena, "empty scope: the ledger holds no run of any dataset in it");
    find_independence(r);
}
