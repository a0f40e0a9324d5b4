// SPDX-License-Identifier: Apache-2.0
// The baseline of the target: SSE2 on x86-64, NEON on AArch64.
#include "images_sets.h"
#define NAME(x) x##_portable
#define TARGET
#define LANES 4
#include "images.inc.h"
