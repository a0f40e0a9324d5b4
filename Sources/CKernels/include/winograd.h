// SPDX-License-Identifier: Apache-2.0
// Convolutions with fewer multiplications: F(m x m, 3 x 3) of Winograd, as in Lavin and Gray, "Fast algorithms for
// convolutional neural networks" (2016). A tile of m x m outputs costs (m+2)^2 multiplications a channel pair.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "instructions.h"

/// A 3x3 convolution of stride 1 over a batch in NHWC, with bias, optional residual and ReLU fused into the store.
typedef struct {
    const float *input;    // n x h x w x c; c is a multiple of facet_winograd_lanes
    const float *weights;  // [panel][point][c][panel width], packed by facet_winograd_pack
    const uint16_t *halves; // weights in half precision, for facet_half_winograd_multiply alone, as is `scale`
    const float *scale;    // what outputs are multiplied with before the bias is added
    const float *bias;     // one per output channel, padded with zeros to whole panels, as is `scale`
    const float *residual; // laid out as the output, added before the ReLU; NULL for none
    const float *zeros;    // c zeros: what a tile reads outside the map
    float *output;         // n x oh x ow x oc
    ptrdiff_t h, w, c, oh, ow, oc, padding;
    ptrdiff_t tile;             // outputs of a tile along each side: 2 or 4
    ptrdiff_t tiles_h, tiles_w; // tiles of one image; those at the end may overhang
    int relu;
} facet_winograd;

/// Vectors of channels are read whole: the input channels must be a multiple of this.
ptrdiff_t facet_winograd_lanes(facet_isa isa);

/// Multiplications a tile and channel pair: (tile + 2)^2.
static inline ptrdiff_t facet_winograd_points(ptrdiff_t tile) { return (tile + 2) * (tile + 2); }

/// Transforms one panel of OIHW weights (output channels [first, first + panel width), clipped to oc) times scale[o].
void facet_winograd_pack(const float *weights, const float *scale, ptrdiff_t oc, ptrdiff_t c, ptrdiff_t tile,
                         ptrdiff_t first, ptrdiff_t panel_width, float *panel);

/// Transforms the inputs of tiles [first, last) of the batch into `transformed`: [point][stride][c], the tile `first`
/// at place `at`.
void facet_winograd_gather(facet_isa isa, const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                           ptrdiff_t stride, float *transformed);

/// Computes the outputs of tiles [first, last) for panels [first_panel, last_panel) from their transformed inputs.
///
/// `products` is scratch of points * (last - first) * panel width floats. Calls on disjoint parts may run in parallel.
void facet_winograd_multiply(facet_isa isa, const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                             ptrdiff_t stride, const float *transformed, ptrdiff_t first_panel, ptrdiff_t last_panel,
                             float *products);
