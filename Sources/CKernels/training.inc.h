// SPDX-License-Identifier: Apache-2.0
//
// The training kernels of one instruction set; included after kernels.inc.h, whose macros and types it uses.
// Loops over channels take PANEL of them at a time, so that a channel's coefficients and sums stay in registers.
#include <string.h>

enum { BLOCK = 256, SUM_BLOCK = 64 };

typedef int ivec __attribute__((vector_size(LANES * sizeof(int)), aligned(sizeof(int))));
typedef int8_t bytes __attribute__((vector_size(LANES), aligned(1)));

typedef struct { vec lo, hi; } pair;

INLINE pair load(const float *from, ptrdiff_t n) {
    if (__builtin_expect(n >= PANEL, 1)) return (pair){*(const vec *)from, *(const vec *)(from + LANES)};
    float both[PANEL] = {0};
    memcpy(both, from, (size_t)n * sizeof(float));
    return (pair){*(const vec *)both, *(const vec *)(both + LANES)};
}

INLINE void store(float *to, ptrdiff_t n, pair value) {
    if (__builtin_expect(n >= PANEL, 1)) {
        *(vec *)to = value.lo;
        *(vec *)(to + LANES) = value.hi;
        return;
    }
    float both[PANEL];
    *(vec *)both = value.lo;
    *(vec *)(both + LANES) = value.hi;
    memcpy(to, both, (size_t)n * sizeof(float));
}

INLINE ptrdiff_t least(ptrdiff_t a, ptrdiff_t b) { return a < b ? a : b; }

// MARK: Weights

// acc[r] += (channel k+r under the tap) * (gradient), pixel by pixel.
INLINE void outer(const int rows, float *weights, const float *const *from, ptrdiff_t k, const float *gradient,
                  ptrdiff_t count) {
    vec acc[ROWS][2];
    UNROLL for (int r = 0; r < rows; r++) {
        acc[r][0] = *(const vec *)(weights + r * PANEL);
        acc[r][1] = *(const vec *)(weights + r * PANEL + LANES);
    }
    for (ptrdiff_t p = 0; p < count; p++) {
        const vec b0 = *(const vec *)(gradient + p * PANEL), b1 = *(const vec *)(gradient + p * PANEL + LANES);
        const float *a = from[p] + k;
        UNROLL for (int r = 0; r < rows; r++) {
            acc[r][0] += b0 * a[r];
            acc[r][1] += b1 * a[r];
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        *(vec *)(weights + r * PANEL) = acc[r][0];
        *(vec *)(weights + r * PANEL + LANES) = acc[r][1];
    }
}

#define OUTER_CASE(n) \
    case n: outer(n, weights, from, k, gradient, count); break;

TARGET static void outer_of(ptrdiff_t rows, float *weights, const float *const *from, ptrdiff_t k,
                            const float *gradient, ptrdiff_t count) {
    switch (rows) {
        OUTER_CASE(1) OUTER_CASE(2) OUTER_CASE(3) OUTER_CASE(4) OUTER_CASE(5) OUTER_CASE(6)
#if ROWS > 6
        OUTER_CASE(7) OUTER_CASE(8)
#endif
#if ROWS > 8
        OUTER_CASE(9) OUTER_CASE(10) OUTER_CASE(11) OUTER_CASE(12) OUTER_CASE(13) OUTER_CASE(14)
#endif
    }
}

// Where each pixel of the block reads under one tap.
INLINE void find_pixels(const facet_weight_gradient *job, const float **from, ptrdiff_t pixel, ptrdiff_t count,
                        ptrdiff_t tap) {
    const ptrdiff_t columns = job->rows_contiguous ? 1 : job->kw;
    const ptrdiff_t down = tap / columns - job->padding, right = tap % columns - job->padding;
    ptrdiff_t x = pixel % job->ow, y = pixel / job->ow % job->oh;
    const float *base = job->input + pixel / (job->ow * job->oh) * job->h * job->w * job->c;
    for (ptrdiff_t p = 0; p < count; p++) {
        const ptrdiff_t row = y * job->stride + down, column = x * job->stride + right;
        const int inside = row >= 0 && row < job->h && column >= 0 && column < job->w;
        from[p] = inside ? base + (row * job->w + column) * job->c : job->zeros;
        if (++x == job->ow) {
            x = 0;
            if (++y == job->oh) y = 0, base += job->h * job->w * job->c;
        }
    }
}

TARGET void NAME(facet_accumulate_weights)(const facet_weight_gradient *job, ptrdiff_t pixels, ptrdiff_t first_panel,
                                           ptrdiff_t last_panel, ptrdiff_t first_tap, ptrdiff_t last_tap) {
    float gradient[BLOCK * PANEL] __attribute__((aligned(64)));
    const float *from[BLOCK];
    const ptrdiff_t taps = job->rows_contiguous ? job->kh : job->kh * job->kw;
    const ptrdiff_t run = job->rows_contiguous ? job->kw * job->c : job->c;
    const ptrdiff_t tiles = (run + ROWS - 1) / ROWS;
    for (ptrdiff_t pixel = 0; pixel < pixels; pixel += BLOCK) {
        const ptrdiff_t count = least(BLOCK, pixels - pixel);
        for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
            const float *source = job->gradient + pixel * job->oc + panel * PANEL;
            const ptrdiff_t columns = least(PANEL, job->oc - panel * PANEL);
            for (ptrdiff_t p = 0; p < count; p++)
                store(gradient + p * PANEL, PANEL, load(source + p * job->oc, columns));
            for (ptrdiff_t tap = first_tap; tap < last_tap; tap++) {
                find_pixels(job, from, pixel, count, tap);
                float *weights = job->weights + (panel * taps + tap) * run * PANEL;
                ptrdiff_t k = 0;
                for (ptrdiff_t i = 0; i < tiles; i++) {
                    const ptrdiff_t rows = (run - k + (tiles - i) - 1) / (tiles - i);
                    outer_of(rows, weights + k * PANEL, from, k, gradient, count);
                    k += rows;
                }
            }
        }
    }
}

// MARK: Batch normalisation

// Two passes over blocks that fit the nearest cache, combined in double (Chan, Golub and LeVeque's update).
TARGET void NAME(facet_moments)(const float *x, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last,
                                double *mean, double *deviations) {
    for (ptrdiff_t k = first; k < last; k += PANEL) {
        const ptrdiff_t n = least(PANEL, last - k);
        double means[PANEL] = {0}, squares[PANEL] = {0};
        for (ptrdiff_t done = 0; done < pixels; done += SUM_BLOCK) {
            const ptrdiff_t count = least(SUM_BLOCK, pixels - done);
            const float *block = x + done * c + k;
            const float share = 1.0f / (float)count;
            pair sum = {0}, spread = {0};
            for (ptrdiff_t p = 0; p < count; p++) {
                const pair value = load(block + p * c, n);
                sum.lo += value.lo, sum.hi += value.hi;
            }
            sum.lo *= share, sum.hi *= share;
            for (ptrdiff_t p = 0; p < count; p++) {
                const pair value = load(block + p * c, n);
                const vec lo = value.lo - sum.lo, hi = value.hi - sum.hi;
                spread.lo += lo * lo, spread.hi += hi * hi;
            }
            float block_mean[PANEL], block_square[PANEL];
            store(block_mean, PANEL, sum);
            store(block_square, PANEL, spread);
            const double part = (double)count / (double)(done + count), weight = (double)done * part;
            for (int j = 0; j < PANEL; j++) {
                const double delta = block_mean[j] - means[j];
                means[j] += delta * part;
                squares[j] += block_square[j] + delta * delta * weight;
            }
        }
        for (ptrdiff_t j = 0; j < n; j++) mean[k + j] = means[j], deviations[k + j] = squares[j];
    }
}

TARGET void NAME(facet_affine)(const float *x, const float *scale, const float *shift, const float *residual, int relu,
                               float *y, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last) {
    const vec zero = {0};
    for (ptrdiff_t k = first; k < last; k += PANEL) {
        const ptrdiff_t n = least(PANEL, last - k);
        const pair a = load(scale + k, n), b = load(shift + k, n);
        for (ptrdiff_t p = 0; p < pixels; p++) {
            pair value = load(x + p * c + k, n);
            value.lo = value.lo * a.lo + b.lo, value.hi = value.hi * a.hi + b.hi;
            if (residual) {
                const pair extra = load(residual + p * c + k, n);
                value.lo += extra.lo, value.hi += extra.hi;
            }
            if (relu) {
                value.lo = __builtin_elementwise_max(value.lo, zero);
                value.hi = __builtin_elementwise_max(value.hi, zero);
            }
            store(y + p * c + k, n, value);
        }
    }
}

INLINE vec kept(vec value, vec out) { return (vec)((ivec)value & (ivec)(out > (vec){0})); }

TARGET void NAME(facet_norm_sums)(const float *dy, const float *out, const float *x, const float *mean, float *g,
                                  ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last, double *sum,
                                  double *product) {
    for (ptrdiff_t k = first; k < last; k += PANEL) {
        const ptrdiff_t n = least(PANEL, last - k);
        const pair centre = load(mean + k, n);
        double sums[PANEL] = {0}, products[PANEL] = {0};
        for (ptrdiff_t done = 0; done < pixels; done += SUM_BLOCK) {
            pair plain = {0}, weighted = {0};
            for (ptrdiff_t p = done; p < least(done + SUM_BLOCK, pixels); p++) {
                pair value = load(dy + p * c + k, n);
                if (out) {
                    const pair mask = load(out + p * c + k, n);
                    value.lo = kept(value.lo, mask.lo), value.hi = kept(value.hi, mask.hi);
                }
                if (out || g != dy) store(g + p * c + k, n, value);
                const pair at = load(x + p * c + k, n);
                plain.lo += value.lo, plain.hi += value.hi;
                weighted.lo += value.lo * (at.lo - centre.lo), weighted.hi += value.hi * (at.hi - centre.hi);
            }
            float a[PANEL], b[PANEL];
            store(a, PANEL, plain);
            store(b, PANEL, weighted);
            for (int j = 0; j < PANEL; j++) sums[j] += a[j], products[j] += b[j];
        }
        for (ptrdiff_t j = 0; j < n; j++) sum[k + j] = sums[j], product[k + j] = products[j];
    }
}

TARGET void NAME(facet_norm_gradient)(const float *g, const float *x, const float *a, const float *b, const float *d,
                                      float *dx, ptrdiff_t pixels, ptrdiff_t c, ptrdiff_t first, ptrdiff_t last) {
    for (ptrdiff_t k = first; k < last; k += PANEL) {
        const ptrdiff_t n = least(PANEL, last - k);
        const pair fa = load(a + k, n), fb = load(b + k, n), fd = load(d + k, n);
        for (ptrdiff_t p = 0; p < pixels; p++) {
            const pair value = load(g + p * c + k, n), at = load(x + p * c + k, n);
            const pair result = {fa.lo * value.lo + (fb.lo * at.lo + fd.lo), fa.hi * value.hi + (fb.hi * at.hi + fd.hi)};
            store(dx + p * c + k, n, result);
        }
    }
}

// MARK: Pooling

TARGET void NAME(facet_max_pool_indexed)(const float *input, float *output, uint8_t *index, ptrdiff_t h, ptrdiff_t w,
                                         ptrdiff_t c, ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride,
                                         ptrdiff_t padding) {
    for (ptrdiff_t pixel = 0; pixel < oh * ow; pixel++) {
        const ptrdiff_t top = pixel / ow * stride - padding, left = pixel % ow * stride - padding;
        for (ptrdiff_t k = 0; k < c; k += PANEL) {
            const ptrdiff_t n = least(PANEL, c - k);
            pair best = {0};
            ivec first_index = {0}, second_index = {0};
            int any = 0;
            for (ptrdiff_t t = 0; t < kernel * kernel; t++) {
                const ptrdiff_t y = top + t / kernel, x = left + t % kernel;
                if (y < 0 || y >= h || x < 0 || x >= w) continue;
                const pair value = load(input + (y * w + x) * c + k, n);
                const ivec lo = any ? (ivec)(value.lo > best.lo) : ~(ivec){0};
                const ivec hi = any ? (ivec)(value.hi > best.hi) : ~(ivec){0};
                best.lo = (vec)(((ivec)value.lo & lo) | ((ivec)best.lo & ~lo));
                best.hi = (vec)(((ivec)value.hi & hi) | ((ivec)best.hi & ~hi));
                first_index = ((int)t & lo) | (first_index & ~lo);
                second_index = ((int)t & hi) | (second_index & ~hi);
                any = 1;
            }
            store(output + pixel * c + k, n, best);
            int8_t both[PANEL];
            *(bytes *)both = __builtin_convertvector(first_index, bytes);
            *(bytes *)(both + LANES) = __builtin_convertvector(second_index, bytes);
            memcpy(index + pixel * c + k, both, (size_t)n);
        }
    }
}

TARGET void NAME(facet_max_pool_gradient)(const float *dy, const uint8_t *index, float *dx, ptrdiff_t h, ptrdiff_t w,
                                          ptrdiff_t c, ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t kernel, ptrdiff_t stride,
                                          ptrdiff_t padding) {
    memset(dx, 0, (size_t)(h * w * c) * sizeof(float));
    for (ptrdiff_t pixel = 0; pixel < oh * ow; pixel++) {
        const ptrdiff_t top = pixel / ow * stride - padding, left = pixel % ow * stride - padding;
        for (ptrdiff_t k = 0; k < c; k += PANEL) {
            const ptrdiff_t n = least(PANEL, c - k);
            const pair value = load(dy + pixel * c + k, n);
            int8_t both[PANEL] = {0};
            memcpy(both, index + pixel * c + k, (size_t)n);
            const ivec lo = __builtin_convertvector(*(bytes *)both, ivec);
            const ivec hi = __builtin_convertvector(*(bytes *)(both + LANES), ivec);
            for (ptrdiff_t t = 0; t < kernel * kernel; t++) {
                const ptrdiff_t y = top + t / kernel, x = left + t % kernel;
                if (y < 0 || y >= h || x < 0 || x >= w) continue;
                float *at = dx + (y * w + x) * c + k;
                pair sum = load(at, n);
                sum.lo += (vec)((ivec)value.lo & (ivec)(lo == (int)t));
                sum.hi += (vec)((ivec)value.hi & (ivec)(hi == (int)t));
                store(at, n, sum);
            }
        }
    }
}

// MARK: Optimiser

TARGET void NAME(facet_sgd)(float *restrict weights, float *restrict velocity, const float *const *gradients,
                            ptrdiff_t parts, ptrdiff_t count, float scale, float rate, float momentum, float decay) {
    for (ptrdiff_t first = 0; first < count; first += BLOCK) {
        const ptrdiff_t n = least(BLOCK, count - first);
        float sum[BLOCK];
        memcpy(sum, gradients[0] + first, (size_t)n * sizeof(float));
        for (ptrdiff_t part = 1; part < parts; part++) {
            const float *restrict source = gradients[part] + first;
            for (ptrdiff_t i = 0; i < n; i++) sum[i] += source[i];
        }
        float *restrict w = weights + first, *restrict v = velocity + first;
        for (ptrdiff_t i = 0; i < n; i++) {
            v[i] = momentum * v[i] + (sum[i] * scale + decay * w[i]);
            w[i] -= rate * v[i];
        }
    }
}

TARGET void NAME(facet_average)(float *restrict slow, const float *restrict fast, ptrdiff_t count, float keep,
                                float take) {
    for (ptrdiff_t i = 0; i < count; i++) slow[i] = keep * slow[i] + take * fast[i];
}
