// SPDX-License-Identifier: Apache-2.0

internal import Kernels
internal import TestSupport
internal import Testing

/// Every picture kernel on every instruction set against plain loops, at sizes around the widths of vectors.
@Suite("Picture kernels against plain loops")
struct ImageKernelsTests {
    static let sizes = [1, 2, 5, 15, 16, 17, 33]
    static let sets = InstructionSet.available

    @Test("Colour operations", arguments: sizes)
    func colors(_ size: Int) {
        let source = Planes.random(size: size, seed: 1)
        for operation in ImageKernels.ColorOperation.allCases {
            let amounts: [Float] = operation == .hue ? [0.1, -0.3, 0.5, -0.5, 0] : [0.6, 1.4, 0, 3]
            for amount in amounts {
                let expected = PlainImages.adjusted(operation, Double(amount), source)
                for set in Self.sets {
                    let found = changed(source, size, set) { $0.adjust(operation, amount, $1) }
                    #expect(largestDifference(found, expected) < 5e-6, "\(operation) by \(amount), \(set)")
                }
            }
        }
    }

    /// The pixels after `body` has worked on their planes.
    private func changed(
        _ pixels: [Float], _ size: Int, _ set: InstructionSet,
        _ body: (ImageKernels, UnsafeMutablePointer<Float>) -> Void
    ) -> [Float] {
        var planes = Planes(size: size, pixels: pixels)
        planes.memory.withUnsafeMutableBufferPointer {
            body(ImageKernels(size: size, instructions: set), $0.baseAddress!)
        }
        return planes.pixels
    }

    @Test("Loss of colour", arguments: sizes)
    func grayscale(_ size: Int) {
        let source = Planes.random(size: size, seed: 2)
        let expected = source.indices.map { Float(PlainImages.gray(source, $0 / 3)) }
        for set in Self.sets {
            let found = changed(source, size, set) { $0.grayscale($1) }
            #expect(largestDifference(found, expected) < 1e-6, "\(set)")
        }
    }

    @Test("Blur with reflected edges", arguments: sizes)
    func blur(_ size: Int) {
        let source = Planes.random(size: size, seed: 3)
        for radius in [0, 1, 3, 14] where radius < size {
            // Not symmetric, so that a mirrored kernel would be seen.
            let taps = (0...2 * radius).map { Float($0 + 1) / Float((radius + 1) * (2 * radius + 1)) }
            let expected = PlainImages.blurred(source, size: size, taps: taps.map(Double.init))
            for set in Self.sets {
                var scratch = Planes(size: size).memory
                let found = changed(source, size, set) { kernels, planes in
                    taps.withUnsafeBufferPointer { kernels.blur(planes, taps: $0, scratch: &scratch) }
                }
                #expect(largestDifference(found, expected) < 2e-6, "radius \(radius), \(set)")
            }
        }
    }

    @Test("Random convolution, mixed and not", arguments: sizes)
    func texture(_ size: Int) {
        let source = Planes.random(size: size, seed: 4)
        let planes = Planes(size: size, pixels: source)
        let (scale, shift): ([Float], [Float]) = ([2, 0.5, -1], [0.1, -0.2, 0.3])
        let white = source.enumerated().map { $1 * scale[$0 % 3] + shift[$0 % 3] }
        for kernel in [1, 3, 7, ImageKernels.largestKernel] where kernel < 8 || size < 16 {
            var random = SeededGenerator(seed: UInt64(kernel))
            let weights = random.floats(9 * kernel * kernel)
            let expected = PlainImages.convolved(white, size: size, weights: weights, kernel: kernel)
            let mixed = zip(expected, white).map { 0.3 * $0 + 0.7 * $1 }
            for set in Self.sets {
                let kernels = ImageKernels(size: size, instructions: set)
                var frame = [Float](repeating: .nan, count: kernels.frameCount(radius: kernel / 2))
                kernels.frame(planes.memory, scale: scale, shift: shift, radius: kernel / 2, into: &frame)
                var result = Planes(size: size)
                kernels.convolve(framed: frame, weights: weights, kernel: kernel, into: &result.memory)
                #expect(largestDifference(result.pixels, expected) < 2e-4, "kernel \(kernel), \(set)")
                kernels.mix(framed: frame, radius: kernel / 2, alpha: 0.3, into: &result.memory)
                #expect(largestDifference(result.pixels, mixed) < 1e-4, "kernel \(kernel), \(set)")
            }
        }
    }

    @Test("Mean, spread and weaving", arguments: sizes)
    func output(_ size: Int) {
        let source = Planes.random(size: size, seed: 6)
        let planes = Planes(size: size, pixels: source)
        let woven = source.enumerated().map { $1 * Float(2 + $0 % 3) + Float(1 - $0 % 3) }
        for set in Self.sets {
            let kernels = ImageKernels(size: size, instructions: set)
            let found = kernels.moments(planes.memory)
            for channel in 0..<3 {
                let values = stride(from: channel, to: source.count, by: 3).map { Double(source[$0]) }
                let mean = values.reduce(0, +) / Double(values.count)
                let square = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
                #expect(abs(Double(found.mean[channel]) - mean) < 1e-6, "\(set)")
                #expect(abs(Double(found.deviation[channel]) - square.squareRoot()) < 1e-6, "\(set)")
            }
            var out = [Float](repeating: -7, count: source.count + 1)
            kernels.interleave(planes.memory, scale: [2, 3, 4], shift: [1, 0, -1], into: &out)
            #expect(largestDifference(Array(out.dropLast()), woven) < 1e-6, "\(set)")
            #expect(out.last == -7, "nothing is written behind the last pixel")
        }
    }

    @Test("Resizing, in all eight positions", arguments: sizes)
    func resizing(_ size: Int) {
        var random = SeededGenerator(seed: 7)
        for (width, height) in [(1, 1), (2, 9), (5, 3), (40, 21), (17, 60)] {
            let bytes = (0..<3 * width * height).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            let plain = PlainImages.resized(bytes, width: width, height: height, size: size)
            for number in 0..<8 {
                let turn = ImageKernels.Turn(
                    reversesRows: number & 1 > 0, reversesColumns: number & 2 > 0, swapsAxes: number & 4 > 0)
                let expected = placed(plain, size, turn)
                for set in Self.sets {
                    let kernels = ImageKernels(size: size, instructions: set)
                    let found = resized(bytes, width, height, turn, kernels)
                    #expect(largestDifference(found, expected) < 1e-5, "\(width) x \(height), \(turn), \(set)")
                }
            }
        }
    }

    /// The pixels of a square picture as `turn` lays them down.
    private func placed(_ pixels: [Float], _ size: Int, _ turn: ImageKernels.Turn) -> [Float] {
        (0..<3 * size * size).map { place in
            var (x, y) = (place / 3 % size, place / 3 / size)
            if turn.swapsAxes { (x, y) = (y, x) }
            if turn.reversesColumns { x = size - 1 - x }
            if turn.reversesRows { y = size - 1 - y }
            return pixels[3 * (y * size + x) + place % 3]
        }
    }

    private func resized(
        _ bytes: [UInt8], _ width: Int, _ height: Int, _ turn: ImageKernels.Turn, _ kernels: ImageKernels
    ) -> [Float] {
        let room = kernels.resizeScratch(width: width, height: height)
        var (scratch, other) = ([Float](repeating: 0, count: room), [Float](repeating: 0, count: room))
        var planes = Planes(size: kernels.size)
        bytes.withUnsafeBufferPointer {
            let window = ImageKernels.Window(
                pixels: $0.baseAddress!, rowBytes: 3 * width, width: width, height: height)
            kernels.resize(window, turn: turn, into: &planes.memory, scratch: &scratch, other: &other)
        }
        return planes.pixels
    }
}
