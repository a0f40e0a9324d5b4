// SPDX-License-Identifier: Apache-2.0

package import Kernels
package import Statistics

/// How well a linear classifier does on frozen features with a handful of images a class.
///
/// A draw takes `shots` images of every class at random, fits softmax regression to them and judges it on all test rows.
/// Features are standardised by the statistics of the whole training table, which need no labels. There is too little to
/// choose a strength on, so it is fixed at 1 / rows (scikit-learn's C = 1). Draws depend on the labels and the seed only:
/// all models get the same images.
package struct FewShot: Sendable {
    package let shots: Int
    package let draws: Int
    package let seed: UInt64
    private let pool: ComputePool?

    /// `draws` draws of `shots` images; work is spread over `pool`.
    package init(shots: Int, draws: Int = 10, seed: UInt64 = 0, pool: ComputePool? = nil) {
        precondition(shots > 0 && draws > 1, "\(shots) shots, \(draws) draws")
        self.shots = shots
        self.draws = draws
        self.seed = seed
        self.pool = pool
    }

    /// What the draws gave.
    package struct Report: Sendable, Equatable {
        package let shots: Int
        /// The mean accuracy over the draws with Student's interval, a little wider than the 1.96 standard errors of the
        /// literature: how much the choice of images matters, not how much the test rows do.
        package let accuracy: Estimate
        /// The accuracy of each draw, for paired comparisons.
        package let perDraw: [Double]
        /// Classes that took part.
        package let classes: Int
        /// Classes with fewer than ``shots`` training images, which were left out together with their test rows.
        package let classesLeftOut: Int
    }

    /// Runs all draws.
    ///
    /// - Throws: ``ProtocolError/tooFewClasses(found:needed:)`` when fewer than two classes have enough images, and
    ///   ``ProtocolError/noRows(role:)`` when no test row is of these.
    package func evaluate(train: FeatureTable, test: FeatureTable) throws(ProtocolError) -> Report {
        let members = Dictionary(grouping: train.labels.indices) { train.labels[$0] }.sorted { $0.key < $1.key }
        let taken = members.filter { $0.value.count >= shots }
        guard taken.count > 1 else { throw .tooFewClasses(found: taken.count, needed: 2) }
        let numbers = Dictionary(uniqueKeysWithValues: taken.enumerated().map { ($0.element.key, $0.offset) })
        let scaling = Standardisation(of: train)
        let judged = scaling.applied(to: Self.renumbered(test, numbers))
        guard judged.count > 0 else { throw .noRows(role: "test") }
        let accuracies = (0..<draws).map { draw in
            let rows = Self.draw(draw, of: taken.map(\.value), shots: shots, seed: seed)
            let fitted = scaling.applied(to: Self.renumbered(train.rows(rows), numbers))
            return SoftmaxRegression().fit(
                fitted, classes: taken.count, strength: 1 / Double(fitted.count), pool: pool
            ).classifier.classify(judged, pool: pool).accuracy.value
        }
        return Report(
            shots: shots, accuracy: Self.summary(accuracies), perDraw: accuracies, classes: taken.count,
            classesLeftOut: Set(train.labels + test.labels).count - taken.count)
    }

    /// The rows of one draw, `shots` of each class; `classes` holds the rows there are of each.
    package static func draw(_ number: Int, of classes: [[Int]], shots: Int, seed: UInt64) -> [Int] {
        var stream = SeededStream(seed: seed, 0xF5, UInt64(shots), UInt64(number))
        return classes.flatMap { stream.shuffled($0).prefix(shots) }
    }

    /// The rows whose label has a number, labelled by it.
    private static func renumbered(_ table: FeatureTable, _ numbers: [Int: Int]) -> FeatureTable {
        let rows = table.rows(table.labels.indices.filter { numbers[table.labels[$0]] != nil })
        return rows.relabelled(rows.labels.compactMap { numbers[$0] })
    }

    private static func summary(_ values: [Double]) -> Estimate {
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        return Estimate(
            value: mean, interval: .student(mean: mean, error: (variance / count).squareRoot(), samples: values.count),
            count: values.count)
    }
}
