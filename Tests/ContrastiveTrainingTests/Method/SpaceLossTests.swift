// SPDX-License-Identifier: Apache-2.0

import ContrastiveTraining
import Foundation
import Tensors
import TestSupport
import Testing

@Suite("The loss of one space")
struct SpaceLossTests {
    static let dimensions = 12
    static let count = 3

    /// Vectors of one group, and the loss written down once more from the definition.
    struct Example {
        var queries: [Float]
        var keys: [[Float]]
        let queue: KeyQueue
        var images: [Int32] = [7, 8, 9]

        init(keys: Int, queue: Int, seed: UInt64 = 1) {
            var random = SeededGenerator(seed: seed)
            func unit(_ rows: Int) -> [Float] {
                (0..<rows).flatMap { _ -> [Float] in
                    let row = random.floats(dimensions)
                    let length = row.reduce(0) { $0 + $1 * $1 }.squareRoot()
                    return row.map { $0 / length }
                }
            }
            queries = unit(count)
            self.keys = (0..<keys).map { _ in unit(count) }
            self.queue = KeyQueue(
                values: unit(queue), images: (0..<queue).map { Int32($0 % 10) }, next: 0, dimensions: dimensions)
            self.queue.pack(pool: nil)
        }

        func loss(_ space: Int, skipsOwn: Bool, shared: [Bool]? = nil) -> (tally: SpaceLoss.Tally, gradient: [Float]) {
            let loss = SpaceLoss(
                space: space, temperature: 0.2, queue: queue, skipsOwnImage: skipsOwn, skipsShared: true, scale: 1)
            var gradient = [Float](repeating: 9, count: queries.count)
            let storage = keys.map { key in
                let storage = FloatStorage(count: key.count)
                _ = storage.buffer.initialize(from: key)
                return storage
            }
            let tally = queries.withUnsafeBufferPointer { queries in
                loss.evaluate(
                    .init(
                        count: count, queries: queries.baseAddress!,
                        keys: storage.map { UnsafePointer($0.buffer.baseAddress!) }, images: images[...],
                        shared: shared?[...]), gradient: &gradient)
            }
            withExtendedLifetime(storage) {}
            return (tally, gradient)
        }

        func plain(_ space: Int, _ queries: [Double], skipsOwn: Bool, shared: [Bool]? = nil) -> Double {
            (0..<count).reduce(0.0) { sum, row in
                let query = queries[row * dimensions..<(row + 1) * dimensions]
                func score(_ values: [Float], _ at: Int) -> Double {
                    zip(query, values[at * dimensions..<(at + 1) * dimensions]).reduce(0) { $0 + $1.0 * Double($1.1) }
                        / 0.2
                }
                var all = [score(keys[space], row)]
                for key in keys.indices where space > 0 && key != space {
                    if shared?[row * keys.count + key] != true { all.append(score(keys[key], row)) }
                }
                let rows = Array(queue.rows.buffer)
                for index in 0..<queue.length where !(skipsOwn && queue.images[index] == images[row]) {
                    all.append(score(rows, index))
                }
                return sum + log(all.reduce(0) { $0 + exp($1) }) - all[0]
            }
        }
    }

    @Test("Loss and gradient are those of the definition", arguments: [0, 1, 2], [true, false])
    func definition(space: Int, skipsOwn: Bool) {
        let example = Example(keys: 3, queue: 40)
        let shared = [false, false, true, true, false, false, false, false, false]
        for mask in [nil, shared] {
            let found = example.loss(space, skipsOwn: skipsOwn, shared: mask)
            let at = example.queries.map(Double.init)
            let expected = example.plain(space, at, skipsOwn: skipsOwn, shared: mask)
            #expect(abs(found.tally.loss - expected) < 1e-4)
            for index in at.indices {
                var (up, down) = (at, at)
                up[index] += 1e-5
                down[index] -= 1e-5
                let slope =
                    (example.plain(space, up, skipsOwn: skipsOwn, shared: mask)
                        - example.plain(space, down, skipsOwn: skipsOwn, shared: mask)) / 2e-5
                #expect(abs(Double(found.gradient[index]) - slope) < 1e-3)
            }
        }
    }

    @Test("A descent step in space i moves away from k0 and towards k_i; in space 0 other keys play no part")
    func signs() {
        let example = Example(keys: 3, queue: 20)
        func along(_ gradient: [Float], _ key: [Float]) -> Float { zip(gradient, key).reduce(0) { $0 - $1.0 * $1.1 } }
        let base = example.loss(1, skipsOwn: true).gradient
        var nearK0 = example
        nearK0.queries = zip(example.queries, example.keys[0]).map { 0.3 * $0 + $1 }
        let pushed = nearK0.loss(1, skipsOwn: true).gradient
        #expect(along(pushed, example.keys[0]) < 0)
        #expect(along(base, example.keys[1]) > 0)
        var others = example
        others.keys[1] = example.keys[2]
        #expect(others.loss(0, skipsOwn: true).gradient == example.loss(0, skipsOwn: true).gradient)
        #expect(others.loss(2, skipsOwn: true).gradient != example.loss(2, skipsOwn: true).gradient)
    }

    @Test("With no factors the loss is MoCo's")
    func reducesToMoCo() {
        let example = Example(keys: 1, queue: 64)
        let found = example.loss(0, skipsOwn: false).tally.loss
        let rows = Array(example.queue.rows.buffer)
        let expected = (0..<Self.count).reduce(0.0) { sum, row in
            func dot(_ other: [Float], _ at: Int) -> Double {
                (0..<Self.dimensions).reduce(0.0) {
                    $0 + Double(example.queries[row * Self.dimensions + $1]) * Double(other[at * Self.dimensions + $1])
                }
            }
            let logits = [dot(example.keys[0], row)] + (0..<64).map { dot(rows, $0) }
            return sum - log(exp(logits[0] / 0.2) / logits.reduce(0) { $0 + exp($1 / 0.2) })
        }
        #expect(abs(found - expected) < 1e-4)
    }

    @Test("Accuracies count what they say")
    func accuracies() {
        var example = Example(keys: 3, queue: 20)
        example.queries = example.keys[1]
        let tally = example.loss(1, skipsOwn: true).tally
        #expect(tally.nearer == 3 && tally.pairs == 3 && tally.found == 3)
        let other = example.loss(2, skipsOwn: true).tally
        #expect(other.found == 0)
        let first = example.loss(0, skipsOwn: true).tally
        #expect(first.pairs == 6 && first.nearer >= 3)
        let chance = [true, true, false, false, true, false, false, true, false]
        let told = example.loss(1, skipsOwn: true, shared: chance).tally
        #expect(told.pairs == 2 && told.nearer == 2, "k0 of the first image shares the factor")
    }

    @Test("The queue overwrites its oldest rows and remembers where they came from")
    func queue() {
        var queue = Example(keys: 1, queue: 5).queue
        let keys = [Float](repeating: 0.5, count: 3 * Self.dimensions)
        queue.enqueue(keys, images: [100, 101, 102])
        queue.enqueue(keys, images: [103, 104, 105])
        #expect(queue.images == [105, 101, 102, 103, 104] && queue.next == 1)
    }
}
