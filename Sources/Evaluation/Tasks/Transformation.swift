// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining

/// What a task does to a picture before the network sees it.
package enum Transformation: Sendable, Equatable {
    case none
    /// Exact quarter turns, counterclockwise, of the file's pixels; then what serving does.
    case turned(quarterTurns: Int, frame: Frame)
    /// A fixed filter on the square that serving makes of the picture.
    case filtered(TextureFamily)
    /// An augmentation on the square that serving makes of the picture, which is the whole of the crop's coordinates.
    case augmented(ViewParameters)

    /// How much of a picture is turned.
    package enum Frame: String, Sendable, Codable {
        /// All of it: a picture wider than high is told from its quarter turns by its bars alone.
        case whole
        /// The central square, so that the shape of the frame says nothing.
        case square
    }
}

/// An augmentation that views are made with, one at a time.
package enum Augmentation: String, CaseIterable, Sendable, Codable {
    case color, rotation, texture, crop, flip, blur

    /// A view of a square of `side` pixels in which this augmentation is at work and no other.
    ///
    /// The parameters are drawn by the law of training, again until they change something; nil where the settings never
    /// do that.
    package func view(side: Int, settings: AugmentationSettings, stream: inout RandomStream) -> ViewParameters? {
        let sampler = ViewSampler(settings: settings, factors: Factor.allCases, keyed: [])
        let whole = CropParameters(top: 0, left: 0, height: side, width: side)
        for _ in 0..<1_000 {
            let draw = sampler.views(width: side, height: side, stream: &stream).query
            switch self {
            case .color:
                guard let color = draw.color, color.jitter != nil || color.grayscale else { continue }
                return ViewParameters(crop: whole, color: color)
            case .rotation:
                guard let rotation = draw.rotation, rotation.quarterTurns > 0 else { continue }
                return ViewParameters(rotation: rotation, crop: whole)
            case .texture:
                guard let texture = draw.texture, texture.convolution != nil else { continue }
                return ViewParameters(crop: whole, texture: texture)
            case .crop:
                guard draw.crop != whole else { continue }
                return ViewParameters(crop: draw.crop)
            case .flip:
                return ViewParameters(flip: true, crop: whole)
            case .blur:
                guard let blur = draw.blur else { continue }
                return ViewParameters(crop: whole, blur: blur)
            }
        }
        return nil
    }
}
