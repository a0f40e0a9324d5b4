// SPDX-License-Identifier: Apache-2.0

internal import CVectorScan

/// Kinds of weightings that find their way through the graph differently, and are measured apart.
package enum GraphKind: Hashable, Sendable {
    /// All segments count about alike.
    case even
    /// Several segments count, some much more.
    case uneven
    /// Far away is better in one of several segments.
    case against
    /// Hardly anything but one segment counts.
    case only(Int, isNegative: Bool)

    /// One segment counts alone from this share of the whole on; all are alike when each has at least half of its part.
    private static let dominance = 0.85

    init(_ query: PreparedQuery, layout: VectorLayout) {
        let reaches = query.segments.indices.map { Double(query.terms[$0].reach) }
        let whole = reaches.reduce(0, +)
        let isNegative = query.parts.contains { $0.share < 0 }
        let largest = reaches.indices.max { reaches[$0] < reaches[$1] } ?? 0
        if reaches.isEmpty || reaches[largest] >= Self.dominance * whole {
            let segment = query.segments.isEmpty ? 0 : query.segments[largest]
            self = layout.segments.count == 1 && !isNegative ? .even : .only(segment, isNegative: isNegative)
        } else if isNegative {
            self = .against
        } else {
            let least = 0.5 * whole / Double(layout.segments.count)
            self = reaches.count == layout.segments.count && reaches.allSatisfy { $0 >= least } ? .even : .uneven
        }
    }

    /// The kinds that a layout has.
    static func all(_ layout: VectorLayout) -> [GraphKind] {
        guard layout.segments.count > 1 else { return [.even, .only(0, isNegative: true)] }
        let single = layout.segments.indices.prefix(ApproximationSettings.mostSegments)
        return [.even, .uneven, .against] + single.map { .only($0, isNegative: false) }
            + single.map { .only($0, isNegative: true) }
    }

    /// Which lists to follow: bit 0 is the list by equal weights, bit 1 + s that of segment s.
    func lists(_ query: PreparedQuery, graph: LinkGraph) -> UInt64 {
        guard graph.hasSegmentLists, self != .even else { return 1 }
        let whole = query.segments.indices.reduce(0) { $0 + query.terms[$1].reach }
        var lists: UInt64 = 1
        for (index, segment) in query.segments.enumerated() where query.terms[index].reach >= 0.2 * whole {
            lists |= 2 << UInt64(segment)
        }
        return lists
    }

    /// Weights of this kind.
    func weights(_ layout: VectorLayout, using random: inout SplitMix) -> [Double] {
        let count = layout.segments.count
        switch self {
        case .even: return [Double](repeating: 1, count: count)
        case .only(let segment, let isNegative):
            return (0..<count).map { $0 == segment ? (isNegative ? -1 : 1) : 0 }
        case .uneven, .against:
            let first = Int.random(in: 0..<count, using: &random)
            let second = (first + Int.random(in: 1..<count, using: &random)) % count
            return (0..<count).map { segment in
                let weight = Double.random(in: 0.05..<1, using: &random)
                switch segment {
                case first: return 1
                case second: return self == .against ? -max(0.25, weight) : max(0.25, weight)
                default: return Bool.random(using: &random) ? 0 : self == .against ? weight : weight / 2
                }
            }
        }
    }

    /// The kind in words, with the names of the segments: "color only".
    package func words(_ names: [String]) -> String {
        switch self {
        case .even: return "all alike"
        case .uneven: return "some more than others"
        case .against: return "some against others"
        case .only(let segment, let isNegative):
            let name = names.indices.contains(segment) ? names[segment] : "segment \(segment)"
            return isNegative ? "against \(name)" : "\(name) only"
        }
    }
}

/// SplitMix64: the same sequence in every run.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
