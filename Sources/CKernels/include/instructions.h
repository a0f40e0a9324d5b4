// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Instruction sets, worst to best. Every one computes each output as the same ordered sum.
typedef enum { FACET_PORTABLE = 0, FACET_AVX2 = 1, FACET_AVX512 = 2 } facet_isa;
