// SPDX-License-Identifier: Apache-2.0
// The functions that every instruction set provides.
#pragma once
#include "CKernels.h"

#define DECLARE(set) \
    void facet_convolve_##set(const facet_convolution *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    void facet_halve_##set(const float *, ptrdiff_t, uint16_t *, int *); \
    void facet_max_pool_##set(const float *, float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                              ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    void facet_mean_pool_##set(const float *, float *, ptrdiff_t, ptrdiff_t); \
    void facet_accumulate_weights_##set(const facet_weight_gradient *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                                        ptrdiff_t); \
    void facet_moments_##set(const float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, double *, double *); \
    void facet_affine_##set(const float *, const float *, const float *, const float *, int, float *, ptrdiff_t, \
                            ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    void facet_norm_sums_##set(const float *, const float *, const float *, const float *, float *, ptrdiff_t, \
                               ptrdiff_t, ptrdiff_t, ptrdiff_t, double *, double *); \
    void facet_norm_gradient_##set(const float *, const float *, const float *, const float *, const float *, float *, \
                                   ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    void facet_max_pool_indexed_##set(const float *, float *, uint8_t *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                                      ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    void facet_max_pool_gradient_##set(const float *, const uint8_t *, float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                                       ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    void facet_sgd_##set(float *, float *, const float *const *, ptrdiff_t, ptrdiff_t, float, float, float, float); \
    void facet_average_##set(float *, const float *, ptrdiff_t, float, float);

DECLARE(portable)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif
