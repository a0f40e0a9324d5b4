// SPDX-License-Identifier: Apache-2.0

private import ContrastiveTraining
internal import ImageDecoding

extension CorruptionWork {
    mutating func gaussianBlur() -> RGBImage {
        Self.softened(Planes(image), sigma: table.gaussianBlur[level], scale: scale).image
    }

    /// scikit-image's `gaussian`: cut off at 4 deviations, edges repeated.
    ///
    /// Scaled to less than half a pixel it is the three weights of the same variance: a Gaussian measured at whole pixels
    /// would then be no blur at all.
    package static func softened(_ planes: Planes, sigma: Double, scale: Double = 1) -> Planes {
        let scaled = sigma * scale
        let (side, isNarrow) = (scaled * scaled / 2, scale != 1 && scaled < 0.5)
        let taps = isNarrow ? [side, 1 - 2 * side, side] : AxisWeights.gaussian(sigma: scaled)
        let across = AxisWeights(filter: taps, count: planes.width, border: .nearest)
        let down = AxisWeights(filter: taps, count: planes.height, border: .nearest)
        return planes.mapped { $0.combined(across: across, down: down) }
    }

    /// A lens out of focus: the mean over a disk.
    mutating func defocusBlur() -> RGBImage {
        let (radius, softening) = table.defocusBlur[level]
        let taps = scale == 1 ? Disk.published(radius: radius, softening: softening) : Disk.covered(radius * scale)
        return Planes(image).mapped { $0.correlated(taps, border: .mirror) }.image
    }

    /// A camera that moved: the mean along a line at -45 to 45 degrees.
    mutating func motionBlur() -> RGBImage {
        let (radius, sigma) = table.motionBlur[level]
        let kernel = LineKernel(radius: radius * scale, sigma: sigma * scale, degrees: stream.uniform(-45...45))
        return Planes(image).mapped { $0.correlated(kernel.taps, border: .nearest) }.image
    }

    /// A camera that moved forward: the mean of the picture and its magnifications; the picture counts twice.
    mutating func zoomBlur() -> RGBImage {
        let (step, count) = table.zoomBlur[level]
        let planes = Planes(image)
        let factors = (0..<count).map { 1 + Double($0) * step }
        let across = factors.map { AxisWeights(zoom: $0, count: planes.width) }
        let down = factors.map { AxisWeights(zoom: $0, count: planes.height) }
        let share = 1 / Float(count + 1)
        return planes.mapped { plane in
            let turned = plane.transposed
            var sum = plane.values
            for (across, down) in zip(across, down) {
                let enlarged = turned.down(across).transposed.down(down)
                for index in sum.indices { sum[index] += enlarged.values[index] }
            }
            return Plane(width: plane.width, height: plane.height, values: sum.map { $0 * share })
        }.image
    }
}

/// The kernel of a lens out of focus.
enum Disk {
    /// The reference's: all pixels whose centre is within `radius`, then a small Gaussian blur.
    ///
    /// The blur mirrors at the edge of the kernel, so that a disk of radius 8 or 10 brightens by up to 1 %, as published.
    static func published(radius: Double, softening: Double) -> [Plane.Tap] {
        let reach = radius <= 8 ? 8 : Int(radius)
        let side = 2 * reach + 1
        var disk = Plane(width: side, height: side)
        for y in -reach...reach {
            for x in -reach...reach where Double(x * x + y * y) <= radius * radius {
                disk.values[(y + reach) * side + x + reach] = 1
            }
        }
        let axis = AxisWeights(
            filter: AxisWeights.taps(sigma: softening, radius: radius <= 8 ? 1 : 2), count: side, border: .mirror)
        return taps(normalised(disk).combined(across: axis, down: axis), reach: reach)
    }

    /// For any radius in pixels: the part of each pixel that the disk covers, measured on 16 x 16 points.
    ///
    /// The published kernels take a pixel whole or not at all; below about 3 pixels that is no disk any more.
    static func covered(_ radius: Double) -> [Plane.Tap] {
        let reach = Int((radius + 0.5).rounded(.up))
        let side = 2 * reach + 1
        var disk = Plane(width: side, height: side)
        for y in 0..<16 * side {
            for x in 0..<16 * side {
                let right = (Double(x) + 0.5) / 16 - Double(side) / 2
                let below = (Double(y) + 0.5) / 16 - Double(side) / 2
                if right * right + below * below <= radius * radius { disk.values[y / 16 * side + x / 16] += 1 }
            }
        }
        // A disk that misses every point leaves the picture alone.
        if !disk.values.contains(where: { $0 > 0 }) { disk.values[reach * side + reach] = 1 }
        return taps(normalised(disk), reach: reach)
    }

    private static func normalised(_ disk: Plane) -> Plane {
        let sum = disk.values.reduce(0, +)
        return Plane(width: disk.width, height: disk.height, values: disk.values.map { $0 / sum })
    }

    /// The weights that are not 0.
    private static func taps(_ disk: Plane, reach: Int) -> [Plane.Tap] {
        disk.values.indices.filter { disk.values[$0] > 0 }.map {
            Plane.Tap(x: $0 % disk.width - reach, y: $0 / disk.width - reach, weight: disk.values[$0])
        }
    }
}
