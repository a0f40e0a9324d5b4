// SPDX-License-Identifier: Apache-2.0

/// Resamples RGB rows to a window of the resized image, one axis after the other, 8 bits in between as Pillow does.
struct Resampler {
    private let across: ResamplingTable
    private let down: ResamplingTable
    private let downFirst: Bool

    /// One axis: samples that exist, which of them the output stretches over, and what is wanted of the output.
    struct Axis {
        let sourceCount: Int
        let extent: Range<Double>
        let outputCount: Int
        let window: Range<Int>

        /// Samples lost by resizing.
        var reduction: Int { sourceCount - outputCount }
    }

    init(horizontal: Axis, vertical: Axis) {
        across = ResamplingTable(horizontal)
        down = ResamplingTable(vertical)
        // Pillow 13's rule for images that lose many more rows than columns; earlier versions always go across
        // first. The order only decides where the rounding to 8 bits happens.
        downFirst = vertical.reduction > 0 && vertical.reduction > 2 * horizontal.reduction
    }

    /// Samples of a row of the window: 3 for each pixel.
    var rowSamples: Int { 3 * across.first.count }

    /// Calls `emit` with each finished row of the window, top to bottom: ``rowSamples`` bytes, valid during the call.
    ///
    /// Only source pixels that the window needs are read. Memory: one window row of bytes for each source row when
    /// going across first, one source row when going down first.
    func resample(
        _ source: UnsafePointer<UInt8>, stride: Int, emit: (_ row: Int, UnsafePointer<UInt8>) -> Void
    ) {
        if downFirst {
            resampleDownFirst(source, stride: stride, emit: emit)
        } else {
            resampleAcrossFirst(source, stride: stride, emit: emit)
        }
    }

    private func resampleAcrossFirst(
        _ source: UnsafePointer<UInt8>, stride: Int, emit: (Int, UnsafePointer<UInt8>) -> Void
    ) {
        let rows = down.sources
        let samples = rowSamples
        withScratch(bytes: samples * (rows.count + 1), sums: samples) { narrowed, sums in
            for (index, row) in rows.enumerated() {
                combineAcross(source + row * stride, into: narrowed + index * samples)
            }
            let finished = narrowed + rows.count * samples
            for output in 0..<down.first.count {
                let first = narrowed + (down.first[output] - rows.lowerBound) * samples
                combineDown(first, stride: samples, output, sums, into: finished, count: samples)
                emit(output, finished)
            }
        }
    }

    private func resampleDownFirst(
        _ source: UnsafePointer<UInt8>, stride: Int, emit: (Int, UnsafePointer<UInt8>) -> Void
    ) {
        let columns = across.sources
        let flatSamples = 3 * columns.count
        withScratch(bytes: flatSamples + rowSamples, sums: flatSamples) { flat, sums in
            let finished = flat + flatSamples
            for output in 0..<down.first.count {
                let first = source + down.first[output] * stride + 3 * columns.lowerBound
                combineDown(first, stride: stride, output, sums, into: flat, count: flatSamples)
                combineAcross(flat, skipping: columns.lowerBound, into: finished)
                emit(output, finished)
            }
        }
    }

    private func withScratch(
        bytes: Int, sums: Int, _ body: (UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int32>) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: bytes) { bytes in
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: sums) { sums in
                guard let bytes = bytes.baseAddress, let sums = sums.baseAddress else { return }
                body(bytes, sums)
            }
        }
    }

    /// One row across: each output pixel is the weighted sum of its source pixels, of which `skipping` are left out.
    private func combineAcross(
        _ source: UnsafePointer<UInt8>, skipping: Int = 0, into target: UnsafeMutablePointer<UInt8>
    ) {
        across.weights.withUnsafeBufferPointer { weights in
            guard var weight = weights.baseAddress else { return }
            for output in 0..<across.first.count {
                let start = source + 3 * (across.first[output] - skipping)
                var (red, green, blue) = (Self.half, Self.half, Self.half)
                for index in 0..<across.count[output] {
                    red &+= Int32(start[3 * index]) &* weight[index]
                    green &+= Int32(start[3 * index + 1]) &* weight[index]
                    blue &+= Int32(start[3 * index + 2]) &* weight[index]
                }
                target[3 * output] = Self.clipped(red)
                target[3 * output + 1] = Self.clipped(green)
                target[3 * output + 2] = Self.clipped(blue)
                weight += across.stride
            }
        }
    }

    /// One row down: the weighted sum of rows `stride` bytes apart, from `first` on, for row `output` of the window.
    private func combineDown(
        _ first: UnsafePointer<UInt8>, stride: Int, _ output: Int, _ sums: UnsafeMutablePointer<Int32>,
        into target: UnsafeMutablePointer<UInt8>, count: Int
    ) {
        sums.update(repeating: Self.half, count: count)
        down.weights.withUnsafeBufferPointer { weights in
            for index in 0..<down.count[output] {
                let weight = weights[down.stride * output + index]
                let row = first + index * stride
                for sample in 0..<count { sums[sample] &+= Int32(row[sample]) &* weight }
            }
        }
        for sample in 0..<count { target[sample] = Self.clipped(sums[sample]) }
    }

    /// Half a unit of the fixed-point sums, so that dropping the fraction rounds.
    private static let half: Int32 = 1 << (ResamplingTable.fractionBits - 1)

    @inline(__always)
    private static func clipped(_ sum: Int32) -> UInt8 {
        UInt8(truncatingIfNeeded: min(255, max(0, sum >> ResamplingTable.fractionBits)))
    }
}
