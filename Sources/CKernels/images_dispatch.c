// SPDX-License-Identifier: Apache-2.0
#include "dispatch.h"
#include "images_sets.h"

void facet_resample_down(facet_isa isa, const uint8_t *pixels, ptrdiff_t row_bytes, const facet_resampling *axis,
                         ptrdiff_t samples, float *out, ptrdiff_t out_stride) {
    DISPATCH(facet_resample_down, pixels, row_bytes, axis, samples, out, out_stride)
}

void facet_transpose(facet_isa isa, const float *from, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t from_stride,
                     float *to, ptrdiff_t to_stride) {
    DISPATCH(facet_transpose, from, rows, columns, from_stride, to, to_stride)
}

void facet_resample_across(facet_isa isa, const float *columns, const facet_resampling *axis, ptrdiff_t n, float *out) {
    DISPATCH(facet_resample_across, columns, axis, n, out)
}

void facet_brightness(facet_isa isa, float *planes, ptrdiff_t n, float factor) {
    DISPATCH(facet_brightness, planes, n, factor)
}

void facet_contrast(facet_isa isa, float *planes, ptrdiff_t n, float factor) {
    DISPATCH(facet_contrast, planes, n, factor)
}

void facet_saturation(facet_isa isa, float *planes, ptrdiff_t n, float factor) {
    DISPATCH(facet_saturation, planes, n, factor)
}

void facet_hue(facet_isa isa, float *planes, ptrdiff_t n, float turn) { DISPATCH(facet_hue, planes, n, turn) }

void facet_grayscale(facet_isa isa, float *planes, ptrdiff_t n) { DISPATCH(facet_grayscale, planes, n) }

void facet_blur(facet_isa isa, float *planes, ptrdiff_t n, const float *taps, ptrdiff_t radius, float *scratch) {
    DISPATCH(facet_blur, planes, n, taps, radius, scratch)
}

void facet_frame(facet_isa isa, const float *planes, ptrdiff_t n, const float *scale, const float *shift,
                 ptrdiff_t radius, float *framed) {
    DISPATCH(facet_frame, planes, n, scale, shift, radius, framed)
}

void facet_convolve_planes(facet_isa isa, const float *framed, ptrdiff_t n, const float *weights, ptrdiff_t kernel,
                           float *out) {
    DISPATCH(facet_convolve_planes, framed, n, weights, kernel, out)
}

void facet_mix(facet_isa isa, const float *framed, ptrdiff_t n, ptrdiff_t radius, float alpha, float *out) {
    DISPATCH(facet_mix, framed, n, radius, alpha, out)
}

void facet_plane_moments(facet_isa isa, const float *planes, ptrdiff_t n, float *mean, float *deviation) {
    DISPATCH(facet_plane_moments, planes, n, mean, deviation)
}

void facet_interleave(facet_isa isa, const float *planes, ptrdiff_t n, const float *scale, const float *shift,
                      float *out) {
    DISPATCH(facet_interleave, planes, n, scale, shift, out)
}
