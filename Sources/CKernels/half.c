// SPDX-License-Identifier: Apache-2.0
// Direct convolutions with half-precision arithmetic.
#include "half.h"

int facet_has_half(void) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    return facet_best_isa() == FACET_AVX512 && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512fp16");
#else
    return 0;
#endif
}

// Numbers of one tap of a tile: see half.inc.h.
static ptrdiff_t tap_numbers(const facet_convolution *conv) { return (conv->c + 15) / 16 * 16 * FACET_HALF_ROWS; }

static ptrdiff_t tile_numbers(const facet_convolution *conv) { return conv->kh * conv->kw * tap_numbers(conv); }

ptrdiff_t facet_half_tiles(const facet_convolution *conv) {
    const ptrdiff_t most = FACET_HALF_BYTES / (tile_numbers(conv) * 4);
    return most > 0 ? most : 1;
}

ptrdiff_t facet_half_scratch(const facet_convolution *conv) {
    return facet_half_tiles(conv) * tile_numbers(conv) + FACET_HALF_ROWS * FACET_HALF_PANEL;
}

#if defined(__x86_64__)
#include "half.inc.h"

enum { MOST_TILES = 32 };

// The taps that read something, and where a tile's pixels are written.
typedef struct {
    ptrdiff_t active[FACET_MAX_TAPS];
    ptrdiff_t actives;
    ptrdiff_t at[ROWS];
} half_table;

// One row of a tap as pairs; nothing where there is nothing to read.
INLINE void put_pairs(const float *from, ptrdiff_t c, uint32_t *to) {
    for (ptrdiff_t k = 0; k < c; k += LANES, to += ROWS * LANES) {
        const __mmask16 mask = c - k >= LANES ? 0xffff : (__mmask16)((1 << (c - k)) - 1);
        *(pair_vec *)to = from ? pairs((vec)_mm512_maskz_loadu_ps(mask, from + k)) : (pair_vec){0};
    }
}

// Where a pixel's kernel begins, and where the pixel is written.
typedef struct {
    const float *image;
    ptrdiff_t top, left, at;
} half_place;

INLINE half_place half_place_of(const facet_convolution *conv, ptrdiff_t pixel) {
    const ptrdiff_t per_image = conv->oh * conv->ow;
    const ptrdiff_t image = conv->images > 1 ? pixel % conv->images : pixel / per_image;
    const ptrdiff_t position = conv->images > 1 ? pixel / conv->images : pixel % per_image;
    const ptrdiff_t row = position / conv->ow, column = position % conv->ow;
    return (half_place){conv->input + image * conv->h * conv->w * conv->c, row * conv->stride - conv->pad_top,
                        column * conv->stride - conv->pad_left,
                        ((image * conv->out_h + row) * conv->out_w + column) * conv->oc};
}

// Where a tap of a pixel reads; NULL outside the map.
INLINE const float *tap_of(const facet_convolution *conv, half_place place, ptrdiff_t i, ptrdiff_t j) {
    const ptrdiff_t y = place.top + i, x = place.left + j;
    return y >= 0 && y < conv->h && x >= 0 && x < conv->w ? place.image + (y * conv->w + x) * conv->c : NULL;
}

INLINE void fill_half_table(const facet_convolution *conv, half_table *table, ptrdiff_t pixel, ptrdiff_t rows,
                            uint32_t *to) {
    half_place places[ROWS];
    for (ptrdiff_t r = 0; r < rows; r++) {
        places[r] = half_place_of(conv, pixel + r);
        table->at[r] = places[r].at;
    }
    table->actives = 0;
    for (ptrdiff_t tap = 0, i = 0; i < conv->kh; i++)
        for (ptrdiff_t j = 0; j < conv->kw; j++, tap++) {
            const float *from[ROWS];
            int reads = 0;
            for (ptrdiff_t r = 0; r < rows; r++) reads |= (from[r] = tap_of(conv, places[r], i, j)) != NULL;
            if (!reads) continue;
            for (ptrdiff_t r = 0; r < rows; r++) put_pairs(from[r], conv->c, to + r * LANES);
            table->active[table->actives++] = tap;
            to += tap_numbers(conv);
        }
}

INLINE void store_half(const facet_convolution *conv, const float *sums, ptrdiff_t at, ptrdiff_t channel) {
    for (ptrdiff_t side = 0; side < PANEL && channel + side < conv->oc; side += LANES) {
        const ptrdiff_t left = conv->oc - channel - side, to = at + channel + side;
        const __mmask16 mask = left >= LANES ? 0xffff : (__mmask16)((1 << left) - 1);
        vec v = *(const vec *)(sums + side) * *(const vec *)(conv->scale + channel + side) +
                *(const vec *)(conv->bias + channel + side);
        if (conv->residual) v += (vec)_mm512_maskz_loadu_ps(mask, conv->residual + to);
        if (conv->relu) v = __builtin_elementwise_max(v, (vec){0});
        _mm512_mask_storeu_ps(conv->output + to, mask, (__m512)v);
    }
}

// Pixels of the next register tile: even tiles, and of one position where `images` are many.
INLINE ptrdiff_t rows_of_tile(const facet_convolution *conv, ptrdiff_t pixel, ptrdiff_t last) {
    ptrdiff_t rest = last - pixel;
    if (conv->images > 1 && conv->images - pixel % conv->images < rest) rest = conv->images - pixel % conv->images;
    const ptrdiff_t tiles = (rest + ROWS - 1) / ROWS;
    return (rest + tiles - 1) / tiles;
}

INLINE void compute_tile(const facet_convolution *conv, const half_table *table, ptrdiff_t rows, ptrdiff_t panel,
                         const uint32_t *left, ptrdiff_t part, float *sums) {
    const ptrdiff_t taps = conv->kh * conv->kw, c = conv->c, numbers = taps * c * PANEL;
    const ptrdiff_t panels = (conv->oc + PANEL - 1) / PANEL;
    const ptrdiff_t next = panel + conv->stride_ahead < panels ? panel + conv->stride_ahead : panel;
    const _Float16 *weights = (const _Float16 *)conv->halves;
    const char *ahead = (const char *)(weights + next * numbers) + part % 4 * (numbers * 2 / 4);
    const int vectors = conv->oc - panel * PANEL > 32 ? 2 : 1;
    if (table->actives == 0) __builtin_memset(sums, 0, ROWS * PANEL * sizeof(float));
    for (ptrdiff_t a = 0; a < table->actives; a++)
        half_product_of(rows, vectors, left + a * tap_numbers(conv), c,
                        weights + panel * numbers + table->active[a] * c * PANEL, ahead + a * c * 32, sums, a == 0);
    for (ptrdiff_t r = 0; r < rows; r++) store_half(conv, sums + r * PANEL, table->at[r], panel * PANEL);
}

TARGET void facet_half_convolve(const facet_convolution *conv, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
                                ptrdiff_t first_panel, ptrdiff_t last_panel, float *scratch) {
    half_table tables[MOST_TILES];
    ptrdiff_t rows[MOST_TILES];
    const ptrdiff_t numbers = tile_numbers(conv);
    const ptrdiff_t most = facet_half_tiles(conv) < MOST_TILES ? facet_half_tiles(conv) : MOST_TILES;
    uint32_t *left = (uint32_t *)scratch;
    float *sums = scratch + most * numbers;
    for (ptrdiff_t pixel = first_pixel; pixel < last_pixel;) {
        ptrdiff_t tiles = 0;
        for (; tiles < most && pixel < last_pixel; pixel += rows[tiles++]) {
            rows[tiles] = rows_of_tile(conv, pixel, last_pixel);
            fill_half_table(conv, &tables[tiles], pixel, rows[tiles], left + tiles * numbers);
        }
        for (ptrdiff_t panel = first_panel; panel < last_panel; panel++)
            for (ptrdiff_t i = 0; i < tiles; i++)
                compute_tile(conv, &tables[i], rows[i], panel, left + i * numbers, i, sums);
    }
}

TARGET void facet_half_round_panel(const float *panel, ptrdiff_t rows, uint16_t *halves, float *factors) {
    float power[PANEL];
    for (ptrdiff_t j = 0; j < PANEL; j++) power[j] = 0;
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = 0; j < PANEL; j++) power[j] = __builtin_fmaxf(power[j], __builtin_fabsf(panel[i * PANEL + j]));
    for (ptrdiff_t j = 0; j < PANEL; j++) {
        int exponent = 0;
        // Beyond 2^126 the other way round would not be a number.
        if (power[j] >= 0x1p-125f && power[j] <= 0x1p125f) __builtin_frexpf(power[j], &exponent);
        power[j] = __builtin_ldexpf(1, -exponent);
        factors[j] = __builtin_ldexpf(1, exponent);
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = 0; j < PANEL; j++)
            ((_Float16 *)halves)[i * PANEL + j] = (_Float16)(panel[i * PANEL + j] * power[j]);
}
#else
void facet_half_convolve(const facet_convolution *conv, ptrdiff_t first_pixel, ptrdiff_t last_pixel,
                         ptrdiff_t first_panel, ptrdiff_t last_panel, float *scratch) {
    __builtin_trap();
}

void facet_half_round_panel(const float *panel, ptrdiff_t rows, uint16_t *halves, float *factors) { __builtin_trap(); }
#endif
