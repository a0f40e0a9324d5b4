// SPDX-License-Identifier: Apache-2.0

package import Tensors

/// Writes safetensors files: complete or not at all.
///
/// The same bytes as the reference writer's: larger element types first, then by name; the header padded with spaces to
/// 8 bytes. The file appears by rename after its bytes are on disk.
package enum SafetensorsWriter {
    /// How floats are stored.
    package enum Precision: Sendable {
        case float32
        /// Half the size; values beyond 65,504 become infinite.
        case float16
    }

    /// What one tensor of a file holds, and how.
    package enum Content: Sendable {
        case float32(Tensor)
        case float16(Tensor)
        /// Row-major; as many as the shape counts.
        case int64([Int64], Shape)
    }

    /// Writes `tensors` and `metadata` to `path`, replacing what was there.
    ///
    /// - Throws: ``CheckpointError/cannotWrite(path:reason:)``; the old file is then still there, and nothing else.
    package static func write(
        _ tensors: [String: Tensor], to path: String, metadata: [String: String] = [:],
        precision: Precision = .float32
    ) throws(CheckpointError) {
        let contents = tensors.mapValues { precision == .float32 ? Content.float32($0) : .float16($0) }
        try write(contents: contents, to: path, metadata: metadata)
    }

    /// Writes tensors of different element types; else as ``write(_:to:metadata:precision:)``.
    ///
    ///     try SafetensorsWriter.write(contents: ["steps": .int64([12], [])], to: path)
    package static func write(
        contents: [String: Content], to path: String, metadata: [String: String] = [:]
    ) throws(CheckpointError) {
        if contents["__metadata__"] != nil {
            throw .badTensor(name: "__metadata__", reason: "the format keeps this name for itself")
        }
        for case .int64(let values, let shape) in contents.values {
            precondition(values.count == shape.count, "\(values.count) values for shape \(shape)")
        }
        let entries = contents.map { (name: $0.key, content: $0.value) }.sorted(by: precedes)
        var offset = 0
        let header = SafetensorsHeader.text(
            entries.map { entry in
                let begin = offset
                offset += entry.content.byteCount
                return .init(
                    name: entry.name, type: entry.content.type, shape: entry.content.shape.dimensions,
                    begin: begin,
                    end: offset)
            }, metadata: metadata)
        var file = try AtomicFile(path)
        do throws(CheckpointError) {
            try file.append(header)
            for entry in entries { try append(entry.content, to: file) }
            try file.commit()
        } catch {
            file.discard()
            throw error
        }
    }

    private static func precedes(
        _ a: (name: String, content: Content), _ b: (name: String, content: Content)
    ) -> Bool {
        let (left, right) = (a.content.rank, b.content.rank)
        return left == right ? a.name.utf8.lexicographicallyPrecedes(b.name.utf8) : left > right
    }

    private static func append(_ content: Content, to file: borrowing AtomicFile)
        throws(CheckpointError)
    {
        switch content {
        case .float32(let tensor):
            try tensor.withUnsafeBuffer { values throws(CheckpointError) in
                try file.append(UnsafeRawBufferPointer(values))
            }
        case .float16(let tensor):
            try file.append(tensor.withUnsafeBuffer { $0.map { ElementType.half($0).littleEndian } })
        case .int64(let values, _): try file.append(values.map(\.littleEndian))
        }
    }
}

extension SafetensorsWriter.Content {
    fileprivate var shape: Shape {
        switch self {
        case .float32(let tensor), .float16(let tensor): tensor.shape
        case .int64(_, let shape): shape
        }
    }

    fileprivate var type: ElementType {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .int64: .int64
        }
    }

    fileprivate var byteCount: Int { shape.count * type.size }

    /// The place of the element type in the format's order.
    fileprivate var rank: Int { ElementType.allCases.firstIndex(of: type) ?? 0 }
}
