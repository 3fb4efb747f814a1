/* The terminal report: the verdict first, at most ASSAY_REPORT_TEXT_LINES lines whatever the size of the run. */
#include <string.h>

#include "assay/plan.h"
#include "render.h"

#define NAME_CHARS 28
#define MAX_SETS 8
#define MAX_FINDINGS 12
#define MAX_CAUSES 8
#define TAIL_LINES 5
#define MAX_OBJECTS 4
#define MAX_LACKS 3
#define MAX_DRIFT 2
#define MAX_SPANS 4
#define MAX_PARTIAL 2
#define MAX_OUT_OF_SCOPE 2

struct text {
    struct assay_out o;
    const struct assay_text_opts *opt;
};

static const struct {
    const char *utf8, *ascii, *color;
} mark[] = {
    [ASSAY_RV_UNVERIFIED] = {"?", "?", "\033[33m"},
    [ASSAY_RV_MATCH] = {"=", "=", "\033[34m"},
    [ASSAY_RV_MISMATCH] = {"\xe2\x89\xa0", "#", "\033[31m"},
    [ASSAY_RV_WAIVED] = {"\xc2\xb1", "w", "\033[36m"},
};

static void color(struct text *t, const char *code)
{
    if (t->opt->color)
        assay_out_raw(&t->o, code);
}

static void put_mark(struct text *t, enum assay_rv v)
{
    color(t, mark[v].color);
    assay_out_raw(&t->o, t->opt->utf8 ? mark[v].utf8 : mark[v].ascii);
    color(t, "\033[0m");
}

static void plain_name(struct assay_out *o, const char *s)
{
    assay_out_plain(o, s, 200);
}

static void rows(struct assay_out *o, const uint64_t n[2])
{
    assay_out_raw(o, "rows ");
    assay_out_number(o, n[0], ",");
    assay_out_raw(o, "/");
    assay_out_number(o, n[1], ",");
}

static void more(struct assay_out *o, uint64_t n, const char *what)
{
    if (!n)
        return;
    assay_out_raw(o, "  and ");
    assay_out_number(o, n, ",");
    assay_out_f(o, " more %s\n", what);
}

static void dataset_line(struct text *t, const struct assay_report *r, const struct assay_rep_dataset *d)
{
    struct assay_out *o = &t->o;
    assay_out_raw(o, "  ");
    put_mark(t, d->verdict);
    assay_out_raw(o, " ");
    assay_out_plain(o, d->name, NAME_CHARS);
    assay_out_f(o, "  %s  ", assay_rv_name(d->verdict));
    rows(o, d->counts.rows);
    if (d->counts.purged) {
        assay_out_raw(o, ", purged ");
        assay_out_number(o, d->counts.purged, ",");
    }
    assay_out_raw(o, "  chunks ");
    assay_out_number(o, d->counts.chunks[ASSAY_RV_MATCH], ",");
    assay_out_f(o, "%s/", t->opt->utf8 ? mark[1].utf8 : mark[1].ascii);
    assay_out_number(o, d->counts.chunks[ASSAY_RV_MISMATCH], ",");
    assay_out_f(o, "%s/", t->opt->utf8 ? mark[2].utf8 : mark[2].ascii);
    assay_out_number(o, d->counts.chunks[ASSAY_RV_UNVERIFIED], ",");
    assay_out_raw(o, "?");
    if (d->counts.chunks[ASSAY_RV_WAIVED]) {
        assay_out_raw(o, "/");
        assay_out_number(o, d->counts.chunks[ASSAY_RV_WAIVED], ",");
        assay_out_raw(o, t->opt->utf8 ? mark[ASSAY_RV_WAIVED].utf8 : mark[ASSAY_RV_WAIVED].ascii);
    }
    assay_text_compared(o, r, d);
    if (d->reason && d->verdict == ASSAY_RV_UNVERIFIED) {
        assay_out_raw(o, "  ");
        assay_out_plain(o, d->reason, 100);
    }
    assay_out_raw(o, "\n");
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Neighbours in the list that say the same of one segment share a line. */
static size_t group(const struct assay_rep_dataset *d, size_t from, uint64_t rows_sum[2])
{
    const struct assay_rep_chunk *a = &d->chunk[d->worst[from]];
    size_t n = 0;
    rows_sum[0] = rows_sum[1] = 0;
    for (size_t k = from; k < d->n_worst; k++, n++) {
        const struct assay_rep_chunk *b = &d->chunk[d->worst[k]];
        bool alike = !b->whole && b->verdict == a->verdict && same(a->segment, b->segment) && same(a->kind, b->kind) &&
                     same(a->changed_side, b->changed_side) && same(a->columns, b->columns);
        if (n && (a->whole || !alike))
            break;
        rows_sum[0] += b->rows[0];
        rows_sum[1] += b->rows[1];
    }
    return n;
}

static void chunk_name(struct assay_out *o, const struct assay_rep_chunk *c, size_t n)
{
    if (n > 1) {
        assay_out_f(o, "  %zu chunks", n);
    } else if (!c->whole) {
        assay_out_f(o, "  chunk %.8s", c->id);
        if (assay_rep_hides_bounds(c)) {
            assay_out_f(o, ", number %llu, bounds are sealed", (unsigned long long)c->ordinal);
        } else if (c->lo || c->hi) {
            assay_out_raw(o, " [");
            assay_out_plain(o, c->lo ? c->lo : "-inf", 20);
            assay_out_raw(o, ", ");
            assay_out_plain(o, c->hi ? c->hi : "+inf", 20);
            assay_out_raw(o, ")");
        }
    }
}

/* One line about n chunks alike; rows_sum is theirs together. */
static void finding_line(struct text *t, const struct assay_rep_dataset *d, const struct assay_rep_chunk *c, size_t n,
                         const uint64_t rows_sum[2])
{
    struct assay_out *o = &t->o;
    assay_out_raw(o, "  ");
    put_mark(t, c->verdict);
    assay_out_raw(o, " ");
    assay_out_plain(o, d->name, NAME_CHARS);
    if (c->segment && strcmp(c->segment, "*") != 0) {
        assay_out_raw(o, "  ");
        assay_out_plain(o, c->segment, NAME_CHARS);
    }
    chunk_name(o, c, n);
    if (c->kind)
        assay_out_raw(o, "  ");
    assay_out_plain(o, c->kind, 20);
    if (c->columns)
        assay_out_raw(o, ": ");
    assay_out_plain(o, c->columns, 48);
    if (c->has_rows[0] || c->has_rows[1]) {
        assay_out_raw(o, "  ");
        rows(o, rows_sum);
    }
    if (c->changed_side)
        assay_out_raw(o, strcmp(c->changed_side, "source") == 0 ? "  after archiving, at the source"
                                                                : "  in the archive, since both were equal");
    /* a broken file says why in a line of its own; a value that does not decode says where here */
    bool where = c->kind && strcmp(c->kind, "undecodable") == 0 && d->n_bad == 0;
    if ((c->verdict == ASSAY_RV_UNVERIFIED || where) && c->reason) {
        assay_out_raw(o, "  ");
        assay_out_plain(o, c->reason, 80);
    }
    assay_out_raw(o, "\n");
}

/* Lines of a list of n, with one for those that do not fit. */
static size_t capped(size_t n, size_t most)
{
    return n > most ? most + 1 : n;
}

/* Lines that causes and findings may share, whatever else there is to say. */
static size_t room(const struct assay_report *r)
{
    size_t spans = 0, partial = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        spans += r->set[i].n_spans;
        partial += r->set[i].n_partial;
    }
    const size_t set_lines = r->n_sets < MAX_SETS ? r->n_sets : MAX_SETS + 1;
    const size_t more_lines = 2;
    return ASSAY_REPORT_TEXT_LINES - 1 - set_lines - (MAX_OBJECTS + 1) - (MAX_DRIFT + 1) - capped(spans, MAX_SPANS) -
           capped(partial, MAX_PARTIAL) - TAIL_LINES - more_lines - capped(r->waivers.n, ASSAY_TEXT_WAIVERS) -
           capped(r->n_others, ASSAY_TEXT_OTHERS);
}

/* Causes come first, for they say more, but leave a third to findings. */
static size_t most_causes(const struct assay_report *r)
{
    size_t all = 0, most = room(r) * 2 / 3;
    for (size_t i = 0; i < r->n_sets; i++)
        all += r->set[i].n_causes;
    most = most < MAX_CAUSES ? most : MAX_CAUSES;
    return all < most ? all : most;
}

/* Those of one verdict, dataset after dataset; the number of chunks told. */
static size_t findings_of(struct text *t, const struct assay_report *r, enum assay_rv v, size_t most, size_t *shown)
{
    size_t told = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        const struct assay_rep_dataset *d = &r->set[i];
        for (size_t k = 0, n; k < d->n_worst && *shown < most; k += n) {
            uint64_t sum[2];
            n = group(d, k, sum);
            if (d->chunk[d->worst[k]].verdict != v)
                continue;
            finding_line(t, d, &d->chunk[d->worst[k]], n, sum);
            told += n;
            ++*shown;
        }
    }
    return told;
}

static void findings(struct text *t, const struct assay_report *r)
{
    const size_t left = room(r) - most_causes(r), most = left < MAX_FINDINGS ? left : MAX_FINDINGS;
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < r->n_sets; i++)
        all += r->set[i].n_worst;
    size_t told = findings_of(t, r, ASSAY_RV_MISMATCH, most, &shown);
    told += findings_of(t, r, ASSAY_RV_UNVERIFIED, most, &shown);
    told += findings_of(t, r, ASSAY_RV_WAIVED, most, &shown);
    more(&t->o, all - told, "findings; --report json lists them");
}

static void objects(struct text *t, const struct assay_report *r)
{
    struct assay_out *o = &t->o;
    size_t shown = 0;
    uint64_t all = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        const struct assay_rep_dataset *d = &r->set[i];
        all += d->side[0].objects_bad + d->side[1].objects_bad;
        for (size_t k = 0; k < d->n_objects && shown < MAX_OBJECTS; k++) {
            const struct assay_rep_object *x = &d->object[k];
            if (x->ok)
                continue;
            shown++;
            assay_out_raw(o, x->reference ? "  ! reference " : "  ! object ");
            assay_out_plain(o, x->locator, 80);
            assay_out_raw(o, "  ");
            bool misplaced = x->misplaced && x->status && strcmp(x->status, "ok") == 0;
            assay_out_plain(o, misplaced ? "misplaced" : x->status ? x->status : "of unknown state", 20);
            if (x->reason)
                assay_out_raw(o, ": ");
            assay_out_plain(o, x->reason, 80);
            assay_out_raw(o, "\n");
        }
    }
    more(o, all > shown ? all - shown : 0, "objects that are not ok");
}

/* What changed since the ledger knew the schema, newest first: those that break a plan before the others. */
/* "> t  at: in the archive, time stamps were cut to the ms: ...; rule on the source: truncate: ms" */
static void cause_line(struct text *t, const struct assay_rep_dataset *d, const struct assay_rep_cause *x)
{
    struct assay_out *o = &t->o;
    assay_out_raw(o, "  > ");
    assay_out_plain(o, d->name, NAME_CHARS);
    assay_out_raw(o, "  ");
    assay_out_plain(o, x->columns, 48);
    assay_out_raw(o, x->columns ? ": " : "");
    assay_out_plain(o, x->evidence, 160);
    if (x->scope && strcmp(x->scope, "isolated") == 0)
        assay_out_raw(o, " (single rows)");
    assay_out_raw(o, "; ");
    if (x->side) {
        assay_out_raw(o, strcmp(x->side, "both") == 0 ? "rule on both sides: " : "rule on the ");
        assay_out_plain(o, strcmp(x->side, "both") == 0 ? "" : x->side, 10);
        assay_out_raw(o, strcmp(x->side, "both") == 0 ? "" : ": ");
    }
    assay_out_plain(o, x->rule, 80);
    assay_out_raw(o, "\n");
}

static void causes(struct text *t, const struct assay_report *r)
{
    const size_t most = most_causes(r);
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        all += r->set[i].n_causes;
        for (size_t k = 0; k < r->set[i].n_causes && shown < most; k++, shown++)
            cause_line(t, &r->set[i], &r->set[i].cause[k]);
    }
    more(&t->o, all - shown, "causes; --report json lists them");
}

static void drift(struct text *t, const struct assay_report *r)
{
    struct assay_out *o = &t->o;
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < r->n_sets; i++)
        all += r->set[i].n_drift;
    for (int mild = 0; mild < 2; mild++)
        for (size_t i = 0; i < r->n_sets; i++)
            for (size_t k = 0; k < r->set[i].n_drift && shown < MAX_DRIFT; k++) {
                const struct assay_rep_drift *x = &r->set[i].drift[k];
                if (x->breaking == mild)
                    continue;
                assay_out_raw(o, mild ? "  ~ schema " : "  ! schema ");
                assay_out_plain(o, r->set[i].name, NAME_CHARS);
                assay_out_f(o, " %s since %.10s: ", assay_side_name((enum assay_side_id)x->side),
                            x->since ? x->since : "-");
                assay_out_plain(o, x->says, 160);
                assay_out_raw(o, "\n");
                shown++;
            }
    more(o, all - shown, "changes of schemas; --report json lists them");
}

/* What the verdict does not speak of in the segments of early years. */
static void partial(struct text *t, const struct assay_report *r)
{
    struct assay_out *o = &t->o;
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < r->n_sets; i++)
        for (size_t k = 0; k < r->set[i].n_partial; k++) {
            const struct assay_rep_partial *x = &r->set[i].partial[k];
            all += x->from != NULL;
            if (!x->from || shown == MAX_PARTIAL)
                continue;
            assay_out_raw(o, "  ~ ");
            assay_out_plain(o, r->set[i].name, NAME_CHARS);
            assay_out_raw(o, "  segments ");
            assay_out_plain(o, x->from, NAME_CHARS);
            assay_out_raw(o, " to ");
            assay_out_plain(o, x->to, NAME_CHARS);
            assay_out_raw(o, " verified without column \"");
            assay_out_plain(o, x->column, 60);
            assay_out_raw(o, "\": it did not exist before ");
            assay_out_plain(o, x->since, NAME_CHARS);
            assay_out_raw(o, "\n");
            shown++;
        }
    more(o, all - shown, "columns that are not in all segments");
}

/* Which segments were archived under which schema. */
static void span_line(struct assay_out *o, const struct assay_rep_dataset *d, const struct assay_rep_span *x)
{
    assay_out_raw(o, "  ~ ");
    assay_out_plain(o, d->name, NAME_CHARS);
    assay_out_raw(o, x->segments > 1 ? "  segments " : "  segment ");
    assay_out_plain(o, x->from, NAME_CHARS);
    if (x->segments > 1) {
        assay_out_raw(o, " to ");
        assay_out_plain(o, x->to, NAME_CHARS);
    }
    assay_out_raw(o, " archived under schema");
    for (int side = 0; side < 2; side++) {
        const char *print = x->fingerprint[side], *colon = print ? strchr(print, ':') : NULL;
        assay_out_f(o, "%s %.8s of the %s", side ? "," : "", colon ? colon + 1 : "-",
                    assay_side_name((enum assay_side_id)side));
        if (x->age[side] && x->age[side]->since)
            assay_out_f(o, " (seen since %.10s)", x->age[side]->since);
    }
    for (size_t i = 0; i < x->n_without; i++) {
        assay_out_raw(o, i ? ", \"" : ", without \"");
        assay_out_plain(o, x->without[i], 60);
        assay_out_raw(o, "\"");
    }
    assay_out_raw(o, "\n");
}

static void spans(struct text *t, const struct assay_report *r)
{
    size_t shown = 0, all = 0;
    for (size_t i = 0; i < r->n_sets; i++)
        for (size_t k = 0; k < r->set[i].n_spans; k++, all++)
            if (shown < MAX_SPANS) {
                span_line(&t->o, &r->set[i], &r->set[i].span[k]);
                shown++;
            }
    more(&t->o, all - shown, "spans of segments of one schema; --report json lists them");
}

static void sets(struct text *t, const struct assay_report *r)
{
    for (size_t i = 0; i < r->n_sets && i < MAX_SETS; i++)
        dataset_line(t, r, &r->set[i]);
    more(&t->o, r->n_sets > MAX_SETS ? r->n_sets - MAX_SETS : 0, "datasets");
    assay_text_others(&t->o, r);
}

static void plain(struct assay_out *o, const char *text)
{
    assay_out_plain(o, text, 60);
}

/* One line a dataset that has something to say. */
static void set_lines(struct text *t, const struct assay_report *r, const char *lead,
                      bool (*say)(struct assay_out *, const struct assay_rep_dataset *, const char *, assay_put *),
                      const char *rest_of)
{
    struct assay_out *o = &t->o;
    uint64_t shown = 0, rest = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        size_t before = o->buf.len;
        assay_out_raw(o, lead);
        assay_out_plain(o, r->set[i].name, NAME_CHARS);
        assay_out_raw(o, ": ");
        bool any = say(o, &r->set[i], ",", plain);
        assay_out_raw(o, "\n");
        if (!any || shown == MAX_OUT_OF_SCOPE)
            o->buf.len = before;
        rest += any && shown == MAX_OUT_OF_SCOPE;
        shown += any && shown < MAX_OUT_OF_SCOPE;
    }
    more(o, rest, rest_of);
}

static void coverage(struct text *t, const struct assay_rep_coverage *c)
{
    struct assay_out *o = &t->o;
    if (!c->status)
        return;
    assay_out_raw(o, "coverage: ");
    assay_out_plain(o, c->status, 20);
    if (c->reason)
        assay_out_raw(o, ": ");
    assay_out_plain(o, c->reason, 100);
    for (size_t i = 0; i < c->n_lacks && i < MAX_LACKS; i++) {
        assay_out_raw(o, i ? ", " : ": ");
        assay_out_plain(o, c->lacks[i], 60);
    }
    if (c->uncovered + c->gone > MAX_LACKS)
        assay_out_raw(o, ", ...");
    if (c->ignored) {
        assay_out_raw(o, "; ");
        assay_out_number(o, c->ignored, ",");
        assay_out_raw(o, " ignored by the plan");
    }
    assay_out_raw(o, "\n");
}

static void tail(struct text *t, const struct assay_report *r)
{
    struct assay_out *o = &t->o;
    uint64_t open = 0, closed = 0;
    for (size_t i = 0; i < r->n_sets; i++) {
        open += r->set[i].n_open;
        closed += r->set[i].n_closed;
    }
    if (open || closed) {
        assay_out_raw(o, "discrepancies: ");
        assay_out_number(o, open, ",");
        assay_out_raw(o, " open, ");
        assay_out_number(o, closed, ",");
        assay_out_raw(o, " closed by this run\n");
    }
    assay_text_waivers(o, r);
    set_lines(t, r, "not in scope: ", assay_render_out_of_scope, "datasets that were not compared whole");
    set_lines(t, r, "not read again: ", assay_render_kept, "datasets that were not read whole");
    coverage(t, &r->coverage);
    size_t before = o->buf.len;
    assay_out_raw(o, "not plainly equal: ");
    if (assay_render_caveats(o, r, ","))
        assay_out_raw(o, "\n");
    else
        o->buf.len = before;
    if (r->n_sets)
        assay_out_f(o, "independence: %s%s\n", r->independence ? "not claimed, " : "two hosts and two keys",
                    r->independence ? r->independence : "");
    assay_out_raw(o, "ledger: ");
    assay_out_number(o, r->ledger_size, ",");
    assay_out_raw(o, " leaves, root ");
    assay_out_plain(o, r->root && *r->root ? r->root : "(no checkpoint)", 64);
    assay_out_raw(o, r->ledger_checked ? ", checked now" : "");
    assay_out_raw(o, "; run ");
    assay_out_plain(o, r->run ? r->run : "-", 36);
    assay_out_raw(o, "\nnext: ");
    assay_render_next(o, r, r->n_sets ? &r->set[0] : NULL, plain_name);
    assay_out_raw(o, "\n");
}

enum assay_status assay_render_text(const struct assay_report *r, const struct assay_text_opts *opt,
                                    struct assay_buf *out)
{
    struct text t = {.o.ascii = !opt->utf8, .opt = opt};
    color(&t, r->n_sets && !r->error ? mark[r->verdict].color : mark[0].color);
    color(&t, "\033[1m");
    assay_render_sentence(&t.o, r, ",");
    color(&t, "\033[0m");
    assay_out_raw(&t.o, "\n");
    if (!opt->quiet) {
        sets(&t, r);
        causes(&t, r);
        findings(&t, r);
        objects(&t, r);
        partial(&t, r);
        spans(&t, r);
        drift(&t, r);
        tail(&t, r);
    }
    if (t.o.status == ASSAY_OK)
        t.o.status = assay_buf_add(out, t.o.buf.ptr, t.o.buf.len);
    assay_buf_release(&t.o.buf);
    return t.o.status;
}
