// SPDX-License-Identifier: Apache-2.0

import Projections
import TestSupport

/// Points in a few groups, some way apart, in many dimensions.
struct PlantedClusters {
    let points: PointRows
    let values: [Float]
    let dimensions: Int
    /// The group of each point.
    let groups: [Int]

    init(groups count: Int, each: Int, dimensions: Int, spread: Float = 0.3, seed: UInt64 = 7) {
        var random = SeededGenerator(seed: seed)
        func normal() -> Float {
            (0..<12).reduce(Float(-6)) { sum, _ in sum + Float.random(in: 0..<1, using: &random) }
        }
        let centres = (0..<count).map { _ in (0..<dimensions).map { _ in normal() } }
        var (values, groups): ([Float], [Int]) = ([], [])
        for place in 0..<count * each {
            groups.append(place % count)
            values += centres[place % count].map { $0 + spread * normal() }
        }
        points = PointRows(values, dimensions: dimensions)
        (self.values, self.dimensions, self.groups) = (values, dimensions, groups)
    }

    /// The share of points whose nearest `k` in the plane are of their own group, averaged.
    func agreement(_ plane: PlanePoints, k: Int) -> Double {
        var right = 0
        for row in 0..<plane.count {
            let order = (0..<plane.count).filter { $0 != row }.sorted {
                Self.distance(plane, row, $0) < Self.distance(plane, row, $1)
            }
            right += order.prefix(k).count { groups[$0] == groups[row] }
        }
        return Double(right) / Double(plane.count * k)
    }

    private static func distance(_ plane: PlanePoints, _ a: Int, _ b: Int) -> Float {
        let (dx, dy) = (plane.x[a] - plane.x[b], plane.y[a] - plane.y[b])
        return dx * dx + dy * dy
    }
}
