// SPDX-License-Identifier: Apache-2.0

package import ImageDecoding

extension RGBImage {
    /// Turned counterclockwise by 0 to 3 quarter turns, exactly; for 1 and 3 width and height change places.
    package func turned(quarterTurns: Int) -> RGBImage {
        precondition((0..<4).contains(quarterTurns), "\(quarterTurns) quarter turns")
        guard quarterTurns > 0 else { return self }
        let swaps = quarterTurns % 2 == 1
        let (wide, high) = swaps ? (height, width) : (width, height)
        var result = [UInt8](repeating: 0, count: pixels.count)
        for y in 0..<high {
            for x in 0..<wide {
                let (column, row) =
                    switch quarterTurns {
                    case 1: (width - 1 - y, x)
                    case 2: (width - 1 - x, height - 1 - y)
                    default: (y, height - 1 - x)
                    }
                let (from, to) = (3 * (row * width + column), 3 * (y * wide + x))
                result[to] = pixels[from]
                result[to + 1] = pixels[from + 1]
                result[to + 2] = pixels[from + 2]
            }
        }
        return RGBImage(width: wide, height: high, pixels: result)
    }

    /// As much of the middle as is square; of an odd rest the larger part is cut off at the end.
    package var centralSquare: RGBImage {
        let side = min(width, height)
        guard width != height else { return self }
        let (left, top) = ((width - side) / 2, (height - side) / 2)
        var result: [UInt8] = []
        result.reserveCapacity(3 * side * side)
        for row in top..<top + side {
            let start = 3 * (row * width + left)
            result.append(contentsOf: pixels[start..<start + 3 * side])
        }
        return RGBImage(width: side, height: side, pixels: result)
    }
}
