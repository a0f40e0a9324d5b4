// SPDX-License-Identifier: Apache-2.0

import Evaluation
import TestSupport
import Statistics
import Testing

@Suite("The plane of a map")
struct PrincipalPlaneTests {
    @Test("The two directions that were made wide are found, the wider one first")
    func findsDirections() throws {
        var random = SeededGenerator(seed: 3)
        var values: [Float] = []
        for row in 0..<80 {
            let wide = Float(row % 2 == 0 ? 1 : -1)
            let narrow = Float(row % 4 < 2 ? 0.4 : -0.4)
            let noise = (0..<3).map { _ in Float.random(in: -0.01...0.01, using: &random) }
            values += [noise[0], wide, noise[1], narrow, 5 + noise[2]]
        }
        let points = PrincipalPlane(
            of: try FeatureTable(values: values, dimensions: 5, labels: Array(repeating: 0, count: 80))
        )
        .points
        let signs = (points[0].0 > 0, points[0].1 > 0)
        for row in 0..<80 {
            #expect((points[row].0 > 0) == ((row % 2 == 0) == signs.0))
            #expect((points[row].1 > 0) == ((row % 4 < 2) == signs.1))
            #expect(abs(points[row].0) > 2 * abs(points[row].1))
        }
    }

    @Test("Rows that are all the same have no plane, and no number that is none")
    func collapsed() throws {
        let table = try FeatureTable(values: Array(repeating: 2, count: 12), dimensions: 3, labels: [0, 0, 0, 0])
        #expect(PrincipalPlane(of: table).points.allSatisfy { abs($0.0) < 1e-6 && abs($0.1) < 1e-6 })
    }
}
