// SPDX-License-Identifier: Apache-2.0

package import ContrastiveTraining
package import Kernels
internal import Preprocessing
internal import Tensors

/// Turns items of a task into feature tables, one for every space of every subject.
///
/// An item is rendered once for all subjects that prepare images alike.
package struct FeatureExtractor: Sendable {
    /// The tables of one list of items, by subject and space.
    package typealias Tables = [[FeatureTable]]

    let cache: ImageCache
    let subjects: [Subject]
    let pool: ComputePool
    private let renderers: [InputRenderer]
    /// For each renderer, the subjects that use it.
    private let users: [[Int]]
    /// Told how many items were embedded since it was last told.
    let tick: @Sendable (Int) -> Void

    private static let batch = 64

    /// An extractor; `augmentation` must be the settings that the tasks' views were drawn with.
    package init(
        cache: ImageCache, subjects: [Subject], augmentation: AugmentationSettings, pool: ComputePool,
        tick: @escaping @Sendable (Int) -> Void = { _ in }
    ) throws {
        self.cache = cache
        self.subjects = subjects
        self.pool = pool
        self.tick = tick
        var preparations: [Preprocessing] = []
        var users: [[Int]] = []
        for (number, subject) in subjects.enumerated() {
            if let place = preparations.firstIndex(of: subject.preprocessing) {
                users[place].append(number)
            } else {
                preparations.append(subject.preprocessing)
                users.append([number])
            }
        }
        renderers = try preparations.map { try InputRenderer(preprocessing: $0, augmentation: augmentation) }
        self.users = users
    }

    /// The features of `items`, in order, under the items' labels and groups.
    ///
    /// - Throws: ``EvaluationError/cancelled`` when `stop` says so, and ``ProtocolError/notFinite(row:column:)``.
    package func tables(of items: [EvaluationTask.Item], stop: () -> Bool = { false }) throws -> Tables {
        let stores = subjects.map { subject in
            subject.spaces.map { FloatStorage(count: items.count * $0.dimensions) }
        }
        for first in stride(from: 0, to: items.count, by: Self.batch) {
            if stop() { throw EvaluationError.cancelled }
            let part = Array(items[first..<min(items.count, first + Self.batch)])
            for (renderer, users) in zip(renderers, users) {
                let input = render(part, renderer)
                for user in users {
                    for (space, values) in try subjects[user].embed(input, pool: pool).enumerated() {
                        let start = first * subjects[user].spaces[space].dimensions
                        let slot = stores[user][space].buffer[start..<start + values.count]
                        _ = UnsafeMutableBufferPointer(rebasing: slot).initialize(from: values)
                    }
                }
            }
            tick(part.count)
        }
        let (labels, groups) = (items.map(\.label), items.map(\.group))
        return try subjects.indices.map { subject in
            try subjects[subject].spaces.indices.map { space in
                try FeatureTable(
                    storage: stores[subject][space], dimensions: subjects[subject].spaces[space].dimensions,
                    labels: labels, groups: groups)
            }
        }
    }

    private func render(_ items: [EvaluationTask.Item], _ renderer: InputRenderer) -> Tensor {
        let perImage = renderer.size * renderer.size * 3
        let target = Slots(FloatStorage(count: items.count * perImage), perImage)
        pool.run(count: items.count) { number in
            renderer.render(items[number], from: cache, into: target[number])
        }
        return Tensor(
            unsafeUninitialized: Shape([items.count, renderer.size, renderer.size, 3]),
            fill: { _ = $0.initialize(from: target.storage.buffer) })
    }

    /// Rooms of equal size, each written by one thread.
    private struct Slots: Sendable {
        let storage: FloatStorage
        let size: Int

        init(_ storage: FloatStorage, _ size: Int) {
            self.storage = storage
            self.size = size
        }

        subscript(number: Int) -> UnsafeMutablePointer<Float> {
            guard let base = storage.buffer.baseAddress else { preconditionFailure("an empty batch") }
            return base + number * size
        }
    }
}

/// Why an evaluation ended without a result.
package enum EvaluationError: Error, Equatable, CustomStringConvertible {
    case cancelled
    /// The data gives no task at all.
    case nothingToDo(String)

    package var description: String {
        switch self {
        case .cancelled: "the evaluation was stopped; nothing was written"
        case .nothingToDo(let reason): "there is nothing to evaluate: \(reason)"
        }
    }
}
