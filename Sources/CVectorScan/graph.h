// SPDX-License-Identifier: Apache-2.0
// What the graph is made of.
#pragma once
#include "CVectorGraph.h"

enum {
    GRAPH_STRIDE = 64,       // rows from one of the coarse layer to the next
    GRAPH_START = 64 * 64,   // rows from one start to the next at most
    GRAPH_STARTS_LEAST = 64, // starts at least
    GRAPH_STARTS = 4,        // starts that are followed
    GRAPH_COARSE_EFFORT = 8, // effort in the coarse layer
    GRAPH_WIDEST = 64,       // neighbours of a list at most
    GRAPH_TABLE = 1 << 16,   // nodes of a table
    GRAPH_TABLES = 1 << 16,
    GRAPH_LOCKS = 1 << 12,
};

// Tables are zeros at first: a link is a node's number plus one, and zero ends a list.
typedef struct {
    uint32_t **tables;
    ptrdiff_t base, own, width;
    uint32_t stride;
} graph_layer;

struct facet_graph {
    graph_layer layers[2];
    ptrdiff_t segments, lists;
    uint8_t locks[GRAPH_LOCKS];
};

struct facet_graph_scratch {
    ptrdiff_t rows;
    uint32_t *visited, *touched;
    ptrdiff_t touched_count;
    uint64_t *candidates, *found;
    ptrdiff_t found_count, scored;
    facet_graph_term *terms[2];
    int8_t *codes[2];
};

// A node's lists; NULL where none was made.
static inline uint32_t *graph_node(const graph_layer *layer, uint32_t node) {
    uint32_t *table = __atomic_load_n(&layer->tables[node / GRAPH_TABLE], __ATOMIC_ACQUIRE);
    return table ? table + (ptrdiff_t)(node % GRAPH_TABLE) * layer->width : 0;
}

static inline ptrdiff_t graph_list_start(const graph_layer *layer, ptrdiff_t list) {
    return list ? layer->base + (list - 1) * layer->own : 0;
}

static inline ptrdiff_t graph_list_size(const graph_layer *layer, ptrdiff_t list) { return list ? layer->own : layer->base; }

static inline uint32_t graph_link(const uint32_t *list, ptrdiff_t i) { return __atomic_load_n(list + i, __ATOMIC_RELAXED); }
static inline void graph_set(uint32_t *list, ptrdiff_t i, uint32_t link) { __atomic_store_n(list + i, link, __ATOMIC_RELEASE); }

static inline void graph_lock(facet_graph *graph, uint32_t node) {
    while (__atomic_test_and_set(&graph->locks[node % GRAPH_LOCKS], __ATOMIC_ACQUIRE)) {}
}

static inline void graph_unlock(facet_graph *graph, uint32_t node) {
    __atomic_clear(&graph->locks[node % GRAPH_LOCKS], __ATOMIC_RELEASE);
}

#define DECLARE_GRAPH(set) \
    ptrdiff_t facet_graph_search_##set(const facet_graph *, facet_graph_rows, const facet_graph_query *, facet_graph_scratch *, \
                                       facet_scan_hit *, ptrdiff_t *); \
    void facet_graph_detach_##set(facet_graph *, facet_graph_rows, const ptrdiff_t *, uint32_t, uint32_t, facet_graph_scratch *); \
    void facet_graph_insert_##set(facet_graph *, facet_graph_rows, const ptrdiff_t *, uint32_t, uint32_t, uint32_t, ptrdiff_t, \
                                  facet_graph_scratch *);

DECLARE_GRAPH(portable)
#if defined(__x86_64__)
DECLARE_GRAPH(avx2)
DECLARE_GRAPH(avx512)
#endif
