// SPDX-License-Identifier: Apache-2.0
#include "dispatch.h"

facet_isa facet_best_isa(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq"))
        return FACET_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c"))
        return FACET_AVX2;
#endif
    return FACET_PORTABLE;
}

ptrdiff_t facet_panel_width(facet_isa isa) {
    return isa == FACET_AVX512 ? 32 : isa == FACET_AVX2 ? 16 : 8;
}

ptrdiff_t facet_tile_rows(facet_isa isa) {
#if defined(__aarch64__)
    return 8;
#else
    return isa == FACET_AVX512 ? 14 : 6;
#endif
}

void facet_convolve(facet_isa isa, const facet_convolution *conv, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
                    ptrdiff_t first_panel, ptrdiff_t last_panel) {
    DISPATCH(facet_convolve, conv, first_pixel, last_pixel, first_panel, last_panel)
}

int facet_halve(facet_isa isa, const float *numbers, ptrdiff_t count, uint16_t *halves) {
    int exact = 0;
    DISPATCH(facet_halve, numbers, count, halves, &exact)
    return exact;
}

void facet_max_pool(facet_isa isa, const float *input, float *output, ptrdiff_t h, ptrdiff_t w, ptrdiff_t c,
                    ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride, ptrdiff_t padding,
                    ptrdiff_t first_row, ptrdiff_t last_row) {
    DISPATCH(facet_max_pool, input, output, h, w, c, oh, ow, kernel, stride, padding, first_row, last_row)
}

void facet_mean_pool(facet_isa isa, const float *input, float *output, ptrdiff_t pixels, ptrdiff_t c) {
    DISPATCH(facet_mean_pool, input, output, pixels, c)
}

void facet_pack_panel(const float *weights, const float *scale, const facet_weight_layout *layout, ptrdiff_t first,
                      ptrdiff_t panel_width, float *panel) {
    const ptrdiff_t columns = layout->oc - first < panel_width ? layout->oc - first : panel_width;
    const float *from = weights + first * layout->by_output;
    for (ptrdiff_t k = 0; k < layout->c; k++)
        for (ptrdiff_t t = 0; t < layout->taps; t++) {
            const float *source = from + k * layout->by_input + layout->tap[t];
            float *out = panel + (t * layout->c + k) * panel_width;
            for (ptrdiff_t j = 0; j < columns; j++)
                out[j] = source[j * layout->by_output] * (scale ? scale[first + j] : 1);
            for (ptrdiff_t j = columns; j < panel_width; j++) out[j] = 0;
        }
}

void facet_unpack_panel(const float *panel, const facet_weight_layout *layout, ptrdiff_t first, ptrdiff_t panel_width,
                        float *weights) {
    const ptrdiff_t columns = layout->oc - first < panel_width ? layout->oc - first : panel_width;
    float *to = weights + first * layout->by_output;
    for (ptrdiff_t k = 0; k < layout->c; k++)
        for (ptrdiff_t j = 0; j < columns; j++)
            for (ptrdiff_t t = 0; t < layout->taps; t++)
                to[j * layout->by_output + k * layout->by_input + layout->tap[t]] =
                    panel[(t * layout->c + k) * panel_width + j];
}
