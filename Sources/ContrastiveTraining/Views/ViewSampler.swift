// SPDX-License-Identifier: Apache-2.0

private import Glibc
private import Kernels

/// Draws the parameters of views.
///
/// The query and k0 are drawn independently. The key of a factor copies that factor's value from the query; everything
/// else of it is drawn afresh (LooC, section 3 and figure 2).
package struct ViewSampler: Sendable {
    package let settings: AugmentationSettings
    private let factors: Set<Factor>
    private let keyed: [Factor]

    /// A sampler that applies `factors` and makes a key for each of `keyed`, in that order.
    ///
    /// LooC: both are the same. MoCo with all augmentations: all factors, none keyed.
    package init(settings: AugmentationSettings, factors: [Factor], keyed: [Factor]) {
        precondition(Set(keyed).isSubset(of: factors), "keys for \(keyed), but only \(factors) in use")
        self.settings = settings
        self.factors = Set(factors)
        self.keyed = keyed
    }

    /// The views of one picture of `width` x `height` pixels: a query and 1 + `keyed.count` keys.
    package func views(width: Int, height: Int, stream: inout RandomStream) -> ViewSet {
        precondition(width > 0 && height > 0, "a picture of \(width) x \(height)")
        let size = (width: width, height: height)
        let query = draw(of: size, copying: nil, from: nil, &stream)
        var keys = [draw(of: size, copying: nil, from: nil, &stream)]
        for factor in keyed { keys.append(draw(of: size, copying: factor, from: query, &stream)) }
        return ViewSet(query: query, keys: keys)
    }

    /// One view; `shared` is taken from `query`, and the numbers for it are drawn all the same, so that what a key draws
    /// does not depend on what it copies.
    private func draw(
        of size: (width: Int, height: Int), copying shared: Factor?, from query: ViewParameters?,
        _ stream: inout RandomStream
    ) -> ViewParameters {
        let flip = stream.chance(settings.flipProbability)
        let turned = drawRotation(&stream)
        let rotation = shared == .rotation ? query?.rotation : turned
        let jittered = drawColor(&stream)
        let texture = drawTexture(&stream)
        let swaps = (rotation?.quarterTurns ?? 0) % 2 == 1
        return ViewParameters(
            flip: flip, rotation: rotation,
            crop: drawCrop(
                width: swaps ? size.height : size.width, height: swaps ? size.width : size.height, &stream),
            color: shared == .color ? query?.color : jittered,
            grayscale: !settings.grayscaleBelongsToColor && stream.chance(settings.grayscaleProbability),
            blur: drawBlur(&stream), texture: shared == .texture ? query?.texture : texture)
    }

    private func drawRotation(_ stream: inout RandomStream) -> RotationParameters? {
        guard factors.contains(.rotation) else { return nil }
        guard stream.chance(settings.rotationProbability) else { return RotationParameters(quarterTurns: 0) }
        return switch settings.rotationLaw {
        case .turned: RotationParameters(quarterTurns: 1 + stream.index(below: 3))
        case .any: RotationParameters(quarterTurns: stream.index(below: 4))
        }
    }

    private func drawColor(_ stream: inout RandomStream) -> ColorParameters? {
        guard factors.contains(.color) else { return nil }
        let jitter = stream.chance(settings.colorProbability) ? drawJitter(&stream) : nil
        let gray = settings.grayscaleBelongsToColor && stream.chance(settings.grayscaleProbability)
        return ColorParameters(jitter: jitter, grayscale: gray)
    }

    /// The order before the factors, as torchvision draws them.
    private func drawJitter(_ stream: inout RandomStream) -> ColorParameters.Jitter {
        var order = ImageKernels.ColorOperation.allCases
        for last in stride(from: order.count - 1, to: 0, by: -1) { order.swapAt(last, stream.index(below: last + 1)) }
        func factor(_ strength: Double) -> Float { Float(stream.uniform(max(0, 1 - strength)...1 + strength)) }
        return ColorParameters.Jitter(
            order: order, brightness: factor(settings.brightness), contrast: factor(settings.contrast),
            saturation: factor(settings.saturation), hue: Float(stream.uniform(-settings.hue...settings.hue)))
    }

    private func drawBlur(_ stream: inout RandomStream) -> BlurParameters? {
        guard stream.chance(settings.blurProbability) else { return nil }
        return BlurParameters(sigma: Float(stream.uniform(settings.blurSigma)))
    }

    private func drawTexture(_ stream: inout RandomStream) -> TextureParameters? {
        guard factors.contains(.texture) else { return nil }
        guard stream.chance(settings.textureProbability) else { return TextureParameters(convolution: nil) }
        let kernels = settings.effectiveKernels
        let kernel = kernels[stream.index(below: kernels.count)]
        let alpha = settings.textureMode == .mix ? Float(stream.uniform()) : 1
        return TextureParameters(convolution: .init(kernel: kernel, alpha: alpha, seed: stream.next()))
    }

    /// torchvision's RandomResizedCrop: up to ten tries, then the largest centred crop within the ratios.
    func drawCrop(width: Int, height: Int, _ stream: inout RandomStream) -> CropParameters {
        let area = Double(width) * Double(height)
        let logarithms = log(settings.cropRatio.lowerBound)...log(settings.cropRatio.upperBound)
        for _ in 0..<10 {
            let target = area * stream.uniform(settings.cropScale)
            let ratio = exp(stream.uniform(logarithms))
            let wide = Int((target * ratio).squareRoot().rounded(.toNearestOrEven))
            let high = Int((target / ratio).squareRoot().rounded(.toNearestOrEven))
            guard wide > 0, wide <= width, high > 0, high <= height else { continue }
            let top = stream.index(below: height - high + 1)
            let left = stream.index(below: width - wide + 1)
            return CropParameters(top: top, left: left, height: high, width: wide)
        }
        return centeredCrop(width: width, height: height)
    }

    private func centeredCrop(width: Int, height: Int) -> CropParameters {
        let ratio = Double(width) / Double(height)
        var (wide, high) = (width, height)
        if ratio < settings.cropRatio.lowerBound {
            high = Int((Double(width) / settings.cropRatio.lowerBound).rounded(.toNearestOrEven))
        } else if ratio > settings.cropRatio.upperBound {
            wide = Int((Double(height) * settings.cropRatio.upperBound).rounded(.toNearestOrEven))
        }
        (wide, high) = (min(width, max(1, wide)), min(height, max(1, high)))
        return CropParameters(top: (height - high) / 2, left: (width - wide) / 2, height: high, width: wide)
    }
}
