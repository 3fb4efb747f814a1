/* What a run left out on purpose: rows after the plan's as_of, segments behind the high-water mark. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "render.h"

#define SHOWN_OPEN 4 /* segments named in a line */

/* "SEGMENT SOURCE-ROWS ARCHIVE-ROWS" */
static bool take_open(struct assay_collect *c, struct assay_rep_dataset *d, const char *line)
{
    const char *a = strchr(line, ' '), *b = a ? strchr(a + 1, ' ') : NULL;
    if (!b)
        return true;
    if (!assay_grow(&d->open, d->n_open_kept, &d->cap_open, sizeof *d->open)) {
        assay_fail_nomem(c->e);
        return false;
    }
    char name[256];
    size_t n = (size_t)(a - line) < sizeof name ? (size_t)(a - line) : sizeof name - 1;
    memcpy(name, line, n);
    name[n] = '\0';
    struct assay_rep_open *o = &d->open[d->n_open_kept++];
    *o = (struct assay_rep_open){assay_arena_copy(&c->r->arena, name),
                                 {strtoull(a + 1, NULL, 10), strtoull(b + 1, NULL, 10)}};
    return true;
}

bool assay_scope_take(struct assay_collect *c, struct assay_rep_dataset *d, const struct assay_stmt *s)
{
    const char *line;
    if (!assay_stmt_get(s, "closed-until"))
        return true;
    d->closed_until = assay_collect_text(c->r, s, "closed-until");
    assay_stmt_number(s, "open-segments", &d->n_open_segments);
    assay_stmt_number(s, "open-rows-source", &d->open_rows[0]);
    assay_stmt_number(s, "open-rows-archive", &d->open_rows[1]);
    d->n_open_kept = 0;
    for (size_t i = 0; (line = assay_stmt_nth(s, "open", i)); i++)
        if (!take_open(c, d, line))
            return false;
    return true;
}

/* "SEGMENT SOURCE-ROWS ARCHIVE-ROWS OBSERVED" */
static bool take_kept(struct assay_collect *c, struct assay_rep_dataset *d, const char *line)
{
    struct assay_arena *arena = &c->r->arena;
    char name[256], when[64];
    unsigned long long n[2];
    if (sscanf(line, "%255s %llu %llu %63s", name, &n[0], &n[1], when) != 4)
        return true;
    if (!assay_grow(&d->kept, d->n_kept_listed, &d->cap_kept, sizeof *d->kept)) {
        assay_fail_nomem(c->e);
        return false;
    }
    d->kept[d->n_kept_listed++] = (struct assay_rep_kept){
        .segment = assay_arena_copy(arena, name), .since = assay_arena_copy(arena, when), .rows = {n[0], n[1]}};
    return true;
}

bool assay_kept_take(struct assay_collect *c, struct assay_rep_dataset *d, const struct assay_stmt *s)
{
    const char *line;
    if (!assay_stmt_number(s, "not-read-again", &d->n_kept))
        return true;
    d->kept_since = assay_collect_text(c->r, s, "not-read-since");
    assay_stmt_number(s, "not-read-rows-source", &d->kept_rows[0]);
    assay_stmt_number(s, "not-read-rows-archive", &d->kept_rows[1]);
    d->n_kept_listed = 0;
    for (size_t i = 0; (line = assay_stmt_nth(s, "kept", i)); i++)
        if (!take_kept(c, d, line))
            return false;
    return true;
}

static void rows(struct assay_out *o, const uint64_t n[2], const char *sep)
{
    assay_out_raw(o, "rows ");
    assay_out_number(o, n[0], sep);
    assay_out_raw(o, "/");
    assay_out_number(o, n[1], sep);
}

static void after(struct assay_out *o, const struct assay_rep_dataset *d, const char *sep, assay_put *put)
{
    const uint64_t n[2] = {d->side[0].beyond, d->side[1].beyond};
    const struct assay_rep_side *s = d->side[0].as_of ? &d->side[0] : &d->side[1];
    rows(o, n, sep);
    assay_out_raw(o, " with ");
    put(o, s->as_of_column);
    assay_out_raw(o, " after ");
    put(o, s->as_of);
}

static void open_segments(struct assay_out *o, const struct assay_rep_dataset *d, const char *sep, assay_put *put)
{
    assay_out_number(o, d->n_open_segments, sep);
    assay_out_raw(o, d->n_open_segments == 1 ? " segment still open at " : " segments still open at ");
    put(o, d->closed_until);
    for (size_t i = 0; i < d->n_open_kept && i < SHOWN_OPEN; i++) {
        assay_out_raw(o, i ? ", " : " (");
        put(o, d->open[i].segment);
    }
    assay_out_raw(o, d->n_open_segments > SHOWN_OPEN ? ", ...)" : d->n_open_kept ? ")" : "");
    assay_out_raw(o, ", ");
    rows(o, d->open_rows, sep);
}

bool assay_render_out_of_scope(struct assay_out *o, const struct assay_rep_dataset *d, const char *sep, assay_put *put)
{
    bool as_of = d->side[0].as_of || d->side[1].as_of;
    if (as_of)
        after(o, d, sep, put);
    if (d->n_open_segments) {
        assay_out_raw(o, as_of ? "; " : "");
        open_segments(o, d, sep, put);
    }
    return as_of || d->n_open_segments;
}

bool assay_render_kept(struct assay_out *o, const struct assay_rep_dataset *d, const char *sep, assay_put *put)
{
    if (!d->n_kept)
        return false;
    assay_out_raw(o, "since ");
    put(o, d->kept_since ? d->kept_since : "?");
    assay_out_raw(o, ": ");
    assay_out_number(o, d->n_kept, sep);
    assay_out_raw(o, d->n_kept == 1 ? " segment" : " segments");
    for (size_t i = 0; i < d->n_kept_listed && i < SHOWN_OPEN; i++) {
        assay_out_raw(o, i ? ", " : " (");
        put(o, d->kept[i].segment);
    }
    assay_out_raw(o, d->n_kept > SHOWN_OPEN ? ", ...), " : d->n_kept_listed ? "), " : ", ");
    rows(o, d->kept_rows, sep);
    return true;
}
