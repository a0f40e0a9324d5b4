// SPDX-License-Identifier: Apache-2.0

/// Who is near whom: each point with its nearest ones by cosine, exactly, and how strongly they belong together.
struct NeighbourGraph: Sendable {
    /// A pair of points that attract each other.
    struct Edge: Sendable, Equatable {
        let from: Int32
        let to: Int32
        /// How strongly, over 0 to 1.
        let weight: Float
    }

    /// Every pair once in each direction, by `from` and then `to`.
    let edges: [Edge]

    /// Compares every two points: n^2 / 2 dot products.
    init(_ points: PointRows, neighbours: Int) {
        let nearest = Self.nearest(points.normalised(), count: min(neighbours, points.count - 1))
        edges = Self.symmetric(nearest.map(Self.strengths), count: points.count)
    }

    struct Neighbour: Sendable, Equatable {
        let index: Int32
        /// 1 - cosine.
        let distance: Float
    }

    // MARK: Nearest points

    /// Rows that are compared with a block of others while both are in the cache.
    private static let block = 64

    /// For each point the nearest others, nearest first; of two at the same distance the one with the lower index.
    static func nearest(_ points: PointRows, count: Int) -> [[Neighbour]] {
        var lists = [NearestList](repeating: NearestList(limit: count), count: points.count)
        guard count > 0 else { return lists.map(\.sorted) }
        points.values.withUnsafeBufferPointer { values in
            guard let base = values.baseAddress else { return }
            for start in stride(from: 0, to: points.count, by: block) {
                let end = min(start + block, points.count)
                for other in start..<points.count {
                    for row in start..<min(end, other) {
                        let cosine = dot(
                            base + row * points.dimensions, base + other * points.dimensions, points.dimensions)
                        lists[row].offer(Int32(other), 1 - cosine)
                        lists[other].offer(Int32(row), 1 - cosine)
                    }
                }
            }
        }
        return lists.map(\.sorted)
    }

    private static func dot(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ count: Int)
        -> Float
    {
        var sum = SIMD16<Float>(repeating: 0)
        var place = 0
        let (rawA, rawB) = (UnsafeRawPointer(a), UnsafeRawPointer(b))
        while place + 16 <= count {
            sum +=
                rawA.loadUnaligned(fromByteOffset: place * 4, as: SIMD16<Float>.self)
                * rawB.loadUnaligned(fromByteOffset: place * 4, as: SIMD16<Float>.self)
            place += 16
        }
        var rest: Float = 0
        while place < count {
            rest += a[place] * b[place]
            place += 1
        }
        return sum.sum() + rest
    }

    // MARK: Strengths

    /// How strongly a point belongs to each of its neighbours: 1 for the nearest, falling off at a pace that gives every
    /// point about log2 k neighbours' worth (McInnes, Healy and Melville 2018, section 3.1).
    static func strengths(_ neighbours: [Neighbour]) -> [(index: Int32, strength: Float)] {
        guard let nearest = neighbours.first(where: { $0.distance > 0 })?.distance else {
            return neighbours.map { ($0.index, 1) }
        }
        let wanted = Float(neighbours.count).logarithm2
        var (low, high, scale): (Float, Float, Float) = (0, .infinity, 1)
        for _ in 0..<64 {
            let sum = neighbours.reduce(Float(0)) { $0 + Self.strength($1.distance - nearest, scale) }
            if abs(sum - wanted) < 1e-5 { break }
            if sum > wanted {
                high = scale
                scale = (low + high) / 2
            } else {
                low = scale
                scale = high.isFinite ? (low + high) / 2 : scale * 2
            }
        }
        scale = max(scale, 1e-3 * neighbours.reduce(0) { $0 + $1.distance } / Float(neighbours.count))
        return neighbours.map { ($0.index, Self.strength($0.distance - nearest, scale)) }
    }

    private static func strength(_ excess: Float, _ scale: Float) -> Float {
        excess <= 0 ? 1 : (-excess / scale).exponential
    }

    /// The chance that a pair belongs together in either's eyes: a + b - ab.
    static func symmetric(_ rows: [[(index: Int32, strength: Float)]], count: Int) -> [Edge] {
        var both: [[Int32: Float]] = Array(repeating: [:], count: count)
        for (from, row) in rows.enumerated() {
            for (to, strength) in row {
                let (a, b) = (min(Int32(from), to), max(Int32(from), to))
                let known = both[Int(a)][b] ?? 0
                both[Int(a)][b] = known + strength - known * strength
            }
        }
        var edges: [Edge] = []
        for (from, row) in both.enumerated() {
            for (to, weight) in row {
                edges.append(Edge(from: Int32(from), to: to, weight: weight))
                edges.append(Edge(from: to, to: Int32(from), weight: weight))
            }
        }
        return edges.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    }
}

/// The nearest points seen so far.
private struct NearestList {
    private let limit: Int
    private var found: [NeighbourGraph.Neighbour] = []
    private var worst: Float = .infinity

    init(limit: Int) {
        self.limit = limit
        found.reserveCapacity(limit + 1)
    }

    var sorted: [NeighbourGraph.Neighbour] { found }

    /// Keeps the list in order; most points are turned away by the first comparison.
    mutating func offer(_ index: Int32, _ distance: Float) {
        let distance = max(distance, 0)
        guard found.count < limit || distance <= worst else { return }
        var place = found.count
        while place > 0, (found[place - 1].distance, found[place - 1].index) > (distance, index) {
            place -= 1
        }
        guard place < limit else { return }
        found.insert(NeighbourGraph.Neighbour(index: index, distance: distance), at: place)
        if found.count > limit { found.removeLast() }
        if found.count == limit, let last = found.last { worst = last.distance }
    }
}
