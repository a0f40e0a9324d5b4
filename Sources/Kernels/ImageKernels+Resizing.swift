// SPDX-License-Identifier: Apache-2.0

internal import CKernels

extension ImageKernels {
    /// A rectangle of an interleaved RGB picture of bytes.
    package struct Window {
        /// The red byte of its first pixel.
        package let pixels: UnsafePointer<UInt8>
        /// Bytes from one row of the picture to the next.
        package let rowBytes: Int
        package let width: Int
        package let height: Int

        package init(pixels: UnsafePointer<UInt8>, rowBytes: Int, width: Int, height: Int) {
            precondition(width > 0 && height > 0, "a window of \(width) x \(height)")
            self.pixels = pixels
            self.rowBytes = rowBytes
            self.width = width
            self.height = height
        }
    }

    /// One of the eight ways to lay a picture down: reversed rows, reversed columns, then swapped axes.
    package struct Turn: Sendable, Hashable {
        package let reversesRows: Bool
        package let reversesColumns: Bool
        package let swapsAxes: Bool

        package init(reversesRows: Bool, reversesColumns: Bool, swapsAxes: Bool) {
            self.reversesRows = reversesRows
            self.reversesColumns = reversesColumns
            self.swapsAxes = swapsAxes
        }
    }

    /// Floats of each of the two scratch areas that ``resize(_:turn:into:scratch:other:)`` needs for a window.
    package func resizeScratch(width: Int, height: Int) -> Int {
        let samples = facet_padded(3 * width) * facet_padded(size)
        let tables =
            ResamplingWeights.room(window: width, outputs: size) + ResamplingWeights.room(window: height, outputs: size)
        return max(samples, 3 * planeStride) + tables
    }

    /// Resizes a window to planes of 0 to 1, laid down as `turn` says.
    ///
    /// The antialiased linear resize of PyTorch (`interpolate(mode: "bilinear", antialias: true)`) of the window alone, in
    /// Float without rounding. The turn is exact: it is the order in which outputs are computed, and a transposition.
    package func resize(
        _ window: Window, turn: Turn, into planes: UnsafeMutablePointer<Float>, scratch: UnsafeMutablePointer<Float>,
        other: UnsafeMutablePointer<Float>
    ) {
        let samples = 3 * window.width
        let rowStride = facet_padded(samples)
        let columnStride = facet_padded(size)
        let area = max(rowStride * columnStride, 3 * planeStride)
        let down = ResamplingWeights(
            window: window.height, outputs: size, reversed: turn.reversesRows, gain: 1.0 / 255, in: scratch + area)
        let across = ResamplingWeights(
            window: window.width, outputs: size, reversed: turn.reversesColumns, gain: 1, in: other + area)
        withUnsafePointer(to: down.code) {
            facet_resample_down(isa, window.pixels, window.rowBytes, $0, samples, scratch, rowStride)
        }
        facet_transpose(isa, scratch, columnStride, rowStride, rowStride, other, columnStride)
        // Resampling across writes the columns as rows: what a picture with swapped axes looks like.
        let result = turn.swapsAxes ? planes : scratch
        withUnsafePointer(to: across.code) { facet_resample_across(isa, other, $0, size, result) }
        guard !turn.swapsAxes else { return }
        for channel in 0..<3 {
            let plane = channel * planeStride
            facet_transpose(isa, scratch + plane, size, size, size, planes + plane, size)
        }
    }
}

/// The weights of an antialiased linear resize of one axis, in memory that the caller lends.
///
/// A triangle of half-width max(1, scale) around each output's centre, normalised over the samples that exist: PyTorch's
/// and Pillow's law, in Float.
struct ResamplingWeights {
    let code: facet_resampling

    /// Floats of memory for a table.
    static func room(window: Int, outputs: Int) -> Int { (taps(window, outputs) + 2) * outputs }

    private static func taps(_ window: Int, _ outputs: Int) -> Int {
        let support = max(1, Double(window) / Double(outputs))
        return min(window, Int(support.rounded(.up)) * 2 + 1)
    }

    /// From `window` samples to `outputs`, counted from the end when `reversed`; the weights of an output sum to `gain`.
    init(window: Int, outputs: Int, reversed: Bool, gain: Double, in memory: UnsafeMutablePointer<Float>) {
        let taps = Self.taps(window, outputs)
        let numbers = UnsafeMutableRawPointer(memory + taps * outputs).bindMemory(to: Int32.self, capacity: 2 * outputs)
        let counts = numbers + outputs
        let scale = Double(window) / Double(outputs)
        let support = max(1, scale)
        for output in 0..<outputs {
            let center = (Double(output) + 0.5) * scale
            let first = max(0, Int(center - support + 0.5))
            let count = min(window, Int(center + support + 0.5)) - first
            let place = reversed ? outputs - 1 - output : output
            numbers[place] = Int32(truncatingIfNeeded: first)
            counts[place] = Int32(truncatingIfNeeded: count)
            let start = Double(first) - center + 0.5
            Self.fill(memory + place * taps, count: count, start: start, support: support, gain: gain)
        }
        code = facet_resampling(first: numbers, count: counts, weights: memory, outputs: outputs, taps: taps)
    }

    private static func fill(
        _ weights: UnsafeMutablePointer<Float>, count: Int, start: Double, support: Double, gain: Double
    ) {
        let slope = 1 / support
        var sum = 0.0
        for tap in 0..<count { sum += max(0, 1 - abs((start + Double(tap)) * slope)) }
        let factor = gain / sum
        for tap in 0..<count {
            weights[tap] = Float(max(0, 1 - abs((start + Double(tap)) * slope)) * factor)
        }
    }
}
