// SPDX-License-Identifier: Apache-2.0
// 16 registers of 8 floats: 6 x 16 tile.
#if defined(__x86_64__)
#include "kernels.h"
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma,f16c")))
#define LANES 8
#define ROWS 6
#define HALVES 1
#include "kernels.inc.h"
#include "training.inc.h"
#endif
