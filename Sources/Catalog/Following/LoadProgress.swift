// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// How far a follower has come with loading the catalog: vectors handed over, out of how many.
///
/// Any thread; one thread adds.
package final class LoadProgress: Sendable {
    private let doneCount = Atomic<Int>(0)
    private let totalCount = Atomic<Int>(0)

    package init() {}

    package var done: Int { doneCount.load(ordering: .relaxed) }
    /// 0 until the file's first look.
    package var total: Int { totalCount.load(ordering: .relaxed) }

    func begin(total: Int) {
        doneCount.store(0, ordering: .relaxed)
        totalCount.store(total, ordering: .relaxed)
    }

    func add(_ count: Int) { doneCount.add(count, ordering: .relaxed) }
}
