// SPDX-License-Identifier: Apache-2.0

package import Foundation

/// A catalog that a first visitor can have with one click: images that came with the program.
package struct SampleCatalog: Sendable {
    /// One of its images.
    package struct Entry: Sendable {
        package var id: String
        /// A JSON object.
        package var metadata: String
        /// Reads the image's file.
        package var image: @Sendable () throws -> [UInt8]

        package init(id: String, metadata: String, image: @escaping @Sendable () throws -> [UInt8]) {
            self.id = id
            self.metadata = metadata
            self.image = image
        }
    }

    /// The collection that is made.
    package var collection: String
    /// One line for people: what is in it.
    package var title: String
    package var entries: [Entry]

    package init(collection: String, title: String, entries: [Entry]) {
        self.collection = collection
        self.title = title
        self.entries = entries
    }

    /// The images below a folder, by path; the first two folders of a path are the metadata's `category` and `subcategory`.
    ///
    /// - Throws: what reading the folder throws.
    package init(folder: URL, collection: String, title: String, most: Int = 1_000) throws {
        let kinds: Set = ["png", "jpg", "jpeg", "webp"]
        let paths = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { kinds.contains(($0 as NSString).pathExtension.lowercased()) }
            .sorted()
        let step = max(1, (paths.count + most - 1) / max(1, most))
        let chosen = stride(from: 0, to: paths.count, by: step).map { paths[$0] }
        self.init(
            collection: collection, title: title,
            entries: chosen.map { path in
                Entry(id: path, metadata: Self.metadata(of: path)) {
                    Array(try Data(contentsOf: folder.appendingPathComponent(path)))
                }
            })
    }

    private static func metadata(of path: String) -> String {
        let folders = path.split(separator: "/").dropLast()
        var writer = JSONWriter()
        writer.object { out in
            out.field("path", path)
            for (name, folder) in zip(["category", "subcategory"], folders) {
                out.field(name, String(folder))
            }
        }
        return String(decoding: writer.bytes, as: UTF8.self)
    }
}
