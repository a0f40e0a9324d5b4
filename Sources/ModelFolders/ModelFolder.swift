// SPDX-License-Identifier: Apache-2.0

package import Checkpoints
package import Foundation
package import Vectors

/// `models/<name>/`: a checkpoint in safetensors under canonical names, and `model.json`.
///
/// Reading maps the weights and copies nothing. Files are replaced by rename, never written in place.
package struct ModelFolder: Sendable {
    package static let weightsFile = "model.safetensors"
    package static let manifestFile = "model.json"

    package let id: ModelID
    package let url: URL
    package let manifest: ModelManifest
    package let checkpoint: Checkpoint

    /// Opens the folder at `url`; its last path component is the model's name.
    package init(opening url: URL) throws(ModelFolderError) {
        let url = url.standardizedFileURL
        guard let id = ModelID(url.lastPathComponent) else { throw .badName(url.lastPathComponent) }
        self.id = id
        self.url = url
        manifest = try Self.readManifest(url.appendingPathComponent(Self.manifestFile))
        do {
            checkpoint = try Checkpoint.open(url.appendingPathComponent(Self.weightsFile).path)
        } catch {
            throw .checkpoint(error)
        }
    }

    /// Names of the model folders inside `parent`, in order: folders with a `model.json`.
    package static func list(in parent: URL) -> [ModelID] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: parent.path)) ?? []
        return names.sorted().compactMap(ModelID.init).filter {
            let manifest = parent.appendingPathComponent($0.text).appendingPathComponent(manifestFile)
            return FileManager.default.fileExists(atPath: manifest.path)
        }
    }

    /// Writes a manifest as `model.json` into `folder`, atomically.
    package static func write(_ manifest: ModelManifest, to folder: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(manifest) + Data("\n".utf8)
        try data.write(to: folder.appendingPathComponent(manifestFile), options: .atomic)
    }

    /// Most bytes of a `model.json`; a measured profile of many heads stays far below.
    private static let longestManifest = 1 << 20

    private static func readManifest(_ file: URL) throws(ModelFolderError) -> ModelManifest {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
        guard let size = attributes?[.size] as? Int else {
            let parent = file.deletingLastPathComponent().deletingLastPathComponent()
            throw .noManifest(file.path, others: list(in: parent))
        }
        guard size <= longestManifest else {
            throw .badManifest(file.path, "it has \(size) bytes; the limit is \(longestManifest)")
        }
        do {
            let manifest = try JSONDecoder().decode(ModelManifest.self, from: Data(contentsOf: file))
            guard manifest.format <= ModelManifest.currentFormat else {
                throw ModelFolderError.badManifest(
                    file.path,
                    "format \(manifest.format) is newer than this program's \(ModelManifest.currentFormat)")
            }
            return manifest
        } catch let error as ModelFolderError {
            throw error
        } catch let error as DecodingError {
            throw .badManifest(file.path, explain(error))
        } catch {
            throw .badManifest(file.path, "\(error)")
        }
    }

    private static func explain(_ error: DecodingError) -> String {
        switch error {
        case .keyNotFound(let key, let context): "'\(path(context, key))' is missing"
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            context.codingPath.isEmpty
                ? "it is not JSON" : "'\(path(context, nil))' is not as expected: \(context.debugDescription)"
        @unknown default: "\(error)"
        }
    }

    private static func path(_ context: DecodingError.Context, _ key: (any CodingKey)?) -> String {
        (context.codingPath + [key].compactMap { $0 }).map { $0.intValue.map(String.init) ?? $0.stringValue }
            .joined(separator: ".")
    }
}

/// Why a model folder cannot be used.
package enum ModelFolderError: Error, CustomStringConvertible {
    case badName(String)
    /// No `model.json` at that path; the names of the models beside the folder.
    case noManifest(String, others: [ModelID])
    case badManifest(String, String)
    case checkpoint(CheckpointError)

    package var description: String {
        switch self {
        case .badName(let name): "'\(name)' is not a model name: use letters, digits, '.', '-' and '_'"
        case .noManifest(let path, let others):
            "\(path) is missing, so there is no model; "
                + (others.isEmpty
                    ? "'facet train' and 'facet convert' make one"
                    : "beside it there are " + others.map(\.text).joined(separator: ", "))
        case .badManifest(let path, let reason): "\(path) cannot be used: \(reason)"
        case .checkpoint(let error): "\(error)"
        }
    }
}
