/* The words that every format shares: the verdict sentence, the caveats, the next command. */
#include <stdio.h>
#include <string.h>

#include "render.h"

#define MAX_RULE_NAMES 8 /* named in one sentence */
#define MAX_RULES 5000 /* each is compared with each */

static void plural(struct assay_out *o, uint64_t n, const char *noun, const char *sep)
{
    assay_out_number(o, n, sep);
    assay_out_f(o, " %s%s", noun, n == 1 ? "" : "s");
}

static size_t sets_with(const struct assay_report *r, enum assay_rv v)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_sets; i++)
        n += r->set[i].verdict == v;
    return n;
}

static void strength(struct assay_out *o, const struct assay_report *r)
{
    bool fast = false;
    for (size_t i = 0; i < r->n_sets; i++)
        fast |= !r->set[i].strength || strcmp(r->set[i].strength, "sealed") != 0;
    assay_out_raw(o, fast ? " (strength fast: finds accidents, is not proof)" : " (strength sealed)");
}

static void mismatch(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    const struct assay_rep_counts *c = &r->counts;
    if (c->chunks[ASSAY_RV_MISMATCH]) {
        assay_out_number(o, c->chunks[ASSAY_RV_MISMATCH], sep);
        assay_out_raw(o, " of ");
        plural(o, assay_rep_chunks(c), "chunk", sep);
        assay_out_f(o, " differ%s in ", c->chunks[ASSAY_RV_MISMATCH] == 1 ? "s" : "");
    } else {
        uint64_t objects = 0, orphans = 0;
        for (size_t i = 0; i < r->n_sets; i++) {
            objects += r->set[i].object_mismatches - r->set[i].orphans;
            orphans += r->set[i].orphans;
        }
        if (objects || !orphans) {
            plural(o, objects, "archived object", sep);
            assay_out_f(o, " %s not what %s should be", objects == 1 ? "is" : "are", objects == 1 ? "it" : "they");
        }
        if (orphans) {
            assay_out_raw(o, objects ? " and " : "");
            plural(o, orphans, "reference", sep);
            assay_out_raw(o, orphans == 1 ? " leads nowhere" : " lead nowhere");
        }
        assay_out_raw(o, ", in ");
    }
    assay_out_number(o, sets_with(r, ASSAY_RV_MISMATCH), sep);
    assay_out_raw(o, " of ");
    plural(o, r->n_sets, "dataset", sep);
    assay_out_raw(o, "; rows: source ");
    assay_out_number(o, c->rows[0], sep);
    assay_out_raw(o, ", archive ");
    assay_out_number(o, c->rows[1], sep);
    if (c->chunks[ASSAY_RV_UNVERIFIED]) {
        assay_out_raw(o, "; ");
        plural(o, c->chunks[ASSAY_RV_UNVERIFIED], "chunk", sep);
        assay_out_raw(o, " could not be verified");
    }
}

/* Only of a plan that wants full coverage. */
static void coverage(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    if (!assay_coverage_lacking(r))
        return;
    if (strcmp(r->coverage.status, "unknown") == 0) {
        assay_out_raw(o, "; coverage is not known");
        return;
    }
    assay_out_raw(o, "; coverage is not full: ");
    assay_out_number(o, r->coverage.uncovered, sep);
    assay_out_raw(o, r->coverage.uncovered == 1 ? " table or column" : " tables or columns");
    assay_out_f(o, " of the source %s in no dataset", r->coverage.uncovered == 1 ? "is" : "are");
    if (!r->coverage.gone)
        return;
    assay_out_raw(o, ", ");
    assay_out_number(o, r->coverage.gone, sep);
    assay_out_raw(o, " gone");
}

/* "1 of 3 datasets of the plan", or all that there are. */
static void datasets(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    const uint64_t more = r->n_others + r->n_unread;
    if (more) {
        assay_out_number(o, r->n_sets, sep);
        assay_out_raw(o, " of ");
    }
    plural(o, r->n_sets + more, "dataset", sep);
    if (more)
        assay_out_raw(o, r->plan_path ? " of the plan" : " of the ledger");
}

static void equal_rows(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    plural(o, r->counts.rows_by[ASSAY_RV_MATCH], "row", sep);
    assay_out_raw(o, " in ");
    plural(o, r->counts.chunks[ASSAY_RV_MATCH], "chunk", sep);
    assay_out_f(o, " %s equal", r->counts.chunks[ASSAY_RV_MATCH] == 1 ? "is" : "are");
}

static void match(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    const struct assay_rep_counts *c = &r->counts;
    plural(o, c->rows[0] + c->purged, "row", sep);
    assay_out_raw(o, " in ");
    plural(o, assay_rep_chunks(c), "chunk", sep);
    assay_out_raw(o, " of ");
    datasets(o, r, sep);
    assay_out_raw(o, " are equal on both sides");
    if (!c->purged)
        return;
    assay_out_raw(o, ", ");
    assay_out_number(o, c->purged, sep);
    assay_out_raw(o, " of them to what was deleted at the source under a permit");
}

static void unverified(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    assay_out_number(o, sets_with(r, ASSAY_RV_UNVERIFIED), sep);
    assay_out_raw(o, " of ");
    plural(o, r->n_sets, "dataset", sep);
    assay_out_raw(o, " could not be verified; ");
    equal_rows(o, r, sep);
}

static void waived(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    const struct assay_rep_counts *c = &r->counts;
    assay_out_number(o, c->waived, sep);
    assay_out_f(o, " %s known, and accepted until a date", c->waived == 1 ? "discrepancy is" : "discrepancies are");
    assay_out_raw(o, "; ");
    equal_rows(o, r, sep);
}

static void lead(struct assay_out *o, const struct assay_report *r)
{
    static const char *const word[] = {"UNVERIFIED", "MATCH", "MISMATCH", "WAIVED"};
    assay_out_raw(o, word[r->verdict]);
    if (r->verdict != r->inside)
        assay_out_raw(o, " outside of what was compared last, where ");
    else
        assay_out_raw(o, r->verdict == ASSAY_RV_MATCH && assay_render_is_part(r) ? " in part: " : ": ");
}

void assay_render_sentence(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    static void (*const say[])(struct assay_out *, const struct assay_report *, const char *) = {unverified, match,
                                                                                                 mismatch, waived};
    if (r->error || !r->n_sets) {
        assay_out_raw(o, "UNVERIFIED: ");
        assay_out_plain(o, r->error ? r->error : "nothing was compared", 0);
        return;
    }
    lead(o, r);
    say[r->inside](o, r, sep);
    if (r->counts.waived && r->inside != ASSAY_RV_WAIVED) {
        assay_out_raw(o, "; ");
        assay_out_number(o, r->counts.waived, sep);
        assay_out_raw(o, " more waived");
    }
    assay_render_outside(o, r, sep);
    coverage(o, r, sep);
    strength(o, r);
}

size_t assay_render_uncovered(const struct assay_rep_dataset *d)
{
    return d->side[0].n_uncovered + d->side[1].n_uncovered;
}

/* Length of a rule's name in "name: argument". */
static size_t name_len(const char *rule)
{
    return strcspn(rule, ":");
}

/* Cells of all rules of this name; 0 when an earlier entry has the name, too. */
static uint64_t cells_of(const struct assay_report *r, size_t set, size_t rule)
{
    const char *name = r->set[set].rule[rule].rule;
    const size_t n = name ? name_len(name) : 0;
    uint64_t cells = 0;
    for (size_t i = 0; i < r->n_sets; i++)
        for (size_t k = 0; k < r->set[i].n_rules; k++) {
            const char *other = r->set[i].rule[k].rule;
            if (!other || name_len(other) != n || strncmp(other, name, n) != 0)
                continue;
            if (i < set || (i == set && k < rule))
                return 0;
            cells += r->set[i].rule[k].cells;
        }
    return cells;
}

/* " (null_if 200, digits 34)" */
static void by_rule(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n_sets; i++)
        for (size_t k = 0; k < r->set[i].n_rules && n < MAX_RULE_NAMES; k++) {
            const uint64_t cells = r->set[i].rule[k].rule ? cells_of(r, i, k) : 0;
            char name[64];
            if (!cells)
                continue;
            snprintf(name, sizeof name, "%.*s", (int)name_len(r->set[i].rule[k].rule), r->set[i].rule[k].rule);
            assay_out_raw(o, n++ ? ", " : " (");
            assay_out_plain(o, name, sizeof name);
            assay_out_raw(o, " ");
            assay_out_number(o, cells, sep);
        }
    assay_out_raw(o, n ? ")" : "");
}

/* Weak digests and schemas that stand elsewhere, by name as far as one line holds them. */
static void unverified_claims(struct assay_out *o, const struct assay_report *r, uint64_t claims, const char *sep)
{
    enum { NAMED = 4 };
    const char *said[NAMED];
    size_t n = 0;
    assay_out_raw(o, "; ");
    plural(o, claims, "claim", sep);
    assay_out_raw(o, " of manifests unverified");
    for (size_t i = 0; i < r->n_sets; i++)
        for (size_t k = 0; k < r->set[i].n_claims && n < NAMED; k++) {
            const char *what = r->set[i].claim[k].what;
            size_t at = 0;
            while (at < n && strcmp(said[at], what) != 0)
                at++;
            if (at < n)
                continue;
            said[n] = what;
            assay_out_raw(o, n++ ? ", " : " (");
            assay_out_plain(o, what, 24);
        }
    assay_out_raw(o, n ? ")" : "");
}

bool assay_render_caveats(struct assay_out *o, const struct assay_report *r, const char *sep)
{
    size_t rules = 0, uncovered = 0;
    uint64_t nonstandard = 0, claims = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        rules += r->set[i].n_rules;
        uncovered += assay_render_uncovered(&r->set[i]);
        nonstandard += r->set[i].side[0].nonstandard + r->set[i].side[1].nonstandard;
        claims += r->set[i].claims_unverified;
    }
    if (!rules && !uncovered && !r->counts.cells_accepted && !nonstandard && !claims)
        return false;
    plural(o, r->counts.cells_accepted, "cell", sep);
    assay_out_raw(o, " equal only under ");
    plural(o, rules, "declared rule", sep);
    if (rules <= MAX_RULES)
        by_rule(o, r, sep);
    assay_out_raw(o, "; ");
    plural(o, uncovered, "column", sep);
    assay_out_raw(o, " not covered");
    if (nonstandard) {
        assay_out_raw(o, "; ");
        plural(o, nonstandard, "value", sep);
        assay_out_raw(o, " NaN or infinite in JSON, which has no such");
    }
    if (claims)
        unverified_claims(o, r, claims, sep);
    return true;
}

void assay_render_next(struct assay_out *o, const struct assay_report *r, const struct assay_rep_dataset *d,
                       void (*put)(struct assay_out *o, const char *text))
{
    const char *plan = r->plan_path ? r->plan_path : "PLAN";
    const struct assay_rep_chunk *c = d && d->n_worst ? &d->chunk[d->worst[0]] : NULL;
    bool differs = d && d->verdict == ASSAY_RV_MISMATCH;
    if (r->exit_code == ASSAY_EXIT_LEDGER) {
        put(o, "assay ledger verify ");
        assay_out_shell(o, plan, put);
        return;
    }
    if (r->verdict != r->inside && r->n_others && r->other[0].verdict == r->verdict) {
        put(o, r->verdict == ASSAY_RV_MISMATCH ? "assay report " : "assay check ");
        assay_out_shell(o, plan, put);
        put(o, " --dataset ");
        assay_out_shell(o, r->other[0].name, put);
        return;
    }
    put(o, differs ? "assay diff " : d && d->verdict == ASSAY_RV_UNVERIFIED ? "assay check " : "assay scrub ");
    assay_out_shell(o, plan, put);
    if (!d || d->verdict == ASSAY_RV_MATCH || d->verdict == ASSAY_RV_WAIVED)
        return;
    put(o, " --dataset ");
    assay_out_shell(o, d->name, put);
    if (differs && c && c->segment && strcmp(c->segment, "*") != 0 && strcmp(c->segment, "-") != 0) {
        put(o, " --segment ");
        assay_out_shell(o, c->segment, put);
    }
}
