// SPDX-License-Identifier: Apache-2.0

import Foundation
import Kernels
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Networks reproduce PyTorch")
struct GoldenNetworkTests {
    /// Golden folders that hold a checkpoint in safetensors.
    static let folders = Golden.models.filter {
        FileManager.default.fileExists(atPath: $0.appendingPathComponent("model.safetensors").path)
    }

    @Test("Golden folders are at hand")
    func goldenFoldersExist() {
        #expect(Self.folders.count >= 2)
    }

    @Test("Every output for every golden input within 1e-4 of the vector's norm", arguments: folders)
    func everyGoldenInput(folder: URL) throws {
        let golden = try GoldenTensors(folder.appendingPathComponent("golden.safetensors"))
        let images = golden.names.filter { $0.hasSuffix("/input") }
        let size = try #require(images.first.flatMap { golden[$0] }).shape[1]
        for set in InstructionSet.available {
            let plan = try InferencePlan(weights: try weights(in: folder), inputSize: size, instructions: set)
            for name in images {
                let image = String(name.dropLast("/input".count))
                let found = try plan.run(batch(try #require(golden[name])), outputs: plan.architecture.outputs)
                for (output, tensor) in found {
                    guard let expected = golden["\(image)/\(key(output, plan.architecture))"] else { continue }
                    let norm = expected.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
                    let worst = zip(tensor.values, expected.values).map { abs($0 - $1) }.max() ?? .infinity
                    #expect(tensor.count == expected.values.count && worst <= 1e-4 * norm, "\(image) \(output) \(set)")
                }
            }
        }
    }

    @Test(
        "In half precision every output has a cosine of at least 0.99999 to PyTorch's, and not the bits of single",
        .enabled(if: Precision.half.isAvailable, "this processor has no arithmetic of half precision"),
        arguments: folders)
    func halfPrecision(folder: URL) throws {
        let golden = try GoldenTensors(folder.appendingPathComponent("golden.safetensors"))
        let images = golden.names.filter { $0.hasSuffix("/input") }
        let size = try #require(images.first.flatMap { golden[$0] }).shape[1]
        let plan = try InferencePlan(weights: try weights(in: folder), inputSize: size, precision: .half)
        let single = try InferencePlan(weights: try weights(in: folder), inputSize: size)
        for name in images {
            let image = String(name.dropLast("/input".count))
            let input = batch(try #require(golden[name]))
            let found = try plan.run(input, outputs: plan.architecture.outputs)
            #expect(try single.run(input, outputs: [.backbone])[.backbone]?.values != found[.backbone]?.values)
            for (output, tensor) in found {
                guard let expected = golden["\(image)/\(key(output, plan.architecture))"] else { continue }
                #expect(cosine(tensor.values, expected.values) >= 0.99999, "\(image) \(output)")
            }
        }
    }

    @Test(
        "An image has the same bits alone, in a batch, in two passes and on several threads", arguments: folders,
        Precision.available)
    func sameBitsInAnyBatch(folder: URL, precision: Precision) throws {
        let plan = try InferencePlan(weights: try weights(in: folder), inputSize: 64, precision: precision)
        var random = SeededGenerator(seed: 3)
        let count = 5
        let batch = Tensor(random.floats(count * 64 * 64 * 3), shape: [count, 64, 64, 3])
        let outputs = plan.architecture.outputs
        let together = try plan.run(batch, outputs: outputs, pool: ComputePool(threads: 3))
        for image in 0..<count {
            let part = batch.values[(image * 64 * 64 * 3)..<((image + 1) * 64 * 64 * 3)]
            let alone = try plan.run(Tensor(Array(part), shape: [1, 64, 64, 3]), outputs: outputs)
            for output in outputs {
                let values = try #require(alone[output]).values
                let row = try #require(together[output]).values[(image * values.count)..<((image + 1) * values.count)]
                #expect(values == Array(row), "\(output)")
            }
        }
    }

    @Test("Outputs nobody asked for do not change the others", arguments: folders)
    func someOutputs(folder: URL) throws {
        let plan = try InferencePlan(weights: try weights(in: folder), inputSize: 64)
        var random = SeededGenerator(seed: 4)
        let input = Tensor(random.floats(64 * 64 * 3), shape: [1, 64, 64, 3])
        let all = try plan.run(input, outputs: plan.architecture.outputs)
        for output in plan.architecture.outputs {
            let one = try plan.run(input, outputs: [output])
            #expect(one.count == 1 && one[output]?.values == all[output]?.values, "\(output)")
        }
        #expect(throws: NetworkError.noSuchOutput("projection(30)")) {
            try plan.run(input, outputs: [.projection(30)])
        }
    }

    private func key(_ output: NetworkOutput, _ architecture: Architecture) -> String {
        switch output {
        case .backbone: "backbone"
        case .projection(let head): "head\(head)"
        case .representation(let head): architecture.isPlusPlus ? "head\(head)_representation" : "backbone"
        }
    }

    private func cosine(_ a: [Float], _ b: [Float]) -> Double {
        func product(_ a: [Float], _ b: [Float]) -> Double { zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) } }
        return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
    }

    private func weights(in folder: URL) throws -> TensorWeights {
        try goldenWeights(folder.appendingPathComponent("model.safetensors"))
    }

    /// [3, S, S] as PyTorch has it to [1, S, S, 3].
    private func batch(_ entry: GoldenTensors.Entry) -> Tensor {
        let size = entry.shape[1]
        var values = [Float](repeating: 0, count: entry.values.count)
        for c in 0..<3 {
            for p in 0..<size * size { values[p * 3 + c] = entry.values[c * size * size + p] }
        }
        return Tensor(values, shape: [1, size, size, 3])
    }
}

/// The golden checkpoint's tensors under canonical names.
func goldenWeights(_ file: URL) throws -> TensorWeights {
    let golden = try GoldenTensors(file)
    var tensors: [String: Tensor] = [:]
    for name in golden.names {
        guard let entry = golden[name] else { continue }
        let canonical = name.replacingOccurrences(of: "backbone_q.", with: "backbone.")
            .replacingOccurrences(of: "heads_q.", with: "heads.")
        tensors[canonical] = Tensor(entry.values, shape: Shape(entry.shape))
    }
    return TensorWeights(tensors)
}
