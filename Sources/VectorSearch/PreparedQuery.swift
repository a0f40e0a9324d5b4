// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// A query that was checked, and its codes for the scan.
///
/// Let v_j = w_j / sum |w|, and y = sum over the parts of a segment of v_j q_j, so that a row's score is the sum over
/// segments of <y, x>. The scan computes <y', x'> of the codes' values y' and x'. With e >= |x - x'| (kept with the row),
/// f = |y - y'| (computed here) and |x| <= 1,
///
///     <y, x> - <y', x'> = <y, x - x'> + <y - y', x'>,   at most |y| e + f |x'| <= (|y| + f) e + f |x|
///
/// in magnitude: `reach` = |y| + f for each row's e, and `slack` = sum of f, plus the rounding of the scan's own floats.
/// A row whose upper bound is below k lower bounds of other rows cannot be among the best k; every other row is scored
/// in double. That is why the ranking is exact.
///
/// `@unchecked Sendable`: its memory is written while it is made and only read from then on.
final class PreparedQuery: @unchecked Sendable {
    /// A part with its vector at length 1, and its weight's share of the whole.
    struct Part {
        let segment: Int
        let vector: [Float]
        let share: Double
    }

    let query: SearchQuery
    let parts: [Part]
    /// Segments that the scan reads, ascending.
    let segments: [Int]
    let terms: UnsafeMutablePointer<facet_scan_term>
    private(set) var slack: Float = 0
    private let codes: UnsafeMutablePointer<Int8>

    init(_ query: SearchQuery, layout: VectorLayout, instructions: ScanInstructions) throws(VectorSearchError) {
        guard query.k >= 0, query.offset >= 0, query.minScore?.isNaN != true else { throw .invalidLimits }
        self.query = query
        parts = try Self.parts(of: query, layout: layout)
        let read = Set(parts.filter { $0.share != 0 }.map(\.segment)).sorted()
        segments = read
        terms = .allocate(capacity: read.count)
        codes = .allocate(capacity: read.reduce(0) { $0 + Self.codeCount(layout.segments[$1]) })
        var (next, loose) = (codes, 0.0)
        for (index, segment) in read.enumerated() {
            let term = Self.encode(
                Self.direction(in: segment, of: parts, length: layout.segments[segment]), into: next,
                limit: Double(facet_scan_query_limit(instructions.code)))
            terms.advanced(by: index).initialize(to: term.value)
            loose += term.error
            next += Self.codeCount(layout.segments[segment])
        }
        slack = Float(loose * 1.00001 + Self.rounding(segments: read.count)).nextUp
    }

    deinit {
        terms.deallocate()
        codes.deallocate()
    }

    /// Ranks to find at most, out of `rows`.
    func need(rows: Int) -> Int {
        let (sum, overflow) = query.k.addingReportingOverflow(query.offset)
        return query.k == 0 ? 0 : overflow ? rows : min(sum, rows)
    }

    /// Codes of a segment, filled up with zeros to whole registers.
    static func codeCount(_ length: Int) -> Int { (length + 63) / 64 * 64 }

    /// Every float of the scan is at most about 1.2 times a part of the whole, and passes a handful of roundings of 2^-24
    /// in each segment; lengths are 1 to within 5e-7, and cosines are cut at 1.
    private static func rounding(segments: Int) -> Double { Double(segments + 8) * 4e-7 + 4e-6 }
}

// MARK: Checks

extension PreparedQuery {
    private static func parts(of query: SearchQuery, layout: VectorLayout) throws(VectorSearchError) -> [Part] {
        guard query.parts.allSatisfy({ $0.weight.isFinite }) else { throw .weightNotFinite }
        let largest = query.parts.reduce(0) { max($0, abs($1.weight)) }
        guard largest > 0 else { throw .noWeight }
        // Divided by the largest first: the sum of weights as large as a double may be would not be finite.
        let whole = query.parts.reduce(0) { $0 + abs($1.weight / largest) }
        var parts: [Part] = []
        for part in query.parts {
            guard layout.segments.indices.contains(part.segment) else { throw .unknownSegment(part.segment) }
            let length = layout.segments[part.segment]
            guard part.vector.count == length else { throw .wrongLength(expected: length, found: part.vector.count) }
            var vector = part.vector
            guard vector.withUnsafeMutableBufferPointer({ UnitLength.normalise($0) }) else { throw .notFinite }
            parts.append(Part(segment: part.segment, vector: vector, share: part.weight / largest / whole))
        }
        return parts
    }
}

// MARK: Codes

extension PreparedQuery {
    /// y: what a segment is multiplied with.
    private static func direction(in segment: Int, of parts: [Part], length: Int) -> [Double] {
        var sum = [Double](repeating: 0, count: length)
        for part in parts where part.segment == segment {
            for index in 0..<length { sum[index] += part.share * Double(part.vector[index]) }
        }
        return sum
    }

    /// Writes y's codes, and returns the term and f.
    private static func encode(
        _ values: [Double], into codes: UnsafeMutablePointer<Int8>, limit: Double
    ) -> (value: facet_scan_term, error: Double) {
        codes.initialize(repeating: 0, count: codeCount(values.count))
        let largest = values.reduce(0) { max($0, abs($1)) }
        // Rounded up, so that no code exceeds the limit; shares too small for a float are left to the error.
        let factor = largest / limit > 1e-30 ? Float(largest / limit).nextUp : 0
        var (length, error, sum) = (0.0, 0.0, Int32(0))
        for (index, value) in values.enumerated() {
            let code = factor > 0 ? (value / Double(factor)).rounded() : 0
            codes[index] = Int8(code)
            sum += Int32(code)
            length += value * value
            let off = value - code * Double(factor)
            error += off * off
        }
        error = error.squareRoot()
        let reach = Float((length.squareRoot() + error) * 1.00001).nextUp
        return (facet_scan_term(codes: codes, factor: factor, reach: reach, bias: -128 * sum), error)
    }
}
