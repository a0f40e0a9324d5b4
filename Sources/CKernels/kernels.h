// SPDX-License-Identifier: Apache-2.0
// The functions that every instruction set provides.
#pragma once
#include "CKernels.h"

#define DECLARE(set) \
    void facet_convolve_##set(const facet_convolution *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    void facet_max_pool_##set(const float *, float *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                              ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t); \
    void facet_mean_pool_##set(const float *, float *, ptrdiff_t, ptrdiff_t);

DECLARE(portable)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif
