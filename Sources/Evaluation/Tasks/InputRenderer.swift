// SPDX-License-Identifier: Apache-2.0
//
// From an item to the network's input. A plain item is what `Preprocessing` makes of the cached picture, bit for bit: what
// serving makes of an upload of those pixels. What is done to it comes before normalisation, on 8-bit pixels:
//  - Quarter turns turn the picture itself.
//  - Corruptions damage the square that serving makes of it (ImageNet-C damages after resizing, too), or, where
//    asked for, the picture in its own size, as if the upload had been damaged.
//  - Filters work on that square; augmentations, too, through the same code as in training.

package import ContrastiveTraining
internal import ImageDecoding
package import Preprocessing

/// Makes network inputs out of items; may be used from several threads at a time.
package struct InputRenderer: Sendable {
    /// What a corruption damages.
    package enum Target: String, Sendable, Codable {
        /// The square of the network's size.
        case input
        /// The picture before it is resized.
        case picture
    }

    package let preprocessing: Preprocessing
    private let target: Target
    private let corruptions: CorruptionSettings
    private let bytes: Preprocessing
    private let views: ViewRenderer

    /// A renderer for a model's inputs; `augmentation` must be the settings that views of the tasks were drawn with.
    package init(
        preprocessing: Preprocessing, augmentation: AugmentationSettings = AugmentationSettings(),
        corruptions: CorruptionSettings = CorruptionSettings(), target: Target = .input
    ) throws(PreprocessingError) {
        self.preprocessing = preprocessing
        self.corruptions = corruptions
        self.target = target
        bytes = try Preprocessing(
            size: preprocessing.size, resize: preprocessing.resize, mean: [0, 0, 0], std: [1, 1, 1])
        views = ViewRenderer(
            size: preprocessing.size, mean: preprocessing.mean, std: preprocessing.std, settings: augmentation)
    }

    /// Side of the input in pixels.
    package var size: Int { preprocessing.size }

    /// Writes `size * size * 3` floats: rows of pixels of red, green, blue, normalised.
    package func render(
        _ item: EvaluationTask.Item, of picture: CachedImage, into out: UnsafeMutablePointer<Float>
    ) {
        var image = Self.image(of: picture)
        if case .turned(let turns, let frame) = item.transformation {
            image = (frame == .square ? image.centralSquare : image).turned(quarterTurns: turns)
        }
        if let applied = item.corruption, target == .picture { image = damaged(image, applied, item.image) }
        let corruption = target == .input ? item.corruption : nil
        guard corruption != nil || item.transformation.needsSquare else {
            return preprocessing.prepare(image, into: room(out))
        }
        image = square(image)
        if let corruption { image = damaged(image, corruption, item.image) }
        finish(image, item.transformation, into: out)
    }

    /// The same for the cache that the item's position belongs to.
    package func render(
        _ item: EvaluationTask.Item, from cache: ImageCache, into out: UnsafeMutablePointer<Float>
    ) {
        render(item, of: cache[item.image], into: out)
    }

    /// An item's input as a picture of 8 bits, for people to look at.
    package func preview(_ item: EvaluationTask.Item, of picture: CachedImage) -> CachedImage {
        var values = [Float](repeating: 0, count: 3 * size * size)
        values.withUnsafeMutableBufferPointer { buffer in
            if let base = buffer.baseAddress { render(item, of: picture, into: base) }
        }
        let pixels = values.indices.map { index in
            let (mean, std) = (preprocessing.mean[index % 3], preprocessing.std[index % 3])
            return Planes.byte(values[index] * std + mean)
        }
        return CachedImage(width: size, height: size, pixels: pixels)
    }

    private func finish(
        _ square: RGBImage, _ transformation: Transformation, into out: UnsafeMutablePointer<Float>
    ) {
        switch transformation {
        case .none, .turned: normalise(square, into: out)
        case .filtered(let family): normalise(Planes(square).filtered(by: family), into: out)
        case .augmented(let view):
            views.render(CachedImage(width: size, height: size, pixels: square.pixels), view, into: out)
        }
    }

    private func damaged(_ image: RGBImage, _ applied: EvaluationTask.AppliedCorruption, _ place: Int) -> RGBImage {
        applied.corruption.apply(
            to: image, severity: applied.severity, settings: corruptions,
            stream: applied.corruption.stream(seed: applied.seed, image: place, severity: applied.severity))
    }

    /// What serving shows the network, before normalisation.
    private func square(_ image: RGBImage) -> RGBImage {
        let count = 3 * size * size
        let pixels = withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { values in
            bytes.prepare(image, into: values)
            return values.map { Planes.byte($0) }
        }
        return RGBImage(width: size, height: size, pixels: pixels)
    }

    private func normalise(_ square: RGBImage, into out: UnsafeMutablePointer<Float>) {
        for (index, sample) in square.pixels.enumerated() {
            out[index] = (Float(sample) / 255 - preprocessing.mean[index % 3]) / preprocessing.std[index % 3]
        }
    }

    private func normalise(_ square: Planes, into out: UnsafeMutablePointer<Float>) {
        for (channel, plane) in [square.red, square.green, square.blue].enumerated() {
            for (pixel, value) in plane.values.enumerated() {
                out[3 * pixel + channel] = (value - preprocessing.mean[channel]) / preprocessing.std[channel]
            }
        }
    }

    private func room(_ out: UnsafeMutablePointer<Float>) -> UnsafeMutableBufferPointer<Float> {
        UnsafeMutableBufferPointer(start: out, count: 3 * size * size)
    }

    private static func image(of picture: CachedImage) -> RGBImage {
        let bytes = UnsafeBufferPointer(start: picture.pixels, count: 3 * picture.width * picture.height)
        return RGBImage(width: picture.width, height: picture.height, pixels: Array(bytes))
    }
}

extension Transformation {
    /// Whether it works on the square of the network's size.
    fileprivate var needsSquare: Bool {
        switch self {
        case .none, .turned: false
        case .filtered(let family): family != .none
        case .augmented: true
        }
    }
}
