// SPDX-License-Identifier: Apache-2.0
//
// What training needs beside the forward kernels. Maps are NHWC, `pixels` counts those of the whole batch, and every
// sum runs in an order that depends on the shapes alone, so results have the same bits on any number of threads.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "instructions.h"

/// The gradient of a convolution's weights: sums over pixels of (input under the tap) x (gradient of the output).
typedef struct {
    const float *input;    // n x h x w x c
    const float *gradient; // n x oh x ow x oc
    const float *zeros;    // c zeros: what taps outside the image read
    float *weights;        // [panel][tap][c][panel width], added to
    ptrdiff_t h, w, c, oh, ow, oc;
    ptrdiff_t kh, kw, stride, padding;
    int rows_contiguous; // as in facet_convolution
} facet_weight_gradient;

/// Adds the pixels [0, pixels) to the weights of panels [first_panel, last_panel) and taps [first_tap, last_tap).
void facet_accumulate_weights(facet_isa isa, const facet_weight_gradient *job, ptrdiff_t pixels, ptrdiff_t first_panel,
                              ptrdiff_t last_panel, ptrdiff_t first_tap, ptrdiff_t last_tap);

/// Mean and sum of squared deviations of channels [first, last).
void facet_moments(facet_isa isa, const float *x, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last,
                   double *mean, double *deviations);

/// y = x * scale + shift (+ residual), clipped below at 0 when `relu`; channels [first, last). `y` may be `x`.
void facet_affine(facet_isa isa, const float *x, const float *scale, const float *shift, const float *residual,
                  int relu, float *y, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last);

/// g = dy where `out` > 0, else 0 (all of dy when `out` is NULL), and its sums with 1 and with (x - mean).
/// `g` may be `dy`.
void facet_norm_sums(facet_isa isa, const float *dy, const float *out, const float *x, const float *mean, float *g,
                     ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last, double *sum, double *product);

/// dx = a*g + b*x + d, a channel at a time; `dx` may be `g`.
void facet_norm_gradient(facet_isa isa, const float *g, const float *x, const float *a, const float *b, const float *d,
                         float *dx, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last);

/// Max pooling of one image that also writes which tap won, the first in row-major order on a tie.
void facet_max_pool_indexed(facet_isa isa, const float *input, float *output, uint8_t *index, ptrdiff_t h, ptrdiff_t w,
                            ptrdiff_t c, ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride,
                            ptrdiff_t padding);

/// The gradient of facet_max_pool_indexed for one image: dx is overwritten.
void facet_max_pool_gradient(facet_isa isa, const float *dy, const uint8_t *index, float *dx, ptrdiff_t h, ptrdiff_t w,
                             ptrdiff_t c, ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride,
                             ptrdiff_t padding);

/// One SGD step with momentum and weight decay as PyTorch defines it, on the sum of `parts` gradients times `scale`.
void facet_sgd(facet_isa isa, float *weights, float *velocity, const float *const *gradients, ptrdiff_t parts,
               ptrdiff_t count, float scale, float rate, float momentum, float decay);

/// slow = keep * slow + take * fast.
void facet_average(facet_isa isa, float *slow, const float *fast, ptrdiff_t count, float keep, float take);
