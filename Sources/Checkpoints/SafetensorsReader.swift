// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Tensors

/// Reads the safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes.
///
/// As strict as the reference reader: the header ends within the file and is at most 100,000,000 bytes, tensors follow
/// each other from the first byte to the last without gap or overlap, and each has the bytes its shape needs.
enum SafetensorsReader {
    static let longestHeader = 100_000_000

    static func read(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) -> TensorTable {
        guard let length = bytes.number(UInt64.self, at: 0) else {
            throw .truncated(what: "the safetensors file", expected: 8, found: bytes.count)
        }
        guard length <= longestHeader else { throw malformed(0, "a header of \(length) bytes is over the limit") }
        guard let text = bytes.part(8, Int(length)) else {
            throw .truncated(what: "the safetensors header", expected: Int(length), found: max(0, bytes.count - 8))
        }
        guard text.first == UInt8(ascii: "{") else { throw malformed(8, "the header does not begin with '{'") }
        let header: Header
        do {
            header = try JSONDecoder().decode(Header.self, from: Data(text))
        } catch {
            throw malformed(8, "the header is not the JSON of a safetensors file: \(explain(error))")
        }
        var table = TensorTable(metadata: header.metadata)
        let start = 8 + Int(length)
        try check(header.entries, room: bytes.count - start)
        for (name, entry) in header.entries {
            table.tensors[name] = try tensor(name, entry, start: start, limit: bytes.count)
        }
        return table
    }

    private static func tensor(
        _ name: String, _ entry: Entry, start: Int, limit: Int
    ) throws(CheckpointError) -> StoredTensor {
        guard let type = ElementType(rawValue: entry.dtype) else {
            throw .unsupported(what: "tensor '\(name)' has the element type '\(entry.dtype)'", advice: "save it as F32")
        }
        guard let shape = Shape(validating: entry.shape) else {
            throw .badTensor(name: name, reason: "shape \(entry.shape) is impossible")
        }
        let (needed, overflow) = shape.count.multipliedReportingOverflow(by: type.size)
        let found = entry.offsets[1] - entry.offsets[0]
        guard !overflow, needed == found else {
            throw .badTensor(
                name: name, reason: "shape \(shape) of \(entry.dtype) needs \(needed) bytes, its offsets span \(found)")
        }
        return try StoredTensor(
            name: name, type: type, shape: shape, offset: start + entry.offsets[0], strides: nil, limit: limit)
    }

    /// Tensors must tile the buffer: sorted by offset, each begins where the one before ended.
    private static func check(_ entries: [String: Entry], room: Int) throws(CheckpointError) {
        for (name, entry) in entries {
            guard entry.offsets.count == 2, 0 <= entry.offsets[0],
                entry.offsets[0] <= entry.offsets[1]
            else { throw .badTensor(name: name, reason: "data_offsets \(entry.offsets) are not a range") }
        }
        var end = 0
        let inOrder = entries.sorted { left, right in
            let (a, b) = (left.value.offsets, right.value.offsets)
            return (a[0], a[1], left.key) < (b[0], b[1], right.key)
        }
        for (name, entry) in inOrder {
            guard entry.offsets[0] == end else {
                throw .badTensor(name: name, reason: "expected to begin at offset \(end), found \(entry.offsets[0])")
            }
            end = entry.offsets[1]
        }
        guard end <= room else { throw .truncated(what: "the tensors", expected: end, found: room) }
        guard end == room else { throw malformed(8, "the tensors end \(room - end) bytes before the file does") }
    }

    private static func malformed(_ offset: Int, _ reason: String) -> CheckpointError {
        .malformed(format: "safetensors", offset: offset, reason: reason)
    }

    private static func explain(_ error: any Error) -> String {
        guard let error = error as? DecodingError else { return "unreadable" }
        return switch error {
        case .keyNotFound(let key, let context): "'\(key.stringValue)' is missing in \(path(context))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context): "\(path(context)) has another type"
        case .dataCorrupted(let context): context.codingPath.isEmpty ? "it is not JSON" : path(context)
        @unknown default: "unreadable"
        }
    }

    private static func path(_ context: DecodingError.Context) -> String {
        "'" + context.codingPath.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: "/") + "'"
    }

    private struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let offsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }
    }

    private struct Header: Decodable {
        var entries: [String: Entry] = [:]
        var metadata: [String: String] = [:]

        private struct Key: CodingKey {
            let stringValue: String
            var intValue: Int? { nil }
            init(stringValue: String) { self.stringValue = stringValue }
            init?(intValue: Int) { nil }
        }

        init(from decoder: any Decoder) throws {
            let container = try decoder.container(keyedBy: Key.self)
            for key in container.allKeys {
                if key.stringValue == "__metadata__" {
                    metadata = try container.decode([String: String].self, forKey: key)
                } else {
                    entries[key.stringValue] = try container.decode(Entry.self, forKey: key)
                }
            }
        }
    }
}

/// The tensors of a file by name, and what else it says.
struct TensorTable {
    var tensors: [String: StoredTensor] = [:]
    /// Words and numbers that stand beside the tensors, such as `epoch` and `arch`.
    var metadata: [String: String] = [:]
}
