// SPDX-License-Identifier: Apache-2.0
#include "graph.h"
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

void facet_scan_encode(facet_scan_isa isa, const float *x, ptrdiff_t length, uint8_t *header, uint8_t *codes,
                       ptrdiff_t row) {
    DISPATCH(facet_scan_encode, x, length, header, codes, row)
}

void facet_scan(facet_scan_isa isa, const uint8_t *blocks, facet_scan_layout layout, ptrdiff_t rows,
                const facet_scan_segment *segments, ptrdiff_t segment_count, facet_scan_query *queries,
                ptrdiff_t query_count, uint8_t *scratch) {
    DISPATCH(facet_scan, blocks, layout, rows, segments, segment_count, queries, query_count, scratch)
}

double facet_scan_dot(facet_scan_isa isa, const float *a, const float *b, ptrdiff_t length) {
    DISPATCH(facet_scan_dot, a, b, length)
}

ptrdiff_t facet_graph_search(facet_scan_isa isa, const facet_graph *graph, facet_graph_rows rows, const facet_graph_query *query,
                             facet_graph_scratch *scratch, facet_scan_hit *hits, ptrdiff_t *scored) {
    DISPATCH(facet_graph_search, graph, rows, query, scratch, hits, scored)
}

void facet_graph_detach(facet_scan_isa isa, facet_graph *graph, facet_graph_rows rows, const ptrdiff_t *lengths, uint32_t count,
                        uint32_t row, facet_graph_scratch *scratch) {
    DISPATCH(facet_graph_detach, graph, rows, lengths, count, row, scratch)
}

void facet_graph_insert(facet_scan_isa isa, facet_graph *graph, facet_graph_rows rows, const ptrdiff_t *lengths, uint32_t count,
                        uint32_t linked, uint32_t row, ptrdiff_t effort, facet_graph_scratch *scratch) {
    DISPATCH(facet_graph_insert, graph, rows, lengths, count, linked, row, effort, scratch)
}
