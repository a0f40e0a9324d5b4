// SPDX-License-Identifier: Apache-2.0
// 32 registers of 16 floats: 14 x 32 tile.
#if defined(__x86_64__)
#include "kernels.h"
#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx2,fma,f16c")))
#define LANES 16
#define ROWS 14
#define HALVES 1
#include "kernels.inc.h"
#include "training.inc.h"
#endif
