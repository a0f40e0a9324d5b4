// SPDX-License-Identifier: Apache-2.0

/// What a pickle builds, as inert data.
///
/// Containers are indices into the machine's own arrays, so a hostile file can nest them as deep as it likes without
/// anything recursing, and objects shared through the memo stay shared.
enum PickleValue: Sendable {
    case none
    case bool(Bool)
    case int(Int)
    case double(Double)
    case text(String)
    case list(Int)
    case tuple(Int)
    case dict(Int)
    /// A name that a pickle would import; never looked up, never called.
    case global(String)
    case storage(Int)
    case tensor(Int)
    /// Anything else: the result of a call that is not made.
    case opaque
}

/// Raw storage that a pickle refers to by key.
struct PickledStorage: Sendable {
    let type: ElementType
    let key: String
    let count: Int
}

/// A view of a storage; offset and strides count elements.
struct PickledTensor: Sendable {
    let storage: Int
    let offset: Int
    let size: [Int]
    let stride: [Int]
}
