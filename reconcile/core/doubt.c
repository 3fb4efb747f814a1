/* What makes a whole dataset unverified, whatever its chunks say. */
#include <stdio.h>
#include <string.h>

#include "run.h"

static bool counts(const struct attested *a, const struct attested_run *r)
{
    return r->used && (r->chunks || r == a->basis || r == a->run);
}

uint64_t assay_unplaced(const struct attested *a)
{
    uint64_t n = 0;
    for (size_t i = 0; i < a->n_runs; i++)
        n += counts(a, &a->run[i]) ? a->run[i].unplaced : 0;
    return n;
}

/* The newest run decides whether the side was looked at; an older one's success says nothing about now. */
static bool doubts_newest(const struct attested *a, const char *name, const char *one_run, char *text, size_t n)
{
    const struct attested_run *newest = a->run;
    if (!a->n_runs || (one_run && strcmp(newest->id, one_run) != 0))
        snprintf(text, n, one_run ? "the %s was not verified in this run" : "the %s was never verified under this plan",
                 name);
    else if (!newest->ended)
        snprintf(text, n, "the run of the %s has no end: it was stopped, or is still going", name);
    else if (strcmp(newest->status, "ok") != 0)
        snprintf(text, n, "the %s could not be verified: %s", name, newest->reason ? newest->reason : newest->status);
    else
        return false;
    return true;
}

/* Statements that arrive late by spool must not pass for the newest. */
static bool doubts_order(const struct attested *a, const char *name, char *text, size_t n)
{
    for (size_t i = 1; i < a->n_runs; i++)
        if (strcmp(a->run[i].observed, a->run->observed) > 0) {
            snprintf(text, n,
                     "the ledger's newest statements about the %s are of %s, older ones of %s: they came late; verify "
                     "the %s again",
                     name, a->run->observed, a->run[i].observed, name);
            return true;
        }
    return false;
}

static bool doubts_run(const struct run *r, int side, const struct attested_run *x, char *text, size_t n)
{
    const char *name = assay_side_name((enum assay_side_id)side);
    if (side == ASSAY_SOURCE && x->unplaced)
        snprintf(text, n, "%llu rows of the source have a key or window that does not decode",
                 (unsigned long long)x->unplaced);
    else if (strcmp(x->tiled, "no") == 0 && !x->unplaced)
        snprintf(text, n, "not tiled: the %s counts %llu rows, its chunks hold %llu", name,
                 (unsigned long long)x->counted, (unsigned long long)x->rows);
    else if (x->stated != x->rows)
        snprintf(text, n, "the %s stated %llu rows in all, but its chunk statements in the ledger hold %llu", name,
                 (unsigned long long)x->rows, (unsigned long long)x->stated);
    else if (x->rows && !x->objects && assay_side_has_objects(&r->set->side[side]))
        snprintf(
            text, n,
            "run %s of the %s states rows, and no file that they were read from: sums alone can be copied from the "
            "other side",
            x->id, name);
    else if (side == ASSAY_SOURCE && r->set->n_key && strcmp(x->unique, "no") == 0)
        snprintf(text, n, "key is not unique: the source has rows with the same key");
    else
        return false;
    return true;
}

static bool has_segment(const struct attested *a, const char *name, size_t len)
{
    for (size_t i = 0; i < a->n_chunks; i++)
        if (strncmp(a->chunk[i].segment, name, len) == 0 && a->chunk[i].segment[len] == '\0')
            return true;
    return false;
}

bool assay_keys_differ(const struct run *r)
{
    const char *key = "";
    for (int i = 0; i < 2; i++)
        for (size_t k = 0; k < r->side[i].n_runs; k++) {
            const struct attested_run *x = &r->side[i].run[k];
            if (!counts(&r->side[i], x) || !x->key[0])
                continue;
            if (key[0] && strcmp(key, x->key) != 0)
                return true;
            key = x->key;
        }
    return false;
}

/* A segment that was asked for and that nobody has is an empty scope: a name mistyped, most likely. */
static bool doubts_scope(const struct run *r, char *text, size_t n)
{
    const struct attested_run *x = r->side[ASSAY_ARCHIVE].run;
    if (!r->run || x->whole || r->what & ASSAY_RECONCILE_REUSE)
        return false;
    for (const char *at = x->scope; *at;) {
        size_t len = strcspn(at, ",");
        if (!has_segment(&r->side[ASSAY_SOURCE], at, len) && !has_segment(&r->side[ASSAY_ARCHIVE], at, len)) {
            snprintf(text, n, "nothing to verify in segment %.*s: no rows on either side", (int)len, at);
            return true;
        }
        at += len + (at[len] == ',');
    }
    return false;
}

/* What one was to compare with is in doubt then. */
static bool doubts_manifest(const struct attested *source, char *text, size_t n)
{
    for (size_t i = 0; i < source->n_objects; i++) {
        const struct attested_object *o = &source->object[i];
        if (!o->n_denied)
            continue;
        snprintf(text, n, "a manifest of the source says otherwise than what was read: %s: %s", o->name,
                 o->denied[0] + strcspn(o->denied[0], " ") + 1);
        return true;
    }
    return false;
}

bool assay_source_is_short(const struct run *r)
{
    const struct attested *a = &r->side[ASSAY_SOURCE];
    for (size_t i = 0; i < a->n_objects; i++)
        if (strcmp(a->object[i].status, "ok") != 0 && strcmp(a->object[i].status, "intact") != 0 &&
            strcmp(a->object[i].status, "manifest") != 0)
            return true;
    return false;
}

const char *assay_doubt(const struct run *r, char *text, size_t n)
{
    for (int i = 0; i < 2; i++) {
        const struct attested *a = &r->side[i];
        const char *name = assay_side_name((enum assay_side_id)i);
        if (doubts_newest(a, name, r->run, text, n) || doubts_order(a, name, text, n))
            return text;
        for (size_t k = 0; k < a->n_runs; k++)
            if (counts(a, &a->run[k]) && doubts_run(r, i, &a->run[k], text, n))
                return text;
    }
    if (doubts_manifest(&r->side[ASSAY_SOURCE], text, n))
        return text;
    if (r->keys_differ)
        return "the digests were made under different dataset keys: both checkers need the same dataset.key";
    if (doubts_scope(r, text, n))
        return text;
    if (r->short_source)
        return "not every file of the source could be read";
    const struct attested *archive = &r->side[ASSAY_ARCHIVE];
    for (size_t i = 0; i < archive->n_objects; i++)
        if (archive->object[i].reference && strcmp(archive->object[i].status, "unverified") == 0) {
            snprintf(text, n, "reference %s could not be checked: %s", archive->object[i].name,
                     archive->object[i].reason ? archive->object[i].reason : "no reason is stated");
            return text;
        }
    if (r->unread.n)
        return "a file of the archive could not be read, or changed while it was read";
    return NULL;
}
