// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// The SIMD instruction sets that the scan is compiled for; results are the same bits with all of them.
package enum ScanInstructions: String, CaseIterable, Sendable {
    /// SSE2 on x86-64, NEON on AArch64.
    case portable
    case avx2
    /// AVX-512 with VNNI.
    case avx512

    /// The best set of this machine.
    package static let best = ScanInstructions(facet_scan_best())

    /// The sets this machine can run.
    package static var available: [ScanInstructions] {
        allCases.filter { $0.code.rawValue <= best.code.rawValue }
    }

    var code: facet_scan_isa {
        switch self {
        case .portable: FACET_SCAN_PORTABLE
        case .avx2: FACET_SCAN_AVX2
        case .avx512: FACET_SCAN_AVX512
        }
    }

    private init(_ code: facet_scan_isa) {
        self = code == FACET_SCAN_AVX512 ? .avx512 : code == FACET_SCAN_AVX2 ? .avx2 : .portable
    }
}
