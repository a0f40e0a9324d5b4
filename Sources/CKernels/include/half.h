// SPDX-License-Identifier: Apache-2.0
// Convolutions whose multiplications are done in half precision, twice as many a cycle, where the CPU has AVX512-FP16.
//
// Inputs and weights are rounded to half precision; sums of FACET_HALF_CHUNK products are too, and added up in single
// precision. Weights are scaled to at most 1 by a power of two for each output channel, which `scale` takes back.
#pragma once
#include "CKernels.h"

enum {
    FACET_HALF_PANEL = 64, // output channels of a weight panel
    FACET_HALF_ROWS = 14,  // pixels of a full register tile
    FACET_HALF_CHUNK = 32, // products summed in half precision
    FACET_HALF_BYTES = 512 << 10 // of inputs rounded at a time, which stay in the L2 cache
};

/// Whether this CPU and operating system have half-precision arithmetic; nothing below may be called otherwise.
int facet_has_half(void);

/// Rounds a panel of `rows` rows to half precision, each column scaled by a power of two to at most 1; `factors` gets
/// what takes that back.
void facet_half_round_panel(const float *panel, ptrdiff_t rows, uint16_t *halves, float *factors);

/// Register tiles whose inputs are rounded at a time; then every panel passes by.
ptrdiff_t facet_half_tiles(const facet_convolution *conv);

/// Numbers of scratch that facet_half_convolve needs.
ptrdiff_t facet_half_scratch(const facet_convolution *conv);

/// As facet_convolve, with `halves` as weights ([panel][tap][c][FACET_HALF_PANEL]), `scale` given, `images` regarded
/// and `rows_contiguous` 0. Every output has the same bits however the work is spread.
void facet_half_convolve(const facet_convolution *conv, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
                         ptrdiff_t first_panel, ptrdiff_t last_panel, float *scratch);

/// As facet_winograd_gather; c is a multiple of 16. What is written is for facet_half_winograd_multiply only, and takes
/// the room of a whole multiple of FACET_HALF_ROWS tiles.
void facet_half_winograd_gather(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                                ptrdiff_t stride, float *transformed);

/// As facet_winograd_multiply, for exactly the tiles that were gathered with stride last - first, with `halves` as
/// weights ([panel][point][c][FACET_HALF_PANEL]) and `scale` given.
void facet_half_winograd_multiply(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, const float *transformed,
                                  ptrdiff_t first_panel, ptrdiff_t last_panel, float *products);
