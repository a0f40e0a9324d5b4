// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#include "winograd_sets.h"
#define NAME(x) x##_avx512
#define TARGET __attribute__((target("avx512f,avx512vl,avx512dq,avx2,fma")))
#define LANES 16
#define ROWS 14
#include "winograd_single.inc.h"
#endif
