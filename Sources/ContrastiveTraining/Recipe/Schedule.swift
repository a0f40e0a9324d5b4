// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The learning rate over a run.
package struct Schedule: Sendable, Codable, Equatable {
    package enum Shape: String, Sendable, Codable, CaseIterable {
        /// Half a cosine from the base rate to 0 (MoCo v2, `--cos`).
        case cosine
        /// A tenth at 60 % and again at 80 % of the run: epochs 300 and 400 of the paper's 500.
        case step
    }

    package var shape = Shape.cosine
    /// The published rate for batches of 256.
    package var base = 0.03
    /// Epochs of linear warm-up, counted within the run.
    package var warmup = 0.0
    package var epochs = 500

    package init() {}

    /// The rate at `epoch`, which counts parts of epochs.
    package func rate(at epoch: Double) -> Double {
        let total = Double(max(1, epochs))
        let ramp = warmup > 0 ? min(1, epoch / warmup) : 1
        switch shape {
        case .cosine: return base * ramp * 0.5 * (1 + cos(.pi * min(1, epoch / total)))
        case .step: return base * ramp * (epoch < 0.6 * total ? 1 : epoch < 0.8 * total ? 0.1 : 0.01)
        }
    }
}
