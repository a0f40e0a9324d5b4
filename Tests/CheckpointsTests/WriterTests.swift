// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("Writing safetensors")
struct WriterTests {
    let scratch: Scratch

    init() throws {
        scratch = try Scratch()
    }

    @Test("What was written is read back, names and metadata included")
    func roundTrip() throws {
        var random = SeededGenerator(seed: 2)
        let tensors: [String: Tensor] = [
            "backbone.conv1.weight": Tensor(random.floats(24), shape: [2, 3, 2, 2]), "scalar": Tensor([7], shape: []),
            "empty": Tensor(zeros: [0, 4]), "naïve \"name\"": Tensor(random.floats(3), shape: [3]),
        ]
        let path = scratch.path("a.safetensors")
        try SafetensorsWriter.write(tensors, to: path, metadata: ["format": "pt", "epoch": "3"])
        let found = try Checkpoint.open(path)
        #expect(found.metadata == ["format": "pt", "epoch": "3"])
        #expect(found.entries.map(\.name) == tensors.keys.sorted())
        for (name, tensor) in tensors {
            let read = try found.tensor(name)
            #expect(read.values == tensor.values && read.shape == tensor.shape, "\(name)")
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        #expect((8 + Int(bytes[0]) + Int(bytes[1]) << 8) % 8 == 0)
    }

    @Test("Half precision rounds to the nearest, ties to even, and keeps what is not finite")
    func halfPrecision() throws {
        let values: [Float] = [
            0, -0.0, 1, 1.0009765, 0.99951172, 65504, 65519, 65520, -70000, 6.0e-8, 2.9e-8, 3.1e-5, 1e-10, .infinity,
        ]
        let path = scratch.path("h.safetensors")
        try SafetensorsWriter.write(["x": Tensor(values, shape: [values.count])], to: path, precision: .float16)
        let found = try Checkpoint.open(path).tensor("x").values
        #expect(found == values.map { Float(Float16($0)) })
        try SafetensorsWriter.write(["x": Tensor([.nan], shape: [1])], to: path, precision: .float16)
        #expect(try Checkpoint.open(path).tensor("x").values[0].isNaN)
    }

    @Test("A failed write leaves the old file and nothing else")
    func failedWrite() throws {
        let path = scratch.path("missing/folder.safetensors")
        #expect(throws: CheckpointError.self) { try SafetensorsWriter.write(["x": Tensor([1], shape: [1])], to: path) }
        let kept = scratch.path("kept")
        try FileManager.default.createDirectory(atPath: kept, withIntermediateDirectories: true)
        #expect(throws: CheckpointError.self) { try SafetensorsWriter.write(["x": Tensor([1], shape: [1])], to: kept) }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path) == ["kept"])
    }

    @Test("A tensor that is not there is named with some that are")
    func missingTensor() throws {
        let path = scratch.path("m.safetensors")
        try SafetensorsWriter.write(["layer.weight": Tensor([1], shape: [1])], to: path)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path).tensor("other.weight") }
        #expect(error?.description == "tensor 'other.weight' is missing; the file has 'layer.weight'")
    }

    @Test("Mixed types are written byte for byte as the reference writer does")
    func referenceBytes() throws {
        let path = scratch.path("r.safetensors")
        let reference = try Checkpoint.open(Fixture.path("reference.safetensors"))
        try SafetensorsWriter.write(
            contents: [
                "half": .float16(try reference.tensor("half")), "a.weight": .float32(try reference.tensor("a.weight")),
                "b.steps": .int64([12], []), "a.ids": .int64([1, -2], [2, 1]),
            ], to: path, metadata: ["format": "pt"])
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: path))) == Fixture.bytes("reference.safetensors"))
    }

    @Test("Names and metadata with any character come back as they were")
    func strangeNames() throws {
        let strange = String(String.UnicodeScalarView((0...0x7F).compactMap { Unicode.Scalar($0) })) + "é😀\u{2028}/"
        let path = scratch.path("s.safetensors")
        try SafetensorsWriter.write([strange: Tensor([1], shape: [1])], to: path, metadata: [strange: strange])
        let found = try Checkpoint.open(path)
        #expect(found.entries.map(\.name) == [strange] && found.metadata == [strange: strange])
        let independent = try GoldenTensors(URL(fileURLWithPath: path))
        #expect(independent.names == [strange])
    }

    @Test("The name that the format keeps for itself is refused before a file is made")
    func reservedName() throws {
        let path = scratch.path("m.safetensors")
        let error = #expect(throws: CheckpointError.self) {
            try SafetensorsWriter.write(["__metadata__": Tensor([1], shape: [1])], to: path)
        }
        #expect(error?.description.contains("keeps this name") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.url.path).isEmpty)
    }

    @Test("A checkpoint stays readable while its file is replaced")
    func replacement() throws {
        let path = scratch.path("a.safetensors")
        try SafetensorsWriter.write(["x": Tensor([1, 2], shape: [2])], to: path)
        let old = try Checkpoint.open(path)
        try SafetensorsWriter.write(["x": Tensor([3], shape: [1])], to: path)
        #expect(try old.tensor("x").values == [1, 2] && Checkpoint.open(path).tensor("x").values == [3])
    }

    @Test("A named pipe is refused at once")
    func namedPipe() {
        let path = scratch.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: CheckpointError.self) { try Checkpoint.open(path) }
        #expect(error?.description.contains("not a regular file") == true)
    }
}
