// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#include "winograd_sets.h"
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#define ROWS 6
#include "winograd_single.inc.h"
#endif
