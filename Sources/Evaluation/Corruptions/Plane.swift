// SPDX-License-Identifier: Apache-2.0

/// One channel of a picture, or a map over it: rows of Float.
package struct Plane: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// `width * height` values, row by row.
    package var values: [Float]

    /// A plane of given values.
    package init(width: Int, height: Int, values: [Float]) {
        precondition(values.count == width * height, "\(values.count) values for \(width) x \(height)")
        self.width = width
        self.height = height
        self.values = values
    }

    init(width: Int, height: Int, repeating value: Float = 0) {
        self.init(width: width, height: height, values: [Float](repeating: value, count: width * height))
    }

    /// Rows become columns.
    var transposed: Plane {
        var result = Plane(width: height, height: width)
        values.withUnsafeBufferPointer { source in
            result.values.withUnsafeMutableBufferPointer { target in
                for y in 0..<height {
                    for x in 0..<width { target[x * height + y] = source[y * width + x] }
                }
            }
        }
        return result
    }

    /// Each column combined as `axis` says, which must be for as many inputs as there are rows.
    func down(_ axis: AxisWeights) -> Plane {
        precondition(axis.inputs == height, "weights for \(axis.inputs) rows, not \(height)")
        var result = Plane(width: width, height: axis.outputs)
        values.withUnsafeBufferPointer { source in
            result.values.withUnsafeMutableBufferPointer { target in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                for output in 0..<axis.outputs {
                    for tap in 0..<axis.count[output] {
                        let row = source + (axis.first[output] + tap) * width
                        Self.accumulate(
                            row, axis.weights[output * axis.stride + tap], into: target + output * width, count: width)
                    }
                }
            }
        }
        return result
    }

    /// Columns and rows combined, one axis after the other.
    package func combined(across: AxisWeights, down axis: AxisWeights) -> Plane {
        transposed.down(across).transposed.down(axis)
    }

    /// target += weight * source.
    @inline(__always)
    static func accumulate(
        _ source: UnsafePointer<Float>, _ weight: Float, into target: UnsafeMutablePointer<Float>, count: Int
    ) {
        for index in 0..<count { target[index] += weight * source[index] }
    }
}

extension Plane {
    /// A weight for the pixel `x` to the right and `y` below.
    package struct Tap: Sendable, Equatable {
        package let x: Int
        package let y: Int
        package let weight: Float

        package init(x: Int, y: Int, weight: Float) {
            self.x = x
            self.y = y
            self.weight = weight
        }
    }

    /// The weighted sum of shifted copies.
    package func correlated(_ taps: [Tap], border: Border) -> Plane {
        let reach = taps.reduce(0) { max($0, abs($1.x), abs($1.y)) }
        let framed = framed(reach, border)
        var result = Plane(width: width, height: height)
        framed.values.withUnsafeBufferPointer { source in
            result.values.withUnsafeMutableBufferPointer { target in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                for y in 0..<height {
                    for tap in taps {
                        let row = source + (y + reach + tap.y) * framed.width + reach + tap.x
                        Self.accumulate(row, tap.weight, into: target + y * width, count: width)
                    }
                }
            }
        }
        return result
    }

    private func framed(_ reach: Int, _ border: Border) -> Plane {
        var result = Plane(width: width + 2 * reach, height: height + 2 * reach)
        let columns = (0..<result.width).map { border.index($0 - reach, count: width) }
        for y in 0..<result.height {
            let row = border.index(y - reach, count: height) * width
            for x in 0..<result.width { result.values[y * result.width + x] = values[row + columns[x]] }
        }
        return result
    }

    /// The value between pixels, by linear interpolation.
    func sample(x: Float, y: Float, border: Border) -> Float {
        let (left, top) = (x.rounded(.down), y.rounded(.down))
        let (columns, rows) = (
            Self.pair(left, count: width, border: border), Self.pair(top, count: height, border: border)
        )
        let (right, below) = (x - left, y - top)
        let upper = values[rows.0 * width + columns.0] * (1 - right) + values[rows.0 * width + columns.1] * right
        let lower = values[rows.1 * width + columns.0] * (1 - right) + values[rows.1 * width + columns.1] * right
        return upper * (1 - below) + lower * below
    }

    @inline(__always)
    private static func pair(_ place: Float, count: Int, border: Border) -> (Int, Int) {
        let first = Int(place)
        guard first < 0 || first + 1 >= count else { return (first, first + 1) }
        return (border.index(first, count: count), border.index(first + 1, count: count))
    }
}

/// Which pixel stands in for one beyond the edge.
package enum Border: Sendable, CaseIterable {
    /// The last one: c b a | a a a.
    case nearest
    /// The picture in a mirror on the edge: c b a | a b c.
    case reflect
    /// The picture in a mirror on the last pixel: c b | a b c.
    case mirror

    /// The place that is read for `index`, which may be any number.
    package func index(_ index: Int, count: Int) -> Int {
        guard index < 0 || index >= count else { return index }
        switch self {
        case .nearest: return min(count - 1, max(0, index))
        case .reflect:
            let place = Self.remainder(index, 2 * count)
            return place < count ? place : 2 * count - 1 - place
        case .mirror:
            guard count > 1 else { return 0 }
            let place = Self.remainder(index, 2 * count - 2)
            return place < count ? place : 2 * count - 2 - place
        }
    }

    private static func remainder(_ index: Int, _ period: Int) -> Int {
        let rest = index % period
        return rest < 0 ? rest + period : rest
    }
}
