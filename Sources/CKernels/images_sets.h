// SPDX-License-Identifier: Apache-2.0
// The picture functions that every instruction set provides.
#pragma once
#include "CKernels.h"

#define DECLARE_IMAGES(set) \
    void facet_resample_down_##set(const uint8_t *, ptrdiff_t, const facet_resampling *, ptrdiff_t, float *, \
                                   ptrdiff_t); \
    void facet_transpose_##set(const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *, ptrdiff_t); \
    void facet_resample_across_##set(const float *, const facet_resampling *, ptrdiff_t, float *); \
    void facet_brightness_##set(float *, ptrdiff_t, float); \
    void facet_contrast_##set(float *, ptrdiff_t, float); \
    void facet_saturation_##set(float *, ptrdiff_t, float); \
    void facet_hue_##set(float *, ptrdiff_t, float); \
    void facet_grayscale_##set(float *, ptrdiff_t); \
    void facet_blur_##set(float *, ptrdiff_t, const float *, ptrdiff_t, float *); \
    void facet_frame_##set(const float *, ptrdiff_t, const float *, const float *, ptrdiff_t, float *); \
    void facet_convolve_planes_##set(const float *, ptrdiff_t, const float *, ptrdiff_t, float *); \
    void facet_mix_##set(const float *, ptrdiff_t, ptrdiff_t, float, float *); \
    void facet_plane_moments_##set(const float *, ptrdiff_t, float *, float *); \
    void facet_interleave_##set(const float *, ptrdiff_t, const float *, const float *, float *);

DECLARE_IMAGES(portable)
#if defined(__x86_64__)
DECLARE_IMAGES(avx2)
DECLARE_IMAGES(avx512)
#endif
