// SPDX-License-Identifier: Apache-2.0

/// Header fields in their order, looked up without regard to case (RFC 9110 section 5).
///
/// All fields share one array of bytes, so a parsed head costs two allocations however many fields it has; a value
/// becomes a `String` when it is asked for. Lookups are linear: heads are short and bounded by ``HTTPLimits``.
///
///     var headers: HTTPHeaders = ["Content-Type": "text/plain"]
///     headers.add("Allow", "GET")
///     headers.first("content-type")  // "text/plain"
package struct HTTPHeaders: Sendable {
    /// Where one field's name and value lie within the bytes.
    struct Field: Sendable {
        var nameStart: UInt32
        var nameEnd: UInt32
        var valueStart: UInt32
        var valueEnd: UInt32

        var name: Range<Int> { Int(nameStart)..<Int(nameEnd) }
        var value: Range<Int> { Int(valueStart)..<Int(valueEnd) }
    }

    private(set) var bytes: [UInt8]
    private(set) var fields: [Field]

    /// No fields.
    package init() {
        bytes = []
        fields = []
    }

    /// Fields of a parsed head; every range lies within `bytes`.
    init(bytes: [UInt8], fields: [Field]) {
        self.bytes = bytes
        self.fields = fields
    }

    package var count: Int { fields.count }
    package var isEmpty: Bool { fields.isEmpty }

    /// Appends a field.
    ///
    /// The name is ours, so it must be a token. The value may hold what a client sent: control characters, line
    /// breaks above all, become spaces, so that no value can end its line.
    package mutating func add(_ name: String, _ value: String) {
        precondition(!name.isEmpty && name.utf8.allSatisfy(ASCII.isToken), "header name is not a token: \(name)")
        let nameStart = UInt32(bytes.count)
        bytes.append(contentsOf: name.utf8)
        let valueStart = UInt32(bytes.count)
        var value = value
        value.withUTF8 { value in
            bytes.append(contentsOf: value)
            guard !value.allSatisfy(ASCII.isFieldContent) else { return }
            for place in Int(valueStart)..<bytes.count where !ASCII.isFieldContent(bytes[place]) {
                bytes[place] = ASCII.space
            }
        }
        fields.append(
            Field(
                nameStart: nameStart, nameEnd: valueStart, valueStart: valueStart, valueEnd: UInt32(bytes.count)))
    }

    /// Replaces every field of that name by one at the end.
    package mutating func set(_ name: String, _ value: String) {
        remove(name)
        add(name, value)
    }

    /// Removes every field of that name.
    package mutating func remove(_ name: String) {
        guard fields.contains(where: { matches($0, name.utf8) }) else { return }
        fields = fields.filter { !matches($0, name.utf8) }
    }
}

extension HTTPHeaders: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, String)...) {
        self.init()
        for (name, value) in elements { add(name, value) }
    }
}
