// SPDX-License-Identifier: Apache-2.0

private import ContrastiveTraining
internal import ImageDecoding

extension CorruptionWork {
    /// Drawn on rubber: an affine map by three shifted points, then a smooth random displacement.
    mutating func elasticTransform() -> RGBImage {
        let parameters = table.elasticTransform[level]
        let shift = parameters.shift * scale
        let shifts = (0..<6).map { _ in stream.uniform(-shift...shift) }
        let warp = ElasticWarp(
            width: image.width, height: image.height, shifts: shifts, sigma: parameters.sigma * scale,
            height: parameters.alpha * Self.heightFactor(sigma: parameters.sigma, scale: scale))
        let (across, down) = (noise(), noise())
        return warp.applied(to: Planes(image), across: across, down: down).image
    }

    /// What the height of the noise is multiplied by so that displacements come out `scale` times as long.
    ///
    /// Smoothing divides the spread of white noise by about its own width, so a height scaled like a length would give
    /// displacements that do not shrink at all: one more factor makes up for that.
    static func heightFactor(sigma: Double, scale: Double) -> Double {
        scale * energy(sigma) / energy(sigma * scale)
    }

    /// The spread that is left of white noise of spread 1.
    private static func energy(_ sigma: Double) -> Double {
        AxisWeights.gaussian(sigma: sigma, truncate: 3).reduce(0) { $0 + $1 * $1 }
    }

    private mutating func noise() -> Plane {
        var stream = stream
        let values = (0..<image.width * image.height).map { _ in Float(stream.uniform(-1...1)) }
        self.stream = stream
        return Plane(width: image.width, height: image.height, values: values)
    }
}
