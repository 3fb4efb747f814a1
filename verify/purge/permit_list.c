/* The list of a permit as text, and back. Pure. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/digest.h"
#include "assay/limits.h"
#include "assay/permit.h"

static const char head[] = "assay-permit/1\n";

void assay_permit_list_release(struct assay_permit_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->chunk[i].segment);
    free(l->chunk);
    *l = (struct assay_permit_list){0};
}

enum assay_status assay_permit_list_add(struct assay_permit_list *l, const struct assay_permit_chunk *c,
                                        struct assay_err *e)
{
    if (l->n == ASSAY_MAX_CHUNKS)
        return assay_fail(e, ASSAY_ELIMIT, "a permit of more than %d chunks", ASSAY_MAX_CHUNKS);
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 64;
        struct assay_permit_chunk *grown = realloc(l->chunk, cap * sizeof *grown);
        if (!grown)
            return assay_fail_nomem(e);
        l->chunk = grown;
        l->cap = cap;
    }
    l->chunk[l->n] = *c;
    if (!(l->chunk[l->n].segment = strdup(c->segment)))
        return assay_fail_nomem(e);
    l->n++;
    l->rows += c->rows;
    return ASSAY_OK;
}

enum assay_status assay_permit_list_text(const struct assay_permit_list *l, const char *dataset, struct assay_buf *out)
{
    char root[65], commit[65];
    enum assay_status s = assay_buf_addf(out, "%sdataset %s\nchunks %zu\n", head, dataset, l->n);
    for (size_t i = 0; i < l->n && s == ASSAY_OK; i++) {
        const struct assay_permit_chunk *c = &l->chunk[i];
        assay_hex(c->root, 32, root);
        assay_hex(c->commit, 32, commit);
        s = assay_buf_addf(out, "%s %" PRIu32 " %" PRIu64 " %s %s %" PRIu64 " %" PRIu64 " %s\n", c->chunk, c->ordinal,
                           c->rows, root, commit, c->leaf[0], c->leaf[1], c->segment);
    }
    return s;
}

/* ---- reading ---- */

struct cursor {
    const char *p, *end;
};

static bool literal(struct cursor *c, const char *text)
{
    size_t n = strlen(text);
    bool is = (size_t)(c->end - c->p) >= n && memcmp(c->p, text, n) == 0;
    c->p += is ? n : 0;
    return is;
}

/* Decimal, no sign, no leading zero. */
static bool number(struct cursor *c, uint64_t most, uint64_t *out)
{
    const char *from = c->p;
    for (*out = 0; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
        uint64_t digit = (uint64_t)(*c->p - '0');
        if (*out > (most - digit) / 10)
            return false;
        *out = *out * 10 + digit;
    }
    return c->p > from && (*from != '0' || c->p - from == 1);
}

static bool hex(struct cursor *c, uint8_t *out, size_t n)
{
    char text[65];
    if ((size_t)(c->end - c->p) < 2 * n)
        return false;
    memcpy(text, c->p, 2 * n);
    text[2 * n] = '\0';
    c->p += 2 * n;
    return strspn(text, "0123456789abcdef") == 2 * n && assay_unhex(text, out, n) == 0;
}

/* The rest of the line. */
static bool name(struct cursor *c, char out[ASSAY_MAX_NAME + 1])
{
    const char *lf = memchr(c->p, '\n', (size_t)(c->end - c->p));
    size_t n = lf ? (size_t)(lf - c->p) : 0;
    if (n == 0 || n > ASSAY_MAX_NAME || memchr(c->p, '\0', n))
        return false;
    memcpy(out, c->p, n);
    out[n] = '\0';
    c->p = lf + 1;
    return true;
}

static bool chunk_line(struct cursor *at, struct assay_permit_chunk *c, char segment[ASSAY_MAX_NAME + 1])
{
    uint8_t id[16];
    uint64_t ordinal;
    *c = (struct assay_permit_chunk){.segment = segment};
    bool is = hex(at, id, sizeof id) && literal(at, " ") && number(at, UINT32_MAX, &ordinal) && literal(at, " ") &&
              number(at, INT64_MAX, &c->rows) && literal(at, " ") && hex(at, c->root, 32) && literal(at, " ") &&
              hex(at, c->commit, 32) && literal(at, " ") && number(at, INT64_MAX, &c->leaf[0]) && literal(at, " ") &&
              number(at, INT64_MAX, &c->leaf[1]) && literal(at, " ") && name(at, segment);
    if (!is)
        return false;
    assay_hex(id, sizeof id, c->chunk);
    c->ordinal = (uint32_t)ordinal;
    return true;
}

static int by_place(const void *a, const void *b)
{
    const struct assay_permit_chunk *const *x = a, *const *y = b;
    return strcmp((*x)->chunk, (*y)->chunk);
}

/* A chunk that stood twice would be counted twice. */
static enum assay_status each_once(const struct assay_permit_list *l, struct assay_err *e)
{
    const struct assay_permit_chunk **v = calloc(l->n + 1, sizeof *v);
    bool twice = false;
    if (!v)
        return assay_fail_nomem(e);
    for (size_t i = 0; i < l->n; i++)
        v[i] = &l->chunk[i];
    qsort(v, l->n, sizeof *v, by_place);
    for (size_t i = 1; i < l->n; i++)
        twice |= strcmp(v[i - 1]->chunk, v[i]->chunk) == 0;
    free(v);
    return twice ? assay_fail(e, ASSAY_ELEDGER, "the list of a permit has a chunk twice") : ASSAY_OK;
}

enum assay_status assay_permit_list_parse(const char *text, size_t len, const char *dataset,
                                          struct assay_permit_list *out, struct assay_err *e)
{
    struct cursor at = {text, text + len};
    char segment[ASSAY_MAX_NAME + 1];
    struct assay_permit_chunk c;
    uint64_t n = 0, rows = 0;
    *out = (struct assay_permit_list){0};
    if (!literal(&at, head) || !literal(&at, "dataset ") || !literal(&at, dataset) || !literal(&at, "\nchunks ") ||
        !number(&at, ASSAY_MAX_CHUNKS, &n) || !literal(&at, "\n"))
        return assay_fail(e, ASSAY_ELEDGER, "not the list of a permit for dataset %s", dataset);
    enum assay_status s = ASSAY_OK;
    for (uint64_t i = 0; i < n && s == ASSAY_OK; i++) {
        if (!chunk_line(&at, &c, segment) || c.rows > (uint64_t)INT64_MAX - rows)
            s = assay_fail(e, ASSAY_ELEDGER, "chunk %llu in the list of a permit is malformed", (unsigned long long)i);
        else
            s = assay_permit_list_add(out, &c, e);
        rows += c.rows;
    }
    if (s == ASSAY_OK && at.p != at.end)
        s = assay_fail(e, ASSAY_ELEDGER, "the list of a permit goes on behind its %llu chunks", (unsigned long long)n);
    if (s == ASSAY_OK)
        s = each_once(out, e);
    if (s != ASSAY_OK)
        assay_permit_list_release(out);
    return s;
}
