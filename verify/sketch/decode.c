/* From a sketch back to its elements: Berlekamp-Massey finds the polynomial whose roots are the locators, Berlekamp's
 * trace algorithm finds the roots, and a Vandermonde system has the payloads as its solution. Every sum that these
 * steps did not use is then checked.
 *
 * Polynomials are arrays of coefficients, the constant first; "monic" ones leave out the leading 1. */
#include <string.h>

#include "assay/limits.h"
#include "sketch.h"

#define MOST ASSAY_MAX_SKETCH_CAPACITY
#define BITS 64

struct decoder {
    const struct assay_gf64_ops *f;
    const struct assay_sketch *s;
    size_t d; /* elements */
    uint64_t syndrome[2 * MOST]; /* sums of x, x^2, x^3 ... */
    uint64_t poly[MOST]; /* monic, of degree d: its roots are the locators */
    uint64_t root[MOST];
    uint64_t power[BITS][MOST]; /* z^(2^i) modulo poly */
    uint64_t square[MOST][MOST]; /* z^(2k) modulo poly, for 2k >= d */
};

static void syndromes(struct decoder *d)
{
    for (size_t k = 1; k <= 2 * (size_t)d->s->capacity; k++) {
        uint64_t half = k % 2 ? 0 : d->syndrome[k / 2 - 1];
        d->syndrome[k - 1] = k % 2 ? d->s->sum[k / 2] : d->f->mul(half, half);
    }
}

/* The shortest linear recurrence of the syndromes, 1 + c[1] z + ... (Massey 1969). false: longer than capacity. */
static bool recurrence(struct decoder *d, uint64_t *c)
{
    uint64_t before[2 * MOST + 1] = {1}, kept[2 * MOST + 1];
    uint64_t inverse = 1; /* of the discrepancy at the last change of length */
    const size_t n = 2 * (size_t)d->s->capacity;
    size_t len = 0, gap = 1;
    memset(c, 0, (n + 1) * sizeof *c);
    c[0] = 1;
    for (size_t k = 0; k < n; k++, gap++) {
        uint64_t off = d->syndrome[k];
        for (size_t i = 1; i <= len; i++)
            off ^= d->f->mul(c[i], d->syndrome[k - i]);
        if (off == 0)
            continue;
        const bool longer = 2 * len <= k;
        if (longer)
            memcpy(kept, c, sizeof kept);
        d->f->mul_add(c + gap, before, n + 1 - gap, d->f->mul(off, inverse));
        if (!longer)
            continue;
        len = k + 1 - len;
        memcpy(before, kept, sizeof before);
        inverse = assay_gf64_inverse(d->f, off);
        gap = 0;
    }
    d->d = len;
    return len <= d->s->capacity;
}

/* z * p modulo poly */
static void times_z(const struct decoder *d, uint64_t *p)
{
    const uint64_t top = p[d->d - 1];
    memmove(p + 1, p, (d->d - 1) * sizeof *p);
    p[0] = 0;
    d->f->mul_add(p, d->poly, d->d, top);
}

static void squares_of_powers(struct decoder *d)
{
    uint64_t p[MOST] = {0};
    memcpy(p, d->poly, d->d * sizeof *p); /* z^d = poly without its leading term */
    for (size_t k = d->d; k <= 2 * (d->d - 1); k++) {
        if (k % 2 == 0)
            memcpy(d->square[k / 2], p, sizeof p);
        times_z(d, p);
    }
}

static void square(const struct decoder *d, const uint64_t *p, uint64_t *out)
{
    memset(out, 0, d->d * sizeof *out);
    for (size_t k = 0; k < d->d; k++) {
        uint64_t q = d->f->mul(p[k], p[k]);
        if (2 * k < d->d)
            out[2 * k] ^= q;
        else
            d->f->mul_add(out, d->square[k], d->d, q);
    }
}

/* Has poly d different roots? Exactly if it divides z^(2^64) - z. Leaves the powers for trace(). */
static bool splits(struct decoder *d)
{
    uint64_t z[MOST] = {0}, last[MOST];
    if (d->d == 1)
        z[0] = d->poly[0];
    else
        z[1] = 1;
    squares_of_powers(d);
    memcpy(d->power[0], z, sizeof z);
    for (size_t i = 1; i < BITS; i++)
        square(d, d->power[i - 1], d->power[i]);
    square(d, d->power[BITS - 1], last);
    return memcmp(last, z, d->d * sizeof *z) == 0;
}

/* The trace of beta * z modulo poly: at a root r it is the trace of beta * r, 0 or 1. */
static void trace(const struct decoder *d, uint64_t beta, uint64_t *out)
{
    memset(out, 0, d->d * sizeof *out);
    for (size_t i = 0; i < BITS; i++, beta = d->f->mul(beta, beta))
        d->f->mul_add(out, d->power[i], d->d, beta);
}

/* p of n coefficients modulo the monic m of degree k <= n; quotient in the upper coefficients, remainder in the lower.
 */
static void divide(const struct decoder *d, uint64_t *p, size_t n, const uint64_t *m, size_t k)
{
    for (size_t i = n; i-- > k;)
        d->f->mul_add(p + i - k, m, k, p[i]);
}

/* p of n coefficients, made monic; its degree, or SIZE_MAX for 0. */
static size_t make_monic(const struct decoder *d, uint64_t *p, size_t n)
{
    while (n && p[n - 1] == 0)
        n--;
    if (n == 0)
        return SIZE_MAX;
    const uint64_t by = assay_gf64_inverse(d->f, p[n - 1]);
    for (size_t i = 0; i < n; i++)
        p[i] = d->f->mul(p[i], by);
    return n - 1;
}

/* Monic greatest common divisor of the monic g (degree k) and t (k coefficients); its degree. */
static size_t common(const struct decoder *d, const uint64_t *g, size_t k, uint64_t *t, uint64_t *out)
{
    uint64_t a[MOST + 1], b[MOST + 1];
    memcpy(a, g, k * sizeof *a);
    a[k] = 1;
    memcpy(b, t, k * sizeof *b);
    size_t na = k, nb = make_monic(d, b, k);
    while (nb != SIZE_MAX && nb > 0) {
        divide(d, a, na + 1, b, nb);
        size_t rest = make_monic(d, a, nb);
        uint64_t swap[MOST + 1];
        memcpy(swap, a, sizeof swap);
        memcpy(a, b, sizeof a);
        memcpy(b, swap, sizeof b);
        na = nb;
        nb = rest;
    }
    if (nb == 0)
        return 0;
    memcpy(out, a, na * sizeof *out);
    return na;
}

/* Split one factor by what the traces of its roots are; the parts take its place. Returns the first part's degree. */
static size_t split(const struct decoder *d, uint64_t *g, size_t k, const uint64_t *traces)
{
    uint64_t t[MOST], part[MOST], whole[MOST + 1];
    memcpy(t, traces, d->d * sizeof *t);
    divide(d, t, d->d, g, k);
    const size_t n = common(d, g, k, t, part);
    if (n == 0 || n == k)
        return k;
    memcpy(whole, g, k * sizeof *whole);
    whole[k] = 1;
    divide(d, whole, k + 1, part, n);
    memcpy(g, part, n * sizeof *g);
    memcpy(g + n, whole + n, (k - n) * sizeof *g);
    return n;
}

/* Two different roots differ in the trace with some power of z: at most 64 rounds leave linear factors alone. */
static bool find_roots(struct decoder *d)
{
    uint64_t factor[MOST], traces[MOST]; /* monic factors one behind the other, a factor of degree k in k places */
    size_t degree[MOST] = {d->d}, left = d->d > 1;
    memcpy(factor, d->poly, d->d * sizeof *factor);
    for (unsigned bit = 0; bit < BITS && left; bit++) {
        left = 0;
        trace(d, UINT64_C(1) << bit, traces);
        for (size_t at = 0; at < d->d;) {
            const size_t k = degree[at], first = k > 1 ? split(d, factor + at, k, traces) : k;
            degree[at] = first;
            if (first < k)
                degree[at + first] = k - first;
            left += first > 1 || k - first > 1;
            at += k;
        }
    }
    memcpy(d->root, factor, d->d * sizeof *factor); /* z + r */
    return !left;
}

/* Payloads by Lagrange: payload j is the combination of the sums with the coefficients of the polynomial that is 1 at
 * root j and 0 at the others. */
static void payloads(const struct decoder *d, uint64_t *payload)
{
    const size_t words = d->s->words;
    memset(payload, 0, d->d * words * sizeof *payload);
    for (size_t j = 0; j < d->d; j++) {
        uint64_t c[MOST + 1], at = 0;
        memcpy(c, d->poly, d->d * sizeof *c);
        c[d->d] = 1;
        divide(d, c, d->d + 1, &d->root[j], 1); /* the quotient is c[1 ... d] */
        for (size_t k = d->d; k > 0; k--)
            at = d->f->mul(at, d->root[j]) ^ c[k];
        const uint64_t by = assay_gf64_inverse(d->f, at);
        for (size_t k = 0; k < d->d; k++) {
            const uint64_t factor = d->f->mul(c[k + 1], by);
            for (size_t w = 0; w < words; w++)
                payload[j * words + w] ^= d->f->mul(factor, assay_gf64_reduce(d->s->acc[k * words + w]));
        }
    }
}

/* All sums of the sketch, also those that decoding had no need of. */
static bool is_sketch_of(const struct decoder *d, const uint64_t *payload)
{
    const size_t capacity = d->s->capacity, words = d->s->words;
    uint64_t sum[MOST] = {0};
    assay_gf64_wide acc[MOST * ASSAY_MAX_SKETCH_WORDS];
    memset(acc, 0, capacity * words * sizeof *acc);
    for (size_t j = 0; j < d->d; j++)
        d->f->add(sum, acc, capacity, words, d->root[j], payload + j * words);
    bool same = memcmp(sum, d->s->sum, capacity * sizeof *sum) == 0;
    for (size_t i = 0; i < capacity * words; i++)
        same = same && assay_gf64_reduce(acc[i]) == assay_gf64_reduce(d->s->acc[i]);
    return same;
}

bool assay_sketch_decode(const struct assay_sketch *s, struct assay_sketch_element *element, uint64_t *payload,
                         size_t *n)
{
    struct decoder d = {.f = s->ops, .s = s};
    uint64_t c[2 * MOST + 1];
    *n = 0;
    syndromes(&d);
    if (!recurrence(&d, c))
        return false;
    if (d.d && c[d.d] == 0) /* 0 is no locator */
        return false;
    for (size_t i = 0; i < d.d; i++)
        d.poly[i] = c[d.d - i];
    if (d.d && (!splits(&d) || !find_roots(&d)))
        return false;
    payloads(&d, payload);
    if (!is_sketch_of(&d, payload))
        return false;
    for (size_t j = 0; j < d.d; j++)
        element[j] = (struct assay_sketch_element){d.root[j], payload + j * s->words};
    *n = d.d;
    return true;
}
