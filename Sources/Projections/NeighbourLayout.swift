// SPDX-License-Identifier: Apache-2.0

/// Points in the plane so that neighbours of the many dimensions stay neighbours.
///
/// The method is UMAP's (McInnes, Healy and Melville 2018): a graph of nearest neighbours by cosine, then stochastic
/// descent in which joined points attract each other and random ones repel. It begins with the principal plane, so that
/// the large shape is that of the data, and draws with a fixed seed: the same points in the same order give the same map.
package struct NeighbourLayout: Sendable {
    /// Neighbours a point is drawn to: 15.
    package var neighbours = 15
    /// Rounds of the descent: 300, and 200 from 2,000 points on.
    package var rounds: Int?
    /// What the random points are drawn from.
    package var seed: UInt64 = 1

    package init() {}

    /// Points below which the principal plane is all there is to show.
    package static let fewest = 8

    /// The fall-off 1 / (1 + a d^2) of closeness over distance; a is fitted to points that may come as near as 0.1.
    private static let fallOff: Float = 1.558
    /// The share of its way to the middle that a point falls in a round, so that groups without any link stay in view.
    private static let gravity: Float = 0.02
    /// Random points that repel for each attraction.
    private static let repulsions = 5

    /// Lays out points; `progress` is told the share done and the map so far, and ends the work by returning false.
    ///
    /// Returns nil when it was ended. 5,000 points of 128 dimensions take seconds, not minutes; memory grows with the
    /// number of points, time with its square. Any thread.
    package func layout(
        _ points: PointRows, progress: (Double, PlanePoints) -> Bool = { _, _ in true }
    ) -> PlanePoints? {
        let plane = PrincipalPlane.project(points).framed()
        guard points.count >= Self.fewest else { return plane }
        guard progress(0, plane) else { return nil }
        let graph = NeighbourGraph(points, neighbours: neighbours)
        return descend(from: plane, graph, progress)?.framed()
    }

    /// The descent; each edge is visited in proportion to its weight.
    private func descend(
        from plane: PlanePoints, _ graph: NeighbourGraph, _ progress: (Double, PlanePoints) -> Bool
    ) -> PlanePoints? {
        let rounds = rounds ?? (plane.count < 2_000 ? 300 : 200)
        let strongest = graph.edges.reduce(Float(0)) { max($0, $1.weight) }
        let edges = graph.edges.filter { $0.weight * Float(rounds) >= strongest }
        let periods = edges.map { strongest / $0.weight }
        var due = periods
        var random = SplitMix(seed: seed)
        var positions = Self.spread(plane, &random)
        for round in 0..<rounds {
            let rate = 1 - Float(round) / Float(rounds)
            for (place, edge) in edges.enumerated() where due[place] <= Float(round + 1) {
                due[place] += periods[place]
                Self.visit(edge, rate, &positions, &random)
            }
            for place in positions.indices { positions[place] *= 1 - Self.gravity * rate }
            if round % 10 == 9,
                !progress(Double(round + 1) / Double(rounds), Self.points(positions).framed())
            {
                return nil
            }
        }
        return Self.points(positions)
    }

    /// The plane at ten times the size, each point a little moved, so that equal ones can part.
    private static func spread(_ plane: PlanePoints, _ random: inout SplitMix) -> [SIMD2<Float>] {
        zip(plane.x, plane.y).map { x, y in
            SIMD2(x * 10 + random.unit() * 1e-3, y * 10 + random.unit() * 1e-3)
        }
    }

    private static func points(_ positions: [SIMD2<Float>]) -> PlanePoints {
        PlanePoints(x: positions.map(\.x), y: positions.map(\.y))
    }

    /// One attraction along an edge and the repulsions that go with it.
    private static func visit(
        _ edge: NeighbourGraph.Edge, _ rate: Float, _ positions: inout [SIMD2<Float>],
        _ random: inout SplitMix
    ) {
        let (from, to) = (Int(edge.from), Int(edge.to))
        let pull = positions[from] - positions[to]
        let square = (pull * pull).sum()
        let step = clipped(pull * (-2 * fallOff / (1 + fallOff * square))) * rate
        positions[from] += step
        positions[to] -= step
        for _ in 0..<repulsions {
            let other = random.next(below: positions.count)
            guard other != from else { continue }
            let push = positions[from] - positions[other]
            let square = (push * push).sum()
            positions[from] += clipped(push * (2 / ((0.001 + square) * (1 + fallOff * square)))) * rate
        }
    }

    /// No step is longer than 4 in either direction.
    private static func clipped(_ step: SIMD2<Float>) -> SIMD2<Float> {
        step.clamped(lowerBound: SIMD2(-4, -4), upperBound: SIMD2(4, 4))
    }
}
