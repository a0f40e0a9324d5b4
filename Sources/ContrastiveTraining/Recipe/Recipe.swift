// SPDX-License-Identifier: Apache-2.0

internal import Networks
package import Vectors

/// The methods that the loop can train: LooC and what it is compared with.
package enum Recipe: String, Sendable, Codable, CaseIterable {
    /// A head for every factor and one that ignores all (Xiao et al., 2021).
    case looc
    /// The same with stage 4 in every head.
    case loocpp
    /// MoCo v2: colour and no factor of its own, one head.
    case moco
    /// MoCo v2 with every augmentation, one head.
    case mocoAll = "moco-all"

    /// Whether each factor has a head.
    package var hasFactorHeads: Bool { self == .looc || self == .loocpp }

    /// The factors augmented with when the user names none.
    package var defaultFactors: [Factor] { self == .moco ? [.color] : Factor.allCases }

    /// Names of the heads in order.
    package func headNames(_ factors: [Factor]) -> [SpaceName] {
        [.invariant] + (hasFactorHeads ? factors.compactMap { SpaceName($0.rawValue) } : [])
    }
}
