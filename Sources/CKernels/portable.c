// SPDX-License-Identifier: Apache-2.0
// The baseline of the target: SSE2 on x86-64, NEON on AArch64 (32 registers, so a taller tile).
#include "kernels.h"
#define NAME(x) x##_portable
#define TARGET
#define LANES 4
#if defined(__aarch64__)
#define ROWS 8
#else
#define ROWS 6
#endif
#define HALVES 0
#include "kernels.inc.h"
#include "training.inc.h"
