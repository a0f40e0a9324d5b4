// SPDX-License-Identifier: Apache-2.0

package import Statistics

/// What labelled examples say about the spaces of a model: which of them, in which proportions, suit the task.
package struct Advice: Sendable, Equatable {
    /// A way of comparing items, and how well it does on items that it was not fitted to.
    package struct Candidate: Sendable, Equatable {
        /// A space's name, `equal` for all alike or `fitted` for the weights that were found.
        package let name: String
        /// A weight a space, in the order of the spaces.
        package let weights: [Double]
        /// The share of comparisons (an item, one of its kind, one of another) that it gets right; 0.5 is chance.
        package let score: Estimate
    }

    /// How far the advice can be trusted.
    package enum Trust: String, Sendable {
        /// The best way is better than all others, or as good as the best and simpler.
        case good
        /// There are too few examples to tell.
        case tooFew = "too_few_labels"
        /// No space does better than chance.
        case noSignal = "no_signal"
    }

    /// The spaces by falling score.
    package let ranking: [Candidate]
    /// All spaces alike, and the weights that were fitted.
    package let blends: [Candidate]
    package let recommended: Candidate
    package let trust: Trust
    /// Examples and classes that were looked at.
    package let examples: Int
    package let classes: Int
    /// What it means, in plain words.
    package let sentence: String
}

/// Why there is no advice.
package enum AdviceError: Error, Equatable, CustomStringConvertible {
    /// Fewer than two classes with two examples each.
    case nothingToCompare(examples: Int, classes: Int)

    package var description: String {
        switch self {
        case .nothingToCompare(let examples, let classes):
            "\(examples) examples with \(classes) labels give nothing to compare: label at least two items each of two "
                + "kinds, better five of each"
        }
    }
}
