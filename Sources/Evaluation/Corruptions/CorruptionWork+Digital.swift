// SPDX-License-Identifier: Apache-2.0

private import ContrastiveTraining
internal import ImageDecoding

extension CorruptionWork {
    /// Every channel drawn towards its mean over the picture.
    mutating func contrast() -> RGBImage {
        let factor = Float(table.contrast[level])
        var planes = Planes(image)
        planes.forEachChannel { plane in
            let mean = Float(plane.values.reduce(0.0) { $0 + Double($1) } / Double(plane.values.count))
            for index in plane.values.indices { plane.values[index] = (plane.values[index] - mean) * factor + mean }
        }
        return planes.image
    }

    /// The saturation of HSV changed, hue and value kept; grey counts as red, as it does in scikit-image.
    mutating func saturate() -> RGBImage {
        let (factor, shift) = table.saturate[level]
        var planes = Planes(image)
        planes.forEachPixel { red, green, blue in
            let (value, lowest) = (max(red, green, blue), min(red, green, blue))
            guard value > lowest else {
                let drained = value * (1 - Float(shift))
                return (green, blue) = (drained, drained)
            }
            let saturation = (value - lowest) / value
            let gain = min(1, max(0, saturation * Float(factor) + Float(shift))) / saturation
            (red, green, blue) = (
                value - (value - red) * gain, value - (value - green) * gain, value - (value - blue) * gain
            )
        }
        return planes.image
    }

    /// Made smaller by averaging, and larger again by repetition; 8 bits after every pass, as in Pillow.
    mutating func pixelate() -> RGBImage {
        let share = table.pixelate[level]
        let (width, height) = (max(1, Int(Double(image.width) * share)), max(1, Int(Double(image.height) * share)))
        return Planes(image).mapped { plane in
            Self.boxed(Self.boxed(plane, width: width, height: height), width: plane.width, height: plane.height)
        }.image
    }

    private static func boxed(_ plane: Plane, width: Int, height: Int) -> Plane {
        let across = AxisWeights(box: plane.width, outputs: width)
        let down = AxisWeights(box: plane.height, outputs: height)
        return rounded(rounded(plane.transposed.down(across).transposed).down(down))
    }

    private static func rounded(_ plane: Plane) -> Plane {
        Plane(width: plane.width, height: plane.height, values: plane.values.map { Float(Planes.byte($0)) / 255 })
    }

    /// Written as a JPEG file and read again.
    mutating func jpegCompression() -> RGBImage {
        do {
            let bytes = try image.jpeg(quality: table.jpegCompression[level])
            let limits = ImageLimits(
                bytes: max(1, bytes.count), width: image.width, height: image.height,
                pixels: image.width * image.height)
            return try ImageDecoder(limits: limits).decode(bytes)
        } catch {
            preconditionFailure("a picture of \(image.width) x \(image.height) did not survive JPEG: \(error)")
        }
    }
}
