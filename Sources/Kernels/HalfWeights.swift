// SPDX-License-Identifier: Apache-2.0

internal import CKernels

/// Packed weights once more in half precision, for passes that wait for weights rather than multiply.
///
/// The weights are those of the checkpoint, without the scale of the batch norm, so that nothing is rounded: what they
/// give has the bits that the same weights in single precision give, as long as both apply ``scale`` to the sums.
struct HalfWeights: Sendable {
    private let numbers: WeightSlice
    private let factors: WeightSlice

    /// Whether every weight is exactly one of half precision, and `instructions` can read it.
    static func hold(_ weights: UnsafeBufferPointer<Float>, for instructions: InstructionSet) -> Bool {
        facet_halve(instructions.code, weights.baseAddress, weights.count, nil) != 0
    }

    /// `panels` hold the weights without scale; `scale` has one number for each output channel.
    init(of panels: ConvolutionPanels, scale: [Float], memory: WeightMemory?) {
        let width = panels.instructions.panelWidth
        numbers = WeightMemory.take(panels.count * panels.floatsPerPanel / 2, from: memory)
        factors = WeightMemory.take(panels.count * width, from: memory)
        factors.buffer.initialize(repeating: 0)
        _ = factors.buffer.update(fromContentsOf: scale)
        panels.halve(to: UnsafeMutableRawPointer(numbers.buffer.baseAddress!).assumingMemoryBound(to: UInt16.self))
    }

    /// Laid out as the panels they were made of.
    var weights: UnsafePointer<UInt16>? {
        UnsafeRawPointer(numbers.buffer.baseAddress)?.assumingMemoryBound(to: UInt16.self)
    }

    /// What the sums of each output channel are multiplied with, whole panels of them.
    var scale: UnsafePointer<Float>? { UnsafePointer(factors.buffer.baseAddress) }

    var byteCount: Int { (numbers.count + factors.count) * MemoryLayout<Float>.stride }
}
