// SPDX-License-Identifier: Apache-2.0

/// The map of an elastic transform, apart from its noise.
package struct ElasticWarp: Sendable {
    /// Where a pixel of the result comes from: row 0 gives x, row 1 gives y, as factors of x, y and 1.
    let source: [[Double]]
    private let sigma: Double
    private let height: Double

    /// Three points a third of the shorter side from the middle are moved by `shifts` (x, y of each), in pixels; the noise
    /// is smoothed by `sigma` and multiplied by `height`.
    package init(width: Int, height rows: Int, shifts: [Double], sigma: Double, height: Double) {
        precondition(shifts.count == 6, "\(shifts.count) shifts of three points")
        let (x, y) = (Double(width / 2), Double(rows / 2))
        let reach = Double(min(width, rows) / 3)
        let points = [(x + reach, y + reach), (x + reach, y - reach), (x - reach, y - reach)]
        let moved = (0..<3).map { (points[$0].0 + shifts[2 * $0], points[$0].1 + shifts[2 * $0 + 1]) }
        source = Self.affine(from: moved, to: points)
        self.sigma = sigma
        self.height = height
    }

    /// `across` and `down` are white noise of -1 to 1, of the size of the picture.
    package func applied(to planes: Planes, across: Plane, down: Plane) -> Planes {
        let right = displacement(across)
        let below = displacement(down)
        return planes.mapped { plane in
            let tilted = Self.remapped(plane, border: .mirror) { x, y, _ in
                (
                    Float(source[0][0] * Double(x) + source[0][1] * Double(y) + source[0][2]),
                    Float(source[1][0] * Double(x) + source[1][1] * Double(y) + source[1][2])
                )
            }
            return Self.remapped(tilted, border: .reflect) { x, y, index in
                (Float(x) + right.values[index], Float(y) + below.values[index])
            }
        }
    }

    private func displacement(_ noise: Plane) -> Plane {
        let taps = AxisWeights.gaussian(sigma: sigma, truncate: 3)
        var smooth = noise.combined(
            across: AxisWeights(filter: taps, count: noise.width, border: .reflect),
            down: AxisWeights(filter: taps, count: noise.height, border: .reflect))
        for index in smooth.values.indices { smooth.values[index] *= Float(height) }
        return smooth
    }

    private static func remapped(
        _ plane: Plane, border: Border, _ place: (_ x: Int, _ y: Int, _ index: Int) -> (Float, Float)
    ) -> Plane {
        var result = plane
        for y in 0..<plane.height {
            for x in 0..<plane.width {
                let index = y * plane.width + x
                let (right, below) = place(x, y, index)
                result.values[index] = plane.sample(x: right, y: below, border: border)
            }
        }
        return result
    }

    /// The affine map that takes three points to three others; the identity where the first three lie on one line.
    static func affine(from: [(Double, Double)], to: [(Double, Double)]) -> [[Double]] {
        let (ax, ay) = (from[1].0 - from[0].0, from[1].1 - from[0].1)
        let (bx, by) = (from[2].0 - from[0].0, from[2].1 - from[0].1)
        let area = ax * by - ay * bx
        guard abs(area) > 1e-9 else { return [[1, 0, 0], [0, 1, 0]] }
        func row(_ a: Double, _ b: Double, _ c: Double) -> [Double] {
            let x = ((b - a) * by - (c - a) * ay) / area
            let y = ((c - a) * ax - (b - a) * bx) / area
            return [x, y, a - x * from[0].0 - y * from[0].1]
        }
        return [row(to[0].0, to[1].0, to[2].0), row(to[0].1, to[1].1, to[2].1)]
    }
}
