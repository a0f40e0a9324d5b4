// SPDX-License-Identifier: Apache-2.0

/// Why a model's preprocessing settings were refused.
package enum PreprocessingError: Error, Hashable, Sendable, CustomStringConvertible {
    case size(Int)
    case channels(mean: Int, std: Int)
    case constants

    /// One sentence naming the setting and what it must be.
    package var description: String {
        switch self {
        case .size(let size):
            "\"size\" is \(size); it must be \(Preprocessing.sizes.lowerBound) to \(Preprocessing.sizes.upperBound)."
        case .channels(let mean, let std):
            "\"mean\" has \(mean) and \"std\" \(std) numbers; both must have 3: red, green, blue."
        case .constants:
            "\"mean\" must be finite, and \"std\" finite and above 0."
        }
    }
}
