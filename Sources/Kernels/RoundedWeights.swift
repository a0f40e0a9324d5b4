// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Packed weights rounded to half precision, with what undoes their scaling.
///
/// Each output channel's weights are scaled by a power of two to at most 1, so that none is too large for half
/// precision and few are lost below it. Packing writes memory in place: nobody may run meanwhile.
struct RoundedWeights: Sendable {
    /// Numbers of one panel: taps or points x input channels x panel width.
    let panelNumbers: Int
    private let numbers: WeightSlice
    private let factors: WeightSlice
    private let offsets: WeightSlice
    let panels: Int

    static let panelWidth = Int(FACET_HALF_PANEL)

    init(outputs: Int, numbersPerOutput: Int, bias: [Float], memory: WeightMemory?) {
        panels = (outputs + Self.panelWidth - 1) / Self.panelWidth
        panelNumbers = numbersPerOutput * Self.panelWidth
        numbers = WeightMemory.take((panels * panelNumbers + 1) / 2, from: memory)
        factors = WeightMemory.take(panels * Self.panelWidth, from: memory)
        offsets = WeightMemory.take(panels * Self.panelWidth, from: memory)
        factors.buffer.initialize(repeating: 0)
        offsets.buffer.initialize(repeating: 0)
        _ = offsets.buffer.update(fromContentsOf: bias)
    }

    /// Rounds one panel, rows of panel-width numbers; output channel o's outputs are multiplied with `scale[o]` besides.
    func set(_ panel: Int, _ source: UnsafePointer<Float>, scale: [Float]) {
        let first = panel * Self.panelWidth
        let factors = self.factors.buffer
        facet_half_round_panel(
            source, panelNumbers / Self.panelWidth, halves + panel * panelNumbers, factors.baseAddress! + first)
        for channel in first..<first + Self.panelWidth {
            factors[channel] *= channel < scale.count ? scale[channel] : 0
        }
    }

    private var halves: UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer(numbers.buffer.baseAddress!).assumingMemoryBound(to: UInt16.self)
    }

    var weights: UnsafePointer<UInt16> { UnsafePointer(halves) }
    var scale: UnsafePointer<Float>? { UnsafePointer(factors.buffer.baseAddress) }
    var bias: UnsafePointer<Float>? { UnsafePointer(offsets.buffer.baseAddress) }

    var byteCount: Int { (numbers.count + factors.count + offsets.count) * MemoryLayout<Float>.stride }
}
