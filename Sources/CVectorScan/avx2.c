// SPDX-License-Identifier: Apache-2.0
// Pairs of products in 16 bits, which the limit on query codes keeps from saturating: 2 * 255 * 64 < 32768.
#if defined(__x86_64__)
#include <immintrin.h>
#include "scan.h"
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define LANES 8
#define TILE_BLOCKS 1
#define TILE_QUERIES 4

typedef struct {
    __m256i low, high;
} sums;

INLINE sums sums_start(int32_t value) { return (sums){_mm256_set1_epi32(value), _mm256_set1_epi32(value)}; }

INLINE sums sums_plus(sums a, sums b) {
    return (sums){_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)};
}

INLINE void sums_read(sums a, int32_t *out) {
    _mm256_storeu_si256((__m256i *)out, a.low);
    _mm256_storeu_si256((__m256i *)(out + 8), a.high);
}

INLINE __m256i products(const uint8_t *codes, __m256i four) {
    const __m256i pairs = _mm256_maddubs_epi16(_mm256_loadu_si256((const __m256i *)codes), four);
    return _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}

INLINE sums multiply(sums sum, const uint8_t *codes, const int8_t *query) {
    int32_t group;
    __builtin_memcpy(&group, query, 4);
    const __m256i four = _mm256_set1_epi32(group);
    return (sums){_mm256_add_epi32(sum.low, products(codes, four)),
                  _mm256_add_epi32(sum.high, products(codes + 32, four))};
}

#include "rows.inc.h"
#include "graph.h"

INLINE float row_products(const uint8_t *codes, const uint8_t *scales, const facet_graph_term *terms, ptrdiff_t count) {
    __m256 all = _mm256_setzero_ps();
    for (ptrdiff_t t = 0; t < count; t++) {
        const uint8_t *row = codes + terms[t].offset;
        const float factor = terms[t].factor * from_half((uint16_t)(scales[terms[t].segment * 2] | scales[terms[t].segment * 2 + 1] << 8));
        __m256i sum = _mm256_zextsi128_si256(_mm_cvtsi32_si128(terms[t].bias));
        for (ptrdiff_t i = 0; i < terms[t].length; i += 32)
            sum = _mm256_add_epi32(sum, products(row + i, _mm256_loadu_si256((const __m256i *)(terms[t].codes + i))));
        all = _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), _mm256_set1_ps(factor), all);
    }
    float lanes[8];
    _mm256_storeu_ps(lanes, all);
    return ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7]));
}

#define OWN_CODE_SHARE 2 // codes within the limit
#include "graph.inc.h"
#include "link.inc.h"
#include "scan.inc.h"
#endif
