// SPDX-License-Identifier: Apache-2.0

/// A statement's parameter in PostgreSQL's binary format, or NULL.
struct Parameter: Sendable {
    /// The server's number of the type; 0 leaves it to the statement.
    let type: UInt32
    let bytes: [UInt8]?

    private init(_ type: UInt32, _ bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }

    static func integer(_ value: Int64) -> Parameter {
        Parameter(20, withUnsafeBytes(of: value.bigEndian) { Array($0) })
    }

    static func integer(_ value: Int64?) -> Parameter { value.map { integer($0) } ?? Parameter(20, nil) }
    static func number(_ value: Double) -> Parameter {
        Parameter(701, withUnsafeBytes(of: value.bitPattern.bigEndian) { Array($0) })
    }

    static func text(_ value: String) -> Parameter { Parameter(25, Array(value.utf8)) }
    static func text(_ value: String?) -> Parameter { Parameter(25, value.map { Array($0.utf8) }) }
    static func blob(_ value: [UInt8]) -> Parameter { Parameter(17, value) }
    static func blob(_ value: [UInt8]?) -> Parameter { Parameter(17, value) }
    /// JSON text, which the server takes apart.
    static func json(_ text: String) -> Parameter { Parameter(3802, [1] + Array(text.utf8)) }

    /// An array of `bigint`.
    static func integers(_ values: [Int64]) -> Parameter {
        array(of: 20, 1016, values.map { value in withUnsafeBytes(of: value.bigEndian) { Array($0) } })
    }

    /// An array of `text`.
    static func texts(_ values: [String]) -> Parameter { array(of: 25, 1009, values.map { Array($0.utf8) }) }

    /// An array of `bytea`.
    static func blobs(_ values: [[UInt8]]) -> Parameter { array(of: 17, 1001, values) }

    /// pgvector's `vector`: the number of components, a word that is zero, float32 each, all big-endian.
    static func vector(_ values: [Float]) -> Parameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + values.count * 4)
        append(UInt16(clamping: values.count), to: &bytes)
        append(UInt16(0), to: &bytes)
        for value in values { append(value.bitPattern, to: &bytes) }
        return Parameter(0, bytes)
    }

    /// pgvector's `halfvec`, likewise with float16.
    static func half(_ values: [Float]) -> Parameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(4 + values.count * 2)
        append(UInt16(clamping: values.count), to: &bytes)
        append(UInt16(0), to: &bytes)
        for value in values { append(Float16(value).bitPattern, to: &bytes) }
        return Parameter(0, bytes)
    }

    private static func array(of element: UInt32, _ type: UInt32, _ values: [[UInt8]]) -> Parameter {
        var bytes: [UInt8] = []
        append(UInt32(values.isEmpty ? 0 : 1), to: &bytes)
        append(UInt32(0), to: &bytes)
        append(element, to: &bytes)
        if !values.isEmpty {
            append(UInt32(clamping: values.count), to: &bytes)
            append(UInt32(1), to: &bytes)
        }
        for value in values {
            append(UInt32(clamping: value.count), to: &bytes)
            bytes += value
        }
        return Parameter(type, bytes)
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
}

/// One statement with its parameters; one with a name is prepared once on each connection.
struct Query: Sendable {
    let name: String
    let text: String
    let values: [Parameter]

    /// A statement whose text is always the same.
    init(_ name: String, _ text: String, _ values: [Parameter] = []) {
        self.name = name
        self.text = text
        self.values = values
    }

    /// A statement that is put together for one call.
    init(once text: String, _ values: [Parameter] = []) {
        self.init("", text, values)
    }

    static let begin = Query("begin", "BEGIN")
    static let commit = Query("commit", "COMMIT")
}
