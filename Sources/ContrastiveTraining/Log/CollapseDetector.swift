// SPDX-License-Identifier: Apache-2.0

/// Watches the embedding spaces of a training run for collapse, and warns once each time one begins.
///
/// Four things are watched in each space; each must be seen in ``Thresholds/patience`` observations in a row before it
/// is warned of, except a loss that is no number, which is warned of at once:
/// - all vectors are about the same: the spread is below ``Thresholds/spread``;
/// - few directions are in use: the effective rank is below ``Thresholds/rankShare`` of the dimensions;
/// - nothing is learned: the loss stays at what guessing gives, log(1 + negatives);
/// - the loss is not finite.
/// A warning is over only when the number is well back on the good side, so one that hovers at its threshold does not
/// warn again and again.
package struct CollapseDetector: Sendable {
    /// What is known of one space at one step.
    package struct SpaceHealth: Sendable {
        /// How its vectors lie; nil when they were not looked at.
        package var statistics: EmbeddingStatistics?
        /// Its mean loss in nats.
        package var loss: Double
        /// Negatives of one query: the queue's length and the other keys of its image; nil when not known.
        package var negatives: Int?

        package init(statistics: EmbeddingStatistics?, loss: Double, negatives: Int? = nil) {
            self.statistics = statistics
            self.loss = loss
            self.negatives = negatives
        }
    }

    /// What an observation came to.
    package enum Verdict: Sendable, Equatable {
        case healthy
        /// Something is wrong since this observation; the text names space, number and what to do.
        case warning(String)
        /// Something that was warned of before is still wrong, and nothing new.
        case stillUnhealthy
    }

    private let thresholds: Thresholds
    private var watches: [String: Watch] = [:]

    package init(thresholds: Thresholds = Thresholds()) {
        self.thresholds = thresholds
    }

    /// Looks at all spaces after a step; O(spaces).
    package mutating func observe(step: Int, spaces: [String: SpaceHealth]) -> Verdict {
        var reasons: [String] = []
        for (name, health) in spaces.sorted(by: { $0.key < $1.key }) {
            for finding in Self.findings(health, thresholds) {
                let key = "\(name)/\(finding.sign)"
                let begins = watches[key, default: Watch()].note(
                    finding.state, patience: thresholds.patience(of: finding.sign))
                if begins { reasons.append("space \(name): \(finding.text)") }
            }
        }
        if !reasons.isEmpty { return .warning("step \(step), " + reasons.joined(separator: "; ")) }
        return watches.values.contains(where: \.isRaised) ? .stillUnhealthy : .healthy
    }
}
