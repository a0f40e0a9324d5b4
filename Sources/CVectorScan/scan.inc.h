// SPDX-License-Identifier: Apache-2.0
//
// The scan of one instruction set. Before including it, define NAME, TARGET, LANES (floats of a register), the largest
// tile TILE_BLOCKS x TILE_QUERIES, and
//   sums                               16 running sums, one a row
//   sums sums_start(int32_t)           all equal
//   sums sums_plus(sums, sums)
//   sums multiply(sums, codes, query)  plus 16 rows' products of one group of four
//   void sums_read(sums, int32_t out[16])
#include <string.h>

#define UNROLL _Pragma("clang loop unroll(full)")
#define PARTS (FACET_SCAN_ROWS / LANES)
// How many blocks ahead of its use a lone query's pass asks for memory, where the hardware does not see the way.
#define AHEAD 2

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));
typedef int32_t ivec __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(sizeof(int32_t))));
typedef uint16_t hvec __attribute__((vector_size(LANES * sizeof(uint16_t)), aligned(sizeof(uint16_t))));

// Estimates of 16 rows and how far off they may be.
typedef struct {
    vec estimate[PARTS], radius[PARTS];
} bounds;

INLINE vec widened(const uint8_t *from) { // bfloat16
    return (vec)(__builtin_convertvector(*(const hvec *)from, ivec) << 16);
}

INLINE void add_segment(bounds *to, sums products, const uint8_t *header, const facet_scan_term *term) {
    int32_t whole[FACET_SCAN_ROWS];
    sums_read(products, whole);
    UNROLL for (int p = 0; p < PARTS; p++) {
        const vec sum = __builtin_convertvector(*(const ivec *)(whole + p * LANES), vec);
        to->estimate[p] += sum * (widened(header + p * LANES * 2) * term->factor);
        to->radius[p] += widened(header + FACET_SCAN_ROWS * 2 + p * LANES * 2) * term->reach;
    }
}

// MARK: Hits

INLINE void report(const bounds *found, facet_scan_query *query, ptrdiff_t block, ptrdiff_t rows) {
    vec best = found->estimate[0] + (found->radius[0] + query->slack);
    UNROLL for (int p = 1; p < PARTS; p++)
        best = __builtin_elementwise_max(best, found->estimate[p] + (found->radius[p] + query->slack));
    if (!(__builtin_reduce_max(best) >= query->threshold)) return;
    const uint32_t mask = query->mask ? query->mask[block] : 0xFFFF;
    const ptrdiff_t first = block * FACET_SCAN_ROWS;
    const ptrdiff_t last = rows - first < FACET_SCAN_ROWS ? rows - first : FACET_SCAN_ROWS;
    for (ptrdiff_t i = 0; i < last; i++) {
        const float estimate = found->estimate[i / LANES][i % LANES];
        const float radius = found->radius[i / LANES][i % LANES] + query->slack;
        if (!(mask >> i & 1) || !(estimate + radius >= query->threshold)) continue;
        query->hits[query->count++] = (facet_scan_hit){(uint32_t)(first + i), estimate - radius, estimate + radius};
    }
}

// MARK: Tiles

// One segment of `n` queries on `b` blocks; `chains` sums for each pair hide the latency where there are few pairs.
INLINE void scan_segment(const int b, const int n, const int chains, const uint8_t *header, ptrdiff_t stride,
                         ptrdiff_t groups, ptrdiff_t s, const facet_scan_query *queries, bounds *found) {
    const uint8_t *codes = header + FACET_SCAN_HEADER;
    sums sum[TILE_BLOCKS * TILE_QUERIES][4];
    const int8_t *query[TILE_QUERIES];
    UNROLL for (int q = 0; q < n; q++) query[q] = queries[q].terms[s].codes;
    UNROLL for (int q = 0; q < n; q++)
        UNROLL for (int i = 0; i < b; i++)
            UNROLL for (int c = 0; c < chains; c++)
                sum[i * n + q][c] = sums_start(c ? 0 : queries[q].terms[s].bias);
    if (b * n == 1) __builtin_prefetch(header + AHEAD * stride, 0, 3);
    ptrdiff_t g = 0;
    for (; g + chains <= groups; g += chains)
        UNROLL for (int c = 0; c < chains; c++) {
            if (b * n == 1) __builtin_prefetch(codes + AHEAD * stride + (g + c) * 64, 0, 3);
            UNROLL for (int q = 0; q < n; q++)
                UNROLL for (int i = 0; i < b; i++)
                    sum[i * n + q][c] =
                        multiply(sum[i * n + q][c], codes + i * stride + (g + c) * 64, query[q] + (g + c) * 4);
        }
    for (; chains > 1 && g < groups; g++)
        UNROLL for (int q = 0; q < n; q++)
            UNROLL for (int i = 0; i < b; i++)
                sum[i * n + q][0] = multiply(sum[i * n + q][0], codes + i * stride + g * 64, query[q] + g * 4);
    UNROLL for (int q = 0; q < n; q++)
        UNROLL for (int i = 0; i < b; i++) {
            sums all = sum[i * n + q][0];
            UNROLL for (int c = 1; c < chains; c++) all = sums_plus(all, sum[i * n + q][c]);
            add_segment(&found[i * n + q], all, header + i * stride, &queries[q].terms[s]);
        }
}

INLINE void scan_tile(const int b, const int n, const int chains, const uint8_t *blocks, ptrdiff_t stride,
                      ptrdiff_t block, ptrdiff_t rows, const facet_scan_segment *segments, ptrdiff_t segment_count,
                      facet_scan_query *queries) {
    bounds found[TILE_BLOCKS * TILE_QUERIES];
    UNROLL for (int i = 0; i < b * n; i++) memset(&found[i], 0, sizeof found[i]);
    for (ptrdiff_t s = 0; s < segment_count; s++)
        scan_segment(b, n, chains, blocks + block * stride + segments[s].offset, stride, segments[s].groups, s, queries,
                     found);
    UNROLL for (int q = 0; q < n; q++)
        UNROLL for (int i = 0; i < b; i++) report(&found[i * n + q], &queries[q], block + i, rows);
}

// True when at least one of `n` queries counts a row of the blocks.
INLINE int wanted(const facet_scan_query *queries, ptrdiff_t n, ptrdiff_t block, ptrdiff_t b) {
    for (ptrdiff_t q = 0; q < n; q++)
        for (ptrdiff_t i = 0; i < b; i++)
            if (!queries[q].mask || queries[q].mask[block + i]) return 1;
    return 0;
}

// Every query on a run of blocks that is small enough to stay in cache.
INLINE void scan_run(const uint8_t *blocks, ptrdiff_t stride, ptrdiff_t from, ptrdiff_t count, ptrdiff_t rows,
                     const facet_scan_segment *segments, ptrdiff_t segment_count, facet_scan_query *queries,
                     ptrdiff_t query_count) {
    ptrdiff_t q = 0;
#define TILE(b, n, chains) \
    if (wanted(queries + q, n, from + i, b)) \
        scan_tile(b, n, chains, blocks, stride, from + i, rows, segments, segment_count, queries + q);
    for (; q + TILE_QUERIES <= query_count; q += TILE_QUERIES) {
        ptrdiff_t i = 0;
        for (; i + TILE_BLOCKS <= count; i += TILE_BLOCKS) TILE(TILE_BLOCKS, TILE_QUERIES, 1)
        for (; TILE_BLOCKS > 1 && i < count; i++) TILE(1, TILE_QUERIES, 1)
    }
    for (; q < query_count; q++)
        for (ptrdiff_t i = 0; i < count; i++) TILE(1, 1, 4)
#undef TILE
}

TARGET void NAME(facet_scan)(const uint8_t *blocks, ptrdiff_t stride, ptrdiff_t rows,
                             const facet_scan_segment *segments, ptrdiff_t segment_count, facet_scan_query *queries,
                             ptrdiff_t query_count) {
    const ptrdiff_t count = (rows + FACET_SCAN_ROWS - 1) / FACET_SCAN_ROWS;
    const ptrdiff_t run = query_count > 1 ? TILE_BLOCKS : count;
    for (ptrdiff_t q = 0; q < query_count; q++) queries[q].count = 0;
    for (ptrdiff_t from = 0; from < count; from += run)
        scan_run(blocks, stride, from, count - from < run ? count - from : run, rows, segments, segment_count, queries,
                 query_count);
}
