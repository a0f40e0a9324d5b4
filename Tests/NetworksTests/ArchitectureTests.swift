// SPDX-License-Identifier: Apache-2.0

import Foundation
import Networks
import Tensors
import TestSupport
import Testing

@Suite("Reading an architecture off the weights")
struct ArchitectureTests {
    let looc: TensorWeights
    let plusPlus: TensorWeights

    init() throws {
        let folder = Golden.folders[0]
        looc = try goldenWeights(folder.appendingPathComponent("looc-r50w8/model.safetensors"))
        plusPlus = try goldenWeights(folder.appendingPathComponent("loocpp-r18w8/model.safetensors"))
    }

    @Test("A bottleneck network with three heads is recognised")
    func bottleneck() throws {
        let found = try Architecture(reading: looc)
        #expect(found.name == "resnet50" && found.block == .bottleneck && found.stem == .imagenet)
        #expect(found.width == 8 && found.backboneDimensions == 256 && found.heads.count == 3 && !found.isPlusPlus)
        #expect(found.dimensions(of: .projection(2)) == 128 && found.dimensions(of: .projection(3)) == nil)
    }

    @Test("A LooC++ network has its stage 4 in the heads")
    func plusPlusNetwork() throws {
        let found = try Architecture(reading: plusPlus)
        #expect(found.name == "resnet18" && found.isPlusPlus && found.stages.count == 3 && found.heads.count == 4)
        #expect(found.backboneDimensions == 32 && found.dimensions(of: .representation(0)) == 64)
    }

    @Test("Any missing tensor is named, and no subset of the tensors crashes")
    func missingTensors() throws {
        for name in looc.tensors.keys.sorted() where !name.contains("num_batches") {
            var some = looc
            some.tensors[name] = nil
            do {
                let found = try InferencePlan(weights: some, inputSize: 32)
                // Without a head's weight the head is not there; without a bias it is zero; a block that is last goes.
                #expect(found.architecture != (try Architecture(reading: looc)) || name.hasSuffix(".bias"), "\(name)")
            } catch let error as NetworkError {
                #expect("\(error)".contains("tensor '"), "\(error)")
            }
        }
    }

    @Test("A tensor of another shape is named with what was expected and found")
    func wrongShapes() throws {
        for name in looc.tensors.keys.sorted() where !name.contains("num_batches") {
            var bad = looc
            bad.tensors[name] = Tensor(zeros: [1, 2, 1, 1, 1])
            let error = #expect(throws: NetworkError.self, "\(name)") { try Architecture(reading: bad) }
            #expect(error?.description.contains(name) == true && error?.description.contains("[1, 2, 1, 1, 1]") == true)
        }
    }

    @Test("A convolution or layer without channels is refused by name")
    func noChannels() throws {
        for (name, shape) in [
            ("backbone.conv1.weight", [0, 3, 7, 7]), ("backbone.layer1.0.conv1.weight", [0, 8, 1, 1]),
            ("heads.0.0.weight", [0, 256]),
        ] {
            var bad = looc
            bad.tensors[name] = Tensor(zeros: Shape(shape))
            let error = #expect(throws: NetworkError.self, "\(name)") { try Architecture(reading: bad) }
            #expect(error?.description.contains(name) == true)
        }
    }

    @Test("The CIFAR stem has no pooling")
    func cifarStem() throws {
        var weights = looc
        weights.tensors["backbone.conv1.weight"] = Tensor(zeros: [8, 3, 3, 3])
        let plan = try InferencePlan(weights: weights, inputSize: 32)
        #expect(plan.architecture.stem == .cifar)
        let found = try plan.run(Tensor(zeros: [1, 32, 32, 3]), outputs: [.backbone])
        #expect(found[.backbone]?.shape == [1, 256])
    }
}
