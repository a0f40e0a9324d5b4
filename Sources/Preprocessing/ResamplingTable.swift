// SPDX-License-Identifier: Apache-2.0

/// The weights of one axis: which source samples make each wanted output sample.
///
/// A triangle of half-width `max(1, scale)` source samples around each output's centre (linear interpolation when
/// enlarging, an antialiasing average when reducing), normalised, in fixed point with 22 bits of fraction. The
/// formulas and roundings are Pillow's, so that the results are its bits. Where a decoder's scaling left the first
/// or last source sample partial, that sample counts by the part it covers.
struct ResamplingTable {
    static let fractionBits: Int32 = 22

    /// First source sample of each output.
    private(set) var first: [Int] = []
    /// Number of source samples of each output.
    private(set) var count: [Int] = []
    /// `stride` weights for each output, of which `count` are used.
    private(set) var weights: [Int32]
    let stride: Int

    /// Cost and memory depend on the window and the source samples it shows, not on the whole output.
    init(_ axis: Resampler.Axis) {
        let (sourceCount, window) = (axis.sourceCount, axis.window)
        let scale = (axis.extent.upperBound - axis.extent.lowerBound) / Double(axis.outputCount)
        let support = max(1, scale)
        stride = min(sourceCount, Int(support.rounded(.up)) * 2 + 1)
        weights = [Int32](repeating: 0, count: stride * window.count)
        first.reserveCapacity(window.count)
        count.reserveCapacity(window.count)
        var taps = [Double](repeating: 0, count: stride)
        for output in window {
            let center = axis.extent.lowerBound + (Double(output) + 0.5) * scale
            let start = max(0, Int(center - support + 0.5))
            let end = min(sourceCount, Int(center + support + 0.5))
            Self.fill(&taps, start: start, end: end, center: center, support: support)
            if start == 0, end > 0 { taps[0] *= 1 - axis.extent.lowerBound }
            if end == sourceCount, end > start {
                taps[end - start - 1] *= 1 - (Double(sourceCount) - axis.extent.upperBound)
            }
            Self.normalise(&taps, count: end - start)
            let base = stride * first.count
            for index in 0..<max(0, end - start) {
                weights[base + index] = Int32(taps[index] * Double(1 << Self.fractionBits) + 0.5)
            }
            first.append(start)
            count.append(end - start)
        }
    }

    /// The source samples that any wanted output needs.
    var sources: Range<Int> {
        let start = first.first ?? 0
        return start..<max(start, (first.last ?? 0) + (count.last ?? 0))
    }

    private static func fill(_ taps: inout [Double], start: Int, end: Int, center: Double, support: Double) {
        let slope = 1 / support
        for index in 0..<max(0, end - start) {
            let distance = abs((Double(index + start) - center + 0.5) * slope)
            taps[index] = distance < 1 ? 1 - distance : 0
        }
    }

    private static func normalise(_ taps: inout [Double], count: Int) {
        var sum = 0.0
        for index in 0..<max(0, count) { sum += taps[index] }
        guard sum != 0 else { return }
        for index in 0..<max(0, count) { taps[index] /= sum }
    }
}
