// SPDX-License-Identifier: Apache-2.0

/// Clouds: a square of heights from 0 to 1 made by the diamond-square algorithm, the edges joined.
package struct PlasmaFractal: Sendable {
    /// A power of two.
    package let side: Int
    /// Row by row.
    package private(set) var values: [Float]

    /// A square whose side is the next power of two from `size` on; `draw` gives numbers of -1 to 1.
    ///
    /// The shift of a new point is uniform over +-a^2, with a = 100 for the coarsest grid and divided by `decay` for each
    /// finer one.
    package init(covering size: Int, decay: Double, draw: () -> Float) {
        var side = 1
        while side < size { side *= 2 }
        self.side = side
        values = [Float](repeating: 0, count: side * side)
        var step = side
        var wobble: Float = 100
        while step >= 2 {
            fillSquares(step) { wobble * wobble * draw() }
            fillDiamonds(step) { wobble * wobble * draw() }
            step /= 2
            wobble /= Float(decay)
        }
        normalise()
    }

    /// The middle of each square of four known points.
    private mutating func fillSquares(_ step: Int, _ shift: () -> Float) {
        let half = step / 2
        for y in stride(from: 0, to: side, by: step) {
            for x in stride(from: 0, to: side, by: step) {
                let corners = self[y, x] + self[y + step, x] + self[y, x + step] + self[y + step, x + step]
                self[y + half, x + half] = corners / 4 + shift()
            }
        }
    }

    /// The middle of each upper, then of each left edge: between two corners and two middles of squares.
    private mutating func fillDiamonds(_ step: Int, _ shift: () -> Float) {
        let half = step / 2
        for y in stride(from: 0, to: side, by: step) {
            for x in stride(from: half, to: side, by: step) {
                let around = self[y + half, x] + self[y - half, x] + self[y, x - half] + self[y, x + half]
                self[y, x] = around / 4 + shift()
            }
        }
        for y in stride(from: half, to: side, by: step) {
            for x in stride(from: 0, to: side, by: step) {
                let around = self[y, x + half] + self[y, x - half] + self[y - half, x] + self[y + half, x]
                self[y, x] = around / 4 + shift()
            }
        }
    }

    private mutating func normalise() {
        let lowest = values.min() ?? 0
        let range = (values.max() ?? 0) - lowest
        guard range > 0 else { return }
        for index in values.indices { values[index] = (values[index] - lowest) / range }
    }

    /// Coordinates wrap around; `side` is a power of two.
    private subscript(y: Int, x: Int) -> Float {
        get { values[(y & (side - 1)) * side + (x & (side - 1))] }
        set { values[(y & (side - 1)) * side + (x & (side - 1))] = newValue }
    }
}
