// SPDX-License-Identifier: Apache-2.0
// The baseline of the target: SSE2 on x86-64, NEON on AArch64.
#include "scan.h"
#define NAME(x) x##_portable
#define TARGET
#define INLINE static inline __attribute__((always_inline))
#define LANES 4
#define TILE_BLOCKS 1
#define TILE_QUERIES 2

typedef struct {
    int32_t row[FACET_SCAN_ROWS];
} sums;

INLINE sums sums_start(int32_t value) {
    sums all;
    for (int i = 0; i < FACET_SCAN_ROWS; i++) all.row[i] = value;
    return all;
}

INLINE sums sums_plus(sums a, sums b) {
    for (int i = 0; i < FACET_SCAN_ROWS; i++) a.row[i] += b.row[i];
    return a;
}

INLINE void sums_read(sums a, int32_t *out) { __builtin_memcpy(out, a.row, sizeof a.row); }

INLINE sums multiply(sums sum, const uint8_t *codes, const int8_t *query) {
    for (int i = 0; i < FACET_SCAN_ROWS; i++)
        for (int j = 0; j < 4; j++) sum.row[i] += (int32_t)codes[4 * i + j] * (int32_t)query[j];
    return sum;
}

#include "rows.inc.h"
#include "graph.h"

INLINE float row_products(const uint8_t *codes, const uint8_t *scales, const facet_graph_term *terms, ptrdiff_t count) {
    float all = 0;
    for (ptrdiff_t t = 0; t < count; t++) {
        const uint8_t *row = codes + terms[t].offset;
        uint16_t half;
        memcpy(&half, scales + terms[t].segment * 2, 2);
        int32_t sum = terms[t].bias;
        for (ptrdiff_t i = 0; i < terms[t].length; i++) sum += (int32_t)((int16_t)row[i] * (int16_t)terms[t].codes[i]);
        all += (float)sum * (terms[t].factor * from_half(half));
    }
    return all;
}

#define OWN_CODE_SHARE 1
#include "graph.inc.h"
#include "link.inc.h"
#include "scan.inc.h"
