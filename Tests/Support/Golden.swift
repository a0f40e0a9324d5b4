// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// Reference values made by PyTorch and Pillow: the fixtures in the tree, and the full set where it is at hand.
package enum Golden {
    /// The package's root folder.
    package static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every folder of golden data present: the one in the tree first, then `FACET_GOLDEN` or `../shared/golden`.
    package static let folders: [URL] = {
        let extra =
            ProcessInfo.processInfo.environment["FACET_GOLDEN"].map { URL(fileURLWithPath: $0) }
            ?? root.deletingLastPathComponent().appendingPathComponent("shared/golden")
        let candidates = [root.appendingPathComponent("Tests/Fixtures/golden"), extra]
        return candidates.filter { FileManager.default.fileExists(atPath: $0.path) }
    }()

    /// Model folders with a `golden.safetensors` in it, over all ``folders``.
    package static let models: [URL] = folders.flatMap { folder in
        children(of: folder).filter {
            FileManager.default.fileExists(atPath: $0.appendingPathComponent("golden.safetensors").path)
        }
    }

    /// The image files users upload, in every encoding.
    package static let images: [URL] = children(of: folders[0].appendingPathComponent("images"))

    /// The bytes of one golden image.
    package static func image(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: folders[0].appendingPathComponent("images").appendingPathComponent(name)))
    }

    private static func children(of folder: URL) -> [URL] {
        let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return (found ?? []).sorted { $0.lastPathComponent < $1.lastPathComponent }
    }
}

/// A deliberately plain safetensors reader for F32 and F16 tensors, independent of the one under test.
package struct GoldenTensors: Sendable {
    package struct Entry {
        package let shape: [Int]
        package let values: [Float]
    }

    private struct Place: Sendable {
        let type: String
        let shape: [Int]
        let range: [Int]
    }

    private let places: [String: Place]
    private let body: Data

    package init(_ file: URL) throws {
        let data = try Data(contentsOf: file)
        let length = data.prefix(8).enumerated().reduce(0) { $0 | Int($1.element) << (8 * $1.offset) }
        let object = try JSONSerialization.jsonObject(with: data.dropFirst(8).prefix(length)) as? [String: Any]
        let entries = (object ?? [:]).compactMapValues { $0 as? [String: Any] }
        places = entries.compactMapValues { entry in
            guard let type = entry["dtype"] as? String, let shape = entry["shape"] as? [Int],
                let range = entry["data_offsets"] as? [Int]
            else { return nil }
            return Place(type: type, shape: shape, range: range)
        }
        body = Data(data.dropFirst(8 + length))
    }

    package var names: [String] { places.keys.sorted() }

    /// The tensor of that name; nil when there is none or it is neither F32 nor F16.
    package subscript(name: String) -> Entry? {
        guard let place = places[name] else { return nil }
        let (type, shape, range) = (place.type, place.shape, place.range)
        if type == "F16" {
            var halves = [UInt16](repeating: 0, count: (range[1] - range[0]) / 2)
            _ = halves.withUnsafeMutableBytes { body.copyBytes(to: $0, from: range[0]..<range[1]) }
            return Entry(shape: shape, values: halves.map { Float(Float16(bitPattern: $0)) })
        }
        guard type == "F32" else { return nil }
        var values = [Float](repeating: 0, count: (range[1] - range[0]) / 4)
        _ = values.withUnsafeMutableBytes { body.copyBytes(to: $0, from: range[0]..<range[1]) }
        return Entry(shape: shape, values: values)
    }
}
