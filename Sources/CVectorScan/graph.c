// SPDX-License-Identifier: Apache-2.0
// The graph's memory.
#include <stdlib.h>
#include "graph.h"

static int layer_start(graph_layer *layer, ptrdiff_t base, ptrdiff_t own, ptrdiff_t lists, uint32_t stride) {
    layer->base = base;
    layer->own = own;
    layer->width = base + (lists - 1) * own;
    layer->stride = stride;
    layer->tables = calloc(GRAPH_TABLES, sizeof *layer->tables);
    return layer->tables != NULL;
}

facet_graph *facet_graph_new(ptrdiff_t segments, ptrdiff_t base, ptrdiff_t own) {
    if (base < 1 || own < 0 || base > GRAPH_WIDEST || own > GRAPH_WIDEST) return NULL;
    facet_graph *graph = calloc(1, sizeof *graph);
    if (!graph) return NULL;
    graph->segments = segments;
    graph->lists = own && segments > 1 ? segments + 1 : 1;
    if (layer_start(&graph->layers[0], base, own, graph->lists, 1)
        && layer_start(&graph->layers[1], base, own, graph->lists, GRAPH_STRIDE))
        return graph;
    facet_graph_free(graph);
    return NULL;
}

void facet_graph_free(facet_graph *graph) {
    for (int l = 0; l < 2; l++) {
        uint32_t **tables = graph->layers[l].tables;
        for (ptrdiff_t i = 0; tables && i < GRAPH_TABLES && tables[i]; i++) free(tables[i]);
        free(tables);
    }
    free(graph);
}

int facet_graph_reserve(facet_graph *graph, ptrdiff_t count) {
    for (int l = 0; l < 2; l++) {
        graph_layer *layer = &graph->layers[l];
        const ptrdiff_t nodes = (count + layer->stride - 1) / layer->stride;
        for (ptrdiff_t i = 0; i * GRAPH_TABLE < nodes; i++) {
            if (layer->tables[i]) continue;
            // Zeroed pages that nobody writes take no memory.
            uint32_t *table = calloc((size_t)GRAPH_TABLE * (size_t)layer->width, sizeof *table);
            if (!table) return 0;
            __atomic_store_n(&layer->tables[i], table, __ATOMIC_RELEASE);
        }
    }
    return 1;
}

ptrdiff_t facet_graph_bytes(const facet_graph *graph, ptrdiff_t count) {
    ptrdiff_t bytes = sizeof *graph;
    for (int l = 0; l < 2; l++) {
        const graph_layer *layer = &graph->layers[l];
        bytes += (count + layer->stride - 1) / layer->stride * layer->width * (ptrdiff_t)sizeof(uint32_t);
    }
    return bytes;
}

facet_graph_scratch *facet_graph_scratch_new(ptrdiff_t count, facet_scan_layout layout, ptrdiff_t segments) {
    facet_graph_scratch *scratch = calloc(1, sizeof *scratch);
    if (!scratch) return NULL;
    const size_t rows = (size_t)count + 1, codes = (size_t)layout.row + (size_t)segments * 64;
    scratch->rows = count;
    scratch->visited = calloc(rows / 32 + 1, sizeof *scratch->visited);
    scratch->touched = malloc(rows * sizeof *scratch->touched);
    scratch->candidates = malloc(rows * sizeof *scratch->candidates);
    scratch->found = malloc(rows * sizeof *scratch->found);
    int whole = scratch->visited && scratch->touched && scratch->candidates && scratch->found;
    for (int i = 0; i < 2; i++) {
        scratch->terms[i] = calloc((size_t)segments, sizeof *scratch->terms[i]);
        scratch->codes[i] = calloc(codes, 1);
        whole = whole && scratch->terms[i] && scratch->codes[i];
    }
    if (whole) return scratch;
    facet_graph_scratch_free(scratch);
    return NULL;
}

void facet_graph_scratch_free(facet_graph_scratch *scratch) {
    free(scratch->visited);
    free(scratch->touched);
    free(scratch->candidates);
    free(scratch->found);
    for (int i = 0; i < 2; i++) {
        free(scratch->terms[i]);
        free(scratch->codes[i]);
    }
    free(scratch);
}

ptrdiff_t facet_graph_scratch_rows(const facet_graph_scratch *scratch) { return scratch->rows; }
