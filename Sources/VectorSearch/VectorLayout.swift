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

    /// Where each segment begins in a block of codes, and the block's size, in bytes.
    let codeStarts: [Int]
    let blockBytes: Int

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
        let bytes = segments.map { facet_scan_segment_bytes($0) }
        codeStarts = Self.sums(bytes)
        blockBytes = bytes.reduce(0, +)
    }

    private static func sums(_ sizes: [Int]) -> [Int] {
        var next = 0
        return sizes.map { size in
            defer { next += size }
            return next
        }
    }
}
