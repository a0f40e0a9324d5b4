// SPDX-License-Identifier: Apache-2.0
// Winograd's convolutions with products in half precision; transforms stay in single precision. Tiles are taken ROWS at
// a time: transformed inputs lie [point][group of tiles][channel / 16][tile][channel % 16], as pairs.
#include "half.h"

#if defined(__x86_64__)
#include "half.inc.h"

#define SCALED 1

INLINE ptrdiff_t groups_of(ptrdiff_t tiles) { return (tiles + ROWS - 1) / ROWS; }

INLINE void put(const facet_winograd *job, ptrdiff_t point, ptrdiff_t place, ptrdiff_t stride, ptrdiff_t k, vec value,
                float *transformed) {
    const ptrdiff_t group = point * groups_of(stride) + place / ROWS;
    *(pair_vec *)((uint32_t *)transformed + (group * job->c + k) * ROWS + place % ROWS * LANES) = pairs(value);
}

#include "winograd.inc.h"

TARGET void facet_half_winograd_gather(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                                       ptrdiff_t stride, float *transformed) {
    if (job->tile == 4) gather(6, job, first, last, at, stride, transformed);
    else gather(4, job, first, last, at, stride, transformed);
}

INLINE void half_multiply(const int points, const facet_winograd *job, ptrdiff_t first, ptrdiff_t last,
                          const float *transformed, ptrdiff_t first_panel, ptrdiff_t last_panel, float *products) {
    const ptrdiff_t count = last - first, groups = groups_of(count), c = job->c;
    for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
        const int vectors = job->oc - panel * PANEL > 32 ? 2 : 1;
        for (int point = 0; point < points * points; point++) {
            const _Float16 *b = (const _Float16 *)job->halves + (panel * points * points + point) * c * PANEL;
            for (ptrdiff_t group = 0; group < groups; group++) {
                const ptrdiff_t rows = count - group * ROWS < ROWS ? count - group * ROWS : ROWS;
                const uint32_t *a = (const uint32_t *)transformed + (point * groups + group) * c * ROWS;
                const char *ahead = (const char *)(b + c * PANEL) + group % 4 * (c * PANEL / 2);
                half_product_of(rows, vectors, a, c, b, ahead, products + (point * count + group * ROWS) * PANEL, 1);
            }
        }
        for (ptrdiff_t t = 0; t < count; t++)
            scatter(points, job, first + t, panel, products + t * PANEL, count * PANEL);
    }
}

TARGET void facet_half_winograd_multiply(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last,
                                         const float *transformed, ptrdiff_t first_panel, ptrdiff_t last_panel,
                                         float *products) {
    if (job->tile == 4) half_multiply(6, job, first, last, transformed, first_panel, last_panel, products);
    else half_multiply(4, job, first, last, transformed, first_panel, last_panel, products);
}
#else
void facet_half_winograd_gather(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                                ptrdiff_t stride, float *transformed) {
    __builtin_trap();
}

void facet_half_winograd_multiply(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, const float *transformed,
                                  ptrdiff_t first_panel, ptrdiff_t last_panel, float *products) {
    __builtin_trap();
}
#endif
