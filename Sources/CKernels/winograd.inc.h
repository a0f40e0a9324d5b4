// SPDX-License-Identifier: Apache-2.0
//
// F(2x2,3x3) and F(4x4,3x3) of one instruction set; the including file defines NAME, TARGET, LANES and ROWS as for
// kernels.inc.h. Every number is computed by the same operations in the same order whatever tiles are computed together.
//
// The interpolation points are 0, 1, -1, infinity for 2x2 and 0, +-1/sqrt 2, +-sqrt 2, infinity for 4x4: with points
// whose product is 1 a rounding error grows three times less than with the customary 0, +-1, +-2.

typedef float vec __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float))));

enum { PANEL = 2 * LANES, MAX_POINTS = 6, MAX_TILE = 4 };

#define INLINE static inline __attribute__((always_inline)) TARGET
#define UNROLL _Pragma("clang loop unroll(full)")

static const float A = 0.70710678f, B = 1.41421356f;

// B^T d along one axis.
INLINE void inputs(const int points, const vec *d, vec *out) {
    if (points == 4) {
        out[0] = d[0] - d[2];
        out[1] = d[1] + d[2];
        out[2] = d[2] - d[1];
        out[3] = d[3] - d[1];
        return;
    }
    const vec even_a = d[4] - 2 * d[2], odd_a = d[3] - 2 * d[1];
    const vec even_b = d[4] - 0.5f * d[2], odd_b = d[3] - 0.5f * d[1];
    out[0] = (d[0] + d[4]) - 2.5f * d[2];
    out[1] = even_a + A * odd_a;
    out[2] = even_a - A * odd_a;
    out[3] = even_b + B * odd_b;
    out[4] = even_b - B * odd_b;
    out[5] = (d[1] + d[5]) - 2.5f * d[3];
}

// A^T m along one axis.
INLINE void outputs(const int points, const vec *m, vec *out) {
    if (points == 4) {
        out[0] = m[0] + m[1] + m[2];
        out[1] = m[1] - m[2] + m[3];
        return;
    }
    const vec sum_a = m[1] + m[2], sum_b = m[3] + m[4];
    const vec difference_a = A * (m[1] - m[2]), difference_b = B * (m[3] - m[4]);
    out[0] = m[0] + (sum_a + sum_b);
    out[1] = difference_a + difference_b;
    out[2] = 0.5f * sum_a + 2 * sum_b;
    out[3] = (0.5f * difference_a + 2 * difference_b) + m[5];
}

INLINE void gather(const int points, const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                   ptrdiff_t stride, float *transformed) {
    const ptrdiff_t per_image = job->tiles_h * job->tiles_w, plane = stride * job->c;
    for (ptrdiff_t t = first; t < last; t++) {
        const ptrdiff_t top = t % per_image / job->tiles_w * job->tile - job->padding;
        const ptrdiff_t left = t % job->tiles_w * job->tile - job->padding;
        const float *image = job->input + t / per_image * job->h * job->w * job->c;
        const float *from[MAX_POINTS * MAX_POINTS];
        for (int i = 0; i < points; i++)
            for (int j = 0; j < points; j++) {
                const ptrdiff_t y = top + i, x = left + j;
                const int inside = y >= 0 && y < job->h && x >= 0 && x < job->w;
                from[i * points + j] = inside ? image + (y * job->w + x) * job->c : job->zeros;
            }
        float *to = transformed + (at + t - first) * job->c;
        for (ptrdiff_t k = 0; k < job->c; k += LANES) {
            vec half[MAX_POINTS][MAX_POINTS];
            UNROLL for (int j = 0; j < points; j++) {
                vec d[MAX_POINTS], out[MAX_POINTS];
                UNROLL for (int i = 0; i < points; i++) d[i] = *(const vec *)(from[i * points + j] + k);
                inputs(points, d, out);
                UNROLL for (int i = 0; i < points; i++) half[i][j] = out[i];
            }
            UNROLL for (int i = 0; i < points; i++) {
                vec out[MAX_POINTS];
                inputs(points, half[i], out);
                UNROLL for (int j = 0; j < points; j++) *(vec *)(to + (i * points + j) * plane + k) = out[j];
            }
        }
    }
}

TARGET void NAME(facet_winograd_gather)(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                                        ptrdiff_t stride, float *transformed) {
    if (job->tile == 4) gather(6, job, first, last, at, stride, transformed);
    else gather(4, job, first, last, at, stride, transformed);
}

// `rows` rows of `a`, c floats apart, times a panel of c rows.
INLINE void product(const int rows, const float *a, ptrdiff_t c, const float *b, const float *ahead, ptrdiff_t lines,
                    float *out) {
    vec acc[ROWS][2];
    UNROLL for (int r = 0; r < rows; r++) acc[r][0] = acc[r][1] = (vec){0};
    for (ptrdiff_t k = 0; k < c; k += 4) {
        for (ptrdiff_t line = 0; line < lines; line++, ahead += 16) __builtin_prefetch(ahead, 0, 2);
        UNROLL for (int u = 0; u < 4; u++, b += PANEL) {
            const vec b0 = *(const vec *)b, b1 = *(const vec *)(b + LANES);
            UNROLL for (int r = 0; r < rows; r++) {
                const float x = a[r * c + k + u];
                acc[r][0] += b0 * x;
                acc[r][1] += b1 * x;
            }
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        *(vec *)(out + r * PANEL) = acc[r][0];
        *(vec *)(out + r * PANEL + LANES) = acc[r][1];
    }
}

#define CASE(n) \
    case n: product(n, a, c, b, ahead, lines, out); break;

TARGET static void product_of(ptrdiff_t rows, const float *a, ptrdiff_t c, const float *b, const float *ahead,
                              ptrdiff_t lines, float *out) {
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

INLINE void store(const facet_winograd *job, vec value, ptrdiff_t at, ptrdiff_t columns) {
    const vec zero = {0};
    if (__builtin_expect(columns >= LANES, 1)) {
        if (job->residual) value += *(const vec *)(job->residual + at);
        if (job->relu) value = __builtin_elementwise_max(value, zero);
        *(vec *)(job->output + at) = value;
        return;
    }
    for (ptrdiff_t j = 0; j < columns; j++) {
        const float x = value[j] + (job->residual ? job->residual[at + j] : 0);
        job->output[at + j] = job->relu && x < 0 ? 0 : x;
    }
}

// The outputs of one tile for one panel from its products, which lie `plane` floats apart.
INLINE void scatter(const int points, const facet_winograd *job, ptrdiff_t t, ptrdiff_t panel, const float *products,
                    ptrdiff_t plane) {
    const int tile = points - 2;
    const ptrdiff_t per_image = job->tiles_h * job->tiles_w;
    const ptrdiff_t top = t % per_image / job->tiles_w * tile, left = t % job->tiles_w * tile;
    const ptrdiff_t rows = job->oh - top, columns = job->ow - left;
    const ptrdiff_t corner = ((t / per_image * job->oh + top) * job->ow + left) * job->oc;
    UNROLL for (int side = 0; side < 2; side++) {
        const ptrdiff_t channel = panel * PANEL + side * LANES;
        const vec bias = *(const vec *)(job->bias + channel);
        vec half[MAX_TILE][MAX_POINTS];
        UNROLL for (int j = 0; j < points; j++) {
            vec m[MAX_POINTS], out[MAX_TILE];
            UNROLL for (int i = 0; i < points; i++)
                m[i] = *(const vec *)(products + (i * points + j) * plane + side * LANES);
            outputs(points, m, out);
            UNROLL for (int i = 0; i < tile; i++) half[i][j] = out[i];
        }
        UNROLL for (int i = 0; i < tile; i++) {
            if (i >= rows) break;
            vec out[MAX_TILE];
            outputs(points, half[i], out);
            UNROLL for (int j = 0; j < tile; j++)
                if (j < columns)
                    store(job, out[j] + bias, corner + (i * job->ow + j) * job->oc + channel, job->oc - channel);
        }
    }
}

INLINE void multiply(const int points, const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                     ptrdiff_t stride, const float *transformed, ptrdiff_t first_panel, ptrdiff_t last_panel,
                     float *products) {
    const ptrdiff_t count = last - first, groups = (count + ROWS - 1) / ROWS, c = job->c;
    for (ptrdiff_t panel = first_panel; panel < last_panel; panel++) {
        for (int point = 0; point < points * points; point++) {
            const float *a = transformed + (point * stride + at) * c;
            const float *b = job->weights + (panel * points * points + point) * c * PANEL;
            float *out = products + point * count * PANEL;
            const ptrdiff_t lines = (PANEL / 4 + groups - 1) / groups;
            const float *ahead = b + c * PANEL;
            ptrdiff_t done = 0;
            for (ptrdiff_t i = 0; i < groups; i++) {
                const ptrdiff_t rows = (count - done + (groups - i) - 1) / (groups - i);
                product_of(rows, a + done * c, c, b, ahead + i * lines * c * 4, lines, out + done * PANEL);
                done += rows;
            }
        }
        for (ptrdiff_t t = 0; t < count; t++)
            scatter(points, job, first + t, panel, products + t * PANEL, count * PANEL);
    }
}

TARGET void NAME(facet_winograd_multiply)(const facet_winograd *job, ptrdiff_t first, ptrdiff_t last, ptrdiff_t at,
                                          ptrdiff_t stride, const float *transformed, ptrdiff_t first_panel,
                                          ptrdiff_t last_panel, float *products) {
    if (job->tile == 4)
        multiply(6, job, first, last, at, stride, transformed, first_panel, last_panel, products);
    else
        multiply(4, job, first, last, at, stride, transformed, first_panel, last_panel, products);
}
