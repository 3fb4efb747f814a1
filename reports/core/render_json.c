/* The result document (docs/result.schema.json) and its stream of events (NDJSON). */
#include <stdlib.h>
#include <string.h>

#include "assay/plan.h"
#include "json_write.h"
#include "render.h"

static void tool(struct assay_jw *w)
{
    assay_jw_open(w, "tool", '{');
    assay_jw_text(w, "name", "assay");
    assay_jw_text(w, "version", ASSAY_VERSION);
    assay_jw_close(w, '}');
}

static void pair(struct assay_jw *w, const char *key, const uint64_t n[2], const bool *known)
{
    assay_jw_open(w, key, '{');
    for (int i = 0; i < 2; i++) {
        const char *side = assay_side_name((enum assay_side_id)i);
        if (!known || known[i])
            assay_jw_number(w, side, n[i]);
        else
            assay_jw_null(w, side);
    }
    assay_jw_close(w, '}');
}

static void by_verdict(struct assay_jw *w, const char *key, const uint64_t n[ASSAY_RV_COUNT])
{
    assay_jw_open(w, key, '{');
    assay_jw_number(w, "matched", n[ASSAY_RV_MATCH]);
    assay_jw_number(w, "mismatched", n[ASSAY_RV_MISMATCH]);
    assay_jw_number(w, "unverified", n[ASSAY_RV_UNVERIFIED]);
    assay_jw_number(w, "waived", n[ASSAY_RV_WAIVED]);
    assay_jw_close(w, '}');
}

static void counts(struct assay_jw *w, const struct assay_rep_counts *c)
{
    assay_jw_open(w, "counts", '{');
    assay_jw_number(w, "segments", c->segments);
    by_verdict(w, "chunks", c->chunks);
    pair(w, "rows", c->rows, NULL);
    by_verdict(w, "rows_by_verdict", c->rows_by);
    by_verdict(w, "bytes_by_verdict", c->bytes_by);
    assay_jw_number(w, "objects", c->objects);
    assay_jw_number(w, "bytes_archive", c->bytes_archive);
    assay_jw_number(w, "cells_accepted", c->cells_accepted);
    assay_jw_number(w, "waived", c->waived);
    assay_jw_number(w, "rows_purged", c->purged);
    assay_jw_close(w, '}');
}

static void words(struct assay_jw *w, const char *key, const char *list)
{
    assay_jw_open(w, key, '[');
    while (list && *list) {
        char word[1100];
        size_t n = strcspn(list, ",");
        size_t keep = n < sizeof word ? n : sizeof word - 1;
        memcpy(word, list, keep);
        word[keep] = '\0';
        assay_jw_text(w, NULL, word);
        list += n + (list[n] == ',');
        list += strspn(list, " ");
    }
    assay_jw_close(w, ']');
}

static void chunk(struct assay_jw *w, const struct assay_rep_chunk *c)
{
    assay_jw_text(w, "id", c->whole ? "*" : c->id);
    assay_jw_text(w, "segment", c->segment);
    if (!c->whole)
        assay_jw_number(w, "ordinal", c->ordinal);
    assay_jw_text(w, "lo", c->lo);
    assay_jw_text(w, "hi", c->hi);
    if (c->sealed[0] || c->sealed[1])
        assay_jw_text(w, "bounds", c->opened ? "opened" : "sealed");
    assay_jw_text(w, "verdict", assay_rv_name(c->verdict));
    assay_jw_text(w, "kind", c->kind);
    pair(w, "rows", c->rows, c->has_rows);
    words(w, "columns", c->columns);
    assay_jw_text(w, "reason", c->reason);
    if (c->changed_side)
        assay_jw_text(w, "changed_side", c->changed_side);
    if (c->judged)
        assay_jw_number(w, "leaf", c->leaf);
}

static void side(struct assay_jw *w, const struct assay_rep_side *s, const char *key)
{
    assay_jw_open(w, key, '{');
    assay_jw_text(w, "run", s->run);
    assay_jw_text(w, "scrub_run", s->scrub_run);
    assay_jw_text(w, "locator", s->locator);
    assay_jw_text(w, "snapshot", s->snapshot);
    assay_jw_text(w, "started", s->started_at);
    assay_jw_text(w, "ended", s->ended_at);
    assay_jw_text(w, "status", s->ended ? s->status : s->started ? "unfinished" : "not read");
    assay_jw_text(w, "reason", s->reason);
    assay_jw_text(w, "read_again", s->again);
    assay_jw_text(w, "read_again_status", s->again_status);
    assay_jw_text(w, "host", s->host);
    assay_jw_text(w, "key", s->key);
    assay_jw_text(w, "version", s->version);
    assay_jw_number(w, "rows", s->rows);
    if (s->has_counted)
        assay_jw_number(w, "counted", s->counted);
    else
        assay_jw_null(w, "counted");
    assay_jw_number(w, "unplaced", s->unplaced);
    assay_jw_text(w, "tiled", s->tiled ? s->tiled : "unknown");
    assay_jw_text(w, "key_unique", s->key_unique ? s->key_unique : "unknown");
    assay_jw_number(w, "chunks", s->chunks);
    assay_jw_number(w, "objects", s->objects);
    assay_jw_close(w, '}');
}

static void object(struct assay_jw *w, const struct assay_rep_object *x)
{
    assay_jw_text(w, "side", assay_side_name((enum assay_side_id)x->side));
    assay_jw_text(w, "object", x->locator);
    if (x->reference)
        assay_jw_bool(w, "reference", true);
    assay_jw_text(w, "segment", x->segment);
    assay_jw_text(w, "status", x->status);
    assay_jw_text(w, "reason", x->reason);
    assay_jw_text(w, "sha256", x->sha256);
    assay_jw_number(w, "bytes", x->bytes);
    assay_jw_number(w, "rows", x->rows);
    assay_jw_number(w, "misplaced", x->misplaced);
    assay_jw_number(w, "defects", x->defects);
    assay_jw_number(w, "nonstandard", x->nonstandard);
}

static void bad_objects(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    assay_jw_open(w, "objects", '{');
    assay_jw_number(w, "count", d->counts.objects);
    assay_jw_number(w, "bytes", d->counts.bytes_archive);
    assay_jw_number(w, "nonstandard", d->side[0].nonstandard + d->side[1].nonstandard);
    assay_jw_number(w, "not_ok", d->side[0].objects_bad + d->side[1].objects_bad);
    assay_jw_number(w, "claims_unverified", d->claims_unverified);
    assay_jw_open(w, "unverified_claims", '[');
    for (size_t i = 0; i < d->n_claims; i++) {
        assay_jw_open(w, NULL, '{');
        assay_jw_text(w, "side", assay_side_name((enum assay_side_id)d->claim[i].side));
        assay_jw_text(w, "manifest", d->claim[i].manifest);
        assay_jw_text(w, "what", d->claim[i].what);
        assay_jw_number(w, "claims", d->claim[i].claims);
        assay_jw_close(w, '}');
    }
    assay_jw_close(w, ']');
    assay_jw_open(w, "findings", '[');
    for (size_t i = 0; i < d->n_objects; i++) {
        if (d->object[i].ok)
            continue;
        assay_jw_open(w, NULL, '{');
        object(w, &d->object[i]);
        assay_jw_close(w, '}');
    }
    assay_jw_close(w, ']');
    assay_jw_close(w, '}');
}

static void out_of_scope(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    const struct assay_rep_side *s = d->side[0].as_of ? &d->side[0] : &d->side[1];
    const uint64_t beyond[2] = {d->side[0].beyond, d->side[1].beyond};
    assay_jw_open(w, "not_in_scope", '{');
    assay_jw_text(w, "as_of", s->as_of);
    assay_jw_text(w, "as_of_column", s->as_of_column);
    pair(w, "rows_after", beyond, NULL);
    assay_jw_text(w, "closed_until", d->closed_until);
    assay_jw_number(w, "open_segments", d->n_open_segments);
    pair(w, "rows_open", d->open_rows, NULL);
    assay_jw_open(w, "open", '[');
    for (size_t i = 0; i < d->n_open_kept; i++) {
        assay_jw_open(w, NULL, '{');
        assay_jw_text(w, "segment", d->open[i].segment);
        pair(w, "rows", d->open[i].rows, NULL);
        assay_jw_close(w, '}');
    }
    assay_jw_close(w, ']');
    assay_jw_close(w, '}');
}

static void not_read_again(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    assay_jw_open(w, "not_read_again", '{');
    assay_jw_number(w, "segments", d->n_kept);
    assay_jw_text(w, "since", d->kept_since);
    pair(w, "rows", d->kept_rows, NULL);
    assay_jw_open(w, "listed", '[');
    for (size_t i = 0; i < d->n_kept_listed; i++) {
        assay_jw_open(w, NULL, '{');
        assay_jw_text(w, "segment", d->kept[i].segment);
        assay_jw_text(w, "since", d->kept[i].since);
        pair(w, "rows", d->kept[i].rows, NULL);
        assay_jw_close(w, '}');
    }
    assay_jw_close(w, ']');
    assay_jw_close(w, '}');
}

/* All that a dataset has but its chunks. */
static void dataset(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    assay_jw_text(w, "name", d->name);
    assay_jw_text(w, "id", d->id);
    assay_jw_text(w, "verdict", assay_rv_name(d->verdict));
    assay_jw_text(w, "reason", d->reason);
    assay_jw_text(w, "stands", assay_rv_name(d->stands));
    assay_json_compared(w, d);
    assay_jw_text(w, "strength", d->strength);
    assay_jw_text(w, "plan", d->plan);
    assay_jw_open(w, "uncovered", '[');
    for (int s = 0; s < 2; s++)
        for (size_t i = 0; i < d->side[s].n_uncovered; i++) {
            assay_jw_open(w, NULL, '{');
            assay_jw_text(w, "side", assay_side_name((enum assay_side_id)s));
            assay_jw_text(w, "column", d->side[s].uncovered[i]);
            assay_jw_close(w, '}');
        }
    assay_jw_close(w, ']');
    assay_jw_open(w, "rules", '[');
    for (size_t i = 0; i < d->n_rules; i++) {
        assay_jw_open(w, NULL, '{');
        assay_jw_text(w, "column", d->rule[i].column);
        assay_jw_text(w, "side", d->rule[i].side);
        assay_jw_text(w, "rule", d->rule[i].rule);
        assay_jw_number(w, "cells", d->rule[i].cells);
        assay_jw_close(w, '}');
    }
    assay_jw_close(w, ']');
    counts(w, &d->counts);
    out_of_scope(w, d);
    not_read_again(w, d);
    assay_jw_open(w, "sides", '{');
    side(w, &d->side[0], "source");
    side(w, &d->side[1], "archive");
    assay_jw_close(w, '}');
    assay_json_schema(w, d);
    bad_objects(w, d);
}

static int by_index(const void *pa, const void *pb)
{
    uint32_t a, b;
    memcpy(&a, pa, sizeof a);
    memcpy(&b, pb, sizeof b);
    return a < b ? -1 : a > b;
}

/* Worst ones are kept when there are too many, in key order either way. false: some were left out. */
static bool chunks(struct assay_jw *w, const struct assay_rep_dataset *d, size_t *room)
{
    size_t n = d->n_worst < *room ? d->n_worst : *room;
    uint32_t *index = malloc((n + 1) * sizeof *index);
    assay_jw_open(w, "chunks", '[');
    if (index && n) {
        memcpy(index, d->worst, n * sizeof *index);
        qsort(index, n, sizeof *index, by_index);
    }
    for (size_t i = 0; index && i < n; i++) {
        assay_jw_open(w, NULL, '{');
        chunk(w, &d->chunk[index[i]]);
        assay_jw_close(w, '}');
    }
    if (!index && w->o->status == ASSAY_OK)
        w->o->status = ASSAY_ENOMEM;
    assay_jw_close(w, ']');
    free(index);
    *room -= n;
    return n == d->n_worst;
}

static void discrepancy(struct assay_jw *w, const struct assay_rep_dataset *d, const struct assay_rep_discrepancy *x)
{
    assay_jw_text(w, "id", x->id);
    assay_jw_text(w, "dataset", d->name);
    assay_jw_text(w, "segment", x->segment);
    assay_jw_text(w, "chunk", x->chunk);
    assay_jw_text(w, "kind", x->kind);
    words(w, "columns", x->columns);
    assay_jw_text(w, "object", x->object);
    pair(w, "row_counts", x->rows, x->has_rows);
    assay_jw_open(w, "rows", '['); /* row findings are made by assay diff, not kept in the ledger */
    assay_jw_close(w, ']');
    assay_jw_text(w, "state", x->state);
    assay_jw_text(w, "reason", x->reason);
    assay_jw_text(w, "request", x->request);
    assay_jw_text(w, "observed", x->observed);
    assay_jw_number(w, "leaf", x->leaf);
}

static void cause(struct assay_jw *w, const struct assay_rep_dataset *d, const struct assay_rep_cause *x)
{
    assay_jw_text(w, "id", x->id);
    assay_jw_text(w, "dataset", d->name);
    assay_jw_text(w, "kind", x->kind);
    words(w, "columns", x->columns);
    assay_jw_number(w, "chunks", x->chunks);
    assay_jw_number(w, "rows", x->rows);
    assay_jw_text(w, "evidence", x->evidence);
    assay_jw_text(w, "rule", x->rule);
    assay_jw_text(w, "side", x->side);
    assay_jw_text(w, "hint", x->hint);
    assay_jw_text(w, "scope", x->scope);
    assay_jw_number(w, "leaf", x->leaf);
}

static void request(struct assay_jw *w, const struct assay_rep_dataset *d, const struct assay_rep_request *x)
{
    assay_jw_text(w, "id", x->id);
    assay_jw_text(w, "dataset", d->name);
    assay_jw_text(w, "segment", x->segment);
    assay_jw_text(w, "lo", x->lo);
    assay_jw_text(w, "hi", x->hi);
    assay_jw_number(w, "attempt", x->attempt);
    assay_jw_text(w, "outcome", x->outcome);
    assay_jw_number(w, "discrepancies", x->discrepancies);
    assay_jw_text(w, "observed", x->observed);
}

static void ledger(struct assay_jw *w, const struct assay_report *r)
{
    assay_jw_open(w, "ledger", '{');
    assay_jw_text(w, "path", r->ledger_path);
    assay_jw_number(w, "size", r->ledger_size);
    assay_jw_text(w, "root", r->root);
    assay_jw_text(w, "checkpoint", r->checkpoint);
    assay_jw_bool(w, "checked", r->ledger_checked);
    assay_jw_close(w, '}');
    assay_jw_open(w, "independence", '{');
    assay_jw_bool(w, "claimed", !r->independence);
    assay_jw_text(w, "reason", r->independence);
    assay_jw_close(w, '}');
}

static void sentence(struct assay_jw *w, const struct assay_report *r)
{
    struct assay_out o = {0};
    assay_render_sentence(&o, r, ",");
    const char *text = assay_buf_str(&o.buf);
    assay_jw_text(w, "summary", text);
    if ((!text || o.status != ASSAY_OK) && w->o->status == ASSAY_OK)
        w->o->status = ASSAY_ENOMEM;
    assay_buf_release(&o.buf);
}

static void head(struct assay_jw *w, const struct assay_report *r)
{
    assay_jw_number(w, "schema_version", ASSAY_REPORT_SCHEMA_VERSION);
    tool(w);
    assay_jw_text(w, "run_id", r->run);
}

static void verdict(struct assay_jw *w, const struct assay_report *r)
{
    assay_jw_text(w, "verdict", r->error ? "unverified" : assay_rv_name(r->verdict));
    assay_jw_number(w, "exit_code", (uint64_t)r->exit_code);
    sentence(w, r);
    assay_jw_text(w, "error", r->error);
    assay_jw_text(w, "observed", r->observed);
    counts(w, &r->counts);
    assay_json_others(w, r);
    assay_jw_number(w, "others_unread", r->n_unread);
}

static void coverage(struct assay_jw *w, const struct assay_rep_coverage *c)
{
    if (!c->status) {
        assay_jw_null(w, "coverage");
        return;
    }
    assay_jw_open(w, "coverage", '{');
    assay_jw_text(w, "status", c->status);
    assay_jw_text(w, "reason", c->reason);
    assay_jw_number(w, "covered", c->covered);
    assay_jw_number(w, "uncovered", c->uncovered);
    assay_jw_number(w, "gone", c->gone);
    assay_jw_number(w, "ignored", c->ignored);
    assay_jw_number(w, "apart", c->apart);
    assay_jw_texts(w, "lacks", c->lacks, c->n_lacks);
    assay_jw_close(w, '}');
}

static enum assay_status deliver(struct assay_out *o, struct assay_buf *out)
{
    if (o->status == ASSAY_OK)
        o->status = assay_buf_add(out, o->buf.ptr, o->buf.len);
    assay_buf_release(&o->buf);
    return o->status;
}

enum assay_status assay_render_json(const struct assay_report *r, struct assay_buf *out)
{
    struct assay_out o = {0};
    struct assay_jw w = {.o = &o};
    bool whole = true;
    size_t room = ASSAY_REPORT_MAX_CHUNKS, open_room = ASSAY_REPORT_MAX_OPEN;
    assay_jw_open(&w, NULL, '{');
    head(&w, r);
    verdict(&w, r);
    coverage(&w, &r->coverage);
    ledger(&w, r);
    assay_jw_open(&w, "datasets", '[');
    for (size_t i = 0; i < r->n_sets; i++) {
        assay_jw_open(&w, NULL, '{');
        dataset(&w, &r->set[i]);
        whole &= chunks(&w, &r->set[i], &room);
        whole &= r->set[i].n_bad == r->set[i].side[0].objects_bad + r->set[i].side[1].objects_bad;
        assay_jw_close(&w, '}');
    }
    assay_jw_close(&w, ']');
    assay_jw_open(&w, "causes", '[');
    for (size_t i = 0; i < r->n_sets; i++)
        for (size_t k = 0; k < r->set[i].n_causes && k < ASSAY_REPORT_MAX_CAUSES; k++) {
            assay_jw_open(&w, NULL, '{');
            cause(&w, &r->set[i], &r->set[i].cause[k]);
            assay_jw_close(&w, '}');
        }
    assay_jw_close(&w, ']');
    assay_jw_open(&w, "discrepancies", '[');
    for (size_t i = 0; i < r->n_sets; i++)
        for (size_t k = 0; k < r->set[i].n_disc; k++) {
            if (!open_room) {
                whole = false;
                break;
            }
            open_room--;
            assay_jw_open(&w, NULL, '{');
            discrepancy(&w, &r->set[i], &r->set[i].disc[k]);
            assay_jw_close(&w, '}');
        }
    assay_jw_close(&w, ']');
    assay_jw_open(&w, "requests", '[');
    for (size_t i = 0; i < r->n_sets; i++)
        for (size_t k = 0; k < r->set[i].n_requests && k < ASSAY_REPORT_MAX_OPEN; k++) {
            assay_jw_open(&w, NULL, '{');
            request(&w, &r->set[i], &r->set[i].request[k]);
            assay_jw_close(&w, '}');
        }
    assay_jw_close(&w, ']');
    assay_json_waivers(&w, r);
    assay_jw_bool(&w, "truncated", !whole);
    assay_jw_close(&w, '}');
    assay_out_raw(&o, "\n");
    return deliver(&o, out);
}

/* ---- one typed event a line ---- */

static void event(struct assay_jw *w, const char *type, const char *set)
{
    *w = (struct assay_jw){.o = w->o};
    assay_jw_open(w, NULL, '{');
    assay_jw_text(w, "event", type);
    if (set)
        assay_jw_text(w, "dataset", set);
}

static void event_end(struct assay_jw *w)
{
    assay_jw_close(w, '}');
    assay_out_raw(w->o, "\n");
}

static void set_events(struct assay_jw *w, const struct assay_rep_dataset *d)
{
    event(w, "dataset", NULL);
    dataset(w, d);
    event_end(w);
    for (size_t i = 0; i < d->n_chunks; i++) {
        event(w, "chunk", d->name);
        chunk(w, &d->chunk[i]);
        event_end(w);
    }
    for (size_t i = 0; i < d->n_objects; i++) {
        if (d->object[i].ok)
            continue;
        event(w, "object", d->name);
        object(w, &d->object[i]);
        event_end(w);
    }
    for (size_t i = 0; i < d->n_causes; i++) {
        event(w, "cause", NULL);
        cause(w, d, &d->cause[i]);
        event_end(w);
    }
    for (size_t i = 0; i < d->n_disc; i++) {
        event(w, "discrepancy", NULL);
        discrepancy(w, d, &d->disc[i]);
        event_end(w);
    }
    for (size_t i = 0; i < d->n_requests; i++) {
        event(w, "request", NULL);
        request(w, d, &d->request[i]);
        event_end(w);
    }
}

enum assay_status assay_render_ndjson(const struct assay_report *r, struct assay_buf *out)
{
    struct assay_out o = {.buf.max = out->max};
    struct assay_jw w = {.o = &o};
    event(&w, "run.start", NULL);
    head(&w, r);
    ledger(&w, r);
    event_end(&w);
    for (size_t i = 0; i < r->n_sets; i++)
        set_events(&w, &r->set[i]);
    assay_ndjson_waivers(&w, r);
    event(&w, "run.end", NULL);
    assay_jw_text(&w, "run_id", r->run);
    verdict(&w, r);
    coverage(&w, &r->coverage);
    event_end(&w);
    return deliver(&o, out);
}
