// SPDX-License-Identifier: Apache-2.0

/// Why training stopped; every message says what to do.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
    case diverged(loss: Double)

    package var description: String {
        switch self {
        case .diverged(let loss):
            "the loss became \(loss); lower the learning rate or lengthen the warm-up, and go on from the last checkpoint"
        }
    }
}
