// SPDX-License-Identifier: Apache-2.0

/// Rows that belong together: the turns of one image, near-duplicates.
package enum Grouping {
    /// The rows of each group, groups in the order of their first row.
    package static func units(_ groups: [Int]) -> [[Int]] {
        var places: [Int: Int] = [:]
        var units: [[Int]] = []
        for (row, group) in groups.enumerated() {
            if let place = places[group] {
                units[place].append(row)
            } else {
                places[group] = units.count
                units.append([row])
            }
        }
        return units
    }
}
