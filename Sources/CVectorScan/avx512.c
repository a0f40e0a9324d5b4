// SPDX-License-Identifier: Apache-2.0
// VNNI multiplies 64 codes at once; 32 registers: 2 blocks x 8 queries.
#if defined(__x86_64__)
#include <immintrin.h>
#include "scan.h"
#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512vnni,avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define LANES 16
#define TILE_BLOCKS 2
#define TILE_QUERIES 8

typedef __m512i sums;

INLINE sums sums_start(int32_t value) { return _mm512_set1_epi32(value); }
INLINE sums sums_plus(sums a, sums b) { return _mm512_add_epi32(a, b); }
INLINE void sums_read(sums a, int32_t *out) { _mm512_storeu_si512(out, a); }

INLINE sums multiply(sums sum, const uint8_t *codes, const int8_t *query) {
    int32_t four;
    __builtin_memcpy(&four, query, 4);
    return _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(codes), _mm512_set1_epi32(four));
}

#include "rows.inc.h"
#include "graph.h"

INLINE float row_products(const uint8_t *codes, const uint8_t *scales, const facet_graph_term *terms, ptrdiff_t count) {
    __m512 all = _mm512_setzero_ps();
    for (ptrdiff_t t = 0; t < count; t++) {
        const uint8_t *row = codes + terms[t].offset;
        const float factor = terms[t].factor * from_half((uint16_t)(scales[terms[t].segment * 2] | scales[terms[t].segment * 2 + 1] << 8));
        __m512i sum = _mm512_zextsi128_si512(_mm_cvtsi32_si128(terms[t].bias));
        for (ptrdiff_t i = 0; i < terms[t].length; i += 64)
            sum = _mm512_dpbusd_epi32(sum, _mm512_loadu_si512(row + i), _mm512_loadu_si512(terms[t].codes + i));
        all = _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), _mm512_set1_ps(factor), all);
    }
    return _mm512_reduce_add_ps(all);
}

#define OWN_CODE_SHARE 1
#include "graph.inc.h"
#include "link.inc.h"
#include "scan.inc.h"
#endif
