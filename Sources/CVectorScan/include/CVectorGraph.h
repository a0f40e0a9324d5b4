// SPDX-License-Identifier: Apache-2.0
//
// A navigable graph over rows of codes (CVectorScan.h), searched with any weights.
//
// Every row has lists of neighbours: one by the score with equal weights, and one for each segment alone. Every 64th row
// is also in a coarse layer with lists of its own, and every 4096th is where searches begin. Insertion and the choice of neighbours
// follow Malkov and Yashunin (2018), with layers by row number instead of chance.
//
// Any number of threads may search while others insert: links are read and written as atomics, and a search that meets a
// list half changed is still a search. Rows themselves must not change while a call reads them.
#pragma once
#include "CVectorScan.h"

/// 256 rows a chunk, `segments` segments each.
typedef struct {
    const uint8_t *const *chunks;
    facet_scan_layout layout;
    ptrdiff_t segments;
} facet_graph_rows;

/// A query's part in one segment, as in facet_scan_term; `codes` are filled up with zeros to `length`, a multiple of 64.
typedef struct {
    ptrdiff_t segment, offset, length;
    const int8_t *codes;
    float factor, reach;
    int32_t bias;
} facet_graph_term;

typedef struct facet_graph facet_graph;
typedef struct facet_graph_scratch facet_graph_scratch;

/// What to look for.
typedef struct {
    const facet_graph_term *terms;
    ptrdiff_t term_count;
    float slack;
    uint32_t count;         // rows that there are
    uint32_t linked;        // rows below are in the graph; the others are scored in any case
    const uint32_t *extra;  // more rows that are scored in any case
    ptrdiff_t extra_count;
    const uint16_t *mask;   // 16 bits for every block that say which rows may be found, or NULL for all
    uint32_t skip;          // a row as good as absent, or UINT32_MAX
    uint64_t lists;         // bit 0: the list by equal weights is followed; bit 1 + s: that of segment s
    ptrdiff_t effort;       // rows to keep in view: more find more, and take longer
    ptrdiff_t budget;       // rows to score at most
} facet_graph_query;

/// An empty graph; NULL without memory. `base` and `own` neighbours in the two kinds of lists (`own` may be 0).
facet_graph *facet_graph_new(ptrdiff_t segments, ptrdiff_t base, ptrdiff_t own);
void facet_graph_free(facet_graph *graph);
/// Makes room for rows 0..<count; one thread at a time. Returns 0 without memory.
int facet_graph_reserve(facet_graph *graph, ptrdiff_t count);
/// Bytes of the lists of `count` rows.
ptrdiff_t facet_graph_bytes(const facet_graph *graph, ptrdiff_t count);

/// What one thread needs for a search or an insertion over rows 0..<count of this layout; NULL without memory. It is kept by
/// the caller from one call to the next, and `facet_graph_scratch_rows` tells for how many rows it is.
facet_graph_scratch *facet_graph_scratch_new(ptrdiff_t count, facet_scan_layout layout, ptrdiff_t segments);
void facet_graph_scratch_free(facet_graph_scratch *scratch);
ptrdiff_t facet_graph_scratch_rows(const facet_graph_scratch *scratch);

/// Finds up to `effort` rows, which go to `hits` best estimate first, with bounds that hold. Returns how many, or -1 when the
/// budget was spent; `scored` is how many rows were looked at.
ptrdiff_t facet_graph_search(facet_scan_isa isa, const facet_graph *graph, facet_graph_rows rows, const facet_graph_query *query,
                             facet_graph_scratch *scratch, facet_scan_hit *hits, ptrdiff_t *scored);

/// Takes a row that changed, or went, out of its neighbours' lists, each of which gets another of them instead. `lengths`
/// are the segments' dimensions, `count` the rows that there are.
void facet_graph_detach(facet_scan_isa isa, facet_graph *graph, facet_graph_rows rows, const ptrdiff_t *lengths, uint32_t count,
                        uint32_t row, facet_graph_scratch *scratch);

/// Links a row, below `count`, by its present codes; `effort` as in a search. Rows from `linked` on are not begun with.
void facet_graph_insert(facet_scan_isa isa, facet_graph *graph, facet_graph_rows rows, const ptrdiff_t *lengths, uint32_t count,
                        uint32_t linked, uint32_t row, ptrdiff_t effort, facet_graph_scratch *scratch);
