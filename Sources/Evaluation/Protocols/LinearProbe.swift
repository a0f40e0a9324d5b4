// SPDX-License-Identifier: Apache-2.0

package import Kernels
internal import Statistics

/// The linear probe: how well a linear classifier does on frozen features (METHOD: L-BFGS on standardised features).
///
/// A validation part is carved out of the training rows; classifiers of falling regularisation are fitted to the rest,
/// each from the one before, and the strength with the best validation accuracy wins. One classifier is then fitted with
/// it to all training rows and judged on the test rows, which nothing else ever looks at.
package struct LinearProbe: Sendable {
    /// How the regularisation is chosen.
    package struct Settings: Sendable, Equatable {
        /// Strengths from strong to weak (``SoftmaxRegression`` tells their meaning).
        package var strengths: [Double] = LinearProbe.grid
        /// The part of the training rows that the choice is made on.
        package var validationShare = 0.2
        /// The search ends when this many strengths in a row were no better than the best so far.
        package var patience = 4
        /// Names the validation split.
        package var seed: UInt64 = 0
        package var regression = SoftmaxRegression()

        package init() {}
    }

    /// What came out of one strength.
    package struct Trial: Sendable, Equatable, Codable {
        package let strength: Double
        package let validationAccuracy: Double
        package let iterations: Int
        package let isConverged: Bool
    }

    /// What a probe found.
    package struct Report: Sendable {
        /// The test rows.
        package let test: Classification
        /// The strength that was chosen.
        package let strength: Double
        package let trials: [Trial]
        /// The final fit.
        package let fit: LimitedMemoryBFGS.Report
        /// The final classifier, on features standardised by ``standardisation``.
        package let classifier: LinearClassifier
        package let standardisation: Standardisation

        /// Whether a better strength may lie outside those tried.
        package var isAtEdge: Bool { strength == trials.first?.strength || strength == trials.last?.strength }
    }

    /// 10 to 1e-5, two a decade.
    package static let grid: [Double] = [10, 3, 1, 0.3, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5]

    package let settings: Settings
    private let pool: ComputePool?

    /// A probe; work is spread over `pool`.
    package init(settings: Settings = Settings(), pool: ComputePool? = nil) {
        precondition(!settings.strengths.isEmpty && settings.patience > 0, "no strengths to try")
        self.settings = settings
        self.pool = pool
    }

    /// Fits on `train` and judges on `test`.
    ///
    /// Test rows of a class that training lacks count as wrong. Where every class has too few rows to hold one out,
    /// there are no trials and the strength is 1 / rows (scikit-learn's C = 1).
    /// - Throws: ``ProtocolError/noRows(role:)`` and ``ProtocolError/tooFewClasses(found:needed:)``.
    package func evaluate(train: FeatureTable, test: FeatureTable) throws(ProtocolError) -> Report {
        precondition(train.dimensions == test.dimensions, "\(train.dimensions) features, tested on \(test.dimensions)")
        guard train.count > 0 else { throw .noRows(role: "train") }
        guard test.count > 0 else { throw .noRows(role: "test") }
        let found = Set(train.labels).count
        guard found > 1 else { throw .tooFewClasses(found: found, needed: 2) }
        let (trials, best) = choose(train)
        let strength = trials.isEmpty ? 1 / Double(train.count) : trials[best.trial].strength
        let scaling = Standardisation(of: train)
        let final = settings.regression.fit(
            scaling.applied(to: train), classes: train.classes, strength: strength, from: best.classifier, pool: pool)
        return Report(
            test: final.classifier.classify(scaling.applied(to: test), pool: pool), strength: strength, trials: trials,
            fit: final.report, classifier: final.classifier, standardisation: scaling)
    }

    /// Tries the strengths; of equals the stronger wins.
    private func choose(_ train: FeatureTable) -> (trials: [Trial], best: (trial: Int, classifier: LinearClassifier?)) {
        let split = Split(
            labels: train.labels, groups: train.groups, heldOut: settings.validationShare, seed: settings.seed)
        guard !split.heldOut.isEmpty else { return ([], (0, nil)) }
        let scaling = Standardisation(of: train.rows(split.kept))
        let fitted = SoftmaxObjective(
            scaling.applied(to: train.rows(split.kept)), classes: train.classes, pool: pool)
        let judged = scaling.applied(to: train.rows(split.heldOut))
        var trials: [Trial] = []
        var best: (trial: Int, classifier: LinearClassifier?) = (0, nil)
        var last: LinearClassifier?
        for strength in settings.strengths {
            let (classifier, report) = settings.regression.fit(fitted, strength: strength, from: last)
            let accuracy = classifier.classify(judged, pool: pool).accuracy.value
            trials.append(
                Trial(
                    strength: strength, validationAccuracy: accuracy, iterations: report.iterations,
                    isConverged: report.ending != .cutShort))
            last = classifier
            if trials.count == 1 || accuracy > trials[best.trial].validationAccuracy {
                best = (trials.count - 1, classifier)
            }
            if trials.count - 1 - best.trial >= settings.patience { break }
        }
        return (trials, best)
    }
}
