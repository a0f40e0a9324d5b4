// SPDX-License-Identifier: Apache-2.0
#include "scan.h"

#if defined(__x86_64__)
#define DISPATCH(function, ...) \
    switch (isa) { \
    case FACET_SCAN_AVX512: return function##_avx512(__VA_ARGS__); \
    case FACET_SCAN_AVX2: return function##_avx2(__VA_ARGS__); \
    case FACET_SCAN_PORTABLE: break; \
    } \
    return function##_portable(__VA_ARGS__);
#else
#define DISPATCH(function, ...) (void)isa; return function##_portable(__VA_ARGS__);
#endif

facet_scan_isa facet_scan_best(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni"))
        return FACET_SCAN_AVX512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return FACET_SCAN_AVX2;
#endif
    return FACET_SCAN_PORTABLE;
}

int32_t facet_scan_query_limit(facet_scan_isa isa) { return isa == FACET_SCAN_AVX2 ? 64 : 127; }

void facet_scan_encode(facet_scan_isa isa, const float *x, ptrdiff_t length, uint8_t *segment, ptrdiff_t row) {
    DISPATCH(facet_scan_encode, x, length, segment, row)
}

void facet_scan(facet_scan_isa isa, const uint8_t *blocks, ptrdiff_t stride, ptrdiff_t rows,
                const facet_scan_segment *segments, ptrdiff_t segment_count, facet_scan_query *queries,
                ptrdiff_t query_count) {
    DISPATCH(facet_scan, blocks, stride, rows, segments, segment_count, queries, query_count)
}

double facet_scan_dot(facet_scan_isa isa, const float *a, const float *b, ptrdiff_t length) {
    DISPATCH(facet_scan_dot, a, b, length)
}
