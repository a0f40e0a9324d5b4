// SPDX-License-Identifier: Apache-2.0

internal import Kernels
internal import Networks
internal import Preprocessing
internal import Synchronization
internal import Tensors
internal import Vectors

/// The unit check of a trained model: how often is q closer to the key that shares one factor than to k0.
///
/// It looks at images the model has not seen. In the space of that factor nearly always, in the space that ignores all about every second time (METHOD.md, 4e).
/// The network runs as it is served: running statistics, no batch of its own.
struct HeldOutCheck: Sendable {
    private let configuration: TrainingConfiguration
    private let cache: ImageCache
    private let images: [Int]
    private let sampler: ViewSampler
    private let renderer: ViewRenderer

    /// A check on at most `limit` of `images`, positions in the cache.
    init(_ configuration: TrainingConfiguration, cache: ImageCache, images: [Int], limit: Int = 2_000) throws {
        self.configuration = configuration
        self.cache = cache
        self.images = Array(images.prefix(limit))
        let preprocessing = try configuration.preprocessing
        sampler = ViewSampler(
            settings: configuration.augmentation, factors: configuration.factors, keyed: configuration.factors)
        renderer = ViewRenderer(
            size: configuration.size, mean: preprocessing.mean, std: preprocessing.std,
            settings: configuration.augmentation)
    }

    /// The share of images with cos(q, k_f) > cos(q, k0), by space and factor; pairs whose k0 shares the factor by chance
    /// are left out, for there is nothing to tell apart.
    func measure(_ state: TrainingState, pool: ComputePool) throws -> HeldOutResult {
        let plan = try InferencePlan(
            weights: TensorWeights(state.network), inputSize: configuration.size, pool: pool)
        let spaces = configuration.headNames
        var right = Array(repeating: Array(repeating: 0, count: configuration.factors.count), count: spaces.count)
        var pairs = Array(repeating: 0, count: configuration.factors.count)
        for first in stride(from: 0, to: images.count, by: 64) {
            let chunk = Array(images[first..<min(images.count, first + 64)])
            let sets = chunk.map(views)
            let vectors = try embed(plan, chunk, sets, pool)
            for index in chunk.indices {
                for (number, factor) in configuration.factors.enumerated()
                where !sets[index].keys[0].shares(factor, with: sets[index].query) {
                    pairs[number] += 1
                    for space in spaces.indices {
                        let row = vectors[space]
                        let query = row[index]
                        let near = dot(query, row[(2 + number) * chunk.count + index])
                        if near > dot(query, row[chunk.count + index]) { right[space][number] += 1 }
                    }
                }
            }
        }
        return HeldOutResult(
            spaces: spaces.map(\.text), factors: configuration.factors.map(\.rawValue), images: images.count,
            nearer: right.map { zip($0, pairs).map { Double($0) / Double(max(1, $1)) } })
    }

    private func views(_ index: Int) -> ViewSet {
        var stream = RandomStream(seed: 0, BatchSource.Purpose.heldOut.rawValue, UInt64(index))
        return sampler.views(width: cache[index].width, height: cache[index].height, stream: &stream)
    }

    /// The projections of all views, by space: queries first, then k0, k1, ...; a row an image.
    private func embed(
        _ plan: InferencePlan, _ chunk: [Int], _ sets: [ViewSet], _ pool: ComputePool
    ) throws -> [[[Float]]] {
        let views = configuration.factors.count + 2
        let size = configuration.size
        var batch = Tensor(zeros: [views * chunk.count, size, size, 3])
        let perImage = size * size * 3
        batch.withUnsafeMutableBuffer { buffer in
            for view in 0..<views {
                for (index, set) in sets.enumerated() {
                    renderer.render(
                        cache[chunk[index]], view == 0 ? set.query : set.keys[view - 1],
                        into: buffer.baseAddress! + (view * chunk.count + index) * perImage)
                }
            }
        }
        let outputs = configuration.headNames.indices.map { NetworkOutput.projection($0) }
        let results = try plan.run(batch, outputs: outputs, pool: pool)
        return outputs.map { output in
            let values = results[output]?.values ?? []
            let width = configuration.projection
            return (0..<views * chunk.count).map { Array(values[$0 * width..<($0 + 1) * width]) }
        }
    }

    private func dot(_ a: [Float], _ b: [Float]) -> Float { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
}

/// What ``HeldOutCheck`` found: by space and factor, the share of images whose nearer key was the one sharing the factor.
package struct HeldOutResult: Sendable, Codable, Equatable {
    package let spaces: [String]
    package let factors: [String]
    package let images: Int
    package let nearer: [[Double]]

    /// The share for one space and factor; nil when there is no such pair.
    package subscript(space: String, factor: String) -> Double? {
        guard let row = spaces.firstIndex(of: space), let column = factors.firstIndex(of: factor) else { return nil }
        return nearer[row][column]
    }
}
