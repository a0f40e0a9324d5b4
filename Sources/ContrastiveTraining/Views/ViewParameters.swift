// SPDX-License-Identifier: Apache-2.0
//
// What makes a view, as explicit values: what a key copies from its query can be read off and compared. Equal values
// give the same pixels, bit for bit, on one machine.

package import Kernels

/// A rectangle of the flipped and turned picture, in its pixels.
package struct CropParameters: Sendable, Equatable {
    package let top: Int
    package let left: Int
    package let height: Int
    package let width: Int

    package init(top: Int, left: Int, height: Int, width: Int) {
        self.top = top
        self.left = left
        self.height = height
        self.width = width
    }
}

/// A Gaussian blur.
package struct BlurParameters: Sendable, Equatable {
    /// Standard deviation in pixels of a picture of ``AugmentationSettings/blurSide``.
    package let sigma: Float

    package init(sigma: Float) { self.sigma = sigma }
}

/// What happens to the colours.
package struct ColorParameters: Sendable, Equatable {
    /// Four changes, one after the other.
    package struct Jitter: Sendable, Equatable {
        package let order: [ImageKernels.ColorOperation]
        /// Factors.
        package let brightness: Float
        package let contrast: Float
        package let saturation: Float
        /// Fraction of the colour circle.
        package let hue: Float

        package init(
            order: [ImageKernels.ColorOperation], brightness: Float, contrast: Float, saturation: Float, hue: Float
        ) {
            self.order = order
            self.brightness = brightness
            self.contrast = contrast
            self.saturation = saturation
            self.hue = hue
        }
    }

    /// Nil where the draw left the colours alone.
    package let jitter: Jitter?
    /// All colour is lost, after the jitter.
    package let grayscale: Bool

    package init(jitter: Jitter?, grayscale: Bool) {
        self.jitter = jitter
        self.grayscale = grayscale
    }
}

/// Which way the picture lies.
package struct RotationParameters: Sendable, Equatable {
    /// Counterclockwise, 0 to 3.
    package let quarterTurns: Int

    package init(quarterTurns: Int) {
        precondition((0..<4).contains(quarterTurns), "\(quarterTurns) quarter turns")
        self.quarterTurns = quarterTurns
    }
}

/// What happens to the texture.
package struct TextureParameters: Sendable, Equatable {
    /// One random convolution.
    package struct Convolution: Sendable, Equatable {
        package let kernel: Int
        /// Share of the convolved picture in the result.
        package let alpha: Float
        /// The weights follow from it.
        package let seed: UInt64

        package init(kernel: Int, alpha: Float, seed: UInt64) {
            self.kernel = kernel
            self.alpha = alpha
            self.seed = seed
        }
    }

    /// Nil where the draw left the picture alone.
    package let convolution: Convolution?

    package init(convolution: Convolution?) { self.convolution = convolution }
}

/// Everything that makes one view of a picture.
///
/// An augmentation is applied in the order of the stored properties: flip, rotation, crop and resize, colour, grey,
/// blur, texture. ``ViewRenderer`` says why.
package struct ViewParameters: Sendable, Equatable {
    package let flip: Bool
    /// Nil when rotation is not in use at all.
    package let rotation: RotationParameters?
    package let crop: CropParameters
    /// Nil when colour is not in use at all.
    package let color: ColorParameters?
    /// All colour is lost by a draw of its own; only where the settings keep that apart from the colour factor.
    package let grayscale: Bool
    package let blur: BlurParameters?
    /// Nil when texture is not in use at all.
    package let texture: TextureParameters?

    package init(
        flip: Bool = false, rotation: RotationParameters? = nil, crop: CropParameters, color: ColorParameters? = nil,
        grayscale: Bool = false, blur: BlurParameters? = nil, texture: TextureParameters? = nil
    ) {
        self.flip = flip
        self.rotation = rotation
        self.crop = crop
        self.color = color
        self.grayscale = grayscale
        self.blur = blur
        self.texture = texture
    }

    /// Whether both views have the same value of a factor, by copy or by chance.
    ///
    /// "Left alone" is a value: two views whose draw left the texture alone share it.
    package func shares(_ factor: Factor, with other: ViewParameters) -> Bool {
        switch factor {
        case .color: color == other.color
        case .rotation: rotation == other.rotation
        case .texture: texture == other.texture
        }
    }
}

/// The views of one image in one step.
package struct ViewSet: Sendable, Equatable {
    package let query: ViewParameters
    /// First k0, which shares nothing by intent; then one for each keyed factor, which shares that factor.
    package let keys: [ViewParameters]
}
