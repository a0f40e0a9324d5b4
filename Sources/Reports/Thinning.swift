// SPDX-License-Identifier: Apache-2.0

/// Fewer points for the same picture.
package enum Thinning {
    /// Keeps of each run of points in the same column the first, the lowest, the highest and the last, in their order.
    ///
    /// With columns no wider than a pixel the line drawn is the same to the eye: no peak is lost. Points need not be in
    /// order; O(count).
    package static func keepingExtremes<P>(
        _ points: [P], column: (P) -> Int, value: (P) -> Double
    ) -> [P] {
        var kept: [P] = []
        var start = 0
        while start < points.count {
            let here = column(points[start])
            var (end, lowest, highest) = (start + 1, start, start)
            while end < points.count, column(points[end]) == here {
                if value(points[end]) < value(points[lowest]) { lowest = end }
                if value(points[end]) > value(points[highest]) { highest = end }
                end += 1
            }
            for index in Set([start, lowest, highest, end - 1]).sorted() { kept.append(points[index]) }
            start = end
        }
        return kept
    }

    /// Every n-th element, so that no more than `most` are left; the first is always among them.
    package static func evenly<P>(_ points: [P], most: Int) -> [P] {
        guard points.count > max(1, most) else { return points }
        let count = max(1, most)
        return (0..<count).map { points[$0 * points.count / count] }
    }
}
