// SPDX-License-Identifier: Apache-2.0
#include "winograd_sets.h"
#define NAME(x) x##_portable
#define TARGET
#define LANES 4
#if defined(__aarch64__)
#define ROWS 8
#else
#define ROWS 6
#endif
#include "winograd_single.inc.h"
