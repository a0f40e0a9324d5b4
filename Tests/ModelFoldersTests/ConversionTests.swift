// SPDX-License-Identifier: Apache-2.0

import Checkpoints
import Foundation
import ModelFolders
import Networks
import Preprocessing
import Tensors
import TestSupport
import Testing
import Vectors

@Suite("Converting checkpoints to model folders")
final class ConversionTests {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("facet-\(UUID().uuidString)")

    deinit {
        try? FileManager.default.removeItem(at: folder)
    }

    private func golden(_ path: String) -> String { Golden.folders[0].appendingPathComponent(path).path }

    @Test("A LooC checkpoint becomes backbone, named heads and their concatenation")
    func looc() throws {
        let conversion = try ModelConversion(Checkpoint.open(golden("looc-r50w8/model.safetensors")))
        let names = ["invariant", "color", "rotation"].compactMap { SpaceName($0) }
        try conversion.write(to: folder.appendingPathComponent("mine"), headNames: names, licence: "CC0-1.0")
        let model = try ModelFolder(opening: folder.appendingPathComponent("mine"))
        #expect(model.manifest.spaces.map(\.name.text) == ["backbone", "invariant", "color", "rotation", "concat"])
        #expect(model.manifest.spaces.map(\.dimensions) == [256, 128, 128, 128, 384])
        #expect(
            model.manifest.spaces.map(\.sensitiveTo) == [
                ["color", "rotation"], [], ["color"], ["rotation"], ["color", "rotation"],
            ])
        #expect(model.manifest.licence == "CC0-1.0" && model.manifest.architecture.family == "looc")
        let before = try InferencePlan(
            weights: CheckpointWeights(conversion.checkpoint, names: conversion.names), inputSize: 64)
        let after = try InferencePlan(weights: CheckpointWeights(model.checkpoint), inputSize: 64)
        let input = Tensor(repeatElement(0.5, count: 64 * 64 * 3), shape: [1, 64, 64, 3])
        let outputs = before.architecture.outputs
        let (left, right) = (try before.run(input, outputs: outputs), try after.run(input, outputs: outputs))
        for output in outputs { #expect(left[output]?.values == right[output]?.values, "\(output)") }
    }

    @Test("A LooC++ checkpoint has a representation for each head")
    func plusPlus() throws {
        let conversion = try ModelConversion(Checkpoint.open(golden("loocpp-r18w8/checkpoint.pth.tar")))
        try conversion.write(to: folder.appendingPathComponent("pp"))
        let manifest = try ModelFolder(opening: folder.appendingPathComponent("pp")).manifest
        let expected = [
            "backbone", "invariant", "invariant.representation", "head1", "head1.representation", "head2",
            "head2.representation", "head3", "head3.representation", "concat",
        ]
        #expect(manifest.spaces.map(\.name.text) == expected)
        #expect(manifest.spaces.last?.dimensions == 4 * 64)
        #expect(manifest.space(.invariant.representation)?.dimensions == 64)
        #expect(manifest.spaces[3].sensitiveTo == nil)
    }

    @Test("MoCo files in both containers convert to the same weights, bit for bit")
    func moco() throws {
        for name in ["zip", "legacy"] {
            let conversion = try ModelConversion(Checkpoint.open(golden("moco-v2-r18w8/\(name).pth.tar")))
            #expect(conversion.names.layout == "MoCo" && conversion.architecture.heads.count == 1)
            try conversion.write(to: folder.appendingPathComponent(name))
        }
        let (zip, legacy) = (folder.appendingPathComponent("zip"), folder.appendingPathComponent("legacy"))
        let file = ModelFolder.weightsFile
        #expect(
            try Data(contentsOf: zip.appendingPathComponent(file))
                == Data(contentsOf: legacy.appendingPathComponent(file)))
    }

    @Test("Wrong numbers of head names, twins and reserved names are refused")
    func headNames() throws {
        let conversion = try ModelConversion(Checkpoint.open(golden("looc-r50w8/model.safetensors")))
        for names in [["a"], ["a", "b", "b"], ["a", "b", "concat"]] {
            #expect(throws: ConversionError.self) {
                try conversion.write(
                    to: folder.appendingPathComponent("x"), headNames: names.compactMap { SpaceName($0) })
            }
        }
        #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("x").path))
    }

    @Test("A broken model.json is named with what is wrong")
    func brokenManifest() throws {
        let conversion = try ModelConversion(Checkpoint.open(golden("looc-r50w8/model.safetensors")))
        let url = folder.appendingPathComponent("broken")
        try conversion.write(to: url)
        let manifest = url.appendingPathComponent(ModelFolder.manifestFile)
        let text = try String(contentsOf: manifest, encoding: .utf8)
        let changes = [
            (text.replacingOccurrences(of: "\"size\" : 224", with: "\"size\" : -1"), "size"),
            (text.replacingOccurrences(of: "\"spaces\"", with: "\"places\""), "'spaces' is missing"),
            (text.replacingOccurrences(of: "\"format\" : 1", with: "\"format\" : 2"), "newer"),
            ("{", "not JSON"),
        ]
        for (changed, reason) in changes {
            try changed.write(to: manifest, atomically: true, encoding: .utf8)
            let error = #expect(throws: ModelFolderError.self) { try ModelFolder(opening: url) }
            #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
        }
        try FileManager.default.removeItem(at: manifest)
        let error = #expect(throws: ModelFolderError.self) { try ModelFolder(opening: url) }
        #expect(error?.description.contains("facet convert") == true)
    }
}
