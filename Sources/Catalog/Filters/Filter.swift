// SPDX-License-Identifier: Apache-2.0

/// A condition on metadata, read from the JSON of a request.
///
///     {"color": "red", "price": {"$gte": 10, "$lt": 20}}
///     {"$or": [{"brand": {"$in": ["a", "b"]}}, {"$not": {"size.width": {"$exists": true}}}]}
///
/// Numbers compare with numbers, strings with strings by their UTF-8 bytes; a path that is not there, or holds another
/// type, meets no condition except `$ne`, `$nin` and `{"$exists": false}`. Several keys of one object must all hold.
package indirect enum Filter: Hashable, Sendable {
    /// Holds when all do; holds when there are none.
    case and([Filter])
    /// Holds when one does; does not hold when there are none.
    case or([Filter])
    case not(Filter)
    case compare(FilterPath, FilterTest)

    /// Every item.
    package static let everything = Filter.and([])
}

/// What one path of the metadata must be.
package enum FilterTest: Hashable, Sendable {
    /// `{"path": value}` or `$eq`: the same JSON value, of any type.
    case equals(JSONValue)
    /// `$in`: one of these.
    case isOneOf([JSONValue])
    /// `$gt` `$gte` `$lt` `$lte`.
    case ordered(FilterOrder, FilterBound)
    /// `$exists`: there is a value, `null` counts.
    case exists
    /// `$contains`: an array with this element.
    case contains(JSONValue)
}

/// The operators on a range.
package enum FilterOrder: String, Hashable, Sendable, CaseIterable {
    case greater = "$gt"
    case greaterOrEqual = "$gte"
    case less = "$lt"
    case lessOrEqual = "$lte"
}

/// What a range may be bounded by.
package enum FilterBound: Hashable, Sendable {
    case integer(Int64)
    case number(Double)
    case string(JSONString)
}

/// The keys that lead to a value through nested objects; in JSON they are joined by dots, and `\.` is a dot in a key.
package struct FilterPath: Hashable, Sendable {
    package let keys: [JSONString]

    /// Throws for an empty key, or one with `"`, `\` or a control character, which SQLite cannot address.
    package init(_ text: String) throws(CatalogError) {
        var keys: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text.utf8 {
            switch (byte, isEscaped) {
            case (UInt8(ascii: "\\"), false):
                isEscaped = true
                continue
            case (UInt8(ascii: "."), false): keys.append([])
            case (UInt8(ascii: "."), true): keys[keys.count - 1].append(byte)
            case (UInt8(ascii: "\\"), _), (UInt8(ascii: "\""), _), (0..<0x20, _), (_, true):
                throw .invalidFilter(.badPath)
            default: keys[keys.count - 1].append(byte)
            }
            isEscaped = false
        }
        guard !isEscaped, keys.allSatisfy({ !$0.isEmpty }) else { throw .invalidFilter(.badPath) }
        self.keys = keys.map { JSONString(String(decoding: $0, as: UTF8.self)) }
    }

    /// The path in SQLite's JSON functions: `$."size"."width"`.
    var sqlPath: String {
        "$" + keys.map { ".\"\($0.text)\"" }.joined()
    }
}

/// Why a filter was refused.
package enum FilterFault: Hashable, Sendable {
    case json(JSONFault)
    /// A key that begins with `$` but is no operator, or an operator in the wrong place.
    case unknownOperator
    /// An operator's value has the wrong type.
    case badOperand
    /// A path that cannot be asked for, see ``FilterPath``.
    case badPath
    case tooManyConditions(limit: Int)
}
