// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Foundation
internal import VectorSearch

/// Vectors for the search benchmark: from a file, or drawn with a fixed seed.
struct VectorSource {
    let layout: VectorLayout
    private let clusters: Int
    private var centres: [Float] = []
    private var state: UInt64 = 1

    init(layout: VectorLayout, clusters: Int) {
        self.layout = layout
        self.clusters = clusters
        centres = (0..<clusters * layout.dimensions).map { _ in draw() }
    }

    /// The file's rows, or `rows` drawn ones.
    mutating func floats(file: String?, rows: Int) throws -> [Float] {
        guard let file else { return drawn(rows) }
        let data = try Data(contentsOf: URL(fileURLWithPath: file), options: .mappedIfSafe)
        guard data.count % (4 * layout.dimensions) == 0 else {
            throw ValidationError("\(file) does not hold rows of \(layout.dimensions) floats")
        }
        return [Float](unsafeUninitializedCapacity: data.count / 4) { buffer, count in
            count = data.copyBytes(to: buffer) / 4
        }
    }

    private mutating func drawn(_ rows: Int) -> [Float] {
        var floats = [Float](repeating: 0, count: rows * layout.dimensions)
        for row in 0..<rows {
            let centre = clusters > 0 ? Int(next() % UInt64(clusters)) : 0
            for column in 0..<layout.dimensions {
                let base = clusters > 0 ? centres[centre * layout.dimensions + column] : 0
                floats[row * layout.dimensions + column] = base + (clusters > 0 ? 0.5 : 1) * draw()
            }
        }
        return floats
    }

    /// About normal: the sum of four uniform numbers.
    private mutating func draw() -> Float {
        let bits = next()
        let parts = (0..<4).map { Float(bits >> ($0 * 16) & 0xFFFF) / 65_536 }
        return parts.reduce(-2, +)
    }

    /// SplitMix64.
    private mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Every row's score by a plain loop in double.
struct PlainSearch {
    let layout: VectorLayout
    let data: [Float]

    func scores(_ query: SearchQuery) -> [Double] {
        let whole = query.parts.reduce(0) { $0 + abs($1.weight) }
        return stride(from: 0, to: data.count, by: layout.dimensions).map { first in
            query.parts.reduce(0) { sum, part in
                sum + part.weight / whole * cosine(part.vector, at: first + layout.starts[part.segment])
            }
        }
    }

    private func cosine(_ vector: [Float], at start: Int) -> Double {
        var (dot, left, right) = (0.0, 0.0, 0.0)
        for index in vector.indices {
            let (a, b) = (Double(vector[index]), Double(data[start + index]))
            dot += a * b
            left += a * a
            right += b * b
        }
        return left * right > 0 ? dot / (left * right).squareRoot() : 0
    }
}
