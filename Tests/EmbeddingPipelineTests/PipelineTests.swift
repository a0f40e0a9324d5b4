// SPDX-License-Identifier: Apache-2.0

import EmbeddingPipeline
import Foundation
import ImageDecoding
import Kernels
import ModelFolders
import ServingTestSupport
import Telemetry
import TestSupport
import Testing
import Vectors

@Suite("The embedding pipeline")
struct PipelineTests {
    let models: TestModels

    init() throws {
        models = try TestModels()
    }

    private func embed(_ request: EmbeddingRequest, on pipeline: EmbeddingPipeline) async throws -> EmbeddingAnswer {
        try await withCheckedThrowingContinuation { continuation in
            do {
                try pipeline.submit(request) { continuation.resume(returning: $0) }
            } catch {
                continuation.resume(throwing: error)
            }
        }
    }

    private func spaces(_ names: String...) -> [ModelManifest.Space] {
        names.compactMap { SpaceName($0).flatMap(models.looc.manifest.space) }
    }

    @Test("Every golden image file comes within cosine 0.9995 of PyTorch and Pillow in every space")
    func goldenImages() async throws {
        let golden = try GoldenTensors(Golden.folders[0].appendingPathComponent("looc-r50w8/golden.safetensors"))
        let pipeline = EmbeddingPipeline(pool: models.pool)
        let wanted = spaces("backbone", "invariant", "color", "rotation")
        let images = try Golden.images.map { try [UInt8](Data(contentsOf: $0)) }
        let answer = try await embed(.init(images: images, model: models.looc, spaces: wanted), on: pipeline)
        #expect(answer.outcomes.count == Golden.images.count && answer.outcomes.count >= 23)
        for (file, outcome) in zip(Golden.images, answer.outcomes) {
            let vectors = try outcome.get().embeddings
            for (key, embedding) in zip(["backbone", "head0", "head1", "head2"], vectors) {
                let expected = try #require(golden["\(file.lastPathComponent)/\(key)"])
                let cosine = Embedding.cosine(embedding.values, expected.values)
                #expect(cosine >= 0.9995, "\(file.lastPathComponent) \(key): \(cosine)")
            }
        }
    }

    @Test("Vectors do not depend on the company an image keeps, nor on the spaces asked for beside")
    func sameBitsInAnyCompany() async throws {
        let pipeline = EmbeddingPipeline(pool: models.pool)
        let images = try Golden.images.map { try [UInt8](Data(contentsOf: $0)) }
        let together = try await embed(
            .init(images: images, model: models.looc, spaces: spaces("color", "backbone", "concat")), on: pipeline)
        for (index, image) in images.enumerated() {
            let alone = try await embed(
                .init(images: [image], model: models.looc, spaces: spaces("color")), on: pipeline)
            #expect(try alone.outcomes[0].get().embeddings[0] == together.outcomes[index].get().embeddings[0])
            #expect(try alone.outcomes[0].get().digest == ContentDigest(of: image))
        }
    }

    @Test("Heads and segments of concat have length one, backbone only when asked")
    func lengths() async throws {
        let pipeline = EmbeddingPipeline(pool: models.pool)
        let image = try Golden.image("rgba.png")
        let wanted = spaces("color", "concat", "backbone")
        let plain = try await embed(.init(images: [image], model: models.looc, spaces: wanted), on: pipeline)
        let vectors = try plain.outcomes[0].get().embeddings.map(\.values)
        #expect(abs(norm(vectors[0]) - 1) < 1e-5 && abs(norm(vectors[2]) - 1) > 0.01)
        for segment in 0..<3 {
            #expect(abs(norm(Array(vectors[1][(segment * 128)..<(segment * 128 + 128)])) - 1) < 1e-5)
        }
        #expect(Array(vectors[1][128..<256]) == vectors[0])
        let unit = try await embed(
            .init(images: [image], model: models.looc, spaces: wanted, normalise: true), on: pipeline)
        for embedding in try unit.outcomes[0].get().embeddings { #expect(abs(norm(embedding.values) - 1) < 1e-5) }
    }

    @Test("A bad image fails alone, in its place")
    func badImage() async throws {
        let pipeline = EmbeddingPipeline(pool: models.pool)
        let good = try Golden.image("rgb.png")
        let images = [good, Array(good.prefix(300)), [], good, Array("GIF89a".utf8)]
        let answer = try await embed(.init(images: images, model: models.looc, spaces: spaces("color")), on: pipeline)
        #expect(try answer.outcomes[0].get() == answer.outcomes[3].get())
        for (index, code) in [(1, "image_truncated"), (2, "image_empty"), (4, "image_format_unsupported")] {
            guard case .failure(.image(let error)) = answer.outcomes[index] else {
                Issue.record("image \(index) did not fail")
                continue
            }
            #expect(error.code == code)
        }
        #expect(pipeline.metrics.embedded.value == 2 && pipeline.metrics.failed.value == 3)
        #expect(pipeline.queueDepth == 0)
    }

    @Test("A full queue refuses at once, by the same rule for one image and for many, and recovers")
    func fullQueue() async throws {
        let pipeline = EmbeddingPipeline(pool: models.pool, limits: QueueLimits(images: 4))
        let image = try Golden.image("rgb.png")
        let blocker = DispatchSemaphore(value: 0)
        let started = DispatchSemaphore(value: 0)
        let held = EmbeddingRequest(
            images: [image, image, image], model: models.looc, spaces: spaces("color"),
            isCancelled: {
                started.signal()
                blocker.wait()
                blocker.signal()
                return false
            })
        async let answer = embed(held, on: pipeline)
        await Task.detached { started.wait() }.value
        let two = EmbeddingRequest(images: [image, image], model: models.looc, spaces: spaces("color"))
        let five = EmbeddingRequest(
            images: Array(repeating: image, count: 5), model: models.looc, spaces: spaces("color"))
        #expect(throws: AdmissionError.queueFull(retryAfter: 1)) { try pipeline.submit(two) { _ in } }
        #expect(throws: AdmissionError.neverFits(limit: 4)) { try pipeline.submit(five) { _ in } }
        #expect(pipeline.hasRoom && pipeline.queueDepth == 3 && pipeline.metrics.refused.value == 2)
        blocker.signal()
        _ = try await answer
        #expect(try await embed(two, on: pipeline).outcomes.count == 2)
    }

    @Test("Work for a caller who has gone is dropped, and its place is free again")
    func cancelled() async throws {
        let pipeline = EmbeddingPipeline(pool: models.pool)
        let request = EmbeddingRequest(
            images: [try Golden.image("rgb.png")], model: models.looc, spaces: spaces("color"), isCancelled: { true })
        let answer = try await embed(request, on: pipeline)
        #expect(answer.outcomes == [.failure(.cancelled)])
        #expect(pipeline.metrics.inference.snapshot.total == 0 && pipeline.queueDepth == 0)
    }

    @Test("Requests from many threads are all answered with their own vectors")
    func manyCallers() async throws {
        let pipeline = EmbeddingPipeline(pool: models.pool, limits: QueueLimits(images: 10_000))
        let images = try Golden.images.map { try [UInt8](Data(contentsOf: $0)) }
        let wanted = spaces("rotation")
        let alone = try await embed(.init(images: images, model: models.looc, spaces: wanted), on: pipeline)
        let other = try #require(models.registry.loaded.last)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for turn in 0..<200 {
                let index = turn % images.count
                let model = turn % 3 == 0 ? other : models.looc
                let spaces = [try #require(model.manifest.spaces.first { $0.name.text == "rotation" })]
                group.addTask {
                    let answer = try await embed(
                        .init(images: [images[index]], model: model, spaces: spaces), on: pipeline)
                    return try model !== models.looc || answer.outcomes[0].get() == alone.outcomes[index].get()
                }
            }
            for try await same in group { #expect(same) }
        }
        #expect(pipeline.queueDepth == 0)
    }

    private func norm(_ values: [Float]) -> Float { values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
}

@Suite("Loading models")
struct ModelLoadingTests {
    @Test("The digest is that of the file, and a damaged model keeps the old one serving")
    func damagedModel() throws {
        let models = try TestModels()
        let before = models.looc
        let weights = models.folder.appendingPathComponent("looc/model.safetensors")
        let bytes = try [UInt8](Data(contentsOf: weights))
        #expect(before.digest == ContentDigest(of: bytes))
        try Data(bytes.dropLast()).write(to: weights, options: .atomic)
        #expect(throws: ModelFolderError.self) { try models.registry.load(before.id) }
        var poisoned = bytes
        for index in poisoned.indices.suffix(64) { poisoned[index] = 0xFF }
        try Data(poisoned).write(to: weights, options: .atomic)
        let error = #expect(throws: ModelLoadingError.self) { try models.registry.load(before.id) }
        #expect(error?.description.contains("not finite") == true)
        #expect(models.registry.defaultModel === before)
    }

    @Test("A manifest that claims other dimensions or heads than the checkpoint has is refused")
    func lyingManifest() throws {
        let models = try TestModels()
        let file = models.folder.appendingPathComponent("looc/model.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        for (from, to) in [("\"dimensions\" : 384", "\"dimensions\" : 385"), ("\"head\" : 2", "\"head\" : 3")] {
            #expect(text.contains(from))
            try text.replacingOccurrences(of: from, with: to).write(to: file, atomically: true, encoding: .utf8)
            #expect(throws: ModelLoadingError.self) { try models.registry.load(models.looc.id) }
        }
    }

    @Test("A manifest without spaces is refused")
    func noSpaces() throws {
        let models = try TestModels()
        var manifest = models.looc.manifest
        manifest.spaces = []
        try ModelFolder.write(manifest, to: models.folder.appendingPathComponent("looc"))
        #expect(throws: ModelLoadingError.noSpaces) { try models.registry.load(models.looc.id) }
    }

    @Test("Models in the folder are listed by name")
    func listed() throws {
        let models = try TestModels()
        #expect(models.registry.available.map(\.text) == ["looc", "loocpp"])
        #expect(models.registry.loaded.map(\.id.text) == ["looc", "loocpp"])
    }
}
