// SPDX-License-Identifier: Apache-2.0

package import Kernels

/// Multinomial logistic regression with a squared penalty on the weights.
///
/// It minimises mean(cross-entropy) + strength / 2 * |weights|^2; biases are free. In scikit-learn's terms C is
/// 1 / (rows x strength). The function is convex, so the result follows from the data, not from the way there. Features
/// should be standardised.
package struct SoftmaxRegression: Sendable, Equatable {
    package var minimiser: LimitedMemoryBFGS

    package init(minimiser: LimitedMemoryBFGS = LimitedMemoryBFGS()) {
        self.minimiser = minimiser
    }

    /// Fits a classifier of `classes` to the rows of `table`, from `start` or from zero.
    ///
    /// Labels must be below `classes`. A fit costs some tens to hundreds of passes over the table.
    package func fit(
        _ table: FeatureTable, classes: Int, strength: Double, from start: LinearClassifier? = nil,
        pool: ComputePool? = nil
    ) -> (classifier: LinearClassifier, report: LimitedMemoryBFGS.Report) {
        fit(SoftmaxObjective(table, classes: classes, pool: pool), strength: strength, from: start)
    }

    /// Fits once more to rows that are at hand already.
    func fit(
        _ objective: SoftmaxObjective, strength: Double, from start: LinearClassifier?
    ) -> (classifier: LinearClassifier, report: LimitedMemoryBFGS.Report) {
        let (classes, dimensions) = (objective.classes, objective.table.dimensions)
        var point = start?.parameters ?? Array(repeating: 0, count: classes * (dimensions + 1))
        let report = minimiser.minimise(&point) { point, gradient in
            objective.evaluate(point, strength: strength, gradient: &gradient)
        }
        return (LinearClassifier(classes: classes, dimensions: dimensions, parameters: point), report)
    }
}
