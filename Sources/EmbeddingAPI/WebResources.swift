// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Files that are part of the program, beside its executable.
package enum WebResources {
    /// The bytes of openapi.yaml.
    ///
    /// - Throws: when the resource folder was not installed with the executable.
    package static func contract() throws -> [UInt8] {
        guard let url = Bundle.module.url(forResource: "openapi", withExtension: "yaml", subdirectory: "Resources")
        else { throw MissingResource(name: "openapi.yaml") }
        return Array(try Data(contentsOf: url))
    }

    /// The files of the web pages by name; sub-folders and hidden files are no part of them.
    ///
    /// - Throws: when the resource folder was not installed with the executable.
    package static func pages() throws -> [String: [UInt8]] {
        guard let folder = Bundle.module.url(forResource: "web", withExtension: nil, subdirectory: "Resources")
        else { throw MissingResource(name: "web") }
        var files: [String: [UInt8]] = [:]
        for url in try FileManager.default.contentsOfDirectory(
            at: folder, includingPropertiesForKeys: [.isRegularFileKey], options: .skipsHiddenFiles)
        where try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true {
            files[url.lastPathComponent] = Array(try Data(contentsOf: url))
        }
        return files
    }

    /// A file that should be there and is not.
    package struct MissingResource: Error, CustomStringConvertible {
        let name: String

        package var description: String {
            "\(name) is not beside the program; install facet together with its .resources folder"
        }
    }
}
