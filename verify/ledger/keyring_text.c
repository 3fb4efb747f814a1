#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "keyring.h"

static const char magic[] = "assay-keyring/1\n";

/* ---- entries in order ---- */

static int compare(const struct keyring_entry *a, const char *dataset, const char *segment, uint32_t ordinal)
{
    int c = strcmp(a->dataset, dataset);
    if (c == 0)
        c = strcmp(a->segment, segment);
    if (c == 0)
        c = a->ordinal < ordinal ? -1 : a->ordinal > ordinal;
    return c;
}

struct keyring_entry *assay_keyring_find(const struct keyring_text *t, const char *dataset, const char *segment,
                                         uint32_t ordinal, size_t *at)
{
    size_t lo = 0, hi = t->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = compare(&t->entry[mid], dataset, segment, ordinal);
        if (c == 0) {
            *at = mid;
            return &t->entry[mid];
        }
        if (c < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    *at = lo;
    return NULL;
}

/* Neighbours of one segment share its name. */
static const char *name_at(struct keyring_text *t, size_t at, const char *segment, size_t n)
{
    for (size_t i = at ? at - 1 : at; i < t->n && i <= at; i++)
        if (strncmp(t->entry[i].segment, segment, n) == 0 && !t->entry[i].segment[n])
            return t->entry[i].segment;
    if ((t->n_names & (t->n_names + 1)) == 0) { /* full at 0, 1, 3, 7, … */
        char **more = reallocarray(t->name, 2 * (t->n_names + 1), sizeof *more);
        if (!more)
            return NULL;
        t->name = more;
    }
    char *copy = strndup(segment, n);
    if (copy)
        t->name[t->n_names++] = copy;
    return copy;
}

static struct keyring_entry *insert_at(struct keyring_text *t, size_t at, const struct keyring_entry *like,
                                       size_t segment_len)
{
    const char *name = name_at(t, at, like->segment, segment_len);
    if (!name)
        return NULL;
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 64;
        struct keyring_entry *more = reallocarray(t->entry, cap, sizeof *more);
        if (!more)
            return NULL;
        t->entry = more;
        t->cap = cap;
    }
    memmove(&t->entry[at + 1], &t->entry[at], (t->n - at) * sizeof *t->entry);
    t->entry[at] = *like;
    t->entry[at].segment = name;
    t->n++;
    return &t->entry[at];
}

struct keyring_entry *assay_keyring_insert(struct keyring_text *t, const struct keyring_entry *like)
{
    size_t at;
    assay_keyring_find(t, like->dataset, like->segment, like->ordinal, &at);
    return insert_at(t, at, like, strlen(like->segment));
}

void assay_keyring_text_release(struct keyring_text *t)
{
    for (size_t i = 0; i < t->n_names; i++)
        free(t->name[i]);
    for (size_t i = 0; i < t->n_certs; i++)
        free(t->cert[i].der);
    free(t->name);
    free(t->cert);
    free(t->past);
    free(t->entry);
    memset(t, 0, sizeof *t);
}

/* ---- writing ---- */

enum assay_status assay_keyring_write(const struct keyring_text *t, struct assay_buf *out)
{
    size_t from = out->len;
    uint8_t hash[32];
    enum assay_status s = assay_buf_addf(out, "%sepoch %u ", magic, t->epoch);
    if (s == ASSAY_OK)
        s = assay_buf_addhex(out, t->id, sizeof t->id);
    for (size_t i = 0; i < t->n_past && s == ASSAY_OK; i++) {
        s = assay_buf_addf(out, "\npast %u ", t->past[i].epoch);
        if (s == ASSAY_OK)
            s = assay_buf_addhex(out, t->past[i].id, sizeof t->past[i].id);
        if (s == ASSAY_OK)
            s = assay_buf_addc(out, ' ');
        if (s == ASSAY_OK)
            s = assay_buf_addhex(out, t->past[i].wrapped, ASSAY_WRAPPED_LEN);
    }
    for (size_t i = 0; i < t->n_certs && s == ASSAY_OK; i++)
        if ((s = assay_buf_adds(out, "\nrecipient ")) == ASSAY_OK)
            s = assay_buf_addhex(out, t->cert[i].der, t->cert[i].n);
    for (size_t i = 0; i < t->n && s == ASSAY_OK; i++) {
        const struct keyring_entry *x = &t->entry[i];
        s = assay_buf_addf(out, "\n%s %s %u ", x->erased ? "erased" : "chunk", x->dataset, x->ordinal);
        if (s == ASSAY_OK && !x->erased && (s = assay_buf_addhex(out, x->wrapped, ASSAY_WRAPPED_LEN)) == ASSAY_OK)
            s = assay_buf_addc(out, ' ');
        if (s == ASSAY_OK)
            s = assay_buf_adds(out, x->segment);
    }
    if (s == ASSAY_OK)
        s = assay_buf_addc(out, '\n');
    if (s != ASSAY_OK)
        return s;
    assay_sha256(out->ptr + from, out->len - from, hash);
    s = assay_buf_adds(out, "end ");
    if (s == ASSAY_OK)
        s = assay_buf_addhex(out, hash, sizeof hash);
    return s == ASSAY_OK ? assay_buf_addc(out, '\n') : s;
}

/* ---- reading: a line is words with one space between; the last may hold spaces ---- */

struct line {
    const char *p, *end; /* what is left of it */
};

static bool take_word(struct line *l, const char **word, size_t *n)
{
    const char *space = memchr(l->p, ' ', (size_t)(l->end - l->p));
    *word = l->p;
    *n = (size_t)((space ? space : l->end) - l->p);
    l->p = space ? space + 1 : l->end;
    return *n > 0;
}

static bool take_is(struct line *l, const char *want)
{
    size_t n = strlen(want);
    if ((size_t)(l->end - l->p) <= n || memcmp(l->p, want, n) != 0 || l->p[n] != ' ')
        return false;
    l->p += n + 1;
    return true;
}

/* Decimal without leading zeros, below UINT32_MAX. */
static bool take_number(struct line *l, uint32_t *out)
{
    const char *w;
    size_t n;
    uint64_t v = 0;
    if (!take_word(l, &w, &n) || n > 10 || (n > 1 && w[0] == '0'))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (w[i] < '0' || w[i] > '9')
            return false;
        v = 10 * v + (uint64_t)(w[i] - '0');
    }
    *out = (uint32_t)v;
    return v < UINT32_MAX;
}

static bool take_hex(struct line *l, uint8_t *out, size_t want)
{
    char hex[2 * ASSAY_WRAPPED_LEN + 1];
    const char *w;
    size_t n;
    if (!take_word(l, &w, &n) || n != 2 * want || n >= sizeof hex)
        return false;
    memcpy(hex, w, n);
    hex[n] = '\0';
    return assay_unhex(hex, out, want) == 0;
}

static bool is_dataset(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? p[i] != '-' : !((p[i] >= '0' && p[i] <= '9') || (p[i] >= 'a' && p[i] <= 'f')))
            return false;
    }
    return n == 36;
}

static bool is_segment(const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
            return false;
    return n > 0 && n <= ASSAY_MAX_NAME;
}

bool assay_keyring_names(const char *dataset, const char *segment)
{
    return is_dataset(dataset, strlen(dataset)) && is_segment(segment, strlen(segment));
}

static enum assay_status read_epoch(struct keyring_text *t, struct line *l)
{
    bool ok = !t->epoch && take_number(l, &t->epoch) && t->epoch && t->epoch <= ASSAY_MAX_EPOCHS &&
              take_hex(l, t->id, sizeof t->id) && l->p == l->end && l->end[-1] != ' ';
    return ok ? ASSAY_OK : ASSAY_EDATA;
}

/* Epochs 1 … epoch - 1, all of them. */
static enum assay_status read_past(struct keyring_text *t, struct line *l)
{
    if (t->n_certs || t->n || t->n_past + 1 >= t->epoch)
        return ASSAY_EDATA;
    struct keyring_past *more = reallocarray(t->past, t->n_past + 1, sizeof *more);
    if (!more)
        return ASSAY_ENOMEM;
    t->past = more;
    struct keyring_past *p = &t->past[t->n_past];
    bool ok = take_number(l, &p->epoch) && p->epoch == t->n_past + 1 && take_hex(l, p->id, sizeof p->id) &&
              take_hex(l, p->wrapped, ASSAY_WRAPPED_LEN) && l->p == l->end && l->end[-1] != ' ';
    t->n_past += ok;
    return ok ? ASSAY_OK : ASSAY_EDATA;
}

static enum assay_status read_recipient(struct keyring_text *t, struct line *l)
{
    size_t n = (size_t)(l->end - l->p);
    if (t->n || n == 0 || n % 2 || n > 2 * ASSAY_MAX_CERTIFICATE || t->n_certs == ASSAY_MAX_RECIPIENTS)
        return ASSAY_EDATA;
    struct keyring_cert *more = reallocarray(t->cert, t->n_certs + 1, sizeof *more);
    if (!more)
        return ASSAY_ENOMEM;
    t->cert = more;
    char *hex = strndup(l->p, n);
    uint8_t *der = malloc(n / 2);
    enum assay_status s = !hex || !der ? ASSAY_ENOMEM : assay_unhex(hex, der, n / 2) ? ASSAY_EDATA : ASSAY_OK;
    free(hex);
    if (s != ASSAY_OK)
        free(der);
    else
        t->cert[t->n_certs++] = (struct keyring_cert){der, n / 2};
    return s;
}

static enum assay_status read_entry(struct keyring_text *t, struct line *l, bool erased)
{
    struct keyring_entry x = {.erased = erased};
    const char *dataset;
    size_t n;
    if (!take_word(l, &dataset, &n) || !is_dataset(dataset, n))
        return ASSAY_EDATA;
    memcpy(x.dataset, dataset, 36);
    if (!take_number(l, &x.ordinal) || (!erased && !take_hex(l, x.wrapped, ASSAY_WRAPPED_LEN)))
        return ASSAY_EDATA;
    n = (size_t)(l->end - l->p);
    if (!is_segment(l->p, n))
        return ASSAY_EDATA;
    x.segment = l->p;
    struct keyring_entry *y = insert_at(t, t->n, &x, n);
    if (!y)
        return ASSAY_ENOMEM;
    return t->n < 2 || compare(y - 1, y->dataset, y->segment, y->ordinal) < 0 ? ASSAY_OK : ASSAY_EDATA;
}

static enum assay_status read_line(struct keyring_text *t, struct line *l)
{
    if (take_is(l, "epoch"))
        return read_epoch(t, l);
    if (!t->epoch)
        return ASSAY_EDATA;
    if (take_is(l, "past"))
        return read_past(t, l);
    if (t->n_past + 1 != t->epoch)
        return ASSAY_EDATA;
    if (take_is(l, "recipient"))
        return read_recipient(t, l);
    if (take_is(l, "chunk"))
        return read_entry(t, l, false);
    return take_is(l, "erased") ? read_entry(t, l, true) : ASSAY_EDATA;
}

/* The last line holds the SHA-256 of all before it. *body: length of that. */
static bool whole(const char *text, size_t len, size_t *body)
{
    enum { END = 4 + 64 + 1 };
    uint8_t hash[32], stated[32];
    char hex[65];
    if (len < sizeof magic - 1 + END || memcmp(text, magic, sizeof magic - 1) != 0)
        return false;
    const char *end = text + len - END;
    if (end[-1] != '\n' || memcmp(end, "end ", 4) != 0 || end[END - 1] != '\n')
        return false;
    memcpy(hex, end + 4, 64);
    hex[64] = '\0';
    *body = len - END;
    assay_sha256(text, *body, hash);
    return assay_unhex(hex, stated, 32) == 0 && memcmp(hash, stated, 32) == 0;
}

enum assay_status assay_keyring_parse(const char *text, size_t len, struct keyring_text *out, struct assay_err *e)
{
    size_t body, number = 2;
    enum assay_status s = ASSAY_OK;
    memset(out, 0, sizeof *out);
    if (!whole(text, len, &body))
        return assay_fail(e, ASSAY_EDATA, "not a whole keyring: it was cut, or changed");
    const char *p = text + sizeof magic - 1, *end = text + body;
    for (; p < end && s == ASSAY_OK; number++) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        s = read_line(out, &(struct line){p, lf});
        p = lf + 1;
    }
    if (s == ASSAY_OK && (!out->epoch || out->n_past + 1 != out->epoch))
        s = ASSAY_EDATA;
    if (s == ASSAY_OK)
        return ASSAY_OK;
    assay_keyring_text_release(out);
    if (s == ASSAY_ENOMEM)
        return assay_fail_nomem(e);
    return assay_fail(e, s, "line %zu of the keyring: not in the form of docs/ledger-format.md, or out of order",
                      number - 1);
}
