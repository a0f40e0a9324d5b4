// SPDX-License-Identifier: Apache-2.0

internal import EmbeddingAPI
internal import EmbeddingPipeline
internal import Foundation
internal import ModelFolders
internal import Vectors

/// Where `facet embed` writes: JSON lines, CSV, or one NumPy array.
final class VectorSink {
    private let format: EmbedCommand.Format
    private let spaces: [ModelManifest.Space]
    private let handle: FileHandle
    private let closes: Bool

    /// Writes to a new file, behind the lines that an earlier run left, or to standard output.
    ///
    /// - Throws: when the file cannot be created.
    init(
        format: EmbedCommand.Format, path: String?, spaces: [ModelManifest.Space], rows: Int,
        goingOn left: VectorLines? = nil
    ) throws {
        self.format = format
        self.spaces = spaces
        if let left {
            handle = FileHandle(fileDescriptor: left.descriptor, closeOnDealloc: true)
        } else if let path {
            guard FileManager.default.createFile(atPath: path, contents: nil),
                let handle = FileHandle(forWritingAtPath: path)
            else { throw SinkError.cannotCreate(path) }
            self.handle = handle
        } else {
            handle = .standardOutput
        }
        closes = path != nil
        switch format {
        case .jsonl: break
        case .csv: try handle.write(contentsOf: Data(Self.csvHeader(spaces).utf8))
        case .npy: try handle.write(contentsOf: Data(NPY.header(rows: rows, columns: dimensions)))
        }
    }

    private var dimensions: Int { spaces.reduce(0) { $0 + $1.dimensions } }

    /// Writes one file's line or row.
    func write(_ path: String, _ result: Result<EmbeddedImage, FileFailure>) throws {
        switch format {
        case .jsonl: try handle.write(contentsOf: Data(jsonLine(path, result)))
        case .csv: try handle.write(contentsOf: Data(csvLine(path, result).utf8))
        case .npy:
            if case .failure(let error) = result {
                FileHandle.standardError.write(Data("\(path): \(error)\n".utf8))
            }
            try handle.write(contentsOf: Data(npyRow(result)))
        }
    }

    func close() throws {
        guard closes else { return }
        // A pipe or a device has no disk to reach.
        try? handle.synchronize()
        try handle.close()
    }

    private func jsonLine(_ path: String, _ result: Result<EmbeddedImage, FileFailure>) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { out in
            out.field("path", path)
            switch result {
            case .failure(let error): out.field("error", error.description)
            case .success(let image):
                out.field("digest", image.digest.description)
                out.key("embeddings")
                out.object { list in
                    for embedding in image.embeddings {
                        list.key(embedding.space.text)
                        list.vector(embedding.values, base64: false)
                    }
                }
            }
        }
        return writer.bytes + [0x0A]
    }

    private static func csvHeader(_ spaces: [ModelManifest.Space]) -> String {
        let columns = spaces.flatMap { space in (0..<space.dimensions).map { "\(space.name).\($0)" } }
        return (["path", "digest", "error"] + columns).joined(separator: ",") + "\n"
    }

    private func csvLine(_ path: String, _ result: Result<EmbeddedImage, FileFailure>) -> String {
        switch result {
        case .failure(let error):
            let empty = String(repeating: ",", count: dimensions)
            return "\(Self.quoted(path)),,\(Self.quoted(error.description))\(empty)\n"
        case .success(let image):
            let numbers = image.embeddings.flatMap(\.values).map(\.description).joined(separator: ",")
            return "\(Self.quoted(path)),\(image.digest),,\(numbers)\n"
        }
    }

    /// RFC 4180: quotes around a field that needs them, doubled inside.
    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\n\r".contains($0) }) else { return text }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }

    private func npyRow(_ result: Result<EmbeddedImage, FileFailure>) -> [UInt8] {
        let values = (try? result.get()).map { $0.embeddings.flatMap(\.values) }
        var row: [UInt8] = []
        NPY.append(values ?? Array(repeating: .nan, count: dimensions), to: &row)
        return row
    }
}

/// Why the output cannot be written.
enum SinkError: Error, CustomStringConvertible {
    case cannotCreate(String)

    var description: String {
        switch self {
        case .cannotCreate(let path): "cannot create \(path): \(String(cString: strerror(errno)))"
        }
    }
}
