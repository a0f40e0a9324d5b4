// SPDX-License-Identifier: Apache-2.0

package import Vectors

/// One line of a key file: who, what they may do, and the digest of their secret.
///
/// Only the digest is kept. Secrets are 32 random bytes, so a plain SHA-256 cannot be searched backwards; a slow hash is for
/// passwords that people choose.
package struct AccessKey: Sendable, Equatable {
    /// Names the key in logs and metrics; never secret.
    package let name: String
    package let role: Role
    package let digest: ContentDigest
    /// The collections it may touch, nil for all; a `*` at the end of an entry stands for any ending.
    package let collections: [String]?
    /// How many requests it may make; nil for as many as it likes.
    package let rate: Rate?

    package init(
        name: String, role: Role, digest: ContentDigest, collections: [String]? = nil, rate: Rate? = nil
    ) {
        self.name = name
        self.role = role
        self.digest = digest
        self.collections = collections
        self.rate = rate
    }

    /// Whether the key may touch `collection`.
    package func covers(_ collection: String) -> Bool {
        guard let collections else { return true }
        return collections.contains { entry in
            entry.hasSuffix("*") ? collection.hasPrefix(entry.dropLast()) : entry == collection
        }
    }

    /// So many requests in so much time; all of them may come at once.
    package struct Rate: Sendable, Equatable, CustomStringConvertible {
        package let requests: Int
        package let unit: Unit

        package init(requests: Int, per unit: Unit) {
            precondition(requests > 0, "\(requests) requests")
            self.requests = requests
            self.unit = unit
        }

        package enum Unit: String, Sendable, CaseIterable {
            case second, minute, hour

            package var duration: Duration {
                switch self {
                case .second: .seconds(1)
                case .minute: .seconds(60)
                case .hour: .seconds(3600)
                }
            }
        }

        package var description: String { "\(requests)/\(unit.rawValue)" }
    }
}
