// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Networks
internal import Vectors

/// Writes `training/report.html` from what the recorder knows.
struct ReportWriter {
    let configuration: TrainingConfiguration
    let folder: RunFolder
    /// The command line, as it was given.
    let command: String

    /// Replaces the page as a whole.
    ///
    /// - Throws: ``TrainingError/cannotWrite(path:reason:)``.
    func write(_ recorder: TrainingRecorder, data: TrainingData, totalSteps: Int) throws(TrainingError) {
        var report = TrainingReport(name: folder.model.lastPathComponent, records: recorder.records)
        report.configuration = settings(data)
        report.spaces = configuration.headNames.map(\.text)
        report.plannedSteps = totalSteps
        report.queueLength = configuration.step.queueLength
        report.warnings = recorder.warnings
        report.command = command
        report.seed = configuration.seed
        report.dataDigest = configuration.dataDigest
        report.provenance = [
            "Trained by facet train on the images with the digest above. Licences and sources of images that "
                + "deploy/fetch-data brought are in the data's manifest.",
            "Texture is randomised by random convolutions (RandConv), a stand-in for the style transfer of the paper.",
        ]
        do {
            try report.html().write(to: folder.report, atomically: true, encoding: .utf8)
        } catch {
            throw .cannotWrite(path: folder.report.path, reason: error.localizedDescription)
        }
    }

    private func settings(_ data: TrainingData) -> [(String, String)] {
        let (step, schedule) = (configuration.step, configuration.schedule)
        return [
            ("recipe", configuration.recipe.rawValue),
            ("factors", configuration.factors.map(\.rawValue).joined(separator: ", ")),
            ("network", "\(configuration.backbone.rawValue), width \(configuration.width), at \(configuration.size)"),
            ("images", "\(data.training.count) trained on, \(data.heldOut.count) held out"),
            ("batch", "\(step.batch) in \(step.groups) batch-norm groups"), ("epochs", "\(schedule.epochs)"),
            ("learning rate", "\(schedule.base), \(schedule.shape.rawValue), \(schedule.warmup) epochs of warm-up"),
            ("SGD", "momentum \(step.momentum), weight decay \(step.weightDecay)"),
            ("temperature", "\(step.temperature)"),
            ("queue", "\(step.queueLength) rows a space, holding \(step.queueContent.rawValue)"),
            ("own image in the queue", step.skipsOwnImage ? "no negative" : "a negative"),
            ("factor shared by chance", step.skipsSharedFactors ? "no negative" : "a negative, as published"),
            ("key encoder's momentum", "\(step.encoderMomentum)"),
            (
                "rotation",
                "\(configuration.augmentation.rotationLaw.rawValue), p \(configuration.augmentation.rotationProbability)"
            ),
            (
                "texture",
                "\(configuration.augmentation.textureMode.rawValue), \(configuration.augmentation.textureChannels.rawValue) channels, p \(configuration.augmentation.textureProbability)"
            ),
            (
                "grayscale",
                configuration.augmentation.grayscaleBelongsToColor ? "part of the colour factor" : "a draw of its own"
            ),
        ]
    }
}
