// SPDX-License-Identifier: Apache-2.0

/// Why training stopped or cannot start; every message says what to do.
package enum TrainingError: Error, Equatable, CustomStringConvertible {
    /// The loss is not a number any more.
    case diverged(loss: Double)
    /// A checkpoint that was about to be written holds numbers that are not finite.
    case brokenWeights(step: Int)
    case badState(path: String, reason: String)
    case cannotWrite(path: String, reason: String)
    /// The run to go on with was started with other settings.
    case otherConfiguration(differences: [String])
    case nothingToResume(path: String)
    case alreadyStarted(path: String)
    case tooFewImages(found: Int, needed: Int)
    case badSetting(String)
    /// The model to start from cannot be used for this run.
    case cannotStart(path: String, reason: String)

    package var description: String {
        switch self {
        case .diverged(let loss):
            "the loss became \(loss); nothing is lost: lower --learning-rate or add --warmup epochs and start again, "
                + "or --resume to go on from the last checkpoint"
        case .brokenWeights(let step):
            "the weights are not finite at step \(step), so the last good checkpoint was kept; lower --learning-rate "
                + "or add --warmup epochs"
        case .badState(let path, let reason):
            "\(path) cannot be resumed: \(reason); start again in another folder"
        case .cannotWrite(let path, let reason):
            "\(path) cannot be written: \(reason); the last checkpoint is still there, and --resume goes on from it"
        case .otherConfiguration(let differences):
            "the run to resume was started with other settings: \(differences.joined(separator: ", ")); "
                + "leave these flags out or start in another folder"
        case .nothingToResume(let path): "\(path) is not there: start without --resume"
        case .alreadyStarted(let path):
            "\(path) is there and is not replaced: go on with a run of yours with --resume, or name another folder with --out"
        case .tooFewImages(let found, let needed):
            "there are \(found) images to train on, and a batch has \(needed); add images or lower --batch"
        case .badSetting(let reason): reason
        case .cannotStart(let path, let reason): "training cannot start from \(path): \(reason)"
        }
    }
}
