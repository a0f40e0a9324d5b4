// SPDX-License-Identifier: Apache-2.0

/// Why a JSON text was refused; never carries anything of the text but a position.
package enum JSONError: Error, Sendable, Equatable {
    /// Not JSON from this byte on.
    case malformed(at: Int)
    /// More containers within each other than ``JSONReader/deepest``.
    case tooDeep(at: Int)
    /// An object has a name twice, the second time at this byte.
    case duplicateName(at: Int)
    /// JSON, but another kind of value than was asked for.
    case unexpected(JSONKind, at: Int)
}

/// The kinds of JSON values.
package enum JSONKind: String, Sendable {
    case object, array, string, number, truth, null
}
