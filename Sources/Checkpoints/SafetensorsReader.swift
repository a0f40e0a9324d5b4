// SPDX-License-Identifier: Apache-2.0

internal import Tensors

/// Reads the safetensors format: 8 bytes of header length, a JSON header, the tensors' bytes.
///
/// As strict as the reference reader, and stricter where the format is: the header begins with '{', ends within the file
/// and is at most 100,000,000 bytes; no name occurs twice; tensors follow each other from the first byte to the last
/// without gap or overlap, in any order; each has the bytes its shape needs.
enum SafetensorsReader {
    static func read(
        _ bytes: UnsafeRawBufferPointer, limits: CheckpointLimits
    ) throws(CheckpointError) -> TensorTable {
        guard let length = bytes.number(UInt64.self, at: 0) else {
            throw .truncated(what: "the safetensors file", expected: 8, found: bytes.count)
        }
        guard length <= limits.headerBytes else {
            throw malformed(
                0,
                "this is no checkpoint, the file is neither safetensors nor PyTorch's"
                    + " (or its header of \(length) bytes is over the limit of \(limits.headerBytes))")
        }
        guard let text = bytes.part(8, Int(length)) else {
            throw .truncated(
                what: "the safetensors header", expected: Int(length), found: bytes.count - 8)
        }
        guard text.first == UInt8(ascii: "{") else {
            throw malformed(8, "the header does not begin with '{'")
        }
        let header = try SafetensorsHeader(text, limits: limits)
        let start = 8 + Int(length)
        try checkTiling(header.entries, room: bytes.count - start)
        var table = TensorTable(metadata: header.metadata)
        table.tensors.reserveCapacity(header.entries.count)
        for entry in header.entries { table.tensors[entry.name] = try tensor(entry, start: start) }
        return table
    }

    private static func tensor(
        _ entry: SafetensorsHeader.Entry, start: Int
    ) throws(CheckpointError) -> StoredTensor {
        guard let shape = Shape(validating: entry.shape) else {
            throw .badTensor(name: entry.name, reason: "shape \(entry.shape) is impossible")
        }
        guard let needed = entry.type.byteCount(shape.count) else {
            throw .badTensor(
                name: entry.name,
                reason: "shape \(shape) of \(entry.type.rawValue) is impossible in whole bytes")
        }
        guard needed == entry.end - entry.begin else {
            throw .badTensor(
                name: entry.name,
                reason: "shape \(shape) of \(entry.type.rawValue) needs \(needed) bytes,"
                    + " its offsets span \(entry.end - entry.begin)")
        }
        return StoredTensor(type: entry.type, shape: shape, checkedOffset: start + entry.begin)
    }

    /// Tensors must tile the `room` bytes after the header: sorted by offset, each begins where the one before ended.
    private static func checkTiling(
        _ entries: [SafetensorsHeader.Entry], room: Int
    ) throws(CheckpointError) {
        var end = 0
        for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
            guard entry.begin == end else {
                throw .badTensor(
                    name: entry.name, reason: "expected to begin at offset \(end), found \(entry.begin)")
            }
            end = entry.end
        }
        guard end <= room else { throw .truncated(what: "the tensors", expected: end, found: room) }
        guard end == room else {
            throw malformed(8, "the tensors end \(room - end) bytes before the file does")
        }
    }

    private static func malformed(_ offset: Int, _ reason: String) -> CheckpointError {
        .malformed(format: "safetensors", offset: offset, reason: reason)
    }
}

/// The tensors of a file by name, and what else it says.
struct TensorTable {
    var tensors: [String: StoredTensor] = [:]
    /// Words and numbers that stand beside the tensors, such as `epoch` and `arch`.
    var metadata: [String: String] = [:]
}
