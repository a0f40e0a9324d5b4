// SPDX-License-Identifier: Apache-2.0

internal import Preprocessing

/// The batches of a run: which images a step sees, and how each view of them looks.
///
/// Everything follows from the seed, the epoch and the step by counter, not from how many numbers were drawn before, so a
/// run that goes on at step s sees what it would have seen.
struct BatchSource: Sendable {
    let configuration: TrainingConfiguration
    let cache: ImageCache
    /// Positions in the cache of the images that are trained on.
    let images: [Int]
    private let sampler: ViewSampler
    private let renderer: ViewRenderer

    init(_ configuration: TrainingConfiguration, cache: ImageCache, images: [Int]) throws {
        self.configuration = configuration
        self.cache = cache
        self.images = images
        let preprocessing = try configuration.preprocessing
        sampler = ViewSampler(
            settings: configuration.augmentation, factors: configuration.factors, keyed: configuration.keyed)
        renderer = ViewRenderer(
            size: configuration.size, mean: preprocessing.mean, std: preprocessing.std,
            settings: configuration.augmentation)
    }

    /// Whole batches an epoch; what is left over is seen in another epoch.
    var stepsPerEpoch: Int { images.count / configuration.step.batch }

    /// A step's images with their views.
    struct Views: Sendable {
        let batch: StepEngine.Batch
        let sets: [ViewSet]
    }

    /// The batch of step `step` out of `order`, the epoch's permutation.
    func views(step: Int, epoch: Int, order: [Int]) -> Views {
        let count = configuration.step.batch
        let first = step % stepsPerEpoch * count
        let chosen = order[first..<first + count].map { images[$0] }
        let sets = chosen.map { index in
            var stream = RandomStream(seed: configuration.seed, Purpose.views.rawValue, UInt64(epoch), UInt64(index))
            let image = cache[index]
            return sampler.views(width: image.width, height: image.height, stream: &stream)
        }
        let keys = configuration.headNames.count
        let orders = (0..<keys).map { key in
            RandomStream.permutation(
                count: count, seed: configuration.seed, Purpose.groups.rawValue, UInt64(step), UInt64(key))
        }
        return Views(
            batch: .init(images: chosen.map(Int32.init), keyOrders: orders, shared: shared(sets)), sets: sets)
    }

    /// The order in which an epoch visits the images.
    func order(epoch: Int) -> [Int] {
        RandomStream.permutation(
            count: images.count, seed: configuration.seed, Purpose.order.rawValue, UInt64(epoch))
    }

    /// Draws one view of one image of the batch.
    func render(_ views: Views, view: Int, image: Int, into out: UnsafeMutablePointer<Float>) {
        let set = views.sets[image]
        renderer.render(cache[Int(views.batch.images[image])], view == 0 ? set.query : set.keys[view - 1], into: out)
    }

    /// By space, image and key: whether the key shares the space's factor.
    private func shared(_ sets: [ViewSet]) -> [[Bool]] {
        let keys = configuration.headNames.count
        let none = Array(repeating: false, count: sets.count * keys)
        return [none]
            + configuration.keyed.map { factor in
                sets.flatMap { set in set.keys.map { $0.shares(factor, with: set.query) } }
            }
    }

    /// What a stream of random numbers is for, so that no two streams are the same.
    enum Purpose: UInt64 {
        case weights = 1
        case queues, order, views, groups, heldOut
    }
}
