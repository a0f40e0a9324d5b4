// SPDX-License-Identifier: Apache-2.0

/// A JSON value with one representation for each meaning.
///
/// Numbers that are whole and fit 64 bits are `integer` however they were written, so equal numbers are equal values.
/// Strings compare by their UTF-8 bytes, as SQLite does, never by Unicode equivalence. Objects are sorted by key.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    /// Finite, and never a whole number that `integer` could hold.
    case number(Double)
    case string(JSONString)
    case array([JSONValue])
    /// Sorted by key, each key once.
    case object([JSONMember])

    /// Reads JSON text (RFC 8259) within limits on its nesting and bytes; throws ``CatalogError/invalidMetadata(_:)``.
    package init(_ json: [UInt8], depth: Int, size: Int) throws(CatalogError) {
        do throws(JSONFaultError) { self = try JSONReader.read(json, depth: depth, size: size) } catch {
            throw .invalidMetadata(error.fault)
        }
    }

    /// The number in its one representation; nil when it is not finite.
    package static func exact(_ value: Double) -> JSONValue? {
        guard value.isFinite else { return nil }
        return Int64(exactly: value).map { .integer($0) } ?? .number(value)
    }

    /// The value at `path` through nested objects; nil when there is none.
    package func value(at path: [JSONString]) -> JSONValue? {
        var current = self
        for key in path {
            guard case .object(let members) = current, let member = members.first(where: { $0.key == key }) else {
                return nil
            }
            current = member.value
        }
        return current
    }
}

/// Text compared and ordered by its UTF-8 bytes.
package struct JSONString: Hashable, Sendable, Comparable, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral value: String) {
        text = value
    }

    package static func == (left: JSONString, right: JSONString) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    package static func < (left: JSONString, right: JSONString) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 {
            hasher.combine($0.count)
            hasher.combine(bytes: UnsafeRawBufferPointer($0))
        }
    }
}

/// One key of an object with its value.
package struct JSONMember: Hashable, Sendable {
    package let key: JSONString
    package let value: JSONValue

    package init(key: JSONString, value: JSONValue) {
        self.key = key
        self.value = value
    }
}

/// Why bytes are not the JSON asked for.
package enum JSONFault: Hashable, Sendable {
    /// Not JSON, not UTF-8, a lone surrogate, U+0000, or bytes after the value.
    case malformed(offset: Int)
    case duplicateKey(offset: Int)
    case tooDeep(limit: Int)
    case tooLarge(limit: Int, found: Int)
    /// A number whose magnitude no double holds.
    case numberOutOfRange(offset: Int)
    /// A JSON value, but not an object.
    case notAnObject
}
