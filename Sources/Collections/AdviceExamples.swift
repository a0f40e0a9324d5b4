// SPDX-License-Identifier: Apache-2.0

package import Catalog

/// What is known about the items of a collection that a task is about.
package enum AdviceExamples: Sendable {
    /// Items with a label each.
    case labelled([(id: ItemID, label: String)])
    /// Pairs of items that are the same thing for the task, or different things.
    case pairs([(first: ItemID, second: ItemID, isSame: Bool)])

    /// Examples at most.
    package static let most = 10_000
}
