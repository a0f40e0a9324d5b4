// SPDX-License-Identifier: Apache-2.0
// What every instruction set provides.
#pragma once
#include "CVectorScan.h"

#define DECLARE(set) \
    void facet_scan_encode_##set(const float *, ptrdiff_t, uint8_t *, uint8_t *, ptrdiff_t); \
    void facet_scan_##set(const uint8_t *, facet_scan_layout, ptrdiff_t, const facet_scan_segment *, ptrdiff_t, \
                          facet_scan_query *, ptrdiff_t, uint8_t *); \
    double facet_scan_dot_##set(const float *, const float *, ptrdiff_t);

DECLARE(portable)
#if defined(__x86_64__)
DECLARE(avx2)
DECLARE(avx512)
#endif
