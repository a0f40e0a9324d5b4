// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ContrastiveTraining

/// How views are drawn.
struct ViewOptions: ParsableArguments {
    @Option(help: "Least share of the picture's area in a crop.")
    var cropScale = 0.2

    @Option(help: "Probability of a flip.")
    var flip = 0.5

    @Option(help: "Probability of a blur.")
    var blur = 0.5

    @Option(help: "Probability of colour jitter.")
    var color = 0.8

    @Option(help: "Probability of losing all colour.")
    var grayscale = 0.2

    @Flag(help: "Draw the loss of all colour apart from the colour factor.")
    var grayscaleApart = false

    @Option(help: "Probability of a rotation.")
    var rotation = 0.5

    @Option(help: "turned: a rotation is by 90, 180 or 270 degrees; any: by 0 too.")
    var rotationLaw: AugmentationSettings.RotationLaw = .turned

    @Option(help: "Probability of a random texture.")
    var texture = 0.5

    @Option(help: "replace: the convolved picture replaces it; mix: it is mixed in.")
    var textureMode: AugmentationSettings.TextureMode = .replace

    @Option(
        help:
            "mixed: convolutions from every channel to every other, as published; same: one for all, so that hues stay."
    )
    var textureChannels: AugmentationSettings.TextureChannels = .mixed

    func apply(to configuration: inout TrainingConfiguration) throws {
        var settings = AugmentationSettings()
        guard (0.01...1).contains(cropScale) else { throw ValidationError("--crop-scale must be 0.01 to 1.") }
        settings.cropScale = cropScale...1
        (settings.flipProbability, settings.blurProbability) = (flip, blur)
        (settings.colorProbability, settings.grayscaleProbability) = (color, grayscale)
        settings.grayscaleBelongsToColor = !grayscaleApart
        (settings.rotationProbability, settings.rotationLaw) = (rotation, rotationLaw)
        (settings.textureProbability, settings.textureMode) = (texture, textureMode)
        settings.textureChannels = textureChannels
        do {
            try settings.validate()
        } catch {
            throw ValidationError("\(error)")
        }
        configuration.augmentation = settings
    }
}

extension AugmentationSettings.RotationLaw: ExpressibleByArgument {}
extension AugmentationSettings.TextureMode: ExpressibleByArgument {}
extension AugmentationSettings.TextureChannels: ExpressibleByArgument {}
