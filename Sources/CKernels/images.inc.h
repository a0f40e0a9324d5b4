// SPDX-License-Identifier: Apache-2.0
//
// The picture kernels of one instruction set; NAME, TARGET and LANES as in kernels.inc.h. Loops take whole vectors: what a
// row writes beyond its end the next row overwrites, and the surplus of a plane takes the rest.
#include <math.h>
#include <string.h>

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));
typedef int32_t ivec __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(sizeof(int32_t))));
typedef uint8_t bvec __attribute__((vector_size(LANES), aligned(1)));

#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("clang loop unroll(full)")
#define SHUFFLE __builtin_shufflevector

INLINE vec load(const float *from) { return *(const vec *)from; }
INLINE void store(float *to, vec value) { *(vec *)to = value; }
INLINE vec splat(float value) { return (vec){0} + value; }
INLINE vec choose(ivec mask, vec yes, vec no) { return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask)); }
INLINE vec larger(vec a, vec b) { return __builtin_elementwise_max(a, b); }
INLINE vec smaller(vec a, vec b) { return __builtin_elementwise_min(a, b); }
INLINE vec unit(vec x) { return smaller(larger(x, splat(0)), splat(1)); }
INLINE vec whole(vec x) { return __builtin_convertvector(__builtin_convertvector(x, ivec), vec); }
INLINE vec gray(vec r, vec g, vec b) { return 0.2989f * r + 0.587f * g + 0.114f * b; }

INLINE double total(vec sum) {
    double all = 0;
    for (int i = 0; i < LANES; i++) all += (double)sum[i];
    return all;
}

// The first `count` lanes of a vector, zeros in the others.
INLINE vec leading(vec x, ptrdiff_t count) {
    ivec lane;
    UNROLL for (int i = 0; i < LANES; i++) lane[i] = i;
    return choose(lane < ((ivec){0} + (int32_t)count), x, splat(0));
}

// MARK: Resampling

// `vectors` side by side: the weighted sum of `count` runs of bytes, or of floats, `step` elements apart.
INLINE void combine_bytes(const int vectors, const uint8_t *from, ptrdiff_t step, const float *weights,
                          ptrdiff_t count, float *out) {
    vec sum[4];
    UNROLL for (int v = 0; v < vectors; v++) sum[v] = splat(0);
    for (ptrdiff_t t = 0; t < count; t++, from += step)
        UNROLL for (int v = 0; v < vectors; v++)
            sum[v] += weights[t] * __builtin_convertvector(*(const bvec *)(from + v * LANES), vec);
    UNROLL for (int v = 0; v < vectors; v++) store(out + v * LANES, sum[v]);
}

INLINE void combine_floats(const int vectors, const float *from, ptrdiff_t step, const float *weights, ptrdiff_t count,
                           float *out) {
    vec sum[4];
    UNROLL for (int v = 0; v < vectors; v++) sum[v] = splat(0);
    for (ptrdiff_t t = 0; t < count; t++, from += step)
        UNROLL for (int v = 0; v < vectors; v++) sum[v] += weights[t] * load(from + v * LANES);
    UNROLL for (int v = 0; v < vectors; v++) store(out + v * LANES, sum[v]);
}

INLINE void combine_run(const float *from, ptrdiff_t step, const float *weights, ptrdiff_t count, ptrdiff_t n,
                        float *out) {
    ptrdiff_t x = 0;
    for (; x + 4 * LANES <= n; x += 4 * LANES) combine_floats(4, from + x, step, weights, count, out + x);
    for (; x < n; x += LANES) combine_floats(1, from + x, step, weights, count, out + x);
}

TARGET void NAME(facet_resample_down)(const uint8_t *pixels, ptrdiff_t row_bytes, const facet_resampling *axis,
                                      ptrdiff_t samples, float *out, ptrdiff_t out_stride) {
    for (ptrdiff_t i = 0; i < axis->outputs; i++, out += out_stride) {
        const float *weights = axis->weights + i * axis->taps;
        const uint8_t *from = pixels + axis->first[i] * row_bytes;
        const ptrdiff_t count = axis->count[i];
        ptrdiff_t j = 0;
        for (; j + 4 * LANES <= samples; j += 4 * LANES) combine_bytes(4, from + j, row_bytes, weights, count, out + j);
        for (; j + LANES <= samples; j += LANES) combine_bytes(1, from + j, row_bytes, weights, count, out + j);
        if (j < samples && samples >= LANES) { // the last whole vector once more, so that no byte beyond the row is read
            const ptrdiff_t last = samples - LANES;
            combine_bytes(1, from + last, row_bytes, weights, count, out + last);
            continue;
        }
        for (; j < samples; j++) {
            float sum = 0;
            for (ptrdiff_t t = 0; t < count; t++) sum += weights[t] * (float)from[t * row_bytes + j];
            out[j] = sum;
        }
    }
}

// A block of LANES x LANES: in each round the two halves of all rows are woven, log2(LANES) times.
INLINE void transpose_block(const float *from, ptrdiff_t from_stride, float *to, ptrdiff_t to_stride) {
    vec rows[LANES], woven[LANES];
    UNROLL for (int i = 0; i < LANES; i++) rows[i] = load(from + i * from_stride);
    UNROLL for (int round = 1; round < LANES; round *= 2) {
        UNROLL for (int i = 0; i < LANES / 2; i++) {
            const vec a = rows[i], b = rows[i + LANES / 2];
#if LANES == 4
            woven[2 * i] = SHUFFLE(a, b, 0, 4, 1, 5);
            woven[2 * i + 1] = SHUFFLE(a, b, 2, 6, 3, 7);
#elif LANES == 8
            woven[2 * i] = SHUFFLE(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
            woven[2 * i + 1] = SHUFFLE(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
#else
            woven[2 * i] = SHUFFLE(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
            woven[2 * i + 1] = SHUFFLE(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
#endif
        }
        UNROLL for (int i = 0; i < LANES; i++) rows[i] = woven[i];
    }
    UNROLL for (int i = 0; i < LANES; i++) store(to + i * to_stride, rows[i]);
}

TARGET void NAME(facet_transpose)(const float *from, ptrdiff_t rows, ptrdiff_t columns, ptrdiff_t from_stride,
                                  float *to, ptrdiff_t to_stride) {
    const ptrdiff_t whole_rows = rows / LANES * LANES, whole_columns = columns / LANES * LANES;
    for (ptrdiff_t i = 0; i < whole_rows; i += LANES)
        for (ptrdiff_t j = 0; j < whole_columns; j += LANES)
            transpose_block(from + i * from_stride + j, from_stride, to + j * to_stride + i, to_stride);
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = i < whole_rows ? whole_columns : 0; j < columns; j++)
            to[j * to_stride + i] = from[i * from_stride + j];
}

TARGET void NAME(facet_resample_across)(const float *columns, const facet_resampling *axis, ptrdiff_t n, float *out) {
    const ptrdiff_t row = facet_padded(n), stride = facet_plane_stride(n);
    for (int channel = 0; channel < 3; channel++)
        for (ptrdiff_t i = 0; i < axis->outputs; i++) {
            const float *weights = axis->weights + i * axis->taps;
            const float *from = columns + (3 * axis->first[i] + channel) * row;
            combine_run(from, 3 * row, weights, axis->count[i], n, out + channel * stride + i * n);
        }
}

// MARK: Colour

// Steps through the pixels of all planes with `r`, `g`, `b` as pointers to a vector each.
#define FOR_PIXELS(planes, n) \
    const ptrdiff_t stride = facet_plane_stride(n), pixels = (n) * (n); \
    float *r = (planes), *g = r + stride, *b = g + stride; \
    for (ptrdiff_t i = 0; i < pixels; i += LANES, r += LANES, g += LANES, b += LANES)

INLINE void blend(float *x, float factor, vec other) { store(x, unit(factor * load(x) + other)); }

TARGET void NAME(facet_brightness)(float *planes, ptrdiff_t n, float factor) {
    FOR_PIXELS(planes, n) {
        store(r, unit(factor * load(r)));
        store(g, unit(factor * load(g)));
        store(b, unit(factor * load(b)));
    }
}

INLINE float mean_gray(float *planes, ptrdiff_t n) {
    vec sum = splat(0);
    FOR_PIXELS(planes, n) {
        const vec light = gray(load(r), load(g), load(b));
        sum += pixels - i < LANES ? leading(light, pixels - i) : light;
    }
    return (float)(total(sum) / (double)pixels);
}

TARGET void NAME(facet_contrast)(float *planes, ptrdiff_t n, float factor) {
    const vec other = splat((1 - factor) * mean_gray(planes, n));
    FOR_PIXELS(planes, n) {
        blend(r, factor, other);
        blend(g, factor, other);
        blend(b, factor, other);
    }
}

TARGET void NAME(facet_saturation)(float *planes, ptrdiff_t n, float factor) {
    FOR_PIXELS(planes, n) {
        const vec other = (1 - factor) * gray(load(r), load(g), load(b));
        blend(r, factor, other);
        blend(g, factor, other);
        blend(b, factor, other);
    }
}

TARGET void NAME(facet_grayscale)(float *planes, ptrdiff_t n) {
    FOR_PIXELS(planes, n) {
        const vec light = gray(load(r), load(g), load(b));
        store(r, light);
        store(g, light);
        store(b, light);
    }
}

// One channel of a colour: its value less its chroma, but for the thirds of the circle in which the channel is high, which
// are centred at 2, 8 and 14 sixths; `position` is 0 to 16.
INLINE vec channel_of(vec value, vec chroma, vec position) {
    const vec a = __builtin_elementwise_abs(position - 2), b = __builtin_elementwise_abs(position - 8);
    const vec c = __builtin_elementwise_abs(position - 14);
    return value - chroma * unit(2 - smaller(smaller(a, b), c));
}

TARGET void NAME(facet_hue)(float *planes, ptrdiff_t n, float turn) {
    const float sixths = 6 * (turn - floorf(turn));
    FOR_PIXELS(planes, n) {
        const vec red = load(r), green = load(g), blue = load(b);
        const vec value = larger(larger(red, green), blue);
        const vec chroma = value - smaller(smaller(red, green), blue);
        const vec scale = 1 / choose(chroma == 0, splat(1), chroma);
        const vec hue = sixths + choose(value == red, (green - blue) * scale,
                                        choose(value == green, 2 + (blue - red) * scale, 4 + (red - green) * scale));
        store(r, unit(channel_of(value, chroma, hue + 5)));
        store(g, unit(channel_of(value, chroma, hue + 3)));
        store(b, unit(channel_of(value, chroma, hue + 1)));
    }
}

// MARK: Blur

INLINE ptrdiff_t reflect(ptrdiff_t i, ptrdiff_t n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; }

// The frame above and below is made of pointers: only the rows near an edge are not one step apart.
INLINE void blur_down(const float *plane, ptrdiff_t n, const float *taps, ptrdiff_t radius, float *out) {
    for (ptrdiff_t y = 0; y < n; y++, out += n) {
        if (y >= radius && y + radius < n) {
            combine_run(plane + (y - radius) * n, n, taps, 2 * radius + 1, n, out);
            continue;
        }
        for (ptrdiff_t x = 0; x < n; x += LANES) {
            vec sum = splat(0);
            for (ptrdiff_t t = 0; t <= 2 * radius; t++) sum += taps[t] * load(plane + reflect(y + t - radius, n) * n + x);
            store(out + x, sum);
        }
    }
}

// `line` has room for a row, both its frames and a vector.
INLINE void blur_across(const float *plane, ptrdiff_t n, const float *taps, ptrdiff_t radius, float *line, float *out) {
    for (ptrdiff_t y = 0; y < n; y++) {
        const float *row = plane + y * n;
        memcpy(line + radius, row, (size_t)n * sizeof(float));
        for (ptrdiff_t t = 1; t <= radius; t++) {
            line[radius - t] = row[t];
            line[radius + n - 1 + t] = row[n - 1 - t];
        }
        combine_run(line, 1, taps, 2 * radius + 1, n, out + y * n);
    }
}

TARGET void NAME(facet_blur)(float *planes, ptrdiff_t n, const float *taps, ptrdiff_t radius, float *scratch) {
    float line[n + 2 * radius + LANES];
    memset(line, 0, sizeof line);
    for (int channel = 0; channel < 3; channel++) {
        float *plane = planes + channel * facet_plane_stride(n);
        blur_down(plane, n, taps, radius, scratch);
        blur_across(scratch, n, taps, radius, line, plane);
    }
}

// MARK: Texture

TARGET void NAME(facet_frame)(const float *planes, ptrdiff_t n, const float *scale, const float *shift,
                              ptrdiff_t radius, float *framed) {
    const ptrdiff_t width = facet_frame_stride(n, radius), margin = width * radius, right = width - radius - n;
    for (int channel = 0; channel < 3; channel++) {
        const float *from = planes + channel * facet_plane_stride(n);
        float *to = framed + channel * (n + 2 * radius) * width;
        memset(to, 0, (size_t)margin * sizeof(float));
        to += margin;
        for (ptrdiff_t y = 0; y < n; y++, from += n, to += width) {
            memset(to, 0, (size_t)radius * sizeof(float));
            for (ptrdiff_t x = 0; x < n; x += LANES)
                store(to + radius + x, load(from + x) * scale[channel] + shift[channel]);
            memset(to + radius + n, 0, (size_t)right * sizeof(float));
        }
        memset(to, 0, (size_t)margin * sizeof(float));
    }
}

// `vectors` side by side, all three output channels of each at once.
INLINE void convolve_run(const int vectors, const float *framed, ptrdiff_t width, ptrdiff_t rows, const float *weights,
                         ptrdiff_t kernel, float *out, ptrdiff_t stride) {
    vec sum[3][4];
    UNROLL for (int o = 0; o < 3; o++)
        UNROLL for (int v = 0; v < vectors; v++) sum[o][v] = splat(0);
    for (int channel = 0; channel < 3; channel++)
        for (ptrdiff_t i = 0; i < kernel; i++) {
            const float *from = framed + (channel * rows + i) * width;
            for (ptrdiff_t j = 0; j < kernel; j++, weights += 3)
                UNROLL for (int v = 0; v < vectors; v++) {
                    const vec x = load(from + j + v * LANES);
                    UNROLL for (int o = 0; o < 3; o++) sum[o][v] += weights[o] * x;
                }
        }
    UNROLL for (int o = 0; o < 3; o++)
        UNROLL for (int v = 0; v < vectors; v++) store(out + o * stride + v * LANES, sum[o][v]);
}

TARGET void NAME(facet_convolve_planes)(const float *framed, ptrdiff_t n, const float *weights, ptrdiff_t kernel,
                                        float *out) {
    const ptrdiff_t radius = kernel / 2, width = facet_frame_stride(n, radius), rows = n + 2 * radius;
    const ptrdiff_t stride = facet_plane_stride(n);
    for (ptrdiff_t y = 0; y < n; y++) {
        const float *from = framed + y * width;
        ptrdiff_t x = 0;
        for (; x + 4 * LANES <= n; x += 4 * LANES)
            convolve_run(4, from + x, width, rows, weights, kernel, out + y * n + x, stride);
        for (; x < n; x += LANES) convolve_run(1, from + x, width, rows, weights, kernel, out + y * n + x, stride);
    }
}

TARGET void NAME(facet_mix)(const float *framed, ptrdiff_t n, ptrdiff_t radius, float alpha, float *out) {
    const ptrdiff_t width = facet_frame_stride(n, radius), rows = n + 2 * radius;
    for (int channel = 0; channel < 3; channel++)
        for (ptrdiff_t y = 0; y < n; y++) {
            const float *from = framed + (channel * rows + y + radius) * width + radius;
            float *to = out + channel * facet_plane_stride(n) + y * n;
            ptrdiff_t x = 0;
            for (; x + LANES <= n; x += LANES) store(to + x, alpha * load(to + x) + (1 - alpha) * load(from + x));
            for (; x < n; x++) to[x] = alpha * to[x] + (1 - alpha) * from[x];
        }
}

INLINE double plane_sum(const float *plane, ptrdiff_t count, float mean, int squared) {
    vec sum[4];
    UNROLL for (int v = 0; v < 4; v++) sum[v] = splat(0);
    for (ptrdiff_t i = 0; i < count; i += LANES) {
        vec x = load(plane + i) - mean;
        if (squared) x *= x;
        sum[i / LANES % 4] += count - i < LANES ? leading(x, count - i) : x;
    }
    return total((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

TARGET void NAME(facet_plane_moments)(const float *planes, ptrdiff_t n, float *mean, float *deviation) {
    const ptrdiff_t count = n * n;
    for (int channel = 0; channel < 3; channel++) {
        const float *plane = planes + channel * facet_plane_stride(n);
        mean[channel] = (float)(plane_sum(plane, count, 0, 0) / (double)count);
        deviation[channel] = (float)sqrt(plane_sum(plane, count, mean[channel], 1) / (double)count);
    }
}

// MARK: Output

// Weaves three vectors: r0 g0 b0 r1 g1 b1 ... Red and green first, then blue into the gaps.
#define RED_GREEN(p) ((p) % 3 == 2 ? -1 : (p) % 3 * LANES + (p) / 3)
#define AND_BLUE(p) ((p) % 3 == 2 ? LANES + (p) / 3 : (p) % LANES)
#define FOUR(f, p) f(p), f((p) + 1), f((p) + 2), f((p) + 3)
#if LANES == 4
#define EACH(f, p) FOUR(f, p)
#elif LANES == 8
#define EACH(f, p) FOUR(f, p), FOUR(f, (p) + 4)
#else
#define EACH(f, p) FOUR(f, p), FOUR(f, (p) + 4), FOUR(f, (p) + 8), FOUR(f, (p) + 12)
#endif

INLINE void store_woven(float *out, vec r, vec g, vec b) {
    store(out, SHUFFLE(SHUFFLE(r, g, EACH(RED_GREEN, 0)), b, EACH(AND_BLUE, 0)));
    store(out + LANES, SHUFFLE(SHUFFLE(r, g, EACH(RED_GREEN, LANES)), b, EACH(AND_BLUE, LANES)));
    store(out + 2 * LANES, SHUFFLE(SHUFFLE(r, g, EACH(RED_GREEN, 2 * LANES)), b, EACH(AND_BLUE, 2 * LANES)));
}

TARGET void NAME(facet_interleave)(const float *planes, ptrdiff_t n, const float *scale, const float *shift,
                                   float *out) {
    const ptrdiff_t stride = facet_plane_stride(n), pixels = n * n;
    const float *r = planes, *g = r + stride, *b = g + stride;
    ptrdiff_t i = 0;
    for (; i + LANES <= pixels; i += LANES)
        store_woven(out + 3 * i, load(r + i) * scale[0] + shift[0], load(g + i) * scale[1] + shift[1],
                    load(b + i) * scale[2] + shift[2]);
    for (; i < pixels; i++)
        for (int channel = 0; channel < 3; channel++)
            out[3 * i + channel] = planes[channel * stride + i] * scale[channel] + shift[channel];
}
