// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// The segments of a row: how many floats each space takes, one after the other.
///
///     let layout = try VectorLayout([128, 128, 128, 128])
package struct VectorLayout: Hashable, Sendable {
    /// Dimensions of each segment, in the order of a row.
    package let segments: [Int]
    /// Where each segment begins in a row, in floats.
    package let starts: [Int]
    /// Floats of a row.
    package let dimensions: Int

    /// Where each segment's header is in a block of codes, and where its codes are in a row of them, in bytes.
    let headers: [Int]
    let codeStarts: [Int]
    /// Bytes of a row of codes and of a block, and where a block's rows of codes begin.
    let rowBytes: Int
    let blockBytes: Int
    let codesStart: Int

    /// The most segments of a row.
    package static let maximumSegments = 64

    /// - Throws: `invalidLayout` unless there are 1 to 64 segments of 1 to 32,768 dimensions.
    package init(_ segments: [Int]) throws(VectorSearchError) {
        let allowed = 1...Int(FACET_SCAN_MAX_LENGTH)
        guard (1...Self.maximumSegments).contains(segments.count), segments.allSatisfy(allowed.contains) else {
            throw .invalidLayout
        }
        self.segments = segments
        starts = Self.sums(segments)
        dimensions = segments.reduce(0, +)
        let codes = segments.map { ($0 + 3) / 4 * 4 }
        codeStarts = Self.sums(codes)
        rowBytes = codes.reduce(0, +)
        let scales = Self.lines(segments.count * 2 * Int(FACET_SCAN_ROWS))
        headers = segments.indices.map { scales + $0 * Int(FACET_SCAN_HEADER) }
        codesStart = scales + segments.count * Int(FACET_SCAN_HEADER)
        blockBytes = Self.lines(codesStart + rowBytes * Int(FACET_SCAN_ROWS))
    }

    /// The layout of blocks, as the scan is told.
    var blocks: facet_scan_layout { facet_scan_layout(stride: blockBytes, codes: codesStart, row: rowBytes) }

    /// The segments that a scan reads.
    func scanned(_ numbers: [Int]) -> [facet_scan_segment] {
        numbers.map { facet_scan_segment(header: headers[$0], codes: codeStarts[$0], groups: (segments[$0] + 3) / 4) }
    }

    /// Bytes in whole cache lines.
    private static func lines(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

    private static func sums(_ sizes: [Int]) -> [Int] {
        var next = 0
        return sizes.map { size in
            defer { next += size }
            return next
        }
    }
}
