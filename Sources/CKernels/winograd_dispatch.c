// SPDX-License-Identifier: Apache-2.0
#include "dispatch.h"
#include "winograd_sets.h"

ptrdiff_t facet_winograd_lanes(facet_isa isa) { return facet_panel_width(isa) / 2; }

void facet_winograd_gather(facet_isa isa, const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                           ptrdiff_t stride, float *transformed) {
    DISPATCH(facet_winograd_gather, job, first, last, at, stride, transformed)
}

void facet_winograd_multiply(facet_isa isa, const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                             ptrdiff_t stride, const float *transformed, ptrdiff_t first_panel, ptrdiff_t last_panel,
                             float *products) {
    DISPATCH(facet_winograd_multiply, job, first, last, at, stride, transformed, first_panel, last_panel, products)
}

// G along one axis: row p holds the powers of point p over the product of its distances to the other points.
static const double small[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
#define ROOT 1.4142135623730951
static const double large[6][3] = {{1, 0, 0},
                                   {-2.0 / 3, -ROOT / 3, -1.0 / 3},
                                   {-2.0 / 3, ROOT / 3, -1.0 / 3},
                                   {1.0 / 6, ROOT / 6, 1.0 / 3},
                                   {1.0 / 6, -ROOT / 6, 1.0 / 3},
                                   {0, 0, 1}};

enum { MAX_PANEL = 64 };

// One input channel of one panel, computed in double and rounded once.
static void transform(const double (*g)[3], ptrdiff_t points, double kernel[9][MAX_PANEL], ptrdiff_t width,
                      ptrdiff_t plane, float *out) {
    double half[6][3][MAX_PANEL];
    for (ptrdiff_t i = 0; i < points; i++)
        for (int x = 0; x < 3; x++)
            for (ptrdiff_t j = 0; j < width; j++)
                half[i][x][j] = g[i][0] * kernel[x][j] + g[i][1] * kernel[3 + x][j] + g[i][2] * kernel[6 + x][j];
    for (ptrdiff_t i = 0; i < points; i++)
        for (ptrdiff_t p = 0; p < points; p++, out += plane)
            for (ptrdiff_t j = 0; j < width; j++)
                out[j] = (float)(g[p][0] * half[i][0][j] + g[p][1] * half[i][1][j] + g[p][2] * half[i][2][j]);
}

void facet_winograd_pack(const float *weights, const float *scale, ptrdiff_t oc, ptrdiff_t c, ptrdiff_t tile,
                         ptrdiff_t first, ptrdiff_t panel_width, float *panel) {
    const ptrdiff_t columns = oc - first < panel_width ? oc - first : panel_width;
    double kernel[9][MAX_PANEL] = {0};
    for (ptrdiff_t k = 0; k < c; k++) {
        for (ptrdiff_t j = 0; j < columns; j++)
            for (int t = 0; t < 9; t++)
                kernel[t][j] = (double)weights[((first + j) * c + k) * 9 + t] * (double)(scale ? scale[first + j] : 1);
        transform(tile == 4 ? large : small, tile + 2, kernel, panel_width, c * panel_width, panel + k * panel_width);
    }
}
