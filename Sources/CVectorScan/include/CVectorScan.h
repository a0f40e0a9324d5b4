// SPDX-License-Identifier: Apache-2.0
//
// One pass over vectors kept as 8-bit codes, with bounds that hold for the floats they were made from.
//
// Rows lie in blocks of 16. A block holds its segments one after the other; a segment is 16 scales and 16 error norms
// (bfloat16, 64 bytes in all) and then, for every group of four dimensions, 16 x 4 codes: byte 4*row + dimension.
// A code is 128 + c with c in -127...127 and stands for scale * c; groups are filled up with 128. The error norm is at
// least the length of (floats - scale * c). Blocks start on a multiple of 64 bytes.
//
// Functions take no locks and keep nothing; they may run on any number of threads.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Instruction sets, worst to best. Bounds may differ from one to the next, but all of them hold.
/// AVX-512 is taken with VNNI only (Ice Lake, Zen 4 and later).
typedef enum { FACET_SCAN_PORTABLE = 0, FACET_SCAN_AVX2 = 1, FACET_SCAN_AVX512 = 2 } facet_scan_isa;

enum {
    FACET_SCAN_ROWS = 16,        // rows of a block
    FACET_SCAN_HEADER = 64,      // bytes before the codes of a segment
    FACET_SCAN_MAX_LENGTH = 32768 // dimensions of a segment; a sum of products then fits 32 bits
};

/// The best set of this machine.
facet_scan_isa facet_scan_best(void);

/// The largest magnitude that a query's code may have with this set (64 or 127): pairs of products must fit 16 bits.
int32_t facet_scan_query_limit(facet_scan_isa isa);

/// Bytes that a segment of `length` dimensions takes in a block.
static inline ptrdiff_t facet_scan_segment_bytes(ptrdiff_t length) {
    return FACET_SCAN_HEADER + (length + 3) / 4 * 4 * FACET_SCAN_ROWS;
}

/// Writes one row's codes, scale and error norm. `x` holds `length` finite floats of magnitude at most 2.
void facet_scan_encode(facet_scan_isa isa, const float *x, ptrdiff_t length, uint8_t *segment, ptrdiff_t row);

/// A segment that is read: its place in the block and its groups of four dimensions.
typedef struct {
    ptrdiff_t offset, groups;
} facet_scan_segment;

/// A query's part in one segment: codes (four for each group, zeros beyond the length), their factor, and -128 times
/// the sum of the codes. A row's estimate is the sum over segments of scale * factor * (products of codes); `reach`
/// multiplies the row's error norm.
typedef struct {
    const int8_t *codes;
    float factor, reach;
    int32_t bias;
} facet_scan_term;

/// A row that may reach the threshold: its score is between `lower` and `upper`.
typedef struct {
    uint32_t row;
    float lower, upper;
} facet_scan_hit;

/// One query: a term for every segment that is read, `slack` for what does not depend on the row, the threshold, 16 bits
/// for every block that say which rows count (or NULL for all), and room for a hit per row. `count` is set.
typedef struct {
    const facet_scan_term *terms;
    const uint16_t *mask;
    facet_scan_hit *hits;
    ptrdiff_t count;
    float slack, threshold;
} facet_scan_query;

/// Rows 0..<rows of blocks `stride` bytes apart: every row whose upper bound reaches a query's threshold becomes a hit
/// of that query, in ascending order. Blocks that no query counts are not read.
void facet_scan(facet_scan_isa isa, const uint8_t *blocks, ptrdiff_t stride, ptrdiff_t rows,
                const facet_scan_segment *segments, ptrdiff_t segment_count, facet_scan_query *queries,
                ptrdiff_t query_count);

/// The inner product in double: element i goes to sum i % 8, and the eight sums are added pairwise
/// (0+4, 1+5, 2+6, 3+7, then 0+2, 1+3, then both). Products of two floats are exact, so every set gives the same bits.
double facet_scan_dot(facet_scan_isa isa, const float *a, const float *b, ptrdiff_t length);
