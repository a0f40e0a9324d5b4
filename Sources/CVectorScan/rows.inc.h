// SPDX-License-Identifier: Apache-2.0
//
// Codes of a row and its exact products, in plain C that the compiler turns into what TARGET allows.
#include <math.h>
#include <string.h>

INLINE float from_half(uint16_t half) {
    const uint32_t bits = (uint32_t)half << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

// The smallest bfloat16 that is not below a value of zero or more.
INLINE uint16_t half_above(float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0xFFFF) >> 16);
}

INLINE float largest(const float *x, ptrdiff_t length) {
    float most[16] = {0};
    ptrdiff_t i = 0;
    for (; i + 16 <= length; i += 16)
        for (int j = 0; j < 16; j++) most[j] = fabsf(x[i + j]) > most[j] ? fabsf(x[i + j]) : most[j];
    for (; i < length; i++) most[0] = fabsf(x[i]) > most[0] ? fabsf(x[i]) : most[0];
    float all = 0;
    for (int j = 0; j < 16; j++) all = most[j] > all ? most[j] : all;
    return all;
}

// Sixteen dimensions: their codes, and their squared distances added to `square`.
INLINE void encode_run(const float *x, float inverse, float scale, float *square, uint8_t *out) {
    const float magic = 12582912; // 1.5 * 2^23: adding and subtracting it rounds to a whole number
    uint8_t codes[16];
    for (int j = 0; j < 16; j++) {
        const float whole = (x[j] * inverse + magic) - magic, off = x[j] - scale * whole;
        square[j] += off * off;
        codes[j] = (uint8_t)(128 + (int32_t)whole);
    }
    memcpy(out, codes, sizeof codes);
}

TARGET void NAME(facet_scan_encode)(const float *x, ptrdiff_t length, uint8_t *header, uint8_t *out, ptrdiff_t row) {
    const uint16_t half = half_above(largest(x, length) / 127);
    const float scale = from_half(half), inverse = scale > 1e-30f ? 1 / scale : 0;
    float square[16] = {0}, all = 0;
    ptrdiff_t i = 0;
    for (; i + 16 <= length; i += 16) encode_run(x + i, inverse, scale, square, out + i);
    if (i < length) { // the last dimensions, filled up with zeros; only whole groups are written
        float rest[16] = {0};
        uint8_t codes[16];
        memcpy(rest, x + i, (size_t)(length - i) * sizeof(float));
        encode_run(rest, inverse, scale, square, codes);
        memcpy(out + i, codes, (size_t)(length - i + 3) / 4 * 4);
    }
    for (int j = 0; j < 16; j++) all += square[j];
    // Float rounding, of the differences (each at most 2^-23 of a number of at most 2) and of their sum, is covered.
    const uint16_t error = half_above(sqrtf(all) * 1.001f + 1e-6f * largest(x, length) * sqrtf((float)length));
    memcpy(header + row * 2, &half, 2);
    memcpy(header + FACET_SCAN_ROWS * 2 + row * 2, &error, 2);
}

typedef double pair8 __attribute__((vector_size(64), aligned(8)));
typedef float run8 __attribute__((vector_size(32), aligned(4)));

TARGET double NAME(facet_scan_dot)(const float *a, const float *b, ptrdiff_t length) {
    pair8 sum = {0};
    ptrdiff_t i = 0;
    for (; i + 8 <= length; i += 8)
        sum += __builtin_convertvector(*(const run8 *)(a + i), pair8)
             * __builtin_convertvector(*(const run8 *)(b + i), pair8);
    for (ptrdiff_t j = 0; i + j < length; j++) sum[j] += (double)a[i + j] * (double)b[i + j];
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}
