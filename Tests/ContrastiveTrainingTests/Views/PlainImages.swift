// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Kernels

/// The picture operations as loops over rows of pixels of red, green, blue, in Double: what the kernels are held against.
enum PlainImages {
    /// One sample of an antialiased linear resize: weights of a triangle, normalised.
    static func weights(window: Int, outputs: Int, output: Int) -> [(Int, Double)] {
        let scale = Double(window) / Double(outputs)
        let support = max(1, scale)
        let center = (Double(output) + 0.5) * scale
        let first = max(0, Int(center - support + 0.5))
        let last = min(window, Int(center + support + 0.5))
        let raw = (first..<last).map { ($0, max(0, 1 - abs((Double($0) - center + 0.5) / support))) }
        let sum = raw.reduce(0) { $0 + $1.1 }
        return raw.map { ($0.0, $0.1 / sum) }
    }

    /// Resizes `bytes`, an interleaved picture of `width` x `height`, to 0 to 1.
    static func resized(_ bytes: [UInt8], width: Int, height: Int, size: Int) -> [Float] {
        let across = (0..<size).map { weights(window: width, outputs: size, output: $0) }
        let down = (0..<size).map { weights(window: height, outputs: size, output: $0) }
        return (0..<3 * size * size).map { place in
            let (channel, x, y) = (place % 3, place / 3 % size, place / 3 / size)
            var sum = 0.0
            for (row, high) in down[y] {
                for (column, wide) in across[x] {
                    sum += high * wide * Double(bytes[3 * (row * width + column) + channel])
                }
            }
            return Float(sum / 255)
        }
    }

    static func adjusted(
        _ operation: ImageKernels.ColorOperation, _ amount: Double, _ pixels: [Float]
    ) -> [Float] {
        let count = pixels.count / 3
        let grays = (0..<count).map { gray(pixels, $0) }
        let mean = grays.reduce(0, +) / Double(count)
        func blend(_ other: (Int) -> Double) -> [Float] {
            pixels.indices.map { Float(clipped(amount * Double(pixels[$0]) + (1 - amount) * other($0 / 3))) }
        }
        return switch operation {
        case .brightness: blend { _ in 0 }
        case .contrast: blend { _ in mean }
        case .saturation: blend { grays[$0] }
        case .hue:
            (0..<count).flatMap { index in
                let rgb = (0..<3).map { Double(pixels[3 * index + $0]) }
                return turnedHue(rgb, by: amount).map { Float($0) }
            }
        }
    }

    static func gray(_ pixels: [Float], _ index: Int) -> Double {
        0.2989 * Double(pixels[3 * index]) + 0.587 * Double(pixels[3 * index + 1])
            + 0.114 * Double(pixels[3 * index + 2])
    }

    /// By way of hue, saturation and value, sextant by sextant.
    static func turnedHue(_ rgb: [Double], by turn: Double) -> [Double] {
        let value = rgb.max() ?? 0
        let chroma = value - (rgb.min() ?? 0)
        guard chroma > 0 else { return rgb }
        let sixth =
            value == rgb[0]
            ? (rgb[1] - rgb[2]) / chroma
            : value == rgb[1] ? 2 + (rgb[2] - rgb[0]) / chroma : 4 + (rgb[0] - rgb[1]) / chroma
        let hue = (sixth / 6 + turn + 2).truncatingRemainder(dividingBy: 1) * 6
        let (sextant, part) = (Int(hue) % 6, hue - hue.rounded(.down))
        let (low, falling, rising) = (value - chroma, value - chroma * part, value - chroma * (1 - part))
        return [
            [value, rising, low], [falling, value, low], [low, value, rising], [low, falling, value],
            [rising, low, value], [value, low, falling],
        ][sextant]
    }

    static func blurred(_ pixels: [Float], size: Int, taps: [Double]) -> [Float] {
        let radius = taps.count / 2
        func reflect(_ index: Int) -> Int { index < 0 ? -index : index >= size ? 2 * size - 2 - index : index }
        func pass(_ source: [Double], _ index: (Int, Int, Int) -> Int) -> [Double] {
            (0..<3 * size * size).map { place in
                let (channel, x, y) = (place % 3, place / 3 % size, place / 3 / size)
                return taps.indices.reduce(0) { $0 + taps[$1] * source[3 * index(x, y, $1 - radius) + channel] }
            }
        }
        let down = pass(pixels.map(Double.init)) { x, y, step in reflect(y + step) * size + x }
        return pass(down) { x, y, step in y * size + reflect(x + step) }.map { Float($0) }
    }

    /// Correlation with zeros around; weights [input][row][column][output].
    static func convolved(_ pixels: [Float], size: Int, weights: [Float], kernel: Int) -> [Float] {
        (0..<3 * size * size).map { place in
            let (output, x, y) = (place % 3, place / 3 % size, place / 3 / size)
            var sum = 0.0
            for tap in stride(from: output, to: weights.count, by: 3) {
                let (input, row, column) = (tap / 3 / kernel / kernel, tap / 3 / kernel % kernel, tap / 3 % kernel)
                let (fromX, fromY) = (x + column - kernel / 2, y + row - kernel / 2)
                guard fromX >= 0, fromX < size, fromY >= 0, fromY < size else { continue }
                sum += Double(weights[tap]) * Double(pixels[3 * (fromY * size + fromX) + input])
            }
            return Float(sum)
        }
    }

    private static func clipped(_ value: Double) -> Double { min(1, max(0, value)) }
}
