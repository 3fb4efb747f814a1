#include "compare.h"

#include <string.h>

const char *assay_verdict_name(enum verdict v)
{
    static const char *const names[] = {"unverified", "match", "mismatch"};
    return names[v];
}

static struct compared unverified(const char *reason)
{
    return (struct compared){.verdict = VERDICT_UNVERIFIED, .reason = reason};
}

static struct compared mismatch(const char *kind, const char *reason)
{
    return (struct compared){.verdict = VERDICT_MISMATCH, .kind = kind, .reason = reason};
}

static struct compared compare_rows(const struct attested_chunk *s, const struct attested_chunk *a)
{
    if (a->rows == 0)
        return mismatch("missing", "the archive has none of the rows");
    if (a->rows < s->rows)
        return mismatch("lost", "the archive has fewer rows");
    if (a->rows > s->rows)
        return mismatch("extra", "the archive has more rows");
    return mismatch("rows", "as many rows, but other keys");
}

static struct compared compare_sums(const struct attested_chunk *s, const struct attested_chunk *a, size_t n_cols,
                                    bool keyed, bool *differs)
{
    size_t n = 0;
    if (a->defects && s->rows)
        return mismatch("undecodable", "values of the archive do not decode as their declared type");
    if (s->rows != a->rows || s->key != a->key)
        return compare_rows(s, a);
    for (size_t i = 0; i < n_cols; i++)
        n += differs[i] = s->col[i] != a->col[i];
    if (n)
        return mismatch("changed", keyed ? "the same keys, but other values" : "as many rows, but other values");
    if (s->row != a->row)
        return mismatch("recombined", "every column has the same values, but in other rows");
    struct compared c = {.verdict = VERDICT_MATCH};
    for (size_t i = 0; i < n_cols; i++)
        c.accepted += s->changed[i] + a->changed[i];
    return c;
}

/* Sums that are sealed, and no key here: equal blobs are equal sums, and roots tell the rest. */
static struct compared compare_opaque(const struct attested_chunk *s, const struct attested_chunk *a)
{
    if (a->defects && s->rows)
        return mismatch("undecodable", "values of the archive do not decode as their declared type");
    if (s->rows != a->rows)
        return compare_rows(s, a);
    if (strcmp(s->sums, a->sums) == 0)
        return (struct compared){.verdict = VERDICT_MATCH};
    if (!s->root[0] || !a->root[0])
        return unverified("the sums of so few rows are sealed, and there is neither the key to open them nor a root");
    return strcmp(s->root, a->root) == 0
               ? (struct compared){.verdict = VERDICT_MATCH}
               : mismatch("rows",
                          "the roots differ, and the sums of so few rows are sealed: which columns differ, only "
                          "who has the chunk's key can tell");
}

/* What can be said before any digest is looked at. */
static const char *why_incomparable(const struct attested_chunk *s, const struct attested_chunk *a)
{
    if (!s)
        return "the source has no statement about this chunk";
    if (!a)
        return "the archive has no statement about this chunk";
    if (strcmp(s->cut, a->cut) != 0)
        return "the two sides were cut differently";
    if (strcmp(s->form, a->form) != 0)
        return "the two sides have different row forms";
    if (s->defects)
        return "values of the source do not decode as their declared type";
    return NULL;
}

/* The roots decide what the sums agree on. Sums that differ under one root cannot both have been made from it. */
static struct compared compare_roots(const struct attested_chunk *s, const struct attested_chunk *a, struct compared c)
{
    bool same = strcmp(s->root, a->root) == 0;
    if (strcmp(s->keycommit, a->keycommit) != 0)
        return unverified("the two sides were sealed under different keys of the chunk: both need the same keyring");
    if (c.verdict == VERDICT_MATCH && !same)
        c = mismatch("resealed", "the sums agree, but the sealed roots do not: rows were made to fit the sums");
    else if (c.verdict == VERDICT_MISMATCH && same)
        return unverified("the sums differ although the sealed roots are equal: one of the statements is wrong");
    c.sealed = true;
    return c;
}

struct compared assay_compare_chunk(const struct attested_chunk *s, const struct attested_chunk *a, size_t n_cols,
                                    bool keyed, bool *differs)
{
    memset(differs, 0, n_cols * sizeof *differs);
    const char *why = why_incomparable(s, a);
    if (why)
        return unverified(why);
    if (strcmp(s->unsealed, "erased") == 0 || strcmp(a->unsealed, "erased") == 0)
        return unverified("erased: the chunk's key was destroyed, and what was sealed under it cannot be checked");
    struct compared c = s->opaque || a->opaque ? compare_opaque(s, a) : compare_sums(s, a, n_cols, keyed, differs);
    if (s->root[0] && a->root[0])
        return compare_roots(s, a, c);
    return c;
}
