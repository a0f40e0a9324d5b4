// SPDX-License-Identifier: Apache-2.0
#if defined(__x86_64__)
#include "images_sets.h"
#define NAME(x) x##_avx2
#define TARGET __attribute__((target("avx2,fma")))
#define LANES 8
#include "images.inc.h"
#endif
