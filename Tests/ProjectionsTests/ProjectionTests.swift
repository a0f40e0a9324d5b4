// SPDX-License-Identifier: Apache-2.0

import Projections
import TestSupport
import Testing

@Suite("Points in the plane")
struct ProjectionTests {
    @Test("The principal plane is that of a full eigenvalue decomposition", arguments: [2, 3, 7, 40])
    func principalPlane(dimensions: Int) {
        let clusters = PlantedClusters(groups: 3, each: 30, dimensions: dimensions)
        let plane = PrincipalPlane.project(clusters.points)
        let expected = NaivePrincipalPlane(clusters.values, dimensions: dimensions)
        for (found, wanted) in [(plane.x, expected.x), (plane.y, expected.y)] {
            let size = wanted.map(abs).max() ?? 1
            let direct = zip(found, wanted).map { abs(Double($0) - $1) }.max() ?? 0
            #expect(direct < 1e-3 * size, "off by \(direct) of \(size)")
        }
    }

    @Test("Points on a line, equal points, one point and none have a principal plane")
    func degenerate() {
        let line = PrincipalPlane.project(
            PointRows((0..<20).flatMap { [Float($0), 2 * Float($0), 0] }, dimensions: 3))
        #expect(line.y.allSatisfy { abs($0) < 1e-4 })
        #expect(
            zip(line.x, line.x.dropFirst()).allSatisfy { abs($1 - $0 - 5.0.squareRoot().float) < 1e-4 })
        let same = PrincipalPlane.project(PointRows(Array(repeating: 1, count: 40), dimensions: 4))
            .framed()
        #expect(same.x.allSatisfy { $0 == 0 } && same.y.allSatisfy { $0 == 0 })
        #expect(PrincipalPlane.project(PointRows([1, 2], dimensions: 2)).count == 1)
        #expect(PrincipalPlane.project(PointRows([], dimensions: 2)).count == 0)
        #expect(PrincipalPlane.project(PointRows([1, 2, 4], dimensions: 1)).y == [0, 0, 0])
        let odd = PrincipalPlane.project(PointRows([1, .nan, .infinity, 2, 0, 3], dimensions: 2))
        #expect((odd.x + odd.y).allSatisfy { $0.isFinite })
    }

    @Test("Groups that overlap in the principal plane are apart in the layout")
    func keepsNeighbours() throws {
        let clusters = PlantedClusters(groups: 8, each: 20, dimensions: 24, spread: 0.5)
        let layout = try #require(NeighbourLayout().layout(clusters.points))
        let plane = PrincipalPlane.project(clusters.points)
        let (near, flat) = (clusters.agreement(layout, k: 8), clusters.agreement(plane, k: 8))
        #expect(near > 0.97 && near > flat, "\(near) and \(flat)")
        let corners = Set(zip(layout.x, layout.y).map { "\(Int($0 * 8)) \($1 * 8 < 0) \(Int($1 * 8))" })
        #expect(corners.count > 12, "the map is drawn together into \(corners.count) places")
        #expect(
            layout.x.allSatisfy { (-1...1).contains($0) } && layout.y.allSatisfy { (-1...1).contains($0) }
        )
    }

    @Test("The same points give the same map, bit for bit; another seed gives another")
    func deterministic() {
        let clusters = PlantedClusters(groups: 3, each: 15, dimensions: 8)
        var layout = NeighbourLayout()
        layout.rounds = 40
        let first = layout.layout(clusters.points)
        #expect(first == layout.layout(clusters.points))
        layout.seed = 2
        #expect(first != layout.layout(clusters.points))
    }

    @Test("Few points, equal points and points at the origin have a map of finite numbers")
    func smallMaps() throws {
        for count in [0, 1, 2, 7, 8, 9, 20] {
            let values = (0..<count * 4).map { Float($0 / 4 % 3) * Float($0 % 4) }
            let map = try #require(NeighbourLayout().layout(PointRows(values, dimensions: 4)))
            #expect(map.count == count && (map.x + map.y).allSatisfy { $0.isFinite }, "\(count) points")
        }
    }

    @Test("Progress goes from 0 to 1, and work that is no longer wanted ends at once")
    func progress() {
        let clusters = PlantedClusters(groups: 2, each: 10, dimensions: 4)
        var shares: [Double] = []
        let full = NeighbourLayout().layout(clusters.points) { share, points in
            shares.append(share)
            return points.count == 20
        }
        #expect(full != nil && shares.first == 0 && shares.last == 1 && shares == shares.sorted())
        var calls = 0
        let ended = NeighbourLayout().layout(clusters.points) { _, _ in
            calls += 1
            return calls < 3
        }
        #expect(ended == nil && calls == 3)
    }
}

extension Double {
    fileprivate var float: Float { Float(self) }
}
