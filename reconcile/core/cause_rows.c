/* Why rows are missing, extra or doubled: files, limits of exporters, ranges of keys, batches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cause.h"

#define MOST_NAMES 5 /* segments or files that the evidence names */

static bool is_rows(const struct mismatch *m)
{
    static const char *const kinds[] = {"lost", "extra", "missing", "rows"};
    for (size_t i = 0; m->kind && i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(m->kind, kinds[i]) == 0)
            return true;
    return false;
}

static uint64_t gone(const struct mismatch *m)
{
    return m->s->rows > m->a->rows ? m->s->rows - m->a->rows : 0;
}

static const struct sample *sample_of(const struct samples *all, const struct mismatch *m)
{
    for (size_t i = 0; i < all->n; i++)
        if (all->s[i].about == m)
            return &all->s[i];
    return NULL;
}

/* One more chunk under a cause; the names of segments or files are collected in its columns until it is stated. */
static void cover(struct causes *all, struct cause *c, const struct run *r, const struct mismatch *m, uint64_t rows)
{
    c->chunks++;
    c->rows += rows;
    all->row_explained[m - r->mismatch] = true;
}

static struct cause *get(struct causes *all, const char *kind, const char *evidence, const char *hint)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->c[i].kind, kind) == 0)
            return &all->c[i];
    struct cause *c = assay_cause_new(all, kind, "rows");
    if (c) {
        snprintf(c->evidence, sizeof c->evidence, "%s", evidence);
        snprintf(c->hint, sizeof c->hint, "%s", hint);
        snprintf(c->rule, sizeof c->rule, CAUSE_NO_RULE);
    }
    return c;
}

/* ", name" behind the evidence; the first few. */
static void name_it(struct cause *c, uint64_t nth, const char *name)
{
    const size_t at = strlen(c->evidence);
    if (nth < MOST_NAMES)
        snprintf(c->evidence + at, sizeof c->evidence - at, "%s%s", nth ? ", " : ": ", name);
    else if (nth == MOST_NAMES)
        snprintf(c->evidence + at, sizeof c->evidence - at, " and more");
}

/* ---- files ---- */

static const struct {
    const char *status, *kind, *evidence, *hint;
} file_kinds[] = {
    {"undecodable", "file-broken", "files of the archive do not decode",
     "they were cut or damaged after they were written"},
    {"missing", "file-missing", "files of the archive are gone", "restore them, or export again"},
    {"truncated", "file-truncated", "files of the archive are shorter than they were", "restore them, or export again"},
    {"damaged", "file-damaged", "files of the archive have other bytes than they had", "restore them, or export again"},
};

static enum assay_status files(const struct run *r, struct causes *all)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    for (size_t k = 0; k < sizeof file_kinds / sizeof *file_kinds; k++) {
        uint64_t nth = 0;
        for (size_t i = 0; i < a->n_objects; i++) {
            const struct attested_object *o = &a->object[i];
            if (strcmp(o->status, file_kinds[k].status) != 0)
                continue;
            struct cause *c = get(all, file_kinds[k].kind, file_kinds[k].evidence, file_kinds[k].hint);
            if (!c)
                return ASSAY_ENOMEM;
            name_it(c, nth++, o->name);
            for (size_t m = 0; m < r->n_mismatches; m++)
                if (!all->row_explained[m] && (!o->segment || strcmp(o->segment, r->mismatch[m].a->segment) == 0))
                    cover(all, c, r, &r->mismatch[m], gone(&r->mismatch[m]));
        }
    }
    return ASSAY_OK;
}

/* ---- limits of exporters ---- */

/* 1, 2 or 5 times a power of ten from 100 on; powers of two from 256 on; both less the header or the last one. */
static bool is_round(uint64_t n)
{
    for (uint64_t p = 100; p <= 1000000000; p *= 10)
        if (n == p || n == 2 * p || n == 5 * p)
            return true;
    for (uint64_t p = 256; p <= UINT64_C(1) << 30; p *= 2)
        if (n == p || n == p - 1)
            return true;
    return false;
}

static bool limits_may_explain(const struct run *r, const struct causes *all, size_t i, const char *segment)
{
    return is_rows(&r->mismatch[i]) && !all->row_explained[i] &&
           (!segment || strcmp(segment, r->mismatch[i].a->segment) == 0);
}

/* All that rows are missing for in the segment, or (NULL) in the whole dataset. */
static enum assay_status limit_of(const struct run *r, struct causes *all, const char *segment)
{
    uint64_t rows[2] = {0, 0};
    char text[512];
    bool left = false; /* a limit cuts somewhere; where whole segments explain all, the number is a coincidence */
    for (size_t i = 0; i < r->n_mismatches; i++)
        left = left || limits_may_explain(r, all, i, segment);
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < r->side[i].n_chunks; k++)
            if (!segment || strcmp(segment, r->side[i].chunk[k].segment) == 0)
                rows[i] += r->side[i].chunk[k].rows;
    if (!left || rows[1] >= rows[0] || !is_round(rows[1]))
        return ASSAY_OK;
    snprintf(text, sizeof text, "the archive ends at exactly %llu rows%s%s, the source has %llu",
             (unsigned long long)rows[1], segment ? " in segment " : "", segment ? segment : "",
             (unsigned long long)rows[0]);
    struct cause *c =
        get(all, "row-limit", text, "the exporter stops at that many rows: page through, or raise its limit");
    if (!c)
        return ASSAY_ENOMEM;
    for (size_t i = 0; i < r->n_mismatches; i++)
        if (limits_may_explain(r, all, i, segment))
            cover(all, c, r, &r->mismatch[i], gone(&r->mismatch[i]));
    return ASSAY_OK;
}

static enum assay_status limits(const struct run *r, struct causes *all)
{
    enum assay_status s = limit_of(r, all, NULL);
    for (size_t i = 0; i < r->n_mismatches && s == ASSAY_OK; i++)
        if (is_rows(&r->mismatch[i]) && !all->row_explained[i] &&
            (i == 0 || strcmp(r->mismatch[i].a->segment, r->mismatch[i - 1].a->segment) != 0))
            s = limit_of(r, all, r->mismatch[i].a->segment);
    return s;
}

/* ---- segments and ranges ---- */

static bool archive_has_rows(const struct run *r, const char *segment)
{
    const struct attested *a = &r->side[ASSAY_ARCHIVE];
    for (size_t i = 0; i < a->n_chunks; i++)
        if (a->chunk[i].rows && strcmp(a->chunk[i].segment, segment) == 0)
            return true;
    return false;
}

static enum assay_status segments(const struct run *r, struct causes *all)
{
    const char *last = NULL;
    bool lost = false;
    uint64_t nth = 0;
    for (size_t i = 0; i < r->n_mismatches; i++) {
        const struct mismatch *m = &r->mismatch[i];
        if (!is_rows(m) || all->row_explained[i])
            continue;
        if (!last || strcmp(last, m->a->segment) != 0)
            lost = !archive_has_rows(r, m->a->segment);
        const bool named = last && strcmp(last, m->a->segment) == 0;
        last = m->a->segment;
        if (!lost)
            continue;
        struct cause *c = get(all, "segment-missing", "the archive has no row of whole segments",
                              "they were not exported, or their files are gone");
        if (!c)
            return ASSAY_ENOMEM;
        if (!named)
            name_it(c, nth++, m->a->segment);
        cover(all, c, r, m, gone(m));
    }
    return ASSAY_OK;
}

/* Last chunk of its segment at the source? */
static bool is_last(const struct run *r, const struct mismatch *m)
{
    const struct attested *s = &r->side[ASSAY_SOURCE];
    for (size_t i = 0; i < s->n_chunks; i++)
        if (s->chunk[i].rows && s->chunk[i].ordinal > m->s->ordinal && strcmp(s->chunk[i].segment, m->s->segment) == 0)
            return false;
    return true;
}

static bool is_kind(const struct mismatch *m, const char *kind)
{
    return m->kind && strcmp(m->kind, kind) == 0;
}

/* Neighbouring chunks without a row, and those beside them that lost some: [from, to) of the mismatches. */
static size_t range_end(const struct run *r, const struct causes *all, size_t from, bool *empty)
{
    size_t i = from;
    *empty = false;
    for (; i < r->n_mismatches; i++) {
        const struct mismatch *m = &r->mismatch[i], *before = &r->mismatch[i ? i - 1 : 0];
        const bool fits = !all->row_explained[i] && (is_kind(m, "missing") || is_kind(m, "lost"));
        if (!fits ||
            (i > from && (strcmp(m->a->segment, before->a->segment) != 0 || m->a->ordinal != before->a->ordinal + 1)))
            break;
        if (i > from + 1 && is_kind(before, "lost"))
            break; /* only the first and the last of a range have some rows left */
        *empty = *empty || is_kind(m, "missing");
    }
    return i;
}

static enum assay_status cover_range(const struct run *r, struct causes *all, size_t from, size_t to, bool tail)
{
    struct cause *c = tail ? get(all, "end-missing", "the last rows in key order are missing, without a gap",
                                 "the last file is short: the export stopped before its end")
                           : get(all, "range-missing", "a contiguous range of keys is missing",
                                 "a batch or a file of the export was lost");
    if (!c)
        return ASSAY_ENOMEM;
    for (size_t i = from; i < to; i++)
        cover(all, c, r, &r->mismatch[i], gone(&r->mismatch[i]));
    return ASSAY_OK;
}

/* Ranges that are longer than a chunk show in the statements; shorter ones in the samples. */
static enum assay_status ranges(const struct run *r, const struct samples *samples, struct causes *all)
{
    enum assay_status s = ASSAY_OK;
    for (size_t i = 0, end; i < r->n_mismatches && s == ASSAY_OK; i = end > i ? end : i + 1) {
        bool empty;
        end = r->set->n_key ? range_end(r, all, i, &empty) : i;
        if (end > i && empty)
            s = cover_range(r, all, i, end, is_last(r, &r->mismatch[end - 1]));
    }
    for (size_t i = 0; i < r->n_mismatches && s == ASSAY_OK && r->set->n_key; i++) {
        const struct sample *x = all->row_explained[i] ? NULL : sample_of(samples, &r->mismatch[i]);
        if (x && x->n[SAMPLE_MISSING] > 1 && x->runs[SAMPLE_MISSING] == 1 && !x->n[SAMPLE_EXTRA])
            s = cover_range(r, all, i, i + 1, x->missing_end && is_last(r, &r->mismatch[i]));
    }
    return s;
}

/* ---- doubled and other rows ---- */

/* Every row so and so many times: then every sum is that multiple. */
static uint64_t multiple_of(const struct mismatch *m)
{
    const uint64_t n = m->s->rows ? m->a->rows / m->s->rows : 0;
    return !m->s->opaque && !m->a->opaque && n > 1 && n * m->s->rows == m->a->rows &&
                   m->a->row == (assay_sum)n * m->s->row
               ? n
               : 0;
}

static enum assay_status doubled(const struct run *r, struct causes *all)
{
    char text[256];
    for (size_t i = 0; i < r->n_mismatches; i++) {
        const struct mismatch *m = &r->mismatch[i];
        const uint64_t n = all->row_explained[i] ? 0 : multiple_of(m);
        if (!n)
            continue;
        snprintf(text, sizeof text, "every row stands %llu times in the archive: the sums are exactly that multiple",
                 (unsigned long long)n);
        struct cause *c = get(all, "rows-doubled", text, "the export ran again into the same place");
        if (!c)
            return ASSAY_ENOMEM;
        cover(all, c, r, m, m->a->rows - m->s->rows);
    }
    return ASSAY_OK;
}

static const struct row_kind {
    const char *kind, *evidence, *hint;
} batch = {"batch-repeated", "neighbouring rows stand several times in the archive",
           "a batch was written again after a retry"},
  doubles = {"rows-repeated", "rows stand several times in the archive",
             "batches overlap, or a retry wrote rows again"},
  keys = {"keys-differ", "as many keys are missing as are extra", "the key's values were changed: see assay diff"},
  less = {"rows-missing", "rows are missing from the archive", "assay diff names them"},
  more = {"rows-extra", "the archive has rows that the source has not",
          "assay diff names them: deleted at the source, or of another export"};

static enum assay_status cover_as(const struct run *r, struct causes *all, size_t i, const struct row_kind *k,
                                  uint64_t n)
{
    struct cause *c = get(all, k->kind, k->evidence, k->hint);
    if (!c)
        return ASSAY_ENOMEM;
    cover(all, c, r, &r->mismatch[i], n);
    return ASSAY_OK;
}

/* What is left: by the sample where there is one, else by the counts. */
static enum assay_status others(const struct run *r, const struct samples *samples, struct causes *all)
{
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < r->n_mismatches && st == ASSAY_OK; i++) {
        const struct mismatch *m = &r->mismatch[i];
        if (all->row_explained[i] || !is_rows(m))
            continue;
        const struct sample *x = sample_of(samples, m);
        const uint64_t *n = x ? x->n : (uint64_t[SAMPLE_KINDS]){0}, *runs = x ? x->runs : n;
        const uint64_t extra = m->a->rows > m->s->rows ? m->a->rows - m->s->rows : 0;
        if (n[SAMPLE_DUPLICATE])
            st = cover_as(r, all, i, n[SAMPLE_DUPLICATE] > 1 && runs[SAMPLE_DUPLICATE] == 1 ? &batch : &doubles,
                          n[SAMPLE_DUPLICATE]);
        if (st == ASSAY_OK && n[SAMPLE_MISSING] && n[SAMPLE_MISSING] == n[SAMPLE_EXTRA] && r->set->n_key)
            st = cover_as(r, all, i, &keys, n[SAMPLE_MISSING]);
        else if (st == ASSAY_OK && r->set->n_key) {
            if (n[SAMPLE_MISSING] || (!x && gone(m)))
                st = cover_as(r, all, i, &less, x ? n[SAMPLE_MISSING] : gone(m));
            if (st == ASSAY_OK && (n[SAMPLE_EXTRA] || (!x && extra)))
                st = cover_as(r, all, i, &more, x ? n[SAMPLE_EXTRA] : extra);
        }
    }
    return st;
}

/* Without a key a changed row leaves one bucket and enters another: only the sum of all says what is missing. */
static enum assay_status others_keyless(const struct run *r, struct causes *all)
{
    uint64_t rows[2] = {0, 0}, chunks = 0;
    for (size_t i = 0; i < r->n_mismatches; i++)
        if (is_rows(&r->mismatch[i]) && !all->row_explained[i]) {
            rows[0] += r->mismatch[i].s->rows;
            rows[1] += r->mismatch[i].a->rows;
            chunks++;
        }
    if (r->set->n_key || rows[0] == rows[1])
        return ASSAY_OK;
    const struct row_kind *k = rows[0] > rows[1] ? &less : &more;
    struct cause *c = get(all, k->kind, k->evidence, k->hint);
    if (!c)
        return ASSAY_ENOMEM;
    c->chunks = chunks;
    c->rows = rows[0] > rows[1] ? rows[0] - rows[1] : rows[1] - rows[0];
    return ASSAY_OK;
}

/* Values of one row in another; rows that changed at the source since. */
static enum assay_status recombined(const struct run *r, struct causes *all)
{
    static const struct row_kind kind = {"rows-recombined", "every column has the same values, but in other rows",
                                         "rows were sorted column by column, or joined by position"};
    static const struct row_kind late = {"source-changed", "the source has changed since the archive was written",
                                         "the archive still is what it was: export the segment again"};
    enum assay_status st = ASSAY_OK;
    for (size_t i = 0; i < r->n_mismatches && st == ASSAY_OK; i++)
        if (is_kind(&r->mismatch[i], "recombined") || is_kind(&r->mismatch[i], "source-changed"))
            st = cover_as(r, all, i, is_kind(&r->mismatch[i], "recombined") ? &kind : &late, r->mismatch[i].a->rows);
    return st;
}

enum assay_status assay_causes_of_rows(const struct run *r, const struct samples *samples, struct causes *all)
{
    enum assay_status s = files(r, all);
    if (s == ASSAY_OK)
        s = segments(r, all);
    if (s == ASSAY_OK)
        s = limits(r, all);
    if (s == ASSAY_OK)
        s = ranges(r, samples, all);
    if (s == ASSAY_OK)
        s = doubled(r, all);
    if (s == ASSAY_OK)
        s = others(r, samples, all);
    if (s == ASSAY_OK)
        s = others_keyless(r, all);
    return s == ASSAY_OK ? recombined(r, all) : s;
}
