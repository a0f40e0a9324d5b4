// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// The SIMD instruction sets that the fast kernels are compiled for.
///
/// All give the same bits up to fused multiply-add: AVX2 and AVX-512 fuse, the portable set on x86-64 does not.
package enum InstructionSet: String, CaseIterable, Sendable, Comparable {
    /// SSE2 on x86-64, NEON on AArch64.
    case portable
    case avx2
    case avx512

    /// The best set of this machine, found once.
    package static let best = InstructionSet(facet_best_isa())

    /// The sets this machine can run.
    package static var available: [InstructionSet] { allCases.filter { $0 <= best } }

    package static func < (left: InstructionSet, right: InstructionSet) -> Bool {
        left.code.rawValue < right.code.rawValue
    }

    /// Output channels of a weight panel.
    package var panelWidth: Int { facet_panel_width(code) }

    /// Output pixels of a full register tile.
    package var tileRows: Int { facet_tile_rows(code) }

    var code: facet_isa {
        switch self {
        case .portable: FACET_PORTABLE
        case .avx2: FACET_AVX2
        case .avx512: FACET_AVX512
        }
    }

    private init(_ code: facet_isa) {
        self = code == FACET_AVX512 ? .avx512 : code == FACET_AVX2 ? .avx2 : .portable
    }
}
