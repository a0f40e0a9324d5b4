// SPDX-License-Identifier: Apache-2.0
//
// SIMD micro-kernels, compiled once per instruction set from the same source and chosen at run time.
// C, because Swift cannot compile single functions for a CPU feature. Everything else lives in Kernels.
#pragma once
#include <stddef.h>

/// Instruction sets, worst to best. Every one computes each output as the same ordered sum.
typedef enum { FACET_PORTABLE = 0, FACET_AVX2 = 1, FACET_AVX512 = 2 } facet_isa;

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
    const float *bias;     // one per output channel, padded with zeros to whole panels
    const float *residual; // n x oh x ow x oc, added before the ReLU; NULL for none
    const float *zeros;    // c zeros: what taps outside the image read
    float *output;         // n x oh x ow x oc
    ptrdiff_t h, w, c, oh, ow, oc;
    ptrdiff_t kh, kw, stride, padding;
    int rows_contiguous; // padding is 0 and a kernel row is read as one run of kw*c floats
    int relu;
    ptrdiff_t stride_ahead; // panels between one a thread computes and the one it is likely to compute next; at least 1
} facet_convolution;

/// Computes output pixels [first_pixel, last_pixel) of the batch (n*oh*ow, image by image) for the output channels of
/// panels [first_panel, last_panel). Calls on disjoint ranges may run in parallel.
void facet_convolve(facet_isa isa, const facet_convolution *conv, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
                    ptrdiff_t first_panel, ptrdiff_t last_panel);

/// Packs the OIHW weights of one panel (output channels [first, first+panel width), clipped to oc) times scale[o].
void facet_pack_panel(const float *weights, const float *scale, ptrdiff_t oc, ptrdiff_t c, ptrdiff_t taps,
                      ptrdiff_t first, ptrdiff_t panel_width, float *panel);

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
