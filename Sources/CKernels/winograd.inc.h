// SPDX-License-Identifier: Apache-2.0
//
// The transforms of F(2x2,3x3) and F(4x4,3x3) for one instruction set. The including file defines NAME, LANES, PANEL,
// INLINE, UNROLL and vec as for kernels.inc.h, SCALED for whether outputs are multiplied with job->scale, and
//   put(job, point, place, stride, k, value, transformed)    keeps one vector of transformed inputs
// Every number is computed by the same operations in the same order whatever tiles are computed together.
//
// The interpolation points are 0, 1, -1, infinity for 2x2 and 0, +-1/sqrt 2, +-sqrt 2, infinity for 4x4: with points
// whose product is 1 a rounding error grows three times less than with the customary 0, +-1, +-2.

enum { MAX_POINTS = 6, MAX_TILE = 4 };

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
    const ptrdiff_t per_image = job->tiles_h * job->tiles_w;
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
                UNROLL for (int j = 0; j < points; j++)
                    put(job, i * points + j, at + t - first, stride, k, out[j], transformed);
            }
        }
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
    UNROLL for (int side = 0; side < PANEL / LANES; side++) {
        const ptrdiff_t channel = panel * PANEL + side * LANES;
        if (channel >= job->oc) return;
        const vec bias = *(const vec *)(job->bias + channel);
#if SCALED
        const vec scale = *(const vec *)(job->scale + channel);
#define FINISHED(x) ((x) * scale + bias)
#else
#define FINISHED(x) ((x) + bias)
#endif
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
                    store(job, FINISHED(out[j]), corner + (i * job->ow + j) * job->oc + channel, job->oc - channel);
        }
    }
}
