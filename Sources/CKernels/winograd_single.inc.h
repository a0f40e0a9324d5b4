// SPDX-License-Identifier: Apache-2.0
//
// Winograd's convolutions in single precision; the including file defines NAME, TARGET, LANES and ROWS as for
// kernels.inc.h. Transformed inputs lie [point][tile][channel].

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));

enum { PANEL = 2 * LANES };

#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("clang loop unroll(full)")
#define SCALED 0

INLINE void put(const facet_winograd *job, ptrdiff_t point, ptrdiff_t place, ptrdiff_t stride, ptrdiff_t k, vec value,
                float *transformed) {
    *(vec *)(transformed + (point * stride + place) * job->c + k) = value;
}

#include "winograd.inc.h"

TARGET void NAME(facet_winograd_gather)(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                                        ptrdiff_t stride, float *transformed) {
    if (job->tile == 4) gather(6, job, first, last, at, stride, transformed);
    else gather(4, job, first, last, at, stride, transformed);
}

// `rows` rows of `a`, c floats apart, times a panel of c rows.
INLINE void product(const int rows, const float *a, ptrdiff_t c, const float *b, const float *ahead, ptrdiff_t lines,
                    float *out) {
    vec acc[ROWS][2];
    UNROLL for (int r = 0; r < rows; r++) acc[r][0] = acc[r][1] = (vec){0};
    for (ptrdiff_t k = 0; k < c; k += 4) {
        for (ptrdiff_t line = 0; line < lines; line++, ahead += 16) __builtin_prefetch(ahead, 0, 2);
        UNROLL for (int u = 0; u < 4; u++, b += PANEL) {
            const vec b0 = *(const vec *)b, b1 = *(const vec *)(b + LANES);
            UNROLL for (int r = 0; r < rows; r++) {
                const float x = a[r * c + k + u];
                acc[r][0] += b0 * x;
                acc[r][1] += b1 * x;
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        *(vec *)(out + r * PANEL) = acc[r][0];
        *(vec *)(out + r * PANEL + LANES) = acc[r][1];
    }
}

#define CASE(n) \
    case n: product(n, a, c, b, ahead, lines, out); break;

TARGET static void product_of(ptrdiff_t rows, const float *a, ptrdiff_t c, const float *b, const float *ahead,
                              ptrdiff_t lines, float *out) {
    switch (rows) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if ROWS > 6
        CASE(7) CASE(8)
#endif
#if ROWS > 8
        CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
    }
}

INLINE void multiply(const int points, const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                     ptrdiff_t stride, const float *transformed, ptrdiff_t first_panel, ptrdiff_t last_panel,
                     float *products) {
    const ptrdiff_t count = last - first, groups = (count + ROWS - 1) / ROWS, c = job->c;
    for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
        for (int point = 0; point < points * points; point++) {
            const float *a = transformed + (point * stride + at) * c;
            const float *b = job->weights + (panel * points * points + point) * c * PANEL;
            float *out = products + point * count * PANEL;
            const ptrdiff_t lines = (PANEL / 4 + groups - 1) / groups;
            const float *ahead = b + c * PANEL;
            ptrdiff_t done = 0;
            for (ptrdiff_t i = 0; i < groups; i++) {
                const ptrdiff_t rows = (count - done + (groups - i) - 1) / (groups - i);
                product_of(rows, a + done * c, c, b, ahead + i * lines * c * 4, lines, out + done * PANEL);
                done += rows;
            }
        }
        for (ptrdiff_t t = 0; t < count; t++)
            scatter(points, job, first + t, panel, products + t * PANEL, count * PANEL);
    }
}

TARGET void NAME(facet_winograd_multiply)(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                                          ptrdiff_t stride, const float *transformed, ptrdiff_t first_panel,
                                          ptrdiff_t last_panel, float *products) {
    if (job->tile == 4)
        multiply(6, job, first, last, at, stride, transformed, first_panel, last_panel, products);
    else
        multiply(4, job, first, last, at, stride, transformed, first_panel, last_panel, products);
}
