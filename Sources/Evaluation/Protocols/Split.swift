// SPDX-License-Identifier: Apache-2.0

internal import Statistics

/// Row numbers of a table in two parts, with the classes in the same proportions in both.
///
/// Rows of one group are never parted. The same labels, groups, share and seed give the same split whatever the
/// features are, so that all models are compared on the same rows.
package struct Split: Sendable, Equatable {
    /// The larger part, ascending.
    package let kept: [Int]
    /// The part carved out, ascending.
    package let heldOut: [Int]

    /// Carves a `share` (above 0, below 1) of every class out of the rows.
    ///
    /// Groups are taken in random order; one is held out when that brings the classes' counts nearer to the wanted ones
    /// and leaves each of its classes a kept row. With groups of several rows the shares are met up to about half a group.
    package init(labels: [Int], groups: [Int]? = nil, heldOut share: Double, seed: UInt64) {
        precondition(share > 0 && share < 1, "a share of \(share)")
        let units = Grouping.units(groups ?? Array(labels.indices))
        var stream = SeededStream(seed: seed, 0x5911)
        var balance = Balance(labels: labels, share: share)
        var isHeld = [Bool](repeating: false, count: labels.count)
        for unit in stream.shuffled(units) {
            let counts = Dictionary(unit.map { (labels[$0], 1) }, uniquingKeysWith: +)
            guard balance.take(counts) else { continue }
            for row in unit { isHeld[row] = true }
        }
        kept = labels.indices.filter { !isHeld[$0] }
        heldOut = labels.indices.filter { isHeld[$0] }
    }
}

/// How many rows of each class are held out, against how many should be.
private struct Balance {
    private var totals: [Int]
    private var held: [Int]
    private let share: Double

    init(labels: [Int], share: Double) {
        totals = Array(repeating: 0, count: (labels.max() ?? -1) + 1)
        for label in labels { totals[label] += 1 }
        held = Array(repeating: 0, count: totals.count)
        self.share = share
    }

    /// Holds these rows out and says so, if that is good for the balance.
    mutating func take(_ counts: [Int: Int]) -> Bool {
        var gain = 0.0
        for (label, count) in counts.sorted(by: { $0.key < $1.key }) {
            guard held[label] + count < totals[label] else { return false }
            let missing = share * Double(totals[label]) - Double(held[label])
            gain += missing * missing - (missing - Double(count)) * (missing - Double(count))
        }
        guard gain > 0 else { return false }
        for (label, count) in counts { held[label] += count }
        return true
    }
}
