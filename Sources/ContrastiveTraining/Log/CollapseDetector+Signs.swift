// SPDX-License-Identifier: Apache-2.0

private import Foundation

extension CollapseDetector {
    /// Where the lines between healthy and not are drawn.
    package struct Thresholds: Sendable, Equatable {
        /// The spread below which the vectors count as all the same; it is 1 for an even spread and 0 for one point.
        ///
        /// 0.1 means that the vectors differ by a tenth of what they could: the contrast is then in the last digits.
        package var spread = 0.1
        /// The share of the dimensions below which the effective rank counts as collapsed; never under 1.5 directions.
        ///
        /// 0.04 of 128 dimensions are 5 directions, too few to keep more than a handful of things apart.
        package var rankShare = 0.04
        /// How far below log(1 + negatives) a loss must be to count as learning: 0.02, so 2% below.
        package var lossMargin = 0.02
        /// A warning is over when the number is better than its threshold by this factor.
        package var recovery = 1.5
        /// Bad observations in a row before a warning.
        package var patience = 3
        /// The same for the loss, which is at its highest in the first steps of any run.
        package var lossPatience = 20

        package init() {}

        func patience(of sign: Sign) -> Int {
            switch sign {
            case .notFinite: 1
            case .notLearning: lossPatience
            case .samePoint, .fewDirections: patience
            }
        }
    }

    enum Sign: String {
        case samePoint, fewDirections, notLearning, notFinite
    }

    struct Finding {
        let sign: Sign
        let state: Watch.State
        let text: String
    }

    /// Warns when something was bad often enough, and again only after it was good.
    struct Watch {
        enum State {
            case good, between, bad
        }

        private(set) var isRaised = false
        private var run = 0

        /// Takes one observation in; true when a warning begins with it.
        mutating func note(_ state: State, patience: Int) -> Bool {
            switch state {
            case .good: (isRaised, run) = (false, 0)
            case .between: run = 0
            case .bad: run += 1
            }
            guard !isRaised, run >= patience else { return false }
            isRaised = true
            return true
        }
    }

    /// What each sign says of a space now; a sign that cannot be judged is left out.
    static func findings(_ health: SpaceHealth, _ thresholds: Thresholds) -> [Finding] {
        var found: [Finding] = []
        found.append(notFinite(health))
        if let statistics = health.statistics, statistics.count > 1 {
            found.append(samePoint(statistics, thresholds))
            found.append(fewDirections(statistics, thresholds))
        }
        if let negatives = health.negatives, negatives > 0, health.loss.isFinite {
            found.append(notLearning(health.loss, negatives, thresholds))
        }
        return found
    }

    private static func notFinite(_ health: SpaceHealth) -> Finding {
        let numbers = [health.loss] + (health.statistics.map { [$0.spread, $0.effectiveRank] } ?? [])
        return Finding(
            sign: .notFinite, state: numbers.allSatisfy(\.isFinite) ? .good : .bad,
            text: "loss or embeddings are not finite numbers; lower the learning rate or lengthen the warm-up")
    }

    private static func samePoint(_ statistics: EmbeddingStatistics, _ thresholds: Thresholds) -> Finding {
        Finding(
            sign: .samePoint, state: state(statistics.spread, least: thresholds.spread, thresholds),
            text: "all embeddings are about the same (spread \(short(statistics.spread)), healthy is above "
                + "\(short(thresholds.spread))); the run has collapsed: check the learning rate and the temperature")
    }

    private static func fewDirections(_ statistics: EmbeddingStatistics, _ thresholds: Thresholds) -> Finding {
        let possible = min(statistics.dimensions, statistics.count - 1)
        let least = max(1.5, thresholds.rankShare * Double(possible))
        return Finding(
            sign: .fewDirections, state: state(statistics.effectiveRank, least: least, thresholds),
            text: "embeddings use \(short(statistics.effectiveRank)) of \(statistics.dimensions) directions (healthy "
                + "is above \(short(least))): the space has collapsed to a few dimensions; a longer warm-up, a larger "
                + "queue or stronger augmentation helps")
    }

    private static func notLearning(_ loss: Double, _ negatives: Int, _ thresholds: Thresholds) -> Finding {
        let chance = log(1 + Double(negatives))
        let margin = (chance - loss) / chance
        let state: Watch.State =
            margin < thresholds.lossMargin
            ? .bad : margin >= thresholds.lossMargin * thresholds.recovery ? .good : .between
        return Finding(
            sign: .notLearning, state: state,
            text: "the loss stays at \(short(loss)), where guessing gives \(short(chance)); nothing is learned: "
                + "check the images, the learning rate and the temperature")
    }

    private static func state(_ value: Double, least: Double, _ thresholds: Thresholds) -> Watch.State {
        guard value.isFinite else { return .between }
        return value < least ? .bad : value >= least * thresholds.recovery ? .good : .between
    }

    private static func short(_ value: Double) -> String {
        String(format: "%.3g", value)
    }
}
