// SPDX-License-Identifier: Apache-2.0

private import ContrastiveTraining
internal import ImageDecoding

extension CorruptionWork {
    /// Clouds of plasma added, then everything dimmed to the brightest value there was.
    mutating func fog() -> RGBImage {
        let (strength, decay) = table.fog[level]
        var stream = stream
        let clouds = PlasmaFractal(covering: max(image.width, image.height), decay: decay) {
            Float(stream.uniform(-1...1))
        }
        self.stream = stream
        return Planes(image).fogged(by: clouds, strength: Float(strength)).image
    }

    /// The value of HSV raised, hue and saturation kept.
    mutating func brightness() -> RGBImage {
        let step = Float(table.brightness[level])
        var planes = Planes(image)
        planes.forEachPixel { red, green, blue in
            let value = max(red, green, blue)
            let raised = min(1, value + step)
            // With hue and saturation fixed, all three are proportional to the value; black has no hue and turns grey.
            (red, green, blue) =
                value > 0
                ? (red / value * raised, green / value * raised, blue / value * raised) : (raised, raised, raised)
        }
        return planes.image
    }

    /// Whitened, with streaks that fall from both sides.
    mutating func snow() -> RGBImage {
        let parameters = table.snow[level]
        let streaks = scale < 1 ? reducedStreaks(parameters) : streaks(parameters, image.width, image.height, scale)
        return Planes(image).snowed(under: streaks, mix: Float(parameters.mix)).image
    }

    /// For a picture smaller than the table's: the streaks of one of the table's size, averaged.
    ///
    /// Flakes of less than a pixel cannot be drawn otherwise: noise that is not magnified reaches the threshold far more
    /// often.
    private mutating func reducedStreaks(_ parameters: CorruptionSettings.Table.Snow) -> Plane {
        let width = max(image.width, Int((Double(image.width) / scale).rounded()))
        let height = max(image.height, Int((Double(image.height) / scale).rounded()))
        return streaks(parameters, width, height, 1).combined(
            across: AxisWeights(box: width, outputs: image.width), down: AxisWeights(box: height, outputs: image.height)
        )
    }

    private mutating func streaks(
        _ parameters: CorruptionSettings.Table.Snow, _ width: Int, _ height: Int, _ scale: Double
    ) -> Plane {
        var stream = stream
        let noise = (0..<width * height).map { _ in Float(stream.normal() * parameters.deviation + parameters.mean) }
        let kernel = LineKernel(
            radius: parameters.radius * scale, sigma: parameters.sigma * scale, degrees: stream.uniform(-135 ... -45))
        self.stream = stream
        let layer = Self.flakes(
            Plane(width: width, height: height, values: noise), zoom: parameters.zoom * scale,
            threshold: parameters.threshold)
        return layer.correlated(kernel.taps, border: .nearest)
    }

    /// Noise magnified to the size of flakes, of which only what reaches the threshold is left, at most 1.
    package static func flakes(_ noise: Plane, zoom: Double, threshold: Double) -> Plane {
        var layer = noise.combined(
            across: AxisWeights(zoom: zoom, count: noise.width), down: AxisWeights(zoom: zoom, count: noise.height))
        for index in layer.values.indices {
            layer.values[index] = layer.values[index] < Float(threshold) ? 0 : min(1, layer.values[index])
        }
        return layer
    }
}

extension Planes {
    /// Clouds added with a `strength`, then everything dimmed to the brightest value there was.
    package func fogged(by clouds: PlasmaFractal, strength: Float) -> Planes {
        let brightest = [red, green, blue].reduce(0) { max($0, $1.values.max() ?? 0) }
        let gain = brightest / (brightest + strength)
        return mapped { plane in
            var result = plane
            for y in 0..<plane.height {
                for x in 0..<plane.width {
                    let cloud = clouds.values[y * clouds.side + x]
                    result.values[y * plane.width + x] = (plane.values[y * plane.width + x] + strength * cloud) * gain
                }
            }
            return result
        }
    }

    /// Mixed with a whiter version of itself, under the streaks and the same streaks turned by half.
    package func snowed(under streaks: Plane, mix: Float) -> Planes {
        var result = self
        var place = 0
        let last = streaks.values.count - 1
        result.forEachPixel { red, green, blue in
            let white = (0.299 * red + 0.587 * green + 0.114 * blue) * 1.5 + 0.5
            let flakes = streaks.values[place] + streaks.values[last - place]
            place += 1
            red = mix * red + (1 - mix) * max(red, white) + flakes
            green = mix * green + (1 - mix) * max(green, white) + flakes
            blue = mix * blue + (1 - mix) * max(blue, white) + flakes
        }
        return result
    }
}
