// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Kernels
internal import Tensors

/// The contrastive loss of one embedding space for one group of queries (LooC, equation 2; METHOD.md, section 1.3).
///
/// In space 0 the positive is (q, k0) and the negatives are the queue. In space i the positive is (q, k_i); the same
/// image's other keys are negatives, and so is the queue.
package struct SpaceLoss {
    /// The space: 0 ignores every augmentation, i is sensitive to factor i.
    let space: Int
    let temperature: Float
    let queue: KeyQueue
    /// Whether rows of the queue that came from the query's own image are left out.
    let skipsOwnImage: Bool
    /// Whether keys that share the space's factor with the query by chance are left out of the negatives.
    let skipsShared: Bool
    /// Multiplies the gradient: 1 / (spaces x queries of the step).
    let scale: Float

    package init(
        space: Int, temperature: Float, queue: KeyQueue, skipsOwnImage: Bool, skipsShared: Bool, scale: Float
    ) {
        self.space = space
        self.temperature = temperature
        self.queue = queue
        self.skipsOwnImage = skipsOwnImage
        self.skipsShared = skipsShared
        self.scale = scale
    }

    /// A group of queries and what they are compared with.
    package struct Group {
        let count: Int
        /// count x dimensions, unit length.
        let queries: UnsafePointer<Float>
        /// The keys of the same images in this space, k0 first; count x dimensions each.
        let keys: [UnsafePointer<Float>]
        /// The images' numbers.
        let images: ArraySlice<Int32>
        /// For each query, whether key j shares this space's factor, by copy or by chance; count x keys, nil when none does by chance.
        let shared: ArraySlice<Bool>?

        package init(
            count: Int, queries: UnsafePointer<Float>, keys: [UnsafePointer<Float>], images: ArraySlice<Int32>,
            shared: ArraySlice<Bool>?
        ) {
            self.count = count
            self.queries = queries
            self.keys = keys
            self.images = images
            self.shared = shared
        }
    }

    /// Sums over the queries of a group.
    package struct Tally: Sendable {
        package var loss = 0.0
        /// Pairs (q, k_i) closer than (q, k0), in space 0 over all i.
        ///
        /// Where k0 shares factor i too there is nothing to tell apart, and the pair does not count.
        package var nearer = 0
        package var pairs = 0
        /// Queries whose positive beats every negative.
        package var found = 0

        package static func += (left: inout Tally, right: Tally) {
            left.loss += right.loss
            left.nearer += right.nearer
            left.pairs += right.pairs
            left.found += right.found
        }
    }

    /// Adds up losses and writes the gradient of the queries, count x dimensions, into `gradient`.
    package func evaluate(_ group: Group, gradient: UnsafeMutablePointer<Float>) -> Tally {
        let point = MapShape(height: 1, width: 1, channels: queue.dimensions)
        var tally = Tally()
        withUnsafeTemporaryAllocation(of: Float.self, capacity: group.count * max(1, queue.length)) { scores in
            let base = scores.baseAddress!
            if queue.length > 0 {
                queue.operand.forward(images: group.count, map: point, input: group.queries, output: base)
            }
            var pulls = [Float](repeating: 0, count: group.count * group.keys.count)
            for query in 0..<group.count {
                tally += weigh(query, group, base + query * queue.length, &pulls)
            }
            if queue.length > 0 {
                queue.operand.inputGradient(images: group.count, map: point, outputGradient: base, into: gradient)
            } else {
                gradient.update(repeating: 0, count: group.count * queue.dimensions)
            }
            add(pulls, of: group, to: gradient)
        }
        return tally
    }

    /// Turns the scores of one query into the gradient of its loss by each score.
    private func weigh(
        _ query: Int, _ group: Group, _ scores: UnsafeMutablePointer<Float>, _ pulls: inout [Float]
    ) -> Tally {
        let own = group.images[group.images.startIndex + query]
        let same = group.keys.map { dot(group.queries, $0, query) }
        let negatives = same.indices.filter { isNegative($0, query, group) }
        var peak = same[space]
        for index in negatives { peak = max(peak, same[index]) }
        var rival = negatives.reduce(-Float.infinity) { max($0, same[$1]) }
        for row in 0..<queue.length {
            if skipsOwnImage, queue.images[row] == own { scores[row] = -.infinity }
            rival = max(rival, scores[row])
        }
        peak = max(peak, rival)
        var sum = exp(Double((same[space] - peak) / temperature))
        for index in negatives { sum += exp(Double((same[index] - peak) / temperature)) }
        for row in 0..<queue.length {
            scores[row] = expf((scores[row] - peak) / temperature)
            sum += Double(scores[row])
        }
        let share = scale / temperature
        let perScore = share / Float(sum)
        for row in 0..<queue.length { scores[row] *= perScore }
        let first = query * group.keys.count
        for index in negatives { pulls[first + index] = expf((same[index] - peak) / temperature) * perScore }
        pulls[first + space] = expf((same[space] - peak) / temperature) * perScore - share
        let loss = log(sum) - Double((same[space] - peak) / temperature)
        var tally = Tally(loss: loss, found: same[space] > rival ? 1 : 0)
        compare(same, query, group, &tally)
        return tally
    }

    private func isNegative(_ key: Int, _ query: Int, _ group: Group) -> Bool {
        guard space > 0, key != space else { return false }
        return !(skipsShared && shares(key, query, group))
    }

    private func shares(_ key: Int, _ query: Int, _ group: Group) -> Bool {
        guard let shared = group.shared else { return false }
        return shared[shared.startIndex + query * group.keys.count + key]
    }

    private func compare(_ same: [Float], _ query: Int, _ group: Group, _ tally: inout Tally) {
        guard space > 0 else {
            tally.pairs = same.count - 1
            tally.nearer = same.dropFirst().count { $0 > same[0] }
            return
        }
        guard !shares(0, query, group) else { return }
        tally.pairs = 1
        tally.nearer = same[space] > same[0] ? 1 : 0
    }

    private func dot(_ queries: UnsafePointer<Float>, _ keys: UnsafePointer<Float>, _ row: Int) -> Float {
        let (a, b) = (queries + row * queue.dimensions, keys + row * queue.dimensions)
        var sum: Float = 0
        for i in 0..<queue.dimensions { sum += a[i] * b[i] }
        return sum
    }

    private func add(_ pulls: [Float], of group: Group, to gradient: UnsafeMutablePointer<Float>) {
        for query in 0..<group.count {
            let target = gradient + query * queue.dimensions
            for (index, keys) in group.keys.enumerated() {
                let pull = pulls[query * group.keys.count + index]
                guard pull != 0 else { continue }
                let key = keys + query * queue.dimensions
                for i in 0..<queue.dimensions { target[i] += pull * key[i] }
            }
        }
    }
}
