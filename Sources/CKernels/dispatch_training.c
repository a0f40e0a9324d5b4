// SPDX-License-Identifier: Apache-2.0
#include "dispatch.h"

void facet_accumulate_weights(facet_isa isa, const facet_weight_gradient *job, ptrdiff_t pixels, ptrdiff_t first_panel,
                              ptrdiff_t last_panel, ptrdiff_t first_tap, ptrdiff_t last_tap) {
    DISPATCH(facet_accumulate_weights, job, pixels, first_panel, last_panel, first_tap, last_tap)
}

void facet_moments(facet_isa isa, const float *x, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last,
                   double *mean, double *deviations) {
    DISPATCH(facet_moments, x, pixels, c, first, last, mean, deviations)
}

void facet_affine(facet_isa isa, const float *x, const float *scale, const float *shift, const float *residual,
                  int relu, float *y, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last) {
    DISPATCH(facet_affine, x, scale, shift, residual, relu, y, pixels, c, first, last)
}

void facet_norm_sums(facet_isa isa, const float *dy, const float *out, const float *x, const float *mean, float *g,
                     ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last, double *sum, double *product) {
    DISPATCH(facet_norm_sums, dy, out, x, mean, g, pixels, c, first, last, sum, product)
}

void facet_norm_gradient(facet_isa isa, const float *g, const float *x, const float *a, const float *b, const float *d,
                         float *dx, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last) {
    DISPATCH(facet_norm_gradient, g, x, a, b, d, dx, pixels, c, first, last)
}

void facet_max_pool_indexed(facet_isa isa, const float *input, float *output, uint8_t *index, ptrdiff_t h, ptrdiff_t w,
                            ptrdiff_t c, ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride,
                            ptrdiff_t padding) {
    DISPATCH(facet_max_pool_indexed, input, output, index, h, w, c, oh, ow, kernel, stride, padding)
}

void facet_max_pool_gradient(facet_isa isa, const float *dy, const uint8_t *index, float *dx, ptrdiff_t h, ptrdiff_t w,
                             ptrdiff_t c, ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride,
                             ptrdiff_t padding) {
    DISPATCH(facet_max_pool_gradient, dy, index, dx, h, w, c, oh, ow, kernel, stride, padding)
}

void facet_sgd(facet_isa isa, float *weights, float *velocity, const float *const *gradients, ptrdiff_t parts,
               ptrdiff_t count, float scale, float rate, float momentum, float decay) {
    DISPATCH(facet_sgd, weights, velocity, gradients, parts, count, scale, rate, momentum, decay)
}

void facet_average(facet_isa isa, float *slow, const float *fast, ptrdiff_t count, float keep, float take) {
    DISPATCH(facet_average, slow, fast, count, keep, take)
}
