// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Kernels

/// `--precision`, as its commands share it.
enum PrecisionOption {
    /// What was named, if this machine has its arithmetic.
    static func read(_ settings: Settings, _ flag: String?) throws -> Precision {
        let name = settings.text("precision", flag, default: Precision.single.rawValue)
        guard let precision = Precision(rawValue: name) else {
            throw ValidationError("precision is 'single' or 'half', not '\(name)'.")
        }
        guard precision.isAvailable else {
            throw ValidationError(
                "This processor has no arithmetic of half precision (AVX512-FP16): use --precision single.")
        }
        return precision
    }
}
