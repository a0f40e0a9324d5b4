// SPDX-License-Identifier: Apache-2.0
//
// One pass over vectors kept as 8-bit codes, with bounds that hold for the floats they were made from.
//
// Rows lie in blocks of 16. A block holds
//   - for every row, the scales of its segments (bfloat16), filled up to 64 bytes: what a single row is read with;
//   - for every segment a header of 64 bytes, 16 scales and 16 error norms (bfloat16): what the scan reads;
//   - 16 rows of codes: a row's segments one after the other, each filled up with 128 to a multiple of 4 bytes.
// A code is 128 + c with c in -127...127 and stands for scale * c. The error norm is at least the length of (floats - scale * c).
// Blocks start on a multiple of 64 bytes, and 64 bytes after the last one may be read.
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
    FACET_SCAN_HEADER = 64,      // bytes of a segment's header
    FACET_SCAN_SLACK = 64,       // bytes after the last block that may be read
    FACET_SCAN_TILE = 2,         // blocks that the scan turns at a time at most
    FACET_SCAN_MAX_LENGTH = 32768 // dimensions of a segment; a sum of products then fits 32 bits
};

/// The best set of this machine.
facet_scan_isa facet_scan_best(void);

/// The largest magnitude that a query's code may have with this set (64 or 127): pairs of products must fit 16 bits.
int32_t facet_scan_query_limit(facet_scan_isa isa);

/// Writes one row's codes of a segment, and into its header the scale and the error norm of row `row`. `x` holds `length`
/// finite floats of magnitude at most 2.
void facet_scan_encode(facet_scan_isa isa, const float *x, ptrdiff_t length, uint8_t *header, uint8_t *codes, ptrdiff_t row);

/// A segment that is read: where its header is in the block, where its codes are in a row, and its groups of four dimensions.
typedef struct {
    ptrdiff_t header, codes, groups;
} facet_scan_segment;

/// Blocks of rows: their size, where a block's codes begin, and the bytes of a row of codes.
typedef struct {
    ptrdiff_t stride, codes, row;
} facet_scan_layout;

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

/// Rows 0..<rows of blocks: every row whose upper bound reaches a query's threshold becomes a hit of that query, in
/// ascending order. Blocks that no query counts are not read. Segments come in ascending order. The codes of a few blocks at a time are turned, so that
/// a register takes one dimension group of all 16 rows; `scratch`, aligned to 64 bytes, has room for
/// FACET_SCAN_TILE * 16 rows of codes and FACET_SCAN_SLACK.
void facet_scan(facet_scan_isa isa, const uint8_t *blocks, facet_scan_layout layout, ptrdiff_t rows,
                const facet_scan_segment *segments, ptrdiff_t segment_count, facet_scan_query *queries,
                ptrdiff_t query_count, uint8_t *scratch);

/// The inner product in double: element i goes to sum i % 8, and the eight sums are added pairwise
/// (0+4, 1+5, 2+6, 3+7, then 0+2, 1+3, then both). Products of two floats are exact, so every set gives the same bits.
double facet_scan_dot(facet_scan_isa isa, const float *a, const float *b, ptrdiff_t length);

#include "CVectorGraph.h"
#include "CBackground.h"
