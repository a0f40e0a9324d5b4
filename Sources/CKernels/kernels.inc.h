// SPDX-License-Identifier: Apache-2.0
//
// The kernels of one instruction set. The including file defines
//   NAME(x)     the function's name for this set        TARGET   the function attribute that switches it on
//   LANES       floats of a vector                      ROWS     output pixels of a full register tile
//   HALVES      whether it converts half precision
// A tile holds ROWS x 2 vectors of accumulators; every accumulator sums over (tap, channel) in order, so an output has
// the same bits whatever the tile, batch or thread it is computed in.

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));

enum { PANEL = 2 * LANES };

#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("clang loop unroll(full)")

#if HALVES
typedef _Float16 half_vec __attribute__((vector_size(LANES * sizeof(_Float16)), aligned(sizeof(_Float16))));
#endif

// One vector of weights, `index` numbers from the start.
INLINE vec weights_at(const int half, const void *weights, ptrdiff_t index) {
#if HALVES
    if (half) return __builtin_convertvector(*(const half_vec *)((const _Float16 *)weights + index), vec);
#endif
    return *(const vec *)((const float *)weights + index);
}

// One step of the inner product: channel k of every row times the row of the panel at `b`.
INLINE void step(const int rows, const int half, vec acc[ROWS][2], const float *const *row, ptrdiff_t k,
                 const void *weights, ptrdiff_t b) {
    const vec b0 = weights_at(half, weights, b), b1 = weights_at(half, weights, b + LANES);
    UNROLL for (int r = 0; r < rows; r++) {
        const float a = row[r][k];
        acc[r][0] += b0 * a;
        acc[r][1] += b1 * a;
    }
}

INLINE void store_row(const facet_convolution *conv, vec v0, vec v1, ptrdiff_t pixel, ptrdiff_t channel) {
    const ptrdiff_t at = pixel + channel, columns = conv->oc - channel;
    const vec zero = {0};
    if (__builtin_expect(columns >= PANEL, 1)) {
        if (conv->residual) {
            v0 += *(const vec *)(conv->residual + at);
            v1 += *(const vec *)(conv->residual + at + LANES);
        }
        if (conv->relu) v0 = __builtin_elementwise_max(v0, zero), v1 = __builtin_elementwise_max(v1, zero);
        *(vec *)(conv->output + at) = v0;
        *(vec *)(conv->output + at + LANES) = v1;
        return;
    }
    float both[PANEL];
    *(vec *)both = v0;
    *(vec *)(both + LANES) = v1;
    for (ptrdiff_t j = 0; j < columns; j++) {
        float x = both[j] + (conv->residual ? conv->residual[at + j] : 0);
        conv->output[at + j] = conv->relu && x < 0 ? 0 : x;
    }
}

// The taps that read something and where, and where the pixels are written.
typedef struct {
    const float *from[FACET_MAX_TAPS * ROWS];
    ptrdiff_t active[FACET_MAX_TAPS];
    ptrdiff_t actives;
    ptrdiff_t at[ROWS];
} NAME(table);

// `ahead` is a part of the weights needed next: fetching it into L2 while this tile computes hides main memory, which
// the deep layers' weights come from. A tile fetches a quarter of a panel: two lines every four channels.
INLINE void tile(const int rows, const int half, const facet_convolution *conv, const NAME(table) *table,
                 ptrdiff_t taps, ptrdiff_t run, ptrdiff_t panel, const char *ahead) {
    const void *weights = half ? (const void *)conv->halves : (const void *)conv->weights;
    const vec *bias = (const vec *)(conv->bias + panel * PANEL);
    const int bytes = half ? 2 : 4;
    vec acc[ROWS][2];
    UNROLL for (int r = 0; r < rows; r++) {
        acc[r][0] = conv->scale ? (vec){0} : bias[0];
        acc[r][1] = conv->scale ? (vec){0} : bias[1];
    }
    for (ptrdiff_t i = 0; i < table->actives; i++) {
        const ptrdiff_t t = table->active[i];
        const float *const *row = table->from + t * ROWS;
        ptrdiff_t b = (panel * taps + t) * run * PANEL, k = 0;
        for (; k + 4 <= run; k += 4, b += 4 * PANEL, ahead += PANEL * bytes) {
            UNROLL for (int line = 0; line < PANEL * bytes; line += 64) __builtin_prefetch(ahead + line, 0, 2);
            UNROLL for (int u = 0; u < 4; u++) step(rows, half, acc, row, k + u, weights, b + u * PANEL);
        }
        for (; k < run; k++, b += PANEL) step(rows, half, acc, row, k, weights, b);
    }
    if (conv->scale) {
        const vec *scale = (const vec *)(conv->scale + panel * PANEL);
        UNROLL for (int r = 0; r < rows; r++)
            UNROLL for (int side = 0; side < 2; side++) acc[r][side] = acc[r][side] * scale[side] + bias[side];
    }
    UNROLL for (int r = 0; r < rows; r++) store_row(conv, acc[r][0], acc[r][1], table->at[r], panel * PANEL);
}

// The image, row and column of a pixel, counted as conv->images says.
typedef struct {
    ptrdiff_t image, row, column;
} NAME(place);

INLINE NAME(place) place_of(const facet_convolution *conv, ptrdiff_t pixel) {
    const ptrdiff_t per_image = conv->oh * conv->ow;
    const ptrdiff_t image = conv->images > 1 ? pixel % conv->images : pixel / per_image;
    const ptrdiff_t position = conv->images > 1 ? pixel / conv->images : pixel % per_image;
    return (NAME(place)){image, position / conv->ow, position % conv->ow};
}

INLINE void advance(const facet_convolution *conv, NAME(place) *place) {
    if (conv->images > 1) {
        if (++place->image < conv->images) return;
        place->image = 0;
    }
    if (++place->column < conv->ow) return;
    place->column = 0;
    if (++place->row < conv->oh) return;
    place->row = 0;
    place->image++;
}

// Where a tile's pixels are read and written, and its taps: pointers ROWS apart. Mostly all taps of all pixels lie inside
// the map, and then they are at one distance from each pixel's corner.
INLINE void fill_table(const facet_convolution *conv, NAME(table) *table, ptrdiff_t pixel, ptrdiff_t rows) {
    const ptrdiff_t columns = conv->rows_contiguous ? 1 : conv->kw;
    const float *corner[ROWS];
    ptrdiff_t top[ROWS], left[ROWS];
    NAME(place) place = place_of(conv, pixel);
    int inside = 1;
    for (ptrdiff_t r = 0; r < rows; r++, advance(conv, &place)) {
        top[r] = place.row * conv->stride - conv->pad_top;
        left[r] = place.column * conv->stride - conv->pad_left;
        corner[r] = conv->input + ((place.image * conv->h + top[r]) * conv->w + left[r]) * conv->c;
        inside &= top[r] >= 0 && top[r] + conv->kh <= conv->h && left[r] >= 0 && left[r] + columns <= conv->w;
        const ptrdiff_t y = place.row * conv->out_stride + conv->out_top;
        const ptrdiff_t x = place.column * conv->out_stride + conv->out_left;
        table->at[r] = ((place.image * conv->out_h + y) * conv->out_w + x) * conv->oc;
    }
    table->actives = 0;
    const float **from = table->from;
    for (ptrdiff_t t = 0, i = 0; i < conv->kh; i++)
        for (ptrdiff_t j = 0; j < columns; j++, t++, from += ROWS) {
            const ptrdiff_t distance = (i * conv->w + j) * conv->c;
            int reads = inside;
            if (inside) {
                for (ptrdiff_t r = 0; r < rows; r++) from[r] = corner[r] + distance;
            } else {
                for (ptrdiff_t r = 0; r < rows; r++) {
                    const ptrdiff_t y = top[r] + i, x = left[r] + j;
                    const int there = y >= 0 && y < conv->h && x >= 0 && x < conv->w;
                    from[r] = there ? corner[r] + distance : conv->zeros;
                    reads |= there;
                }
            }
            if (reads) table->active[table->actives++] = t;
        }
}

#if HALVES
#define CASE(n) \
    case n: \
        if (conv->halves) tile(n, 1, conv, table, taps, run, panel, ahead); \
        else tile(n, 0, conv, table, taps, run, panel, ahead); \
        break;
#else
#define CASE(n) \
    case n: tile(n, 0, conv, table, taps, run, panel, ahead); break;
#endif

TARGET static void tile_of(ptrdiff_t rows, const facet_convolution *conv, const NAME(table) *table, ptrdiff_t taps,
                           ptrdiff_t run, ptrdiff_t panel, const char *ahead) {
    switch (rows) {
        CASE(1) CASE(2) CASE(3) CASE(4) CASE(5) CASE(6)
#if ROWS > 6
        CASE(7) CASE(8)
#endif
#if ROWS > 8
        CASE(9) CASE(10) CASE(11) CASE(12) CASE(13) CASE(14)
#endif
    }
}

// Pixels of the next register tile. Even tiles: 49 pixels as 13+12+12+12 keep the multipliers busier than 14+14+14+7.
INLINE ptrdiff_t next_rows(const facet_convolution *conv, ptrdiff_t pixel, ptrdiff_t last) {
    ptrdiff_t left = last - pixel;
    if (conv->images > 1) {
        const ptrdiff_t here = conv->images - pixel % conv->images;
        if (here < left) left = here;
    }
    const ptrdiff_t tiles = (left + ROWS - 1) / ROWS;
    return (left + tiles - 1) / tiles;
}

TARGET void NAME(facet_convolve)(const facet_convolution *conv, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
                                 ptrdiff_t first_panel, ptrdiff_t last_panel) {
    NAME(table) table;
    const ptrdiff_t taps = conv->rows_contiguous ? conv->kh : conv->kh * conv->kw;
    const ptrdiff_t run = conv->rows_contiguous ? conv->kw * conv->c : conv->c;
    const ptrdiff_t panels = (conv->oc + PANEL - 1) / PANEL;
    const ptrdiff_t bytes = taps * run * PANEL * (conv->halves ? 2 : 4);
    const char *weights = conv->halves ? (const char *)conv->halves : (const char *)conv->weights;
    ptrdiff_t rows, i = 0;
    for (ptrdiff_t pixel = first_pixel; pixel < last_pixel; pixel += rows, i++) {
        rows = next_rows(conv, pixel, last_pixel);
        fill_table(conv, &table, pixel, rows);
        for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
            const ptrdiff_t next = panel + conv->stride_ahead < panels ? panel + conv->stride_ahead : panel;
            tile_of(rows, conv, &table, taps, run, panel, weights + next * bytes + i % 4 * (bytes / 4));
        }
    }
}

TARGET void NAME(facet_halve)(const float *numbers, ptrdiff_t count, uint16_t *halves, int *exact) {
    *exact = 0;
#if HALVES
    for (ptrdiff_t i = 0; i < count; i++) {
        const _Float16 half = (_Float16)numbers[i];
        if ((float)half != numbers[i]) return;
        if (halves) ((_Float16 *)halves)[i] = half;
    }
    *exact = 1;
#endif
}

// The largest of rows [top, bottom) and columns [left, right) of a map `w` wide: a vector of channels from the k-th on,
// or what is left of them.
INLINE void largest(const float *input, ptrdiff_t w, ptrdiff_t c, ptrdiff_t top, ptrdiff_t bottom, ptrdiff_t left,
                    ptrdiff_t right, ptrdiff_t k, float *out) {
    if (k + LANES <= c) {
        vec most = *(const vec *)(input + (top * w + left) * c + k);
        for (ptrdiff_t i = top; i < bottom; i++)
            for (ptrdiff_t j = left; j < right; j++)
                most = __builtin_elementwise_max(most, *(const vec *)(input + (i * w + j) * c + k));
        *(vec *)(out + k) = most;
        return;
    }
    for (; k < c; k++) {
        out[k] = input[(top * w + left) * c + k];
        for (ptrdiff_t i = top; i < bottom; i++)
            for (ptrdiff_t j = left; j < right; j++) {
                const float x = input[(i * w + j) * c + k];
                out[k] = x > out[k] ? x : out[k];
            }
    }
}

TARGET void NAME(facet_max_pool)(const float *input, float *output, ptrdiff_t h, ptrdiff_t w, ptrdiff_t c,
                                 ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride, ptrdiff_t padding,
                                 ptrdiff_t first_row, ptrdiff_t last_row) {
    for (ptrdiff_t y = first_row; y < last_row; y++)
        for (ptrdiff_t x = 0; x < ow; x++) {
            const ptrdiff_t i = y * stride - padding, j = x * stride - padding;
            const ptrdiff_t bottom = i + kernel < h ? i + kernel : h, right = j + kernel < w ? j + kernel : w;
            for (ptrdiff_t k = 0; k < c; k += LANES)
                largest(input, w, c, i < 0 ? 0 : i, bottom, j < 0 ? 0 : j, right, k, output + (y * ow + x) * c);
        }
}

TARGET void NAME(facet_mean_pool)(const float *restrict input, float *restrict output, ptrdiff_t pixels, ptrdiff_t c) {
    for (ptrdiff_t k = 0; k < c; k++) output[k] = 0;
    for (ptrdiff_t p = 0; p < pixels; p++)
        for (ptrdiff_t k = 0; k < c; k++) output[k] += input[p * c + k];
    const float scale = 1.0f / (float)pixels;
    for (ptrdiff_t k = 0; k < c; k++) output[k] *= scale;
}
