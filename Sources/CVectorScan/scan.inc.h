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
// Headers are `stride` bytes apart, turned codes `turned`.
INLINE void scan_segment(const int b, const int n, const int chains, const uint8_t *header, ptrdiff_t stride,
                         const uint8_t *codes, ptrdiff_t turned, ptrdiff_t groups, ptrdiff_t s,
                         const facet_scan_query *queries, bounds *found) {
    sums sum[TILE_BLOCKS * TILE_QUERIES][4];
    const int8_t *query[TILE_QUERIES];
    UNROLL for (int q = 0; q < n; q++) query[q] = queries[q].terms[s].codes;
    UNROLL for (int q = 0; q < n; q++)
        UNROLL for (int i = 0; i < b; i++)
            UNROLL for (int c = 0; c < chains; c++)
                sum[i * n + q][c] = sums_start(c ? 0 : queries[q].terms[s].bias);
    ptrdiff_t g = 0;
    for (; g + chains <= groups; g += chains)
        UNROLL for (int c = 0; c < chains; c++)
            UNROLL for (int q = 0; q < n; q++)
                UNROLL for (int i = 0; i < b; i++)
                    sum[i * n + q][c] =
                        multiply(sum[i * n + q][c], codes + i * turned + (g + c) * 64, query[q] + (g + c) * 4);
    for (; chains > 1 && g < groups; g++)
        UNROLL for (int q = 0; q < n; q++)
            UNROLL for (int i = 0; i < b; i++)
                sum[i * n + q][0] = multiply(sum[i * n + q][0], codes + i * turned + g * 64, query[q] + g * 4);
    UNROLL for (int q = 0; q < n; q++)
        UNROLL for (int i = 0; i < b; i++) {
            sums all = sum[i * n + q][0];
            UNROLL for (int c = 1; c < chains; c++) all = sums_plus(all, sum[i * n + q][c]);
            add_segment(&found[i * n + q], all, header + i * stride, &queries[q].terms[s]);
        }
}

// What the queries of one call have in common.
typedef struct {
    const uint8_t *blocks;
    facet_scan_layout layout;
    ptrdiff_t rows;
    const facet_scan_segment *segments;
    ptrdiff_t segment_count;
    uint8_t *scratch;
} pass;

// MARK: Turning

typedef int32_t line __attribute__((vector_size(64), aligned(4)));

#define SWAP(a, b, low, high) do { const line x = v[a], y = v[b]; v[a] = low; v[b] = high; } while (0)
#define PAIR(...) __builtin_shufflevector(x, y, __VA_ARGS__)

// 16 rows of 16 groups become 16 groups of 16 rows.
INLINE void turn(line v[16]) {
    UNROLL for (int i = 0; i < 16; i++)
        if (!(i & 8))
            SWAP(i, i + 8, PAIR(0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23),
                 PAIR(8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31));
    UNROLL for (int i = 0; i < 16; i++)
        if (!(i & 4))
            SWAP(i, i + 4, PAIR(0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27),
                 PAIR(4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31));
    UNROLL for (int i = 0; i < 16; i++)
        if (!(i & 2))
            SWAP(i, i + 2, PAIR(0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29),
                 PAIR(2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31));
    UNROLL for (int i = 0; i < 16; i++)
        if (!(i & 1))
            SWAP(i, i + 1, PAIR(0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30),
                 PAIR(1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31));
}

// Bytes `from` to `to` of 16 rows of codes, turned; reads, and writes, up to a line more.
INLINE void turn_run(const uint8_t *codes, ptrdiff_t row, ptrdiff_t from, ptrdiff_t to, ptrdiff_t ahead, uint8_t *out) {
    for (ptrdiff_t at = from; at < to; at += 64) {
        line v[16];
        UNROLL for (int i = 0; i < 16; i++) {
            __builtin_prefetch(codes + i * row + at + ahead, 0, 3);
            memcpy(&v[i], codes + i * row + at, 64);
        }
        turn(v);
        const ptrdiff_t groups = to - at < 64 ? (to - at) / 4 : 16;
        UNROLL for (int i = 0; i < 16; i++)
            if (i < groups) memcpy(out + at * 16 + i * 64, &v[i], 64);
    }
}

// The codes of the segments that are read, to where they belong in `out`; neighbours in one run.
INLINE void turn_block(const pass *p, ptrdiff_t block, uint8_t *out) {
    const uint8_t *from = p->blocks + block * p->layout.stride;
    for (ptrdiff_t s = 0; s < p->segment_count;) {
        const ptrdiff_t start = p->segments[s].codes;
        ptrdiff_t end = start;
        for (; s < p->segment_count && p->segments[s].codes == end; s++) {
            __builtin_prefetch(from + p->segments[s].header + AHEAD * p->layout.stride, 0, 3);
            end += p->segments[s].groups * 4;
        }
        turn_run(from + p->layout.codes, p->layout.row, start, end, AHEAD * p->layout.stride, out);
    }
}

INLINE void scan_tile(const int b, const int n, const int chains, const pass *p, ptrdiff_t block, const uint8_t *turned,
                      facet_scan_query *queries) {
    bounds found[TILE_BLOCKS * TILE_QUERIES];
    UNROLL for (int i = 0; i < b * n; i++) memset(&found[i], 0, sizeof found[i]);
    for (ptrdiff_t s = 0; s < p->segment_count; s++)
        scan_segment(b, n, chains, p->blocks + block * p->layout.stride + p->segments[s].header, p->layout.stride,
                     turned + p->segments[s].codes * FACET_SCAN_ROWS, p->layout.row * FACET_SCAN_ROWS,
                     p->segments[s].groups, s, queries, found);
    UNROLL for (int q = 0; q < n; q++)
        UNROLL for (int i = 0; i < b; i++) report(&found[i * n + q], &queries[q], block + i, p->rows);
}

// True when at least one of `n` queries counts a row of the blocks.
INLINE int wanted(const facet_scan_query *queries, ptrdiff_t n, ptrdiff_t block, ptrdiff_t b) {
    for (ptrdiff_t q = 0; q < n; q++)
        for (ptrdiff_t i = 0; i < b; i++)
            if (!queries[q].mask || queries[q].mask[block + i]) return 1;
    return 0;
}

// Every query on `b` blocks that were turned.
INLINE void scan_blocks(const int b, const pass *p, ptrdiff_t block, facet_scan_query *queries, ptrdiff_t count) {
    ptrdiff_t q = 0;
    for (; q + TILE_QUERIES <= count; q += TILE_QUERIES)
        if (wanted(queries + q, TILE_QUERIES, block, b)) scan_tile(b, TILE_QUERIES, 1, p, block, p->scratch, queries + q);
    for (; q < count; q++)
        for (int i = 0; i < b; i++)
            if (wanted(queries + q, 1, block + i, 1))
                scan_tile(1, 1, 4, p, block + i, p->scratch + i * p->layout.row * FACET_SCAN_ROWS, queries + q);
}

TARGET void NAME(facet_scan)(const uint8_t *blocks, facet_scan_layout layout, ptrdiff_t rows,
                             const facet_scan_segment *segments, ptrdiff_t segment_count, facet_scan_query *queries,
                             ptrdiff_t query_count, uint8_t *scratch) {
    const pass all = {blocks, layout, rows, segments, segment_count, scratch};
    const ptrdiff_t count = (rows + FACET_SCAN_ROWS - 1) / FACET_SCAN_ROWS;
    for (ptrdiff_t q = 0; q < query_count; q++) queries[q].count = 0;
    for (ptrdiff_t block = 0; block < count;) {
        const int b = query_count >= TILE_QUERIES && block + TILE_BLOCKS <= count ? TILE_BLOCKS : 1;
        if (wanted(queries, query_count, block, b)) {
            for (int i = 0; i < b; i++) turn_block(&all, block + i, scratch + i * layout.row * FACET_SCAN_ROWS);
            if (b == TILE_BLOCKS) scan_blocks(TILE_BLOCKS, &all, block, queries, query_count);
            else scan_blocks(1, &all, block, queries, query_count);
        }
        block += b;
    }
}
