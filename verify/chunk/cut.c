#include "assay/cut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "assay/bytes.h"
#include "assay/digest.h"
#include "assay/limits.h"

static const char *const methods[] = {"single", "range", "hash"};

const char *assay_cut_method_name(enum assay_cut_method m)
{
    return methods[m];
}

static int compare(const struct assay_bound *a, const uint8_t *p, size_t n)
{
    size_t m = a->len < n ? a->len : n;
    int c = m ? memcmp(a->p, p, m) : 0;
    return c ? c : a->len < n ? -1 : a->len > n;
}

static enum assay_status copy_bounds(struct assay_cut *c, const struct assay_bound *bound, struct assay_err *e)
{
    size_t n = c->chunks - 1, total = 0;
    for (size_t i = 0; i < n; i++) {
        if (i && compare(&bound[i - 1], bound[i].p, bound[i].len) >= 0)
            return assay_fail(e, ASSAY_EUSAGE, "cut of segment %s: bounds do not rise at %zu", c->name, i);
        total += bound[i].len;
    }
    c->bound = calloc(n ? n : 1, sizeof *c->bound);
    c->bytes = malloc(total ? total : 1);
    if (!c->bound || !c->bytes)
        return assay_fail_nomem(e);
    uint8_t *to = c->bytes;
    for (size_t i = 0; i < n; i++) {
        if (bound[i].len)
            memcpy(to, bound[i].p, bound[i].len);
        c->bound[i] = (struct assay_bound){to, bound[i].len};
        to += bound[i].len;
    }
    return ASSAY_OK;
}

enum assay_status assay_cut_make(const char *dataset_id, assay_segment segment, const char *name,
                                 enum assay_cut_method method, uint32_t chunks, const struct assay_bound *bound,
                                 struct assay_cut *out, struct assay_err *e)
{
    struct assay_buf text = {0};
    enum assay_status s = ASSAY_OK;
    *out = (struct assay_cut){.segment = segment, .method = method, .chunks = chunks};
    if (chunks < 1 || chunks > ASSAY_MAX_CHUNKS || (method == ASSAY_CUT_HASH && chunks & (chunks - 1)))
        return assay_fail(e, ASSAY_ELIMIT, "segment %s: %u chunks are not possible", name, chunks);
    if (!(out->name = strdup(name)))
        return assay_fail_nomem(e);
    if (method == ASSAY_CUT_RANGE)
        s = copy_bounds(out, bound, e);
    if (s == ASSAY_OK && (s = assay_cut_text(out, dataset_id, &text)) != ASSAY_OK)
        s = assay_fail(e, s, "segment %s: no room for its cut", name);
    if (s == ASSAY_OK)
        assay_sha256(text.ptr, text.len, out->hash);
    else
        assay_cut_release(out);
    assay_buf_release(&text);
    return s;
}

void assay_cut_release(struct assay_cut *c)
{
    free(c->name);
    free(c->bound);
    free(c->bytes);
    *c = (struct assay_cut){0};
}

enum assay_status assay_cut_text(const struct assay_cut *c, const char *dataset_id, struct assay_buf *out)
{
    enum assay_status s = assay_buf_addf(out, "assay-cut/1\ndataset %s\nsegment %s\nmethod %s\nchunks %u\n", dataset_id,
                                         c->name, methods[c->method], c->chunks);
    for (uint32_t i = 0; c->bound && i + 1 < c->chunks && s == ASSAY_OK; i++) {
        s = assay_buf_addhex(out, c->bound[i].p, c->bound[i].len);
        if (s == ASSAY_OK)
            s = assay_buf_addc(out, '\n');
    }
    return s;
}

/* Lines of hex -> bounds that point into *bytes. */
static bool parse_bounds(const char *p, const char *end, uint32_t n, struct assay_bound *bound, uint8_t *bytes)
{
    for (uint32_t i = 0; i < n; i++) {
        const char *nl = memchr(p, '\n', (size_t)(end - p));
        size_t len = nl ? (size_t)(nl - p) : 0;
        char hex[2 * 64 + 1];
        if (!nl || len % 2 || len / 2 > ASSAY_MAX_KEY)
            return false;
        bound[i] = (struct assay_bound){bytes, (uint32_t)(len / 2)};
        for (size_t at = 0; at < len; at += 128) {
            size_t part = len - at < 128 ? len - at : 128;
            memcpy(hex, p + at, part);
            hex[part] = '\0';
            if (assay_unhex(hex, bytes, part / 2))
                return false;
            bytes += part / 2;
        }
        p = nl + 1;
    }
    return p == end;
}

enum assay_status assay_cut_parse(const char *text, size_t len, const char *dataset_id, assay_segment segment,
                                  const char *name, struct assay_cut *out, struct assay_err *e)
{
    static const char bad[] = "the cut of segment %s is not well-formed or belongs elsewhere";
    char method[16] = "";
    unsigned chunks = 0;
    struct assay_buf head = {0};
    enum assay_status s = ASSAY_ENOMEM;
    if (assay_buf_addf(&head, "assay-cut/1\ndataset %s\nsegment %s\nmethod ", dataset_id, name) != ASSAY_OK)
        goto done;
    struct assay_buf copy = {0};
    if (assay_buf_add(&copy, text, len) != ASSAY_OK || !assay_buf_str(&copy))
        goto done_copy;
    s = ASSAY_ELEDGER;
    if (len < head.len || memcmp(text, head.ptr, head.len) != 0 ||
        sscanf((char *)copy.ptr + head.len, "%15[a-z]\nchunks %u", method, &chunks) != 2)
        goto done_copy;
    int m = -1;
    for (int i = 0; i < 3; i++)
        if (strcmp(method, methods[i]) == 0)
            m = i;
    const char *body = strstr((char *)copy.ptr + head.len, "\nchunks ");
    body = body ? strchr(body + 1, '\n') : NULL;
    if (m < 0 || chunks < 1 || chunks > ASSAY_MAX_CHUNKS || !body)
        goto done_copy;
    uint32_t n = m == ASSAY_CUT_RANGE ? chunks - 1 : 0;
    struct assay_bound *bound = calloc(n ? n : 1, sizeof *bound);
    uint8_t *bytes = malloc(len);
    if (!bound || !bytes)
        s = ASSAY_ENOMEM;
    else if (parse_bounds(body + 1, (char *)copy.ptr + copy.len, n, bound, bytes))
        s = assay_cut_make(dataset_id, segment, name, (enum assay_cut_method)m, chunks, bound, out, NULL);
    free(bound);
    free(bytes);
done_copy:
    assay_buf_release(&copy);
done:
    assay_buf_release(&head);
    if (s == ASSAY_ENOMEM)
        return assay_fail_nomem(e);
    return s == ASSAY_OK ? s : assay_fail(e, ASSAY_ELEDGER, bad, name);
}

uint32_t assay_cut_find(const struct assay_cut *c, const uint8_t *key, size_t len, uint64_t hash64)
{
    if (c->method == ASSAY_CUT_SINGLE || c->chunks == 1)
        return 0;
    if (c->method == ASSAY_CUT_HASH)
        return (uint32_t)(hash64 >> (64 - __builtin_ctz(c->chunks)));
    uint32_t lo = 0, hi = c->chunks - 1; /* first bound that is greater than the key */
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (compare(&c->bound[mid], key, len) <= 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

void assay_cut_heads(const struct assay_cut *c, uint32_t ordinal, uint64_t *above, uint64_t *below)
{
    const struct assay_bound *lo = ordinal ? &c->bound[ordinal - 1] : NULL;
    const struct assay_bound *hi = ordinal + 1 < c->chunks ? &c->bound[ordinal] : NULL;
    *above = *below = 0;
    if (c->method != ASSAY_CUT_RANGE)
        return;
    *above = lo ? assay_key_head(lo->p, lo->len) : 0;
    *below = hi ? assay_key_head(hi->p, hi->len) : UINT64_MAX;
}

void assay_cut_chunk_id(const struct assay_cut *c, uint32_t ordinal, uint8_t id[16])
{
    uint8_t in[36], h[32];
    memcpy(in, c->hash, 32);
    assay_put_be32(in + 32, ordinal);
    assay_sha256(in, sizeof in, h);
    memcpy(id, h, 16);
}

static size_t position(const struct assay_cutset *s, assay_segment segment)
{
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (s->cut[mid].segment < segment)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

enum assay_status assay_cutset_add(struct assay_cutset *s, struct assay_cut *c, struct assay_err *e)
{
    size_t at = position(s, c->segment);
    if (at < s->n && s->cut[at].segment == c->segment)
        return assay_fail(e, ASSAY_EUSAGE, "segment %s has two cuts", c->name);
    if (s->n >= ASSAY_MAX_SEGMENTS)
        return assay_fail(e, ASSAY_ELIMIT, "more than %d segments", ASSAY_MAX_SEGMENTS);
    struct assay_cut *grown = realloc(s->cut, (s->n + 1) * sizeof *grown);
    if (!grown)
        return assay_fail_nomem(e);
    s->cut = grown;
    memmove(grown + at + 1, grown + at, (s->n - at) * sizeof *grown);
    grown[at] = *c;
    s->n++;
    *c = (struct assay_cut){0};
    return ASSAY_OK;
}

const struct assay_cut *assay_cutset_find(const struct assay_cutset *s, assay_segment segment)
{
    size_t at = position(s, segment);
    return at < s->n && s->cut[at].segment == segment ? &s->cut[at] : NULL;
}

void assay_cutset_release(struct assay_cutset *s)
{
    for (size_t i = 0; i < s->n; i++)
        assay_cut_release(&s->cut[i]);
    free(s->cut);
    *s = (struct assay_cutset){0};
}
