// SPDX-License-Identifier: Apache-2.0
//
// The kernels of one instruction set. The including file defines
//   NAME(x)     the function's name for this set        TARGET   the function attribute that switches it on
//   LANES       floats of a vector                      ROWS     output pixels of a full register tile
// A tile holds ROWS x 2 vectors of accumulators; every accumulator sums over (tap, channel) in order, so an output has
// the same bits whatever the tile, batch or thread it is computed in.

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));

enum { PANEL = 2 * LANES };

#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("clang loop unroll(full)")

// One step of the inner product: channel k of every row times one row of the panel.
INLINE void step(const int rows, vec acc[ROWS][2], const float *const *row, ptrdiff_t k, const float *b) {
    const vec b0 = *(const vec *)b, b1 = *(const vec *)(b + LANES);
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

// `ahead` is a part of the weights needed next: fetching it into L2 while this tile computes hides main memory, which
// the deep layers' weights come from. A tile fetches a quarter of a panel: two lines every four channels.
INLINE void tile(const int rows, const facet_convolution *conv, const float *const *table, ptrdiff_t taps, ptrdiff_t run,
                 const ptrdiff_t *at, ptrdiff_t panel, const float *ahead) {
    const float *b = conv->weights + panel * taps * run * PANEL;
    const float *bias = conv->bias + panel * PANEL;
    vec acc[ROWS][2];
    UNROLL for (int r = 0; r < rows; r++) {
        acc[r][0] = *(const vec *)bias;
        acc[r][1] = *(const vec *)(bias + LANES);
    }
    for (ptrdiff_t t = 0; t < taps; t++) {
        const float *const *row = table + t * ROWS;
        ptrdiff_t k = 0;
        for (; k + 4 <= run; k += 4, b += 4 * PANEL, ahead += PANEL) {
            UNROLL for (int line = 0; line < PANEL; line += 16) __builtin_prefetch(ahead + line, 0, 2);
            step(rows, acc, row, k, b);
            step(rows, acc, row, k + 1, b + PANEL);
            step(rows, acc, row, k + 2, b + 2 * PANEL);
            step(rows, acc, row, k + 3, b + 3 * PANEL);
        }
        for (; k < run; k++, b += PANEL) step(rows, acc, row, k, b);
    }
    UNROLL for (int r = 0; r < rows; r++) store_row(conv, acc[r][0], acc[r][1], at[r], panel * PANEL);
}

// The taps of one pixel whose kernel starts at (top, left): pointers ROWS apart.
INLINE void fill_pixel(const facet_convolution *conv, const float **table, const float *image, ptrdiff_t top,
                       ptrdiff_t left, ptrdiff_t columns) {
    const float *corner = image + (top * conv->w + left) * conv->c;
    const int inside = top >= 0 && top + conv->kh <= conv->h && left >= 0 && left + columns <= conv->w;
    for (ptrdiff_t i = 0; i < conv->kh; i++, corner += conv->w * conv->c)
        for (ptrdiff_t j = 0; j < columns; j++, table += ROWS) {
            const int reads = inside || (top + i >= 0 && top + i < conv->h && left + j >= 0 && left + j < conv->w);
            *table = reads ? corner + j * conv->c : conv->zeros;
        }
}

// Where each tap of each pixel of the tile reads its channels, and where the pixel is written.
INLINE void fill_table(const facet_convolution *conv, const float **table, ptrdiff_t *at, ptrdiff_t pixel,
                       ptrdiff_t rows) {
    const ptrdiff_t columns = conv->rows_contiguous ? 1 : conv->kw, per_image = conv->oh * conv->ow;
    const ptrdiff_t image = pixel / per_image;
    ptrdiff_t row = pixel % per_image / conv->ow, column = pixel % conv->ow;
    const float *base = conv->input + image * conv->h * conv->w * conv->c;
    ptrdiff_t out = image * conv->out_h * conv->out_w * conv->oc;
    for (ptrdiff_t r = 0; r < rows; r++) {
        fill_pixel(conv, table + r, base, row * conv->stride - conv->pad_top, column * conv->stride - conv->pad_left,
                   columns);
        const ptrdiff_t out_row = row * conv->out_stride + conv->out_top;
        at[r] = out + (out_row * conv->out_w + column * conv->out_stride + conv->out_left) * conv->oc;
        if (++column < conv->ow) continue;
        column = 0;
        if (++row < conv->oh) continue;
        row = 0;
        base += conv->h * conv->w * conv->c;
        out += conv->out_h * conv->out_w * conv->oc;
    }
}

#define CASE(n) \
    case n: tile(n, conv, table, taps, run, at, panel, ahead); break;

TARGET static void tile_of(ptrdiff_t rows, const facet_convolution *conv, const float *const *table, ptrdiff_t taps,
                           ptrdiff_t run, const ptrdiff_t *at, ptrdiff_t panel, const float *ahead) {
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

TARGET void NAME(facet_convolve)(const facet_convolution *conv, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
                                 ptrdiff_t first_panel, ptrdiff_t last_panel) {
    const float *table[FACET_MAX_TAPS * ROWS];
    ptrdiff_t at[ROWS];
    const ptrdiff_t taps = conv->rows_contiguous ? conv->kh : conv->kh * conv->kw;
    const ptrdiff_t run = conv->rows_contiguous ? conv->kw * conv->c : conv->c;
    // Even tiles: 49 pixels as 13+12+12+12 keep the multipliers busier than 14+14+14+7.
    const ptrdiff_t pixels = last_pixel - first_pixel, tiles = (pixels + ROWS - 1) / ROWS;
    const ptrdiff_t panels = (conv->oc + PANEL - 1) / PANEL;
    ptrdiff_t pixel = first_pixel;
    for (ptrdiff_t i = 0; i < tiles; i++) {
        const ptrdiff_t rows = (last_pixel - pixel + (tiles - i) - 1) / (tiles - i);
        fill_table(conv, table, at, pixel, rows);
        for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
            const ptrdiff_t next = panel + conv->stride_ahead < panels ? panel + conv->stride_ahead : panel;
            const float *ahead = conv->weights + (4 * next + i % 4) * (taps * run * PANEL / 4);
            tile_of(rows, conv, table, taps, run, at, panel, ahead);
        }
        pixel += rows;
    }
}

TARGET void NAME(facet_max_pool)(const float *input, float *output, ptrdiff_t h, ptrdiff_t w, ptrdiff_t c,
                                 ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride, ptrdiff_t padding,
                                 ptrdiff_t first_row, ptrdiff_t last_row) {
    for (ptrdiff_t y = first_row; y < last_row; y++)
        for (ptrdiff_t x = 0; x < ow; x++) {
            float *restrict out = output + (y * ow + x) * c;
            int any = 0;
            for (ptrdiff_t i = y * stride - padding; i < y * stride - padding + kernel; i++)
                for (ptrdiff_t j = x * stride - padding; j < x * stride - padding + kernel; j++) {
                    if (i < 0 || i >= h || j < 0 || j >= w) continue;
                    const float *restrict in = input + (i * w + j) * c;
                    if (any)
                        for (ptrdiff_t k = 0; k < c; k++) out[k] = in[k] > out[k] ? in[k] : out[k];
                    else
                        for (ptrdiff_t k = 0; k < c; k++) out[k] = in[k];
                    any = 1;
                }
        }
}

TARGET void NAME(facet_mean_pool)(const float *restrict input, float *restrict output, ptrdiff_t pixels, ptrdiff_t c) {
    for (ptrdiff_t k = 0; k < c; k++) output[k] = 0;
    for (ptrdiff_t p = 0; p < pixels; p++)
        for (ptrdiff_t k = 0; k < c; k++) output[k] += input[p * c + k];
    const float scale = 1.0f / (float)pixels;
    for (ptrdiff_t k = 0; k < c; k++) output[k] *= scale;
}
