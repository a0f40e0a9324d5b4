// SPDX-License-Identifier: Apache-2.0

internal import Foundation
package import Tensors

/// Writes safetensors files: complete or not at all.
///
/// Order as the reference writer's: larger element types first, then by name; the header padded with spaces to 8 bytes.
/// The file appears by rename after its bytes are on disk.
package enum SafetensorsWriter {
    /// How floats are stored.
    package enum Precision: Sendable {
        case float32
        /// Half the size; values beyond 65,504 become infinite.
        case float16
    }

    /// Writes `tensors` and `metadata` to `path`, replacing what was there.
    package static func write(
        _ tensors: [String: Tensor], to path: String, metadata: [String: String] = [:], precision: Precision = .float32
    ) throws(CheckpointError) {
        let names = tensors.keys.sorted()
        let size = precision == .float32 ? 4 : 2
        let header = try header(names.map { ($0, tensors[$0]?.shape ?? []) }, size: size, metadata)
        let temporary = path + ".\(UInt32.random(in: 0 ... .max)).facet-tmp"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure(path) }
        do throws(CheckpointError) {
            try put(header, descriptor, path)
            for name in names {
                guard let tensor = tensors[name] else { continue }
                try put(tensor, precision, descriptor, path)
            }
            guard fsync(descriptor) == 0 else { throw failure(path) }
        } catch {
            close(descriptor)
            unlink(temporary)
            throw error
        }
        close(descriptor)
        guard rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
        syncFolder(of: path)
    }

    private static func header(
        _ entries: [(String, Shape)], size: Int, _ metadata: [String: String]
    ) throws(CheckpointError) -> [UInt8] {
        var object: [String: Any] = metadata.isEmpty ? [:] : ["__metadata__": metadata]
        var offset = 0
        for (name, shape) in entries {
            let end = offset + shape.count * size
            object[name] = [
                "dtype": size == 4 ? "F32" : "F16", "shape": shape.dimensions, "data_offsets": [offset, end],
            ]
            offset = end
        }
        guard let json = try? JSONSerialization.data(withJSONObject: object, options: [.sortedKeys]) else {
            throw .malformed(format: "safetensors", offset: 0, reason: "a name cannot be written as JSON")
        }
        let padding = [UInt8](repeating: 0x20, count: (8 - json.count % 8) % 8)
        let length = UInt64(json.count + padding.count)
        return (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + Array(json) + padding
    }

    private static func put(
        _ tensor: Tensor, _ precision: Precision, _ descriptor: Int32, _ path: String
    ) throws(CheckpointError) {
        try tensor.withUnsafeBuffer { values throws(CheckpointError) in
            switch precision {
            case .float32: try put(UnsafeRawBufferPointer(values), descriptor, path)
            case .float16:
                let halves = values.map { ElementType.half($0).littleEndian }
                try put(halves.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }, descriptor, path)
            }
        }
    }

    private static func put(_ bytes: [UInt8], _ descriptor: Int32, _ path: String) throws(CheckpointError) {
        let result = bytes.withUnsafeBytes { buffer in
            Result { () throws(CheckpointError) in try put(buffer, descriptor, path) }
        }
        try result.get()
    }

    private static func put(
        _ buffer: UnsafeRawBufferPointer, _ descriptor: Int32, _ path: String
    ) throws(CheckpointError) {
        var done = 0
        while done < buffer.count {
            let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw failure(path) }
            done += count
        }
    }

    /// Makes the rename itself durable; a file system that cannot is left alone.
    private static func syncFolder(of path: String) {
        let folder = (path as NSString).deletingLastPathComponent
        let descriptor = open(folder.isEmpty ? "." : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fsync(descriptor)
        close(descriptor)
    }

    private static func failure(_ path: String) -> CheckpointError {
        .cannotWrite(path: path, reason: String(cString: strerror(errno)))
    }
}

private import Glibc
