// SPDX-License-Identifier: Apache-2.0

private import ContrastiveTraining
internal import ImageDecoding

extension CorruptionWork {
    /// Frosted glass: blurred, then pixels thrown about, then blurred again.
    mutating func glassBlur() -> RGBImage {
        let (sigma, reach, rounds) = table.glassBlur[level]
        let blurred = Self.softened(Planes(image), sigma: sigma, scale: scale)
        var glass = GlassShuffle(blurred, reach: reach * scale)
        for _ in 0..<rounds { glass.shuffle(&stream) }
        return Self.softened(Planes(glass.image), sigma: sigma, scale: scale).image
    }
}
