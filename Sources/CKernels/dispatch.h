// SPDX-License-Identifier: Apache-2.0
// Calls the function of the instruction set that `isa` names.
#pragma once
#include "kernels.h"

#if defined(__x86_64__)
#define DISPATCH(function, ...) \
    switch (isa) { \
    case FACET_AVX512: function##_avx512(__VA_ARGS__); break; \
    case FACET_AVX2: function##_avx2(__VA_ARGS__); break; \
    case FACET_PORTABLE: function##_portable(__VA_ARGS__); break; \
    }
#else
#define DISPATCH(function, ...) (void)isa, function##_portable(__VA_ARGS__);
#endif
