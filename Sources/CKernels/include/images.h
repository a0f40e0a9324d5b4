// SPDX-License-Identifier: Apache-2.0
//
// The pixel work of augmentation. A picture is three planes (red, green, blue), each of n rows of n floats without gaps;
// planes start `stride` floats apart, facet_plane_stride(n) of them, whose surplus the functions may overwrite.
// No buffer may overlap another unless a function says so.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "instructions.h"

/// Room that one plane of n x n floats takes: n*n, and at least 16 more, in multiples of 16.
static inline ptrdiff_t facet_plane_stride(ptrdiff_t n) { return (n * n + 31) / 16 * 16; }

/// A length in floats rounded up to what the widest vector covers.
static inline ptrdiff_t facet_padded(ptrdiff_t n) { return (n + 15) / 16 * 16; }

/// How one axis is resampled: output i is the sum over t < count[i] of weights[i*taps + t] times source first[i] + t.
typedef struct {
    const int32_t *first, *count;
    const float *weights;
    ptrdiff_t outputs, taps;
} facet_resampling;

/// Rows of bytes, `row_bytes` apart, combined down: out[i*out_stride + j] for j < samples.
void facet_resample_down(facet_isa isa, const uint8_t *pixels, ptrdiff_t row_bytes, const facet_resampling *axis,
                         ptrdiff_t samples, float *out, ptrdiff_t out_stride);

/// to[j*to_stride + i] = from[i*from_stride + j] for i < rows, j < columns.
void facet_transpose(facet_isa isa, const float *from, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t from_stride,
                     float *to, ptrdiff_t to_stride);

/// Combines the rows of `columns`, of which row 3*x + channel holds n floats of source column x, facet_padded(n) floats
/// apart: out[channel*stride + i*n + y], which is the picture transposed. `axis` has n outputs.
void facet_resample_across(facet_isa isa, const float *columns, const facet_resampling *axis, ptrdiff_t n, float *out);

/// The operations of torchvision's ColorJitter and Grayscale on values of 0 to 1, in place.
void facet_brightness(facet_isa isa, float *planes, ptrdiff_t n, float factor);
void facet_contrast(facet_isa isa, float *planes, ptrdiff_t n, float factor);
void facet_saturation(facet_isa isa, float *planes, ptrdiff_t n, float factor);
/// `turn` is a fraction of the colour circle, -0.5 to 0.5.
void facet_hue(facet_isa isa, float *planes, ptrdiff_t n, float turn);
void facet_grayscale(facet_isa isa, float *planes, ptrdiff_t n);

/// The most taps of facet_blur on one side of the centre, and the largest kernel of facet_convolve_planes.
enum { FACET_MAX_BLUR_RADIUS = 64, FACET_MAX_PLANE_KERNEL = 15 };

/// A separable filter of 2*radius + 1 taps with reflected edges (radius < n), in place; `scratch` holds
/// facet_plane_stride(n) floats.
void facet_blur(facet_isa isa, float *planes, ptrdiff_t n, const float *taps, ptrdiff_t radius, float *scratch);

/// Floats from one row of a framed plane to the next.
static inline ptrdiff_t facet_frame_stride(ptrdiff_t n, ptrdiff_t radius) { return facet_padded(n + 2 * radius) + 16; }

/// x * scale[channel] + shift[channel], with a frame of `radius` zeros around each plane: three planes of
/// n + 2*radius rows of facet_frame_stride floats.
void facet_frame(facet_isa isa, const float *planes, ptrdiff_t n, const float *scale, const float *shift,
                 ptrdiff_t radius, float *framed);

/// Correlates framed planes with kernel x kernel weights [input channel][row][column][output channel].
void facet_convolve_planes(facet_isa isa, const float *framed, ptrdiff_t n, const float *weights, ptrdiff_t kernel,
                           float *out);

/// out = alpha * out + (1 - alpha) * (the inside of the framed planes).
void facet_mix(facet_isa isa, const float *framed, ptrdiff_t n, ptrdiff_t radius, float alpha, float *out);

/// Mean and population standard deviation of each plane: three numbers each.
void facet_plane_moments(facet_isa isa, const float *planes, ptrdiff_t n, float *mean, float *deviation);

/// out[3*i + channel] = planes[channel*stride + i] * scale[channel] + shift[channel]: n*n pixels, nothing beyond.
void facet_interleave(facet_isa isa, const float *planes, ptrdiff_t n, const float *scale, const float *shift,
                      float *out);
