// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import TestSupport
internal import Vectors

/// A folder that goes when the test does.
final class TemporaryFolder: Sendable {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("facet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    subscript(path: String) -> URL { url.appendingPathComponent(path) }

    /// Writes a file and the folders it lies in.
    @discardableResult
    func write(_ bytes: [UInt8], _ path: String) throws -> ContentDigest {
        let file = self[path]
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        return ContentDigest(of: bytes)
    }

    /// Copies one of the golden images.
    @discardableResult
    func copy(_ image: String, _ path: String) throws -> ContentDigest {
        try write(Golden.image(image), path)
    }

    func write(text: String, _ path: String) throws {
        try write(Array(text.utf8), path)
    }

    /// Names in the folder, sorted.
    var names: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted()
    }
}
