// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ContrastiveTraining
internal import Foundation
internal import Networks

/// What is learned, and how: METHOD's options with the published choices as defaults.
struct MethodOptions: ParsableArguments {
    @Option(help: "Factors with commas, of color, rotation and texture. (default: all; color for moco)")
    var factors: String?

    @Option(help: "Passes over the images.")
    var epochs = 500

    @Option(help: "Images a step.")
    var batch = 128

    @Option(help: "Groups of a batch that batch normalisation sees apart, so that it cannot tell pairs.")
    var groups = 4

    @Option(help: "Learning rate at its highest.")
    var learningRate = 0.03

    @Option(help: "cosine, or step: a tenth at 60 and at 80 percent.")
    var schedule: Schedule.Shape = .cosine

    @Option(help: "Epochs of linear warm-up.")
    var warmup = 0.0

    @Option(help: "Temperature of the loss.")
    var temperature: Float = 0.2

    @Option(help: "Rows of each space's queue. (default: an eighth of the images, at most 16384)")
    var queue: Int?

    @Option(help: "What queue i holds: positive (key i) or k0.")
    var queueHolds: StepSettings.QueueContent = .positive

    @Option(help: "Momentum of the key encoder.")
    var encoderMomentum = 0.999

    @Option(help: "Momentum of SGD.")
    var momentum: Float = 0.9

    @Option(help: "Weight decay.")
    var weightDecay: Float = 1e-4

    @Flag(help: "Leave keys out of the negatives that share the factor with the query by chance.")
    var maskShared = false

    @Flag(help: "Keep rows of the queue among the negatives of the image they came from.")
    var keepOwnImage = false

    @Option(help: "Seed of everything that is drawn.")
    var seed: UInt64 = 1

    /// The configuration these options and `recipe` make for so many training images.
    func configuration(_ recipe: Recipe, trainingImages: Int) throws -> TrainingConfiguration {
        var configuration = TrainingConfiguration(recipe: recipe, factors: try chosenFactors)
        guard epochs > 0, batch > 0, groups > 0, batch % groups == 0, batch / groups > 1 else {
            throw ValidationError(
                "--epochs and --batch must be above 0, and --batch at least twice --groups and a multiple.")
        }
        guard learningRate > 0, temperature > 0, warmup >= 0, (0...1).contains(encoderMomentum), queue ?? 1 > 0 else {
            throw ValidationError(
                "--learning-rate, --temperature and --queue must be above 0, --warmup 0 or more, --encoder-momentum 0 to 1."
            )
        }
        var schedule = Schedule()
        (schedule.shape, schedule.base, schedule.warmup, schedule.epochs) = (
            self.schedule, learningRate, warmup, epochs
        )
        configuration.schedule = schedule
        configuration.seed = seed
        configuration.step = step(trainingImages)
        return configuration
    }

    private func step(_ trainingImages: Int) -> StepSettings {
        var step = StepSettings()
        (step.batch, step.groups, step.temperature, step.queueContent) = (batch, groups, temperature, queueHolds)
        step.queueLength = queue ?? max(batch, min(16_384, trainingImages / 8 / batch * batch))
        (step.encoderMomentum, step.momentum, step.weightDecay) = (encoderMomentum, momentum, weightDecay)
        (step.skipsOwnImage, step.skipsSharedFactors) = (!keepOwnImage, maskShared)
        return step
    }

    private var chosenFactors: [Factor]? {
        get throws {
            guard let factors else { return nil }
            let chosen = try factors.split(separator: ",").map { name in
                guard let factor = Factor(rawValue: String(name)) else {
                    let known = Factor.allCases.map(\.rawValue).joined(separator: ", ")
                    throw ValidationError("'\(name)' is not a factor. Factors: \(known).")
                }
                return factor
            }
            guard Set(chosen).count == chosen.count, !chosen.isEmpty else {
                throw ValidationError("--factors names a factor twice, or none.")
            }
            return chosen
        }
    }
}

/// What is trained.
struct NetworkOptions: ParsableArguments {
    @Option(help: "resnet18, resnet34 or resnet50.")
    var backbone: NetworkSpecification.Backbone = .resnet18

    @Option(help: "Channels of the stem; 64 as published.")
    var width = 32

    @Option(help: "Side of the training images in pixels.")
    var size = 64

    @Option(help: "Dimensions of the projections.")
    var projection = 128

    func apply(to configuration: inout TrainingConfiguration) throws {
        guard (1...1024).contains(width), (16...1024).contains(size), (2...4096).contains(projection) else {
            throw ValidationError("--width must be 1 to 1024, --size 16 to 1024, --projection 2 to 4096.")
        }
        (configuration.backbone, configuration.width) = (backbone, width)
        (configuration.size, configuration.projection) = (size, projection)
    }
}

extension Schedule.Shape: ExpressibleByArgument {}
extension StepSettings.QueueContent: ExpressibleByArgument {}
extension NetworkSpecification.Backbone: ExpressibleByArgument {}
