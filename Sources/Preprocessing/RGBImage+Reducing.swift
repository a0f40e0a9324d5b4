// SPDX-License-Identifier: Apache-2.0

package import ImageDecoding

extension RGBImage {
    /// The picture scaled down until its shorter side has at most `shorter` and its longer at most `longer` pixels.
    ///
    /// Proportions are those of the file, each side rounded to at least one pixel; a smaller picture stays as it is.
    /// Pillow's antialiased BILINEAR, as everywhere here.
    package func reduced(shorter: Int, longer: Int) -> RGBImage {
        precondition(shorter > 0 && longer >= shorter, "at most \(shorter) by \(longer) pixels")
        let sides = (Double(min(sourceWidth, sourceHeight)), Double(max(sourceWidth, sourceHeight)))
        let scale = min(1, Double(shorter) / sides.0, Double(longer) / sides.1)
        let width = min(self.width, max(1, Int((Double(sourceWidth) * scale).rounded())))
        let height = min(self.height, max(1, Int((Double(sourceHeight) * scale).rounded())))
        guard width < self.width || height < self.height else { return self }
        let resampler = Resampler(
            horizontal: .init(sourceCount: self.width, extent: columns, outputCount: width, window: 0..<width),
            vertical: .init(sourceCount: self.height, extent: rows, outputCount: height, window: 0..<height))
        let samples = resampler.rowSamples
        var small = [UInt8](repeating: 0, count: samples * height)
        small.withUnsafeMutableBufferPointer { target in
            pixels.withUnsafeBufferPointer { source in
                guard let source = source.baseAddress, let target = target.baseAddress else { return }
                resampler.resample(source, stride: 3 * self.width) { row, finished in
                    (target + row * samples).update(from: finished, count: samples)
                }
            }
        }
        return RGBImage(width: width, height: height, pixels: small)
    }
}
