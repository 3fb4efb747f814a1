/* The loops of gf64.h around one way to multiply without carries: gf64.c includes this once for each, with CLMUL(a, b),
 * TARGET and KERNEL(name) defined, so that the multiplication is inlined. */

#ifdef KERNEL

TARGET static uint64_t KERNEL(mul)(uint64_t a, uint64_t b)
{
    return assay_gf64_reduce(CLMUL(a, b));
}

TARGET static void KERNEL(add)(uint64_t *sum, assay_gf64_wide *acc, size_t capacity, size_t words, uint64_t x,
                               const uint64_t *payload)
{
    const uint64_t square = assay_gf64_reduce(CLMUL(x, x));
    uint64_t odd = x, power = 1;
    for (size_t i = 0; i < capacity; i++, acc += words) {
        sum[i] ^= odd;
        for (size_t w = 0; w < words; w++)
            acc[w] ^= CLMUL(payload[w], power);
        odd = assay_gf64_reduce(CLMUL(odd, square));
        power = assay_gf64_reduce(CLMUL(power, x));
    }
}

TARGET static void KERNEL(mul_add)(uint64_t *out, const uint64_t *in, size_t n, uint64_t f)
{
    for (size_t i = 0; i < n; i++)
        out[i] ^= assay_gf64_reduce(CLMUL(in[i], f));
}

#endif
