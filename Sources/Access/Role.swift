// SPDX-License-Identifier: Apache-2.0

/// What a key may do; each role may do what the ones before it may.
package enum Role: String, Sendable, CaseIterable, Comparable {
    /// Embed, search, advise, look.
    case read
    /// Put and delete items.
    case write
    /// Make and delete collections, load and unload models.
    case admin

    private var rank: Int {
        switch self {
        case .read: 0
        case .write: 1
        case .admin: 2
        }
    }

    package static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}
