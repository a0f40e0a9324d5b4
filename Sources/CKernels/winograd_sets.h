// SPDX-License-Identifier: Apache-2.0
// The Winograd functions that every instruction set provides.
#pragma once
#include "CKernels.h"

#define DECLARE_WINOGRAD(set) \
    void facet_winograd_gather_##set(const facet_winograd *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, float *); \
    void facet_winograd_multiply_##set(const facet_winograd *, ptrdiff_t, ptrdiff_t, ptrdiff_t, ptrdiff_t, \
                                       const float *, ptrdiff_t, ptrdiff_t, float *);

DECLARE_WINOGRAD(portable)
#if defined(__x86_64__)
DECLARE_WINOGRAD(avx2)
DECLARE_WINOGRAD(avx512)
#endif
