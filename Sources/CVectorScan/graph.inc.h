// SPDX-License-Identifier: Apache-2.0
//
// Searching the graph with one instruction set. Before including it, define NAME, TARGET, INLINE, and
//   float row_products(codes, scales, terms, count)  a row's estimate from its codes and its scales
//   OWN_CODE_SHARE                                   what a row's codes are divided by to be within the limit on queries
#include <string.h>
#include "graph.h"

#define GRAPH_AHEAD 4

// MARK: Scores

INLINE const uint8_t *row_block(const facet_graph_rows *rows, uint32_t row) {
    return rows->chunks[row / 256] + (ptrdiff_t)(row / FACET_SCAN_ROWS % 16) * rows->layout.stride;
}

INLINE const uint8_t *row_codes(const facet_graph_rows *rows, const uint8_t *block, uint32_t row) {
    return block + rows->layout.codes + (ptrdiff_t)(row % FACET_SCAN_ROWS) * rows->layout.row;
}

INLINE const uint8_t *row_scales(const facet_graph_rows *rows, const uint8_t *block, uint32_t row) {
    return block + (ptrdiff_t)(row % FACET_SCAN_ROWS) * rows->segments * 2;
}

INLINE float row_half(const uint8_t *from) {
    uint16_t half;
    memcpy(&half, from, 2);
    return from_half(half);
}

INLINE float row_score(const facet_graph_rows *rows, const facet_graph_term *terms, ptrdiff_t count, uint32_t row) {
    const uint8_t *block = row_block(rows, row), *codes = row_codes(rows, block, row), *scales = row_scales(rows, block, row);
    return row_products(codes, scales, terms, count);
}

INLINE void row_fetch(const facet_graph_rows *rows, const facet_graph_term *terms, ptrdiff_t count, uint32_t row) {
    const uint8_t *block = row_block(rows, row), *codes = row_codes(rows, block, row);
    __builtin_prefetch(row_scales(rows, block, row), 0, 3);
    for (ptrdiff_t t = 0; t < count; t++)
        for (ptrdiff_t i = 0; i < terms[t].length; i += 64) __builtin_prefetch(codes + terms[t].offset + i, 0, 3);
}

// MARK: Heaps
// An entry is a score, as whole numbers in the order of the floats, above a node's number.

INLINE uint64_t entry_of(float score, uint32_t node) {
    uint32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return (uint64_t)(bits >> 31 ? ~bits : bits | 0x80000000u) << 32 | node;
}

INLINE float entry_score(uint64_t entry) {
    const uint32_t order = (uint32_t)(entry >> 32), bits = order >> 31 ? order & 0x7FFFFFFFu : ~order;
    float score;
    memcpy(&score, &bits, sizeof score);
    return score;
}

// Heaps with the largest of entry ^ turn on top: turn is 0, or all ones for the smallest entry on top.
INLINE void heap_rise(uint64_t *heap, ptrdiff_t at, uint64_t turn) {
    const uint64_t entry = heap[at];
    for (; at && (heap[(at - 1) / 2] ^ turn) < (entry ^ turn); at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = entry;
}

INLINE void heap_replace(uint64_t *heap, ptrdiff_t count, uint64_t entry, uint64_t turn) {
    ptrdiff_t at = 0;
    for (ptrdiff_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && (heap[child + 1] ^ turn) > (heap[child] ^ turn)) child++;
        if ((heap[child] ^ turn) <= (entry ^ turn)) break;
        heap[at] = heap[child];
    }
    heap[at] = entry;
}

// Keeps the best `limit` entries, the worst of them on top. Returns whether the entry was kept.
INLINE int keep_best(uint64_t *heap, ptrdiff_t *count, ptrdiff_t limit, uint64_t entry) {
    if (*count < limit) {
        heap[*count] = entry;
        heap_rise(heap, (*count)++, ~0ull);
        return 1;
    }
    if (!limit || entry <= heap[0]) return 0;
    heap_replace(heap, *count, entry, ~0ull);
    return 1;
}

// Heap to descending order.
INLINE void heap_sort(uint64_t *heap, ptrdiff_t count) {
    while (count > 1) {
        const uint64_t last = heap[--count];
        heap[count] = heap[0];
        heap_replace(heap, count, last, ~0ull);
    }
}

// MARK: Walking

typedef struct {
    const facet_graph *graph;
    const facet_graph_rows *rows;
    const facet_graph_query *query;
    facet_graph_scratch *scratch;
} walk;

// True the first time.
INLINE int visit(facet_graph_scratch *scratch, uint32_t node) {
    const uint32_t word = node / 32, bit = 1u << node % 32;
    if (scratch->visited[word] & bit) return 0;
    scratch->visited[word] |= bit;
    scratch->touched[scratch->touched_count++] = word;
    return 1;
}

INLINE void forget(facet_graph_scratch *scratch) {
    for (ptrdiff_t i = 0; i < scratch->touched_count; i++) scratch->visited[scratch->touched[i]] = 0;
    scratch->touched_count = 0;
}

INLINE int may_be_found(const facet_graph_query *query, uint32_t row) {
    return !query->mask || query->mask[row / FACET_SCAN_ROWS] >> row % FACET_SCAN_ROWS & 1;
}

// Takes a visited node: to be followed, and among the best when it counts.
INLINE void offer(const walk *w, uint32_t stride, ptrdiff_t effort, ptrdiff_t *open, uint64_t entry) {
    facet_graph_scratch *s = w->scratch;
    if (s->found_count == effort && entry <= s->found[0]) return;
    s->candidates[*open] = entry;
    heap_rise(s->candidates, (*open)++, 0);
    if (stride > 1 || may_be_found(w->query, (uint32_t)entry)) keep_best(s->found, &s->found_count, effort, entry);
}

// Neighbours of a node that were not visited before.
INLINE ptrdiff_t fresh_neighbours(const walk *w, const graph_layer *layer, uint32_t node, uint32_t *out) {
    const uint32_t *links = graph_node(layer, node);
    ptrdiff_t count = 0;
    if (!links) return 0;
    for (uint64_t lists = w->query->lists; lists; lists &= lists - 1) {
        const ptrdiff_t list = __builtin_ctzll(lists);
        if (list >= w->graph->lists) break;
        const uint32_t *from = links + graph_list_start(layer, list);
        for (ptrdiff_t i = 0, size = graph_list_size(layer, list); i < size; i++) {
            const uint32_t link = graph_link(from, i);
            if (!link) break;
            if ((uint64_t)(link - 1) * layer->stride >= w->query->count || !visit(w->scratch, link - 1)) continue;
            out[count++] = link - 1;
        }
    }
    return count;
}

// Best first from the entries in `candidates`; what is found is in the scratch. False when the budget was spent.
INLINE int follow(const walk *w, int l, ptrdiff_t effort, ptrdiff_t open) {
    const graph_layer *layer = &w->graph->layers[l];
    const facet_graph_query *q = w->query;
    facet_graph_scratch *s = w->scratch;
    uint32_t fresh[GRAPH_WIDEST * 65];
    while (open) {
        const uint64_t best = s->candidates[0];
        if (s->found_count == effort && best < s->found[0]) break;
        if (s->scored > q->budget) return 0;
        if (--open) heap_replace(s->candidates, open, s->candidates[open], 0);
        const ptrdiff_t count = fresh_neighbours(w, layer, (uint32_t)best, fresh);
        for (ptrdiff_t i = 0; i < count && i < GRAPH_AHEAD; i++) row_fetch(w->rows, q->terms, q->term_count, fresh[i] * layer->stride);
        for (ptrdiff_t i = 0; i < count; i++) {
            if (i + GRAPH_AHEAD < count) row_fetch(w->rows, q->terms, q->term_count, fresh[i + GRAPH_AHEAD] * layer->stride);
            const float score = row_score(w->rows, q->terms, q->term_count, fresh[i] * layer->stride);
            offer(w, layer->stride, effort, &open, entry_of(score, fresh[i]));
        }
        s->scored += count;
        if (open) __builtin_prefetch(graph_node(layer, (uint32_t)s->candidates[0]), 0, 3);
    }
    return 1;
}

// Rows from one start to the next: at least GRAPH_STARTS_LEAST starts as soon as the coarse layer has as many rows, so that
// some are linked whichever rows are being linked anew.
INLINE uint32_t start_stride(uint32_t linked) {
    const uint32_t stride = linked / GRAPH_STARTS_LEAST / GRAPH_STRIDE * GRAPH_STRIDE;
    return stride < GRAPH_STRIDE ? GRAPH_STRIDE : stride < GRAPH_START ? stride : GRAPH_START;
}

// The coarse layer from the best starts that lead anywhere; what is found stays in the scratch.
INLINE void find_coarse(const walk *w, ptrdiff_t effort) {
    const facet_graph_query *q = w->query;
    const graph_layer *layer = &w->graph->layers[1];
    facet_graph_scratch *s = w->scratch;
    uint64_t starts[GRAPH_STARTS], lone[1];
    ptrdiff_t count = 0, lone_count = 0, open = 0;
    const uint32_t stride = start_stride(q->linked);
    for (uint32_t row = 0; row == 0 || row < q->linked; row += stride) {
        if (row + stride < q->linked) row_fetch(w->rows, q->terms, q->term_count, row + stride);
        if (row != q->skip) {
            const uint32_t node = row / GRAPH_STRIDE, *links = graph_node(layer, node);
            const uint64_t entry = entry_of(row_score(w->rows, q->terms, q->term_count, row), node);
            if (links && graph_link(links, 0)) keep_best(starts, &count, GRAPH_STARTS, entry);
            else keep_best(lone, &lone_count, 1, entry);
            s->scored++;
        }
        if (row > UINT32_MAX - stride) break;
    }
    if (!count && lone_count) starts[count++] = lone[0];
    s->found_count = 0;
    if (q->skip % GRAPH_STRIDE == 0) visit(s, q->skip / GRAPH_STRIDE);
    for (ptrdiff_t i = 0; i < count; i++)
        if (visit(s, (uint32_t)starts[i])) offer(w, GRAPH_STRIDE, effort, &open, starts[i]);
    follow(w, 1, effort, open);
    forget(s);
}

// The rows that are scored in any case.
INLINE void offer_rest(const walk *w, ptrdiff_t effort, ptrdiff_t *open) {
    const facet_graph_query *q = w->query;
    for (ptrdiff_t i = 0; i < q->extra_count + (ptrdiff_t)(q->count - q->linked); i++) {
        const uint32_t row = i < q->extra_count ? q->extra[i] : q->linked + (uint32_t)(i - q->extra_count);
        if (row >= q->count || !visit(w->scratch, row)) continue;
        offer(w, 1, effort, open, entry_of(row_score(w->rows, q->terms, q->term_count, row), row));
        w->scratch->scored++;
    }
}

// From what the coarse layer found into the layer of all rows.
INLINE int find_rows(const walk *w, ptrdiff_t effort) {
    facet_graph_scratch *s = w->scratch;
    uint64_t entries[GRAPH_COARSE_EFFORT];
    ptrdiff_t count = 0, open = 0;
    heap_sort(s->found, s->found_count);
    for (; count < s->found_count && count < GRAPH_COARSE_EFFORT; count++) entries[count] = s->found[count];
    s->found_count = 0;
    if (w->query->skip < w->query->count) visit(s, w->query->skip);
    for (ptrdiff_t i = 0; i < count; i++) {
        const uint32_t row = (uint32_t)entries[i] * GRAPH_STRIDE;
        if (visit(s, row)) offer(w, 1, effort, &open, (entries[i] & ~0xFFFFFFFFull) | row);
    }
    offer_rest(w, effort, &open);
    const int whole = follow(w, 0, effort, open);
    forget(s);
    return whole;
}

TARGET ptrdiff_t NAME(facet_graph_search)(const facet_graph *graph, facet_graph_rows rows, const facet_graph_query *query,
                                          facet_graph_scratch *scratch, facet_scan_hit *hits, ptrdiff_t *scored) {
    const walk w = {graph, &rows, query, scratch};
    scratch->scored = 0;
    if (!query->count) return 0;
    find_coarse(&w, GRAPH_COARSE_EFFORT);
    const int whole = find_rows(&w, query->effort);
    *scored = scratch->scored;
    if (!whole) return -1;
    heap_sort(scratch->found, scratch->found_count);
    for (ptrdiff_t i = 0; i < scratch->found_count; i++) {
        const uint32_t row = (uint32_t)scratch->found[i];
        const uint8_t *errors = row_block(&rows, row) + rows.layout.codes - rows.segments * FACET_SCAN_HEADER
                              + FACET_SCAN_ROWS * 2 + row % FACET_SCAN_ROWS * 2;
        float radius = query->slack;
        for (ptrdiff_t t = 0; t < query->term_count; t++)
            radius += query->terms[t].reach * row_half(errors + query->terms[t].segment * FACET_SCAN_HEADER);
        const float score = entry_score(scratch->found[i]);
        hits[i] = (facet_scan_hit){row, score - radius, score + radius};
    }
    return scratch->found_count;
}
