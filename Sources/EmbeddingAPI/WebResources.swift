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

    /// A file that should be there and is not.
    package struct MissingResource: Error, CustomStringConvertible {
        let name: String

        package var description: String {
            "\(name) is not beside the program; install facet together with its .resources folder"
        }
    }
}
