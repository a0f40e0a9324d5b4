// SPDX-License-Identifier: Apache-2.0

/// Where labels go that would like to stand at certain heights without covering each other.
enum LabelPlacement {
    /// Heights at least `spacing` apart and within `range`, each near its wish, in the order of the wishes.
    ///
    /// When there is no room for all, they are spread evenly and may touch.
    static func spread(_ wishes: [Double], spacing: Double, within range: ClosedRange<Double>) -> [Double] {
        guard !wishes.isEmpty else { return [] }
        let order = wishes.indices.sorted { (wishes[$0], $0) < (wishes[$1], $1) }
        let room = range.upperBound - range.lowerBound
        let gap = min(spacing, wishes.count > 1 ? room / Double(wishes.count - 1) : spacing)
        var places = order.map { max(range.lowerBound, min(range.upperBound, wishes[$0])) }
        for i in places.indices.dropFirst() { places[i] = max(places[i], places[i - 1] + gap) }
        var limit = range.upperBound
        for i in places.indices.reversed() {
            places[i] = min(places[i], limit)
            limit = places[i] - gap
        }
        var out = wishes
        for (place, index) in zip(places, order) { out[index] = place }
        return out
    }
}
