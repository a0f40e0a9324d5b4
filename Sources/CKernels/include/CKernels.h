// SPDX-License-Identifier: Apache-2.0
//
// SIMD micro-kernels, compiled once per instruction set from the same source and chosen at run time.
// C, because Swift cannot compile single functions for a CPU feature. Everything else lives in Kernels.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "instructions.h"
#include "images.h"
#include "training.h"
#include "winograd.h"

/// The best instruction set this CPU and operating system offer.
facet_isa facet_best_isa(void);

/// Columns of a weight panel and the most output pixels of one register tile, for an instruction set.
ptrdiff_t facet_panel_width(facet_isa isa);
ptrdiff_t facet_tile_rows(facet_isa isa);

/// The most kernel taps (kh*kw, or kh when `rows_contiguous`) that facet_convolve accepts.
enum { FACET_MAX_TAPS = 49 };

/// A convolution over a batch in NHWC with packed weights, bias, optional residual and ReLU, all fused.
typedef struct {
    const float *input;    // n x h x w x c
    const float *weights;  // [panel][tap][c][panel width], zero beyond the last output channel
    const uint16_t *halves; // the weights in half precision, read in place of `weights`; NULL for single precision
    const float *scale;    // what sums are multiplied with before the bias is added; NULL where weights contain it
    const float *bias;     // one per output channel, padded with zeros to whole panels, as is `scale`
    const float *residual; // laid out as the output, added before the ReLU; NULL for none; may be the output itself
    const float *zeros;    // c zeros: what taps outside the image read
    float *output;         // n x out_h x out_w x oc
    ptrdiff_t h, w, c, oh, ow, oc;
    ptrdiff_t kh, kw, stride, pad_top, pad_left;
    ptrdiff_t out_h, out_w, out_stride, out_top, out_left; // pixel (y, x) lands at (y, x) * out_stride + (top, left)
    int rows_contiguous; // padding is 0 and a kernel row is read as one run of kw*c floats
    int relu;
    ptrdiff_t images; // above 1: pixels are counted position by position, within a position image by image
    ptrdiff_t stride_ahead; // panels between one a thread computes and the one it is likely to compute next; at least 1
} facet_convolution;

/// Computes output pixels [first_pixel, last_pixel) of the batch (n*oh*ow, image by image unless `images` says other)
/// for the output channels of panels [first_panel, last_panel). Calls on disjoint ranges may run in parallel.
///
/// Taps that lie outside the map for all pixels of a register tile are left out: with `images` many in small maps.
void facet_convolve(facet_isa isa, const facet_convolution *conv, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
                    ptrdiff_t first_panel, ptrdiff_t last_panel);

/// Whether all `count` numbers are exactly those of half precision; if so and `halves` is not NULL, writes them there.
/// Never so for instruction sets that cannot read half precision.
int facet_halve(facet_isa isa, const float *numbers, ptrdiff_t count, uint16_t *halves);

/// How weights lie in memory: output channel o, input channel c, tap t at o*by_output + c*by_input + tap[t].
typedef struct {
    ptrdiff_t oc, c, taps;
    ptrdiff_t by_output, by_input;
    const ptrdiff_t *tap;
} facet_weight_layout;

/// Packs one panel (output channels [first, first+panel width), clipped to oc) times scale[o]; NULL scales by 1.
void facet_pack_panel(const float *weights, const float *scale, const facet_weight_layout *layout, ptrdiff_t first,
                      ptrdiff_t panel_width, float *panel);

/// Writes the elements of one panel back to where they lie in `weights`.
void facet_unpack_panel(const float *panel, const facet_weight_layout *layout, ptrdiff_t first, ptrdiff_t panel_width,
                        float *weights);

/// Max pooling of one image in NHWC; taps outside the image are ignored. Rows [first_row, last_row) of the output.
void facet_max_pool(facet_isa isa, const float *input, float *output, ptrdiff_t h, ptrdiff_t w, ptrdiff_t c,
                    ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride, ptrdiff_t padding,
                    ptrdiff_t first_row, ptrdiff_t last_row);

/// Mean over all pixels of one image in NHWC: c numbers.
void facet_mean_pool(facet_isa isa, const float *input, float *output, ptrdiff_t pixels, ptrdiff_t c);

/// A hint to the CPU that the caller spins.
static inline void facet_spin_hint(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#include "half.h"
