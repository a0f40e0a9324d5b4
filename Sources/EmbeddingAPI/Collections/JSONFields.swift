// SPDX-License-Identifier: Apache-2.0

internal import Catalog

/// The fields of a JSON body, taken out one by one; what is left over is refused.
struct JSONFields {
    private var members: [String: JSONValue]
    private let names: String

    /// Reads a body that must be an object with no other fields than `known`.
    init(_ body: [UInt8], known: [String]) throws(APIError) {
        let value: JSONValue
        do throws(CatalogError) {
            value = try JSONValue(body, depth: 32, size: max(body.count, 1))
        } catch {
            throw APIError(.invalidJSON, "The body cannot be used: \(Self.reason(error)).")
        }
        try self.init(value, known: known, path: nil)
    }

    /// The fields of `value`, which stands at `path`.
    init(_ value: JSONValue, known: [String], path: String?) throws(APIError) {
        guard case .object(let members) = value else {
            throw APIError(.invalidRequest, "\(path ?? "The body") must be a JSON object.", param: path)
        }
        names = known.joined(separator: ", ")
        guard members.allSatisfy({ known.contains($0.key.text) }) else {
            throw APIError(.unknownField, "A field is not known; known: \(names).", param: path)
        }
        self.members = Dictionary(members.map { ($0.key.text, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    private static func reason(_ error: CatalogError) -> String {
        if case .invalidMetadata(let fault) = error { "\(fault)" } else { "it is not JSON" }
    }

    /// The value of a field; nil when it is absent or null.
    subscript(_ name: String) -> JSONValue? {
        guard let value = members[name], value != .null else { return nil }
        return value
    }

    func string(_ name: String) throws(APIError) -> String? {
        guard let value = self[name] else { return nil }
        guard case .string(let text) = value else { throw Self.wrongType(name, "a string") }
        return text.text
    }

    func integer(_ name: String) throws(APIError) -> Int? {
        guard let value = self[name] else { return nil }
        guard case .integer(let number) = value else { throw Self.wrongType(name, "a whole number") }
        return Int(number)
    }

    func number(_ name: String) throws(APIError) -> Double? {
        guard let value = self[name] else { return nil }
        guard let number = value.double else { throw Self.wrongType(name, "a number") }
        return number
    }

    func truth(_ name: String) throws(APIError) -> Bool? {
        guard let value = self[name] else { return nil }
        guard case .bool(let truth) = value else { throw Self.wrongType(name, "true or false") }
        return truth
    }

    func array(_ name: String) throws(APIError) -> [JSONValue]? {
        guard let value = self[name] else { return nil }
        guard case .array(let values) = value else { throw Self.wrongType(name, "an array") }
        return values
    }

    func strings(_ name: String) throws(APIError) -> [String]? {
        guard let values = try array(name) else { return nil }
        var texts: [String] = []
        for value in values {
            guard case .string(let text) = value else { throw Self.wrongType(name, "an array of strings") }
            texts.append(text.text)
        }
        return texts
    }

    /// An object's members in their order.
    func members(_ name: String) throws(APIError) -> [(name: String, value: JSONValue)]? {
        guard let value = self[name] else { return nil }
        guard case .object(let members) = value else { throw Self.wrongType(name, "an object") }
        return members.map { ($0.key.text, $0.value) }
    }

    static func wrongType(_ name: String, _ wanted: String) -> APIError {
        APIError(.invalidRequest, "\(name) must be \(wanted).", param: name)
    }
}

extension JSONValue {
    /// A number as a double; nil for anything else.
    var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }
}
