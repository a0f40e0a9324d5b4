// SPDX-License-Identifier: Apache-2.0

private import Dispatch
internal import Kernels
internal import ModelFolders
internal import Networks
internal import Synchronization
internal import Telemetry
internal import Tensors
internal import Vectors

/// One image ready for the network.
struct PreparedImage: Sendable {
    let pending: PendingRequest
    let index: Int
    let digest: ContentDigest
    /// What the network reads: [size, size, 3].
    let input: Tensor
    let thumbnail: [UInt8]?
    /// How long it waited for a decoder.
    let waited: Duration
    /// When it became ready.
    let ready: Duration

    var request: EmbeddingRequest { pending.request }
}

/// Runs forward passes one after the other, each on as many waiting images of one model as make a good batch.
///
/// Nothing waits for a batch to fill: whatever has arrived while the last pass ran rides in the next one.
final class InferenceLane: Sendable {
    private struct State {
        var waiting: [PreparedImage] = []
        var running = false
        /// When the oldest image of the pass under way became ready.
        var underWay: Duration?
    }

    private let pool: ComputePool
    private let ticker: any Ticker
    private let metrics: PipelineMetrics
    private let queue = DispatchQueue(label: "facet.inference", qos: .userInitiated)
    private let state = Mutex(State())

    init(pool: ComputePool, ticker: any Ticker, metrics: PipelineMetrics) {
        self.pool = pool
        self.ticker = ticker
        self.metrics = metrics
    }

    var oldestWait: Duration {
        let oldest = state.withLock { [$0.underWay, $0.waiting.first?.ready].compactMap(\.self).min() }
        return oldest.map { ticker.now - $0 } ?? .zero
    }

    func submit(_ image: PreparedImage) {
        let start = state.withLock { state -> Bool in
            state.waiting.append(image)
            guard !state.running else { return false }
            state.running = true
            return true
        }
        if start { queue.async { self.drain() } }
    }

    private func drain() {
        while let batch = next() { run(batch) }
    }

    /// The oldest image and those behind it that may ride along; nil when nothing waits, and the lane is then idle.
    private func next() -> [PreparedImage]? {
        state.withLock { state in
            state.underWay = state.waiting.first?.ready
            guard let first = state.waiting.first else {
                state.running = false
                return nil
            }
            let model = first.request.model
            let most = Self.batchSize(for: model)
            var batch: [PreparedImage] = []
            state.waiting.removeAll { image in
                guard batch.count < most, image.request.model === model else { return false }
                batch.append(image)
                return true
            }
            return batch
        }
    }

    /// Images a pass carries at most: enough work to be efficient, little enough not to keep others waiting long.
    static func batchSize(for model: EmbeddingModel) -> Int {
        let multiplyAddsAPass = 16 << 30
        return min(32, max(1, min(model.plan.imagesPerPass, multiplyAddsAPass / max(1, model.plan.multiplyAdds))))
    }

    private func run(_ batch: [PreparedImage]) {
        let (live, gone) = batch.reduce(into: ([PreparedImage](), [PreparedImage]())) { parts, image in
            if image.request.isCancelled() { parts.1.append(image) } else { parts.0.append(image) }
        }
        for image in gone { image.pending.finish(image.index, .failure(.cancelled)) }
        guard let model = live.first?.request.model else { return }
        let start = ticker.now
        let wanted = Set(live.flatMap { image in image.request.spaces.flatMap(model.outputs(for:)) })
        let outputs: [NetworkOutput: Tensor]
        do {
            outputs = try model.plan.run(Self.stack(live), outputs: Array(wanted), pool: pool)
        } catch {
            preconditionFailure("the plan lacks an output of its own manifest: \(error)")
        }
        let end = ticker.now
        metrics.inference.observe(end - start)
        metrics.batch.observe(Double(live.count))
        for (row, image) in live.enumerated() {
            metrics.queue.observe(image.waited + (start - image.ready))
            image.pending.record {
                $0.queue += start - image.ready
                $0.inference += end - start
            }
            image.pending.finish(image.index, Self.outcome(image, row: row, outputs: outputs))
        }
    }

    /// [n, size, size, 3] out of n inputs.
    private static func stack(_ images: [PreparedImage]) -> Tensor {
        let one = images[0].input.shape
        return Tensor(unsafeUninitialized: Shape([images.count] + one.dimensions)) { batch in
            for (row, image) in images.enumerated() {
                image.input.withUnsafeBuffer { input in
                    _ = UnsafeMutableBufferPointer(rebasing: batch[(row * one.count)..<((row + 1) * one.count)])
                        .initialize(from: input)
                }
            }
        }
    }

    private static func outcome(
        _ image: PreparedImage, row: Int, outputs: [NetworkOutput: Tensor]
    ) -> Result<EmbeddedImage, EmbeddingFailure> {
        var embeddings: [Embedding] = []
        for space in image.request.spaces {
            let parts = image.request.model.outputs(for: space).map { vector(row, of: outputs[$0]) }
            let embedding = assemble(space, parts, normalise: image.request.normalise)
            guard embedding.values.allSatisfy(\.isFinite) else { return .failure(.notFinite) }
            embeddings.append(embedding)
        }
        return .success(EmbeddedImage(digest: image.digest, embeddings: embeddings, thumbnail: image.thumbnail))
    }

    /// The vector of a space: segments of `concat` are L2-normalised each, other spaces have one part.
    private static func assemble(_ space: ModelManifest.Space, _ parts: [[Float]], normalise: Bool) -> Embedding {
        let values =
            space.kind == .concat
            ? parts.flatMap { Embedding(space: space.name, values: $0).normalised.values } : parts.flatMap { $0 }
        let embedding = Embedding(space: space.name, values: values)
        return normalise ? embedding.normalised : embedding
    }

    private static func vector(_ row: Int, of tensor: Tensor?) -> [Float] {
        guard let tensor else { preconditionFailure("an output that was asked for is missing") }
        let count = tensor.shape[1]
        return tensor.withUnsafeBuffer { Array($0[(row * count)..<((row + 1) * count)]) }
    }
}
