#include "gf64.h"

/* ---- portable: four bits at a time ---- */

static inline assay_gf64_wide clmul_portable(uint64_t a, uint64_t b)
{
    assay_gf64_wide times[16] = {0, b}, r = 0;
    for (unsigned i = 2; i < 16; i += 2) {
        times[i] = times[i / 2] << 1;
        times[i + 1] = times[i] ^ b;
    }
    for (int shift = 60; shift >= 0; shift -= 4)
        r = r << 4 ^ times[a >> shift & 15];
    return r;
}

#define TARGET
#define CLMUL(a, b) clmul_portable(a, b)
#define KERNEL(name) portable_##name
#include "gf64_kernel.h"
#undef TARGET
#undef CLMUL
#undef KERNEL

const struct assay_gf64_ops assay_gf64_portable = {"portable", portable_mul, portable_add, portable_mul_add};

/* ---- with an instruction for it ---- */

#if defined __x86_64__
#include <immintrin.h>

#define TARGET __attribute__((target("pclmul,sse2")))
#define NAME "pclmul"

TARGET static inline assay_gf64_wide clmul(uint64_t a, uint64_t b)
{
    __m128i r = _mm_clmulepi64_si128(_mm_cvtsi64_si128((int64_t)a), _mm_cvtsi64_si128((int64_t)b), 0);
    uint64_t lo = (uint64_t)_mm_cvtsi128_si64(r), hi = (uint64_t)_mm_cvtsi128_si64(_mm_unpackhi_epi64(r, r));
    return (assay_gf64_wide)hi << 64 | lo;
}

static int available(void)
{
    return __builtin_cpu_supports("pclmul");
}

#elif defined __aarch64__ && defined __ARM_FEATURE_AES
#include <arm_neon.h>

#define TARGET
#define NAME "pmull"

static inline assay_gf64_wide clmul(uint64_t a, uint64_t b)
{
    return (assay_gf64_wide)vmull_p64((poly64_t)a, (poly64_t)b);
}

static int available(void)
{
    return 1;
}
#endif

#ifdef NAME
#define CLMUL(a, b) clmul(a, b)
#define KERNEL(name) native_##name
#include "gf64_kernel.h"

static const struct assay_gf64_ops native = {NAME, native_mul, native_add, native_mul_add};

const struct assay_gf64_ops *assay_gf64(void)
{
    return available() ? &native : &assay_gf64_portable;
}
#else
const struct assay_gf64_ops *assay_gf64(void)
{
    return &assay_gf64_portable;
}
#endif

/* a^(2^64 - 2) by Itoh and Tsujii: a^(2^k - 1) for k = 1, 2, 3, 6, 7, 14, 15, 30, 31, 62, 63, then one squaring. */
uint64_t assay_gf64_inverse(const struct assay_gf64_ops *f, uint64_t a)
{
    uint64_t r = a;
    for (unsigned k = 1; k < 63; k = 2 * k + 1) {
        uint64_t s = r;
        for (unsigned i = 0; i < k; i++)
            s = f->mul(s, s);
        r = f->mul(s, r); /* 2^2k - 1 */
        r = f->mul(f->mul(r, r), a); /* 2^(2k + 1) - 1 */
    }
    return f->mul(r, r);
}
