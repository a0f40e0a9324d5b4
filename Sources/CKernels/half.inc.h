// SPDX-License-Identifier: Apache-2.0
//
// The product that the half-precision kernels share. A number of the left operand is kept as a pair of equal halves, so
// that one 32-bit load spreads it over a vector. The rows of a tile lie [channel / 16][row][channel % 16], with room for
// ROWS of them however few there are: one stream with all rows at constant distances.

#include <immintrin.h>

typedef float vec __attribute__((vector_size(64), aligned(4)));
typedef _Float16 half_vec __attribute__((vector_size(32), aligned(2)));
typedef _Float16 half_pair_vec __attribute__((vector_size(64), aligned(2)));
typedef uint32_t pair_vec __attribute__((vector_size(64), aligned(4)));

enum { LANES = 16, ROWS = FACET_HALF_ROWS, PANEL = FACET_HALF_PANEL, CHUNK = FACET_HALF_CHUNK };

#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx512fp16,avx2,fma,f16c")))
#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("clang loop unroll(full)")

// Sixteen numbers as pairs; what is too large for half precision becomes the largest number it has.
INLINE pair_vec pairs(vec x) {
    const vec most = (vec){0} + 65504;
    x = __builtin_elementwise_min(__builtin_elementwise_max(x, -most), most);
    const __m512i halves = _mm512_castsi256_si512((__m256i)__builtin_convertvector(x, half_vec));
    const __m512i twice = _mm512_set_epi16(15, 15, 14, 14, 13, 13, 12, 12, 11, 11, 10, 10, 9, 9, 8, 8, 7, 7, 6, 6, 5, 5,
                                           4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
    return (pair_vec)_mm512_permutexvar_epi16(twice, halves);
}

// Adds a chunk's sums of one row, 32 columns, to those of the chunks before; `first` says that there are none.
INLINE void widen(half_pair_vec acc, float *sums, int first) {
    const half_vec low = __builtin_shufflevector(acc, acc, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const half_vec high =
        __builtin_shufflevector(acc, acc, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31);
    vec a = __builtin_convertvector(low, vec), b = __builtin_convertvector(high, vec);
    if (!first) a += *(const vec *)sums, b += *(const vec *)(sums + LANES);
    *(vec *)sums = a;
    *(vec *)(sums + LANES) = b;
}

// One step: a number of every row times a row of the panel.
INLINE void half_step(const int rows, const int vectors, half_pair_vec acc[ROWS][2], const uint32_t *a,
                      const _Float16 *b) {
    const __m512h b0 = (__m512h) * (const half_pair_vec *)b;
    const __m512h b1 = (__m512h) * (const half_pair_vec *)(b + 32 * (vectors - 1));
    UNROLL for (int r = 0; r < rows; r++) {
        const __m512h x = (__m512h)_mm512_set1_epi32((int)a[r * LANES]);
        acc[r][0] = (half_pair_vec)_mm512_fmadd_ph(b0, x, (__m512h)acc[r][0]);
        if (vectors == 2) acc[r][1] = (half_pair_vec)_mm512_fmadd_ph(b1, x, (__m512h)acc[r][1]);
    }
}

// `rows` rows of pairs times c rows of a panel, into sums of PANEL columns a row; with `vectors` 1 only the first half
// of the panel's columns. `ahead` is fetched into L2 meanwhile, two lines every four channels.
INLINE void half_product(const int rows, const int vectors, const uint32_t *a, ptrdiff_t c, const _Float16 *b,
                         const char *ahead, float *sums, int first) {
    for (ptrdiff_t done = 0; done < c; done += CHUNK, first = 0) {
        half_pair_vec acc[ROWS][2];
        UNROLL for (int r = 0; r < rows; r++) acc[r][0] = acc[r][1] = (half_pair_vec){0};
        const ptrdiff_t end = done + CHUNK < c ? done + CHUNK : c;
        for (ptrdiff_t k = done; k < end; k += LANES, a += ROWS * LANES) {
            ptrdiff_t u = 0;
            for (; u + 4 <= LANES && k + u + 4 <= end; u += 4, b += 4 * PANEL, ahead += 128) {
                __builtin_prefetch(ahead, 0, 2);
                __builtin_prefetch(ahead + 64, 0, 2);
                UNROLL for (int i = 0; i < 4; i++) half_step(rows, vectors, acc, a + u + i, b + i * PANEL);
            }
            for (; u < LANES && k + u < end; u++, b += PANEL) half_step(rows, vectors, acc, a + u, b);
        }
        UNROLL for (int r = 0; r < rows; r++)
            UNROLL for (int side = 0; side < vectors; side++) widen(acc[r][side], sums + r * PANEL + 32 * side, first);
    }
}

#define PRODUCT(n) \
    case n: \
        if (vectors == 2) half_product(n, 2, a, c, b, ahead, sums, first); \
        else half_product(n, 1, a, c, b, ahead, sums, first); \
        break;

TARGET static __attribute__((noinline)) void half_product_of(ptrdiff_t rows, int vectors, const uint32_t *a,
                                                             ptrdiff_t c, const _Float16 *b, const char *ahead,
                                                             float *sums, int first) {
    switch (rows) {
        PRODUCT(1) PRODUCT(2) PRODUCT(3) PRODUCT(4) PRODUCT(5) PRODUCT(6) PRODUCT(7)
        PRODUCT(8) PRODUCT(9) PRODUCT(10) PRODUCT(11) PRODUCT(12) PRODUCT(13) PRODUCT(14)
    }
}
