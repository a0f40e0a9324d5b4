// SPDX-License-Identifier: Apache-2.0

internal import Statistics

/// Finds the weights of the spaces that suit a task, from a handful of labelled items.
///
/// Every candidate is judged on items that had no part in finding it: for each fifth of the items, weights are fitted to
/// the other four fifths (their penalty chosen by the same means within those), and the held-out items are compared with
/// the rest. Of candidates that are equally good within one standard error the simplest is recommended: one space, before
/// all alike, before fitted weights.
package struct Adviser: Sendable {
    /// A space that may be recommended.
    package struct Space: Sendable, Equatable {
        package let name: String
        /// The factors that it is meant to keep; nil where that is not known.
        package let sensitiveTo: [String]?

        package init(name: String, sensitiveTo: [String]?) {
            self.name = name
            self.sensitiveTo = sensitiveTo
        }
    }

    /// Examples a class below which the advice says that there are too few.
    package static let enoughPerClass = 5
    /// Examples looked at, at most; more are thinned out, alike in all classes.
    package static let mostExamples = 400
    static let folds = 5

    let spaces: [Space]
    let seed: UInt64

    package init(spaces: [Space], seed: UInt64 = 0) {
        precondition(!spaces.isEmpty, "no spaces to choose from")
        self.spaces = spaces
        self.seed = seed
    }

    /// Advice from labelled items; `vectors` are spaces x items vectors of unit length.
    ///
    /// Items whose label nobody shares are left out.
    /// - Throws: ``AdviceError/nothingToCompare(examples:classes:)``.
    package func advise(vectors: [[[Float]]], labels: [String]) throws(AdviceError) -> Advice {
        precondition(vectors.count == spaces.count, "vectors of \(vectors.count) spaces for \(spaces.count)")
        let kept = thinned(labels)
        let names = Set(kept.map { labels[$0] }).sorted()
        guard names.count > 1 else { throw .nothingToCompare(examples: labels.count, classes: Set(labels).count) }
        let numbers = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        let classes = kept.map { numbers[labels[$0]] ?? 0 }
        return advice(LabelledItems(vectors: vectors.map { rows in kept.map { rows[$0] } }, labels: classes))
    }

    /// Advice from judged pairs; `cosines` has a row a pair with a number a space.
    ///
    /// - Throws: ``AdviceError/nothingToCompare(examples:classes:)`` without two pairs of each kind.
    package func advise(cosines: [[Double]], isSame: [Bool]) throws(AdviceError) -> Advice {
        let same = isSame.count { $0 }
        guard same > 1, isSame.count - same > 1 else {
            throw .nothingToCompare(examples: isSame.count, classes: Set(isSame).count)
        }
        let kept = thinned(isSame.map { $0 ? "same" : "different" })
        return advice(
            JudgedPairs(cosines: kept.map { cosines[$0] }, isSame: kept.map { isSame[$0] }, spaces: spaces.count))
    }

    /// Positions of the items to look at: of every label that at least two share, as many as fit.
    private func thinned(_ labels: [String]) -> [Int] {
        var members: [String: [Int]] = [:]
        for (place, label) in labels.enumerated() { members[label, default: []].append(place) }
        var stream = SeededStream(seed: seed, 0x7A1)
        let shared = members.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }
        let room = max(2, Self.mostExamples / max(1, shared.count))
        let total = shared.reduce(0) { $0 + $1.value.count }
        let chosen = shared.flatMap {
            total > Self.mostExamples ? Array(stream.shuffled($0.value).prefix(room)) : $0.value
        }
        return Array(chosen.sorted().prefix(2 * Self.mostExamples))
    }

    private func advice(_ evidence: some Evidence) -> Advice {
        let classes = evidence.classes
        let parts = Folds(classes: classes, count: Self.folds, seed: seed)
        let singles = spaces.indices.map { space in
            candidate(spaces[space].name, spaces.indices.map { $0 == space ? 1 : 0 }, evidence)
        }
        let equal = candidate("equal", spaces.map { _ in 1 }, evidence)
        let fitted = fit(evidence, parts)
        let ranking = singles.sorted { ($0.score.value, $1.name) > ($1.score.value, $0.name) }
        let perClass = Dictionary(grouping: classes) { $0 }.values.map(\.count).min() ?? 0
        let best = Self.simplest([ranking[0], equal, fitted])
        let trust: Advice.Trust =
            best.score.interval.low <= 0.5 ? .noSignal : perClass < Self.enoughPerClass ? .tooFew : .good
        return Advice(
            ranking: ranking, blends: [equal, fitted], recommended: best, trust: trust, examples: classes.count,
            classes: Set(classes).count,
            sentence: AdviceText(spaces: spaces, ranking: ranking, best: best, trust: trust, perClass: perClass).text)
    }

    /// The first that is within one standard error of the best.
    private static func simplest(_ candidates: [Advice.Candidate]) -> Advice.Candidate {
        let best = candidates.max { $0.score.value < $1.score.value } ?? candidates[0]
        let error = best.score.interval.width / 2 / Interval.deviations
        return candidates.first { $0.score.value >= best.score.value - error } ?? best
    }

    /// Weights that nothing was fitted to: every item is compared with all others.
    private func candidate(_ name: String, _ weights: [Double], _ evidence: some Evidence) -> Advice.Candidate {
        let all = Array(0..<evidence.count)
        let shares = all.compactMap { evidence.share(weights, anchor: $0, others: all) }
        return Advice.Candidate(name: name, weights: weights, score: estimate(shares))
    }

    /// Fitted weights, judged on the items of each fold by the weights of the others; the weights given are those of all.
    private func fit(_ evidence: some Evidence, _ parts: Folds) -> Advice.Candidate {
        var shares: [Double] = []
        let all = Array(0..<evidence.count)
        for fold in 0..<parts.count {
            let rest = parts.rest(fold)
            let weights = weights(evidence, rest, parts)
            shares += parts.members(fold).compactMap { evidence.share(weights, anchor: $0, others: all) }
        }
        return Advice.Candidate(
            name: "fitted", weights: Self.rounded(weights(evidence, all, parts)), score: estimate(shares))
    }

    /// The weights of `members`, with the penalty that does best across the folds within them.
    private func weights(_ evidence: some Evidence, _ members: [Int], _ parts: Folds) -> [Double] {
        var scores = [Double](repeating: 0, count: RankingFit.strengths.count)
        for fold in 0..<parts.count {
            let held = members.filter { parts.fold(of: $0) == fold }
            let rest = members.filter { parts.fold(of: $0) != fold }
            let fit = RankingFit(evidence, members: rest, seed: seed)
            guard !held.isEmpty, !fit.isEmpty else { continue }
            for (place, strength) in RankingFit.strengths.enumerated() {
                let weights = fit.weights(strength: strength)
                scores[place] += held.compactMap { evidence.share(weights, anchor: $0, others: members) }.reduce(0, +)
            }
        }
        let best = scores.indices.max { scores[$0] < scores[$1] } ?? 0
        return RankingFit(evidence, members: members, seed: seed).weights(strength: RankingFit.strengths[best])
    }

    /// Two digits, and nothing for what is below 0.05.
    private static func rounded(_ weights: [Double]) -> [Double] {
        weights.map { abs($0) < 0.05 ? 0 : ($0 * 100).rounded() / 100 }
    }

    private func estimate(_ shares: [Double]) -> Estimate {
        Bootstrap(resamples: 500, seed: seed).mean(of: shares)
    }
}

/// Items in parts of equal size, with the classes spread evenly.
struct Folds {
    let count: Int
    private let numbers: [Int]

    init(classes: [Int], count: Int, seed: UInt64) {
        var stream = SeededStream(seed: seed, 0xF01D)
        var numbers = [Int](repeating: 0, count: classes.count)
        var next = 0
        let order = stream.shuffled(Array(classes.indices)).sorted { classes[$0] < classes[$1] }
        for item in order {
            numbers[item] = next % count
            next += 1
        }
        self.numbers = numbers
        self.count = count
    }

    func fold(of item: Int) -> Int { numbers[item] }

    func members(_ fold: Int) -> [Int] { numbers.indices.filter { numbers[$0] == fold } }

    func rest(_ fold: Int) -> [Int] { numbers.indices.filter { numbers[$0] != fold } }
}
