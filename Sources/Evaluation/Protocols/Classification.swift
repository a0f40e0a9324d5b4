// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// What a classifier said about every test row, and how good that is.
package struct Classification: Sendable {
    /// The true class a row.
    package let truth: [Int]
    package let predictions: [Int]
    /// How many classes were scored above the true one, a row: 0 when it was predicted.
    package let ranks: [Int]
    package let classes: Int
    package let groups: [Int]?
    /// The share of rows whose class was predicted, with Wilson's interval.
    package let accuracy: Estimate
    /// The accuracy on the rows of each class; nil where there are none.
    package let perClass: [Estimate?]

    /// Judges `scores`, one list of a number a class a row; the lower class wins a draw.
    init(scores: [[Double]], truth: [Int], groups: [Int]?, classes: Int) {
        let ranked = zip(scores, truth).map { Self.rank($0, truth: $1) }
        self.init(predictions: ranked.map(\.best), ranks: ranked.map(\.rank), truth, groups, classes)
    }

    init(predictions: [Int], ranks: [Int], _ truth: [Int], _ groups: [Int]?, _ classes: Int) {
        self.truth = truth
        self.predictions = predictions
        self.ranks = ranks
        self.groups = groups
        self.classes = classes
        let hits = ranks.map { $0 == 0 }
        accuracy = .proportion(of: hits, groups: groups)
        var members = [[Int]](repeating: [], count: classes)
        for (row, label) in truth.enumerated() { members[label].append(row) }
        perClass = members.map { rows in
            guard !rows.isEmpty else { return nil }
            return .proportion(of: rows.map { hits[$0] }, groups: groups.map { groups in rows.map { groups[$0] } })
        }
    }

    /// 1 for each row that was right and 0 for each that was wrong, for ``PairedDifference``.
    package var hits: [Double] { ranks.map { $0 == 0 ? 1 : 0 } }

    /// The share of rows whose class is among the `count` highest scored.
    package func accuracy(top count: Int) -> Estimate {
        .proportion(of: ranks.map { $0 < count }, groups: groups)
    }

    /// The mean of the classes' accuracies, in which a rare class counts as much as a frequent one.
    ///
    /// The interval takes the classes' sizes as given: Wilson's for as many independent rows as would scatter as much,
    /// never more than there are, and as many as there are groups where no row differs from its class.
    package var balancedAccuracy: Estimate {
        let seen = perClass.compactMap { $0 }
        guard !seen.isEmpty else { return Estimate(value: 0, interval: Interval(low: 0, high: 1), count: 0) }
        let value = seen.reduce(0) { $0 + $1.value } / Double(seen.count)
        let parts = truth.indices.map { row in
            guard let own = perClass[truth[row]] else { return 0.0 }
            return ((ranks[row] == 0 ? 1 : 0) - own.value) / Double(own.count * seen.count)
        }
        let units = Grouping.units(groups ?? Array(truth.indices))
        let variance = units.reduce(0.0) { sum, unit in
            let part = unit.reduce(0.0) { $0 + parts[$1] }
            return sum + part * part
        }
        let count =
            variance > 0 ? min(Double(truth.count), value * (1 - value) / variance) : Double(units.count)
        return Estimate(value: value, interval: .wilson(share: value, count: count), count: truth.count)
    }

    /// The class with the highest score, and how many beat the true one.
    static func rank(_ scores: some RandomAccessCollection<Double>, truth: Int) -> (best: Int, rank: Int) {
        var (best, highest, rank, number) = (0, -Double.infinity, 0, 0)
        let own = scores[scores.index(scores.startIndex, offsetBy: truth)]
        for score in scores {
            if score > highest { (best, highest) = (number, score) }
            if score > own || score == own && number < truth { rank += 1 }
            number += 1
        }
        return (best, rank)
    }
}
