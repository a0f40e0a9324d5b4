// SPDX-License-Identifier: Apache-2.0
//
// Linking rows with one instruction set; after graph.inc.h.

// MARK: Rows as queries

// A row's own codes as a query: of one segment, or of all alike.
INLINE ptrdiff_t own_terms(const facet_graph_rows *rows, const ptrdiff_t *lengths, uint32_t row, ptrdiff_t list,
                           facet_graph_term *terms, int8_t *codes) {
    const uint8_t *block = row_block(rows, row), *from = row_codes(rows, block, row), *scales = row_scales(rows, block, row);
    ptrdiff_t count = 0, offset = 0;
    for (ptrdiff_t s = 0; s < rows->segments; offset += (lengths[s++] + 3) / 4 * 4) {
        if (list && list != s + 1) continue;
        const ptrdiff_t length = (lengths[s] + 63) / 64 * 64;
        int32_t sum = 0;
        for (ptrdiff_t i = 0; i < length; i++) {
            const int32_t code = i < lengths[s] ? ((int32_t)from[offset + i] - 128) / OWN_CODE_SHARE : 0;
            codes[i] = (int8_t)code;
            sum += code;
        }
        const float factor = row_half(scales + s * 2) * OWN_CODE_SHARE / (list ? 1 : (float)rows->segments);
        terms[count++] = (facet_graph_term){s, offset, length, codes, factor, 0, -128 * sum};
        codes += length;
    }
    return count;
}

// MARK: Choosing

typedef struct {
    facet_graph *graph;
    const facet_graph_rows *rows;
    const ptrdiff_t *lengths;
    facet_graph_scratch *scratch;
    ptrdiff_t list;
    const graph_layer *layer;
    uint32_t count; // rows that there are
} linking;

INLINE float pair_score(const linking *g, ptrdiff_t terms, uint32_t node) {
    return row_score(g->rows, g->scratch->terms[1], terms, node * g->layer->stride);
}

INLINE ptrdiff_t node_terms(const linking *g, uint32_t node) {
    return own_terms(g->rows, g->lengths, node * g->layer->stride, g->list, g->scratch->terms[1], g->scratch->codes[1]);
}

// Of candidates, best first, those that are nearer to the node than to one chosen before; then the best of the rest.
INLINE ptrdiff_t choose(const linking *g, const uint64_t *candidates, ptrdiff_t count, ptrdiff_t limit, uint32_t *chosen) {
    uint32_t rest[GRAPH_WIDEST];
    ptrdiff_t kept = 0, left = 0;
    for (ptrdiff_t i = 0; i < count && kept < limit; i++) {
        const uint32_t node = (uint32_t)candidates[i];
        const float score = entry_score(candidates[i]);
        const ptrdiff_t terms = node_terms(g, node);
        ptrdiff_t j = 0;
        while (j < kept && pair_score(g, terms, chosen[j]) <= score) j++;
        if (j == kept) chosen[kept++] = node;
        else if (left < limit) rest[left++] = node;
    }
    for (ptrdiff_t i = 0; i < left && kept < limit; i++) chosen[kept++] = rest[i];
    return kept;
}

// MARK: Lists

INLINE uint32_t *list_of(const linking *g, uint32_t node) {
    uint32_t *links = graph_node(g->layer, node);
    return links ? links + graph_list_start(g->layer, g->list) : 0;
}

// Adds a link; a full list keeps the best choice.
INLINE void add_link(const linking *g, uint32_t from, uint32_t to) {
    uint32_t *list = list_of(g, from), chosen[GRAPH_WIDEST];
    const ptrdiff_t size = graph_list_size(g->layer, g->list);
    uint64_t entries[GRAPH_WIDEST + 1];
    ptrdiff_t count = 0;
    if (!list) return;
    graph_lock(g->graph, from);
    while (count < size && graph_link(list, count) && graph_link(list, count) != to + 1) count++;
    if (count < size) {
        graph_set(list, count, to + 1);
    } else {
        const ptrdiff_t terms = node_terms(g, from);
        count = 0;
        for (ptrdiff_t i = 0; i <= size; i++) {
            const uint32_t node = i < size ? graph_link(list, i) - 1 : to;
            if ((uint64_t)node * g->layer->stride < g->count)
                keep_best(entries, &count, size + 1, entry_of(pair_score(g, terms, node), node));
        }
        heap_sort(entries, count);
        count = choose(g, entries, count, size, chosen);
        for (ptrdiff_t i = 0; i < size; i++) graph_set(list, i, i < count ? chosen[i] + 1 : 0);
    }
    graph_unlock(g->graph, from);
}

// Puts `to` (a link, or 0) where a list has `from`.
INLINE void replace_link(const linking *g, uint32_t node, uint32_t from, uint32_t to) {
    uint32_t *list = list_of(g, node);
    const ptrdiff_t size = graph_list_size(g->layer, g->list);
    ptrdiff_t at = 0, last = 0;
    if (!list) return;
    graph_lock(g->graph, node);
    while (last < size && graph_link(list, last)) {
        if (graph_link(list, last) == to) to = 0;
        last++;
    }
    while (at < last && graph_link(list, at) != from) at++;
    if (at < last && to) graph_set(list, at, to);
    if (at < last && !to) {
        graph_set(list, at, graph_link(list, last - 1));
        graph_set(list, last - 1, 0);
    }
    graph_unlock(g->graph, node);
}

// Takes a node out of its neighbours' lists; each gets the nearest of the others instead.
INLINE void detach(const linking *g, uint32_t node) {
    uint32_t *list = list_of(g, node), old[GRAPH_WIDEST];
    const ptrdiff_t size = graph_list_size(g->layer, g->list);
    ptrdiff_t links = 0;
    if (!list) return;
    graph_lock(g->graph, node);
    for (ptrdiff_t i = 0; i < size; i++) {
        const uint32_t link = graph_link(list, i);
        graph_set(list, i, 0);
        if (link && (uint64_t)(link - 1) * g->layer->stride < g->count) old[links++] = link - 1;
    }
    graph_unlock(g->graph, node);
    for (ptrdiff_t i = 0; i < links; i++) {
        const ptrdiff_t terms = node_terms(g, old[i]);
        uint64_t best = 0;
        for (ptrdiff_t j = 0; j < links; j++) {
            if (i == j || old[j] == node) continue;
            const uint64_t entry = entry_of(pair_score(g, terms, old[j]), old[j]);
            if (entry > best) best = entry;
        }
        replace_link(g, old[i], node + 1, best ? (uint32_t)best + 1 : 0);
    }
}

// Links a node with the best choice of what was found, in both directions.
INLINE void link_found(const linking *g, uint32_t node) {
    facet_graph_scratch *s = g->scratch;
    uint32_t chosen[GRAPH_WIDEST], *list = list_of(g, node);
    const ptrdiff_t size = graph_list_size(g->layer, g->list), half = size / 2 > 8 ? size / 2 : size;
    heap_sort(s->found, s->found_count);
    const ptrdiff_t count = choose(g, s->found, s->found_count, half, chosen);
    if (!list) return;
    for (ptrdiff_t i = 0; i < count; i++) add_link(g, node, chosen[i]);
    for (ptrdiff_t i = 0; i < count; i++) add_link(g, chosen[i], node);
}

TARGET void NAME(facet_graph_detach)(facet_graph *graph, facet_graph_rows rows, const ptrdiff_t *lengths, uint32_t count,
                                     uint32_t row, facet_graph_scratch *scratch) {
    for (ptrdiff_t list = 0; list < graph->lists; list++)
        for (int l = 0; l <= (row % GRAPH_STRIDE == 0); l++) {
            const linking g = {graph, &rows, lengths, scratch, list, &graph->layers[l], count};
            detach(&g, row / g.layer->stride);
        }
}

TARGET void NAME(facet_graph_insert)(facet_graph *graph, facet_graph_rows rows, const ptrdiff_t *lengths, uint32_t count,
                                     uint32_t linked, uint32_t row, ptrdiff_t effort, facet_graph_scratch *scratch) {
    const int coarse = row % GRAPH_STRIDE == 0;
    for (ptrdiff_t list = 0; list < graph->lists; list++) {
        const ptrdiff_t terms = own_terms(&rows, lengths, row, list, scratch->terms[0], scratch->codes[0]);
        const facet_graph_query query = {scratch->terms[0], terms, 0, count, count, 0, 0, 0, row, 1ull | 1ull << list, effort,
                                         PTRDIFF_MAX};
        facet_graph_query start = query;
        start.linked = linked;
        const walk coarsely = {graph, &rows, &start, scratch}, finely = {graph, &rows, &query, scratch};
        find_coarse(&coarsely, coarse ? effort : GRAPH_COARSE_EFFORT);
        if (coarse) { // what is found is needed for the next layer, too
            const linking g = {graph, &rows, lengths, scratch, list, &graph->layers[1], count};
            link_found(&g, row / GRAPH_STRIDE);
        }
        find_rows(&finely, effort);
        const linking g = {graph, &rows, lengths, scratch, list, &graph->layers[0], count};
        link_found(&g, row);
    }
}
