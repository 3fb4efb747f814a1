/* Discrepancies found again: open, or waived by the approver for as long as they look as they did. */
#include <stdio.h>
#include <string.h>

#include "assay/log.h"
#include "run.h"

void assay_run_waive(const struct run *r, struct discrepancy *d, struct compared *c, const char *a, const char *b)
{
    assay_discrepancy_id(r->set->id, d->segment, d->chunk, d->kind, d->columns, d->object, d->id);
    memcpy(c->discrepancy, d->id, sizeof c->discrepancy);
    if (c->unseen)
        return;
    assay_waiver_seen(a, b, c->seen);
    c->waiver = assay_waivers_find(&r->waivers, r->set->id, d->id, c->seen, r->now, UINT64_MAX);
}

/* Is it one of the files in which values of the chunk did not decode? */
static bool is_named(const struct attested_chunk *c, const struct attested_object *o)
{
    const size_t n = strlen(o->name);
    for (const char *line = c->found; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, o->name, n) == 0 && line[n] == ':')
            return true;
    }
    return false;
}

/* Files that may hold rows of the chunk. */
static bool is_of(const struct attested_chunk *c, const struct attested_object *o, bool named)
{
    return !o->reference && (!o->segment || strcmp(o->segment, c->segment) == 0) && (!named || is_named(c, o));
}

static size_t count_files(const struct attested *side, const struct attested_chunk *c, bool named)
{
    size_t n = 0;
    for (size_t i = 0; i < side->n_objects; i++)
        n += is_of(c, &side->object[i], named);
    return n;
}

/* Every value that does not decode has one image in the sums: what else it may become shows in the file's bytes alone.
 * The files that hold such values, or all of the segment where not every such value has its place stated, in one
 * digest. Or why there is none. */
static const char *know_files(const struct run *r, const struct attested_chunk *c, bool all, char out[65])
{
    const struct attested *side = &r->side[ASSAY_ARCHIVE];
    const bool named = !all && c->n_found == c->defects && count_files(side, c, true);
    uint8_t h[96] = {0};
    if (!count_files(side, c, named))
        return "values of a table that do not decode: the ledger holds nothing by which a later change of them would "
               "show";
    for (size_t i = 0; i < side->n_objects; i++) {
        const struct attested_object *o = &side->object[i];
        const bool gone = strcmp(o->status, "missing") == 0;
        if (!is_of(c, o, named))
            continue;
        if (!o->content[0] && !gone)
            return "the SHA-256 of a file with values that do not decode was not stated";
        assay_sha256(o->name, strlen(o->name), h + 32);
        assay_sha256(gone ? o->status : o->content, strlen(gone ? o->status : o->content), h + 64);
        assay_sha256(h, sizeof h, h);
    }
    assay_hex(h, 32, out);
    return NULL;
}

/* What a chunk's statement is known by: its row sum, or the blob in which it is sealed, which is the same for equal
 * sums; its root where it has one; and the bytes of files where values did not decode. */
void assay_run_waive_chunk(const struct run *r, struct discrepancy *d, struct compared *c,
                           const struct attested_chunk *s, const struct attested_chunk *a)
{
    const struct attested_chunk *of[] = {s, a};
    char known[2][256], sum[33], files[65] = "";
    for (int i = 0; i < 2; i++) {
        assay_sum_hex(of[i]->row, sum);
        snprintf(known[i], sizeof known[i], "%s %s", of[i]->sums[0] ? of[i]->sums : sum, of[i]->root);
    }
    if (a->defects || d->object) {
        const size_t n = strlen(known[1]);
        c->unseen = know_files(r, a, d->object != NULL, files);
        snprintf(known[1] + n, sizeof known[1] - n, " %s", files);
    }
    assay_run_waive(r, d, c, known[0], known[1]);
}

static bool is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* A waiver that names it is no waiver of what it looks like now. */
static void note_outlived(struct run *r, const struct discrepancy *d, const struct compared *c)
{
    const struct assay_waiver *w = assay_waivers_find(&r->waivers, r->set->id, d->id, NULL, r->now, UINT64_MAX);
    if (!w || r->outlived++)
        return;
    r->outlived_by = w;
    r->outlived_why = c->unseen;
}

void assay_run_outlived(const struct run *r)
{
    if (r->outlived && (r->what & ASSAY_RECONCILE_VERDICTS))
        assay_log(
            ASSAY_LOG_WARN,
            "%s: %llu open, although named by a waiver (%s): it covers what was seen when it was given, and what is "
            "seen now is not that%s%s. Look again, and where it is still acceptable renew it: assay ledger waive",
            r->set->name, (unsigned long long)r->outlived, r->outlived_by->id, r->outlived_why ? "; " : "",
            r->outlived_why ? r->outlived_why : "");
}

enum assay_status assay_run_found(struct run *r, struct discrepancy *d, const struct compared *c)
{
    const struct discrepancy *k = assay_discrepancies_find(&r->known, d->id);
    char waived[96] = "";
    bool stands = k && (c->waiver ? is(k->state, "waived") : is(k->state, "open") || is(k->state, "requested"));
    if (k)
        r->seen[k - r->known.d] = true;
    if (!c->waiver)
        note_outlived(r, d, c);
    r->out->open += !c->waiver;
    r->out->opened += !stands && !c->waiver;
    if (stands || !(r->what & ASSAY_RECONCILE_VERDICTS))
        return ASSAY_OK;
    if (c->waiver)
        snprintf(waived, sizeof waived, "waived by leaf %llu until %s", (unsigned long long)c->waiver->leaf,
                 c->waiver->until);
    return assay_discrepancy_state(r->sink, r->set, d, c->waiver ? "waived" : "open", c->waiver ? waived : c->reason,
                                   r->result_run, r->err);
}
