// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Reading what PyTorch and safetensors wrote")
struct GoldenCheckpointTests {
    static let safetensors = Golden.models.map { $0.appendingPathComponent("model.safetensors") }
        .filter { FileManager.default.fileExists(atPath: $0.path) }
    static let pairs = Golden.models.filter {
        FileManager.default.fileExists(atPath: $0.appendingPathComponent("checkpoint.pth.tar").path)
    }
    static let moco = Golden.models.filter {
        FileManager.default.fileExists(atPath: $0.appendingPathComponent("legacy.pth.tar").path)
    }

    @Test("Golden files are at hand")
    func goldenFiles() {
        #expect(!Self.safetensors.isEmpty && !Self.pairs.isEmpty && !Self.moco.isEmpty)
    }

    @Test("Every float tensor equals what an independent reader finds", arguments: safetensors)
    func equalsIndependentReader(file: URL) throws {
        let expected = try GoldenTensors(file)
        let found = try Checkpoint.open(file.path)
        #expect(found.container == .safetensors && found.entries.map(\.name) == expected.names)
        for entry in found.entries where entry.type == .float32 {
            let reference = try #require(expected[entry.name])
            #expect(entry.shape.dimensions == reference.shape)
            #expect(try found.tensor(entry.name).values == reference.values, "\(entry.name)")
            #expect(try found.withFloats(entry.name) { Array($0) } == reference.values, "\(entry.name)")
        }
    }

    @Test("The zip container holds the same tensors as the safetensors file", arguments: pairs)
    func zipEqualsSafetensors(folder: URL) throws {
        let zip = try Checkpoint.open(folder.appendingPathComponent("checkpoint.pth.tar").path)
        let plain = try Checkpoint.open(folder.appendingPathComponent("model.safetensors").path)
        #expect(zip.container == .torchZip)
        #expect(zip.entries.map(\.name) == plain.entries.map(\.name))
        for entry in plain.entries {
            #expect(try zip.tensor(entry.name).values == plain.tensor(entry.name).values, "\(entry.name)")
        }
    }

    @Test("A MoCo file is the same in the zip and in the legacy container", arguments: moco)
    func mocoContainers(folder: URL) throws {
        let zip = try Checkpoint.open(folder.appendingPathComponent("zip.pth.tar").path)
        let legacy = try Checkpoint.open(folder.appendingPathComponent("legacy.pth.tar").path)
        #expect(legacy.container == .torchLegacy && zip.container == .torchZip)
        #expect(zip.entries == legacy.entries && zip.entries.count > 200)
        #expect(zip.metadata["arch"] == "resnet18" && legacy.metadata["epoch"] == "200")
        for entry in zip.entries {
            #expect(try zip.tensor(entry.name).values == legacy.tensor(entry.name).values, "\(entry.name)")
        }
        let golden = try GoldenTensors(folder.appendingPathComponent("golden.safetensors"))
        #expect(golden["input"]?.shape == [3, 64, 64])
    }

    @Test("Half, bfloat16, double, integer, shared and transposed tensors are read as PyTorch sees them")
    func oddTensors() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")
        let expected = try GoldenTensors(folder.appendingPathComponent("odd.safetensors"))
        #expect(expected.names.count == 11)
        for name in ["odd.zip.pt", "odd.legacy.pt", "odd-typed.safetensors"] {
            let found = try Checkpoint.open(folder.appendingPathComponent(name).path)
            #expect(found.entries.map(\.name) == expected.names)
            for entry in found.entries {
                let reference = try #require(expected[entry.name])
                let values = try found.tensor(entry.name).values
                #expect(entry.shape.dimensions == reference.shape)
                let same = zip(values, reference.values).allSatisfy { $0 == $1 || ($0.isNaN && $1.isNaN) }
                #expect(values.count == reference.values.count && same, "\(name): \(entry.name)")
            }
        }
    }
}
